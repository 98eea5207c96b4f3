"""The questions of the assignment, with what the tests ask about them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gradaudit.judging.cases import Case, data_of
from gradaudit.judging.derivation import wanted_of
from gradaudit.judging.domains import Domain
from gradaudit.judging.functions import domains, laws_of
from gradaudit.judging.hard import domain
from gradaudit.judging.laws import Law
from gradaudit.language.numbers import each
from gradaudit.mistakes.exam import as_function
from gradaudit.mistakes.slips import Wrong, wrong_answers
from gradaudit.questions.question import Question
from gradaudit.questions.reading import read_questions
from gradaudit.questions.simple import exact_float, floats

QUESTION1, QUESTION2, ONE_HOT, QUESTION3 = read_questions()
assert QUESTION2.conditional is not None
SUM_ONE = QUESTION2.under(QUESTION2.conditional)

EVERYWHERE, NETWORKS, _, KINKED = domains(QUESTION1, QUESTION1.functions[0])[:4]
LOGITS, ANY_TARGETS = domains(QUESTION2, QUESTION2.functions[0])[:2]
TARGETS_OF_SUM_ONE = domains(SUM_ONE, QUESTION2.functions[0])[1]
TRUE_CLASS = domains(ONE_HOT, ONE_HOT.functions[0])[1]
FORMULA_NETWORKS, FORMULA_ANY, FORMULA_SUM_ONE, FORMULA_TRUE_CLASS = map(
    domain, (QUESTION1, QUESTION2, SUM_ONE, ONE_HOT)
)

PARAMETERS = {name: wanted_of(QUESTION1, name) for name in QUESTION1.parts}
GRADIENT, GRADIENT_ONE_HOT = wanted_of(QUESTION2, "gradient"), wanted_of(ONE_HOT, "one_hot")
NETWORK = replace(QUESTION1.scope, free={"a": "A", "j": "H"}, key="where")  # as an answer's
SOFTMAX, ONE_HOT_SCOPE = (replace(one.scope, key="where") for one in (GRADIENT, GRADIENT_ONE_HOT))
WANTED = {
    **{f"q1.derivation.{name}": wanted for name, wanted in PARAMETERS.items()},
    "q2.gradient": GRADIENT,
    "q2.one_hot": GRADIENT_ONE_HOT,
}


def laws(question: Question) -> tuple[Law, ...]:
    """Return the laws of the one function of a question."""
    return laws_of(question, question.functions[0])


def bound(case: Case) -> Case:
    """Return an input as one of the one function of its question."""
    return replace(case, call=case.question.functions[0])


DATA = bound(data_of(QUESTION1))


def network(**blocks: Any) -> Case:
    """Return an input of Question 1: of the float64 numbers nearest to those given."""
    given = {name: each(exact_float, value) for name, value in blocks.items()}
    (n, d), h = np.shape(given["X"]), len(given["b1"])
    return bound(Case(QUESTION1, given, {"A": d, "H": h, "N": n}))


def logits(y: Any, t: Any) -> Case:
    """Return an input of Question 2: of the float64 numbers nearest to those given."""
    given = {"y": each(exact_float, y), "t": each(exact_float, t)}
    return bound(Case(QUESTION2, given, {"K": len(y)}))


def pre_activations(case: Case) -> Any:
    """Return z of a network, exactly."""
    return case.given["X"] @ case.given["W1"] + case.given["b1"]


def outputs(case: Case) -> Any:
    """Return y of a network, exactly."""
    z = pre_activations(case)
    return (z * (z > 0)) @ case.given["w2"] + case.given["b2"]


def errors(case: Case) -> Any:
    """Return e of a network, exactly."""
    return outputs(case) - case.given["t"]


def function(question: Question, wrong: Wrong) -> Callable[..., Any]:
    """Return what comes of a mistake as a function in float64."""
    return as_function(question, question.functions[0], wrong.formulas).function


def variants(question: Question, *names: str) -> list[Wrong]:
    """Return the variants of all mistakes of a question, or of those with these ids."""
    return [one for one in wrong_answers(question) if not names or one.ids[0] in names]


def in_floats(values: Any) -> Any:
    """Return float64 values of exact ones, flat."""
    return floats(np.ravel(np.array(values, dtype=object)))


DOMAINS: tuple[Domain, ...] = (
    *(EVERYWHERE, NETWORKS, KINKED, LOGITS, ANY_TARGETS, TARGETS_OF_SUM_ONE, TRUE_CLASS),
    *(FORMULA_NETWORKS, FORMULA_ANY, FORMULA_SUM_ONE, FORMULA_TRUE_CLASS),
)
