"""What a person moves is what is computed, by mouse, typing and keys, with undo and redo: against Python's numbers."""

import pytest

import vrest

pytestmark = pytest.mark.page

K, PUMP = "outside.K", "pump.max_rate"


@pytest.fixture(scope="module")
def reference():
    return vrest.rest("mammalian_neuron").as_cell()


def agrees(page, cell) -> bool:
    """Whether both clocks of the page are those of Python at the values of its link."""
    assert page.settled == pytest.approx(vrest.settled(cell, page.values).v_rest, abs=1e-9)
    assert page.now == pytest.approx(vrest.instant(cell, page.values).v, abs=1e-9)
    return True


def test_dragging_a_slider(opened, reference):
    page = opened()
    page.drag(K, to=0.8)
    assert page.values[K] > 5
    assert page.value(K) == pytest.approx(page.values[K], rel=1e-3)
    assert page.now > -69
    assert agrees(page, reference)


def test_typing_a_number(opened, reference):
    page = opened()
    page.set(K, 12)
    assert page.values[K] == 12
    assert page.now > -65
    assert agrees(page, reference)


@pytest.mark.parametrize(("typed", "read"), [("7,5", 7.5), ("8 mM", 8), (" 1.2e1", 12)])
def test_numbers_as_they_are_pasted(opened, typed, read):
    page = opened()
    page.set(K, typed)
    assert page.values[K] == read


def words(page, name: str) -> str:
    """What is said beside a control."""
    return page.tab.locator(f"#{page.box(name).get_attribute('aria-describedby')}").inner_text()


@pytest.mark.parametrize("typed", ["eight", "8 mV", "", "1e999", "8 9"])
def test_what_is_no_number_of_this_control_is_refused_in_words(opened, typed):
    page = opened()
    before = page.settled
    page.set(K, typed)
    assert page.values == {}
    assert page.settled == before
    assert words(page, K)


def test_a_value_beyond_a_limit_stops_there_and_says_so(opened):
    page = opened()
    page.set(K, -3)
    assert page.values[K] == 0
    assert "0 mM" in words(page, K)
    page.button("Undo").click()
    page.settle()
    assert not words(page, K), "it is not at its limit any more"


@pytest.mark.parametrize("where", ["slider", "box"])
def test_arrow_keys_step_by_one_ten_or_a_tenth(opened, where):
    page = opened()
    at = 5.0
    steps = []
    getattr(page, where)(K).focus()
    for keys in ("ArrowUp", "Shift+ArrowUp", "Alt+ArrowUp"):
        page.tab.keyboard.press(keys)
        page.settle()
        steps.append(page.values[K] - at)
        at = page.values[K]
    one, ten, tenth = steps
    assert one > 0
    assert ten == pytest.approx(10 * one)
    assert tenth == pytest.approx(one / 10)


def test_a_companion_keeps_the_bath_neutral(opened):
    page = opened()
    page.set(K, 12)
    assert page.values["outside.Na"] == pytest.approx(145 - 7)


def test_a_drag_is_undone_at_once_and_done_again(opened):
    page = opened()
    start = page.settled
    page.drag(K, to=0.8)
    there = page.settled
    page.set(PUMP, 0)
    page.button("Undo").click()
    page.settle()
    assert page.settled == there
    page.button("Undo").click()
    page.settle()
    assert page.settled == start
    assert page.values == {}
    page.button("Redo").click()
    page.settle()
    assert page.settled == there


def test_reset_gives_the_reference_back_and_can_be_undone(opened):
    page = opened()
    start = page.settled
    page.set(K, 12)
    moved = page.settled
    page.button("Reset").click()
    page.settle()
    assert (page.values, page.settled) == ({}, start)
    page.button("Undo").click()
    page.settle()
    assert page.settled == moved


def test_the_pump_switched_off_has_no_gradients_left(opened, reference):
    page = opened()
    page.set(PUMP, 0)
    python = vrest.settled(reference, {PUMP: 0})
    assert page.outcome == python.outcome.name == "rests_run_down"
    assert page.settled == pytest.approx(python.v_rest, abs=1e-9)
    assert page.now == pytest.approx(vrest.instant(reference, {PUMP: 0}).v, abs=1e-9)


def test_where_there_is_no_rest_it_says_which_of_the_outcomes(opened, reference):
    page = opened()
    changes = {"outside.Na": 145, "outside.K": 5, "water.hydraulic_permeability": 1e-12, PUMP: 1e-3}
    page.set(PUMP, changes[PUMP])
    python = vrest.settled(reference, {PUMP: changes[PUMP]})
    assert page.outcome == python.outcome.name


def test_each_control_says_its_value_and_unit(opened):
    page = opened()
    sliders = page.tab.get_by_role("slider", include_hidden=True).all()
    assert len(sliders) > 8
    for slider in sliders:
        assert slider.get_attribute("aria-valuetext"), slider.get_attribute("id")
    assert "illimol" in page.slider(K).get_attribute("aria-valuetext")
