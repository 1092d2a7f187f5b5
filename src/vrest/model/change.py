"""Changes: what `--set`, `--at` and a protocol say about a value, in one small language.

outside.K = 12 mM                 set
pump.max_rate *= 0.5              scale what it is then
pump.max_rate = restore           back to what the cell says
outside.K = 12 mM swap Na         keep the bath neutral: Na falls by as much
outside.Na = 100 mM with Cl       keep the bath neutral: Cl falls with it
outside.K = 12 mM over 2 min      ramp (only at a time); a companion stands before or behind it
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.paths import Parameter, check, resolve, set_si
from vrest.numerals import parse_number, quoted
from vrest.physics.namespace import namespace, traced
from vrest.shown import Told
from vrest.tables import number
from vrest.units import duration, format_si, to_si
from vrest.whole_cell import Extent, of_whole_cell

_FORM = re.compile(
    r"^\s*(?P<path>[A-Za-z_][\w.\-]*)\s*(?P<op>\*=|=)\s*(?P<value>.*?)"
    r"(?:\s+(?P<how>swap|with)\s+(?P<companion>[\w-]+))?"
    r"(?:\s+over\s+(?P<over>.+?))?"
    r"(?:\s+(?P<also>swap|with)\s+(?P<other>[\w-]+))?\s*$"
)


_ALONG = re.compile(r"\s*(.+?)\s*(?:\s(swap|with)\s+([\w-]+)\s*)?", re.DOTALL)


def split_companion(text: str) -> tuple[str, Any, str | None]:
    """What a name says before `swap ION` or `with ION` at its end, which of the two, and the ion; blanks say nothing.

    >>> split_companion("outside.K swap Na"), split_companion("pump.max_rate")
    (('outside.K', 'swap', 'Na'), ('pump.max_rate', None, None))
    """
    match = _ALONG.fullmatch(text)
    return (match[1], match[2], match[3]) if match else ("", None, None)


@dataclass(frozen=True)
class Change(Told):
    """One change of one value.

    Parameters
    ----------
    path
        Full or shortened path.
    operation
        `set`, `scale` or `restore`.
    value
        For `set`: number in door units, string with unit, or `"solve"`. For `scale`: a factor.
    companion, how
        An ion of the same bath that keeps it neutral: `swap` one of the same sign, or change it `with` one of
        the opposite sign.
    over
        Duration of a ramp, s; 0 is a step.
    """

    path: str
    operation: Literal["set", "scale", "restore"]
    value: Any = None
    companion: str | None = None
    how: Literal["swap", "with"] | None = None
    over: float = 0.0

    def _brief(self) -> Iterable[str]:
        yield f"Change({str(self)!r})"

    def __str__(self) -> str:
        value = repr(float(self.value)).removesuffix(".0") if self.operation == "scale" else str(self.value)
        return self._written(value, format_si(self.over, "time"))

    @property
    def brief(self) -> str:
        """The change as people read it: a number of at most 6 digits, a time in the unit one would say it in.

        >>> Change("pump.max_rate", "scale", 0.7499999999999999, over=120.0).brief
        'pump.max_rate*=0.75 over 2 min'
        """
        value = number(self.value, 6) if isinstance(self.value, float) else str(self.value)
        return self._written(value, duration(self.over))

    def _written(self, value: str, over: str) -> str:
        if self.operation == "scale":
            text = f"{self.path}*={value}"
        elif self.operation == "restore":
            text = f"{self.path}=restore"
        else:
            text = f"{self.path}={value}"
        if self.companion:
            text += f" {self.how} {self.companion}"
        if self.over:
            text += f" over {over}"
        return text


def parse_change(text: str | Change) -> Change:
    """Read one change.

    >>> parse_change("outside.K = 12 mM swap Na").companion
    'Na'
    >>> parse_change("pump.max_rate*=0").operation
    'scale'
    """
    if isinstance(text, Change):
        return text
    match = _FORM.match(text)
    if match is None or not match["value"] or (match["how"] and match["also"]):
        raise InputError(
            f"Cannot read the change {quoted(text)}.",
            code="bad_change",
            hint='Write PATH=VALUE, PATH*=FACTOR or PATH=restore, such as "outside.K=12 mM" or "pump.max_rate*=0".',
        )
    over = float(to_si(match["over"], "time", f"{match['path']}, over", bare_ok=True)) if match["over"] else 0.0
    if over < 0:
        raise InputError(f"{text!r} ramps over a negative time.", code="out_of_range", hint="Write it positive.")
    companion, how = match["companion"] or match["other"], match["how"] or match["also"]
    if match["op"] == "*=":
        factor = parse_number(match["value"], match["path"])
        return Change(match["path"], "scale", factor, companion, how, over)  # pyright: ignore[reportArgumentType]
    if match["value"] == "restore":
        return Change(match["path"], "restore", None, companion, how, over)  # pyright: ignore[reportArgumentType]
    return Change(match["path"], "set", match["value"], companion, how, over)  # pyright: ignore[reportArgumentType]


def parse_changes(changes: str | Change | Iterable[str | Change] | Mapping[str, Any]) -> list[Change]:
    """One change, several, or a mapping path -> value (door units or text)."""
    if isinstance(changes, str | Change):
        return [parse_change(changes)]
    if isinstance(changes, Mapping):
        return [Change(str(path), "set", value) for path, value in changes.items()]
    return [parse_change(change) for change in changes]


def targets(cell: Cell, change: Change, now: Mapping[str, Any]) -> dict[str, Any]:
    """The values (SI, by full path) that a change asks for.

    `now` holds values that earlier changes of a protocol have set; `restore` returns to the cell's own.
    """
    parameter = resolve(cell, change.path)
    present: Any = now.get(parameter.path, parameter.value)
    if change.operation == "restore":
        value = parameter.value
    elif change.operation == "scale":
        if isinstance(present, str):
            raise InputError(
                f"{parameter.path} is solved from the charge balance and cannot be scaled.",
                code="bad_change",
                hint="Set it to a number.",
            )
        if parameter.spec.dimension == "temperature":
            raise InputError(
                f"{parameter.path} cannot be scaled: degC has no zero to scale from.",
                code="bad_change",
                hint='Set it, such as "temperature=32 degC".',
            )
        value = check(present * change.value, parameter.spec, parameter.path)
    elif parameter.spec.solvable and change.value == "solve":
        value = "solve"
    else:
        si = float(to_si(change.value, parameter.spec.dimension, parameter.path, bare_ok=True, ion=parameter.ion))
        value = check(si, parameter.spec, parameter.path)
    values: dict[str, Any] = {parameter.path: value}
    if change.companion:
        if isinstance(value, str) or isinstance(present, str):
            raise _solved(parameter.path, change)
        values |= companion(cell, change, parameter, value - present, now)
    return values


def _solved(path: str, change: Change) -> InputError:
    return InputError(
        f"{path} is solved from the charge balance: '{change.how} {change.companion}' has no meaning.",
        code="bad_companion",
        hint="Leave the companion out: what is solved keeps the charge balanced.",
    )


def refuse_varied_companions(varied: Mapping[str, str | None]) -> None:
    """Refuse a companion that varies itself: a bath would not stay neutral. By full path, the ion that goes along."""
    for path, ion in varied.items():
        other = f"{path.rpartition('.')[0]}.{ion}"
        if ion and other in varied:
            raise InputError(
                f"{other} varies, and it is what goes along with {path}.",
                code="bad_companion",
                hint="Choose another companion, or leave one of them out.",
            )


def companion(
    cell: Cell, change: Change, parameter: Parameter, difference: Any, now: Mapping[str, Any]
) -> dict[str, Any]:
    """The companion ion's new concentration, so that the charge of the bath does not change.

    Of a population (differences that are arrays) the cells in which it would be negative have NaN.
    """
    parts = parameter.path.split(".")
    if parts[0] != "compartments" or parts[2] != "ions" or change.companion is None:
        raise InputError(
            f"{parameter.path} is no concentration of a bath; '{change.how} {change.companion}' has no meaning.",
            code="bad_companion",
            hint="Use swap and with on ions of a bath.",
        )
    compartment, symbol = parts[1], parts[3]
    ions = cell.compartments[compartment].ions
    others = [s for s in ions if s != symbol]
    if change.companion not in others:
        raise InputError(
            f"'{compartment}' has no {change.companion} to go along with {symbol}.",
            code="unknown_ion",
            hint=near_miss(change.companion, others),
        )
    valence = cell.valence()
    if not valence[change.companion]:
        raise InputError(
            f"{change.companion} has no charge.", code="bad_companion", hint="Name an ion that keeps the bath neutral."
        )
    same_sign = valence[symbol] * valence[change.companion] > 0
    if same_sign != (change.how == "swap"):
        right = "swap" if same_sign else "with"
        raise InputError(
            f"{symbol} and {change.companion} have {'the same' if same_sign else 'opposite'} sign.",
            code="bad_companion",
            hint=f"Write '{right} {change.companion}': swap exchanges ions of one sign, with adds a salt.",
        )
    path = f"compartments.{compartment}.ions.{change.companion}"
    present = now.get(path, ions[change.companion])
    if isinstance(present, str):
        raise _solved(path, change)
    value = present - difference * valence[symbol] / valence[change.companion]
    if traced(value) or getattr(value, "shape", ()):
        xp = namespace(value)
        value = xp.where(value < 0, xp.nan, value)
    elif value < 0:
        last = now.get(parameter.path, parameter.value) + present * valence[change.companion] / valence[symbol]
        raise InputError(
            f"'{change}': {change.companion} in '{compartment}' would fall to {value:.6g} mM.",
            code="out_of_range",
            hint=f"There is only {present:.6g} mM of {change.companion}, used up at {symbol} = {last:.6g} mM; "
            "choose another companion.",
        )
    return {path: value}


def apply(cell: CellLike, changes: str | Change | Iterable[str | Change] | Mapping[str, Any]) -> Cell:
    """The cell after the changes.

    Parameters
    ----------
    cell
        A `Cell`, its name in the library, or the path of its TOML file. It stays as it is.
    changes
        `"PATH=VALUE"`, `"PATH*=FACTOR"` or `"PATH=restore"`, one or several, or a mapping of paths to values (numbers
        in door units, or texts with a unit; of a whole cell, such as "3 nS", they are divided by the area, and a notice
        says so). `swap ION` or `with ION` at the end keeps a bath neutral.

    Raises
    ------
    InputError
        A path that names nothing, a value that its field refuses, a charge balance that cannot be met, a ramp
        (`over`): a cell has no time.

    >>> changed = apply("mammalian_neuron", ["outside.K=12 mM swap Na", "pump.max_rate*=0.5"])
    >>> changed.contents("outside")["K"], changed.contents("outside")["Na"]
    (12.0, 138.0)
    """
    cell = load(cell)
    for change in parse_changes(changes):
        if change.over:
            raise InputError(f"'{change}' ramps, but there is no time here.", code="bad_change", hint="Drop 'over'.")
        change, converted = _per_area(cell, change)
        cell = set_si(cell, targets(cell, change, {}), converted=converted)
    return cell


def _per_area(cell: Cell, change: Change) -> tuple[Change, str]:
    """A change that gives a value of the whole cell as one per area, and how that was found; others as they are."""
    parameter = resolve(cell, change.path)
    kind, name, *_ = *parameter.path.split("."), ""
    if kind != "membranes" or change.operation != "set":
        return change, ""
    inside = cell.compartments[cell.membranes[name].inside]
    sized = inside.volume is not None or inside.radius is not None
    extent = Extent(cell.area(name), inside.start_volume if sized else None)
    si, converted = of_whole_cell(change.value, parameter.spec.dimension, extent, parameter.path)
    value = format_si(si, parameter.spec.dimension) if converted else change.value
    return replace(change, value=value), converted
