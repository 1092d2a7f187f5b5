"""Cells as TOML: read, write, and find them in the library.

A value is text with a unit, or a table that also says where it comes from::

    permeability = "1e-6 cm/s"
    permeability = { value = "1e-6 cm/s", source = "Hodgkin 1949", range = ["0.5e-6 cm/s", "2e-6 cm/s"] }
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from functools import lru_cache
from typing import Any

import vrest.model.laws  # noqa: F401  (registers the laws)
from vrest.errors import InputError, located, near_miss
from vrest.model.cell import Cell, Source
from vrest.model.compartment import CONCENTRATION, Compartment, Impermeant
from vrest.model.exchange import EXCHANGES
from vrest.model.ion_symbols import with_symbols
from vrest.model.membrane import Membrane
from vrest.model.quantity import SOLVE, Quantity, numbers, quantity_fields, quantity_maps
from vrest.model.toml import parse_toml
from vrest.model.transport import TRANSPORTS
from vrest.reading import read_text, there
from vrest.units import format_si, to_si
from vrest.whole_cell import Extent, of_whole_cell

LIBRARY = os.path.join(os.path.dirname(__file__), "library")
"""The folder of the cells that come with the package."""

CellLike = Cell | str | os.PathLike[str]
"""What every verb takes: a cell, its name in the library, or the path of its TOML file."""


def library() -> list[str]:
    """Names of the cells that come with the package, sorted.

    >>> library()[:2]
    ['article_neuron', 'astrocyte']
    """
    return sorted(name[:-5] for name in os.listdir(LIBRARY) if name.endswith(".toml"))


def load(cell: CellLike) -> Cell:
    """A cell by its name in the library, from a TOML file, or as it is: what every verb does with its `cell`.

    Parameters
    ----------
    cell
        A `Cell`, its name in the library, or the path of its TOML file (its name ends in .toml, or the file exists).

    Raises
    ------
    InputError
        No such cell (`unknown_cell`) or file (`no_file`), something else (`not_a_cell`), TOML that cannot be read, keys
        or values that are not allowed.

    >>> load("mammalian_neuron").name
    'mammalian_neuron'
    """
    if isinstance(cell, Cell):
        return cell
    if not isinstance(cell, str | os.PathLike):
        raise InputError(
            f"The cell is of type {type(cell).__name__}.",
            code="not_a_cell",
            hint="Give a Cell (of a result: its .cell), a name out of vrest.library(), or the path of a TOML file.",
        )
    text = os.fspath(cell)
    if "\n" in text:
        raise InputError(
            "The cell is a text of several lines.", code="not_a_cell", hint="Read TOML by parse_cell(text)."
        )
    if text.endswith(".toml") or there(text):
        return read_cell(text)
    try:
        file = os.stat(os.path.join(LIBRARY, f"{text}.toml"))
    except (OSError, ValueError):
        raise _unknown(text) from None
    return _of_the_library(text, file.st_mtime_ns, file.st_size)


def _unknown(name: str) -> InputError:
    from vrest.model.solution.recipe import recipes  # only here: it takes time

    hint = near_miss(name, library()) + " A file of your own ends in .toml."
    if name in recipes():
        hint = "It is a solution: fill a cell with it by --pipette or --bath (cell.with_solutions)."
    return InputError(f"There is no cell '{name}'.", code="unknown_cell", hint=hint)


@lru_cache(maxsize=64)
def _of_the_library(name: str, changed: int, size: int) -> Cell:
    """A cell of the library, read once, with all that follows from its numbers; anew where its file has changed."""
    if name not in library():  # another folder's, or in capitals where the file system reads over them
        raise _unknown(name)
    # the library is checked against the schema by the tests; reading it does not need pydantic
    return cell_from(tomllib.loads(read_text(os.path.join(LIBRARY, f"{name}.toml"), "bad_toml")))


def read_cell(path: str | os.PathLike[str]) -> Cell:
    """A cell from a TOML file; `-` is standard input."""
    return parse_cell(read_text(path, "bad_toml"), "standard input" if path == "-" else str(path))


def parse_cell(text: str, where: str = "the text") -> Cell:
    """A cell from TOML text, checked against the schema.

    Parameters
    ----------
    text
        TOML.
    where
        What messages call it, such as its path.

    Raises
    ------
    InputError
        What is no TOML (`bad_toml`); every key and value that the schema does not allow, in one message; whatever the
        cell itself refuses.

    >>> parse_cell(write_cell("squid_axon")) == load("squid_axon")
    True
    """
    from vrest.model.schema import check_shape

    data = parse_toml(text, where)
    check_shape(data, where)
    return cell_from(data)


def cell_from(data: Mapping[str, Any]) -> Cell:
    """A cell from the dictionary of its file."""
    data = with_symbols(data)
    sources: dict[str, Source] = {}
    compartments = {}
    for name, table in data["compartments"].items():
        base = f"compartments.{name}."
        plain = _plain(table, base, sources, Compartment)
        plain["ions"] = {
            s: _value(v, f"{base}ions.{s}", sources, CONCENTRATION) for s, v in table.get("ions", {}).items()
        }
        if "impermeant" in table:
            with located(f"{base}impermeant"):
                plain["impermeant"] = Impermeant(
                    **_plain(table["impermeant"], f"{base}impermeant.", sources, Impermeant)
                )
        with located(base[:-1]):
            compartments[name] = Compartment(**plain, _name=name)
    membranes = {}
    for name, table in data["membranes"].items():
        base = f"membranes.{name}."
        extent = _extent(table, compartments)
        transports = {}
        for label, law in table.get("transports", {}).items():
            kind = TRANSPORTS[law["law"]]
            path = f"{base}transports.{label}."
            with located(path[:-1]):
                transports[label] = kind(**_plain(law, path, sources, kind, skip=("law",), extent=extent))
        with located(base[:-1]):
            plain = _plain(table, base, sources, Membrane, skip=("transports",), extent=extent)
            membranes[name] = Membrane(**plain, transports=transports, _name=name)
    exchanges = {}
    for name, table in data.get("exchanges", {}).items():
        kind = EXCHANGES[table["kind"]]
        with located(f"exchanges.{name}"):
            exchanges[name] = kind(**_plain(table, f"exchanges.{name}.", sources, kind, skip=("kind",)))
    whole = {k: v for k, v in data.items() if k in ("name", "title", "notes", "valences", "closures", "references")}
    if "temperature" in data:
        spec = dict(quantity_fields(Cell))["temperature"]
        whole["temperature"] = _value(data["temperature"], "temperature", sources, spec)
    return Cell(**whole, compartments=compartments, membranes=membranes, exchanges=exchanges, sources=sources)


def _extent(table: Mapping[str, Any], compartments: Mapping[str, Compartment]) -> Extent:
    """The size of a membrane as its table has it, and of what it encloses."""
    inside = compartments.get(table["inside"])
    entry = table.get("area")
    text = entry["value"] if isinstance(entry, Mapping) else entry
    area = inside.surface if inside and entry is None else None
    with suppress(InputError):  # the membrane says what is wrong with its area
        area = float(to_si(text, "area")) if isinstance(text, str) else area
    sized = inside is not None and (inside.volume is not None or inside.radius is not None)
    return Extent(area, inside.start_volume if inside and sized else None)


def _plain(
    table: Mapping[str, Any],
    base: str,
    sources: dict[str, Source],
    kind: type,
    skip: tuple[str, ...] = (),
    extent: Extent | None = None,
) -> dict[str, Any]:
    """The simple fields of a table: quantities without their sources, and everything that is not a table."""
    specs, maps = dict(quantity_fields(kind)), dict(quantity_maps(kind))
    plain = {}
    for key, entry in table.items():
        if key in specs:
            plain[key] = _value(entry, base + key, sources, specs[key], extent)
        elif key in maps:
            plain[key] = {k: _value(v, f"{base}{key}.{k}", sources, maps[key]) for k, v in entry.items()}
        elif key not in (*skip, "ions", "impermeant") or (key == "ions" and isinstance(entry, list)):
            plain[key] = entry
    return plain


def _value(entry: Any, path: str, sources: dict[str, Source], spec: Quantity, extent: Extent | None = None) -> Any:
    """The value of an entry; its source is noted, and how one of the whole cell was divided by its extent."""
    given, text, span = entry, "", None
    if isinstance(entry, Mapping):
        given, text = entry["value"], entry.get("source", "")
        span = entry.get("range")
    value, converted = _per_area(given, spec, extent, path)
    if span:
        span = tuple(_per_area(end, spec, extent, f"{path}, range", digits=6)[0] for end in span)
        for end in span:
            to_si(end, spec.dimension, f"{path}, range")
    if converted:
        text = f"{text} ({converted})" if text else converted
    if text or (isinstance(entry, Mapping) and "source" in entry):
        sources[path] = Source(text, span, converted)
    if isinstance(value, int | float) and not isinstance(value, bool) and spec.dimension != "number":
        raise InputError(
            f"{path} = {value} has no unit.",
            code="no_unit",
            hint=f'Write it as text, such as "{format_si(0.01, spec.dimension, digits=2)}".',
        )
    return value


def _per_area(
    value: Any, spec: Quantity, extent: Extent | None, path: str, digits: int | None = None
) -> tuple[Any, str]:
    """A value of the whole cell as one per area, exactly or to some digits, and how it was found; others as given."""
    if extent is None:
        return value, ""
    si, converted = of_whole_cell(value, spec.dimension, extent, path)
    return (format_si(si, spec.dimension, digits), converted) if converted else (value, "")


def cell_to(cell: Cell) -> dict[str, Any]:
    """The dictionary that a file holds; reading it gives an equal cell, bit for bit."""
    data: dict[str, Any] = {"name": cell.name}
    for key in ("title", "notes"):
        if getattr(cell, key):
            data[key] = getattr(cell, key)
    data["temperature"] = _entry(cell, "temperature", cell.temperature, dict(quantity_fields(Cell))["temperature"])
    if cell.valences:
        data["valences"] = dict(cell.valences)
    if cell.closures:
        data["closures"] = {tied: dict(terms) for tied, terms in cell.closures.items()}
    data["compartments"] = {n: _compartment(cell, n, c) for n, c in cell.compartments.items()}
    membranes = data["membranes"] = {}
    for name, m in cell.membranes.items():
        base = f"membranes.{name}."
        table = {"inside": m.inside, "outside": m.outside} | _entries(cell, m, base)
        if m.area_follows_volume:
            table["area_follows_volume"] = True
        table["transports"] = {
            label: {"law": t.law} | _statics(t) | _entries(cell, t, f"{base}transports.{label}.")
            for label, t in m.transports.items()
        }
        membranes[name] = table
    if cell.exchanges:
        data["exchanges"] = {
            n: {"kind": e.kind} | _statics(e) | _entries(cell, e, f"exchanges.{n}.") for n, e in cell.exchanges.items()
        }
    if cell.references:
        data["references"] = dict(cell.references)
    return data


def write_cell(cell: CellLike) -> str:
    """The cell as TOML text; a value and its source stay on one line. Read again it is equal, bit for bit.

    Parameters
    ----------
    cell
        As of `load`.

    Raises
    ------
    InputError
        What `load` refuses.

    >>> print(write_cell("squid_axon").splitlines()[0])
    name = "squid_axon"
    """
    return written(cell_to(load(cell)))


def written(data: Mapping[str, Any]) -> str:
    """The dictionary of a file as TOML text; a value and its source stay on one line."""
    import tomlkit

    def table(entries: Mapping[str, Any]) -> Any:
        inline = "value" in entries and not isinstance(entries["value"], Mapping)  # a place may be called so
        made = tomlkit.inline_table() if inline else tomlkit.table()
        for key, entry in entries.items():
            made.append(key, table(entry) if isinstance(entry, Mapping) else entry)
        return made

    document = tomlkit.document()
    for key, entry in data.items():
        if isinstance(entry, str) and "\n" in entry:
            document.append(key, tomlkit.string(entry, multiline=True))
        else:
            document.append(key, table(entry) if isinstance(entry, Mapping) else entry)
    return tomlkit.dumps(document)


def _compartment(cell: Cell, name: str, c: Compartment) -> dict[str, Any]:
    base = f"compartments.{name}."
    table: dict[str, Any] = {"kind": c.kind}
    if c.shape:
        table["shape"] = c.shape
    table |= _entries(cell, c, base)
    table["ions"] = {s: _entry(cell, f"{base}ions.{s}", v, CONCENTRATION) for s, v in c.ions.items()}
    if c.impermeant is not None:
        table["impermeant"] = _entries(cell, c.impermeant, f"{base}impermeant.")
    return table


def _entries(cell: Cell, owner: Any, base: str) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for name, value, spec in numbers(owner):
        key, _, ion = name.partition(".")
        table = entries.setdefault(key, {}) if ion else entries
        table[ion or key] = _entry(cell, base + name, value, spec)
    return entries


def _entry(cell: Cell, path: str, value: Any, spec: Quantity) -> Any:
    if value == SOLVE:
        text: Any = SOLVE
    elif spec.dimension == "number":
        text = float(value)
    else:
        text = format_si(float(value), spec.dimension)
    source = cell.sources.get(path)
    if source is None:
        return text
    entry = {"value": text, "source": source.text}
    return entry | ({"range": list(source.range)} if source.range else {})


def _statics(part: Any) -> dict[str, Any]:
    """Fields that are no quantities, such as the ion of a leak."""
    quantities = {name for name, _ in (*quantity_fields(part), *quantity_maps(part))}
    usual = {field.name: field.default for field in fields(part)}
    return {
        k: list(v) if isinstance(v, tuple) else v
        for k, v in vars(part).items()
        if k not in quantities and not k.startswith("_") and v != usual[k]
    }
