"""Where a settled curve jumps or ends: between which values of what varies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vrest.layout import glued
from vrest.numerics.spacing import between
from vrest.tables import millivolts, number
from vrest.verbs.outcome import Outcome

ROUNDS, PARTS = 3, 10
"""An interval in which something happens is cut into ten, three times."""

JUMP_MV = 1.0
"""A smaller step that does not shrink with its interval is not told."""

KEPT = 0.5
"""A step that keeps this share of its size in a thousandth of its interval is a jump, and no slope."""

MOST = 40
"""More places than this are not narrowed down."""


@dataclass(frozen=True)
class Settled:
    """Where a cell settles at one value: mV, NaN where it does not rest."""

    value: float
    v: float
    outcome: Outcome

    @property
    def kind(self) -> Outcome | None:
        """Why there is no rest; None where there is."""
        return None if self.outcome.is_rest else self.outcome


@dataclass(frozen=True)
class Threshold:
    """A jump of the settled V, or where the resting states end, between two values. Door units, mV.

    Each value is a step from the present one, so this is what a step has to pass. Coming back may take another way.
    """

    low: Settled
    high: Settled

    @property
    def value(self) -> float:
        """The middle of both."""
        return 0.5 * (self.low.value + self.high.value)

    def said(self, unit: str) -> str:
        """In a sentence, with the unit of what varies.

        >>> rests, none = Settled(2.0, -90.0, Outcome.rests), Settled(2.01, float("nan"), Outcome.swells_without_limit)
        >>> print(Threshold(rests, none).said("mM").replace("\N{NO-BREAK SPACE}", " "))
        between 2 and 2.01 mM the resting states end: above, it swells without limit
        """
        digits = 4
        while number(self.low.value, digits) == number(self.high.value, digits) and digits < 15:
            digits += 1
        low, high = (number(each.value, digits) for each in (self.low, self.high))
        ends = f"between {low} and {glued(f'{high} {unit}'.strip())}"
        if self.low.kind is self.high.kind is None:
            v = [glued(f"{millivolts(each.v)} mV") for each in (self.low, self.high)]
            return f"{ends} V jumps from {v[0]} to {v[1]}"
        if self.low.kind and self.high.kind:
            return f"{ends} what happens changes: {self.low.outcome.words} below, {self.high.outcome.words} above"
        if self.high.kind:
            return f"{ends} the resting states end: above, {_it(self.high.outcome)}"
        return f"{ends} the resting states begin: below, {_it(self.low.outcome)}"


def _it(outcome: Outcome) -> str:
    """What a cell without rest does."""
    verb = outcome in (Outcome.swells_without_limit, Outcome.oscillates)
    return f"it {outcome.words}" if verb else outcome.words


def thresholds(
    found: Sequence[Settled], settle: Callable[[np.ndarray], Sequence[Settled]], logarithmic: bool
) -> tuple[Threshold, ...]:
    """Where what a cell settles to changes by a jump.

    Parameters
    ----------
    found
        Along increasing values.
    settle
        Settles at other values, many at once.
    logarithmic
        How intervals are cut.
    """
    held = [(pair, _step(pair)) for pair in _suspects(found)]
    for _ in range(ROUNDS):
        if not held or len(held) > MOST:
            break
        inner = [between(low.value, high.value, PARTS + 1, logarithmic)[1:-1] for (low, high), _ in held]
        known = iter(settle(np.concatenate(inner)))
        held = [
            (pair, size)
            for ((low, high), size), within in zip(held, inner, strict=True)
            for pair in _narrowed([low, *(next(known) for _ in within), high])
        ]
    return tuple(Threshold(*pair) for pair, size in held if _changes(pair) or _step(pair) > max(JUMP_MV, KEPT * size))


Pair = tuple[Settled, Settled]


def _suspects(found: Sequence[Settled]) -> list[Pair]:
    """Pairs of neighbours of which one rests, or which lie further apart than the pairs beside them."""
    pairs = list(pairwise(found))
    steps = [0.0, *(_step(pair) for pair in pairs), 0.0]
    return [
        pair
        for k, pair in enumerate(pairs)
        if _changes(pair) or steps[k + 1] > 0.5 * JUMP_MV + 1.5 * max(steps[k], steps[k + 2])
    ]


def _narrowed(found: Sequence[Settled]) -> list[Pair]:
    """The parts of an interval in which something ends; where nothing does, the one with the largest step."""
    pairs = list(pairwise(found))
    return [pair for pair in pairs if _changes(pair)] or [max(pairs, key=_step)]


def _changes(pair: Pair) -> bool:
    return pair[0].kind is not pair[1].kind


def _step(pair: Pair) -> float:
    """mV; 0 where there is no rest on either side."""
    step = abs(pair[1].v - pair[0].v)
    return step if step == step else 0.0
