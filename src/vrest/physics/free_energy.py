"""Free energy of the pump cycle: what a turnover costs, and the potential at which ATP can no longer pay."""

from __future__ import annotations

from vrest.constants import F, R
from vrest.physics.namespace import Array, namespace


def cycle_free_energy(
    *,
    na_inside: Array,
    na_outside: Array,
    k_inside: Array,
    k_outside: Array,
    potential: Array,
    temperature: Array,
    na_per_cycle: Array = 3,
    k_per_cycle: Array = 2,
) -> Array:
    """Free energy that one pump cycle must find, in J/mol of cycles.

    dG = RT [n_Na ln(Na_o/Na_i) + n_K ln(K_i/K_o)] - (n_Na - n_K) F V

    na_inside, na_outside, k_inside, k_outside: mol/m3, above 0. potential: V. temperature: K. na_per_cycle,
    k_per_cycle: Na+ that go out and K+ that come in. All broadcast. A cycle runs forward while dG + dG_ATP < 0, with
    dG_ATP about -57 kJ/mol.

    >>> cost = cycle_free_energy(na_inside=12.0, na_outside=145.0, k_inside=140.0, k_outside=4.0,
    ...                          potential=-0.070, temperature=310.15)
    >>> round(float(cost))
    44368
    """
    gradients = _gradient_energy(na_inside, na_outside, k_inside, k_outside, temperature, na_per_cycle, k_per_cycle)
    return gradients - (na_per_cycle - k_per_cycle) * F * potential


def pump_reversal_potential(
    *,
    na_inside: Array,
    na_outside: Array,
    k_inside: Array,
    k_outside: Array,
    atp_free_energy: Array,
    temperature: Array,
    na_per_cycle: Array = 3,
    k_per_cycle: Array = 2,
) -> Array:
    """Potential at which the pump is in equilibrium with ATP hydrolysis, in V; below it the cycle reverses.

    V = (RT [n_Na ln(Na_o/Na_i) + n_K ln(K_i/K_o)] + dG_ATP)/((n_Na - n_K) F)

    atp_free_energy: dG_ATP, J/mol, negative in a living cell. na_inside, na_outside, k_inside, k_outside: mol/m3, above
    0. temperature: K. na_per_cycle, k_per_cycle: Na+ that go out and K+ that come in. All broadcast. An electroneutral
    cycle has no such potential.

    >>> v = pump_reversal_potential(na_inside=12.0, na_outside=145.0, k_inside=140.0, k_outside=4.0,
    ...                             atp_free_energy=-57e3, temperature=310.15)
    >>> round(1e3 * float(v), 1)
    -200.9
    """
    gradients = _gradient_energy(na_inside, na_outside, k_inside, k_outside, temperature, na_per_cycle, k_per_cycle)
    return (gradients + atp_free_energy) / ((na_per_cycle - k_per_cycle) * F)


def _gradient_energy(
    na_inside: Array,
    na_outside: Array,
    k_inside: Array,
    k_outside: Array,
    temperature: Array,
    na: Array,
    k: Array,
) -> Array:
    sodium, potassium = na_outside / na_inside, k_inside / k_outside
    xp = namespace(sodium, potassium)
    return R * temperature * (na * xp.log(sodium) + k * xp.log(potassium))
