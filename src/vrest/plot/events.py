"""A protocol on a figure: bars above the traces, as on a chart recorder, and shading behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from matplotlib.axes import Axes

from vrest.model.cell import Cell
from vrest.model.change import Change
from vrest.model.ion_labels import ion_label
from vrest.model.names import parameter_name, unit_label
from vrest.model.paths import Parameter, resolve
from vrest.model.protocol import Protocol
from vrest.plot.clock import Clock
from vrest.plot.labels import text_width
from vrest.plot.look import look, stroke
from vrest.plot.style import FAINT, INK, MUTED, number
from vrest.verbs.run_result import Run

BAR_ROOM, LINE = 9.0, 11.5
"""Points: height of a bar with its margin, and of one line of labels above it."""


@dataclass(frozen=True)
class Block:
    """A stretch of the protocol, s: a value differs from what the cell says, after a ramp of `over`."""

    path: str
    start: float
    stop: float
    text: str
    over: float = 0.0
    restored: bool = False
    """The stretch after a restore: nothing differs any more."""


def blocks(run: Run) -> list[Block]:
    """The stretches of a run's protocol: each change lasts until the next one of the same value.

    >>> from vrest.verbs.run import simulate
    >>> run = simulate("mammalian_neuron", [(60.0, "pump.max_rate*=0"), (120.0, "pump.max_rate=restore")],
    ...                200.0, points=5)
    >>> [(b.start, b.stop, b.text) for b in blocks(run)]
    [(60.0, 120.0, 'pump maximal rate ×0'), (120.0, 200.0, 'restored')]
    """
    return protocol_blocks(run.cell, run.plan, float(run.time[-1]))


def protocol_blocks(cell: Cell, plan: Protocol, end: float) -> list[Block]:
    """The stretches of a protocol that is followed until so many s.

    >>> from vrest.model.cellfile import load
    >>> from vrest.model.protocol import protocol
    >>> protocol_blocks(load("mammalian_neuron"), protocol([(60.0, "pump.max_rate*=0")]), 90.0)[0].text
    'pump maximal rate ×0'
    """
    rows: dict[str, str] = {}  # the row of a value; a companion ion belongs to the one it goes along with
    events = [(e.time, resolve(cell, e.change.path), e.change) for e in plan.events if e.time <= end]
    found: list[Block] = []
    for time, parameter, change in events:
        restored = change.operation == "restore"
        known = parameter.path in rows
        row = rows.setdefault(parameter.path, parameter.path)
        if change.companion:
            rows.setdefault(f"{parameter.path.rsplit('.', 1)[0]}.{change.companion}", row)
        text = describe(cell, parameter, change)
        if restored and not known:
            text = f"{parameter_name(cell, parameter.path)} {text}"
        block = Block(row, time, end, text, change.over, restored)
        if block not in found:
            found = [replace(b, stop=time) if b.path == row and b.start < time < b.stop else b for b in found]
            found.append(block)
    return found


def describe(cell: Cell, parameter: Parameter, change: Change) -> str:
    """A change in a few words.

    >>> from vrest.model.cellfile import load
    >>> from vrest.model.change import parse_change
    >>> cell = load("mammalian_neuron")
    >>> describe(cell, resolve(cell, "outside.K"), parse_change("outside.K=12 mM swap Na"))
    '[K⁺]ₒ = 12 mM, for Na⁺'
    """
    if change.operation == "restore":
        return "restored"
    name = parameter_name(cell, parameter.path)
    if change.operation == "scale":
        text = f"{name} ×{change.value:g}"
    else:
        value = change.value
        if not isinstance(value, str):
            value = f"{number(float(value), '.6g')} {parameter.unit}".strip()
        text = f"{name} = {unit_label(value)}"
    how = "for" if change.how == "swap" else "with"
    return f"{text}, {how} {ion_label(change.companion)}" if change.companion else text


@dataclass(frozen=True)
class Strip:
    """The protocol laid out for a width: rows of bars, each with as many lines of labels as it needs."""

    rows: tuple[tuple[Block, ...], ...]
    lines: tuple[tuple[int, ...], ...]
    """For each block of each row, the line of its label, 0 next to the bar."""

    @property
    def height(self) -> float:
        """Points."""
        return sum(BAR_ROOM + LINE * (1 + max(lines)) for lines in self.lines)


def lay_out(found: list[Block], clock: Clock, width: float) -> Strip:
    """Rows (one for each value that changes) and label lines for a strip of a width in points.

    >>> lay_out([Block("a", 0, 1, "x"), Block("a", 1, 2, "y")], Clock(0.0, 2.0), 300.0).lines
    ((0, 0),)
    """
    rows = [tuple(b for b in found if b.path == path) for path in dict.fromkeys(b.path for b in found)]
    lines = []
    for row in rows:
        taken: list[float] = []  # how far each line is full
        chosen = []
        for block in row:
            left = _label_start(block, clock, width)
            line = next((k for k, full in enumerate(taken) if full <= left), len(taken))
            taken[line:] = [left + text_width(block.text) + 6.0, *taken[line + 1 :]]
            chosen.append(line)
        lines.append(tuple(chosen))
    return Strip(tuple(rows), tuple(lines))


def _label_start(block: Block, clock: Clock, width: float) -> float:
    """Where a label starts: at its bar, or further left where the figure ends too soon."""
    wanted = width * float(clock.share(block.start))
    return max(0.0, min(wanted, width - text_width(block.text)))


def draw_strip(axes: Axes, strip: Strip, clock: Clock, width: float) -> None:
    """Draw the bars and labels above the axes of a clock.

    >>> from matplotlib.figure import Figure
    >>> axes, clock = Figure().subplots(), Clock(0.0, 2.0)
    >>> draw_strip(axes, lay_out([Block("a", 0, 1, "x")], clock, 300.0), clock, 300.0)
    >>> axes.texts[0].get_text()
    'x'
    """
    axes.set_ylim(0.0, strip.height)
    axes.set_xlim(0.0, 1.0)
    axes.axis("off")
    bottom = 0.0
    for row, lines in zip(strip.rows, strip.lines, strict=True):
        for block, line in zip(row, lines, strict=True):
            if not block.restored:
                full = min(block.start + block.over, block.stop)
                start, full, stop = (float(clock.share(t)) for t in (block.start, full, min(block.stop, clock.end)))
                axes.fill(
                    [start, full, stop, stop], [bottom + 2.0, bottom + 7.0, bottom + 7.0, bottom + 2.0],
                    facecolor=MUTED, edgecolor="white", linewidth=stroke(0.8),
                )  # fmt: skip
            axes.text(
                _label_start(block, clock, width) / width,
                bottom + BAR_ROOM + LINE * line,
                block.text,
                ha="left",
                va="bottom",
                fontsize=look().small,
                color=MUTED if block.restored else INK,
                style="italic" if block.restored else "normal",
            )
        bottom += BAR_ROOM + LINE * (1 + max(lines))


def shade(axes: Axes, found: list[Block], clock: Clock) -> None:
    """Shade what the protocol changes, and mark each moment with a line.

    >>> from matplotlib.figure import Figure
    >>> shade(Figure().subplots(), [Block("a", 0, 1, "x")], Clock(0.0, 2.0))
    """
    _, length = clock.unit
    for block in found:
        if not block.restored:
            stop = min(block.stop, clock.end)
            axes.axvspan(block.start / length, stop / length, color="#f1f1f1", linewidth=0, zorder=-2)
        axes.axvline(block.start / length, color=FAINT, linewidth=stroke(0.8), zorder=-1)
