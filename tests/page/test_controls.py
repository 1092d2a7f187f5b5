"""What one may drag: it exists, contains what is there, and keeps baths neutral."""

import pytest

from vrest.model.cellfile import library, load
from vrest.model.change import apply
from vrest.model.paths import parameters, resolve
from vrest.page.controls import controls
from vrest.units import to_si
from vrest.verbs.prepared import prepare

CHARGE = {"K": 1, "Na": 1, "Cl": -1, "HCO3": -1, "Ca": 2}
"""Of every ion that has some."""

everywhere = pytest.mark.parametrize("name", library())


def of(name):
    cell = load(name)
    return cell, controls(cell, cell)


@everywhere
def test_a_prepared_cell_takes_them_all(name):
    cell, shown = of(name)
    ready = prepare(cell, [one.path for one in shown])
    assert ready.paths == tuple(one.path for one in shown)
    assert ready.units == tuple(one.unit for one in shown)
    assert ready.values.tolist() == pytest.approx([one.value for one in shown], rel=1e-15)
    for one in shown:
        assert resolve(cell, one.name).path == one.path
        assert to_si(one.value, parameters(cell)[one.path].spec.dimension) == parameters(cell)[one.path].value
    assert len({one.label for one in shown}) == len(shown)


@everywhere
def test_sliders_contain_what_is_there(name):
    for one in of(name)[1]:
        ends = (one.value, *(one.range or ()))
        assert one.low <= min(ends) <= max(ends) <= one.high, one.path
        assert one.low < one.high
        assert one.low > 0.0 or not one.log
        assert one.minimum is None or one.low >= one.minimum
        assert one.maximum is None or one.high <= one.maximum
        assert one.log == (one.low > 0.0 and one.high / one.low > 10.0) or one.path == "temperature"


@everywhere
def test_all_baths_and_strengths_are_there(name):
    cell, shown = of(name)
    paths = {one.path for one in shown}
    for place, c in cell.compartments.items():
        if not c.finite:
            assert {f"compartments.{place}.ions.{ion}" for ion in c.ions} <= paths
    for place, m in cell.membranes.items():
        for label, t in m.transports.items():
            assert f"membranes.{place}.transports.{label}.{t.strength}" in paths
    assert {one.path for one in shown if one.switch} == {
        path for path in paths if path.startswith(("membranes", "exchanges")) and not path.endswith(".atp")
    }


@everywhere
def test_companions_keep_baths_neutral(name):
    cell, shown = of(name)
    usual = {"K": "Na", "Na": "Cl", "Cl": "Na"}
    for one in shown:
        place, ion = one.path.split(".")[1:4:2] if ".ions." in one.path else ("", "")
        if not ion or cell.compartments[place].finite:
            assert one.companions == ()
            continue
        others = [other for other in cell.compartments[place].ions if other != ion and other != "O2"]
        assert [c.ion for c in one.companions] == ([] if ion == "O2" else others)
        if usual.get(ion) in others:
            assert one.companions[one.companion].ion == usual[ion]
        for along in one.companions:
            moved = 0.1 * one.value
            assert CHARGE[ion] * moved + CHARGE[along.ion] * along.factor * moved == pytest.approx(0.0, abs=1e-12)
            other = shown[along.control]
            assert other.path == f"compartments.{place}.ions.{along.ion}"
            if other.value + along.factor * moved >= 0.0:
                changed = apply(cell, f"{one.path}={one.value + moved!r} mM {along.how} {along.ion}")
                here = parameters(changed)[other.path].value
                assert here == pytest.approx(other.value + along.factor * moved, rel=1e-12)


def test_atp_is_one_only_where_it_limits_a_pump():
    assert "pump.atp" not in {one.name for one in of("mammalian_neuron")[1]}
    cell = apply("mammalian_neuron", "pump.km_atp=0.2 mM")
    shown = {one.name: one for one in controls(cell, cell)}
    assert (shown["pump.atp"].group, shown["pump.atp"].switch) == ("pump", False)


def test_of_a_settled_cell_ranges_and_sources_stay():
    import vrest

    described = load("mammalian_neuron")
    shown = {one.name: one for one in controls(vrest.rest(described).as_cell(), described)}
    assert shown["inside.K"].range == (130.0, 155.0)
    assert shown["inside.K"].source.startswith("settled by rest; described: Hille B (2001)")
    assert shown["outside.K"].source.startswith("Hille B (2001)")
    assert shown["inside.K"].fixed_at_start
    assert not shown["outside.K"].fixed_at_start
