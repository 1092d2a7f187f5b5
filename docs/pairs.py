"""Every perturbation in every cell of the library, written to docs/pairs.md: `python docs/pairs.py [FILE]`.

It takes about a quarter of an hour on two cores; `make test-library` checks every entry of the table again.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from vrest.errors import NoRestError, VrestError
from vrest.io.cellfile import library, load
from vrest.study.perturb import perturb
from vrest.study.perturbation import perturbations

SIGNS = {
    "rests": "R",
    "rests_run_down": "D",
    "swells_without_limit": "S",
    "oscillates": "O",
    "unstable": "U",
    "runs_out": "E",
    "not_converged": "?",
    "no rest": "N",
}
"""How it ends, in a letter."""

HEAD = """# Every perturbation in every cell

Made by `python docs/pairs.py`, by running each pair at its default dose from the certified rest; `make test-library`
runs them all again. What happens when the perturbation is kept on:

| sign | how it ends |
|---|---|
| R | rests |
| D | rests run down: no pump holds gradients |
| S | swells without limit |
| O | oscillates: it fires or cycles on and on, and the run was stopped |
| U | a stationary state is left, for another one |
| E | runs out: an ion is used up, which the model's rate laws do not prevent |
| N | the cell has no rest to start from |
| ? | followed for a day, without a stationary state that could be certified |
| – | refused: the cell has not got what the perturbation acts on |

A star: after the wash it does not come back to where it was. A question mark behind a letter: still firing when that
run was stopped.
"""


def entry(cell: str, name: str) -> tuple[str, str]:
    """The sign of one pair, and what there is to say about it."""
    try:
        found = perturb(load(cell), name)
    except NoRestError as error:
        return SIGNS["no rest"], error.message
    except VrestError as error:
        return "–", error.message
    back = {True: "", False: "\\*", None: "?"}[found.recovers]
    told = [stop.why for stop in (found.kept_stop, found.washed_stop) if stop]
    return SIGNS[found.outcome.name] + back, " After the wash: ".join(told)


def row(cell: str) -> dict[str, tuple[str, str]]:
    """Every perturbation in one cell: they share its compiled equations."""
    found = {}
    for name in perturbations():
        found[name] = entry(cell, name)
        print(f"{cell} {name}: {' '.join(found[name])}", file=sys.stderr, flush=True)
    return found


def page(found: dict[str, dict[str, tuple[str, str]]]) -> str:
    """The table, the refusals by their reason, and what was said of runs that stopped."""
    cells, names = list(found), perturbations()
    numbered = {cell: k for k, cell in enumerate(cells, start=1)}
    lines = [HEAD, "Cells: " + ", ".join(f"{k} `{cell}`" for cell, k in numbered.items()) + ".", ""]
    lines += ["| | " + " | ".join(map(str, numbered.values())) + " |", "|---" * (len(cells) + 1) + "|"]
    lines += [f"| `{name}` | " + " | ".join(found[cell][name][0] for cell in cells) + " |" for name in names]
    lines += ["", "## Refused, and why", "", "| perturbation | because | in |", "|---|---|---|"]
    for name in names:
        refused = {cell: found[cell][name][1] for cell in cells if found[cell][name][0] == "–"}
        for reason in dict.fromkeys(text.rpartition(": ")[2] for text in refused.values()):
            where = [cell for cell, text in refused.items() if text.endswith(reason)]
            lines.append(f"| `{name}` | {reason} | {'all cells' if len(where) == len(cells) else ', '.join(where)} |")
    lines += ["", "## Runs that were stopped", "", "| cell | perturbation | |", "|---|---|---|"]
    lines += [
        f"| `{cell}` | `{name}` | {text} |"
        for cell in cells
        for name, (sign, text) in found[cell].items()
        if text and sign != "–"
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("pairs.md")
    cells = library()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = dict(zip(cells, pool.map(row, cells), strict=True))
    target.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
