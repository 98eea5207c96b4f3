"""The functions and operations of the language: exactly, and in float64.

An array's own axes come first, then those of its indices.
"""

import contextlib
import math
import operator
from collections.abc import Callable, Collection, Mapping
from functools import reduce
from typing import Any

import numpy as np
from flint import arb, fmpq
from flint.utils.flint_exceptions import DomainError

from gradaudit.language.numbers import (
    ONE,
    ZERO,
    Array,
    Dual,
    Seed,
    Span,
    decide,
    divide,
    each,
    hull,
    is_true,
    multiplied,
    object_array,
    or_missing,
    power,
    primal,
)
from gradaudit.language.outcomes import Missing, NoSlope, NoValue, present

Function = Callable[[Any], Any]


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


def _smooth(exact: Function, slope: Callable[[Any, Any], Any]) -> Function:
    """Return a function by its value at x, and its slope at x where the value is y."""

    def function(x: Any) -> Any:
        if isinstance(x, Dual):
            y = function(x.value)
            return x.through(y, slope(x.value, y))
        return exact(x)

    return function


def _log_of(x: Any) -> Any:
    if not decide(operator.gt, x, ZERO):
        raise NoValue("the log of a number that is not positive")
    return ZERO if x == 1 else arb(x).log()


def _log1p_of(x: Any) -> Any:
    if not decide(operator.gt, x, -ONE):
        raise NoValue("the log of a number that is not positive")
    return ZERO if x == 0 else arb(x).log1p()


def _sqrt_of(x: Any) -> Any:
    if decide(operator.lt, x, ZERO):
        raise NoValue("the square root of a negative number")
    if isinstance(x, fmpq):
        with contextlib.suppress(DomainError):
            return x.sqrt()
    return arb(x).sqrt()


_exp = _smooth(lambda x: ONE if x == 0 else arb(x).exp(), lambda x, y: y)
_log = _smooth(_log_of, lambda x, y: ONE / x)
_log1p = _smooth(_log1p_of, lambda x, y: ONE / (ONE + x))
_expm1 = _smooth(lambda x: ZERO if x == 0 else arb(x).expm1(), lambda x, y: ONE + y)
_root = _smooth(_sqrt_of, lambda x, y: divide(ONE, 2 * y))
_sigmoid: Function = _smooth(
    lambda x: ONE / 2 if x == 0 else 1 / (1 + arb(-x).exp()), lambda x, y: y * _sigmoid(-x)
)
_tanh = _smooth(
    lambda x: ZERO if x == 0 else arb(x).tanh(),
    lambda x, y: 4 * _sigmoid(2 * x) * _sigmoid(-2 * x),
)
_sin = _smooth(lambda x: ZERO if x == 0 else arb(x).sin(), lambda x, y: _cos(x))
_cos: Function = _smooth(lambda x: ONE if x == 0 else arb(x).cos(), lambda x, y: -_sin(x))
_erf = _smooth(
    lambda x: ZERO if x == 0 else arb(x).erf(), lambda x, y: _exp(-x * x) * (2 / arb.pi().sqrt())
)


def _sqrt(x: Any) -> Any:
    if isinstance(x, Dual) and primal(x) == 0:
        return x.without_slopes(_sqrt(x.value), "sqrt has no derivative at 0")
    return _root(x)


def _tied(one: Any, other: Any, why: str, among: Collection[int] | None = None) -> Any:
    """Return one of two equal numbers, either of which may be the one that counts beside here.

    So a slope is there only if both have it. among: the places of slopes that this is about.
    """
    duals = [number for number in (one, other) if isinstance(number, Dual)]
    if not duals:
        return one
    seed = max((dual.seed for dual in duals), key=lambda seed: seed.level)
    (value, mine), (equal, theirs) = (
        (number.value, number.slopes)
        if isinstance(number, Dual) and number.seed.level == seed.level
        else (number, {})
        for number in (one, other)
    )
    slopes = dict(mine)
    for place in {*mine, *theirs} if among is None else among:
        slopes[place] = _either_slope(
            mine.get(place, ZERO), theirs.get(place, ZERO), seed.sets, why
        )
    return Dual(_tied(value, equal, why), slopes, seed)


@or_missing
def _either_slope(one: Any, other: Any, sets: bool, why: str) -> Any:
    if sets:
        return hull(one, other)
    if decide(operator.ne, one, other):
        raise NoSlope(why)
    return one


def _abs(x: Any) -> Any:
    if isinstance(x, Dual) and primal(x) == 0:
        return _tied(x, -x, "abs has no derivative at 0")
    return abs(x) if isinstance(x, arb) else -x if decide(operator.lt, x, ZERO) else x


def _relu(x: Any) -> Any:
    return _larger(x, ZERO, "relu has no derivative at 0")


def _larger(one: Any, other: Any, why: str = "max has no derivative where two are equal") -> Any:
    """Return the larger of two numbers; where two balls overlap, a ball that holds it."""
    kinds = {type(one), type(other)}
    if Dual in kinds:
        if primal(one) == primal(other):
            return _tied(one, other, why)
    elif arb in kinds:
        return arb(one).max(arb(other))
    return one if decide(operator.gt, one, other) else other


def _smaller(one: Any, other: Any) -> Any:
    return -_larger(-one, -other, "min has no derivative where two are equal")


def _jump(value: Any, at: Any, why: str) -> Any:
    """Return a value that jumps where a number is 0, which it is not, or which has slopes here."""
    if not isinstance(at, Dual) or primal(at) != 0:
        return value
    return at.without_slopes(_jump(value, at.value, why), why)


def _sign(x: Any) -> Any:
    sign = _bit(decide(operator.gt, x, ZERO)) - _bit(decide(operator.lt, x, ZERO))
    return _jump(sign, x, "sign has no derivative at 0")


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def compared(left: Any, right: Any) -> Any:
        bit = _bit(decide(compare, left, right))
        if isinstance(left, Dual) or isinstance(right, Dual):
            return _jump(
                bit, left - right, "a comparison has no derivative where its sides are equal"
            )
        return bit

    return compared


def _truth(x: Any) -> Any:
    """Return 1 or 0, for a number that is another than 0 or is not; it jumps where that does."""
    bit = _bit(is_true(x))
    if isinstance(x, Dual):
        slopes = {p: one for p, one in x.slopes.items() if type(one) is NoValue}
        if slopes:
            return Dual(bit, slopes, x.seed)
    return _jump(bit, x, "a condition has no derivative where it changes")


def _both(x: Any, y: Any) -> Any:
    return _truth(x) * _truth(y)


def _not(x: Any) -> Any:
    return ONE - _truth(x)


def _either(x: Any, y: Any) -> Any:
    return ONE - _not(x) * _not(y)


def _chosen(condition: Any, one: Any, other: Any) -> Any:
    """Return one of two, whatever the other is, unless the condition changes here."""
    try:
        truth = _truth(present(condition))
    except Missing as reason:
        return reason
    taken, left = (one, other) if primal(truth) == 1 else (other, one)
    if isinstance(taken, Missing) or not isinstance(truth, Dual) or not truth.slopes:
        return taken
    if isinstance(left, Missing):
        return taken + truth.without_slopes(ZERO, "where has no derivative at its boundary")
    return or_missing(_at_its_jump)(taken, truth, left)


def _at_its_jump(taken: Any, truth: Dual, left: Any) -> Any:
    """Return a side of `where` with the slopes that both sides have."""
    why = "where has no derivative at its boundary"
    numbers = [one.seed.level for one in (taken, left) if isinstance(one, Dual)]
    if decide(operator.ne, taken, left) or max(numbers, default=0) > truth.seed.level:
        return taken + truth.without_slopes(ZERO, why)
    return _tied(taken, left, why, truth.slopes.keys())


def _raised(base: Any, exponent: Any) -> Any:
    """Return a power: a whole one of any number, or any one of a positive number."""
    if isinstance(exponent, fmpq) and exponent.q == 1:
        return power(base, int(exponent.p))
    if primal(base) == 0 and decide(operator.gt, exponent, ZERO):
        why = "a power of 0 that is not whole has no derivative"
        return base.without_slopes(ZERO, why) if isinstance(base, Dual) else ZERO
    if not decide(operator.gt, base, ZERO):
        raise NoValue("a power that is not whole, of a number that is not positive")
    if isinstance(exponent, fmpq) and exponent.q == 2:
        return power(_sqrt(base), int(exponent.p))
    return _exp(exponent * _log(base))


def _bit(truth: bool) -> fmpq:
    return ONE if truth else ZERO


def _at_each_place(
    function: Callable[[Array], Any], axes: int, *, to_array: bool = False
) -> Callable[[Array], Any]:
    """Return a function of arrays of so many axes for those with more: at each place of the rest.

    Where it raises a Missing, or one stands in the array, that is the result there. to_array: its
    result has the shape of what it is of; else it is a number.
    """
    tried = or_missing(lambda array, *_: function(array))

    def alone(array: Array) -> Any:
        return tried(array, *(one for one in array.flat if isinstance(one, Missing)))

    def of_all(array: Array) -> Any:
        if array.ndim == axes:
            return function(present(array))
        places = array.reshape(*array.shape[:axes], -1)
        found = [alone(places[..., k]) for k in range(places.shape[-1])]
        shape = array.shape[:axes] if to_array else ()
        numbers = np.empty((*shape, len(found)), dtype=array.dtype)
        for k, one in enumerate(found):
            numbers[..., k] = one
        return numbers.reshape(*shape, *array.shape[axes:])

    return of_all


def _norm(y: Array) -> Any:
    """Return the Euclidean norm of a vector, which is no steeper at 0 than what it is of."""
    if not all(primal(one) == 0 for one in y) or (parted := _parted(each(_steepest, y))) is None:
        return _sqrt((y * y).sum())
    values, slopes, seed = parted
    return Dual(_norm(values), {p: _norm_slope(one, seed.sets) for p, one in slopes.items()}, seed)


def _steepest(number: Any) -> Any:
    """Return a number with the steepest of each span of slopes, to one side."""
    if not isinstance(number, Dual) or not number.seed.sets:
        return number
    slopes = {
        p: _larger(-one.low, one.high) if isinstance(one, Span) else one
        for p, one in number.slopes.items()
    }
    return Dual(number.value, slopes, number.seed)


@or_missing
def _norm_slope(along: Array, sets: bool) -> Any:
    """Return the slopes of a norm at 0 along a vector: those of all vectors of at most length 1."""
    steepest = _norm(along)
    if not sets and decide(operator.ne, steepest, ZERO):
        raise NoSlope("norm has no derivative at 0")
    return hull(-steepest, steepest)


def _softmax(y: Array) -> Array:
    """Softmax of a vector; it is the same for y - c, so c keeps exp small and exp(0) exact."""
    shift = max(map(primal, y))  # of balls that overlap either will do
    powers = object_array([_exp(number - shift) for number in y], y.shape)
    found: Array = powers * divide(ONE, powers.sum())
    return found


def _det_and_adjugate(matrix: Array) -> tuple[Any, Array]:
    """Return the determinant of a square matrix and its adjugate, without dividing by an entry.

    It is the method of Faddeev and LeVerrier; it needs no pivot, so it has slopes anywhere.
    """
    size, unit = len(matrix), identity(len(matrix))
    adjugate, coefficient = unit, -matrix.trace()
    for k in range(2, size + 1):
        adjugate = matrix @ adjugate + unit * coefficient
        coefficient = (matrix @ adjugate).trace() / fmpq(-k)
    sign = -1 if size % 2 else 1
    return coefficient * sign, adjugate * -sign


def _det(matrix: Array) -> Any:
    """Return the determinant of a square matrix; its slope is the trace of adjugate times slope."""
    if (parted := _parted(matrix)) is None:
        return _det_and_adjugate(matrix)[0]
    values, slopes, seed = parted
    whole, adjugate = _det_and_adjugate(values)
    return Dual(whole, {p: (adjugate @ one).trace() for p, one in slopes.items()}, seed)


def _inv(matrix: Array) -> Array:
    """Return the inverse B of a square matrix A, whose slope is -B dA B."""
    if (parted := _parted(matrix)) is None:
        whole, adjugate = _det_and_adjugate(matrix)
        found: Array = adjugate * divide(ONE, whole)
        return found
    values, slopes, seed = parted
    inverse = _inv(values)
    moved = {p: -(inverse @ one @ inverse).ravel() for p, one in slopes.items()}
    numbers = [
        Dual(value, {p: one[k] for p, one in moved.items()}, seed)
        for k, value in enumerate(inverse.ravel())
    ]
    return object_array(numbers, matrix.shape)


def _parted(matrix: Array) -> tuple[Array, dict[int, Array], Seed] | None:
    """Return the values of a matrix and its slopes by place, None where it has none, or sets."""
    seeds = [one.seed for one in matrix.flat if type(one) is Dual]
    if not seeds:
        return None
    seed = max(seeds, key=lambda one: one.level)
    values, slopes = matrix.copy(), dict[int, Array]()
    for index, number in np.ndenumerate(matrix):
        if type(number) is Dual and number.seed is seed:
            values[index] = number.value
            for place, slope in number.slopes.items():
                if type(slope) not in (fmpq, arb, Dual):
                    return None
                slopes.setdefault(place, np.full(matrix.shape, ZERO))[index] = slope
    return values, slopes, seed


def _inv_of_floats(matrix: Array) -> Array:
    with contextlib.suppress(np.linalg.LinAlgError):
        return np.linalg.inv(matrix)
    return np.full(matrix.shape, np.nan)


def identity(size: int, *, floats: bool = False) -> Array:
    """Return the identity matrix of a size."""
    return np.eye(size) if floats else diag(object_array([ONE] * size, (size,)))


def diag(array: Array) -> Array:
    """Return the matrix with a vector on its diagonal."""
    size = len(array)
    matrix = np.full((size, *array.shape), ZERO if array.dtype == object else 0.0)
    matrix[range(size), range(size)] = array
    return matrix


_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_QUOTIENT, _POWER = Entrywise(divide, 2), Entrywise(_raised, 2)


def _divided(number: Any, by: Any) -> Any:
    return number / by if type(by) is fmpq and by else _QUOTIENT(number, by)


def _to_the(base: Any, exponent: Any) -> Any:
    plain = type(exponent) is fmpq and exponent.q == 1 and exponent > 0
    return multiplied(base, int(exponent.p)) if plain else _POWER(base, exponent)


_SAME: Mapping[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "negative": operator.neg,
    "sum": lambda array: array.sum(axis=0),
    "trace": lambda array: array.trace(),
    "diag": diag,
    "diagonal": lambda array: array[range(len(array)), range(len(array))],
}
FLOAT: Mapping[str, Callable[..., Any]] = {
    **_SAME,
    "/": operator.truediv,
    "**": np.power,
    **{
        sign: lambda one, other, compare=compare: compare(one, other) * 1.0
        for sign, compare in _COMPARE.items()
    },
    "not": lambda x: (x == 0) * 1.0,
    "and": lambda x, y: (x != 0) * (y != 0) * 1.0,
    "or": lambda x, y: np.logical_or(x, y) * 1.0,
    "where": lambda condition, one, other: np.array(np.where(condition, one, other))[()],
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "sin": np.sin,
    "cos": np.cos,
    "erf": np.vectorize(math.erf, otypes=[float]),
    "abs": np.abs,
    "sign": np.sign,
    "relu": lambda x: np.maximum(x, 0.0),
    "larger": np.maximum,
    "smaller": np.minimum,
    "max": lambda y: np.max(y, axis=0),
    "min": lambda y: np.min(y, axis=0),
    "norm": lambda y: np.sqrt((y * y).sum(axis=0)),
    "softmax": lambda y: (powers := np.exp(y - np.max(y, axis=0))) / np.sum(powers, axis=0),
    "det": _at_each_place(np.linalg.det, 2),
    "inv": _at_each_place(_inv_of_floats, 2, to_array=True),
}
EXACT: Mapping[str, Callable[..., Any]] = {
    **_SAME,
    "/": _divided,
    "**": _to_the,
    **{sign: Entrywise(_compared(compare), 2) for sign, compare in _COMPARE.items()},
    "not": Entrywise(_not),
    "and": Entrywise(_both, 2),
    "or": Entrywise(_either, 2),
    "where": np.frompyfunc(_chosen, 3, 1),
    "exp": Entrywise(_exp),
    "log": Entrywise(_log),
    "log1p": Entrywise(_log1p),
    "expm1": Entrywise(_expm1),
    "sqrt": Entrywise(_sqrt),
    "tanh": Entrywise(_tanh),
    "sigmoid": Entrywise(_sigmoid),
    "sin": Entrywise(_sin),
    "cos": Entrywise(_cos),
    "erf": Entrywise(_erf),
    "abs": Entrywise(_abs),
    "sign": Entrywise(_sign),
    "relu": Entrywise(_relu),
    "larger": Entrywise(_larger, 2),
    "smaller": Entrywise(_smaller, 2),
    "max": _at_each_place(lambda y: reduce(_larger, y), 1),
    "min": _at_each_place(lambda y: reduce(_smaller, y), 1),
    "norm": _at_each_place(_norm, 1),
    "softmax": _at_each_place(_softmax, 1, to_array=True),
    "det": _at_each_place(_det, 2),
    "inv": _at_each_place(_inv, 2, to_array=True),
}
