"""Every perturbation in every cell of the library, written to docs/pairs.md: `python docs/pairs.py`.

It takes some minutes on two cores; `python docs/pairs.py CELL...` runs the cells named and leaves what the page
says of the others. `make test-library` checks every entry of the table again.
"""

from __future__ import annotations

import re
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from vrest.errors import NoRestError, VrestError
from vrest.model.cellfile import library
from vrest.study.perturb.library import perturbations
from vrest.study.perturb.perturb import perturb

Pairs = dict[str, dict[str, tuple[str, str]]]
"""By cell and perturbation: the sign, and what there is to say about it."""

ABREAST = 9
"""Cells in one table, so that it fits a page."""

PAGE = Path(__file__).with_name("pairs.md")

SIGNS = {
    "rests": "R",
    "rests_run_down": "D",
    "swells_without_limit": "S",
    "oscillates": "O",
    "unstable": "U",
    "runs_out": "E",
    "not_followed": "F",
    "not_converged": "?",
    "no rest": "N",
}
"""How it ends, in a letter."""

HEAD = """# Every perturbation in every cell

*Which perturbation does what in which cell?*

Made by `python docs/pairs.py`, by running each pair at its default dose from the certified rest; `make test-library`
runs them all again. What happens when the perturbation is kept on:

| sign | how it ends |
|---|---|
| R | rests |
| D | rests run down: no pump holds steep gradients |
| S | swells without limit |
| O | oscillates: it fires or cycles on and on, and the run was stopped |
| U | a stationary state is left, for another one |
| E | runs out: an ion is used up, which the model's rate laws do not prevent |
| F | fires on, and was not followed to where its contents rest |
| N | the cell has no rest to start from |
| ? | followed for a day, without a stationary state that could be certified |
| – | refused: the cell has not got what the perturbation acts on |

A star: after the wash it does not come back to where it was. A question mark behind a letter: that run was stopped
before it came to rest, as by firing.
"""


def entry(cell: str, name: str) -> tuple[str, str]:
    """The sign of one pair, and what there is to say about it."""
    try:
        found = perturb(cell, name)
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


def page(found: Pairs) -> str:
    """The table, the refusals by their reason, and what was said of runs that stopped."""
    cells, names = list(found), perturbations()
    lines = [HEAD]
    if missing := [f"`{cell}`" for cell in library() if cell not in found]:
        lines += ["Not in the table yet: " + ", ".join(missing) + ".", ""]
    for some in (cells[k : k + ABREAST] for k in range(0, len(cells), ABREAST)):
        heads = (cell.replace("_", "_<br>") for cell in some)
        lines += ["| perturbation | " + " | ".join(heads) + " |", "|---" * (len(some) + 1) + "|"]
        lines += [f"| `{name}` | " + " | ".join(found[cell][name][0] for cell in some) + " |" for name in names]
        lines.append("")
    lines += ["## Refused, and why", "", "| perturbation | because | in |", "|---|---|---|"]
    for name in names:
        refused = {cell: found[cell][name][1] for cell in cells if found[cell][name][0] == "–"}
        for reason in dict.fromkeys(text.rpartition(": ")[2] for text in refused.values()):
            where = [cell for cell, text in refused.items() if text.endswith(reason)]
            lines.append(f"| `{name}` | {reason} | {_told(where, cells)} |")
    lines += ["", "## Runs that were stopped", "", "| cell | perturbation | |", "|---|---|---|"]
    lines += [
        f"| `{cell}` | `{name}` | {text} |"
        for cell in cells
        for name, (sign, text) in found[cell].items()
        if text and sign != "–"
    ]
    return "\n".join(lines) + "\n"


def _told(where: list[str], cells: list[str]) -> str:
    """Some of the cells by their names, or all but the others, whichever is shorter."""
    others = [cell for cell in cells if cell not in where]
    named = [f"`{cell}`" for cell in min(where, others, key=len)]
    return ("" if len(where) <= len(others) else "all but " if others else "all cells") + ", ".join(named)


def written() -> Pairs:
    """What the present page says."""
    tables, refusals, stops = re.split(r"^## .*$", PAGE.read_text(encoding="utf-8"), flags=re.M)
    found: Pairs = {}
    for head, body in re.findall(r"^\| perturbation \| (.+) \|\n\|[-|]+\|\n((?:\| `.+\n)+)", tables, re.M):
        for cell in (some := head.replace("<br>", "").split(" | ")):
            found[cell] = {}
        for name, row in re.findall(r"^\| `(\w+)` \| (.+) \|$", body, re.M):
            for cell, sign in zip(some, row.split(" | "), strict=True):
                found[cell][name] = (sign, "")
    for name, reason, where in re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", refusals, re.M):
        named = set(re.findall(r"`(\w+)`", where))
        for cell in found if where == "all cells" else set(found) - named if where.startswith("all but") else named:
            found[cell][name] = ("–", reason)
    for cell, name, text in re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+) \|$", stops, re.M):
        found[cell][name] = (found[cell][name][0], text)
    return found


def main() -> None:
    cells = sys.argv[1:] or library()
    found = written() if sys.argv[1:] else {}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found |= dict(zip(cells, pool.map(row, cells), strict=True))
    PAGE.write_text(page({cell: found[cell] for cell in sorted(found)}), encoding="utf-8")


if __name__ == "__main__":
    main()
