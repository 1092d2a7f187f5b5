"""V along one parameter: stable and unstable states, where they turn back, and where they begin to oscillate."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vrest.model.ion_labels import SUPERSCRIPT
from vrest.model.names import cell_label, parameter_label, parameter_name, plain, power_of, unit_label
from vrest.plot.labels import LEADING, clear_legend, settle, size_in_points, text_width
from vrest.plot.look import look, stroke
from vrest.plot.style import FAINT, INK, MUTED, PUMP, V, dress, log_ticks, new_figure, number
from vrest.study.bifurcation.branch import KINDS, Bifurcation, Special

MARKS = {"fold": ("o", "#D55E00", 9.5), "hopf": ("D", "#0072B2", 6.5), "branch": ("X", PUMP, 7.0)}
"""Marker, colour and size of each kind: a Hopf point on a fold leaves the fold to be seen."""

MOST_LABELS = 10
"""More special points than this are marked but not labelled."""

DECADES = 30.0
"""A range with a larger ratio of its ends has a logarithmic axis."""

ORDER = ("stable", "unstable", *KINDS.values(), "present value")
"""Of the legend."""

Box = tuple[float, float, float, float]
"""Left, bottom, right, top; points from the lower left corner of the axes."""

PLACES = [
    (reach * np.cos(angle), reach * np.sin(angle))
    for reach in (10.0, 14.0, 26.0, 42.0, 62.0, 90.0, 125.0, 165.0, 210.0, 260.0)
    for angle in np.deg2rad([0, 180, 30, 150, -30, -150, 60, 120, -60, -120])
]
"""Where a label may stand from its point, points: nearest first."""


def bifurcation_figure(found: Bifurcation) -> Figure:
    """V against the parameter, one panel a membrane: stable states solid, unstable ones dashed.

    Folds and Hopf points are marked and labelled with their values; the upper axis counts in multiples of the
    present value.

    >>> from vrest.study.bifurcation.bifurcation import bifurcation
    >>> found = bifurcation("mammalian_neuron", "pump.max_rate", "0.5x", "2x", starts=0)
    >>> bifurcation_figure(found).axes[0].get_xlabel()
    'pump maximal rate (pmol/cm²/s)'
    """
    walls = [w.name for w in found.branches[0].system.structure.walls]
    title = f"{cell_label(found.cell.name)}: resting states along {parameter_name(found.cell, found.path)}"
    each, more = (3.4, 1.6) if look().width is None else (2.9, 1.3)
    figure = new_figure(found.cell, 6.8, more + each * len(walls), title=title)
    panels = figure.subplots(len(walls), 1, sharex=True, squeeze=False)[:, 0]
    for k, axes in enumerate(panels):
        _panel(axes, found, k, last=k == len(walls) - 1)
    handles, names = panels[0].get_legend_handles_labels()
    order = sorted(range(len(names)), key=lambda n: (*ORDER, names[n]).index(names[n]))
    panels[0].legend(
        [handles[n] for n in order], [names[n] for n in order],
        loc="lower left", bbox_to_anchor=(0.0, 1.0 + _above(found) / (72.0 * each * look().scale)),
        ncols=2 if look().narrow else 5, fontsize=look().small, frameon=False, borderaxespad=0.0, handletextpad=0.5,
        columnspacing=1.4,
    )  # fmt: skip
    settle(figure)
    for k, (axes, wall) in enumerate(zip(panels, walls, strict=True)):
        if _crowd(found) <= MOST_LABELS:
            _labels(axes, found, k, wall)
    return figure


def bifurcation_axes(found: Bifurcation, ax: Axes) -> Axes:
    """V of the first membrane in axes of yours, with a legend. Returns the axes.

    >>> from vrest.study.bifurcation.bifurcation import bifurcation
    >>> found = bifurcation("mammalian_neuron", "pump.max_rate", "0.5x", "2x", starts=0)
    >>> bifurcation_axes(found, Figure().subplots()).get_ylabel()
    'V (mV)'
    """
    _panel(ax, found, 0, last=True)
    clear_legend(ax)
    return ax


def _crowd(found: Bifurcation) -> int:
    """Special points, counted so that a narrow figure has room for half as many names."""
    return len(found.special) * (2 if look().narrow else 1)


def _above(found: Bifurcation) -> float:
    """Points that the upper axis takes."""
    return 0.0 if found.branches[0].multiple is None else 3.6 * look().small + 4.0


def _panel(axes: Axes, found: Bifurcation, k: int, last: bool) -> None:
    """V of membrane k; the upper axis on the first, the lower one's label on the last."""
    walls = [w.name for w in found.branches[0].system.structure.walls]
    power = power_of(max(abs(found.start), abs(found.stop)))
    label = parameter_label(found.cell, found.path, power)
    dress(axes, x=label if last else "", y=f"V{f' of {plain(walls[k])}' if len(walls) > 1 else ''} (mV)")
    _branches(axes, found, k)
    _special(axes, found, walls[k])
    if found.start > 0 and found.stop / found.start > DECADES:
        axes.set_xscale("log")
        log_ticks(axes.xaxis)
    axes.xaxis.set_major_formatter(lambda value, place: number(value / 10.0**power, "g"))
    axes.set_xlim(found.start, found.stop)
    if k == 0 and found.branches[0].multiple is not None:
        _multiples(axes, found)


def _branches(axes: Axes, found: Bifurcation, wall: int) -> None:
    """Every stretch of equal stability; the present state where it is among them."""
    axes.axvline(found.present, color=FAINT, linewidth=stroke(1.0), zorder=0, label="present value")
    named: set[bool] = set()
    for branch in found.branches:
        v = branch.v.reshape(len(branch.parameter), -1)[:, wall]
        for first, last, stable in branch.runs():
            part = slice(first, last + 1)
            axes.plot(
                branch.parameter[part],
                v[part],
                color=V if stable else MUTED,
                linewidth=stroke(2.2 if stable else 1.4),
                linestyle="-" if stable else (0, (4, 2)),
                label="_again" if stable in named else "stable" if stable else "unstable",
            )
            named.add(stable)


def _special(axes: Axes, found: Bifurcation, wall: str) -> None:
    for kind, (marker, colour, size) in MARKS.items():
        points = [point for point in found.special if point.kind == kind]
        if points:
            axes.plot(
                [p.parameter for p in points],
                [_v(p, wall) for p in points],
                marker,
                color=colour,
                mec="white",
                mew=stroke(1.0),
                ms=stroke(size),
                zorder=5,
                label=KINDS[kind],
            )


def _multiples(axes: Axes, found: Bifurcation) -> None:
    """The upper axis, in multiples of the present value."""
    present = found.present
    upper = dress(axes).secondary_xaxis(
        "top", functions=(lambda x: np.asarray(x) / present, lambda m: np.asarray(m) * present)
    )
    upper.tick_params(direction="out", length=stroke(3.5), width=stroke(0.8), color=MUTED, labelsize=look().small)
    upper.spines["top"].set(linewidth=stroke(0.8), color=MUTED)
    if axes.get_xscale() == "log":
        log_ticks(upper.xaxis)
    elif look().narrow:
        upper.xaxis.set_major_locator(MaxNLocator(5))
    upper.xaxis.set_major_formatter(lambda m, place: f"{m:g}×")
    upper.set_xlabel("multiple of the present value", fontsize=look().small, color=MUTED)


def _labels(axes: Axes, found: Bifurcation, k: int, wall: str) -> None:
    """What each special point is, where no curve and no other label stands."""
    width, height = size_in_points(axes)
    scale = np.array([width, height])

    def place(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        pixels = axes.transData.transform(np.column_stack([x, y]))
        return np.asarray(axes.transAxes.inverted().transform(pixels)) * scale

    drawn = [place(b.parameter, b.v.reshape(len(b.parameter), -1)[:, k]) for b in found.branches]
    drawn += [place(np.full(60, found.present), np.linspace(*axes.get_ylim(), 60))]
    ink = np.vstack([_dense(line) for line in drawn])
    taken: list[Box] = []
    for point in found.special:
        text = _text(point, found, wall)
        w, h = text_width(text), LEADING * look().small * (1 + text.count("\n"))
        here = place(np.array([point.parameter]), np.array([_v(point, wall)]))[0]
        boxes, leaders, costs = [], [], []
        for n, (side, up) in enumerate(PLACES):
            left = here[0] + side - (w if side < 0 else 0.0)
            boxes.append((left - 3.0, here[1] + up - h / 2 - 2.0, left + w + 3.0, here[1] + up + h / 2 + 2.0))
            leaders.append(_dense(np.array([here, here + np.array([side, up])]))[2:])
            costs.append(n / 2 + _cost(boxes[-1], leaders[-1], ink, taken, scale))
        best = int(np.argmin(costs))
        taken.append(boxes[best])
        ink = np.vstack([ink, leaders[best]])
        axes.annotate(
            text,
            xy=(point.parameter, _v(point, wall)),
            xytext=PLACES[best],
            textcoords="offset points",
            ha="right" if PLACES[best][0] < 0 else "left",
            va="center",
            fontsize=look().small,
            color=INK,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": MUTED,
                "linewidth": stroke(0.6),
                "shrinkA": 0,
                "shrinkB": 5,
                "relpos": (1.0 if PLACES[best][0] < 0 else 0.0, 0.5),
            },
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
            zorder=6,
        )


def _cost(box: Box, leader: np.ndarray, ink: np.ndarray, taken: list[Box], size: np.ndarray) -> float:
    """What a label there would hide, leave or cross: other labels and the edges weigh most, then lines."""
    outside = max(0.0, -box[0], box[2] - size[0]) + max(0.0, -box[1], box[3] - size[1])
    overlaps = sum(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken)
    crossed = sum(int(_within(leader, b).sum()) for b in taken)
    near = np.hypot(*(leader[:, None] - ink[None]).transpose(2, 0, 1)).min(axis=1) if len(leader) else np.zeros(0)
    hidden = int(_within(ink, box).sum())
    return 1e3 * outside + 1e4 * overlaps + 100.0 * crossed + 60.0 * hidden + 4.0 * float(np.sum(near < 3.0))


def _within(points: np.ndarray, box: Box) -> np.ndarray:
    return np.all((points > box[:2]) & (points < box[2:]), axis=1)


def _dense(line: np.ndarray) -> np.ndarray:
    """A line as points at most a few points apart."""
    parts = [a + np.linspace(0.0, 1.0, 2 + int(np.hypot(*(b - a)) // 4))[:, None] * (b - a) for a, b in pairwise(line)]
    return np.vstack(parts) if parts else line


def _text(point: Special, found: Bifurcation, wall: str) -> str:
    times = "" if point.multiple is None else f" ({number(point.multiple, '.3g')}×)"
    power = power_of(abs(point.parameter))
    size = number(point.parameter / 10.0**power, ".4g") + (f"×10{str(power).translate(SUPERSCRIPT)}" if power else "")
    return f"{KINDS[point.kind]}, {number(_v(point, wall), '.1f')} mV\n{size} {unit_label(found.unit)}{times}"


def _v(point: Special, wall: str) -> float:
    return point.v[wall] if isinstance(point.v, dict) else point.v
