"""Why V moved, as `perturb` says it: every sentence is read again and held against what the states themselves are.

Perturbation x cell x three doses. What a sentence claims is found by its words, not by what made it: numbers from
readings, rates from the equations, and which part is the largest from the parts, which add up to the change.
"""

import math
import re
from decimal import Decimal
from itertools import product

import pytest

from vrest.errors import InputError, VrestError
from vrest.model.cellfile import library, load
from vrest.model.ion_labels import ion_text
from vrest.study.explain.called import called
from vrest.study.perturb.law import AtpDepletion, Block, Loss, Multiple, SelectivityLoss, Shift, present
from vrest.study.perturb.library import find, perturbations
from vrest.study.perturb.perturbation import together
from vrest.study.perturb.two_clocks import at_once, settling
from vrest.study.perturb.why import Why
from vrest.system.observables import turnover_rates
from vrest.verbs.readings import readings
from vrest.verbs.rest import rest

SEEN = 0.05
NUM = r"[+-]?[\d.]+(?:e-?\d+)?"
CLAIM = re.compile(
    rf"(?:(?P<ion>\w+[+-]) pulls it by (?P<pull>{NUM})|(?P<by>[+-][\d.]+)) mV(?P<how> as | in | from | \()"
)
MOVED = re.compile(rf" (rises|falls) from ({NUM}) to ({NUM}) ([pnum]?[ASV])\b")
CONDUCTS = re.compile(rf" conducts (more|less), ({NUM}) → ({NUM}) ([pnum]S)\b")
STOPS = re.compile(rf"stops, and its own outward current of ({NUM}) ([pnum]A) with it")
CONTENT = re.compile(rf"(\w+[+-])(?: (?:(inside|outside)|in '(\w+)'))? (rises|falls) from ({NUM}) to ({NUM}) mM")
SCALE = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3}
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
    reason(told, why, why.at_once, now.state, 3, label)
    if settled is None:
        assert why.says_later() == ""
        return 1
    add_up(why.later, before.system, old, settled, label)
    told = why.says_later(end.outcome.name == "rests_run_down")
    assert ("run down" in told) <= (end.outcome.name == "rests_run_down"), (label, told)
    reason(told, why, why.later, settled, 2, label)
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


def reason(told, why, parts, state, most, label):
    """The claims of a sentence about V of a membrane."""
    note = (label, told)
    walls = {wall.name: wall for wall in why.system.structure.walls}
    named = re.search(r"V of '(\w+)'", told)
    wall = walls[named[1]] if named else next(iter(walls.values()))
    assert bool(named) == (len(walls) > 1) or "settles there" in told, note
    is_the_one(why, list(walls), wall.name, note)
    parts, moved = parts[wall.name], step(why.system, wall, why.before, state)
    assert "without" not in told, note
    assert not re.search(
        r"nan|None|-0\.0+ mV\b(?! to)|_(?!(K|Na|Cl|Ca|HCO3|H|Mg)\b)(?![^']*')|(?<![.\d])\d{5}", told
    ), note
    for word, law in LAWS.items():
        if word in told:
            assert any(law in kind for kind in laws(why.cell)), note
    said = re.search(rf"V(?: of '\w+')? (?:moves|would move|settles) ({NUM}) mV", told)
    if said:
        assert same(said[1], moved), note
        assert abs(moved) >= SEEN
        assert float(said[1]) * moved > 0
    elif "settles there" not in told:
        assert abs(moved) < SEEN, note
    begin = re.search(r"V(?: of '\w+')? (?:moves|would move|settles|hardly moves|would hardly move)[^:,]*", told)
    tail = told[begin.end() :]
    scaled = "with RT/F" in tail
    groups = causes(why.cell, wall.name, parts, scaled)
    alone = tail.startswith((", as ", ", in "))
    claims = list(CLAIM.finditer(tail))
    assert alone or claims or "settles there" in told or re.search("changed enough to be seen| but V is where E_", tail)
    ends = [claim.start() for claim in claims[1:]] + [len(tail)] * bool(claims)
    numbers, found, left = [], [], None
    for claim, end in zip(claims, ends, strict=True):
        number, text = claim["pull"] or claim["by"], tail[claim.start() : end]
        numbers.append(number)
        if "in all else" in text:
            left = number
            continue
        key = cause(text, why, wall, parts, state, scaled, note)
        assert same(number, groups[key]), (note, text, groups)
        if claim["ion"] or claim["how"] == " from ":
            assert key == ("ion", symbol(claim["ion"] or re.match(r".* from (\w+[+-]) \(", text)[1])), (note, text)
        found.append(key)
    if alone:
        found = [cause(tail[2:], why, wall, parts, state, scaled, note)]
        assert same(said[1], groups[found[0]]), note
    assert len(set(found)) == len(found) <= most, note
    adds = sum((Decimal(number) for number in numbers), Decimal(0))
    if claims:
        unit = 0.5 * 10.0 ** -len(numbers[0].partition(".")[2])
        assert adds == Decimal(said[1]) if said else abs(float(adds) - moved) <= unit + 1e-12, note
        rest = moved - math.fsum(groups[key] for key in found)
        assert float(left or 0) == pytest.approx(rest, abs=1.01 * unit * (len(found) + 1)), note
    turned = tail.index(", against ") if ", against " in tail else math.inf
    for claim in claims:
        opposes = float(claim["pull"] or claim["by"]) * float(numbers[0]) < 0
        assert opposes == (claim.start() > turned) or "all but cancel" in tail, note
    if found:
        pushes_come_first(found, groups, moved, most, note)


def is_the_one(why, walls, name, note):
    """Another membrane than the first is told of only where that one has nothing of its own that moves it at once."""
    own = {}
    for wall in walls:
        kept = ("reversal", "conductance", "current", "one_sided", "passive", "no_conductance")
        own[wall] = abs(math.fsum(p.mV for p in (why.at_once or {wall: ()})[wall] if p.kind in kept))
    assert name == walls[0] or (own[walls[0]] < SEEN <= own[name] == max(own.values())), (note, own)


def symbol(ion):
    return "HCO3" if ion == "HCO3-" else re.sub(r"\d*[+-]$", "", ion)


def ion_of(cell, membrane, transport):
    return next(iter(cell.membranes[membrane].transports[transport].moved_ions))


def causes(cell, membrane, parts, scaled):
    """What each cause adds, mV: an ion by its E and channels, all that changes with V, a current."""
    found = {}
    for part in parts:
        key = part.kind, part.of
        if part.kind in ("conductance", "passive", "one_sided"):
            key = "ion", ion_of(cell, membrane, part.of)
        elif part.kind == "reversal":
            key = ("every E", "") if scaled else ("ion", part.of)
        elif part.kind == "rectification":
            key = "response", ""
        found[key] = found.get(key, 0.0) + part.mV
    return found


def cause(text, why, wall, parts, state, scaled, note):
    """The cause that a clause is about, its facts held against the parts."""
    if "to V" in text:
        response = sorted((p for p in parts if p.kind == "rectification"), key=lambda p: -abs(p.mV))
        others = math.fsum(abs(p.mV) for p in response[1:])
        one = re.search(r"the response of (.*) to V", text)
        assert bool(one) == (others <= 0.2 * abs(response[0].mV)), (note, text)
        assert not one or one[1] == called(why.cell, wall.name, response[0].of, wall.name), (note, text)
        return "response", ""
    if every := re.search(rf"every E (grows|shrinks) with RT/F by ({NUM}) %", text):
        kelvin = [float(why.system.get(p, "temperature")) for _, p in (why.before, state)]
        assert float(every[2]) == pytest.approx(100 * abs(kelvin[1] / kelvin[0] - 1), rel=0.05), note
        assert (every[1] == "grows") == (kelvin[1] > kelvin[0]), note
        return "every E", ""
    lead, _, though = text.partition(", though ")
    (first,) = facts(lead, why, wall, parts, state, note)
    against = facts(though, why, wall, parts, state, note) if though else []
    if first.kind not in ("reversal", "conductance", "one_sided"):
        assert not against, note
        return first.kind, first.of
    of = first.of if first.kind == "reversal" else ion_of(why.cell, wall.name, first.of)
    kinds = ("conductance", "passive", "one_sided") + ("reversal",) * (not scaled)
    own = [p for p in parts if p.kind in kinds
           and (p.of if p.kind == "reversal" else ion_of(why.cell, wall.name, p.of)) == of]  # fmt: skip
    net = math.fsum(p.mV for p in own)
    assert first.mV * net > 0, (note, text)
    assert first.mV * net >= max(p.mV * net for p in own) - 1e-12, (note, text)
    for part in against:
        assert part in own, (note, text)
        assert part.mV * net < 0, (note, text)
    if not against:
        assert all(abs(p.mV) <= 0.4 * abs(first.mV) + 1e-12 for p in own if p.mV * net < 0), (note, text)
    return "ion", of


def facts(text, why, wall, parts, state, note):
    """The parts that a clause names, in their order: names, directions, numbers and units."""
    found = []
    for claim in (*MOVED.finditer(text), *CONDUCTS.finditer(text)):
        way, a, b, unit = claim.groups()
        head = text[: claim.start()]
        size = 1.0 if unit == "mV" else SCALE[unit[0]] / SCALE["n" if unit[1] == "S" else "p"]
        kinds = ("conductance",) if claim.re is CONDUCTS else ("reversal", "current", "path", "one_sided", "membrane")
        kinds += ("charging",) * (claim.re is MOVED)
        of = [p for p in parts if p.kind in kinds and p.unit[1] == unit[1] and ends_with(head, why.cell, wall.name, p)]
        of = [p for p in of if same(a, p.before / size) and same(b, p.after / size)]
        of = [p for p in of if (p.after > p.before) == (way in ("rises", "more"))]
        assert len(of) == 1, (note, claim[0], of)
        found += of
    for claim in STOPS.finditer(text):
        name = re.search(r"(the \S+ pump.*|'\w+') $", text[: claim.start()])[1]
        of = [p for p in parts if p.kind == "current" and called(why.cell, wall.name, p.of, wall.name) == name]
        (part,) = [p for p in of if p.after == 0.0]
        assert same(claim[1], part.before * SCALE["p"] / SCALE[claim[2][0]]), note
        assert float(turnover_rates(why.system, *state, wall)[part.of]) == 0.0, note
        found.append(part)
    if "no channel conducts" in text:
        found += [p for p in parts if p.kind == "no_conductance"]
    return found


def ends_with(head, cell, membrane, part):
    """Whether a text ends with what changed, in the words for it."""
    if part.kind not in ("conductance", "one_sided"):
        return head.endswith(subject(cell, membrane, part))
    name = called(cell, membrane, part.of, membrane)
    ion = re.escape(ion_text(ion_of(cell, membrane, part.of), cell.valence()[ion_of(cell, membrane, part.of)]))
    its = re.sub(rf"^the (gated )?{ion} ", r"its \1", name)
    return head.endswith((name, its))


def pushes_come_first(found, groups, moved, most, note):
    """The first cause is the largest push in the direction of the change that is no consequence of V; none larger than
    a fifth of the change, or than those told, is left to 'all else'."""
    way = moved if abs(moved) >= SEEN else groups[found[0]]
    pushes = {key: by for key, by in groups.items() if by * way > 0 and abs(by) >= SEEN and key[0] != "response"}
    if pushes:
        assert found[0] == max(pushes, key=lambda key: abs(pushes[key])), (note, groups)
    left = max((abs(by) for key, by in groups.items() if key not in found), default=0.0)
    least = min((abs(groups[key]) for key in found[1:] if key != max(pushes, default="")), default=math.inf)
    assert left <= max(SEEN, 0.2 * abs(way)) or (len(found) == most and left <= least + 1e-12), (note, groups)


def laws(cell):
    kinds = [t.law for m in cell.membranes.values() for t in m.transports.values()]
    return [*kinds, *(e.kind for e in cell.exchanges.values())]


def subject(cell, membrane, part):
    """What a sentence calls what changed."""
    match part.kind:
        case "reversal":
            return f"E_{part.of}"
        case "membrane":
            return f"V of '{part.of}'"
        case "path":
            return called(cell, "", part.of) if part.of in cell.exchanges else f"'{part.of}'"
        case "current":
            name = called(cell, membrane, part.of, membrane)
            return f"{name}'s own outward current" if "pump" in name else name
        case _:
            return "the current that charges the membrane"


def contents(told, why, now, settled, label):
    """The claims about contents, and about what was out of balance."""
    note = (label, told)
    wall = next(w for w in why.system.structure.walls if w.name == why.membrane)
    before, at, end = (readings(why.system, *state) for state in (why.before, now, settled))
    where = None
    moves = {}
    for claim in CONTENT.finditer(told):
        ion, side, place, way, a, b = claim.groups()
        of = symbol(ion)
        where = place or ({"inside": "inside", "outside": "outside"}[side] if side else where)
        first, last = before.concentrations[where][of], end.concentrations[where][of]
        assert same(a, first), (note, claim[0])
        assert same(b, last), (note, claim[0])
        assert (last > first) == (way == "rises"), note
        moves.setdefault(where, {})[ion] = (of, last > first)
    water = r"(as|while) ((?:\w+[+-](?:, | and ))*)water (enters?|leaves) \(the volume (grows|shrinks) "
    if water := re.search(rf"{water}(?:by ({NUM}) %|({NUM})-fold)\)", told):
        where = next(iter(moves))
        ratio = end.volumes[where] / before.volumes[where]
        said = float(water[6]) if water[6] else 1 + float(water[5]) / 100 * (1 if water[4] == "grows" else -1)
        assert said - 1 == pytest.approx(ratio - 1, rel=0.06), note
        assert (ratio > 1) == water[3].startswith("enter") == (water[4] == "grows"), note
        assert (water[3] == "enter") == bool(water[2]), note
        held = {ion: amount * before.volumes[where] for ion, amount in before.concentrations[where].items()}
        gained = {ion: end.concentrations[where][ion] * end.volumes[where] - amount for ion, amount in held.items()}
        salt = {symbol(ion) for ion in re.findall(r"\w+[+-]", water[2])}
        assert ratio < 1 or salt == {ion for ion, more in gained.items() if more > 0.2 * sum(held.values())}, note
        for space, some in moves.items():
            for ion, _ in some.values():
                by_water = -math.log(end.volumes[space] / before.volumes[space])
                moved = math.log(end.concentrations[space][ion] / before.concentrations[space][ion])
                assert water[1] == "while" or by_water / moved > 0.9 - 1e-9, note
    how = rf"carries (?:{NUM} % (?:less|more)|(?:over )?{NUM} times as much|next to no)|no longer carries"
    how += "|begins to (?:bring in|take out)|brings in|takes out"
    driven = re.search(rf", as ([^,]*?) at once ({how}) (\w+[+-](?:(?:, | and )\w+[+-])*)( where it \w+ it \w+)?", told)
    assert bool(driven) == ("Kept" in told and " at once " in told.partition("Kept")[2]), note
    if driven is None:
        return
    name, how, ions, turned = driven.groups()
    for ion in re.split(r", | and ", ions):
        places = {where: some[ion] for where, some in moves.items() if ion in some}
        assert places, note
        found = False
        for membrane, where in product(why.system.structure.walls, places):
            if where not in (membrane.inside, membrane.outside):
                continue
            of, rose = places[where]
            flux0, flux1 = (r.fluxes[membrane.name].get(of, {}) for r in (before, at))
            for transport in flux0:
                if called(why.cell, membrane.name, transport, wall.name) != name:
                    continue
                outward = flux1[transport] - flux0[transport]
                gains = -outward if where == membrane.inside else outward
                into = (flux1[transport] < 0) == (where == membrane.inside)
                found |= carried(how, flux0[transport], flux1[transport], into) and (gains > 0) == rose
                assert bool(turned) == (how in ("brings in", "takes out")), note
        assert found or not name.startswith("the ") or name.partition(" ")[2] in exchanges(why.cell), (note, ion)


def carried(how, before, after, into):
    """Whether a flux changed as it is said to."""
    match how.split():
        case ["carries", "next", *_]:
            return 0 < abs(after) < 0.01 * abs(before)
        case ["carries", percent, "%", way]:
            return float(percent) == pytest.approx(100 * (after / before - 1) * (-1 if way == "less" else 1), rel=0.06)
        case ["carries", "over", times, *_]:
            return after / before > float(times)
        case ["carries", times, *_]:
            return float(times) == pytest.approx(after / before, rel=0.06)
        case ["no", *_]:
            return after == 0.0 != before
        case ["begins", *_]:
            return abs(before) < 1e-5 * abs(after) and into == ("bring" in how)
        case _:
            return after * before < 0 and into == ("brings" in how)


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


TURNED = {"rises": "falls", "falls": "rises", "more": "less", "less": "more", "enters": "leaves", "against": "and"}


def lies(told):
    """A sentence with one number or one direction wrong, in every way."""
    for found in re.finditer(r"(?<![\w.])\d+(\.\d+)?(?![\w.]*\d)(?= |\)|-fold)", told):
        last = 10.0 ** -len((found[1] or ".")[1:])
        wrong = f"{float(found[0]) + 7 * last:.{len((found[1] or '.')[1:])}f}"
        yield told[: found.start()] + wrong + told[found.end() :]
    for found in re.finditer(rf"\b({'|'.join(TURNED)})\b", told):
        yield told[: found.start()] + TURNED[found[0]] + told[found.end() :]


@pytest.mark.parametrize(
    ("cell", "name"), [("mammalian_neuron", "hypokalaemia"), ("kir_muscle", "hypokalaemia"), ("kay_2017", "ouabain")]
)
def test_a_lie_is_caught(cell, name):
    p = find(name)
    before, changes = rest(cell), p.changes(load(cell))
    now, end = at_once(before, changes), settling(before, changes)
    settled = (end.state, end.parameters)
    why = Why(before.cell, before.system, (before.state, before.parameters), now.state, settled)
    first, later = why.says_at_once(), why.says_later(end.outcome.name == "rests_run_down")
    contents(later, why, now.state, settled, "true")
    for parts, state, most, told in ((why.at_once, now.state, 3, first), (why.later, settled, 2, later)):
        reason(told, why, parts, state, most, "true")
        wrong = list(lies(told))
        assert len(wrong) > 3
        for lie in wrong:
            with pytest.raises((AssertionError, KeyError, TypeError, ValueError)):  # noqa: PT012 - either may notice
                reason(lie, why, parts, state, most, "lie")
                if told is later:
                    contents(lie, why, now.state, settled, "lie")
                print(lie)


@pytest.mark.parametrize(
    ("cell", "name", "dose", "never", "said"),
    [
        ("mammalian_neuron", "hypokalaemia", "1 mM", "rectif", r"pulls it by -10.1 mV (E_K falls"),
        ("mammalian_neuron", "ouabain", "10 nM", "run down", "Na/K pump at once carries 25 % less Na+ and K+"),
        (
            "mammalian_neuron",
            "anoxia",
            "20 %",
            "without|stops|run down",
            "would move +0.9 mV: +1.1 mV as the Na/K pump's own",
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
