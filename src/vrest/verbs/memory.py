"""How much memory there is left to work in."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


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
