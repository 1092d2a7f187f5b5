"""`vrest ghk`."""

from __future__ import annotations

import rich_click as click

from vrest.cli import options

Ions = tuple[tuple[str, str, str, str], ...]


def four_values(_: click.Context, __: click.Parameter, ions: Ions) -> Ions:
    """An ion with too few values has swallowed the name of the next option."""
    for entry in ions:
        if any(value[:2] == "--" and value[2:3].isalpha() for value in entry):
            from vrest.cli.app import Wrong

            hint = "Write --ion ION INSIDE OUTSIDE PERMEABILITY."
            raise Wrong(f"--ion {' '.join(entry)}: four values are needed.", code="missing_argument", hint=hint)
    return ions


@click.command("ghk")
@click.option(
    "--ion",
    "ions",
    nargs=4,
    multiple=True,
    required=True,
    callback=four_values,
    metavar="ION INSIDE OUTSIDE PERMEABILITY",
    help="Concentrations in mM, permeability relative to the others. Repeatable.",
)
@options.celsius
@options.common
def command(ions: Ions, celsius: str, as_json: bool, quiet: bool) -> None:
    """Goldman-Hodgkin-Katz potential: where the currents of all ions sum to zero.

    \b
    Examples:
      vrest ghk --ion K 140 5 1 --ion Na 15 145 0.04 --ion Cl 7 110 0.45 --celsius 37
      vrest ghk --ion K "0.4 M" "20 mM" 1 --ion Na 50 440 0.04 --celsius 18.5 --json

    It leaves out what a pump's own current adds; 'vrest explain' shows how much that is.
    """
    from vrest.cli.answer import answer, say, table
    from vrest.io.report import door, report
    from vrest.study.calculator import concentration, ghk, symbol_of
    from vrest.tables import Column, Table, millivolts, number
    from vrest.units import to_si

    found = ghk(ions, celsius=celsius)
    inputs = {
        "ions": {
            symbol_of(name): {
                "inside": door(concentration(inside, "inside"), "concentration"),
                "outside": door(concentration(outside, "outside"), "concentration"),
                "permeability": permeability.strip(),
            }
            for name, inside, outside, permeability in ions
        },
        "celsius": door(to_si(celsius, "temperature", bare_ok=True), "temperature"),
    }
    body = report(
        {"v": found.v, "E": found.E, "ghk_shares": found.ghk_shares, "slope_shares": found.slope_shares},
        {"v": "mV", "E": "mV", "ghk_shares": "1", "slope_shares": "1"},
        inputs,
        temperature=inputs["celsius"],
        warnings=found.notices,
    )

    def human() -> None:
        say(f"V = {millivolts(found.v)} mV   (GHK, {number(inputs['celsius'])} degC)")
        rows = inputs["ions"]
        columns = [
            Column("ion", "", list(rows)),
            Column("inside", "mM", [row["inside"] for row in rows.values()], rounding=0.0),
            Column("outside", "mM", [row["outside"] for row in rows.values()], rounding=0.0),
            Column("P", "", [row["permeability"] for row in rows.values()]),
            *found.tables()[0].columns[1:],
        ]
        table(Table(columns))

    answer(body, human, as_json=as_json, quiet=quiet)
