"""The command line: one thin file per command, which reads, asks and prints."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        from vrest.cli.app import run
    except KeyboardInterrupt:  # while all this is loaded
        return 130
    return run(arguments)
