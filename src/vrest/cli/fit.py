"""`vrest fit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import rich_click as click

from vrest.cli import options

if TYPE_CHECKING:
    from vrest.model.cell import Cell
    from vrest.model.notice import Notice
    from vrest.study.fit.identify import Candidate
    from vrest.study.fit.model_choice import ModelChoice
    from vrest.study.fit.result import Fit

MOST_CANDIDATES = 5


@click.command("fit")
@click.argument("data", metavar="DATA")
@click.option("--cell", metavar="CELL", help="A name of the library, a TOML file, or - for standard input.")
@click.option("--free", multiple=True, metavar="WHAT", help="What to learn: P_Na/P_K (default), or a path. Repeatable.")
@click.option("--model", "models", multiple=True, metavar="MODEL", help="ghk (default), mullins_noda, chord, instant, settled. Several are compared.")  # fmt: skip # noqa: E501
@click.option("--level", default="0.95", show_default=True, metavar="P", help="Of the intervals.")
@click.option("--membrane", metavar="NAME", help="The one that was measured, where the cell has several.")
@options.solutions
@options.recording
@click.option("--reference", metavar="SOLUTION", help='If baths were changed after the seal: what the bridge holds, "3 M KCl", bath, a solution; or pellet.')  # fmt: skip # noqa: E501
@click.option("--next", "asks_next", is_flag=True, help="Which bath change would shrink an interval most.")
@click.option("--candidate", "candidates", multiple=True, metavar="CHANGE", help='For --next, such as "outside.Cl=8 mM". Repeatable.')  # fmt: skip # noqa: E501
@click.option("--set", "changes", multiple=True, metavar="CHANGE", help='Such as "inside.K=140 mM". Repeatable.')
@options.output
@options.plot
@options.common
def command(
    data: str,
    cell: str | None,
    free: tuple[str, ...],
    models: tuple[str, ...],
    level: str,
    membrane: str | None,
    solutions: options.Solutions,
    ljp: str | None,
    config: str | None,
    reference: str | None,
    asks_next: bool,
    candidates: tuple[str, ...],
    changes: tuple[str, ...],
    output: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """What measured potentials say about a cell, with intervals, and what they cannot say.

    \b
    Examples:
      vrest fit vm_ko.csv --cell frog_muscle --free P_Na/P_K --config sharp --plot fit.png
      vrest fit vm.csv --cell mammalian_neuron --free P_Na/P_K --ljp "15.9 ± 1"
      vrest fit vm_whole_cell.csv --pipette internal.toml --bath bath.toml --free P_Na/P_K
      vrest fit vm_ko.csv --cell frog_muscle --free P_Na/P_K --model ghk --model mullins_noda
      vrest fit vm.csv --cell mammalian_neuron --free P_Na/P_K --free P_Cl/P_K --next --json
      vrest fit vm.csv --cell mammalian_neuron --free pump.max_rate --model settled -o rows.csv

    DATA is a table (CSV; commas, semicolons or tabs; - for standard input). Its first line names the columns: Vm (mV),
    or with its error, as in -118 ± 10; sd or sem, its error, if known; n, how many measurements a row is the mean of;
    cell, where several were measured; ljp, the liquid junction potential to take off, as --ljp does of all rows, and
    'Vm corrected' where it is off; all others are what was set: Ko (mM), outside.Cl, any path, or such as
    pump.max_rate* for a factor. 'Ko swap Na' says that Na+ went as K+ came. The main table of -o has what was measured
    and predicted in each row.
    """
    from vrest.cli.answer import Meter, answer
    from vrest.cli.app import Wrong
    from vrest.errors import InputError
    from vrest.io.measurements import read_measurements
    from vrest.io.report import door, report
    from vrest.numerals import parse_number

    if cell is None and not solutions:
        hint = "Such as --cell frog_muscle; with --pipette and --bath it may be left out."
        raise Wrong("--cell is missing.", code="missing_argument", hint=hint)
    if reference is not None and (not solutions or ljp is not None):
        raise Wrong(
            "--reference is for junctions that are worked out.", hint="Give --pipette and --bath, and no --ljp."
        )
    if cell == data == "-":
        raise Wrong("Standard input is either the data or the cell.", hint="Give a file for one of them.")
    options.check_figure(plot)
    share = parse_number(level.removesuffix("%"), "--level") / (100 if level.endswith("%") else 1)
    if not 0 < share < 1:
        raise InputError(f"--level is {level}.", code="out_of_range", hint="Choose a number such as 0.95.")
    from vrest.model.change import apply

    names, table = free or ("P_Na/P_K",), read_measurements(data)
    filled, junction = recorded(cell, solutions, names, table, ljp, config, reference) if solutions else (None, ljp)
    described = apply(filled or options.read_cell(str(cell)), changes)

    from vrest.study.fit.fit import fit
    from vrest.study.fit.identify import next_measurement
    from vrest.study.fit.model_choice import compare_models

    choice = None
    how: dict[str, Any] = {"level": share, "membrane": membrane, "ljp": junction, "config": config}
    with Meter(described.name) as meter:
        if len(models) > 1:
            choice = compare_models(described, table, names, models, **how, progress=meter)
            found = choice.best
        else:
            found = fit(described, table, names, models[0] if models else "ghk", **how, progress=meter)
    planned = next_measurement(found, candidates or None) if asks_next or candidates else []
    result = (choice or found).as_dict()
    if planned:
        result["next"] = [vars(c) for c in planned]
    if plot:
        options.save_figure("vrest.plot.fit", "fit_figure", found, plot)
    inputs = {"data": data, "cell": cell, "free": list(names), "models": list(models) or ["ghk"], "level": share}
    inputs |= {
        "set": list(changes),
        "candidates": list(candidates),
        "output": output,
        "plot": plot,
        "membrane": membrane,
        **solutions.inputs,
        "ljp": ljp,
        "config": config,
        "reference": reference,
    }
    celsius = door(found.cell.temperature, "temperature")
    body = report(
        result,
        (choice or found).units(),
        inputs,
        cell=found.cell.name,
        temperature=celsius,
        warnings=[*found.warnings, *(bare(found.cell) if cell is None else ())],
    )
    estimates, rows = found.tables()
    options.save_data(output, body, [rows, estimates, *(choice.tables() if choice else ())])
    answer(body, lambda: show(found, choice, planned), as_json=as_json, quiet=quiet)


def recorded(
    cell: str | None,
    solutions: options.Solutions,
    free: Sequence[str],
    table: Mapping[str, Any],
    ljp: str | None,
    config: str | None,
    reference: str | None,
) -> tuple[Cell, Any]:
    """The cell between the two solutions, and what is to be taken off what was read."""
    from vrest.model.bare import bare_membrane
    from vrest.study.fit.correction import says
    from vrest.study.fit.free import leaking
    from vrest.study.junction.configuration import configuration, is_sharp
    from vrest.study.junction.ljp import ljp as junction_of
    from vrest.study.junction.reference import electrode

    if is_sharp(config):
        from vrest.cli.app import Wrong

        raise Wrong("A sharp electrode does not fill the cell.", hint="Leave --pipette and --bath out.")
    sides, heat = (str(solutions.pipette), str(solutions.bath)), {"celsius": solutions.celsius}
    chosen = configuration(config)
    inside, outside = sides if chosen.sign > 0 else sides[::-1]
    if cell is None:
        filled = bare_membrane(inside, outside, leaking(free), **heat)
    else:
        filled = options.read_cell(cell).with_solutions(inside, outside, **heat)
    if ljp is not None or says(table):
        return filled, ljp
    return filled, junction_of(*sides, **heat, **electrode(reference), config=chosen.name)


def bare(cell: Cell) -> list[Notice]:
    """What a membrane is taken to be where no cell is named."""
    from vrest.model.notice import Notice
    from vrest.tables import joined

    ions = [next(iter(t.moved_ions)) for t in cell.membranes["membrane"].transports.values()]
    text = (
        f"no --cell is named: a bare membrane between the two solutions, with leaks of {joined(ions)} and nothing "
        "else, no pump; --free P_Cl/P_K adds a leak of Cl-, --model mullins_noda counts a pump"
    )
    return [Notice("bare_membrane", text)]


def show(found: Fit, choice: ModelChoice | None, planned: list[Candidate]) -> None:
    """The fit for people."""
    from vrest.cli.answer import say, shown, table
    from vrest.tables import Column, Table

    if choice is not None:
        shown(choice)
        say("")
    shown(found)
    if planned:
        best = planned[:MOST_CANDIDATES]
        columns = [Column("measurement", "", ["none", *(c.change for c in best)])]
        rows = [_widths(found, planned[0].now), *(_widths(found, c.after) for c in best)]
        columns += [Column(e.label, "", held) for e, held in zip(found.free, zip(*rows, strict=True), strict=True)]
        table(Table(columns, "One more measurement, and the intervals to expect"))


def _widths(found: Fit, widths: Mapping[str, float]) -> list[str]:
    """Half-widths: a factor either way, or an amount."""
    from vrest.tables import number

    signs = ["x/÷" if each.positive else "±" for each in found.free]
    values = [widths[each.name] for each in found.free]
    return ["open" if v == float("inf") else f"{sign} {number(v)}" for sign, v in zip(signs, values, strict=True)]
