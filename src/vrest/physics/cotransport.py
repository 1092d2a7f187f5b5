"""Cation-chloride cotransport: KCC2 and NKCC1, as turnovers per area, outward positive.

They move no net charge, so the potential is in none of these formulas. The log forms are linear in the free
energy of the turnover; the product forms are mass action, forward minus backward. Both vanish, and change
sign, at the same equilibrium.
"""

from __future__ import annotations

from vrest.physics.logistic import logistic
from vrest.physics.namespace import Array, namespace


def kcc2_log(strength: Array, *, k_inside: Array, k_outside: Array, cl_inside: Array, cl_outside: Array) -> Array:
    """KCC2 turnover (1 K+ and 1 Cl- out), U ln[K_i Cl_i/(K_o Cl_o)], in the unit of U.

    strength: U, mol/m2/s. k_inside, k_outside, cl_inside, cl_outside: mol/m3, above 0. All broadcast. Zero at Cl_i =
    K_o Cl_o/K_i, which is E_Cl = E_K.

    Wei, Ullah and Schiff 2014, doi:10.1523/JNEUROSCI.0516-14.2014; Saetra et al. 2020, PLoS Comput. Biol.
    16:e1007661, doi:10.1371/journal.pcbi.1007661.

    >>> turnover = kcc2_log(7e-7, k_inside=140.0, k_outside=3.5, cl_inside=7.0, cl_outside=130.0)
    >>> round(1e7 * float(turnover), 3)
    5.371
    """
    return strength * _log_ratio(k_inside * cl_inside, k_outside * cl_outside)


def kcc2_product(strength: Array, *, k_inside: Array, k_outside: Array, cl_inside: Array, cl_outside: Array) -> Array:
    """KCC2 turnover (1 K+ and 1 Cl- out) by mass action, P (K_i Cl_i - K_o Cl_o).

    strength: P, mol/m2/s per (mol/m3)^2. k_inside, k_outside, cl_inside, cl_outside: mol/m3, 0 allowed. All broadcast.
    Returns mol/m2/s, outward; zero at Cl_i = K_o Cl_o/K_i.

    Fraser and Huang 2004, J. Physiol. 559:459, doi:10.1113/jphysiol.2004.065706.

    >>> kcc2_product(1e-9, k_inside=100.0, k_outside=4.0, cl_inside=5.0, cl_outside=125.0)
    0.0
    """
    return strength * (k_inside * cl_inside - k_outside * cl_outside)


def nkcc1_log(
    strength: Array,
    *,
    na_inside: Array,
    na_outside: Array,
    k_inside: Array,
    k_outside: Array,
    cl_inside: Array,
    cl_outside: Array,
) -> Array:
    """NKCC1 turnover (1 Na+, 1 K+ and 2 Cl- out), U (ln[K_i Cl_i/(K_o Cl_o)] + ln[Na_i Cl_i/(Na_o Cl_o)]).

    strength: U, mol/m2/s. na_inside, na_outside, k_inside, k_outside, cl_inside, cl_outside: mol/m3, above 0. All
    broadcast. Returns the unit of U; negative, inward, in a normal cell. Zero at Cl_i = Cl_o sqrt(Na_o K_o/(Na_i K_i)).

    Wei, Ullah and Schiff 2014, doi:10.1523/JNEUROSCI.0516-14.2014, where `nkcc1_gate` multiplies it.

    >>> turnover = nkcc1_log(1.0, na_inside=12.0, na_outside=145.0, k_inside=140.0, k_outside=3.5,
    ...                      cl_inside=7.0, cl_outside=130.0)
    >>> round(float(turnover), 3)
    -4.646
    """
    inside = na_inside * k_inside * cl_inside * cl_inside
    outside = na_outside * k_outside * cl_outside * cl_outside
    return strength * _log_ratio(inside, outside)


def nkcc1_product(
    strength: Array,
    *,
    na_inside: Array,
    na_outside: Array,
    k_inside: Array,
    k_outside: Array,
    cl_inside: Array,
    cl_outside: Array,
) -> Array:
    """NKCC1 turnover (1 Na+, 1 K+ and 2 Cl- out) by mass action, P (Na_i K_i Cl_i^2 - Na_o K_o Cl_o^2).

    strength: P, mol/m2/s per (mol/m3)^4. na_inside, na_outside, k_inside, k_outside, cl_inside, cl_outside: mol/m3, 0
    allowed. All broadcast. Returns mol/m2/s, outward; zero where `nkcc1_log` is.

    >>> nkcc1_product(1e-12, na_inside=10.0, na_outside=160.0, k_inside=100.0, k_outside=4.0,
    ...               cl_inside=80.0, cl_outside=100.0)
    0.0
    """
    inside = na_inside * k_inside * cl_inside * cl_inside
    outside = na_outside * k_outside * cl_outside * cl_outside
    return strength * (inside - outside)


def nkcc1_gate(k_outside: Array, half: Array = 16.0, slope: Array = 1.0) -> Array:
    """Activation of NKCC1 by outside potassium, 1/(1 + e^((half - K_o)/slope)), 0 to 1.

    k_outside, half, slope: mol/m3. All broadcast.

    Wei, Ullah and Schiff 2014, doi:10.1523/JNEUROSCI.0516-14.2014.

    >>> float(nkcc1_gate(16.0))
    0.5
    """
    return logistic((k_outside - half) / slope)


def _log_ratio(inside: Array, outside: Array) -> Array:
    ratio = inside / outside
    return namespace(ratio).log(ratio)
