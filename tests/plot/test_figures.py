"""Every figure draws for cells of every kind, says its units, and shows the numbers of its object."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parent))

from reading import render, unreadable

import vrest
from vrest.constants import F
from vrest.model.cellfile import load
from vrest.model.change import parse_changes
from vrest.model.names import transport_label
from vrest.plot.balance import balance_figure, by_ion, by_transport
from vrest.plot.current_voltage import iv_figure
from vrest.plot.curve import curve_axes, curve_figure
from vrest.plot.explanation import explanation_figure
from vrest.plot.fit import fit_figure
from vrest.plot.ladder import ladder_figure
from vrest.plot.style import ion_colour
from vrest.plot.timecourse import timecourse_figure
from vrest.plot.two_clocks import two_clocks_figure
from vrest.study.current_voltage import current_voltage
from vrest.study.curve.curve import curve as along
from vrest.study.curve.result import Curve
from vrest.study.explain.explain import Explanation, explain
from vrest.study.fit.fit import fit
from vrest.study.perturb.perturbed import Moment, at_rest
from vrest.study.perturb.two_clocks import TwoClocks, at_once, resting, settling
from vrest.system.observables import currents, reversal_potentials
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest import rest
from vrest.verbs.run import simulate
from vrest.verbs.run_result import Run

# three leak laws and a cotransporter; one that swells without limit when its pump stops
CELLS = ("mammalian_neuron", "article_neuron", "squid_axon", "astrocyte", "frog_muscle", "skeletal_muscle", "kay_2017")


@pytest.fixture(scope="module")
def stories() -> dict[str, Explanation]:
    return {name: explain(rest(load(name))) for name in CELLS}


@pytest.fixture(scope="module")
def run() -> Run:
    events = [("5 min", "transports.pump.max_rate*=0"), ("25 min", "transports.pump.max_rate=restore")]
    return simulate(load("mammalian_neuron"), events, "2 h", points=200)


@pytest.fixture(scope="module")
def curve() -> Curve:
    return along(load("mammalian_neuron"), "outside.K", np.geomspace(1.0, 50.0, 7))


def line(axes: Axes, label: str) -> np.ndarray:
    found = [drawn for drawn in axes.lines if drawn.get_label() == label]
    assert len(found) == 1, label
    return np.asarray(found[0].get_xydata())


@pytest.mark.parametrize("name", CELLS)
def test_ladder_names_every_potential_without_overlap(stories: dict[str, Explanation], name: str) -> None:
    story = stories[name].membranes[0]
    figure = ladder_figure(stories[name])
    assert unreadable(figure) == []
    texts = " ".join(" ".join(t.get_text().split()) for t in figure.axes[0].texts)
    assert f"V at rest {story.v:.2f} mV".replace("-", "−") in texts
    for ion in story.ions:
        assert rf"E_{{\mathrm{{{ion.ion}}}}}" in texts
    assert f"stopping the pump: {story.direct:+.1f} mV at once" in texts
    if story.indirect is None:
        assert story.run_down_outcome.replace("_", " ") in texts
    else:
        assert f"running down: {story.indirect:+.1f} mV later" in texts


def test_ladder_bars_are_the_potentials(stories: dict[str, Explanation]) -> None:
    story = stories["mammalian_neuron"].membranes[0]
    axes = ladder_figure(stories["mammalian_neuron"]).axes[0]
    direct, indirect = axes.containers
    assert direct[0].get_y() == story.v
    assert direct[0].get_y() + direct[0].get_height() == pytest.approx(story.v_pump_off)
    assert indirect[0].get_y() + indirect[0].get_height() == pytest.approx(story.v_run_down)
    low, high = axes.get_ylim()
    values = [i.E for i in story.ions if i.E is not None]
    assert low < min(values) < max(values) < high


@pytest.mark.parametrize("name", ["mammalian_neuron", "squid_axon", "astrocyte", "kay_2017"])
def test_explanation_and_balance_have_room_for_their_labels(stories: dict[str, Explanation], name: str) -> None:
    for figure in (explanation_figure(stories[name]), balance_figure(stories[name])):
        assert unreadable(figure) == []
        for axes in figure.axes:
            assert axes.get_ylabel() in ("", "V (mV)") or axes.get_ylabel().startswith("outward current (")


def test_explanation_says_v_and_what_it_costs(stories: dict[str, Explanation]) -> None:
    texts = [t.get_text() for t in explanation_figure(stories["mammalian_neuron"]).texts]
    assert "Mammalian neuron: V = −70.00 mV" in texts
    assert "It costs 3.56×10⁷ ATP per second (3.37 pW)." in texts
    assert any("37 °C" in text and "vrest" in text for text in texts)


def test_explanation_of_a_run_down_cell() -> None:
    figure = explanation_figure(explain(rest(load("mammalian_neuron"), "pump.max_rate*=0")))
    assert unreadable(figure) == []
    assert any("rests run down" in t.get_text() for t in figure.texts)
    assert figure.axes[2].get_ylabel() == "outward current (pA)"  # not the scale of the rounding


def test_balance_bars_are_the_fluxes(stories: dict[str, Explanation]) -> None:
    story = stories["astrocyte"]
    membrane = story.membranes[0]
    ions, transports = by_ion(story, membrane), by_transport(story, membrane)
    for ion, label in (("K", "K⁺"), ("Na", "Na⁺"), ("Cl", "Cl⁻")):
        table = {i.ion: i for i in membrane.ions}[ion]
        z = -1 if ion == "Cl" else 1
        assert [current for _, current, _, _ in ions[label]] == pytest.approx(
            [z * 1e-3 * F * flux for flux in table.fluxes.values()]
        )
        for name, (_, current, _, _) in zip(table.fluxes, ions[label], strict=True):
            assert (label, current) in [(i, c) for i, c, _, _ in transports[transport_label(story.rest.cell, name)]]
    pump = sum(current for _, current, _, _ in transports["pump"])
    assert pump == pytest.approx(membrane.pumps[0].current)
    drawn = [bar.get_height() for bars in balance_figure(story).axes[0].containers for bar in bars]
    assert drawn == pytest.approx([current for stack in ions.values() for _, current, _, _ in stack], rel=1e-12)


@pytest.mark.parametrize("name", ["mammalian_neuron", "kay_2017", "squid_axon"])
def test_current_voltage(stories: dict[str, Explanation], name: str) -> None:
    iv = current_voltage(stories[name].rest)
    figure = iv_figure(iv)
    assert unreadable(figure) == []
    whole, near = figure.axes
    unit = {"pA": 1.0, "nA": 1e-3, "µA": 1e-6}[whole.get_ylabel().split("(")[1][:-1]]
    assert whole.get_xlabel() == "V (mV)"
    for ion, current in iv.ions.items():
        assert np.array_equal(line(whole, ion), np.column_stack([iv.potential, unit * current]))
    assert np.array_equal(line(whole, "net")[:, 1], unit * iv.net)
    assert np.array_equal(line(whole, "pump")[:, 1], unit * iv.pump)
    assert line(near, "V at rest").tolist() == [[iv.v_rest, 0.0]]
    assert near.get_xlim()[0] < iv.v_rest < near.get_xlim()[1]


def test_current_voltage_of_a_narrow_range_has_one_panel(stories: dict[str, Explanation]) -> None:
    iv = current_voltage(stories["mammalian_neuron"].rest, np.linspace(-90.0, -60.0, 31))
    assert len(render(iv_figure(iv)).axes) == 1


def test_curve(curve: Curve) -> None:
    figure = curve_figure(curve)
    assert [text.get_text() for text in figure.axes[0].texts] == [
        "settled",
        "at once",
        r"Nernst line, $E_{\mathrm{K}}$",
    ]
    assert unreadable(figure) == []
    axes = curve_axes(curve, Figure().subplots())
    assert axes.get_xlabel() == "[K⁺]ₒ (mM)"
    assert axes.get_ylabel() == "V (mV)"
    assert axes.get_xscale() == "log"
    assert np.array_equal(line(axes, "settled"), np.column_stack([curve.values, curve.settled]))
    assert np.array_equal(line(axes, "at once")[:, 1], curve.instant)
    assert np.array_equal(line(axes, r"Nernst line, $E_{\mathrm{K}}$")[:, 1], curve.nernst)
    x, v = line(axes, "present: 5 mM")[0]
    assert x == curve.present
    assert v == pytest.approx(-70.0, abs=1.5)  # on the drawn line, between two of its points


def test_curve_says_where_there_is_no_rest(curve: Curve) -> None:
    from dataclasses import replace

    outcomes = (Outcome.swells_without_limit,) * 2 + (Outcome.rests,) * 3 + (Outcome.neutral, Outcome.rests_run_down)
    settled = np.where([o.is_rest for o in outcomes], curve.settled, np.nan)
    changed = replace(curve, settled=settled, outcomes=outcomes)
    axes = curve_axes(changed, render(curve_figure(changed)).add_subplot())
    named = axes.get_legend_handles_labels()[1]
    assert "no rest: swells without limit" in named
    assert "no rest: neutral" in named
    assert "settled, but run down" in named
    drawn = line(axes, "settled")[:, 1]
    assert np.isnan(drawn[[0, 1, 5]]).all()
    assert np.isfinite(drawn[[2, 3, 4, 6]]).all()


def test_time_course_lines_are_the_run(run: Run) -> None:
    figure = timecourse_figure(run)
    assert unreadable(figure) == []
    strip, potentials, inside, volume, pump = figure.axes
    assert [t.get_text() for t in strip.texts] == ["pump maximal rate ×0", "restored"]
    assert potentials.get_ylabel() == "V (mV)"
    assert inside.get_ylabel() == "inside (mM)"
    assert pump.get_ylabel() == "pump\ncurrent (pA)"
    assert pump.get_xlabel() == "time (min)"
    wall = run.system.structure.walls[0]
    again = simulate(run.cell, run.plan, run.until, times=np.unique(60.0 * line(potentials, "V")[:, 0]))

    def as_drawn(values: np.ndarray) -> np.ndarray:
        """With the state at each event twice, so that a step in a parameter is vertical."""
        events = np.searchsorted(again.time, again.events)
        return np.insert(values, events, values[events])

    assert len(again.time) > len(run.time)
    assert line(potentials, "V")[:, 1] == pytest.approx(as_drawn(again.v), abs=1e-9)
    e = reversal_potentials(again.system, again.states, again.parameters, wall)["K"]
    assert line(potentials, r"$E_{\mathrm{K}}$")[:, 1] == pytest.approx(as_drawn(1e3 * e), abs=1e-9)
    k = again.system.concentrations(again.states, again.parameters, "inside")["K"]
    assert line(inside, "K⁺")[:, 1] == pytest.approx(as_drawn(k), rel=1e-12)
    assert volume.get_ylabel() == "relative\nvolume"
    relative = again.system.relative_volume(again.states, "inside")
    assert line(volume, "inside")[:, 1] == pytest.approx(as_drawn(relative), rel=1e-12)
    here = 1e12 * currents(run.system, run.states, run.parameters, wall)["pump"]
    drawn = line(pump, "pump")
    stop = int(np.searchsorted(drawn[:, 0], 5.0))
    assert drawn[stop : stop + 2, 0].tolist() == [5.0, 5.0]  # the step is vertical
    assert drawn[stop, 1] == pytest.approx(here[0])
    assert drawn[stop + 1, 1] == 0.0


def test_logarithmic_time_course_has_a_column_for_each_stretch() -> None:
    events = [("5 min", "pump.max_rate*=0"), ("25 min", "pump.max_rate=restore")]
    run = simulate(load("mammalian_neuron"), events, "2 h", points=60, spacing="log")
    figure = timecourse_figure(run, log=True)
    assert unreadable(figure) == []
    assert len(figure.axes) == 3 * 4
    assert all(axes.get_xscale() == "log" for axes in figure.axes)
    labels = [axes.get_xlabel() for axes in figure.axes[-3:]]
    assert labels == ["time since the start", "time since 5 min", "time since 25 min"]
    assert [axes.get_title(loc="left") for axes in figure.axes[:3]] == [
        "before the first change",
        "pump maximal rate ×0",
        "restored",
    ]


@pytest.mark.parametrize("change", ["outside.K=12 mM swap Na", "K_leak.permeability=0"])
def test_two_clocks_lines_are_the_moments(change: str) -> None:
    start, changes = resting(load("mammalian_neuron")), parse_changes(change)
    end = settling(start, changes)
    last = at_rest(end, "settled") if end.outcome.is_rest else Moment("settled")
    moments = (at_rest(start, "before"), at_once(start, changes), last)
    axes = render(two_clocks_figure(TwoClocks(start.cell, tuple(changes), moments))).axes[0]
    drawn = [curve.get_ydata() for curve in axes.lines if curve.get_marker() == "o"]
    v = [-70.0, vrest.instant("mammalian_neuron", change).v, end.v_rest if last.v else np.nan]
    assert np.asarray(drawn[0], float) == pytest.approx(v, abs=1e-9, nan_ok=True)
    assert len(drawn) == 4
    ticks = [tick.get_text() for tick in axes.get_xticklabels()]
    assert ticks == ["before", "at once", "settled" if last.v else "settled:\nnone"]


def test_one_colour_per_ion_everywhere(stories: dict[str, Explanation], run: Run, curve: Curve) -> None:
    figures = [
        timecourse_figure(run),
        curve_figure(curve),
        iv_figure(current_voltage(stories["mammalian_neuron"].rest)),
    ]
    for figure in figures:
        for axes in figure.axes:
            for drawn in axes.lines:
                if drawn.get_label() in ("K", "K⁺", r"$E_{\mathrm{K}}$", r"Nernst line, $E_{\mathrm{K}}$"):
                    assert drawn.get_color() == ion_colour("K")


def test_fit_shows_its_data_curve_and_intervals() -> None:
    ko = [2.5, 5.0, 10.0, 20.0, 40.0, 80.0]
    data = {"Ko": ko, "Vm": [-75, -68.5, -58.3, -45, -29.8, -13], "cell": list("ababab")}
    story = fit(load("mammalian_neuron"), data, ["P_Na/P_K", "P_Cl/P_K", "inside.K"])
    figure = fit_figure(story)
    assert unreadable(figure) == []
    top, below, *profiles = figure.axes
    curve = line(top, "fitted")
    for k, (x, v) in enumerate(zip(ko, story.predicted, strict=True)):
        assert np.interp(np.log(x), np.log(curve[:, 0]), curve[:, 1]) == pytest.approx(v, abs=0.05), k
    assert below.get_xlabel() == "[K⁺]ₒ (mM)"
    assert [axes.get_xlabel() for axes in profiles] == [
        r"$P_{\mathrm{Na}}/P_{\mathrm{K}}$",
        r"$P_{\mathrm{Cl}}/P_{\mathrm{K}}$",
        "[K⁺]ᵢ (mM)",
    ]
    for axes, e in zip(profiles, story.estimates, strict=True):
        profile = np.asarray(axes.lines[0].get_xydata())
        if e.high is not None:
            assert np.interp(e.high, *profile.T) == pytest.approx(1.0, abs=1e-3)
        said = axes.texts[0].get_text()
        assert said.startswith("below") if e.low is None else "to" in said
