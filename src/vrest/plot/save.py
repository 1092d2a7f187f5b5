"""`save`: a figure into a file, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from vrest.errors import InputError, near_miss

SUFFIXES = (".png", ".pdf", ".svg")
DPI = 200

# letters stay letters in a PDF; equal figures give equal files
_RC: Any = {"pdf.fonttype": 42, "svg.hashsalt": "vrest"}
_NO_DATE: dict[str, dict[str, None]] = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}


def check_suffix(path: str | os.PathLike[str]) -> str:
    """The suffix of a figure file, lower case; ask before computing what will be drawn.

    Raises
    ------
    InputError
        It is none of .png, .pdf, .svg (code `unknown_format`).

    >>> check_suffix("figure.PNG")
    '.png'
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"Cannot draw into '{os.fspath(path)}': {f'{suffix!r} is no' if suffix else 'its name has no'} "
            "figure format.",
            code="unknown_format",
            hint=near_miss(suffix, list(SUFFIXES)),
        )
    return suffix


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure as png (200 dots per inch), pdf or svg.

    The file is written beside its place and then moved there: a reader never sees half of it, and a failure
    leaves what was there before.

    Raises
    ------
    InputError
        Unknown suffix (code `unknown_format`), or a folder that does not exist (code `no_such_folder`).

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Figure(), f"{folder}/empty.png").stat().st_size > 0
    True
    """
    suffix = check_suffix(path)
    target = Path(path)
    if not target.parent.is_dir():
        raise InputError(
            f"There is no folder '{target.parent}' for '{target.name}'.",
            code="no_such_folder",
            hint="Create it first, or choose another place.",
        )
    handle, beside = tempfile.mkstemp(prefix=f".{target.stem}.", suffix=suffix, dir=target.parent)
    os.close(handle)
    try:
        with matplotlib.rc_context(_RC):
            figure.savefig(beside, format=suffix[1:], dpi=DPI, metadata=_NO_DATE.get(suffix))
        os.chmod(beside, 0o666 & ~_umask())  # mkstemp keeps a file private; a figure is an ordinary file
        os.replace(beside, target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    return target


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
