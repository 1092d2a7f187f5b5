"""What commands say reads as a person would write it: no names of the code, nothing twice, no digits of rounding."""

import re
from functools import reduce

import pytest

from vrest.verbs.outcome import Outcome

CODES = [outcome.name for outcome in Outcome if "_" in outcome.name]
RAW = re.compile(
    rf"\b({'|'.join(CODES)})\b|\bNone\b|\bnan\b|-0\.0*(?![\d.])|[1-9](\.?\d){{9,}}"
    r"|\b1 (cells|rests|runs|(large )?steps|potentials|membranes|times)\b|\b60 (min|s)\b|\b0\.000\d+ (s|min|h)\b"
    r"|(?<![\d.])(1[2-9]\d|[2-9]\d\d|\d{4,}) s\b|\b1 large step, each|\b0 (ATP|conserved|ways)|\(0 %|stores –"
    r"|e-1[3-9]\b(?! W)"
)
CELLS = ["mammalian_neuron", "hodgkin_huxley_1952", "kay_2017", "cressman_2009", "frog_skin", "astrocyte_pair"]
CELLS += ["dijkstra_2016", "wei_2014", "red_blood_cell", "ventricular_myocyte"]
SPOKEN = {
    "rest": ["rest", "CELL"],
    "without pumps": ["rest", "CELL", "--set", "PUMP*=0"],
    "all rests": ["rest", "CELL", "--all"],
    "explain": ["explain", "CELL"],
    "explain without pumps": ["explain", "CELL", "--set", "PUMP*=0"],
    "explain without K+ outside": ["explain", "CELL", "--set", "outside.K=0 mM"],
    "check": ["check", "CELL"],
    "check without pumps": ["check", "CELL", "--set", "PUMP*=0"],
    "design": ["design", "CELL", "--v-rest", "-60"],
    "excitability": ["excitability", "CELL", "--current", "5"],
    "settled": ["settled", "CELL", "--set", "PUMP*=0"],
    "instant": ["instant", "CELL", "--set", "PUMP*=0"],
    "population": ["population", "CELL", "--vary", "PUMP ~ uniform(0x, 2x)", "-n", "2"],
    "bifurcation": ["bifurcation", "CELL", "PUMP", "0.5x", "1x"],
    "curve": ["curve", "CELL", "PUMP", "0.5x", "1x", "--points", "5"],
    "doses": ["perturb", "CELL", "PERTURBATION", "--dose", "DOSES"],
    "sensitivity": ["sensitivity", "CELL", "--over", "PUMP"],
    "perturb": ["perturb", "CELL", "PERTURBATION"],
    "compare": ["compare", "CELL", "squid_axon", "--perturb", "PERTURBATION"],
    "run": ["run", "CELL", "--at", "1 s", "PUMP*=0.5 over 150 s"],
    "run, too late": ["run", "CELL", "--at", "2 h", "PUMP*=0.5"],
}
PUMPS = {"frog_skin": "basolateral.pump.max_rate", "astrocyte_pair": "astrocyte_1.pump.max_rate"}
PUMPS |= {"hodgkin_huxley_1952": "leak.conductance", "kay_2017": "pump.max_rate"}


@pytest.fixture(autouse=True)
def unwrapped(monkeypatch):
    monkeypatch.setenv("COLUMNS", "10000")


def judge(answer):
    said = answer.out + answer.err
    assert answer.code in (0, 3, 4, 5)
    prose = [line for line in said.splitlines() if re.match(r"\S", line) and not line.startswith("Way out")]
    assert not RAW.search("\n".join(prose)), RAW.search("\n".join(prose))
    sentences = [
        part for line in prose for part in re.split(r"(?<=\.) ", re.sub(r"^\d+\. ", "", line)) if part[-1] == "."
    ]
    assert sorted(set(sentences)) == sorted(sentences) or "V of membrane" in said  # two that are alike are told alike


def lines(cell, what):
    pump, does = PUMPS.get(cell, "pump.max_rate"), "hyperkalaemia" if cell == "hodgkin_huxley_1952" else "pump_loss"
    doses = "mild,severe" if does == "hyperkalaemia" else "10 %,50 %"
    words = {"CELL": cell, "PUMP": pump, "PERTURBATION": does, "DOSES": doses}
    return [reduce(lambda word, each: word.replace(*each), words.items(), word) for word in SPOKEN[what]]


@pytest.mark.parametrize("what", SPOKEN)
def test_what_is_said_is_for_people(vrest, what):
    judge(vrest(*lines("kay_2017", what)))


@pytest.mark.library
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("what", SPOKEN)
def test_what_is_said_of_each_cell_is_for_people(vrest, cell, what):
    judge(vrest(*lines(cell, what)))
