"""JAX, set up once: float64, and compiled code kept on disk between processes."""

from __future__ import annotations

import jax

from vrest.numerics.compiler.cache import cache_directory

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
