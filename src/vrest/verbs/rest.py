"""`rest`: the certified resting state of a cell, or a typed 'there is none'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vrest.errors import InputError, NoRestError
from vrest.layout import glued
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.change import Change, apply, parse_changes
from vrest.model.notice import Notice
from vrest.model.notices import notices
from vrest.numerics.compiler.fallback import Fallback, fallbacks
from vrest.shown import Drawn
from vrest.system.assemble import System, assemble
from vrest.system.ledger import Account, accounts, describe
from vrest.system.observables import uncounted_charge
from vrest.system.structure import parameter_vector
from vrest.tables import Column, Table, counted, millivolts, number
from vrest.units import duration, from_si
from vrest.verbs.certify import LEAST, Certificate, certify, gathered, imbalance, pump_notices
from vrest.verbs.held import holders
from vrest.verbs.linearised import linearised
from vrest.verbs.outcome import Outcome
from vrest.verbs.progress import Progress
from vrest.verbs.readings import Readings, readings
from vrest.verbs.restart import restarted
from vrest.verbs.search import searched
from vrest.verbs.slower import slower
from vrest.verbs.start import begin, refuse_start_values
from vrest.verbs.verdict import departed, verdict

UNCOUNTED_MM = 1e-6
"""mM: uncounted charge of which nothing is said is less."""


@dataclass(frozen=True)
class Rest(Drawn):
    """A resting state with its certificate, or the reason why there is none.

    Numbers are in door units: mV, mM, s, um3. What is read of a state raises `NoRestError` where there is none
    (`outcome.has_state`). `str()` is the whole certificate, `plot()` its ladder of potentials.

    >>> r = rest("mammalian_neuron")
    >>> r.outcome.name, r.stable, f"{r.v_rest:.2f} mV", f"{r.E['Na']:.2f} mV", f"{r.atp_per_second:.2e} /s"
    ('rests', True, '-70.00 mV', '60.63 mV', '3.56e+07 /s')
    """

    drawn_by: ClassVar[str] = "vrest.plot.ladder:rest_axes"
    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Bradbury2018")

    cell: Cell
    """The cell that was asked about, changes applied."""
    system: System
    """Its equations, which say what `state` and `parameters` hold."""
    outcome: Outcome
    reason: str
    """The outcome in words."""
    state: np.ndarray
    """(states,) SI, in the order of `system.states`."""
    parameters: np.ndarray
    """(parameters,) SI, in the order of `system.names`."""
    start: np.ndarray
    """The state from which the search began, as `state`."""
    residual_mV: float
    """V component of the remaining Newton correction, mV."""
    eigenvalues: NDArray[np.complex128]
    """Of the reduced system, 1/s."""
    conditioning: float
    """Condition number of the scaled Jacobian."""
    iterations: int
    """Large steps at last, those of Newton's method among them."""
    followed: float
    """How long the motion was followed before that, s."""
    steps: int
    """Steps that took."""
    fallbacks: tuple[Fallback, ...] = field(default=(), repr=False)
    """What was left to XLA."""

    @cached_property
    def residual_mM_per_min(self) -> Mapping[str, Mapping[str, float]]:
        """{compartment: {ion: imbalance}}, mM/min; empty where the Jacobian is not finite."""
        return imbalance(self.system, self.state, self.parameters) if len(self.eigenvalues) else {}

    @property
    def reached(self) -> str:
        """How the search got where it ended, in words."""
        if not self.steps:
            each = "which" if self.iterations == 1 else "each of which"
            return f"{counted(self.iterations, 'large step')}, {each} fitted the motion"
        newton = f"{counted(self.iterations, 'step')} of Newton's method"
        if self.outcome is Outcome.oscillates:
            newton += " from the middle of it"
        told = f"the motion followed for {duration(self.followed)} in {counted(self.steps, 'step')}"
        return f"{told}, then {newton}" if self.iterations else told

    @property
    def stable(self) -> bool:
        """Whether every small deviation dies out."""
        return self.outcome.is_rest

    @property
    def v_rest(self) -> float | dict[str, float]:
        """Resting potential, mV; one value for one membrane, else by membrane."""
        self.need_state()
        walls = self.system.structure.walls
        return _single({w.name: from_si(float(self.system.potential(self.state, w)), "potential") for w in walls})

    @property
    def E(self) -> dict[str, Any]:
        """Nernst potential of each ion, mV; None where undefined. By membrane where there are several."""
        found = self._read().E.items()
        return _single({name: {ion: None if np.isnan(e) else e for ion, e in ions.items()} for name, ions in found})

    @property
    def concentrations(self) -> dict[str, dict[str, float]]:
        """{compartment: {ion: mM}}, baths included."""
        return self._read().concentrations

    @property
    def volumes(self) -> dict[str, float]:
        """Volume of each finite compartment, um3."""
        return self._read().volumes

    @property
    def exchange_currents(self) -> dict[str, float]:
        """Net current of every exchange that conducts, from its inside to its outside, pA.

        Of an electrode it is what is fed into its inside.
        """
        return self._read().exchange_currents

    @property
    def slowest_time_constant(self) -> float | None:
        """Time constant of the slowest deviation, s; None where one does not decay, or not as an exponential does."""
        if not self.stable or self.algebraic:
            return None
        return float(-1.0 / self.eigenvalues.real.max())

    @property
    def algebraic(self) -> bool:
        """Whether the last of an ion that is used up decays more slowly than any exponential."""
        return self.stable and bool((self.eigenvalues.real == 0.0).any())

    @property
    def atp_per_second(self) -> float:
        """ATP molecules spent per second by the whole cell."""
        return self._read().atp_per_second

    @property
    def watts(self) -> float:
        """Power of that ATP, W."""
        return self._read().watts

    @property
    def held_by(self) -> dict[str, str]:
        """{compartment: sentence} where the description holds gradients of a cell that rests, and not a pump alone."""
        return holders(self.system, self.parameters) if self.outcome is Outcome.rests else {}

    @cached_property
    def uncounted_charge(self) -> dict[str, float]:
        """{compartment: mM at the start volume}: charge that its contents gained on the way and its membranes did not.

        0 unless something moves ions without their charge (`counter_charge`, closures) or charge without ions
        (`fixed_leak`).
        """
        found = uncounted_charge(self.system, self.state, self.parameters, self.start)
        return {space: from_si(float(charge), "concentration") for space, charge in found.items()}

    @cached_property
    def ledger(self) -> list[Account]:
        """Every conserved total: what the search changed of it, beside its rounding floor."""
        return accounts(self.system, self.state, self.parameters, self.start)

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the number."""
        found = notices(self.cell)
        if self.outcome.has_state:
            found += gathered(self.cell, self.concentrations)
            found += pump_notices(self.system, self.state, self.parameters, self._read().cycle_costs)
        return found + slower(self.fallbacks)

    def raise_if_none(self) -> Rest:
        """Itself if the cell rests there, else `NoRestError` with the reason."""
        if not self.outcome.is_rest:
            raise NoRestError(f"'{self.cell.name}': {self.reason}", code=self.outcome.name, hint="")
        return self

    def need_state(self) -> None:
        """Nothing if there is a stationary state, else `NoRestError`."""
        if not self.outcome.has_state:
            raise NoRestError(f"'{self.cell.name}' gives nothing to read. {self.reason}", code=self.outcome.name)

    def _read(self) -> Readings:
        self.need_state()
        return readings(self.system, self.state, self.parameters)

    def as_cell(self) -> Cell:
        """The cell that describes this state: its contents, volume and potential, charge solved as before.

        To be written to a file or changed; a run goes on from the state itself: `simulate(r.cell, start=r.state)`.
        A description has no ions of which there is nothing: what is gone is written as a trace of 1e-12 mM.
        """
        self.need_state()
        return restarted(self.cell, self.system, self.state, self.parameters)

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        celsius = number(from_si(self.cell.temperature, "temperature"))
        yield f"Rest of '{self.cell.name}' at {celsius} degC: {self.outcome.words}"
        yield f"  {self.reason}"
        if not self.outcome.has_state:
            return
        held = self._read().v
        heads = ["V"] if len(held) == 1 else [f"V ({name})" for name in held]
        told = zip(heads, held.values(), strict=True)
        yield "  " + ", ".join(glued(f"{head} = {millivolts(float(v))} mV") for head, v in told)
        rates = [] if (tau := self._slowest) is None else [f"slowest time constant {tau}"]
        rates += [f"{number(self.atp_per_second, 3)} ATP/s"] if self.atp_per_second else []
        yield "  " + "; ".join(rates)

    @property
    def _slowest(self) -> str | None:
        """The slowest time constant in words."""
        tau = self.slowest_time_constant
        return "none: algebraic" if self.algebraic else None if tau is None else duration(tau)

    def tables(self) -> tuple[Table, ...]:
        """Ions by membrane (mM, mV), compartments (um3, mOsm), and the certificate; that alone without a state."""
        if not self.outcome.has_state:
            return (self._certificate(),)
        now, walls = self._read(), self.system.structure.walls
        rows = [(wall, ion, e) for wall in walls for ion, e in now.E[wall.name].items()]
        ions = [
            *([Column("membrane", "", [wall.name for wall, _, _ in rows])] if len(walls) > 1 else []),
            Column("ion", "", [ion for _, ion, _ in rows]),
            Column("inside", "mM", [now.concentrations[wall.inside][ion] for wall, ion, _ in rows], rounding=0.0),
            Column("outside", "mM", [now.concentrations[wall.outside][ion] for wall, ion, _ in rows], rounding=0.0),
            Column("E", "mV", [e for _, _, e in rows], decimals=2),
            Column("V - E", "mV", [now.v[wall.name] - e for wall, _, e in rows], decimals=2, signed=True),
        ]
        spaces = [
            Column("compartment", "", list(now.osmolarities)),
            Column("volume", "um3", [now.volumes.get(name) for name in now.osmolarities]),
            Column("osmolarity", "mOsm", list(now.osmolarities.values())),
        ]
        sides = [f"{wall.name} has {wall.inside} inside, {wall.outside} outside" for wall in walls]
        found = [Table(ions, "Ions", "; ".join(sides) if len(walls) > 1 else ""), Table(spaces, "Compartments")]
        if paths := self.exchange_currents:
            columns = Column("path", "", list(paths)), Column("current", "pA", list(paths.values()), signed=True)
            found.append(Table(columns, "Currents from inside to outside"))
        return (*found, self._certificate())

    def saved(self) -> tuple[Table, ...]:
        """The tables, with V (mV) beside the ions."""
        if not self.outcome.has_state:
            return self.tables()
        ions, *others = self.tables()
        now = self._read()
        v = [v for name, v in now.v.items() for _ in now.E[name]]
        return replace(ions, columns=[*ions.columns, Column("V", "mV", v, decimals=2)]), *others

    def _printed(self) -> tuple[Table, ...]:
        return self.tables()[:-1] if self.outcome.has_state else ()  # its sentences say the certificate

    @property
    def left(self) -> str:
        """What is left of the way, in words."""
        worst = max((abs(x) for ions in self.residual_mM_per_min.values() for x in ions.values()), default=0.0)
        return f"{_left(self.residual_mV)} mV and {_left(worst)} mM/min are left"

    def _certificate(self) -> Table:
        worst = max((abs(x) for ions in self.residual_mM_per_min.values() for x in ions.values()), default=None)
        certificate = [
            Column("outcome", "", [self.outcome.words]),
            Column("remaining correction", "mV", [self.residual_mV], digits=2),
            Column("worst imbalance", "mM/min", [worst], digits=2),
            Column("condition number", "", [self.conditioning], digits=2),
            Column("slowest time constant", "s", [self.slowest_time_constant], form=duration),
        ]
        if self.outcome.has_state:
            certificate += [
                Column("ATP", "1/s", [self.atp_per_second], digits=3),
                Column("power", "W", [self.watts], digits=3),
            ]
        return Table(certificate, "Certificate")

    def _said(self) -> Iterable[str]:
        if self.outcome.has_state:
            if self.atp_per_second:
                yield f"That ATP is {number(self.watts, 3)} W."
            yield from self.held_by.values()
            for space, charge in self.uncounted_charge.items():
                if abs(charge) > UNCOUNTED_MM:
                    yield (
                        f"On the way the contents of '{space}' gained {number(charge, signed=True)} mM of charge that "
                        "no membrane holds."
                    )
            yield f"Reached by {self.reached}. Certificate: {self.left}."
            yield from (f"Conserved: {text}." for text in describe(self.system))


def rest(
    cell: CellLike,
    changes: str | Change | Iterable[str | Change] | Mapping[str, Any] = (),
    *,
    start: Any = None,
    progress: Progress | None = None,
) -> Rest:
    """The resting state of a cell, certified.

    From the state that the cell describes, with its conserved totals (charge, and whatever no active transport
    can change) held exactly, the motion is followed with controlled error until nothing quick is left that could
    turn it, and Newton's method goes on from there; a cell whose currents never fall as V rises first tries large
    pseudo-time steps, as long as they fit the motion. What is returned was checked: the correction that remains, the
    imbalance of every ion, positivity, and the eigenvalues of the reduced system.

    Parameters
    ----------
    cell
        A `Cell`, its name in the library, or the path of its TOML file.
    changes
        Changes to apply first, such as `"outside.K=12 mM"`.
    start
        State of this cell to search from, (states,), SI, in the order of `Rest.system.states`, such as `states[-1]`
        of a run, whose conserved totals are then held; by default what the cell describes.
    progress
        Called from time to time while a cell that does not come to rest soon is followed; returning False stops the
        search, whose outcome is then `not_followed`.

    Returns
    -------
    Rest
        `outcome` says what was found, `reached` how; it never carries an unchecked number.

    Raises
    ------
    InputError
        No such cell, changes that make no sense, no state of this cell (`bad_start`), nothing that moves
        (`nothing_moves`). That there is no rest is no error: it is the outcome.

    >>> r = rest("mammalian_neuron")
    >>> r.outcome.name, round(r.v_rest, 6)
    ('rests', -70.0)
    """
    cell = load(cell)
    changes = parse_changes(changes)
    if start is not None:
        refuse_start_values(cell, changes)
    cell = apply(cell, changes)
    system = assemble(cell, only_active=True)
    if not system.laws.independent:
        raise InputError(
            f"Nothing in '{cell.name}' moves ions or water: there is nothing to settle.",
            code="nothing_moves",
            hint="Switch a channel, a pump or water on.",
        )
    p = parameter_vector(cell)
    x0 = begin(system, cell, start)
    with fallbacks() as heard:
        search = searched(system, p[None], x0[None], progress=progress)
        found = verdict(system, p, x0, search, progress=progress)
    return result(cell, x0, found, heard)


def _left(value: float) -> str:
    """What a certificate leaves; nobody reads digits of rounding."""
    return number(value, 2) if value >= LEAST else f"less than {number(LEAST)}"


def rest_of(asked: Rest | CellLike) -> Rest:
    """A rest as it is, or that of a cell: what is asked of a resting state may be asked of its cell."""
    return asked if isinstance(asked, Rest) else rest(asked)


def rest_here(cell: Cell) -> Rest:
    """The certificate of the very state that a cell describes, however unstable; nothing is searched.

    >>> from vrest.model.cellfile import load
    >>> rest_here(load("mammalian_neuron")).outcome.name
    'rests'
    """
    system = assemble(cell, only_active=True)
    p = parameter_vector(cell)
    x0 = system.start(cell)
    with fallbacks() as heard:
        here = linearised(system, p, x0, x0[list(system.laws.independent)])._replace(iterations=0, converged=True)
        found = departed(system, p, x0, certify(system, p, x0, here))
    return result(cell, x0, found, heard)


def result(cell: Cell, x0: np.ndarray, found: Certificate, heard: Iterable[Fallback] = ()) -> Rest:
    """A certificate with the cell that it is of, and what was heard on the way of code left to XLA."""
    return Rest(cell=cell, start=x0, fallbacks=tuple(heard), **found._asdict())


def _single(by_membrane: dict[str, Any]) -> Any:
    """What is read of one membrane as it is, of several by name."""
    return next(iter(by_membrane.values())) if len(by_membrane) == 1 else by_membrane
