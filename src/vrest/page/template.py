"""The file of a cell with marks where the numbers of controls stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.cellfile import cell_to, written
from vrest.page.controls import Control


def template(cell: Cell, controls: Sequence[Control]) -> str:
    """TOML of the cell in which `@@index@@` stands for the number of a control, in its door unit.

    >>> from vrest.model.cellfile import load
    >>> from vrest.page.controls import controls
    >>> cell = load("mammalian_neuron")
    >>> text = template(cell, controls(cell, cell))
    >>> [line for line in text.splitlines() if "@@1@@" in line][0][:27]
    'K = {value = "@@1@@ mM", so'
    """
    data = cell_to(cell)
    if "@@" in written(data):
        raise InputError(
            f"'{cell.name}' has '@@' in its words, which marks numbers in a page.",
            code="bad_text",
            hint="Write its title, notes and sources without '@@'.",
        )
    plain = []
    for index, control in enumerate(controls):
        mark = f"@@{index}@@"
        if not control.unit:
            plain.append(mark)
        _put(data, control.path.split("."), f"{mark} {control.unit}".rstrip())
    text = written(data)
    for mark in plain:  # a number without a unit stands without quotes
        text = text.replace(f'"{mark}"', mark)
    return text


def _put(data: Any, words: Sequence[str], text: str) -> None:
    *way, last = words
    for word in way:
        data = data[word]
    if isinstance(data[last], Mapping):
        data[last] = {**data[last], "value": text}
    else:
        data[last] = text


def filled(text: str, values: Sequence[float]) -> str:
    """A template with numbers in its places.

    >>> filled('K = "@@0@@ mM"', [5.0])
    'K = "5.0 mM"'
    """
    for index, value in enumerate(values):
        text = text.replace(f"@@{index}@@", repr(float(value)))
    return text
