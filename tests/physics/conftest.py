"""The formulas are checked in float64 under JAX, as the package runs them; compiling may take its time."""

import jax
from hypothesis import settings

jax.config.update("jax_enable_x64", True)
settings.register_profile("physics", deadline=None)
settings.load_profile("physics")
