"""The explanation in words and as a table of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vrest.constants import F
from vrest.model.ion_labels import ion_text
from vrest.study.explain.story import IonStory, MembraneStory, PumpStory
from vrest.system.observables import AROUND
from vrest.tables import ROUNDING, Column, Table, joined, millivolts, number
from vrest.units import MINUTE, from_door, from_si
from vrest.verbs.certify import LEAST
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest import Rest

PASSIVE = 0.01
"""mV: an ion with less driving force than this is at its E."""

FEW = 1e-6
"""A share of the ions that needs no digits."""

TIE = 0.005
"""Shares that differ by less, of the larger one, are as large; and one that is less does not conduct."""


def sentences(m: MembraneStory, membranes: Sequence[MembraneStory], valence: Mapping[str, int]) -> list[str]:
    where = f" of membrane '{m.membrane}'" if len(membranes) > 1 else ""
    lines = _vote(m, where, {i.ion: ion_text(i.ion, valence[i.ion]) for i in m.ions}, explained=m is membranes[0])
    if abs(m.chord_paths) > PASSIVE:
        lines.append(f"Current from elsewhere ({', '.join(m.paths)}) makes {_moved(m.chord_paths)} mV of it.")
    turned = sum(pump.current for pump in m.pumps) + sum(m.other_currents.values())
    for label, current in m.other_currents.items() if turned else ():
        if abs(made := m.chord_pump * current / turned) > PASSIVE:
            lines.append(f"The current of '{label}', which belongs to no ion's channel, makes {_moved(made)} mV of it.")
    if abs(m.chord_one_sided) > PASSIVE:
        lines.append(f"Ions on one side alone have no E; their current makes {_moved(m.chord_one_sided)} mV of it.")
    if absent := [ion_text(i.ion, valence[i.ion]) for i in m.ions if i.E is None and not i.inside and not i.outside]:
        lines.append(f"There is no {' and no '.join(absent)} on either side.")
    ring, turning = AROUND in m.paths, _turn(m)
    if m.charge_moved is None and not ring:
        lines.append("The contents inside are held from outside, as by a pipette: they need no pump.")
    if turning and not ring:
        lines.append(_stopping(m, membranes))
    elif m.charge_moved is not None and not any(map(_turn, membranes)):
        lines.append("No pump turns: no ATP is spent.")
    if m.ghk is not None and (left := _left_out(m)):
        lines.append(
            f"The GHK equation says {millivolts(m.ghk)} mV with these permeabilities and contents. V is "
            f"{_moved(m.v - m.ghk)} mV from there, by what it leaves out: {left}."
        )
    if m.mullins_noda is not None and m.ghk_without_cl is not None and turning:
        lines.append(
            "Mullins-Noda, for K+ and Na+ alone and with a pump of 3 Na+ for 2 K+, says "
            f"{millivolts(m.mullins_noda)} mV; GHK says {millivolts(m.ghk_without_cl)} mV for those two."
        )
    if m.charge_moved is not None and m.charge_moved_share is not None and millivolts(m.v) != "0.00":
        share = number(100 * m.charge_moved_share, 2) if m.charge_moved_share > FEW else "less than 0.0001"
        lines.append(f"Charging the membrane moved {number(m.charge_moved, 2)} uM of ions, {share} % of those inside.")
    return lines


def _vote(m: MembraneStory, where: str, named: Mapping[str, str], *, explained: bool) -> list[str]:
    """Who pulls V where: by shares of the chord conductance, which the article calls a democratic vote."""
    voters = [i for i in m.ions if i.chord_share and i.E is not None]
    if not voters:
        return []
    said = f"V{where} is {millivolts(m.v)} mV"
    pulling = [i for i in voters if abs((i.chord_share or 0.0) * (i.driving_force or 0.0)) > PASSIVE]
    if len(voters) == 1:
        (only,) = voters
        at = f"E_{only.ion} = {millivolts(only.E)} mV"
        among = "of the ions on both sides " if any(i.E is None and i.channel_current for i in m.ions) else ""
        if pulling:
            return [f"{said}: {among}only {named[only.ion]} has open channels, which pull towards {at}."]
        return [
            f"{said}: {among}only {named[only.ion]} has open channels, so V sits at {at}, where they carry nothing."
        ]
    if not pulling:
        away = [i for i in voters if abs(i.driving_force or 0.0) > PASSIVE]
        there = joined([named[i.ion] for i in voters if i not in away])
        line = f"{said}: {there} {'are' if len(voters) - len(away) > 1 else 'is'} in equilibrium there, at E = V."
        if away:
            line += f" {joined([named[i.ion] for i in away])} would move V by less than {PASSIVE} mV."
        return [line]
    head = f"{said}."
    if explained:
        head = f"{said}, a vote of the open channels: each ion pulls towards its E with its share of the conductance."
    lines = []
    first = _largest(voters)
    if strongest := [i for i in first if i in pulling]:
        lines.append(f"{head} {_pull(strongest, named)}.")
    else:
        why = "V is at its E, so it pulls nowhere"
        if first[0].passive:
            why = "it is passive: nothing but its channels moves it, so its E follows V"
        lines.append(f"{head} {_shares(first[:1], named)}, but {why}.")
        lines.append(f"Of the ions that pull, {_pull(_largest(pulling), named)}.")
    if against := [i for i in voters if (i.chord_share or 0.0) < 0.0]:
        lines.append(
            f"The share of {joined([f'{named[i.ion]} ({_percent(i)})' for i in against])} is "
            "negative, as its current runs against its driving force, and the other shares add up to more than 100 %."
        )
    return lines


def _largest(ions: Sequence[IonStory]) -> list[IonStory]:
    """The ion with the largest share, and any that has as much."""
    most = max(i.chord_share or 0.0 for i in ions)
    return [i for i in ions if most - (i.chord_share or 0.0) < TIE * most]


def _shares(ions: Sequence[IonStory], named: Mapping[str, str]) -> str:
    have = "has the largest share" if len(ions) == 1 else "have the largest shares"
    return f"{joined([named[i.ion] for i in ions])} {have} ({joined([_percent(i) for i in ions])})"


def _percent(ion: IonStory) -> str:
    share = 100 * (ion.chord_share or 0.0)
    return f"{share:.0f} %" if share >= 1 else f"{number(share, 2)} %"


def _pull(ions: Sequence[IonStory], named: Mapping[str, str]) -> str:
    pull = "pulls" if len(ions) == 1 else "pull"
    return f"{_shares(ions, named)} and {pull} towards {joined([f'E_{i.ion} = {millivolts(i.E)} mV' for i in ions])}"


def _turn(m: MembraneStory) -> bool:
    return any(abs(pump.turnover) > 0 for pump in m.pumps)


def running(membranes: Sequence[MembraneStory]) -> int:
    """How many pumps of a cell turn."""
    return sum(abs(pump.turnover) > 0 for m in membranes for pump in m.pumps)


def _stopping(m: MembraneStory, membranes: Sequence[MembraneStory]) -> str:
    """What becomes of V when all pumps stop: at once, contents unchanged, and in the end."""
    pump, it = ("pumps", "them") if running(membranes) > 1 else ("pump", "it")
    if m.v_pump_off is None or m.direct is None:
        lines = f"Stopping the {pump}: no potential between -400 and +400 mV that V drifts to carries zero current."
    elif millivolts(m.direct) == "0.00":
        lines = f"Stopping the {pump}: V does not move at once."
    else:
        to = f"to {millivolts(m.v_pump_off)} mV, with the contents unchanged"
        lines = f"Stopping the {pump}: {_moved(m.direct)} mV at once, {to}."
    if m.v_run_down is None:
        ends = Outcome[m.run_down_outcome].value
        return f"{lines} With {it} stopped, {ends[0].lower()}{ends[1:]}"
    if m.indirect is None:
        return f"{lines} In the end it is {millivolts(m.v_run_down)} mV."
    if millivolts(m.indirect) == "0.00":
        return f"{lines} It stays there."
    what = "the gradients run down" if m.run_down else "the contents change"
    another = "" if millivolts(m.direct) == "0.00" else "another "
    return f"{lines} Then {another}{_moved(m.indirect)} mV as {what}, to {millivolts(m.v_run_down)} mV."


def _left_out(m: MembraneStory) -> str:
    """Whose current the GHK equation leaves out, in words; empty where V is what it says."""
    if millivolts(m.v) == millivolts(m.ghk):
        return ""
    pumps = [pump.name for pump in m.pumps if abs(pump.current) > 0]
    whose = [f"the {name}" if name == "pump" else name for name in (*pumps, *m.other_currents)]
    if not (whose or m.paths):
        return ""
    return "the current " + (AROUND if AROUND in m.paths else f"of {joined([*whose, *m.paths])}")


def _moved(by: float) -> str:
    return number(by, decimals=2, signed=True)


def bill(atp_per_second: float, watts: float) -> list[str]:
    """What the whole cell pays."""
    if not atp_per_second:
        return []
    return [f"It costs {number(atp_per_second, 3)} ATP per second ({number(watts, 3)} W)."]


def tables(m: MembraneStory, rest: Rest) -> tuple[Table, Table]:
    """Each ion's share of V, and what carries it."""
    celsius = from_si(rest.cell.temperature, "temperature")
    ions = Column("ion", "", [i.ion for i in m.ions])
    flows = [flux for i in m.ions for flux in i.fluxes.values()]
    least = _least(m, rest)
    flows.append(from_si(least, "molar_flow"))
    balance = [i.balance for i in m.ions]
    shares = [
        ions,
        Column("in", "mM", [i.inside for i in m.ions], rounding=0.0),
        Column("out", "mM", [i.outside for i in m.ions], rounding=0.0),
        Column("E", "mV", [i.E for i in m.ions], decimals=2),
        Column("V-E", "mV", [i.driving_force for i in m.ions], decimals=2, signed=True),
        Column(
            "current", "pA", [i.channel_current for i in m.ions], signed=True, among=[from_si(least * F, "current")]
        ),
        Column("chord share", "", [i.chord_share for i in m.ions], decimals=3),
        Column("slope share", "", [i.slope_share for i in m.ions], decimals=3),
        Column("GHK share above", "", [i.ghk_share_numerator for i in m.ions], decimals=3),
        Column("GHK share below", "", [i.ghk_share_denominator for i in m.ions], decimals=3),
        Column("balance", "fmol/s", balance, digits=2, signed=True, among=flows),
    ]
    carried = [ions]
    for label in dict.fromkeys(label for i in m.ions for label in i.fluxes):
        flux = [i.fluxes.get(label, "") for i in m.ions]
        carried.append(Column(label, "", flux, signed=True, among=flows))
    carried.append(Column("sum", "", balance, digits=2, signed=True, among=flows))
    head = f"{rest.cell.name}, membrane '{m.membrane}', {number(celsius)} degC: V = {millivolts(m.v)} mV"
    return Table(shares, head), Table(carried, "outward flux, fmol/s", "\n".join(_pumps(m)))


def _least(m: MembraneStory, rest: Rest) -> float:
    """mol/s: a flow beside which the single flows of ions in equilibrium are rounding, 1e-10 mM/min of the inside.

    What a certificate leaves of their sum is a hundredth of that. 0 where the inside has no size.
    """
    volume = rest.volumes.get(rest.system.structure.wall(m.membrane).inside, 0.0)
    return from_door(100 * LEAST, "concentration") / MINUTE * from_door(volume, "volume") / ROUNDING


def _pumps(m: MembraneStory) -> list[str]:
    """What each pump carries and pays."""
    return [
        f"{pump.name}: {number(pump.turnover)} fmol/s, {number(pump.current, signed=True)} pA{_cycle(pump)}"
        for pump in m.pumps
    ]


def _cycle(pump: PumpStory) -> str:
    if pump.cycle_cost is None:
        return ""
    return (
        f"; a cycle stores {number(pump.cycle_cost, decimals=1)} of {number(pump.atp_free_energy, decimals=1)} kJ/mol; "
        f"it would reverse at {number(pump.reversal_potential, decimals=0)} mV"
    )
