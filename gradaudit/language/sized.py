"""Numbers that know how large their terms are, and how far float64 may be from them.

What is computed with them is exact. Beside it goes what the same computation in float64 owes: each
operation is off by a rounding of its own, and passes on what its operands were off by. See Higham,
Accuracy and Stability, chapter 3.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb

from gradaudit.language.numbers import ONE, Carrier, Dual, divide, power
from gradaudit.language.outcomes import Missing

UNIT = 2.0**-53  # the unit roundoff of float64
OF_A_FUNCTION = 8  # roundings that a function of NumPy may be off by


class Sized(Carrier):
    """An exact number.

    size: the sum of the sizes of its terms. error: how far float64 may be from the value.
    """

    __slots__ = ("error", "size")
    __hash__ = None  # type: ignore[assignment]  # compares by value only

    def __init__(self, value: Any, size: float | None = None, error: float = 0.0) -> None:
        self.value = value
        self.size = magnitude(value) if size is None else size
        self.error = error

    def __add__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray | Missing | Dual):
            return NotImplemented
        other = as_sized(other)
        size = self.size + other.size  # which no partial sum exceeds, whatever the order
        error = self.error + other.error
        return Sized(self.value + other.value, size, error + UNIT * (size + error))

    __radd__ = __add__

    def __neg__(self) -> "Sized":
        return Sized(-self.value, self.size, self.error)

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray | Missing | Dual):
            return NotImplemented
        other = as_sized(other)
        one, two = magnitude(self.value), magnitude(other.value)
        error = one * other.error + two * self.error + self.error * other.error
        size = self.size * other.size
        return Sized(self.value * other.value, size, error + UNIT * (one * two + error))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray | Missing | Dual):
            return NotImplemented
        return self * (other**-1 if isinstance(other, Sized) else divide(ONE, other))

    def __rtruediv__(self, other: Any) -> Any:
        return self**-1 * other

    def __pow__(self, exponent: int) -> "Sized":
        if exponent == 0:
            return Sized(ONE)
        value = power(self.value, exponent)
        return self.through(value, lambda x: exponent * power(x, exponent - 1))

    def through(self, value: Any, slope: Callable[[Any], Any]) -> "Sized":
        """Return a function of this number; slope: its slope, also over a ball of numbers."""

        def times_steepest(x: Any, by: float) -> float:
            try:
                return magnitude(slope(x)) * by if by else 0.0
            except (Missing, ArithmeticError):
                return np.inf

        error = times_steepest(arb(self.value) + arb(0, self.error), self.error)
        own = magnitude(value)
        size = own + times_steepest(self.value, self.size)
        return Sized(value, size, error + UNIT * OF_A_FUNCTION * (own + error))

    def or_else(self, other: Any) -> "Sized":
        """Return this number, which rounding may take for another: it may be off by as much."""
        other = as_sized(other)
        apart = magnitude(self.value - other.value)
        return Sized(self.value, max(self.size, other.size), apart + max(self.error, other.error))


def as_sized(number: Any) -> Sized:
    """Return a number with its size; one that was exact is one float64."""
    return number if isinstance(number, Sized) else Sized(number)


def magnitude(number: Any) -> float:
    """Return a bound on the absolute value of a number, infinite where it has none."""
    found = float(abs(arb(number)).upper())
    return found if found == found else np.inf  # noqa: PLR0124  # which nan is not


def error_of(number: Any) -> float:
    """Return what rounding may do to a number, or to the value of one with slopes."""
    while isinstance(number, Dual):
        number = number.value
    return number.error if isinstance(number, Sized) else 0.0
