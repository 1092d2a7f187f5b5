"""The energy bill of a resting potential, in ATP."""

from __future__ import annotations

from vrest.constants import N_A, F
from vrest.physics.namespace import Array


def atp_per_second(pump_current: Array, charge_per_cycle: Array = 1) -> Array:
    """ATP molecules spent per second by a pump that carries `pump_current`, I N_A/(F charge_per_cycle).

    pump_current: A (or A/m2, which gives the rate per m2), net outward charge. charge_per_cycle: net charges
    outward for 1 ATP, 1 for the Na/K-ATPase. All broadcast.

    >>> f"{atp_per_second(54.545e-12):.3e}"
    '3.404e+08'
    """
    return pump_current * N_A / (F * charge_per_cycle)


def resting_pump_current(*, input_resistance: Array, potential: Array, reversal_na: Array, reversal_k: Array) -> Array:
    """Pump current that balances the resting leaks of Na+ and K+, outward, in A.

    I = (E_Na - V)(V - E_K)/(R_in (V + 2 E_Na - 3 E_K)), from 3I = g_Na (E_Na - V), 2I = g_K (V - E_K) and
    g_Na + g_K = 1/R_in

    input_resistance: ohm. potential, reversal_na, reversal_k: V. All broadcast. Linear leaks, and none of
    Cl-.

    Attwell and Laughlin 2001, J. Cereb. Blood Flow Metab. 21:1133, doi:10.1097/00004647-200110000-00001.

    >>> current = resting_pump_current(input_resistance=200e6, potential=-0.070, reversal_na=0.050,
    ...                                reversal_k=-0.100)
    >>> round(1e12 * current, 3)
    54.545
    """
    na, k = reversal_na - potential, potential - reversal_k
    return na * k / (input_resistance * (2 * na + 3 * k))
