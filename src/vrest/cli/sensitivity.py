"""`vrest sensitivity`."""

from __future__ import annotations

import rich_click as click

from vrest.cli import options


@click.command("sensitivity")
@options.cell
@click.option("--over", multiple=True, metavar="PATH", help="What varies, or 'PATH ~ DIST'. Repeatable.")
@click.option("--of", multiple=True, metavar="NAME", help="V, inside.K, E_K, volume, ATP, tau, collapse. Repeatable.")
@click.option("--global", "wide", is_flag=True, help="Sobol indices as well; so it is with -n or a DIST.")
@click.option("-n", "n", metavar="N", help="Base samples of the Sobol indices, a power of two.  [default: 1024]")
@click.option("--seed", metavar="N", help="Of the samples.  [default: 0]")
@click.option("--threshold", metavar="V", help='V that counts as collapsed.  [default: "-30 mV"]')
@options.changes
@options.output
@options.plot
@options.common
def command(
    cell: str,
    over: tuple[str, ...],
    of: tuple[str, ...],
    wide: bool,
    n: str | None,
    seed: str | None,
    threshold: str | None,
    changes: options.Changes,
    output: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """What the resting state depends on: exact effects of small changes; Sobol indices over distributions.

    \b
    Examples:
      vrest sensitivity mammalian_neuron --plot tornado.png
      vrest sensitivity dijkstra_2016 --of V --of tau --over pump.max_rate --over "outside.K swap Na"
      vrest sensitivity mammalian_neuron --of V --over "K_leak.permeability ~ lognormal(0.2)" \\
          --over "outside.K ~ uniform(3 mM, 8 mM) swap Na" -n 4096 --plot sobol.png
      vrest sensitivity skeletal_muscle --of collapse --json

    An effect is what 1 % more does (1 K for a temperature, 1 mV for a potential), in mV for potentials and in % for
    all else. It says which numbers move the rest and which only the dynamics. DIST is that of 'vrest population'; a
    number without one has lognormal(0.1), a temperature a standard deviation of 1 K.
    """
    from vrest.cli.answer import Meter
    from vrest.cli.app import Wrong

    if seed and not (wide or n or any(sign in text for text in over for sign in "~∼")):
        raise Wrong("--seed is of Sobol indices.", hint="Say --global, -n N, or give a distribution.")
    options.check_figure(plot)
    described, along = changes.read_along(cell, *over)

    from vrest.study.sensitivity.sensitivity import THRESHOLD, N, sensitivity

    base = options.whole(n, "n") if n else N if wide else None
    with Meter(described.name) as meter:
        found = sensitivity(
            described,
            varied(tuple(along)),
            of=of or None,
            n=base,
            seed=options.whole(seed, "seed") if seed else 0,
            threshold=THRESHOLD if threshold is None else threshold,
            progress=lambda done, total: meter(done / total, f"{done:,} of {total:,} cells"),
        )
    if plot:
        options.save_figure("vrest.plot.sensitivity", "sensitivity_figure", found, plot)
    inputs = {"cell": cell, "over": list(over), "of": list(of), "global": wide, "n": n, "seed": seed}
    inputs |= {"threshold": threshold, **changes.inputs, "output": output, "plot": plot}
    options.conclude(found, described, found.as_dict(), found.units(), inputs, as_json=as_json, quiet=quiet)


def varied(over: tuple[str, ...]) -> dict[str, str | None] | None:
    """What varies, by path, with its distribution where one is given."""
    from vrest.errors import InputError

    found: dict[str, str | None] = {}
    for text in over:
        path, sign, law = text.replace("∼", "~").partition("~")
        law, companion = law.strip(), ""
        for word in (" swap ", " with "):  # may stand at the end, as in 'vrest population'
            before, said, after = law.rpartition(word)
            law, companion = (before, f"{said}{after}") if said else (law, companion)
        key = " ".join((path.strip() + companion).split())
        if key in found:
            raise InputError(f"{key} varies twice.", code="varies_twice", hint="Give each path once.")
        found[key] = law if sign else None
    return found or None
