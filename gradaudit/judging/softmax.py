"""The laws of Question 2: what any gradient of softmax + cross-entropy owes.

What they cannot see: a sum of zero, shift invariance, the order of classes and linearity hold for
a gradient of the wrong sign or scale; where Σt = 1, softmax(y) - t is right, so only targets of
another sum tell it from the gradient for any targets. The exact derivative sees all of these.
"""

import numpy as np
import numpy.typing as npt
from flint import arb, fmpq

from gradaudit.judging.calling import Function
from gradaudit.judging.contract import check_contract, labels, values
from gradaudit.judging.derivation import formula_equals_the_derivative
from gradaudit.judging.derivation import values as formula_values
from gradaudit.judging.laws import Law, Refusal
from gradaudit.judging.network import orders
from gradaudit.judging.oracles import (
    Estimate,
    softmax_difference,
    softmax_gradient,
    softmax_own_rounding,
    softmax_rounding,
)
from gradaudit.judging.strategies import (
    ANY_TARGETS,
    HUGE_LOGITS,
    HUGE_SUM_ONE,
    HUGE_TRUE_CLASS,
    SUM_ONE,
    TRUE_CLASS,
)
from gradaudit.language.formula import Formula, parse
from gradaudit.language.numbers import FIRST_PRECISION, precision
from gradaudit.questions.assignment import ONE_HOT, SOFTMAX
from gradaudit.questions.inputs import Array, Logits

Floats = npt.NDArray[np.float64]

FOR_ANY_TARGETS = parse("softmax(y) * sum(t) - t", SOFTMAX)
WHERE_THE_SUM_IS_ONE = parse("softmax(y) - t", SOFTMAX)
WHERE_ONE_HOT = parse("softmax(y)[i] - (i == c)", ONE_HOT)
SHIFTS = (fmpq(1), fmpq(-10))


def shapes(case: Logits) -> dict[str, tuple[int, ...]]:
    """Return the one result that a gradient function owes, of the logits' shape."""
    return {"dE/dy": (len(case.y),)}


def ask(judged: Function, case: Logits) -> Floats:
    """Return the judged gradient (n,)."""
    result: Floats = values(judged, case.arguments(), shapes(case))
    return result


def compare(case: Logits, found: Floats, expected: Estimate, note: str = "") -> None:
    """Refuse the first entry that is further from the estimate than its bound."""
    close = np.abs(found - expected.value) <= expected.error  # False for nan
    if not close.all():
        index = int(np.argmin(close))
        where = labels(shapes(case))[index]
        allowed = float(expected.error[index])
        raise Refusal(where, float(expected.value[index]), float(found[index]), allowed, note)


def keeps_the_contract(judged: Function, case: Logits) -> None:
    """It returns a float64 array of the logits' shape, of memory of its own, changes no input, and repeats itself."""  # noqa: E501  # a statement is one sentence
    elsewhere = Logits(case.y + 1 + case.t, case.t, case.c)
    check_contract(
        judged,
        case.arguments(),
        elsewhere.arguments(),
        shapes(case),
        list(case.blocks),
        lambda: 2 * softmax_rounding(case),
    )


def equals_the_exact_derivative(judged: Function, case: Logits) -> None:
    """It equals the exact derivative of the cross-entropy, within the rounding of its own sums."""
    compare(case, ask(judged, case), softmax_gradient(case))


def agrees_with_approx_fprime(judged: Function, case: Logits) -> None:
    """It agrees with scipy.optimize.approx_fprime of the float64 loss, within the error of that."""
    compare(case, ask(judged, case), softmax_difference(case))


def is_softmax_times_the_sum_less_targets(judged: Function, case: Logits) -> None:
    """It equals softmax(y)·Σt - t for any targets t."""
    compare(case, ask(judged, case), _closed_form(FOR_ANY_TARGETS, case))


def is_softmax_less_targets(judged: Function, case: Logits) -> None:
    """It equals softmax(y) - t where Σt = 1."""
    compare(case, ask(judged, case), _closed_form(WHERE_THE_SUM_IS_ONE, case))


def is_softmax_less_one_at_the_class(judged: Function, case: Logits) -> None:
    """It equals softmax(y), with 1 subtracted at the true class."""
    compare(case, ask(judged, case), _closed_form(WHERE_ONE_HOT, case))


def _closed_form(formula: Formula, case: Logits) -> Estimate:
    return Estimate(floats_of(formula_values(formula, case)), softmax_rounding(case))


def floats_of(values: Array) -> Floats:
    """Return the float64 values nearest to exact ones, balls or rationals."""
    with precision(FIRST_PRECISION):
        return np.array([float(arb(one).mid()) for one in values])


def sums_to_zero(judged: Function, case: Logits) -> None:
    """It sums to zero over the classes, for any targets."""
    found = ask(judged, case)
    allowed = float(softmax_own_rounding(case, found).sum())
    if not abs(found.sum()) <= allowed:
        raise Refusal("the sum of dE/dy", 0, float(found.sum()), allowed)


def ignores_a_constant_added_to_the_logits(judged: Function, case: Logits) -> None:
    """A constant added to every logit changes nothing."""
    found = ask(judged, case)
    for constant in SHIFTS:
        shifted = case.shifted(constant)
        error = softmax_own_rounding(case, found) + softmax_own_rounding(shifted, found)
        compare(case, ask(judged, shifted), Estimate(found, error), f"with {constant} added to y")


def follows_the_order_of_classes(judged: Function, case: Logits) -> None:
    """Classes in another order give the same gradient in that order."""
    found = ask(judged, case)
    for order in orders(len(case.y)):
        moved = case.in_order(order)
        error = 2 * softmax_own_rounding(case, found)
        estimate = Estimate(found[list(order)], error[list(order)])
        compare(moved, ask(judged, moved), estimate, f"with the classes in the order {order}")


def is_linear_in_the_targets(judged: Function, case: Logits) -> None:
    """It is linear in t: the sum of t_k times the gradient for the one-hot target at k."""
    n = len(case.y)
    weights = np.array(case.t, dtype=np.float64)
    parts = np.array([ask(judged, case.with_target(k)) for k in range(n)])
    terms = np.abs(weights) @ np.abs(parts)
    found = ask(judged, case)
    error = softmax_own_rounding(case, found) + softmax_own_rounding(case, terms)
    compare(case, found, Estimate(weights @ parts, error))


def is_right_at_huge_logits(judged: Function, case: Logits) -> None:
    """At logits beyond the range of exp it is finite and right: softmax(y)·Σt - t."""
    compare(case, ask(judged, case), _closed_form(FOR_ANY_TARGETS, case))


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
LAWS_OF_FORMULA: tuple[Law, ...] = (Law(formula_equals_the_derivative, ANY_TARGETS),)
LAWS_OF_FORMULA_WHERE_SUM_IS_ONE: tuple[Law, ...] = (Law(formula_equals_the_derivative, SUM_ONE),)
LAWS_OF_ONE_HOT_FORMULA: tuple[Law, ...] = (Law(formula_equals_the_derivative, TRUE_CLASS),)
