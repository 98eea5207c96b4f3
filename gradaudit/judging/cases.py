"""The inputs of any question: hard cases that are listed and always tried, and others around them.

All of them are valid by construction: numbers come from short lists that meet what is assumed of
them, and equations are solved by exact Newton steps. Where chance has a say it comes from
`random.Random` with a fixed seed.
"""

import ast
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from itertools import count, islice
from random import Random
from typing import Any

import numpy as np
from flint import fmpq

from gradaudit.judging.strategies import Domain
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError
from gradaudit.language.numbers import (
    FIRST_PRECISION,
    ZERO,
    Dual,
    each,
    object_array,
    precision,
    primal,
)
from gradaudit.language.outcomes import Missing
from gradaudit.language.sizes import size_of
from gradaudit.questions.inputs import SIMPLE, _all_effort, _easier_entries, exact_float, floats
from gradaudit.questions.question import Given, Question, Signature

PLAIN = (*map(fmpq, (1, 2, -1, 3, -2, -3)), fmpq(1, 2), fmpq(-3, 2), fmpq(5, 4))
POOL = (*SIMPLE, fmpq(1, 8), fmpq(-1, 4), fmpq(1, 10), fmpq(-3, 10), fmpq(5), fmpq(-8))
POSITIVE = (
    *PLAIN,
    *map(fmpq, (0, 4)),
    fmpq(1, 4),
    fmpq(3, 4),
    fmpq(1, 10),
    fmpq(9, 10),
    fmpq(1, 2**17),
)
TINY, HUGE, OFFSET = fmpq(1, 2**12), fmpq(2**6), fmpq(2**10)
BESIDE = fmpq(1, 2**20)
NEWTON_STEPS = 12
DRAWS = 40  # at most, to meet what is assumed, before calm numbers are taken
SMALL, LARGE = (1, 2, 3, 4, 4), (5, 7, 9)
MANY = 400  # entries of all inputs together, beyond which a large size is not tried


@dataclass(frozen=True, eq=False)
class Case:
    """An input of a question: an exact value for each given name, and the sizes.

    call: the function that it is an input of, whose arguments are the blocks.
    """

    question: Question
    given: Mapping[str, Any]
    sizes: Mapping[str, int]
    call: Signature | None = None

    @property
    def blocks(self) -> dict[str, Any]:
        """What is given, by name, in the order of the function's arguments if there is one."""
        names = self.given if self.call is None else self.call.arguments
        return {name: self.given[name] for name in names}

    @property
    def values(self) -> dict[str, Any]:
        """The names of the question with their values."""
        return dict(self.given)

    @cached_property
    def _floats(self) -> list[Any]:
        return [self._in_floats(name) for name in self.blocks]

    def _in_floats(self, name: str) -> Any:
        if not self.question.given[name].within:
            return floats(self.given[name])
        places = np.array(self.given[name], dtype=np.int64)
        return places if places.ndim else int(places)

    def arguments(self) -> tuple[Any, ...]:
        """Return the arguments of the function: fresh arrays of float64, or of whole numbers."""
        return tuple(one.copy() if isinstance(one, np.ndarray) else one for one in self._floats)

    def results(self) -> dict[str, tuple[int, ...]]:
        """Return the name and the shape of each result of the function."""
        assert self.call is not None
        asked = [self.question.parts[part] for part in self.call.parts]
        return {one.label: tuple(self.sizes[axis] for axis in one.axes) for one in asked}

    def env(self, formula: Formula, *, floats_: bool = False) -> Env:
        """Return the names that a formula is evaluated with, exactly or in float64."""
        values = self.values
        if floats_:
            values = {name: np.array(floats(one))[()] for name, one in values.items()}
        return Env(values, self.sizes, formula.scope.defined, formula.scope.free, floats=floats_)

    def in_floats(self, formula: Formula) -> Any:
        """Return the value of a formula as plain NumPy computes it. Raises NoValue."""
        with np.errstate(all="ignore"):
            return self.env(formula, floats_=True).entries(formula.tree)

    def effort(self) -> tuple[int, int]:
        """Return how hard this is to check by hand: its size, then its numbers."""
        return sum(map(np.size, self.given.values())), sum(map(_all_effort, self.given.values()))

    def picked(self, index_set: str, places: Sequence[int]) -> "Case | None":
        """Return the case with only these places of an index set, in this order.

        What follows from its size is cut. None where nothing would be left.
        """
        chosen = {one: self.sizes[one] for one in self.question.free_sets}
        sizes = self.question.sized({**chosen, index_set: len(places)})
        if sizes is None or any(sizes[one] > self.sizes[one] for one in sizes if one != index_set):
            return None
        kept = {one: list(range(size)) for one, size in sizes.items()} | {index_set: list(places)}
        given = {}
        for name, kind in self.question.given.items():
            value = self.given[name]
            if kind.axes:
                value = value[np.ix_(*(kept[one] for one in kind.axes))]
            if kind.within:  # places among those that are left
                value = each(partial(_moved, kept[kind.within]), value)
            given[name] = value
        return replace(self, given=given, sizes=sizes)

    def simpler(self) -> Iterator["Case"]:
        """Yield simpler cases that obey what is assumed, the boldest steps first."""
        for candidate in self._simpler():
            if (solved := solve(candidate)) is not None:
                yield solved

    def _simpler(self) -> Iterator["Case"]:
        free = [one for one in self.question.free_sets if self.sizes[one] > 1]
        for index_set in free:
            size = self.sizes[index_set]
            for k in range(size):
                yield from _some(self.picked(index_set, [i for i in range(size) if i != k]))
        for one in free:
            for other in free:
                fewer = self.picked(one, range(self.sizes[one] - 1)) if one < other else None
                if fewer is not None:
                    yield from _some(fewer.picked(other, range(self.sizes[other] - 1)))
        for name, value in self.given.items():
            if not self.question.given[name].within:
                for easier in _easier_entries(value):
                    yield replace(self, given={**self.given, name: easier})


def _moved(kept: Sequence[int], place: fmpq) -> fmpq:
    return fmpq(kept.index(int(place.p))) if int(place.p) in kept else ZERO


def _some(case: Case | None) -> Iterator[Case]:
    if case is not None:
        yield case


# ---- what is assumed


def obeys(case: Case) -> bool:
    """Return whether an input certainly meets all that its question assumes."""
    return all(_is_true(case, condition) for condition in case.question.assume)


def _is_true(case: Case, condition: Formula) -> bool:
    try:
        with precision(FIRST_PRECISION):
            return case.env(condition).truth(condition.tree)
    except (Missing, FormulaError):
        return False


def solve(case: Case) -> Case | None:
    """Return the case with its equations solved, if it then meets all that is assumed."""
    solved: Case | None = case
    for equation in _equations(case.question):
        solved = solved and brought_to_zero(solved, equation)
    return solved if solved and obeys(solved) else None


def _equations(question: Question) -> list[Formula]:
    return [
        _difference(one, one.tree)
        for one in question.assume
        if isinstance(one.tree, ast.Compare) and isinstance(one.tree.ops[0], ast.Eq)
    ]


def _difference(formula: Formula, node: ast.Compare) -> Formula:
    left, right = node.left, node.comparators[0]
    return Formula("", ast.BinOp(left, ast.Sub(), right, col_offset=1), formula.scope)


def brought_to_zero(
    case: Case, formula: Formula, place: int = 0, only: int | None = None
) -> Case | None:
    """Return the case with given numbers moved so that a formula is exactly 0, or nothing.

    Newton's method, which is exact where the formula is affine in the number that is moved; place
    says which of those that can be is. only: of the formula's entries, the one that counts.
    """
    names = [name for name, one in case.question.given.items() if not one.within and not one.among]
    names = [name for name in names if not case.question.given[name].definite]
    for _ in range(NEWTON_STEPS):
        try:
            with precision(FIRST_PRECISION):
                value = case.env(formula).seeded(*names).evaluate(formula.tree)
        except (Missing, FormulaError, ZeroDivisionError):
            return None
        entries = list(np.ravel(np.array(value, dtype=object)))
        counted = entries if only is None else [entries[only % len(entries)]]
        wrong = next((one for one in counted if not _is_zero(one)), None)
        if wrong is None:
            return case
        if not isinstance(wrong, Dual) or not isinstance(wrong.value, fmpq):
            return None
        movable = [k for k, slope in enumerate(wrong.tangent) if _is_rational(slope)]
        if not movable:
            return None
        chosen = movable[place % len(movable)]
        case = _with_entry(case, names, chosen, wrong.value / wrong.tangent[chosen])
    return None


def _is_zero(number: Any) -> bool:
    return bool(primal(number) == 0)


def _is_rational(slope: Any) -> bool:
    return isinstance(slope, fmpq) and slope != 0


def _with_entry(case: Case, names: Sequence[str], place: int, less: fmpq) -> Case:
    """Return the case with one of the entries of the named arrays made less."""
    for name in names:
        if place < np.size(case.given[name]):
            value = np.array(case.given[name], dtype=object)
            value.flat[place] -= less
            return replace(case, given={**case.given, name: value[()]})
        place -= np.size(case.given[name])
    raise IndexError(place)


# ---- kinks


@cache
def kinks(question: Question) -> list[Formula]:
    """Return what is 0 where the model has a kink or a jump: arguments, and sides compared.

    What stands in a sum or in a definition with an index depends on that, and is left out.
    """
    found: dict[str, Formula] = {}
    for tree in question.scope.defined.values():
        bound = {
            name.id
            for node in ast.walk(tree)
            if isinstance(node, ast.comprehension)
            for name in ast.walk(node.target)
            if isinstance(name, ast.Name)
        }
        for node in ast.walk(tree):
            for kink in _kinks_at(node):
                names = {one.id for one in ast.walk(kink) if isinstance(one, ast.Name)}
                if not names & bound:
                    found.setdefault(ast.dump(kink), Formula("", kink, question.scope))
    return list(found.values())


def _kinks_at(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id="relu" | "abs" | "sign"), args=[argument]):
            yield argument
        case ast.Call(func=ast.Name(id="max" | "min"), args=[one, other]):
            yield ast.BinOp(one, ast.Sub(), other, col_offset=1)
        case ast.Compare(left=left, comparators=[right]):
            yield ast.BinOp(left, ast.Sub(), right, col_offset=1)


UNIT = 2.0**-53
ROUNDINGS = 64  # that may come between a kink and what float64 sees of it


def distances(case: Case, kink: Formula) -> tuple[Any, Any]:
    """Return where what is 0 at a kink is 0, and where float64 may not tell it from 0."""
    with precision(FIRST_PRECISION):
        exact = np.ravel(np.array(case.env(kink).entries(kink.tree), dtype=object))
    size = np.ravel(case.in_floats(size_of(kink)))
    value = np.abs([float(_middle(one)) for one in exact])
    return np.array([_is_zero(one) for one in exact]), value <= ROUNDINGS * UNIT * size


def _middle(number: Any) -> Any:
    if isinstance(number, Missing):
        raise number.with_traceback(None)
    return number if isinstance(number, fmpq) else number.mid()


def is_smooth(case: Case) -> bool:
    """Return whether an input is away from every kink, so that float64 cannot be at one."""
    return not any(distances(case, kink)[1].any() for kink in kinks(case.question))


def has_exact_kinks(case: Case) -> bool:
    """Return whether it is at every kink that float64 cannot tell from it."""
    return all(
        at[near].all() for at, near in (distances(case, kink) for kink in kinks(case.question))
    )


# ---- making inputs


class Inputs:
    """Makes the inputs of a question."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.kinks = kinks(question)

    @cached_property
    def pools(self) -> dict[str, Sequence[fmpq]]:
        """For each given name, the numbers that meet what is assumed of its entries alone."""
        pools: dict[str, Sequence[fmpq]] = {}
        for name, given in self.question.given.items():
            alone = [one for one in self.question.assume if self._named(one) == {name}]
            for candidates in (POOL, POSITIVE, tuple(fmpq(k, 16) for k in range(-64, 65))):
                pools[name] = [
                    number
                    for number in given.among or candidates
                    if all(_met(one, name, number) for one in alone)
                ]
                if pools[name]:
                    break
            pools[name] = pools[name] or POOL
        return pools

    def _named(self, condition: Formula) -> set[str]:
        return set(condition.names & self.question.given.keys())

    @cached_property
    def bounded(self) -> dict[str, bool]:
        """Whether what is assumed of a name's entries alone bars some numbers, so no scale fits."""
        return {
            name: len(pool) < len(POOL) or bool(self.question.given[name].among)
            for name, pool in self.pools.items()
        }

    # -- numbers

    def _array(self, given: Given, sizes: Mapping[str, int], numbers: Iterator[fmpq]) -> Any:
        shape = tuple(sizes[axis] for axis in given.axes)
        if given.within:
            size = sizes[given.within]
            places = [fmpq(int(next(numbers).p) % size) for _ in range(math.prod(shape))]
            return object_array(places, shape) if shape else places[0]
        chosen = list(islice(numbers, math.prod(shape)))
        if given.definite:  # B Bᵀ + 1, of whole numbers
            b = object_array([fmpq(round(one)) for one in chosen], shape)
            return b @ b.T + each(fmpq, np.eye(shape[0], dtype=int).astype(object))
        return object_array(chosen, shape) if shape else chosen[0]

    def draw(self, random: Random, sizes: Mapping[str, int], *, plain: bool = False) -> Case:
        """Return an input of these sizes; plain: of numbers that are neither 0 nor extreme."""
        for attempt in range(DRAWS):
            given = {}
            for name, one in self.question.given.items():
                pool = self.pools[name]
                calm = [number for number in pool if number in PLAIN] or pool
                numbers = calm if plain or attempt > DRAWS // 2 else pool
                chosen = (exact_float(random.choice(numbers)) for _ in count())
                given[name] = self._array(one, sizes, chosen)
            if solved := solve(Case(self.question, given, dict(sizes))):
                return solved
        raise NoInput(f"no input meets what is assumed, of {DRAWS} tried")

    # -- sizes

    @cached_property
    def sizes(self) -> list[dict[str, int]]:
        """All of them 1, each 1, every two equal, all equal, all different, and larger ones."""
        free = self.question.free_sets
        apart = {name: 2 + k % 3 for k, name in enumerate(free)}
        turned = {name: 2 + (k + 1) % 3 for k, name in enumerate(free)}
        wanted = [apart, dict.fromkeys(free, 1), dict.fromkeys(free, 2), dict.fromkeys(free, 3)]
        wanted += [{**apart, name: 1} for name in free]
        wanted += [{**dict.fromkeys(free, 1), name: 3} for name in free if len(free) > 1]
        wanted += [{**apart, one: apart[other]} for one in free for other in free if one < other]
        wanted += [turned, dict.fromkeys(free, 4)]
        wanted += [{**dict.fromkeys(free, 2), name: 5 + 2 * k % 5} for k, name in enumerate(free)]
        found = [sized for one in wanted if (sized := self.question.sized(one)) is not None]
        fitting = [one for one in found if self._entries(one) <= MANY]
        return list({tuple(one.items()): one for one in fitting}.values())

    @cached_property
    def largest(self) -> Case:
        """An input on which what an answer says is tried out: sizes up to 4."""
        every = self.question.sized(dict.fromkeys(self.question.free_sets, 4))
        return self.draw(Random(5), every or self.sizes[0], plain=True)

    @cached_property
    def shown(self) -> Case:
        """An input where the form of results shows: as many of its sizes differ as can."""
        apart = {name: 2 + k for k, name in enumerate(self.question.free_sets)}
        return self.draw(Random(4), self.question.sized(apart) or self.sizes[0], plain=True)

    def _entries(self, sizes: Mapping[str, int]) -> int:
        return sum(
            math.prod(sizes[axis] for axis in one.axes) for one in self.question.given.values()
        )

    # -- hard cases

    def _changes(self) -> Iterator[Callable[[Case], Case | None]]:
        """Yield what makes an input hard: zeros, ties, duplicates, scales, offsets, one far off."""
        for name, given in self.question.given.items():
            if given.within:
                yield _put(name, lambda v: v * 0)  # the same place everywhere
                continue
            if given.definite:
                continue
            yield _put(name, lambda v: v * 0)
            yield _put(name, abs)
            if given.axes:
                yield _put(name, lambda v: v * 0 + v.flat[0])
                yield _put(name, lambda v: _first(v, ZERO))
                yield _put(name, lambda v: np.where(np.arange(v.size).reshape(v.shape) == 0, v, 0))
            if not self.bounded[name]:
                yield _put(name, lambda v: -abs(v))
                yield _put(name, lambda v: v * TINY)
                yield _put(name, lambda v: v * HUGE)
                if given.axes:
                    yield _put(name, lambda v: v + OFFSET)
                    yield _put(name, lambda v: _first(v, v.flat[0] + HUGE))
        for index_set in self.question.free_sets:
            yield partial(_repeating, index_set, lambda n: [0] * n)
            yield partial(_repeating, index_set, lambda n: [*range(n - 1), 0])
        for name in self.question.scope.defined:
            formula = Formula(name, ast.Name(name, col_offset=1), self.question.scope)
            yield partial(brought_to_zero, formula=formula)

    def _at_kinks(self) -> Iterator[Callable[[Case], Case | None]]:
        for kink in self.kinks:
            for place in (0, 1, 2):
                yield partial(brought_to_zero, formula=kink, place=place, only=place)
            yield partial(brought_to_zero, formula=kink)
            for side in (1, -1):
                yield partial(_beside, kink=kink, side=side)

    def listed(self) -> Iterator[Case]:
        """Yield the hard cases."""
        random = Random(3)
        for sizes in self.sizes:
            yield self.draw(random, sizes, plain=True)
        base = self.sizes[0]
        for change in (*self._changes(), *self._at_kinks()):
            changed = change(self.draw(random, base, plain=True))
            if changed is not None and (solved := solve(changed)):
                yield _rounded(solved)

    def drawn(self, random: Random) -> Case:
        """Return one more input."""
        small = {name: random.choice(SMALL) for name in self.question.free_sets}
        sizes = self.question.sized(small) or self.sizes[0]
        case = self.draw(random, sizes)
        changes = [*self._changes(), *self._at_kinks()]
        for change in random.sample(changes, k=random.choice((0, 1, 1, 2))):
            changed = change(case)
            case = (changed and solve(changed)) or case
        return _rounded(case)


class NoInput(Exception):
    """A question of which no input was found; the message says why."""


def _met(condition: Formula, name: str, number: fmpq) -> bool:
    """Return whether a condition holds of an array all of whose entries are a number."""
    try:
        env = Env({name: number}, {}, condition.scope.defined)
        return env.truth(condition.tree)
    except (Missing, FormulaError, KeyError):
        return True  # it is no condition on each entry


def _put(name: str, change: Callable[[Any], Any]) -> Callable[[Case], Case]:
    def changed(case: Case) -> Case:
        value = change(case.given[name])
        return replace(case, given={**case.given, name: value + ZERO})

    return changed


def _repeating(index_set: str, order: Callable[[int], list[int]], case: Case) -> Case | None:
    return case.picked(index_set, order(case.sizes[index_set]))


def _first(value: Any, number: fmpq) -> Any:
    value = value.copy()
    value.flat[0] = number
    return value


def _beside(case: Case, kink: Formula, side: int) -> Case | None:
    """Return a case next to a kink, on one side of it."""
    off = ast.BinOp(kink.tree, ast.Sub(), ast.Constant(side * BESIDE, col_offset=1), col_offset=1)  # type: ignore[arg-type]  # exact
    return brought_to_zero(case, Formula("", off, kink.scope), 0, 0)


def _rounded(case: Case) -> Case:
    """Return the case of the float64 numbers nearest to its own, if it obeys as well."""
    given = {name: each(exact_float, value) for name, value in case.given.items()}
    rounded = replace(case, given=given)
    return rounded if obeys(rounded) else case


# ---- domains


def domain(question: Question) -> Domain:
    """Return the inputs of a question, for formulas: those at which the derivatives are known."""
    inputs = Inputs(question)

    def listed() -> Iterator[Case]:
        return filter(is_smooth, inputs.listed())

    def drawn(random: Random) -> Case:
        for _ in range(DRAWS):
            if is_smooth(case := inputs.drawn(random)):
                return case
        return inputs.draw(random, inputs.sizes[0], plain=True)

    return Domain(f"inputs of {question.name}", obeys, listed, drawn)
