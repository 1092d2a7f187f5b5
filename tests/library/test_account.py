"""Every sentence of an explanation is true: each claim is derived again from the numbers of the state, in every cell.

A sentence that no pattern here reads is a failure: what is said has to be tested.
"""

import re

import numpy as np
import pytest

import vrest
from vrest.errors import InputError, VrestError
from vrest.model.change import apply
from vrest.model.ion_labels import ion_text
from vrest.model.transport import ATP
from vrest.study.explain.parts import parts
from vrest.system.observables import AROUND
from vrest.verbs.readings import readings

NEAR = 0.0051
"""mV: half of the last digit that is printed."""
SMALL = 0.01
NUMBER = r"([+-]?\d+\.\d\d)"
LISTED = r"(.+?)"


def weaker(kind, factor=0.0):
    """The changes that scale what is of a kind."""

    def changes(cell):
        return [
            f"membranes.{place}.transports.{label}.{part.strength}*={factor}"
            for place, membrane in cell.membranes.items()
            for label, part in membrane.transports.items()
            if part.strength and kind(part)
        ]

    return changes


def pump(part):
    return part.stoichiometry().get(ATP)


def channel(*ions):
    return lambda part: part.is_channel and set(part.moved_ions) & set(ions)


CHANGES = {
    "pumps off": weaker(pump),
    "half the pumps": weaker(pump, 0.5),
    "much K outside": lambda cell: [f"{next(iter(cell.membranes.values())).outside}.K=40 mM"],
    "channels of K alone": weaker(channel("Na", "Cl", "Ca")),
    "no channels of Cl": weaker(channel("Cl")),
}


class Account:
    """The numbers of one membrane from which its sentences are judged."""

    def __init__(self, result, name):
        system, x, p = result.system, result.state, result.parameters
        self.result, self.name = result, name
        self.wall = next(wall for wall in system.structure.walls if wall.name == name)
        self.parts, self.now = parts(system, x, p), readings(system, x, p)
        self.v, self.E = self.now.v[name], self.now.E[name]
        self.share = {ion: s for ion, s in self.parts.chord_share[name].items() if s and np.isfinite(s)}
        self.drive = {ion: self.v - self.E[ion] for ion in self.share}
        self.transports = result.cell.membranes[name].transports
        self.inside, self.outside = (self.now.concentrations[w] for w in (self.wall.inside, self.wall.outside))
        self.ions = {ion_text(ion, system.valence[ion]): ion for ion in system.valence}
        self.largest = max((abs(i) for i in self.now.currents[name].values()), default=0.0)
        self.off = weaker(pump)(result.cell)

    def named(self, text):
        return [self.ions[word] for word in re.split(r", | and ", text)]

    def pulls(self, ion):
        return abs(self.share[ion] * self.drive[ion]) > SMALL

    def turning(self, name):
        return any(abs(t) > 0 for t in self.now.turnovers.get(name, {}).values())

    def stopped(self):
        """V at once and V in the end, by the verbs and from the cell that describes the rest."""
        cell = self.result.as_cell()
        try:
            once = vrest.instant(cell, self.off).v
            once = once[self.name] if isinstance(once, dict) else once
        except VrestError:
            once = None
        end = vrest.rest(cell, self.off)
        v = None
        if end.outcome.is_rest:
            v = end.v_rest[self.name] if isinstance(end.v_rest, dict) else end.v_rest
        return once, v, end

    def conducting(self, E):
        return np.array([E[ion] for ion, share in self.share.items() if share > 0.005])

    def left_out(self):
        """Whose currents no constant-field channel carries."""
        own = [
            x for x, i in self.now.currents[self.name].items() if not self.transports[x].is_channel and self.counts(i)
        ]
        return sorted([*own, *(x for x, i in self.now.path_currents[self.name].items() if self.counts(i))])

    def counts(self, current):
        return abs(current) > 1e-9 * self.largest


def v_is(a, where, v):
    assert float(v) == pytest.approx(a.v, abs=NEAR)
    assert (where or "").strip() == (f"of membrane '{a.name}'" if len(a.result.cell.membranes) > 1 else "")


def largest(a, who, shares, pull, towards, among):
    """The ions named have the largest share of `among`, as large as is said, and pull to the E that is said."""
    ions, said = a.named(who), [float(x) for x in re.findall(r"(-?[\d.]+) %", shares)]
    for ion, share in zip(ions, said, strict=True):
        assert share == pytest.approx(100 * a.share[ion], abs=0.501 if share >= 1 else 0.0051)
        assert all(a.share[ion] > 0.994 * a.share[other] for other in among)
    if pull is None:
        return
    for ion, (named, E) in zip(ions, re.findall(rf"E_(\w+) = {NUMBER} mV", towards), strict=True):
        assert named == ion
        assert float(E) == pytest.approx(a.E[ion], abs=NEAR)
        assert a.pulls(ion)


def votes(a, where, v, _, who, shares, towards):
    v_is(a, where, v)
    assert len(a.share) > 1
    largest(a, who, shares, True, towards, a.share)


def passive(a, where, v, _, who, shares):
    v_is(a, where, v)
    largest(a, who, shares, None, None, a.share)
    for ion in a.named(who):
        assert abs(a.drive[ion]) < SMALL
        assert a.result.system.structure.space(a.wall.inside).finite
        assert f"{a.wall.inside}.{ion}" not in a.result.cell.closures
        moved = a.now.fluxes[a.name][ion]
        most = max(abs(f) for ions in a.now.fluxes[a.name].values() for f in ions.values())
        assert all(abs(f) <= 1e-9 * most for label, f in moved.items() if not a.transports[label].is_channel)


def at_its_e(a, where, v, _, who, shares):
    v_is(a, where, v)
    largest(a, who, shares, None, None, a.share)
    assert not any(a.pulls(ion) for ion in a.named(who))


def strongest(a, who, shares, towards):
    largest(a, who, shares, True, towards, [ion for ion in a.share if a.pulls(ion)])


def only(a, where, v, among, who, ion, E):
    v_is(a, where, v)
    assert a.named(who) == [ion] == list(a.share)
    assert float(E) == pytest.approx(a.E[ion], abs=NEAR)
    elsewhere = [i for i, current in a.parts.channel_current[a.name].items() if i != ion and a.counts(current)]
    assert bool(among) == bool(elsewhere)
    assert all(np.isnan(a.E[i]) for i in elsewhere)


def only_pulls(a, *said):
    only(a, *said)
    assert abs(a.v - a.E[said[-2]]) > SMALL


def only_sits(a, *said):
    only(a, *said)
    assert a.v == pytest.approx(a.E[said[-2]], abs=SMALL)


def equilibrium(a, where, v, who, others):
    v_is(a, where, v)
    there, away = a.named(who), a.named(others) if others else []
    assert sorted([*there, *away]) == sorted(a.share)
    assert all(abs(a.drive[ion]) <= SMALL for ion in there)
    assert all(abs(a.drive[ion]) > SMALL >= abs(a.share[ion] * a.drive[ion]) for ion in away)


def negative(a, who):
    named = dict(re.findall(r"(\S+) \((-\d+) %\)", who))
    assert {a.ions[ion] for ion in named} == {ion for ion, share in a.share.items() if share < 0}
    for ion, share in named.items():
        assert float(share) == pytest.approx(100 * a.share[a.ions[ion]], abs=0.501)
        assert a.parts.channel_current[a.name][a.ions[ion]] * a.drive[a.ions[ion]] < 0
    assert sum(share for share in a.share.values() if share > 0) > 1.0


def elsewhere(a, paths, by):
    assert float(by) == pytest.approx(a.parts.chord_paths[a.name], abs=NEAR)
    if paths != AROUND:
        assert sorted(paths.split(", ")) == sorted(x for x, i in a.now.path_currents[a.name].items() if a.counts(i))


def one_sided(a, by):
    assert float(by) == pytest.approx(a.parts.chord_one_sided[a.name], abs=NEAR)


def absent(a, who):
    assert all(a.inside[ion] == a.outside[ion] == 0.0 for ion in [a.ions[x] for x in who.split(" and no ")])


def held(a):
    assert not a.result.system.structure.space(a.wall.inside).finite


def idle(a):
    assert a.now.atp_per_second == 0.0
    assert not any(map(a.turning, a.now.turnovers))


def stopping(a, plural, first, then):
    """What is said of the moment, and of the end."""
    turning = [x for pumps in a.now.turnovers.values() for x in pumps.values() if abs(x) > 0]
    assert bool(plural) == (len(turning) > 1)
    once, v, end = a.stopped()
    if told := re.fullmatch(rf"{NUMBER} mV at once, to {NUMBER} mV, with the contents unchanged", first):
        assert (float(told[1]), float(told[2])) == pytest.approx((once - a.v, once), abs=NEAR)
    elif first == "V does not move at once":
        assert once == pytest.approx(a.v, abs=NEAR)
    else:
        assert first == "no potential between -400 and +400 mV that V drifts to carries zero current"
        assert once is None
    if told := re.fullmatch(rf"Then (another )?{NUMBER} mV as (.+), to {NUMBER} mV\.", then):
        another, by, what, to = told.groups()
        assert (float(by), float(to)) == pytest.approx((v - once, v), abs=2 * NEAR)
        assert bool(another) == first.endswith("unchanged")
        E = end.E[a.name] if len(a.result.cell.membranes) > 1 else end.E
        before, after = a.conducting(a.E), a.conducting(E)
        run_down = np.ptp(after) < 0.1 * np.ptp(before) and np.abs(after).max() < 0.5 * np.abs(before).max()
        assert what == ("the gradients run down" if run_down else "the contents change")
    elif told := re.fullmatch(rf"In the end it is {NUMBER} mV\.", then):
        assert float(told[1]) == pytest.approx(v, abs=NEAR)
        assert once is None
    elif then == "It stays there.":
        assert v == pytest.approx(once, abs=2 * NEAR)
    else:
        told = re.fullmatch(r"With (it|them) stopped, (.+)", then)
        assert (told[1] == "them") == bool(plural)
        assert not end.outcome.is_rest
        assert told[2].lower() == end.outcome.value.lower()


def ghk(a, says, by, left_out):
    assert float(says) == pytest.approx(a.parts.ghk[a.name], abs=NEAR)
    assert float(by) == pytest.approx(a.v - a.parts.ghk[a.name], abs=NEAR)
    if left_out != f"the current {AROUND}":
        assert left_out.startswith("the current of ")
        whose = re.split(r", | and ", left_out.removeprefix("the current of "))
        assert sorted(x.removeprefix("the ") for x in whose) == a.left_out()


def mullins_noda(a, says, of_two):
    assert float(says) == pytest.approx(a.parts.mullins_noda[a.name], abs=NEAR)
    assert float(of_two) == pytest.approx(a.parts.ghk_without_cl[a.name], abs=NEAR)


def charging(a, moved, share):
    assert float(moved) == pytest.approx(a.parts.charge_moved[a.name], rel=0.05)
    exact = 100 * a.parts.charge_moved_share[a.name]
    assert exact < 0.0001 if share == "less than 0.0001" else float(share) == pytest.approx(exact, rel=0.05)


def costs(a, atp, watts):
    assert float(atp) == pytest.approx(a.now.atp_per_second, rel=0.005)
    assert float(watts) == pytest.approx(a.now.watts, rel=0.005)


V = rf"V( of membrane '\w+')? is {NUMBER} mV"
VOTE = rf"{V}(, a vote of the open channels: each ion pulls towards its E with its share of the conductance)?\. "
ONLY = rf"{V}: (of the ions on both sides )?only (\S+) has open channels,"
LARGEST = rf"{LISTED} (?:has the largest share|have the largest shares) \((.+?)\)"
CLAIMS = {
    rf"{VOTE}{LARGEST} and pulls? towards (.+)\.": votes,
    rf"{VOTE}{LARGEST}, but it is passive: nothing but its channels moves it, so its E follows V\.": passive,
    rf"{VOTE}{LARGEST}, but V is at its E, so it pulls nowhere\.": at_its_e,
    rf"Of the ions that pull, {LARGEST} and pulls? towards (.+)\.": strongest,
    rf"{ONLY} which pull towards E_(\w+) = {NUMBER} mV\.": only_pulls,
    rf"{ONLY} so V sits at E_(\w+) = {NUMBER} mV, where they carry nothing\.": only_sits,
    rf"{V}: {LISTED} (?:is|are) in equilibrium there, at E = V\."
    r"(?: (.+) would move V by less than 0.01 mV\.)?": equilibrium,
    r"The share of (.+) is negative, as its current runs against its driving force, "
    r"and the other shares add up to more than 100 %\.": negative,
    rf"Current from elsewhere \((.+)\) makes {NUMBER} mV of it\.": elsewhere,
    rf"Ions on one side alone have no E; their current makes {NUMBER} mV of it\.": one_sided,
    r"There is no (.+) on either side\.": absent,
    r"The contents inside are held from outside, as by a pipette: they need no pump\.": held,
    r"No pump turns: no ATP is spent\.": idle,
    r"Stopping the pump(s)?: (.+?)\. (.+)": stopping,
    rf"The GHK equation says {NUMBER} mV with these permeabilities and contents\. "
    rf"V is {NUMBER} mV from there, by what it leaves out: (.+)\.": ghk,
    rf"Mullins-Noda, for K\+ and Na\+ alone and with a pump of 3 Na\+ for 2 K\+, says {NUMBER} mV; "
    rf"GHK says {NUMBER} mV for those two\.": mullins_noda,
    r"Charging the membrane moved (\S+) uM of ions, (.+) % of those inside\.": charging,
    r"It costs (\S+) ATP per second \((\S+) W\)\.": costs,
}


def judge(result):
    """Every claim of the explanation of a resting state; which kinds of claim there were."""
    story, made = vrest.explain(result), []
    lines = iter(story.sentences())
    names = iter(result.cell.membranes)
    account = None
    walls = {wall.name: wall for wall in result.system.structure.walls}
    for line in lines:
        if told := re.match(V, line):
            where = re.search(r"'(\w+)'", told[1] or "")
            account = Account(result, where[1] if where else next(iter(walls)))
        account = account or Account(result, next(names))
        ((claim, told),) = [(c, t) for pattern, c in CLAIMS.items() if (t := re.fullmatch(pattern, line))] or [
            (None, None)
        ]
        assert claim is not None, f"no test of: {line}"
        claim(account, *told.groups())
        made.append(claim)
    assert not any(text in line for line in story.sentences() for text in ("-0.00", "None", "nan", "_limit", "+0.00"))
    return made


@pytest.mark.parametrize("name", vrest.library())
def test_what_is_said_of_a_cell_is_true(name):
    assert len(judge(vrest.rest(name))) > 1


@pytest.mark.library
@pytest.mark.parametrize("name", vrest.library())
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_said_of_a_changed_cell_is_true(name, change):
    cell = vrest.load(name)
    try:
        result = vrest.rest(apply(cell, CHANGES[change](cell)))
    except InputError:
        pytest.skip("not a change of this cell")
    if not result.outcome.has_state:
        pytest.skip("no state to explain")
    assert len(judge(result)) > 1


ODD = """
name = "odd"
temperature = "37 degC"
[compartments.outside]
kind = "bath"
ions = { K = "5 mM", Na = "145 mM", Cl = "150 mM" }
[compartments.inside]
kind = "fixed"
volume = "2145 um3"
ions = { K = "140 mM", Na = "15 mM" }
impermeant = { concentration = "145 mM", valence = "solve" }
[membranes.m]
inside = "inside"
outside = "outside"
potential = "-80 mV"
area = "804 um2"
capacitance = "1 uF/cm2"
[membranes.m.transports]
K_leak = { law = "ohmic_leak", ion = "K", conductance = "0.05 mS/cm2" }
Na_leak = { law = "ohmic_leak", ion = "Na", conductance = "0.01 mS/cm2" }
fed = { law = "injected_current", ion = "Na", density = "-4 uA/cm2" }
pump = { law = "pump_hill", max_rate = "20 pmol/cm2/s" }
"""
HELD = ODD.replace('kind = "fixed"\nvolume = "2145 um3"', 'kind = "bath"').replace('valence = "solve"', "valence = -1")
SODIUM_FREE = (
    HELD.replace('Na = "15 mM" }', 'Na = "0 mM", Cl = "0 mM" }')
    .replace('Cl = "150 mM" }', 'Cl = "0 mM" }')
    .replace("-4 uA", "0 uA")
    .replace("20 pmol", "0 pmol")
    .replace(
        'law = "ohmic_leak", ion = "Na", conductance = "0.01 mS/cm2"',
        'law = "ghk_leak", ion = "Na", permeability = "1e-8 cm/s"',
    )
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HELD, {negative, held, stopping}),
        (HELD.replace("-4 uA", "0 uA").replace("0.01 mS", "0 mS").replace("20 pmol", "0 pmol"), {only_sits, held}),
        (HELD.replace("-4 uA", "0 uA").replace("0.01 mS", "0 mS"), {only_pulls, held, stopping}),
        (SODIUM_FREE, {only_pulls, held, one_sided, absent}),
    ],
)
def test_what_is_said_of_an_odd_cell_is_true(tmp_path, text, said):
    file = tmp_path / "odd.toml"
    file.write_text(text)
    assert said <= set(judge(vrest.rest(str(file))))
