"""The explanation in words and as a table of text."""

from __future__ import annotations

from collections.abc import Sequence

from vrest.study.explain.story import MembraneStory
from vrest.system.observables import AROUND
from vrest.units import from_si
from vrest.verbs.rest import Rest

PASSIVE = 0.01
"""mV: an ion with less driving force than this follows V instead of pulling it."""

ROUNDING = 1e-9
"""A number so small beside the largest of its column is rounding."""


def sentences(m: MembraneStory, membranes: Sequence[MembraneStory]) -> list[str]:
    where = f" of membrane '{m.membrane}'" if len(membranes) > 1 else ""
    lines = []
    voters = [i for i in m.ions if i.chord_share is not None and i.E is not None]
    loudest = max(voters, key=lambda i: i.chord_share or 0.0, default=None)
    if loudest is not None and loudest.chord_share is not None and loudest.driving_force is not None:
        share = f"{100 * loudest.chord_share:.0f} % of the chord conductance"
        if abs(loudest.driving_force) > PASSIVE:
            voice = f"{loudest.ion} has the loudest voice ({share}) and pulls towards {loudest.E:.1f} mV."
        else:
            voice = f"{loudest.ion} has the loudest voice ({share}), but it is passive and only repeats what V is."
        lines.append(f"The {m.v:.2f} mV{where} are a vote of the open channels: {voice}")
    if abs(m.chord_paths) > PASSIVE:
        by = ", ".join(m.paths)
        lines.append(f"Current that reaches it from elsewhere ({by}) moves it by {m.chord_paths:+.2f} mV.")
    if abs(m.chord_one_sided) > PASSIVE:
        lines.append(
            f"Ions that are on one side alone have no E; their current moves it by {m.chord_one_sided:+.2f} mV."
        )
    if absent := [i.ion for i in m.ions if i.E is None and not i.inside and not i.outside]:
        lines.append(f"There is no {' and no '.join(absent)}: it has no vote.")
    if AROUND in m.paths:
        pass  # it holds no charge, and what is on both its sides is for the others to hold
    elif m.charge_moved is None:
        lines.append("The contents inside are held from outside, as by a pipette: no pump is needed.")
    elif not any(abs(pump.turnover) > 0 for each in membranes for pump in each.pumps):
        lines.append("No pump turns: nothing holds the gradients.")
    elif not any(abs(pump.turnover) > 0 for pump in m.pumps):
        pass  # another membrane holds them
    else:
        lines.append(f"{_at_once(m)} {_later(m)}")
    turning = any(abs(pump.turnover) > 0 for pump in m.pumps)
    if m.ghk is not None and turning:
        lines.append(
            f"The GHK equation says {m.ghk:.2f} mV with these permeabilities and contents: it leaves out the "
            f"pump's own current, {m.v - m.ghk:+.2f} mV."
        )
    if m.mullins_noda is not None and turning:
        lines.append(
            f"Mullins-Noda, which counts 3 Na+ against 2 K+, says {m.mullins_noda:.2f} mV: "
            f"{m.mullins_noda_minus_ghk:+.2f} mV from GHK for the same two ions."
        )
    if m.charge_moved is not None and m.charge_moved_share is not None:
        lines.append(
            f"Charging the membrane moved {m.charge_moved:.2g} uM of ions, "
            f"{100 * m.charge_moved_share:.2g} % of those inside."
        )
    return lines


def _at_once(m: MembraneStory) -> str:
    """What is lost as soon as the pump stops."""
    if m.v_pump_off is None:
        return "Stop the pump and no potential between -400 and +400 mV that V drifts to carries zero current."
    return f"Stop the pump and {m.direct:.2f} mV are lost at once (to {m.v_pump_off:.2f} mV): its own current."


def _later(m: MembraneStory) -> str:
    """What is lost as the gradients run down."""
    if m.v_run_down is None:
        return f"Then the gradients run down, and the cell finds no rest ({m.run_down_outcome})."
    if m.indirect is None:
        return f"When the gradients have run down it is {m.v_run_down:.2f} mV."
    return f"Another {m.indirect:.2f} mV are lost as the gradients it keeps run down, to {m.v_run_down:.2f} mV."


def bill(atp_per_second: float, watts: float) -> list[str]:
    """What the whole cell pays."""
    if not atp_per_second:
        return []
    return [f"It costs {atp_per_second:.3g} ATP per second ({watts:.3g} W)."]


def table(m: MembraneStory, rest: Rest) -> list[str]:
    celsius = from_si(rest.cell.temperature, "temperature")
    head = f"{rest.cell.name}, membrane '{m.membrane}', {celsius:.1f} degC: V = {m.v:.2f} mV"
    largest = max((abs(i.channel_current) for i in m.ions), default=0.0)
    tiny = ROUNDING * max((abs(f) for i in m.ions for f in i.fluxes.values()), default=0.0)
    rows = [("ion", "in", "out", "E", "V-E", "current", "chord", "slope", "GHK num", "GHK den", "balance")]
    rows.append(("", "mM", "mM", "mV", "mV", "pA", "share", "share", "share", "share", "fmol/s"))
    for i in m.ions:
        rows.append(
            (
                i.ion,
                f"{i.inside:.4g}",
                f"{i.outside:.4g}",
                _cell(i.E, ".2f"),
                _cell(i.driving_force, "+.2f"),
                _signed(i.channel_current, ROUNDING * largest),
                _cell(i.chord_share, ".3f"),
                _cell(i.slope_share, ".3f"),
                _cell(i.ghk_share_numerator, ".3f"),
                _cell(i.ghk_share_denominator, ".3f"),
                f"{i.balance:+.1e}",
            )
        )
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = [head, ""]
    lines += ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    labels = list(dict.fromkeys(label for i in m.ions for label in i.fluxes))
    lines += ["", "outward flux, fmol/s"]
    flux = [("", *labels, "sum")]
    for i in m.ions:
        flux.append(
            (i.ion, *(_signed(i.fluxes[x], tiny) if x in i.fluxes else "" for x in labels), f"{i.balance:+.1e}")
        )
    widths = [max(len(row[k]) for row in flux) for k in range(len(flux[0]))]
    lines += ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in flux]
    for pump in m.pumps:
        lines.append("")
        lines.append(
            f"{pump.name}: {pump.turnover:.4g} fmol/s, {pump.current:+.4g} pA; a cycle stores "
            f"{_cell(pump.cycle_cost, '.1f')} of {_cell(pump.atp_free_energy, '.1f')} kJ/mol; it would reverse at "
            f"{_cell(pump.reversal_potential, '.0f')} mV"
        )
    return lines


def _signed(value: float, tiny: float) -> str:
    """A signed number; what is only rounding beside the others is 0."""
    return f"{value:+.4g}" if abs(value) > tiny else "0"


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
