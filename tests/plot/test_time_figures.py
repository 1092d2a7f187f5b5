"""Figures over time: no spike is missed, what stays is told and not drawn, and an axis ends where the cell does."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.integrate import solve_ivp
from scipy.signal import find_peaks

sys.path.insert(0, str(Path(__file__).parent))

from reading import codes, shown_texts, unnamed, unreadable

from vrest.plot.clock import Clock
from vrest.plot.look import drawing
from vrest.plot.panel import CLOSE_UP, MARK
from vrest.plot.perturb import comparison_axes, comparison_figure, perturbation_axes, perturbation_figure
from vrest.plot.population import population_axes, population_figure
from vrest.plot.samples import close_up, samples
from vrest.plot.timecourse import timecourse_axes, timecourse_figure
from vrest.study.perturb.compare import compare
from vrest.study.perturb.perturb import perturb
from vrest.study.perturb.perturbed import Perturbed, by_membrane
from vrest.units import duration
from vrest.verbs.population import population
from vrest.verbs.population_result import Population
from vrest.verbs.run import simulate
from vrest.verbs.run_result import Run

STYLES = ("lecture", "paper", "paper-wide")


def judge(figure: Figure, style: str) -> None:
    """What holds of every figure."""
    assert unreadable(figure) == []
    assert codes(figure) == []
    assert unnamed(figure) == []
    if style != "lecture":
        sizes = {float(text.get_fontsize()) for text in shown_texts(figure)}
        assert 25.4 * figure.get_figheight() <= 240.01
        assert 7.0 <= min(sizes) <= max(sizes) <= 8.0
        assert 25.4 * figure.get_figwidth() == pytest.approx(85.0 if style == "paper" else 180.0, rel=1e-12)


@pytest.fixture(scope="module")
def firing() -> Run:
    """Spikes for three seconds, of a run that was asked for two moments."""
    events = [(0.2, "stimulus.density=10 uA/cm2"), (3.0, "stimulus.density=0")]
    return simulate("hodgkin_huxley_1952", events, 3.4, points=2)


@pytest.fixture(scope="module")
def anoxia() -> Perturbed:
    return perturb("dijkstra_2016", "anoxia", duration="5 min")


def v_of(axes: Axes, label: str = "V") -> np.ndarray:
    return next(np.asarray(line.get_xydata()) for line in axes.lines if line.get_label() == label)


def spikes_panels(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.get_title(loc="left") == f"{MARK} {CLOSE_UP}"]


def hodgkin_huxley(current: float, lasts: float) -> tuple[np.ndarray, np.ndarray]:
    """The published equations (mV, ms, uA/cm2) by SciPy, from rest: times and V."""

    def slope(_: float, y: np.ndarray) -> list[float]:
        v, m, h, n = y
        am, bm = 0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10)), 4 * np.exp(-(v + 65) / 18)
        ah, bh = 0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))
        an, bn = 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10)), 0.125 * np.exp(-(v + 65) / 80)
        flow = 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.387)
        return [current - flow, am * (1 - m) - bm * m, ah * (1 - h) - bh * h, an * (1 - n) - bn * n]

    found = solve_ivp(slope, (0, lasts), [-65, 0.0529, 0.5961, 0.3177], rtol=1e-9, atol=1e-9, max_step=0.05)
    return found.t, found.y[0]


def test_every_spike_is_seen_of_a_run_that_was_asked_for_two_moments(firing: Run) -> None:
    drawn = samples(firing, Clock(0.0, 3.4))
    peaks = next(iter(drawn.peaks.values()))
    v = next(iter(drawn.v.values()))
    _, published = hodgkin_huxley(10.0, 2800.0)
    expected = find_peaks(published, prominence=10)[0]
    tall = peaks[v[peaks] > 0]
    assert len(tall) == len(expected)
    assert v[tall] == pytest.approx(published[expected], abs=0.3)


@pytest.mark.parametrize("style", STYLES)
def test_a_band_holds_every_peak_and_trough_of_a_fine_run(firing: Run, style: str) -> None:
    fine = simulate(firing.cell, firing.plan, 3.4, times=np.linspace(0.0, 3.4, 170_001))
    with drawing(style):
        figure = timecourse_figure(firing)
    judge(figure, style)
    axes = figure.axes[1]
    (band,) = axes.collections
    outline = np.asarray(band.get_paths()[0].vertices, dtype=np.float64)
    inside = (fine.time > outline[:, 0].min()) & (fine.time < outline[:, 0].max())
    for sign in (1.0, -1.0):
        for k in find_peaks(sign * fine.v, prominence=1.0)[0]:
            if inside[k]:
                near = outline[np.abs(outline[:, 0] - fine.time[k]) < 0.05]
                assert sign * fine.v[k] <= (sign * near[:, 1]).max() + 0.02
    assert inside.sum() > 0.79 * len(fine.time)
    assert outline[:, 1].max() == pytest.approx(fine.v[inside].max(), abs=0.1)  # times 20 us apart cut a peak off
    line = v_of(axes)
    outside = line[np.isfinite(line[:, 1])]
    assert not np.any((outside[:, 0] > outline[:, 0].min()) & (outside[:, 0] < outline[:, 0].max()))


def test_a_close_up_has_real_spikes(firing: Run) -> None:
    drawn = samples(firing, Clock(0.0, 3.4))
    seen = close_up(drawn, Clock(0.0, 3.4), 300.0)
    assert seen is not None
    v = next(iter(seen.v.values()))
    assert len(find_peaks(v, prominence=30.0)[0]) == 5
    fine = simulate(firing.cell, firing.plan, 3.4, times=seen.time)
    assert v == pytest.approx(fine.v, abs=1e-6)


def test_spikes_that_can_be_told_apart_are_lines_and_need_no_close_up(firing: Run) -> None:
    few = timecourse_figure(simulate(firing.cell, [(0.0, "stimulus.density=10 uA/cm2")], "100 ms", points=2))
    assert spikes_panels(few) == []
    assert len(find_peaks(v_of(few.axes[1])[:, 1], prominence=50.0)[0]) == 7
    assert not few.axes[1].collections
    assert len(spikes_panels(timecourse_figure(firing))) == 1
    calm = timecourse_figure(simulate("mammalian_neuron", [(0.0, "pump.max_rate*=0")], "10 min", points=2))
    assert spikes_panels(calm) == []


def test_a_band_begins_with_the_spikes(firing: Run) -> None:
    """Not while V rests, before the current that is injected at 0.2 s."""
    with drawing("paper"):
        axes = timecourse_figure(firing).axes[1]
    (band,) = axes.collections
    assert 0.199 < band.get_datalim(axes.transData).x0 < 0.203


@pytest.mark.parametrize("style", ["paper", "paper-wide"])
def test_a_page_has_what_moves_most_and_names_the_rest(style: str) -> None:
    run = simulate("edneg_2021", [(1.0, "neuron_soma.pump.max_rate*=0")], "20 s", points=2)
    whole = timecourse_figure(run)
    with drawing(style):
        figure = timecourse_figure(run)
    judge(figure, style)
    assert len(figure.axes) < len(whole.axes)
    texts = " ".join(t.get_text() for t in figure.texts).replace("\n", " ")
    left = texts.split("No room here for: ")[1].rstrip(".").split(", ")
    drawn = [str(line.get_label()) for axes in figure.axes for line in axes.lines]
    every = [str(line.get_label()) for axes in whole.axes for line in axes.lines]
    curves = [[name for name in names if not name.startswith("_")] for names in (drawn, every)]
    assert len(curves[0]) + len(left) == len(curves[1])


def test_what_stays_is_told_and_not_drawn() -> None:
    figure = timecourse_figure(simulate("mammalian_neuron", [(0.0, "pump.max_rate*=0.9")], "10 min", points=2))
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels == ["", "V (mV)", "inside (mM)", "pump\ncurrent (pA)", *labels[4:]]
    (inside,) = [axes for axes in figure.axes if axes.get_ylabel() == "inside (mM)"]
    assert [line.get_label() for line in inside.lines if not str(line.get_label()).startswith("_")] == ["Na⁺"]
    (told,) = [t.get_text() for t in figure.texts if t.get_text().startswith("Not drawn")]
    run = simulate("mammalian_neuron", [(0.0, "pump.max_rate*=0.9")], "10 min")
    inner = run.system.concentrations(run.states, run.parameters, "inside")
    moved = [100 * np.ptp(inner[ion]) / inner[ion].max() for ion in ("K", "Cl")]
    moved.append(100 * np.ptp(run.system.relative_volume(run.states, "inside")))
    bound = float(told.split("within ")[1].split(" %")[0])
    assert max(moved) <= bound <= max(moved) + 10 ** np.floor(np.log10(max(moved)))
    assert told.endswith("K⁺ inside, Cl⁻ inside, volume.")


@pytest.mark.parametrize("style", STYLES)
def test_perturbation_of_a_cell_that_fires(anoxia: Perturbed, style: str) -> None:
    with drawing(style):
        figure = perturbation_figure(anoxia)
    judge(figure, style)
    assert len(spikes_panels(figure)) == 1
    assert [len(axes.collections) for axes in figure.axes if axes.get_ylabel() == "V (mV)"] == [1, 1, 0]
    told = [t.get_text() for axes in figure.axes if (legend := axes.get_legend()) for t in legend.get_texts()]
    assert told == ["hypothetical: all at once"]
    bars = next(axes for axes in figure.axes if axes.get_title(loc="left") == "Change of V").patches
    assert [bool(bar.get_hatch()) for bar in bars] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("mammalian_neuron", "ouabain"),
        ("cressman_2009", "k_clearance_loss"),
        ("frog_skin", "k_leak_block"),
        ("astrocyte_pair", "k_puff"),
        ("red_blood_cell", "ouabain"),
        ("edneg_2021", "anoxia"),
        ("hodgkin_huxley_1952", "ttx"),
    ],
)
def test_perturbations_read_well_in_every_style(cell: str, name: str) -> None:
    story = perturb(cell, name)
    for style in STYLES:
        with drawing(style):
            judge(perturbation_figure(story), style)


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("huebel_dahlem_2014", "sd_trigger"),
        ("kir_muscle", "hypokalaemia"),
    ],
)
def test_the_clock_reaches_where_the_washed_cell_ends(cell: str, name: str) -> None:
    story = perturb(cell, name)
    axes = next(a for a in perturbation_figure(story).axes if a.get_ylabel() == "V (mV)")
    line = v_of(axes)
    shown = line[(line[:, 0] <= axes.get_xlim()[1] * (1 + 1e-9)) & np.isfinite(line[:, 1])]
    assert shown[-1, 1] == pytest.approx(next(iter(by_membrane(story.end).values())), abs=0.5)
    assert shown[-1, 0] == pytest.approx(axes.get_xlim()[1], rel=1e-6)


@pytest.mark.parametrize("style", STYLES)
def test_comparisons_read_well(style: str) -> None:
    found = compare(["mammalian_neuron", "skeletal_muscle", "frog_skin", "kir_muscle"], "anoxia")
    with drawing(style):
        figure = comparison_figure(found)
    judge(figure, style)
    bars = next(axes for axes in figure.axes if axes.get_title(loc="left").startswith("Change of V"))
    assert sum(bool(bar.get_hatch()) for bar in bars.patches) == 4  # 'at once' of four cells


def test_a_clock_is_turned_round() -> None:
    for clock in (Clock(-1.0, 50.0), Clock(-1.0, 5e3, 10.0), Clock(1e-3, 1e5, 1e-3)):
        shares = np.linspace(0.0, 1.0, 101)
        assert clock.share(clock.times(shares)) == pytest.approx(shares, abs=1e-12)
        assert np.all(np.diff(clock.times(shares)) > 0)


def test_main_panels_in_axes_of_yours(firing: Run, anoxia: Perturbed) -> None:
    places = Figure(figsize=(12, 4)).subplots(1, 3)
    drawn = [
        timecourse_axes(firing, places[0]),
        perturbation_axes(anoxia, places[1]),
        comparison_axes(compare(["mammalian_neuron", "skeletal_muscle"], "pump_loss"), places[2]),
    ]
    assert drawn == list(places)
    for axes in places:
        assert axes.get_ylabel() == "V (mV)"
        assert axes.get_legend() is not None


@pytest.fixture(scope="module")
def runs() -> Population:
    events = [("5 min", "pump.max_rate*=0"), ("25 min", "pump.max_rate=restore")]
    vary = {"pump.max_rate": "uniform(0.3x, 2x)", "K_leak.permeability": "lognormal(0.3)"}
    return population("mammalian_neuron", vary, 60, seed=1, events=events, until="1 h", from_rest=True,
                      times=np.linspace(0.0, 3600.0, 121))  # fmt: skip


@pytest.fixture(scope="module")
def rests() -> Population:
    vary = {"pump.max_rate": "lognormal(1.2)", "K_leak.permeability": "lognormal(0.6)"}
    return population("article_neuron", vary, 200, seed=1)


@pytest.mark.parametrize("style", STYLES)
def test_population_figures_read_well(runs: Population, rests: Population, style: str) -> None:
    skin = population("frog_skin", {"pump.max_rate": "lognormal(0.3)"}, 30)
    for found in (runs, rests, skin):
        with drawing(style):
            figure = population_figure(found)
        judge(figure, style)


def test_fates_that_occurred_and_no_others_each_with_its_share(rests: Population) -> None:
    ended = next(a for a in population_figure(rests).axes if a.get_title(loc="left") == "What became of them")
    words = {tick.get_text() for tick in ended.get_yticklabels()}
    assert words == {"rests", "rests, run down"}
    shares = sorted(float(t.get_text().removesuffix(" %")) for t in ended.texts)
    counts = sorted(rests.outcomes.values())
    assert shares == pytest.approx([100 * n / rests.n for n in counts], abs=0.05)


def test_recovery_is_counted_cell_by_cell(runs: Population) -> None:
    figure = population_figure(runs)
    back = next(a for a in figure.axes if a.get_ylabel() == "back within\n1 mV (%)")
    v, start = runs.dataset.v.values, runs.dataset.v_start.values
    drawn = np.asarray(back.lines[0].get_ydata())
    took = []
    for k in range(121):
        assert drawn[k] == pytest.approx(100 * sum(abs(v[c, k] - start[c]) <= 1 for c in range(60)) / 60)
    for c in range(60):
        if abs(v[c, -1] - start[c]) <= 1:
            k = 120
            while abs(v[c, k - 1] - start[c]) <= 1:
                k -= 1
            took.append(30.0 * k - 1500.0)
    told = back.get_title(loc="left")
    assert told.startswith(f"{100 * len(took) / 60:.1f}".rstrip("0").rstrip(".") + " % at the end")
    assert told.endswith(f"within {duration(float(np.median(took)), 2)} of the last change")
    assert len(took) / 60 == pytest.approx(float((runs.dataset.recovered.values == 1).mean()))
    middle = next(a for a in figure.axes if a.get_ylabel() == "V (mV)").lines[0]
    assert np.asarray(middle.get_ydata()) == pytest.approx(np.median(v, axis=0))


def test_the_histogram_has_every_cell_and_the_rest_of_the_cell_that_was_varied(rests: Population) -> None:
    axes = population_axes(rests, Figure().subplots())
    assert sum(bar.get_height() for bars in axes.containers for bar in bars) == rests.n
    at = {str(line.get_label()): float(np.asarray(line.get_xdata())[0]) for line in axes.lines}
    assert at[next(name for name in at if "as it is" in name)] == pytest.approx(-73.82, abs=0.01)
    assert at[next(name for name in at if "median" in name)] == pytest.approx(np.median(rests.v), abs=1e-9)
