"""Every gating of the library: that it is told, found by what people type, and smooth where its formula reads 0/0."""

import sys

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import vrest
from vrest.model.citations import bibtex, in_brief
from vrest.model.gating import GATINGS, about, find_gating, open_law
from vrest.model.schema import json_schema
from vrest.model.transport import Surroundings
from vrest.physics.gating import rate_linoid
from vrest.physics.ghk import bernoulli

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


def here(v):
    """What a channel sees at V (volts), with every gate half open."""
    sides = {"K": 100.0, "Na": 20.0, "Cl": 10.0, "Ca": 3e-4}
    gates = dict.fromkeys("mhnpqszc", 0.5) | {"K_gated.n": 0.5}
    valence = {"K": 1, "Na": 1, "Cl": -1, "Ca": 2}
    osmolarities = {"osmolarity_inside": 300.0, "osmolarity_outside": 300.0}
    return Surroundings(
        potential=v, temperature=310.0, inside=sides, outside=sides, **osmolarities, valence=valence, gates=gates
    )


def values(kind, v):
    """Every rate (1/s) of a gating, and its open fraction."""
    return jnp.stack([jnp.asarray(x, float) for pair in kind.kinetics(here(v)).values() for x in pair] + [
        jnp.asarray(kind.open_fraction(here(v)), float)
    ])  # fmt: skip


def linoids(kind, monkeypatch):
    """The linoid rates of a gating: (rate, midpoint, scale) of each, and what it gave at a potential."""
    found = []

    def told(v, rate, midpoint, scale):
        found.append((rate, midpoint, scale))
        return rate_linoid(v, rate, midpoint, scale)

    for module in {sys.modules[base.__module__] for base in (*kind.__mro__[:-1], find_gating("wei_na"))}:
        if hasattr(module, "rate_linoid"):
            monkeypatch.setattr(module, "rate_linoid", told)
    monkeypatch.setattr(sys.modules["vrest.model.gating"], "rate_linoid", told)
    kind.kinetics(here(-0.07))
    kind.open_fraction(here(-0.07))
    monkeypatch.undo()
    return found


def limit(rate, midpoint, scale, v):
    """A linoid and its derivative at a potential by 60 digits, a little beside it where the formula reads 0/0."""
    with mpmath.workdps(60):
        beside = mpmath.mpf(v) + (mpmath.mpf(10) ** -30 if v == midpoint else 0)

        def printed(u):
            x = (u - mpmath.mpf(midpoint)) / mpmath.mpf(scale)
            return mpmath.mpf(rate) * x / (1 - mpmath.exp(-x))

        step = mpmath.mpf(10) ** -12
        return float(printed(beside)), float((printed(beside + step) - printed(beside - step)) / (2 * step))


LINOIDS = 20
"""Linoid rates of the library."""


def test_every_linoid_of_the_library_has_its_limit(monkeypatch):
    found = {call for kind in OURS.values() for call in linoids(kind, monkeypatch)}
    assert len(found) == LINOIDS
    for rate, midpoint, scale in found:
        for v in (midpoint, np.nextafter(midpoint, 1), np.nextafter(midpoint, -1), midpoint + 1e-9, midpoint + 0.01):
            value, slope = limit(rate, midpoint, scale, float(v))
            assert float(rate_linoid(v, rate, midpoint, scale)) == pytest.approx(value, rel=1e-13)
            assert float(jax.grad(rate_linoid)(v, rate, midpoint, scale)) == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("name", OURS)
def test_each_is_smooth_where_a_formula_reads_0_over_0(name, monkeypatch):
    kind, h = OURS[name], 1e-6
    for _, v, _ in linoids(kind, monkeypatch):
        there, slope = values(kind, v), jax.jacfwd(lambda u, kind=kind: values(kind, u))(v)
        low, high = (values(kind, v + sign * h) for sign in (-1, 1))
        assert np.all(np.isfinite(there))
        scale = np.abs(there) + 1e-30
        np.testing.assert_allclose(there / scale, (low + high) / 2 / scale, atol=1e-5)
        np.testing.assert_allclose(slope / scale, (high - low) / (2 * h) / scale, rtol=1e-4, atol=1e-3)


FORMS = {
    # as papers and NEURON print it, in mV and 1/ms (V0 of -55 mV, k of 10 mV), and by the helpers, from volts in 1/s
    "a (V - V0) / (1 - exp(-(V - V0)/k))": (
        lambda u, e: 0.01 * (u + 55) / (1 - e(-(u + 55) / 10)),
        lambda v: rate_linoid(v, 100.0, -0.055, 0.010),
    ),
    "a (V0 - V) / (exp((V0 - V)/k) - 1)": (
        lambda u, e: 0.01 * (-55 - u) / (e((-55 - u) / 10) - 1),
        lambda v: rate_linoid(v, 100.0, -0.055, 0.010),
    ),
    "-a (V - V0) / (exp(-(V - V0)/k) - 1)": (
        lambda u, e: -0.01 * (u + 55) / (e(-(u + 55) / 10) - 1),
        lambda v: rate_linoid(v, 100.0, -0.055, 0.010),
    ),
    "a (V - V0) / (exp((V - V0)/k) - 1)": (
        lambda u, e: 0.01 * (u + 55) / (e((u + 55) / 10) - 1),
        lambda v: rate_linoid(v, 100.0, -0.055, -0.010),
    ),
    "a vtrap(-(V - V0), k)": (
        lambda u, e: 0.01 * (-(u + 55)) / (e(-(u + 55) / 10) - 1),
        lambda v: 1e3 * 0.01 * 10 * bernoulli(-(1e3 * v + 55) / 10),
    ),
    "x / (exp(x) - 1)": (lambda u, e: 1e-3 * (u + 55) / (e(u + 55) - 1), lambda v: bernoulli(1e3 * v + 55)),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_usual_forms_by_the_helpers(form):
    printed, helped = FORMS[form]
    for mv in (-90, -55.5, -55 - 1e-6, -55, -55 + 1e-6, -54, 20):
        with mpmath.workdps(50):
            u = mpmath.mpf(mv) + (mpmath.mpf(10) ** -25 if mv == -55 else 0)
            step = mpmath.mpf(10) ** -10
            value, below, above = (1e3 * printed(u + by, mpmath.exp) for by in (0, -step, step))
            slope = float((above - below) / (2 * step) * 1e3)
        assert float(helped(1e-3 * mv)) == pytest.approx(float(value), rel=1e-9)  # 1e-6 mV beside V0 has few digits
        assert float(jax.grad(helped)(1e-3 * mv)) == pytest.approx(slope, rel=1e-8)
