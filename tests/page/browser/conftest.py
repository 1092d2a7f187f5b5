"""A page in a real browser: `opened()` gives a `Page`, which reads and does what a person can.

Chromium by Playwright, Firefox by WebDriver BiDi (Playwright wants a Firefox of its own); both are the system's.
What is not there is said and skipped, and fails where CI is set.
"""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import pytest

import vrest

ROOT = Path(__file__).parents[3]
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
OPEN_AROUND = """(selector) => {
    for (let e = document.querySelector(selector); e; e = e.parentElement) if (e.tagName == "DETAILS") e.open = true;
}"""
SIZES = {"phone": (390, 844), "tablet": (900, 1200), "desk": (1400, 900)}


def missing(what: str, way_out: str) -> NoReturn:
    said = f"{what} is not here; {way_out}"
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)


def program(*names: str) -> str:
    """The first of these programs that is installed."""
    for name in names:
        if found := shutil.which(name):
            return found
    missing(names[0], f"apt-get install {names[0]}")


@pytest.fixture(scope="session")
def node() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs node in web/, with the packages of web/package-lock.json."""
    there = program("nodejs", "node")
    if not AXE.exists():
        missing("web/node_modules", "make web/node_modules")
    return lambda *arguments: subprocess.run([there, *arguments], cwd=ROOT / "web", capture_output=True, text=True)


@pytest.fixture(scope="session")
def saved(tmp_path_factory) -> Callable[..., Path]:
    """The file of a page of these cells, made once."""
    folder, made = tmp_path_factory.mktemp("pages"), {}

    def save(*cells: str) -> Path:
        if cells not in made:
            made[cells] = folder / f"{'+'.join(cells)}.html"
            vrest.page(cells).save(made[cells])
        return made[cells]

    return save


@pytest.fixture
def shell(tmp_path) -> Callable[[str], str]:
    """What a person's shell prints in `tmp_path`, where `vrest` and `python` are these."""
    where = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def run(text: str) -> str:
        done = subprocess.run(["bash", "-euc", text], cwd=tmp_path, env=where, capture_output=True, text=True)
        assert done.returncode == 0, f"{text}\n{done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="session")
def shots() -> Path:
    """Where screenshots are left to be looked at."""
    folder = ROOT / "build/screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def launched():
    """Starts Chromium with these arguments."""
    there = program("chromium", "chromium-browser", "google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        missing("playwright", "pip install 'vrest[page-test]'")
    with sync_playwright() as playwright:
        yield lambda *args: playwright.chromium.launch(executable_path=there, args=args)


@pytest.fixture(scope="session")
def chromium(launched):
    with launched() as browser:
        yield browser


@dataclass(frozen=True)
class Page:
    """What is on the screen, by the names a person sees; numbers in full digits, from the `value` of `<data>`."""

    tab: Any
    asked: list[str] = field(default_factory=list)
    """Requests for anything but the file itself."""
    complaints: list[str] = field(default_factory=list)
    """Errors, and what the console says as a warning or an error."""

    def button(self, name: str) -> Any:
        return self.tab.get_by_role("button", name=re.compile(f"^{name}")).locator("visible=true").first

    def control(self, name: str) -> Any:
        return self.tab.locator(f'[data-control="{name}"]')

    def shown(self, name: str) -> Any:
        """The control, its fold-out and on a phone its tab opened."""
        tab = self.tab.get_by_role("tab", name="Controls")
        if tab.is_visible():
            tab.click()
        self.tab.evaluate(OPEN_AROUND, f"[data-control='{name}']")
        return self.control(name)

    def slider(self, name: str) -> Any:
        return self.shown(name).get_by_role("slider").first

    def box(self, name: str) -> Any:
        return self.shown(name).get_by_role("spinbutton")

    def value(self, name: str) -> float:
        """What the number box of a control says."""
        return float(self.box(name).input_value().replace("−", "-"))

    @property
    def values(self) -> dict[str, float]:
        """What differs from the reference cell, by the names that `--set` takes, as the link says it."""
        names = self.tab.locator("[data-control]").evaluate_all("all => all.map((e) => e.dataset.control)")
        return {name: float(text) for name, text in self.fragment.items() if name in names}

    def set(self, name: str, value: float | str) -> None:
        """Types a number, as a person does."""
        box = self.box(name)
        box.fill(str(value))
        box.press("Enter")
        self.settle()

    def settle(self) -> None:
        """Waits until nothing is pending and what was asked for is drawn."""
        busy = self.tab.locator(
            "[aria-busy=true]"
        ).first  # no function that is waited for: the page's policy forbids eval
        busy.wait_for(state="detached")
        self.tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        busy.wait_for(state="detached")

    def number(self, name: str) -> float:
        text = self.tab.locator(f"#{name}").get_attribute("value")
        assert text, f"#{name} has no number"
        return float(text)

    def drag(self, name: str, to: float, steps: int = 20) -> None:
        """Takes a slider's handle with the mouse, and leaves it at this part of its length."""
        slider = self.slider(name)
        slider.scroll_into_view_if_needed()
        box, mouse = slider.bounding_box(), self.tab.mouse
        part = slider.evaluate("(s) => (s.value - s.min) / (s.max - s.min)")
        y = box["y"] + box["height"] / 2
        mouse.move(box["x"] + part * box["width"], y)
        mouse.down()
        mouse.move(box["x"] + to * box["width"], y, steps=steps)
        mouse.up()
        self.settle()

    @property
    def now(self) -> float:
        """V at once, mV."""
        return self.number("v-now")

    @property
    def settled(self) -> float:
        """V of the rest, mV."""
        return self.number("v-settled")

    @property
    def outcome(self) -> str:
        return self.tab.locator("#outcome").get_attribute("value")

    def mode(self, name: str) -> None:
        self.tab.locator(f"label:has(input[name=mode][value={name.lower()}])").click()
        self.tab.wait_for_selector(f"html[data-mode={name.lower()}]")
        self.settle()

    @property
    def link(self) -> str:
        """The fragment of the address, which follows the state after a moment."""
        self.tab.wait_for_timeout(400)
        return self.tab.evaluate("location.hash.slice(1)")

    @property
    def fragment(self) -> dict[str, str]:
        return dict(parse_qsl(self.link, keep_blank_values=True))

    def downloaded(self, press: Callable[[], None]) -> Path:
        """The file that this gives."""
        with self.tab.expect_download() as download:
            press()
        return Path(download.value.path())

    def exported(self, name: str) -> Path:
        """The file of an entry of the menu Export."""
        self.button("Export").click()
        file = self.downloaded(self.button(name).click)
        self.tab.keyboard.press("Escape")
        return file

    def copied(self, name: str) -> str:
        """The text of an entry of the menu Share."""
        self.button("Share").click()
        self.button(name).click()
        text = self.tab.locator("#copied").input_value()
        self.tab.keyboard.press("Escape")
        return text

    def violations(self) -> list[str]:
        """What axe finds against WCAG 2 A and AA and its best practices."""
        if not AXE.exists():
            missing("web/node_modules", "make web/node_modules")
        self.tab.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
        found = self.tab.evaluate("axe.run()")["violations"]
        return [f"{v['id']} ({v['impact']}): {n['target']} {n['failureSummary']}" for v in found for n in v["nodes"]]


@pytest.fixture
def opened(chromium, saved):
    """Opens a page in a browser that has nothing but its file; what it asked for or complained of fails the test."""
    contexts, pages = [], []

    def open_page(*cells: str, fragment: str = "", size: str = "desk", **context: Any) -> Page:
        width, height = SIZES[size]
        contexts.append(chromium.new_context(offline=True, viewport={"width": width, "height": height}, **context))
        url = saved(*(cells or ("mammalian_neuron",))).as_uri()
        page = Page(contexts[-1].new_page())
        pages.append(page)
        page.tab.set_default_timeout(15_000)
        watch(page, url)
        page.tab.goto(f"{url}#{fragment}" if fragment else url)
        page.tab.wait_for_selector("html[data-vrest]")
        page.settle()
        return page

    yield open_page
    found = [(page.asked, page.complaints) for page in pages]
    for context in contexts:
        context.close()
    assert all(nothing == ([], []) for nothing in found), found


def watch(page: Page, url: str) -> None:
    """Forbids all requests but that for the file, and remembers them and all complaints."""

    def answer(route: Any) -> None:
        if route.request.url.partition("#")[0] == url:
            route.continue_()
        else:
            page.asked.append(route.request.url)
            route.abort()

    page.tab.context.route(re.compile(r"^(?!data:|blob:)"), answer)
    page.tab.on("websocket", lambda socket: page.asked.append(socket.url))
    page.tab.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.tab.on("console", lambda m: m.type in ("warning", "error") and page.complaints.append(m.text))


@dataclass(frozen=True)
class Fox:
    """One tab of Firefox, asked by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/)."""

    ask: Callable[..., Any]
    events: list[dict[str, Any]]
    tab: str

    def open(self, url: str) -> None:
        self.ask("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        found = self.ask(
            "script.evaluate", expression=expression, target={"context": self.tab}, awaitPromise=True
        )  # fmt: skip
        assert found["type"] == "success", found["exceptionDetails"]["text"]
        return found["result"].get("value")


@contextmanager
def firefox_started(there: str, profile: Path):
    from websockets.sync.client import connect

    command = [there, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    log = profile / "log"
    with log.open("w") as said, subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT) as process:
        try:
            for _ in range(600):
                if listening := re.search(r"BiDi listening on (\S+)", log.read_text()):
                    break
                time.sleep(0.1)
            assert listening, f"Firefox did not start in a minute: {log.read_text()}"
            with connect(f"{listening[1]}/session", max_size=None) as socket:
                yield socket
        finally:
            process.terminate()


@pytest.fixture
def firefox(tmp_path):
    there = program("firefox-esr", "firefox")
    try:
        import websockets  # noqa: F401
    except ModuleNotFoundError:
        missing("websockets", "pip install 'vrest[page-test]'")
    with firefox_started(there, tmp_path) as socket:
        numbers, events = itertools.count(1), []

        def ask(method: str, **params: Any) -> Any:
            mine = next(numbers)
            socket.send(json.dumps({"id": mine, "method": method, "params": params}))
            while True:
                answer = json.loads(socket.recv(timeout=60))
                if answer.get("id") == mine:
                    assert answer["type"] == "success", f"{method}: {answer.get('message')}"
                    return answer["result"]
                events.append(answer)

        ask("session.new", capabilities={})
        ask("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        tab = ask("browsingContext.create", type="tab")["context"]
        yield Fox(ask, events, tab)
        ask("browser.close")
