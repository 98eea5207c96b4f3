"""A wrong answer gets the name of its mistake, or none: never a wrong one."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest
from flint import fmpq

from analytic.network import forward, network_gradients
from analytic.softmax import softmax_gradient
from gradaudit import read_question
from gradaudit.judging.calling import Function
from gradaudit.judging.contract import flat
from gradaudit.judging.derivation import Wanted, alone
from gradaudit.judging.domains import draw_inputs
from gradaudit.judging.iterations import domains, iteration_of
from gradaudit.judging.oracles import oracle
from gradaudit.judging.written import Block, exact_value
from gradaudit.language.formula import Formula, parse
from gradaudit.language.numbers import object_array
from gradaudit.language.written import Written
from gradaudit.mistakes import diagnosis, numbers, ranges
from gradaudit.mistakes.diagnosis import Diagnosis
from gradaudit.mistakes.exam import condition_as_function
from gradaudit.mistakes.slips import Wrong, wrong_answers, wrong_twice
from gradaudit.questions.question import Question, Slip
from gradaudit.telling.mistakes import known
from tests.assignment import (
    DATA,
    GRADIENT,
    GRADIENT_ONE_HOT,
    ONE_HOT,
    ONE_HOT_SCOPE,
    PARAMETERS,
    QUESTION1,
    QUESTION2,
    QUESTION3,
    SOFTMAX,
    bound,
    function,
    in_floats,
    network,
    outputs,
    variants,
)

BY_ID = known("assignment")
BLOCKS = ("W1", "b1", "w2", "b2")
FULL = 12  # decimals; the exact numbers of the catalogue have fewer, or do not end
SAME_NUMBERS = {  # on the assignment's data
    # Twice a mean over four samples is a half, and no output is above zero.
    "factor-half": {"factor-half", "factor-two", "mean-for-sum"},
    "relu-on-output": {"relu-on-output", "output-dropped"},
    "output-dropped": {"relu-on-output", "output-dropped"},
}
EVERY_ID = """
mask-missing mask-inverted mask-is-activation mask-leaky mask-without-bias bias-unmasked w2-missing
gradient-for-weight w2-updated error-sign factor-two factor-half mean-for-sum bias-mean
bias-one-sample bias-total transposed preactivation-in-w2 forward-without-bias forward-without-relu
relu-on-output target-dropped output-dropped error-squared error-sign-only abs-w2 sample-skipped
broadcast-error rounded-midway sum-t-assumed diagonal-only stopped-early sign off-diagonal-sign
targets-scaled logits-for-softmax sigmoid-for-softmax unnormalised squared-error mean-over-classes
double-softmax log-base-ten one-hot-everywhere half-range derivative-halved closed-upper
closed-lower no-lower-bound two-sided fastest-only optimum-excluded curvature-missed
"""
NO_MISTAKE_HERE = {"transposed"}  # the shape tells


QUESTIONS = {id(GRADIENT): QUESTION2, id(GRADIENT_ONE_HOT): ONE_HOT}


def of_formula(formula: Formula, wanted: Wanted = GRADIENT) -> Diagnosis:
    question = QUESTIONS.get(id(wanted), QUESTION1)
    part = next(name for name, one in question.parts.items() if one.truth is wanted.truth)
    return diagnosis.of_line(question, part, alone(formula, wanted))


def of_function(question: Question, gradient: Any, at: Any = None) -> Diagnosis:
    (signature,) = question.functions
    return diagnosis.of_function(question, signature, Function(gradient, len(signature.parts)), at)


def values(variant: Wrong) -> dict[str, Any]:
    """Return what a mistake gives on the data of the assignment."""
    return {name: numbers._given_by(QUESTION1, variant, name) for name in BLOCKS}


RIGHT = {name: exact_value(QUESTION1, name) for name in BLOCKS}


def digits(value: fmpq, places: int) -> Written:
    """Write a number to some decimals, rounded away from zero at a tie."""
    scaled = fmpq((abs(value) * fmpq(10) ** places + fmpq(1, 2)).floor())
    text = str(int(scaled.p)).rjust(places + 1, "0")
    sign = "-" if value < 0 and scaled != 0 else ""
    return Written(f"{sign}{text[:-places]}.{text[-places:]}")


def written(gradients: Any, places: int, names: Iterable[str] = BLOCKS) -> list[Block]:
    return [
        Block(
            QUESTION1,
            name,
            object_array(
                [digits(value, places) for value in np.ravel(np.array(gradients[name]))],
                np.shape(gradients[name]),
            ),
        )
        for name in names
    ]


def right(blocks: Sequence[Block]) -> bool:
    return all(numbers._claims(block, exact_value(QUESTION1, block.name)) for block in blocks)


def named(made: Sequence[Any]) -> list[Any]:
    ids = [" and ".join(one.ids) for one in made]
    return [
        pytest.param(one, id=f"{name}, variant {ids[: k + 1].count(name)}")
        for k, (one, name) in enumerate(zip(made, ids, strict=True))
    ]


ON_NETWORK = [one for one in variants(QUESTION1) if not NO_MISTAKE_HERE & set(one.ids)]
ON_SOFTMAX = variants(QUESTION2)
ON_ONE_HOT = variants(ONE_HOT)
RATES, RATE = domains(QUESTION3, ("eta",))[1], iteration_of(QUESTION3).truth.scope
ON_RATES = wrong_answers(QUESTION3)


class TestNumbers:
    @pytest.mark.parametrize("places", [FULL, 3, 2])
    @pytest.mark.parametrize("variant", named(ON_NETWORK))
    def test_a_mistake_is_named_unless_its_numbers_are_right(
        self, variant: Wrong, places: int
    ) -> None:
        blocks = written(values(variant), places)
        found = numbers.of_numbers(blocks)
        tied = SAME_NUMBERS.get(variant.ids[0], {variant.ids[0]})
        assert right(blocks) or set(found.candidates) == tied
        assert right(blocks) or found.mistake or len(tied) > 1

    @pytest.mark.parametrize("places", [FULL, 3, 2])
    def test_what_is_right_to_its_digits_is_known(self, places: int) -> None:
        hidden = [one.ids[0] for one in ON_NETWORK if right(written(values(one), places))]
        assert set(hidden) == {"abs-w2"} | ({"w2-updated"} if places == 2 else set())

    @pytest.mark.parametrize("quarter", range(4), ids="quarter {}".format)
    @pytest.mark.parametrize("places", [FULL, 3, 2])
    def test_two_mistakes_are_never_taken_for_a_third(self, places: int, quarter: int) -> None:
        made = [both for both in wrong_twice(QUESTION1) if not NO_MISTAKE_HERE & set(both.ids)]
        wrong = []
        for both in made[:: 1 if places == FULL else 5][quarter::4]:
            blocks = written(values(both), places)
            found = numbers.of_numbers(blocks)
            if not right(blocks) and found.mistake and found.mistake not in both.ids:
                wrong.append((both.ids, found.mistake))
        assert wrong == []

    @pytest.mark.parametrize(
        ("first", "second"),
        [("mask-missing", "error-sign"), ("w2-missing", "bias-mean"), ("abs-w2", "factor-two")],
    )
    def test_two_mistakes_are_said_to_be_two_or_the_one_that_shows(
        self, first: str, second: str
    ) -> None:
        both = next(one for one in wrong_twice(QUESTION1) if set(one.ids) == {first, second})
        found = numbers.of_numbers(written(values(both), FULL))
        assert found.mistake in both.ids or (
            found.together and set(found.candidates) == set(both.ids)
        )

    @pytest.mark.parametrize("places", [FULL, 3, 2])
    @pytest.mark.parametrize("variant", named(ON_NETWORK))
    def test_a_mistake_that_is_not_in_the_catalogue_gets_no_other_name(
        self, variant: Wrong, places: int
    ) -> None:
        blocks = written(values(variant), places)
        others = [one for one in ON_NETWORK if one.ids != variant.ids]
        fitting = {one.ids[0] for one in others if numbers._gives(one, blocks)}
        tied = SAME_NUMBERS.get(variant.ids[0], set())
        assert right(blocks) or fitting <= tied
        assert right(blocks) or not numbers._is_rounded_midway(blocks)

    def test_rounding_midway_is_named(self) -> None:
        gradients = numbers._rounded_parts(QUESTION1, {"z", "y", "e"}, 2)
        blocks = written(gradients, 2)
        assert not right(blocks)
        assert numbers.of_numbers(blocks).mistake == "rounded-midway"

    @pytest.mark.parametrize(
        ("block", "texts"),
        [
            ("b2", ["-2.032"]),
            ("b2", ["2.732"]),
            ("b2", ["-3"]),
            ("b2", ["-10.928"]),
            ("w2", ["0.1", "0", "0.1"]),
            ("w2", ["0", "0", "0"]),
            ("b1", ["0.00", "0", "0.01"]),
        ],
    )
    def test_too_little_to_tell_names_nothing(self, block: str, texts: list[str]) -> None:
        entries = np.array([Written(text) for text in texts], dtype=object)
        entries = entries if block != "b2" else np.array(entries[0], dtype=object)
        assert numbers.of_numbers([Block(QUESTION1, block, entries)]).mistake is None

    def test_one_slip_among_all_parts_is_not_taken_for_rounding(self) -> None:
        blocks = written(RIGHT, 2)
        blocks[2].numbers[2] = Written("0.16")
        assert numbers.of_numbers(blocks).mistake is None

    def test_a_factor_that_is_no_known_mistake_is_said(self) -> None:
        threefold = {name: 3 * RIGHT[name] for name in BLOCKS}
        found = numbers.of_numbers(written(threefold, 4))
        assert found.facts == ("3 times the right value, to the digits given",)

    @pytest.mark.parametrize("up", [True, False], ids=["ties go up", "ties go to even"])
    @pytest.mark.parametrize("kept", [1, 2])
    def test_rounding_to_fewer_digits_midway_is_known(self, kept: int, up: bool) -> None:
        gradients = numbers._rounded_parts(QUESTION1, {"z", "y"}, kept, up=up)
        blocks = written(gradients, 2)
        assert not right(blocks)
        assert numbers.of_numbers(blocks).mistake == "rounded-midway"

    def test_one_part_alone_says_what_it_cannot_show(self) -> None:
        b2 = [Block(QUESTION1, "b2", np.array(Written("17.25"), dtype=object))]
        assert "mask-missing" in numbers.of_numbers(b2).hidden

    @pytest.mark.parametrize("block", BLOCKS)
    def test_no_mistake_that_may_show_is_said_to_be_hidden(self, block: str) -> None:
        for variant in variants(QUESTION1):
            found = numbers.of_numbers(written(values(variant), FULL, [block]))
            assert set(found.hidden).isdisjoint(found.candidates)
            if not right(written(values(variant), FULL, [block])):
                assert set(found.hidden).isdisjoint(variant.ids)

    def test_all_parts_together_hide_nothing(self) -> None:
        variant = ON_NETWORK[0]
        assert numbers.of_numbers(written(values(variant), FULL)).hidden == ()

    def test_numbers_that_fit_several_mistakes_name_none(self) -> None:
        gradients = values(variants(QUESTION1, "mask-missing")[0])
        found = numbers.of_numbers(written(gradients, FULL, ["b1"]))
        assert set(found.candidates) == {"mask-missing", "bias-unmasked"}
        assert found.mistake is None

    @pytest.mark.parametrize(
        ("names", "line", "edited", "edit"),
        [
            (["y"], "y", "h @ w2", "In y: the term b2 is missing."),
            (["y", "e", *BLOCKS], "y", "h @ w2", "In y: the term b2 is missing."),
            (["z"], "z", "X @ W1 - b1", "In z: the sign of b1 is wrong."),
            (BLOCKS, "e", "y + t", "In e: the sign of t is wrong."),
        ],
        ids=["in a step", "in all after it", "in another step", "in parts alone"],
    )
    def test_what_was_done_wrong_on_the_way_is_said(
        self, names: Sequence[str], line: str, edited: str, edit: str
    ) -> None:
        wrong = Wrong((), QUESTION1.changed({line: edited}), {line: edited})
        given = {name: numbers._given_by(QUESTION1, wrong, name) for name in names}
        assert numbers.of_numbers(written(given, FULL, names)).edit == edit

    def test_what_several_edits_may_have_given_is_not_said(self) -> None:
        assert numbers.of_numbers(written({"b2": fmpq(-1)}, 0, ["b2"])).edit == ""

    def test_a_slip_of_the_pen_gets_no_name(self) -> None:
        blocks = written(RIGHT, 4)
        blocks[0].numbers[0, 0] = Written("0.0212")
        assert numbers.of_numbers(blocks) == Diagnosis()


class TestFunctions:
    @pytest.mark.parametrize("variant", named(variants(QUESTION1)))
    def test_a_mistake_of_the_network_is_named(self, variant: Wrong) -> None:
        found = of_function(QUESTION1, function(QUESTION1, variant))
        assert found.mistake == variant.ids[0]

    @pytest.mark.parametrize("number", range(0, 500, 50))
    def test_two_mistakes_of_the_network_are_said_to_be_two_or_the_one_that_shows(
        self, number: int
    ) -> None:
        both = wrong_twice(QUESTION1)[number]
        found = of_function(QUESTION1, function(QUESTION1, both))
        assert found.mistake in both.ids or (
            found.together and set(both.ids) <= set(found.candidates)
        )

    @pytest.mark.parametrize("variant", named(ON_SOFTMAX))
    def test_a_mistake_of_the_softmax_is_named(self, variant: Wrong) -> None:
        found = of_function(QUESTION2, function(QUESTION2, variant))
        self.check(found, variant)

    @pytest.mark.parametrize("variant", named(ON_SOFTMAX))
    def test_a_wrong_formula_is_named(self, variant: Wrong) -> None:
        found = of_formula(variant.formulas["gradient"])
        self.check(found, variant)

    @pytest.mark.parametrize("variant", named(ON_ONE_HOT))
    def test_a_wrong_one_hot_gradient_is_named(self, variant: Wrong) -> None:
        found = of_function(ONE_HOT, function(ONE_HOT, variant))
        self.check(found, variant)

    @staticmethod
    def check(found: Diagnosis, variant: Wrong) -> None:
        assert found.candidates == variant.ids

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("1 - softmax(y)[c]", "one-entry-everywhere"),
            ("softmax(y)[c] - 1", "one-entry-everywhere"),
            ("softmax(y) - c", "class-number"),
            ("softmax(y)[i] - (i == c + 1)", "class-off-by-one"),
            ("softmax(y)[i] - (i == c - 1)", "class-off-by-one"),
            ("softmax(y)[c] * ((i == c) - softmax(y)[i])", "log-dropped"),
            ("-(1 - softmax(y)[i]) * (i == c)", "diagonal-only"),
        ],
    )
    def test_a_wrong_formula_for_a_true_class_is_named(self, text: str, name: str) -> None:
        assert of_formula(parse(text, ONE_HOT_SCOPE), GRADIENT_ONE_HOT).mistake == name

    def test_samples_written_out_are_right_when_there_are_so_many(self) -> None:
        wanted = PARAMETERS["b2"]
        found = of_formula(parse("e[0] + e[1] + e[2] + e[3]", wanted.scope), wanted)
        assert found.facts == ("right when n == 4, which it does not state",)

    def test_classes_written_out_are_right_when_there_are_so_many(self) -> None:
        found = of_formula(parse("softmax(y)[i] * (t[0] + t[1]) - t[i]", SOFTMAX), GRADIENT)
        assert found.facts == ("right when n = 2",)

    @pytest.mark.parametrize("step", [1, -1])
    def test_a_class_off_by_one_is_named_where_it_goes_round(self, step: int) -> None:
        def gradient(y: Any, c: int) -> Any:
            return softmax_gradient(y, np.eye(len(y))[(c + step) % len(y)])

        found = of_function(ONE_HOT, gradient)
        assert found.mistake == "class-off-by-one"

    @pytest.mark.parametrize("variant", named(ON_RATES))
    def test_a_wrong_condition_is_named(self, variant: Wrong) -> None:
        (condition,) = variant.formulas.values()
        assert ranges.of_condition(QUESTION3, condition).mistake == variant.ids[0]

    @pytest.mark.parametrize("variant", named(ON_RATES))
    def test_a_wrong_function_of_the_rate_is_named(self, variant: Wrong) -> None:
        says = condition_as_function(QUESTION3.functions[0], *variant.formulas.values()).function
        found = ranges.of_function(QUESTION3, lambda rate: says(float(rate.at)), draw_inputs(RATES))
        assert found.mistake == variant.ids[0]

    @pytest.mark.parametrize(
        ("text", "both"),
        [
            ("0 <= eta <= 1/5", {"closed-lower", "closed-upper"}),
            ("eta <= 1/5", {"no-lower-bound", "closed-upper"}),
            ("abs(1 - 10*eta) <= 1", {"closed-lower", "closed-upper"}),
            ("0 <= eta < 2/5", {"closed-lower", "derivative-halved"}),
            ("abs(eta) <= 1/5", {"two-sided", "closed-upper"}),
        ],
    )
    def test_two_mistakes_about_the_range_are_said_to_be_two(
        self, text: str, both: set[str]
    ) -> None:
        found = ranges.of_condition(QUESTION3, parse(text, RATE))
        assert (found.together, set(found.candidates)) == (True, both)

    @pytest.mark.parametrize(
        "says",
        [
            lambda eta: 0 < eta < 0.39,
            lambda eta: 0 < eta < 0.95,
            lambda eta: eta < 0.95,
            lambda eta: 0 < eta < 0.2 and eta not in (0.1, 0.05),
            lambda eta: eta in (0.1, 0.05),
        ],
        ids=["below 0.39", "below 0.95", "no end below", "two rates out", "two rates only"],
    )
    def test_a_function_that_is_only_near_a_mistake_gets_no_name(self, says: Any) -> None:
        found = ranges.of_function(QUESTION3, lambda rate: says(float(rate.at)), draw_inputs(RATES))
        assert found.mistake is None

    @pytest.mark.parametrize("text", ["0 < eta < 1/3", "eta > 1", "0 < eta < 0.19"])
    def test_a_condition_of_its_own_kind_gets_no_name(self, text: str) -> None:
        assert ranges.of_condition(QUESTION3, parse(text, RATE)) == Diagnosis()

    @pytest.mark.parametrize("text", ["1/5 < eta < 0", "eta**2 < 0", "eta > 1 and eta < 1/2"])
    def test_a_condition_that_is_never_met_is_called_so(self, text: str) -> None:
        found = ranges.of_condition(QUESTION3, parse(text, RATE))
        assert found == Diagnosis(facts=("true of no rate tried",))

    def test_a_condition_that_is_met_by_one_rate_is_not_called_unmet(self) -> None:
        assert ranges.of_condition(QUESTION3, parse("eta == 1/7", RATE)) == Diagnosis()

    @pytest.mark.parametrize("catalogued", [one.id for one in QUESTION1.mistakes])
    def test_a_mistake_of_the_network_that_is_unknown_gets_no_other_name(
        self, catalogued: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rest = [one for one in variants(QUESTION1) if one.ids != (catalogued,)]
        monkeypatch.setattr(diagnosis, "wrong_answers", lambda _: rest)
        monkeypatch.setattr(diagnosis, "wrong_twice", lambda _: [])  # only one can be a name
        monkeypatch.setattr(diagnosis, "edited_answers", lambda _: [])
        monkeypatch.setattr(diagnosis, "conditions_of_rightness", lambda *_: [])
        left_out = variants(QUESTION1, catalogued)[0]
        assert of_function(QUESTION1, function(QUESTION1, left_out)).mistake is None


MASKED = ("right except in dL/dW1 and dL/db1",)


class TestFacts:
    def test_a_factor_is_said_exactly(self) -> None:
        found = of_function(QUESTION1, lambda *a: tuple(v * 1.5 for v in network_gradients(*a)))
        assert found.facts == ("exactly 3/2 times the right value",)

    @pytest.mark.parametrize(("factor", "text"), [(2, "2/n"), (-1, "-1/n")])
    def test_a_factor_of_the_number_of_samples_is_said(self, factor: int, text: str) -> None:
        found = of_function(
            QUESTION1, lambda *a: tuple(factor / len(a[5]) * v for v in network_gradients(*a))
        )
        assert found.facts == (f"exactly {text} times the right value",)

    def test_a_factor_on_one_block_is_said(self) -> None:
        def gradients(*arguments: Any) -> Any:
            dW1, db1, dw2, db2 = network_gradients(*arguments)
            return dW1, db1, 3 * dw2, db2

        found = of_function(QUESTION1, gradients)
        assert found.facts == ("right but for the factor 3 on dL/dw2",)

    @pytest.mark.parametrize(
        ("factors", "told"),
        [
            (lambda n: (2 / n,) * 4, "2/n"),
            (lambda n: (1 / n,) * 4, "1/n"),
            (lambda n: (-1,) * 4, "-1"),
            (lambda n: (1, 1, 2 / n, 1), "2/n on dL/dw2"),
        ],
        ids=["all by 2/n", "all by 1/n", "every sign", "w2 by 2/n"],
    )
    @pytest.mark.parametrize("name", ["mask-missing", "w2-missing", "bias-total"])
    def test_a_mistake_is_named_apart_from_a_factor(
        self, name: str, factors: Any, told: str
    ) -> None:
        wrong = function(QUESTION1, variants(QUESTION1, name)[0])

        def gradients(*arguments: Any) -> Any:
            blocks = zip(factors(len(arguments[5])), wrong(*arguments), strict=True)
            return tuple(factor * block for factor, block in blocks)

        found = of_function(QUESTION1, gradients)
        assert (found.mistake, found.factor) == (name, told)

    def test_a_formula_is_named_apart_from_a_factor(self) -> None:
        found = of_formula(parse("-2 * t[i] * (1 - softmax(y)[i])", SOFTMAX))
        assert (found.mistake, found.factor) == ("diagonal-only", "2")

    def test_the_block_that_is_wrong_is_said(self) -> None:
        def gradients(*arguments: Any) -> Any:
            dW1, db1, dw2, db2 = network_gradients(*arguments)
            return dW1, db1 + dW1.sum(axis=0) + 1, dw2, db2

        found = of_function(QUESTION1, gradients)
        assert "right except in dL/db1" in found.facts

    def test_the_case_that_is_right_is_said(self) -> None:
        def gradient(y: Any, t: Any) -> Any:
            return softmax_gradient(y, t) + (len(y) > 2)

        found = of_function(QUESTION2, gradient)
        assert found.facts == ("right when n = 2",)

    def test_what_is_right_of_classes_alone_is_said_so(self) -> None:
        def gradients(X: Any, w: Any, b: Any, t: Any) -> Any:
            e = 1 / (1 + np.exp(-(X @ w + b))) - (t >= 0.5)
            return X.T @ e, e.sum()

        found = of_function(read_question("logistic"), gradients)
        assert found.facts == ("right where every target is 0 or 1",)

    @pytest.mark.parametrize("size", [2, 3, 4])
    def test_the_one_size_at_which_it_is_wrong_is_said(self, size: int) -> None:
        def gradient(y: Any, t: Any) -> Any:
            return softmax_gradient(y, t) + (len(y) == size)

        found = of_function(QUESTION2, gradient)
        assert found.facts == (f"wrong only when n = {size}",)

    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("(n == 3)", ("wrong only when n = 3",)),
            ("(n == 4)", ("wrong only when n = 4",)),
            ("(n == 3)*(y[0] > 1)", ()),
            ("(n >= 12)", ()),
            ("((n == 2) + (n == 3))", ()),
        ],
        ids=[
            "at one size",
            "at a rare size",
            "at some inputs of one size",
            "at the largest tried",
            "at two sizes",
        ],
    )
    def test_a_formula_is_called_wrong_at_one_size_only_if_it_is(
        self, text: str, facts: tuple[str, ...]
    ) -> None:
        formula = parse(f"softmax(y)[i]*sum(t) - t[i] + {text}", SOFTMAX)
        assert of_formula(formula).facts == facts

    @pytest.mark.parametrize("text", ["y[i]", "1 - softmax(y)[i]", "2*softmax(y)[i] - t[i]"])
    def test_being_right_where_everything_is_zero_is_not_said(self, text: str) -> None:
        formula = parse(f"{text} * (n > 1)", SOFTMAX)
        assert of_formula(formula).facts == ()

    @pytest.mark.parametrize("factor", ["(2 + 1e-20)", "0.3333333333333333333"])
    def test_a_formula_that_is_only_near_a_multiple_is_not_called_one(self, factor: str) -> None:
        formula = parse(f"(softmax(y)[i] * sum(t) - t[i]) * {factor}", SOFTMAX)
        facts = of_formula(formula).facts
        assert not any("times" in fact for fact in facts)

    def test_no_case_is_called_right_that_is_not(self) -> None:
        def without_a_mask_in_one(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
            _, db1, dw2, db2 = network_gradients(W1, b1, w2, b2, X, t)
            _, _, y = forward(W1, b1, w2, b2, X)
            return X.T @ np.outer(y - t, w2), db1, dw2, db2

        found = of_function(QUESTION1, without_a_mask_in_one)
        assert found.facts == ("right except in dL/dW1", "right where every unit is active")

    @pytest.mark.parametrize(
        ("activation", "slope", "facts"),
        [
            (lambda z: np.maximum(z, 0), lambda z: z > 1, MASKED),
            (lambda z: np.maximum(z, 0), lambda z: np.tanh(50 * np.maximum(z, 0)), MASKED),
            (lambda z: np.logaddexp(0, 50 * z) / 50, lambda z: 1 / (1 + np.exp(-50 * z)), ()),
        ],
        ids=["a mask above 1", "a soft mask", "a soft layer"],
    )
    def test_units_that_are_barely_active_are_looked_at(
        self, activation: Any, slope: Any, facts: tuple[str, ...]
    ) -> None:
        def gradients(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
            z = X @ W1 + b1
            error = activation(z) @ w2 + b2 - t
            signal = np.outer(error, w2) * slope(z)
            return X.T @ signal, signal.sum(axis=0), activation(z).T @ error, error.sum()

        found = of_function(QUESTION1, gradients)
        assert found.facts == facts

    @pytest.mark.parametrize(
        "change",
        [
            lambda one: np.clip(one, -10, 10),
            lambda one: np.clip(one, -1e5, 1e5),
            lambda one: np.round(one, 8),
            lambda one: one + 1e-15,
        ],
        ids=["clipped at 10", "clipped far out", "rounded", "a little more"],
    )
    def test_no_block_is_called_right_that_is_wrong_on_any_input(self, change: Any) -> None:
        found = of_function(QUESTION1, lambda *a: tuple(map(change, network_gradients(*a))))
        assert found.facts == ()

    def test_no_fact_contradicts_what_is_shown(self) -> None:
        far = network(**{**DATA.given, "t": outputs(DATA) + 12345}).picked("N", [0])
        assert far is not None

        def gradients(*a: Any) -> Any:
            wrong = len(a[5]) > 1 or 12000 < a[5][0] < 13000
            return tuple(one + wrong for one in network_gradients(*a))

        told = [of_function(QUESTION1, gradients, at).facts for at in (None, bound(far))]
        assert told == [("right when n = 1",), ()]

    def test_no_fact_about_logits_contradicts_what_is_huge(self) -> None:
        def naive(y: Any, t: Any) -> Any:
            return np.exp(y) / np.sum(np.exp(y)) * np.sum(t) - t + (np.ptp(y) > 0)

        found = of_function(QUESTION2, naive)
        assert found.facts == ()

    def test_a_divided_target_is_not_called_right_for_two_classes(self) -> None:
        formula = parse("softmax(y)[i] - t[i] / sum(t)", SOFTMAX)
        facts = of_formula(formula).facts
        assert "right when n = 2" not in facts

    def test_a_function_that_raises_elsewhere_is_not_named(self) -> None:
        def gradients(*arguments: Any) -> Any:
            if not (arguments[0] @ np.ones(len(arguments[1])) > 0).all():
                raise ValueError("not here")
            return tuple(2 * one for one in network_gradients(*arguments))

        assert of_function(QUESTION1, gradients) == Diagnosis()

    def test_a_formula_that_is_seldom_wrong_has_no_case_where_it_is_right(self) -> None:
        formula = parse("softmax(y)[i] * sum(t) - t[i] + (t[i] == 3)", SOFTMAX)
        assert of_formula(formula).facts == ()

    def test_what_is_right_has_no_mistake(self) -> None:
        formula = parse("softmax(y) - t", ONE_HOT_SCOPE)
        found = of_formula(formula, GRADIENT_ONE_HOT)
        assert found == Diagnosis()


class TestTwoFaults:
    """A mistake is not named where something else is wrong as well, or that is said."""

    @pytest.mark.parametrize("name", ["factor-two", "error-sign", "mask-missing"])
    def test_what_is_clipped_far_out_is_not_a_mistake_alone(self, name: str) -> None:
        wrong = function(QUESTION1, variants(QUESTION1, name)[0])
        found = of_function(
            QUESTION1, lambda *a: tuple(np.clip(one, -1e5, 1e5) for one in wrong(*a))
        )
        assert found.candidates == ()
        assert not any("times" in fact for fact in found.facts)

    @pytest.mark.parametrize(
        ("shift", "facts"),
        [(np.max, ()), (np.zeros_like, ("not finite where a number overflows or becomes 0",))],
        ids=["shifted", "as it stands"],
    )
    def test_a_mistake_that_overflows_besides_is_told_so(
        self, shift: Any, facts: tuple[str, ...]
    ) -> None:
        def gradient(y: Any, t: Any) -> Any:
            powers = np.exp(y - shift(y))
            return powers / powers.sum() - t

        found = of_function(QUESTION2, gradient)
        assert (found.mistake, found.facts) == ("sum-t-assumed", facts)


class TestCatalogue:
    ALL: tuple[Slip, ...] = (*QUESTION1.mistakes, *QUESTION2.mistakes, *QUESTION3.mistakes)

    def test_no_id_is_used_twice(self) -> None:
        ids = [one.id for one in self.ALL]
        assert len(set(ids)) == len(ids)
        others = [one for one in self.ALL if one.also]
        assert len(BY_ID) == len(ids) + len(others) + len(QUESTION1.conventions) + 1

    @pytest.mark.parametrize("mistake", ALL, ids=lambda one: one.id)
    def test_an_id_is_in_kebab_case(self, mistake: Slip) -> None:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", mistake.id)

    @pytest.mark.parametrize("mistake", ALL, ids=lambda one: one.id)
    def test_it_is_said_in_a_sentence_or_two(self, mistake: Slip) -> None:
        assert mistake.sentence.endswith(".")
        assert mistake.sentence[0].isupper() or mistake.sentence[0].isdigit()

    @pytest.mark.parametrize("name", EVERY_ID.split())
    def test_an_id_that_verdicts_have_used_keeps_its_mistake(self, name: str) -> None:
        assert name in BY_ID

    @pytest.mark.parametrize("variant", named(ON_NETWORK))
    def test_the_float_and_the_exact_mistake_are_the_same(self, variant: Wrong) -> None:
        data = network(**DATA.given)
        expected = in_floats(np.concatenate([np.ravel(values(variant)[name]) for name in BLOCKS]))
        found = flat(function(QUESTION1, variant)(*data.arguments()))
        assert (abs(found - expected) <= 2 * oracle(data).own_rounding(expected)).all()
