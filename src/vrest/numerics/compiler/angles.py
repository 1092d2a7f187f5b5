"""sin, cos and tan of any number of radians, however large: right to two units in the last place, tan to three.

Up to 2^19 quarter turns are taken away as three parts of pi/2 whose products are exact (Cody and Waite); beyond, the
bits of 2/pi that matter are multiplied as one long integer (Payne and Hanek 1983, doi 10.1145/1057600.1057602).
"""

from __future__ import annotations

import math

from vrest.numerics.compiler.elementary import MANTISSA, TO_WHOLE
from vrest.numerics.compiler.instructions import LONG, REAL, Block, Value, long, real

PARTS = float.fromhex("0x1.921fb544p+0"), float.fromhex("0x1.0b4611a6p-34"), float.fromhex("0x1.3198a2ep-69")
REST = 8.47842766036889956997e-32
"""pi/2 in three parts of 33 bits, and what they leave."""

FAR = 2.0**19

SIN = [1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06,
       -1.98412698298579493134e-04, 8.33333333332248946124e-03]  # fmt: skip
THIRD = -1.66666666666666324348e-01
COS = [-1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07,
       2.48015872894767294178e-05, -1.38888888888741095749e-03, 4.16666666666666019037e-02]  # fmt: skip
"""In powers of x^2, highest first: the least error for |x| < pi/4 (FreeBSD msun)."""


def sin(b: Block, x: Value) -> Value:
    turns, rest, low = _quarters(b, x)
    found = _turned(b, turns, _sine(b, rest, low), _cosine(b, rest, low))
    return b.select(b.compare("eq", x, real(0.0)), x, found)  # the sign of zero


def cos(b: Block, x: Value) -> Value:
    turns, rest, low = _quarters(b, x)
    return _turned(b, b.add(turns, long(1)), _sine(b, rest, low), _cosine(b, rest, low))


def tan(b: Block, x: Value) -> Value:
    return b.div(sin(b, x), cos(b, x))


def _turned(b: Block, turns: Value, sine: Value, cosine: Value) -> Value:
    """The sine of an angle after so many quarter turns."""
    odd = b.compare("ne", b.op("and", turns, long(1)), long(0))
    found = b.select(odd, cosine, sine)
    return b.select(b.compare("ne", b.op("and", turns, long(2)), long(0)), b.neg(found), found)


def _sine(b: Block, x: Value, low: Value) -> Value:
    z = b.mul(x, x)
    cube = b.mul(z, x)
    more = b.mul(z, b.sub(b.mul(real(0.5), low), b.mul(cube, b.horner(z, SIN))))
    return b.sub(x, b.sub(b.sub(more, low), b.mul(cube, real(THIRD))))


def _cosine(b: Block, x: Value, low: Value) -> Value:
    z = b.mul(x, x)
    half = b.mul(real(0.5), z)
    near = b.sub(real(1.0), half)
    lost = b.sub(b.sub(real(1.0), near), half)
    series = b.mul(b.mul(z, z), b.horner(z, COS))
    return b.add(near, b.add(lost, b.sub(series, b.mul(x, low))))


def _quarters(b: Block, x: Value) -> tuple[Value, Value, Value]:
    """Quarter turns in x, of which the last two bits count, and the angle that is left, in two parts."""
    shifted = b.add(b.mul(x, real(2.0 / math.pi)), real(TO_WHOLE))
    turns = b.cast("bitcast", shifted, LONG)
    whole = b.sub(shifted, real(TO_WHOLE))
    rest, low = b.sub(x, b.mul(whole, real(PARTS[0]))), real(0.0)
    for part in PARTS[1:]:
        rest, lost = _difference(b, rest, b.mul(whole, real(part)))
        low = b.add(low, lost)
    low = b.sub(low, b.mul(whole, real(REST)))
    rest, low = (total := b.add(rest, low)), b.add(b.sub(rest, total), low)
    size = b.call("fabs", x)
    far = b.op("and", b.compare("ge", size, real(FAR)), b.compare("lt", size, real(math.inf)))
    found, turned = _far(b, x, far)
    return b.select(far, turned, turns), b.select(far, found, rest), b.select(far, real(0.0), low)


def _difference(b: Block, x: Value, y: Value) -> tuple[Value, Value]:
    """x - y, and what rounding took of it."""
    found = b.sub(x, y)
    other = b.sub(found, x)
    return found, b.sub(b.sub(x, b.sub(found, other)), b.add(y, other))


def _far(b: Block, x: Value, far: Value) -> tuple[Value, Value]:
    """The angle left and the quarter turns, where some lane is far from zero; anything where none is."""
    b.defined["quarters"] = _LONG_PRODUCT
    before, inside, after = (b.fresh(name)[1:] for name in ("before", "far", "near"))
    numbers, counts = b.type_of(REAL, x.wide), b.type_of(LONG, x.wide)
    b.do(f"br label %{before}")
    b.label(before)
    b.do(f"br i1 {b.any(far).text}, label %{inside}, label %{after}")
    b.label(inside)
    rest, turns = f"{numbers} zeroinitializer", f"{counts} zeroinitializer"
    for k in range(b.width if x.wide else 1):
        one, both, angle, turned = b.fresh(), b.fresh(), b.fresh(), b.fresh()
        if x.wide:
            b.do(f"{one} = extractelement {b.typed(x)}, i32 {k}")
        b.do(f"{both} = call {{ double, i64 }} @quarters(double {one if x.wide else x.text})")
        b.do(f"{angle} = extractvalue {{ double, i64 }} {both}, 0")
        b.do(f"{turned} = extractvalue {{ double, i64 }} {both}, 1")
        if x.wide:
            more, counted = b.fresh(), b.fresh()
            b.do(f"{more} = insertelement {rest}, double {angle}, i32 {k}")
            b.do(f"{counted} = insertelement {turns}, i64 {turned}, i32 {k}")
            rest, turns = f"{numbers} {more}", f"{counts} {counted}"
        else:
            rest, turns = f"double {angle}", f"i64 {turned}"
    b.do(f"br label %{after}")
    b.label(after)
    found = Value(b.fresh(), REAL, x.wide), Value(b.fresh(), LONG, x.wide)
    for v, made in zip(found, (rest, turns), strict=True):
        kind, text = made.rsplit(" ", 1)
        b.do(f"{v.text} = phi {kind} [zeroinitializer, %{before}], [{text}, %{inside}]")
    return found


def _two_over_pi(bits: int) -> int:
    """2/pi times 2^bits, by Machin's formula."""
    one = 1 << bits + 64

    def arctan(n: int) -> int:
        term, total, k = one // n, one // n, 1
        while term:
            term, k = -term // (n * n), k + 2
            total += term // k
        return total

    return (2 << bits) * one // (16 * arctan(5) - 4 * arctan(239))


_LONG_PRODUCT = f"""define internal {{ double, i64 }} @quarters(double %x) {{
  %bits = bitcast double %x to i64
  %sized = and i64 %bits, {(1 << 63) - 1}
  %exponent = lshr i64 %sized, 52
  %fraction = and i64 %bits, {MANTISSA}
  %whole = or i64 %fraction, {1 << 52}
  %beyond = sub i64 2046, %exponent
  %shift = zext i64 %beyond to i1216
  %shifted = lshr i1216 {_two_over_pi(1161)}, %shift
  %window = trunc i1216 %shifted to i192
  %long = zext i64 %whole to i192
  %product = mul i192 %window, %long
  %nearest = add i192 %product, {1 << 189}
  %turns = lshr i192 %nearest, 190
  %taken = shl i192 %turns, 190
  %left = sub i192 %product, %taken
  %below = icmp slt i192 %left, 0
  %other = sub i192 0, %left
  %size = select i1 %below, i192 %other, i192 %left
  %zeros = call i192 @llvm.ctlz.i192(i192 %size, i1 false)
  %full = shl i192 %size, %zeros
  %top = lshr i192 %full, 128
  %digits = trunc i192 %top to i64
  %number = uitofp i64 %digits to double
  %empty = trunc i192 %zeros to i64
  %scale = sub i64 {1023 - 62}, %empty
  %power = shl i64 %scale, 52
  %unit = bitcast i64 %power to double
  %share = fmul double %number, %unit
  %angle = fmul double %share, {real(math.pi / 2).text}
  %count = trunc i192 %turns to i64
  %backwards = icmp slt i64 %bits, 0
  %flipped = xor i1 %below, %backwards
  %negative = fneg double %angle
  %signed = select i1 %flipped, double %negative, double %angle
  %uncount = sub i64 0, %count
  %counted = select i1 %backwards, i64 %uncount, i64 %count
  %first = insertvalue {{ double, i64 }} poison, double %signed, 0
  %both = insertvalue {{ double, i64 }} %first, i64 %counted, 1
  ret {{ double, i64 }} %both
}}
declare i192 @llvm.ctlz.i192(i192, i1)"""
"""With 2/pi to 1,161 bits: the 192 of them that matter for an exponent, times the 53 bits of x, are quarter turns in
two bits and what is left of one in 190."""
