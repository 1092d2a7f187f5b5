"""Files that are never half written: the new one takes the place of the old one in a single step."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vrest.errors import InputError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says of a disk that is full, a quota, or a limit on the size of a file."""


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
        handle, name = tempfile.mkstemp(suffix=target.suffix, prefix=f".{target.stem[:32]}-", dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(_mode(target))  # mkstemp makes files that only their owner can read
        temporary.replace(target)
        temporary = None
    except OSError as error:
        raise not_written(path, error) from None
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


def not_written(path: str | os.PathLike[str], error: OSError, more: str = "") -> InputError:
    """Why a file could not be written, for people: `cannot_write`; `more` stands behind the hint.

    >>> not_written("run.nc", PermissionError(13, "Permission denied")).message
    "'run.nc' cannot be written: Permission denied."
    """
    why, hint = error.strerror or str(error), "Check the folder and its permissions."
    if error.errno in FULL:
        with suppress(OSError):
            free = shutil.disk_usage(Path(path).absolute().parent).free
            why += f" ({free / 2**20:,.1f} MiB are free there)"
        hint = "Make room, or choose another disk."
    told = f"'{short(path)}' cannot be written: {why}."
    return InputError(told, code="cannot_write", hint=f"{hint} {more}".rstrip())


def short(path: str | os.PathLike[str]) -> str:
    """A path for a message, its middle left out where it is very long.

    >>> short("run.nc"), len(short(300 * "x"))
    ('run.nc', 123)
    """
    text = os.fspath(path)
    return text if len(text) <= 150 else f"{text[:60]}...{text[-60:]}"


def check_target(path: str, suffixes: Iterable[str], what: str, *, folder: bool = False) -> None:
    """Refuse, before anything is computed, a path that could not be written in the end.

    `folder`: what is written is a folder, and may go on with one that is there.

    >>> check_target("figure.jpg", (".png", ".pdf", ".svg"), "a figure")
    Traceback (most recent call last):
    vrest.errors.InputError: 'figure.jpg': a figure is written as .png, .pdf or .svg. ...
    """
    *others, last = suffixes
    if Path(path).suffix.lower() not in (*others, last):
        raise InputError(
            f"'{short(path)}': {what} is written as {', '.join(others) + ' or ' if others else ''}{last}.",
            code="unknown_suffix",
            hint="Change the end of the file's name.",
        )
    if problem := _obstacle(path, folder):
        raise InputError(f"'{short(path)}' cannot be written: {problem}.", code="cannot_write", hint="Choose another.")


def _obstacle(path: str, folder: bool) -> str:
    """What is in the way of a new file, or of one that takes the place of another; empty where nothing is."""
    try:
        target = Path(path).resolve()
        there = _kind(target)
    except (OSError, RuntimeError, ValueError) as error:  # a name that is too long, links in a circle, a NUL
        return getattr(error, "strerror", None) or str(error)
    if there is not None and not (stat.S_ISDIR if folder else stat.S_ISREG)(there):
        return "it is a file" if folder else "it is a folder" if stat.S_ISDIR(there) else "it is no ordinary file"
    if not target.parent.is_dir():
        return "its folder does not exist"
    if there is not None and not os.access(target, os.W_OK):
        return "it is read-only"
    return "" if os.access(target.parent, os.W_OK | os.X_OK) else "its folder is read-only"


def _kind(target: Path) -> int | None:
    """What is there under that name, None where nothing is."""
    try:
        return target.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
