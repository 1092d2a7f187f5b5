"""Cressman et al. 2009: fixed points of a model that closes its own balances, and the closures themselves."""

import pytest

import vrest
from vrest.model.cell import Cell
from vrest.model.notices import notices
from vrest.verbs.outcome import Outcome


@pytest.mark.parametrize(
    ("bath", "v", "k_out", "na_in"),
    [
        (3, -72.157, 2.921, 22.95),
        (4, -68.111, 3.828, 19.94),
        (5, -64.980, 4.724, 17.73),
        (6, -62.361, 5.599, 16.24),
        (7, -59.839, 6.445, 15.48),
    ],
)
def test_fixed_points(bath, v, k_out, na_in):
    result = vrest.rest(vrest.load("cressman_2009"), {"bath.K": f"{bath} mM"})
    assert result.outcome is Outcome.rests
    assert result.v_rest == pytest.approx(v, abs=6e-4)
    inside, outside = result.concentrations["inside"], result.concentrations["outside"]
    assert [outside["K"], inside["Na"]] == pytest.approx([k_out, na_in], abs=6e-3)
    # what the paper ties together and what it holds
    assert inside["K"] == pytest.approx(140 + 18 - inside["Na"], abs=1e-9)
    assert outside["Na"] == pytest.approx(144 - 7 * (inside["Na"] - 18), abs=1e-9)
    assert (inside["Cl"], outside["Cl"]) == (6.0, 130.0)


def test_the_pump_does_not_change_v():
    cell = vrest.rest(vrest.load("cressman_2009")).as_cell()
    assert vrest.instant(cell, "pump.max_rate*=0").v == pytest.approx(vrest.instant(cell).v, abs=1e-9)


def test_closures_are_said_and_kept():
    cell = vrest.load("cressman_2009")
    codes = [notice.code for notice in notices(cell)]
    assert codes.count("closure") == 3
    assert codes.count("untracked_charge") == 3
    assert vrest.parse_cell(vrest.write_cell(cell)) == cell


@pytest.mark.parametrize(
    ("closures", "code"),
    [
        ({"inside.Ca": {}}, "unknown_ion"),
        ({"bath.K": {}}, "unknown_ion"),
        ({"inside.K": {"inside.Mg": -1.0}}, "unknown_ion"),
        ({"inside.K": {"inside.Na": -1.0}, "inside.Na": {}}, "bad_closure"),
    ],
)
def test_closures_that_make_no_sense_are_refused(closures, code):
    cell = vrest.load("cressman_2009")
    with pytest.raises(vrest.InputError) as error:
        Cell(
            name="wrong",
            compartments=cell.compartments,
            membranes=cell.membranes,
            exchanges=cell.exchanges,
            closures=closures,
        )
    assert error.value.code == code


def test_a_run_keeps_the_closures():
    run = vrest.simulate(vrest.load("cressman_2009"), [("1 s", "bath.K=6 mM")], "5 s", points=7, rtol=1e-6)
    for x, p in zip(run.states, run.parameters, strict=True):
        inside = run.system.concentrations(x, p, "inside")
        assert inside["K"] + inside["Na"] == pytest.approx(158, rel=1e-13)
