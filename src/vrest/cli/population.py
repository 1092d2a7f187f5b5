"""`vrest population`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import rich_click as click

from vrest.cli import options

if TYPE_CHECKING:
    from vrest.io.report import Report
    from vrest.verbs.population_result import Population

UNITS = {"v": "mV", "time_to_depolarisation": "s", "time_above": "s", "seconds": "s", "rank_correlation": "1"}

DRAWN, LEAST_DRAWN, MOST_DRAWN = 241, 25, 1_000_000
"""Times of a figure of runs: usually, at least, and at most those of all cells together."""


@click.command("population")
@options.cell
@click.option("--vary", multiple=True, metavar="'PATH ~ DIST'", help="What differs from cell to cell. Repeatable.")
@click.option("--table", metavar="FILE", help="A table (CSV) of values: a path above each column, a cell in each row.")
@click.option("-n", "n", metavar="N", help="How many cells.  [default: 1000, or the rows of the table]")
@click.option("--seed", metavar="N", help="Of the draws.  [default: 0]")
@click.option("--design", metavar="NAME", help="random, latin_hypercube or sobol.  [default: random]")
@click.option("--rest", "settle", is_flag=True, help="Resting states; so it is without --at and --until.")
@click.option("--at", "events", nargs=2, multiple=True, metavar="TIME CHANGE", help="A change at a time. Repeatable.")
@click.option("--until", metavar="TIME", help='Run each cell until then, s, or such as "1 h".')
@click.option("--from-rest", is_flag=True, help="Start each run from that cell's resting state.")
@click.option("--times", metavar="T,T,...", help='Keep the whole state at these times, such as "0, 10 min, 1 h".')
@click.option("--threshold", metavar="V", help='What counts as depolarised.  [default: "-30 mV"]')
@click.option("--rtol", metavar="X", help="Relative tolerance of a step.  [default: 1e-6]")
@click.option("--workers", metavar="N", help="Threads.  [default: one a core]")
@click.option("--scheduler", metavar="ADDRESS", help="Compute on the workers of a Dask scheduler.")
@options.changes
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write a store (.zarr) as it goes, and go on with one; or save all cells (.csv, .parquet, .nc) "
    "or the answer (.json).",
)
@options.plot
@options.common
def command(
    cell: str,
    vary: tuple[str, ...],
    table: str | None,
    n: str | None,
    seed: str | None,
    design: str | None,
    settle: bool,
    events: tuple[tuple[str, str], ...],
    until: str | None,
    from_rest: bool,
    times: str | None,
    threshold: str | None,
    rtol: str | None,
    workers: str | None,
    scheduler: str | None,
    changes: options.Changes,
    output: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Many cells that differ in some parameters: their resting states, or their runs.

    \b
    Examples:
      vrest population mammalian_neuron --vary "K_leak.permeability ~ lognormal(0.2)" --plot pop.png
      vrest population mammalian_neuron --vary "outside.K ~ uniform(3 mM, 8 mM) swap Na" \\
          -n 100000 --rest -o pop.zarr
      vrest population mammalian_neuron --vary "pump.max_rate ~ uniform(0.5x, 2x)" \\
          --at "5 min" "pump.max_rate*=0" --at "25 min" "pump.max_rate=restore" --until "1 h" --from-rest
      vrest population my_cell.toml --table posterior.csv -o cells.csv

    DIST is normal(MEAN, SD), lognormal(SIGMA) around the cell's own value or lognormal(MEDIAN, SIGMA),
    uniform(LOW, HIGH), loguniform(LOW, HIGH) or discrete(A, B, ...); 0.5x is a multiple of the cell's own value.
    Interrupted (Ctrl-C), the same command with the same -o goes on.
    """
    from vrest.cli.answer import Meter, answer, remark
    from vrest.cli.app import Wrong
    from vrest.io.report import door, report
    from vrest.numerals import parse_number

    said = {"--at": events, "--until": until, "--from-rest": from_rest, "--times": times}
    said |= {"--threshold": threshold, "--rtol": rtol}
    if (settle or not (events or until)) and (extra := [name for name, value in said.items() if value]):
        raise Wrong(f"{extra[0]} is of runs, not of resting states.", hint="Say --until TIME, and leave --rest out.")
    if not (vary or table):
        raise Wrong("Nothing varies.", code="missing_argument", hint='Such as --vary "outside.K ~ uniform(3, 8)".')
    stored = output is not None and output.lower().endswith(".zarr")
    if output and not stored:
        check_output(output)
    if scheduler and not stored:
        raise Wrong(
            "--scheduler needs a store to write to.", hint="Give -o FILE.zarr, in a folder that all workers see."
        )
    options.check_figure(plot)
    described, along = changes.read_along(cell, *vary, *(change for _, change in events))
    drawn_from, moved = tuple(along[: len(vary)]), along[len(vary) :]
    count = None if n is None else options.whole(n, "n")
    drawn = 0 if seed is None else options.whole(seed, "seed")
    threads = None if workers is None else options.whole(workers, "workers")
    store = None
    if output and stored:
        from vrest.io.zarr_store import zarr_store

        store = zarr_store(output)

    from vrest.verbs.population import RTOL, THRESHOLD, population

    moments: list[Any] | None = [part.strip() for part in times.split(",")] if times else None
    if plot and (events or until) and not (moments or output):  # a figure of runs has V over time; a store is as asked
        import numpy as np

        from vrest.verbs.run import span

        shown = min(DRAWN, max(LEAST_DRAWN, MOST_DRAWN // (count or MOST_DRAWN // DRAWN)))
        moments = np.linspace(0.0, span(until or "1 h"), shown).tolist()
    begin, before = time.monotonic(), -1
    try:
        with Meter(described.name) as meter:

            def progress(done: int, total: int) -> None:
                nonlocal before
                before = done if before < 0 else before  # what an earlier call did is not this one's speed
                rate = (done - before) / (time.monotonic() - begin)
                meter(done / total, f"{done:,} of {total:,} cells, {rate:,.0f} cells/s")

            found = population(
                described,
                varied(drawn_from, table),
                count,
                seed=drawn,
                design=(design or "random").replace("-", "_"),
                events=[(when, change) for (when, _), change in zip(events, moved, strict=True)] or None,
                until=until,
                from_rest=from_rest,
                times=moments,
                threshold=THRESHOLD if threshold is None else threshold,
                rtol=parse_number(rtol, "rtol") if rtol else RTOL,
                into=store,
                workers=threads,
                client=scheduler,
                progress=progress,
            )
    except KeyboardInterrupt:
        if stored and not (quiet or as_json):
            remark("Kept", "yellow", f"what is done is in '{output}'; the same command goes on from there.")
        raise
    seconds = time.monotonic() - begin
    if plot:
        options.save_figure("vrest.plot.population", "population_figure", found, plot)
    inputs = {"cell": cell, "vary": list(vary), "table": table, "n": found.n, "seed": found.samples.seed}
    inputs |= {"design": found.samples.design, "at": [list(event) for event in events], "until": until}
    inputs |= {"from_rest": from_rest, "times": times, "threshold": threshold, "rtol": rtol, "workers": workers}
    inputs |= {"scheduler": scheduler, **changes.inputs, "output": output, "plot": plot}
    body = report(
        found.summary | {"seconds": seconds},
        UNITS,
        inputs,
        cell=described.name,
        temperature=door(described.temperature, "temperature"),
        warnings=found.warnings,
    )
    if output and not stored:
        with Meter(f"writing {output}"):
            save(found, body, output)
    answer(body, lambda: show(found, seconds, output), as_json=as_json, quiet=quiet)


def check_output(path: str) -> None:
    """Refuse what could not be written in the end."""
    from vrest.atomic import check_target
    from vrest.io.population import FILES, check_population

    check_target(path, (".zarr", *FILES, ".json"), "a population")
    if not path.lower().endswith(".json"):
        check_population(path)


def save(found: Population, body: Report, path: str) -> None:
    """All cells, or the answer."""
    if path.lower().endswith(".json"):
        from vrest.io.data import write_data

        write_data(body, (), path)
    else:
        from vrest.io.population import write_population

        write_population(found, path)


def varied(vary: tuple[str, ...], table: str | None) -> dict[str, Any]:
    """What varies, by path: texts of distributions, and the columns of a table."""
    from vrest.errors import InputError

    found: dict[str, Any] = {}
    if table:
        from vrest.io.samples import read_samples

        found |= read_samples(table)
    for text in vary:
        path, sign, law = text.replace("∼", "~").partition("~")
        if not sign or path.strip() in found:
            problem = f"{path.strip()} varies twice." if sign else f"Cannot read what varies: {text!r}."
            hint = "Write PATH ~ DISTRIBUTION, each path once, such as 'outside.K ~ uniform(3 mM, 8 mM)'."
            raise InputError(problem, code="varies_twice" if sign else "bad_distribution", hint=hint)
        found[path.strip()] = law.strip()
    return found


def show(found: Population, seconds: float, output: str | None) -> None:
    """The population for people."""
    from vrest.cli.answer import say, shown
    from vrest.tables import counted
    from vrest.units import duration

    shown(found)
    if not found.computed:
        say(f"'{output}' was finished: nothing had to be computed")
        return
    place = f", in '{output}'" if output else ""
    say(f"{counted(found.computed, 'cell')} in {duration(seconds)}{place}")
