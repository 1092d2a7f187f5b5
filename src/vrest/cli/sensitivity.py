"""`vrest sensitivity`."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import rich_click as click

from vrest.cli import options

if TYPE_CHECKING:
    from vrest.study.sensitivity.sensitivity import Sensitivity
    from vrest.study.sensitivity.sobol import Indices

NOTHING = 1e-5
"""An effect so small beside the largest of its column is none."""

MOST_PAIRS = 5
"""Interactions that are shown."""


@click.command("sensitivity")
@options.cell
@click.option("--over", multiple=True, metavar="PATH", help="What varies, or 'PATH ~ DIST'. Repeatable.")
@click.option("--of", multiple=True, metavar="NAME", help="V, inside.K, E_K, volume, ATP, tau, collapse. Repeatable.")
@click.option("--global", "wide", is_flag=True, help="Sobol indices as well; so it is with -n or a DIST.")
@click.option("-n", "n", metavar="N", help="Base samples of the Sobol indices, a power of two.  [default: 1024]")
@click.option("--seed", metavar="N", help="Of the samples.  [default: 0]")
@click.option("--threshold", metavar="V", help='V that counts as collapsed.  [default: "-30 mV"]')
@options.changes
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
    from vrest.cli.answer import Meter, answer
    from vrest.cli.app import Wrong
    from vrest.io.report import door, report

    if seed and not (wide or n or any(sign in text for text in over for sign in "~∼")):
        raise Wrong("--seed is of Sobol indices.", hint="Say --global, -n N, or give a distribution.")
    options.check_figure(plot)
    described = changes.read(cell)

    from vrest.study.sensitivity.sensitivity import THRESHOLD, N, sensitivity

    base = options.whole(n, "n") if n else N if wide else None
    with Meter(described.name) as meter:
        found = sensitivity(
            described,
            varied(over),
            of=of or None,
            n=base,
            seed=options.whole(seed, "seed") if seed else 0,
            threshold=THRESHOLD if threshold is None else threshold,
            progress=lambda done, total: meter(done / total, f"{done:,} of {total:,} cells"),
        )
    if plot:
        options.save_figure("vrest.plot.sensitivity", "sensitivity_figure", found, plot)
    inputs = {"cell": cell, "over": list(over), "of": list(of), "global": wide, "n": n, "seed": seed}
    inputs |= {"threshold": threshold, **changes.inputs, "plot": plot}
    body = report(
        found.as_dict(),
        found.units(),
        inputs,
        cell=described.name,
        temperature=door(described.temperature, "temperature"),
        warnings=found.warnings,
    )
    answer(body, lambda: show(found, body["temperature"]), as_json=as_json, quiet=quiet)


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


def show(found: Sensitivity, temperature: float) -> None:
    """The sensitivity for people."""
    from vrest.cli.answer import say, table
    from vrest.study.sensitivity.sensitivity import VERDICTS
    from vrest.tables import Column, Table, counted, number

    say(f"{found.cell.name} at {number(temperature)} degC: what 1 % more of each number does")
    ranked = found.ranked(found.quantities[0].name)
    columns = [Column("", "", [e.factor.label for e in ranked])]
    columns += [
        Column(q.name, q.effect_unit, [e.on[q.name] for e in ranked], digits=3, rounding=NOTHING)
        for q in found.quantities
    ]
    table(Table(columns))
    for verdict, words in VERDICTS.items():
        if effects := found.named(verdict):
            say(f"{words}: {', '.join(e.factor.name for e in effects)}")
    if any(not e.exact for e in found.effects if e.verdict in ("size", "dynamics", "nothing")):
        say("(within 0.001 mV and 0.001 % a step; --json says by how much)")
    if found.sobol is None:
        return
    shares = found.sobol
    say(f"\n{counted(shares.cells, 'cell')} over these distributions (base {shares.n:,}, seed {shares.seed})")
    for name, index in shares.indices.items():
        of = next(q for q in found.quantities if q.name == name)
        say(f"{name}: mean {number(index.mean)} {of.unit}, SD {number(index.sd)} {of.unit}")
        if isnan(index.total[0]):
            say("  does not vary: nothing to share out")
            continue
        order = sorted(range(len(found.effects)), key=lambda k: -index.total[k])
        factors = [found.effects[k].factor for k in order]
        columns = [
            Column("of its variance", "", [f.name for f in factors]),
            Column("distribution", "", [f.law for f in factors]),
            Column("alone (first)", "", [index.first[k] for k in order], decimals=3),
            Column("±", "", [index.first_ci[k] for k in order], decimals=3),
            Column("with others (total)", "", [index.total[k] for k in order], decimals=3),
            Column("±", "", [index.total_ci[k] for k in order], decimals=3),
        ]
        table(Table(columns))
        for text in _pairs(found, index):
            say(text)


def _share(value: float, half: float) -> str:
    from vrest.tables import number

    return f"{number(value, decimals=3)} ± {number(half, decimals=3)}"


def _pairs(found: Sensitivity, index: Indices) -> list[str]:
    """Pairs that do together what neither does alone, beyond their interval; one has no more than either's total."""
    count, names = len(found.effects), [e.factor.name for e in found.effects]
    pairs = [(index.second[j, k], index.second_ci[j, k], j, k) for j in range(count) for k in range(j + 1, count)]
    most = index.total + index.total_ci
    sure = sorted((p for p in pairs if 0.0 < p[0] - p[1] <= min(most[p[2]], most[p[3]])), reverse=True)[:MOST_PAIRS]
    return [f"  together beyond both alone: {names[j]} and {names[k]} {_share(s, ci)}" for s, ci, j, k in sure]
