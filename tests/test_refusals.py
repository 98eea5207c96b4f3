"""Each law accepts the right function, and refuses the wrong ones that it should see."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from flint import fmpq

from analytic.softmax import softmax_gradient, softmax_gradient_one_hot
from gradaudit.answers.parts import of_function
from gradaudit.answers.verdicts import judge
from gradaudit.judging import iterations
from gradaudit.judging.calling import Function
from gradaudit.judging.contract import ask
from gradaudit.judging.derivation import Wanted, alone, law_of
from gradaudit.judging.domains import draw_inputs, listed_inputs
from gradaudit.judging.laws import Law, Outcome, hold, sees
from gradaudit.language.formula import parse
from gradaudit.mistakes.exam import as_function
from gradaudit.mistakes.slips import wrong_answers
from gradaudit.questions.iteration import Rate
from gradaudit.questions.question import Question, Slip
from gradaudit.questions.simple import floats
from tests import assignment, right, wrong
from tests.assignment import (
    ANY_TARGETS,
    FORMULA_SUM_ONE,
    GRADIENT,
    GRADIENT_ONE_HOT,
    ONE_HOT,
    QUESTION1,
    QUESTION2,
    QUESTION3,
    SUM_ONE,
)

laws = cache(assignment.laws)
LAWS_WHERE_SUM_IS_ONE = assignment.laws(SUM_ONE)


def outcomes(laws: Sequence[Law], judged: Any) -> list[Outcome]:
    return [hold(law, judged, draw_inputs(law.domain)) for law in laws]


def refusing(laws: Sequence[Law], judged: Any, *names: str) -> set[str]:
    """Return the names of the laws that refuse something, of all laws or of those named.

    They are held to the inputs that are listed, with none by chance.
    """
    chosen = [law for law in laws if not names or law.name in names]
    assert len(chosen) >= len(names)
    return {law.name for law in chosen if sees(law, judged, listed_inputs(law.domain))}


def failing(laws: Sequence[Law], judged: Any) -> set[str]:
    """Return the names of the laws that fail, whether they refuse something or get no answer."""
    return {
        law.name
        for law, outcome in zip(laws, outcomes(laws, judged), strict=True)
        if outcome.status == "fails"
    }


def by_phrase(functions: dict[str, Callable[..., Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("function", functions.values(), ids=functions.keys())


def by_name(functions: Sequence[Callable[..., Any]]) -> pytest.MarkDecorator:
    names = [function.__name__.replace("_", " ") for function in functions]
    return pytest.mark.parametrize("function", functions, ids=names)


def first_variant(question: Question, name: str) -> Callable[..., Any]:
    """Return the first way to make a mistake as a function."""
    return assignment.function(question, assignment.variants(question, name)[0])


def held(text: str, wanted: Wanted) -> tuple[tuple[Law, ...], Any]:
    """Return the laws of a formula that stands alone, and that."""
    line = alone(parse(text, wanted.scope), wanted)
    return (law_of(line, wanted.domains[0]),), line


def test_what_was_asked_before_is_not_asked_again() -> None:
    asked = []

    def gradient(y: Any, t: Any) -> Any:
        asked.append(y.tolist())
        return softmax_gradient(y, t)

    judged, (first, second, *_) = Function(gradient, 1), draw_inputs(ANY_TARGETS)
    (before,) = ask(judged, first)
    assert ask(judged, first, second)[0] is before
    assert asked == [floats(case.given["y"]).tolist() for case in (first, second)]


class TestNetwork:
    @by_name(right.NETWORK)
    def test_a_right_gradient_in_odd_clothes_is_accepted(self, function: Any) -> None:
        assert failing(laws(QUESTION1), Function(function, 4)) == set()

    @by_phrase(wrong.NETWORK_WRONG)
    def test_a_wrong_value_is_refused_by_the_exact_derivative(self, function: Any) -> None:
        judged = Function(function, 4)
        names = "equals_the_exact_derivative", "keeps_the_contract"
        assert refusing(laws(QUESTION1), judged, *names) == {"equals_the_exact_derivative"}

    @by_phrase(wrong.NETWORK_UNMANNERED)
    def test_bad_manners_are_refused_by_the_contract(self, function: Any) -> None:
        assert refusing(laws(QUESTION1), Function(function, 4), "keeps_the_contract")

    @pytest.mark.parametrize(
        "phrase", ["a list of three", "db1 has a row too many", "dW1 is of dtype float32"]
    )
    def test_a_wrong_form_is_refused_by_nothing_but_the_contract(self, phrase: str) -> None:
        judged = Function(wrong.NETWORK_UNMANNERED[phrase], 4)
        assert refusing(laws(QUESTION1), judged) == {"keeps_the_contract"}

    @pytest.mark.parametrize(
        ("law", "seen"),
        [
            ("obeys_euler", "mask-missing"),
            ("obeys_euler", "preactivation-in-w2"),
            ("adds_up_over_samples", "mean-for-sum"),
            ("adds_up_over_samples", "bias-mean"),
            ("ignores_the_order_of_samples", "sample-skipped"),
            ("ignores_the_order_of_samples", "bias-one-sample"),
            ("follows_the_order_of_units", "transposed"),
        ],
    )
    def test_an_identity_refuses_what_it_is_there_for(self, law: str, seen: str) -> None:
        assert refusing(laws(QUESTION1), Function(first_variant(QUESTION1, seen), 4), law)

    @pytest.mark.parametrize("law", ["obeys_euler", "adds_up_over_samples"])
    def test_an_identity_cannot_see_a_wrong_sign(self, law: str) -> None:
        judged = Function(first_variant(QUESTION1, "error-sign"), 4)
        assert not refusing(laws(QUESTION1), judged, law)

    @pytest.mark.parametrize("convention", QUESTION1.conventions, ids=lambda one: one.id)
    def test_a_convention_is_refused_by_no_law(self, convention: Slip) -> None:
        (change,) = convention.changes
        (signature,) = QUESTION1.functions
        judged = as_function(QUESTION1, signature, QUESTION1.changed(change))
        assert failing(laws(QUESTION1), judged) == set()

    @by_phrase(wrong.WRONG_AT_KINKS)
    def test_what_is_wrong_at_kinks_is_refused_between_both_sides(self, function: Any) -> None:
        assert refusing(laws(QUESTION1), Function(function, 4), "lies_within_the_slopes")

    @pytest.mark.parametrize("block", ["dW1", "db1", "dw2", "db2"])
    def test_the_forward_difference_cannot_see_a_tiny_error(self, block: str) -> None:
        function = wrong.NETWORK_WRONG[f"{block} is off by 1e-12 of itself"]
        assert not refusing(laws(QUESTION1), Function(function, 4), "agrees_with_approx_fprime")


class TestSoftmax:
    @by_name(right.SOFTMAX)
    def test_a_right_gradient_in_odd_clothes_is_accepted(self, function: Any) -> None:
        assert failing(laws(QUESTION2), Function(function, 1)) == set()

    @by_name(right.ONE_HOT)
    def test_a_right_one_hot_gradient_is_accepted(self, function: Any) -> None:
        assert failing(laws(ONE_HOT), Function(function, 1)) == set()

    @by_phrase(wrong.SOFTMAX_WRONG)
    def test_a_wrong_value_is_refused_by_a_law_about_values(self, function: Any) -> None:
        refused = refusing(laws(QUESTION2), Function(function, 1))
        assert refused
        assert "keeps_the_contract" not in refused

    @by_phrase(wrong.ONE_HOT_WRONG)
    def test_a_wrong_one_hot_value_is_refused_by_a_law_about_values(self, function: Any) -> None:
        refused = refusing(laws(ONE_HOT), Function(function, 1))
        assert refused
        assert "keeps_the_contract" not in refused

    @pytest.mark.parametrize("digits", [8, 12])
    def test_rounded_targets_are_refused_where_their_sum_is_one_too(self, digits: int) -> None:
        judged = Function(wrong.SOFTMAX_WRONG[f"targets are rounded to {digits} decimals"], 1)
        assert refusing(LAWS_WHERE_SUM_IS_ONE, judged)

    @by_phrase(wrong.SOFTMAX_UNMANNERED)
    def test_bad_manners_are_refused_by_the_contract(self, function: Any) -> None:
        assert refusing(laws(QUESTION2), Function(function, 1), "keeps_the_contract")

    @pytest.mark.parametrize(
        ("law", "seen"),
        [
            ("is_softmax_less_targets", "sign"),
            ("sums_to_zero", "sum-t-assumed"),
            ("ignores_a_constant_added_to_the_logits", "unnormalised"),
            ("is_linear_in_the_targets", "one-hot-everywhere"),
        ],
    )
    def test_an_identity_refuses_what_it_is_there_for(self, law: str, seen: str) -> None:
        assert refusing(laws(QUESTION2), Function(first_variant(QUESTION2, seen), 1), law)

    def test_the_order_of_classes_is_refused_where_the_first_is_special(self) -> None:
        def special(y: Any, t: Any) -> Any:
            g = softmax_gradient(y, t)
            g[0] = 0
            return g

        assert refusing(laws(QUESTION2), Function(special, 1), "follows_the_order_of_classes")

    @by_phrase(wrong.SOFTMAX_SOMETIMES_UNMANNERED)
    def test_bad_manners_at_huge_logits_are_refused_by_the_contract(self, function: Any) -> None:
        assert "keeps_the_contract" in failing(laws(QUESTION2), Function(function, 1))

    @by_phrase(  # there are no targets to change
        {
            name: one
            for name, one in wrong.SOFTMAX_UNMANNERED.items()
            if name != "the targets are changed"
        }
    )
    def test_bad_manners_for_one_hot_targets_are_refused_by_the_contract(
        self, function: Any
    ) -> None:
        def one_hot(y: Any, c: int) -> Any:
            return function(y, np.eye(len(y))[c])

        assert refusing(laws(ONE_HOT), Function(one_hot, 1), "keeps_the_contract")

    def test_the_order_of_classes_is_refused_for_one_hot_targets(self) -> None:
        def special(y: Any, c: int) -> Any:
            g = softmax_gradient_one_hot(y, c)
            g[0] *= 2
            return g

        judged = Function(special, 1)
        assert refusing(laws(ONE_HOT), judged, "follows_the_order_of_classes")

    @pytest.mark.parametrize("law", LAWS_WHERE_SUM_IS_ONE, ids=lambda law: law.statement)
    def test_every_law_where_the_sum_is_one_refuses_something(self, law: Law) -> None:
        functions = [*wrong.SOFTMAX_WRONG.values(), *wrong.SOFTMAX_UNMANNERED.values()]
        made = wrong_answers(QUESTION2)
        functions += [assignment.function(QUESTION2, one) for one in made]
        functions.append(lambda y, t: (np.arange(len(y)) == 0) * (y - t))
        assert any(refusing([law], Function(one, 1)) for one in functions)

    @pytest.mark.parametrize("text", wrong.ONE_HOT_FORMULAS_WRONG)
    def test_a_wrong_one_hot_formula_is_refused(self, text: str) -> None:
        assert refusing(*held(text, GRADIENT_ONE_HOT))

    @pytest.mark.parametrize(
        "text",
        [
            *("softmax(y)", "softmax(y) * 2 - t", "t - softmax(y)"),
            *wrong.GRADIENTS_WRONG_WHERE_THE_SUM_IS_ONE,
        ],
    )
    def test_a_formula_that_is_wrong_where_the_sum_is_one_is_refused_there(self, text: str) -> None:
        _, line = held(text, GRADIENT)
        assert refusing([law_of(line, FORMULA_SUM_ONE)], line)

    @pytest.mark.parametrize("text", ["softmax(y) * sum(t) - t * (sum(softmax(y)) == 1)"])
    def test_what_cannot_be_told_is_untested(self, text: str) -> None:
        (outcome,) = outcomes(*held(text, GRADIENT))
        assert (outcome.status, outcome.reason[:12]) == ("untested", "a comparison")

    def test_what_only_overflows_is_refused_where_it_overflows_alone(self) -> None:
        part = of_function(QUESTION2, QUESTION2.functions[0], Function(wrong.naive, 1))
        verdict = judge("q2.gradient", part)
        assert (verdict.status, verdict.finite_elsewhere) == ("fails", True)

    @pytest.mark.parametrize("text", right.GRADIENT_FORMULAS)
    def test_a_right_formula_is_accepted(self, text: str) -> None:
        assert failing(*held(text, GRADIENT)) == set()

    @pytest.mark.parametrize("text", right.ONE_HOT_FORMULAS)
    def test_a_right_one_hot_formula_is_accepted(self, text: str) -> None:
        assert refusing(*held(text, GRADIENT_ONE_HOT)) == set()

    @pytest.mark.parametrize("text", wrong.GRADIENTS_WRONG)
    def test_a_wrong_formula_is_refused(self, text: str) -> None:
        assert refusing(*held(text, GRADIENT))


class TestWhereTheSumIsOne:
    """A gradient is right under this condition only if nothing else decides where it is right."""

    @pytest.mark.parametrize(
        ("changed", "status"),
        [
            (lambda g, p, t: p - t, "conditional"),
            (lambda g, p, t: p * t.sum() ** 2 - t, "conditional"),
            (lambda g, p, t: t.sum() * (p - t / t.sum()), "fails"),
            (lambda g, p, t: np.round(g, 15), "fails"),
            (lambda g, p, t: g + (t > 1000), "fails"),
        ],
        ids=["less targets", "the sum squared", "no value at 0", "rounded", "large targets"],
    )
    def test_what_is_wrong_must_depend_on_the_sum(
        self, changed: Callable[..., Any], status: str
    ) -> None:
        def gradient(y: Any, t: Any) -> Any:
            powers = np.exp(y - np.max(y))
            return changed(softmax_gradient(y, t), powers / powers.sum(), t)

        part = of_function(QUESTION2, QUESTION2.functions[0], Function(gradient, 1))
        assert judge("q2.gradient", part).status == status


LAWS_OF_RATES = iterations.laws_of(QUESTION3, ("eta",))


class TestDescent:
    @by_name(right.CONVERGES)
    def test_a_right_range_in_odd_clothes_is_accepted(self, function: Any) -> None:
        assert failing(LAWS_OF_RATES, Function(function, 1)) == set()

    @by_phrase(wrong.CONVERGES_WRONG)
    def test_a_wrong_range_is_refused_by_the_contraction(self, function: Any) -> None:
        refused = refusing(LAWS_OF_RATES, Function(function, 1))
        assert "converges_where_steps_contract" in refused

    @by_phrase(wrong.CONVERGES_UNMANNERED)
    def test_bad_manners_are_refused_by_the_contract(self, function: Any) -> None:
        assert refusing(LAWS_OF_RATES, Function(function, 1), "keeps_the_contract")

    @pytest.mark.parametrize("text", right.CONDITIONS)
    def test_a_right_condition_is_accepted(self, text: str) -> None:
        assert self.decided(text).status == "holds"

    @pytest.mark.parametrize(
        "text",
        [
            *wrong.CONDITIONS_WRONG,
            *(text for one in wrong_answers(QUESTION3) for text in one.lines.values()),
        ],
    )
    def test_a_wrong_condition_is_refused(self, text: str) -> None:
        assert self.decided(text).status == "fails"

    @pytest.mark.parametrize(
        ("text", "rate"),
        [
            ("0 < eta < 0.2000000001", "1/5"),
            ("7*eta != 1 and 0 < eta < 1/5", "1/7"),
            ("0 < eta <= 1/5", "1/5"),
            ("abs(eta) < 1/5", "0"),
        ],
    )
    def test_a_wrong_condition_is_shown_at_a_rate_where_it_shows(
        self, text: str, rate: str
    ) -> None:
        assert str(self.decided(text).at.at) == rate

    @staticmethod
    def decided(text: str) -> Outcome:
        truth = iterations.iteration_of(QUESTION3).truth
        line = iterations.alone(parse(text, truth.scope), truth)
        law = iterations.law_of(line, iterations.decided(QUESTION3))
        return hold(law, line, iterations.rates_for(QUESTION3, line))

    def test_a_start_at_zero_refutes_nothing(self) -> None:
        iteration = iterations.iteration_of(QUESTION3)
        for eta in (fmpq(0), fmpq(1, 10), fmpq(1)):
            for said in (True, False):
                judged = Function(lambda eta, said=said: said, 1)
                iterations.agrees_with_the_orbit(judged, Rate(iteration, eta, start=fmpq(0)))
