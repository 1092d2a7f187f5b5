"""One HTML file: style, code and document, which asks for nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib import resources
from typing import Any

from vrest.errors import VrestError
from vrest.page.document import to_json
from vrest.page.packed import packed

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:"
)
"""What the page may do: run its own code, and fetch nothing."""

SCRIPTLESS = (
    "This page computes in the browser. If this sentence stays, JavaScript is off or not allowed here: allow it, open "
    "the file in another browser, or ask the same on a command line: vrest rest CELL."
)
"""What the page's own code replaces. A `noscript` is not shown where a policy forbids scripts that are on."""


OLD = (
    "This browser cannot unpack the page's code (it has no DecompressionStream). Open the file in Firefox 113, "
    "Chrome 80, Safari 16.4 or newer, or ask the same on a command line: vrest rest CELL."
)
"""Shown in place of that where it is so."""


def html(doc: Mapping[str, Any], style: str, opener: str, code: str) -> str:
    """The file.

    Parameters
    ----------
    doc
        `document`.
    style, opener, code
        CSS and JavaScript: what unpacks the code and runs it, and the code.

    >>> text = html({"language": "en", "cells": [{"name": "a<b"}]}, "p {}", "open()", "go()")
    >>> "<title>a&lt;b: resting membrane potential</title>" in text, text.count("<script")
    (True, 3)
    """
    title = ", ".join(cell["name"] for cell in doc["cells"])  # what a cell's own title says may be asked in the page
    return f"""<!doctype html>
<html lang="{doc["language"]}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}: resting membrane potential</title>
<style>{style}</style>
</head>
<body>
<div id="vrest"><p>{SCRIPTLESS}</p><p role="alert" hidden>{OLD}</p></div>
<script type="application/json" id="vrest-doc">{to_json(doc)}</script>
<script type="application/gzip" id="vrest-code">{packed(code.encode())}</script>
<script>{opener}</script>
</body>
</html>
"""


def asset(name: str) -> str:
    """The text of a file that `web/` was built into.

    Raises
    ------
    VrestError
        `not_built`: a checkout in which it was not.
    """
    try:
        return (resources.files("vrest.page") / "static" / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise VrestError(
            f"The page's {name} is not there: this checkout was not built.",
            code="not_built",
            hint="Run 'make web', which needs Node, or install vrest from a wheel.",
        ) from None
