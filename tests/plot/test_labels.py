"""Spread labels never overlap and move no more than they must."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from vrest.model.cellfile import load
from vrest.plot.clock import Clock
from vrest.plot.events import blocks, lay_out
from vrest.plot.labels import spread
from vrest.plot.style import ION_COLOURS, PUMP, current_unit, ion_label, number, readable, time_unit
from vrest.verbs.run import simulate

places = st.lists(st.tuples(st.floats(-100.0, 100.0), st.floats(1.0, 30.0)), min_size=1, max_size=12)


@given(places)
def test_spread_boxes_are_disjoint_inside_and_in_order(items: list[tuple[float, float]]) -> None:
    targets, sizes = [t for t, _ in items], [s for _, s in items]
    low, high = -200.0, 200.0 + sum(sizes)
    centres = spread(targets, sizes, low, high)
    boxes = sorted((c - 0.5 * s, c + 0.5 * s) for c, s in zip(centres, sizes, strict=True))
    assert boxes[0][0] >= low - 1e-9
    assert boxes[-1][1] <= high + 1e-9
    for (_, upper), (lower, _) in itertools.pairwise(boxes):
        assert lower >= upper - 1e-9
    for (a, x), (b, y) in itertools.combinations(zip(targets, centres, strict=True), 2):
        assert (a < b) <= (x < y)


def test_spread_moves_as_little_as_possible() -> None:
    targets, sizes = [0.0, 1.0, 1.5, 9.0], [2.0, 3.0, 2.0, 2.0]
    centres = spread(targets, sizes, -50.0, 50.0)

    def moved(x: list[float]) -> float:
        return sum((a - b) ** 2 for a, b in zip(x, targets, strict=True))

    gaps = [0.5 * (a + b) for a, b in itertools.pairwise(sizes)]
    apart = [{"type": "ineq", "fun": lambda x, k=k, g=g: x[k + 1] - x[k] - g} for k, g in enumerate(gaps)]
    best = minimize(moved, [-3.0, 0.0, 3.0, 9.0], constraints=apart)
    assert moved(centres) == pytest.approx(best.fun, rel=1e-6)


def test_spread_without_labels() -> None:
    assert spread([], [], 0.0, 1.0) == []


@pytest.mark.parametrize(
    ("value", "form", "text"), [(-70.0, ".2f", "−70.00"), (-1e-9, ".2f", "0.00"), (-1e-9, "+.1f", "0.0")]
)
def test_minus_signs(value: float, form: str, text: str) -> None:
    assert number(value, form) == text


def test_text_colours_can_be_read_on_white() -> None:
    from matplotlib.colors import to_rgb

    for colour in [*ION_COLOURS.values(), PUMP]:
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(readable(colour))]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert 1.05 / (luminance + 0.05) > 4.4


def test_units_follow_the_size() -> None:
    assert [current_unit(x)[0] for x in (0.0, 0.05, 5.0, 5e3, 5e6)] == ["pA", "fA", "pA", "nA", "µA"]
    assert [time_unit(x)[0] for x in (0.05, 60.0, 3600.0, 86400.0, 1e7)] == ["ms", "s", "min", "h", "d"]
    assert ion_label("NH4") == "NH₄⁺"


def test_protocol_blocks() -> None:
    events = [
        (10.0, "outside.K=12 mM swap Na over 5 s"),
        (20.0, "pump.max_rate*=0.5"),
        (30.0, "pump.max_rate*=0"),
        (40.0, ["outside.K=restore", "outside.Na=restore"]),
    ]
    found = blocks(simulate(load("mammalian_neuron"), events, 50.0, points=6))
    assert [(b.start, b.stop, b.text, b.over) for b in found] == [
        (10.0, 40.0, "[K⁺]ₒ = 12 mM, for Na⁺", 5.0),
        (20.0, 30.0, "pump maximal rate ×0.5", 0.0),
        (30.0, 50.0, "pump maximal rate ×0", 0.0),
        (40.0, 50.0, "restored", 0.0),
    ]
    strip = lay_out(found, Clock(0.0, 50.0), 120.0)
    assert [len(row) for row in strip.rows] == [2, 2]
    assert strip.lines[1] == (0, 1)  # too long for one line at this width
