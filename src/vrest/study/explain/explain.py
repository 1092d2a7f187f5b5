"""`explain`: where every millivolt of a resting potential comes from, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np

from vrest.errors import NoRestError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike
from vrest.model.change import Change
from vrest.model.notice import Notice
from vrest.model.transport import ATP
from vrest.shown import Drawn
from vrest.study.explain.account import PASSIVE, TIE, bill, running, sentences, tables
from vrest.study.explain.parts import Parts, parts
from vrest.study.explain.story import IonStory, MembraneStory, PumpStory
from vrest.system.observables import AROUND, bare_transports
from vrest.system.structure import Wall
from vrest.tables import ROUNDING, Column, Table, millivolts, number
from vrest.units import from_si
from vrest.verbs.instant import instant_potentials
from vrest.verbs.progress import Progress, half
from vrest.verbs.readings import Readings, readings
from vrest.verbs.rest import Rest, rest

TOGETHER, NEARER = 0.1, 0.5
"""The gradients have run down where the E of ions lie within this share of their range before, and of their distance
from 0."""


@dataclass(frozen=True)
class Explanation(Drawn):
    """The account of a resting state. `str()` is a table, `as_dict()` is ready for JSON.

    >>> print(explain("mammalian_neuron").sentences()[0])
    V is -70.00 mV, a vote of the open channels: each ion pulls towards its E with its share of the conductance. ...
    """

    drawn_by: ClassVar[str] = "vrest.plot.explanation:explanation_axes"
    methods: ClassVar[tuple[str, ...]] = ("Hodgkin1959", "Goldman1943", "Hodgkin1949", "Mullins1963")
    rest: Rest
    """What is accounted for."""
    membranes: tuple[MembraneStory, ...]
    """One for each membrane: shares of the ions, parts of V (mV)."""
    atp_per_second: float
    """Molecules spent by the whole cell, 1/s."""
    watts: float
    """Power of that ATP, W."""

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionary in door units; one membrane is flat, several are by name."""
        stories = {m.membrane: asdict(m) for m in self.membranes}
        body = next(iter(stories.values())) if len(stories) == 1 else {"membranes": stories}
        return {
            "outcome": self.rest.outcome.name,
            **body,
            "atp_per_second": self.atp_per_second,
            "watts": self.watts,
            "sentences": self.sentences(),
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict`, nested lists by their keys."""
        return dict(UNITS)

    @property
    def warnings(self) -> list[Notice]:
        """Those of the resting state."""
        return self.rest.warnings

    def sentences(self) -> list[str]:
        """The account in plain words."""
        told = [sentence for m in self.membranes for sentence in sentences(m, self.membranes, self.rest.system.valence)]
        return [*told, *bill(self.atp_per_second, self.watts)]

    def _cells(self) -> Iterable[Cell]:
        return (self.rest.cell,)

    def _brief(self) -> Iterable[str]:
        yield f"Explanation of '{self.rest.cell.name}'"
        on = running(self.membranes)
        stopped = "the pump" if on == 1 else "the pumps"
        for m in self.membranes:
            told = f"  V ({m.membrane}) = {millivolts(m.v)} mV"
            if on and m.direct is not None:
                told += f"; stopping {stopped}: {number(m.direct, decimals=2, signed=True)} mV at once"
            yield told
        if self.atp_per_second:
            yield f"  {number(self.atp_per_second, 3)} ATP/s"

    def tables(self) -> tuple[Table, ...]:
        """Each ion's share of V, by membrane; what carries it."""
        shares, carried = zip(*(tables(m, self.rest) for m in self.membranes), strict=True)
        if len(shares) == 1:
            return (*shares, *carried)
        named = [m.membrane for m, table in zip(self.membranes, shares, strict=True) for _ in table.columns[0].values]
        joined = [
            replace(parts[0], values=[value for part in parts for value in part.values])
            for parts in zip(*(table.columns for table in shares), strict=True)
        ]
        titled = [replace(t, title=f"{m.membrane}: {t.title}") for m, t in zip(self.membranes, carried, strict=True)]
        return Table([Column("membrane", "", named), *joined], "Ions"), *titled

    def _head(self) -> Iterable[str]:
        return ()  # titles of the tables say it

    def _printed(self) -> tuple[Table, ...]:
        return tuple(table for m in self.membranes for table in tables(m, self.rest))

    def _said(self) -> Iterable[str]:
        return self.sentences()


UNITS = {
    "v": "mV",
    "inside": "mM",
    "outside": "mM",
    "E": "mV",
    "driving_force": "mV",
    "channel_current": "pA",
    "other_currents": "pA",
    "chord_share": "1",
    "slope_share": "1",
    "ghk_share_numerator": "1",
    "ghk_share_denominator": "1",
    "fluxes": "fmol/s",
    "balance": "fmol/s",
    "turnover": "fmol/s",
    "current": "pA",
    "cycle_cost": "kJ/mol",
    "atp_free_energy": "kJ/mol",
    "reversal_potential": "mV",
    "chord_sum": "mV",
    "chord_pump": "mV",
    "chord_paths": "mV",
    "chord_one_sided": "mV",
    "ghk": "mV",
    "ghk_without_cl": "mV",
    "mullins_noda": "mV",
    "mullins_noda_minus_ghk": "mV",
    "v_pump_off": "mV",
    "direct": "mV",
    "v_run_down": "mV",
    "indirect": "mV",
    "charge_moved": "uM",
    "charge_moved_share": "1",
    "atp_per_second": "1/s",
    "watts": "W",
}


def explain(result: Rest | CellLike, *, progress: Progress | None = None) -> Explanation:
    """Account for a resting state, millivolt by millivolt.

    Each ion's chord share times its Nernst potential, and what pump and other currents add, make V exactly; beside them
    stand the shares of the GHK equation and what is lost without pumps, at once and when the gradients have run down.

    Parameters
    ----------
    result
        From `rest`, or a cell as of `rest`, which is then brought to rest.
    progress
        Told the share done, 0 to 1, of finding the rest of a cell, if it is not given, and the rest without pumps.

    Returns
    -------
    Explanation
        One account for each membrane (mV, mM, pA, fmol/s), the bill in ATP.

    Raises
    ------
    InputError
        No such cell.
    NoRestError
        There is no resting state to explain.

    Chord equation: Hodgkin and Horowicz 1959, doi:10.1113/jphysiol.1959.sp006278; GHK: Goldman 1943,
    doi:10.1085/jgp.27.1.37; Mullins and Noda 1963, doi:10.1085/jgp.47.1.117.

    >>> story = explain("article_neuron").membranes[0]
    >>> round(story.v, 1), round(story.ghk, 1), round(story.direct, 1)
    (-73.8, -69.9, 4.0)
    """
    if not isinstance(result, Rest):
        first, progress = (None if progress is None else half(progress, k) for k in (0, 1))
        result = rest(result, progress=first)
    if not result.outcome.has_state:
        raise NoRestError(f"'{result.cell.name}' gives nothing to explain. {result.reason}", code=result.outcome.name)
    off = _pumps_off(result)
    down = rest(result.cell, off, start=result.state, progress=progress) if off else result
    made = parts(result.system, result.state, result.parameters)
    return Explanation(
        rest=result,
        membranes=_membranes(result, made, down, off),
        atp_per_second=made.atp_per_second,
        watts=made.watts,
    )


def _pumps_off(result: Rest) -> list[Change]:
    """Changes that stop everything driven by ATP."""
    changes = []
    for mover in result.system.structure.movers:
        if mover.place:
            part = result.cell.membranes[mover.place].transports[mover.label]
            if part.stoichiometry().get(ATP) and part.strength:
                changes.append(Change(mover.path(part.strength), "scale", 0.0))
    return changes


def _membranes(result: Rest, made: Parts, down: Rest, off: list[Change]) -> tuple[MembraneStory, ...]:
    """Of every membrane, from what makes its potential; `down` is the cell run down, `off` what stops its pumps."""
    system, x, p = result.system, result.state, result.parameters
    stopped = system.with_values(p, {change.path: 0.0 for change in off})
    at_once = instant_potentials(system, x[:, None], stopped[:, None]).v[:, 0]
    now = readings(system, x, p)
    later = readings(system, down.state, down.parameters) if down.outcome.is_rest else None
    stories = []
    for wall, v_off in zip(system.structure.walls, at_once.tolist(), strict=True):
        end = _End(
            v_off=_known(from_si(v_off, "potential")),
            v=later.v[wall.name] if later else None,
            outcome=down.outcome.name,
            run_down=bool(later) and _has_run_down(made, now.E[wall.name], later.E[wall.name], wall),
        )
        stories.append(_membrane(result, wall, made, now, end))
    return tuple(stories)


@dataclass(frozen=True)
class _End:
    """What a membrane comes to without pumps, mV."""

    v_off: float | None
    v: float | None
    outcome: str
    run_down: bool


def is_free(cell: Cell, wall: Wall, ion: str) -> bool:
    """Whether an ion inside goes where what moves it takes it: its compartment is finite, and it closes no balance."""
    return cell.compartments[wall.inside].finite and f"{wall.inside}.{ion}" not in cell.closures


def _has_run_down(made: Parts, now: dict[str, Any], later: dict[str, Any], wall: Wall) -> bool:
    """Whether the E of the ions that conduct have come together, and towards 0."""
    ions = [ion for ion, share in made.chord_share[wall.name].items() if share > TIE]
    if not ions:
        return False
    before, after = (np.array([E[ion] for ion in ions]) for E in (now, later))
    together, nearer = np.ptp(after) < TOGETHER * np.ptp(before), abs(after).max() < NEARER * abs(before).max()
    return bool(together and nearer)


def _membrane(result: Rest, wall: Wall, made: Parts, now: Readings, end: _End) -> MembraneStory:
    """Of one membrane, from what makes its potential, what is read of it, and what it comes to without pumps."""
    name = wall.name
    channels = {label for label, part in bare_transports(result.system, wall).items() if part.is_channel}
    most = max((abs(x) for each in now.fluxes[name].values() for x in each.values()), default=0.0)
    v, fluxes = made.v[name], now.fluxes[name]
    inside, outside = now.concentrations[wall.inside], now.concentrations[wall.outside]
    ions = tuple(
        IonStory(
            ion=ion,
            inside=inside[ion],
            outside=outside[ion],
            E=_known(E),
            driving_force=_known(made.driving_force[name][ion]),
            channel_current=made.channel_current[name][ion],
            chord_share=_known(made.chord_share[name][ion]),
            slope_share=_known(made.slope_share[name][ion]),
            ghk_share_numerator=_known(made.ghk_share_numerator[name][ion]),
            ghk_share_denominator=_known(made.ghk_share_denominator[name][ion]),
            fluxes=fluxes.get(ion, {}),
            balance=sum(fluxes.get(ion, {}).values(), 0.0),
            passive=bool(
                is_free(result.cell, wall, ion)
                and made.chord_share[name][ion] > 0.0
                and abs(made.driving_force[name][ion]) <= PASSIVE
                and all(abs(x) <= ROUNDING * most for label, x in fluxes.get(ion, {}).items() if label not in channels)
            ),
        )
        for ion, E in made.E[name].items()
    )
    largest = max((abs(current) for current in now.currents[name].values()), default=0.0)
    pumps = tuple(
        PumpStory(
            name=label,
            turnover=turnover,
            current=made.current[name][label],
            cycle_cost=_known(made.cycle_cost[name][label]),
            atp_free_energy=_known(made.atp_free_energy[name][label]),
            reversal_potential=_known(made.reversal_potential[name][label]),
        )
        for label, turnover in made.turnover[name].items()
    )
    return MembraneStory(
        membrane=name,
        v=v,
        ions=ions,
        pumps=pumps,
        other_currents={
            label: current
            for label, current in now.currents[name].items()
            if label not in channels and label not in made.turnover[name] and abs(current) > ROUNDING * largest
        },
        chord_sum=made.chord_sum[name],
        chord_pump=made.chord_pump[name],
        chord_paths=made.chord_paths[name],
        chord_one_sided=made.chord_one_sided[name],
        paths=tuple(
            path for path, i in now.path_currents[name].items() if path == AROUND or abs(i) > ROUNDING * largest
        ),
        ghk=_known(made.ghk[name]),
        ghk_without_cl=_known(made.ghk_without_cl[name]),
        mullins_noda=_known(made.mullins_noda[name]),
        mullins_noda_minus_ghk=_known(made.mullins_noda_minus_ghk[name]),
        v_pump_off=end.v_off,
        direct=None if end.v_off is None else end.v_off - v,
        v_run_down=end.v,
        indirect=None if end.v is None or end.v_off is None else end.v - end.v_off,
        run_down_outcome=end.outcome,
        run_down=end.run_down,
        charge_moved=_known(made.charge_moved[name]),
        charge_moved_share=_known(made.charge_moved_share[name]),
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
