"""The controls of a page: which numbers of a cell one may drag, over what range, and what goes along."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from vrest.errors import InputError
from vrest.io.report import door
from vrest.model.cell import Cell
from vrest.model.ion_labels import ion_label
from vrest.model.names import plain
from vrest.model.paths import Parameter, parameters, resolve
from vrest.model.quantity import SOLVE
from vrest.model.transport import ATP, WATER, Transport
from vrest.units import to_si
from vrest.verbs.arguments import arguments

Group = Literal["solutions", "membrane", "pump", "more"]

COMMON = ("K", "Na", "Cl")
"""Ions that stand before the fold."""

USUAL_COMPANIONS = {"K": "Na", "Na": "Cl", "Cl": "Na"}
"""What usually keeps a bath neutral in an experiment; of other cations Na+, of other anions Cl-."""

CONCENTRATION_SPAN, STRENGTH_SPAN, PUMP_SPAN, OFF_SPAN = 20.0, 100.0, 10.0, 10.0
"""Times above and below what is there that a slider reaches; of a pump's activity less far above; of what is off, times
the weakest of its kind."""

SALT = 200.0
"""mM that any slider of a concentration reaches at most, if the cell has no more."""

COLD, WARM = 0.0, 45.0
"""degC of the slider of the temperature."""

CURRENT = 20.0
"""uA/cm2 either way of a stimulus that is off."""

STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)
"""What the ends of sliders begin with."""


@dataclass(frozen=True)
class Companion:
    """An ion of the same bath that moves by `factor` times the change of a control, so that the bath stays neutral."""

    how: Literal["swap", "with"]
    ion: str
    control: int
    factor: float


@dataclass(frozen=True)
class Control:
    """One number of a cell that a page can vary, in its door unit.

    >>> from vrest.model.cellfile import load
    >>> neuron = load("mammalian_neuron")
    >>> k = controls(neuron, neuron)[1]
    >>> k.name, k.label, k.value, (k.low, k.high), k.companions[k.companion].ion
    ('outside.K', '[K⁺] outside', 5.0, (0.15, 100.0), 'Na')
    """

    path: str
    """In full."""
    name: str
    """As short as `--set` takes it."""
    label: str
    """For people."""
    unit: str
    value: float
    low: float
    """Left end of its slider; of a logarithmic one above 0."""
    high: float
    log: bool
    minimum: float | None
    """Least that it may be."""
    maximum: float | None
    exclusive: bool
    """Whether the least itself is refused."""
    group: Group
    switch: bool
    """Whether 0 switches a transport or exchange off."""
    fixed_at_start: bool
    """Whether it says how the cell starts, and so cannot change in a run."""
    companions: tuple[Companion, ...]
    companion: int | None
    """The usual one."""
    doc: str
    source: str
    range: tuple[float, float] | None
    """Known range, of the cell's file."""

    def as_dict(self) -> dict[str, Any]:
        """As it stands in the document."""
        return asdict(self)


def control_paths(cell: Cell) -> list[str]:
    """Full paths of what a page can vary.

    Temperature, ions of all compartments, strengths of all transports and exchanges, and ATP of pumps that it limits;
    without what is solved from the charge balance, or would leave a charge unbalanced.
    """
    return [path for path in _wanted(cell) if _may_vary(cell, path)]


def controls(cell: Cell, described: Cell) -> tuple[Control, ...]:
    """The controls of a cell, in the order of its numbers; ranges and sources are those of how it is `described`."""
    paths = control_paths(cell)
    return tuple(_control(cell, described, path, paths) for path in paths)


def strength_path(cell: Cell, place: str, label: str) -> str | None:
    """Full path of the strength of a transport of a membrane, or of an exchange, of no `place`; None if it has none."""
    part: Any = cell.membranes[place].transports[label] if place else cell.exchanges[label]
    base = f"membranes.{place}.transports.{label}" if place else f"exchanges.{label}"
    path = f"{base}.{part.strength}"
    return path if part.strength and path in parameters(cell) else None


def kind_of(part: Transport) -> str:
    """What a transport is: `channel`, `stimulus`, `pump`, `water` or `cotransport`."""
    moved = part.stoichiometry()
    if moved.get(ATP):
        return "pump"
    if part.is_channel:
        return "channel" if next(iter(part.moved_ions.values())) > 0 else "stimulus"
    return "water" if moved.get(WATER) else "cotransport"


def _wanted(cell: Cell) -> Iterator[str]:
    strengths = {strength_path(cell, place, label) for place, label in parts(cell)}
    for path in parameters(cell):
        limits = path.endswith(".atp") and _pump_at(cell, path).km_atp > 0.0
        if path == "temperature" or ".ions." in path or path in strengths or limits:
            yield path


def parts(cell: Cell) -> Iterator[tuple[str, str]]:
    """(membrane, transport) of all transports, and ("", exchange) of all exchanges."""
    yield from ((name, label) for name, m in cell.membranes.items() for label in m.transports)
    yield from (("", name) for name in cell.exchanges)


def _pump_at(cell: Cell, path: str) -> Any:
    _, membrane, _, label, _ = path.split(".")
    return cell.membranes[membrane].transports[label]


def _may_vary(cell: Cell, path: str) -> bool:
    if parameters(cell)[path].value == SOLVE:
        return False
    try:
        arguments(cell, path)
    except InputError as error:
        if error.code == "charge_imbalance":
            return False
        raise
    return True


def _control(cell: Cell, described: Cell, path: str, paths: list[str]) -> Control:
    parameter = parameters(cell)[path]
    spec, words = parameter.spec, path.split(".")
    known = described.sources.get(path)
    span = None
    if known is not None and known.range:
        ends = (door(float(to_si(end, spec.dimension, path)), spec.dimension) for end in known.range)
        span = next(ends), next(ends)
    value = door(float(parameter.value), spec.dimension)
    part = _part(cell, words)
    kind = _kind(words, part)
    companions = _companions(cell, parameter, paths)
    low, high, log = _slider(cell, kind, value, span, parameter)
    return Control(
        path=path,
        name=_short(cell, path),
        label=_label(cell, words, part),
        unit=parameter.unit,
        value=value,
        low=low,
        high=high,
        log=log,
        minimum=None if spec.minimum is None else door(spec.minimum, spec.dimension),
        maximum=None if spec.maximum is None else door(spec.maximum, spec.dimension),
        exclusive=spec.exclusive or (kind == "ion" and parameter.fixed_at_start),
        group=_group(words, kind),
        switch=kind not in ("ion", "temperature", "atp"),
        fixed_at_start=parameter.fixed_at_start,
        companions=companions,
        companion=_usual(cell, words, companions),
        doc=spec.doc,
        source=_source(cell, described, path),
        range=span,
    )


def _part(cell: Cell, words: list[str]) -> Any:
    """The transport or exchange that a path is of; None of others."""
    match words:
        case ["membranes", membrane, "transports", label, _]:
            return cell.membranes[membrane].transports[label]
        case ["exchanges", name, *_]:
            return cell.exchanges[name]
        case _:
            return None


def _kind(words: list[str], part: Any) -> str:
    if part is None:
        return "temperature" if words == ["temperature"] else "ion"
    if words[-1] != part.strength:
        return "atp"
    return kind_of(part) if isinstance(part, Transport) else "exchange"


def _short(cell: Cell, path: str) -> str:
    """The shortest way to name it."""
    words = path.split(".")
    match words:
        case ["compartments", place, "ions", ion]:
            tries = [f"{place}.{ion}"]
        case ["membranes", membrane, "transports", label, name]:
            tries = [f"{label}.{name}", f"{membrane}.{label}.{name}"]
        case [_, *others] if others:
            tries = [".".join(others)]
        case _:
            tries = []
    for text in tries:
        try:
            if resolve(cell, text).path == path:
                return text
        except InputError:
            continue
    return path


def _label(cell: Cell, words: list[str], part: Any) -> str:
    match words:
        case ["temperature"]:
            return "temperature"
        case ["compartments", place, "ions", ion]:
            return f"[{ion_label(ion, cell.valence()[ion])}] {plain(place)}"
        case ["membranes", membrane, "transports", label, name]:
            where = f", {plain(membrane)}" if len(cell.membranes) > 1 else ""
            return _transport_label(part, label, name) + where
        case _:
            return f"{plain(words[1])} {plain('.'.join(words[2:]))}"


def _transport_label(part: Transport, label: str, name: str) -> str:
    letter = {"permeability": "P", "conductance": "g"}.get(name)
    if kind_of(part) == "channel" and letter:
        symbol = f"{letter}_{next(iter(part.moved_ions))}"
        return symbol if symbol[2:] == label else f"{symbol} ({label})"
    if name == "atp":
        return f"ATP of {plain(label)}"
    word = {"stimulus": "current", "water": "permeability" if "permeability" in name else "rate"}.get(kind_of(part))
    return f"{plain(label)} {word or 'strength'}"


def _group(words: list[str], kind: str) -> Group:
    if kind == "temperature" or (kind == "ion" and words[-1] in COMMON):
        return "solutions"
    if kind in ("pump", "atp"):
        return "pump"
    return "membrane" if kind in ("channel", "cotransport") else "more"


def _companions(cell: Cell, parameter: Parameter, paths: list[str]) -> tuple[Companion, ...]:
    """What may go along with an ion of a place whose contents are held; elsewhere the charge balance is solved."""
    words, valence = parameter.path.split("."), cell.valence()
    if ".ions." not in parameter.path or parameter.fixed_at_start or not valence[words[3]]:
        return ()
    z, found = valence[words[3]], []
    for ion in cell.compartments[words[1]].ions:
        path = ".".join([*words[:3], ion])
        if ion != words[3] and valence[ion] and path in paths:
            how = "swap" if z * valence[ion] > 0 else "with"
            found.append(Companion(how, ion, paths.index(path), -z / valence[ion]))
    return tuple(found)


def _usual(cell: Cell, words: list[str], companions: tuple[Companion, ...]) -> int | None:
    if not companions:
        return None
    ion = words[-1]
    wanted = USUAL_COMPANIONS.get(ion, "Na" if cell.valence()[ion] > 0 else "Cl")
    return next((k for k, one in enumerate(companions) if one.ion == wanted), None)


def _slider(
    cell: Cell, kind: str, value: float, span: tuple[float, float] | None, parameter: Parameter
) -> tuple[float, float, bool]:
    """Ends of a slider that contain the value and its known range, and whether it is logarithmic."""
    least, most = min(value, *(span or (value,))), max(value, *(span or (value,)))
    if kind == "temperature":
        return min(COLD, least), max(WARM, most), False
    if value <= 0.0 or least <= 0.0:
        reach = max(CURRENT if kind == "stimulus" else _reach(cell, parameter), abs(least), abs(most))
        return (-reach if kind == "stimulus" else 0.0), reach, False
    if kind == "stimulus":
        reach = max(CURRENT, STEPS[2] * most)
        return -reach, reach, False
    if kind == "ion":
        wide = CONCENTRATION_SPAN * most
        high = rounded_up(wide) if wide <= SALT else max(SALT, rounded_up(1.5 * most))
        low = rounded_down(least / CONCENTRATION_SPAN)
    else:
        above = PUMP_SPAN if kind in ("pump", "atp") else STRENGTH_SPAN
        low, high = rounded_down(least / STRENGTH_SPAN), rounded_up(above * most)
    if parameter.spec.maximum is not None:
        high = min(high, door(parameter.spec.maximum, parameter.spec.dimension))
    return low, high, True


def _reach(cell: Cell, parameter: Parameter) -> float:
    """What a slider of something that is off reaches: some times the weakest of its kind in the cell."""
    paths = (strength_path(cell, place, label) for place, label in parts(cell))
    like = [parameters(cell)[path] for path in paths if path]
    kin = [p.value for p in like if p.spec.dimension == parameter.spec.dimension and p.value > 0.0]
    return rounded_up(OFF_SPAN * door(min(kin), parameter.spec.dimension)) if kin else 1.0


def rounded_up(value: float) -> float:
    """The next number above that begins with a step.

    >>> rounded_up(217.0), rounded_down(6.75), rounded_down(1e-8)
    (300.0, 5.0, 1e-08)
    """
    return next(n for n in _ladder(value) if n >= value * (1 - 1e-12))


def rounded_down(value: float) -> float:
    """The next number below that begins with a step."""
    return next(n for n in reversed(_ladder(value)) if n <= value * (1 + 1e-12))


def _ladder(value: float) -> list[float]:
    power = math.floor(math.log10(value))
    return [float(f"{step:g}e{power + k}") for k in (-1, 0, 1) for step in STEPS[:-1]]


def _source(cell: Cell, described: Cell, path: str) -> str:
    """Where a number comes from, in words: of what the rest has settled, where that started."""
    known, now = described.sources.get(path), cell.sources.get(path)
    text = described.references.get(known.text, known.text) if known else ""
    if now is None or now == known:
        return text
    return f"{now.text}; described: {text}" if text else now.text
