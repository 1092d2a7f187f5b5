"""The file of a cell with marks for its numbers gives the cell back."""

import re

import pytest

from vrest.errors import InputError
from vrest.model.cellfile import library, load, parse_cell
from vrest.model.change import apply
from vrest.model.paths import parameters, resolve
from vrest.page.controls import controls
from vrest.page.template import filled, template


def of(name):
    cell = load(name)
    shown = controls(cell, cell)
    return cell, shown, template(cell, shown)


@pytest.mark.parametrize("name", library())
def test_with_its_numbers_it_is_the_cell(name):
    cell, shown, text = of(name)
    assert sorted(map(int, re.findall(r"@@(\d+)@@", text))) == list(range(len(shown)))
    again = parse_cell(filled(text, [one.value for one in shown]))
    assert again == cell
    assert {path: p.value for path, p in parameters(again).items()} == {
        path: p.value for path, p in parameters(cell).items()
    }


@pytest.mark.parametrize("name", ["mammalian_neuron", "frog_skin", "wei_2014"])
def test_with_other_numbers_it_is_that_cell(name):
    cell, shown, text = of(name)
    numbers = [1.01 * one.value for one in shown]
    again = parse_cell(filled(text, numbers))
    changed = apply(cell, {one.path: number for one, number in zip(shown, numbers, strict=True)})
    assert {path: p.value for path, p in parameters(again).items()} == {
        path: p.value for path, p in parameters(changed).items()
    }
    path = resolve(cell, shown[1].name).path
    assert parameters(again)[path].value != parameters(cell)[path].value


def test_marks_in_the_words_of_a_cell_are_refused():
    cell = load("mammalian_neuron")._with_si(notes="see @@1@@")
    with pytest.raises(InputError, match="marks numbers") as refused:
        template(cell, controls(cell, cell))
    assert refused.value.code == "bad_text"
