"""Whatever changes a bath says, once, where it is no longer neutral: by how much, and what would keep it so."""

import re

import numpy as np
import pytest

import vrest
from vrest.model.cellfile import library, load
from vrest.model.neutrality import charged_baths, left_charged
from vrest.model.paths import parameters, resolve

CODE = "bath_not_neutral"


def told(result):
    """The messages about baths among the warnings of a result."""
    return [n.message for n in result.warnings if n.code == CODE]


def bath_ions(cell):
    return [p for p in parameters(cell).values() if ".ions." in p.path and not p.fixed_at_start]


def charge(cell, bath):
    """sum z c of a bath, mM, with its impermeants."""
    c, x = cell.compartments[bath], cell.compartments[bath].impermeant
    return sum(cell.valence()[i] * v for i, v in c.ions.items()) + (x.concentration * x.valence if x else 0.0)


@pytest.mark.parametrize("name", library())
def test_of_every_ion_of_every_bath_the_charge_is_right_and_what_is_proposed_keeps_it_neutral(name):
    cell = load(name)
    for p in bath_ions(cell):
        _, bath, _, ion = p.path.split(".")
        if cell.compartments[bath].kind != "bath" or not cell.valence()[ion] or abs(charge(cell, bath)) > 1e-9:
            continue
        value = 1.5 * p.value + 0.01
        want = f"{p.path}={value!r} mM"
        (notice,) = charged_baths(vrest.apply(cell, want))
        net = cell.valence()[ion] * (value - p.value)
        assert float(re.search(r"has ([+-][\d.e-]+) mM", notice.message)[1]) == pytest.approx(net, rel=1e-3)
        (along,) = left_charged(cell, {p.path: np.array([p.value, value, p.value])}, lambda k: f"in lane {k}")
        assert "in lane 1" in along.message
        proposed = re.findall(r"'([\w.]+) (swap|with) (\w+)'", notice.message)
        assert proposed == re.findall(r"'([\w.]+) (swap|with) (\w+)'", along.message)
        for path, how, companion in proposed:
            kept = vrest.apply(cell, f"{path}={value!r} mM {how} {companion}")
            assert not charged_baths(kept)
            assert charge(kept, bath) == pytest.approx(0.0, abs=1e-9)


def test_what_no_other_ion_can_make_up_for_is_told_so():
    (notice,) = charged_baths(vrest.apply("mammalian_neuron", "outside.Na=0 mM"))
    assert "-145 mM" in notice.message
    assert "NMDG" in notice.message


@pytest.mark.parametrize(
    "values",
    [
        {"outside.K": 300.0},  # more Cl than twice what there is
        {"outside.K": 12.0, "outside.Na": 130.0},  # a companion for each
        {"outside.K": 50.0, "outside.Cl": 120.0},  # Na in exchange for one, along with the other
        {"outside.impermeant.concentration": 20.0},
        {"outside.impermeant.valence": -2.0},
        {"outside.impermeant.concentration": 30.0, "outside.K": 10.0},
    ],
)
def test_what_is_proposed_makes_the_bath_neutral_whatever_changed(values):
    cell = load("mammalian_neuron")
    texts = {path: f"{path}={value}" for path, value in values.items()}
    changed = vrest.apply(cell, list(texts.values()))
    (now,) = charged_baths(changed)
    (along,) = left_charged(cell, {resolve(cell, path).path: value for path, value in values.items()})
    for text in (now.message, along.message):
        if more := re.search(r"([\d.]+) mM of (\w+) would make it neutral", text):
            kept = [vrest.apply(changed, f"outside.{more[2]}={more[1]} mM")]
        else:
            ways = text.partition("neutral: ")[2].partition(" (--")[0].split(" or ")
            found = [{path: end for path, *end in re.findall(r"'([\w.]+) (swap|with) (\w+)'", way)} for way in ways]
            kept = [vrest.apply(cell, [f"{t} {' '.join(way[p])}" for p, t in texts.items()]) for way in found]
        assert kept
        assert all(charge(each, "outside") == pytest.approx(0.0, abs=1e-3) for each in kept)


LAW = "uniform(3 mM, 13 mM)"


def test_draws_are_told_where_they_charge_a_bath_most():
    found = vrest.sensitivity("mammalian_neuron", {"outside.K": LAW}, of="V", n=8)
    (text,) = told(found)
    value, net = (float(re.search(rf"{what} ([+\d.]+) mM", text)[1]) for what in ("K =", "with"))
    assert net == pytest.approx(value - 5.0, abs=1e-2)
    assert net > 5.0  # of 1 % more it is 0.05 mM
    assert not told(vrest.sensitivity("mammalian_neuron", {"outside.K swap Na": LAW}, of="V", n=8))


def test_a_command_without_the_options_does_not_name_them():
    data = {"Ko": [5.0, 12.0], "Vm": [-70.0, -58.0]}
    (text,) = told(vrest.fit("mammalian_neuron", data))
    assert "'outside.K swap Na'" in text
    assert "--" not in text


def test_a_bath_that_is_written_charged_is_told_what_would_make_it_neutral():
    text = vrest.write_cell("mammalian_neuron").replace('value = "110 mM"', 'value = "100 mM"', 1)
    (notice,) = charged_baths(vrest.parse_cell(text))
    assert "+10 mM" in notice.message
    assert "110 mM of Cl would make it neutral" in notice.message
    assert told(vrest.simulate(vrest.parse_cell(text), [("1 s", "outside.K=12 mM")], until="2 s", points=3)) == [
        notice.message
    ]


ALONE = {
    "apply": lambda ion: vrest.rest("mammalian_neuron", f"outside.K=12 mM{ion}"),
    "run": lambda ion: vrest.simulate("mammalian_neuron", [("1 s", f"outside.K=12 mM{ion}")], until="2 s", points=3),
    "ramp": lambda ion: vrest.simulate(
        "mammalian_neuron", [("1 s", f"outside.K=12 mM{ion} over 1 s")], until="3 s", points=3
    ),
    "table": lambda ion: vrest.population("mammalian_neuron", {f"outside.K{ion}": [5.0, 12.0]}),
    "draws": lambda ion: vrest.population("mammalian_neuron", {"outside.K": f"discrete(5, 12){ion}"}, 16),
    "events": lambda ion: vrest.population(
        "mammalian_neuron",
        {"pump.max_rate": "uniform(0.5x, 1x)"},
        2,
        events=[("1 s", f"outside.K=12 mM{ion}")],
        until=2,
    ),
    "rest_many": lambda ion: vrest.rest_many("mammalian_neuron", {f"outside.K{ion}": [5.0, 12.0]}),
    "prepared": lambda ion: vrest.prepare("mammalian_neuron", f"outside.K{ion}").rest([5.0, 12.0]),
    "stages": lambda ion: vrest.prepare("mammalian_neuron", f"outside.K{ion}").run(
        [5.0], [("1 s", {"outside.K": 12.0})], "2 s"
    ),
    "curve": lambda ion: vrest.curve("mammalian_neuron", f"outside.K{ion}", [5.0, 12.0]),
    "map": lambda ion: vrest.parameter_map(
        "mammalian_neuron", (f"outside.K{ion}", [5.0, 12.0]), ("pump.max_rate", ["0.5x", "1x"])
    ),
    "bifurcation": lambda ion: vrest.bifurcation("mammalian_neuron", f"outside.K{ion}", 5.0, 12.0, starts=0),
}


@pytest.mark.parametrize("verb", ALONE)
def test_each_verb_tells_once(verb):
    (text,) = told(ALONE[verb](""))
    assert "+7 mM" in text
    assert "outside.K swap Na" in text
    assert not told(ALONE[verb](" swap Na"))
    assert not told(ALONE[verb](" with Cl"))


def test_a_curve_over_one_ion_tells():
    (text,) = told(vrest.curve("mammalian_neuron", "outside.K", [5.0, 12.0]))
    assert "+7 mM" in text


def test_cells_that_cannot_be_are_left_out():
    swapped = vrest.population("mammalian_neuron", {"outside.K swap Na": [5.0, 8.0, 200.0]})
    assert swapped.outcomes == {"rests": 2, "impossible": 1}
    assert not told(swapped)
    both = vrest.population("mammalian_neuron", {"outside.K swap Na": [8.0, 200.0], "outside.Cl": [110.0, 100.0]})
    assert not told(both)
    ready = vrest.prepare("mammalian_neuron", ["outside.K swap Na", "outside.Cl"])
    (text,) = told(ready.rest({"outside.K": [8.0, 200.0, 6.0], "outside.Cl": [110.0, 0.0, 100.0]}))
    assert "+10 mM" in text
    assert "in lane 2" in text


def test_a_step_of_each_ion_alone_is_told_once_and_not_with_a_companion():
    (text,) = told(vrest.sensitivity("mammalian_neuron", ["outside.K", "outside.Na", "pump.max_rate"], of="V"))
    assert "1 % more of outside.Na" in text
    assert "+1.45 mM" in text
    assert not told(vrest.sensitivity("mammalian_neuron", ["outside.K swap Na", "pump.max_rate"], of="V"))
