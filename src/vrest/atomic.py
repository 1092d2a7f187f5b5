"""Files that are never half written: the new one takes the place of the old one in a single step."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vrest.errors import InputError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path beside `path`; when the block ends well it becomes `path`, else it goes.

    Raises
    ------
    InputError
        `cannot_write`: the folder is missing or may not be written to, or the disk is full.
    """
    target = Path(path).resolve()  # a link stays a link: its target is replaced
    temporary = None
    try:
        handle, name = tempfile.mkstemp(suffix=target.suffix, prefix=f".{target.stem}-", dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(_mode(target))  # mkstemp makes files that only their owner can read
        temporary.replace(target)
        temporary = None
    except OSError as error:
        hint = "Check the folder, its permissions and the space on the disk."
        raise InputError(f"'{path}' cannot be written: {error}.", code="cannot_write", hint=hint) from None
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()


def _mode(target: Path) -> int:
    """The permissions of the file to be replaced, or those that a new file has."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def check_target(path: str, suffixes: Iterable[str], what: str) -> None:
    """Refuse, before anything is computed, a path that could not be written in the end.

    >>> check_target("figure.jpg", (".png", ".pdf", ".svg"), "a figure")
    Traceback (most recent call last):
    vrest.errors.InputError: 'figure.jpg': a figure is written as .png, .pdf or .svg. ...
    """
    *others, last = suffixes
    target = Path(path)
    if target.suffix.lower() not in (*others, last):
        raise InputError(
            f"'{path}': {what} is written as {', '.join(others) + ' or ' if others else ''}{last}.",
            code="unknown_suffix",
            hint="Change the end of the file's name.",
        )
    if target.is_dir() or not target.resolve().parent.is_dir():
        problem = "it is a folder" if target.is_dir() else "its folder does not exist"
        raise InputError(f"'{path}' cannot be written: {problem}.", code="cannot_write", hint="Check the path.")
    if not os.access(target.resolve().parent, os.W_OK):
        raise InputError(
            f"'{path}' cannot be written: its folder is read-only.", code="cannot_write", hint="Choose another."
        )
