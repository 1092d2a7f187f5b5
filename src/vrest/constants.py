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
