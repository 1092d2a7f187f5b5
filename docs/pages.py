"""A folder for any static host: the live page of every cell of the library, and an index: `make site-demo`.

`python docs/pages.py FOLDER [CELL...]` writes the cells named. Each page is one file and asks for nothing, so a reader
loads the cells that are opened and no other.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

import vrest

INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Resting potentials to play with</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 0 auto; padding: 1rem }}
li {{ padding: .4rem 0 }}
small {{ display: block }}
</style>
</head>
<body>
<main>
<h1>Resting potentials to play with</h1>
<p>Each cell is a page of its own with vrest {version} in it: change what surrounds the cell or what its membrane does,
and see what follows at once and what it settles to. Nothing is sent anywhere, and a page that was saved works without
a network.</p>
<ul>
{rows}
</ul>
</main>
</body>
</html>
"""
ROW = '<li><a href="{name}.html">{title}</a><small>{name}, {answer}, {size:.0f} kB</small></li>'


def row(name: str, folder: Path) -> str:
    """Writes the page of a cell, and says what the index says of it."""
    file = folder / f"{name}.html"
    vrest.page(name).save(file)
    rest = vrest.rest(name)
    answer = f"{potentials(rest.v_rest)} mV at rest" if rest.outcome.is_rest else rest.outcome.name
    return ROW.format(name=name, title=escape(rest.cell.title), answer=answer, size=file.stat().st_size / 1000)


def potentials(v: float | dict[str, float]) -> str:
    if isinstance(v, dict):
        return ", ".join(f"{membrane} {potentials(one)}" for membrane, one in v.items())
    return f"{v:.1f}".replace("-", "\N{MINUS SIGN}")


def main() -> None:
    folder, *cells = sys.argv[1:]
    cells, rows = cells or vrest.library(), []
    Path(folder).mkdir(parents=True, exist_ok=True)
    for k, name in enumerate(cells, 1):
        print(f"{name}, {k} of {len(cells)}", file=sys.stderr)
        rows.append(row(name, Path(folder)))
    index = INDEX.format(version=vrest.__version__, rows="\n".join(rows))
    (Path(folder) / "index.html").write_text(index, encoding="utf-8")


if __name__ == "__main__":
    main()
