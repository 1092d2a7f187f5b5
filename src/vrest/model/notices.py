"""What a careful reader of a cell would remark."""

from __future__ import annotations

from vrest.model.absent import ABSENT
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.exchange import Exchange, SaltDiffusion
from vrest.model.ion_labels import species_notices
from vrest.model.neutrality import charged_baths
from vrest.model.notice import SOLUTION, USER, Notice
from vrest.model.plausible import implausible
from vrest.model.pumps import ExponentialPump
from vrest.model.refill import unreturned
from vrest.model.transport import CHARGE, Transport
from vrest.tables import joined
from vrest.units import format_si


def notices(cell: CellLike) -> list[Notice]:
    """What a careful reader would remark about a cell: a charged bath, sides that look swapped, charge not counted.

    Results carry these among their `warnings`.

    Parameters
    ----------
    cell
        A `Cell`, its name in the library, or the path of its TOML file.

    Raises
    ------
    InputError
        No such cell.

    >>> from vrest.model.change import apply
    >>> [notice.code for notice in notices(apply("mammalian_neuron", "outside.K=12 mM"))]
    ['bath_not_neutral']
    """
    cell = load(cell)
    return [
        *dict.fromkeys(remark for source in cell.sources.values() for remark in source.remarks),
        *_whole_notices(cell),
        *implausible(cell),
        *charged_baths(cell),
        *_absent_notices(cell),
        *unreturned(cell),
        *_side_notices(cell),
        *_untracked_notices(cell),
        *_closure_notices(cell),
        *_idle_notices(cell),
        *_salt_notices(cell),
        *species_notices({s: None for c in cell.compartments.values() for s in c.ions if s not in cell.valences}),
    ]


def _whole_notices(cell: Cell) -> list[Notice]:
    """What was given of the whole cell, in one remark, and whether its size is another one since."""
    told = [
        f"{path.removeprefix('membranes.').replace('.transports.', '.')} {_of_size(cell, path, source.converted)}"
        for path, source in cell.sources.items()
        if source.converted
    ]
    return [Notice("whole_cell", f"of a whole cell, per area: {'; '.join(told)}")] if told else []


def _of_size(cell: Cell, path: str, converted: str) -> str:
    """How a value of the whole cell became one per area, with the size that the cell has now where it is another."""
    name = path.split(".")[1]
    sizes = {"over": (cell.area(name), "area")}
    if " times " in converted:
        inside = cell.compartments[cell.membranes[name].inside]
        sizes["times"] = (inside.start_volume, "volume")
    text = converted
    for word, (size, what) in sizes.items():
        if f" {word} {(now := format_si(size, what, 4))} " not in converted:
            text += f" (the {what} is {now} now, and the value per area is kept)"
    return text


def _absent_notices(cell: Cell) -> list[Notice]:
    """Ions that a bath does not name, and that something moves there."""
    movers: dict[tuple[str, str], list[str]] = {}
    parts = [(label, t, m) for m in cell.membranes.values() for label, t in m.transports.items()]
    for label, t, m in parts:
        for ion in t.moved_ions:
            for side in (m.inside, m.outside):
                source = cell.sources.get(f"compartments.{side}.ions.{ion}")
                if source and source.text == ABSENT:
                    movers.setdefault((side, ion), []).append(f"'{label}'")
    return [
        Notice("absent_ion", f"'{side}' names no {ion}, so it has none (0 mM) for {joined(labels)}")
        for (side, ion), labels in movers.items()
    ]


def _idle_notices(cell: Cell) -> list[Notice]:
    """Values that look as if they did something and do not."""
    found = []
    for name, m in cell.membranes.items():
        for label, t in m.transports.items():
            if isinstance(t, ExponentialPump) and (t.k_half or 0.0) < 0.0:
                half = format_si(t.k_half or 0.0, "concentration", digits=4)
                text = (
                    f"'{label}': its k_half is {half}, below any [K]o, which then hardly moves its rate; a pump that "
                )
                found.append(Notice("k_half_below_zero", text + "does not see [K]o has k_outside = 'saturating'"))
            path = f"membranes.{name}.transports.{label}.atp"
            source = cell.sources[path].text if path in cell.sources else ""
            changed = source == USER
            if source.startswith(SOLUTION) and getattr(t, "atp", None) == 0.0:
                text = f"'{label}' stands still: '{source.removeprefix(SOLUTION)}' has no ATP"
                found.append(Notice("no_atp", text))
            if changed and getattr(t, "km_atp", None) == 0.0 and getattr(t, "atp", 0.0) > 0.0:
                found.append(
                    Notice("atp_never_limits", f"'{label}': its km_atp is 0, so ATP limits it only where there is none")
                )
    for name, c in cell.compartments.items():
        walls = [m for m in cell.membranes.values() if name in (m.inside, m.outside)]
        moves = any(t.stoichiometry().get("water") and not t.is_off for m in walls for t in m.transports.values())
        if c.kind == "osmotic" and not moves:
            found.append(Notice("no_water", f"'{name}' is osmotic, but no water crosses its membrane: its size stays"))
    return found


def _salt_notices(cell: Cell) -> list[Notice]:
    """Diffusion that stays neutral between places whose potentials differ."""
    component, _ = cell.ways()
    return [
        Notice(
            "salt_beside_membranes",
            f"exchange '{name}' (salt_diffusion) joins '{e.inside}' and '{e.outside}', between which membranes set a "
            "potential: it carries no current; ions that move in a field need electrodiffusion",
        )
        for name, e in cell.exchanges.items()
        if isinstance(e, SaltDiffusion) and not e.is_off and component[e.inside] == component[e.outside]
    ]


def _side_notices(cell: Cell) -> list[Notice]:
    notices = []
    for name, m in cell.membranes.items():
        if m.capacitance is None:  # it closes a ring, between two places that may be alike
            continue
        inside, outside = cell.contents(m.inside), cell.contents(m.outside)
        if {"K", "Na"} <= set(inside) & set(outside) and (inside["K"] < outside["K"] and inside["Na"] > outside["Na"]):
            notices.append(
                Notice(
                    "sides_look_swapped",
                    f"membrane '{name}': K+ is {format_si(inside['K'], 'concentration', digits=4)} inside and "
                    f"{format_si(outside['K'], 'concentration', digits=4)} outside; are the sides swapped?",
                )
            )
    return notices


def _untracked_notices(cell: Cell) -> list[Notice]:
    """What moves charge that no membrane feels, or that no ion carries."""
    parts = [(f"membrane '{n}', {label}", t) for n, m in cell.membranes.items() for label, t in m.transports.items()]
    parts += [(f"exchange '{n}'", e) for n, e in cell.exchanges.items()]
    return [untracked(where, why) for where, part in parts if (why := uncounted(part)) is not None and not part.is_off]


def uncounted(part: Transport | Exchange) -> str | None:
    """Whose contents do not pay for the charge that a part moves, or None where all is counted."""
    if isinstance(part, Transport) and part.stoichiometry().get(CHARGE):
        return "no ion that is followed carries it: V feels it, and no content pays for it"
    return part.counter_charge or None


def untracked(where: str, counter_charge: str) -> Notice:
    """That something moves charge which is not counted."""
    return Notice("untracked_charge", f"{where}: its charge is not counted; {counter_charge}")


def _closure_notices(cell: Cell) -> list[Notice]:
    """Amounts that do not follow from what crosses the membrane."""
    return [
        Notice(
            "closure",
            f"{tied} is {'tied to ' + ' and '.join(terms) if terms else 'held'}, as published: "
            "what transports move of it is not counted",
        )
        for tied, terms in cell.closures.items()
    ]
