"""What there is to tell of a resting membrane: each ion, each pump, and the potentials that part them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class IonStory:
    """One ion at one membrane. mM, mV, pA, fmol/s; shares are fractions, None where they have no meaning.

    An ion of which a side has none has no E, no driving force and no chord share.
    """

    ion: str
    inside: float
    outside: float
    E: float | None
    driving_force: float | None
    """V - E: positive drives positive charge outward."""
    channel_current: float
    """Outward current through this ion's channels."""
    chord_share: float | None
    slope_share: float | None
    ghk_share_numerator: float | None
    ghk_share_denominator: float | None
    fluxes: dict[str, float]
    """Outward flux through each transport."""
    balance: float
    """Sum of the fluxes: zero at rest."""
    passive: bool
    """Whether it has channels, nothing else moves it and its contents are free, and they have come to E = V."""


@dataclass(frozen=True)
class PumpStory:
    """One ATP-driven transport. fmol/s, pA, kJ/mol, mV."""

    name: str
    turnover: float
    current: float
    cycle_cost: float | None
    """None where a side has none of an ion that it moves."""
    atp_free_energy: float | None
    reversal_potential: float | None
    """V at which a cycle would cost all that ATP gives."""


@dataclass(frozen=True)
class MembraneStory:
    """Where the potential of one membrane comes from. mV unless said."""

    membrane: str
    v: float
    ions: tuple[IonStory, ...]
    pumps: tuple[PumpStory, ...]
    other_currents: dict[str, float]
    """Net outward current, pA, of what is neither channel nor pump and carries some."""
    chord_sum: float
    """Sum of chord share x E over the ions."""
    chord_pump: float
    """What the pump current adds to it: -I_p / G."""
    chord_paths: float
    """What current from elsewhere adds, along paths or around a ring: -I / G; 0 where there is none."""
    chord_one_sided: float
    """What the channel currents of ions add that are on one side alone and have no E: -I / G; 0 where there are none.
    The four make V exactly; all are 0 where no channel gives a conductance."""
    paths: tuple[str, ...]
    """The paths and membranes that bring that current."""
    ghk: float | None
    """What the GHK equation says with these permeabilities and contents; it leaves the pump's current out."""
    ghk_without_cl: float | None
    mullins_noda: float | None
    """K+ and Na+ only, with the pump's 3:2."""
    mullins_noda_minus_ghk: float | None
    """What the 3:2 adds for the same two ions."""
    v_pump_off: float | None
    """Zero-current potential that V drifts to with every pump stopped and contents frozen: the first moment after the
    poison, as `instant` gives it. None where there is none between -400 and +400 mV."""
    direct: float | None
    """v_pump_off - v: what the pump's own current holds, lost at once."""
    v_run_down: float | None
    """Potential of the cell when the gradients have run down; None where it never comes to rest."""
    indirect: float | None
    """v_run_down - v_pump_off: what the gradients hold, lost over hours; None where one of the two is."""
    run_down_outcome: str
    run_down: bool
    """Whether the E of the ions that conduct then lie within a tenth of how far apart they are now, and nearer to 0."""
    charge_moved: float | None
    """uM of monovalent ions that charging the membrane to V takes from (or adds to) the inside."""
    charge_moved_share: float | None
    """The same, relative to all ions inside."""
