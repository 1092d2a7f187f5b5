"""Linearly implicit methods for stiff systems, L-stable and stiffly accurate.

Stage i solves (I/(h gamma) - J) k_i = f(t + c_i h, y + sum_j A_ij k_j) + sum_j C_ij k_j / h + h d_i f_t.
The last stage is the error estimate, and y + the argument of the last stage + its k is the step.

RODAS5P, order 5(4), with dense output of order 4: Steinebach G (2023) Construction of Rosenbrock-Wanner method Rodas5P
and numerical benchmarks within the Julia Differential Equations package. BIT Numer Math 63:27,
doi 10.1007/s10543-023-00967-x.

RODAS3, order 3(2): Sandu A, Verwer JG, Blom JG, Spee EJ, Carmichael GR, Potra FA (1997) Benchmarking stiff ODE solvers
for atmospheric chemistry problems II: Rosenbrock solvers. Atmos Environ 31:3459-3472,
doi 10.1016/S1352-2310(97)83212-8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from vrest.numerics.shapes import DenseRows, StageSquare, StageVector


class Tableau(NamedTuple):
    """The coefficients of a method with s stages."""

    gamma: float
    A: StageSquare
    """(s, s)"""
    C: StageSquare
    """(s, s)"""
    times: StageVector
    """(s,) c_i: where stage i is evaluated, in steps."""
    slopes: StageVector
    """(s,) d_i: weight of the explicit time derivative in stage i."""
    dense: DenseRows
    """(3, s): y(theta) = (1-theta) y0 + theta (y1 + (1-theta) (D1 + theta (D2 + theta D3))), D = dense k; or (0, s)."""
    order: int
    """Of the step; the embedded error estimate has one less."""


_GAMMA = 0.21193756319429014

_A = np.zeros((8, 8))
_A[1, :1] = 3.0
_A[2, :2] = 2.849394379747939, 0.45842242204463923
_A[3, :3] = -6.954028509809101, 2.489845061869568, -10.358996098473584
_A[4, :4] = 2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641
_A[5, :5] = (
    -7.502846399306121,
    2.561846144803919,
    -11.627539656261098,
    -0.18268767659942256,
    0.030198172008377946,
)
_A[6, :5] = _A[5, :5]
_A[6, 5] = 1.0
_A[7, :5] = _A[5, :5]
_A[7, 5:7] = 1.0

_C = np.zeros((8, 8))
_C[1, :1] = -14.155112264123755
_C[2, :2] = -17.97296035885952, -2.859693295451294
_C[3, :3] = 147.12150275711716, -1.41221402718213, 71.68940251302358
_C[4, :4] = 165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306
_C[5, :5] = 24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471
_C[6, :6] = (
    30.91273214028599,
    -3.1208243349937974,
    77.79954646070892,
    34.28646028294783,
    -19.097331116725623,
    -28.087943162872662,
)
_C[7, :7] = (
    37.80277123390563,
    -3.2571969029072276,
    112.26918849496327,
    66.9347231244047,
    -40.06618937091002,
    -54.66780262877968,
    -9.48861652309627,
)

_TIMES = np.array([0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0])

_SLOPES = np.array(
    [_GAMMA, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069, 0.0, 0.0, 0.0]
)

_DENSE = np.array(
    [
        [
            25.948786856663858,
            -2.5579724845846235,
            10.433815404888879,
            -2.3679251022685204,
            0.524948541321073,
            1.1241088310450404,
            0.4272876194431874,
            -0.17202221070155493,
        ],
        [
            -9.91568850695171,
            -0.9689944594115154,
            3.0438037242978453,
            -24.495224566215796,
            20.176138334709044,
            15.98066361424651,
            -6.789040303419874,
            -6.710236069923372,
        ],
        [
            11.419903575922262,
            2.8879645146136994,
            72.92137995996029,
            80.12511834622643,
            -52.072871366152654,
            -59.78993625266729,
            -0.15582684282751913,
            4.883087185713722,
        ],
    ]
)

RODAS5P = Tableau(_GAMMA, _A, _C, _TIMES, _SLOPES, _DENSE, 5)

RODAS3 = Tableau(
    gamma=0.5,
    A=np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0], [2.0, 0.0, 1.0, 0.0]]),
    C=np.array([[0.0, 0.0, 0.0, 0.0], [4.0, 0.0, 0.0, 0.0], [1.0, -1.0, 0.0, 0.0], [1.0, -1.0, -8.0 / 3.0, 0.0]]),
    times=np.array([0.0, 0.0, 1.0, 1.0]),
    slopes=np.array([0.5, 1.5, 0.0, 0.0]),
    dense=np.zeros((0, 4)),
    order=3,
)
