"""Every figure at its printed size: 85 or 180 mm wide, 240 mm high at most, text of 7 to 8 pt, nothing upon another."""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.style import library

sys.path.insert(0, str(Path(__file__).parent))

from reading import codes, shown_texts, unnamed, unreadable

import vrest
from vrest import plot
from vrest.model.change import parse_changes
from vrest.study.perturb.perturbed import at_rest
from vrest.study.perturb.two_clocks import TwoClocks, at_once, resting, settling
from vrest.verbs.rest import rest

PAGE = 240.0
"""mm that a page leaves for a figure."""

STYLES = {"paper": 85.0, "paper-wide": 180.0, "lecture": None}

CELLS = ("mammalian_neuron", "frog_skin", "astrocyte_pair", "edneg_2021", "immature_neuron", "red_blood_cell")
"""Of every kind: a ring of membranes, two cells, four membranes and five ions, chloride on top."""

OTHERS = [pytest.param(name, marks=pytest.mark.library) for name in vrest.library() if name not in CELLS]

MEASURED = {"Ko": [3.0, 10.0, 30.0], "Vm": [-70.0, -60.0, -40.0], "sd": [2.0, 2.0, 2.0]}

FITTED = {"Ko": [2.5, 5.0, 10.0, 20.0, 40.0, 80.0], "Vm": [-75, -68.5, -58.3, -45, -29.8, -13], "cell": list("ababab")}


def stepped(name: str, change: str) -> TwoClocks:
    start, changes = resting(vrest.load(name)), parse_changes(change)
    end = settling(start, changes)
    return TwoClocks(
        start.cell, tuple(changes), (at_rest(start, "before"), at_once(start, changes), at_rest(end, "settled"))
    )


def fired() -> tuple[Any, Any, list[Any]]:
    axon = rest("hodgkin_huxley_1952")
    return axon, vrest.excitability(axon), [vrest.firing(axon, density) for density in (10, 160)]


OVER = {"K_leak.permeability": "lognormal(0.2)", "pump.max_rate": "uniform(0.5x, 2x)"}

CURVES: dict[str, tuple[Callable[[], Any], Callable[[Any], Figure]]] = {
    "iv": (lambda: vrest.current_voltage("mammalian_neuron"), plot.iv_figure),
    "iv of a gated cell": (lambda: vrest.current_voltage("dijkstra_2016"), plot.iv_figure),
    "curve": (lambda: vrest.curve("kir_muscle", "outside.K swap Na", np.geomspace(1, 60, 13)), plot.curve_figure),
    "curve of several cells, and what was measured": (
        lambda: vrest.curve("squid_axon", "outside.K", "1:100:log:9", others=["frog_muscle"], data=MEASURED),
        plot.curve_figure,
    ),
    "doses": (lambda: vrest.dose_response("dijkstra_2016", "digoxin", "5 nM:50 nM:log:9"), plot.dose_figure),
    "doses of several membranes": (
        lambda: vrest.dose_response("frog_skin", "ouabain", "10 nM, 100 nM, 1 uM"),
        plot.dose_figure,
    ),
    "curve of a current": (
        lambda: vrest.curve("hodgkin_huxley_1952", "stimulus.density", "0:50:lin:9"),
        plot.curve_figure,
    ),
    "folds": (lambda: vrest.bifurcation("kir_muscle", "outside.K", 1, 10, starts=0), plot.bifurcation_figure),
    "small numbers": (
        lambda: vrest.bifurcation("mammalian_neuron", "K_leak.permeability", "0.1x", "10x", starts=0),
        plot.bifurcation_figure,
    ),
    "fit": (lambda: vrest.fit("mammalian_neuron", FITTED, ["P_Na/P_K", "P_Cl/P_K", "inside.K"]), plot.fit_figure),
    "tornado": (lambda: vrest.sensitivity("mammalian_neuron"), plot.sensitivity_figure),
    "shares of the variance": (
        lambda: vrest.sensitivity("mammalian_neuron", over=OVER, n=64),
        plot.sensitivity_figure,
    ),
    "firing": (fired, plot.firing_figure),
}


def judge(figure: Figure, style: str) -> None:
    """What holds of every figure."""
    width = STYLES[style]
    if width is not None:
        assert 25.4 * figure.get_figwidth() == pytest.approx(width, rel=1e-12)
        sizes = {text.get_fontsize() for text in shown_texts(figure)}
        assert 25.4 * figure.get_figheight() <= PAGE + 0.01
        assert min(sizes) >= 7.0
        assert max(sizes) <= 8.0
    assert unreadable(figure) == []
    assert codes(figure) == []
    assert unnamed(figure) == []


@pytest.mark.parametrize("name", [*CELLS, *OTHERS])
def test_the_account_of_a_rest_can_be_printed(name: str) -> None:
    story = vrest.explain(name)
    for style in ("paper", "paper-wide"):
        for draw in (plot.ladder_figure, plot.explanation_figure, plot.balance_figure):
            with plot.drawing(style):
                figure = draw(story)
            judge(figure, style)


@pytest.mark.parametrize("style", ["paper", "paper-wide"])
def test_one_membrane_of_several_is_drawn_whole(style: str) -> None:
    """Also where a page has room for no more than the ladders of all."""
    story = vrest.explain("frog_skin")
    together = [axes.get_title(loc="left") for axes in plot.figure(story, style=style).axes]
    assert together == ["apical", "basolateral", "junction"]
    figure = plot.figure(story, style=style, membrane="basolateral")
    judge(figure, style)
    assert figure.axes[0].get_title(loc="left") == "basolateral"
    assert {axes.get_ylabel() for axes in figure.axes} >= {"V (mV)", "outward current (pA)"}
    bars = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert any(text.startswith("pump\n+") for text in bars)


def test_a_membrane_that_is_not_there_is_refused() -> None:
    with pytest.raises(vrest.VrestError, match=r"no membrane 'basolaterl'") as refused:
        plot.figure(vrest.explain("frog_skin"), membrane="basolaterl")
    assert refused.value.code == "unknown_membrane"
    with pytest.raises(vrest.VrestError) as refused:
        plot.figure(vrest.curve("mammalian_neuron", "outside.K", [2.0, 5.0]), membrane="membrane")
    assert refused.value.code == "not_by_membrane"


@pytest.mark.parametrize("name", CURVES)
def test_curves_can_be_printed(name: str) -> None:
    make, draw = CURVES[name]
    story = make()
    for style in STYLES:
        with plot.drawing(style):
            figure = draw(story)
        judge(figure, style)


@pytest.mark.parametrize(
    ("name", "change"),
    [("mammalian_neuron", "outside.K=12 mM swap Na"), ("frog_skin", "basolateral.K_leak.permeability*=0.5")],
)
def test_a_step_can_be_printed(name: str, change: str) -> None:
    story = stepped(name, change)
    for style in ("paper", "paper-wide"):
        judge(plot.figure(story, style=style), style)


def test_numbers_are_drawn_over_most_of_their_panel() -> None:
    """No curve is squeezed into a fifth of its panel."""
    make, draw = CURVES["small numbers"]
    axes = draw(make()).axes[0]
    low, high = axes.get_ylim()
    drawn = np.concatenate(
        [np.asarray(curve.get_ydata(), float) for curve in axes.lines if len(curve.get_xydata()) > 2]
    )
    assert np.ptp(drawn) > 0.8 * (high - low)
    assert axes.get_xlabel() == "K⁺ leak permeability (10⁻⁶ cm/s)"


def test_text_stays_text(tmp_path: Path) -> None:
    with plot.drawing("paper"):
        figure = plot.ladder_figure(vrest.explain("mammalian_neuron"))
    svg = plot.save(figure, tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "V at rest" in "".join(re.findall(r"<text[^>]*>(?:<tspan[^>]*>)?([^<]*)<", svg))
    pdf = plot.save(figure, tmp_path / "a.pdf").read_bytes()
    assert b"/FontFile2" in pdf  # the fonts are in the file, as TrueType
    pages = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            pages.append(zlib.decompress(stream))
        except zlib.error:
            continue
    operators = re.findall(rb"\bT[jJ]\b", b"".join(pages))  # each shows a string
    assert len(operators) >= len(shown_texts(figure))


AXES = {
    "ladder_axes": lambda: vrest.explain("mammalian_neuron"),
    "rest_axes": lambda: vrest.rest("mammalian_neuron"),
    "explanation_axes": lambda: vrest.explain("frog_skin"),
    "balance_axes": lambda: vrest.explain("mammalian_neuron"),
    "iv_axes": CURVES["iv"][0],
    "curve_axes": CURVES["curve"][0],
    "dose_axes": CURVES["doses"][0],
    "bifurcation_axes": CURVES["folds"][0],
    "fit_axes": CURVES["fit"][0],
    "sensitivity_axes": lambda: vrest.sensitivity("mammalian_neuron", ["K_leak.permeability", "outside.K"], of="V"),
    "two_clocks_axes": lambda: stepped("mammalian_neuron", "outside.K=12 mM swap Na"),
    "firing_axes": lambda: vrest.firing("hodgkin_huxley_1952", 10),
}


@pytest.mark.parametrize("name", AXES)
def test_the_main_panel_goes_into_given_axes(name: str) -> None:
    figure = Figure(figsize=(8, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    drawn = getattr(plot, name)(AXES[name](), left)
    assert drawn is left
    assert left.has_data()
    assert left.get_ylabel() or left.get_xlabel()
    assert not right.has_data()
    assert figure.axes == [left, right]
    figure.draw_without_rendering()
    assert any(label.get_text() for label in [*left.get_xticklabels(), *left.get_yticklabels()])
    if name == "fit_axes":
        assert left.get_xscale() == "log"
        assert {label.get_text() for label in left.get_xticklabels()} >= {"5", "10", "20", "50"}
    assert unnamed(figure) == []
    assert codes(figure) == []


def luminance(colour: Any) -> float:
    """Relative luminance by the Web Content Accessibility Guidelines 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot((0.2126, 0.7152, 0.0722), linear))


@pytest.mark.parametrize("name", AXES)
def test_all_is_seen_on_a_dark_ground(name: str) -> None:
    """Letters and curves, in axes of somebody whose style is dark."""
    with rc_context(dict(library["dark_background"])):
        axes = Figure(figsize=(5, 4), layout="constrained").subplots()
        getattr(plot, name)(AXES[name](), axes)
        figure = axes.get_figure(root=True)
        assert figure is not None
        told = [text.get_color() for text in shown_texts(figure)]
    curves = [line.get_color() for line in axes.lines if line.get_linestyle() != "None"]
    assert told
    for colour in (*told, *curves, *(spine.get_edgecolor() for spine in axes.spines.values() if spine.get_visible())):
        assert (luminance(colour) + 0.05) / 0.05 >= 3.0, colour
