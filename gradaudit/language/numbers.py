"""Numbers that formulas are computed with, and the functions of them.

A number is an `fmpq`; an `arb` (a ball with a rigorous radius) once an exp, a log or a root that
is not rational entered; a `Dual` under a derivative; or, where a loss is wanted as NumPy would
compute it, a float64. Several of them stand in an object array; where an entry has no value, or
what it is cannot be told, the reason stands in its place.
"""

import contextlib
import itertools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

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


class Seed(NamedTuple):
    """What derivatives are by: so many entries.

    level: of a derivative within another it is higher, and the other's numbers are constants.
    """

    level: int
    entries: int


class Dual:
    """A number and its derivatives: value + Σ_p slopes[p] ε_p, with every ε_p ε_q = 0.

    Slopes that are 0 for certain may be left out. No one changes them once they are here.
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

    def _with(self, other: Any) -> "Dual | None":
        """Return another number, if it has slopes of the same seed or one within; else None."""
        return other if isinstance(other, Dual) and other.seed.level >= self.seed.level else None

    def __add__(self, other: Any) -> Any:
        dual = self._with(other)
        if dual is None:
            if isinstance(other, np.ndarray | Missing):
                return NotImplemented
            return Dual(self.value + other, self.slopes, self.seed)
        if dual.seed.level > self.seed.level:
            return dual + self
        return Dual(self.value + dual.value, _plus(self.slopes, dual.slopes), self.seed)

    __radd__ = __add__

    def __neg__(self) -> "Dual":
        slopes = {place: -slope for place, slope in self.slopes.items()}
        return Dual(-self.value, slopes, self.seed)

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        dual = self._with(other)
        if dual is None:
            if isinstance(other, np.ndarray | Missing):
                return NotImplemented
            return self.through(self.value * other, other)
        if dual.seed.level > self.seed.level:
            return dual * self
        slopes = _plus(_times(self.slopes, dual.value), _times(dual.slopes, self.value))
        return Dual(self.value * dual.value, slopes, self.seed)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray | Missing):
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
    """Return slopes times a number; none where that is exactly 0."""
    if type(factor) is fmpq and not factor:
        return {}
    return {place: slope * factor for place, slope in slopes.items()}


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
    while isinstance(number, Dual):
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
        return x.through(value, value)
    return ONE if x == 0 else arb(x).exp()


def _log(x: Any) -> Any:
    if isinstance(x, Dual):
        return x.through(_log(x.value), 1 / x.value)
    if not decide(operator.gt, x, ZERO):
        raise NoValue("the log of a number that is not positive")
    return ZERO if x == 1 else arb(x).log()


def _sqrt(x: Any) -> Any:
    if isinstance(x, Dual):
        root = _sqrt(x.value)
        return x.through(root, divide(ONE, 2 * root))
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


def _larger(one: Any, other: Any) -> Any:
    """Return the larger of two numbers; where two balls overlap, a ball that holds it."""
    kinds = {type(one), type(other)}
    if arb in kinds and Dual not in kinds:
        return arb(one).max(arb(other))
    return one if decide(operator.gt, one, other) else other


def _softmax(y: Sequence[Any]) -> list[Any]:
    """Softmax of a vector; it is the same for y - c, so c keeps exp small and exp(0) exact."""
    shift = max(map(primal, y))  # of balls that overlap either will do
    powers = [_exp(number - shift) for number in y]
    whole = divide(ONE, reduce(operator.add, powers))
    return [power * whole for power in powers]


def _bit(truth: bool) -> fmpq:
    return ONE if truth else ZERO


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], fmpq]:
    return lambda left, right: _bit(decide(compare, left, right))


class Entrywise:
    """A function of numbers for arrays too; where it raises a Missing, that stands instead."""

    def __init__(self, function: Callable[..., Any], arguments: int = 1) -> None:
        self._alone = or_missing(function)
        self._of_arrays = np.frompyfunc(self._alone, arguments, 1)

    def __call__(self, *values: Any) -> Any:
        """Return the function of all entries of values."""
        for value in values:
            if isinstance(value, np.ndarray):
                return self._of_arrays(*values)
        return self._alone(*values)


def _along(function: Callable[[Sequence[Any]], Any], *, to_vector: bool) -> Callable[[Array], Any]:
    """Return a function of vectors along the first axis of an array."""
    alone = or_missing(lambda *vector: function(vector))

    def along(array: Array) -> Any:
        found = [alone(*vector) for vector in array.reshape(len(array), -1).T]
        if not to_vector:
            return object_array(found, array.shape[1:])[()]
        vectors = [[one] * len(array) if isinstance(one, Missing) else one for one in found]
        numbers = object_array(list(itertools.chain(*vectors)), (len(found), len(array)))
        return numbers.T.reshape(array.shape)

    return along


def _raised(base: Any, exponent: Any) -> Any:
    if not isinstance(exponent, fmpq) or exponent.q != 1:
        raise NoValue("an exponent that is not a whole number")
    return power(base, int(exponent.p))


_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_SUMS: Mapping[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "negative": operator.neg,
}
_QUOTIENT, _POWER = Entrywise(divide, 2), Entrywise(_raised, 2)


def _divided(number: Any, by: Any) -> Any:
    return number / by if type(by) is fmpq and by else _QUOTIENT(number, by)


def _to_the(base: Any, exponent: Any) -> Any:
    plain = type(exponent) is fmpq and exponent.q == 1 and exponent > 0
    return base ** int(exponent.p) if plain else _POWER(base, exponent)


FLOAT: Mapping[str, Callable[..., Any]] = {
    **_SUMS,
    "/": operator.truediv,
    "**": operator.pow,
    **{
        sign: lambda one, other, compare=compare: compare(one, other) * 1.0
        for sign, compare in _COMPARE.items()
    },
    "not": lambda x: (x == 0) * 1.0,
    "and": lambda x, y: (x != 0) * (y != 0) * 1.0,
    "or": lambda x, y: np.logical_or(x, y) * 1.0,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "relu": lambda x: np.maximum(x, 0.0),
    "max": lambda y: np.max(y, axis=0),
    "softmax": lambda y: (powers := np.exp(y - np.max(y, axis=0))) / np.sum(powers, axis=0),
}
EXACT: Mapping[str, Callable[..., Any]] = {
    **_SUMS,
    "/": _divided,
    "**": _to_the,
    **{sign: Entrywise(_compared(compare), 2) for sign, compare in _COMPARE.items()},
    "not": Entrywise(lambda x: _bit(not is_true(x))),
    "and": Entrywise(lambda x, y: _bit(all([is_true(x), is_true(y)])), 2),
    "or": Entrywise(lambda x, y: _bit(any([is_true(x), is_true(y)])), 2),
    "exp": Entrywise(_exp),
    "log": Entrywise(_log),
    "sqrt": Entrywise(_sqrt),
    "abs": Entrywise(_abs),
    "relu": Entrywise(_relu),
    "max": _along(partial(reduce, _larger), to_vector=False),
    "softmax": _along(_softmax, to_vector=True),
}
