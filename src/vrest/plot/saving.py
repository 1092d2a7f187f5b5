"""`save`: a figure into a file, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from vrest.atomic import check_target, replacing

SUFFIXES = (".png", ".pdf", ".svg")
DPI = 200

# letters stay letters; equal figures give equal files
_RC: Any = {"pdf.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "vrest"}
_NO_DATE: dict[str, dict[str, None]] = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure as png (200 dots per inch), pdf or svg. In pdf and svg text is text, in pdf with its fonts.

    A reader never sees half of it, and a failure leaves what was there before.

    Raises
    ------
    InputError
        Unknown suffix (code `unknown_suffix`), or a place that cannot be written (`cannot_write`).

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Figure(), f"{folder}/empty.png").stat().st_size > 0
    True
    """
    check_target(os.fspath(path), SUFFIXES, "a figure")
    suffix = Path(path).suffix.lower()
    with replacing(path) as beside, matplotlib.rc_context(_RC):
        figure.savefig(beside, format=suffix[1:], dpi=DPI, metadata=_NO_DATE.get(suffix))
    return Path(path)
