"""Compiled code kept on disk between processes.

Whoever can write in the folder can have this process run what they like, since machine code is what lies there. So it
is made for its owner alone, and a folder that others own or may write in is not used. What lies around the code is
plain data: reading it runs nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import time
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from platformdirs import user_cache_dir

from vrest.units import DAY
from vrest.version import __version__

LARGEST = 1 << 30
"""Bytes that the entries take when they have been pruned."""

LONGEST = 90 * DAY
"""s: an entry unused for so long is removed."""

SUFFIXES = (".kernel", "-cache")
"""Of our entries and of those that JAX writes: nothing else in the folder is ever removed."""


class Entry(NamedTuple):
    """A file of the folder."""

    used: float
    """Time it was last used, as far as the disk tells."""
    size: int
    path: str


def cache_directory() -> Path | None:
    """Where compiled code is kept; None when `VREST_CACHE=off`."""
    chosen = os.environ.get("VREST_CACHE", "")
    if chosen.lower() == "off":
        return None
    return Path(chosen or user_cache_dir("vrest", appauthor=False)) / "compiled"


def refusal(directory: Path) -> str:
    """Why code from this folder is not run; "" if it is, or if there is no folder yet."""
    try:
        about = directory.stat()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    return _open_to_others(about) if stat.S_ISDIR(about.st_mode) else "it is no folder"


def _open_to_others(about: os.stat_result) -> str:
    """Windows has no such owners and bits: a profile's folders are closed to other users by their access lists."""
    if not hasattr(os, "geteuid"):
        return ""
    if about.st_uid != os.geteuid():
        return f"it belongs to another user (uid {about.st_uid})"
    return "other users may write in it" if about.st_mode & 0o022 else ""


def made_directory() -> Path | None:
    """The folder, made where there is none; None where nothing may be kept in it."""
    directory = cache_directory()
    if directory is None:
        return None
    try:
        directory.mkdir(0o700, parents=True, exist_ok=True)
    except OSError:
        return None  # a read-only home costs a recompilation, not an answer
    return None if refusal(directory) else directory


def kept(name: str) -> bytes:
    """What was kept under a name; nothing if there is none, or if it is not whole."""
    directory = cache_directory()
    if directory is None or refusal(directory):
        return b""
    try:
        with open(directory / name, "rb") as file:
            if _open_to_others(os.fstat(file.fileno())):  # the folder may have been another a moment ago
                return b""
            content = file.read()
    except OSError:
        return b""
    if _digest(name, content[32:]) != content[:32]:
        return b""
    with suppress(OSError):
        os.utime(directory / name)
    return content[32:]


def keep(name: str, content: bytes) -> None:
    """Keep it for other processes."""
    import tempfile

    if (directory := made_directory()) is None:
        return
    with suppress(OSError):  # a full or read-only disk costs a recompilation, not an answer
        number, partly = tempfile.mkstemp(suffix=name, dir=directory)  # for its owner alone
        try:
            with open(number, "wb") as file:
                file.write(_digest(name, content) + content)
            os.replace(partly, directory / name)
        except OSError:
            os.unlink(partly)


def _digest(name: str, content: bytes) -> bytes:
    """Of an entry under its name: one of another name is not taken for it."""
    return hashlib.sha256(name.encode() + content).digest()


def written(nesting: Any, outputs: Any, samples: int | None, code: bytes) -> bytes:
    """Machine code with what is needed to call it: a line of JSON, then the code."""
    head = json.dumps({"nesting": _named(nesting), "outputs": outputs, "samples": samples})
    return head.encode() + b"\n" + code


def read(content: bytes) -> tuple[Any, list[tuple[tuple[int, ...], str, bool]], int | None, bytes] | None:
    """The inverse of `written`; None for anything else."""
    head, _, code = content.partition(b"\n")
    try:
        told = json.loads(head)
        outputs = [(tuple(shape), kind, wide) for shape, kind, wide in told["outputs"]]
        return _nested(told["nesting"]), outputs, told["samples"], code
    except (ValueError, LookupError, TypeError, ImportError):
        return None


def _named(nesting: Any) -> Any:
    """A nesting of `kernel.leaves_of`, its sorts of tuples by names that are found again."""
    if not isinstance(nesting, tuple):
        return nesting
    kind, *parts = nesting
    name = f"{kind.__module__}:{kind.__name__}"
    _sort(name)
    return [name, *map(_named, parts)]


def _nested(told: Any) -> Any:
    if not isinstance(told, list):
        return told
    name, *parts = told
    return (_sort(name), *map(_nested, parts))


def _sort(name: str) -> type:
    """A tuple or a named tuple of this package; no other name is looked at."""
    module, _, kind = name.partition(":")
    if name == "builtins:tuple":
        return tuple
    found = getattr(import_module(module), kind, None) if module.startswith("vrest.") else None
    if not (isinstance(found, type) and issubclass(found, tuple)):
        raise TypeError(f"Kernels that are kept on disk return tuples of vrest's own, not {name}.")
    return found


def entries(directory: Path) -> list[Entry]:
    """The entries of a folder."""
    found = []
    with suppress(OSError), os.scandir(directory) as files:
        for file in files:
            if file.name.endswith(SUFFIXES):
                with suppress(OSError):  # another process has just removed it
                    about = file.stat(follow_symlinks=False)
                    found.append(Entry(max(about.st_mtime, about.st_atime), about.st_size, file.path))
    return found


def prune(directory: Path) -> None:
    """Remove what was not used for long, then what was used longest ago until the rest is small enough; once a day."""
    mark, now = directory / "pruned", time.time()
    try:
        if mark.exists() and abs(now - mark.stat().st_mtime) < DAY:
            return
        mark.touch()
    except OSError:
        return  # read-only: nothing grows there
    size = 0
    for entry in sorted(entries(directory), reverse=True):
        size += entry.size
        if size > LARGEST or now - entry.used > LONGEST:
            with suppress(OSError):
                os.unlink(entry.path)


def sources() -> str:
    """What changes when any file of the package does, JAX or llvmlite.

    Nothing where a file of the package has changed since it was imported.
    """
    top = str(Path(__file__).parents[2])
    files = []
    for folder, _, names in os.walk(top):
        for name in names:
            if name.endswith(".py"):
                about = os.stat(os.path.join(folder, name))
                if max(about.st_mtime_ns, about.st_ctime_ns) > sys.modules["vrest"]._IMPORTED:
                    return ""
                files.append((folder[len(top) :], name, about.st_size, about.st_mtime_ns))
    return f"{__version__} {makers()} {sorted(files)}"


@cache
def makers() -> tuple[str, str]:
    """The versions of JAX, which traces, and of llvmlite. JAX's is read, since to import it is most of a start."""
    from llvmlite import __version__ as llvmlite

    found = find_spec("jax")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name("version.py").read_text(encoding="utf-8"), llvmlite
