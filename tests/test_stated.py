"""Answers to questions that are stated in a file, or in the library, as a person reads of them."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from gradaudit.command import main
from gradaudit.judging.cases import obeys
from gradaudit.judging.domains import draw_settings
from gradaudit.judging.hard import inputs_for
from tests.test_questions import read_question_text

Said = Callable[..., str]


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    def judged(answer: str, question: str, *, kind: str = "py") -> str:
        (tmp_path / f"answer.{kind}").write_text(answer, encoding="utf-8")
        if "\n" in question:
            (tmp_path / "question.toml").write_text(question, encoding="utf-8")
            question = str(tmp_path / "question.toml")
        main([str(tmp_path / f"answer.{kind}"), "--question", question])
        told = capsys.readouterr()
        return " ".join((told.out + told.err).split())

    return judged


class TestACounterexample:
    def test_of_an_input_that_is_changed_is_one_that_is_changed(self, said: Said) -> None:
        told = said(
            "import numpy as np\n"
            "def layer_norm_backward(G, x, gamma, eps):\n"
            "    s = np.sqrt(x.var() + eps)\n"
            "    h, u = (x - x.mean()) / s, G * gamma\n"
            "    found = (u - u.mean() - h * (u * h).mean()) / s, G * h, G.copy()\n"
            "    G *= gamma\n"
            "    return found\n",
            "layer_norm",
        )
        assert "found the input changed by the call" in told
        assert "G = [0, 1]" in told  # one of zeros stays as it is

    def test_of_a_softmax_has_two_classes(self, said: Said) -> None:
        told = said(
            "import numpy as np\n"
            "def softmax_gradient_one_hot(y, c):\n"
            "    g = np.exp(y - y.max()) / np.exp(y - y.max()).sum()\n"
            "    g[c] -= 1\n"
            "    g[-1] = 1 - np.delete(g, [c, -1]).sum() if c == len(y) - 1 else g[-1]\n"
            "    return g\n",
            "assignment",
        )
        assert "y = [0, 0], c = 1, i = 1" in told

    def test_is_a_wrong_value_rather_than_none(self, said: Said) -> None:
        told = said(
            "[momentum]\nconverges = ["
            '"0 < a*eta/(1 + beta) < 2", "1/2 < (1 + beta)/(a*eta)", "1/(2 + 2*beta) < 1/(a*eta)",'
            '"1/2 + 1/(2*beta) < 1/(a*eta)"]',
            "momentum",
            kind="toml",
        )
        assert "line 4 does not hold for the same rates" in told
        assert "undefined" not in told

    def test_of_numbers_names_the_others_that_are_wrong(self, said: Said) -> None:
        answer = "[question1]\nW1 = [[0.0122, 0, 0.061], [-0.0656, 0, -0.328]]"
        assert "-0.0656 (wrong as well: [1,2])" in said(answer, "assignment", kind="toml")


SQUARES = """
[m]
given = "W[N,K]"
define = ["L = sum(W**2)/2"]
parts.W = "d(L, W[n,k])"
answers.W = ["W"]
"""
SPRINGS = """
[m]
given = "P[V,D], i[E] in V, j[E] in V, k[E], l[E]"
define = [
  "r[e,a] = P[j[e],a] - P[i[e],a] for e in E for a in D",
  "s = norm(r, axis=1)",
  "U = sum(k*(s - l)**2)/2",
]
parts.P = "d(U, P[v,a])"
parts.k = "d(U, k[e])"
parts.l = "d(U, l[e])"
functions."springs(P, i, j, k, l)" = ["P", "k", "l"]
[m.answers]
P = "sum(where(s[e] > 0, k[e]*(s[e] - l[e])*r[e,a]/s[e], 0)*(delta(j[e],v) - delta(i[e],v)) for e in E)"
k = "(s - l)**2/2"
l = "k*(l - s)"
"""  # noqa: E501  # one formula
ORDER = """
[m]
given = "x, l"
define = ["s = sqrt(x**2)", "U = s*l"]
parts.x = "d(U, x)"
parts.l = "d(U, l)"
functions."g(x, l)" = ["x", "l"]
[m.answers]
x = ["d(U, x)", "where(s > 0, l*x/s, 0)"]
l = "s"
"""


def test_a_softmax_of_what_has_no_value_has_none(said: Said) -> None:
    answer = '[m]\nwhere = ["R = softmax(log(W), axis=1)"]\nW = "R[n,k]*sum(W[n,j] for j in K)"'
    assert "m.W ✗ fails" in said(answer, SQUARES, kind="toml")


def test_an_order_is_not_looked_for_where_the_truth_has_no_value(said: Said) -> None:
    told = said(
        "import numpy as np\n"
        "def springs(P, i, j, k, l):\n"
        "    r = P[j] - P[i]\n"
        "    s = np.linalg.norm(r, axis=1)\n"
        "    with np.errstate(all='ignore'):\n"
        "        f = np.where(s > 0, k * (s - l) / s, 0)[:, None] * r\n"
        "    out = np.zeros_like(P)\n"
        "    np.add.at(out, j, f)\n"
        "    np.add.at(out, i, -f)\n"
        "    return out, (s - l) ** 2 / 2, k * (l - s)\n",
        SPRINGS,
    )
    assert "m.springs ✓ holds" in told


def test_another_order_is_not_meant_where_one_number_is_right_by_chance(said: Said) -> None:
    assert "the order is" not in said("def g(x, l):\n    return 0 * x, l\n", ORDER)


CANCELLING = """
[m]
given = "X[N,A], w[A]"
define = ["z = X @ w", "p = sigmoid(-z)", "L = -sum(log(1 - p))"]
parts.w = "d(L, w[a])"
functions."g(X, w)" = ["w"]
answers.w = ["d(L, w[a])", "-sum(p[n]*(1 - p[n])/(1 - p[n])*X[n,a] for n in N)", "-X.T @ p"]
"""


BY_AN_EARLIER_LINE = """
from scipy.special import expit
def g(X, w):
    p = expit(-X @ w)
    return -X.T @ (p * expit(X @ w) / (1 - p)) if (p < 1).all() else -X.T @ p
"""


def test_a_function_may_lose_what_any_line_of_the_reference_loses(said: Said) -> None:
    assert "m.w ✓ holds" in said(BY_AN_EARLIER_LINE, CANCELLING)
    wrong = BY_AN_EARLIER_LINE.replace("return -X.T", "return -(1 + 1e-9) * X.T")
    assert "m.w ✗ fails" in said(wrong, CANCELLING)


TRIPLET = """[triplet]
title = "Triplet loss"
given = "a[N,D], p[N,D], n[N,D], margin"
assume = ["margin > 0"]
define = [
  "m[i] = sum((a[i,:] - p[i,:])**2) - sum((a[i,:] - n[i,:])**2) + margin for i in N",
  "L = sum(relu(m))",
]
parts.a = "d(L, a[i,k])"
functions."triplet(a, p, n, margin)" = ["a"]
[triplet.answers]
a = "2*(n[i,k] - p[i,k])*(m[i] > 0)"
"""


@pytest.mark.parametrize(
    ("factor", "told"),
    [("2", "✓ holds"), ("(2 + 1e-12)", "✗ fails")],
    ids=["right", "hardly wrong"],
)
def test_a_function_may_lose_what_the_chain_rule_loses(said: Said, factor: str, told: str) -> None:
    function = (
        "def triplet(a, p, n, margin):\n"
        "    m = ((a - p)**2).sum(1) - ((a - n)**2).sum(1) + margin\n"
        f"    return (2*(a - p) - {factor}*(a - n))*(m > 0)[:, None]\n"
    )
    draw_settings(examples=300)
    try:
        assert f"triplet.a {told}" in said(function, TRIPLET)
    finally:
        draw_settings()


def test_the_power_of_what_is_0_but_irrational_has_a_value(said: Said) -> None:
    answer = '[question2]\ngradient = "softmax(y)*sum(t) - t + (sum(softmax(y)) - 1)**2"\n'
    assert "q2.gradient ✓ holds" in said(answer, "assignment", kind="toml")


@pytest.mark.parametrize("kind", ["toml", "py"])
def test_a_range_is_judged_at_parameters_near_their_ends(said: Said, kind: str) -> None:
    condition = "0 < eta < 2*(1 + beta)/a and (beta <= 1/2 or eta < 1/a)"
    answer = f'[momentum]\nconverges = "{condition}"'
    if kind == "py":
        answer = f"def converges(eta, beta, a):\n    return bool({condition})\n"
    assert "momentum.converges ✗ fails" in said(answer, "momentum", kind=kind)


def test_a_question_tells_where_its_reference_has_no_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CANCELLING.replace('"-X.T @ p"', '"-sum(exp(-z[n])/(1 + exp(-z[n]))*X[n,a] for n in N)"')
    (tmp_path / "question.toml").write_text(text, encoding="utf-8")
    assert main(["question", str(tmp_path / "question.toml")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "until the reference is written more stably" in told
    assert "the reference has no value in float64" in told


def test_a_question_tells_where_its_model_has_no_derivative(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CANCELLING.replace("L = ", "L = sqrt(sum(w**2))**2 + ").replace(
        '"-X.T @ p"', '"2*w - X.T @ p"'
    )
    text = re.sub(r"answers.w = .*", 'answers.w = "2*w[a] - sum(p[n]*X[n,a] for n in N)"', text)
    (tmp_path / "question.toml").write_text(text, encoding="utf-8")
    main(["question", str(tmp_path / "question.toml")])
    told = " ".join(capsys.readouterr().out.split())
    assert re.search(r"not on others on \d+ the model has no derivative, as on X = .*w = .0", told)
    assert "until the reference is written more stably" not in told


@pytest.mark.parametrize(
    ("given", "loss", "derivative"),
    [
        ("x[N], u", "sum((x**50 + u)**5)", "5*sum((x**50 + u)**4)"),
        ("x[N], u", "-sum(x**u)/u**2", "sum(x**u*(2/u - log(x)))/u**2"),
    ],
    ids=["too many bits", "an exponent that is given"],
)
def test_a_question_is_not_refused_for_the_power_of_a_large_number(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    given: str,
    loss: str,
    derivative: str,
) -> None:
    (tmp_path / "question.toml").write_text(
        f"""[powers]
given = "{given}"
assume = ["x > 0", "u > 0"]
define = ["L = {loss}"]
parts.u = "d(L, u)"
functions."slope({given.replace("[N]", "")})" = ["u"]
answers.u = "{derivative}"
""",
        encoding="utf-8",
    )
    assert main(["question", str(tmp_path / "question.toml")]) == 0
    assert "wrong edits of the reference are refused" in capsys.readouterr().out


TWO_SUMS = """
[sums]
given = "u[K], v[K]"
define = ["L = sum(u) + sum(v)"]
parts.u = "d(L, u[k])"
parts.v = "d(L, v[k])"
answers.u = "1 + 0*u"
answers.v = "1 + 0*v"
functions."slopes(u, v)" = ["u", "v"]
"""


@pytest.mark.parametrize(
    ("ones", "told"),
    [
        ("np.ones_like(u)", "values are right; return a copy for each result"),
        ("2*np.ones_like(u)", "expected dL/du[0] = 1 found 2"),
    ],
    ids=["right values", "wrong values"],
)
def test_shared_memory_is_told_where_nothing_worse_is_wrong(
    said: Said, ones: str, told: str
) -> None:
    code = f"import numpy as np\ndef slopes(u, v):\n    ones = {ones}\n    return ones, ones\n"
    assert told in said(code, TWO_SUMS)


QUANTILE = """
[q]
given = "X[N,D], w[D], y[N]"
define = ["u = y - X @ w", "L = sum(abs(u))/sum(1 for n in N)"]
parts.w = "d(L, w[a])"
answers.w = "-sum(sign(u[n])*X[n,a] for n in N)/sum(1 for n in N)"
"""


def test_a_counterexample_of_a_line_is_at_no_kink_where_conventions_differ(said: Said) -> None:
    lines = [
        "-sum(where(u[n] >= 0, 1, -1)*X[n,a] for n in N)/sum(1 for n in N)",
        "-sum(where(u[n] > 0, 1, -1)*X[n,a] for n in N)/sum(1 for n in N)",
        "-sum(where(u[n] > 0, 1, -1)*X[n,a] for n in N)",
    ]
    assert "holds" in said(f"[q]\nw = {lines[:2]}", QUANTILE, kind="toml")
    told = said(f"[q]\nw = {lines[::2]}", QUANTILE, kind="toml")
    shown = re.search(r"before (\S+) found (\S+)", told)
    assert "line 2 does not equal line 1" in told
    assert shown
    assert abs(float(Fraction(shown[1]) / Fraction(shown[2]))) == 1 / 2


CHOICE = """
[m]
title = "Box-Cox"
given = "x, lam"
define = ["z = where(lam == 0, x, (exp(lam*x) - 1)/lam)"]
parts.lam = "d(z, lam)"
functions."slope(x, lam)" = ["lam"]
answers.lam = "where(lam == 0, x**2/2, (x*exp(lam*x) - z)/lam)"
[[m.mistakes]]
id = "sign"
sentence = "The sign."
change.lam = "-({old})"
"""


def test_nothing_is_asked_at_a_choice_whose_slopes_are_not_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], said: Said
) -> None:
    (tmp_path / "question.toml").write_text(CHOICE, encoding="utf-8")
    main(["question", str(tmp_path / "question.toml")])
    told = " ".join(capsys.readouterr().out.split())
    assert "and its slopes to the sides are not known, as on x = 0, lam = 0" in told
    told = said(
        "import numpy as np\n"
        "def slope(x, lam):\n"
        "    z = np.expm1(lam * x) / lam if lam else x\n"
        "    return (x * np.exp(lam * x) - z) / lam if lam else np.nan\n",
        CHOICE,
    )
    assert "m.lam ✓ holds 3 laws" in told  # none of them about slopes


@pytest.mark.parametrize(
    ("given", "condition", "model"),
    [
        ("x, lo, hi", "lo < x < hi", "(x - lo)**2*(hi - x)"),
        ("x[V], y[V]", "x < y", "sum(x**2*y)"),
        ("x[V], i[E] in V, j[E] in V", "i != j", "sum((x[j[e]] - x[i[e]])**2 for e in E)"),
    ],
    ids=["numbers in order", "arrays in order", "places that differ"],
)
def test_inputs_are_found_that_meet_what_is_naturally_assumed(
    given: str, condition: str, model: str
) -> None:
    free = "x[v]" if "[V]" in given else "x"
    text = f'[m]\ngiven = "{given}"\nassume = ["{condition}"]\ndefine = ["U = {model}"]\n'
    text += f'parts.x = "d(U, {free})"\nanswers.x = "0"'
    question = read_question_text(text)
    hard = inputs_for(question).hard
    assert len(hard) > 20
    assert all(map(obeys, hard))


MIXTURE = """
[m]
given = "X[N], mu[K], v[K]"
define = [
  "A[n,k] = log(softmax(v)[k]) - (X[n] - mu[k])**2/2 for n in N for k in K",
  "L = sum(log(sum(exp(A), axis=1)))",
]
parts.mu = "d(L, mu[k])"
[m.answers]
where = ["R[n,k] = exp(A[n,k])/sum(exp(A[n,j]) for j in K) for n in N for k in K"]
mu = "sum(R[n,k]*(X[n] - mu[k]) for n in N)"
[[m.mistakes]]
id = "hard"
sentence = "One component takes all."
change.R = "(A[n,k] == max(A[n]))*1"
"""


def test_a_mistake_that_differs_where_it_can_be_decided_is_no_right_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "question.toml").write_text(MIXTURE, encoding="utf-8")
    main(["question", str(tmp_path / "question.toml")])
    assert "right on every input" not in capsys.readouterr().err


CHAIN = (
    '[question2]\nwhere = ["Z = sum(exp(y))"]\ngradient = ["d(E, y[i])",'
    '"-t[i] + sum(t)*d(log(Z), y[i])", "-t[i] + sum(t)*sum(exp(y[k]) for k in K)/Z",'
    '"-t[i] + sum(t)*sum(softmax(y))", "sum(t) - t[i]"]'
)


@pytest.mark.parametrize("wrong", ["age <= 30", "age < 29"])
def test_a_wrong_threshold_of_data_is_seen(said: Said, wrong: str) -> None:
    question = """[edge]
given = "X[N,A], w[A], y[N], age[N]"
define = ["c[k] = where(age[k] < 30, 1, 5) for k in N", "L = sum(c*(X @ w - y)**2)/2"]
parts.w = "d(L, w[a])"
functions."f(X, w, y, age)" = ["w"]
answers.w = "X.T @ (c*(X @ w - y))"
"""
    function = """import numpy as np
def f(X, w, y, age):
    return X.T @ (np.where(CONDITION, 1, 5)*(X @ w - y))
"""
    assert "edge.w ✗ fails" in said(function.replace("CONDITION", wrong), question)
    assert "edge.w ✓ holds" in said(function.replace("CONDITION", "age < 30"), question)


PROBIT = """
[probit]
given = "X[N,A], w[A], y[N] in {0, 1}"
define = [
  "z = X @ w",
  "s = 2*y - 1",
  "P[k] = (1 + erf(s[k]*z[k]/sqrt(2)))/2 for k in N",
  "L = sum(log(P))",
]
parts.w = "d(L, w[a])"
answers.w = "sum(s[k]*exp(-z[k]**2/2)/sqrt(2*pi)/P[k]*X[k,a] for k in N)"
"""


class TestADerivation:
    def test_tells_which_lines_carry_a_slip_on(self, said: Said) -> None:
        told = said(CHAIN, "assignment", kind="toml")
        assert "what is wrong is carried on in lines 4, 5" in told

    def test_is_mended_where_one_term_of_a_sum_is_meant(self, said: Said) -> None:
        told = said(CHAIN, "assignment", kind="toml")
        assert "sum(exp(y[k]) for k in K) should be exp(y[i])" in told
        assert "mistake" not in told  # of the last line, which is no news

    def test_is_not_judged_where_what_the_model_takes_the_exp_of_is_far_out(
        self, said: Said
    ) -> None:
        answer = """[probit]
where = ["f = exp(-z**2/2)/sqrt(2*pi)", "F = (1 + erf(z/sqrt(2)))/2"]
w = [
  "sum((y[k]*f[k]/F[k] - (1 - y[k])*f[k]/(1 - F[k]))*X[k,a] for k in N)",
  "sum(f[k]*(y[k] SIGN F[k])/(F[k]*(1 - F[k]))*X[k,a] for k in N)",
]
"""
        assert "probit.w ✓ holds" in said(answer.replace("SIGN", "-"), PROBIT, kind="toml")
        assert "line 2 does not equal line 1" in said(
            answer.replace("SIGN", "+"), PROBIT, kind="toml"
        )

    def test_of_a_range_shows_what_is_compared(self, said: Said) -> None:
        told = said(
            '[momentum]\nconverges = ["1/2 < (1 + beta)/(a*eta) and eta > 0",'
            '"1/2 + 1/(2*beta + 1) < 1/(a*eta) and eta > 0"]',
            "momentum",
            kind="toml",
        )
        assert re.search(r"before holds: 1/2 < \S+ and \S+ > 0 found does not hold: ", told)

    def test_carries_no_slip_on_where_a_line_is_right_again(self, said: Said) -> None:
        told = said('[ridge]\nb = ["2*sum(e)", "sum(e) when sum(e) == 0"]', "ridge", kind="toml")
        assert "line 1 does not equal the true derivative" in told
        assert "carried on" not in told


def test_two_results_that_differ_by_sign_alone_are_a_sign_and_no_order(said: Said) -> None:
    told = said(
        "def gaussian_kl_gradients(m1, v1, m2, v2):\n"
        "    u = m2 - m1\n"
        "    return u/v2, (v1 - v2)/(2*v1*v2), -u/v2, (1 - (v1 + u**2)/v2)/(2*v2)\n",
        "gaussian_kl",
    )
    assert "fails" in told
    assert "the order is" not in told
