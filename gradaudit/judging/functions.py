"""The laws of any question: what a function that returns derivatives of its model owes."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, lru_cache
from random import Random
from typing import NamedTuple

import numpy as np

from gradaudit.judging.calling import Function
from gradaudit.judging.cases import Case, has_exact_kinks, is_smooth, look_for_kinks, obeys
from gradaudit.judging.contract import ask, check_contract, compare, foresee_contract
from gradaudit.judging.digits import but_for_digits
from gradaudit.judging.domains import Domain, draw_inputs
from gradaudit.judging.hard import inputs_for, is_reached
from gradaudit.judging.laws import Law, Refusal
from gradaudit.judging.oracles import Estimate, foresee, look_along, oracle
from gradaudit.judging.owed import identity_of
from gradaudit.language.formula import FormulaError
from gradaudit.language.outcomes import Missing, NoValue
from gradaudit.language.showing import show
from gradaudit.questions.question import Owed, Question, Signature

MOST_AT_KINKS = 60  # inputs, each of which is tried in many directions
MANY = 100  # inputs for what an answer owes besides, which sees no more than the derivative
AHEAD = 2**9  # inputs of one law, before it is checked at them
FEW = 24  # inputs for the law that costs most and sees least
DRAWS = 20  # until one is met on which the reference itself keeps its bound


def keeps_the_contract(judged: Function, case: Case) -> None:
    """It returns what it promises, of memory of its own, changes no input, and repeats itself."""
    check_contract(judged, case, _elsewhere(case), 2 * oracle(case).rounding)


def _call(judged: Function, cases: Sequence[Case]) -> None:
    foresee_contract(judged, [(case, _elsewhere(case)) for case in cases])


def equals_the_exact_derivative(judged: Function, case: Case) -> None:
    """It equals the exact derivative, within the rounding that its terms and inputs explain."""
    found, known = ask(judged, case)[0], oracle(case)
    with suppress(Refusal):
        compare(case, found, known.estimate, known.exact)
        return
    wider = np.fmax(known.rounding, known.scatter)
    with but_for_digits(judged, case):
        compare(case, found, Estimate(known.value, wider), known.exact)


def agrees_with_approx_fprime(judged: Function, case: Case) -> None:
    """It agrees with scipy.optimize.approx_fprime of the model in float64, within the error of that."""  # noqa: E501  # a statement is one sentence
    with but_for_digits(judged, case):
        compare(case, ask(judged, case)[0], oracle(case).difference)


def lies_within_the_slopes(judged: Function, case: Case) -> None:
    """At a kink it lies within the slopes of all sides, for each entry and for entries together."""
    found, known = ask(judged, case)[0], oracle(case)
    assert case.call is not None
    if "spans" not in vars(known):
        listed = draw_inputs(domains(case.question, case.call).kinked)
        look_along(listed if case in listed else [case])
    nearest, steepest = np.clip(found, *known.slopes), np.abs(known.slopes)
    # Terms as large as the steepest of them may cancel on the way.
    largest = steepest.max(where=np.isfinite(steepest), initial=0.0)
    rounding = known.own_rounding(np.fmax(np.abs(nearest), largest))
    compare(case, found, Estimate(nearest, rounding), [*map(_anything, *known.slopes)])
    start = 0
    for label, (ways, lows, highs) in zip(case.results(), known.spans, strict=True):
        size = len(ways[0])
        part, own = found[start : start + size], rounding[start : start + size]
        start += size
        for way, low, high in zip(ways[size:], lows[size:], highs[size:], strict=True):
            slope, allowed = float(way @ part), float(np.abs(way) @ own)
            if not low - allowed <= slope <= high + allowed:
                which = ", ".join(map(str, np.flatnonzero(way)))
                how = "summed" if (way >= 0).all() else "added and taken away in turn"
                where = f"{label} {how} over entries {which}"
                raise Refusal(where, _anything(low, high), slope, allowed)


def _anything(low: float, high: float) -> float | str:
    """Return the slopes that are right at a kink as they are told."""
    return low if low == high else f"anything from {show(low)} to {show(high)}"


def laws_of(question: Question, signature: Signature) -> tuple[Law, ...]:
    """Return what a function of a question owes."""
    everywhere, smooth, few, kinked, _ = domains(question, signature)
    at_kinks = [Law(lies_within_the_slopes, kinked)] if draw_inputs(kinked) else []
    return (
        Law(keeps_the_contract, everywhere, foresee=_call),
        Law(equals_the_exact_derivative, smooth),
        Law(agrees_with_approx_fprime, few),
        *at_kinks,
        *(
            Law(owed, _where(question, signature, one), one.name, one.say, owed.foresee)
            for one, owed in zip(question.owes, map(identity_of, question.owes), strict=True)
            if one.where is None or is_reached(question.under(one.where))
        ),
    )


def _where(question: Question, signature: Signature, owed: Owed) -> Domain:
    """Return the inputs on which a law is owed."""
    met = question if owed.where is None else question.under(owed.where)
    return domains(met, signature).many


class Domains(NamedTuple):
    """Inputs of a function: all, those away from kinks, two choices of these, and those at kinks.

    few: as many as the forward difference is tried on. many: as many as an identity is tried on.
    """

    everywhere: Domain
    smooth: Domain
    few: Domain
    kinked: Domain
    many: Domain


@cache
def domains(question: Question, signature: Signature) -> Domains:
    """Return the inputs of a function."""
    inputs = inputs_for(question)

    def bound_to(cases: Iterable[Case]) -> list[Case]:
        bound = [case.bound_to(signature) for case in cases]
        look_for_kinks([case for case in bound if "nearness" not in vars(case)])
        foresee(bound)
        for case in filter(_is_tied, bound):
            vars(case)["nearness"] = False, True
        return list(filter(is_usable, bound))

    @cache
    def listed() -> list[Case]:
        return bound_to(inputs.hard)

    def smooth() -> list[Case]:
        return list(filter(is_smooth, listed()))

    @cache
    def kinked() -> list[Case]:
        found = [case for case in listed() if not is_smooth(case)][:MOST_AT_KINKS]
        if found:
            look_along(found)
        # few of them have simpler ones at a kink
        return sorted(filter(has_slopes, found), key=Case.effort)

    def drawn(random: Random) -> Case:
        for _ in range(DRAWS):
            for case in filter(is_smooth, bound_to([inputs.drawn(random)])):
                return case
        return replace(inputs.draw(random, inputs.sizes[0], plain=True), call=signature)

    def suits(case: Case) -> bool:
        return obeys(case) and is_usable(case)

    name = f"inputs of {question.name}.{signature.name}"

    def away(case: Case) -> bool:
        return suits(case) and is_smooth(case)

    def at_one(case: Case) -> bool:
        return suits(case) and not is_smooth(case) and has_slopes(case)

    return Domains(
        Domain(f"{name}, kinks included", suits, lambda: [*smooth(), *kinked()], drawn),
        Domain(name, away, smooth, drawn),
        Domain(f"{name}, a few", away, lambda: smooth()[:FEW]),
        Domain(f"{name}, at kinks", at_one, kinked),
        Domain(f"{name}, many", away, lambda: smooth()[:MANY]),
    )


def has_slopes(case: Case) -> bool:
    """Return whether anything is known of the slopes at a kink, or all would be right."""
    return any(np.isfinite([*low, *high]).any() for _, low, high in oracle(case).spans)


def is_usable(case: Case) -> bool:
    """Return whether the reference, as plain NumPy computes it, keeps its own bound at an input.

    Where it does not, such as where an exp overflows, nothing can be asked of others.
    """
    if not has_exact_kinks(case):
        return False
    known = oracle(case)
    try:
        if not (np.isfinite(known.reference).all() and np.isfinite(known.rounding).all()):
            return False
        return bool((np.abs(known.reference - known.value) <= known.rounding).all())
    except NoValue:
        return not is_smooth(case)
    except (Missing, FormulaError):
        return False


def _is_tied(case: Case) -> bool:
    """Return whether an input has no derivative, though at no kink: where the largest tie."""
    if not is_smooth(case):
        return False
    try:
        oracle(case).value  # noqa: B018  # which may raise
    except NoValue:
        return True
    except (Missing, FormulaError):
        pass
    return False


@cache
@lru_cache(maxsize=AHEAD)
def _elsewhere(case: Case) -> Case:
    """Return another input of the same sizes."""
    other = inputs_for(case.question).draw(Random(1), case.sizes, plain=True)
    return Case(case.question, other.given, other.sizes, case.call)
