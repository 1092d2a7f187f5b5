"""The file opens anywhere and says against what it was checked; where it cannot answer it shows words and no number."""

import json
import re
from pathlib import Path

import pytest

import vrest

pytestmark = pytest.mark.page

FORBIDS_SCRIPTS = "script-src 'none'"
FORBIDS_WEBASSEMBLY = "script-src 'unsafe-inline'"
ALLOWS_WEBASSEMBLY = "script-src 'unsafe-inline' 'wasm-unsafe-eval'"


@pytest.fixture
def changed(saved, chromium, tmp_path):
    """Opens the page with its text changed; its root element says `checked` or `refused`."""
    contexts = []

    def open_changed(change):
        file = tmp_path / "changed.html"
        file.write_text(change(saved("mammalian_neuron").read_text(encoding="utf-8")), encoding="utf-8")
        contexts.append(chromium.new_context(offline=True))
        tab = contexts[-1].new_page()
        tab.goto(file.as_uri())
        return tab

    yield open_changed
    for context in contexts:
        context.close()


def policy(text: str):
    meta = f'<meta http-equiv="Content-Security-Policy" content="{text}">'
    return lambda page: page.replace("<head>", f"<head>{meta}", 1)


def no_numbers(tab) -> bool:
    return all(not element.get_attribute("value") for element in tab.locator("data").all())


def test_opens_from_a_file_with_every_request_forbidden(opened):
    page = opened()  # which fails if anything but the file was asked for
    assert page.tab.url.startswith("file://")
    assert f"Checked against vrest {vrest.__version__}" in page.tab.inner_text("body")
    assert page.settled == pytest.approx(vrest.rest("mammalian_neuron").v_rest, abs=1e-9)
    assert page.now == pytest.approx(vrest.rest("mammalian_neuron").v_rest, abs=1e-9)
    assert page.outcome == "rests"


def test_firefox_opens_it_too(firefox, saved):
    url = saved("mammalian_neuron").as_uri()
    firefox.open(url)
    said = firefox.evaluate("""new Promise((done) => {
        const look = () => document.documentElement.dataset.vrest
            ? done(JSON.stringify([document.documentElement.dataset.vrest,
                                   ...[...document.querySelectorAll("#v-now, #v-settled")].map((e) => e.value)]))
            : setTimeout(look, 20);
        look();
    })""")
    state, *numbers = json.loads(said)
    assert state == "checked"
    assert [float(v) for v in numbers] == pytest.approx([vrest.rest("mammalian_neuron").v_rest] * 2, abs=1e-9)
    asked = [e["params"]["request"]["url"] for e in firefox.events if e["method"] == "network.beforeRequestSent"]
    assert [u for u in asked if not u.startswith((url, "data:", "blob:"))] == []
    complaints = [e["params"]["text"] for e in firefox.events if e["method"] == "log.entryAdded"]
    assert complaints == []


def test_a_policy_that_forbids_webassembly_is_said_in_words(changed):
    tab = changed(policy(FORBIDS_WEBASSEMBLY))
    tab.wait_for_selector("html[data-vrest=refused]")
    said = tab.get_by_role("alert").inner_text()
    assert "WebAssembly" in said
    assert re.search(r"sav|download|policy", said), "no way out"
    assert no_numbers(tab)


def test_a_policy_that_forbids_scripts_leaves_words(changed):
    tab = changed(policy(FORBIDS_SCRIPTS))
    tab.get_by_text(re.compile("script", re.IGNORECASE)).first.wait_for()


def test_a_policy_that_allows_webassembly_is_enough(changed):
    changed(policy(ALLOWS_WEBASSEMBLY)).wait_for_selector("html[data-vrest=checked]")


def test_works_in_a_sandboxed_frame(chromium, saved, tmp_path):
    frame = tmp_path / "frame.html"
    frame.write_text(f'<iframe sandbox="allow-scripts" src="{saved("mammalian_neuron").as_uri()}"></iframe>')
    with chromium.new_context(offline=True) as context:
        tab = context.new_page()
        tab.goto(frame.as_uri())
        inside = tab.frames[1]
        inside.wait_for_selector("html[data-vrest=checked]")
        assert float(inside.locator("#v-settled").get_attribute("value")) == pytest.approx(-70, abs=1e-6)


def test_shows_itself_in_a_notebook(chromium, tmp_path):
    cell = tmp_path / "cell.html"
    cell.write_text(f"<!DOCTYPE html><body>{vrest.page('mammalian_neuron')._repr_html_()}</body>", encoding="utf-8")
    with chromium.new_context(offline=True) as context:
        tab = context.new_page()
        tab.goto(cell.as_uri())
        assert "allow-same-origin" not in tab.locator("iframe").get_attribute("sandbox")
        tab.frames[1].wait_for_selector("html[data-vrest=checked]")


def golden_moved(page: str) -> str:
    """The page, whose golden cells rest 1 uV elsewhere."""
    start = page.index('id="vrest-doc"')
    start = page.index(">", start) + 1
    end = page.index("</script>", start)
    document = json.loads(page[start:end])
    for cell in document["cells"]:
        for case in cell["golden"]:
            case["rest"]["v"] = [v + 1e-3 for v in case["rest"]["v"]]
    return page[:start] + json.dumps(document).replace("</", "<\\/") + page[end:]


def test_a_page_that_computes_something_else_shows_no_number(changed):
    tab = changed(golden_moved)
    tab.wait_for_selector("html[data-vrest=refused]")
    assert vrest.__version__ in tab.get_by_role("alert").inner_text()
    assert no_numbers(tab)


VECTORS = (
    "WebAssembly.validate(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0,"
    " 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11))"
)


def test_without_vectors_the_plain_kernels_answer(launched, saved):
    with launched("--js-flags=--no-enable-sse4-1") as browser, browser.new_context(offline=True) as context:
        tab = context.new_page()
        assert not tab.evaluate(VECTORS), "this browser has vectors all the same"
        tab.goto(saved("mammalian_neuron").as_uri())
        tab.wait_for_selector("html[data-vrest=checked]")
        v = float(tab.locator("#v-settled").get_attribute("value"))
        assert v == pytest.approx(vrest.rest("mammalian_neuron").v_rest, abs=1e-9)


def test_a_person_who_sends_the_file_sends_nothing_else(saved):
    page = Path(saved("mammalian_neuron")).read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
