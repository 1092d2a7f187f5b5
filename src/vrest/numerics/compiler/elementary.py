"""exp, log and what follows from them, as instructions that take all lanes at once; within three units of rounding."""

from __future__ import annotations

import math

from vrest.numerics.compiler.instructions import LONG, REAL, Block, Value, long, real

LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""ln 2 in two parts: a whole number up to 2,000 times the first is exact."""

TO_WHOLE = 1.5 * 2.0**52
"""Added and taken away again, it rounds to a whole number, which is then in the last bits of the sum."""

MANTISSA, ONE = (1 << 52) - 1, 1023 << 52
"""Bits of a double: its fraction, and 1.0."""


def exp(b: Block, x: Value) -> Value:
    """e to the power x."""
    inside = _within(b, x, -746.0, 710.0)
    k, rest = _reduced(b, inside)
    grown = b.add(real(1.0), _grown(b, rest, 13))
    # in two steps: 2^k alone may not be a number though the result is
    half = b.emit(f"ashr {b.typed(k)}, {_like(b, k, 1)}", LONG, k.wide)
    first, second = _two_to(b, half), _two_to(b, b.sub(k, half))
    return b.select(b.unordered(x), x, b.mul(b.mul(grown, first), second))


def expm1(b: Block, x: Value) -> Value:
    """e to the power x, less 1: exact where x is small."""
    inside = _within(b, x, -40.0, 710.0)
    k, rest = _reduced(b, inside)
    grown = _grown(b, rest, 14)
    half = _two_to(b, b.sub(k, long(1)))  # 2^k may be beyond what a double holds
    found = b.mul(real(2.0), b.add(b.mul(half, grown), b.sub(half, real(0.5))))
    found = b.select(b.compare("lt", b.call("fabs", x), real(1e-17)), x, found)  # the sign of zero, and below
    return b.select(b.unordered(x), x, found)


def log(b: Block, x: Value) -> Value:
    """Natural logarithm."""
    small = b.compare("lt", x, real(2.2250738585072014e-308))
    scaled = b.select(small, b.mul(x, real(2.0**54)), x)
    bits = b.cast("bitcast", scaled, LONG)
    # as 2^k m with m within a factor sqrt(2) of 1
    offset = b.sub(bits, long(0x3FE6A09E667F3BCD))
    k = b.emit(f"ashr {b.typed(offset)}, {_like(b, offset, 52)}", LONG, x.wide)
    m = b.cast("bitcast", b.sub(bits, b.emit(f"shl {b.typed(k)}, {_like(b, k, 52)}", LONG, x.wide)), REAL)
    exponent = b.sub(b.convert(k, REAL), b.select(small, real(54.0), real(0.0)))
    f = b.sub(m, real(1.0))
    s = b.div(f, b.add(real(2.0), f))
    z = b.mul(s, s)
    series = b.mul(z, b.horner(z, _ATANH))
    half = b.mul(real(0.5), b.mul(f, f))
    low = b.fma(s, b.add(half, series), b.mul(exponent, real(LN2_LOW)))
    found = b.sub(b.mul(exponent, real(LN2_HIGH)), b.sub(b.sub(half, low), f))
    found = b.select(b.compare("eq", x, real(math.inf)), x, found)
    found = b.select(b.compare("eq", x, real(0.0)), real(-math.inf), found)
    return b.select(b.compare("ge", x, real(0.0)), found, real(math.nan))


_ATANH = [
    1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
    2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01,
]  # fmt: skip
"""(log((1 + s)/(1 - s)) - 2 s)/s^3 in powers of s^2, highest first: the least error for |s| < 0.1716 (FreeBSD msun)."""


def log1p(b: Block, x: Value) -> Value:
    """log(1 + x): exact where x is small."""
    u = b.add(real(1.0), x)
    lost = b.div(b.sub(x, b.sub(u, real(1.0))), u)
    found = b.add(log(b, u), lost)
    found = b.select(b.compare("eq", u, real(1.0)), x, found)
    ends = b.compare("eq", b.call("fabs", u), real(math.inf))
    return b.select(ends, log(b, u), b.select(b.compare("eq", u, real(0.0)), real(-math.inf), found))


def power(b: Block, x: Value, y: Value) -> Value:
    """x to the power y, both finite or x infinite and above 0; its rounding grows with |y log x|."""
    size = exp(b, b.mul(y, log(b, b.call("fabs", x))))
    whole = b.compare("eq", y, b.call("floor", y))
    half = b.mul(real(0.5), y)
    odd = b.compare("ne", half, b.call("floor", half))
    below = b.select(whole, b.select(odd, b.neg(size), size), real(math.nan))
    found = b.select(b.compare("lt", x, real(0.0)), below, size)
    return b.select(b.compare("eq", y, real(0.0)), real(1.0), found)


def tanh(b: Block, x: Value) -> Value:
    grown = expm1(b, b.mul(real(2.0), _within(b, x, -22.0, 22.0)))
    return b.select(b.unordered(x), x, b.div(grown, b.add(grown, real(2.0))))


def logistic(b: Block, x: Value) -> Value:
    return b.div(real(1.0), b.add(real(1.0), exp(b, b.neg(x))))


def _within(b: Block, x: Value, least: float, most: float) -> Value:
    above = b.select(b.compare("gt", x, real(least)), x, real(least))
    return b.select(b.compare("lt", above, real(most)), above, real(most))


def _grown(b: Block, r: Value, degree: int) -> Value:
    """e to the power r, less 1, of |r| < 0.35, by Taylor's series."""
    inner = b.horner(r, [1.0 / math.factorial(n) for n in range(degree, 1, -1)])
    return b.fma(b.mul(r, r), inner, r)


def _reduced(b: Block, x: Value) -> tuple[Value, Value]:
    """k, a whole number, and x - k ln 2."""
    shifted = b.add(b.mul(x, real(1.0 / math.log(2.0))), real(TO_WHOLE))
    k = b.sub(b.cast("bitcast", shifted, LONG), b.cast("bitcast", real(TO_WHOLE), LONG))
    whole = b.sub(shifted, real(TO_WHOLE))
    rest = b.sub(b.sub(x, b.mul(whole, real(LN2_HIGH))), b.mul(whole, real(LN2_LOW)))
    return k, rest


def _two_to(b: Block, k: Value) -> Value:
    bits = b.add(b.emit(f"shl {b.typed(k)}, {_like(b, k, 52)}", LONG, k.wide), long(ONE))
    return b.cast("bitcast", bits, REAL)


def _like(b: Block, v: Value, n: int) -> str:
    return (b.widened(long(n)) if v.wide else long(n)).text
