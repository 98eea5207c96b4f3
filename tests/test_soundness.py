"""Right answers to questions from files that were refused once, and wrong ones that held."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradaudit.answers.asked import sheet_of
from gradaudit.answers.checking import check
from gradaudit.answers.parts import of_function
from gradaudit.answers.reading import read
from gradaudit.answers.verdicts import Verdict, audit, judge
from gradaudit.judging.calling import Function
from gradaudit.questions.question import Question
from gradaudit.questions.reading import read_questions

SCALARS = """
[parabola]
given = "x, a"
define = ["L = a*x**2"]
parts.x = "d(L, x)"
functions."slope(x, a)" = ["x"]
answers.x = "2*a*x"
"""
ELU = """
[elu]
given = "x[D]"
define = ["L = sum(where(x > 0, x, 2*(exp(x) - 1)))"]
parts.x = "d(L, x[i])"
functions."f(x)" = ["x"]
answers.x = "(x > 0) + (x <= 0)*2*exp(x)"
"""
MASKED = """
[masked]
given = "x[N], w, t[N] in {0, 1}"
define = ["p = sigmoid(w*x)", "q = (t == 0)*(1 - p) + (t == 1)*p", "L = -sum(log(q))"]
parts.w = "d(L, w)"
functions."f(x, w, t)" = ["w"]
answers.w = "sum(x*(p - t))"
"""


def question(text: str, tmp_path: Path) -> Question:
    path = tmp_path / "question.toml"
    path.write_text(text, encoding="utf-8")
    return read_questions(str(path))[0]


def of(asked: Question, function: Callable[..., Any]) -> Verdict:
    (signature,) = asked.functions
    return judge("it", of_function(asked, signature, Function(function, len(signature.parts))))


def formula(name: str, part: str, text: str, tmp_path: Path) -> Verdict:
    path = tmp_path / "answer.toml"
    path.write_text(f"[{name}]\n{part} = '{text}'\n", encoding="utf-8")
    asked = sheet_of(read_questions(name))
    return next(
        one for one in audit(read(str(path), asked)).verdicts if one.part == f"{name}.{part}"
    )


def of_library(name: str, function: Callable[..., Any]) -> Verdict:
    return of(read_questions(name)[0], function)


def test_a_question_of_numbers_alone_is_sound(tmp_path: Path) -> None:
    assert check(question(SCALARS, tmp_path)).faults == ()


def test_a_function_of_numbers_alone_is_judged(tmp_path: Path) -> None:
    asked = question(SCALARS, tmp_path)
    assert of(asked, lambda x, a: 2 * a * x).status == "holds"
    assert of(asked, lambda x, a: a * x).status == "fails"


def test_a_reference_that_is_no_number_somewhere_refuses_nobody_there(tmp_path: Path) -> None:
    verdict = of(
        question(ELU, tmp_path), lambda x: np.where(x > 0, 1, 2 * np.exp(np.minimum(x, 0)))
    )
    assert verdict.status == "holds"


def test_a_comparison_of_what_is_given_is_no_kink(tmp_path: Path) -> None:
    def slope(x: Any, w: Any, t: Any) -> Any:
        return np.sum(x * (1 / (1 + np.exp(-w * x)) - t))

    assert of(question(MASKED, tmp_path), slope).status == "holds"


@pytest.mark.parametrize(
    "sigmoid",
    [
        pytest.param(lambda x: (1 + np.tanh(x / 2)) / 2, id="by a hyperbolic tangent"),
        pytest.param(lambda x: 1 - 1 / (1 + np.exp(x)), id="as what is left of the other side"),
    ],
)
def test_what_saturates_may_be_found_from_what_nears_one(sigmoid: Callable[[Any], Any]) -> None:
    def backward(G: Any, x: Any) -> Any:
        s = sigmoid(x)
        return G * (s + x * s * (1 - s))

    assert of_library("silu", backward).status == "holds"


def test_a_line_that_cannot_be_told_far_out_is_judged_elsewhere(tmp_path: Path) -> None:
    line = "s[i]*at[i]*(1 - pt[i])**gamma*(gamma*pt[i]*log(pt[i]) - (1 - pt[i]))/n"
    assert formula("focal", "z", line, tmp_path).status == "holds"


def test_what_is_not_finite_somewhere_and_right_elsewhere_is_told_so() -> None:
    def gradients(X: Any, w: Any, b: Any, t: Any, s: Any) -> Any:
        mu = s * np.exp(X @ w + b)
        r = mu * (1 - t / mu)
        return X.T @ r, r.sum()

    verdict = of_library("poisson", gradients)
    assert verdict.finite_elsewhere


@pytest.mark.parametrize("least", [0.2, 0.3])
def test_a_number_with_a_range_is_tried_near_both_of_its_ends(least: float) -> None:
    def backward(*arguments: Any) -> Any:
        (signature,) = read_questions("dropout")[0].functions
        given = dict(zip(signature.arguments, arguments, strict=True))
        return given["G"] * given["mask"] / max(1 - given["p"], least)

    assert of_library("dropout", backward).status == "fails"


def test_arrays_of_one_shape_are_tried_equal() -> None:
    from tests.models.attention import RIGHT

    right = next(iter(RIGHT.values()))

    def added_where_equal(*arguments: Any) -> Any:
        dQ, dK, dV = right(*arguments)
        signature = read_questions("attention")[0].functions[0].arguments
        given = dict(zip(signature, arguments, strict=True))
        return (dQ + dK if np.array_equal(given["Q"], given["K"]) else dQ), dK, dV

    assert of_library("attention", added_where_equal).status == "fails"


PAIRS = """
[pairs]
given = "x[N]"
define = ["L = sum(abs(x[i] - x[j]) for i in N for j in N)/2"]
parts.x = "d(L, x[i])"
functions."f(x)" = ["x"]
answers.x = "sum(sign(x[i] - x[j]) for j in N)"
"""
OTHERS = PAIRS.replace("abs(x[i] - x[j])", "where(i != j, abs(x[i] - x[j]), 0)")
STEPS = """
[steps]
given = "x[N]"
counts = { n = "N" }
define = ["L = sum(where(i < n - 1, abs(x[i+1] - x[i]), 0) for i in N)"]
parts.x = "d(L, x[i])"
functions."f(x)" = ["x"]
answers.x = "where(i > 0, sign(x[i] - x[i-1]), 0) - where(i < n - 1, sign(x[i+1] - x[i]), 0)"
"""
BENT = """
[bent]
given = "x[N], k"
assume = ["k > 0"]
counts = { n = "N" }
define = [
  "e[i] = where(i < n - 1, x[i+1] - x[i], 0) for i in N",
  "L = sum(where(abs(e[i]) <= k, e[i]**2/2, k*(abs(e[i]) - k/2)) for i in N)",
]
parts.x = "d(L, x[i])"
functions."f(x, k)" = ["x"]
[bent.answers]
where = ["h[i] = where(abs(e[i]) <= k, e[i], k*sign(e[i])) for i in N"]
x = "where(i > 0, h[i-1], 0) - h[i]"
"""


def among_pairs(x: Any) -> Any:
    return np.sign(x[:, None] - x).sum(axis=1)


def by_steps(x: Any, *bound: float) -> Any:
    slopes = np.clip(np.diff(x), -bound[0], bound[0]) if bound else np.sign(np.diff(x))
    return np.append(0, slopes) - np.append(slopes, 0)


@pytest.mark.parametrize(
    ("text", "function"),
    [(PAIRS, among_pairs), (OTHERS, among_pairs), (STEPS, by_steps), (BENT, by_steps)],
    ids=["all pairs", "all others", "to the next", "to the next, bent"],
)
class TestAnArgumentThatIsAlways0:
    def test_is_no_kink_of_a_right_function(
        self, text: str, function: Callable[..., Any], tmp_path: Path
    ) -> None:
        assert of(question(text, tmp_path), function).status == "holds"

    @pytest.mark.parametrize("factor", [-1, 2, 1 + 1e-12], ids=["minus", "twice", "a little"])
    def test_hides_no_wrong_function(
        self, text: str, function: Callable[..., Any], factor: float, tmp_path: Path
    ) -> None:
        wrong = of(question(text, tmp_path), lambda *given: factor * function(*given))
        assert wrong.status == "fails"

    def test_leaves_kinks_that_are_judged(
        self, text: str, function: Callable[..., Any], tmp_path: Path
    ) -> None:
        def steep(*given: Any) -> Any:
            found = function(*given)
            return found + 9 * (np.ptp(given[0]) == 0 < len(found) - 1)

        assert of(question(text, tmp_path), steep).status == "fails"


AT_A_KINK = """
[still]
given = "x[N]"
assume = ["x[0] == 0"]
define = ["L = sum(abs(x))"]
parts.x = "d(L, x[i])"
functions."f(x)" = ["x"]
answers.x = "sign(x)"
"""


def test_a_question_whose_inputs_are_all_at_a_kink_is_told_so(tmp_path: Path) -> None:
    (fault,) = check(question(AT_A_KINK, tmp_path)).faults
    assert fault.startswith("still.functions.f: no input was found away from kinks of the model")


def test_a_function_that_no_input_is_found_for_is_told_why(tmp_path: Path) -> None:
    verdict = of(question(AT_A_KINK, tmp_path), np.sign)
    assert (verdict.status, verdict.reason) == ("untested", "abs has no derivative at 0")


MIXTURE = """
[mixture]
given = "x[N], v[K], mu[K], u[K]"
define = [
  "A[n,k] = log(softmax(v)[k]) - u[k] - (x[n] - mu[k])**2/2*exp(-2*u[k]) for n in N for k in K",
  "L = sum(log(sum(exp(A), axis=1)))",
]
parts.u = "d(L, u[k])"
functions."f(x, v, mu, u)" = ["u"]
[mixture.answers]
where = ["R = softmax(A, axis=1)", "z[n,k] = (x[n] - mu[k])*exp(-u[k]) for n in N for k in K"]
u = ["sum(R[n,k]*d(A[n,k], u[k]) for n in N)", "sum(R*(z**2 - 1), axis=0)"]
"""


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [(-np.inf, np.inf, "holds"), (-5, np.inf, "fails"), (-7, np.inf, "fails"), (-20, 7, "fails")],
    ids=["nowhere", "at -5", "at -7", "at 7"],
)
def test_a_logarithm_of_a_scale_is_tried_where_it_may_be_clamped(
    low: float, high: float, status: str, tmp_path: Path
) -> None:
    def slopes(x: Any, v: Any, mu: Any, u: Any) -> Any:
        u = np.clip(u, low, high)
        z = (x[:, None] - mu) * np.exp(-u)
        a = v - u - z * z / 2
        r = np.exp(a - a.max(axis=1, keepdims=True))
        return (r / r.sum(axis=1, keepdims=True) * (z * z - 1)).sum(axis=0)

    assert of(question(MIXTURE, tmp_path), slopes).status == status


NORMS = """
[norms]
given = "X[N,A], w[A], t[N], W[J,A]"
define = ["r = X @ w - t", "L = norm(r) + sum(norm(W, axis=1))"]
parts.w = "d(L, w[a])"
parts.W = "d(L, W[j,a])"
functions."f(X, w, t, W)" = ["w", "W"]
[norms.answers]
where = ["s = norm(W, axis=1)"]
w = "X.T @ where(norm(r) > 0, r/norm(r), 0)"
W = "where(s[j] > 0, W[j,a]/s[j], 0)"
"""


def along(vector: Any, at_zero: float) -> Any:
    """Return the slopes of a norm, and at 0 a vector of this length in a direction of its own."""
    length = np.linalg.norm(vector)
    with np.errstate(invalid="ignore"):
        return vector / length if length or np.isnan(at_zero) else at_zero * by_chance(vector.shape)


def by_chance(shape: tuple[int, ...]) -> Any:
    found = np.random.default_rng(0).normal(size=shape)
    return found / np.linalg.norm(found)


class TestWhereAVectorIsZero:
    """A norm has a kink there: its slopes are all vectors of at most length 1."""

    def judged(self, folder: Path, whole: float, row: float) -> str:
        def slopes(X: Any, w: Any, t: Any, W: Any) -> Any:
            return X.T @ along(X @ w - t, whole), np.array([along(one, row) for one in W])

        return of(question(NORMS, folder), slopes).status

    @pytest.mark.parametrize("length", [0.0, 0.5, 1.0], ids=["0", "a half", "1"])
    def test_any_slope_of_its_norm_is_right(self, length: float, tmp_path: Path) -> None:
        assert self.judged(tmp_path, length, length) == "holds"

    @pytest.mark.parametrize("length", [5.0, np.nan], ids=["5", "nan"])
    def test_a_slope_that_none_of_its_sides_has_is_wrong(
        self, length: float, tmp_path: Path
    ) -> None:
        assert self.judged(tmp_path, length, 0) == "fails"

    @pytest.mark.parametrize("length", [5.0, np.nan], ids=["5", "nan"])
    def test_a_row_is_so_alone(self, length: float, tmp_path: Path) -> None:
        assert self.judged(tmp_path, 0, length) == "fails"

    def test_a_longer_vector_that_sums_to_0_is_wrong(self, tmp_path: Path) -> None:
        def slopes(X: Any, w: Any, t: Any, W: Any) -> Any:
            turns = np.resize([0.8, -0.8], W.shape[1])
            rows = [one / np.linalg.norm(one) if one.any() else turns for one in W]
            return X.T @ along(X @ w - t, 0), np.array(rows)

        assert of(question(NORMS, tmp_path), slopes).status == "fails"

    def test_nothing_is_asked_if_the_reference_has_no_value(self, tmp_path: Path) -> None:
        plain = NORMS.replace("where(norm(r) > 0, r/norm(r), 0)", "r/norm(r)")
        plain = plain.replace("where(s[j] > 0, W[j,a]/s[j], 0)", "W[j,a]/s[j]")

        def slopes(X: Any, w: Any, t: Any, W: Any) -> Any:
            r = X @ w - t
            return X.T @ (r / np.linalg.norm(r)), W / np.linalg.norm(W, axis=1, keepdims=True)

        assert of(question(plain, tmp_path), slopes).status == "holds"

    def test_its_square_has_a_slope(self, tmp_path: Path) -> None:
        text = "[square]\ngiven = 'w[A]'\ndefine = ['L = norm(w)**2']\nparts.w = 'd(L, w[a])'\n"
        text += "functions.'f(w)' = ['w']\nanswers.w = '2*w'\n"
        verdict = of(question(text, tmp_path), lambda w: 2 * w + np.all(w == 0))
        assert verdict.status == "fails"


def test_what_cancels_at_a_kink_may_leave_roundings(tmp_path: Path) -> None:
    text = """
[pairs]
given = "x[N], z[N]"
define = ["p = sigmoid(z)", "L = sum(p[i]*sigmoid(z[j]/3)*relu(x[i] - x[j]) for i in N for j in N)"]
parts.x = "d(L, x[k])"
functions."f(x, z)" = ["x"]
[pairs.answers]
where = ["M[i,j] = sigmoid(z[i])*sigmoid(z[j]/3)*(x[i] > x[j]) for i in N for j in N"]
x = "sum(M, axis=1) - sum(M, axis=0)"
"""

    def slopes(x: Any, z: Any) -> Any:
        m = np.outer(1 / (1 + np.exp(-z)), 1 / (1 + np.exp(-z / 3))) * (x[:, None] >= x)
        return m.sum(axis=1) - m.sum(axis=0)

    assert of(question(text, tmp_path), slopes).status == "holds"
    assert of(question(text, tmp_path), lambda x, z: slopes(x, z) + 1e-9).status == "fails"


def test_a_norm_of_norms_has_slopes_where_all_is_0(tmp_path: Path) -> None:
    text = """
[whole]
given = "W[J,A]"
define = ["L = norm(norm(W, axis=1))"]
parts.W = "d(L, W[j,a])"
functions."f(W)" = ["W"]
answers.W = "where(L > 0, W/L, 0)"
"""

    def slopes(W: Any, at_zero: float) -> Any:
        length = np.linalg.norm(W)
        return W / length if length else W + at_zero

    for at_zero, status in ((0.0, "holds"), (3.0, "fails")):
        assert of(question(text, tmp_path), lambda W, s=at_zero: slopes(W, s)).status == status
