"""Cells in baths without an ion, by every command: no NaN, no crash, and V where an independent model goes."""

import math
import random
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from scipy.optimize import brentq

sys.path.insert(0, str(Path(__file__).parents[1]))

import vrest as package
from oracle.model import Model
from oracle.motion import destination
from vrest.model.cellfile import cell_from, write_cell
from vrest.model.paths import parameters
from vrest.system.structure import structure_of

CELLS = ("mammalian_neuron", "article_neuron", "frog_muscle", "red_blood_cell", "skeletal_muscle", "squid_axon")
LOGARITHMIC = ("kay_2017", "astrocyte", "pyramidal_neuron", "dijkstra_2016")
"""Some transports of these have rates without limit where an ion is absent."""

ABSENT = (("outside.K=0 mM", "--swap", "Na"), ("outside.Na=0 mM", "--swap", "K"), ("outside.Cl=0 mM",))
ALGEBRAIC = ("mammalian_neuron", "--set", "Na_leak.permeability=0")
COMMANDS = {
    "rest": (),
    "rest all": ("--all",),
    "instant": ("--set", "pump.max_rate*=0.9"),
    "settled": ("--set", "pump.max_rate*=0.9"),
    "explain": (),
    "run": ("--from-rest", "--until", "1 h"),
    "bifurcation": ("outside.K", "0 mM", "8 mM"),
    "bifurcation temperature": ("temperature", "30 degC", "37 degC"),
    "perturb": ("ouabain",),
    "excitability": (),
    "design": ("--v-rest", "-75 mV"),
    "sensitivity": ("--of", "V", "--of", "E_K", "--of", "E_Na", "--of", "inside", "--of", "tau", "--of", "ATP"),
    "population": ("--vary", "temperature ~ normal(25 degC, 1)", "-n", "4"),
}
DRAWN = {"explain": "e.png", "run": "r.png", "bifurcation": "b.png", "perturb": "p.png", "sensitivity": "s.png"}


def cases(count=10):
    """Some of all combinations of a cell, an ion that is absent and a command; the same every time."""
    draw = random.Random(20261)
    every = [(cell, change, command) for cell in CELLS for change in ABSENT for command in COMMANDS]
    every += [(cell, change, command) for cell in LOGARITHMIC for change in ABSENT for command in COMMANDS]
    some = draw.sample(every, count * 3)
    return some + [(ALGEBRAIC[0], ("Na_leak.permeability=0",), command) for command in COMMANDS]


def told(answer):
    """What people read, which must not say nan."""
    text = answer.out + answer.err
    assert not re.search(r"\bnan\b|\binf\b", text, re.IGNORECASE), text
    assert "Something went wrong" not in text
    return text


@pytest.mark.parametrize(("cell", "change", "command"), cases(), ids=lambda v: v if isinstance(v, str) else v[0])
def test_any_command_of_a_cell_without_an_ion(vrest, tmp_path, cell, change, command):
    name = command.split()[0]
    arguments = (name, cell, *COMMANDS[command], "--set", *change)
    if command in DRAWN:
        arguments += ("--plot", str(tmp_path / DRAWN[command]))
    spoken = vrest(*arguments)
    assert spoken.code in (0, 3, 4), spoken.err
    told(spoken)
    answer = vrest(*arguments, "--json")
    assert answer.code == spoken.code
    assert answer.code == 0 or answer.error  # JSON without NaN, with a typed error


@cache
def motion_of(cell, change):
    """The cell and where the independent model goes."""
    changed = package.apply(package.load(cell), f"{change[0]} {' '.join(change[1:]).replace('--', '')}".strip())
    return changed, destination(Model(tomllib.loads(write_cell(changed))), seconds=30.0)


@pytest.mark.parametrize("change", ABSENT, ids=lambda c: c[0])
@pytest.mark.parametrize("cell", [*CELLS, "kir_muscle"])
def test_a_cell_without_an_ion_rests_where_the_motion_goes(cell, change):
    changed, end = motion_of(cell, change)
    found = package.rest(changed)
    assert end.kind == "rests"
    assert found.v_rest == pytest.approx(next(iter(end.potentials.values())), abs=1e-4)
    ion = change[0].split("=")[0].split(".")[1]
    inside = next(iter(changed.membranes.values())).inside
    assert found.concentrations[inside][ion] == 0.0
    assert found.E[ion] is None
    assert all(v is not None for other, v in found.E.items() if other != ion)


@pytest.mark.parametrize("change", ABSENT, ids=lambda c: c[0])
def test_a_law_without_limit_runs_out_by_name(change):
    found = package.rest(motion_of("kay_2017", change)[0])
    ion = change[0].split("=")[0].split(".")[1]
    assert found.outcome is package.Outcome.runs_out
    assert f"no {ion} in 'outside'" in found.reason.lower().replace(ion.lower(), ion)
    assert f"'{ion}_leak' moves it without limit" in found.reason


def sodium_free():
    """The neuron in a bath without Na+, neutral by its impermeants."""
    return package.apply(
        package.load("mammalian_neuron"),
        {
            "outside.Na": 0.0,
            "outside.impermeant.concentration": "185 mM",
            "outside.impermeant.valence": 105 / 185,
        },
    )


def donnan(cell):
    """K+, Cl- (mM) and V (mV) of a cell with K+ and Cl- alone: Donnan with free water, by one unknown."""
    bath, inside = cell.contents("outside"), cell.contents("inside")
    x, _ = cell.impermeant("inside")
    fixed = (inside["Cl"] - inside["K"] - inside["Na"]) / x  # the membrane's own charge is 1e-5 of it
    whole = cell.osmolarity("outside")

    def excess(k):
        cl = bath["K"] * bath["Cl"] / k
        return k + cl + (cl - k) / fixed - whole

    k = brentq(excess, 10.0, 290.0, xtol=1e-12)
    v = 1e3 * 8.31446261815324 * cell.temperature / 96485.33212331 * math.log(bath["K"] / k)
    return k, bath["K"] * bath["Cl"] / k, v


@pytest.mark.parametrize("changes", [None, "Na_leak.permeability=0"])
def test_it_is_the_donnan_state_of_what_is_left(neuron, changes):
    cell = sodium_free() if changes is None else package.apply(neuron, changes)
    found = package.rest(cell)
    assert found.outcome is package.Outcome.rests_run_down
    assert found.algebraic == (changes is not None)
    k, cl, v = donnan(sodium_free())
    inside = found.concentrations["inside"]
    assert (inside["K"], inside["Cl"], found.v_rest) == pytest.approx((k, cl, v), rel=3e-5)
    assert (round(found.v_rest, 3), round(inside["Cl"], 4)) == (-91.806, 3.5448)


@pytest.mark.parametrize("changes", [None, "Na_leak.permeability=0"])
def test_its_file_and_its_state_rest_at_the_same(neuron, tmp_path, changes):
    cell = sodium_free() if changes is None else package.apply(neuron, changes)
    found = package.rest(cell)
    path = tmp_path / "settled.toml"
    path.write_text(write_cell(found.as_cell()), encoding="utf-8")
    for again in (package.rest(package.load(path)), package.rest(cell, start=found.state)):
        assert again.outcome is found.outcome
        assert again.v_rest == pytest.approx(found.v_rest, abs=1e-9)
        assert again.concentrations["inside"]["Na"] == 0.0
        assert again.algebraic == found.algebraic
    assert [r.v_rest for r in package.rest_all(cell, starts=4)] == pytest.approx([found.v_rest])
    run = package.simulate(found.cell, until="1 d", start=found.state)
    assert run.v[-1] == pytest.approx(found.v_rest, abs=1e-9)


def test_votes_add_up_without_the_ion_that_is_gone():
    story = package.explain(package.rest(sodium_free())).membranes[0]
    ions = {ion.ion: ion for ion in story.ions}
    gone = ions.pop("Na")
    assert (gone.E, gone.chord_share, gone.slope_share, gone.channel_current) == (None, None, 0.0, 0.0)
    assert sum(ion.chord_share for ion in ions.values()) == pytest.approx(1.0)
    assert story.chord_sum + story.chord_pump + story.chord_paths + story.chord_one_sided == pytest.approx(story.v)
    assert [pump.cycle_cost for pump in story.pumps] == [None]
    assert "There is no Na+ on either side." in str(package.explain(package.rest(sodium_free())))


def test_an_ion_on_one_side_alone_moves_v_like_a_pump(neuron):
    """A pipette without Cl-: GHK still counts Cl- outside, and the chord account closes with its current apart."""
    text = write_cell(neuron).replace('kind = "osmotic"', 'kind = "dialysed"')
    data = tomllib.loads(text)
    data["compartments"]["inside"]["ions"]["Cl"] = "0 mM"
    data["compartments"]["inside"]["impermeant"]["valence"] = -1.13
    for name in ("pump", "water"):
        del data["membranes"]["neuron"]["transports"][name]
    story = package.explain(package.rest(cell_from(data))).membranes[0]
    assert story.v == pytest.approx(story.ghk, abs=1e-9)
    ions = {ion.ion: ion for ion in story.ions}
    assert ions["Cl"].channel_current > 0  # Cl- enters
    assert (ions["Cl"].E, ions["Cl"].chord_share) == (None, None)
    assert story.chord_one_sided < -0.1
    assert story.chord_sum + story.chord_one_sided == pytest.approx(story.v, abs=1e-8)


def test_a_branch_reaches_a_bath_without_the_ion():
    found = package.bifurcation(package.load("red_blood_cell"), "outside.K", 0.0, 8.0, starts=4)
    (branch,) = found.branches
    first = 0 if branch.parameter[0] == 0.0 else -1
    assert branch.ends == ("bound", "bound")
    assert (branch.parameter[first], branch.concentrations["inside"]["K"][first]) == pytest.approx(
        (0.0, 0.0), abs=1e-12
    )
    cell = package.load("red_blood_cell")
    assert branch.v[first] == pytest.approx(package.rest(cell, "outside.K=0 mM").v_rest, abs=1e-6)
    along = package.bifurcation(sodium_free(), "outside.K", "2 mM", "8 mM", starts=2)
    assert not along.branches[0].concentrations["inside"]["Na"].any()
    for k in (0, -1):
        at = package.rest(sodium_free(), {"outside.K": float(along.branches[0].parameter[k])})
        assert along.branches[0].v[k] == pytest.approx(at.v_rest, abs=1e-6)


def test_effects_are_differences_of_rests_without_the_ion(neuron):
    cell = package.apply(neuron, "Na_leak.permeability=0")
    found = package.sensitivity(cell, ["outside.K", "temperature"], of=["V", "E_Na", "inside.Na", "inside.Cl", "tau"])
    on = found.effects[0].on
    up, down = (package.rest(cell, f"outside.K*={1 + s}").v_rest for s in (1e-4, -1e-4))
    assert on["V"] == pytest.approx((up - down) / 2e-4 * 1e-2, rel=1e-5)
    assert all(math.isnan(on[name]) for name in ("E_Na", "inside.Na", "tau"))


def test_settled_fits_and_curves_take_a_row_without_potassium():
    cell = package.load("frog_muscle")
    ko = [0.0, 2.5, 10.0]
    v = [package.rest(cell, f"outside.K={k} mM swap Na").v_rest for k in ko]
    fit = package.fit(cell, {"Ko swap Na": ko, "Vm": v, "sd": [1.0] * 3}, "P_Na/P_K", "settled")
    assert fit.values["P_Na/P_K"] == pytest.approx(0.01, rel=1e-3)
    curve = package.curve(cell, "outside.K", ko)
    assert curve.settled[1:] == pytest.approx(package.rest_many(cell, {"outside.K": ko[1:]}).v_rest)
    assert [math.isnan(e) for e in curve.nernst] == [True, False, False]
    from vrest.plot.curve import curve_figure

    curve_figure(curve)


def test_stores_hold_nan_and_counts_for_what_is_undefined(vrest, tmp_path):
    import xarray as xr

    many, run = tmp_path / "many.zarr", tmp_path / "run.nc"
    vary = ("--vary", "K_leak.permeability ~ lognormal(0.2)", "-n", "4")
    assert vrest("population", ALGEBRAIC[0], *ALGEBRAIC[1:], *vary, "-o", str(many)).code == 0
    with xr.open_zarr(many) as data:
        assert data.slowest_time_constant.isnull().all()
        assert not data.concentration.sel(ion="Na").any()
    change = ("--set", *ABSENT[0])
    assert vrest("run", "frog_muscle", *change, "--from-rest", "--until", "1 h", "-o", str(run)).code == 0
    with xr.open_dataset(run, engine="h5netcdf") as data:
        reversal = next(data[name] for name in data if name.startswith("reversal") or name == "E")
        assert reversal.sel(ion="K").isnull().all()
        assert reversal.sel(ion="Na").notnull().all()


def test_a_membrane_that_lets_nothing_through_has_no_goldman_potential():
    """The apical side of a skin through which no Na+ can enter: its potential is what the other membranes leave."""
    cell = package.apply(
        package.load("frog_skin"), ["apical.Na_leak.permeability=0", "junction.Na_junction.permeability=0"]
    )
    story = package.explain(package.rest(cell))
    apical = next(m for m in story.membranes if m.membrane == "apical")
    assert (apical.ghk, apical.ions[0].ghk_share_numerator) == (None, None)
    assert "nan" not in str(story)


def two_cells(cell, ion):
    """A cell whose bath does not name an ion, and the same with 0 mM of it written."""
    found = []
    for zero in ({}, {ion: "0 mM"}):
        data = tomllib.loads(write_cell(package.load(cell)))
        bath = next(c for c in data["compartments"].values() if c["kind"] == "bath")["ions"]
        del bath[ion]
        bath.update(zero)
        found.append(cell_from(data))
    return found


MISSING = [(cell, ion) for cell in (*CELLS, *LOGARITHMIC, "frog_skin") for ion in ("K", "Na", "Cl")]


@pytest.mark.parametrize(("cell", "ion"), MISSING)
def test_an_ion_that_a_bath_does_not_name_is_at_zero(cell, ion):
    missing, written = two_cells(cell, ion)
    assert list(parameters(missing).items()) == list(parameters(written).items())  # all that a verb knows of it
    assert structure_of(missing) == structure_of(written)


@pytest.mark.parametrize("command", ["run", "explain"])
def test_a_command_says_the_same_of_it(vrest, command, tmp_path):
    answers = []
    for cell in two_cells("frog_muscle", "Na"):
        path = tmp_path / "cell.toml"
        path.write_text(re.sub(r"Na = .*not named.*", "", write_cell(cell)), encoding="utf-8")
        answers.append(vrest(command, str(path), *COMMANDS[command], "--json"))
    first, second = (answer.json for answer in answers)
    assert [n["code"] for n in first["warnings"]].count("absent_ion") == 1
    first["warnings"] = [n for n in first["warnings"] if n["code"] != "absent_ion"]
    assert first == second


@pytest.mark.parametrize(("cell", "ion"), MISSING)
def test_it_can_be_set_from_nothing_and_is_remarked_on(cell, ion):
    missing, written = two_cells(cell, ion)
    place = next(name for name, c in missing.compartments.items() if c.kind == "bath")
    assert missing.contents(place)[ion] == 0.0
    told = {n.code: n.message for n in package.notices(missing)}
    assert f"'{place}' names no {ion}" in told["absent_ion"]
    assert "absent_ion" not in {n.code for n in package.notices(written)}
    own = package.load(cell).contents(place)
    again = package.apply(missing, {f"{place}.{ion}": own[ion]})
    assert again.contents(place) == own
    assert "absent_ion" not in {n.code for n in package.notices(again)}


def test_an_ion_of_no_side_is_still_refused(neuron):
    data = tomllib.loads(write_cell(neuron))
    del data["compartments"]["inside"]["ions"]["K"]
    with pytest.raises(package.InputError, match="'inside' has none"):
        cell_from(data)
    data = tomllib.loads(write_cell(package.load("hodgkin_huxley_1952")))
    for side in data["compartments"].values():
        del side["ions"]["K"]
    with pytest.raises(package.InputError, match="moves K, but"):
        cell_from(data)
