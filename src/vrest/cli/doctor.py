"""`vrest doctor`."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import rich_click as click
from click.exceptions import Exit

from vrest.cli import options

PARTS = (
    "vrest", "jax", "jaxlib", "llvmlite", "numpy", "scipy", "array-api-compat", "pint", "pydantic", "xarray",
    "h5netcdf", "zarr", "matplotlib",
)  # fmt: skip
EXPECTED, TOLERANCE = -70.0, 1e-6
"""mV: where `mammalian_neuron` rests."""

CHECK_FAILED = 5


@click.command("doctor")
@options.common
def command(as_json: bool, quiet: bool) -> None:
    """Is this installation sound: versions, devices, cache, and a cell that must rest at -70 mV.

    \b
    Examples:
      vrest doctor
      vrest doctor --json
    """
    from vrest.cli.answer import answer
    from vrest.io.report import report

    found = examine()
    body = report(found, {"v_rest": "mV", "expected": "mV", "size": "B"}, {})
    answer(body, lambda: show(found), as_json=as_json, quiet=quiet)
    if not found["self_check"]["passed"]:
        raise Exit(CHECK_FAILED)


def examine() -> dict[str, Any]:
    """What there is, and whether it works."""
    import platform

    import jax

    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {part: installed(part) for part in PARTS},
        "devices": [str(device) for device in jax.devices()],
        "self_check": self_check(),
        "cache": compiled_code(),
    }


def compiled_code() -> dict[str, Any]:
    """The folder of compiled code, what is in it, and why it is not used if it is not."""
    from vrest.numerics.compiler.cache import cache_directory, entries, refusal

    folder = cache_directory()
    found = [] if folder is None else entries(folder)
    if folder is None:
        reason = "VREST_CACHE=off"
    else:
        reason = refusal(folder) or ("" if folder.exists() else "it cannot be made")
    return {
        "folder": None if folder is None else str(folder),
        "used": not reason,
        "reason": reason or None,
        "writable": folder is not None and os.access(folder, os.W_OK),
        "entries": len(found),
        "size": sum(entry.size for entry in found),
    }


def installed(part: str) -> str | None:
    """The version of a package, None where it is missing."""
    try:
        return version(part)
    except PackageNotFoundError:
        return None


def self_check() -> dict[str, Any]:
    """The reference cell must rest where it was made to rest."""
    from vrest.model.cellfile import load
    from vrest.verbs.rest import rest

    try:
        found = rest(load("mammalian_neuron")).raise_if_none()
        v = found.v_rest
        passed = isinstance(v, float) and abs(v - EXPECTED) < TOLERANCE and found.outcome.name == "rests"
        problem = None
    except Exception as error:  # a broken installation may fail in any way, and this command is to say so
        v, passed, problem = None, False, f"{type(error).__name__}: {error}"
    return {"cell": "mammalian_neuron", "v_rest": v, "expected": EXPECTED, "passed": passed, "problem": problem}


def show(found: dict[str, Any]) -> None:
    """The findings for people."""
    from rich.filesize import decimal

    from vrest.cli.answer import say, table
    from vrest.tables import Column, Table, millivolts

    check, cache = found["self_check"], found["cache"]
    kept = f"{cache['folder']}: {cache['entries']} entries, {decimal(cache['size'])}"
    if not cache["used"]:
        kept = f"{cache['folder'] or 'kept nowhere'}; not used: {cache['reason']}"
    elif not cache["writable"]:
        kept += "; not writable: nothing is added"
    parts = {"Python": f"{found['python']}, {found['platform']}"}
    parts |= {part: known or "missing" for part, known in found["packages"].items()}
    parts |= {"devices": ", ".join(found["devices"]), "compiled code": kept}
    table(Table([Column("part", "", list(parts)), Column("found", "", list(parts.values()))]))
    if check["passed"]:
        say(f"Self-check passed: {check['cell']} rests at {millivolts(check['v_rest'])} mV.")
    else:
        reason = check["problem"] or f"it rests at {check['v_rest']} mV, not {check['expected']} mV"
        say(f"Self-check FAILED: {check['cell']}: {reason}.")
