"""Arithmetic on numbers, lane by lane, that JAX need not trace: the many operations of an elimination."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from jax import typeof

from vrest.numerics.compiler.fallback import is_for_us
from vrest.numerics.compiler.instructions import Block, Value, real
from vrest.numerics.compiler.trace import insert


def arithmetic(f: Callable[..., Sequence[Any]], *numbers: Any, groups: tuple[int, ...] = ()) -> list[Any]:
    """f(*numbers), a list of numbers that f makes by + - * / and abs alone; all (lanes,) or ().

    Where it becomes machine code of our own the operations are written down without JAX, which takes some
    ten times as long for each of them. With `groups` they are called, see `trace.insert`.

    >>> arithmetic(lambda x, y: [x - 2.0 * y, abs(x)], -1.0, 3.0)
    [-7.0, 1.0]
    """
    if not numbers or not is_for_us():
        return list(f(*numbers))
    shape = max((typeof(v).shape for v in numbers), key=len)
    made = len(f(*[_Counted()] * len(numbers)))

    def program(block: Block, values: Iterable[Value]) -> list[Value]:
        return [Entry.of(v, block).value for v in f(*(Entry(v, block) for v in values))]

    return insert(program, f, numbers, [shape] * made, groups)


class Entry:
    """A number in the making."""

    __slots__ = ("block", "value")

    def __init__(self, value: Value, block: Block) -> None:
        self.value, self.block = value, block

    @staticmethod
    def of(v: Any, block: Block) -> Entry:
        return v if isinstance(v, Entry) else Entry(real(v), block)

    def _made(self, by: Callable[[Block, Value, Value], Value], left: Any, right: Any) -> Entry:
        b = self.block
        return Entry(by(b, Entry.of(left, b).value, Entry.of(right, b).value), b)

    def __add__(self, other: Any) -> Entry:
        return self._made(Block.add, self, other)

    def __radd__(self, other: Any) -> Entry:
        return self._made(Block.add, other, self)

    def __sub__(self, other: Any) -> Entry:
        return self._made(Block.sub, self, other)

    def __rsub__(self, other: Any) -> Entry:
        return self._made(Block.sub, other, self)

    def __mul__(self, other: Any) -> Entry:
        return self._made(Block.mul, self, other)

    def __rmul__(self, other: Any) -> Entry:
        return self._made(Block.mul, other, self)

    def __truediv__(self, other: Any) -> Entry:
        return self._made(Block.div, self, other)

    def __rtruediv__(self, other: Any) -> Entry:
        return self._made(Block.div, other, self)

    def __neg__(self) -> Entry:
        return Entry(self.block.neg(self.value), self.block)

    def __abs__(self) -> Entry:
        return Entry(self.block.call("fabs", self.value), self.block)


class _Counted:
    """A number of which nothing is asked but how many come out."""

    __slots__ = ()

    def _another(self, _: Any = None) -> _Counted:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _another
    __neg__ = __abs__ = _another
