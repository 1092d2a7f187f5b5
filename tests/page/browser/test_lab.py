"""What Lab hides and reads does not depend on the machine, and is what `vrest` computes."""

import json

import numpy as np
import pytest

import vrest
from vrest.page.document import Shown, document, to_json

pytestmark = pytest.mark.page

SEEDS = ("7", "11", "1234")


@pytest.fixture(scope="module")
def neuron():
    return document([Shown(vrest.load("mammalian_neuron"), "mammalian_neuron")])


@pytest.fixture
def hidden(node, tmp_path):
    """The cells hidden by these seeds and what is read of them."""

    def ask(doc, reading, *more):
        (tmp_path / "doc.json").write_text(to_json(doc), encoding="utf-8")
        done = node("lab.mjs", str(tmp_path / "doc.json"), reading, *SEEDS, *more)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


@pytest.mark.parametrize("reading", ["settled", "now"])
def test_what_is_read_is_what_vrest_computes(neuron, hidden, reading):
    (cell,) = neuron["cells"]
    ready = vrest.prepare(vrest.rest("mammalian_neuron").as_cell(), [control["path"] for control in cell["controls"]])
    for one in hidden(neuron, reading):
        values = np.array([each["values"] for each in one["impaled"]]).T
        expected = ready.rest(values).v if reading == "settled" else ready.instant(values)
        assert len(set(np.round(expected))) > 3
        np.testing.assert_allclose([each["v"] for each in one["impaled"]], np.ravel(expected), rtol=0, atol=1e-9)


@pytest.mark.parametrize("limit", [None, 32])
def test_a_slow_clock_changes_nothing(neuron, hidden, limit):
    certificate = {**neuron["certificate"], **({} if limit is None else {"tries_lab": limit})}
    doc = {**neuron, "certificate": certificate}
    quick, slow = hidden(doc, "settled"), hidden(doc, "settled", "slow")
    assert quick == slow
    outcomes = {each["outcome"] for one in quick for each in one["impaled"]}
    assert ("undecided" in outcomes) == (limit is not None), outcomes
