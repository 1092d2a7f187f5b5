"""What people call the transports of a cell: the field's word for one, and its label where that is not enough."""

from __future__ import annotations

from collections import Counter
from typing import Any

from vrest.model.calcium import CaDecay
from vrest.model.cell import Cell
from vrest.model.channels import GatedChannel, GHKLeak, InjectedCurrent, Kir, OhmicLeak
from vrest.model.cotransport import KCC2, NKCC1, KCC2Product, NKCC1Gated
from vrest.model.electrodiffusion import Electrodiffusion
from vrest.model.exchange import SaltDiffusion, UntrackedDiffusion
from vrest.model.glial_uptake import GlialBuffer, GlialPump, GlialUptake
from vrest.model.ion_labels import ion_in
from vrest.model.junctions import Electrode, GapJunction, GapJunctionGHK, Wire
from vrest.model.pumps import NaKPump
from vrest.model.rectifiers import KirHalnes, KirLuoRudy

BARE = ("KCC2", "NKCC1", "diffusion", "electrodiffusion", "uptake by glia")
"""Words that take no article."""


def called(cell: Cell, place: str, label: str, here: str = "") -> str:
    """What a transport of a membrane, or an exchange, of no `place`, is called, with its article.

    Its label follows where its place has several of the kind, and its place where others have one too, unless that is
    `here`, which was said before.

    >>> from vrest.model.cellfile import load
    >>> called(load("mammalian_neuron"), "neuron", "pump"), called(load("cressman_2009"), "neuron", "K_leak")
    ('the Na/K pump', 'the K+ leak')
    """
    everything = [(name, other, part) for name, m in cell.membranes.items() for other, part in m.transports.items()]
    everything += [("", other, part) for other, part in cell.exchanges.items()]
    words = {(name, other): _word(cell, part) for name, other, part in everything}
    own = words[place, label]
    if own is None:
        return f"'{label}'"
    alike = Counter(name for (name, _), word in words.items() if word == own)
    text = own if own in BARE else f"the {own}"
    if alike[place] > 1:
        text += f" '{label}'"
    return f"{text} of '{place}'" if place and place != here and len(alike) > 1 else text


def _word(cell: Cell, part: Any) -> str | None:
    """The field's word; None for a law of a user's own."""
    match part:
        case NaKPump():
            return "Na/K pump" if part.sodium == 3 else "2:2 Na/K pump"
        case GHKLeak() | OhmicLeak():
            return f"{ion_in(cell, part.ion)} leak"
        case GatedChannel():
            return f"gated {ion_in(cell, part.ion)} channel"
        case Kir() | KirLuoRudy() | KirHalnes():
            return "inward rectifier (Kir)"
        case InjectedCurrent():
            return "injected current"
        case KCC2() | KCC2Product():
            return "KCC2"
        case NKCC1() | NKCC1Gated():
            return "NKCC1"
        case CaDecay():
            return "removal of Ca2+"
        case GapJunction() | GapJunctionGHK():
            return "gap junction"
        case Electrode():
            return "electrode"
        case Wire():
            return "wire"
        case Electrodiffusion():
            return "electrodiffusion"
        case SaltDiffusion() | UntrackedDiffusion():
            return "diffusion"
        case GlialBuffer() | GlialUptake():
            return "uptake by glia"
        case GlialPump():
            return "glial pump"
        case _:
            return None
