"""What a cell lacks is named with the cells of the library that have it."""

import pytest

import vrest
from vrest.errors import InputError
from vrest.model.elsewhere import alike, elsewhere
from vrest.model.paths import resolve
from vrest.study.fit.free import free_parameters


def test_a_path_that_another_cell_has_names_that_cell():
    with pytest.raises(InputError) as caught:
        resolve(vrest.load("mammalian_neuron"), "glia.max_rate")
    assert caught.value.code == "unknown_path"
    assert {"cressman_2009", "wei_2014"} == set(caught.value.hint.rpartition(": ")[2].rstrip(".").split(", "))


def test_a_ratio_of_leaks_that_another_cell_has_names_that_cell():
    with pytest.raises(InputError) as caught:
        free_parameters(vrest.load("mammalian_neuron"), "g_Na/g_K", {})
    assert caught.value.code == "bad_ratio"
    named = caught.value.hint.rpartition(": ")[2].partition(" and ")[0].split(", ")
    for other in named:
        assert free_parameters(vrest.load(other), "g_Na/g_K", {})[0].name == "g_Na/g_K"


def test_nothing_is_said_where_no_cell_has_it():
    cell = vrest.load("mammalian_neuron")
    assert elsewhere(cell, lambda other: False) == ""
    with pytest.raises(InputError) as caught:
        resolve(cell, "ousside.K")
    assert "Cells" not in caught.value.hint


def test_the_most_alike_come_first():
    own = vrest.load("mammalian_neuron")
    order = alike(own, lambda other: True)
    assert len(order) == len(vrest.library()) - 1
    assert order.index("article_neuron") < order.index("pyramidal_neuron") < order.index("hodgkin_huxley_1952")
