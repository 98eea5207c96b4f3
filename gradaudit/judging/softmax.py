"""The laws of Question 2: what any gradient of softmax + cross-entropy owes.

What they cannot see: a sum of zero, shift invariance, the order of classes and linearity hold for
a gradient of the wrong sign or scale; where Σt = 1, softmax(y) - t is right, so only targets of
another sum tell it from the gradient for any targets. The exact derivative sees all of these.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from flint import fmpq

from gradaudit.judging.calling import Function
from gradaudit.judging.contract import ask, check_contract, compare
from gradaudit.judging.derivation import formula_equals_the_derivative, values
from gradaudit.judging.laws import Law, Refusal
from gradaudit.judging.oracles import Estimate, floats_of, oracle
from gradaudit.judging.owed import orders
from gradaudit.judging.strategies import (
    ANY_TARGETS,
    FORMULA_ANY,
    FORMULA_TRUE_CLASS,
    HUGE_LOGITS,
    HUGE_SUM_ONE,
    HUGE_TRUE_CLASS,
    SUM_ONE,
    TRUE_CLASS,
)
from gradaudit.language.formula import Formula, parse
from gradaudit.questions.assignment import ONE_HOT, SOFTMAX
from gradaudit.questions.inputs import KEPT, Logits

Floats = npt.NDArray[np.float64]

FOR_ANY_TARGETS = parse("softmax(y) * sum(t) - t", SOFTMAX)
WHERE_THE_SUM_IS_ONE = parse("softmax(y) - t", SOFTMAX)
WHERE_ONE_HOT = parse("softmax(y)[i] - (i == c)", ONE_HOT)
SHIFTS = (fmpq(1), fmpq(-10))


def keeps_the_contract(judged: Function, case: Logits) -> None:
    """It returns a float64 array of the logits' shape, of memory of its own, changes no input, and repeats itself."""  # noqa: E501  # a statement is one sentence
    check_contract(judged, case, _elsewhere(case), 2 * oracle(case).rounding)


@lru_cache(maxsize=KEPT)
def _elsewhere(case: Logits) -> Logits:
    return replace(case, y=case.y + 1 + case.t)


def equals_the_exact_derivative(judged: Function, case: Logits) -> None:
    """It equals the exact derivative of the cross-entropy, within the rounding of its own sums."""
    compare(case, ask(judged, case)[0], oracle(case).estimate)


def agrees_with_approx_fprime(judged: Function, case: Logits) -> None:
    """It agrees with scipy.optimize.approx_fprime of the float64 loss, within the error of that."""
    compare(case, ask(judged, case)[0], oracle(case).difference)


def is_softmax_times_the_sum_less_targets(judged: Function, case: Logits) -> None:
    """It equals softmax(y)·Σt - t for any targets t."""
    _compare_with(judged, case, FOR_ANY_TARGETS)


def is_softmax_less_targets(judged: Function, case: Logits) -> None:
    """It equals softmax(y) - t where Σt = 1."""
    _compare_with(judged, case, WHERE_THE_SUM_IS_ONE)


def is_softmax_less_one_at_the_class(judged: Function, case: Logits) -> None:
    """It equals softmax(y), with 1 subtracted at the true class."""
    _compare_with(judged, case, WHERE_ONE_HOT)


def _compare_with(judged: Function, case: Logits, formula: Formula) -> None:
    expected = Estimate(_floats_of(formula, case), oracle(case).rounding)
    compare(case, ask(judged, case)[0], expected)


@lru_cache(maxsize=KEPT)
def _floats_of(formula: Formula, case: Logits) -> Floats:
    return floats_of(values(formula, case))


def sums_to_zero(judged: Function, case: Logits) -> None:
    """It sums to zero over the classes, for any targets."""
    found = ask(judged, case)[0]
    allowed = float(oracle(case).own_rounding(found).sum())
    if not abs(found.sum()) <= allowed:
        raise Refusal("the sum of dE/dy", 0, float(found.sum()), allowed)


def ignores_a_constant_added_to_the_logits(judged: Function, case: Logits) -> None:
    """A constant added to every logit changes nothing."""
    moved = _shifted(case)
    found, *others = ask(judged, case, *moved)
    for constant, shifted, other in zip(SHIFTS, moved, others, strict=True):
        error = oracle(case).own_rounding(found) + oracle(shifted).own_rounding(found)
        compare(case, other, Estimate(found, error), note=f"with {constant} added to y")


@lru_cache(maxsize=KEPT)
def _shifted(case: Logits) -> list[Logits]:
    return list(map(case.shifted, SHIFTS))


def follows_the_order_of_classes(judged: Function, case: Logits) -> None:
    """Classes in another order give the same gradient in that order."""
    found, *others = ask(judged, case, *_in_other_orders(case))
    error = 2 * oracle(case).own_rounding(found)
    for order, other in zip(orders(len(case.y)), others, strict=True):
        note = f"with the classes in the order {order}"
        compare(case, other, Estimate(found[order], error[order]), note=note)


@lru_cache(maxsize=KEPT)
def _in_other_orders(case: Logits) -> list[Logits]:
    return list(map(case.in_order, orders(len(case.y))))


def is_linear_in_the_targets(judged: Function, case: Logits) -> None:
    """It is linear in t: the sum of t_k times the gradient for the one-hot target at k."""
    weights = np.array(case.t, dtype=np.float64)
    found, *parts = ask(judged, case, *_with_one_target(case))
    own = oracle(case).own_rounding
    error = own(found) + own(np.abs(weights) @ np.abs(parts))
    compare(case, found, Estimate(weights @ parts, error))


@lru_cache(maxsize=KEPT)
def _with_one_target(case: Logits) -> list[Logits]:
    return list(map(case.with_target, range(len(case.y))))


def is_right_at_huge_logits(judged: Function, case: Logits) -> None:
    """At logits beyond the range of exp it is finite and right: softmax(y)·Σt - t."""
    _compare_with(judged, case, FOR_ANY_TARGETS)


LAWS: tuple[Law, ...] = (
    Law(keeps_the_contract, ANY_TARGETS),
    Law(equals_the_exact_derivative, ANY_TARGETS),
    Law(is_softmax_times_the_sum_less_targets, ANY_TARGETS),
    Law(is_softmax_less_targets, SUM_ONE),
    Law(agrees_with_approx_fprime, ANY_TARGETS),
    Law(sums_to_zero, ANY_TARGETS),
    Law(ignores_a_constant_added_to_the_logits, ANY_TARGETS),
    Law(follows_the_order_of_classes, ANY_TARGETS),
    Law(is_linear_in_the_targets, ANY_TARGETS),
    Law(is_right_at_huge_logits, HUGE_LOGITS),
)
LAWS_ONE_HOT: tuple[Law, ...] = (
    Law(keeps_the_contract, TRUE_CLASS),
    Law(equals_the_exact_derivative, TRUE_CLASS),
    Law(is_softmax_less_one_at_the_class, TRUE_CLASS),
    Law(agrees_with_approx_fprime, TRUE_CLASS),
    Law(sums_to_zero, TRUE_CLASS),
    Law(ignores_a_constant_added_to_the_logits, TRUE_CLASS),
    Law(follows_the_order_of_classes, TRUE_CLASS),
    Law(is_right_at_huge_logits, HUGE_TRUE_CLASS),
)
# What a gradient owes that states, or should state, that Σt = 1.
LAWS_WHERE_SUM_IS_ONE: tuple[Law, ...] = (
    *(
        Law(law.check, SUM_ONE)
        for law in LAWS
        if law.domain is ANY_TARGETS and law.check is not is_softmax_times_the_sum_less_targets
    ),
    Law(is_right_at_huge_logits, HUGE_SUM_ONE),
)
LAWS_OF_FORMULA, LAWS_OF_ONE_HOT_FORMULA = (
    (Law(formula_equals_the_derivative, domain),) for domain in (FORMULA_ANY, FORMULA_TRUE_CLASS)
)
