"""An input of any question: what it obeys, how it is made to, and how near it is to a kink."""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache, partial
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb, fmpq, fmpq_mat

from gradaudit.judging.together import Together, kept
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError, mentioned
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
from gradaudit.language.roundings import ALLOWED, UNIT, roundings_of
from gradaudit.questions.question import Given, Question, Signature
from gradaudit.questions.simple import FROM_ONE, KEPT, SIMPLE, all_effort, easier_entries, floats

NEWTON_STEPS = 12
DRAWN = 997  # drawn numbers are multiples of its inverse, which no formula has by chance
LONGEST = 2**12  # bits of a number, beyond which steps have not come to an end

At = Callable[[ast.AST], Iterator[ast.expr]]  # yields what is found at a node itself


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

    @cached_property
    def values(self) -> dict[str, Any]:
        """The names of the question with their values."""
        counts = self.question.counts.items()
        return {**self.given, **{name: fmpq(self.sizes[one]) for name, one in counts}}

    @cached_property
    def _floats(self) -> dict[str, Any]:
        counts = self.question.counts.items()
        found = {name: self._in_floats(name) for name in self.given}
        return {**found, **{name: float(self.sizes[one]) for name, one in counts}}

    @cached_property
    def _envs(self) -> dict[Any, Env]:
        return {}

    @cached_property
    def nearness(self) -> tuple[bool, bool]:
        """Whether it is away from all kinks, and whether it is exactly at those it is near."""
        look_for_kinks([self])
        found: tuple[bool, bool] = vars(self)["nearness"]
        return found

    def _in_floats(self, name: str) -> Any:
        if not self.question.given[name].within:
            return floats(self.given[name])
        places = np.array(self.given[name], dtype=np.int64)
        return places if places.ndim else int(places)

    def bound_to(self, signature: Signature) -> "Case":
        """Return it as an input of a function, with what is known of it."""
        bound = replace(self, call=signature)
        known = {"kept": kept(self), **vars(self)}
        vars(bound).update({key: known[key] for key in ("kept", "nearness") if key in known})
        return bound

    def arguments(self) -> tuple[Any, ...]:
        """Return the arguments of the function: fresh arrays of float64, or of whole numbers."""
        names = self.given if self.call is None else self.call.arguments
        values = [self._floats[name] for name in names]
        return tuple(one.copy() if isinstance(one, np.ndarray) else one for one in values)

    def results(self) -> dict[str, tuple[int, ...]]:
        """Return the name and the shape of each result of the function."""
        return self._results

    @cached_property
    def _results(self) -> dict[str, tuple[int, ...]]:
        assert self.call is not None
        asked = [self.question.parts[part] for part in self.call.parts]
        return {one.label: tuple(self.sizes[axis] for axis in one.axes) for one in asked}

    def env(self, formula: Formula, *, floats_: bool = False) -> Env:
        """Return the names that a formula is evaluated with, exactly or in float64."""
        scope = formula.scope
        key = floats_, id(scope.defined)
        if key not in self._envs:  # all formulas of the same names share their values
            values = self._floats if floats_ else self.values
            self._envs[key] = Env(values, self.sizes, scope.defined, floats=floats_)
        return self._envs[key].under(scope.free)

    def in_floats(self, formula: Formula) -> Any:
        """Return the value of a formula as plain NumPy computes it. Raises NoValue."""
        with np.errstate(all="ignore"):
            return self.env(formula, floats_=True).entries(formula.tree)

    def meets(self, condition: Formula) -> bool:
        """Return whether it certainly meets a condition."""
        try:
            with precision(FIRST_PRECISION):
                return self.env(condition).truth(condition.tree)
        except (Missing, FormulaError):
            return False

    @property
    def is_small(self) -> bool:
        """Whether a size is less than its question seeks counterexamples of."""
        return any(self.sizes[name] < size for name, size in self.question.least.items())

    def effort(self) -> tuple[int, int]:
        """Return how hard this is to check by hand: its size, then its numbers."""
        sizes = sum(map(np.size, self.given.values()))
        return sizes, sum(all_effort(v, self._order(name)) for name, v in self.given.items())

    def _order(self, name: str) -> Sequence[fmpq]:
        """Return numbers from the simplest on."""
        return FROM_ONE if name in self.question.from_one else SIMPLE

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
        least = self.question.least
        free = [one for one in self.question.free_sets if self.sizes[one] > least.get(one, 1)]
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
                for easier in easier_entries(value, self._order(name)):
                    yield replace(self, given={**self.given, name: easier})


def _moved(kept: Sequence[int], place: fmpq) -> fmpq:
    return fmpq(kept.index(int(place.p))) if int(place.p) in kept else ZERO


def _some(case: Case | None) -> Iterator[Case]:
    if case is not None:
        yield case


def data_of(question: Question) -> Case:
    """Return the input that numbers are asked for on."""
    axes = ((name, one.axes) for name, one in question.given.items())
    sizes = {
        axis: size
        for name, sets in axes
        for axis, size in zip(sets, np.shape(question.data[name]), strict=True)
    }
    return Case(question, question.data, {name: sizes[name] for name in question.sets})


# ---- what is assumed


def obeys(case: Case) -> bool:
    """Return whether an input is what is given, and certainly meets all that is assumed of it."""
    given = case.question.given.items()
    fitting = all(_fits(one, case.given[name], case.sizes) for name, one in given)
    return fitting and all(map(case.meets, case.question.assume))


def _fits(given: Given, value: Any, sizes: Mapping[str, int]) -> bool:
    """Return whether a value is of the kind that is given."""
    if given.among:
        return all(one in given.among for one in np.ravel(value))
    if given.within:
        return all(one.q == 1 and 0 <= one < sizes[given.within] for one in np.ravel(value))
    return not given.definite or _is_definite(value)


def _is_definite(matrix: Any) -> bool:
    """Return whether a matrix is symmetric, and all its leading minors are positive."""
    leading = (matrix[:k, :k] for k in range(1, len(matrix) + 1))
    return bool((matrix == matrix.T).all()) and all(
        fmpq_mat(len(one), len(one), list(one.flat)).det() > 0 for one in leading
    )


def solve(case: Case) -> Case | None:
    """Return the case with its equations solved, if it then meets all that is assumed."""
    if obeys(case):
        return case
    solved: Case | None = case
    for equation in _equations(case.question):
        solved = solved and brought_to_zero(solved, equation)
    return solved if solved and obeys(solved) else None


@cache  # with what was found out of their trees
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

    Newton's method, which is exact where the formula is affine in the number that is moved: one
    that moves no other entry, if there is one. place: how many better ones to leave out. only: of
    the formula's entries, the one that counts.
    """
    given = {name: one for name, one in case.question.given.items() if name in formula.names}
    names = [name for name, one in given.items() if not (one.within or one.among or one.definite)]
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
        if wrong.value.height_bits() > LONGEST:
            return None
        slopes = wrong.slopes
        movable = sorted(k for k, slope in slopes.items() if _is_rational(slope))
        others = [one for one in counted if one is not wrong and isinstance(one, Dual)]
        if not movable:
            return None
        steps = [abs(slopes[k]) != 1 for k in movable]  # of 1 they keep numbers short
        others_move = [any(one.slopes.get(k, ZERO) != 0 for one in others) for k in movable]
        _, _, chosen = sorted(zip(others_move, steps, movable, strict=True))[place % len(movable)]
        case = _with_entry(case, names, chosen, wrong.value / slopes[chosen])
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

    What depends on the index of a sum, or of a definition, is wanted for each of its values. What
    depends on nothing that a derivative is asked by, such as a mask that is given, is no kink. Of
    a side of `where` that another such condition leaves out, 0 stands for it.
    """
    return _found(question, _kinks_at)


@cache
def vectors(question: Question) -> list[Formula]:
    """Return what the model takes the norm of, which has a kink where all of a vector is 0."""
    return _found(question, _vectors_at)


@cache
def edges(question: Question) -> list[Formula]:
    """Return what is 0 where numbers that nothing is differentiated by change sides, such as x - 3.

    There the model has a derivative, by others, which may be another one on either side. Just sums
    of given numbers are taken, and what float64 holds: it has to be on the same side.
    """
    numbers = {one.name for one in question.given.values() if not (one.within or one.among)}

    def is_exact(node: ast.AST) -> bool:
        match node:
            case ast.Name(id=name):
                return name in numbers
            case ast.Subscript(value=inner):
                return is_exact(inner)
            case ast.Constant(value=value):
                return int(getattr(value, "q", 1)).bit_count() == 1
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
                return is_exact(left) and is_exact(right)
        return False

    def of_numbers(node: ast.AST) -> Iterator[ast.expr]:
        for one in filter(is_exact, _kinks_at(node)):
            if numbers & mentioned(one, question.scope.defined):
                yield one

    return _found(question, of_numbers, moving=False)


@cache
def exponents(question: Question) -> list[Formula]:
    """Return what the model takes the exp of, be it within another function."""
    return _found(question, _exponents_at)


def _found(question: Question, at: At, *, moving: bool = True) -> list[Formula]:
    """Return what stands in a model so, and is changed by what a derivative is asked by, or not."""
    found: dict[str, Formula] = {}
    moved = {asked.by for asked in question.parts.values()}

    def stays(tree: ast.expr) -> bool:
        return moved.isdisjoint(mentioned(tree, question.scope.defined))

    for tree in question.scope.defined.values():
        for one, bound in _found_in(tree, at, {}, stays):
            if stays(one) is moving:
                continue
            names = {name.id for name in ast.walk(one) if isinstance(name, ast.Name)}
            free = {name: over for name, over in bound.items() if name in names}
            scope = replace(question.scope, free=free)
            found.setdefault(ast.dump(one), Formula("", one, scope))
    return list(found.values())


def _found_in(
    node: ast.AST, at: At, bound: dict[str, str], stays: Callable[[ast.expr], bool]
) -> Iterator[tuple[ast.expr, dict[str, str]]]:
    if isinstance(node, ast.GeneratorExp):
        loops = {ast.unparse(one.target): ast.unparse(one.iter) for one in node.generators}
        yield from _found_in(node.elt, at, {**bound, **loops}, stays)
        return
    for one in at(node):
        yield one, bound
    match node:
        case ast.Call(func=ast.Name(id="where") as where, args=[condition, *sides]) if stays(
            condition
        ):
            yield from _found_in(condition, at, bound, stays)
            for place, side in enumerate(sides, 1):
                for one, loops in _found_in(side, at, bound, stays):
                    zero = ast.Constant(ZERO, col_offset=1)  # type: ignore[arg-type]  # exact
                    chosen = [condition, zero]
                    chosen.insert(place, one)
                    yield ast.Call(where, chosen, [], col_offset=1), loops
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _found_in(child, at, bound, stays)


def _kinks_at(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id="relu" | "abs" | "sign"), args=[argument]):
            yield argument
        case ast.Call(func=ast.Name(id="max" | "min"), args=[one, other]):
            yield ast.BinOp(one, ast.Sub(), other, col_offset=1)
        case ast.Compare(left=left, comparators=[right]):
            yield ast.BinOp(left, ast.Sub(), right, col_offset=1)


def _vectors_at(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id="norm"), args=[vector]):
            yield vector


def _exponents_at(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id="exp" | "expm1" | "sigmoid" | "tanh"), args=[argument]):
            yield argument
        case ast.Call(func=ast.Name(id="erf"), args=[argument]):
            yield ast.BinOp(argument, ast.Mult(), argument, col_offset=1)


def is_smooth(case: Case) -> bool:
    """Return whether an input is away from every kink, so that float64 cannot be at one."""
    return case.nearness == (True, True)


def has_exact_kinks(case: Case) -> bool:
    """Return whether it is at every kink that float64 cannot tell from it."""
    return case.nearness[1]


def _always_zero(kink: Formula, case: Case) -> npt.NDArray[np.bool_]:
    """Return which entries of a kink are 0 whatever the numbers are, as x[i] - x[j] for j = i."""
    fixed = [n for n, one in case.question.given.items() if one.within or one.among or one.definite]
    values = (case.given[name] for name in fixed)
    known = ((np.shape(value), tuple(np.ravel(value))) for value in values)
    return _zero_by_chance(
        kink, case.question, tuple(case.sizes.items()), tuple(zip(fixed, known, strict=True))
    )


@lru_cache(maxsize=KEPT)
def _zero_by_chance(
    kink: Formula, question: Question, sizes: tuple[Any, ...], fixed: tuple[Any, ...]
) -> npt.NDArray[np.bool_]:
    """Return which entries are 0 at all of several inputs of drawn numbers."""
    kept = {name: object_array(numbers, shape)[()] for name, (shape, numbers) in fixed}
    random, seen, known = Random(0), [], dict(sizes)

    def drawn(least: int, shape: Sequence[int]) -> Any:
        return each(lambda _: fmpq(random.randint(least, DRAWN), DRAWN), np.zeros(shape)[()])

    for least in (1, 1, -DRAWN, -DRAWN):  # not all functions take a negative number
        given = {
            name: drawn(least, [known[axis] for axis in one.axes])
            for name, one in question.given.items()
            if name not in kept
        }
        case = Case(question, {**given, **kept}, known)
        with suppress(Missing, FormulaError, ZeroDivisionError), precision(FIRST_PRECISION):
            numbers = np.ravel(np.array(case.env(kink).entries(kink.tree), dtype=object))
            seen.append([not isinstance(one, Missing) and bool(one == 0) for one in numbers])
    return np.all(np.array(seen, dtype=bool), axis=0) if seen else np.array([False])


def look_for_kinks(cases: Sequence[Case]) -> None:
    """Find out at once how near inputs of one question are to its kinks."""
    together = Together(cases)
    found = dict.fromkeys(cases, (True, True))
    for kink in kinks(cases[0].question) if cases else ():
        exact = {case: value for case, value, _ in together.exact(kink)}
        error = dict(together.floats(roundings_of(kink)))
        for case in cases:
            away, at = found[case]
            if case not in exact or case not in error:
                found[case] = False, False
                continue
            numbers = np.ravel(np.array(exact[case], dtype=object))
            if any(isinstance(one, Missing) for one in numbers):
                found[case] = False, False
                continue
            values = np.abs([float(arb(one).mid()) for one in numbers])
            near = values <= 2 * ALLOWED * UNIT * np.ravel(error[case])  # of both sides
            zero = np.array([bool(one == 0) for one in numbers])
            if (zero & near).any():
                near &= ~_always_zero(kink, case)
            found[case] = away and not near.any(), at and bool(zero[near].all())
    for case, nearness in found.items():
        vars(case)["nearness"] = nearness
