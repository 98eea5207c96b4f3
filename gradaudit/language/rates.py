"""Conditions on a rate, such as a learning rate, decided exactly instead of sampled.

A condition is evaluated at a rate with that as a rational function, which keeps every polynomial
whose sign it was asked for. Up to the next root of one of these nothing else can come of it. So
rates are tried, at the roots of what was asked so far, between any two of them and beyond either
end, until nothing new is asked. A root may be irrational; it is then held as an irreducible
polynomial and two rationals around the one root that is meant. All of it is exact. Other names in
a condition are parameters, each of which has a number.
"""

import ast
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, total_ordering
from typing import Any

from flint import arb, fmpq, fmpq_poly

from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError, mentioned
from gradaudit.language.numbers import Dual
from gradaudit.language.outcomes import CannotTell, Missing, NoValue

MAX_DEGREE = 64
MAX_BITS = 2_000
MAX_RATES = 200  # at which one condition can change, complex ones counted
MAX_ROOT_BITS = 2**14  # of the rationals around a root
FINEST = fmpq(1, 10**30)  # to which a root is known that others are set beside
MAX_SEARCH = 2**15  # of these times the degree, until there is one root between them
MAX_OPERATIONS = 100_000  # to find out where one condition can change

ITSELF = fmpq_poly([0, 1])
ONE = fmpq_poly([1])
Parameters = tuple[tuple[str, fmpq], ...]
Coefficients = tuple[fmpq, ...]  # of an irreducible polynomial, the constant first


@dataclass(frozen=True)
class Root:
    """An irrational rate: the only root of an irreducible polynomial between two rationals."""

    coefficients: Coefficients
    low: fmpq
    high: fmpq
    bits: int = 1  # by which to narrow the interval next

    def told(self, name: str) -> str:
        """Return which rate it is, in words: no number that is written out is this one."""
        polynomial = str(fmpq_poly(list(self.coefficients)))
        for theirs, ours in (("x", name), ("^", "**"), ("+ (-", "- "), (")", "")):
            polynomial = polynomial.replace(theirs, ours)
        near = self
        while near.high - near.low > abs(near.low) / 10**9:
            near = near.narrowed()
        return f"the root of {polynomial} near {arb(near.low).str(6, radius=False)}"

    def narrowed(self) -> "Root":
        """Return the same root with a part of its interval. Raises FormulaError.

        That is where a straight line between the ends is 0, if the root is there, and the next
        part is then of twice as many bits; else it is one of the halves.
        """
        if (self.high - self.low).height_bits() > MAX_ROOT_BITS:
            raise FormulaError(1, "two critical rates could not be told apart")
        polynomial = fmpq_poly(list(self.coefficients))
        below, above = polynomial(self.low), polynomial(self.high)
        width = (self.high - self.low) / 2**self.bits
        low = self.low + width * (below / (below - above) * 2**self.bits).floor()
        if polynomial(low) * below > 0 > polynomial(low + width) * below:
            return Root(self.coefficients, low, low + width, 2 * self.bits)
        middle = (self.low + self.high) / 2
        if polynomial(middle) * below > 0:
            return Root(self.coefficients, middle, self.high)
        return Root(self.coefficients, self.low, middle)


Point = fmpq | Root
Truths = tuple[bool, bool, bool]


@total_ordering
class Ratio:
    """A rational function of the rate that has a value where it is `at`, by which it is compared.

    name: of the rate. asked: every polynomial whose sign was needed, of all ratios that came of
    the same rate.
    """

    __slots__ = ("asked", "at", "name", "over", "under")
    __hash__ = None  # type: ignore[assignment]  # compares by value only

    def __init__(self, name: str, over: Any, under: Any, at: Point, asked: list[fmpq_poly]) -> None:
        self.name = name
        self.over = over
        self.under = under
        self.at = at
        self.asked = asked

    def _of(self, over: Any, under: Any) -> "Ratio":
        return type(self)(self.name, over, under, self.at, self.asked)

    def __add__(self, other: Any) -> "Ratio":
        if isinstance(other, Missing | Dual):
            return NotImplemented
        if not isinstance(other, Ratio):
            return self._of(self.over + other * self.under, self.under)
        over = self.over * other.under + other.over * self.under
        return self._of(over, self.under * other.under)

    __radd__ = __add__

    def __neg__(self) -> "Ratio":
        return self._of(-self.over, self.under)

    def __sub__(self, other: Any) -> "Ratio":
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> "Ratio":
        return (-self).__add__(other)

    def __mul__(self, other: Any) -> "Ratio":
        if isinstance(other, Missing | Dual):
            return NotImplemented
        if not isinstance(other, Ratio):
            return self._of(other * self.over, self.under)
        return self._of(self.over * other.over, self.under * other.under)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> "Ratio":
        return self * (other**-1 if isinstance(other, Ratio) else 1 / other)

    def __rtruediv__(self, other: Any) -> "Ratio":
        return (self**-1).__mul__(other)

    def __pow__(self, power: int) -> "Ratio":
        if power >= 0:
            return self._of(self.over**power, self.under**power)
        if self == 0:
            raise ZeroDivisionError
        return self._of(self.under**-power, self.over**-power)

    def __eq__(self, other: Any) -> bool:
        return self.__sub__(other).sign() == 0

    def __lt__(self, other: Any) -> bool:
        return self.__sub__(other).sign() < 0

    def sign(self) -> int:
        """Return -1, 0 or 1. What it is divided by was asked for, and is not 0."""
        self.asked.append(self.over)
        return _sign(self.over, self.at) * _sign(self.under, self.at)

    def too_large(self, times: int = 1) -> str:
        """Return why a power of this is too large to go on with, or nothing."""
        if max(self.over.degree(), self.under.degree()) * times > MAX_DEGREE:
            return f"a power of {self.name} beyond {MAX_DEGREE}"
        for part in (self.over, self.under):
            whole: Any = part.numer()
            if max(whole.height_bits(), part.denom().bit_length()) > MAX_BITS:
                return f"a number of more than {MAX_BITS} bits"
        return ""


def deciding_points(condition: Formula, truth: Formula, parameters: Parameters) -> list[Point]:
    """Return rates that tell two conditions apart if any rate does, in increasing order.

    Raises FormulaError.
    """
    return _in_order(_critical(condition, parameters) | _critical(truth, parameters))


def changes(condition: Formula, parameters: Parameters = ()) -> list[tuple[fmpq, Truths]]:
    """Return the rates at which it changes whether a condition holds, in increasing order.

    Each comes with whether it holds just below, there, and just above. Raises FormulaError.
    """
    points = deciding_points(condition, condition, parameters)
    truths = []
    for point in points:
        try:
            truths.append(holds_at(condition, point, parameters))
        except Missing:  # undefined there
            truths.append(False)
    around = zip(points[1::2], truths[:-1:2], truths[1::2], truths[2::2], strict=True)
    return [
        (near(at), (below, there, above))
        for at, below, there, above in around
        if not below == there == above
    ]


def holds_at(condition: Formula, at: Point, parameters: Parameters = ()) -> bool:
    """Return whether a condition holds at a rate.

    Raises NoValue where it is undefined, CannotTell where it is beyond a limit there.
    """
    try:
        truth, _ = _truth(condition, at, parameters, [])
    except FormulaError as beyond:
        raise CannotTell(beyond.message) from None
    if truth is None:
        raise NoValue("undefined: division by zero")
    return truth


@lru_cache(maxsize=2**10)
def _critical(condition: Formula, parameters: Parameters) -> frozenset[Coefficients]:
    """Return irreducible polynomials at whose roots alone the truth of a condition can change."""
    refuse_other_operations(
        condition, ("abs", "relu"), f"a condition on {condition.scope.rate}", ", compared"
    )
    factors: frozenset[Coefficients] = frozenset()
    tried: set[Point] = set()
    operations = 0
    while True:
        asked: list[fmpq_poly] = []
        for point in _in_order(factors):
            if point not in tried:
                tried.add(point)
                operations += _truth(condition, point, parameters, asked)[1]
            if operations > MAX_OPERATIONS:
                raise FormulaError(1, f"this takes more than {MAX_OPERATIONS} operations to decide")
        found = factors.union(*map(_factors, {tuple(one.coeffs()) for one in asked}))
        if found == factors:
            return factors
        factors = found
        if sum(len(one) - 1 for one in factors) > MAX_RATES:
            raise FormulaError(1, "too many rates at which it can change; simplify it")


def _truth(
    condition: Formula, at: Point, parameters: Parameters, asked: list[fmpq_poly]
) -> tuple[bool | None, int]:
    """Return the truth of a condition, and how many operations that took.

    It is None where a part that matters is undefined (Kleene).
    """
    name = condition.scope.rate
    rate = Ratio(name, ITSELF, ONE, at, asked)
    env = Env({**dict(parameters), name: rate}, {}, condition.scope.defined)

    @cache
    def truth(node: ast.expr) -> bool | None:
        match node:
            case ast.Name() if node.id in env.defined:
                return truth(env.defined[node.id])
            case ast.UnaryOp(op=ast.Not()):
                inner = truth(node.operand)
                return None if inner is None else not inner
            case ast.BoolOp():
                parts, decisive = node.values, isinstance(node.op, ast.Or)
            case ast.Compare() if len(node.ops) > 1:
                parts, decisive = _pairs(node), False
            case _ if not any(isinstance(one, ast.Compare) for one in _nodes(node, env.defined)):
                wanted = f"a condition is wanted, such as 0 < {name} < 1"
                raise FormulaError(node.col_offset, wanted)
            case _:
                try:
                    return env.truth(node)
                except NoValue:
                    return None
        truths = [truth(part) for part in parts]
        return decisive if decisive in truths else None if None in truths else not decisive

    try:
        return truth(condition.tree), env.operations
    except RecursionError:
        raise FormulaError(1, "nested too deeply, through its own names") from None


def _pairs(node: ast.Compare) -> list[ast.expr]:
    """Return the comparisons that several at once are; they are kept with it, as are programs."""
    kept: dict[str, list[ast.expr]] = vars(node)
    if "pairs" not in kept:
        sides = itertools.pairwise([node.left, *node.comparators])
        kept["pairs"] = [
            ast.Compare(left, [op], [right], col_offset=node.col_offset)
            for op, (left, right) in zip(node.ops, sides, strict=True)
        ]
    return kept["pairs"]


def _nodes(tree: ast.expr, defined: Mapping[str, ast.expr]) -> Iterator[ast.AST]:
    """Yield what a tree consists of, and the definitions that it leads to."""
    yield from ast.walk(tree)
    for name in sorted(mentioned(tree, defined) & defined.keys()):
        yield from ast.walk(defined[name])


INSTEAD = {
    "sqrt": "; square both sides, where these are positive",
    "max": "; say it of each, joined by and",
    "min": "; say it of each, joined by or",
}


def refuse_other_operations(
    formula: Formula, functions: Sequence[str], what: str, also: str = ""
) -> None:
    """Raise FormulaError for what does not make ratios of ratios.

    functions: those that may stand in it. what: it is, and also: what it may consist of besides.
    """
    made_of = " and ".join(["+ - * / **", *(one for one in functions if one != "relu")])
    for node in _nodes(formula.tree, formula.scope.defined):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name not in functions:
                message = f"no {name}(...) in {what}{INSTEAD.get(name, '')}"
            case ast.Subscript() | ast.Attribute():
                message = f"{what} is made of numbers, {made_of}{also}"
            case ast.BinOp(op=ast.MatMult(), right=node):
                message = f"@ joins arrays, and {what} has none"
            case _:
                continue
        raise FormulaError(node.col_offset, message)


@lru_cache(maxsize=2**10)
def _factors(coefficients: Coefficients) -> frozenset[Coefficients]:
    """Return the irreducible factors of a polynomial, none of 0."""
    polynomial = fmpq_poly(list(coefficients))
    if polynomial.degree() < 1:
        return frozenset()
    return frozenset(tuple(factor.coeffs()) for factor, _ in polynomial.factor()[1])


@lru_cache(maxsize=2**10)
def _real_roots(coefficients: Coefficients) -> tuple[Point, ...]:
    """Return the real roots of an irreducible polynomial. Raises FormulaError."""
    if len(coefficients) == 2:
        return (-coefficients[0] / coefficients[1],)
    polynomial = fmpq_poly(list(coefficients))
    *rest, leading = coefficients
    bits = [abs(one / leading).ceil().bit_length() for one in reversed(rest)]
    bound = fmpq(2) ** (1 + max(-(-size // k) for k, size in enumerate(bits, start=1)))  # Fujiwara
    pending, found = [(-bound, bound)], list[Point]()
    while pending:
        low, high = pending.pop()
        if (high - low).height_bits() * polynomial.degree() > MAX_SEARCH:
            raise FormulaError(1, "two critical rates could not be told apart")
        changes = _sign_changes(polynomial, low, high)
        if changes == 1:
            found.append(Root(coefficients, low, high))
        elif changes:
            middle = (low + high) / 2
            pending += [(low, middle), (middle, high)]
    return tuple(found)


def _sign_changes(polynomial: fmpq_poly, low: fmpq, high: fmpq) -> int:
    """Return no less than the number of roots between two rationals, and if it is 0 or 1 that.

    It is Descartes' rule of signs, for the polynomial whose positive roots stand for these.
    """
    inside = polynomial(fmpq_poly([low, high - low])).coeffs()
    signs = [one > 0 for one in fmpq_poly(inside[::-1])(fmpq_poly([1, 1])).coeffs() if one]
    return sum(one != other for one, other in itertools.pairwise(signs))


def _sign(polynomial: fmpq_poly, at: Point) -> int:
    if isinstance(at, Root):
        own = fmpq_poly(list(at.coefficients))
        if not polynomial % own:
            return 0
        while _sign_changes(polynomial, at.low, at.high):
            at = at.narrowed()
    value = polynomial((at.low + at.high) / 2 if isinstance(at, Root) else at)
    return int(value > 0) - int(value < 0)


def _in_order(factors: Iterable[Coefficients]) -> list[Point]:
    """Return all roots, with a simple rational between neighbours and beyond the ends."""
    points = [root for factor in factors for root in _real_roots(factor)]
    if not points:
        return [fmpq(0)]
    while True:
        points.sort(key=ends)
        pairs = itertools.pairwise(points)
        close = {p for one, other in pairs if ends(one)[1] >= ends(other)[0] for p in (one, other)}
        if not close:
            break
        points = [p.narrowed() if p in close and isinstance(p, Root) else p for p in points]
    result: list[Point] = [fmpq(ends(points[0])[0].floor()) - 1]
    for one, other in itertools.pairwise(points):
        result += [one, simplest_between(ends(one)[1], ends(other)[0])]
    return [*result, points[-1], fmpq(ends(points[-1])[1].ceil()) + 1]


def ends(point: Point) -> tuple[fmpq, fmpq]:
    """Return two rationals that a rate is between, or itself twice."""
    return (point.low, point.high) if isinstance(point, Root) else (point, point)


def near(point: Point) -> fmpq:
    """Return a rational that a point is, or that it is very near to."""
    while isinstance(point, Root) and point.high - point.low > FINEST:
        point = point.narrowed()
    return ends(point)[0]


def simplest_between(low: fmpq, high: fmpq) -> fmpq:
    """Return the fraction of the smallest denominator strictly between two rationals."""
    if low < 0 < high:
        return fmpq(0)
    if high <= 0:
        return -simplest_between(-high, -low)
    whole = fmpq(low.floor())
    if whole + 1 < high:
        return whole + 1
    if whole == low:  # then high is at most one above: 1/q for the least q that fits
        return whole + 1 / fmpq((1 / (high - low)).floor() + 1)
    return whole + 1 / simplest_between(1 / (high - whole), 1 / (low - whole))
