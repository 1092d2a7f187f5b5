"""What a search for a resting state can end in. The value of each member is its message."""

from __future__ import annotations

from enum import Enum, IntEnum


class Outcome(Enum):
    """What a search for a resting state ended in; the value of a member says it in words.

    >>> print(Outcome.rests_run_down.value)
    The cell is stationary and stable, but run down: no pump holds steep gradients here.
    >>> [outcome.name for outcome in Outcome if outcome.has_state and not outcome.is_rest]
    ['unstable', 'oscillates']
    """

    rests = "The cell rests: stationary and stable, with every conserved total held."
    rests_run_down = "The cell is stationary and stable, but run down: no pump holds steep gradients here."
    unstable = "There is a stationary state, but the cell leaves it."
    oscillates = "The motion leads to no rest: the cell keeps oscillating around a stationary state."
    swells_without_limit = "There is no resting state: the cell takes up salt and water without limit."
    runs_out = "There is no resting state: an ion runs out, because something goes on taking it where none is left."
    neutral = "A whole line of states is stationary: nothing in the cell determines one total."
    not_converged = "No resting state was found; that does not prove there is none."
    not_followed = "The motion was not followed to its end."

    @property
    def words(self) -> str:
        """Its name as people write it.

        >>> Outcome.swells_without_limit.words
        'swells without limit'
        """
        return self.name.replace("_", " ")

    @property
    def has_state(self) -> bool:
        """Whether a certified stationary state comes with it."""
        return self in (Outcome.rests, Outcome.rests_run_down, Outcome.unstable, Outcome.oscillates)

    @property
    def is_rest(self) -> bool:
        """Whether a cell would stay there."""
        return self in (Outcome.rests, Outcome.rests_run_down)


class Ended(IntEnum):
    """How a search ended."""

    settled = 0
    """At a stationary point."""
    stopped = 1
    """Where the motion could not go on, or where nothing moves but Newton's method finds no point."""
    moving = 2
    """Still moving after as many steps as it is given."""
    cancelled = 3
    """Because the caller had enough of it."""
