"""Whether what a function is off by is what it loses of its digits itself, as where terms cancel.

Then it is off by chance: as much, and otherwise, at inputs nearby. A mistake is the same there. And
what is less than the last place of usual results is lost beside numbers of that size, as in 1 - p
for a p of nearly 1. No more is lost than some last places of these, or of squares of inputs: noise
that is larger, such as that of finite differences, is made and not lost.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from random import Random
from statistics import median
from typing import Any

import numpy as np

from gradaudit.judging.calling import Function
from gradaudit.judging.cases import Case
from gradaudit.judging.contract import ask, foresee
from gradaudit.judging.form import InForm
from gradaudit.judging.hard import inputs_for
from gradaudit.judging.laws import CannotGoOn, DoesNotApply, LosesDigits, Refusal
from gradaudit.judging.oracles import SCATTERED, SCATTERS, by_part, oracle
from gradaudit.language.numbers import each
from gradaudit.language.outcomes import Missing
from gradaudit.language.roundings import UNIT
from gradaudit.questions.question import Question, Signature
from gradaudit.questions.simple import exact_float, floats

LAST_PLACE = 2 * UNIT  # of 1
LOST = 64  # last places of usual results, or of squares of inputs: more is not looked at
USUAL = 8  # inputs that say what is usual
OF_SIZE_ONE = 1 / 8  # a number from which on one is, or what is made of it may be
NEAR = 2.0**-48  # how near, relative to a number: to most sums some steps of their last place


@contextmanager
def but_for_digits(judged: Function | InForm, *cases: Case) -> Iterator[None]:
    """Let a refusal pass as what it is where a function loses digits at one of these inputs."""
    try:
        yield
    except Refusal as refusal:
        if any(_loses(judged, case) for case in cases):
            raise LosesDigits(refusal) from None
        raise


def _loses(judged: Function | InForm, case: Case) -> bool:
    """Return whether it is further off there than others may be, and its roundings explain it."""
    assert case.call is not None
    known, usual = oracle(case), _usual(case.question, case.call)
    largest = max(float(np.abs(floats(case.given[name])).max()) for name in _numbers(case))
    try:
        gap = np.abs(ask(judged, case)[0] - known.value)
        beyond = gap - known.rounding
        size = max(usual, float(np.abs(known.value).max(initial=0.0)))
        far = max(1.0, largest)  # a product, as a power of it raises where it is too large
        most = LOST * LAST_PLACE * size * far * far
        if not (gap <= most).all() or (beyond <= 0).all():
            return False
        near = list(_nearby(case))
        foresee(judged, near)
        errors = [ask(judged, one)[0] - oracle(one).value for one in near]
    except (Missing, DoesNotApply, CannotGoOn):
        return False
    scatter = by_part(known.asked, case, np.ptp(errors, axis=0))
    last_place = LAST_PLACE * usual if largest >= OF_SIZE_ONE else 0.0
    return bool((beyond <= np.fmax(SCATTERED * scatter, last_place)).all())


@cache
def _usual(question: Question, call: Signature) -> float:
    """Return the size of what a function returns at usual inputs, 1 at most; 0 if none is known."""
    sizes = []
    for case in inputs_for(question).hard[:USUAL]:
        with suppress(Missing):
            value = oracle(case.bound_to(call)).value
            sizes.append(float(np.abs(value).max(initial=0.0)))
    return min(1.0, median(sizes)) if sizes else 0.0


def _numbers(case: Case) -> list[str]:
    """Return the names of what may be any number."""
    given = case.question.given.items()
    return [name for name, one in given if not (one.within or one.among)]


def _nearby(case: Case) -> Iterator[Case]:
    """Yield inputs nearby whose roundings are others, whatever is assumed of them."""
    random, names = Random(0), _numbers(case)

    def rounded(number: Any) -> Any:
        return exact_float(number * (1 + NEAR * random.uniform(-1, 1)))

    for _ in range(SCATTERS):
        moved = {name: each(rounded, floats(case.given[name])) for name in names}
        for name in names:
            if case.question.given[name].definite:  # and so symmetric
                lower = np.tril(moved[name])
                moved[name] = lower + np.tril(lower, -1).T
        yield replace(case, given={**case.given, **moved})
