"""How much memory there is left to work in."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from vrest.errors import InputError

MANY = 100_000
"""Times or cells from which on it is asked whether they fit."""


def memory() -> int | None:
    """Bytes that are free, for this machine and its container; None where the system does not say."""
    found: list[int] = []
    with suppress(OSError, ValueError, IndexError, StopIteration):
        line = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable"))
        found.append(1024 * int(line.split()[1]))
    container = Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError):  # "max" is no limit
        found.append(int((container / "memory.max").read_text()) - int((container / "memory.current").read_text()))
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft = resource.getrlimit(resource.RLIMIT_AS)[0]
        if soft != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            found.append(soft - pages * resource.getpagesize())
    return min(found, default=None)


def refuse_without_room(n: int, bytes_each: int, what: str, otherwise: str) -> None:
    """Refuse more of something (`what`) than fits into memory, where the system says what is free.

    otherwise: what one may do instead of asking for fewer.
    """
    if n < MANY:
        return
    need, free = n * bytes_each, memory()
    if free is not None and need > free:
        raise InputError(
            f"{n:,} {what} need about {need / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB are free.",
            code="no_memory",
            hint=f"Ask for {int(0.8 * free / bytes_each):,} {what} or fewer, or {otherwise}.",
        )
