"""`vrest map`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from vrest.cli import options

if TYPE_CHECKING:
    from vrest.study.parameter_map.parameter_map import ParameterMap


@click.command("map")
@options.cell
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--x", "x", nargs=2, metavar="PARAM VALUES", required=True, help="What varies across.")
@click.option("--y", "y", nargs=2, metavar="PARAM VALUES", required=True, help="What varies upwards.")
@click.option("--after", metavar="TIME", help='When V is looked at after the wash, s, or "10 min".  [default: 1 h]')
@options.changes
@options.output
@options.plot
@options.common
def command(
    cell: str,
    name: str | None,
    x: tuple[str, str],
    y: tuple[str, str],
    after: str | None,
    changes: options.Changes,
    output: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """A map of two numbers: where a cell rests, or from what it recovers.

    \b
    Examples:
      vrest map mammalian_neuron --x "outside.K swap Na" 2:60:log:40 --y pump.max_rate 0x:1.5x:lin:40 --plot map.png
      vrest map mammalian_neuron anoxia --x duration "1 min:2 h:log" --y dose "0 %:100 %" --after "10 min" -o map.csv
      vrest map dijkstra_2016 --x pump.max_rate 0.5x:1.5x:lin:9 --y temperature 30:38:lin:5 --json

    PARAM is a path of the cell ('vrest show CELL' lists them); an ion of a bath may end in "swap Na" or "with Cl".
    VALUES is a range, FROM:TO, FROM:TO:log or FROM:TO:lin:40, or a list; 0.5x is a multiple of the cell's own value.
    With NAME, a perturbation ('vrest perturb --list'), PARAM may also be its dose or duration: every run begins at
    rest, and the map says from what the cell is back some time after the wash.
    """
    from vrest.cli.answer import Meter
    from vrest.cli.app import Wrong

    if after and not name:
        raise Wrong("--after is of runs through a perturbation.", hint="Name one, such as anoxia, or leave it out.")
    options.check_figure(plot)
    paths = [each for each, _ in (x, y) if each not in ("dose", "duration")]
    described, varied = changes.read_along(cell, *paths)
    along = dict(zip(paths, varied, strict=True))
    across, up = ((along.get(each, each), values) for each, values in (x, y))

    from vrest.study.parameter_map.parameter_map import AFTER, parameter_map

    with Meter(described.name) as meter:
        found = parameter_map(described, across, up, name, after=after or AFTER, progress=meter)
    if plot:
        options.save_figure("vrest.plot.parameter_map", "map_figure", found, plot)
    inputs = {"cell": cell, "name": name, "x": list(x), "y": list(y), "after": after, **changes.inputs}
    options.conclude(
        found,
        described,
        result(found),
        {"x": found.x.unit or "1", "y": found.y.unit or "1", "v": "mV", "shares": "1"},
        inputs | {"output": output, "plot": plot},
        as_json=as_json,
        quiet=quiet,
    )


def result(found: ParameterMap) -> dict[str, Any]:
    """Axes, and at every point, y by y, what the cell ends in and V."""
    potentials = found.v_by_membrane
    return {
        "x": {"name": found.x.name, "values": found.x.values},
        "y": {"name": found.y.name, "values": found.y.values},
        "outcomes": found.endings.tolist(),
        "v": found.v if len(potentials) == 1 else potentials,
        "shares": found.shares,
    }
