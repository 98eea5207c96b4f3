"""What the numbers of an exercise can't show: which mistakes leave its answers right.

For whoever sets the exercise. A mistake in the mask of a ReLU cannot be seen behind it, whatever
the data: it is invisible there. What shows on other data of the same sizes is hidden, and such are
proposed.
"""

import ast
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from flint import fmpq

from gradaudit.judging.cases import Case, kinks, obeys
from gradaudit.judging.derivation import values
from gradaudit.judging.laws import Refusal
from gradaudit.judging.together import Together
from gradaudit.language.balls import agree
from gradaudit.language.numbers import object_array
from gradaudit.language.outcomes import Missing
from gradaudit.mistakes.slips import Wrong, wrong_answers
from gradaudit.questions.question import Question

TRIES = 60  # data sets of the right kind that are compared
BATCH, BATCHES = 400, 90
TENTHS = range(-10, 11)
ONE_PLACE = fmpq(1, 20)  # half a unit of the last digit that is written

Pair = tuple[Wrong, str]  # a variant of a mistake, and a part of the answer
Place = tuple[int, ...]


@dataclass(frozen=True)
class Kink:
    """What is 0 at a kink of the model, at an input: its name, its axes and its values."""

    name: str
    axes: tuple[str, ...]
    values: np.ndarray  # of exact numbers

    def near(self, closeness: fmpq) -> list[Place]:
        """Return the places where it is nearly 0."""
        return [place for place, value in np.ndenumerate(self.values) if abs(value) < closeness]

    def off(self) -> list[tuple[str, int]]:
        """Return the index sets with their places at which it is nowhere above 0."""
        return [(self.axes[axis], place) for axis, place in _off(self.values > 0)]


def _off(on: np.ndarray) -> list[tuple[int, int]]:
    """Return the axes of an array of several, with the places at which nothing is on."""
    others = (tuple(k for k in range(on.ndim) if k != axis) for axis in range(on.ndim))
    return [
        (axis, int(place))
        for axis, rest in enumerate(others)
        if rest
        for place in np.flatnonzero(~on.any(axis=rest))
    ]


@dataclass(frozen=True)
class Lint:
    """What is to be said of an exercise.

    off: where what is 0 at a kink is nowhere above it: the name, index set and place. near: where
    it is at or near 0, by name. hidden: for each part, the mistakes that leave it right on these
    data, though they show on others. invisible: for each part, the mistakes that show on no data
    of these sizes that were tried.
    """

    off: tuple[tuple[str, str, int], ...]
    near: tuple[tuple[str, Place], ...]
    hidden: dict[str, tuple[str, ...]]
    invisible: dict[str, tuple[str, ...]]

    @property
    def clean(self) -> bool:
        """Whether nothing could be better."""
        return not (self.off or self.near or any(self.hidden.values()))


def lint(case: Case) -> Lint:
    """Say what an exercise's numbers can't show."""
    known = wrong_answers(case.question)
    shown = set(_shown(case))
    can_show = shown | set(_search(case.question, tuple(case.sizes.items()))[1])
    closeness = half_unit(case)
    at = kinks_of(case)

    def ids(pairs: set[Pair], part: str) -> tuple[str, ...]:
        """Return the mistakes none of whose variants is among the pairs, in their own order."""
        names = dict.fromkeys(one.ids[0] for one in known)
        there = {one.ids[0] for one in known if (one, part) in pairs}
        return tuple(name for name in names if name not in there)

    parts = case.question.parts
    unseen = {part: ids(shown, part) for part in parts}
    invisible = {part: ids(can_show, part) for part in parts}
    return Lint(
        off=tuple(dict.fromkeys((kink.name, *one) for kink in at for one in kink.off())),
        near=tuple((kink.name, place) for kink in at for place in kink.near(closeness)),
        hidden={
            part: tuple(name for name in unseen[part] if name not in invisible[part])
            for part in parts
        },
        invisible=invisible,
    )


def half_unit(case: Case) -> fmpq:
    """Return half a unit of the finest decimal place that the data use."""
    numbers = np.concatenate([np.ravel(np.array(block)) for block in case.given.values()])
    unit = fmpq(1)
    while any((number / unit).q != 1 for number in numbers) and unit > fmpq(1, 10**50):
        unit /= 10
    return unit / 2


def kinks_of(case: Case) -> list[Kink]:
    """Return what is 0 at the kinks of the model, that are kinks of a whole array."""
    found = []
    for one in kinks(case.question):
        value = np.array(case.env(one).evaluate(one.tree), dtype=object)
        by_size = {size: name for name, size in case.sizes.items()}
        axes = tuple(by_size.get(size, "") for size in value.shape)
        if value.ndim:
            found.append(Kink(ast.unparse(one.tree), axes, value))
    return found


def better(case: Case) -> Case:
    """Return data of the same sizes on which most mistakes show in most parts.

    They have one decimal, nothing near a kink, and nothing that is off throughout. The same sizes
    give the same data every time. Raises LookupError for sizes for which none were found.
    """
    best, _ = _search(case.question, tuple(case.sizes.items()))
    if best is None:
        raise LookupError("no data of these sizes were found")
    return best


@cache
def _search(
    question: Question, sizes: tuple[tuple[str, int], ...]
) -> tuple[Case | None, frozenset[Pair]]:
    """Return the best data of some sizes, and what shows on some data of these."""
    best, most, any_shows = None, -1, set[Pair]()
    for candidate in _candidates(question, dict(sizes)):
        shown = _shown(candidate)
        any_shows.update(shown)
        if len(shown) > most:
            best, most = candidate, len(shown)
    return best, frozenset(any_shows)


def _candidates(question: Question, sizes: dict[str, int]) -> Iterator[Case]:
    """Yield random data of these sizes with one decimal that meet all conditions."""
    source = random.Random(0)  # the same data every time
    found = 0
    for _ in range(BATCHES):
        batch = [_tenths(source, question, sizes) for _ in range(BATCH)]
        for case in filter(obeys, _clear(question, batch)):
            yield case
            found += 1
            if found == TRIES:
                return


def _tenths(source: random.Random, question: Question, sizes: dict[str, int]) -> Case:
    given = {}
    for name, one in question.given.items():
        shape = tuple(sizes[axis] for axis in one.axes)
        count = math.prod(shape)
        if one.within:
            chosen = [fmpq(source.randrange(sizes[one.within])) for _ in range(count)]
        elif one.among:
            chosen = source.choices(one.among, k=count)
        else:
            chosen = [fmpq(source.choice(TENTHS), 10) for _ in range(count)]
        given[name] = object_array(chosen, shape) if shape else chosen[0]
    return Case(question, given, sizes)


def _clear(question: Question, batch: list[Case]) -> list[Case]:
    """Return those of which no kink is near, and nothing is off throughout."""
    left = batch
    for kink in kinks(question):
        near = float(ONE_PLACE)
        found = (
            (case, np.asarray(value, dtype=float)) for case, value in Together(left).floats(kink)
        )
        left = [case for case, value in found if (abs(value) >= near).all() and not _off(value > 0)]
    return left


def _shown(case: Case) -> list[Pair]:
    """Return where a mistake changes a part of the answer."""
    right = {part: values(one.closed, case) for part, one in case.question.parts.items()}
    shown = []
    for one in wrong_answers(case.question):
        for part, wanted in right.items():
            try:
                found = values(one.formulas[part], case)
                same = found.shape == wanted.shape and all(map(agree, found.flat, wanted.flat))
            except (Missing, Refusal):
                same = False
            shown += [] if same else [(one, part)]
    return shown
