"""A grammar of what people and machines type: half right, half wrong, in every place that takes text."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CELLS = ("mammalian_neuron", "mammalian_neuron", "squid_axon", "skeletal_muscle")
"""Small ones, whose machine code is made once."""

PATHS = (
    "outside.K", "outside.Na", "inside.K", "pump.max_rate", "temperature", "membranes.neuron.potential",
    "K_leak.permeability", "compartments.outside.ions.Cl", "ko", "nai", "celsius", "cm", "capacitance",
    "impermeant.valence", "gk", "ek", "outside.Mg", "nothing", "outside", "", ".", "outside..K", "K",
    "membranes.neuron.transports.pump.max_rate ", "outside.K.K", "área", "a" * 300,
)  # fmt: skip

NUMBERS = (
    "5", "0", "-5", "−5", "1e3", "1e-3", "1e400", "-1e400", "1e-400", "nan", "inf", "-inf", "0x", "1x", "0.5x", "2×",
    "1,5", "1.234,5", "1,234.5", "1 234", "1_000", "0x10", "½", "٣", "五", "5e", "--5", "+5", ".5", "5.", "1/2",
    "true", "None", "", " ", "solve", "restore", "1:2", "1:100:log", "1:2:3:4", "5 ± 1", "5(1)", "1e308", "4.9e-324",
    "0.0", "-0.0", "10001", "١٢", "5\n6",
)  # fmt: skip

UNITS = (
    "", "mM", " mM", "uM", "µM", "nM", "M", "mm", "mol/l", "mEq/L", "mg/dL", "mV", "V", "MV", "s", "ms", "min", "h",
    "d", "yr", "degC", "K", "°C", "degF", "um", "um3", "L", "pF", "nS", "S/cm2", "mS/cm^2", "uF/cm2", "cm/s",
    "pmol/cm2/s", "uA/cm2", "pA", "%", "mA/mM2/cm2", "furlong", "mM mM", "mM/", "/mM", "m M", "mm²", "kat", "1", "Hz",
    "pi", "c", "e", "hbar",
)  # fmt: skip

RIGHT = {
    "outside.K": ("5 mM", "3", "12 mmol/L", "8000 uM", "0 mM"),
    "outside.Na": ("145 mM", "120", "0.15 M"),
    "inside.K": ("140 mM", "100"),
    "pump.max_rate": ("50 pmol/cm2/s", "0", "6.4 uA/cm2"),
    "temperature": ("37 degC", "310.15 K", "20"),
    "membranes.neuron.potential": ("-70 mV", "-20", "−65 mV"),
    "concentration": ("5 mM", "140", "7.5", "100 uM", "1e-4 mM"),
}
"""What suits a path."""

TEXTS = (
    "", " ", "-", "--", "x", "K", "🧠", "\u202e", "a\tb", "a\nb", "\\", "'", '"', "`", "$(ls)", "%s%n", "{}", "[", "]",
    "{value}", "..", "/", "/dev/null", "/nonexistent/x", "~", "*", "?", "C:\\x", "a" * 256, "é" * 200, "\ufeff",
    "null", "NaN", "…", "=", "==", "K=", "=5",
)  # fmt: skip

IONS = (
    "K", "Na", "Cl", "Ca", "HCO3", "Mg", "Cs", "k", "K+", "Ca2+", "gluconate", "TEA", "water", "ATP", "V", "Xx", "",
    "🧠", "K K",
)  # fmt: skip

JOINTS = ("=", "=", "=", "*=", " = ", "==", "~", ":", "", "+=", "/=")

SPREADS = ("outside.K ~ uniform(3, 8) swap Na", "K_leak.permeability ~ lognormal(0.2)", "nai ~ normal(12, 1)")

AXES = (("outside.K swap Na", "2:20:log:3"), ("pump.max_rate", "0x:1x:lin:3"), ("celsius", "30, 37"))

NESTED = ("[]", "{}", "{ value = { a = 1 } }", "[1, 2]", "1979-05-27", "[" * 300, "{ a = " * 300)

TIMES = (
    "1 s", "10 ms", "1 min", "0", "0 s", "-1 s", "1e-15 s", "1 mV", "soon", "", "nan", "1e9 d", "5", "1 s ", "1,5 s",
)  # fmt: skip

NAMES = (
    "ouabain", "hyperkalaemia", "anoxia", "pump_loss", "ttx", "digoxin", "bumetanide", "ouabian", "", "k_puff",
    "cooling", "🧠",
)  # fmt: skip

DOSES = (
    "1 uM", "severe", "50 %", "1", "-1 uM", "200 %", "nan uM", "1 uM,10 uM", "1 nM:1 uM:log", "1 mV", "",
    "therapeutic", "ouabain=1 uM",
)  # fmt: skip

HEADS = (
    "outside.K", "outside.K (mM)", "K_out/mM", "[K+]o", "Vm", "Vm (mV)", "ΔΨ", "sd", "SEM", "n", "x", "", "V [V]",
    "Na", "inside.K",
)  # fmt: skip

CSV_CELLS = (
    *NUMBERS, "-90 ± 3", "−90±3", "-90 +/- 3", "-90(3)", "n.d.", "-", "NA", "#", "5 mM", "1;2", '"5"', '"5', "-90",
    "-80.5", "2.5",
)  # fmt: skip


FLAT = (
    "celsius", "diam", "L", "gk", "gna", "gcl", "ki", "ko", "nai", "nao", "cli", "clo", "cai", "cao", "hco3i", "e_pas",
    "g_pas", "v_init", "cm", "imax", "km_na", "km_k", "ipump", "Pa_kcc2", "fhspace", "xx",
)  # fmt: skip


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
        self.verbs: tuple[tuple[int, Callable[[], list[str]]], ...] = (
            (14, self.nernst),
            (10, self.ghk),
            (12, self.rest),
            (6, self.instant),
            (6, self.show),
            (8, self.file),
            (6, self.run),
            (5, self.population),
            (2, self.bifurcation),
            (5, self.curve),
            (4, self.perturb),
            (3, self.map),
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
            self.quantity(),
            "--outside",
            self.quantity(),
        ]
        line += ["--celsius", self.quantity("temperature")] if self.maybe(0.2) else []
        return line + (["--valence", self.one(NUMBERS)] if self.wrong(0.3) else [])

    def ghk(self) -> list[str]:
        line = ["ghk"]
        for _ in range(self.draw.randint(0, 4)):
            line += ["--ion", self.one(IONS if self.wrong(0.5) else IONS[:3]), self.quantity(), self.quantity()]
            line.append(self.one(NUMBERS) if self.wrong(0.4) else "0.5")
        return line

    def rest(self) -> list[str]:
        every = ["--all"] if self.maybe(0.03) else []
        return ["rest", self.cell(), *self.sets(), *every, *self.output(".toml", ".csv", ".nc", ".json")]

    def instant(self) -> list[str]:
        verb = self.one(("instant", "settled", "explain"))
        return [verb, self.cell(), *self.sets(), *self.output(".csv", ".nc", ".json")]

    def show(self) -> list[str]:
        flags = ("--sources", "--toml", "--bibtex", "--schema", "--gatings")
        return ["show", self.cell(), *self.sets(), *([self.one(flags)] if self.maybe(0.4) else [])]

    def file(self) -> list[str]:
        """A cell file, mutilated."""
        text = self.library[self.one(tuple(self.library))]
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
        verb = self.one(("show", "show", "show", "check", "web"))
        if verb == "web":
            return ["web", self.saved(text, ".toml"), "--save", "/nonexistent/page.html"]
        if self.maybe(0.3):
            self.stdin = text
            return ["show", "-"]
        return ["show", self.saved(text, self.one((".toml", ".toml", ".txt", "")))]

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
            line += ["--from-rest", *([self.one(NUMBERS)] if self.wrong(0.3) else [])]
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
        line = ["curve", CELLS[0], path, self.quantity(path), self.quantity(path)]
        line += ["--log"] if self.maybe(0.3) else []
        line += ["--points", self.one(NUMBERS) if self.wrong(0.3) else "5"]
        line += ["--data", self.table(".csv")] if self.wrong(0.3) else []
        line += ["--cells", self.one((*CELLS, *TEXTS))] if self.wrong(0.2) else []
        return line + self.output(".csv", ".nc", ".json")

    def perturb(self) -> list[str]:
        name = self.one(NAMES) if self.wrong(0.5) else self.one(NAMES[:4])
        line = ["perturb", CELLS[0], name, *([self.one(NAMES)] if self.wrong(0.2) else [])]
        line += ["--dose", self.one(DOSES)] if self.maybe(0.4) else []
        line += ["--duration", self.one(TIMES) if self.wrong(0.5) else "1 min"] if self.maybe(0.3) else []
        return line + self.output(".csv", ".json")

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
        return line + (["--model", self.one(("ghk", "mullins_noda", "settled", "x"))] if self.maybe(0.2) else [])

    def measured(self) -> str:
        """A table of V against K+ outside that can be fitted, mostly."""
        rows = [["K_out (mM)", "Vm (mV)"]]
        rows += [[str(k), f"{-90 + 0.4 * k + self.draw.gauss(0, 1):.3g}"] for k in (2, 5, 10, 40, 100)]
        if self.wrong(0.5):
            rows[self.draw.randrange(6)][self.draw.randrange(2)] = self.one(CSV_CELLS)
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
