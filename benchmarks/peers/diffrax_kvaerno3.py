"""diffrax's Kvaerno3 with a PI controller, under jit and vmap; for W3, optimistix' Newton under vmap,
and its derivatives by the implicit function theorem.

The solver steps exactly to the pump's switches and starts anew there. Compiled
programs are kept on disk: `EQX_ON_ERROR=nan` drops the callback that would keep JAX from it.
"""

import os

from harness import main, reference

os.environ["EQX_ON_ERROR"] = "nan"
os.environ["JAX_COMPILATION_CACHE_DIR"] = str(reference.BENCH / "diffrax_kvaerno3" / "compiled")
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"

import functools

import diffrax
import jax
import jax.numpy as jnp
import optimistix


def derivatives(t, y, p):
    na, k, cl, v = y
    p_k, p_na, p_cl, imax, ko = p
    phi = v / reference.RT_F
    e = jnp.exp(-phi)
    ghk = reference.FARADAY * phi / (1 - e)
    share = jnp.where((t >= reference.PUMP_OFF) & (t < reference.PUMP_ON), 0.0, 1.0)
    pump = share * imax * (na / (na + 10)) ** 3 * (ko / (ko + 1)) ** 2
    i_na = p_na * ghk * (na - reference.NA_OUT * e) + 3 * pump
    i_k = p_k * ghk * (k - ko * e) - 2 * pump
    i_cl = p_cl * ghk * (reference.CL_OUT - cl * e)
    per_mole = reference.AREA_PER_VOLUME / reference.FARADAY
    dv = -1e3 / reference.CAPACITANCE * (i_na + i_k + i_cl)
    return jnp.stack([-per_mole * i_na, -per_mole * i_k, per_mole * i_cl, dv])


@functools.partial(jax.jit, static_argnames="dense")
@functools.partial(jax.vmap, in_axes=(0, None, None))
def run(parameters, rtol, dense):
    controller = diffrax.PIDController(rtol=rtol, atol=rtol * 1e-2, pcoeff=0.3, icoeff=0.4)
    return diffrax.diffeqsolve(
        diffrax.ODETerm(derivatives),
        diffrax.Kvaerno3(),
        t0=0.0,
        t1=reference.END,
        dt0=None,
        y0=jnp.asarray(reference.START),
        args=parameters,
        saveat=diffrax.SaveAt(ts=reference.TIMES) if dense else diffrax.SaveAt(t1=True),
        stepsize_controller=diffrax.ClipStepSizeController(controller, jump_ts=[reference.PUMP_OFF, reference.PUMP_ON]),
        max_steps=100_000,
        throw=False,
    ).ys


def resting(parameters):
    """K follows from the charge: the four derivatives alone have a singular Jacobian."""
    na0, k0, cl0, v0 = reference.START

    def state(x):
        na, cl, v = na0 * (1 + x[0]), cl0 * (1 + x[1]), v0 * (1 + x[2])
        return jnp.stack([na, k0 - (na - na0) + (cl - cl0) + (v - v0) / reference.MV_PER_MM, cl, v])

    newton = optimistix.Newton(rtol=1e-6, atol=1e-6)
    found = optimistix.root_find(
        lambda x, p: derivatives(0.0, state(x), p)[:3], newton, jnp.zeros(3), parameters, throw=False
    )
    return state(found.value)


rest = jax.jit(jax.vmap(resting))


@jax.jit
@jax.vmap
def gradient(parameters):
    return jax.jacfwd(lambda logarithms: resting(jnp.exp(logarithms)))(jnp.log(parameters)).T


if __name__ == "__main__":
    main(
        w1=lambda rtol: run(reference.BASE[None], rtol, True)[0],
        w2_end=lambda samples, rtol: run(samples, rtol, False)[:, 0],
        w2_dense=lambda samples, rtol: run(samples, rtol, True),
        w3=rest,
        cells={"w2_end": 500, "w2_dense": 500, "w3": 1000, "w3_gradient": 1000},
        w3_gradient=gradient,
    )
