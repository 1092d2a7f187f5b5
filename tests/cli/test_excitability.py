"""`vrest excitability`: the answer, the figure, and what is refused."""

import pytest


def test_excitability(vrest, tmp_path):
    target = tmp_path / "firing.png"
    line = ("excitability", "hodgkin_huxley_1952", "--current", "10", "--current", "160", "--step", "1 s")
    answer = vrest(*line, "--plot", str(target), "--json")
    assert (answer.code, answer.err) == (0, "")
    result = answer.json["result"]
    assert result["state"] == "excitable"
    assert [f["pattern"] for f in result["firing"]] == ["repetitive", "block"]
    assert result["firing"][1]["v_end"] == pytest.approx(-42.76, abs=0.01)
    assert answer.json["units"]["threshold"] == "mV"
    assert answer.json["units"]["firing"]["rate"] == "Hz"
    assert target.stat().st_size > 10_000
    spoken = vrest("excitability", "hodgkin_huxley_1952").out
    assert "threshold" in spoken
    assert "rheobase" in spoken


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (["excitability", "hodgkin_huxley_1952", "--current", "1 mV"], 3, "wrong_unit"),
        (["excitability", "mammalian_neuron", "--plot", "x.png"], 3, "nothing_to_draw"),
        (["excitability", "kay_2017", "--set", "pump.max_rate*=0"], 4, "swells_without_limit"),
    ],
)
def test_refusals(vrest, arguments, exit_code, code):
    answer = vrest(*arguments, "--json")
    assert (answer.code, answer.error) == (exit_code, code)
