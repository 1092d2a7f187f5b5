"""`vrest curve`."""

from __future__ import annotations

import rich_click as click

from vrest.cli import options


@click.command("curve", cls=options.Numbered)
@options.cell
@click.argument("parameter", metavar="PARAM")
@click.argument("start", metavar="[FROM", required=False)
@click.argument("stop", metavar="TO]", required=False)
@click.option("--log", is_flag=True, help="Values evenly spaced in the logarithm.")
@click.option("--points", metavar="N", help="How many values.  [default: 61]")
@click.option("--cells", metavar="CELL,CELL", help="Other cells for the same figure.")
@click.option("--data", metavar="FILE", help="What was measured: a table as 'vrest fit' takes it.")
@click.option("--membrane", metavar="NAME", help="Whose V, where there are several.")
@options.changes
@options.output
@options.plot
@options.common
def command(
    cell: str,
    parameter: str,
    start: str | None,
    stop: str | None,
    log: bool,
    points: str | None,
    cells: str | None,
    data: str | None,
    membrane: str | None,
    changes: options.Changes,
    output: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """V along one number of a cell: at once and settled, beside the Nernst line and what was measured.

    \b
    Examples:
      vrest curve mammalian_neuron outside.K 0.5 150 --log --swap Na --plot curve.png
      vrest curve kir_muscle outside.K 0.5 20 --log --swap Na
      vrest curve frog_muscle outside.K 0.5 100 --log --swap Na --data vm_ko.csv --plot measured.png
      vrest curve mammalian_neuron outside.K 1 100 --log --swap Na --cells squid_axon,skeletal_muscle
      vrest curve dijkstra_2016 pump.max_rate 0.1x 2x -o pump.csv

    CELL is a name of the library ('vrest show' lists them), a TOML file, or - for standard input. PARAM is a path of
    the cell ('vrest show CELL' lists them). FROM and TO are quantities, or multiples of the present value such as
    0.3x; without them a concentration goes from a tenth to thirty times the present one. Each value is a step from
    the resting cell: V at once, contents frozen; V settled, how long that takes, and why there is no rest where there
    is none. Where the settled V jumps or ends is narrowed down and listed. --swap and --with go along with PARAM.
    """
    from vrest.cli.answer import Meter
    from vrest.cli.app import Wrong

    if start is not None and stop is None:
        raise Wrong("TO is missing.", code="missing_argument", hint="FROM and TO go together, such as 0.5 150.")
    if start is None and (extra := [name for name, given in {"--log": log, "--points": points}.items() if given]):
        raise Wrong(f"{extra[0]} is of a range.", hint="Give FROM and TO, such as 0.5 150.")
    if cell == data == "-":
        raise Wrong("Standard input is either the data or the cell.", hint="Give a file for one of them.")
    options.check_figure(plot)
    described, (path,) = changes.read_along(cell, parameter)
    names = [name.strip() for name in cells.split(",")] if cells else []
    beside = [changes.read_along(name, parameter)[0] for name in names]
    table = None
    if data:
        from vrest.io.measurements import read_measurements

        table = read_measurements(data)

    from vrest.study.curve.curve import POINTS, curve

    count = POINTS if points is None else options.whole(points, "points")
    values = None if start is None else f"{start}:{stop}:{'log' if log else 'lin'}:{count}"
    with Meter(described.name) as meter:
        found = curve(described, path, values, others=beside, data=table, membrane=membrane, progress=meter)
    if plot:
        options.save_figure("vrest.plot.curve", "curve_figure", found, plot)
    inputs = {"cell": cell, "parameter": parameter, "from": start, "to": stop, "log": log, "points": points}
    inputs |= {"cells": cells, "data": data, "membrane": membrane}
    inputs |= {**changes.inputs, "along": found.companion or None, "output": output, "plot": plot}
    options.conclude(found, described, found.as_dict(), found.units(), inputs, as_json=as_json, quiet=quiet)
