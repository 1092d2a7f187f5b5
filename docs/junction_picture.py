"""The picture of the junction in solutions.md, of the recipes in examples/: `python docs/junction_picture.py`."""

from __future__ import annotations

from pathlib import Path

import vrest

HERE = Path(__file__).parent
EXAMPLES, PICTURE = HERE.parent / "examples", HERE / "images" / "junction.png"


def main() -> None:
    found = vrest.ljp(EXAMPLES / "internal.toml", EXAMPLES / "bath.toml", measured=-60)
    vrest.plot.figure(found).savefig(PICTURE, dpi=100)


if __name__ == "__main__":
    main()
