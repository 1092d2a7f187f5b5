"""`vrest ghk`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from vrest.cli import options

if TYPE_CHECKING:
    from vrest.tables import Column

Ions = tuple[tuple[str, str, str, str], ...]


def four_values(_: click.Context, __: click.Parameter, ions: Ions) -> Ions:
    """An ion with too few values has swallowed the name of the next option."""
    for entry in ions:
        if any(value[:2] == "--" and value[2:3].isalpha() for value in entry):
            from vrest.cli.app import Wrong

            hint = "Write --ion ION INSIDE OUTSIDE PERMEABILITY."
            raise Wrong(f"--ion {' '.join(entry)}: four values are needed.", code="missing_argument", hint=hint)
    return ions


ions_option = click.option(
    "--ion",
    "ions",
    nargs=4,
    multiple=True,
    required=True,
    callback=four_values,
    metavar="ION INSIDE OUTSIDE PERMEABILITY",
    help="Concentrations in mM, permeability relative to the others. Repeatable.",
)


def read_ions(ions: Ions) -> list[tuple[str, Any, Any, Any]]:
    """Ions as the calculators take them, with lists and ranges read."""
    from vrest.cli.sweeps import swept, swept_permeability
    from vrest.study.given import symbol_of

    return [
        (
            name,
            swept(inside, "concentration", f"{name} inside", name),
            swept(outside, "concentration", f"{name} outside", name),
            swept_permeability(permeability, f"permeability of {name}"),
        )
        for name, inside, outside, permeability in ((symbol_of(written), *row) for written, *row in ions)
    ]


def told_inputs(ions: Ions, read: list[tuple[str, Any, Any, Any]], heat: Any) -> dict[str, Any]:
    """The inputs of a report."""
    from vrest.cli.sweeps import as_door
    from vrest.study.given import concentration
    from vrest.units import to_si

    return {
        "ions": {
            name: {
                "inside": as_door(concentration(inside, "inside", name), "concentration"),
                "outside": as_door(concentration(outside, "outside", name), "concentration"),
                "permeability": written[3].strip(),
            }
            for (name, inside, outside, _), written in zip(read, ions, strict=True)
        },
        "celsius": as_door(to_si(heat, "temperature", bare_ok=True), "temperature"),
    }


def fixed_columns(inputs: dict[str, Any]) -> list[Column]:
    """What was given of each ion, for a table that has a row for each."""
    from vrest.tables import Column

    rows = inputs["ions"]
    return [
        Column("ion", "", list(rows)),
        Column("inside", "mM", [_one(row["inside"]) for row in rows.values()], rounding=0.0),
        Column("outside", "mM", [_one(row["outside"]) for row in rows.values()], rounding=0.0),
        Column("P", "", [row["permeability"] for row in rows.values()]),
    ]


def _one(value: Any) -> float | str:
    return "varies" if isinstance(value, list) else value


@click.command("ghk")
@ions_option
@options.celsius
@options.output
@options.common
def command(ions: Ions, celsius: str, output: str | None, as_json: bool, quiet: bool) -> None:
    """Goldman-Hodgkin-Katz potential: where the currents of all ions sum to zero.

    \b
    Examples:
      vrest ghk --ion K 140 5 1 --ion Na 15 145 0.04 --ion Cl 7 110 0.45 --celsius 37
      vrest ghk --ion K "0.4 M" "20 mM" 1 --ion Na 50 440 0.04 --celsius 18.5 --json
      vrest ghk --ion K 140 1:100:log 1 --ion Na 15 145 0.04 -o ghk.csv

    Each number may be a list ("2.5, 5, 10") or a range (1:100, 1:100:log, 1:100:log:41); several that vary are
    equally long and go side by side. It leaves out what a pump's own current adds: 'vrest mullins-noda' has it, and
    'vrest explain' shows how much that is in a cell.
    """
    from vrest.cli.answer import answer, say, table
    from vrest.cli.sweeps import swept
    from vrest.io.report import report
    from vrest.study.calculator import ghk
    from vrest.tables import Table, millivolts, number

    read, heat = read_ions(ions), swept(celsius, "temperature", "celsius")
    found = ghk(read, celsius=heat)
    inputs = told_inputs(ions, read, heat)
    several = bool(found.varied)
    body = report(
        {"v": found.v, "E": found.E, "ghk_shares": found.ghk_shares, "slope_shares": found.slope_shares},
        {"v": "mV", "E": "mV", "ghk_shares": "1", "slope_shares": "1"},
        inputs | {"output": output},
        temperature=None if isinstance(inputs["celsius"], list) else inputs["celsius"],
        warnings=found.notices,
    )
    rows = Table(fixed_columns(inputs) if several else [*fixed_columns(inputs), *found.tables()[0].columns[1:]])
    options.save_data(output, body, [found.tables()[0], rows] if several else [rows])

    def human() -> None:
        heat = "" if isinstance(inputs["celsius"], list) else f", {number(inputs['celsius'])} degC"
        say(f"V by GHK{heat}" if several else f"V = {millivolts(found.v)} mV   (GHK{heat})")
        table(rows, *([found.tables()[0]] if several else []))

    answer(body, human, as_json=as_json, quiet=quiet)
