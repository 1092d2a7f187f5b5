"""`vrest ljp`."""

from __future__ import annotations

from typing import Any

import rich_click as click

from vrest.cli import options

Ions = tuple[tuple[str, str, str], ...]


def three_values(_: click.Context, __: click.Parameter, ions: Ions) -> Ions:
    """An ion with too few values has swallowed the name of the next option."""
    for entry in ions:
        if any(value[:2] == "--" and value[2:3].isalpha() for value in entry):
            from vrest.cli.app import Wrong

            hint = "Write --ion ION PIPETTE BATH."
            raise Wrong(f"--ion {' '.join(entry)}: three values are needed.", code="missing_argument", hint=hint)
    return ions


@click.command("ljp")
@click.argument("pipette", metavar="PIPETTE", required=False)
@click.argument("bath", metavar="BATH", required=False)
@click.option("--measured", metavar="V", help='What you read, mV: "-60", "-60, -62.5", or a file of one column, or -.')
@click.option(
    "--config",
    default="whole-cell",
    show_default=True,
    metavar="NAME",
    help="whole-cell, outside-out, inside-out, cell-attached or perforated.",
)
@options.of_recording
@click.option(
    "--ion",
    "ions",
    nargs=3,
    multiple=True,
    callback=three_values,
    metavar="ION PIPETTE BATH",
    help="In place of solutions: an ion and its concentrations, mM. Repeatable.",
)
@click.option("--method", default="np", show_default=True, metavar="NAME", help="np (Nernst-Planck) or henderson.")
@click.option("--activity", default="none", show_default=True, metavar="NAME", help="none or davies; with np only.")
@click.option("--new-bath", metavar="SOLUTION", help="The bath of the recording, if it was changed after the seal.")
@click.option(
    "--reference",
    metavar="SOLUTION",
    help='With --new-bath, what the bridge of the reference electrode holds: "3 M KCl", bath, or a solution.',
)
@click.option("--pellet", is_flag=True, help="With --new-bath: an Ag/AgCl pellet that the bath touches, no bridge.")
@options.constants
@options.output
@options.plot
@options.common
def command(
    pipette: str | None,
    bath: str | None,
    measured: str | None,
    config: str,
    celsius: str | None,
    ions: Ions,
    method: Any,
    activity: Any,
    new_bath: str | None,
    reference: str | None,
    pellet: bool,
    constants: str | None,
    output: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Liquid junction potential: you read -60 mV, the cell is at -76 mV.

    \b
    Examples:
      vrest ljp k_gluconate_internal acsf --celsius 32 --measured -60
      vrest ljp internal.toml bath.toml --measured "-60, -62.5" --config inside-out --plot junction.png
      vrest ljp "135 K-gluconate, 10 HEPES, pH 7.3 with KOH" acsf
      vrest ljp --ion K 145 2.8 --ion Na 13 145 --ion Cl 158 147.8 --celsius 20
      vrest ljp internal.toml bath.toml --new-bath low_chloride.toml --reference "3 M KCl"
      vrest ljp ljpcalc.txt

    PIPETTE and BATH are solutions: names of the library ('vrest solution' lists them), TOML files, recipes as papers
    have them (as text, or in a file), solutions of a database of pycsf (lab.json:aCSF), or in place of both an ion
    table of LJPcalc. BATH is that in which the amplifier was zeroed, with the pipette open. The potential is that of
    the bath minus that of the pipette, and is taken off what one reads.
    """
    from vrest.cli.answer import answer, shown
    from vrest.io.report import door, report
    from vrest.study.junction.ljp import ljp

    options.check_figure(plot)
    inner, outer = _sides(pipette, bath, ions)
    found = ljp(
        inner,
        outer,
        celsius=celsius,
        measured=None if measured is None else _readings(measured),
        config=config,
        method=method,
        activity=activity,
        new_bath=new_bath,
        reference=reference,
        pellet=pellet,
        constants=constants,
    )
    if plot:
        options.save_figure("vrest.plot.junction", "junction_figure", found, plot)
    inputs = {"pipette": pipette, "bath": bath, "ions": [list(each) for each in ions], "measured": measured}
    inputs |= {"config": config, "celsius": celsius, "method": method, "activity": activity, "new_bath": new_bath}
    inputs |= {"reference": reference, "pellet": pellet, "constants": constants, "output": output, "plot": plot}
    heat = door(found.solved.sides.temperature, "temperature")
    body = report(found.as_dict(), found.units(), inputs, temperature=heat, warnings=found.warnings)
    options.save_data(output, body, found.saved())
    answer(body, lambda: shown(found), as_json=as_json, quiet=quiet)


def _sides(pipette: str | None, bath: str | None, ions: Ions) -> tuple[Any, Any]:
    """The two solutions: as they are named, or of the ions of the command line."""
    from vrest.cli.app import Wrong

    names = [name for name, *_ in ions]
    if twice := next((name for name in names if names.count(name) > 1), None):
        from vrest.errors import InputError

        raise InputError(f"{twice} is given twice.", code="duplicate_ion", hint="Give each ion once.")
    if ions and pipette is None:
        inner, outer = (
            {"name": name, "kind": name, "ions": {ion: amounts[k] for ion, *amounts in ions}}
            for k, name in enumerate(("pipette", "bath"))
        )
        return inner, outer
    if ions:
        raise Wrong("--ion stands in place of solutions.", hint="Give PIPETTE and BATH, or --ion for each ion.")
    if pipette is not None and bath is None:
        from vrest.model.solution.foreign import both_sides

        if sides := both_sides(pipette):
            return sides
    if pipette is None or bath is None:
        given = "only one solution is given" if pipette else "no solution is given"
        hint = "Write vrest ljp PIPETTE BATH, or --ion ION PIPETTE BATH for each ion."
        raise Wrong(f"A junction is between two solutions; {given}.", code="missing_argument", hint=hint)
    return pipette, bath


def _readings(text: str) -> Any:
    """Potentials: one, a list, or the column of a file."""
    from vrest.ranges import read_values
    from vrest.reading import there
    from vrest.units import Labelled, from_si

    if text != "-" and not there(text):
        return Labelled(from_si(read_values(text, "potential", "measured"), "potential"), "mV")
    from vrest.errors import InputError
    from vrest.io.samples import read_samples

    columns = read_samples(text)
    if len(columns) > 1:
        raise InputError(
            f"'{text}' has {len(columns)} columns: {', '.join(columns)}.",
            code="bad_table",
            hint="Give a file whose one column is what you read, such as 'V (mV)'.",
        )
    return next(iter(columns.values()))
