"""For everyone: axe, keyboard, screen reader, phones, large text, dark and light, less motion."""

import re

import pytest

pytestmark = pytest.mark.page

MODES = ["Explore", "Predict", "Build", "Lab"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mode", MODES)
def test_axe_finds_no_violation(opened, mode, scheme, shots):
    page = opened(color_scheme=scheme)
    page.mode(mode)
    page.tab.screenshot(path=shots / f"desk-{mode.lower()}-{scheme}.png")
    assert page.violations() == []


@pytest.mark.parametrize("tab", ["Controls", "Plots", "Meaning"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_on_a_phone(opened, tab, scheme, shots):
    page = opened(color_scheme=scheme, size="phone", has_touch=True)
    page.tab.get_by_role("tab", name=tab).click()
    page.settle()
    page.tab.screenshot(path=shots / f"phone-{tab.lower()}-{scheme}.png")
    assert page.violations() == []


@pytest.mark.parametrize("size", ["phone", "tablet", "desk"])
@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_wider_than_the_screen(opened, size, mode, shots):
    page = opened(size=size, fragment=f"mode={mode.lower()}")
    page.tab.screenshot(path=shots / f"{size}-{mode.lower()}-whole.png", full_page=True)
    assert page.tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_text_may_be_twice_as_large(opened, size, shots):
    page = opened(size=size)
    page.tab.evaluate("document.documentElement.style.fontSize = '200%'")
    page.settle()
    page.tab.screenshot(path=shots / f"{size}-large-text.png")
    assert page.tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    clipped = page.tab.evaluate("""[...document.querySelectorAll("button, label, summary, th, td, dd")]
        .filter((e) => e.checkVisibility() && getComputedStyle(e).overflowX == "hidden")
        .filter((e) => e.scrollWidth > e.clientWidth + 1)
        .map((e) => e.textContent)""")
    assert clipped == []


def test_touch_targets_are_large_enough(opened):
    page = opened(size="phone", has_touch=True)
    page.tab.get_by_role("tab", name="Controls").click()
    small = page.tab.evaluate("""[...document.querySelectorAll("button, input, select, summary, [role=tab]")]
        .filter((e) => e.checkVisibility())
        .map((e) => [e.outerHTML.slice(0, 80), (e.closest("label") ?? e).getBoundingClientRect()])
        .filter(([, box]) => box.height && box.height < 43.5)
        .map(([text, box]) => `${text} is ${box.height} px high`)""")
    assert small == []


def test_all_is_reached_by_keyboard_with_the_focus_seen(opened):
    page = opened()
    seen = []
    for _ in range(400):
        page.tab.keyboard.press("Tab")
        name, marked = page.tab.evaluate("""(() => {
            const e = document.activeElement, s = getComputedStyle(e);
            return [e === document.body ? "" : e.id || e.outerHTML.slice(0, 90),
                    (s.outlineStyle != "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow != "none"];
        })()""")
        if not name or name in seen[:1]:
            break
        assert marked, f"the focus is not seen at {name}"
        seen.append(name)
    wanted = page.tab.evaluate("""[...document.querySelectorAll("button, input, select, summary, textarea, [tabindex]")]
        .filter((e) => e.checkVisibility() && !e.disabled && e.tabIndex >= 0 && e.type != "radio")
        .map((e) => e.id || e.outerHTML.slice(0, 90))""")
    assert set(wanted) <= set(seen), set(wanted) - set(seen)


def test_a_screen_reader_hears_one_sentence_after_a_change(opened):
    page = opened()
    page.set("outside.K", 12)
    live = page.tab.locator("[aria-live=polite], [role=status]")
    live.filter(has_text=re.compile(".")).first.wait_for(state="attached")
    heard = [text for text in live.all_text_contents() if text]
    assert len(heard) == 1
    assert f"{abs(page.settled):.1f} mV" in heard[0]
    assert f"{abs(page.now):.1f} mV" in heard[0]


def test_every_plot_has_words_and_a_table(opened):
    page = opened()
    plots = page.tab.locator("figure").all()
    assert len(plots) >= 3
    for plot in plots:
        picture = plot.locator("svg[role=img]").first
        ids = picture.get_attribute("aria-labelledby").split()
        title, summary = (page.tab.evaluate("(id) => document.getElementById(id).textContent", i) for i in ids[:2])
        assert title
        assert any(digit in summary for digit in "0123456789"), f"{title}: {summary}"
        table = plot.locator("details table").first
        assert table.count() == 1, title
        if not table.is_visible():
            plot.locator("details > summary").first.click()
            page.settle()
        assert table.locator("th").count() >= 2, title
        assert table.locator("td").count() >= 2, title


def test_nothing_moves_by_itself_where_less_motion_is_asked(opened):
    page = opened(reduced_motion="reduce")
    page.set("outside.K", 12)
    assert page.tab.evaluate("document.getAnimations().length") == 0


def test_the_page_says_its_language_and_has_one_heading(opened):
    page = opened()
    assert page.tab.evaluate("document.documentElement.lang") == "en"
    assert page.tab.locator("h1").count() == 1


def test_a_second_language(opened):
    page = opened(fragment="lang=de")
    assert page.tab.evaluate("document.documentElement.lang") == "de"
    assert page.tab.get_by_role("button", name="Rückgängig").count() == 1
    assert page.violations() == []
