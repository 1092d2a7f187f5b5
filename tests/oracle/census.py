"""Many random cells: where the package says they rest against where the motion leads.

python tests/oracle/census.py --cells 1000 --seed 1

prints a Markdown table of counts, and with --list every cell on which the two disagree (`--toml FOLDER` writes them).
"""

import argparse
import multiprocessing
import os
import sys
import time
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from oracle import cells as generated
from oracle.model import Model
from oracle.motion import End, brief, judged

MV = 0.01
"""Rests whose potentials differ by more are different rests."""

KIND = {
    "rests": "rests",
    "rests_run_down": "rests",
    "oscillates": "fires",
    "runs_out": "runs_out",
    "swells_without_limit": "swells",
    "neutral": "drifts",
}
"""What an outcome of the package is in the words of the judge; `unstable` and `not_converged` name no end."""

VERDICTS = ("agree", "wrong basin", "wrong outcome", "no answer", "not followed to its end", "excluded")
"""The last two are no verdict: the cell still fires after all steps, or tolerances of 1e-8 and 1e-10 disagree."""


@dataclass(frozen=True)
class Answer:
    """What the package says of one cell."""

    outcome: str
    potentials: dict
    """mV, by membrane."""

    def __str__(self):
        values = ", ".join(f"{v:.4f}" for v in self.potentials.values())
        return f"{self.outcome} {values}".strip()


def verdict(end, answer):
    """One of VERDICTS."""
    if end.kind == "unsure":
        return "excluded"
    kind = KIND.get(answer.outcome)
    if end.kind == "fires" and kind != "fires":
        return "not followed to its end"
    if kind is None:
        return "no answer"
    if kind != end.kind:
        return "wrong outcome"
    if kind == "rests" and any(not abs(v - answer.potentials[n]) < MV for n, v in end.potentials.items()):
        return "wrong basin"
    return "agree"


# --- the judge ----------------------------------------------------------------------------------------------


def judge(described, max_steps=60_000, seconds=20.0):
    """Where the motion of a described cell leads."""
    return judged(Model(described), max_steps=max_steps, seconds=seconds)


def judge_all(many, workers=2, max_steps=60_000):
    """The same of many, in processes of their own."""
    jobs = [(d, max_steps) for d in many]
    if workers < 2:
        return [judge(*job) for job in jobs]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        return pool.starmap(judge, jobs, chunksize=4)


# --- the package --------------------------------------------------------------------------------------------


def one_by_one(texts):
    """What `vrest.rest` says of cells, as TOML."""
    import vrest

    return [_single(vrest, text) for text in texts]


def _single(vrest, text):
    try:
        found = vrest.rest(vrest.parse_cell(text))
    except vrest.VrestError as error:
        return Answer(f"refused ({error.code})", {})
    walls = found.system.structure.walls
    potentials = {}
    if found.outcome.has_state:
        potentials = {w.name: 1e3 * float(found.system.potential(found.state, w)) for w in walls}
    return Answer(found.outcome.name, potentials)


def together(texts):
    """What the batch engine says of the same cells, those of one structure at once."""
    import vrest
    from vrest.system.assemble import assemble
    from vrest.system.structure import parameter_vector
    from vrest.verbs.outcome import Outcome
    from vrest.verbs.rest_batch import rest_batch

    groups, answers = defaultdict(list), [None] * len(texts)
    for k, text in enumerate(texts):
        try:
            one = vrest.parse_cell(text)
            system = assemble(one)
            p = parameter_vector(one)
            groups[id(system)].append((k, system, p, system.start(one)))
        except vrest.VrestError as error:
            answers[k] = Answer(f"refused ({error.code})", {})
    for group in groups.values():
        system = group[0][1]
        found = rest_batch(system, np.array([p for _, _, p, _ in group]), np.array([x for *_, x in group]))
        for (k, *_), state, number in zip(group, found.state, found.outcome, strict=True):
            outcome = tuple(Outcome)[number]
            walls = system.structure.walls
            there = outcome.has_state
            v = {w.name: 1e3 * float(system.potential(state, w)) for w in walls} if there else {}
            answers[k] = Answer(outcome.name, v)
    return answers


# --- the table ----------------------------------------------------------------------------------------------


def table(kinds, ends, *columns):
    """Markdown: the counts of verdicts for each kind of cell; `columns` are (name, answers)."""
    lines = []
    for name, answers in columns:
        counts = defaultdict(Counter)
        for kind, end, answer in zip(kinds, ends, answers, strict=True):
            counts[kind][verdict(end, answer)] += 1
        lines += [f"`{name}` against the motion:", ""]
        lines += ["| cells | n | " + " | ".join(VERDICTS) + " |", "|---" * (len(VERDICTS) + 2) + "|"]
        total = Counter()
        for kind, found in counts.items():
            total += found
            lines.append(_row(kind, found))
        lines += [_row("**all**", total), ""]
    return "\n".join(lines)


def _row(name, found):
    return f"| {name} | {sum(found.values())} | " + " | ".join(str(found[v]) for v in VERDICTS) + " |"


def ends_table(kinds, ends):
    """Markdown: where the motion leads, for each kind of cell."""
    words = ("rests", "runs_out", "swells", "fires", "drifts", "unsure")
    counts = defaultdict(Counter)
    for kind, end in zip(kinds, ends, strict=True):
        counts[kind][end.kind] += 1
    lines = ["| the motion | " + " | ".join(words) + " |", "|---" * (len(words) + 1) + "|"]
    lines += [f"| {kind} | " + " | ".join(str(found[w]) for w in words) + " |" for kind, found in counts.items()]
    return "\n".join([*lines, ""])


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-structure", type=int, default=25)
    parser.add_argument("--kinds", default=",".join(generated.KINDS))
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--max-steps", type=int, default=60_000, help="of the integrator, for one cell")
    parser.add_argument("--list", action="store_true", help="every cell on which the two disagree")
    parser.add_argument("--toml", help="a folder for those cells")
    parser.add_argument("--no-batch", action="store_true")
    asked = parser.parse_args(argv)
    drawn = list(generated.cells(asked.cells, asked.seed, tuple(asked.kinds.split(",")), asked.per_structure))
    texts = [generated.to_toml(d) for _, _, d in drawn]
    kinds = [plan.kind for plan, _, _ in drawn]
    began = time.time()
    ends: list[End] = judge_all([tomllib.loads(text) for text in texts], asked.workers, asked.max_steps)
    judged_in, began = time.time() - began, time.time()
    columns = [("rest", one_by_one(texts))]
    single_in, began = time.time() - began, time.time()
    if not asked.no_batch:
        columns.append(("rest_batch", together(texts)))
    print(f"{len(texts)} cells of {len({plan for plan, _, _ in drawn})} structures, seed {asked.seed}; the judge took")
    print(f"{judged_in:.0f} s, `rest` {single_in:.0f} s, the batch {time.time() - began:.0f} s.\n")
    print(ends_table(kinds, ends))
    print(table(kinds, ends, *columns))
    for name, answers in columns if asked.list or asked.toml else ():
        for (plan, number, _), text, end, answer in zip(drawn, texts, ends, answers, strict=True):
            said = verdict(end, answer)
            if said in ("wrong basin", "wrong outcome", "no answer"):
                print(f"- {name}: {plan.name} {number}: {said}: {answer}; the motion {brief(end)} {end.note}")
                if asked.toml:
                    Path(asked.toml).mkdir(parents=True, exist_ok=True)
                    Path(asked.toml, f"{plan.name}_{number}.toml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
