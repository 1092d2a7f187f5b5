"""JAX, set up once: float64, and compiled code kept on disk between processes."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax

from vrest.numerics.cache import cache_directory

jax.config.update("jax_enable_x64", True)


def _keep_compiled_code() -> None:
    directory = cache_directory()
    if directory is None or getattr(jax.config, "jax_compilation_cache_dir", None):
        return  # a cache that the user has given to JAX is respected
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a read-only home costs a recompilation, not an answer
    jax.config.update("jax_compilation_cache_dir", str(directory))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


_keep_compiled_code()


def for_few() -> dict[str, Any]:
    """Compiler options of a function of numbers or short arrays: simpler code that takes half the time to make.

    For the outermost function only: inside other compiled code JAX wants its `__wrapped__`.
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
