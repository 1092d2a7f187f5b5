"""A grammar of what people and machines type: half right, half wrong, in every place that takes text."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .words import (
    AXES,
    CELLS,
    CSV_CELLS,
    DOSES,
    FLAT,
    HEADS,
    IONS,
    JOINTS,
    NAMES,
    NESTED,
    NUMBERS,
    PASTED,
    PATHS,
    REAGENTS,
    RECIPES,
    RIGHT,
    SPREADS,
    SWEEPS,
    TEXTS,
    TIMES,
    UNITS,
)


@dataclass(frozen=True)
class Typed:
    """A command line, and what stands on standard input."""

    arguments: tuple[str, ...]
    stdin: str = ""


class Grammar:
    """Draws command lines; files go into a folder of its own."""

    def __init__(self, seed: int, folder: Path, library: dict[str, str]) -> None:
        self.draw = random.Random(seed)
        self.folder = folder
        self.library = library
        self.verbs: tuple[tuple[float, Callable[[], list[str]]], ...] = (
            (14, self.nernst),
            (10, self.ghk),
            (12, self.rest),
            (6, self.instant),
            (6, self.show),
            (8, self.file),
            (6, self.run),
            (5, self.population),
            (2, self.bifurcation),
            (6, self.curve),
            (5, self.perturb),
            (3, self.map),
            (3, self.mullins_noda),
            (6, self.ljp),
            (4, self.solution),
            (1, self.compare),
            (1, self.sensitivity),
            (0.5, self.excitability),
            (8, self.fit),
            (6, self.check),
            (3, self.design),
            (1, self.web),
            (4, self.anything),
        )

    def line(self) -> Typed:
        """One command line."""
        (verb,) = self.draw.choices([v for _, v in self.verbs], [w for w, _ in self.verbs])
        self.stdin, self.sober = "", self.maybe(0.4)
        arguments = verb()
        if verb in (self.nernst, self.curve, self.perturb, self.rest, self.run, self.fit) and self.maybe(0.02):
            arguments += self.figure()
        if self.maybe(0.6):
            arguments.append("--json")
        if self.maybe(0.1):
            arguments.append("--quiet")
        if arguments and self.wrong(0.06):
            arguments = self.garbled(arguments)
        return Typed(tuple(arguments), self.stdin)

    # --- pieces --------------------------------------------------------------------------------------------------

    def maybe(self, share: float) -> bool:
        """True so often."""
        return self.draw.random() < share

    def wrong(self, share: float) -> bool:
        """True so often where this line is not one that only says what suits."""
        return not self.sober and self.maybe(share)

    def one(self, items: tuple[str, ...]) -> str:
        """Any of them."""
        return self.draw.choice(items)

    def cell(self) -> str:
        """Nearly always a cell there is."""
        return self.one(CELLS) if not self.wrong(0.15) else self.one((*TEXTS, "mammalian_neurone", "Squid_axon"))

    def path(self) -> str:
        """A path, right about half the time."""
        return self.one(PATHS) if self.wrong(0.5) else self.one(PATHS[:6])

    def quantity(self, of: str = "concentration") -> str:
        """A number with a unit, in any spelling; more often than not one that suits."""
        if not self.wrong(0.6):
            return self.one(RIGHT.get(of, RIGHT["concentration"]))
        if self.maybe(0.25):
            return f"{self.draw.uniform(-20, 200):.4g}{self.one(UNITS)}"
        return self.one(NUMBERS) + self.one(UNITS)

    def change(self) -> str:
        """A change of a cell."""
        if self.maybe(0.3):
            return f"outside.K={self.draw.uniform(0.5, 60):.3g} mM swap Na"
        path = self.path()
        text = path + (self.one(JOINTS) if self.wrong(0.4) else "=") + self.quantity(path)
        if self.wrong(0.2):
            text += f" {self.one(('swap', 'with', 'swop', 'over'))} {self.one(IONS)}"
        return text

    def sets(self, most: int = 2) -> list[str]:
        """Changes on the command line."""
        found = []
        for _ in range(self.draw.randint(0, most)):
            found += ["--set", self.change()]
        if self.wrong(0.2):
            found += [self.one(("--swap", "--with")), self.one(IONS)]
        return found

    def output(self, *suffixes: str) -> list[str]:
        """-o of a file in a place that may not be."""
        if self.maybe(0.8):
            return []
        if not self.wrong(0.6):
            suffix = self.one((".xls", "")) if self.wrong(0.3) else self.one(suffixes)
            path = self.folder / f"out{self.draw.randrange(4)}{suffix}"
            return ["-o", str(path)]
        return ["-o", self.one((*TEXTS, "/nonexistent/a.csv", "/proc/a.csv", "/dev/full", str(self.folder)))]

    def figure(self) -> list[str]:
        """--plot, how it looks, and where it goes."""
        found = ["--plot", str(self.folder / f"fig{self.one(('.png', '.pdf', '.svg', '.jpg', ''))}")]
        found += ["--style", self.one(("paper", "lecture", "paper-wide", "Paper", ""))] if self.maybe(0.5) else []
        return found + (["--title", self.one(TEXTS)] if self.maybe(0.5) else [])

    def one_or_more(self, of: str = "concentration") -> str:
        """A number, or a sweep."""
        return self.one(SWEEPS[:3] if self.sober else SWEEPS) if self.maybe(0.25) else self.quantity(of)

    def garbled(self, arguments: list[str]) -> list[str]:
        """An argument lost, doubled, or put elsewhere."""
        k = self.draw.randrange(len(arguments))
        match self.draw.randrange(4):
            case 0:
                return arguments[:k] + arguments[k + 1 :]
            case 1:
                return [*arguments[: k + 1], *arguments[k:]]
            case 2:
                return [*arguments[:k], self.one(TEXTS), *arguments[k + 1 :]]
            case _:
                return self.draw.sample(arguments, len(arguments))

    def saved(self, text: str, suffix: str) -> str:
        """A file with this text."""
        path = self.folder / f"given{self.draw.randrange(10**9)}{suffix}"
        path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
        return str(path)

    # --- commands ------------------------------------------------------------------------------------------------

    def nernst(self) -> list[str]:
        line = [
            "nernst",
            self.one(IONS if self.wrong(0.5) else IONS[:3]),
            "--inside",
            self.one_or_more(),
            "--outside",
            self.one_or_more(),
        ]
        line += ["--celsius", self.one_or_more("temperature")] if self.maybe(0.2) else []
        return line + (["--valence", self.one(NUMBERS)] if self.wrong(0.3) else [])

    def ghk(self) -> list[str]:
        line = ["ghk"]
        for _ in range(self.draw.randint(0, 4)):
            line += ["--ion", self.one(IONS if self.wrong(0.5) else IONS[:3]), self.one_or_more(), self.quantity()]
            line.append(self.one(NUMBERS) if self.wrong(0.4) else "0.5")
        return line + self.output(".csv", ".nc", ".json")

    def mullins_noda(self) -> list[str]:
        ions = ["--ion", "K", self.one_or_more(), self.quantity(), "1", "--ion", "Na", self.quantity(), "145", "0.04"]
        more = ["--pump-ratio", self.one((*NUMBERS, *SWEEPS)) if self.wrong(0.5) else "1.5"] if self.maybe(0.3) else []
        return ["mullins-noda", *(ions if not self.wrong(0.1) else self.ghk()[1:]), *more]

    def solution(self) -> list[str]:
        names = ("tyrode", "acsf", "axobits_internal", "axobits_external", "k_gluconate_internal")
        one, other = (self.recipe() if self.wrong(0.6) else self.word(*names) for _ in range(2))
        line = ["solution", *(["compare", one] if self.maybe(0.3) else []), other]
        line += ["--celsius", self.word("22", "32 degC", "305 K")] if self.maybe(0.4) else []
        line += ["--volume", self.word("500 mL", "1L", "2000 um3")] if self.maybe(0.3) else []
        line += ["--toml"] if self.maybe(0.1) else []
        return line + self.output(".csv", ".nc", ".json")

    def ljp(self) -> list[str]:
        ions = self.draw.sample(IONS[:5], self.draw.randint(1, 5)) if self.maybe(0.7) else ()
        line = ["ljp"] if ions else ["ljp", self.recipe(), self.recipe() if self.maybe(0.5) else "acsf"]
        for ion in ions:
            line += ["--ion", self.one(IONS) if self.wrong(0.2) else ion, self.quantity(), self.quantity()]
        line += ["--measured", self.word("-60", "-60, -62.5", "-0.06 V", "−60 mV", *SWEEPS)] if self.maybe(0.5) else []
        line += ["--celsius", self.word("22", "32 degC", "305 K")] if self.maybe(0.5) else []
        line += ["--config", self.word("inside-out", "Cell attached", "perforated")] if self.maybe(0.3) else []
        line += ["--method", self.word("henderson", "np")] if self.maybe(0.2) else []
        line += ["--activity", self.word("davies", "none")] if self.maybe(0.2) else []
        if self.maybe(0.2):
            line += ["--new-bath", self.word("acsf")]
            line += ["--pellet"] if self.maybe(0.4) else ["--reference", self.word("bath", "3 M KCl", "acsf")]
        return line + self.output(".csv", ".nc", ".json")

    def word(self, *right: str) -> str:
        """One of these, or any text or number."""
        return self.one((*TEXTS, *NUMBERS)) if self.wrong(0.3) else self.one(right)

    def rest(self) -> list[str]:
        every = ["--all"] if self.maybe(0.03) else []
        filled = self.filled() if self.maybe(0.1) else []
        return ["rest", self.cell(), *self.sets(), *filled, *every, *self.output(".toml", ".csv", ".nc", ".json")]

    def instant(self) -> list[str]:
        verb = self.one(("instant", "settled", "explain"))
        return [verb, self.cell(), *self.sets(), *self.output(".csv", ".nc", ".json")]

    def show(self) -> list[str]:
        flags = ("--sources", "--toml", "--bibtex", "--schema", "--gatings")
        return ["show", self.cell(), *self.sets(), *([self.one(flags)] if self.maybe(0.4) else [])]

    def file(self) -> list[str]:
        """A cell file, mutilated."""
        text = self.mutilated(self.library[self.one(tuple(self.library))])
        verb = self.one(("show", "show", "show", "check", "web"))
        if verb == "web":
            return ["web", self.saved(text, ".toml"), "--save", "/nonexistent/page.html"]
        if self.maybe(0.3):
            self.stdin = text
            return ["show", "-"]
        return ["show", self.saved(text, self.one((".toml", ".toml", ".txt", "")))]

    def mutilated(self, text: str) -> str:
        """A file of `name = value`, with a few slips."""
        for _ in range(self.draw.randint(1, 3)):
            lines = text.split("\n")
            k = self.draw.randrange(len(lines))
            name, sign, value = lines[k].partition("=")
            match self.draw.randrange(8):
                case 0:
                    del lines[k]
                case 1:
                    lines.insert(k, lines[k])
                case 2 if sign:
                    lines[k] = f'{name}= "{self.quantity()}"'
                case 3 if sign:
                    lines[k] = f"{name}= {self.one((*NUMBERS, *NESTED))}"
                case 4 if sign:
                    lines[k] = f"{self.one((*TEXTS, 'ions', 'kind', 'law'))} ={value}"
                case 5:
                    lines[k] = lines[k][: self.draw.randint(0, len(lines[k]))]
                case 6:
                    lines[k] += self.one(TEXTS)
                case _:
                    k2 = self.draw.randrange(len(lines))
                    lines[k], lines[k2] = lines[k2], lines[k]
            text = "\n".join(lines)
        return text

    def recipe(self) -> str:
        """A solution: a file with slips, or a line as papers have it, with parts out of place."""
        if self.maybe(0.4):
            return self.saved(self.mutilated(self.one(RECIPES)), self.one((".toml", ".toml", ".txt", "")))
        parts = self.one(PASTED).split(", ")
        for _ in range(self.draw.randint(0, 3)):
            k = self.draw.randrange(len(parts))
            match self.draw.randrange(6):
                case 0:
                    parts[k] = f"{self.quantity()} {self.one(REAGENTS)}"
                case 1:
                    parts[k] = f"{self.one(REAGENTS)}{self.one((' ', ': ', '=', ''))}{self.one(NUMBERS)}"
                case 2:
                    parts.insert(k, self.one((*TEXTS, *PASTED)))
                case 3:
                    parts[k] = parts[k][: self.draw.randint(0, len(parts[k]))]
                case 4:
                    parts[k] = self.one(("pH ", "gas ", "with ", "in ")) + self.one((*NUMBERS, *REAGENTS))
                case _:
                    self.draw.shuffle(parts)
        return self.one((", ", ", ", "; ", "\n", " ")).join(parts)

    def run(self) -> list[str]:
        until = self.one(("1 min", *TIMES)) if self.wrong(0.4) else "1 s"
        line = ["run", self.cell(), *self.sets(1), "--until", until]
        for _ in range(self.draw.randint(0, 2)):
            line += ["--at", self.one(TIMES) if self.wrong(0.5) else "10 ms", self.change()]
        if self.maybe(0.3):
            line += ["--points", self.one(NUMBERS) if self.wrong(0.5) else "10"]
        elif self.maybe(0.3):
            line += ["--times", self.one((*TIMES, *NUMBERS)) if self.wrong(0.5) else "0, 10 ms, 1 s"]
        if self.maybe(0.1):
            line += ["--rtol", self.one(NUMBERS) if self.wrong(0.5) else "1e-4"]
        if self.maybe(0.1):
            line += ["--from-rest", *([self.one((*NUMBERS, "1", "2", "3"))] if self.maybe(0.3) else [])]
        return line + self.output(".nc", ".csv")

    def population(self) -> list[str]:
        line = ["population", self.cell(), "-n", self.one(("0", "-1", "1.5", "x")) if self.wrong(0.2) else "8"]
        for _ in range(self.draw.randint(0, 2)):
            line += ["--vary", self.spread() if self.wrong(0.6) else self.one(SPREADS)]
        if self.wrong(0.3):
            line += ["--table", self.table(self.one((".csv", ".tsv", ".txt")))]
        if self.wrong(0.2):
            line += ["--seed", self.one(NUMBERS), "--design", self.one(("sobol", "random", "latin_hypercube", "x"))]
        if self.maybe(0.2):
            line += ["--until", "1 s", "--at", self.one(TIMES) if self.wrong(0.5) else "0 s", self.change()]
        return line + self.output(".zarr", ".csv", ".nc")

    def spread(self) -> str:
        """A distribution that may be none."""
        law, path = self.one(("uniform", "normal", "lognormal", "loguniform", "discrete", "beta", "")), self.path()
        inner = ", ".join(self.quantity(path) for _ in range(self.draw.randint(0, 3)))
        return f"{path}{self.one((' ~ ', '~', '=', ' '))}{law}({inner})"

    def bifurcation(self) -> list[str]:
        path = self.path()
        if not self.wrong(0.5):
            return ["bifurcation", CELLS[0], "outside.K", "3 mM", "6 mM", *self.sets(1)]
        return ["bifurcation", CELLS[0], path, self.quantity(path), self.quantity(path), *self.sets(1)]

    def curve(self) -> list[str]:
        path = self.path()
        ends = [path, self.quantity(path), self.quantity(path)] if self.wrong(0.6) else ["outside.K", "2 mM", "50 mM"]
        line = ["curve", CELLS[0], *ends]
        line += ["--log"] if self.maybe(0.3) else []
        line += ["--points", self.one(NUMBERS) if self.wrong(0.3) else "5"]
        line += ["--swap", self.one(IONS if self.wrong(0.5) else IONS[1:3])] if self.maybe(0.2) else []
        line += ["--data", self.table(".csv") if self.wrong(0.3) else self.measured()] if self.maybe(0.2) else []
        others = ",".join(self.one((*TEXTS, "frog_skin") if self.wrong(0.2) else CELLS) for _ in range(2))
        line += ["--cells", others] if self.maybe(0.1) else []
        line += ["--membrane", self.one(TEXTS)] if self.wrong(0.05) else []
        return line + self.output(".csv", ".nc", ".json")

    def perturb(self) -> list[str]:
        name = self.one(NAMES) if self.wrong(0.5) else self.one(NAMES[:4])
        line = ["perturb", CELLS[0], name, *([self.one(NAMES)] if self.wrong(0.2) else [])]
        for _ in range(2 if self.wrong(0.1) else self.draw.randrange(2)):
            line += ["--dose", self.one(DOSES if self.wrong(0.6) else DOSES[:3])]
        line += ["--onset", self.one(TIMES)] if self.wrong(0.1) else []
        line += ["--alone"] if self.maybe(0.05) else []
        line += ["--isoform", self.one(("human", "rat_alpha1", "", "x"))] if self.wrong(0.1) else []
        line += ["--list"] if self.wrong(0.03) else []
        line += ["--duration", self.one(TIMES) if self.wrong(0.5) else "1 min"] if self.maybe(0.3) else []
        return line + self.output(".csv", ".json")

    def compare(self) -> list[str]:
        cells = [self.cell() for _ in range(self.draw.choice((2, 2, 2, 1, 3, 0)))]
        line = ["compare", *cells, "--perturb", self.one(NAMES if self.wrong(0.5) else NAMES[:4])]
        line += ["--dose", self.one(DOSES)] if self.wrong(0.3) else []
        return line + self.output(".csv", ".nc", ".json")

    def sensitivity(self) -> list[str]:
        line = ["sensitivity", CELLS[0], "--over", self.spread() if self.wrong(0.3) else self.path()]
        line += ["--of", self.one(("V", "inside.K", "E_K", "volume", "ATP", "tau", "collapse", *TEXTS))]
        line += ["-n", self.one(("8", *NUMBERS[4:20]))] if self.maybe(0.2) else []
        return line + self.output(".csv", ".nc", ".json")

    def excitability(self) -> list[str]:
        cell = "hodgkin_huxley_1952" if self.maybe(0.03) else self.cell()
        return ["excitability", cell, *self.sets(1), "--step", self.one(TIMES), *self.output(".csv", ".json")]

    def map(self) -> list[str]:
        line = ["map", CELLS[0], *([self.one(NAMES)] if self.maybe(0.3) else [])]
        for axis in ("--x", "--y"):
            names = ("outside.K swap Na", "pump.max_rate", "dose", "duration", *PATHS)
            wrong = self.one(names), self.one(("1, 2", "1 min, 2 min", "10 %, 50 %", *NUMBERS))
            line += [axis, *(wrong if self.wrong(0.6) else self.draw.choice(AXES))]
        return line + self.output(".csv", ".nc")

    def table(self, suffix: str) -> str:
        """A table of numbers as people have them."""
        between = self.one((",", ";", "\t", ", ", "  "))
        width = self.draw.randint(1, 4)
        rows = [[self.one(HEADS) for _ in range(width)]]
        for _ in range(self.draw.randint(0, 6)):
            odd = self.maybe(0.1)
            rows.append([self.value() for _ in range(width + (1 if odd else 0))])
        text = self.one(("\n", "\n", "\r\n")).join(between.join(row) for row in rows)
        text = self.one(("", "", "", "\ufeff", "# a comment\n", "\n\n")) + text + self.one(("", "\n", "\n\n"))
        return self.saved(text, suffix)

    def value(self) -> str:
        return self.one(CSV_CELLS) if self.maybe(0.3) else f"{self.draw.uniform(-100, 150):.4g}"

    def fit(self) -> list[str]:
        given = self.table(self.one((".csv", ".tsv", ".txt"))) if self.wrong(0.6) else self.measured()
        line = ["fit", given, "--cell", self.one(TEXTS) if self.wrong(0.2) else "frog_muscle"]
        line += ["--free", self.one(PATHS) if self.wrong(0.3) else "P_Na/P_K"]
        for _ in range(self.draw.choice((0, 0, 0, 1, 2))):
            line += [
                "--model",
                self.one(("ghk", "mullins_noda", "chord", "instant", "x" if self.wrong(0.5) else "ghk")),
            ]
        line += ["--level", self.one(NUMBERS)] if self.wrong(0.1) else []
        line += ["--set", self.change()] if self.wrong(0.1) else []
        line += ["--membrane", self.one(TEXTS)] if self.wrong(0.05) else []
        line += ["--next", "--candidate", self.change()] if self.maybe(0.05) else []
        line += ["--ljp", self.word("15.9", "15.9 ± 1", "0", "0.0159 V", "−3(1)")] if self.maybe(0.3) else []
        line += ["--config", self.word("sharp", "whole-cell", "inside out")] if self.maybe(0.2) else []
        line += self.filled() if self.maybe(0.2) else []
        line += ["--reference", self.word("3 M KCl", "bath", "pellet")] if self.maybe(0.1) else []
        return line + self.output(".csv", ".nc", ".json")

    def filled(self) -> list[str]:
        """The solutions of a recording, mostly."""
        line = ["--pipette", self.word("axobits_internal", "cs_internal"), "--bath", self.word("axobits_external")]
        line = line[: self.draw.choice((2, 4, 4, 4))]
        return line + (["--celsius", self.word("22", "32 degC")] if self.maybe(0.6) else [])

    def measured(self) -> str:
        """A table of V against K+ outside that can be fitted, mostly; with errors as people write them."""
        v = [f"{-90 + 0.4 * k + self.draw.gauss(0, 1):.3g}" for k in (2, 5, 10, 40, 100)]
        heads, ends = self.draw.choice(
            (
                (["Vm (mV)"], [[x] for x in v]),
                (["Vm (mV)", "SEM", "n"], [[x, self.one(("1.2", "0.8", "2")), self.one(("5", "6", "1"))] for x in v]),
                (["Vm (mV)", "sd (mV)"], [[x, "2"] for x in v]),
                (["Vm (mV)"], [[f"{x}{self.one((' ± ', '±', ' +/- '))}2"] for x in v]),
                (["Vm (mV)"], [[f"{x}(2)"] for x in v]),
                (["Vm ± SEM (mV)", "n"], [[f"{x.replace('-', '−')} ± 2", "7"] for x in v]),
            )
        )
        if self.maybe(0.2):
            heads, ends = [*heads, "ljp"], [[*end, self.one(("15.9", "15 ± 1"))] for end in ends]
        elif self.maybe(0.1):
            heads = [heads[0].replace("Vm", "Vm corrected"), *heads[1:]]
        rows = [
            ["K_out (mM)" + self.one(("", "", " swap Na")), *heads],
            *([str(k), *end] for k, end in zip((2, 5, 10, 40, 100), ends, strict=True)),
        ]
        if self.wrong(0.5):
            rows[self.draw.randrange(6)][self.draw.randrange(len(heads) + 1)] = self.one((*CSV_CELLS, *HEADS))
        return self.saved("\n".join(",".join(row) for row in rows), ".csv")

    def check(self) -> list[str]:
        """What one would write for NEURON, some of it changed, lost or twice."""
        values = {
            "celsius": "37",
            "diam": "15",
            "L": "20",
            "ki": "140",
            "ko": "5",
            "nai": "8",
            "nao": "145",
            "cli": "5",
        }
        values |= {"clo": "135", "gk": "2.5e-5", "gna": "2.5e-6", "gcl": "2.25e-5"}
        for _ in range(self.draw.randint(0, 3)):
            name = self.one(FLAT)
            values[name] = self.one((*NUMBERS, "37", "140", "5", "10", "1e-4", "-70"))
        lost = self.one(FLAT)
        return ["check", self.saved("\n".join(f"{k} = {v}" for k, v in values.items() if k != lost), ".toml")]

    def design(self) -> list[str]:
        line = ["design", self.one(CELLS[:1]), "--v-rest", self.quantity("membranes.neuron.potential")]
        line += ["--input-resistance", self.one(("150 Mohm", "1 Gohm", "0", *NUMBERS))] if self.maybe(0.3) else []
        return line + (["--inside", f"{self.one(IONS)}={self.quantity()}"] if self.maybe(0.3) else [])

    def web(self) -> list[str]:
        return ["web", self.cell(), "--save", self.one((*TEXTS, "/nonexistent/x.html", "/dev/full", "x.htm"))]

    def anything(self) -> list[str]:
        words = (
            "rest",
            "run",
            "show",
            "nernst",
            "--json",
            "--set",
            "--help",
            "--version",
            "--plot",
            "-o",
            "-n",
            *CELLS,
        )
        return [self.one(words) if self.maybe(0.5) else self.one(TEXTS) for _ in range(self.draw.randint(0, 5))]
