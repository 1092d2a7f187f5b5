"""Wei, Ullah & Schiff 2014: rest beside an open bath, and rest with glia, volume and a space of its own."""

import pytest

import vrest
from vrest.verbs.outcome import Outcome

OPEN = [
    "glia.max_rate*=0",
    "glia_pump.max_rate*=0",
    "water.rate_constant*=0",
    *(f"{ion}_diffusion.clearance*=1e5" for ion in ("K", "Na", "Cl")),
]
"""The space outside is the bath, glia are gone and the volume stays."""


@pytest.mark.parametrize(("k", "v"), [(3.5, -79.63), (4.0, -76.58), (5.0, -71.51), (6.0, -67.35)])
def test_rest_beside_an_open_bath(k, v):
    result = vrest.rest(vrest.load("wei_2014"), [*OPEN, f"bath.K={k} mM"])
    assert result.outcome is Outcome.rests
    assert result.v_rest == pytest.approx(v, abs=6e-3)
    inside = result.concentrations["inside"]
    assert inside["Na"] + inside["K"] - inside["Cl"] == pytest.approx(152, abs=2e-3)  # less the membrane's charge
    if k == 3.5:
        assert [inside["Na"], inside["K"], inside["Cl"]] == pytest.approx([19.14, 136.89, 4.03], abs=6e-3)


def test_rest_with_glia_and_volume():
    """Glia take K+ from the space outside faster than the bath brings it: the cell rests 1 mV lower."""
    result = vrest.rest(vrest.load("wei_2014"))
    assert result.outcome is Outcome.rests
    assert result.v_rest == pytest.approx(-80.737, abs=2e-3)
    assert result.concentrations["outside"]["K"] == pytest.approx(3.357, abs=1e-3)
    inside, outside = result.volumes["inside"], result.volumes["outside"]
    assert inside + outside == pytest.approx(8 / 7 * 1436.7550402417319, rel=1e-12)
    osm_in, osm_out = (
        sum(result.concentrations[side].values()) + particles / volume
        for side, particles, volume in (
            ("inside", 132 * 1436.7550402417319, inside),
            ("outside", 18 * 205.25072003453315, outside),
        )
    )
    wanted = 1 + 0.1029 * (1 - 2.718281828459045 ** ((osm_out - osm_in) / 20))
    assert inside / 1436.7550402417319 == pytest.approx(wanted, rel=1e-9)
