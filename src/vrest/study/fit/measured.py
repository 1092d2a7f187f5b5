"""What was measured: potentials with their uncertainty, each beside the conditions it was measured in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.change import Change, companion, split_companion
from vrest.model.paths import Parameter, check, resolve
from vrest.study.fit.heads import Head, Role, head_of, key
from vrest.study.fit.written import read_cells
from vrest.study.junction.configuration import USUAL, configuration
from vrest.study.junction.result import LJP
from vrest.tables import number
from vrest.units import Labelled, from_si, to_si

Array = NDArray[np.float64]

OUTSIDE = ("o", "out", "outside", "e", "ext", "external", "extracellular", "bath")
INSIDE = ("i", "in", "inside", "int", "internal", "intracellular", "cytosol", "cytoplasm")

MOST_JUNCTION = 300.0
"""mV: no two solutions make so much."""


@dataclass(frozen=True)
class Condition:
    """One column: what was set, to which values (a factor times what the cell has), and how its header named it."""

    name: str
    parameter: Parameter
    values: Array
    """(n,) SI."""
    exchange: str = ""
    """What kept its bath neutral: `swap Na`, `with Cl`."""

    @property
    def door(self) -> Array:
        """(n,) in door units."""
        return self.parameter.door(self.values)

    @property
    def unit(self) -> str:
        """Its door unit."""
        return self.parameter.unit


@dataclass(frozen=True)
class Measured:
    """n potentials. mV throughout."""

    v: Array
    """(n,) measured potentials, the junction off."""
    conditions: tuple[Condition, ...]
    """What was set; companions that keep a bath neutral come last."""
    own: int
    """How many of them are columns of the data."""
    error: Array
    """(n,) standard error of each potential; where `known` is False, relative to that of a single measurement."""
    known: bool
    counts: Array | None = None
    """(n,) measurements that each row is the mean of, where those told its error; None where they did not."""
    lent: tuple[int, ...] = ()
    """Rows (from 0) without an error of their own beside rows that have one."""
    unsaid: bool = False
    """Whether nothing said if the errors are standard deviations or standard errors."""
    cells: tuple[str, ...] = ()
    """(n,) which cell each was measured in; empty if the data do not say."""
    shared: Array | None = None
    """(n, r) what a standard deviation of each of r shared errors moves each potential by; None where none is."""
    junction: Array | None = None
    """(n,) liquid junction potential of each row, bath minus pipette, that was taken off; None where none was."""
    corrected: bool = False
    """Whether it is said how the potentials stand to the junction: a column `ljp`, 'corrected' in their head, `ljp`."""
    recorded: LJP | None = None
    """The junction of the solutions, where each row's was worked out."""
    configuration: str = USUAL
    """That in which they were read."""

    def __len__(self) -> int:
        return len(self.v)

    @property
    def rows(self) -> Array:
        """(n, conditions) in door units."""
        return np.stack([c.door for c in self.conditions], axis=1) if self.conditions else np.empty((len(self), 0))

    @property
    def read(self) -> Array:
        """(n,) what was read, mV."""
        off = 0.0 if self.junction is None else self.junction
        return configuration(self.configuration).sign * self.v + off

    @property
    def junction_sd(self) -> Array | None:
        """(n,) standard deviation of what was taken off, mV; None where none is known."""
        return None if self.shared is None else np.sqrt((self.shared**2).sum(axis=1))

    @property
    def paths(self) -> tuple[str, ...]:
        """Full paths of the conditions."""
        return tuple(c.parameter.path for c in self.conditions)

    @property
    def axis(self) -> Condition | None:
        """The condition that took most values; None where all took one."""
        varied = [c for c in self.conditions[: self.own] if np.ptp(c.values) > 0]
        return max(varied, key=lambda c: len(np.unique(c.values)), default=None)

    def where(self, k: int) -> str:
        """A row, for people."""
        set_to = ", ".join(f"{c.name} = {number(c.door[k])} {c.unit}".rstrip() for c in self.conditions[: self.own])
        return f"row {k + 1}" + (f" ({set_to})" if set_to else "")


class _Errors(NamedTuple):
    error: Array
    known: bool
    counts: Array | None = None
    absent: NDArray[np.bool_] | None = None
    unsaid: bool = False


def measured(cell: Cell, data: Any) -> Measured:
    """Read a table of measurements.

    Parameters
    ----------
    cell
        Whose paths the columns name; its first membrane is the one that was measured.
    data
        A mapping of columns, such as a dictionary, a DataFrame, or what `read_measurements` returns. One column is the
        potential (`Vm`, mV). `sd` is the standard deviation of each, `sem` the standard error, `n` how many
        measurements a row is the mean of. `cell` says which cell it was measured in. All others are conditions: a bath
        concentration such as `Ko` or `outside.K`, any path, or a path and `*` for a factor (`pump.max_rate*`).
        A name may end in its unit, `Ko (mM)`, and in what keeps the bath neutral, `Ko swap Na`. `ljp` is the liquid
        junction potential of each row, bath minus pipette, to be taken off (V = read - ljp, of whole cells), `ljp sd`
        how sure it is. Columns whose name begins with `#` are remarks.

    >>> from vrest.model.cellfile import load
    >>> table = measured(load("frog_muscle"), {"Ko (mM)": [2.5, 10.0], "Vm": [-92.0, -65.0], "sd": [1.0, 1.0]})
    >>> table.paths, table.rows.ravel().tolist(), table.known
    (('compartments.outside.ions.K',), [2.5, 10.0], True)
    """
    if not hasattr(data, "items"):
        hint = 'Give a mapping of columns, such as {"Ko": [...], "Vm": [...]}, or read_measurements(file).'
        raise InputError(f"The data are a {type(data).__name__}.", code="bad_data", hint=hint)
    written = {str(header): column for header, column in data.items() if not str(header).lstrip().startswith("#")}
    columns: dict[str, tuple[str, Any]] = {}
    for header, column in read_cells(written, lambda header, k: f"{header}, row {k + 1}").items():
        role = role_in(cell, header)
        key = header if role == "condition" else role
        if key in columns:
            raise InputError(f"'{columns[key][0]}' and '{header}' are both {role}.", code="bad_data", hint="Keep one.")
        columns[key] = (header, column)
    if "potential" not in columns:
        hint = f"Name one column Vm. Got: {', '.join(map(str, data))}."
        raise InputError("No column is the membrane potential.", code="no_potential", hint=hint)
    head = columns["potential"][0]
    v = from_si(_read(columns.pop("potential"), "potential"), "potential")
    n = len(v)
    junction, shared = _junction(n, columns)
    corrected = head_of(split_companion(head)[0]).corrected
    if corrected and junction is not None:
        problem = f"'{head}' is corrected, and a column says what to take off."
        raise InputError(problem, code="two_junctions", hint="Leave one of the two out.")
    if junction is not None:
        v = configuration().potential(v, junction)
    errors = _errors(n, columns)
    cells = _labels(n, columns.pop("cell", None))
    conditions = [_condition(cell, header, column, n) for header, column in columns.values()]
    own = [c for c, _ in conditions]
    values = {c.parameter.path: c.values for c in own}
    if len(values) < len(own):
        raise InputError("Two columns set one value.", code="bad_data", hint="Keep one of them.")
    added = [extra for c, change in conditions if change for extra in _companions(cell, c, change, values)]
    lent = () if errors.absent is None else tuple(np.flatnonzero(errors.absent).tolist())
    told = (errors.error, errors.known, errors.counts, lent, errors.unsaid, cells)
    return Measured(v, (*own, *added), len(own), *told, shared, junction, corrected or junction is not None)


def role_in(cell: Cell, header: str) -> Role:
    """What a column is; potentials may be named with one of the membranes, `V_apical`."""
    head = head_of(split_companion(header)[0])
    return "potential" if head.role == "condition" and _membrane_in(cell, head) else head.role


def _membrane_in(cell: Cell, head: Head) -> str | None:
    """The membrane in the name of a column of potentials."""
    told = key(head.name)
    for name in cell.membranes:
        for rest in (told.removeprefix(key(name)), told.removesuffix(key(name))):
            if rest != told and Head(rest).role == "potential":
                return name
    return None


def with_measured_first(cell: Cell, data: Any, membrane: str | None) -> Cell:
    """The cell with the membrane that was measured before its others: named, or by the column of potentials.

    Raises
    ------
    InputError
        `several_membranes`: it has several, and none is named, or two; `unknown_name`.
    """
    names = list(cell.membranes)
    heads = [head_of(str(header)) for header in data] if hasattr(data, "items") else []
    told = {name for head in heads if head.role == "condition" and (name := _membrane_in(cell, head))}
    told |= {membrane} if membrane else set()
    if len(told) > 1 or (not told and len(names) > 1):
        problem = f"'{cell.name}' has {len(names)} membranes: {', '.join(names)}."
        one = names[0]
        hint = f"Name the one that was measured: membrane='{one}' (--membrane {one}), or a column 'V_{one}'."
        raise InputError(problem, code="several_membranes", hint=hint)
    first = next(iter(told), names[0])
    if first not in names:
        problem = f"'{cell.name}' has no membrane '{first}'."
        raise InputError(problem, code="unknown_name", hint=near_miss(first, names))
    ordered = {first: cell.membranes[first]} | dict(cell.membranes)
    return cell if names[0] == first else cell._with_si(membranes=MappingProxyType(ordered))


def _read(given: tuple[str, Any], dimension: str) -> Array:
    """A column in SI, in the unit that its head has."""
    header, column = given
    return _quantities(header, head_of(header).unit, column, dimension)


def _quantities(header: str, unit: str, column: Any, dimension: str) -> Array:
    """A column in SI; a text has its own unit."""
    if hasattr(column, "units"):
        found = np.atleast_1d(np.asarray(to_si(column, dimension, header)))
    else:
        cells = column if isinstance(column, list | tuple) else np.asarray(column).tolist()
        if any(isinstance(cell, str) for cell in cells):
            each = [cell if isinstance(cell, str) or not unit else Labelled(cell, unit) for cell in cells]
        else:
            each = Labelled(np.asarray(cells, dtype=np.float64), unit) if unit else cells
        found = np.atleast_1d(np.asarray(to_si(each, dimension, header)))
    if found.ndim != 1:
        raise InputError(f"{header} has shape {found.shape}.", code="bad_data", hint="Give one value for each row.")
    return found


def _of_length(values: Any, n: int, header: str) -> Any:
    if len(values) != n:
        problem = f"{header} has {len(values)} values and the potential {n}."
        raise InputError(problem, code="bad_data", hint="Give every row every value.")
    return values


def _errors(n: int, columns: dict[str, tuple[str, Any]]) -> _Errors:
    """Standard errors of the potentials; relative ones where only the counts are known."""
    if "sd" in columns and "sem" in columns:
        hint = "Keep one: sem = sd/sqrt(n) of each row."
        raise InputError("The data have both sd and sem.", code="bad_data", hint=hint)
    counts = np.ones(n)
    given = columns.pop("n", None)
    if given:
        counts = _of_length(_read(given, "number"), n, given[0])
        _positive(counts, given[0])
    role = next((role for role in ("sd", "sem") if role in columns), None)
    if role is None:
        return _Errors(1 / np.sqrt(counts), known=False)
    header, column = columns.pop(role)
    spread, absent = _spreads(header, column, n)
    error = spread / np.sqrt(counts) if role == "sd" else spread
    # what is said beside n = 1 was known beforehand: no single measurement tells how much it scatters
    repeated = given is not None and bool((counts[~absent] > 1).all())
    if absent.any():
        single, weight = (error * np.sqrt(counts))[~absent], (counts - 1 if repeated else np.ones(n))[~absent]
        error = np.where(absent, np.sqrt(np.average(single**2, weights=weight) / counts), error)
    return _Errors(error, known=True, counts=counts if repeated else None, absent=absent, unsaid=key(header) == "error")


def _junction(n: int, columns: dict[str, tuple[str, Any]]) -> tuple[Array | None, Array | None]:
    """What is to be taken off each potential, and what one standard deviation of it moves them by, mV."""
    spread, given = columns.pop("ljp sd", None), columns.pop("ljp", None)
    if given is None:
        if spread is not None:
            hint = "Add a column ljp, or leave this one out."
            raise InputError(f"There is {spread[0]} and no ljp.", code="bad_data", hint=hint)
        return None, None
    told = _of_length(from_si(_read(given, "potential"), "potential"), n, given[0])
    check_junction(told, given[0])
    if spread is None:
        return told, None
    sure = _of_length(from_si(_read(spread, "potential"), "potential"), n, spread[0])
    _positive(sure, spread[0])
    return told, sure[:, None]


def check_junction(junction: Any, name: str) -> None:
    """Refuse what is no liquid junction potential, mV.

    Raises
    ------
    InputError
        `out_of_range`.
    """
    most = float(np.max(np.abs(junction)))
    if most > MOST_JUNCTION:
        problem = f"{name} has {number(most)} mV; a liquid junction has less than {MOST_JUNCTION:g}."
        raise InputError(problem, code="out_of_range", hint="Bare numbers are mV; write the unit, as in '15.9 mV'.")


def _spreads(header: str, column: Any, n: int) -> tuple[Array, NDArray[np.bool_]]:
    """A column of errors, mV, and where it has none."""
    cells = (
        column if hasattr(column, "units") else [0.0 if _none(cell) else cell for cell in _of_length(column, n, header)]
    )
    spread = _of_length(from_si(_read((header, cells), "potential"), "potential"), n, header)
    absent = np.zeros(n, dtype=bool) if cells is column else np.array([_none(cell) for cell in column])
    if absent.all():
        hint = "Write them, or leave the column out."
        raise InputError(f"{header} is empty in every row.", code="empty_value", hint=hint)
    _positive(np.where(absent, 1.0, spread), header)
    return spread, absent


def _none(cell: Any) -> bool:
    return cell is None or (not isinstance(cell, str) and bool(np.isnan(cell)))


def _positive(values: Array, header: str) -> None:
    if (values <= 0).any():
        k = int((values <= 0).argmax())
        hint = "Give a positive number in every row, or leave the column out."
        raise InputError(f"{header}, row {k + 1}: {values[k]:g}.", code="out_of_range", hint=hint)


def _labels(n: int, given: tuple[str, Any] | None) -> tuple[str, ...]:
    if given is None:
        return ()
    labels = tuple(str(label).strip() for label in _of_length(list(given[1]), n, given[0]))
    if "" in labels:
        problem = f"{given[0]}, row {labels.index('') + 1}: the cell has no name."
        raise InputError(problem, code="bad_data", hint="Name the cell in every row.")
    return labels


def _condition(cell: Cell, header: str, column: Any, n: int) -> tuple[Condition, Change | None]:
    """One column of conditions, and the companion ion that its name asks for."""
    said, how, along = split_companion(header)
    head = head_of(said)
    named, unit = head.name, head.unit
    if not how:  # the unit may stand behind the companion: 'Ko swap Na (mM)'
        named, how, along = split_companion(named)
    factor = named.endswith("*")
    name = named.removesuffix("*").strip()
    parameter = _named(cell, name)
    dimension = "number" if factor else parameter.spec.dimension
    values = _quantities(f"{name} ({unit})" if unit else name, unit, column, dimension)
    _of_length(values, n, header)
    if factor:
        if isinstance(parameter.value, str) or parameter.spec.dimension == "temperature":
            raise InputError(f"{parameter.path} cannot be scaled.", code="bad_data", hint="Give its values.")
        values = parameter.value * values
    for k, value in enumerate(values):
        check(float(value), parameter.spec, f"{header}, row {k + 1}")
    change = Change(name, "set", None, along, how) if how else None
    return Condition(name, parameter, values, f"{how} {along}" if how else ""), change


def _companions(cell: Cell, c: Condition, change: Change, values: Mapping[str, Array]) -> Sequence[Condition]:
    """The ions that keep the bath neutral."""
    found = []
    for path, column in companion(cell, change, c.parameter, c.values - c.parameter.value, values).items():
        if path in values:
            raise InputError(f"{path} is set twice.", code="bad_data", hint="Remove its column, or the companion.")
        if np.isnan(column).any():
            k = int(np.isnan(column).argmax())
            problem = f"{c.name}, row {k + 1}: there is too little {change.companion} to keep the bath neutral."
            raise InputError(problem, code="out_of_range", hint="Choose another companion, or none.")
        found.append(Condition(path.removeprefix("compartments.").replace(".ions", ""), resolve(cell, path), column))
    return found


def _named(cell: Cell, name: str) -> Parameter:
    """A condition by its path, or as people write a concentration: Ko, K_o, [K+]o, nai."""
    known: dict[str, str] = {}
    membrane = next(iter(cell.membranes.values()))
    for side, words in ((membrane.outside, OUTSIDE), (membrane.inside, INSIDE)):
        for ion in cell.compartments[side].ions:
            charge = abs(cell.valence()[ion])
            for spelt in (ion, f"{ion}{charge}"):
                told = [spelt + word for word in words] + [word + spelt for word in words if len(word) > 2]
                known |= {key(text): f"compartments.{side}.ions.{ion}" for text in told}
    path = known.get(key(name)) if "." not in name else None
    try:
        return resolve(cell, path or name)
    except InputError as error:
        if error.code not in ("unknown_path", "ambiguous_path"):
            raise
        ions = {key(spelt): ion for ion in cell.valence() for spelt in (ion, f"{ion}{abs(cell.valence()[ion])}")}
        if ion := ions.get(key(name)):
            hint = f"Write {ion}o or {ion}i."
            problem = f"Column '{name}' does not say on which side of the membrane."
            raise InputError(problem, code="unknown_column", hint=hint) from None
        if error.code == "ambiguous_path":
            raise
        outside = cell.compartments[membrane.outside].ions
        usual = ["Vm", "sd", "sem", "n", "cell", "ljp", *(f"{ion}o" for ion in outside)]
        hint = f"{near_miss(name, usual)} Or name a path, as in 'vrest show'; remarks begin with '#'."
        raise InputError(f"Column '{name}' is not understood.", code="unknown_column", hint=hint) from None
