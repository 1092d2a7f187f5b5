"""`posterior`: samples of what the data leave possible, by NumPyro's NUTS (the extra `bayes`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrest.errors import VrestError
from vrest.study.fit.models import traced
from vrest.study.fit.result import Fit

SPREAD_PRIOR = 10.0
"""mV: scale of the half-normal prior of an unknown scatter, and of an offset between cells."""

MOST_R_HAT = 1.05
"""Chains that agree less are not samples of the posterior."""


class NotMixedError(VrestError):
    """The chains did not agree."""

    exit_code = 4


def posterior(
    fit: Fit, *, draws: int = 1000, warmup: int = 1000, chains: int = 2, seed: int = 0
) -> dict[str, NDArray[np.float64]]:
    """Samples of the posterior of a fit.

    Priors: the logarithm of a positive unknown is uniform between its limits, eight powers of ten around the cell's
    own value (others uniform between theirs); an unknown scatter and the offset between cells are half-normal with
    10 mV. Where the data set no limit the samples fill the prior, and say so by their width.

    Parameters
    ----------
    fit
        From `fit(...)`.
    draws, warmup, chains, seed
        Of the sampler; `draws` for each chain.

    Returns
    -------
    dict
        Samples (chains x draws,) in door units by name; also `scatter` and `between_cells`, mV, where they are unknown.

    Raises
    ------
    VrestError
        `missing_extra` (NumPyro is not installed); `not_mixed` (R-hat above 1.05).

    >>> from vrest.study.fit.fit import fit
    >>> data = {"Ko": [2.5, 10.0, 30.0, 100.0], "Vm": [-92.0, -62.1, -35.0, -5.4], "sd": [1.0, 1.0, 1.0, 1.0]}
    >>> found = fit("frog_muscle", data, model="mullins_noda")
    >>> {name: values.shape for name, values in posterior(found, draws=200, warmup=200).items()}
    {'P_Na/P_K': (400,)}

    Phan, Pradhan and Jankowiak 2019, arXiv:1912.11554; Hoffman and Gelman 2014, J. Mach. Learn. Res. 15:1593. As
    BibTeX: `vrest.model.citations.bibtex(["Phan2019", "Hoffman2014"])`.
    """
    try:
        import numpyro
        from numpyro import distributions as dist
        from numpyro.diagnostics import gelman_rubin
        from numpyro.infer import MCMC, NUTS
        from numpyro.infer.initialization import init_to_value
    except ImportError:
        hint = "pip install 'vrest[bayes]'"
        raise VrestError("Sampling the posterior needs NumPyro.", code="missing_extra", hint=hint) from None
    import jax
    import jax.numpy as jnp

    noise, rows = fit.noise, jnp.asarray(fit.squares.rows)
    predict = jax.vmap(traced(fit.squares.predict.known), (None, 0))
    low, high = (jnp.array(ends) for ends in zip(*(each.limits for each in fit.free), strict=True))
    place = np.zeros(len(fit.data), dtype=int)
    for k, members in enumerate(noise.groups):
        place[members] = k

    def model() -> None:
        inner = numpyro.sample("inner", dist.Uniform(low, high).to_event(1))
        spread: Any = 1.0 if noise.known else numpyro.sample("scatter", dist.HalfNormal(SPREAD_PRIOR))
        v = predict(inner, rows)
        if noise.groups:
            between: Any = numpyro.sample("between_cells", dist.HalfNormal(SPREAD_PRIOR))
            with numpyro.plate("cells", len(noise.groups)):
                offset: Any = numpyro.sample("offset", dist.Normal(0.0, 1.0))
            v = v + (between * offset)[place]
        if noise.shared is not None:
            moved: Any = numpyro.sample("shared", dist.Normal(0.0, 1.0).expand([noise.shared.shape[1]]).to_event(1))
            v = v + jnp.asarray(noise.shared) @ moved
        possible = jnp.isfinite(v).all()
        numpyro.factor("possible", jnp.where(possible, 0.0, -jnp.inf))
        at, each = jnp.where(jnp.isfinite(v), v, 0.0), spread * jnp.asarray(fit.data.error)
        told: Any = noise.repeats and dist.StudentT(jnp.asarray(noise.repeats.freedom), at, each)
        numpyro.sample("v", told or dist.Normal(at, each), obs=fit.data.v)

    middle = np.clip(fit.optimum.inner, np.asarray(low) + 1e-3, np.asarray(high) - 1e-3)
    begin: dict[str, Any] = {"inner": jnp.asarray(middle), "scatter": fit.scatter or 1.0, "between_cells": 1.0}
    kernel = NUTS(model, init_strategy=init_to_value(values=begin), forward_mode_differentiation=True)
    sampler = MCMC(
        kernel,
        num_warmup=warmup,
        num_samples=draws,
        num_chains=chains,
        chain_method="sequential",
        progress_bar=False,
    )
    sampler.run(jax.random.PRNGKey(seed))
    drawn = sampler.get_samples(group_by_chain=True)
    inner = np.asarray(drawn["inner"])
    found = {each.name: each.outer(inner[..., k]) for k, each in enumerate(fit.free)}
    found |= {name: np.asarray(drawn[name]) for name in ("scatter", "between_cells") if name in drawn}
    worst = max(float(gelman_rubin(values)) for values in np.moveaxis(inner, -1, 0)) if chains > 1 else 1.0
    if not worst < MOST_R_HAT:
        hint = "Take more warmup and draws, or free less: unknowns that make up for each other are hard to sample."
        raise NotMixedError(f"The chains do not agree (R-hat {worst:.3f}).", code="not_mixed", hint=hint)
    return {name: np.asarray(values).reshape(-1) for name, values in found.items()}
