"""Na/K-ATPase: published rate laws, each as a fraction of the maximal turnover.

One turnover moves 3 Na+ out and 2 K+ in for 1 ATP. None of these laws knows the free energy of the cycle, so
none of them stops or reverses where ATP no longer pays for it; `free_energy.cycle_free_energy` says where.
"""

from __future__ import annotations

from vrest.physics.logistic import logistic
from vrest.physics.namespace import Array, namespace
from vrest.physics.thermal import thermal_voltage


def saturation(concentration: Array, km: Array) -> Array:
    """Share of sites that an ion occupies, c/(c + km), 0 to 1; with km = 0 it is 1, also without the ion.

    concentration, km: mol/m3. All broadcast.

    >>> float(saturation(4.0, 2.0)) == 4 / 6, float(saturation(0.0, 0.0))
    (True, 1.0)
    """
    xp = namespace(concentration, km)
    both = xp.asarray(concentration + km)
    neither = both == 0  # 0/0 must reach neither the rate nor its derivatives
    return xp.where(neither, 1.0, concentration) / xp.where(neither, 1.0, both)


def hill(
    *,
    na_inside: Array,
    k_outside: Array | None,
    km_na: Array,
    km_k: Array,
    hill_na: float = 3,
    hill_k: float = 2,
) -> Array:
    """Independent identical sites: (Na_i/(Na_i + km_na))^hill_na (K_o/(K_o + km_k))^hill_k.

    na_inside, k_outside, km_na, km_k: mol/m3. hill_na, hill_k: sites for each ion. All broadcast. Returns 0 to 1.
    Without k_outside (None), or with km_k = 0, K+ outside saturates the pump.
    km_na 10 and km_k 2 are of the pump of Kager, Wadman and Somjen 2000, J. Neurophysiol. 84:495,
    doi:10.1152/jn.2000.84.1.495.

    >>> round(float(hill(na_inside=10.0, k_outside=4.0, km_na=10.0, km_k=2.0)), 6)
    0.055556
    """
    sodium = (na_inside / (na_inside + km_na)) ** hill_na
    return sodium if k_outside is None else sodium * saturation(k_outside, km_k) ** hill_k


def exponential(
    *,
    na_inside: Array,
    k_outside: Array | None,
    na_half: Array = 25.0,
    na_slope: Array = 3.0,
    k_half: Array = 5.5,
    k_slope: Array = 1.0,
) -> Array:
    """Two sigmoids: 1/(1 + e^((na_half - Na_i)/na_slope)) 1/(1 + e^((k_half - K_o)/k_slope)).

    na_inside, k_outside, na_half, na_slope, k_half, k_slope: mol/m3. All broadcast. Returns 0 to 1. Fitted around
    physiological contents: at 0 of either ion it is small (2e-4 for Na+, 4e-3 for K+) but not 0. Without k_outside
    (None) K+ outside saturates the pump.

    Cressman et al. 2009, J. Comput. Neurosci. 26:159, doi:10.1007/s10827-008-0132-4 (k_half 5.5); Wei, Ullah
    and Schiff 2014, J. Neurosci. 34:11733, doi:10.1523/JNEUROSCI.0516-14.2014 (k_half 3.5).

    >>> round(float(exponential(na_inside=10.0, k_outside=4.0, k_half=3.5)), 6)
    0.004166
    """
    sodium = logistic((na_inside - na_half) / na_slope)
    return sodium if k_outside is None else sodium * logistic((k_outside - k_half) / k_slope)


def hamada(
    *,
    na_inside: Array,
    high_share: Array = 0.62,
    km_high: Array = 6.7,
    km_low: Array = 67.6,
) -> Array:
    """Two kinds of pump, of high and low affinity for Na+; K+ outside saturates both.

    high_share/(1 + (km_high/Na_i)^3) + (1 - high_share)/(1 + (km_low/Na_i)^3)

    na_inside, km_high, km_low: mol/m3. high_share: 0 to 1. All broadcast. Returns 0 to 1.

    Hamada et al. 2003, Br. J. Pharmacol. 138:1517; used by Dijkstra et al. 2016, J. Neurosci. 36:11881.

    >>> round(float(hamada(na_inside=10.0)), 6)
    0.477869
    """
    na = na_inside**3  # with the powers of Na_i on top the law holds, and is 0, at Na_i = 0
    return high_share * na / (na + km_high**3) + (1 - high_share) * na / (na + km_low**3)


def luo_rudy_core(
    *, na_inside: Array, k_outside: Array | None, km_na: Array = 10.0, km_k: Array = 1.5, hill_na: float = 1.5
) -> Array:
    """The Luo-Rudy pump without its voltage: Na_i^h/(Na_i^h + km_na^h) K_o/(K_o + km_k).

    na_inside, k_outside, km_na, km_k: mol/m3. hill_na: h. All broadcast. Returns 0 to 1. Without k_outside (None), or
    with km_k = 0, K+ outside saturates the pump. It is also the astrocyte's pump of Saetra et al. 2021, PLoS Comput.
    Biol. 17:e1008143, doi:10.1371/journal.pcbi.1008143.

    >>> round(float(luo_rudy_core(na_inside=10.0, k_outside=4.0)), 6)
    0.363636
    """
    na = na_inside**hill_na
    sodium = na / (na + km_na**hill_na)
    return sodium if k_outside is None else sodium * saturation(k_outside, km_k)


def luo_rudy_voltage_factor(*, potential: Array, na_outside: Array, temperature: Array) -> Array:
    """Voltage dependence of the Luo-Rudy pump: hyperpolarisation slows it.

    f = 1/(1 + 0.1245 e^(-0.1 V/phi) + 0.0365 s e^(-V/phi)),  s = (e^(Na_o/67.3) - 1)/7,  phi = RT/F

    potential: V. na_outside: mol/m3. temperature: K. All broadcast. Returns 0 to 1.

    Luo and Rudy 1994, Circ. Res. 74:1071, doi:10.1161/01.RES.74.6.1071.

    >>> round(float(luo_rudy_voltage_factor(potential=-0.070, na_outside=145.0, temperature=310.15)), 4)
    0.5857
    """
    xp = namespace(potential, na_outside, temperature)
    u = potential / thermal_voltage(temperature)
    sodium = xp.expm1(na_outside / 67.3) / 7
    return 1 / (1 + 0.1245 * xp.exp(-0.1 * u) + 0.0365 * sodium * xp.exp(-u))


def luo_rudy(
    *,
    na_inside: Array,
    na_outside: Array,
    k_outside: Array | None,
    potential: Array,
    temperature: Array,
    km_na: Array = 10.0,
    km_k: Array = 1.5,
) -> Array:
    """The Luo-Rudy pump: `luo_rudy_core` times `luo_rudy_voltage_factor`.

    na_inside, na_outside, k_outside, km_na, km_k: mol/m3. potential: V. temperature: K. All broadcast. Returns 0 to 1.
    k_outside as of `luo_rudy_core`.

    Luo and Rudy 1994, doi:10.1161/01.RES.74.6.1071.

    >>> rate = luo_rudy(na_inside=10.0, na_outside=145.0, k_outside=4.0, potential=-0.070, temperature=310.15)
    >>> round(float(rate), 4)
    0.213
    """
    core = luo_rudy_core(na_inside=na_inside, k_outside=k_outside, km_na=km_na, km_k=km_k)
    return core * luo_rudy_voltage_factor(potential=potential, na_outside=na_outside, temperature=temperature)


def cubic(*, na_inside: Array, na_outside: Array) -> Array:
    """Cubic law (Na_i/Na_o)^3, without saturation: 1 when the sodium gradient is gone.

    na_inside, na_outside: mol/m3. All broadcast.

    Duesterwald et al. 2018, eLife 7:e39575, doi:10.7554/eLife.39575.

    >>> round(float(cubic(na_inside=14.5, na_outside=145.0)), 9)
    0.001
    """
    return (na_inside / na_outside) ** 3


def atp_saturation(atp: Array, km: Array) -> Array:
    """Michaelis-Menten factor ATP/(ATP + km), 0 to 1; 0 without ATP, whatever km.

    atp, km: mol/m3. All broadcast. km of the low-affinity site is 0.1 to 0.3, far below a healthy cell's ATP.

    >>> round(float(atp_saturation(2.0, 0.2)), 3)
    0.909
    """
    xp = namespace(atp, km)
    some = xp.asarray(atp) > 0  # km = 0 means never limiting, and must not turn no ATP into 0/0
    return xp.where(some, atp, 0.0) / xp.where(some, atp + km, 1.0)
