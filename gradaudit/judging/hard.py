"""The hard inputs of any question: those that are listed and always tried, and others by chance.

All of them are valid by construction: numbers come from short lists that meet what is assumed of
them, equations are solved by exact Newton steps, and what chance hardly meets is repaired. Where
chance has a say it comes from `random.Random` with a fixed seed, so that the inputs are the same
everywhere.
"""

import ast
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, cached_property, partial
from itertools import chain, combinations, count, islice, zip_longest
from random import Random
from typing import Any

import numpy as np
from flint import fmpq

from gradaudit.judging.cases import (
    Case,
    brought_to_zero,
    edges,
    is_smooth,
    kinks,
    look_for_kinks,
    obeys,
    solve,
    vectors,
)
from gradaudit.judging.domains import Domain
from gradaudit.judging.repairing import repaired
from gradaudit.judging.together import Together, kept
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError
from gradaudit.language.numbers import ONE, ZERO, each, object_array
from gradaudit.language.outcomes import Missing
from gradaudit.questions.files import Unreadable
from gradaudit.questions.question import Given, Question
from gradaudit.questions.simple import SIMPLE, exact_float

Change = Callable[[Case], Case | None]

PLAIN = (*map(fmpq, (1, 2, -1, 3, -2, -3)), fmpq(1, 2), fmpq(-3, 2), fmpq(5, 4))
POOL = (*SIMPLE, fmpq(1, 8), fmpq(-1, 4), fmpq(1, 10), fmpq(-3, 10), fmpq(5), fmpq(-8))
TINY, MINUTE, SPECK = fmpq(1, 2**12), fmpq(1, 2**30), fmpq(1, 2**43)
CELLS = (ONE, ONE / 2, ONE / 4)
POSITIVE = (
    *(fmpq(k, 8) for k in (1, 2, 6, 7, 9)),
    *(fmpq(4), fmpq(9, 10), 1 - TINY, fmpq(1, 2**17)),
)
BETWEEN = tuple(fmpq(k, 16) for k in range(-64, 65))
HUGE, VAST = fmpq(2**12), fmpq(2**40)
EXTREMES = (VAST, 1 / VAST, MINUTE)
SIZES = (*(3 * fmpq(10) ** (side * power) for power in range(1, 10) for side in (1, -1)),)
OFFSET = fmpq(2**10)

CHANCES, REPAIRS = 5, 12  # of what is drawn, to meet what is assumed by itself, or repaired
DRAWS = 40  # of inputs at most, until one is away from kinks
TRIES, MOST_TRIES = 3, 12  # again, of one change and of sizes, until no kink is near
SMALL = (1, 2, 3, 4, 4)
LARGE = (5, 6, 7, 8, 9, 12)
MOST = 80  # hard cases of arrays that are given; more than that are made together
ZEROS = "*"  # of several arrays, which nothing else may disturb
FIRST_IS_ONE, LAST_IS_ONE = 3, 4  # among the patterns
FEW_REPAIRS = 3  # to find out whether an input has some sizes
EXPONENTIAL = ("exp", "expm1", "sigmoid", "softmax", "tanh")
CLAMPS = 8, 25, 90  # beyond usual bounds of what is exponentiated
FEW = 3  # arrays, up to which all of them are put far out
MANY = 400  # entries of all inputs together, beyond which a large size is not tried


def patterns(k: int, n: int) -> tuple[Any, ...]:
    """Return entry k of n of arrays that are hard: ties, ramps, sums, hardly apart."""
    first, last = k == 0, k == n - 1
    return (
        *(1, fmpq(1, 2), fmpq(1, n), first, last, k < 2, k % 2, k, k - fmpq(n - 1, 2)),
        *(fmpq((-1) ** k * (k + 1), 2), fmpq(k, 10), 1 + k * MINUTE, -2 * k, 2 if first else -1),
        # of a sum of 1, exactly and nearly, all positive and not
        *(fmpq(9, 10) * first + fmpq(1, 10 * n), 2 * first - last),
        *(first + TINY, first - MINUTE, first + SPECK, OFFSET * first + (1 - OFFSET) * last),
        *((k + 1) * scale for scale in (TINY, SPECK)),
    )


def far_patterns(k: int, n: int) -> tuple[Any, ...]:
    """Return entry k of n of arrays that are far apart, far out or large."""
    first, last = k == 0, k == n - 1
    return (
        *(
            20 * last,
            25 + k,
            -25 - k,
            100 if first else k,
            40 - 30 * k,
            -500 - k,
            600 + k,
            -660 * last,
        ),
        *(-800 * last, 10**5 * (k < 2), 660 * first, 1000 + k, -(10**5) - k, 800 * first, 1000),
        *((k + 1) * scale for scale in (HUGE, 1 / MINUTE)),
        *(*(gap * last for gap in (16, 24, 45, 250)), 90 + k, -90 - k),
        *(gap * last for gap in (28, 37, 64, 500)),
    )


def huge_patterns(k: int, n: int) -> tuple[Any, ...]:
    """Return entry k of n of arrays that are as large as float64 holds."""
    first, last = k == 0, k == n - 1
    return 10**300 * (first - last), 10**300 * (k - n), 10**16 * last


class NoInput(Unreadable):
    """A question of which no input was found; the message says why."""


class Inputs:
    """Makes the inputs of a question."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.numbers = [
            one for one in question.given.values() if not one.within and not one.definite
        ]

    # ---- numbers

    @cached_property
    def pools(self) -> dict[str, Sequence[fmpq]]:
        """For each given name, the numbers that meet what is assumed of its entries alone."""
        return {name: self._pool(given) for name, given in self.question.given.items()}

    def _pool(self, given: Given) -> Sequence[fmpq]:
        met = self.meeting(given.name, POOL) == [*POOL]
        if met and not (given.among or given.within):
            return POOL
        for candidates in ((*POOL, *POSITIVE), BETWEEN):
            if pool := self.meeting(given.name, given.among or candidates):
                return pool
        return POOL

    def meeting(self, name: str, numbers: Iterable[fmpq]) -> list[fmpq]:
        """Return the numbers, each once, that meet what is assumed of a name alone."""
        known = self.question.given.keys()
        alone = [one for one in self.question.assume if one.names & known == {name}]
        each_once = dict.fromkeys(numbers)
        return [one for one in each_once if all(_met(said, name, one) for said in alone)]

    @cached_property
    def _scaled(self) -> list[dict[str, list[list[fmpq]]]]:
        """For each name the numbers it is drawn from, on each scale; then those that are calm."""

        def scaled(name: str, calm: bool) -> list[list[fmpq]]:
            pool = self.pools[name]
            numbers = [one for one in pool if one in PLAIN] if calm and pool is POOL else pool
            cells = CELLS if pool is POOL else (ONE,)
            return [[exact_float(cell * one) for one in numbers] for cell in cells]

        return [{name: scaled(name, calm) for name in self.pools} for calm in (False, True)]

    def _array(self, given: Given, sizes: Mapping[str, int], numbers: Iterator[fmpq]) -> Any:
        shape = tuple(sizes[axis] for axis in given.axes)
        chosen = list(islice(numbers, math.prod(shape)))
        if given.within:
            chosen = [fmpq(int(one.p) % sizes[given.within]) for one in chosen]
        if given.definite:  # B Bᵀ + 1, of halves
            b = object_array([fmpq(round(2 * one), 2) for one in chosen], shape)
            return b @ b.T + each(fmpq, np.eye(shape[0], dtype=int).astype(object))
        return object_array(chosen, shape) if shape else chosen[0]

    def draw(
        self,
        random: Random,
        sizes: Mapping[str, int],
        *,
        plain: bool = False,
        repairs: int = REPAIRS,
    ) -> Case:
        """Return an input of these sizes; plain: of numbers that are neither 0 nor extreme.

        repairs: how many of what is drawn are repaired to meet what is assumed. Raises NoInput.
        """

        def drawn(calm: bool) -> dict[str, Any]:
            given = {}
            for name, one in self.question.given.items():
                numbers = random.choice(self._scaled[calm][name])
                chosen = (random.choice(numbers) for _ in count())
                given[name] = self._array(one, sizes, chosen)
            return given

        for attempt in range(CHANCES + repairs):
            calm = plain or attempt > CHANCES + repairs // 2
            case = Case(self.question, drawn(calm), dict(sizes))
            found = solve(case)
            if not found and attempt >= CHANCES:
                found = repaired(case, partial(drawn, calm), random)
            if found:
                return found
        name, tried = self.question.name, CHANCES + repairs
        raise NoInput(f"{name}.assume: no input meets what is assumed, of {tried} tried")

    # ---- sizes

    @cached_property
    def sizes(self) -> list[dict[str, int]]:
        """All of them 1, each 1, every two equal, all equal, all different, and larger ones."""
        free = self.question.free_sets
        apart = {name: (3, 2, 4)[k % 3] for k, name in enumerate(free)}
        twos = self._twos
        wanted = [apart, dict.fromkeys(free, 1), twos, dict.fromkeys(free, 3)]
        wanted += [{**apart, name: 1} for name in free]
        wanted += [{**dict.fromkeys(free, 1), name: 3} for name in free if len(free) > 1]
        wanted += [{**apart, one: apart[other]} for one, other in combinations(free, 2)]
        wanted += [{**apart, **dict.fromkeys(pair, 1)} for pair in combinations(free, 2)]
        wanted += [
            {name: (2, 4, 3)[k % 3] for k, name in enumerate(free)},
            dict.fromkeys(free, 4),
            {name: 5 + k % 3 for k, name in enumerate(free)},
        ]
        wanted += [{**twos, name: size} for size in self._large for name in free]
        if self._large and len(free) > 1:
            wanted += [
                {name: (8, 5, 6)[(k + turn) % 3] for k, name in enumerate(free)}
                for turn in range(3)
            ]
        found = [sized for one in wanted if (sized := self.question.sized(one)) is not None]
        fitting = [one for one in found if self._entries(one) <= MANY]
        if not fitting:
            few = f"whole numbers with which all arrays have at most {MANY} entries"
            raise NoInput(f"{self.question.name}.sizes: none of those tried are {few}")
        several = list({tuple(one.items()): one for one in fitting}.values())
        usual, *others = several  # where none is found of the usual ones, that is told
        return [usual, *filter(self._is_met, others)] if self._is_met(usual) else [usual]

    def _is_met(self, sizes: Mapping[str, int]) -> bool:
        """Return whether an input of these sizes is soon found that meets what is assumed."""
        key = tuple(sizes.items())
        if self.question.assume and key not in self._known:
            self._known[key] = False
            with suppress(NoInput):
                self.draw(Random(7), sizes, plain=True, repairs=FEW_REPAIRS)
                self._known[key] = True
        return self._known.get(key, True)

    @cached_property
    def _known(self) -> dict[Any, bool]:
        return {}

    def _draw_or_usual(
        self, random: Random, sizes: Mapping[str, int] | None, *, plain: bool = False
    ) -> Case:
        """Return an input of these sizes, or of the first of all where none has these."""
        if sizes and self._is_met(sizes):
            with suppress(NoInput):
                return self.draw(random, sizes, plain=plain)
        try:
            return self.draw(random, self.sizes[0], plain=plain)
        except NoInput as none:
            raise NoInput(f"{none}{self._too_much()}") from None

    def _too_much(self) -> str:
        """Return without which one of all that is assumed there is an input, if there is."""
        assumed = self.question.assume
        for number, one in enumerate(assumed if len(assumed) > 1 else ()):
            others = assumed[:number] + assumed[number + 1 :]
            if Inputs(replace(self.question, assume=others))._is_met(self.sizes[0]):
                return f"; without {one.text} one does"
        return ""

    @property
    def _twos(self) -> dict[str, int]:
        return dict.fromkeys(self.question.free_sets, 2)

    @property
    def _large(self) -> Sequence[int]:
        """Sizes larger than usual; none where a matrix is inverted, exactly and by every entry."""
        return () if any(one.definite for one in self.question.given.values()) else LARGE

    def _entries(self, sizes: Mapping[str, int]) -> int:
        return sum(
            math.prod(sizes[axis] for axis in one.axes) for one in self.question.given.values()
        )

    @cached_property
    def largest(self) -> Case:
        """An input on which what an answer says is tried out: sizes up to 4."""
        every = self.question.sized(dict.fromkeys(self.question.free_sets, 4))
        return self._draw_or_usual(Random(5), every, plain=True)

    @cached_property
    def shown(self) -> Case:
        """An input where the form of results shows: as many of its sizes differ as can."""
        apart = {name: 3 + k for k, name in enumerate(self.question.free_sets)}
        return self._draw_or_usual(Random(4), self.question.sized(apart), plain=True)

    # ---- what makes an input hard

    @cached_property
    def _moved(self) -> list[str]:
        """The names by which derivatives are asked for."""
        return sorted({one.by for one in self.question.parts.values()})

    @cached_property
    def changes(self) -> list[Change]:
        """What makes an input hard: values of what is given, and of what is defined of it."""
        return [
            *(change for given in self.numbers for change in _changes_of(given)),
            *self._small(),
            *(
                partial(_scaled, [given.name], EXTREMES[k % len(EXTREMES)])
                for k, given in enumerate(self.numbers)
            ),
            *self._patterned(),
            *(partial(_zeroed, pair) for pair in combinations([g.name for g in self.numbers], 2)),
            *(partial(_zeroed, some) for some in combinations(self._moved, 3)),
            partial(_zeroed, self._moved),
            *(partial(_scaled, [g.name for g in self.numbers], s) for s in (TINY, HUGE, MINUTE**2)),
            *(
                _put(one.name, lambda v: v * 0)
                for one in self.question.given.values()
                if one.within
            ),
            *self._repeated(),
            *(
                change
                for name in self.question.scope.defined
                for change in _values_of(self._formula(name), (ZERO, TINY, MINUTE, SPECK, OFFSET))
            ),
            *(
                partial(brought_to_zero, formula=self._formula(f"sum({name})"))
                for name in self.question.scope.defined
                if self._is_array(name)
            ),
        ]

    def _of_every_size(self) -> Iterator[Change]:
        """Yield changes that bring all arrays to a size, one after another."""
        names = [one.name for one in self.numbers if not one.among]
        for size in SIZES:
            if allowed := [name for name in names if self.meeting(name, [size])]:
                yield partial(_all, [partial(_of_size, name, size) for name in allowed])

    def _beside_a_mask(self) -> Iterator[Change]:
        """Yield changes that fill a mask, or labels, with one entry where all else has one sign."""
        free = [one.name for one in self.numbers if not one.among]
        signed = [name for name in free if len(self.meeting(name, [ONE, -ONE])) > 1]
        for one in self.numbers:
            for entry in one.among:
                fill = _put(one.name, partial(_constant, entry))
                for sign in (abs, _negative):
                    yield partial(_all, [fill, *(_put(name, sign) for name in signed)])

    def _in_exponents(self) -> Iterator[Change]:
        """Yield changes that take what stands in an exponent to where it may have been clamped."""
        calls = (
            node
            for tree in self.question.scope.defined.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) in EXPONENTIAL
        )
        inside = {one.id for call in calls for one in ast.walk(call) if isinstance(one, ast.Name)}
        for name in [one.name for one in self.numbers if one.name in inside]:
            for far in CLAMPS:
                yield _put(name, partial(operator.add, far))
                yield _put(name, partial(operator.add, -far))

    def _small(self) -> list[Change]:
        """Return changes that bring what is positive near 0, and scale what is definite."""
        positive = [name for name, pool in self.pools.items() if min(pool) > 0]
        definite = [name for name, one in self.question.given.items() if one.definite]
        scaled = [(name, scale) for name in positive for scale in (MINUTE, 1 / VAST)]
        scaled += [(name, scale) for name in definite for scale in (ONE / 16, ONE * 64)]
        return [partial(_scaled, [name], scale) for name, scale in scaled]

    def _repeated(self) -> list[Change]:
        """Return changes that repeat places of an index set: all of them the first, or the last."""
        sets = self.question.free_sets
        return [partial(_repeating, one, every) for one in sets for every in (True, False)]

    def _alike(self) -> Iterator[tuple[tuple[str, str], dict[str, int]]]:
        """Yield every two arrays that can have one shape, and sizes at which they do."""
        equal = self.question.sized(dict.fromkeys(self.question.free_sets, 3))
        if equal is None:
            return
        for one, other in combinations(self.numbers, 2):
            if one.axes and _shape(one, equal) == _shape(other, equal):
                yield (one.name, other.name), equal

    def _formula(self, text: str) -> Formula:
        tree = ast.parse(text, mode="eval").body
        return Formula(text, tree, self.question.scope)

    def _is_array(self, name: str) -> bool:
        formula = self._formula(name)
        try:
            return bool(np.ndim(self.shown.in_floats(formula)))
        except (Missing, FormulaError):
            return False

    def _patterned(self) -> Iterator[Change]:
        """Yield changes that put patterns into two arrays at a time, each into each array once."""
        names = [one.name for one in self.numbers if one.axes]
        several = len(patterns(0, 1))
        for pattern in range(several):
            for pair in zip_longest(names[::2], names[1::2]):
                chosen = zip(pair, (pattern, (pattern + several // 2) % several), strict=True)
                yield partial(_filled, patterns, {name: one for name, one in chosen if name})
        for name in self.question.huge:
            for pattern in range(len(huge_patterns(0, 1))):
                yield partial(_filled, huge_patterns, {name: pattern})
        for pattern in range(len(far_patterns(0, 1))):
            for name in names if len(names) < FEW else names[pattern % len(names) :][:1]:
                far = partial(_filled, far_patterns, {name: pattern})
                yield far
                vectors = [name for name in names if len(self.question.given[name].axes) == 1]
                alone = sum(far_patterns(k, 3)[pattern] != 0 for k in range(3)) == 1
                if alone and len(names) < FEW and vectors == names:  # beside one-hot others
                    one = LAST_IS_ONE if pattern // 2 % 2 == 0 else FIRST_IS_ONE
                    beside = {other: one for other in names if other != name}
                    yield partial(_all, [far, partial(_filled, patterns, beside)])

    @cached_property
    def at_kinks(self) -> list[Change]:
        """What brings an input to a kink."""
        changes: list[Change] = []
        for kink in kinks(self.question):
            changes += (partial(brought_to_zero, formula=kink, place=k, only=k) for k in range(3))
            changes += _values_of(kink, (ZERO,))
            changes.append(partial(_in_turn, kink))
            some = partial(brought_to_zero, formula=kink, only=0)
            arrays = (self._formula(name) for name in self.question.scope.defined)
            zeros = (change for one in arrays for change in _values_of(one, (ZERO,)))
            changes += (partial(_all, [some, zero]) for zero in zeros)
        for vector in vectors(self.question):
            changes += _values_of(vector, (ZERO,))
        return changes

    @cached_property
    def beside_kinks(self) -> list[Change]:
        """What brings an input next to a kink on either side, or all of it to one side."""
        changes: list[Change] = []
        for kink in kinks(self.question):
            changes += _values_of(kink, [side / 2**k for k in (0, 20) for side in (ONE, -ONE)])
            changes += _values_of(kink, (ONE / 2**36, -ONE / 2**36), 0)
        for vector in vectors(self.question):
            changes += _values_of(vector, (ONE / 2**20, ONE / 2**36))
        return changes

    def _at_edges(self) -> Iterator[Change]:
        """Yield what brings data to where they change sides, and beside it."""
        for edge in edges(self.question):
            yield from _values_of(edge, (ZERO, ONE, -ONE))
            yield from _values_of(edge, (ZERO,), 0)

    def _packed(self) -> list[list[Change]]:
        """Return changes, several of different arrays at once where there are many."""
        most = -(-len(self.changes) // MOST)
        packed: list[list[Change]] = []
        for change in self.changes:
            touched = _touched(change)
            free = (
                some
                for some in packed
                if len(some) < most and all(_are_apart(touched, _touched(one)) for one in some)
            )
            if len(packed) < MOST or not touched or (some := next(free, None)) is None:
                packed.append([change])
            else:
                some.append(change)
        return packed

    # ---- inputs

    @cached_property
    def hard(self) -> list[Case]:
        """The hard cases, of which most is known already that functions and formulas share."""
        return list(self.listed())

    def listed(self) -> Iterator[Case]:
        """Yield the hard cases. One that is near a kink by chance is tried with other numbers."""
        random = Random(3)
        wanted: list[tuple[dict[str, int], Change]]
        wanted = [(sizes, _as_it_is) for sizes in self.sizes]
        several: list[Change] = [partial(_all, some) for some in self._packed()]
        alone: list[Change] = []
        if len(several) < len(self.changes):
            alone += (partial(_zeroed, [one.name]) for one in self.numbers)
        wanted += [
            (self.sizes[0], change)
            for change in (*self.at_kinks, *several, *alone, *self.beside_kinks)
        ]
        if len(self.question.free_sets) == 1 and (twos := self.question.sized(self._twos)):
            wanted += [(twos, change) for change in several[::2]]  # no other size can differ
        wanted += [(sizes, partial(_equal, pair)) for pair, sizes in self._alike()]
        if alike := self.question.sized(dict.fromkeys(self.question.free_sets, 3)):
            matrices = [one.name for one in self.numbers if len(one.axes) > 1]
            square = _symmetric, _identity
            wanted += [(alike, _put(name, one)) for name in matrices for one in square]
        zeros = partial(_all, [_put(g.name, _zero_first) for g in self.numbers if g.axes])
        wanted += [(sizes, zeros) for sizes in self.sizes if 1 in sizes.values()]
        places = [one.name for one in self.question.given.values() if one.within]
        wanted += [(sizes, partial(_place, name, -1)) for sizes in self.sizes for name in places]
        for name in places:
            of = self.question.given[name].within
            largest = max(self.sizes, key=lambda sizes: sizes[of])  # at once
            wanted += [(largest, partial(_place, name, k)) for k in range(largest[of])]
        alone_too = chain(
            self._of_every_size(), self._in_exponents(), self._beside_a_mask(), self._at_edges()
        )
        wanted += [(self.sizes[0], change) for change in alone_too]
        usual = wanted[:1]
        wanted = [*usual, *((sizes, one) for sizes, one in wanted[1:] if self._is_met(sizes))]
        for attempt in range(MOST_TRIES):
            made = [
                (
                    _changed(self._draw_or_usual(random, sizes, plain=True), change),
                    (sizes, change),
                )
                for sizes, change in wanted
            ]
            cases = [case for case, _ in made if case is not None]
            look_for_kinks(cases)
            yield from cases
            wanted = [
                again
                for case, again in made
                if case is not None and not is_smooth(case) and again[1] not in self.at_kinks
                if attempt < TRIES or again[1] is _as_it_is
            ]

    def drawn(self, random: Random) -> Case:
        """Return one more input."""
        small = {name: random.choice(SMALL) for name in self.question.free_sets}
        case = self._draw_or_usual(random, self.question.sized(small))
        several = [*self.changes, *self.beside_kinks, *self.at_kinks]
        changes = random.sample(several, k=random.choice((0, 0, 1, 2)))
        for change in changes:
            case = _changed(case, change) or case
        return case


def _met(condition: Formula, name: str, number: fmpq) -> bool:
    """Return whether a condition holds of an array all of whose entries are a number."""
    try:
        return Env({name: number}, {}, condition.scope.defined).truth(condition.tree)
    except (Missing, FormulaError, KeyError):
        return True  # it is no condition on each entry


def _is_binary(number: fmpq) -> bool:
    return int(number.q).bit_count() == 1


def _changed(case: Case, change: Change) -> Case | None:
    """Return a changed case that meets what is assumed, or nothing.

    Its numbers are float64, but for names of which those that were drawn are not, as of norm 1.
    """
    changed = change(case)
    solved = changed and solve(changed)
    if not solved:
        return None
    binary = [name for name, value in case.given.items() if all(map(_is_binary, np.ravel(value)))]
    try:
        floats = {name: each(exact_float, solved.given[name]) for name in binary}
    except Missing:
        return None
    rounded = replace(solved, given={**solved.given, **floats})
    return rounded if obeys(rounded) else None


def _changes_of(given: Given) -> Iterator[Change]:
    """Yield changes of one array or number."""
    put = partial(_put, given.name)
    yield from (put(lambda v: v * 0), put(abs), put(_negative))
    scales = TINY, HUGE, fmpq(2**6), fmpq(1, 2**6)
    yield from (partial(_scaled, [given.name], scale) for scale in scales)
    if not given.axes:
        return
    yield from (put(lambda v: v * 0 + v.flat[0]), put(lambda v: _first(v, ZERO)))
    yield from (put(lambda v: v + OFFSET), put(lambda v: _first(v, v.flat[0] + OFFSET)))
    yield put(lambda v: _first(v, v.flat[0] - v.sum()))  # they cancel
    if len(given.axes) > 1:
        yield put(_identity)
        yield put(lambda v: v - v.sum(axis=0) / fmpq(len(v)))  # each column cancels
        yield put(lambda v: v[..., :1] + v * 0)
        yield put(lambda v: np.concatenate([v[:1] * 0, v[1:]]))
        yield put(lambda v: np.concatenate([v[..., :1] * 0, v[..., 1:]], axis=-1))


def _constant(entry: fmpq, value: Any) -> Any:
    return value * 0 + entry


def _negative(value: Any) -> Any:
    return -abs(value)


def _put(name: str, change: Callable[[Any], Any]) -> Change:
    return partial(_with, [name], change)


def _with(names: Sequence[str], change: Callable[[Any], Any], case: Case) -> Case:
    changed = {name: change(case.given[name]) + ZERO for name in names}
    return replace(case, given={**case.given, **changed})


def _in_turn(kink: Formula, case: Case) -> Case | None:
    """Return a case with one entry of each column of a kink at it, in rows that take turns."""
    try:
        rows, *columns = np.shape(case.in_floats(kink)) or (0,)
    except (Missing, FormulaError):
        return None
    turned: Case | None = case if rows and len(columns) == 1 else None
    for j in range(*columns[:1] or (0,)):
        turned = turned and brought_to_zero(turned, kink, only=j % rows * columns[0] + j)
    return turned


def _zero_first(value: Any) -> Any:
    return _first(value, ZERO)


def _identity(value: Any) -> Any:
    return value * 0 + np.equal(*np.indices(value.shape[-2:])).astype(int)


def _symmetric(value: Any) -> Any:
    square = value.shape[-1] == value.shape[-2]
    return value + value.swapaxes(-1, -2) if square else value


def _touched(change: Change) -> set[str]:
    """Return the arrays that a change puts something into; none where it moves a number or two."""
    func = change.func if isinstance(change, partial) else None
    if not isinstance(change, partial) or func not in (_with, _scaled, _filled, _zeroed):
        return set()
    return {ZEROS} if func is _zeroed else set(change.args[1 if func is _filled else 0])


def _are_apart(some: set[str], others: set[str]) -> bool:
    return ZEROS not in some | others and bool(some or others) and some.isdisjoint(others)


def _place(name: str, place: int, case: Case) -> Case:
    """Return a case with an array of places filled with one of them."""
    place %= case.sizes[case.question.given[name].within]
    return replace(case, given={**case.given, name: case.given[name] * 0 + place})


def _first(value: Any, number: fmpq) -> Any:
    value = value.copy()
    value.flat[0] = number
    return value


def _filled(
    patterns: Callable[[int, int], tuple[Any, ...]], chosen: Mapping[str, int], case: Case
) -> Case:
    """Return a case with patterns put into arrays, along the last axis, shifted from row to row."""
    given = dict(case.given)
    for name, pattern in chosen.items():
        shape = np.shape(given[name])
        n = shape[-1]
        rows = math.prod(shape[:-1])
        numbers = [patterns((k + row) % n, n)[pattern] for row in range(rows) for k in range(n)]
        given[name] = object_array([ZERO + one for one in numbers], shape)
    return replace(case, given=given)


def _all(changes: Sequence[Change], case: Case) -> Case:
    """Return a case with several changes, of those that can be made."""
    for change in changes:
        case = change(case) or case
    return case


def _shape(given: Given, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sizes[axis] for axis in given.axes)


def _equal(pair: tuple[str, str], case: Case) -> Case:
    one, other = pair
    return replace(case, given={**case.given, other: case.given[one]})


def _as_it_is(case: Case) -> Case:
    return case


def _zeroed(names: Sequence[str], case: Case) -> Case:
    return replace(case, given={**case.given, **{name: case.given[name] * ZERO for name in names}})


def _scaled(names: Sequence[str], scale: fmpq, case: Case) -> Case:
    return replace(case, given={**case.given, **{name: case.given[name] * scale for name in names}})


def _of_size(name: str, size: fmpq, case: Case) -> Case | None:
    """Return a case with an array times a power of 2, its largest number just below a size."""
    largest = max(map(abs, np.ravel(case.given[name])))
    if not largest:
        return None
    _, power = math.frexp(float(size / largest))
    return _scaled([name], fmpq(2) ** (power - 1), case)


def _repeating(index_set: str, every: bool, case: Case) -> Case | None:
    size = case.sizes[index_set]
    picked = case.picked(index_set, [0] * size if every else [*range(size - 1), 0])
    definite = {name: case.given[name] for name, one in case.question.given.items() if one.definite}
    return picked and replace(picked, given={**picked.given, **definite})


def _values_of(
    formula: Formula, values: Sequence[fmpq], only: int | None = None
) -> Iterator[Change]:
    """Yield changes that bring a formula to values, in all of its entries or in one."""
    for value in values:
        constant = ast.Constant(value, col_offset=1)  # type: ignore[arg-type]  # exact
        off = ast.BinOp(formula.tree, ast.Sub(), constant, col_offset=1)
        yield partial(brought_to_zero, formula=Formula("", off, formula.scope), only=only)


# ---- domains


@cache
def inputs_for(question: Question) -> Inputs:
    """Return what makes the inputs of a question, once."""
    return Inputs(question)


@cache
def is_reached(question: Question) -> bool:
    """Return whether some input of a question is found."""
    try:
        return any(_told(question, [case]) for case in filter(is_smooth, inputs_for(question).hard))
    except NoInput:
        return False


@cache
def domain(question: Question) -> Domain:
    """Return the inputs of a question, for formulas: those at which the derivatives are known."""
    inputs = inputs_for(question)

    def listed() -> list[Case]:
        return _told(question, filter(is_smooth, inputs.hard))

    def drawn(random: Random) -> Case:
        for _ in range(DRAWS):
            for case in _told(question, filter(is_smooth, [inputs.drawn(random)])):
                return case
        return inputs.draw(random, inputs.sizes[0], plain=True)

    return Domain(f"inputs of {question.name}", obeys, listed, drawn)


def _told(question: Question, cases: Iterable[Case]) -> list[Case]:
    """Return the inputs at which every derivative that is asked for is known, at few bits."""
    together, truths = Together(cases), [asked.truth for asked in question.parts.values()]
    for truth in truths:
        together.keep(truth)
    alike = chain.from_iterable(together.groups.values())
    return [case for case in alike if all(_is_there(kept(case)[truth]) for truth in truths)]


def _is_there(value: Any) -> bool:
    numbers = np.ravel(np.array(value, dtype=object))
    return value is not None and not any(isinstance(one, Missing) for one in numbers)
