"""Inputs are found that meet what is assumed though chance meets it hardly, and they are hard."""

import json
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest

from gradaudit.judging import hard
from gradaudit.judging.cases import Case, obeys
from gradaudit.judging.hard import Inputs
from gradaudit.questions.question import Question
from gradaudit.questions.reading import library, read_questions
from tests.running import gradaudit
from tests.test_questions import read_question_text

ASSUMED = {
    "weights": ("t[K], y[K]", '"t > 0", "sum(t) == 1"'),
    "weights, some of them zero": ("t[K], y[K]", '"t >= 0", "sum(t[k] for k in K) == 1"'),
    "weights of a given total": ("t[K], s", '"t > 0", "s > 0", "sum(t) == s"'),
    "weights and a matrix of them": (
        "t[K], A[K,J]",
        '"t > 0", "sum(t) == 1", "A > 0", "sum(A, axis=1) == 1"',
    ),
    "one of several": ("t[K] in {0, 1}, y[K]", '"sum(t) == 1"'),
    "numbers that add up": ("t, b, c", '"t > 0", "b > 0", "c > 0", "t + b + c == 1"'),
    "numbers in order": ("t, b, c, e, f", '"0 < t < b < c < e < f < 1"'),
    "numbers in order, one by one": ("t, b, c", '"0 < t", "t < b", "b < c", "c < 1"'),
    "arrays in order": ("t[K], hi[K]", '"t < hi"'),
    "weights that leave some": ("t[K], y[K]", '"t > 0", "sum(t) < 1"'),
    "a ball": ("t[K], y[K]", '"norm(t) < 1"'),
    "a cosine and a sine": ("t, s, x", '"t**2 + s**2 == 1"'),
    "a unit vector": ("t[K], x[K]", '"sum(t**2) == 1"'),
    "a unit vector by its norm": ("t[K], x[K]", '"norm(t) == 1"'),
    "a positive unit vector": ("t[K], x[K]", '"t > 0", "sum(t**2) == 1"'),
    "unit rows": ("t[K,J], x[J]", '"sum(t**2, axis=1) == 1"'),
    "a symmetric matrix": ("t[K,K], x[K]", '"t == t.T"'),
}
ROUND = [name for name in ASSUMED if "unit" in name or "cosine" in name]
by_assumption = pytest.mark.parametrize("name", ASSUMED)


@cache
def question(name: str) -> Question:
    given, assume = ASSUMED[name]
    index = {"t[K,J]": "[k,j]", "t[K,K]": "[k,l]", "t[K]": "[k]"}.get(given.split(", ")[0][:6], "")
    index = "[k]" if not index and given.startswith("t[K]") else index
    return read_question_text(
        f'[m]\ngiven = "{given}"\nassume = [{assume}]\ndefine = ["L = sum(t**2)"]\n'
        f'parts.t = "d(L, t{index})"\nanswers.t = "2*t"'
    )


@cache
def listed(name: str) -> list[Case]:
    return Inputs(question(name)).hard


@cache
def drawn(name: str) -> list[Case]:
    inputs = Inputs(question(name))
    return [inputs.drawn(Random(k)) for k in range(60)]


def numbers(case: Case) -> list[Any]:
    return list(np.ravel(np.array(case.given["t"], dtype=object)))


@by_assumption
def test_every_input_meets_what_is_assumed(name: str) -> None:
    assert all(map(obeys, [*listed(name), *drawn(name)]))


@by_assumption
def test_inputs_differ(name: str) -> None:
    assert len({str(case.given) for case in drawn(name)}) > 40
    assert len({str(case.given) for case in listed(name)}) > 10


@pytest.mark.parametrize(
    "name", [one for one in ASSUMED if "[K" in ASSUMED[one][0] and one != "a ball"]
)
def test_sizes_are_one_and_go_beyond_eight(name: str) -> None:
    sizes = {case.sizes["K"] for case in listed(name)}
    assert {1, 2, 3, 4} <= sizes
    assert max(sizes) > 8


@pytest.mark.parametrize("name", [name for name in ASSUMED if name not in ROUND])
def test_numbers_are_float64_exactly_where_some_are(name: str) -> None:
    for case in listed(name):
        assert all(float(one).as_integer_ratio() == (one.p, one.q) for one in numbers(case))


@pytest.mark.parametrize("name", [name for name in ROUND if name != "a positive unit vector"])
def test_a_direction_is_more_than_an_axis_and_of_short_numbers(name: str) -> None:
    slanted = [case for case in listed(name) if any(0 < abs(one) < 1 for one in numbers(case))]
    assert len({str(case.given["t"]) for case in slanted}) > 5
    assert any(all(one.height_bits() < 8 for one in numbers(case)) for case in slanted)


REACH: dict[str, Callable[[list[Any]], Any]] = {
    "all equal": lambda t: len(t) > 1 and len(set(map(str, t))) == 1,
    "all different": lambda t: len(t) > 2 and len(set(map(str, t))) == len(t),
    "one that is nearly all": lambda t: len(t) > 2 and 1 - 1e-6 < float(max(t)) < 1,
    "none that is nearly all": lambda t: len(t) > 2 and float(max(t)) < 0.6,
}


@pytest.mark.parametrize("case", REACH)
def test_weights_reach(case: str) -> None:
    assert any(REACH[case](numbers(one)) for one in listed("weights"))


def test_a_weight_that_may_be_zero_is_zero_and_one() -> None:
    assert any(
        sorted(map(float, numbers(one)))[-2:] == [0, 1]
        for one in listed("weights, some of them zero")
    )


@pytest.mark.parametrize("far", [0, 100, -800, 600])
def test_what_stands_beside_weights_is_as_hard_as_ever(far: int) -> None:
    beside = [case.given["y"] for case in listed("weights") if len(case.given["y"]) > 2]
    assert any(far in y if far else not y.any() for y in beside)


def test_nothing_is_repaired_that_chance_meets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(hard, "repaired", refuse)
    for model in (one for name in library() for one in read_questions(name)):
        if not model.iteration:
            inputs = Inputs(model)
            assert inputs.hard
            assert all(inputs.drawn(Random(k)) for k in range(30))


# ---- judged


def stated(given: str, assume: str, define: str, part: str, answer: str, function: str) -> str:
    name = part.partition(", ")[2].partition("[")[0].rstrip(")")
    return (
        f'[m]\ngiven = "{given}"\nassume = [{assume}]\ndefine = {define}\nparts.{name} = "{part}"\n'
        f'functions."{function}" = ["{name}"]\nanswers.{name} = {answer}\n'
    )


KL = stated(
    *("y[K], t[K]", '"t > 0", "sum(t) == 1"', '["L = -sum(t*log(softmax(y)))"]', "d(L, y[i])"),
    *('["d(L, y[i])", "softmax(y) - t"]', "f(y, t)"),
)
TURN = stated(
    *("c, s, x, y, p", '"c**2 + s**2 == 1"', '["L = ((c*x - s*y - p)**2 + (s*x + c*y)**2)/2"]'),
    *("d(L, x)", '["d(L, x)", "c*(c*x - s*y - p) + s*(s*x + c*y)", "x - c*p"]', "f(c, s, x, p)"),
).replace("f(c, s, x, p)", "f(c, s, x, y, p)")
CUTS = stated(
    *("a, b, c", '"0 < a < b < c < 1"', '["L = -log(b - a) - log(c - b)"]', "d(L, b)"),
    *('["d(L, b)", "1/(c - b) - 1/(b - a)"]', "f(a, b, c)"),
)
CHAIN = stated(
    *("p[S], A[S,R]", '"p > 0", "sum(p) == 1", "A > 0", "sum(A, axis=1) == 1"'),
    *('["z = p @ A", "L = sum(z*log(z))"]', "d(L, p[i])"),
    *('["d(L, p[i])", "sum(A[i,j]*(log(z[j]) + 1) for j in R)", "A @ log(z) + 1"]', "f(p, A)"),
)
RIGHT = {
    "weights": (KL, "y", "np.exp(y - y.max())/np.exp(y - y.max()).sum() - t", "softmax(y) - t"),
    "a turn": (TURN, "x", "x - c*p", "x - c*p"),
    "cuts": (CUTS, "b", "(b - a - (c - b))/((c - b)*(b - a))", "(2*b - a - c)/((c - b)*(b - a))"),
    "a chain": (CHAIN, "p", "A @ np.log(p @ A) + 1", "A @ log(z) + sum(p)"),
}
WRONG = {
    "weights": (
        KL,
        "y",
        "t.max()*np.exp(y - y.max())/np.exp(y - y.max()).sum() - t*t.max()",
        "(softmax(y) - t)*max(t)",
    ),
    "a turn": (TURN, "x", "x - c**3*p", "(c**4 + s**4)*x - c*p"),
    "cuts": (CUTS, "b", "1/(c - b) - 1/b", "1/(c - a) - 1/(b - a)"),
    "a chain": (CHAIN, "p", "np.sqrt(A) @ np.log(p @ A) + 1", "A @ log(z) + sum(p**2)"),
}


@pytest.fixture(scope="module", params=RIGHT)
def verdicts(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, str]:
    """Return the verdicts on all answers to a question, which are judged together."""
    folder = tmp_path_factory.mktemp("judged")
    for answers, verdict in ((RIGHT, "holds"), (WRONG, "fails")):
        question, part, code, formula = answers[request.param]
        signature = question.partition('functions."')[2].partition('"')[0]
        function = f"import numpy as np\ndef {signature}:\n    return {code}\n"
        (folder / f"{verdict}.py").write_text(function, encoding="utf-8")
        (folder / f"{verdict}.toml").write_text(f'[m]\n{part} = "{formula}"', encoding="utf-8")
    (folder / "question.toml").write_text(question, encoding="utf-8")
    names = [f"{verdict}.{ending}" for verdict in ("holds", "fails") for ending in ("py", "toml")]
    done = gradaudit(*names, "--question", "question.toml", "--format", "json", cwd=folder)
    audits = json.loads(done.stdout)["audits"]
    return {
        one["answer"]: part["status"]
        for one in audits
        for part in one["parts"]
        if part["status"] != "unanswered"
    }


@pytest.mark.parametrize("kind", ["function", "formula"])
@pytest.mark.parametrize("verdict", ["holds", "fails"])
def test_an_answer_is_judged(verdicts: dict[str, str], verdict: str, kind: str) -> None:
    ending = "py" if kind == "function" else "toml"
    assert verdicts[f"{verdict}.{ending}"] == verdict
