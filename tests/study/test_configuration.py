"""The rule of each configuration, against circuits whose potentials are summed."""

import pytest

from vrest.errors import InputError
from vrest.study.junction.configuration import CONFIGURATIONS, configuration

# phi (mV) of what the wires touch; the bath is ground, and each circuit has a membrane of its own
V, CELL = -71.25, -64.5
"""V of the membrane, and of the cell that a patch is attached to."""
PIPETTE = {
    "whole-cell": V,  # inside the membrane, whose outside is the bath
    "outside-out": V,
    "inside-out": -V,  # outside the membrane, whose inside is the bath
    "cell-attached": CELL - V,  # outside the patch, whose inside is the cell
    "perforated": V,  # without a Donnan potential
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
@pytest.mark.parametrize("junction", [16.05, -4.36])
def test_rule_gives_back_the_potential_of_a_circuit(name, junction):
    """Walk the loop from ground through bath and pipette to the amplifier, before the seal and after it."""
    electrodes = 33.0  # of the wires, in both
    open_pipette = 0.0 - junction
    nulled = open_pipette + electrodes
    read = PIPETTE[name] + electrodes - nulled
    known = CELL if CONFIGURATIONS[name].from_cell else 0.0
    assert CONFIGURATIONS[name].potential(read, junction) + known == pytest.approx(V, abs=1e-12)


def test_whole_cell_of_the_textbooks():
    """Figl et al. 2003, AxoBits 39 (as corrected): a K+-gluconate pipette, junction 15.6 mV, takes -60 to -75.6."""
    assert CONFIGURATIONS["whole-cell"].potential(-60.0, 15.6) == pytest.approx(-75.6)


@pytest.mark.parametrize("written", ["Whole cell", "whole_cell", " WHOLE-CELL "])
def test_spellings(written):
    assert configuration(written).name == "whole-cell"


def test_unknown_name_says_the_near_one():
    with pytest.raises(InputError, match="whole-cell") as refused:
        configuration("wholecell")
    assert refused.value.code == "unknown_configuration"
