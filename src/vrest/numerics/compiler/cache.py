"""Compiled code kept on disk between processes."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from threading import get_ident

from platformdirs import user_cache_dir

from vrest.version import __version__


def cache_directory() -> Path | None:
    """Where compiled code is kept; None when `VREST_CACHE=off`."""
    chosen = os.environ.get("VREST_CACHE", "")
    if chosen.lower() == "off":
        return None
    return Path(chosen or user_cache_dir("vrest", appauthor=False)) / "compiled"


def kept(name: str) -> bytes:
    """What was kept under a name; nothing if there is none, or if it is not whole."""
    directory = cache_directory()
    try:
        content = (directory / name).read_bytes() if directory else b""
    except OSError:
        return b""
    return content[32:] if hashlib.sha256(content[32:]).digest() == content[:32] else b""


def keep(name: str, content: bytes) -> None:
    """Keep it for other processes."""
    directory = cache_directory()
    if directory is None:
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
        partly = directory / f"{name}.{os.getpid()}.{get_ident()}"
        partly.write_bytes(hashlib.sha256(content).digest() + content)
        partly.replace(directory / name)
    except OSError:
        pass  # a full or read-only disk costs a recompilation, not an answer


def sources() -> str:
    """What changes when any file of the package does; nothing where one has changed since it was imported."""
    top = str(Path(__file__).parents[2])
    files = []
    for folder, _, names in os.walk(top):
        for name in names:
            if name.endswith(".py"):
                about = os.stat(os.path.join(folder, name))
                if max(about.st_mtime_ns, about.st_ctime_ns) > sys.modules["vrest"]._IMPORTED:
                    return ""
                files.append((folder[len(top) :], name, about.st_size, about.st_mtime_ns))
    return f"{__version__} {sorted(files)}"
