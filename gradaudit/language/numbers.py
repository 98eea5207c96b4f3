"""Numbers that formulas are computed with, and the functions of them.

A number is an `fmpq`; an `arb` (a ball with a rigorous radius) once an exp, a log or a root that
is not rational entered; a `Dual` under a derivative; or, where a loss is wanted as NumPy would
compute it, a float64. Several of them stand in an object array; where an entry has no value, or
what it is cannot be told, the reason stands in its place.
"""

import contextlib
import operator
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import Any

import flint
import numpy as np
import numpy.typing as npt
from flint import arb, fmpq
from flint.utils.flint_exceptions import DomainError

from gradaudit.language.outcomes import CannotTell, Missing, NoValue

Array = npt.NDArray[Any]

FIRST_PRECISION = 256
LAST_PRECISION = 4096

ZERO = fmpq(0)
ONE = fmpq(1)


class Dual:
    """A number and its derivatives: value + Σ_p tangent[p] ε_p, with every ε_p ε_q = 0."""

    __slots__ = ("tangent", "value")
    __hash__ = None  # type: ignore[assignment]  # compares by value only

    def __init__(self, value: Any, tangent: Array) -> None:
        self.value = value
        self.tangent = tangent

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Dual):
            return Dual(self.value + other.value, self.tangent + other.tangent)
        if isinstance(other, np.ndarray | Missing):
            return NotImplemented
        return Dual(self.value + other, self.tangent)

    __radd__ = __add__

    def __neg__(self) -> "Dual":
        return Dual(-self.value, -self.tangent)

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Dual):
            tangent = self.tangent * other.value + other.tangent * self.value
            return Dual(self.value * other.value, tangent)
        if isinstance(other, np.ndarray | Missing):
            return NotImplemented
        return Dual(self.value * other, self.tangent * other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray | Missing):
            return NotImplemented
        return self * (other**-1 if isinstance(other, Dual) else divide(1, other))

    def __rtruediv__(self, other: Any) -> Any:
        return self**-1 * other

    def __pow__(self, exponent: int) -> "Dual":
        if exponent == 0:
            return Dual(ONE, self.tangent * ZERO)
        slope = exponent * power(self.value, exponent - 1)
        return Dual(power(self.value, exponent), self.tangent * slope)


def divide(number: Any, by: Any) -> Any:
    """Return a quotient, not finite by a ball around 0. Raises NoValue for one by exactly 0."""
    if primal(by) == 0:
        raise NoValue("division by zero")
    return number / by


def power(base: Any, exponent: int) -> Any:
    """Return an integer power of a number. Raises NoValue for a negative one of 0."""
    if exponent < 0 and primal(base) == 0:
        raise NoValue("division by zero")
    if exponent == 0 and not isinstance(base, Dual):
        return base if isinstance(base, arb) and not base.is_finite() else ONE
    return base**exponent


def primal(number: Any) -> Any:
    """Return a number without its derivatives."""
    return number.value if isinstance(number, Dual) else number


def each(function: Callable[[Any], Any], value: Any) -> Any:
    """Apply a function of numbers to a number, or to every entry of an array."""
    if not isinstance(value, np.ndarray):
        return function(value)
    return object_array([function(number) for number in value.ravel()], value.shape)


def or_missing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of numbers that returns why it has no value, and does not raise it."""

    def tried(*numbers: Any) -> Any:
        missing = [number for number in numbers if isinstance(number, Missing)]
        if missing:
            return next((one for one in missing if isinstance(one, NoValue)), missing[0])
        try:
            return function(*numbers)
        except Missing as reason:
            return reason

    return tried


def object_array(numbers: list[Any], shape: tuple[int, ...]) -> Array:
    """Return an object array, without NumPy looking into its numbers."""
    array = np.empty(len(numbers), dtype=object)
    array[:] = numbers
    return array.reshape(shape)


@contextlib.contextmanager
def precision(bits: int) -> Iterator[None]:
    """Compute balls with this many bits inside of the block."""
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def decide(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    """Compare two numbers. Raises CannotTell where balls overlap without being one point."""
    left, right = primal(left), primal(right)
    if (isinstance(left, arb) or isinstance(right, arb)) and not (left < right or left > right):
        difference = left - right
        if not difference.is_zero():
            raise CannotTell("a comparison of two values too close to tell apart")
    return bool(compare(left, right))


def is_true(number: Any) -> bool:
    """Return whether a number is another than 0. Raises CannotTell as `decide` does."""
    return decide(operator.ne, number, 0)


def _exp(x: Any) -> Any:
    if isinstance(x, Dual):
        value = _exp(x.value)
        return Dual(value, x.tangent * value)
    return ONE if x == 0 else arb(x).exp()


def _log(x: Any) -> Any:
    if isinstance(x, Dual):
        return Dual(_log(x.value), x.tangent * (1 / x.value))
    if not decide(operator.gt, x, ZERO):
        raise NoValue("the log of a number that is not positive")
    return ZERO if x == 1 else arb(x).log()


def _sqrt(x: Any) -> Any:
    if isinstance(x, Dual):
        root = _sqrt(x.value)
        return Dual(root, x.tangent * divide(1, 2 * root))
    if decide(operator.lt, x, ZERO):
        raise NoValue("the square root of a negative number")
    if isinstance(x, fmpq):
        with contextlib.suppress(DomainError):
            return x.sqrt()
    return arb(x).sqrt()


def _abs(x: Any) -> Any:
    if isinstance(x, Dual) and x.value == 0:
        raise NoValue("abs has no derivative at 0")
    return abs(x) if isinstance(x, arb) else -x if decide(operator.lt, x, ZERO) else x


def _relu(x: Any) -> Any:
    return _larger(x, ZERO)


def _largest(vector: Array) -> Any:
    return reduce(lambda largest, number: _larger(number, largest), vector.flat)


def _larger(one: Any, other: Any) -> Any:
    """Return the larger of two numbers; where two balls overlap, a ball that holds it."""
    kinds = {type(one), type(other)}
    if arb in kinds and Dual not in kinds:
        return arb(one).max(arb(other))
    return one if decide(operator.gt, one, other) else other


def _softmax(y: Array) -> Array:
    """Softmax of a vector; it is the same for y - c, so c keeps exp small and exp(0) exact."""
    shift = max(map(primal, y))  # of balls that overlap either will do
    powers = [_exp(number - shift) for number in y]
    whole = reduce(operator.add, powers)
    return object_array([power / whole for power in powers], y.shape)


FLOAT: Mapping[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "relu": lambda x: np.maximum(x, 0.0),
    "max": np.max,
    "softmax": lambda y: (powers := np.exp(y - np.max(y))) / np.sum(powers),
}
EXACT: Mapping[str, Callable[[Any], Any]] = {
    "exp": lambda x: each(_exp, x),
    "log": lambda x: each(_log, x),
    "sqrt": lambda x: each(_sqrt, x),
    "abs": lambda x: each(_abs, x),
    "relu": lambda x: each(_relu, x),
    "max": _largest,
    "softmax": _softmax,
}
