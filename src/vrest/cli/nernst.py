"""`vrest nernst`."""

from __future__ import annotations

from typing import Any

import rich_click as click

from vrest.cli import options


@click.command("nernst")
@click.argument("ion", metavar="ION", required=False)
@click.option("--valence", metavar="Z", help="Valence, for an ion without a symbol here, instead of ION.")
@click.option("--inside", required=True, metavar="C", help='Concentration inside, mM, or such as "100 nM".')
@click.option("--outside", required=True, metavar="C", help="Concentration outside.")
@options.celsius
@options.output
@options.common
def command(
    ion: str | None,
    valence: str | None,
    inside: str,
    outside: str,
    celsius: str,
    output: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Nernst potential of one ion: where its diffusion and the voltage balance.

    \b
    Examples:
      vrest nernst K --inside 140 --outside 5 --celsius 37
      vrest nernst Ca --inside "100 nM" --outside "1.2 mM" --json
      vrest nernst --valence -2 --inside 0.5 --outside 1
      vrest nernst K --inside 140 --outside 1:100:log -o nernst.csv

    Each number may be a list ("2.5, 5, 10") or a range (1:100, 1:100:log, 1:100:log:41); several that vary are
    equally long and go side by side.
    """
    from vrest.cli.answer import answer, say, table
    from vrest.cli.sweeps import as_door, swept
    from vrest.io.report import report
    from vrest.model.ion_labels import species_notices
    from vrest.study.calculator import nernst
    from vrest.study.given import concentration, pretty, swapped_sides, symbol_of, valence_of
    from vrest.tables import Column, Table, millivolts, number
    from vrest.units import to_si

    if (ion is None) == (valence is None):
        from vrest.cli.app import Wrong

        raise Wrong("Give ION or --valence, one of them.", code="missing_argument", hint="vrest nernst K ...")
    species = symbol_of(str(ion if valence is None else valence))
    z = valence_of(species)
    inner, outer = (
        swept(text, "concentration", f"{species} {where}", species)
        for text, where in ((inside, "inside"), (outside, "outside"))
    )
    heat = swept(celsius, "temperature", "celsius")
    potential = nernst(species, inside=inner, outside=outer, celsius=heat)
    sides = concentration(inner, "inside", species), concentration(outer, "outside", species)
    given = {
        "inside": as_door(sides[0], "concentration"),
        "outside": as_door(sides[1], "concentration"),
        "celsius": as_door(to_si(heat, "temperature", bare_ok=True), "temperature"),
    }
    varied = {name: values for name, values in given.items() if isinstance(values, list)}
    units = {"inside": "mM", "outside": "mM", "celsius": "degC"}
    rows: dict[str, Any] = varied or {name: [value] for name, value in given.items()}
    columns = [Column(name, units[name], values, rounding=0.0) for name, values in rows.items()]
    listed = Table([*columns, Column("E", "mV", potential.tolist() if varied else [potential], decimals=2)])
    body = report(
        {"E": potential},
        {"E": "mV"},
        {"ion": ion, "valence": z, **given, "output": output},
        temperature=None if "celsius" in varied else given["celsius"],
        warnings=[*swapped_sides([(species, *sides)]), *species_notices([species])],
    )
    options.save_data(output, body, [listed])

    def human() -> None:
        told = {
            "inside": lambda: f"{number(given['inside'])} mM inside",
            "outside": lambda: f"{number(given['outside'])} mM outside",
            "celsius": lambda: f"{number(given['celsius'])} degC",
        }
        fixed = ", ".join(text() for name, text in told.items() if name not in varied)
        if varied:
            say(f"E of {pretty(species)}: {fixed}" if fixed else f"E of {pretty(species)}")
            table(listed)
        else:
            say(f"E = {millivolts(potential)} mV   ({pretty(species)}: {fixed})")

    answer(body, human, as_json=as_json, quiet=quiet)
