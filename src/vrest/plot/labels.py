"""Labels that never overlap: spread along an axis as little as needed, with thin leaders to what they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

from vrest.layout import pieces
from vrest.plot.look import look, stroke
from vrest.plot.style import readable

LEADING = 1.32
"""Height of a line of text over its font size, with a little air."""


@dataclass(frozen=True)
class Label:
    """A text that belongs to a position (data units); colour as of what it names."""

    at: float
    text: str
    colour: str = "#000000"
    weight: str = "normal"

    def height(self, size: float) -> float:
        """Points."""
        return LEADING * size * (1 + self.text.count("\n"))


def spread(targets: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Centres for boxes of given sizes, in the order of their targets, disjoint and as near to them as possible.

    The least-squares answer (pool adjacent violators), moved inside low..high where there is room.

    >>> spread([0.0, 0.5, 10.0], [2.0, 2.0, 2.0], -5.0, 20.0)
    [-0.75, 1.25, 10.0]
    """
    if not len(targets):
        return []
    order = np.argsort(np.asarray(targets, dtype=np.float64), kind="stable")
    widths = np.asarray(sizes, dtype=np.float64)[order]
    offset = np.cumsum(widths) - 0.5 * widths
    pools: list[list[float]] = []  # [mean, count] of what is pushed together
    for want in np.asarray(targets, dtype=np.float64)[order] - offset:
        pools.append([float(want), 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, count = pools.pop()
            pools[-1] = [(pools[-1][0] * pools[-1][1] + mean * count) / (pools[-1][1] + count), pools[-1][1] + count]
    base = np.concatenate([np.full(int(count), mean) for mean, count in pools])
    base = np.clip(base, low, max(low, high - widths.sum()))
    centres = np.empty(len(widths))
    centres[order] = base + offset
    return [float(c) for c in centres]


def text_width(text: str, size: float | None = None, weight: str = "normal") -> float:
    """Width of the widest line of a text, points; in the small size of the look unless another is given.

    >>> text_width("V = −70 mV") > text_width("V")
    True
    """
    font = FontProperties(weight=weight, size=size or look().small)
    measure = text_to_path.get_text_width_height_descent
    return max(float(measure(line, font, "$" in line)[0]) for line in text.split("\n"))


def wrapped(text: str, width: float, size: float | None = None, weight: str = "normal") -> str:
    """A text broken at its blanks into lines of at most a width in points, where its words allow that.

    A number stays with its unit.

    >>> wrapped("pump off, contents frozen at 3 mV", 80.0, 7.0)
    'pump off, contents\\nfrozen at 3 mV'
    """
    lines: list[str] = []
    for word in pieces(text):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(line.rstrip() for line in lines)


def settle(figure: Figure) -> None:
    """Do the layout now and keep it: what is placed afterwards, in points, stays where it is put.

    >>> figure = Figure(layout="constrained")
    >>> settle(figure)
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def lay_out_now(axes: Axes) -> None:
    """Give axes of somebody's figure the size that their layout leaves them, before labels are placed in points.

    >>> lay_out_now(Figure(layout="constrained").subplots())
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()


def keep_size(axes: Axes) -> None:
    """Let the labels and the legend inside axes take no room from them when their figure is laid out again.

    >>> keep_size(Figure().subplots())
    """
    for inside in (*axes.texts, axes.get_legend()):
        if inside is not None:
            inside.set_in_layout(False)


def size_in_points(axes: Axes) -> tuple[float, float]:
    """Width and height of axes, points.

    >>> [round(float(s)) for s in size_in_points(Figure(figsize=(2, 1)).add_axes((0, 0, 1, 1)))]
    [144, 72]
    """
    box = axes.get_window_extent()
    scale = 72.0 / axes.get_figure(root=True).dpi  # pyright: ignore[reportOptionalMemberAccess]
    return box.width * scale, box.height * scale


def height_of(axes: Axes, value: float) -> float:
    """Height of a data value above the bottom of its axes, points (scale and limits as they are now).

    >>> axes = Figure(figsize=(2, 1)).add_axes((0, 0, 1, 1), ylim=(0, 10))
    >>> round(height_of(axes, 5.0))
    36
    """
    fraction = axes.transAxes.inverted().transform(axes.transData.transform((axes.get_xlim()[0], value)))[1]
    return float(fraction) * size_in_points(axes)[1]


def end_labels(axes: Axes, labels: Sequence[Label]) -> list[Text]:
    """Labels to the right of the axes, each beside the end of its line, spread; call `settle` first.

    >>> figure = Figure(layout="constrained")
    >>> axes = figure.subplots()
    >>> settle(figure)
    >>> [t.get_text() for t in end_labels(axes, [Label(0.2, "a"), Label(0.2, "b")])]
    ['a', 'b']
    """
    _, height = size_in_points(axes)
    size = look().small
    targets = [height_of(axes, label.at) for label in labels]
    places = spread(targets, [label.height(size) for label in labels], -4.0, height + 8.0)
    texts = []
    for label, target, place in zip(labels, targets, places, strict=True):
        colour = readable(label.colour)
        _leader(axes, target / height, place / height, colour)
        texts.append(
            axes.annotate(
                label.text,
                xy=(1.0, place / height),
                xytext=(END_GAP, 0.0),
                xycoords="axes fraction",
                textcoords="offset points",
                ha="left",
                va="center",
                fontsize=size,
                color=colour,
                weight=label.weight,
                annotation_clip=False,
            )
        )
    return texts


END_GAP = 13.0
"""Points between the axes and their end labels, where the leaders run."""


def _leader(axes: Axes, start: float, stop: float, colour: str) -> None:
    width, _ = size_in_points(axes)
    reach = [1.0 + part * END_GAP / width for part in (0.1, 0.3, 0.7, 0.9)]
    axes.plot(
        reach,
        [start, start, stop, stop],
        transform=axes.transAxes,
        color=colour,
        linewidth=stroke(0.7),
        clip_on=False,
        scalex=False,
        scaley=False,
        label="_leader",
    )


def end_room(axes: Axes, labels: Sequence[Label]) -> None:
    """Reserve the room that end labels will take, so that the layout leaves it; call before `settle`.

    >>> end_room(Figure().subplots(), [Label(0.0, "a long name")])
    """
    widest = max(labels, key=lambda label: text_width(label.text), default=None)
    axes.annotate(
        widest.text if widest else "",
        xy=(1.0, 0.5),
        xytext=(END_GAP, 0.0),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=look().small,
        weight=widest.weight if widest else "normal",
        alpha=0.0,
        annotation_clip=False,
        gid="room",
    )


def release_room(axes: Axes) -> None:
    """Take away what `end_room` put there.

    >>> release_room(Figure().subplots())
    """
    for text in [t for t in axes.texts if t.get_gid() == "room"]:
        text.remove()


def clear_legend(axes: Axes) -> None:
    """A legend where nothing is drawn: inside where a corner is free, above the axes where curves run everywhere.

    >>> axes = Figure().subplots()
    >>> _ = axes.plot([0.0, 1.0], label="a line")
    >>> clear_legend(axes)
    >>> axes.get_legend().get_texts()[0].get_text()
    'a line'
    """
    legend = axes.legend(loc="best", fontsize=look().small, frameon=True, framealpha=0.7, edgecolor="none")
    lay_out_now(axes)
    box = legend.get_window_extent().transformed(axes.transAxes.inverted())
    inside = [
        np.asarray(axes.transAxes.inverted().transform(axes.transData.transform(np.asarray(line.get_xydata()))))
        for line in axes.lines
    ]
    dense = np.vstack([_dense(points) for points in inside if len(points)])
    covered = (dense > (box.x0, box.y0)) & (dense < (box.x1, box.y1))
    if not np.any(covered.all(axis=1)):
        legend.set_in_layout(False)
        return
    widths = sorted(text_width(text.get_text()) for text in legend.get_texts())
    both = sum(widths[-2:]) + 8.0 * look().small  # with the handles and the space between
    axes.legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2 if both < size_in_points(axes)[0] else 1,
        fontsize=look().small, frameon=False, borderaxespad=0.0,
    )  # fmt: skip


def _dense(points: np.ndarray) -> np.ndarray:
    """A line with twenty points for each of its own."""
    at = np.arange(len(points))
    fine = np.linspace(0.0, len(points) - 1.0, 20 * len(points))
    return np.stack([np.interp(fine, at, column) for column in points.T], axis=1)
