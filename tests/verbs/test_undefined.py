"""Laws of one's own that read 0/0 at a potential: said where a motion begins there, comes there, or is drawn there."""

import numpy as np
import pytest

import vrest
from vrest.constants import F
from vrest.model.transport import TRANSPORTS
from vrest.physics.gating import rate_exponential, rate_linoid
from vrest.physics.namespace import namespace
from vrest.physics.nernst import nernst
from vrest.verbs.rest import rest_here
from vrest.verbs.search import _Following

CELL = """
name = "own"
temperature = "6.3 degC"
[compartments.outside]
kind = "bath"
ions = { K = "20 mM", Na = "440 mM", Cl = "460 mM" }
[compartments.inside]
kind = "dialysed"
shape = "cylinder"
radius = "250 um"
length = "1 cm"
ions = { K = "400 mM", Na = "50 mM", Cl = "40 mM" }
[membranes.m]
inside = "inside"
outside = "outside"
potential = "V0"
[membranes.m.transports]
K = { law = "rectifier_LAW", conductance = "0.036 S/cm2" }
Na_leak = { law = "ohmic_leak", ion = "Na", conductance = "1e-5 S/cm2" }
pas = { law = "fixed_leak", conductance = "3e-4 S/cm2", reversal = "-54.4 mV" }
"""


def raw(v):
    """0.01 (V + 55)/(1 - exp(-(V + 55)/10)) in 1/ms, as it is printed."""
    u, exp = 1e3 * v, namespace(v).exp
    return 10.0 * (u + 55) / (1 - exp(-(u + 55) / 10))


def guarded(v):
    """The same with a choice, whose derivative there is 0 and not that of the limit."""
    u, xp = 1e3 * v, namespace(v)
    below = 1 - xp.exp(-(u + 55) / 10)
    return xp.where(below == 0, 100.0, 10.0 * (u + 55) / below)


def rooted(v):
    """Finite everywhere, without a derivative at -55 mV."""
    return 100.0 + 1e3 * namespace(v).sqrt(abs(v + 0.055))


def helped(v):
    return rate_linoid(v, 100.0, -0.055, 0.010)


@pytest.fixture(autouse=True, scope="module")
def laws():
    for form in (raw, guarded, rooted, helped):

        @vrest.transport(f"rectifier_{form.__name__}", strength="conductance")
        class Rectifier(vrest.Transport):
            conductance: float = vrest.quantity("specific_conductance")
            opening = staticmethod(form)

            def stoichiometry(self):
                return {"K": 1}

            def gates(self):
                return ("n",)

            def gate_kinetics(self, here):
                v = here.potential
                return {"n": (self.opening(v), rate_exponential(v, 125.0, -0.065, -0.080))}

            def rate(self, here):
                e = nernst(1, inside=here.inside["K"], outside=here.outside["K"], temperature=here.temperature)
                return self.conductance * here.gates["n"] ** 4 * (here.potential - e) / F

    @vrest.transport("raw_constant_field", strength="permeability")
    class RawConstantField(vrest.Transport):
        permeability: float = vrest.quantity("permeability")

        def stoichiometry(self):
            return {"K": 1}

        def rate(self, here):
            u = here.potential * F / (8.31446 * here.temperature)
            back = namespace(u).exp(-u)
            return self.permeability * u * (here.inside["K"] - here.outside["K"] * back) / (1 - back)

    yield
    for name in ("rectifier_raw", "rectifier_guarded", "rectifier_rooted", "rectifier_helped", "raw_constant_field"):
        TRANSPORTS.pop(name)


def cell(law, v0="-55 mV"):
    return vrest.parse_cell(CELL.replace("rectifier_LAW", f"rectifier_{law}").replace("V0", v0))


@pytest.mark.parametrize(
    "ask",
    [vrest.rest, lambda cell: vrest.simulate(cell, [], "1 ms", times=["1 ms"]), vrest.instant, vrest.explain],
    ids=["rest", "run", "instant", "explain"],
)
def test_a_start_without_a_rate_is_refused(ask):
    with pytest.raises(vrest.InputError, match=r"ate 'm\.K\.n' has no finite rate at -55 mV") as refused:
        ask(cell("raw"))
    assert refused.value.code == "undefined_rate"
    assert "rate_linoid" in refused.value.hint


def test_elsewhere_all_ways_of_writing_it_are_one():
    found = [vrest.rest(cell(law, "-60 mV")).v_rest for law in ("raw", "guarded", "helped")]
    assert found == pytest.approx([found[-1]] * 3, abs=1e-9)
    assert vrest.rest(cell("helped")).v_rest == pytest.approx(found[-1], abs=1e-9)


def test_a_curve_through_it_is_refused_and_not_drawn_with_a_hole():
    volts = np.array([-60.0, -55.0, -50.0])
    with pytest.raises(vrest.InputError, match="no finite rate at -55 mV"):
        vrest.current_voltage(cell("raw", "-60 mV"), volts)
    beside = vrest.current_voltage(cell("raw", "-60 mV"), volts[::2])
    through = vrest.current_voltage(cell("helped", "-60 mV"), volts)
    assert beside.net == pytest.approx(through.net[::2], rel=1e-9)


@pytest.mark.parametrize("ask", [vrest.rest, rest_here], ids=["searched", "as it is"])
def test_a_rest_without_a_slope_is_no_verdict_on_the_cell(ask):
    """V stays at the reversal of the only leak."""
    text = CELL.replace("-54.4 mV", "-55 mV").replace("V0", "-55 mV")
    for conductance in ("0.036 S/cm2", "1e-5 S/cm2"):
        text = text.replace(conductance, "0 S/cm2")
    good = ask(vrest.parse_cell(text.replace("LAW", "helped")))
    assert good.outcome.name == "rests"
    assert good.v_rest == pytest.approx(-55.0, abs=1e-9)
    bad = ask(vrest.parse_cell(text.replace("LAW", "rooted")))
    assert bad.outcome.name == "not_converged"
    assert "the rates of gate 'm.K.n' have no derivative at -55 mV" in bad.reason
    assert "rate_linoid" in bad.reason


def test_a_rate_without_gates_is_named_too():
    text = CELL.replace("rectifier_LAW", "LAW").replace("V0", "0 mV")
    text = text.replace('"LAW", conductance = "0.036 S/cm2"', '"raw_constant_field", permeability = "1e-6 cm/s"')
    with pytest.raises(vrest.InputError, match="'K' has no finite rate at 0 mV") as refused:
        vrest.instant(vrest.parse_cell(text))
    assert "bernoulli" in refused.value.hint
    found = vrest.rest(vrest.parse_cell(text))
    assert found.outcome.name == "not_converged"
    assert "'K' has no finite rate at 0 mV" in found.reason
    with pytest.raises(vrest.StuckError, match="'K' has no finite rate at 0 mV"):
        vrest.simulate(vrest.parse_cell(text), [], "1 ms", times=["1 ms"])


def test_a_search_whose_motion_takes_no_step_ends(monkeypatch):
    """As where each step is refused because no derivative is a number."""
    monkeypatch.setattr(_Following, "follow", lambda self, which, tries: None)
    found = vrest.rest(cell("helped", "-60 mV"))
    assert found.outcome.name == "not_converged"
    assert "could not go on" in found.reason


def test_that_an_ion_is_absent_is_still_what_is_said():
    with pytest.raises(vrest.InputError, match="there is no Na in 'outside'") as refused:
        vrest.instant(cell("helped", "-60 mV"), "outside.Na=0 mM")
    assert "logarithm" in refused.value.hint
