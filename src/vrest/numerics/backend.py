"""JAX, set up once: float64, and compiled code kept on disk between processes."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import jax
from platformdirs import user_cache_dir

jax.config.update("jax_enable_x64", True)


def cache_directory() -> Path | None:
    """Where compiled code is kept; None when `VREST_CACHE=off`.

    A cache that the user has already given to JAX is respected.
    """
    chosen = os.environ.get("VREST_CACHE", "")
    if chosen.lower() == "off":
        return None
    already = getattr(jax.config, "jax_compilation_cache_dir", None)
    if already:
        return Path(already)
    return Path(chosen or user_cache_dir("vrest", appauthor=False)) / "compiled"


def _keep_compiled_code() -> None:
    directory = cache_directory()
    if directory is None:
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a read-only home costs a recompilation, not an answer
    jax.config.update("jax_compilation_cache_dir", str(directory))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


_keep_compiled_code()


def for_many() -> dict[str, Any]:
    """Compiler options of a function that works on long arrays: vectors as wide as the processor has."""
    return _known(xla_cpu_prefer_vector_width=512)


def for_few() -> dict[str, Any]:
    """Compiler options of a function of numbers or short arrays: simpler code that takes half the time to make.

    Like `for_many`, for the outermost function only: inside other compiled code JAX wants its `__wrapped__`.
    """
    return _known(
        xla_cpu_use_fusion_emitters=False, xla_cpu_parallel_codegen_split_count=1, xla_backend_optimization_level=1
    )


@cache
def _known(**options: Any) -> dict[str, Any]:
    """The options, where XLA is on a CPU and has them all; they come and go with its versions."""
    if jax.default_backend() != "cpu":
        return {}
    try:
        jax.jit(lambda: 0, compiler_options=options).lower().compile()
    except jax.errors.JaxRuntimeError:
        return {}
    return options
