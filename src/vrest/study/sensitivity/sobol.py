"""Sobol indices: which shares of a variance come from which inputs, alone and with others, by SALib."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from vrest.errors import InputError
from vrest.shown import Drawn
from vrest.tables import Column, Table, number

N = 1024
"""Base samples where no other number is asked for."""

MOST = 2**20
LEVEL = 0.95
"""Of the confidence intervals."""

RESAMPLES = 100
"""Of the bootstrap: the width of an interval is then known to about 7 %."""

ALIKE = 1e-9
"""Relative spread up to which values are one value, found again to rounding."""


@dataclass(frozen=True)
class Indices(Drawn):
    """Of one output: first-order, total and pairwise indices of each of d inputs, with 95 % half-widths; NaN throughout
    where the output does not vary."""

    drawn_by: ClassVar[str] = "vrest.plot.answers:indices_axes"
    methods: ClassVar[tuple[str, ...]] = ("Saltelli2010", "Saltelli2002", "Herman2017", "Iwanaga2022")
    mean: float
    sd: float
    first: np.ndarray
    """(d,) share of the variance that an input makes alone."""
    first_ci: np.ndarray
    total: np.ndarray
    """(d,) share that is gone when all inputs but it are known: alone and with others."""
    total_ci: np.ndarray
    second: np.ndarray
    """(d, d), upper triangle: what a pair makes beyond both alone."""
    second_ci: np.ndarray
    used: int
    """Base samples that have values."""

    def _cells(self) -> Iterable[Any]:
        return ()

    def _brief(self) -> Iterable[str]:
        many = f"{len(self.first)} inputs"
        yield f"Sobol indices of {many}: mean {number(self.mean)}, SD {number(self.sd)}, {self.used} base samples"
        yield f"  alone {', '.join(number(share, decimals=3) for share in self.first)}"
        yield f"  with others {', '.join(number(share, decimals=3) for share in self.total)}"

    def tables(self) -> tuple[Table, ...]:
        """Of each input its shares of the variance alone and with others, with 95 % half-widths; of each pair."""
        inputs = range(len(self.first))
        shares = (
            Column("input", "", list(inputs)),
            Column("first", "", self.first.tolist(), decimals=3),
            Column("first, half-width", "", self.first_ci.tolist(), decimals=3),
            Column("total", "", self.total.tolist(), decimals=3),
            Column("total, half-width", "", self.total_ci.tolist(), decimals=3),
        )
        pairs = [(j, k) for j in inputs for k in inputs if j < k]
        together = (
            Column("pair", "", [f"{j}, {k}" for j, k in pairs]),
            Column("share", "", [float(self.second[pair]) for pair in pairs], decimals=3),
            Column("half-width", "", [float(self.second_ci[pair]) for pair in pairs], decimals=3),
        )
        return Table(shares, "Shares of the variance"), Table(together, "Of pairs, beyond both alone")


def sobol_indices(function: Callable[[np.ndarray], Any], inputs: int, n: int = N, *, seed: int = 0) -> Indices:
    """First-order, total and pairwise Sobol indices of a function of independent inputs.

    Estimators of Saltelli et al. 2010 (doi 10.1016/j.cpc.2009.09.018) and Saltelli 2002 (doi
    10.1016/S0010-4655(02)00280-1) on a scrambled Sobol sequence, n (2 d + 2) evaluations; bootstrap intervals, which
    do not count that a Sobol sequence is evener than chance and are therefore wide rather than narrow. All by SALib
    (Herman and Usher 2017, doi 10.21105/joss.00097).

    Parameters
    ----------
    function
        Takes inputs (rows, d), uniform between 0 and 1, and returns (rows,).
    inputs
        How many inputs there are.
    n
        Base samples, a power of two.
    seed
        Of the sequence's scrambling and of the bootstrap.

    Returns
    -------
    Indices
        `first` and `total` (d,), `second` (d, d), shares of the variance, with 95 % half-widths.

    Raises
    ------
    InputError
        n is no power of two, a seed that is no whole number, SALib is missing (`no_salib`).

    >>> found = sobol_indices(lambda u: u[:, 0] + 2 * u[:, 1], 2, 1024)
    >>> (abs(found.first - [0.2, 0.8]) < 0.01).all()
    np.True_
    """
    return estimate(np.asarray(function(design(inputs, n, seed))), inputs, seed)


def design(inputs: int, n: int, seed: int) -> np.ndarray:
    """Saltelli's rows, (n (2 d + 2), d), between 0 and 1, neither included."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 2 <= n <= MOST or n & (n - 1):
        hint = f"Choose a power of two, such as {N}: a Sobol sequence is even only then."
        raise InputError(f"n is {n!r}.", code="out_of_range", hint=hint)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
        raise InputError(f"seed is {seed!r}.", code="out_of_range", hint="Choose a whole number from 0.")
    sample, _ = _salib()
    rows = sample.sample(_problem(inputs), int(n), calc_second_order=True, seed=np.random.default_rng(int(seed)))
    return np.clip(rows, 2.0**-54, 1 - 2.0**-53)


def estimate(y: np.ndarray, inputs: int, seed: int) -> Indices:
    """The indices from the values (rows,) of a design; base samples with a NaN in their rows are left out."""
    blocks = y.reshape(-1, 2 * inputs + 2)
    blocks = blocks[np.isfinite(blocks).all(axis=1)]
    none, pairs = np.full(inputs, np.nan), np.full((inputs, inputs), np.nan)
    if not len(blocks):
        return Indices(np.nan, np.nan, none, none, none, none, pairs, pairs, 0)
    base = blocks[:, [0, -1]]
    mean, sd = float(base.mean()), float(base.std())
    if sd <= ALIKE * abs(mean) or np.ptp(blocks) == 0.0:
        return Indices(mean, sd, none, none, none, none, pairs, pairs, len(blocks))
    _, analyse = _salib()
    found = analyse.analyze(
        _problem(inputs), blocks.reshape(-1), calc_second_order=True, num_resamples=RESAMPLES, conf_level=LEVEL,
        seed=seed + 1,  # 0 would mean: another each time
    )  # fmt: skip
    names = ("S1", "S1_conf", "ST", "ST_conf", "S2", "S2_conf")
    first, first_ci, total, total_ci, second, second_ci = (np.asarray(found[name]) for name in names)
    return Indices(mean, sd, first, first_ci, total, total_ci, second, second_ci, len(blocks))


def _problem(inputs: int) -> dict[str, Any]:
    names = [f"x{k}" for k in range(inputs)]
    return {"num_vars": inputs, "names": names, "bounds": [[0.0, 1.0]] * inputs}


def _salib() -> tuple[Any, Any]:
    """SALib's sampler and estimator, or how to get them."""
    try:
        from SALib.analyze import sobol as analyse
        from SALib.sample import sobol as sample
    except ImportError:
        hint = "pip install 'vrest[sensitivity]'"
        raise InputError("SALib is not installed: Sobol indices need it.", code="no_salib", hint=hint) from None
    return sample, analyse
