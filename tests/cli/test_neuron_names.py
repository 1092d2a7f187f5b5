"""NEURON's names on the command line: the answer is that of the path."""

import pytest

PATHS = {"ko": "outside.K", "celsius": "temperature", "pk": "K_leak.permeability"}
COMMANDS = {
    "set": ("rest", "mammalian_neuron", "--set", "{name}*=1.01"),
    "at": ("run", "mammalian_neuron", "--at", "1 s", "{name}*=1.01", "--until", "2 s", "--points", "3"),
    "bifurcation": ("bifurcation", "mammalian_neuron", "{name}", "0.99x", "1.01x"),
    "sensitivity": ("sensitivity", "mammalian_neuron", "--over", "{name}", "--of", "V"),
    "population": ("population", "mammalian_neuron", "--vary", "{name} ~ uniform(0.99x, 1.01x)", "-n", "2"),
}

LEFT_OUT = ("inputs", "seconds")


def numbers(found):
    """All numbers of an answer, in order."""
    if isinstance(found, dict):
        return [n for name, value in found.items() for n in numbers(value) if name not in LEFT_OUT]
    if isinstance(found, list):
        return [n for value in found for n in numbers(value)]
    return [found] if isinstance(found, float) else []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_them(vrest, command):
    for name, path in PATHS.items() if command != "population" else [("ko", "outside.K")]:
        if name == "celsius" and command in ("set", "at", "bifurcation"):
            continue  # degC cannot be scaled
        answers = [vrest(*(a.format(name=n) for a in COMMANDS[command]), "--json") for n in (name, path)]
        assert [a.code for a in answers] == [0, 0], answers[0].err + answers[0].out
        found = [numbers(a.json) for a in answers]
        assert found[0] == found[1]
        assert found[0]


def test_what_is_a_result_is_refused(vrest):
    answer = vrest("rest", "mammalian_neuron", "--set", "ek=-90", "--json")
    assert (answer.code, answer.error) == (3, "is_result")
    assert "inside.K or outside.K" in answer.json["error"]["hint"]
    answer = vrest("bifurcation", "edpr_2020", "ko", "4", "6", "--json")
    assert (answer.code, answer.error) == (3, "ambiguous_path")
