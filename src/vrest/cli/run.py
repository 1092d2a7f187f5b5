"""`vrest run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from vrest.cli import options
from vrest.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from vrest.model.cell import Cell
    from vrest.verbs.progress import Progress
    from vrest.verbs.rest import Rest
    from vrest.verbs.run_result import Run


@click.command("run")
@click.argument("cell", metavar="CELL", required=False)
@click.option("--at", "events", nargs=2, multiple=True, metavar="TIME CHANGE", help="A change at a time. Repeatable.")
@click.option("--until", metavar="TIME", help='End, s, or such as "2 h".  [default: 1 h]')
@click.option("--points", metavar="N", help="How many times to report.  [default: 1000]")
@click.option("--times", metavar="TIMES", help='Which, such as "0, 1 s, 1 min", 0:60:lin:7, or a file of them.')
@click.option("--log", is_flag=True, help="Logarithmic times, from 1 us after the start and each event.")
@click.option("--rtol", metavar="X", help="Relative tolerance of a step.  [default: 1e-8]")
@click.option(
    "--from-rest",
    is_flag=False,
    flag_value="",
    metavar="[N]",
    help="Start from the resting state of the cell (with its --set), or from the Nth of 'vrest rest --all'.",
)
@click.option("--from", "source", metavar="FILE", help="Repeat a run that was saved as netCDF, bit for bit.")
@options.changes
@click.option("-o", "--output", metavar="FILE", help="Save the run (.nc or .csv).")
@options.plot
@options.common
def command(
    cell: str | None,
    events: tuple[tuple[str, str], ...],
    until: str | None,
    points: str | None,
    times: str | None,
    log: bool,
    rtol: str | None,
    from_rest: str | None,
    source: str | None,
    changes: options.Changes,
    output: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """A cell over time, under changes at exact moments: from microseconds to days.

    \b
    Examples:
      vrest run mammalian_neuron --at "5 min" "pump.max_rate*=0" --until "2 h" -o run.nc
      vrest run squid_axon --at "1 s" "outside.K=50 mM swap Na" -o run.csv
      vrest run my_cell.toml --from-rest --until "1 d" --log --plot run.png
      vrest run dijkstra_2016 --from-rest 2 --until "1 min"
      vrest run --from run.nc -o again.nc

    CELL is a name of the library ('vrest show' lists them), a TOML file, or - for standard input. A change is
    PATH=VALUE, PATH*=FACTOR or PATH=restore, and may end in "swap Na", "with Cl" or "over 2 min".
    """
    from vrest.cli.answer import Meter, answer, shown
    from vrest.cli.app import Wrong
    from vrest.io.report import door, report
    from vrest.numerals import parse_number

    if cell is None and from_rest and not from_rest.strip().isdecimal():
        cell, from_rest = from_rest, ""  # --from-rest CELL: what follows it is no number
    said = {"CELL": cell, "--at": events, "--until": until, "--points": points, "--times": times, "--log": log}
    said |= {
        "--rtol": rtol,
        "--from-rest": from_rest is not None,
        "--set": changes.texts,
        "--swap": changes.swap,
        "--with": changes.salt,
        "--pipette": changes.solutions.pipette,
    }
    if source and (extra := [name for name, value in said.items() if value]):
        raise Wrong(f"--from repeats a run as it was and takes no {extra[0]}.", hint="Leave it out.")
    if not (source or cell):
        raise Wrong("CELL is missing.", code="missing_argument", hint="Name a cell, or a run with --from.")
    if times and (points or log):
        raise Wrong(
            f"--times says which times, and takes no {'--points' if points else '--log'}.", hint="Leave it out."
        )
    options.check_figure(plot)
    if output:
        from vrest.atomic import check_target
        from vrest.io.netcdf import RUNS

        check_target(output, RUNS, "a run")
    from vrest.verbs.readings import UNITS
    from vrest.verbs.run import POINTS, RTOL, simulate

    if source:
        from vrest.io.netcdf import read_run_recipe

        described, plan, stop, accuracy, at, begin = read_run_recipe(source)
    else:
        at, begin = None if times is None else read_times(times), None
        described, along = changes.read_along(str(cell), *(change for _, change in events))
        plan = [(when, change) for (when, _), change in zip(events, along, strict=True)]
        stop = until or ("1 h" if at is None else float(at.max()))
        accuracy = RTOL if rtol is None else parse_number(rtol, "rtol")
    with Meter(described.name) as meter:
        if from_rest is not None:
            begin = resting(described, from_rest, meter).state
        found = simulate(
            described,
            plan,
            stop,
            times=at,
            points=POINTS if points is None else options.whole(points, "points"),
            spacing="log" if log else "linear",
            rtol=accuracy,
            progress=meter,
            start=begin,
        )
    if output:
        from vrest.io.netcdf import write_run

        write_run(found, output)
    if plot:
        options.save_figure("vrest.plot.timecourse", "timecourse_figure", found, plot)
    inputs = {"cell": cell, "from": source, "protocol": found.plan.rows(), "until": found.until, "rtol": found.rtol}
    inputs |= {**changes.inputs, "from_rest": int(from_rest) if from_rest else from_rest is not None, "log": log}
    inputs |= {"times": times}
    inputs |= {"output": output, "plot": plot}
    body = report(
        result(found),
        {**UNITS, "time": "s", "steps": "1", "rejected": "1", "count": "1", "rate": "Hz", "spike_times": "s"},
        inputs,
        cell=found.cell.name,
        temperature=door(found.cell.temperature, "temperature"),
        warnings=found.warnings,
    )
    answer(body, lambda: shown(found), as_json=as_json, quiet=quiet)


def read_times(text: str) -> np.ndarray:
    """Times to report, s: a list or a range, or a file with one a line or several."""
    from pathlib import Path

    import numpy as np

    from vrest.ranges import read_values
    from vrest.reading import read_text, there

    if not (Path(text).suffix and there(text)):
        return read_values(text, "time", "--times")
    lines = enumerate(read_text(text, "bad_times").splitlines(), 1)
    rows = [(k, line.partition("#")[0].strip().removesuffix(",")) for k, line in lines]
    found = [read_values(row, "time", f"'{text}', line {k}") for k, row in rows if row]
    if not found:
        raise InputError(f"'{text}' has no times.", code="bad_times", hint="Write one a line, such as 1 s or 0.5.")
    return np.concatenate(found)


def resting(cell: Cell, which: str, progress: Progress) -> Rest:
    """The rest that the motion leads to, or the one of a number among all."""
    from vrest.tables import counted

    if not which:
        from vrest.verbs.rest import rest

        return rest(cell, progress=progress).raise_if_none()
    from vrest.verbs.rest_all import rest_all

    number = options.whole(which, "--from-rest")
    found = rest_all(cell, progress=progress)
    if not 1 <= number <= len(found):
        problem = f"--from-rest {number}: '{cell.name}' has {counted(len(found), 'rest')}."
        raise InputError(problem, code="no_such_rest", hint=f"'vrest rest {cell.name} --all' lists them, by V.")
    return found[number - 1]


def result(found: Run) -> dict[str, Any]:
    """What a run says: V over time, and everything at its start, before each event, and at its end."""
    return {
        "time": found.time,
        "v": by_membrane(found, found.v),
        "moments": [moment(found, k) for k in found.moments],
        "spikes": [
            {"membrane": name, "count": len(when), "rate": found.spikes.rate[name], "spike_times": when}
            for name, when in found.spikes.some.items()
        ],
        "steps": found.steps,
        "rejected": found.rejected,
        "complete": found.complete,
        "conserved": [{"law": a.name, "unit": a.unit, "drift": a.drift, "floor": a.floor} for a in found.ledger],
    }


def by_membrane(found: Run, values: Any) -> Any:
    """Values of one membrane as they are, of several by name."""
    walls = found.system.structure.walls
    return values if len(walls) == 1 else {wall.name: values[..., k] for k, wall in enumerate(walls)}


def moment(found: Run, k: int) -> dict[str, Any]:
    """Everything at one reported time; the parameters are those that hold from then on."""
    from vrest.verbs.readings import readings

    now = readings(found.system, found.states[k], found.parameters[k])
    return {
        "time": float(found.time[k]),
        "v": by_membrane(found, found.v[k]),
        "E": next(iter(now.E.values())) if len(now.E) == 1 else now.E,
        "concentrations": now.concentrations,
        "volumes": now.volumes,
        "exchange_currents": now.exchange_currents,
        "atp_per_second": now.atp_per_second,
    }
