"""Pure formulas of membrane physics, one idea a file.

SI floats in and out (V, K, mol/m3, m/s, S/m2, A/m2, mol/m2/s); every argument broadcasts and may be a Python
number, a NumPy array or a JAX array or tracer. V is inside minus outside, and an outward current of positive
charge is positive. Import a formula from its file: `from vrest.physics.nernst import nernst`.
"""
