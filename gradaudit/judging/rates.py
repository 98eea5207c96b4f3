"""Conditions on the learning rate η, decided exactly instead of sampled.

The truth of a condition can change only at a root of left minus right of one of its comparisons,
at a pole of one, or at a root of the argument of an abs or a relu in one. So it is decided by
trying each of these rates, one rate between any two neighbours, and one beyond either end.
A root may be irrational; it is then held as a root of an irreducible polynomial, and a sign at
it is found exactly: it is zero if the polynomial divides, else balls tell it at some precision.
"""

import ast
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flint import arb, ctx, fmpq, fmpq_poly

from gradaudit.language.formula import MAX_EXPONENT, Formula, FormulaError, left_spine, mentioned
from gradaudit.language.numbers import FIRST_PRECISION, LAST_PRECISION, precision
from gradaudit.language.outcomes import NoValue
from gradaudit.questions.inputs import Rate

MAX_DEGREE = 64
MAX_BITS = 10_000
MAX_KINKS = 6  # of one comparison; each doubles the cases

ETA = fmpq_poly([0, 1])
ONE = fmpq_poly([1])


@dataclass(frozen=True)
class Root:
    """An irrational rate: the real root number `index` of an irreducible polynomial."""

    polynomial: fmpq_poly
    index: int

    @property
    def blocks(self) -> dict[str, Any]:
        """The rate by its name, as a ball."""
        with precision(FIRST_PRECISION):
            return {"eta": self.ball()}

    def ball(self) -> arb:
        """Return the root within the precision in force."""
        return _real_roots(self.polynomial)[self.index]

    def effort(self) -> int:
        """Return how hard this is to check by hand."""
        return 0

    def simpler(self) -> Iterator["Root"]:
        """Yield nothing: no simpler rate is near."""
        return iter(())


Point = Rate | Root


@dataclass(frozen=True)
class Ratio:
    """A rational function of η, as numerator over denominator."""

    over: fmpq_poly
    under: fmpq_poly

    def sign(self, at: Point) -> int | None:
        """Return -1, 0 or 1 at a rate, None at a pole."""
        under = _sign(self.under, at)
        return _sign(self.over, at) * under if under else None


def deciding_rates(condition: Formula, truth: Formula) -> list[Point]:
    """Return rates that tell two conditions apart if any rate does, in increasing order.

    Raises FormulaError.
    """
    try:
        polynomials = [*_critical(condition), *_critical(truth)]
    except RecursionError:
        raise FormulaError(1, "nested too deeply") from None
    factors = {
        tuple(factor.coeffs()): factor
        for polynomial in polynomials
        if polynomial.degree() > 0
        for factor, _ in polynomial.factor()[1]
    }
    points: list[Point] = []
    for factor in factors.values():
        if factor.degree() == 1:
            points.append(Rate(-factor[0] / factor[1]))
        else:
            count = len(_real_roots(factor))
            points.extend(Root(factor, index) for index in range(count))
    return _with_points_between(points)


def holds_at(condition: Formula, at: Point) -> bool:
    """Return whether a condition holds at a rate. Raises NoValue where it is undefined."""
    truth = _truth(condition.tree, condition, at)
    if truth is None:
        raise NoValue("undefined: division by zero")
    return truth


def _truth(node: ast.expr, condition: Formula, at: Point) -> bool | None:
    """Return the truth of a condition, None where a part that matters is undefined (Kleene)."""
    match node:
        case ast.BoolOp():
            truths = [_truth(part, condition, at) for part in node.values]
            decisive = isinstance(node.op, ast.Or)
            if decisive in truths:
                return decisive
            return None if None in truths else not decisive
        case ast.UnaryOp(op=ast.Not()):
            inner = _truth(node.operand, condition, at)
            return None if inner is None else not inner
        case ast.Compare():
            truths = []
            for op, difference in _differences(node):
                sign = _ratio(difference, condition, _SignsAt(at)).sign(at)
                truths.append(None if sign is None else _compares(op, sign))
            return False if False in truths else None if None in truths else True
        case ast.Name() if node.id in condition.scope.defined:
            return _truth(condition.scope.defined[node.id], condition, at)
    sign = _ratio(node, condition, _SignsAt(at)).sign(at)
    return None if sign is None else sign != 0


def _compares(op: ast.cmpop, sign: int) -> bool:
    match op:
        case ast.Lt():
            return sign < 0
        case ast.LtE():
            return sign <= 0
        case ast.Gt():
            return sign > 0
        case ast.GtE():
            return sign >= 0
        case ast.Eq():
            return sign == 0
    return sign != 0


def _critical(condition: Formula) -> Iterator[fmpq_poly]:
    """Yield polynomials at whose roots alone the truth of a condition can change."""
    pending: list[ast.expr] = [condition.tree]
    while pending:
        node = pending.pop()
        match node:
            case ast.BoolOp():
                pending.extend(node.values)
            case ast.UnaryOp(op=ast.Not()):
                pending.append(node.operand)
            case ast.Compare():
                for _, difference in _differences(node):
                    yield from _changes(difference, condition)
            case ast.Name() if node.id in condition.scope.defined:
                pending.append(condition.scope.defined[node.id])
            case _ if _compares_something(node, condition):
                yield from _changes(node, condition)
            case _:
                raise FormulaError(node.col_offset, "a condition is wanted, such as 0 < eta < 1")


def _compares_something(node: ast.expr, condition: Formula) -> bool:
    """Return whether a number is made of comparisons, such as (0 < eta) * (eta < 1)."""
    named = mentioned(node, condition.scope.defined) & condition.scope.defined.keys()
    trees = (node, *(condition.scope.defined[name] for name in named))
    return any(isinstance(part, ast.Compare) for tree in trees for part in ast.walk(tree))


def _changes(difference: ast.expr, condition: Formula) -> Iterator[fmpq_poly]:
    """Yield the numerator and denominator for every choice of the signs inside of abs and relu."""
    chosen: list[int] = []
    while True:
        signs = _SignsChosen(chosen)
        ratio = _ratio(difference, condition, signs)
        for one in (ratio, *signs.arguments):
            yield one.over
            yield one.under
        chosen = signs.used
        while chosen and chosen[-1] == -1:
            chosen.pop()
        if not chosen:
            return
        chosen[-1] = -1


class _SignsAt:
    """Says the sign of an argument at a rate."""

    def __init__(self, at: Point) -> None:
        self.at = at

    def __call__(self, argument: Ratio, column: int) -> int:
        del column
        return argument.sign(self.at) or 0


class _SignsChosen:
    """Says the signs in a list, then 1; keeps what was asked and said."""

    def __init__(self, chosen: list[int]) -> None:
        self.chosen = chosen
        self.used: list[int] = []
        self.arguments: list[Ratio] = []

    def __call__(self, argument: Ratio, column: int) -> int:
        place = len(self.used)
        if place >= MAX_KINKS:
            raise FormulaError(column, f"more than {MAX_KINKS} signs to tell in a comparison")
        sign = self.chosen[place] if place < len(self.chosen) else 1
        self.used.append(sign)
        self.arguments.append(argument)
        return sign


def _ratio(node: ast.expr, condition: Formula, signs: _SignsAt | _SignsChosen) -> Ratio:
    """Return an expression in η as a rational function, where the signs inside of abs are told."""
    match node:
        case ast.BinOp():
            first, chain = left_spine(node)
            value = _ratio(first, condition, signs)
            for step in chain:
                right = _ratio(step.right, condition, signs)
                value = _operate(step.op, value, right, step.right.col_offset)
            return value
        case ast.UnaryOp(op=ast.USub()):
            value = _ratio(node.operand, condition, signs)
            return Ratio(-value.over, value.under)
        case ast.UnaryOp(op=ast.UAdd()):
            return _ratio(node.operand, condition, signs)
        case ast.UnaryOp():
            return _bit(_ratio(node.operand, condition, signs), ast.Eq(), node, signs)
        case ast.Constant():
            assert isinstance(node.value, fmpq)  # since it was checked
            return Ratio(fmpq_poly([node.value]), ONE)
        case ast.Name(id="eta"):
            return Ratio(ETA, ONE)
        case ast.Name() if node.id in condition.scope.defined:
            return _ratio(condition.scope.defined[node.id], condition, signs)
        case ast.Compare():
            value = Ratio(ONE, ONE)
            for op, difference in _differences(node):
                bit = _bit(_ratio(difference, condition, signs), op, node, signs)
                value = _operate(ast.Mult(), value, bit, node.col_offset)
            return value
        case ast.BoolOp():
            both = isinstance(node.op, ast.And)
            value = Ratio(ONE if both else fmpq_poly([0]), ONE)
            for part in node.values:
                bit = _bit(_ratio(part, condition, signs), ast.NotEq(), node, signs)
                joined = _operate(ast.Mult(), value, bit, node.col_offset)
                if not both:  # a or b is a + b - a b
                    either = _operate(ast.Add(), value, bit, node.col_offset)
                    joined = _operate(ast.Sub(), either, joined, node.col_offset)
                value = joined
            return value
        case ast.Call(func=ast.Name(id="abs" | "relu" as name)):
            value = _ratio(node.args[0], condition, signs)
            if signs(value, node.col_offset) >= 0:
                return value
            return Ratio(-value.over if name == "abs" else fmpq_poly([0]), value.under)
        case ast.Call(func=ast.Name(id=name)):
            raise FormulaError(node.col_offset, f"no {name}(...) in a condition on eta")
    raise FormulaError(
        node.col_offset, "a condition on eta is made of numbers, + - * / ** and abs, compared"
    )


def _differences(node: ast.Compare) -> Iterator[tuple[ast.cmpop, ast.expr]]:
    for op, (left, right) in zip(
        node.ops, itertools.pairwise([node.left, *node.comparators]), strict=True
    ):
        yield op, ast.BinOp(left, ast.Sub(), right, col_offset=left.col_offset)


def _bit(value: Ratio, op: ast.cmpop, node: ast.expr, signs: _SignsAt | _SignsChosen) -> Ratio:
    """Return 1 or 0 for a comparison with 0 that is used as a number; a pole stays one."""
    truth = _compares(op, signs(value, node.col_offset))
    return Ratio(value.under * int(truth), value.under)


def _operate(op: ast.operator, left: Ratio, right: Ratio, column: int) -> Ratio:
    match op:
        case ast.Add():
            over = left.over * right.under + right.over * left.under
            return _bounded(over, left.under * right.under, column)
        case ast.Sub():
            over = left.over * right.under - right.over * left.under
            return _bounded(over, left.under * right.under, column)
        case ast.Mult():
            return _bounded(left.over * right.over, left.under * right.under, column)
        case ast.Div():
            # A pole of the right side stays one: 1 / (1 / η) is undefined at 0.
            under = left.under * right.over * right.under
            return _bounded(left.over * right.under * right.under, under, column)
        case ast.Pow():
            return _power(left, _exponent(right, column), column)
    raise FormulaError(column, "@ joins arrays, and a condition on eta has none")


def _exponent(ratio: Ratio, column: int) -> int:
    if ratio.over.degree() <= 0 and ratio.under.degree() == 0:
        power = ratio.over[0] / ratio.under[0]
        if power.q == 1 and abs(power) <= MAX_EXPONENT:
            return int(power.p)
    raise FormulaError(column, f"an exponent is a whole number within ±{MAX_EXPONENT}")


def _power(base: Ratio, power: int, column: int) -> Ratio:
    if abs(power) * max(base.over.degree(), base.under.degree()) > MAX_DEGREE:
        raise FormulaError(column, f"a power of eta beyond {MAX_DEGREE}")
    if power == 0:
        return Ratio(base.under, base.under)
    if power > 0:
        return _bounded(base.over**power, base.under**power, column)
    under = base.under * base.over**-power
    return _bounded(base.under ** (1 - power), under, column)


def _bounded(over: fmpq_poly, under: fmpq_poly, column: int) -> Ratio:
    for polynomial in (over, under):
        if polynomial.degree() > MAX_DEGREE:
            raise FormulaError(column, f"a power of eta beyond {MAX_DEGREE}")
        integral: Any = polynomial.numer()
        if max(integral.height_bits(), polynomial.denom().bit_length()) > MAX_BITS:
            raise FormulaError(column, f"a number of more than {MAX_BITS} bits")
    return Ratio(over, under)


def _sign(polynomial: fmpq_poly, at: Point) -> int:
    if isinstance(at, Rate):
        value = polynomial(at.eta)
        return int(value > 0) - int(value < 0)
    if (polynomial % at.polynomial).degree() < 0:
        return 0
    bits = FIRST_PRECISION
    while bits <= LAST_PRECISION:
        with precision(bits):
            ball, x = arb(0), at.ball()
            for coefficient in reversed(polynomial.coeffs()):
                ball = ball * x + coefficient
        if ball > 0 or ball < 0:
            return 1 if ball > 0 else -1
        bits *= 2
    raise FormulaError(1, "the sign at an irrational root could not be told")


def _real_roots(polynomial: fmpq_poly) -> list[arb]:
    return _found_roots(tuple(polynomial.coeffs()), ctx.prec)


@lru_cache(maxsize=2**10)
def _found_roots(coefficients: tuple[fmpq, ...], bits: int) -> list[arb]:
    """Return the real roots at a precision, which is the one in force."""
    del bits
    integral: Any = fmpq_poly(list(coefficients)).numer()
    roots = [root for root, _ in integral.complex_roots()]
    return sorted((root.real for root in roots if root.imag.is_zero()), key=lambda r: r.mid())


def _with_points_between(points: list[Point]) -> list[Point]:
    """Return the points in order, with a simple rational between neighbours and beyond the ends."""
    bits = FIRST_PRECISION
    while bits <= LAST_PRECISION:
        with precision(bits):
            placed = sorted(((*_bounds(point), point) for point in points), key=lambda one: one[0])
        if all(one[1] < other[0] for one, other in itertools.pairwise(placed)):
            break
        bits *= 2
    else:
        raise FormulaError(1, "two critical rates could not be told apart")
    if not placed:
        return [Rate(fmpq(0))]
    result: list[Point] = [Rate(fmpq(placed[0][0].floor()) - 1)]
    for (_, low, point), (high, _, _) in itertools.pairwise(placed):
        result += [point, Rate(simplest_between(low, high))]
    return [*result, placed[-1][2], Rate(fmpq(placed[-1][1].ceil()) + 1)]


def _bounds(point: Point) -> tuple[fmpq, fmpq]:
    """Return rationals below and above a rate, as near as the precision in force brings them."""
    if isinstance(point, Rate):
        return point.eta, point.eta
    ball = point.ball()
    return _dyadic(ball.lower()), _dyadic(ball.upper())


def _dyadic(exact: arb) -> fmpq:
    mantissa, exponent = exact.mid().man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(exponent)


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
