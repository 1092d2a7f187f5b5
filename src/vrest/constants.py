"""Physical constants, CODATA 2018 (exact since the 2019 SI).

Every formula of the package takes them from here, so there is one R, one F and one zero of Celsius.
"""

R = 8.31446261815324
"""Molar gas constant, J/(mol K)."""

F = 96485.33212331001
"""Faraday constant, C/mol."""

N_A = 6.02214076e23
"""Avogadro constant, 1/mol."""

ZERO_CELSIUS = 273.15
"""0 degC in kelvin."""

VACUUM_PERMITTIVITY = 8.8541878128e-12
"""Electric constant, F/m."""

STANDARD_CONCENTRATION = 1e3
"""What activities and their coefficients are relative to, mol/m3 (1 mol/L)."""
