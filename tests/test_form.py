"""Right values in another form are told so, and a wrong value in another form is still seen."""

import gc
import weakref
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from analytic.network import forward, network_gradients
from analytic.softmax import softmax_gradient
from gradaudit.answers.parts import of_function
from gradaudit.answers.verdicts import Verdict, judge
from gradaudit.judging.calling import Function, held_in
from gradaudit.judging.form import InForm, order_of
from gradaudit.questions.question import Question
from gradaudit.telling.verdicts import explanation
from tests.assignment import DATA, ONE_HOT, QUESTION1, QUESTION2
from tests.test_questions import read_question_text

Change = Callable[..., Any]


def verdict_on(change: Change, gradients: Callable[..., Any] = network_gradients) -> Verdict:
    """Return the verdict on gradients of the network that come back changed."""
    function = Function(lambda *arguments: change(*gradients(*arguments)), 4)
    return judged(QUESTION1, function)


def judged(question: Question, function: Function) -> Verdict:
    (signature,) = question.functions
    return judge(signature.id, of_function(question, signature, function))


@cache
def verdict_on_form(phrase: str) -> Verdict:
    return verdict_on(FORMS[phrase][0])


def judge_softmax(change: Change) -> Verdict:
    function = Function(lambda y, t: change(softmax_gradient(y, t)), 1)
    return judged(QUESTION2, function)


def unmasked(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    _, h, y = forward(W1, b1, w2, b2, X)
    signal = np.outer(y - t, w2)
    return X.T @ signal, signal.sum(axis=0), h.T @ (y - t), (y - t).sum()


ROW = "the shape of db1 is (1, 3), (3,) is wanted"
COLUMN = "the shape of dw2 is (3, 1), (3,) is wanted"
MATRIX = "the shape of db2 is (1, 1), () is wanted"
NUMBER = "a number is returned as well, the gradient alone is wanted"
FORMS: dict[str, tuple[Change, tuple[str, ...]]] = {
    "a row": (lambda a, b, c, d: (a, b[None], c, d), (ROW,)),
    "a column": (lambda a, b, c, d: (a, b, c[:, None], d), (COLUMN,)),
    "all kept in two dimensions": (
        lambda a, b, c, d: (a, b[None], c[:, None], np.array([[d]])),
        (ROW, COLUMN, MATRIX),
    ),
    "lists in lists": (
        lambda a, b, c, d: [a.tolist(), [b.tolist()], [[x] for x in c.tolist()], [[float(d)]]],
        (ROW, COLUMN, MATRIX),
    ),
    "the order of the assignment": (
        lambda a, b, c, d: (a, c, b, d),
        ("the order is dW1, dw2, db1, db2; dW1, db1, dw2, db2 is wanted",),
    ),
    "the last layer first": (
        lambda a, b, c, d: (c, d, a, b),
        ("the order is dw2, db2, dW1, db1; dW1, db1, dw2, db2 is wanted",),
    ),
    "another order, in columns": (
        lambda a, b, c, d: (a, c[:, None], b[None], d),
        ("the order is dW1, dw2, db1, db2; dW1, db1, dw2, db2 is wanted", ROW, COLUMN),
    ),
    "a dict": (
        lambda a, b, c, d: {"W1": a, "w2": c, "b1": b, "b2": d},
        ("the result is a dict of W1, b1, b2, w2, a tuple is wanted",),
    ),
    "a dict of other names, with a row": (
        lambda a, b, c, d: {"dW1": a, "db1": b[None], "dw2": c, "db2": d},
        ("the result is a dict of dW1, db1, db2, dw2, a tuple is wanted", ROW),
    ),
    "a number and the gradients": (lambda *g: (0.5, g), (NUMBER,)),
    "the gradients and a number": (lambda *g: (g, np.float64(0.5)), (NUMBER,)),
    "a number first of five": (lambda *g: (0.5, *g), (NUMBER,)),
    "a number last of five": (lambda *g: (*g, 0.5), (NUMBER,)),
    "a number and a dict": (
        lambda a, b, c, d: (0.5, {"W1": a, "b1": b, "w2": c, "b2": d}),
        (NUMBER, "the result is a dict of W1, b1, b2, w2, a tuple is wanted"),
    ),
    "a number in a dict": (
        lambda a, b, c, d: {"W1": a, "b1": b, "cost": 0.5, "w2": c, "b2": d},
        (NUMBER, "the result is a dict of W1, b1, b2, w2, a tuple is wanted"),
    ),
    "a number among them": (lambda a, b, c, d: (a, b, 0.5, c, d), (NUMBER,)),
    "a number after the last layer first": (
        lambda a, b, c, d: (d, c, b, a, 0.5),
        (NUMBER, "the order is db2, dw2, db1, dW1; dW1, db1, dw2, db2 is wanted"),
    ),
}


@pytest.mark.parametrize("phrase", FORMS)
def test_right_values_in_another_form_are_told_so(phrase: str) -> None:
    _, told = FORMS[phrase]
    verdict = verdict_on_form(phrase)
    assert (verdict.status, verdict.only_form) == ("fails", True)
    assert verdict.form is not None
    assert verdict.form.told == told
    assert explanation(verdict) == ". ".join(("the values are right, their form is not", *told))


@pytest.mark.parametrize("phrase", FORMS)
def test_a_mistake_is_named_in_any_form(phrase: str) -> None:
    change, told = FORMS[phrase]
    verdict = verdict_on(change, unmasked)
    assert (verdict.only_form, verdict.diagnosis.mistake) == (False, "mask-missing")
    assert all(one in explanation(verdict) for one in told)


@pytest.mark.parametrize("phrase", FORMS)
def test_a_form_is_shown_at_sizes_that_tell_it(phrase: str) -> None:
    verdict = verdict_on_form(phrase)
    assert verdict.failure is not None
    assert verdict.failure.at.given is DATA.given


@pytest.mark.parametrize("phrase", FORMS)
def test_the_contract_says_every_difference_at_once(phrase: str) -> None:
    _, told = FORMS[phrase]
    verdict = verdict_on_form(phrase)
    assert verdict.failure is not None
    assert str(verdict.failure.refusal) == "; ".join(told)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda g: g[:, None], "the shape of dy is (3, 1), (3,) is wanted"),
        (lambda g: [g.tolist()], "the shape of dy is (1, 3), (3,) is wanted"),
        (lambda g: (0.5, g), NUMBER),
        (lambda g: {"grad": g, "loss": 1}, "the result is a dict of grad, an array is wanted"),
    ],
    ids=["a column", "a list in a list", "a number as well", "a dict"],
)
def test_a_gradient_of_the_logits_in_another_form_is_told_so(change: Change, told: str) -> None:
    verdict = judge_softmax(change)
    assert (verdict.status, verdict.only_form) == ("fails", True)
    assert verdict.form is not None
    assert told in verdict.form.told


LOSS = "the loss is returned as well, the gradient alone is wanted"
WITH_LOSS: dict[str, Callable[[Any, tuple[Any, ...]], Any]] = {
    "first": lambda loss, g: (loss, *g),
    "last": lambda loss, g: (*g, loss),
    "after the others in reverse": lambda loss, g: (*g[::-1], loss),
    "before them together": lambda loss, g: (loss, g),
    "in a dict": lambda loss, g: dict(
        zip(("loss", "W1", "b1", "w2", "b2"), (loss, *g), strict=True)
    ),
}


@pytest.mark.parametrize("place", WITH_LOSS)
@pytest.mark.parametrize("factor", [1, 2], ids=["right", "twice the bias"])
def test_what_equals_the_loss_is_called_that(place: str, factor: int) -> None:
    def with_loss(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
        *others, db2 = network_gradients(W1, b1, w2, b2, X, t)
        error = forward(W1, b1, w2, b2, X)[2] - t
        return WITH_LOSS[place](error @ error / 2, (*others, factor * db2))

    function = Function(with_loss, 4)
    verdict = judged(QUESTION1, function)
    assert verdict.form is not None
    assert (verdict.form.told[0], verdict.only_form) == (LOSS, factor == 1)


def test_the_loss_of_the_logits_is_called_that() -> None:
    def with_loss(y: Any, t: Any) -> Any:
        return np.sum(t) * np.log(np.sum(np.exp(y))) - t @ y, softmax_gradient(y, t)

    function = Function(with_loss, 1)
    verdict = judged(QUESTION2, function)
    assert verdict.form is not None
    assert verdict.form.told == (LOSS,)


@pytest.mark.parametrize(
    "change",
    [
        lambda a, b, c, d: (a, b, c, d, a),
        lambda a, b, c, d: (a, b, c, d, np.zeros(3)),
        lambda a, b, c, d: (d, a, b, c, np.zeros(3)),
        lambda a, b, c, d: (a, b, c, d, None),
        lambda a, b, c, d: (a, b, c, d, {"z": a}),
    ],
    ids=["a matrix", "zeros", "zeros, b2 first", "None", "a dict"],
)
def test_another_result_too_many_is_told_as_one(change: Change) -> None:
    verdict = verdict_on(change)
    assert (verdict.status, verdict.form) == ("fails", None)
    assert "found 5 results instead of 4" in str(verdict.failure and verdict.failure.refusal)


def test_what_is_not_summed_over_the_samples_is_more_than_a_form() -> None:
    def per_sample(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
        dW1, _, dw2, db2 = network_gradients(W1, b1, w2, b2, X, t)
        z, _, y = forward(W1, b1, w2, b2, X)
        return dW1, np.outer(y - t, w2) * (z > 0), dw2, db2

    said = explanation(verdict_on(lambda *g: g, per_sample))
    assert said.startswith("right but for a sum that is left out. db1 is not summed over the samp")


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (("X", "t", "W1", "b1", "W2", "B2"), "the arguments are X, t, W1, b1, w2, b2; "),
        (("W1", "b1", "w2", "b2", "X", "t"), ""),
        (("a", "b", "c", "d", "e", "f"), ""),
        (("X", "t", "W1", "b1", "w2"), ""),
    ],
    ids=["another order", "the wanted one", "names that tell nothing", "one less"],
)
def test_arguments_go_where_the_function_names_them(own: tuple[str, ...], told: str) -> None:
    names = ["W1", "b1", "w2", "b2", "X", "t"]
    order = order_of(own, names)
    function = Function(lambda *a: network_gradients(*(a[order.index(k)] for k in range(6))), 4)
    function.arguments = list(own)
    verdict = judged(QUESTION1, function)
    assert (verdict.status == "fails", verdict.only_form) == (bool(told), bool(told))
    assert told in explanation(verdict)


def test_arguments_that_differ_in_case_alone_are_no_others() -> None:
    assert order_of(["a", "A"], ["A", "a"]) == [1, 0]
    assert order_of(["a", "a"], ["A", "a"]) == [0, 1]


def test_an_input_that_is_changed_has_its_own_name_in_another_order() -> None:
    def gradients(X: Any, t: Any, W1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        found = network_gradients(W1, b1, w2, b2, X, t)
        b1 += 1
        return found

    verdict = judged(QUESTION1, Function(gradients, 4))
    assert verdict.failure is not None
    assert verdict.failure.refusal is not None
    assert verdict.failure.refusal.where == "b1"


def test_the_wanted_form_has_nothing_to_be_told() -> None:
    verdict = verdict_on(lambda *g: g)
    assert (verdict.status, verdict.form) == ("holds", None)


@pytest.mark.parametrize(
    "change",
    [
        lambda a, b, c, d: (a, c, c, d),
        lambda a, b, c, d: (a, c, 2 * b, 2 * d),
        lambda a, b, c, d: (a.T, b, c, d),
        lambda a, b, c, d: {"W1": a, "b1": b, "w2": c, "W1 again": d},
        lambda a, b, c, d: {"W": a, "b": b, "v": c, "c": d},
        lambda a, b, c, d: (a, b, c),
        lambda a, b, c, d: (1, 2, 3, 4, 5, 6),
        lambda a, b, c, d: (),
    ],
    ids=[
        "w2 twice",
        "another order and a wrong value",
        "a transposed matrix",
        "two names for one",
        "names of its own",
        "three results",
        "six numbers",
        "nothing",
    ],
)
def test_what_is_wrong_is_not_taken_for_a_form(change: Change) -> None:
    verdict = verdict_on(change)
    assert (verdict.status, verdict.only_form) == ("fails", False)


def test_bad_manners_are_refused_in_another_form_too() -> None:
    def gradients(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
        dW1, db1, dw2, db2 = network_gradients(W1, b1, w2, b2, X, t)
        X *= 2
        return dW1, db1[None], dw2, db2

    verdict = verdict_on(lambda *g: g, gradients)
    assert (verdict.status, verdict.only_form) == ("fails", False)


@pytest.mark.parametrize("value", [None, 3, "text", [1, 2, 3], [[1, 2], [3, 4]], {}, (1, 2)])
def test_nothing_is_taken_out_of_what_holds_no_results(value: Any) -> None:
    assert held_in(value, 4) is None


@pytest.mark.parametrize("question", [QUESTION1, QUESTION2, ONE_HOT], ids=lambda one: one.name)
def test_a_form_shows_where_all_sizes_differ(question: Question) -> None:
    (signature,) = question.functions
    in_form = of_function(question, signature, Function(lambda *_: None, 1)).claims[0].judged
    assert isinstance(in_form, InForm)
    sizes = list(in_form.shown.sizes.values())
    assert len(set(sizes)) == len(sizes)
    assert min(sizes) > 1


def test_nothing_of_a_function_is_kept_once_it_is_judged() -> None:
    def gradients(*arguments: Any) -> Any:
        return tuple(2 * one for one in unmasked(*arguments))

    kept = weakref.ref(gradients)
    assert judged(QUESTION1, Function(gradients, 4)).status == "fails"
    del gradients
    gc.collect()
    assert kept() is None


MASK = """
[mask]
given = "x[N]"
define = ["L = sum(relu(x))"]
parts.x = "d(L, x[i])"
answers.x = "x > 0"
functions."f(x)" = ["x"]
"""


@pytest.mark.parametrize(
    "dtype", [bool, np.int64, np.float32, np.float16], ids=lambda d: d.__name__
)
def test_right_values_of_another_dtype_are_told_so(dtype: type) -> None:
    verdict = judged(read_question_text(MASK), Function(lambda x: (x > 0).astype(dtype), 1))
    assert verdict.only_form
    name = np.dtype(dtype).name
    assert explanation(verdict).endswith(f"the dtype of dx is {name}, float64 is wanted")


def test_values_that_are_rounded_to_another_dtype_are_wrong_and_told_of_it() -> None:
    verdict = judge_softmax(lambda gradient: gradient.astype(np.float32))
    assert verdict.status == "fails"
    assert not verdict.only_form
    assert "the dtype of dy is float32, float64 is wanted" in explanation(verdict)
