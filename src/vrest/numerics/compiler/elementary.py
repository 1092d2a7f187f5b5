"""exp, log and what follows from them, as instructions that take all lanes at once.

Right to so many units in the last place: 1.5 exp, exp2, log, cbrt; 2 expm1, log1p, erf; 3 tanh, logistic; 4 sinh, cosh,
asinh, acosh, atanh. The rounding of x^y grows with |y log x|. What has to do with angles is in `angles`.
"""

from __future__ import annotations

import math

from vrest.numerics.compiler.instructions import BIT, LONG, REAL, Block, Value, long, real

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
    """x to the power y, as C has it; its rounding grows with |y log x|."""
    far = b.call("fabs", x)
    size = exp(b, b.mul(y, log(b, far)))
    whole = b.compare("eq", y, b.call("floor", y))
    half = b.mul(real(0.5), y)
    odd = b.op("and", whole, b.compare("ne", half, b.call("floor", half)))
    found = b.select(odd, b.call("copysign", size, x), size)  # of -0 too
    lost = b.op("and", b.compare("lt", x, real(0.0)), b.compare("ne", x, real(-math.inf)))
    found = b.select(b.op("and", lost, b.op("xor", whole, Value("1", BIT))), real(math.nan), found)
    endless = b.compare("eq", b.call("fabs", y), real(math.inf))
    alone = b.op("or", b.compare("eq", x, real(1.0)), b.op("and", endless, b.compare("eq", far, real(1.0))))
    return b.select(b.op("or", b.compare("eq", y, real(0.0)), alone), real(1.0), found)


def tanh(b: Block, x: Value) -> Value:
    grown = expm1(b, b.mul(real(2.0), _within(b, x, -22.0, 22.0)))
    return b.select(b.unordered(x), x, b.div(grown, b.add(grown, real(2.0))))


def logistic(b: Block, x: Value) -> Value:
    return b.div(real(1.0), b.add(real(1.0), exp(b, b.neg(x))))


def exp2(b: Block, x: Value) -> Value:
    """2 to the power x."""
    inside = _within(b, x, -1080.0, 1025.0)
    shifted = b.add(inside, real(TO_WHOLE))
    k = b.sub(b.cast("bitcast", shifted, LONG), b.cast("bitcast", real(TO_WHOLE), LONG))
    rest = b.sub(inside, b.sub(shifted, real(TO_WHOLE)))
    grown = b.add(real(1.0), _grown(b, b.mul(rest, real(math.log(2.0))), 13))
    half = b.emit(f"ashr {b.typed(k)}, {_like(b, k, 1)}", LONG, k.wide)
    found = b.mul(b.mul(grown, _two_to(b, half)), _two_to(b, b.sub(k, half)))
    return b.select(b.unordered(x), x, found)


def cbrt(b: Block, x: Value) -> Value:
    """Cube root."""
    far = b.call("fabs", x)
    small = b.compare("lt", far, real(2.0**-900))
    scaled = b.select(small, b.mul(far, real(2.0**300)), far)
    near = exp(b, b.mul(real(1.0 / 3.0), log(b, scaled)))
    square = b.mul(near, near)
    # one step of Newton's method
    found = b.sub(near, b.div(b.sub(b.mul(square, near), scaled), b.mul(real(3.0), square)))
    found = b.call("copysign", b.select(small, b.mul(found, real(2.0**-100)), found), x)
    ends = b.op("or", b.compare("eq", far, real(0.0)), b.compare("eq", far, real(math.inf)))
    return b.select(ends, x, found)


def sinh(b: Block, x: Value) -> Value:
    far = b.call("fabs", x)
    grown = expm1(b, _within(b, far, 0.0, 40.0))
    small = b.mul(real(0.5), b.add(grown, b.div(grown, b.add(grown, real(1.0)))))
    root = exp(b, b.mul(real(0.5), far))  # e^x may be beyond what a double holds
    found = b.select(b.compare("lt", far, real(20.0)), small, b.mul(b.mul(real(0.5), root), root))
    return b.select(b.unordered(x), x, b.call("copysign", found, x))


def cosh(b: Block, x: Value) -> Value:
    root = exp(b, b.mul(real(0.5), b.call("fabs", x)))
    half = b.mul(real(0.5), root)
    return b.fma(half, root, b.div(real(0.25), b.mul(half, root)))


def asinh(b: Block, x: Value) -> Value:
    far = b.call("fabs", x)
    square = b.mul(far, far)
    more = b.div(square, b.add(real(1.0), b.call("sqrt", b.add(real(1.0), square))))
    near = log1p(b, b.add(far, more))
    found = b.select(b.compare("lt", far, real(1e9)), near, b.add(log(b, far), real(math.log(2.0))))
    return b.call("copysign", found, x)


def acosh(b: Block, x: Value) -> Value:
    above = b.sub(x, real(1.0))
    near = log1p(b, b.add(above, b.call("sqrt", b.mul(above, b.add(above, real(2.0))))))
    found = b.select(b.compare("lt", x, real(1e9)), near, b.add(log(b, x), real(math.log(2.0))))
    return b.select(b.compare("lt", x, real(1.0)), real(math.nan), found)


def atanh(b: Block, x: Value) -> Value:
    far = b.call("fabs", x)
    found = b.mul(real(0.5), log1p(b, b.div(b.mul(real(2.0), far), b.sub(real(1.0), far))))
    return b.call("copysign", found, x)


def erf(b: Block, x: Value) -> Value:
    """The error function: its series up to 1, then 1 - exp(-x^2) erfcx(x) up to 6, where it is 1."""
    far = _within(b, b.call("fabs", x), 0.0, 6.0)
    square = b.mul(far, far)
    near = b.fma(far, b.fma(square, b.horner(square, _ERF), real(0.12837916709551257)), far)
    t = b.div(b.sub(far, real(2.5)), b.add(far, real(2.5)))
    beyond = b.sub(real(1.0), b.mul(exp(b, b.neg(square)), b.horner(t, _ERFCX)))
    found = b.call("copysign", b.select(b.compare("lt", far, real(1.0)), near, beyond), x)
    return b.select(b.unordered(x), x, found)


_ERF = [2.0 / math.sqrt(math.pi) * (-1) ** n / (math.factorial(n) * (2 * n + 1)) for n in range(20, 0, -1)]
"""Of x^2, highest first, in erf(x)/x less its first term 2/sqrt(pi) = 1.12837916709551257."""

_ERFCX = [
    8.13438070922963413e-08, -1.56252585077431584e-06, -2.28421730943413454e-06, 7.48480117852627993e-06,
    1.86097123146174644e-05, -3.41722292735530348e-05, -1.28876496153171977e-04, 2.28379558966054151e-04,
    8.75915401916885520e-04, -2.64236592775965798e-03, -3.99370116414698648e-03, 3.99225390747837972e-02,
    -1.25033052378855536e-01, 2.51713193217455999e-01, -3.71736733948973219e-01, 2.10806364061143559e-01,
]  # fmt: skip
"""exp(x^2) erfc(x) in powers of (x - 2.5)/(x + 2.5), highest first: through Chebyshev's points of 1 < x < 6, within
2e-16 of itself."""


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
