"""The library: each question is sound, its right functions are accepted, its wrong ones refused."""

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from gradaudit.answers.checking import check
from gradaudit.judging.calling import Function
from gradaudit.judging.contract import ask
from gradaudit.judging.domains import draw_inputs
from gradaudit.judging.functions import laws_of
from gradaudit.judging.laws import Law, hold, sees
from gradaudit.judging.oracles import oracle
from gradaudit.questions.question import Question, Signature
from gradaudit.questions.reading import library, read_questions

MODELS = [one for name in library() for one in read_questions(name) if not one.iteration]
LITTLE = 8  # times less than what rounding is allowed
FINEST = 1e-12  # of a relative error in one entry, to be noticed on half of the inputs


def functions(kind: str) -> list[Any]:
    """Return the functions of a kind, RIGHT or WRONG, for every signature of every model."""
    return list(_functions(kind))


def _functions(kind: str) -> Iterator[Any]:
    for model in MODELS:
        named = getattr(import_module(f"tests.models.{model.name}"), kind)
        for signature in model.functions:
            of_signature = named.get(signature.name, named)
            for phrase, function in of_signature.items():
                name = f"{model.name}: {phrase}"
                yield pytest.param(model, signature, function, id=name)


@cache
def laws(model: Question, signature: Signature) -> tuple[Law, ...]:
    return laws_of(model, signature)


Judged = Callable[..., Any]


@pytest.mark.parametrize("model", MODELS, ids=lambda one: one.name)
def test_nothing_is_wrong_with_a_question_and_all_its_edits_are_refused(model: Question) -> None:
    checked = check(model)
    assert checked.faults == ()
    assert checked.edits


@pytest.mark.parametrize(("model", "signature", "function"), functions("RIGHT"))
def test_a_right_function_is_accepted(
    model: Question, signature: Signature, function: Judged
) -> None:
    judged = Function(function, len(signature.parts))
    outcomes = [hold(law, judged, draw_inputs(law.domain)) for law in laws(model, signature)]
    assert {(one.law.name, one.status) for one in outcomes} == {
        (law.name, "holds") for law in laws(model, signature)
    }


@pytest.mark.parametrize(("model", "signature", "function"), functions("RIGHT"))
def test_a_right_function_needs_little_of_what_is_allowed(
    model: Question, signature: Signature, function: Judged
) -> None:
    judged = Function(function, len(signature.parts))
    _, exact, *_ = laws(model, signature)
    for case in draw_inputs(exact.domain):
        known = oracle(case)
        with np.errstate(all="ignore"):
            off = np.abs(ask(judged, case)[0] - known.value)
        assert (LITTLE * off <= known.rounding).all()


@pytest.mark.parametrize(("model", "signature", "function"), functions("WRONG"))
def test_a_wrong_function_is_refused(
    model: Question, signature: Signature, function: Judged
) -> None:
    judged = Function(function, len(signature.parts))
    contract, *others = laws(model, signature)  # which sees few of them, and calls most
    assert any(sees(law, judged, draw_inputs(law.domain)) for law in (*others, contract))


@pytest.mark.parametrize("model", MODELS, ids=lambda one: one.name)
def test_a_small_error_in_one_entry_is_noticed_on_half_of_the_inputs(model: Question) -> None:
    for signature in model.functions:
        _, exact, *_ = laws(model, signature)
        known = [oracle(case) for case in draw_inputs(exact.domain)]
        largest = [float(np.max(np.abs(one.value))) for one in known]
        finest = [
            float(np.max(one.rounding)) / most
            for one, most in zip(known, largest, strict=True)
            if most
        ]
        assert np.median(finest) <= FINEST


@pytest.mark.parametrize("model", MODELS, ids=lambda one: one.name)
def test_the_forward_difference_is_known_on_some_input(model: Question) -> None:
    for signature in model.functions:
        _, _, difference, *_ = laws(model, signature)
        errors = [oracle(case).difference.error for case in draw_inputs(difference.domain)]
        assert any(np.isfinite(error).all() for error in errors)
