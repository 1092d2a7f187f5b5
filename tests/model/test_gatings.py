"""Every gating of the library: that it is told, found by what people type, and smooth where its formula reads 0/0."""

import pytest

import vrest
from vrest.model.citations import bibtex, in_brief
from vrest.model.gating import GATINGS, about, find_gating, open_law
from vrest.model.schema import json_schema

CHANNEL = """
name = "typed"
[compartments.outside]
kind = "bath"
ions = { Na = "145 mM", K = "5 mM" }
[compartments.inside]
kind = "dialysed"
ions = { Na = "15 mM", K = "140 mM" }
[membranes.m]
inside = "inside"
outside = "outside"
area = "1000 um2"
[membranes.m.transports]
Na = { law = "gated_ohmic", ion = "Na", conductance = "0.12 S/cm2", gating = "NAME" }
"""

OURS = {name: kind for name, kind in GATINGS.items() if kind.__module__.startswith("vrest.")}


@pytest.mark.parametrize("name", OURS)
def test_each_says_what_it_is_and_where_it_comes_from(name):
    kind = OURS[name]
    assert "channel" in about(kind)
    assert len({about(other) for other in OURS.values()}) == len(OURS)
    assert kind.cites
    assert all(in_brief(key).split()[0].lower() in bibtex([key]).lower().replace('{\\"u}', "ue") for key in kind.cites)
    assert set(open_law(kind).replace("^", " ").split()) >= set(kind.powers)


def test_the_schema_has_those_that_are_registered():
    defined = json_schema()["$defs"]
    for law in ("GatedOhmic", "GatedGHK"):
        offered = defined[law]["properties"]["gating"]["oneOf"]
        assert {each["const"]: each["description"] for each in offered} == {n: about(k) for n, k in GATINGS.items()}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hh_na", "hodgkin_huxley_na"),
        ("hh_k", "hodgkin_huxley_k"),
        ("hodgkin_huxley", "hodgkin_huxley_na"),
        ("Pyramidal_Na", "pyramidal_na"),
        ("fs_na", "fast_spiking_na"),
        ("pyramidal_km", "pyramidal_m"),
        ("wei", "wei_na"),
    ],
)
def test_an_unknown_one_is_answered_with_near_ones(typed, meant):
    with pytest.raises(vrest.InputError) as refused:
        vrest.parse_cell(CHANNEL.replace("NAME", typed))
    assert refused.value.code == "unknown_gating"
    assert "membranes.m.transports.Na" in refused.value.message
    suggested = refused.value.hint.split("?")[0].removeprefix("Did you mean ").split(" or ")
    assert repr(meant) in suggested
    assert all(find_gating(each.strip("'")) for each in suggested)
    assert "vrest show --gatings" in refused.value.hint
