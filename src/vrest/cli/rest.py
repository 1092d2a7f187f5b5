"""`vrest rest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click
from click.exceptions import Exit

from vrest.cli import options

if TYPE_CHECKING:
    from vrest.verbs.rest import Rest

UNITS = {
    "v_rest": "mV",
    "E": "mV",
    "concentrations": "mM",
    "volumes": "um3",
    "eigenvalues": "1/s",
    "slowest_time_constant": "s",
    "atp_per_second": "1/s",
    "watts": "W",
    "residual_mV": "mV",
    "residual_mM_per_min": "mM/min",
    "conditioning": "1",
    "iterations": "1",
}


@click.command("rest")
@options.cell
@options.changes
@click.option("-o", "--output", metavar="FILE", help="Save the settled cell, with all digits (.toml).")
@options.plot
@options.common
def command(
    cell: str,
    changes: tuple[str, ...],
    swap: str | None,
    salt: str | None,
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

    CELL is a name of the library ('vrest show' lists them), a TOML file, or - for standard input.
    """
    from vrest.cli.answer import answer
    from vrest.errors import NoRestError
    from vrest.io.report import door, report

    options.check_figure(plot)
    if output:
        from vrest.atomic import check_target

        check_target(output, (".toml",), "a cell")
    described = options.read_changed(cell, changes, swap, salt)

    from vrest.verbs.rest import rest

    found = rest(described)
    error = None
    if not found.outcome.is_rest:
        error = NoRestError(f"'{found.cell.name}': {found.reason}", code=found.outcome.name)
    elif output:
        from vrest.atomic import replacing
        from vrest.io.cellfile import write_cell

        with replacing(output) as temporary:
            temporary.write_text(write_cell(found.as_cell()), encoding="utf-8")
    if plot and error is None:
        from vrest.study.explain import explain

        options.save_figure("vrest.plot.ladder", "ladder", explain(found), plot)
    inputs = {"cell": cell, "set": list(changes), "swap": swap, "with": salt, "output": output, "plot": plot}
    body = report(
        result(found),
        UNITS,
        inputs,
        cell=found.cell.name,
        temperature=door(found.cell.temperature, "temperature"),
        warnings=found.warnings,
        error=error,
    )
    answer(body, lambda: show(found, body["result"], body["temperature"]), as_json=as_json, quiet=quiet)
    if error is not None:
        raise Exit(error.exit_code)


def result(found: Rest) -> dict[str, Any]:
    """What a rest says; what an outcome without a state cannot say is None."""
    has_state = found.outcome.has_state
    values = {
        "outcome": found.outcome.name,
        "reason": found.reason,
        "stable": found.stable,
        **{name: getattr(found, name) if has_state else None for name in ("v_rest", "E", "concentrations", "volumes")},
        **{name: getattr(found, name) if has_state else None for name in ("atp_per_second", "watts")},
        "slowest_time_constant": found.slowest_time_constant,
        "residual_mV": found.residual_mV,
        "residual_mM_per_min": found.residual_mM_per_min,
        "eigenvalues": {"real": found.eigenvalues.real, "imag": found.eigenvalues.imag},
        "conditioning": found.conditioning,
        "iterations": found.iterations,
    }
    ledger = found.ledger if has_state else []
    values["conserved"] = [{"law": a.name, "unit": a.unit, "drift": a.drift, "floor": a.floor} for a in ledger]
    return values


def show(found: Rest, values: dict[str, Any], temperature: float) -> None:
    """The resting state for people."""
    from vrest.cli.answer import duration, millivolts, number, table

    click.echo(f"{found.cell.name} at {number(temperature)} degC: {values['outcome']}")
    click.echo(found.reason)
    if not found.outcome.has_state:
        return
    walls = found.system.structure.walls
    several = len(walls) > 1
    for wall in walls:
        v, reversals = (values[key][wall.name] if several else values[key] for key in ("v_rest", "E"))
        click.echo(f"\nV{f' ({wall.name})' if several else ''} = {millivolts(v)} mV")
        inside, outside = (values["concentrations"][side] for side in (wall.inside, wall.outside))
        table(
            ["ion", f"{wall.inside} mM", f"{wall.outside} mM", "E mV"],
            "lrrr",
            [[ion, number(inside[ion]), number(outside[ion]), millivolts(e)] for ion, e in reversals.items()],
        )
    for name, size in values["volumes"].items():
        click.echo(f"volume of {name}: {number(size)} um3")
    if values["slowest_time_constant"] is not None:
        click.echo(f"slowest time constant: {duration(values['slowest_time_constant'])}")
    click.echo(f"energy: {number(values['atp_per_second'], 3)} ATP/s, {number(values['watts'], 3)} W")
    worst = max((abs(x) for ions in found.residual_mM_per_min.values() for x in ions.values()), default=0.0)
    click.echo(f"certificate: {found.residual_mV:.1e} mV and {worst:.1e} mM/min are left, {conserved(values)}")


def conserved(values: dict[str, Any]) -> str:
    """The laws in one phrase."""
    laws = values["conserved"]
    return f"{len(laws)} conserved total{'' if len(laws) == 1 else 's'} held"
