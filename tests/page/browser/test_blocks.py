"""What is done to the cell for a while: buttons, blocks on the time axis by mouse and keys, scenario cards."""

import json
import re

import pytest

import vrest

pytestmark = pytest.mark.page

OFF = "block=pump_off@300-1500&until=7200"


def document(page):
    return json.loads(page.tab.locator("#vrest-doc").text_content())["cells"][0]


def times(page) -> tuple[float, float]:
    """Start and end of the one block, s."""
    start, end = re.search(r"@([\d.]+)-([\d.]+)", page.fragment["block"]).groups()
    return float(start), float(end)


def handle(page, name: str):
    found = page.tab.get_by_role("slider", name=name, exact=True)
    found.scroll_into_view_if_needed()
    return found


def pulled(page, name: str, by: float) -> None:
    """A handle pulled along the time axis by this part of the whole time."""
    box, plot = handle(page, name).bounding_box(), page.tab.locator(".timecourse svg").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.tab.mouse.move(x, y)
    page.tab.mouse.down()
    page.tab.mouse.move(x + by * plot["width"], y, steps=10)
    page.tab.mouse.up()
    page.settle()


def test_a_block_is_moved_by_the_mouse(opened):
    page = opened(fragment=OFF)
    pulled(page, "Pump off", 0.2)
    start, end = times(page)
    assert start > 900
    assert end - start == pytest.approx(1200, abs=1)
    page.button("Undo").click()
    assert times(page) == (300, 1500)


def test_an_edge_of_a_block_is_moved_by_the_mouse_or_by_keys(opened):
    page = opened(fragment=OFF)
    pulled(page, "Pump off: end", 0.2)
    start, end = times(page)
    assert start == 300
    assert end > 2000
    handle(page, "Pump off: start").focus()
    page.tab.keyboard.press("ArrowRight")
    assert times(page)[0] > 300
    assert times(page)[1] == end


def test_scenario_cards_set_what_they_say(opened):
    page = opened()
    cards = document(page)["scenarios"]
    assert len(cards) >= 3
    page.tab.get_by_text("Scenarios", exact=True).click()
    for card in cards:
        page.tab.locator(".card", has_text=card["label"]).click()
        page.settle()
        assert page.values == pytest.approx(card["values"])
        assert (
            page.fragment.get("block", "").partition(":")[0] in [block["id"] for block in card["blocks"]]
            or not card["blocks"]
        )
    page.button("Reset").click()
    assert page.values == {}


def test_what_every_button_does_is_what_its_python_does(opened):
    """The last V of the run beside `vrest.simulate`, as the copied Python calls it."""
    page = opened()
    blocks = document(page)["blocks"]
    assert len(blocks) >= 10
    page.tab.get_by_text("Do something", exact=True).click()
    for block in blocks:
        page.tab.get_by_role("button", name=block["label"], exact=True).first.click()
        page.settle()
        code = page.copied("Copy as Python")
        names = {}
        exec("\n".join(line for line in code.splitlines() if not line.startswith("print")), names)
        shown = page.tab.locator(".timecourse figcaption, .timecourse .plot-summary").all_inner_texts()
        said = re.search(r"is (−?[\d.]+) mV at 2 h", " ".join(shown))
        assert said, shown
        assert float(said[1].replace("−", "-")) == pytest.approx(names["run"].v[-1], abs=0.06), block["id"]
        page.button("Undo").click()
        page.settle()
        assert "block" not in page.fragment, block["id"]


def test_a_number_may_be_changed_for_a_while(opened):
    page = opened(fragment="block=set:outside.Na=120@600-1200&until=3600")
    code = page.copied("Copy as Python")
    names = {}
    exec("\n".join(line for line in code.splitlines() if not line.startswith("print")), names)
    assert "outside.Na=120" in code
    assert isinstance(names["run"].v[-1].item(), float)
    assert names["now"].v == pytest.approx(vrest.rest("mammalian_neuron").v_rest, abs=1e-9)
