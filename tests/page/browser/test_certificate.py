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


def answered(node, folder, doc: dict, values: np.ndarray) -> list[dict]:
    """What the page of a document answers for (controls, lanes) of its first cell."""
    (folder / "doc.json").write_text(to_json(doc), encoding="utf-8")
    (folder / "asked.json").write_text(json.dumps(values.T.tolist()), encoding="utf-8")
    done = node("answers.mjs", str(folder / "doc.json"), str(folder / "asked.json"))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", ["mammalian_neuron", "red_blood_cell", "frog_skin", "hodgkin_huxley_1952"])
def test_outcomes_are_those_of_vrest(node, tmp_path, name):
    doc = document([Shown(vrest.load(name), name)])
    (cell,) = doc["cells"]
    values = varied(cell, LANES, seed=15)
    ready = vrest.prepare(vrest.rest(name).as_cell(), [control["path"] for control in cell["controls"]])
    found, now = ready.rest(values), np.atleast_2d(ready.instant(values)).T
    v = np.atleast_2d(found.v).T

    decided = 0
    for lane, answer in enumerate(answered(node, tmp_path, doc, values)):
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


@pytest.mark.parametrize("name", ["mammalian_neuron", "kir_muscle", "kay_2017"])
def test_each_transport_off_is_decided_with_and_without_the_pump(node, tmp_path, name):
    doc = document([Shown(vrest.load(name), name)])
    (cell,) = doc["cells"]
    own = np.array([control["value"] for control in cell["controls"]])
    pump = next(k for k in cell["switches"] if cell["controls"][k]["group"] == "pump")
    offs = [*({k} for k in cell["switches"]), *({k, pump} for k in cell["switches"] if k != pump)]
    values = np.repeat(own[:, None], len(offs), axis=1)
    for lane, off in enumerate(offs):
        values[list(off), lane] = 0.0
    start, gone = vrest.rest(name).as_cell(), 0
    for lane, answer in enumerate(answered(node, tmp_path, doc, values)):
        found = vrest.rest(start, {cell["controls"][k]["path"]: 0.0 for k in offs[lane]})
        assert answer["outcome"] == found.outcome.name
        if not found.outcome.is_rest:
            continue
        np.testing.assert_allclose(answer["v"], [found.v_rest], rtol=0, atol=1e-9)
        np.testing.assert_allclose(answer["state"], found.state, rtol=1e-9, atol=1e-12)
        used_up = [
            state
            for (kind, state), x in zip(found.system.states, found.state, strict=True)
            if x == 0 and kind == "amount"
        ]
        assert used_up == (answer["without"]["names"] if answer["without"] else [])
        if used_up:
            gone += 1
            assert answer["without"]["decays"] == (not found.algebraic)
            assert answer["slowest"] == pytest.approx(found.eigenvalues.real.max(), rel=1e-8, abs=answer["rounding"])
    assert gone == (name != "kay_2017")  # where Na+ is pumped out and nothing lets it in
