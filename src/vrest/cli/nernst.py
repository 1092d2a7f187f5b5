"""`vrest nernst`."""

from __future__ import annotations

import rich_click as click

from vrest.cli import options


@click.command("nernst")
@click.argument("ion", metavar="ION", required=False)
@click.option("--valence", metavar="Z", help="Valence, for an ion without a symbol here, instead of ION.")
@click.option("--inside", required=True, metavar="C", help='Concentration inside, mM, or such as "100 nM".')
@click.option("--outside", required=True, metavar="C", help="Concentration outside.")
@options.celsius
@options.common
def command(
    ion: str | None, valence: str | None, inside: str, outside: str, celsius: str, as_json: bool, quiet: bool
) -> None:
    """Nernst potential of one ion: where its diffusion and the voltage balance.

    \b
    Examples:
      vrest nernst K --inside 140 --outside 5 --celsius 37
      vrest nernst Ca --inside "100 nM" --outside "1.2 mM" --json
      vrest nernst --valence -2 --inside 0.5 --outside 1
    """
    from vrest.cli.answer import answer, say
    from vrest.io.report import door, report
    from vrest.model.ion_symbols import species_notices
    from vrest.study.calculator import concentration, nernst, pretty, swapped_sides, symbol_of, valence_of
    from vrest.tables import millivolts, number
    from vrest.units import to_si

    if (ion is None) == (valence is None):
        from vrest.cli.app import Wrong

        raise Wrong("Give ION or --valence, one of them.", code="missing_argument", hint="vrest nernst K ...")
    species = symbol_of(str(ion if valence is None else valence))
    z = valence_of(species)
    potential = nernst(species, inside=inside, outside=outside, celsius=celsius)
    inputs = {
        "ion": ion,
        "valence": z,
        "inside": door(concentration(inside, "inside"), "concentration"),
        "outside": door(concentration(outside, "outside"), "concentration"),
        "celsius": door(to_si(celsius, "temperature", bare_ok=True), "temperature"),
    }
    body = report(
        {"E": potential},
        {"E": "mV"},
        inputs,
        temperature=inputs["celsius"],
        warnings=[*swapped_sides([(species, inputs["inside"], inputs["outside"])]), *species_notices([species])],
    )

    def human() -> None:
        sides = f"{number(inputs['inside'])} mM inside, {number(inputs['outside'])} mM outside"
        heat = f"{number(inputs['celsius'])} degC"
        say(f"E = {millivolts(potential)} mV   ({pretty(species)}: {sides}, {heat})")

    answer(body, human, as_json=as_json, quiet=quiet)
