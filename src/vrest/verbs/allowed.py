"""Where a state may go, and what a small change of it is: what the solvers are told about a cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from vrest.system.assemble import System

SWOLLEN = 1e4
"""A volume beyond this many times its start, still growing, is swelling without limit."""


class Allowed:
    """Amounts and volumes stay positive; changes are measured against the size of each state."""

    def __init__(self, system: System) -> None:
        kinds = [kind for kind, _ in system.states]
        self.system = system
        self.positive = np.array([kind in ("amount", "volume") for kind in kinds])
        self.volume = np.array([kind == "volume" for kind in kinds])
        self.independent = np.array(system.laws.independent)
        # what a small change is, in the units of the state: mM, volumes, volts, open probability
        self.floor = np.array([{"amount": 0.1, "volume": 0.1, "charge": 0.05, "gate": 0.5}[k] for k in kinds])

    def tolerance(self, rtol: Any) -> Any:
        """Absolute tolerance of each independent state that goes with a relative one."""
        return rtol * (1e-2 * self.floor[self.independent])

    def scale(self, y: Any, args: Any) -> Any:
        """The size changes of y are measured with."""
        import jax.numpy as jnp

        return jnp.maximum(jnp.abs(y), jnp.asarray(self.floor[self.independent]))

    def share(self, y: Any, step: Any, args: Any) -> Any:
        """The part of a step after which everything positive keeps a fifth of itself."""
        _, c, matrix = args
        return self.share_of(self.system.join(y, c, matrix), self.system.join(step, 0.0 * c, matrix))

    def share_of(self, x: Any, moved: Any) -> Any:
        """The same for a step of the whole state."""
        import jax.numpy as jnp

        limited = jnp.asarray(self.positive) & (moved < 0)
        room = jnp.where(limited, -0.8 * x / jnp.where(limited, moved, -1.0), 1.0)
        return jnp.clip(jnp.min(room), 0.0, 1.0)

    def positive_part(self, y: Any, c: Any, matrix: Any) -> Any:
        """Whether everything that must be positive is; all three entry by entry."""
        possible: Any = True
        for value, positive in zip(self.system.whole(y, c, matrix), self.positive, strict=True):
            possible = possible & (value > 0) if positive else possible
        return possible

    def swollen(self, y: Any, args: Any) -> Any:
        """Whether a volume has left for good."""
        import jax.numpy as jnp

        if not self.volume.any():
            return jnp.asarray(False)
        _, c, matrix = args
        x = self.system.join(y, c, matrix)
        return jnp.any(jnp.where(jnp.asarray(self.volume), x > SWOLLEN, False))
