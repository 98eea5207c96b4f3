"""Facts about a wrong answer that is no known mistake: what holds on every input looked at."""

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, islice
from typing import Any

import numpy as np
from flint import fmpq

from gradaudit.judging.cases import Case, data_of, obeys
from gradaudit.judging.laws import DoesNotApply
from gradaudit.language.formula import Formula, FormulaError
from gradaudit.language.numbers import each
from gradaudit.language.outcomes import Missing
from gradaudit.questions.question import Question
from gradaudit.questions.simple import exact_float

ENOUGH_FOR_A_FACT = 30  # inputs that bear it out
MOST = 40  # inputs on which an answer is compared with the mistakes, or which meet a condition
MOST_MADE = 3 * MOST  # inputs made of these to meet a condition
FEWEST = (1, 2)  # of what an index set counts, where an answer may be right by chance


@dataclass(frozen=True)
class Seen:
    """A wrong answer at one input: what it says, what is right, and whether it is that."""

    case: Any
    found: Any
    right: Any
    is_right: bool


Look = Callable[[Any], Seen]


def seen_at(look: Look, cases: Iterable[Any]) -> Iterator[Seen]:
    """Yield what is seen where the result is of the promised form; a transposed one may not be."""
    for case in cases:
        with contextlib.suppress(DoesNotApply):
            yield look(case)


SIMPLE_FACTORS = tuple(
    sign * fmpq(p, q)
    for p in range(1, 11)
    for q in range(1, 11)
    for sign in (1, -1)
    if math.gcd(p, q) == 1 and (p, q, sign) != (1, 1, 1)
)
LIKELY_FACTORS = (fmpq(2), fmpq(1, 2), fmpq(-1), fmpq(-2))


@dataclass(frozen=True)
class Factor:
    """A factor that an answer may be off by, such as 2/n.

    over: the index set whose size it is divided by, if it is. likely: it is worth a try together
    with a mistake.
    """

    name: str
    number: fmpq
    over: str = ""
    likely: bool = True

    def at(self, case: Any) -> fmpq:
        """Return its value at an input."""
        return self.number / case.sizes[self.over] if self.over else self.number


@cache
def factors_of(question: Question) -> list[Factor]:
    """Return factors that are likely, and others that are simple."""
    simple = [Factor(str(one), one, likely=one in LIKELY_FACTORS) for one in SIMPLE_FACTORS]
    return simple + [
        Factor(f"{number}/{called(question, index_set)}", fmpq(number), index_set)
        for index_set in question.sets
        for number in (1, 2, -1, -2)
    ]


def called(question: Question, index_set: str) -> str:
    """Return how the size of an index set is called: as the set, if it has no name of its own."""
    return next((name for name, one in question.counts.items() if one == index_set), index_set)


Condition = tuple[str, Callable[[Case], Iterable[Case]], Callable[[Case], bool]]


@cache
def _conditions(question: Question) -> dict[str, Condition]:
    """Return what may make an input special: its set, inputs made of one to be so, which are."""
    found: dict[str, Condition] = {}
    sizes: dict[str, tuple[int, ...]] = dict.fromkeys(question.free_sets, FEWEST)
    if question.data:  # as many may have been written out one by one
        written = data_of(question).sizes
        sizes = {name: (*few, written[name]) for name, few in sizes.items()}
    for index_set, several in sizes.items():
        for size in several:
            is_ = "=" if size in FEWEST else "=="
            found[f"when {called(question, index_set)} {is_} {size}"] = _of_size(index_set, size)
    for said, moved in question.facts.items():
        found[said] = _of_change(moved)
    return found


def _of_size(index_set: str, size: int) -> Condition:
    def made(case: Case) -> Iterator[Case]:
        for first in range(case.sizes[index_set]):
            places = [(first + k) % case.sizes[index_set] for k in range(size)]
            if (picked := case.picked(index_set, places)) is not None:
                yield picked

    return index_set, made, lambda case: case.sizes[index_set] == size


def _of_change(moved: Mapping[str, Sequence[Formula]]) -> Condition:
    """Return the condition that a change of what is given leaves an input as it is."""

    def changed(name: str, formula: Formula, case: Case) -> Case:
        value = case.env(formula).evaluate(formula.tree)
        return replace(case, given={**case.given, name: each(exact_float, value)})

    ways = [(name, formula) for name, several in moved.items() for formula in several]

    def made(case: Case) -> Iterator[Case]:
        for name, formula in ways:
            yield changed(name, formula, case)

    def meets(case: Case) -> bool:
        name, formula = ways[0]
        with contextlib.suppress(Missing, FormulaError):
            return bool(np.all(changed(name, formula, case).given[name] == case.given[name]))
        return False

    return "", made, meets


def conditions_of_rightness(
    question: Question, cases: Sequence[Any], look: Look, seen: Sequence[Seen]
) -> list[str]:
    """Return the conditions under which a wrong answer is right on all of very many inputs.

    One that is wrong at one size alone is right at all others, which is said instead.

    The inputs are made to meet the condition, so that those which meet it are no trivial ones; and
    none of all cases that meets it may say otherwise. Nothing is said of an answer that is seldom
    wrong where it is not met. Right values of 0, as for one class, tell nothing.
    """
    facts, at_one_size = [], set[str]()
    for index_set in question.free_sets:
        if size := _only_wrong_size(seen, index_set):
            facts.append(f"wrong only when {called(question, index_set)} = {size}")
            at_one_size.add(index_set)
    for name, (index_set, made, meets) in _conditions(question).items():
        elsewhere = [one.is_right for one in seen if not meets(one.case)]
        if 2 * sum(elsewhere) > len(elsewhere) or index_set in at_one_size:
            continue
        with contextlib.suppress(Missing, DoesNotApply, FormulaError):  # it says nothing there
            if _is_right(look, filter(obeys, chain.from_iterable(map(made, cases[:MOST])))) and all(
                one.is_right for one in seen_at(look, filter(meets, cases))
            ):
                facts.append(f"right {name}")
    return facts


def _only_wrong_size(seen: Sequence[Seen], index_set: str) -> int | None:
    """Return the one size of an index set at which an answer is wrong, if it is so as a rule.

    At other sizes, larger ones among them, it is then right on all of many inputs.
    """
    telling = [(one.case.sizes[index_set], one.is_right) for one in seen if _tells(one)]
    wrong = {one.case.sizes[index_set] for one in seen if not one.is_right}
    if len(wrong) != 1:
        return None
    (size,) = wrong
    there = [is_right for one, is_right in telling if one == size]
    elsewhere = [one for one, _ in telling if one != size]
    is_wrong = 2 * sum(there) < len(there)
    enough = len(elsewhere) >= ENOUGH_FOR_A_FACT and max(elsewhere) > size
    return size if is_wrong and enough else None


def _tells(one: Seen) -> bool:
    """Return whether what is right is not just 0, as for one class."""
    return any(value != 0 for value in one.right.flat)


def _is_right(look: Look, inputs: Iterable[Case]) -> bool:
    """Return whether an answer is right at many inputs, at enough of them not just 0."""
    telling = 0
    for case in islice(inputs, MOST_MADE):
        one = look(case)
        if not one.is_right:
            return False
        telling += _tells(one)
    return telling >= ENOUGH_FOR_A_FACT
