"""`compare_models`: several models of the same measurements, by Akaike's criterion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from vrest.errors import InputError, VrestError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.shown import Drawn
from vrest.study.fit.fit import fit
from vrest.study.fit.models import MODELS
from vrest.study.fit.result import Fit
from vrest.tables import Column, Table, number
from vrest.verbs.progress import Progress


@dataclass(frozen=True)
class ModelChoice(Drawn):
    """Models of the same data, from the best to the worst. `str()` is a table, `as_dict()` is ready for JSON.

    >>> data = {"Ko": [2.5, 5.0, 10.0, 30.0, 100.0], "Vm": [-91.9, -77.5, -61.6, -35.3, -5.2]}
    >>> choice = compare_models("frog_muscle", data, "P_Na/P_K", ["ghk", "mullins_noda"])
    >>> [f.model for f in choice.fits], round(sum(choice.weights), 12), choice.differences[0]
    (['mullins_noda', 'ghk'], 1.0, 0.0)
    """

    drawn_by: ClassVar[str] = "vrest.plot.answers:model_choice_axes"
    methods: ClassVar[tuple[str, ...]] = ("Burnham2002", "Hurvich1989", "Virtanen2020")
    fits: tuple[Fit, ...]
    """The models, by AICc."""
    refused: tuple[tuple[str, str], ...]
    """(model, reason) of those that could not be fitted."""

    @property
    def best(self) -> Fit:
        """The one with the least AICc."""
        return self.fits[0]

    @property
    def differences(self) -> list[float]:
        """AICc of each over that of the best: beyond 10 the data leave a model hardly any support."""
        least = self.best.aicc or 0.0
        return [(each.aicc or 0.0) - least for each in self.fits]

    @property
    def weights(self) -> list[float]:
        """Akaike weights: the support of each among these, in sum 1."""
        found = np.exp(-0.5 * np.array(self.differences))
        return (found / found.sum()).tolist()

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionary; `best` in full."""
        rows = zip(self.fits, self.differences, self.weights, strict=True)
        return {
            "models": [
                {
                    "model": f.model,
                    "aicc": f.aicc,
                    "difference": d,
                    "weight": w,
                    "rms": float(np.sqrt(np.mean(f.residuals**2))),
                    "values": f.told,
                }
                for f, d, w in rows
            ],
            "refused": [{"model": model, "reason": reason} for model, reason in self.refused],
            "best": self.best.as_dict(),
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict` that has one."""
        return self.best.units() | {"difference": "1", "weight": "1", "rms": "mV"}

    def _methods(self) -> tuple[str, ...]:
        return (*self.methods, *(key for f in self.fits for key in f._methods()))

    def _cells(self) -> Iterable[Cell]:
        return (self.best.cell,)

    def _brief(self) -> Iterable[str]:
        yield f"{len(self.fits)} models of {len(self.best.data)} potentials of '{self.best.cell.name}':"
        for f, d, w in zip(self.fits, self.differences, self.weights, strict=True):
            aicc = f"AICc {number(f.aicc, decimals=2)} (+{number(d, decimals=2)})"
            yield f"  {f.model}: {aicc}, weight {number(w, decimals=3)}"

    def tables(self) -> tuple[Table, ...]:
        """A row for each model: AICc, its difference from the best, weight, rms of the residuals (mV), unknowns."""
        fits = self.fits
        own = [{(e.label, e.unit): e.best for e in f.estimates} for f in fits]  # P_ of one model is g_ of another
        names = dict.fromkeys(name for each in own for name in each)
        columns = [
            Column("model", "", [f.model for f in fits]),
            Column("AICc", "", [f.aicc for f in fits], decimals=2),
            Column("more", "", self.differences, decimals=2),
            Column("weight", "", self.weights, decimals=3),
            Column("rms", "mV", [float(np.sqrt(np.mean(f.residuals**2))) for f in fits], decimals=2),
            *(Column(*name, [each.get(name) for each in own], rounding=0.0) for name in names),
        ]
        return (Table(columns, "Models"),)

    def _head(self) -> Iterable[str]:
        return [next(iter(self._brief()))]

    def _said(self) -> Iterable[str]:
        return (f"{model}: {reason}" for model, reason in self.refused)


def compare_models(
    cell: CellLike,
    data: Any,
    free: str | Iterable[str] = ("P_Na/P_K",),
    models: Iterable[str] = MODELS,
    *,
    level: float = 0.95,
    membrane: str | None = None,
    ljp: Any = None,
    config: str | None = None,
    progress: Progress | None = None,
) -> ModelChoice:
    """Fit several models to the same data and rank them by AICc.

    Parameters
    ----------
    cell, data, free, level, membrane, ljp, config
        As of `fit`. `chord` has conductances: for it P_ is read as g_.
    models
        Names of models; by default all of `fit`. One that does not apply is listed with the reason.
    progress
        Called with the share done, 0 to 1.

    Returns
    -------
    ModelChoice
        `fits` from the best, AICc `differences`, Akaike `weights`.

    Raises
    ------
    InputError
        No such cell; none of them could be fitted (the reason of the first); too few data for AICc.
    NoRestError
        Likewise the reason of the first.

    Burnham and Anderson 2002, Model Selection and Multimodel Inference, 2nd ed.

    >>> data = {"Ko": [2.5, 5.0, 10.0, 30.0, 100.0], "Vm": [-91.9, -77.5, -61.6, -35.3, -5.2]}
    >>> choice = compare_models("frog_muscle", data, "P_Na/P_K", ["ghk", "mullins_noda"])
    >>> choice.best.model
    'mullins_noda'
    """
    cell = load(cell)
    names = [free] if isinstance(free, str) else list(free)
    fits, refused, errors = [], [], []
    chosen = list(models)
    for k, model in enumerate(chosen):
        if progress:
            progress(k / len(chosen))
        theirs = [name.replace("P_", "g_") for name in names] if model == "chord" else names
        try:
            fits.append(fit(cell, data, theirs, model, level=level, membrane=membrane, ljp=ljp, config=config))
        except VrestError as error:
            refused.append((model, str(error)))
            errors.append(error)
    if not fits:
        raise errors[0] if errors else InputError("There is no model.", code="unknown_model", hint="Name some.")
    if any(each.aicc is None for each in fits):
        raise InputError(
            f"{len(fits[0].data)} potentials are too few to compare models by AICc.",
            code="too_few_data",
            hint="Measure more, or free less.",
        )
    return ModelChoice(tuple(sorted(fits, key=lambda each: each.aicc or 0.0)), tuple(refused))
