"""`vrest rest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click
from click.exceptions import Exit

from vrest.cli import options

if TYPE_CHECKING:
    from vrest.model.cell import Cell
    from vrest.tables import Table
    from vrest.verbs.rest import Rest

UNITS = {
    "v_rest": "mV",
    "E": "mV",
    "concentrations": "mM",
    "volumes": "um3",
    "exchange_currents": "pA",
    "eigenvalues": "1/s",
    "slowest_time_constant": "s",
    "atp_per_second": "1/s",
    "watts": "W",
    "residual_mV": "mV",
    "residual_mM_per_min": "mM/min",
    "uncounted_charge": "mM",
    "conditioning": "1",
    "iterations": "1",
    "followed": "s",
    "steps": "1",
}


@click.command("rest")
@options.cell
@options.changes
@click.option("--all", "every", is_flag=True, help="Every rest that can be found, stable or not.")
@options.cell_or_data
@options.plot
@options.common
def command(
    cell: str,
    changes: options.Changes,
    every: bool,
    output: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """The resting state of a cell, certified; or the reason why it has none.

    \b
    Examples:
      vrest rest mammalian_neuron
      vrest rest mammalian_neuron --set "outside.K=12 mM" --swap Na --json
      vrest rest my_cell.toml --set "pump.max_rate*=0.5" -o settled.toml
      vrest rest mammalian_neuron --plot ladder.png
      vrest rest dijkstra_2016 --all
      vrest rest dijkstra_2016 --all -o states.toml

    CELL is a name of the library ('vrest show' lists them), a TOML file, or - for standard input.
    With --all, -o states.toml writes each rest as a cell: states-1.toml, states-2.toml and so on, by V.
    """
    from vrest.cli.answer import Meter, answer, shown
    from vrest.errors import NoRestError
    from vrest.io.report import door, report

    options.check_figure(plot)
    if every and plot:
        from vrest.cli.app import Wrong

        raise Wrong("--all lists rests; --plot shows one.", hint="Leave --all out.")
    described = changes.read(cell)
    inputs = {"cell": cell, **changes.inputs, "output": output, "plot": plot}
    if every:
        list_all(described, inputs, as_json, quiet)
        return

    from vrest.verbs.rest import rest

    with Meter(described.name) as meter:
        found = rest(described, progress=meter)
    error = None
    if not found.outcome.is_rest:
        error = NoRestError(f"'{found.cell.name}': {found.reason}", code=found.outcome.name)
    elif options.is_cell(output):
        options.save_cell(found.as_cell(), output)
    if plot and error is None:
        from vrest.study.explain.explain import explain

        options.save_figure("vrest.plot.ladder", "ladder_figure", explain(found), plot)
    body = report(
        result(found),
        UNITS,
        inputs,
        cell=found.cell.name,
        temperature=door(found.cell.temperature, "temperature"),
        warnings=found.warnings,
        error=error,
    )
    options.save_data(output, body, found.saved())
    told = "" if error is None else found.reason
    answer(body, lambda: shown(found, told), as_json=as_json, quiet=quiet)
    if error is not None:
        raise Exit(error.exit_code)


def list_all(cell: Cell, inputs: dict[str, Any], as_json: bool, quiet: bool) -> None:
    """Every rest found, by potential; exit code 4 where none is stable."""
    from vrest.cli.answer import Meter, answer
    from vrest.errors import NoRestError
    from vrest.io.report import door, report
    from vrest.model.notices import notices
    from vrest.verbs.rest_all import rest_all

    with Meter(cell.name) as meter:
        rests = rest_all(cell, progress=meter)
    error = None
    if not any(r.stable for r in rests):
        text = f"No stable rest was found, and {len(rests)} unstable." if rests else "No rest was found."
        error = NoRestError(f"'{cell.name}': {text}", code=rests[0].outcome.name if rests else "not_converged")
    warnings = {n.message: n for r in rests for n in r.warnings} or {n.message: n for n in notices(cell)}
    temperature = door(cell.temperature, "temperature")
    body = report(
        {"rests": [result(r) for r in rests]},
        UNITS,
        inputs | {"all": True},
        cell=cell.name,
        temperature=temperature,
        warnings=warnings.values(),
        error=error,
    )
    output, listed = inputs["output"], table_of(rests)
    if options.is_cell(output):
        for k, each in enumerate(rests, 1):
            options.save_cell(each.as_cell(), f"{output[:-5]}-{k}{output[-5:]}")
    elif listed:
        options.save_data(output, body, [listed])
    answer(body, lambda: show_all(cell, rests, listed, temperature), as_json=as_json, quiet=quiet)
    if error is not None:
        raise Exit(error.exit_code)


def show_all(cell: Cell, rests: list[Rest], listed: Table | None, temperature: float) -> None:
    """Every rest in one table."""
    from vrest.cli.answer import say, table
    from vrest.tables import counted, number

    count = f"{counted(len(rests), 'rest')} found"
    stable = sum(r.stable for r in rests)  # where none is, that is the error
    say(f"{cell.name} at {number(temperature)} degC: {count}{f', {stable} stable' if stable else ''}")
    if listed:
        table(listed)
        say("slowest: time constant with which it is reached; growth: time in which a deviation grows by a factor e")


def table_of(rests: list[Rest]) -> Table | None:
    """Every rest a row, numbered as 'vrest run --from-rest' does; None where there is none."""
    from vrest.tables import Column, Table
    from vrest.units import duration

    if not rests:
        return None
    structure = rests[0].system.structure
    inner = [s for s in structure.spaces if s.finite]
    columns = [
        Column("number", "", list(range(1, len(rests) + 1))),
        Column("rest", "", [r.outcome.words for r in rests]),
    ]
    for wall in structure.walls:
        several = len(structure.walls) > 1
        held = [r.v_rest[wall.name] if isinstance(r.v_rest, dict) else r.v_rest for r in rests]
        columns.append(Column(f"V {wall.name}" if several else "V", "mV", held, decimals=2))
    slowest = ["algebraic" if r.algebraic else r.slowest_time_constant for r in rests]
    columns.append(Column("slowest", "s", slowest, form=duration))
    rates = [float(r.eigenvalues.real.max()) for r in rests]
    columns.append(Column("growth", "s", [1 / rate if rate > 0 else None for rate in rates], form=duration))
    for s in inner:
        for ion in s.ions:
            columns.append(
                Column(f"{ion} {s.name}", "mM", [r.concentrations[s.name][ion] for r in rests], rounding=0.0)
            )
    columns += [
        Column(f"volume {s.name}", "um3", [r.volumes[s.name] for r in rests]) for s in inner if s.kind == "osmotic"
    ]
    return Table(columns)


FIELDS = ("v_rest", "E", "concentrations", "volumes", "exchange_currents")


def result(found: Rest) -> dict[str, Any]:
    """What a rest says; what an outcome without a state cannot say is None."""
    has_state = found.outcome.has_state
    values = {
        "outcome": found.outcome.name,
        "reason": found.reason,
        "stable": found.stable,
        "held_by": found.held_by,
        **{name: getattr(found, name) if has_state else None for name in FIELDS},
        **{name: getattr(found, name) if has_state else None for name in ("atp_per_second", "watts")},
        "slowest_time_constant": found.slowest_time_constant,
        "residual_mV": found.residual_mV,
        "residual_mM_per_min": found.residual_mM_per_min,
        "eigenvalues": {"real": found.eigenvalues.real, "imag": found.eigenvalues.imag},
        "uncounted_charge": found.uncounted_charge if has_state else None,
        "conditioning": found.conditioning,
        "iterations": found.iterations,
        "followed": found.followed,
        "steps": found.steps,
    }
    ledger = found.ledger if has_state else []
    values["conserved"] = [{"law": a.name, "unit": a.unit, "drift": a.drift, "floor": a.floor} for a in ledger]
    return values
