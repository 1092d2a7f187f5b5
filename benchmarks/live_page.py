"""The live page in Chromium: sizes, the first numbers, updates with plots, drags, what making it costs, and V."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

CELLS = ["mammalian_neuron", "dijkstra_2016", "edneg_2021"]
MAKE = """
import sys, time, jax, vrest
start = time.process_time()
vrest.page(sys.argv[1]).save(sys.argv[2])
print(time.process_time() - start)
"""
READY = "html[data-vrest=checked]"
SLIDER = "[data-control$='.K'] input[type=range]"
"""The first ion that is set, K+ outside where there is a bath."""
SPENT = """
    // what the page does in its frames, ms
    const frame = window.requestAnimationFrame;
    window.spent = 0;
    window.requestAnimationFrame = (draw) => frame((time) => {
        const start = performance.now();
        draw(time);
        window.spent += performance.now() - start;
    });
"""
UPDATES = """async ([selector, updates, wait]) => {
    const slider = document.querySelector(selector), [least, range] = [Number(slider.min), slider.max - slider.min];
    const took = [];
    for (let k = 0; k < updates; k++) {
        window.spent = 0;
        slider.value = least + range * (0.5 + 0.3 * Math.sin(k / 9));
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        await new Promise(requestAnimationFrame);
        const start = performance.now();
        document.body.getBoundingClientRect();  // lays out what was drawn
        const shown = window.spent + performance.now() - start;
        while (wait && document.querySelector("[aria-busy=true]")) await new Promise(requestAnimationFrame);
        took.push(Math.max(shown, wait ? window.spent : 0));
        await new Promise(requestAnimationFrame);
    }
    return took;
}"""
"""One update after another, as in a drag; or each when all is known of the one before."""

COUNT = """() => {
    window.seen = [];
    const look = () => { seen.push([performance.now(), document.querySelector("#v-now").value]); };
    new MutationObserver(look).observe(document.querySelector("#v-now"), { attributes: true, characterData: true, childList: true, subtree: true });
}"""  # noqa: E501


def made(name: str, file: Path, cache: str) -> float:
    """CPU seconds to make and save the page of a cell in a fresh process, imports left out."""
    done = subprocess.run(
        [sys.executable, "-c", MAKE, name, str(file)],
        check=True, capture_output=True, text=True, env={**os.environ, "VREST_CACHE": cache},
    )  # fmt: skip
    return float(done.stdout)


def opened(browser: Any, file: Path) -> tuple[Any, float]:
    """A tab with the page, and ms from navigation to its first numbers."""
    tab = browser.new_context(offline=True, viewport={"width": 1400, "height": 900}).new_page()
    tab.add_init_script(SPENT)
    tab.goto(file.as_uri())
    tab.wait_for_selector(READY, timeout=120_000)
    (shown,) = tab.evaluate("performance.getEntriesByName('vrest first numbers').map((e) => e.startTime + e.duration)")
    return tab, shown


def dragged(tab: Any, moves: int = 240) -> float:
    """Updates a second while the mouse drags."""
    slider = tab.locator(SLIDER).first
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.evaluate(COUNT)
    tab.mouse.move(middle, y)
    tab.mouse.down()
    for k in range(moves):
        tab.mouse.move(middle + 0.4 * box["width"] * np.sin(k / 19), y)
    tab.mouse.up()
    seen = tab.evaluate("seen")
    return (len({v for _, v in seen}) - 1) / (seen[-1][0] - seen[0][0]) * 1e3


def differs(tab: Any, cell: str) -> float:
    """Largest |V settled - vrest.rest|, mV, over bath potassium and two conductances."""
    import vrest

    ready = vrest.prepare(vrest.rest(cell).as_cell(), ["outside.K", "outside.Na", "temperature"])
    rng, worst = np.random.default_rng(0), 0.0
    for _ in range(60):
        k, celsius = float(rng.uniform(2, 20)), float(rng.uniform(35, 38))
        values = {"outside.K": k, "outside.Na": 150 - k, "temperature": celsius}
        tab.evaluate("(text) => { location.hash = text; }", "&".join(f"{n}={v!r}" for n, v in values.items()))
        tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        tab.locator("[aria-busy=true]").first.wait_for(state="detached")
        shown = float(tab.locator("#v-settled").get_attribute("value"))
        worst = max(worst, abs(shown - ready.rest(list(values.values())).v.item()))
    return worst


def table() -> list[str]:
    """What the page takes, beside the bars it was made for."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        return ["Not measured: pip install 'vrest[page-test]'."]
    there = shutil.which("chromium") or shutil.which("google-chrome")
    if there is None:
        return ["Not measured: no Chromium here."]
    rows: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for name in CELLS:
            file = Path(folder) / f"{name}.html"
            cold, cached = made(name, file, folder), made(name, file, folder)
            with playwright.chromium.launch(executable_path=there) as browser:
                times = []
                for _ in range(5):  # one after the other: a tab in the background goes on computing
                    tab, shown = opened(browser, file)
                    times.append(shown)
                    tab.context.close()
                tab = opened(browser, file)[0]
                shown, whole = (tab.evaluate(UPDATES, [SLIDER, n, wait]) for n, wait in ((300, False), (6, True)))
                took = [*np.percentile(shown, [50, 95]), np.median(whole)]
                rows[name] = [
                    f"{file.stat().st_size / 1000:.0f}", f"{statistics.median(times):.0f}",
                    *(f"{ms:.1f}" for ms in took),
                    f"{dragged(tab):.0f}", f"{cold:.1f}", f"{cached:.2f}",
                ]  # fmt: skip
        with playwright.chromium.launch(executable_path=there) as browser:
            worst = differs(opened(browser, Path(folder) / f"{CELLS[0]}.html")[0], CELLS[0])
    what = [
        ("file, kB", "400, any cell 2,000"),
        ("opened to first numbers, ms", "500"),
        ("update with plots, median, ms", ""),
        ("update with plots, 95th percentile, ms", "16"),
        ("until nothing is pending, median, ms", ""),
        ("updates a second in a drag", "30"),
        ("making the file, CPU s, nothing compiled before", "5, 12 unknowns 20"),
        ("making it again, CPU s", "0.5"),
    ]
    lines = [f"| Chromium | bar | {' | '.join(rows)} |", f"|---|---|{'---|' * len(rows)}"]
    lines += [
        f"| {name} | {bar} | {' | '.join(row[k] for row in rows.values())} |" for k, (name, bar) in enumerate(what)
    ]
    return [*lines, f"| V settled beside `vrest.rest`, 60 cells, mV | 1e-9 | {worst:.1e} |{' |' * (len(rows) - 1)}"]


if __name__ == "__main__":
    print("\n".join(table()))
