"""JAX, set up once: float64, and compiled code kept on disk between processes."""

from __future__ import annotations

import warnings

import jax

from vrest.numerics.compiler.cache import cache_directory, made_directory, prune, refusal

jax.config.update("jax_enable_x64", True)


def _keep_compiled_code() -> None:
    directory = cache_directory()
    if directory is not None and (reason := refusal(directory)):
        warnings.warn(
            f"Compiled code is not kept in {directory}: {reason}. Remove the folder or close it to others (chmod 700), "
            "or name another in VREST_CACHE; VREST_CACHE=off keeps nothing.",
            RuntimeWarning,
            stacklevel=2,
        )
    if (directory := made_directory()) is None:
        return
    prune(directory)
    if getattr(jax.config, "jax_compilation_cache_dir", None):
        return  # a cache that the user has given to JAX is respected
    # JAX's entries are XLA's machine code as XLA writes it, compressed, without pickles; JAX names them by its version
    # and all that they depend on. They need what ours need: a folder that nobody else can write in. JAX removes old
    # ones only where filelock is installed, and expects that no other does: `prune` does it for both.
    jax.config.update("jax_compilation_cache_dir", str(directory))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


_keep_compiled_code()
