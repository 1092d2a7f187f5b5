"""`vrest solution`, and `vrest solution compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from vrest.cli import options

if TYPE_CHECKING:
    from vrest.model.solution.solution import Solution
    from vrest.tables import Table


class OneOrTwo(click.RichCommand):
    """A command of one solution, and `compare` of two behind its name; a file called so is `./compare`."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == ["compare"]:
            return compare.make_context(f"{info_name} compare", args[1:], parent, **extra)
        return click.RichCommand.make_context(self, info_name, args, parent, **extra)


@click.command("solution", cls=OneOrTwo)
@click.argument("recipe", metavar="[FILE]", required=False)
@options.of_recording
@click.option("--volume", metavar="V", help='What to weigh for it, such as "500 mL".')
@options.constants
@click.option("--toml", is_flag=True, help="Print the recipe as a file, to copy and change.")
@options.output
@options.common
def command(
    recipe: str | None,
    celsius: str | None,
    volume: str | None,
    constants: str | None,
    toml: bool,
    output: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """What is in a solution: ions, forms at its pH, free Ca and Mg, charges, osmolarity. Without FILE, the library.

    \b
    Examples:
      vrest solution
      vrest solution k_gluconate_internal --celsius 32
      vrest solution internal.toml --volume "500 mL" -o weigh.csv
      vrest solution acsf --toml > my_bath.toml
      vrest solution "135 KCl, 10 HEPES, 4 MgATP, pH 7.3 with KOH" --toml > my_internal.toml
      vrest solution compare k_gluconate_internal acsf --celsius 32 --measured -60

    FILE is a name of the library, a TOML recipe, a recipe as papers have it ("125 NaCl, 2.5 KCl, pH 7.4 with NaOH", in
    mM; as text, or in a file), a solution in a file of pycsf or LJPcalc (lab.json:aCSF, table.txt:pipette), or - for
    standard input. A TOML recipe has [reagents], such as "MgCl2.6H2O" = "2 mM", or [ions]; and above them name, kind
    (pipette or bath), pH, pH_temperature, titrant (such as KOH), gas (such as "95% O2 5% CO2"), temperature,
    measured_osmolality, volume, source, notes. The ions that the titrant brings are counted; nothing else is added.
    """
    from vrest.cli.app import Wrong

    if recipe is None:
        if any((celsius, volume, constants, toml, output)):
            raise Wrong("FILE is missing.", code="missing_argument", hint="'vrest solution' alone lists the library.")
        show_library(as_json=as_json, quiet=quiet)
        return
    from vrest.model.solution.recipe import read_recipe, write_recipe

    if toml and not as_json:
        if any((celsius, volume, constants, output)):
            raise Wrong("--toml prints the recipe as it is.", hint="Leave out the other options, or --toml.")
        click.echo(write_recipe(read_recipe(recipe)), nl=False)
        return
    from vrest.cli.answer import answer, shown, table
    from vrest.io.report import door, report
    from vrest.model.solution.pair import unused_constants
    from vrest.model.solution.solution import solution
    from vrest.model.solution.telling import constants_table, weighing_table

    made = solution(recipe, celsius=celsius, constants=constants)
    size = _volume(made, volume)
    weighed = [weighing_table(made, size)] if size is not None else []
    used = constants_table(made)
    result = made.as_dict() | {"constants": _rows(used)} | ({"weighing": _rows(weighed[0])} if weighed else {})
    result |= {"toml": write_recipe(made.recipe)} if made.recipe else {}
    units = {**made.units(), **_units(used), **(_units(weighed[0]) if weighed else {})}
    body = report(
        result,
        units,
        {"recipe": recipe, "celsius": celsius, "volume": volume, "constants": constants, "output": output},
        temperature=door(made.temperature, "temperature"),
        warnings=[*made.warnings, *unused_constants(made)],
    )
    options.save_data(output, body, [*weighed, *made.saved(), used])

    def human() -> None:
        shown(made)
        if weighed:
            table(*weighed)

    answer(body, human, as_json=as_json, quiet=quiet)


def _volume(made: Solution, text: str | None) -> float | None:
    """The volume to weigh for, m3: what was asked for, else the recipe's."""
    from vrest.errors import InputError
    from vrest.units import to_si

    if text is None:
        return made.recipe.volume if made.recipe else None
    hint = "Give one above 0 with its unit, as in --volume '500 mL'."
    try:
        volume = float(to_si(text, "volume", "--volume"))
    except InputError as error:
        raise InputError(error.message, code=error.code, hint=hint) from None
    if volume <= 0.0:
        raise InputError(f"--volume is {text}.", code="out_of_range", hint=hint)
    return volume


def _rows(table: Table) -> list[dict[str, Any]]:
    """A table for JSON: a row a dictionary, by its heads."""
    names = [_key(column.name) for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*(c.values for c in table.columns), strict=True)]


def _units(table: Table) -> dict[str, str]:
    return {_key(column.name): column.unit for column in table.columns if column.unit}


def _key(name: str) -> str:
    return name.replace(" ", "_")


def show_library(*, as_json: bool, quiet: bool) -> None:
    """The solutions of the library."""
    from vrest.cli.answer import answer, say, table
    from vrest.io.report import report
    from vrest.model.solution.recipe import read_recipe, recipes
    from vrest.tables import Column, Table

    listed = {name: read_recipe(name) for name in recipes()}
    rows = [{"solution": n, "kind": r.kind, "title": r.name, "source": r.source} for n, r in listed.items()]
    columns = [Column(key, "", [row[key] for row in rows]) for key in ("solution", "kind", "title")]

    def human() -> None:
        table(Table(columns))
        say(
            "'vrest solution NAME' says what is in one. A recipe of your own is a text as papers have it, or a"
            " TOML file: 'vrest solution --help'."
        )

    answer(report({"library": rows}, {}, {}), human, as_json=as_json, quiet=quiet)


@click.command("compare")
@click.argument("pipette", metavar="PIPETTE")
@click.argument("bath", metavar="BATH")
@options.of_recording
@click.option("--measured", metavar="V", help="What the amplifier showed, mV: adds driving forces.")
@click.option("--config", metavar="NAME", help="whole-cell (default), outside-out, inside-out (the bath is inside) or perforated.")  # fmt: skip # noqa: E501
@options.constants
@options.output
@options.common
def compare(
    pipette: str,
    bath: str,
    celsius: str | None,
    measured: str | None,
    config: str | None,
    constants: str | None,
    output: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """The ions of pipette and bath side by side, free where some is bound, with E and driving forces.

    \b
    Examples:
      vrest solution compare k_gluconate_internal acsf --celsius 32 --measured -60
      vrest solution compare internal.toml bath.toml -o reversals.csv

    PIPETTE and BATH are what 'vrest solution' takes. Driving forces are those at what was read (--measured) with the
    liquid junction potential off, as 'vrest ljp' has it.
    """
    from vrest.cli.answer import answer, shown
    from vrest.io.report import door, report
    from vrest.study.junction.configuration import USUAL
    from vrest.study.solutions_compared import compare_solutions

    found = compare_solutions(
        pipette, bath, celsius=celsius, measured=measured, config=config or USUAL, constants=constants
    )
    inputs = {"pipette": pipette, "bath": bath, "celsius": celsius, "measured": measured, "config": config}
    inputs |= {"constants": constants, "output": output}
    heat = door(found.bath.temperature, "temperature")
    body = report(found.as_dict(), found.units(), inputs, temperature=heat, warnings=found.warnings)
    options.save_data(output, body, found.saved())
    answer(body, lambda: shown(found), as_json=as_json, quiet=quiet)
