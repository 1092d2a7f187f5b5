"""Cells, their parts and their numbers as people name them, for what is drawn."""

from __future__ import annotations

import math

from vrest.model.cell import Cell
from vrest.model.ion_labels import SUPERSCRIPT, ion_label
from vrest.model.paths import resolve

_ACRONYMS = {"edneg": "edNEG", "edpr": "edPR"}
"""Of published models."""

_FIELDS = {
    "max_rate": "maximal rate",
    "atp": "ATP",
    "km_atp": "Kₘ for ATP",
    "km_na": "Kₘ for Na⁺",
    "km_k": "Kₘ for K⁺",
    "atp_free_energy": "free energy of ATP",
    "na_half": "half-saturating Na⁺",
    "k_half": "half-saturating K⁺",
    "o2_half": "half-saturating O₂",
    "na_slope": "slope in Na⁺",
    "k_slope": "slope in K⁺",
    "o2_slope": "slope in O₂",
    "v_half": "midpoint",
    "v_slope": "slope in V",
    "k_inside": "reference K⁺ inside",
    "k_reference": "reference K⁺",
    "na_glia": "Na⁺ in glia",
    "osm_slope": "slope in osmolarity",
}
"""Numbers of transports whose name in a file is not what a reader calls them."""


def cell_label(name: str) -> str:
    """A cell as people name it; a published model by its authors and year.

    >>> cell_label("mammalian_neuron"), cell_label("hodgkin_huxley_1952"), cell_label("edneg_2021")
    ('Mammalian neuron', 'Hodgkin–Huxley 1952', 'edNEG 2021')
    """
    *words, last = name.split("_")
    if words and len(last) == 4 and last.isdigit():
        return f"{'–'.join(_ACRONYMS.get(word, _capital(word)) for word in words)} {last}"
    return _capital(plain(name))


def plain(name: str) -> str:
    """A name from a file without its underscores.

    >>> plain("neuron_soma")
    'neuron soma'
    """
    return name.replace("_", " ")


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def transport_label(cell: Cell, name: str) -> str:
    """A transport, exchange or pump as people name it.

    >>> from vrest.model.cellfile import load
    >>> cell = load("dijkstra_2016")
    >>> [transport_label(cell, name) for name in ("K_leak", "Na_gated", "pump", "KCC2")]
    ['K⁺ leak', 'gated Na⁺', 'pump', 'KCC2']
    """
    head, _, rest = name.partition("_")
    if head not in cell.valence():
        return plain(name)
    ion = ion_label(head, cell.valence()[head])
    if rest == "gated":
        return f"gated {ion}"
    return f"{ion} {plain(rest) or 'channel'}"


def parameter_name(cell: Cell, path: str) -> str:
    """A number of a cell as people name it, without its unit. Where the cell has several of a kind, its place is said.

    Parameters
    ----------
    path
        As in `paths`, whole or its end.

    >>> from vrest.model.cellfile import load
    >>> cell = load("mammalian_neuron")
    >>> [parameter_name(cell, path) for path in ("K_leak.permeability", "outside.K", "pump.max_rate", "capacitance")]
    ['K⁺ leak permeability', '[K⁺]ₒ', 'pump maximal rate', 'membrane capacitance']
    """
    words = resolve(cell, path).path.split(".")
    of = f", {plain(words[1])}" if words[0] == "membranes" and len(cell.membranes) > 1 else ""
    match words:
        case ["temperature"]:
            return "temperature"
        case ["compartments", place, "ions", ion]:
            return concentration_name(ion, place, cell.valence()[ion])
        case ["compartments", place, *field]:
            return f"{plain(' '.join(field))}{_side(place, 'of')}"
        case ["membranes", _, "transports", name, *field]:
            return f"{transport_label(cell, name)} {_field(cell, field)}{of}"
        case ["membranes", _, "potential"]:
            return f"starting potential{of}"
        case ["membranes", _, field]:
            return f"membrane {plain(field)}{of}"
        case _:
            return f"{transport_label(cell, words[1])} {_field(cell, words[2:])}"


def concentration_name(ion: str, place: str, valence: int | None = None) -> str:
    """The concentration of an ion in a place.

    >>> concentration_name("K", "outside"), concentration_name("Na", "inside"), concentration_name("Ca", "neuron_soma")
    ('[K⁺]ₒ', '[Na⁺]ᵢ', '[Ca²⁺] in neuron soma')
    """
    side = {"outside": "ₒ", "inside": "ᵢ"}.get(place) or _side(place, "in")
    return f"[{ion_label(ion, valence)}]{side}"


def _side(place: str, word: str) -> str:
    """Where something is, behind it.

    >>> _side("inside_2", "of"), _side("soma_outside", "of"), _side("csf", "of")
    (' inside 2', ' outside soma', ' of csf')
    """
    words = place.split("_")
    for side in ("inside", "outside"):
        if side in words:
            return " ".join(["", side, *(w for w in words if w != side)])
    return f" {word} {plain(place)}"


def _field(cell: Cell, words: list[str]) -> str:
    name, *ion = words
    return f"{_FIELDS.get(name) or plain(name)}{''.join(f' of {ion_label(i, cell.valence().get(i))}' for i in ion)}"


def parameter_label(cell: Cell, path: str, power: int = 0) -> str:
    """A number of a cell with its unit, as the label of an axis.

    Parameters
    ----------
    path
        As in `paths`, whole or its end.
    power
        The axis counts in so many powers of ten of the unit.

    >>> from vrest.model.cellfile import load
    >>> cell = load("mammalian_neuron")
    >>> parameter_label(cell, "K_leak.permeability", -6), parameter_label(cell, "temperature")
    ('K⁺ leak permeability (10⁻⁶ cm/s)', 'temperature (°C)')
    """
    times = f"10{str(power).translate(SUPERSCRIPT)}" if power else ""
    unit = f"{times} {unit_label(resolve(cell, path).unit)}".strip()
    return f"{parameter_name(cell, path)} ({unit})" if unit else parameter_name(cell, path)


def unit_label(unit: str) -> str:
    """A unit with raised powers, a Greek mu and a degree sign.

    >>> unit_label("uF/cm2"), unit_label("um3/s"), unit_label("degC")
    ('µF/cm²', 'µm³/s', '°C')
    """
    for written in ("m2", "m3"):
        unit = unit.replace(written, written.translate(SUPERSCRIPT))
    return "".join(f"µ{part[1:]}" if part[:1] == "u" else part for part in _parts(unit)).replace("degC", "°C")


def _parts(unit: str) -> list[str]:
    """A unit cut before each unit it is made of."""
    cut: list[str] = [""]
    for letter in unit:
        if letter in "/( )" or (cut[-1] and cut[-1][-1] in "/( )"):
            cut.append("")
        cut[-1] += letter
    return cut


def power_of(largest: float) -> int:
    """The power of ten, a multiple of three, in which an axis up to a size counts with few digits; 0 for usual sizes.

    >>> power_of(2.4e-6), power_of(140.0), power_of(3e5)
    (-6, 0, 3)
    """
    return 0 if not largest or 1e-2 <= largest < 1e4 else 3 * math.floor(math.log10(largest) / 3)
