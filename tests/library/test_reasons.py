"""Why V moved, as `perturb` says it: every sentence is read again and held against what the states themselves are.

Perturbation x cell x three doses. What a sentence claims is found by its words, not by what made it: numbers from
readings, rates from the equations, and which part is the largest from the parts, which add up to the change.
"""

import math
import re

import pytest

from vrest.errors import InputError, VrestError
from vrest.model.cellfile import library, load
from vrest.study.explain.called import called
from vrest.study.perturb.law import AtpDepletion, Block, Loss, Multiple, SelectivityLoss, Shift, present
from vrest.study.perturb.perturbation import find, perturbations, together
from vrest.study.perturb.two_clocks import at_once, settling
from vrest.study.perturb.why import Why
from vrest.system.observables import turnover_rates
from vrest.verbs.readings import readings
from vrest.verbs.rest import rest

SEEN = 0.05
NUM = r"[+-]?[\d.]+(?:e-?\d+)?"
MOVED = re.compile(rf" (rises|falls) from ({NUM}) to ({NUM}) (mV|nS|pA)(?: \(({NUM}) mV\))?")
CONTENT = re.compile(rf"(\w+[+-])(?: (?:(inside|outside)|in '(\w+)'))? (rises|falls) from ({NUM}) to ({NUM}) mM")
LAWS = {
    "Kir": "kir",
    "KCC2": "kcc2",
    "NKCC1": "nkcc1",
    "Na/K pump": "pump",
    "gap junction": "gap_junction",
    "by glia": "glial",
}
"""What a word stands for, among the laws of a cell."""


def three_doses(name, cell):
    """A small, the usual and a large dose, SI."""
    p = find(name)
    usual = p.used_dose(cell)[0]
    has = next(iter(present(cell, p.target).values()), 0.0)
    match p.law:
        case Block():
            doses = (p.law.half / 3, usual, 1e4 * p.law.half)
        case Loss():
            doses = (0.2, usual, 1.0)
        case Multiple():
            doses = ((1 + usual) / 2, usual, 8 * usual)
        case AtpDepletion():
            doses = (1.0, usual, 0.0)
        case SelectivityLoss():
            doses = (0.2, 0.5, 1.0)
        case Shift() if p.dimension == "temperature":
            doses = (has + 0.3 * (usual - has), usual, has + 1.5 * (usual - has))
        case Shift():
            doses = (has * (usual / has) ** 0.3, usual, has * (usual / has) ** 2)
        case _:
            doses = (0.2, 0.6, 1.0)
    return [min(max(dose, p.minimum), p.maximum) for dose in doses]


def triples(name):
    """Every perturbation at three doses in a cell: its name and the dose, the rest, the changes, the end and why."""
    described, rests = load(name), {}
    for what in perturbations():
        p = find(what)
        try:
            cell = p.prepared(described)
            p.changes(cell)
        except InputError:
            continue
        before = rests.get(cell is described) or rests.setdefault(cell is described, rest(cell))
        for dose in dict.fromkeys(three_doses(what, cell)):
            try:
                changes = together(p.law.changes(cell, p.target, dose, what))
            except InputError:
                continue  # a dose that goes the other way
            yield f"{name} {what} {p.text(dose)}", before, changes, p.onset > 0


def judged(label, before, changes, hypothetical):
    """The number of sentences that were held against the states."""
    try:
        now, end = at_once(before, changes), settling(before, changes)
    except VrestError:
        return 0
    settled = (end.state, end.parameters) if end.outcome.is_rest else None
    old = (before.state, before.parameters)
    why = Why(before.cell, before.system, old, now.state, settled)
    add_up(why.at_once, before.system, old, now.state, label)
    told = why.says_at_once(hypothetical)
    assert told.startswith("If all of it came at once, ") == hypothetical, label
    reason(told, why, why.at_once, now.state, label)
    if settled is None:
        assert why.says_later() == ""
        return 1
    add_up(why.later, before.system, old, settled, label)
    told = why.says_later(end.outcome.name == "rests_run_down")
    assert ("run down" in told) <= (end.outcome.name == "rests_run_down"), (label, told)
    reason(told, why, why.later, settled, label)
    contents(told, why, now.state, settled, label)
    return 2


def step(system, wall, a, b):
    return 1e3 * float(system.potential(b[0], wall) - system.potential(a[0], wall))


def add_up(parts, system, a, b, label):
    for wall in system.structure.walls:
        total = math.fsum(part.mV for part in parts[wall.name])
        assert total == pytest.approx(step(system, wall, a, b), abs=1e-9), label


def same(text, value):
    """Whether a printed number is the value, rounded."""
    digits = re.sub(r"e.*|[+\-.]", "", text).lstrip("0")
    if "e" not in text:
        return abs(float(text) - value) <= 0.5 * 10.0 ** -len(text.partition(".")[2]) * (1 + 1e-9) or (
            "." not in text and abs(float(text) - value) <= 0.5 * 10 ** max(len(digits) - 3, 0)
        )
    return float(text) == pytest.approx(value, rel=0.5 * 10.0 ** (1 - len(digits)))


def reason(told, why, parts, state, label):
    """The claims of a sentence about V of the first membrane."""
    note = (label, told)
    wall = why.system.structure.walls[0]
    parts, moved = parts[wall.name], step(why.system, wall, why.before, state)
    assert "without" not in told, note
    assert not re.search(r"nan|None|-0\.0+ mV\b|_(?!(K|Na|Cl|Ca|HCO3|H|Mg)\b)(?![^']*')", told), note
    for word, law in LAWS.items():
        if word in told:
            assert any(law in kind for kind in laws(why.cell)), note
    if said := re.search(rf"V(?: of '\w+')? (?:moves|would move|settles) ({NUM}) mV", told):
        assert same(said[1], moved), note
        assert abs(moved) >= SEEN
        assert float(said[1]) * moved > 0
    elif "settles there" not in told:
        assert abs(moved) < SEEN, note
    numbers = 0
    for claim in MOVED.finditer(told):
        way, a, b, unit, by = claim.groups()
        head = told[: claim.start()]
        of = [part for part in parts if part.unit == unit and head.endswith(subject(why.cell, wall.name, part))]
        of = [part for part in of if same(a, part.before) and same(b, part.after)]
        of = [part for part in of if (part.after > part.before) == (way == "rises")]
        assert of, (note, claim[0])
        if by is not None:
            follow = math.fsum(part.mV for part in parts if part.kind == "rectification")
            assert any(same(by, follow if part.kind == "rectification" else part.mV) for part in of), (note, claim[0])
            numbers += 1
    for sum_of, words in (
        ("rectification", "conductances change with V"),
        ("reversal", r"every E \w+ with RT/F by .*? %"),
    ):
        for claim in re.finditer(rf"{words} \(({NUM}) mV\)", told):
            assert same(claim[1], math.fsum(part.mV for part in parts if part.kind == sum_of)), note
            numbers += 1
    for claim in re.finditer(rf"RT/F by ({NUM}) %", told):
        kelvin = [float(why.system.get(p, "temperature")) for _, p in (why.before, state)]
        assert float(claim[1]) == pytest.approx(100 * abs(kelvin[1] / kelvin[0] - 1), rel=0.05), note
    for claim in re.finditer(rf"stops, and its own outward current of ({NUM}) pA with it \(({NUM}) mV\)", told):
        (part,) = [p for p in parts if p.kind == "current" and p.after == 0.0 and same(claim[2], p.mV)]
        assert same(claim[1], part.before), note
        assert float(turnover_rates(why.system, *state, wall)[part.of]) == 0.0, note
        numbers += 1
    assert numbers == len(re.findall(rf"\({NUM} mV\)", told)), note
    if left := re.search(rf"what is left is ({NUM}) mV", told):
        printed = math.fsum(float(x) for x in re.findall(rf"\(({NUM}) mV\)", told))
        assert float(left[1]) == pytest.approx(moved - printed, abs=0.06 * (2 + numbers)), note
    if "because" in told:
        first_is_largest(told, why, parts, moved, note)


def laws(cell):
    kinds = [t.law for m in cell.membranes.values() for t in m.transports.values()]
    return [*kinds, *(e.kind for e in cell.exchanges.values())]


def subject(cell, membrane, part):
    """What a sentence calls what changed."""
    match part.kind:
        case "reversal":
            return f"E_{part.of}"
        case "conductance" | "rectification":
            return f"the conductance of {called(cell, membrane, part.of, membrane)}"
        case "membrane":
            return f"V of '{part.of}'"
        case "path":
            return called(cell, "", part.of) if part.of in cell.exchanges else f"'{part.of}'"
        case "current":
            name = called(cell, membrane, part.of, membrane)
            return f"{name}'s own outward current" if "pump" in name else f"current through {name}"
        case _:
            return "nothing that is told"


def first_is_largest(told, why, parts, moved, note):
    """The first reason is the largest push in the direction of the change that is no consequence of V."""
    groups = {}
    scaled = "with RT/F" in told
    for part in parts:
        key = part.kind, part.of
        if part.kind == "conductance" or (part.kind == "reversal" and not scaled):
            transports = why.cell.membranes[why.membrane].transports
            key = "ion", part.of if part.kind == "reversal" else next(iter(transports[part.of].moved_ions))
        elif part.kind in ("reversal", "rectification"):
            key = part.kind, ""
        groups[key] = groups.get(key, 0.0) + part.mV
    pushes = {key: by for key, by in groups.items() if by * moved > 0 and abs(by) >= SEEN and key[0] != "rectification"}
    if not pushes:
        return
    kind, of = max(pushes, key=lambda key: abs(pushes[key]))
    text = told.partition("because ")[2]
    begins = {
        "ion": rf"(E_{of}\b|the conductance of )",
        "reversal": "every E ",
        "current": re.escape(called(why.cell, why.membrane, of, why.membrane)) if kind == "current" else "",
        "path": r"the current that leaves ",
        "one_sided": r"the current through ",
        "membrane": r"V of '",
    }[kind]
    if kind == "current" and "pump" not in text.partition("(")[0]:
        begins = "the current through "
    assert re.match(begins, text), (note, kind, of)
    if kind == "ion" and not text.startswith("E_"):
        names = [called(why.cell, why.membrane, p.of, why.membrane) for p in parts if p.kind == "conductance"
                 and next(iter(why.cell.membranes[why.membrane].transports[p.of].moved_ions)) == of]  # fmt: skip
        assert any(text.startswith(f"the conductance of {name}") for name in names), (note, of)


def contents(told, why, now, settled, label):
    """The claims about contents, and about what was out of balance."""
    note = (label, told)
    wall = why.system.structure.walls[0]
    before, at, end = (readings(why.system, *state) for state in (why.before, now, settled))
    where = None
    moves = {}
    for claim in CONTENT.finditer(told):
        ion, side, place, way, a, b = claim.groups()
        symbol = re.sub(r"\d*[+-]$", "", ion) if ion not in ("HCO3-",) else "HCO3"
        where = place or ({"inside": "inside", "outside": "outside"}[side] if side else where)
        first, last = before.concentrations[where][symbol], end.concentrations[where][symbol]
        assert same(a, first), (note, claim[0])
        assert same(b, last), (note, claim[0])
        assert (last > first) == (way == "rises"), note
        moves.setdefault(where, {})[ion] = (symbol, last > first)
    if water := re.search(rf"for water (enters|leaves): the volume (grows|shrinks) by ({NUM}) %", told):
        where = next(iter(moves))
        ratio = end.volumes[where] / before.volumes[where]
        assert float(water[3]) == pytest.approx(100 * abs(ratio - 1), rel=0.06), note
        assert (ratio > 1) == (water[1] == "enters") == (water[2] == "grows"), note
    driven = re.search(
        rf"for at once (.*?) carries ({NUM} % (?:less|more)|{NUM} times as much|next to no) ([^.]*?)\.", told
    )
    if driven is None:
        return
    name, how, ions = driven.groups()
    for ion in re.split(r", | and ", ions):
        where = next(w for w, some in moves.items() if ion in some)
        symbol, rose = moves[where][ion]
        found = False
        for membrane in why.system.structure.walls:
            if where not in (membrane.inside, membrane.outside):
                continue
            flux0, flux1 = (r.fluxes[membrane.name].get(symbol, {}) for r in (before, at))
            for transport in flux0:
                if called(why.cell, membrane.name, transport, wall.name) != name:
                    continue
                ratio = flux1[transport] / flux0[transport]
                shown = {"l": 100 * (1 - ratio), "m": 100 * (ratio - 1)}.get(how.partition("% ")[2][:1], ratio)
                outward = flux1[transport] - flux0[transport]
                gains = -outward if where == membrane.inside else outward
                near = ratio < 0.01 if how == "next to no" else float(how.split()[0]) == pytest.approx(shown, rel=0.06)
                found |= near and (gains > 0) == rose
        assert found or not name.startswith("the ") or name.partition(" ")[2] in exchanges(why.cell), (note, ion)


def exchanges(cell):
    return [called(cell, "", label).removeprefix("the ") for label in cell.exchanges]


# --- the matrix ------------------------------------------------------------------------------------------------------


SAMPLE = ("mammalian_neuron", "kir_muscle", "hodgkin_huxley_1952")


@pytest.mark.parametrize("name", SAMPLE)
def test_reasons_are_true_in_a_few_cells(name):
    found = [judged(*each) for each in triples(name)]
    assert sum(found) > 15


@pytest.mark.library
@pytest.mark.parametrize("name", [name for name in library() if name not in SAMPLE])
def test_reasons_are_true_in_every_cell(name):
    if not rest(name).outcome.is_rest:
        pytest.skip("it has no rest to start from")
    assert sum(judged(*each) for each in triples(name)) > 5


@pytest.mark.parametrize(
    ("cell", "name", "dose", "never", "said"),
    [
        ("mammalian_neuron", "hypokalaemia", "1 mM", "rectif", "because E_K falls"),
        ("mammalian_neuron", "ouabain", "10 nM", "run down", "Na/K pump carries 25 % less Na+ and K+"),
        (
            "mammalian_neuron",
            "anoxia",
            "20 %",
            "without|stops|run down",
            "would move +0.9 mV because the Na/K pump's own",
        ),
    ],
)
def test_what_was_false_is_so_no_more(cell, name, dose, never, said):
    before = rest(cell)
    p = find(name).dosed(dose)
    changes = p.changes(load(cell))
    now, end = at_once(before, changes), settling(before, changes)
    why = Why(before.cell, before.system, (before.state, before.parameters), now.state, (end.state, end.parameters))
    told = f"{why.says_at_once(p.onset > 0)} {why.says_later(end.outcome.name == 'rests_run_down')}"
    assert not re.search(never, told)
    assert said in told
