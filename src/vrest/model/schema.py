"""The shape of a cell file, as pydantic models made from the classes themselves.

There is one declaration of each parameter (its field); the checks of a file and the JSON schema are derived
from it. Units, ranges and physics are the business of the model, which says more than a schema can.
"""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

import vrest.model.laws  # noqa: F401  (registers the laws)
from vrest.errors import InputError, near_miss
from vrest.model.compartment import KINDS, SHAPES, Compartment, Impermeant
from vrest.model.exchange import EXCHANGES, Exchange
from vrest.model.gating import GATINGS, about
from vrest.model.membrane import Membrane
from vrest.model.quantity import quantity_fields, quantity_maps
from vrest.model.transport import TRANSPORTS, Transport

OWN_REVERSAL = (
    "A leak of one ion is 'ohmic_leak' or 'ghk_leak'; with a reversal of its own (NEURON's pas) 'fixed_leak'."
)
"""What to say of laws that models call so."""

STRICT = ConfigDict(extra="forbid", strict=True)

LONGEST = 64
"""Characters that a message quotes of a value."""

SCHEMA = "'vrest show --schema' says what may stand where."


class Sourced(BaseModel):
    """A value with its origin."""

    model_config = STRICT
    value: str | float
    source: str = ""
    range: Annotated[list[str], Field(min_length=2, max_length=2)] | None = None


Value = str | float | int | Sourced
BRANCHES = ("str", "float", "int", Sourced.__name__)
"""How pydantic names those of `Value` at the end of a location."""


def _model(kind: type, title: str, fixed: dict[str, Any], skip: tuple[str, ...] = ()) -> type[BaseModel]:
    """A pydantic model of one class: its quantities as values, its other fields by their annotation."""
    quantities, maps = dict(quantity_fields(kind)), dict(quantity_maps(kind))
    hints = get_type_hints(kind)
    fields: dict[str, Any] = dict(fixed)
    for field in dataclasses.fields(kind):
        if field.name in fields or field.name in skip or field.name.startswith("_"):
            continue
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if field.name in quantities:
            spec = quantities[field.name]
            about = Field(... if required else None, description=f"{spec.dimension}. {spec.doc}".strip())
            fields[field.name] = (Value if required else Value | None, about)
        elif field.name in maps:
            spec = maps[field.name]
            text = f"{spec.dimension}, by ion"
            about = Field(..., description=text) if required else Field(default_factory=dict, description=text)
            fields[field.name] = (dict[str, Value], about)
        elif field.name == "gating":
            fields[field.name] = (str, Field(..., json_schema_extra=_gatings()))
        else:
            of = list[str] if field.name == "ions" else hints[field.name]
            fields[field.name] = (of, ... if required else field.default)
    return create_model(title, __config__=STRICT, __doc__=kind.__doc__, **fields)


def _gatings() -> dict[str, Any]:
    """What an editor offers for a gating; that it is one says the law, which suggests others."""
    return {"oneOf": [{"const": name, "description": about(kind)} for name, kind in GATINGS.items()]}


def cell_model() -> type[BaseModel]:
    """The model of a whole file, with every law registered at the moment."""
    return _cell_model(tuple(TRANSPORTS.items()), tuple(EXCHANGES.items()))


@lru_cache(maxsize=4)
def _cell_model(
    transports_known: tuple[tuple[str, type[Transport]], ...], exchanges_known: tuple[tuple[str, type[Exchange]], ...]
) -> type[BaseModel]:
    # made at run time: what a type checker cannot follow is Any to it
    table: Any = dict
    impermeant: Any = _model(Impermeant, "Impermeant", {})
    kinds: Any = Literal[KINDS]
    shapes: Any = Literal[SHAPES]
    compartment: Any = _model(
        Compartment,
        "Compartment",
        {
            "kind": (kinds, ...),
            "ions": (dict[str, Value], ...),
            "impermeant": (impermeant | None, None),
            "shape": (shapes | None, None),
        },
    )
    laws = tuple(_law(kind, name) for name, kind in transports_known)
    law: Any = _union(laws, "law")
    transports: Any = table[str, law]
    membrane: Any = _model(Membrane, "Membrane", {"transports": (transports, Field(default_factory=dict))})
    exchange: Any = _union(tuple(_exchange(kind, name) for name, kind in exchanges_known), "kind")
    return create_model(
        "Cell",
        __config__=STRICT,
        name=(str, ...),
        title=(str, ""),
        notes=(str, ""),
        temperature=(Value, Field("37 degC", description="temperature")),
        valences=(dict[str, int], Field(default_factory=dict)),
        closures=(dict[str, dict[str, float]], Field(default_factory=dict)),
        compartments=(table[str, compartment], ...),
        membranes=(table[str, membrane], ...),
        exchanges=(table[str, exchange], Field(default_factory=dict)),
        references=(dict[str, str], Field(default_factory=dict)),
    )


def _union(models: tuple[type[BaseModel], ...], key: str) -> Any:
    from functools import reduce
    from operator import or_

    union = reduce(or_, models)
    return Annotated[union, Field(discriminator=key)] if len(models) > 1 else union


def _law(kind: type[Transport], name: str) -> type[BaseModel]:
    return _model(kind, kind.__name__, {"law": (Literal[name], ...)})


def _exchange(kind: type[Exchange], name: str) -> type[BaseModel]:
    return _model(kind, kind.__name__, {"kind": (Literal[name], ...)})


def json_schema() -> dict[str, Any]:
    """The JSON schema of a cell file, for editors and forms."""
    return cell_model().model_json_schema()


def check_shape(data: dict[str, Any], where: str) -> None:
    """Refuse unknown keys, missing keys and values of the wrong kind, all of them in one message."""
    if data and not {"compartments", "membranes"} & set(data):
        listed = ", ".join(key[:30] for key in list(data)[:4]) + (", ..." if len(data) > 4 else "")
        raise InputError(
            f"{where} is no cell: it has {listed}, but no compartments and no membranes.",
            code="no_cell",
            hint="'vrest check FILE' reads what one would write for NEURON (celsius, diam, gk, ki, ...) and saves it "
            "as a cell with -o; 'vrest show mammalian_neuron --toml' prints a cell file.",
        )
    try:
        cell_model().model_validate(data)
    except ValidationError as error:
        items = _items(error)
        problems = _problems(items, data, where)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise InputError(
            f"{where} has {count}: " + "; ".join(p for p, _ in problems) + ".",
            code=_code(items),
            hint=" ".join(dict.fromkeys(h for _, h in problems if h)),
        ) from None


def _items(error: ValidationError) -> list[Any]:
    """What is wrong. Of a value given as a table, what is wrong inside it says more than that it is no text."""
    found = error.errors(include_url=False)
    tables = {item["loc"][:n] for item in found for n in range(len(item["loc"]))}
    return [i for i in found if i["loc"][-1] not in BRANCHES or (*i["loc"][:-1], BRANCHES[-1]) not in tables]


def _code(items: list[Any]) -> str:
    first = items[0]["type"]
    codes = {"extra_forbidden": "unknown_key", "missing": "missing_key", "union_tag_invalid": "unknown_law"}
    return codes.get(first, "bad_value")


def _problems(items: list[Any], data: dict[str, Any], where: str) -> list[tuple[str, str]]:
    """One (sentence, hint) per place in the file; the branches of a union count once."""
    seen: dict[str, tuple[str, str]] = {}
    for item in items:
        names = [str(part) for part in item["loc"]]
        path = _path_in(data, names)
        place, got = ".".join(path), _shown(item["input"])
        if names[-1] in BRANCHES and item["type"] != "missing":
            hint = 'A value is text with its unit, "5 mM", or { value = "5 mM", source = "..." }.'
            entry = (f"{place} = {got} is not a value", hint)
        elif item["type"] == "extra_forbidden":
            allowed = _allowed(data, path[:-1])
            entry = (f"{place} is not a key", near_miss(names[-1], allowed) if allowed else "")
        elif item["type"] == "missing":
            place = ".".join([*path, names[-1]])
            entry = (f"{place} is missing", "'vrest show mammalian_neuron --toml' prints a whole file.")
        elif item["type"] == "union_tag_invalid":
            tag = str(item["ctx"]["tag"])[:LONGEST]
            key, known = _tag(path)
            hint = OWN_REVERSAL if tag.lower() in ("pas", "passive", "leak") else near_miss(tag, known)
            entry = (f"{place}: {key} '{tag}' is unknown", hint)
        elif item["type"] == "union_tag_not_found":
            key, known = _tag(path)
            slip = f"An exchange has a {key}, a transport a law. " if "law" in item["input"] else ""
            entry = (f"{place}.{key} is missing", f"{slip}Allowed: {', '.join(known)}.")
        elif item["type"] == "literal_error":
            expected = str(item.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ")
            hint = near_miss(str(item["input"])[:LONGEST], expected.split(", "))
            entry = (f"{place} = {got} is not allowed", hint)
        elif item["type"] in ("dict_type", "model_type", "model_attributes_type"):
            entry = (f"{place} = {got} is not a table", 'A table has keys, as in { K = "5 mM" }.')
        else:
            hint = 'Text stands in quotes, a value with its unit: "5 mM".' if item["type"] == "string_type" else SCHEMA
            entry = (f"{place or where} = {got}: {item['msg'].lower()}", hint)
        seen.setdefault(place, entry)
    return list(seen.values())


def _shown(value: Any) -> str:
    """What stands in a file, as a message quotes it."""
    if isinstance(value, dict | list):
        return "{...}" if isinstance(value, dict) else "[...]"
    text = str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _tag(path: list[str]) -> tuple[str, list[str]]:
    """The key that says what a part is, and what it may say."""
    return ("kind", list(EXCHANGES)) if path[0] == "exchanges" else ("law", list(TRANSPORTS))


def _path_in(data: Any, names: list[str]) -> list[str]:
    """The part of a pydantic location that is a path in the file; union branches are left out."""
    path = []
    for name in names:
        if isinstance(data, dict) and name in data:
            path.append(name)
            data = data[name]
    return path


def _allowed(data: dict[str, Any], path: list[str]) -> list[str]:
    """The keys a table of the file may have."""
    table: Any = data
    for name in path:
        table = table[name]
    match path:
        case []:
            return list(cell_model().model_fields)
        case ["compartments", _]:
            return _field_names(Compartment)
        case ["compartments", _, "impermeant"]:
            return ["concentration", "valence"]
        case ["membranes", _]:
            return _field_names(Membrane)
        case ["membranes", _, "transports", _] if table.get("law") in TRANSPORTS:
            return ["law", *_field_names(TRANSPORTS[table["law"]])]
        case ["exchanges", _] if table.get("kind") in EXCHANGES:
            return ["kind", *_field_names(EXCHANGES[table["kind"]])]
    return ["value", "source", "range"]


def _field_names(kind: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(kind) if not field.name.startswith("_")]
