"""NEURON's names of the numbers of a cell: `ko` is the K+ outside, `celsius` the temperature, `cm` the capacitance.

Bare numbers need no conversion: NEURON's mM, mV, degC, um, uF/cm2 and S/cm2 are the door units of these numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.compartment import Compartment
from vrest.model.membrane import Membrane
from vrest.tables import joined

SIDES = {"i": "inside", "o": "outside"}

STRENGTHS = {"g": "conductance", "p": "permeability"}

MEMBRANE = {"v_init": "potential", "cm": "capacitance"}


def neuron_paths(cell: Cell, name: str) -> list[str]:
    """The full paths that a name of NEURON's may mean in a cell; none where it is no such name, or its ion is unknown.

    Parameters
    ----------
    name
        `ko`, `nai`, `hco3o` (an ion and its side; also `Ko`), `gk`, `pk` (conductances and permeabilities of an
        ion's channels), `g_pas`, `e_pas`, `celsius`, `v_init`, `cm`, `L`.

    Raises
    ------
    InputError
        What follows from other numbers (`is_result`: `ek`, `ik`, `v`), and what the cell says otherwise or not at all
        (`other_name`: `diam`, `Ra`, a conductance where it has permeabilities); the hint says what to set.

    >>> from vrest.model.cellfile import load
    >>> neuron_paths(load("mammalian_neuron"), "ko"), neuron_paths(load("hodgkin_huxley_1952"), "gk")
    (['compartments.outside.ions.K'], ['membranes.axon.transports.K.conductance'])
    """
    membranes = {n: m for n, m in cell.membranes.items() if cell.compartments[m.inside].kind != "bath"}
    ions = {name: ion for c in cell.compartments.values() for ion in c.ions for name in (ion, ion.lower())}
    if name == "celsius":
        return ["temperature"]
    if name in MEMBRANE:
        return [
            f"membranes.{n}.{MEMBRANE[name]}" for n, m in membranes.items() if getattr(m, MEMBRANE[name]) is not None
        ]
    if name in ("diam", "L", "Ra"):
        return _size(cell, membranes.values(), name)
    if name in ("g_pas", "e_pas"):
        return _passive(cell, name)
    if name == "v":
        starts = _listed(f"{n}.potential" for n in membranes)
        raise _result(f"V follows from the rest of '{cell.name}'", f"Set where it starts, {starts} (v_init).")
    if name[-1:] in SIDES and name[:-1] in ions:
        sides = _unique(getattr(m, SIDES[name[-1]]) for m in membranes.values())
        ion = ions[name[:-1]]
        return [f"compartments.{side}.ions.{ion}" for side in sides if ion in cell.compartments[side].ions]
    ion = ions.get(name[1:], "")
    if ion and name[0] in STRENGTHS:
        return _strengths(cell, name, ion)
    if ion and name[0] in "ei":
        told = f"E_{ion}" if name[0] == "e" else f"The current of {ion}"
        where = [f"{s}.{ion}" for m in membranes.values() for s in (m.inside, m.outside)]
        hint = f"Set the concentrations, {_listed(where)}" if name[0] == "e" else f"Set {_listed(_carriers(cell, ion))}"
        raise _result(f"{told} follows from other numbers of '{cell.name}'", f"{hint}.")
    return []


def _size(cell: Cell, membranes: Iterable[Membrane], name: str) -> list[str]:
    sides = _unique(m.inside for m in membranes)
    if name == "Ra":
        text = f"'Ra': a compartment of '{cell.name}' has one potential, and no resistance along it."
        raise _other(text, "Join compartments by an exchange, such as a gap junction, for a resistance between them.")
    if name == "L" and (found := [f"compartments.{s}.length" for s in sides if _has(cell.compartments[s], "length")]):
        return found
    sizes = [
        f"{s}.{size}" for s in sides for size in ("radius", "length", "volume") if _has(cell.compartments[s], size)
    ]
    half = ", a radius as half of the diameter" if name == "diam" and "radius" in str(sizes) else ""
    hint = f"Set {joined(sizes)}{half}." if sizes else "Set the area of its membrane."
    raise _other(f"'{name}' is no size that '{cell.name}' has.", hint)


def _has(c: Compartment, name: str) -> bool:
    return getattr(c, name) is not None


def _passive(cell: Cell, name: str) -> list[str]:
    """The leaks that belong to no ion: their reversal potential is a number of their own."""
    field = {"g_pas": "conductance", "e_pas": "reversal"}[name]
    found = _transports(cell, lambda t: hasattr(t, "reversal") and hasattr(t, field))
    if not found:
        leaks = _strong(cell, lambda t: t.is_channel and t.strength in STRENGTHS.values() and not t.gates())
        text = f"'{name}': every leak of '{cell.name}' belongs to an ion, and reverses where that ion does."
        raise _other(text, f"Set {_listed(leaks)}." if leaks else "Set its transports, which 'vrest show' lists.")
    return [f"{path}.{field}" for path in found]


def _strengths(cell: Cell, name: str, ion: str) -> list[str]:
    field = STRENGTHS[name[0]]
    found = _transports(cell, lambda t: t.is_channel and t.strength == field and ion in t.moved_ions)
    if not found:
        others = _carriers(cell, ion)
        text = f"'{name}': no channel of '{cell.name}' has a {field} for {ion}."
        raise _other(text, f"Set {_listed(others)}." if others else "Nothing in its membranes lets that ion pass.")
    return [f"{path}.{field}" for path in found]


def _carriers(cell: Cell, ion: str) -> list[str]:
    return _strong(cell, lambda t: ion in t.moved_ions)


def _strong(cell: Cell, wanted: Callable[[Any], bool]) -> list[str]:
    """What sets the size of some transports, by the shortest of its paths that names it."""
    each = [(n, label, t) for n, m in cell.membranes.items() for label, t in m.transports.items() if t.strength]
    labels = [label for _, label, _ in each]
    return [f"{f'{n}.' * (labels.count(label) > 1)}{label}.{t.strength}" for n, label, t in each if wanted(t)]


def _transports(cell: Cell, wanted: Callable[[Any], bool]) -> list[str]:
    each = [(n, label, t) for n, m in cell.membranes.items() for label, t in m.transports.items()]
    return [f"membranes.{n}.transports.{label}" for n, label, t in each if wanted(t)]


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _listed(names: Iterable[str]) -> str:
    return " or ".join(_unique(names))


def _result(problem: str, hint: str) -> InputError:
    return InputError(f"{problem} and cannot be set.", code="is_result", hint=hint)


def _other(problem: str, hint: str) -> InputError:
    return InputError(problem, code="other_name", hint=hint)
