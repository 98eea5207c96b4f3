"""Each law of functions of any question accepts the right one, and refuses what it is there for."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from gradaudit import audit
from gradaudit.judging.calling import Function
from gradaudit.judging.domains import draw_inputs
from gradaudit.judging.functions import laws_of
from gradaudit.judging.laws import hold, sees
from gradaudit.questions.question import Question
from gradaudit.questions.reading import read_questions

ENTROPY = """
[entropy]
given = "y[K], t[K]"
define = ["p = softmax(y)", "L = -sum(t*log(p))"]
parts.y = "d(L, y[i])"
functions."gradient(y, t)" = ["y"]
answers.y = "p*sum(t) - t"
owes.sums_to_zero = "sum(dy) == 0"
owes.ignores_a_constant = { same = { y = ["y + 1", "y - 2"] } }
owes.follows_the_order = { order = "K" }
owes.is_linear = { linear = "t" }
"""
LINEAR = """
[linear]
given = "X[N,A], w[A], t[N]"
define = ["e = X @ w - t", "L = sum(e**2)/2"]
parts.w = "d(L, w[a])"
functions."gradient(X, w, t)" = ["w"]
answers.w = "X.T @ e"
owes.adds_up = { adds_up = "N" }
"""
LARGEST = """
[largest]
given = "x[N], G"
define = ["L = G*max(x)"]
parts.x = "d(L, x[i])"
functions."backward(x, G)" = ["x"]
answers.x = "G*(x == max(x))/sum(x == max(x))"
"""
PLANES = """
[planes]
given = "x[N], G[N,K], u"
define = ["Y[n,k] = u*G[n,k]*exp(x[n]) for n in N for k in K", "L = sum(Y)"]
parts.x = "d(L, x[n])"
functions."backward(x, G, u)" = ["x"]
answers.x = "u*exp(x)*sum(G, axis=1)"
owes.is_linear_in_planes = { linear = "G" }
owes.is_linear_in_a_number = { linear = "u" }
"""
ELEMENTWISE = """
[elementwise]
given = "x[N]"
define = ["y = exp(x)"]
parts.slope = "d(y[i], x[i])"
functions."slope(x)" = ["slope"]
answers.slope = "y"
"""
MASKED = """
[masked]
given = "w[D], s"
define = ["L = sum(w**2)/2*(s > 0)"]
parts.w = "d(L, w[i])"
functions."gradient(w, s)" = ["w"]
answers.w = "w*(s > 0)"
owes.has_the_sign_only = { same = { s = ["sign(s)*exp(abs(s))", "2*s + log(s) - log(s)"] } }
facts."where s is positive" = { s = "exp(s)" }
"""


@cache
def question(text: str) -> Question:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "question.toml"
        path.write_text(text, encoding="utf-8")
        return read_questions(str(path))[0]


def softmax(y: Any) -> Any:
    powers = np.exp(y - y.max())
    return powers / powers.sum()


def entropy(y: Any, t: Any) -> Any:
    return softmax(y) * t.sum() - t


def linear(X: Any, w: Any, t: Any) -> Any:
    return X.T @ (X @ w - t)


def largest(x: Any, G: Any) -> Any:
    at = x == x.max()
    return G * at / at.sum()


RIGHT = [
    pytest.param(ENTROPY, entropy, id="softmax and cross-entropy"),
    pytest.param(LINEAR, linear, id="a linear model"),
    pytest.param(LARGEST, largest, id="the largest, shared among ties"),
    pytest.param(LARGEST, lambda x, G: G * np.eye(len(x))[x.argmax()], id="the first largest"),
    pytest.param(ELEMENTWISE, np.exp, id="a function of each entry"),
    pytest.param(PLANES, lambda x, G, u: u * np.exp(x) * G.sum(1), id="of a matrix and a number"),
    pytest.param(MASKED, lambda w, s: w * (s > 0), id="values put that float64 can't always hold"),
]


@pytest.mark.parametrize(("text", "function"), RIGHT)
def test_every_law_holds_of_a_right_function(text: str, function: Callable[..., Any]) -> None:
    asked = question(text)
    (signature,) = asked.functions
    judged = Function(function, 1)
    outcomes = [hold(law, judged, draw_inputs(law.domain)) for law in laws_of(asked, signature)]
    assert {one.status for one in outcomes} == {"holds"}


def kept(x: Any) -> Any:
    x *= 1.5
    return np.exp(x / 1.5)


WRONG = [
    pytest.param(ELEMENTWISE, "keeps_the_contract", kept, id="an input that is changed"),
    pytest.param(
        ELEMENTWISE,
        "equals_the_exact_derivative",
        lambda x: np.exp(x) * (1 + 1e-11),
        id="off by little",
    ),
    pytest.param(
        ELEMENTWISE, "agrees_with_approx_fprime", lambda x: 1.01 * np.exp(x), id="off by much"
    ),
    pytest.param(LARGEST, "lies_within_the_slopes", lambda x, G: G * (x == x.max()), id="all ties"),
    pytest.param(
        LARGEST,
        "lies_within_the_slopes",
        lambda x, G: largest(x, G) * ((x == x.max()).sum() == 1),
        id="nothing at ties",
    ),
    pytest.param(ENTROPY, "sums_to_zero", lambda y, t: softmax(y) - t, id="a sum taken for one"),
    pytest.param(
        ENTROPY,
        "ignores_a_constant",
        lambda y, t: np.exp(y) * t.sum() - t,
        id="exponentials not divided",
    ),
    pytest.param(
        ENTROPY,
        "follows_the_order",
        lambda y, t: entropy(y, t) * np.arange(1, len(y) + 1),
        id="weights by the place",
    ),
    pytest.param(
        ENTROPY, "is_linear", lambda y, t: softmax(y) * t.sum() - t**2, id="targets squared"
    ),
    pytest.param(
        MASKED, "has_the_sign_only", lambda w, s: w * max(s, 0), id="a number taken for its sign"
    ),
    pytest.param(
        PLANES,
        "is_linear_in_planes",
        lambda x, G, u: u * np.exp(x) * abs(G).sum(1),
        id="sizes of what is in a matrix",
    ),
    pytest.param(
        PLANES,
        "is_linear_in_a_number",
        lambda x, G, u: u**2 * np.exp(x) * G.sum(1),
        id="a number squared",
    ),
    pytest.param(
        LINEAR, "adds_up", lambda X, w, t: linear(X, w, t) / len(t), id="a mean for the sum"
    ),
]


@pytest.mark.parametrize(("text", "name", "function"), WRONG)
def test_a_law_refuses_what_it_is_there_for(
    text: str, name: str, function: Callable[..., Any]
) -> None:
    asked = question(text)
    (signature,) = asked.functions
    (law,) = (one for one in laws_of(asked, signature) if one.name == name)
    assert sees(law, Function(function, 1), draw_inputs(law.domain))


def test_all_slopes_are_shown_at_a_small_kink() -> None:
    asked = question(LARGEST)
    (signature,) = asked.functions
    (law,) = (one for one in laws_of(asked, signature) if one.name == "lies_within_the_slopes")
    judged = Function(lambda x, G: largest(x, G) * (1 + 3 * ((x == x.max()).sum() > 1)), 1)
    told = hold(law, judged, draw_inputs(law.domain))
    assert told.refusal is not None
    slope = told.at.given["G"]
    low, high = sorted((0, slope))
    assert told.refusal.sides == (f"anything from {low} to {high}", str(2 * slope))
    assert abs(slope) in (1, 2)
    assert len(set(told.at.blocks["x"].tolist())) == 1


IDENTITIES = [one for one in WRONG if one.values[1] in ("sums_to_zero", "ignores_a_constant")]


@pytest.mark.parametrize(("text", "name", "function"), IDENTITIES)
def test_an_identity_cannot_see_a_wrong_scale(text: str, name: str, function: object) -> None:
    del function
    asked = question(text)
    (signature,) = asked.functions
    (law,) = (one for one in laws_of(asked, signature) if one.name == name)
    judged = Function(lambda y, t: 2 * entropy(y, t), 1)
    assert hold(law, judged, draw_inputs(law.domain)).status == "holds"


def test_a_value_that_float64_never_holds_is_said_to_be_why_a_law_says_nothing() -> None:
    asked = question(MASKED.replace("2*s + log(s) - log(s)", "exp(exp(9 + s**2))"))
    (signature,) = asked.functions
    (law,) = (one for one in laws_of(asked, signature) if one.name == "has_the_sign_only")
    told = hold(law, Function(lambda w, s: w * (s > 0), 1), draw_inputs(law.domain))
    assert (told.status, told.reason) == (
        "untested",
        "exp(exp(9 + s**2)): a number is too large for float64",
    )


def test_a_fact_whose_values_float64_cannot_always_hold_costs_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "question.toml").write_text(MASKED, encoding="utf-8")
    (tmp_path / "answer.toml").write_text("[masked]\nw = 'w*(s > 1)'\n", encoding="utf-8")
    assert audit(tmp_path / "answer.toml", tmp_path / "question.toml").exit_code == 1
