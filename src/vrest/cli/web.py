"""`vrest web`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from vrest.cli import options

if TYPE_CHECKING:
    from pathlib import Path

USUAL = "mammalian_neuron"


@click.command("web")
@click.argument("cells", metavar="[CELL]...", nargs=-1)
@click.option("--save", "target", metavar="FILE", help="Write the page here (.html) and open nothing.")
@options.common
def command(cells: tuple[str, ...], target: str | None, as_json: bool, quiet: bool) -> None:
    """A live page of cells: one HTML file with the solver inside, which needs no server and no network.

    \b
    Examples:
      vrest web
      vrest web mammalian_neuron immature_neuron --save lecture.html
      vrest web my_cell.toml --save my_cell.html
      vrest show squid_axon --toml | vrest web - --save squid.html

    CELL is a name of the library ('vrest show' lists them), a TOML file, or - for standard input; the
    mammalian neuron where none is given. Without --save the page goes to a temporary folder and is opened
    in a browser.
    """
    from rich.filesize import decimal

    from vrest.cli.answer import Meter, answer, say
    from vrest.io.report import report

    if target:
        from vrest.atomic import check_target

        check_target(target, (".html", ".htm"), "a page")
    asked = cells or (USUAL,)
    shown = [options.read_cell(name) if name == "-" else name for name in asked]

    from vrest.model.cellfile import load
    from vrest.model.notice import Notice
    from vrest.model.notices import notices
    from vrest.page.page import page

    with Meter(" ".join(asked)) as meter:
        made = page(shown, progress=meter)
    path = made.save(target or _own_place(made.cells[0])).resolve()
    opened = False if target else _opened(path)
    read = [load(each) for each in shown]
    warnings = [Notice(n.code, f"{each.name}: {n.message}") for each in read for n in notices(each)]
    if not (target or opened):
        warnings.append(Notice("no_browser", f"no browser could be opened here: open {path} yourself"))
    body = report(
        {"path": str(path), "cells": list(made.cells), "bytes": path.stat().st_size, "opened": opened},
        {"bytes": "B"},
        {"cells": list(asked), "save": target},
        warnings=warnings,
    )

    def human() -> None:
        verb = "opened" if opened else "written"
        say(f"{', '.join(made.cells)}, {verb} ({decimal(body['result']['bytes'])}):")
        click.echo(path)

    answer(body, human, as_json=as_json, quiet=quiet)


def _own_place(name: str) -> Path:
    """A file in a folder of its own among the temporary ones; it stays, for the browser reads it later."""
    import tempfile
    from pathlib import Path

    return Path(tempfile.mkdtemp(prefix="vrest-")) / f"{name}.html"


def _opened(path: Path) -> bool:
    """Whether a browser took the file."""
    import webbrowser

    try:
        return webbrowser.open(path.as_uri())
    except webbrowser.Error:
        return False
