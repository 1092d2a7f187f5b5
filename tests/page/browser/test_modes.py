"""Predict asks before it shows, Build adds one thing at a time, Lab hides a cell that can be found."""

import csv
import io
import json
import re

import pytest

import vrest

pytestmark = pytest.mark.page


@pytest.fixture(scope="module")
def reference():
    return vrest.rest("mammalian_neuron").as_cell()


def answer(page, direction: str, v: str, reason: str) -> None:
    form = page.tab.locator(".mode form")
    form.get_by_label(direction, exact=True).check()
    form.get_by_label("Settled, V is, about").fill(v)
    form.get_by_label(re.compile(reason)).check()
    form.get_by_role("button").click()
    page.settle()


def test_predict_shows_nothing_before_it_is_answered(opened, reference):
    page = opened(fragment="mode=predict")
    mode = page.tab.locator(".mode")
    assert "3 mM" in mode.inner_text()
    before = vrest.settled(reference, {"outside.K": 3, "outside.Na": 147}).v_rest
    after = vrest.settled(reference, {"outside.K": 5, "outside.Na": 145}).v_rest
    assert f"{abs(before):.1f}" in mode.inner_text()
    assert f"−{abs(after):.1f}" not in page.tab.inner_text("body")
    assert all(page.tab.locator(f"#{name}").get_attribute("value") in ("", None) for name in ("v-now", "v-settled"))
    assert page.tab.locator("figure:visible").count() == 0
    answer(page, "more negative", f"{before - 5:.1f}", "rushes into the cell")
    assert f"{abs(after):.1f}" in mode.inner_text()
    assert "no: less negative" in mode.inner_text()
    assert page.settled == pytest.approx(after, abs=1e-9)


def test_predict_refuses_half_an_answer_and_one_that_contradicts_itself(opened):
    page = opened(fragment="mode=predict")
    form = page.tab.locator(".mode form")
    form.get_by_role("button").click()
    assert form.get_by_role("alert").inner_text()
    answer(page, "more negative", "-20", "rushes into the cell")
    assert "more negative" in form.get_by_role("alert").inner_text()
    assert page.tab.locator("#v-settled").get_attribute("value") in ("", None)


def test_predictions_go_into_the_lab_sheet(opened, reference):
    page = opened(fragment="mode=predict")
    answer(page, "less negative", "-65", "smaller, so less")
    sheet = page.exported("Lab sheet, CSV").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO("".join(f"{x}\n" for x in sheet.splitlines() if not x.startswith("#")))))
    assert float(rows[0]["predicted (mV)"]) == -65
    observed = vrest.settled(reference, {"outside.K": 5, "outside.Na": 145}).v_rest
    assert float(rows[0]["observed (mV)"]) == pytest.approx(observed, abs=0.005)
    page.tab.reload()
    page.tab.wait_for_selector("html[data-vrest]")
    assert "(1)" in page.tab.locator(".mode").inner_text(), "answers were not kept on this machine"


def test_every_question_can_be_asked(opened):
    page = opened(fragment="mode=predict")
    menu = page.tab.locator(".mode select")
    options = menu.locator("option").all_inner_texts()
    assert len(options) >= 5
    for name in options:
        menu.select_option(label=name)
        page.settle()
        assert page.tab.locator(".mode form").inner_text()
        assert page.tab.locator("#v-settled").get_attribute("value") in ("", None), name


def settles(cell, values: dict[str, float]) -> tuple[str, float | None]:
    """What Python says: the outcome, and V where the cell would stay."""
    try:
        found = vrest.settled(cell, values) if values else vrest.rest(cell)
    except vrest.InputError as error:
        return ("neutral", None) if "there is nothing to settle" in str(error) else (str(error), None)
    return found.outcome.name, found.v_rest if found.outcome.is_rest else None


def test_build_step_by_step_says_what_python_says(opened, reference):
    page = opened(fragment="mode=build")
    outcomes = []
    for _ in range(12):
        outcome, v = settles(reference, page.values)
        assert page.outcome == outcome, page.values
        if v is not None:
            assert page.settled == pytest.approx(v, abs=1e-9)
        outcomes.append(outcome)
        forward = page.tab.locator(".mode").get_by_role("button", name="Next step")
        if not forward.count() or forward.is_disabled():
            break
        forward.click()
        page.settle()
    assert outcomes[0] == "neutral"
    assert "rests_run_down" in outcomes
    assert outcomes[-1] == "rests"
    assert page.values == {}


def test_concentrations_can_be_changed_from_the_first_step_of_build(opened):
    page = opened(fragment="mode=build")
    page.set("outside.K", 12)
    assert page.values["outside.K"] == 12


def test_with_a_leak_of_potassium_alone_v_at_once_is_its_nernst_potential(opened, reference):
    page = opened(fragment="mode=build&step=2")
    assert page.now == pytest.approx(vrest.rest(reference).E["K"], abs=1e-9)


def test_the_hidden_cell_of_lab_is_found_by_vrest_fit(opened, shell, tmp_path):
    page = opened(fragment="mode=lab&seed=7")
    mode = page.tab.locator(".mode")
    mode.get_by_role("button", name=re.compile("A series of")).click()
    page.settle()
    mode.get_by_role("button", name=re.compile("Work out")).click()
    page.settle()
    name = re.search(r"lab_\S+\.csv", mode.inner_text())[0]
    file = page.downloaded(mode.get_by_role("button", name=re.compile("Save the table")).click)
    (tmp_path / name).write_bytes(file.read_bytes())
    command = mode.locator("pre code").inner_text()
    found = json.loads(shell(f"{command} --level 0.999 --json"))["result"]
    mode.get_by_role("button", name="Reveal the truth").click()
    page.settle()
    truth = page.values
    assert truth
    fitted = {p["name"].partition("transports.")[2]: p for p in found["parameters"]}
    assert set(fitted) == set(truth)
    for name, value in truth.items():
        assert fitted[name]["low"] <= value <= fitted[name]["high"], fitted[name]["verdict"]


def test_the_same_seed_gives_the_same_lab_to_everybody(opened):
    texts = []
    for _ in range(2):
        page = opened(fragment="mode=lab&seed=11&impaled=1;5;20")
        texts.append(page.tab.locator(".mode table").first.inner_text())
    assert texts[0] == texts[1]
    assert "−" in texts[0]
    other = opened(fragment="mode=lab&seed=12&impaled=1;5;20")
    assert other.tab.locator(".mode table").first.inner_text() != texts[0]


def test_lab_does_not_tell_the_truth_before_it_is_asked(opened):
    page = opened(fragment="mode=lab&seed=7")
    assert page.values == {}
    page.tab.locator(".mode").get_by_role("button", name="Reveal the truth").click()
    page.settle()
    assert page.values
    page.button("Undo").click()
    page.settle()
    assert page.values == {}
