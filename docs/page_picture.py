"""The picture of the live page in page.md, in Chromium: `python docs/page_picture.py` (pip install 'vrest[page-test]').

A neuron in 8 mM K+, at once and settled, whose pump then stops for twenty minutes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import vrest

PICTURE = Path(__file__).parent / "images" / "page.png"
STATE = "outside.K=8&outside.Na=142&block=pump_off@300-1500"
WIDTH, HEIGHT = 1400, 900
COLOURS = 256
"""That the file keeps, so that it is small."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def draw(browser: str, path: Path) -> None:
    """Opens the page of the mammalian neuron and saves what is seen of it, once nothing is pending."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        vrest.page("mammalian_neuron").save(file)
        chromium = playwright.chromium.launch(executable_path=browser)
        tab = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        tab.goto(f"{file.as_uri()}#{STATE}")
        tab.locator("html[data-vrest=checked]").wait_for(state="attached")
        tab.wait_for_timeout(1000)  # what is pending begins in a later frame
        tab.locator("[aria-busy=true]").first.wait_for(state="detached")
        tab.screenshot(path=path)
        chromium.close()
    Image.open(path).convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=1).save(path, optimize=True)


if __name__ == "__main__":
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit(f"There is no browser: install Chromium ({' or '.join(BROWSERS)} on the PATH).")
    draw(found, PICTURE)
    print(f"{PICTURE} written ({PICTURE.stat().st_size / 1e3:.0f} kB)")
