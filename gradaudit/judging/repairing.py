"""Inputs of which chance meets few: what is drawn is repaired, one broken condition at a time.

An equation is met by moving one of the entries that it depends on, and an inequality as if it were
an equation, with a difference that is drawn. That may break what another move has met; then an
entry is moved again, inequalities by less and less. An equation of the second degree is met where a
line through a simple point of it meets it once more, which is at rational numbers. What no move
can meet, such as a condition on places, is drawn again.
"""

import ast
import math
import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice, pairwise
from random import Random
from typing import Any, NamedTuple

import numpy as np
from flint import arb, fmpq

from gradaudit.judging.cases import LONGEST, Case, obeys
from gradaudit.language.formula import Formula, FormulaError
from gradaudit.language.numbers import (
    FIRST_PRECISION,
    ONE,
    ZERO,
    Dual,
    decide,
    object_array,
    precision,
)
from gradaudit.language.outcomes import Missing
from gradaudit.questions.question import Question
from gradaudit.questions.simple import SIMPLE, exact_float

STEPS = 60  # at most
GENTLER = 8  # steps, after which an inequality is met by half as much
GRID = fmpq(1, 64)  # of numbers of which sums are wanted
FINE = (4, 16, 64)  # how fine the directions are in which an equation is met

# Of each comparison with 0: the signs that a number may be given for it to hold.
_SIGNS: Mapping[type[ast.cmpop], tuple[Callable[[Any, Any], bool], Sequence[int]]] = {
    ast.Eq: (operator.eq, (0,)),
    ast.NotEq: (operator.ne, (1, -1)),
    ast.Gt: (operator.gt, (1,)),
    ast.GtE: (operator.ge, (0, 1)),
    ast.Lt: (operator.lt, (-1,)),
    ast.LtE: (operator.le, (0, -1)),
}


class Comparison(NamedTuple):
    """What is assumed of a difference: how it compares with 0, and the signs with which it does."""

    difference: Formula
    compare: Callable[[Any, Any], bool]
    signs: Sequence[int]

    def holds(self, number: Any) -> bool:
        """Return whether it certainly holds of a number."""
        try:
            return decide(self.compare, number, ZERO)
        except Missing:
            return False


@cache  # with what was found out of their trees
def comparisons(question: Question) -> list[Comparison]:
    """Return what is assumed, each comparison of a chain by itself."""
    found, pending = [], [(one, one.tree) for one in question.assume]
    for said, tree in pending:
        match tree:
            case ast.BoolOp(op=ast.And()):
                pending += ((said, one) for one in tree.values)
            case ast.Compare():
                sides = pairwise([tree.left, *tree.comparators])
                for op, two in zip(tree.ops, sides, strict=True):
                    rooted = isinstance(op, ast.Eq) and any(map(_is_root, two))
                    left, right = map(_square, two) if rooted else two
                    difference = ast.BinOp(left, ast.Sub(), right, col_offset=1)
                    found.append(Comparison(Formula("", difference, said.scope), *_SIGNS[type(op)]))
    return found


def _is_root(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("norm", "sqrt")


def _square(node: ast.expr) -> ast.expr:
    """Return the square of a side of an equation, without a root that would be no rational."""
    two = ast.Constant(fmpq(2), col_offset=1)  # type: ignore[arg-type]  # exact
    match node:
        case ast.Call(func=ast.Name("sqrt"), args=[inner]):
            return inner
        case ast.Call(func=ast.Name("norm"), args=[inner], keywords=along):
            squares = ast.BinOp(inner, ast.Pow(), two, col_offset=1)
            return ast.Call(ast.Name("sum", col_offset=1), [squares], along, col_offset=1)
    return ast.BinOp(node, ast.Pow(), two, col_offset=1)


def repaired(case: Case, again: Callable[[], Mapping[str, Any]], random: Random) -> Case | None:
    """Return the case with numbers moved until it meets what is assumed, or nothing.

    again: draws all that is given once more.
    """
    wanted = list(comparisons(case.question))
    for one in wanted:
        if one.compare is operator.eq:
            case = _Row(case, one.difference).shortened()
    for step in range(STEPS):
        if obeys(case):
            return case
        before, most = case, ONE / 2 ** (step // GENTLER)
        random.shuffle(wanted)
        for one in wanted:
            case = _Row(case, one.difference).moved(one, most, random) or case
        if case is before:
            case = _mixed(case, again())
    return None


class _Row:
    """The numbers of a case that may be moved to change a difference, in one row."""

    def __init__(self, case: Case, difference: Formula) -> None:
        self.case, self.difference = case, difference
        kinds = case.question.given.values()
        named = [one for one in kinds if one.name in difference.names]
        self.kinds = [one for one in named if not (one.within or one.definite)]
        each = [(kind, one) for kind in self.kinds for one in np.ravel(case.given[kind.name])]
        self.among = [kind.among for kind, _ in each]
        self.numbers = [one for _, one in each]

    def shortened(self) -> Case:
        """Return the case with short numbers, so that sums of them are float64 still."""
        numbers = (round(one / GRID) * GRID for one in self.numbers)
        return self._with({p: self._allowed(p, one) for p, one in enumerate(numbers)})

    def moved(self, wanted: Comparison, most: fmpq, random: Random) -> Case | None:
        """Return the case with a number moved for each entry of which a condition does not hold.

        Nothing where it holds of all, or not for each one can be moved. most: how far from an
        equation an inequality is to be.
        """
        moves: dict[int, fmpq] = {}
        for k, entry in enumerate(self._entries({})):
            if not wanted.holds(entry):
                apart = random.choice(wanted.signs) * most / 2 ** random.randint(1, 4)
                exactly = wanted.compare is operator.eq
                found = self._moves(k, entry, apart, random, exactly=exactly)
                if not found or max(one.height_bits() for one in found.values()) > LONGEST:
                    return None
                moves |= found
        return self._with(moves) if moves else None

    def _moves(
        self, k: int, entry: Any, value: fmpq, random: Random, *, exactly: bool
    ) -> Mapping[int, fmpq]:
        """Return numbers by their places with which an entry has a value, or about."""
        number, slopes = _about(entry)
        movable = [place for place, slope in slopes.items() if slope]
        if not movable:
            return {}
        several = random.sample(movable, 2 ** random.randrange(len(movable).bit_length()))
        for places in (several, several[:1]):
            off = (number - value) / len(places)
            exact = {place: self.numbers[place] - off / slopes[place] for place in places}
            moves = {
                place: self._allowed(place, one if exactly else _as_float(one))
                for place, one in exact.items()
            }
            if not exactly or self.among[places[0]] or self._value(k, moves) == 0:
                return moves
        return self._other_meeting(k, list(slopes), random)

    def _allowed(self, place: int, number: fmpq) -> fmpq:
        """Return a number, or the nearest of those that an entry is taken from."""
        return min(self.among[place] or [number], key=lambda one: abs(one - number))

    def _other_meeting(self, k: int, places: Sequence[int], random: Random) -> Mapping[int, fmpq]:
        """Return numbers at places with which an entry, of the second degree in them, is 0.

        A line in a drawn direction goes through a simple point at which it is 0, and meets another.
        """
        one = random.choice(places)
        longest = max(abs(self.numbers[place]) for place in places) or ONE
        fine = random.choice(FINE) / longest
        along = {place: round(fine * self.numbers[place]) for place in places}
        for number in random.sample(SIMPLE, len(SIMPLE)):
            start = {place: number if place == one else ZERO for place in places}
            if self._value(k, start) == 0:
                ahead, behind = (
                    self._value(k, {place: start[place] + way * along[place] for place in places})
                    for way in (1, -1)
                )
                if ahead is not None and behind is not None and ahead + behind:
                    factor = (behind - ahead) / (ahead + behind)
                    return {place: start[place] + factor * along[place] for place in places}
        return {}

    def _with(self, moves: Mapping[int, fmpq]) -> Case:
        numbers = iter([moves.get(place, one) for place, one in enumerate(self.numbers)])
        given = dict(self.case.given)
        for kind in self.kinds:
            shape = np.shape(given[kind.name])
            given[kind.name] = object_array([*islice(numbers, math.prod(shape))], shape)[()]
        return replace(self.case, given=given)

    def _entries(self, moves: Mapping[int, fmpq], *, slopes: bool = True) -> list[Any]:
        """Return the entries of the difference, or none where it has no value."""
        env = self._with(moves).env(self.difference)
        try:
            with precision(FIRST_PRECISION):
                env = env.seeded(*(kind.name for kind in self.kinds)) if slopes else env
                return [*np.ravel(np.array(env.evaluate(self.difference.tree), dtype=object))]
        except (Missing, FormulaError, ZeroDivisionError):
            return []

    def _value(self, k: int, moves: Mapping[int, fmpq]) -> fmpq | None:
        """Return an entry of the difference, if it has a value that is rational."""
        entries = self._entries(moves, slopes=False)
        return entries[k] if entries and isinstance(entries[k], fmpq) else None


def _about(entry: Any) -> tuple[fmpq, dict[int, fmpq]]:
    """Return about what an entry is, and what it changes by as each number does, where known."""
    if not isinstance(entry, Dual) or not _is_known(entry.value):
        return ZERO, {}
    slopes = {place: _near(one) for place, one in sorted(entry.slopes.items()) if _is_known(one)}
    return _near(entry.value), slopes


def _is_known(number: Any) -> bool:
    finite = isinstance(number, arb) and abs(number) < sys.float_info.max
    return finite or isinstance(number, fmpq)


def _near(number: fmpq | arb) -> fmpq:
    """Return a number, or one near it that is rational."""
    return number if isinstance(number, fmpq) else exact_float(number.mid())


def _as_float(number: fmpq) -> fmpq:
    """Return the float64 nearest to a number, or what is too large for one as it is."""
    try:
        return exact_float(number)
    except Missing:
        return number


def _mixed(case: Case, other: Mapping[str, Any]) -> Case:
    """Return the case with numbers of another where its own do not meet what is assumed."""
    given = dict(case.given)
    for condition in case.question.assume:
        try:
            with precision(FIRST_PRECISION):
                held = np.array(case.env(condition).entries(condition.tree), dtype=object)
        except (Missing, FormulaError):
            held = np.array(ZERO)
        wrong = held != ONE
        for name in condition.names & given.keys():
            alike = np.shape(given[name]) == wrong.shape
            given[name] = np.where(wrong if alike else wrong.any(), other[name], given[name])[()]
    return replace(case, given=given)
