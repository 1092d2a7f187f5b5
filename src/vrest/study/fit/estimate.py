"""What the data say about one unknown: its value, its interval, and a verdict in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from vrest.model.cell import Cell
from vrest.shown import Drawn
from vrest.study.fit.free import short_path
from vrest.tables import Column, Table

AT_BOUND = {"lower": "about 0 (at the bound)", "upper": "very large (at the bound)"}
"""Of positive unknowns, and in place of the number at which the search ended."""


@dataclass(frozen=True)
class Estimate(Drawn):
    """What the data say about one unknown, in its door unit.

    >>> from vrest.study.fit.fit import fit
    >>> data = {"Ko": [2.5, 10.0, 30.0, 100.0], "Vm": [-92.0, -62.1, -35.0, -5.4]}
    >>> (e,) = fit("frog_muscle", data, model="mullins_noda").estimates
    >>> e.name, e.learnt, e.low < e.value < e.high
    ('P_Na/P_K', True, True)
    """

    drawn_by: ClassVar[str] = "vrest.plot.answers:estimate_axes"
    methods: ClassVar[tuple[str, ...]] = ("Venzon1988", "Raue2009", "Virtanen2020")

    name: str
    """The path or ratio that was free."""
    unit: str
    """Its door unit; empty for a pure number."""
    value: float
    """At the least squares; without meaning where neither end of the interval is known."""
    standard_error: float | None
    """From the curvature there, as `curve_fit` has it; None where an end of the interval is open."""
    low: float | None
    """Lower end of the profile-likelihood interval; None: open, the data set no limit."""
    high: float | None
    """Upper end, or None."""
    freedom: float
    """Degrees of freedom of the t quantile; infinite where the errors are known."""
    verdict: str
    """What has been learnt, in words."""
    at_bound: str = ""
    """`lower` or `upper` where the best value is where the search ends: a number that says nothing."""

    @property
    def best(self) -> str | float | None:
        """The value for people; words where it is at the end of the search, None where nothing is known of it."""
        if self.at_bound:
            return AT_BOUND[self.at_bound]
        return self.value if self.low is not None or self.high is not None or self.freedom == 0 else None

    @property
    def label(self) -> str:
        """For people: the end of a path says enough of a cell with one membrane."""
        return short_path(self.name)

    @property
    def learnt(self) -> bool:
        """Whether both ends of the interval are known."""
        return self.low is not None and self.high is not None

    def _cells(self) -> Iterable[Cell]:
        return ()

    def _brief(self) -> Iterable[str]:
        yield self.verdict

    def tables(self) -> tuple[Table, ...]:
        """One row: value, standard error and interval in its door unit."""
        return (estimate_table((self,), "Estimate"),)


def estimate_table(estimates: Iterable[Estimate], title: str, own: Sequence[float] = ()) -> Table:
    """A row for each estimate; `own`: what the cell has of each."""
    each = list(estimates)
    columns = (
        Column("free", "", [e.name for e in each]),
        *([Column("cell has", "", own, rounding=0.0)] if own else []),
        Column("fitted", "", [e.best for e in each], rounding=0.0),
        Column("standard error", "", [e.standard_error for e in each], digits=3, rounding=0.0),
        Column("low", "", [e.low for e in each], rounding=0.0),
        Column("high", "", [e.high for e in each], rounding=0.0),
        Column("unit", "", [e.unit for e in each]),
        Column("learnt", "", [e.learnt for e in each]),
    )
    return Table(columns, title)
