"""Which known mistake a wrong condition on the rate of an iteration is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from flint import fmpq

from gradaudit.judging.iterations import holds, iteration_of, settings
from gradaudit.judging.laws import CannotGoOn, DoesNotApply
from gradaudit.language.formula import Formula
from gradaudit.language.outcomes import CannotTell, NoValue
from gradaudit.language.rates import Root
from gradaudit.mistakes.diagnosis import Diagnosis, ids_of, told
from gradaudit.mistakes.slips import Wrong, wrong_answers, wrong_twice
from gradaudit.questions.iteration import Rate, deciding_rates
from gradaudit.questions.question import Question

BESIDE = fmpq(1, 10**9)
EVENLY = [fmpq(k, 100) for k in range(-50, 250)]


def of_condition(question: Question, judged: Formula) -> Diagnosis:
    """Compare a wrong condition with the mistakes of its question, at every rate that can tell."""
    iteration = iteration_of(question)

    def fits(wrong: Formula) -> bool:
        return all(
            _claims(judged, rate) == _claims(wrong, rate)
            for parameters in settings(question)
            for rate in deciding_rates(iteration, judged, wrong, parameters)
        )

    if (found := _fitting(question, fits)) != Diagnosis():
        return found
    claimed = (
        _claims(judged, rate)
        for parameters in settings(question)
        for rate in deciding_rates(iteration, judged, judged, parameters)
    )
    return Diagnosis() if any(claimed) else Diagnosis(facts=("true of no rate tried",))


def _claims(condition: Formula, rate: Rate) -> bool:
    try:
        return holds(condition, rate)
    except CannotTell:
        return False


def of_function(
    question: Question, says: Callable[[Any], bool], rates: Sequence[Rate]
) -> Diagnosis:
    """Compare a wrong function of the rate with the mistakes of its question, at many rates.

    Among them are the ends of every mistake's range and rates just beside these.
    """
    probed = _probed(question, tuple(rates))
    try:
        said = [says(rate) for rate in probed]
    except (NoValue, DoesNotApply, CannotGoOn):
        return Diagnosis()

    def fits(wrong: Formula) -> bool:
        return all(holds(wrong, rate) == one for rate, one in zip(probed, said, strict=True))

    return _fitting(question, fits)


def _fitting(question: Question, fits: Callable[[Formula], bool]) -> Diagnosis:
    def fitting(among: Sequence[Wrong]) -> tuple[str, ...]:
        return ids_of([one for one in among if all(map(fits, one.formulas.values()))])

    single = fitting(wrong_answers(question))
    double = () if single else fitting(wrong_twice(question))
    if not single and not double:
        return Diagnosis()
    return told(question, Diagnosis(single or double, together=bool(double)))


@lru_cache(maxsize=2**4)
def _probed(question: Question, rates: tuple[Rate, ...]) -> list[Rate]:
    """Return rates to look at, which are the same for all answers."""
    return [*(replace(rate, call=rates[0].call) for rate in _probes(question)), *rates]


def _probes(question: Question) -> Iterator[Rate]:
    iteration = iteration_of(question)
    for parameters in settings(question):
        marks = {
            rate.at
            for wrong in wrong_answers(question)
            for condition in wrong.formulas.values()
            for rate in deciding_rates(iteration, condition, condition, parameters)
            if not isinstance(rate.at, Root)
        }
        beside = [mark + side * BESIDE for mark in sorted(marks) for side in (-1, 0, 1)]
        for at in (*beside, *EVENLY):
            yield Rate(iteration, at, parameters)
