"""The figure of a junction: every potential is said, nothing overlaps, and the lines are the profile."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from reading import codes, shown_texts, unreadable

import vrest
from vrest.plot.look import LOOKS, drawing
from vrest.plot.style import ion_colour
from vrest.study.junction.configuration import CONFIGURATIONS

PIPETTE = {"name": "K-gluconate", "ions": {"K": 145, "Na": 13, "Cl": 10, "gluconate": 145, "Mg": 1, "HEPES(-1)": 5}}
BATH = {"name": "Ringer", "ions": {"K": 2.8, "Na": 145, "Cl": 148.8, "Mg": 2, "Ca": 1, "HEPES(-1)": 5}}
QUICK = {("cell-attached", "paper")}
LOW = BATH | {"ions": BATH["ions"] | {"Cl": 8.8, "gluconate": 140}}


def said(figure):
    return [text.get_text() for text in shown_texts(figure)]


@pytest.mark.parametrize(
    ("config", "style"),
    [
        pytest.param(config, style, marks=() if (config, style) in QUICK else pytest.mark.library)
        for config in CONFIGURATIONS
        for style in LOOKS
    ],
)
def test_each_configuration_says_what_is_read_and_what_it_is(config, style):
    found = vrest.ljp(PIPETTE, BATH, celsius=20, measured=-60, config=config)
    with drawing(style):
        figure = vrest.plot.junction_figure(found)
        assert unreadable(figure) == []
        assert codes(figure) == []
    texts = "\n".join(said(figure)).replace("V =\n", "V = ")
    assert "−60.0 mV" in texts
    assert "+16.0 mV" in texts
    assert {"whole-cell": "V = −76.0 mV", "inside-out": "V = +76.0 mV"}.get(config, "76.0") in texts
    assert f"φ(bath) − φ(pipette)\n= +16.0 ± {found.sd:.1f} mV" in texts
    assert "taken off: junction, +16.0 mV" in texts  # a junction has one sign in a figure
    assert "−16.0" not in texts


@pytest.mark.parametrize(
    "given",
    [
        {"new_bath": LOW, "reference": "bath"},
        *(pytest.param(each, marks=pytest.mark.library) for each in ({}, {"method": "henderson"})),
    ],
)
def test_other_questions_are_drawn(given):
    figure = vrest.plot.figure(vrest.ljp(PIPETTE, BATH, celsius=20, **given))
    assert unreadable(figure) == []
    assert ("as an example" in " ".join(said(figure))) is True


@pytest.mark.library
def test_a_negative_junction_points_down():
    found = vrest.ljp(BATH, PIPETTE, celsius=20, measured=-40, config="inside-out")
    assert unreadable(vrest.plot.figure(found)) == []


def test_lines_are_the_profile():
    found = vrest.ljp(PIPETTE, BATH, celsius=20)
    figure = vrest.plot.figure(found)
    above, below = (next(a for a in figure.axes if a.get_ylabel().startswith(name)) for name in ("φ", "conc"))
    line = next(each for each in above.lines if len(each.get_xdata()) > 5)
    assert line.get_ydata()[-1] - line.get_ydata()[0] == pytest.approx(found.value)
    sides = found.solved.sides
    k = sides.names.index("Na")
    sodium = next(each for each in below.lines if each.get_color() == ion_colour("Na"))
    assert [sodium.get_ydata()[at] for at in (0, -1)] == pytest.approx([13.0, 145.0])
    assert np.all(np.diff(sodium.get_xdata()) > 0.0)
    assert sides.valence[k] == 1


@pytest.mark.library
@pytest.mark.parametrize("style", LOOKS)
def test_names_of_ions_stay_in_their_solution(style):
    found = vrest.ljp(PIPETTE, {"name": "a", "ions": {"lactobionate": 100, "Na": 100}}, celsius=20)
    figure = vrest.plot.figure(found, style=style)
    below = next(axes for axes in figure.axes if axes.get_ylabel().startswith("conc"))
    shown_texts(figure)
    (left, _), (right, _) = (below.transData.transform((x, 0.0)) for x in (0.0, 1.0))
    edges = below.get_window_extent()
    for text in below.texts:
        box = text.get_window_extent()
        assert edges.x0 <= box.x0 < box.x1 <= left or right <= box.x0 < box.x1 <= edges.x1, text.get_text()
