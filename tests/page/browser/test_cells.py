"""Several cells in one page: of several membranes, with a closed space, and one that rests nowhere near its start."""

import re

import pytest

import vrest
from vrest.study.explain.account import sentences

pytestmark = pytest.mark.page

CELLS = ("mammalian_neuron", "frog_skin", "skeletal_muscle")

CLAIMS = (
    "has open channels, so V sits at",
    "has open channels, which pull towards",
    "a vote of the open channels",
    "in equilibrium there",
    "pulls nowhere",
    "it is passive: nothing but its channels moves it",
    "Of the ions that pull",
    "Current from elsewhere",
    "on one side alone have no E",
    "There is no ",
    "held from outside",
    "No pump turns",
    "at once, to",
    "V does not move at once",
    "that V drifts to carries zero current",
    "as the gradients run down",
    "as the contents change",
    "It stays there",
    "In the end",
    "Mullins-Noda",
)
"""What an account says or does not say of a membrane, in the words of the page and of `vrest explain`."""


@pytest.fixture
def page(opened):
    return opened(*CELLS)


def chosen(page, cell: str) -> None:
    page.tab.get_by_label("Cell", exact=True).select_option(cell)
    page.settle()
    assert page.fragment["cell"] == cell


def by_membrane(v: float | dict[str, float]) -> list[float]:
    return list(v.values()) if isinstance(v, dict) else [v]


@pytest.mark.parametrize("cell", CELLS)
def test_each_cell_is_that_of_python(page, cell):
    chosen(page, cell)
    rest = vrest.rest(cell)
    membranes = page.tab.get_by_label("Membrane", exact=True)
    for k, v in enumerate(by_membrane(rest.v_rest)):
        if membranes.count():
            membranes.select_option(str(k))
            page.settle()
        assert page.settled == pytest.approx(v, abs=1e-9)
        assert page.now == pytest.approx(v, abs=1e-6)
    assert page.outcome == rest.outcome.name


def claims(text: str) -> dict[str, bool]:
    return {claim: claim.lower() in text.lower() for claim in CLAIMS}


@pytest.mark.parametrize("cell", CELLS)
def test_the_account_claims_what_vrest_explain_claims(page, cell):
    chosen(page, cell)
    membranes = page.tab.get_by_label("Membrane", exact=True)
    story = vrest.explain(cell)
    valence = story.rest.cell.valence()
    for k, membrane in enumerate(story.membranes):
        if membranes.count():
            membranes.select_option(str(k))
            page.settle()
        said = " ".join(page.tab.locator(".sentences li").all_inner_texts())
        lines = sentences(membrane, story.membranes, valence)
        assert claims(said) == claims(" ".join(lines)), (said, lines)
        largest = [re.findall(r"(\w+)\W* has the largest share", text) for text in (said, " ".join(lines))]
        assert largest[0] == largest[1]


@pytest.mark.parametrize(("cell", "name"), [("frog_skin", "serosa.K"), ("skeletal_muscle", "outside.K")])
def test_a_changed_bath_settles_where_python_says(page, cell, name):
    chosen(page, cell)
    page.set(name, 1.5 * page.value(name))
    reference = vrest.rest(cell).as_cell()
    found = vrest.settled(reference, page.values)
    assert page.outcome == found.outcome.name
    assert page.settled == pytest.approx(by_membrane(found.v_rest)[0], abs=1e-9)
    assert page.now == pytest.approx(by_membrane(vrest.instant(reference, page.values).v)[0], abs=1e-9)


def test_another_cell_begins_anew_and_can_be_undone(page):
    page.set("outside.K", 12)
    before = page.settled
    chosen(page, "skeletal_muscle")
    assert page.values == {}
    page.button("Undo").click()
    page.settle()
    assert page.settled == before
    assert page.fragment["cell"] == "mammalian_neuron"


def test_every_cell_passes_axe(page):
    for cell in CELLS:
        chosen(page, cell)
        assert page.violations() == [], cell
