"""What a careful reader is told, and what not."""

import vrest
from vrest.model.cellfile import load
from vrest.model.notices import notices

BLOOD = "exchanges.blood.clearance=21.6 um3/s"


def codes(notices):
    return [n.code for n in notices]


def test_charge_that_is_not_counted_is_told_only_while_something_moves_it():
    cell = load("huebel_dahlem_2014")
    assert codes(notices(cell)) == []
    assert codes(notices(vrest.apply(cell, BLOOD))) == ["untracked_charge"]
    assert codes(vrest.simulate(cell, until="1 s", points=5).warnings) == []
    assert codes(vrest.simulate(cell, [("0.5 s", BLOOD)], until="1 s", points=5).warnings) == ["untracked_charge"]
