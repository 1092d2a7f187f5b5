"""Options that several commands share, and how they are read."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

import rich_click as click

from vrest.errors import InputError

if TYPE_CHECKING:
    from vrest.io.report import Report
    from vrest.model.cell import Cell
    from vrest.model.change import Change
    from vrest.tables import Table

Decorator = Callable[[Any], Any]


def together(*decorators: Decorator) -> Decorator:
    """Several decorators as one; the first is shown first in the help."""

    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, also for errors.")
quiet = click.option("--quiet", is_flag=True, help="No progress and no warnings on stderr.")
common = together(as_json, quiet)
celsius = click.option("--celsius", default="37", show_default=True, metavar="T", help='degC, or such as "310.15 K".')
of_recording = click.option(
    "--celsius", metavar="T", help="Of the recording; by default as the solutions say, else 25 degC."
)
constants = click.option(
    "--constants", metavar="FILE", help="A TOML file whose pK and log K replace those of the package."
)
cell = click.argument("cell", metavar="CELL")


def plot(command: Any) -> Any:
    """`--plot`, and how the figure looks; the command takes `plot` alone, and draws in that style."""

    @wraps(command)
    def styled(*, plot: str | None, style: str | None, title: str | None, **others: Any) -> Any:
        from vrest.plot.look import drawing

        if plot is None and (style is not None or title is not None):
            from vrest.cli.app import Wrong

            raise Wrong("--style and --title are those of a figure.", hint="Add --plot FILE.")
        with drawing(style or "lecture", title):
            return command(plot=plot, **others)

    return together(
        click.option("--plot", metavar="FILE", help="Save a figure (.png, .pdf or .svg)."),
        click.option("--style", metavar="STYLE", help="Of the figure: lecture, paper (85 mm) or paper-wide (180 mm)."),
        click.option("--title", metavar="TEXT", help="Of the figure."),
    )(styled)


DATA_HELP = "the data: .csv (the main table), .nc or .json (all of it)."
"""Of `-o` in the help."""


def saving(text: str, *others: str) -> Decorator:
    """`-o` for the data of an answer, which `save_data` writes, and for files that end in one of `others`.

    A file that could not be written is refused before anything is computed.
    """

    def decorate(command: Any) -> Any:
        @wraps(command)
        def checked(*, output: str | None, **given: Any) -> Any:
            if output:
                from vrest.io.data import check_data

                check_data(output, *others)
            return command(output=output, **given)

        return click.option("-o", "--output", metavar="FILE", help=text)(checked)

    return decorate


output = saving(f"Save {DATA_HELP}")
cell_or_data = saving(f"Save the settled cell, with all digits (.toml), or {DATA_HELP}", ".toml")


class Numbered(click.RichCommand):
    """A command with numbers among its arguments: `-80 mol/h` is one, and no option `-o` or `-h`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return click.RichCommand.parse_args(self, ctx, [re.sub(r"^-(?=\.?[0-9])", "−", arg) for arg in args])


@dataclass(frozen=True)
class Solutions:
    """What `--pipette`, `--bath` and `--celsius` say."""

    pipette: str | None
    bath: str | None
    celsius: str | None

    def __bool__(self) -> bool:
        return self.pipette is not None

    @property
    def inputs(self) -> dict[str, Any]:
        """For the report."""
        return {"pipette": self.pipette, "bath": self.bath, "celsius": self.celsius}

    @property
    def words(self) -> list[str]:
        """As they are written, to be copied."""
        said = {f"--{name}": value for name, value in self.inputs.items() if value is not None}
        return [f"{name} {shlex.quote(value)}" for name, value in said.items()]

    def fill(self, cell: Cell) -> Cell:
        """The cell with the solutions, where they are given."""
        return cell.with_solutions(str(self.pipette), str(self.bath), celsius=self.celsius) if self else cell


def solutions(command: Any) -> Any:
    """The options of `Solutions`; the command takes them as one argument, `solutions`."""

    @wraps(command)
    def gathered(*, pipette: str | None, bath: str | None, celsius: str | None, **others: Any) -> Any:
        if (pipette is None) != (bath is None) or (celsius is not None and pipette is None):
            from vrest.cli.app import Wrong

            missing = "--bath" if pipette else "--pipette"
            raise Wrong(f"{missing} is missing.", code="missing_argument", hint="Give both solutions, or none.")
        return command(solutions=Solutions(pipette, bath, celsius), **others)

    return together(
        click.option("--pipette", metavar="SOLUTION", help="What is inside: a name of the library, or a recipe."),
        click.option("--bath", metavar="SOLUTION", help="What is outside, likewise; --celsius is that of both."),
        of_recording,
    )(gathered)


@dataclass(frozen=True)
class Changes:
    """What `--set`, `--swap` and `--with` say; these go to the changes of bath ions. The solutions come before them."""

    texts: tuple[str, ...]
    swap: str | None
    salt: str | None
    solutions: Solutions

    def __bool__(self) -> bool:
        return bool(self.texts or self.swap or self.salt or self.solutions)

    @property
    def inputs(self) -> dict[str, Any]:
        """For the report."""
        return {"set": list(self.texts), "swap": self.swap, "with": self.salt, **self.solutions.inputs}

    def described(self, name: str) -> Cell:
        """A cell, as for `read_cell`, with the solutions, before any change."""
        return self.solutions.fill(read_cell(name))

    def read(self, name: str) -> Cell:
        """A cell, as for `read_cell`, with the solutions and the changes."""
        return self.apply(self.described(name))

    def apply(self, cell: Cell) -> Cell:
        """The cell with the changes."""
        from vrest.model.change import apply

        return apply(cell, self.parsed(cell))

    def read_along(self, name: str, *varied: str) -> tuple[Cell, list[str]]:
        """A cell with the changes, and texts that begin with a path that varies, companions with both."""
        cell = self.described(name)
        changes, texts = self.accompanied(cell, varied)
        from vrest.model.change import apply

        return apply(cell, changes), texts

    def parsed(self, cell: Cell) -> list[Change]:
        """The changes of a cell, companions with them."""
        return self.accompanied(cell, ())[0]

    def accompanied(self, cell: Cell, varied: Sequence[str]) -> tuple[list[Change], list[str]]:
        """The changes, and texts that begin with a path: those of a bath's ion with the companion, if they have none.

        A text is a path (`outside.K`), one with its distribution (`outside.K ~ uniform(3, 8)`) or a change.
        """
        from vrest.model.change import parse_changes

        if self.swap and self.salt:
            from vrest.cli.app import Wrong

            raise Wrong("--swap and --with exclude each other.", hint="Name one companion ion.")
        parsed, texts = parse_changes(self.texts), list(varied)
        if self.swap or self.salt:
            how: Literal["swap", "with"] = "swap" if self.swap else "with"
            ion = str(self.swap or self.salt)
            paired = [
                replace(c, companion=ion, how=how) if not c.companion and _in_bath(cell, c.path) else c for c in parsed
            ]
            along = [_along(cell, text, f"{how} {ion}") for text in texts]
            if paired == parsed and along == texts:
                raise InputError(
                    f"--{how} {ion} has nothing to go along with.",
                    code="bad_companion",
                    hint='Change an ion of a bath, such as --set "outside.K=12 mM".',
                )
            parsed, texts = paired, along
        return parsed, texts


def changes(command: Any) -> Any:
    """The options of `Changes`; the command takes them as one argument, `changes`."""

    @wraps(command)
    def gathered(
        *, texts: tuple[str, ...], swap: str | None, salt: str | None, solutions: Solutions, **others: Any
    ) -> Any:
        return command(changes=Changes(texts, swap, salt, solutions), **others)

    return together(
        click.option("--set", "texts", multiple=True, metavar="CHANGE", help='Such as "outside.K=12 mM". Repeatable.'),
        click.option("--swap", metavar="ION", help="Keep a bath neutral: the changed ion replaces this one."),
        click.option("--with", "salt", metavar="ION", help="Keep a bath neutral: an ion of opposite sign goes along."),
        solutions,
    )(gathered)


recording = together(
    click.option(
        "--ljp", metavar="MV", help='Liquid junction potential to take off, such as "15.9 ± 1"; 0 where it is off.'
    ),
    click.option(
        "--config",
        metavar="NAME",
        help="whole-cell (default), outside-out, inside-out, perforated; sharp: no junction.",
    ),
)
"""How potentials were recorded, and what to take off them."""


def read_cell(name: str) -> Cell:
    """A cell of the library, from a file, or from standard input (`-`)."""
    from vrest.model.cellfile import load
    from vrest.model.cellfile import read_cell as read

    return read(name) if name == "-" else load(name)


def _in_bath(cell: Cell, path: str) -> bool:
    """Whether a path names an ion of a bath."""
    from vrest.model.paths import resolve

    parameter = resolve(cell, path)
    return ".ions." in parameter.path and not parameter.fixed_at_start


def _along(cell: Cell, text: str, companion: str) -> str:
    """A text that begins with a path, with a companion if that is an ion of a bath and has none."""
    path = re.split(r"[~=*\s]", text.strip(), maxsplit=1)[0]
    has_one = re.search(r"\s(?:swap|with)\s", text)
    return text if has_one or not _in_bath(cell, path) else f"{text} {companion}"


def whole(text: str, where: str) -> int:
    """A whole number at the door."""
    from vrest.numerals import parse_number

    value = parse_number(text, where)
    if not value.is_integer():
        raise InputError(f"{where}: {text} is not a whole number.", code="not_a_number", hint="Write a whole number.")
    return int(value)


def check_figure(path: str | None) -> None:
    """Refuse a figure that could not be saved, before anything is computed and without loading matplotlib."""
    if path:
        from vrest.atomic import check_target

        check_target(path, (".png", ".pdf", ".svg"), "a figure")


def is_cell(path: str | None) -> TypeGuard[str]:
    """Whether `-o` asks for a cell."""
    return path is not None and path.lower().endswith(".toml")


def save_cell(cell: Cell, path: str) -> None:
    """Write a cell."""
    from vrest.io.data import writing
    from vrest.model.cellfile import write_cell

    with writing(path) as file:
        file.write(write_cell(cell))


def save_data(
    path: str | None, report: Report, tables: Sequence[Table], groups: Mapping[str, Any] | None = None
) -> None:
    """Write the data of an answer, where `-o` asks for it."""
    if path and not is_cell(path):
        from vrest.cli.answer import Meter
        from vrest.io.data import write_data

        with Meter(f"writing {path}"):
            write_data(report, tables, path, groups)


def conclude(
    found: Any,
    cell: Cell,
    result: dict[str, Any],
    units: Mapping[str, str],
    inputs: dict[str, Any],
    *,
    as_json: bool,
    quiet: bool,
    human: Callable[[], None] | None = None,
) -> None:
    """Save what was found of a cell where `-o` asks for it, and print it, with what it warns of.

    `found` is a `Shown` with `warnings`; `human` prints it otherwise than as it shows itself.
    """
    from vrest.cli.answer import answer, shown
    from vrest.io.report import door, report

    temperature = door(cell.temperature, "temperature")
    body = report(result, units, inputs, cell=cell.name, temperature=temperature, warnings=found.warnings)
    save_data(inputs["output"], body, found.saved())
    answer(body, human or (lambda: shown(found)), as_json=as_json, quiet=quiet)


def save_figure(module: str, function: str, story: Any, path: str) -> None:
    """Draw with a function of `vrest.plot`, which needs no window, and save."""
    from importlib import import_module

    from vrest.cli.answer import Meter

    with Meter(f"drawing {path}"):
        from vrest.plot.saving import save

        save(getattr(import_module(module), function)(story), path)
