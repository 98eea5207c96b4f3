"""Numbers that formulas are computed with.

A number is an `fmpq`; an `arb` (a ball with a rigorous radius) once an exp, a log or a root that
is not rational entered; a `Dual` under a derivative; or, where a loss is wanted as NumPy would
compute it, a float64. Several of them stand in an object array; where an entry has no value, or
what it is cannot be told, the reason stands in its place.
"""

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, NamedTuple

import flint
import numpy as np
import numpy.typing as npt
from flint import arb, fmpq

from gradaudit.language.outcomes import CannotTell, Missing, NoSlope, NoValue

Array = npt.NDArray[Any]

FIRST_PRECISION = 256
LAST_PRECISION = 4096

ZERO = fmpq(0)
ONE = fmpq(1)
_SPREADING = np.ndarray, Missing  # which take a number as an operand, whatever it is


class Seed(NamedTuple):
    """What derivatives are by: so many entries.

    level: of a derivative within another it is higher, and the other's numbers are constants.
    sets: at a kink a slope is a Span that holds the slopes of all sides, else there is none.
    """

    level: int
    entries: int
    sets: bool = False


class Span:
    """All numbers between two, to be added and multiplied. A ball's ends are too rough for that."""

    __slots__ = ("high", "low")

    def __init__(self, low: Any, high: Any) -> None:
        self.low = low
        self.high = high

    def __add__(self, other: Any) -> Any:
        if isinstance(other, _SPREADING):
            return NotImplemented
        low, high = ends(other)
        return Span(self.low + low, self.high + high)

    __radd__ = __add__

    def __neg__(self) -> "Span":
        return Span(-self.high, -self.low)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, _SPREADING):
            return NotImplemented
        return hull(*(one * end for one in (self.low, self.high) for end in ends(other)))

    __rmul__ = __mul__


def ends(number: Any) -> tuple[Any, Any]:
    """Return the least and the greatest number that a span holds, or a number twice."""
    return (number.low, number.high) if isinstance(number, Span) else (number, number)


def hull(*numbers: Any) -> Any:
    """Return the span from the least to the greatest of numbers, and of spans."""
    least = reduce(_least, (ends(one)[0] for one in numbers))
    most = -reduce(_least, (-ends(one)[1] for one in numbers))
    return least if _is_zero(most - least) else Span(least, most)


def _least(one: Any, other: Any) -> Any:
    if isinstance(one, arb) or isinstance(other, arb):
        return arb(one).min(arb(other))
    return one if decide(operator.le, one, other) else other


class Dual:
    """A number and its derivatives: value + Σ_p slopes[p] ε_p, with every ε_p ε_q = 0.

    Slopes are left out of what the number does not depend on, and not where they just are 0 here.
    No one changes them once they are here.
    """

    __slots__ = ("seed", "slopes", "value")
    __hash__ = None  # type: ignore[assignment]  # compares by value only

    def __init__(self, value: Any, slopes: Mapping[int, Any], seed: Seed) -> None:
        self.value = value
        self.slopes = slopes
        self.seed = seed

    @property
    def tangent(self) -> Array:
        """All derivatives, in the order of the entries that they are by."""
        tangent = np.full(self.seed.entries, ZERO)
        for place, slope in self.slopes.items():
            tangent[place] = slope
        return tangent

    def through(self, value: Any, slope: Any) -> "Dual":
        """Return a function of this number: its value and its slope here."""
        return Dual(value, _times(self.slopes, slope), self.seed)

    def without_slopes(self, value: Any, why: str) -> "Dual":
        """Return a function of this number that jumps here, or is infinitely steep."""
        return Dual(value, dict.fromkeys(self.slopes, NoValue(why)), self.seed)

    def _is_constant(self, other: Any) -> bool:
        """Return whether another number does not depend on what the slopes are by."""
        return type(other) is not Dual or other.seed.level < self.seed.level

    def __add__(self, other: Any) -> Any:
        if type(other) is Dual and other.seed is self.seed:
            return Dual(self.value + other.value, _plus(self.slopes, other.slopes), self.seed)
        if type(other) is fmpq:  # as so often
            return Dual(self.value + other, self.slopes, self.seed) if other else self
        if isinstance(other, _SPREADING):
            return NotImplemented
        if self._is_constant(other):
            return Dual(self.value + other, self.slopes, self.seed)
        return other + self

    __radd__ = __add__

    def __neg__(self) -> "Dual":
        slopes = {place: -slope for place, slope in self.slopes.items()}
        return Dual(-self.value, slopes, self.seed)

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if type(other) is Dual and other.seed is self.seed:
            slopes = _plus(_times(self.slopes, other.value), _times(other.slopes, self.value))
            return Dual(self.value * other.value, slopes, self.seed)
        if type(other) is fmpq:  # as so often
            slopes = _times(self.slopes, other) if other else {}
            return Dual(self.value * other if other else other, slopes, self.seed)
        if isinstance(other, _SPREADING):
            return NotImplemented
        if self._is_constant(other):
            return self.through(self.value * other, other)
        return other * self

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, _SPREADING):
            return NotImplemented
        return self * (other**-1 if isinstance(other, Dual) else divide(ONE, other))

    def __rtruediv__(self, other: Any) -> Any:
        return self**-1 * other

    def __pow__(self, exponent: int) -> "Dual":
        if exponent == 0:
            return Dual(ONE, {}, self.seed)
        slope = exponent * power(self.value, exponent - 1)
        return self.through(power(self.value, exponent), slope)


def _plus(some: Mapping[int, Any], others: Mapping[int, Any]) -> Mapping[int, Any]:
    if not (some and others):
        return some or others
    found = dict(some)
    for place, slope in others.items():
        found[place] = found[place] + slope if place in found else slope
    return found


def _times(slopes: Mapping[int, Any], factor: Any) -> Mapping[int, Any]:
    """Return slopes times a number; whatever is bounded is 0 if that is."""
    if type(factor) is fmpq and not factor:
        return {p: one if _is_unbounded(one) else ZERO for p, one in slopes.items()}
    return {p: factor if one is ONE else one * factor for p, one in slopes.items()}


def _is_unbounded(slope: Any) -> bool:
    return isinstance(slope, Missing) and not isinstance(slope, NoSlope)


def _is_zero(number: Any) -> bool:
    return type(number) is fmpq and not number


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
    return multiplied(base, exponent) if exponent > 0 else base**exponent


def multiplied(base: Any, exponent: int) -> Any:
    """Return a power of at least 1 by products: of a ball around 0, FLINT's own power is nan."""
    if exponent == 1:
        return base
    half = multiplied(base, exponent // 2)
    return half * half * base if exponent % 2 else half * half


def primal(number: Any) -> Any:
    """Return a number without its derivatives."""
    while type(number) is Dual:
        number = number.value
    return number


def each(function: Callable[[Any], Any], value: Any) -> Any:
    """Apply a function of numbers to a number, or to every entry of an array."""
    if not isinstance(value, np.ndarray):
        return function(value)
    return object_array([function(number) for number in value.ravel()], value.shape)


def or_missing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of numbers that returns why it has no value, and does not raise it."""

    def tried(*numbers: Any) -> Any:
        for number in numbers:
            if isinstance(number, Missing):
                missing = [one for one in numbers if isinstance(one, Missing)]
                return next((one for one in missing if isinstance(one, NoValue)), number)
        try:
            return function(*numbers)
        except Missing as reason:  # which is kept, but not with all that was at work then
            reason.__traceback__ = reason.__context__ = None
            return reason

    return tried


def object_array(numbers: list[Any], shape: tuple[int, ...]) -> Array:
    """Return an object array, without NumPy looking into its numbers."""
    array = np.empty(len(numbers), dtype=object)
    array[:] = numbers
    return array.reshape(shape)


class precision:  # noqa: N801  # called like a function; as a generator it takes thrice as long
    """Compute balls with this many bits inside of the block."""

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def __enter__(self) -> None:
        self.before = flint.ctx.prec
        flint.ctx.prec = self.bits

    def __exit__(self, *_: object) -> None:
        flint.ctx.prec = self.before


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
