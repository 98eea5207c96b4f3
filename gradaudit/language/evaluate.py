"""Formulas evaluated: exactly in rationals, in balls where there is an exp, or in float64.

Everything is bounded: the operations of one evaluation, the bits of a rational, an exponent.
"""

import ast
import itertools
import math
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from typing import Any

import numpy as np
from flint import arb, fmpq

from gradaudit.language.formula import FormulaError, names_in, with_input
from gradaudit.language.numbers import (
    ONE,
    Array,
    Dual,
    Seed,
    is_true,
    object_array,
)
from gradaudit.language.outcomes import NoValue, present
from gradaudit.language.programs import Context, Meter, axes, program

PI = "pi"  # which is a number wherever nothing else is called so
CASES = "*"  # the index of the inputs that are evaluated at once, which no formula can name


class Env:
    """The values that a formula is evaluated with, for one input.

    values: the given names. sizes: index sets with their sizes. defined: names with formulas,
    evaluated when first met. free: each free index with its set. floats: compute in float64
    instead of exactly. cases: how many inputs of the same sizes these are, if several; each given
    value then has an axis for them, its last, and each result has one, its first. varied: the names
    for which that is so, if not all. A formula is evaluated once, for all values of its indices
    and all inputs.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        sizes: Mapping[str, int],
        defined: Mapping[str, ast.expr],
        free: Mapping[str, str] | None = None,
        *,
        floats: bool = False,
        cases: int = 0,
        varied: Collection[str] | None = None,
    ) -> None:
        self.values = values
        self.sizes = {**sizes, CASES: cases} if cases else sizes
        self.defined = defined
        self.floats = floats
        self.meter = Meter(max(cases, 1))
        self._varied = frozenset(values if varied is None else varied) if cases else frozenset()
        self._shared = self._context = self._context_of({})  # of what no free index changes
        if free:
            self._context = self._context_of(free)
        self._over = dict(self._context.dependent)
        self._over_alone = dict(self._shared.dependent)
        self._values_of_indices: dict[str, Array] = {}
        self._kept: dict[Any, Any] = {}  # defined names
        self._seeds: dict[Any, Env] = {}
        self._contexts: dict[Any, Context] = {}
        self.level = 0  # of derivatives within derivatives

    @property
    def operations(self) -> int:
        """How many operations were needed so far, more bits counting as more of them."""
        return self.meter.spent

    def under(self, free: Mapping[str, str]) -> "Env":
        """Return the same input with other free indices; what depends on none is found once."""
        key = (*free.items(),)
        if key not in self._contexts:
            self._contexts[key] = self._context_of(free)
        return self._in(self._contexts[key])

    def _in(self, context: Context) -> "Env":
        if context is self._context:
            return self
        env = self._copy()
        env._context, env._over = context, dict(context.dependent)
        return env

    def _copy(self) -> "Env":
        env = object.__new__(Env)  # copy.copy takes several times as long
        vars(env).update(vars(self))
        return env

    def seeded(self, *names: str, slopes: bool = False) -> "Env":
        """Return the same input where every number depends on all entries of the named values.

        A number then carries one derivative for each entry, in the order of the names. A defined
        name is an input of its own then, and what it is made of is held fixed. At a kink there is
        no derivative; slopes: there is a Span of all slopes instead.
        """
        values = {name: self.lookup(name) for name in names}
        shapes = list(map(self.own_shape, names))
        counts = list(map(math.prod, shapes))
        seed = Seed(self.level + 1, sum(counts), slopes)

        def seeded(number: Any, place: int) -> Dual:
            return Dual(number, {place: ONE}, seed)

        env = self._copy()
        env.values = {**self.values, **values}
        for name, own, end in zip(names, shapes, itertools.accumulate(counts), strict=True):
            places = np.arange(end - math.prod(own), end)
            places = places.reshape(own + (1,) * len(self._over.get(name, ())))
            env.values[name] = np.frompyfunc(seeded, 2, 1)(values[name], places)
        for name in self.defined.keys() & names:
            env.defined = with_input(name, env.defined)
        env.level, env._kept, env._seeds = seed.level, {}, {}
        return env

    def own_shape(self, name: str) -> tuple[int, ...]:
        """Return the shape that a name has in one input."""
        shape: tuple[int, ...] = np.shape(self.lookup(name))
        return shape[: len(shape) - len(self._over.get(name, ()))]

    def _key(self, name: str) -> Any:
        """Return what a name is kept by: what depends on a free index is so under these only."""
        alone = self._over.get(name) == self._over_alone.get(name)
        return name if alone else (name, self._context.free)

    @property
    def _cases(self) -> bool:
        return CASES in self.sizes

    def by(self, name: str) -> "Env":
        """Return the same input with derivatives by all entries of one name."""
        key = self._key(name)
        if key not in self._seeds:
            self._seeds[key] = self.seeded(name)
        return self._seeds[key]._in(self._context)

    def lookup(self, name: str) -> Any:
        """Return the value of a given name, or of a defined one, as its program has it."""
        if name in self.values:
            return self.values[name]
        if name == PI and name not in self.defined:
            return math.pi if self.floats else arb.pi()
        key = self._key(name)
        if key not in self._kept:
            context = self._shared if key is name else self._context
            self._kept[key] = program(self.defined[name], context).run(self)
        return self._kept[key]

    def values_of_index(self, index_set: str) -> Array:
        """Return all values of an index."""
        if index_set not in self._values_of_indices:
            places = range(self.sizes[index_set])
            self._values_of_indices[index_set] = (
                np.array(places, dtype=float)
                if self.floats
                else object_array(list(map(fmpq, places)), (len(places),))
            )
        return self._values_of_indices[index_set]

    def entries(self, tree: ast.expr) -> Any:
        """Return the value of a checked tree; one that is missing stands where it would be.

        Where it depends on a free index, the first axes are those of all of them. Raises NoValue
        where all of it is missing, FormulaError where it is too large for the language.
        """
        value, over = self.inner(tree)
        if self._cases and not over:
            alone = np.array(value)
            return np.broadcast_to(alone, (self.sizes[CASES], *alone.shape))
        if self._cases and over == (0,):
            return np.moveaxis(value, -1, 0)
        if not over:
            return value
        return self._everywhere(over, value)

    def inner(self, tree: ast.expr) -> tuple[Any, tuple[int, ...]]:
        """Return a value as it stands within a formula, and the indices that it depends on.

        Raises as `entries` does.
        """
        if self.meter.restart():  # balls that were kept are of another precision
            self._kept.clear()
            self._seeds.clear()
        try:
            found = program(tree, self._context)
            return found.run(self), found.over
        except ZeroDivisionError:
            raise NoValue("division by zero") from None
        except RecursionError:
            raise FormulaError(1, "nested too deeply, through its own names") from None

    def holding(self, name: str, value: Any, over: tuple[int, ...], cases: int = 0) -> "Env":
        """Return the same input with one more name, for a value that is as `inner` has it.

        It may depend on indices that are bound where the name stands. cases: how many inputs these
        are, which differ in this value alone, if several.
        """
        env = self._copy()
        env.values = {**self.values, name: value}
        if cases:
            env.sizes = {**self.sizes, CASES: cases}
        dependent = (*self._context.dependent, (name, over))
        env._context = self._context._replace(dependent=dependent)
        return env

    def _everywhere(self, over: tuple[int, ...], value: Array) -> Array:
        """Return a value that depends on a free index, with the axes of all of them first."""
        free = self._context.free
        count = len(free)
        numbers = value[axes(over, range(count))]
        own = numbers.ndim - count
        numbers = numbers.transpose(*range(own, numbers.ndim), *range(own))
        lengths = (self.sizes[index_set] for _, index_set in free)
        return np.broadcast_to(numbers, (*lengths, *numbers.shape[count:]))

    def _context_of(self, free: Mapping[str, str]) -> Context:
        indices = {CASES: CASES, **free} if self._cases else free
        defined = tuple(self.defined.items())
        return _context(tuple(indices.items()), defined, self._varied, self.floats)

    def evaluate(self, tree: ast.expr) -> Any:
        """Return the value of a checked tree. Raises as `entries` does, and what is missing."""
        value = self.entries(tree)
        return value if self.floats else present(value)

    def truth(self, tree: ast.expr) -> bool:
        """Return whether a condition holds, everywhere if it has several entries."""
        return all(map(is_true, np.ravel(np.array(self.evaluate(tree), dtype=object))))

    def value_of(self, name: str) -> Any:
        """Return the value of a name. Raises as `evaluate` does."""
        return self.evaluate(ast.Name(name, col_offset=1))


@lru_cache(maxsize=2**10)  # each keeps the definitions of an answer
def _context(
    free: tuple[tuple[str, str], ...],
    definitions: tuple[tuple[str, ast.expr], ...],
    varied: frozenset[str],
    floats: bool,
) -> Context:
    """Return free indices, with the names that depend on them."""
    numbers = {index: number for number, (index, _) in enumerate(free)}
    defined = dict(definitions)
    if not varied and all(
        numbers.keys().isdisjoint(names) for names in map(names_in, defined.values())
    ):
        return Context(free, (), floats)

    @cache
    def over(name: str) -> frozenset[int]:
        if name in varied:
            return frozenset({numbers[CASES]})
        if name not in defined:
            return frozenset({numbers[name]} if name in numbers else ())
        return frozenset().union(*map(over, names_in(defined[name])))

    found = {name: tuple(sorted(over(name))) for name in sorted({*defined, *varied}) if over(name)}
    return Context(free, tuple(found.items()), floats)
