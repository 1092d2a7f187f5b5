"""`vrest settled`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import rich_click as click
from click.exceptions import Exit

from vrest.cli import options
from vrest.cli.instant import FROZEN, moments_table, named, read, title

if TYPE_CHECKING:
    from vrest.study.perturb.perturbed import Moment
    from vrest.verbs.rest import Rest


@click.command("settled")
@options.cell
@options.changes
@options.cell_or_data
@options.plot
@options.common
def command(
    cell: str, changes: options.Changes, output: str | None, plot: str | None, as_json: bool, quiet: bool
) -> None:
    """Where a change leads a resting cell in the end, beside what it does at once.

    \b
    Examples:
      vrest settled mammalian_neuron --set "outside.K=12 mM" --swap Na
      vrest settled mammalian_neuron --set "pump.max_rate*=0.5" -o weak.toml
      vrest settled my_cell.toml --set "K_leak.permeability*=2" --plot open.png
      vrest settled frog_muscle --set "outside.K=10 mM" --with Cl --json

    CELL is a name of the library ('vrest show' lists them), a TOML file, or - for standard input. The cell
    starts from its certified rest, and contents, volume and potential find their new values. Exit code 4
    where it comes to no rest, before or after the change.
    """
    from vrest.cli.answer import Meter, answer, say, table
    from vrest.errors import NoRestError, VrestError
    from vrest.io.report import door, report
    from vrest.units import duration

    options.check_figure(plot)
    described, changed = read(cell, changes)

    from vrest.model.notice import Notice
    from vrest.study.perturb.perturbed import Moment, at_rest
    from vrest.study.perturb.two_clocks import TwoClocks, at_once, elsewhere, reasons, resting, settling
    from vrest.study.perturb.why import UNITS as PARTS
    from vrest.study.perturb.why import listed
    from vrest.verbs.outcome import Outcome
    from vrest.verbs.readings import UNITS

    with Meter(described.name) as meter:
        start = resting(described, meter)
        warnings = elsewhere(start)
        try:
            now = at_once(start, changed)
        except VrestError as failed:
            if not isinstance(failed, NoRestError) and failed.code != "undefined_rate":
                raise
            now = Moment("at once")
            warnings.append(Notice(failed.code, f"at once: {failed.message}"))
        found = settling(start, changed, meter)
    error, end = None, Moment("settled")
    if not found.outcome.is_rest:
        error = NoRestError(f"'{found.cell.name}': {found.reason}", code=found.outcome.name)
    else:
        end = at_rest(found, "settled")
        if options.is_cell(output):
            options.save_cell(found.as_cell(), output)
    moments, why = (at_rest(start, "before"), now, end), reasons(start, now, end)
    if plot:
        story = TwoClocks(described, tuple(changed), moments)
        options.save_figure("vrest.plot.two_clocks", "two_clocks_figure", story, plot)
    body = report(
        {
            "changes": [str(change) for change in changed],
            **{moment.label.replace(" ", "_"): moment.as_dict() for moment in moments},
            "outcome": found.outcome.name,
            "reason": found.reason,
            "slowest_time_constant": found.slowest_time_constant,
            "why": {"at_once": listed(why.at_once), "settled": listed(why.later)},
        },
        {**UNITS, **PARTS, "slowest_time_constant": "s"},
        {"cell": cell, **changes.inputs, "output": output, "plot": plot},
        cell=described.name,
        temperature=door(found.cell.temperature, "temperature"),
        warnings=[*found.warnings, *warnings],
        error=error,
    )

    told = moments_table(moments, contents(found, moments))
    options.save_data(output, body, (named(told), *why.tables()))

    def human() -> None:
        title(described, body["temperature"], changed)
        table(told)
        say(FROZEN)
        run_down = found.outcome is Outcome.rests_run_down
        for sentence in filter(None, (why.says_at_once(), why.says_later(run_down))):
            say(sentence)
        say(f"settled: {found.outcome.words}{f'. {found.reason}' if error is None else ''}")
        if found.slowest_time_constant is not None:
            wait = duration(found.slowest_time_constant)
            say(f"slowest time constant: {wait}, in which what is left of the way falls by a factor e")
        elif found.algebraic:
            say("slowest time constant: none: algebraic")

    answer(body, human, as_json=as_json, quiet=quiet)
    if error is not None:
        raise Exit(error.exit_code)


def contents(found: Rest, moments: Sequence[Moment]) -> list[tuple[str, str]]:
    """Compartments and ions whose concentrations are shown: of a bath, those that change."""
    before, *later = [m.concentrations for m in moments if m.concentrations]
    return [
        (space.name, ion)
        for space in found.system.structure.spaces
        for ion in space.ions
        if space.finite or any(c[space.name][ion] != before[space.name][ion] for c in later)
    ]
