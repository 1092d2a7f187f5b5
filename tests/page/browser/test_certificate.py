"""Whatever is set, the page names the outcome that `vrest` names, or says that it does not decide."""

import json

import numpy as np
import pytest

import vrest
from vrest.page.document import Shown, document, to_json

pytestmark = pytest.mark.page

LANES = 40
SPREAD = 0.35
"""Of the logarithm of what is varied."""

OFF = 0.15
"""How often a transport is off."""

UNDECIDED = {"rests_run_down", "oscillates", "runs_out", "neutral", "not_converged", "not_followed"}
"""What a page may leave open: an ion that is used up, a motion without end."""


def varied(cell: dict, lanes: int, seed: int) -> np.ndarray:
    """(controls, lanes) in door units: the cell's own numbers, then others, with transports off now and then."""
    generator = np.random.default_rng(seed)
    controls = cell["controls"]
    own = np.array([control["value"] for control in controls])[:, None]
    values = own * np.exp(generator.normal(0.0, SPREAD, (len(controls), lanes)))
    for row, control in enumerate(controls):
        if control["unit"] not in ("mM", "cm/s", "S/cm2", "pmol/cm2/s"):
            values[row] = control["value"]
    for row in cell["switches"]:
        values[row, generator.random(lanes) < OFF] = 0.0
    values[:, :1] = own
    return values


@pytest.mark.parametrize("name", ["mammalian_neuron", "red_blood_cell", "frog_skin", "hodgkin_huxley_1952"])
def test_outcomes_are_those_of_vrest(node, tmp_path, name):
    doc = document([Shown(vrest.load(name), name)])
    (cell,) = doc["cells"]
    values = varied(cell, LANES, seed=15)
    ready = vrest.prepare(vrest.rest(name).as_cell(), [control["path"] for control in cell["controls"]])
    found, now = ready.rest(values), np.atleast_2d(ready.instant(values)).T
    v = np.atleast_2d(found.v).T

    (tmp_path / "doc.json").write_text(to_json(doc), encoding="utf-8")
    (tmp_path / "asked.json").write_text(json.dumps(values.T.tolist()), encoding="utf-8")
    done = node("answers.mjs", str(tmp_path / "doc.json"), str(tmp_path / "asked.json"))
    assert done.returncode == 0, done.stderr

    decided = 0
    for lane, answer in enumerate(json.loads(done.stdout)):
        outcome = found.outcomes[lane]
        expected = "impossible" if outcome is None else outcome.name
        np.testing.assert_allclose(np.array(answer["now"], dtype=float), now[lane], rtol=0, atol=1e-9)
        if answer["outcome"] == "undecided":
            assert expected in UNDECIDED
            continue
        decided += 1
        assert answer["outcome"] == expected
        if outcome is not None and outcome.is_rest:
            np.testing.assert_allclose(answer["v"], v[lane], rtol=0, atol=1e-9)
            assert answer["slowest"] == pytest.approx(found.slowest[lane], rel=1e-8, abs=answer["rounding"])
    assert decided > LANES / 2
