"""An iteration is stated by one step: its matrix and its rates are derived, and answers judged."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis

from gradaudit import read_question
from gradaudit.answers.checking import check
from gradaudit.command import main
from gradaudit.judging import iterations
from gradaudit.judging.calling import Function
from gradaudit.judging.domains import draw_inputs
from gradaudit.judging.iterations import domains, iteration_of, marks_of, settings
from gradaudit.judging.laws import Law, sees
from gradaudit.language.formula import FormulaError, parse
from gradaudit.mistakes.edits import edits
from gradaudit.mistakes.exam import condition_as_function
from gradaudit.questions.files import Unreadable
from gradaudit.questions.iteration import Iteration, Rate, deciding_rates
from gradaudit.questions.question import Question
from gradaudit.questions.reading import _Reader, read_questions
from tests.assignment import QUESTION3
from tests.models import momentum

PLAIN = {
    "given": "x, eta, a, c",
    "assume": ["a > 0"],
    "define": ["f = a*x**2 + c"],
    "next": {"x": "x - eta*d(f, x)"},
    "rate": "eta",
    "parts": {"range": "from every start"},
    "functions": {"converges(a, eta)": "range"},
    "answers": {"range": ["abs(1 - 2*a*eta) < 1", "0 < 2*a*eta < 2", "0 < eta < 1/a"]},
}
(MOMENTUM,) = read_questions("momentum")


def plain(**changed: Any) -> Question:
    """Return descent on a parabola of any curvature, with some keys changed."""
    return _Reader("plain", {**PLAIN, **changed}).question()


# ---- what is derived


def derived(following: dict[str, str], given: str = "eta, a, b", *define: str) -> Iteration:
    return iteration_of(
        plain(
            given=f"{', '.join(following)}, {given}",
            assume=[],
            define=list(define or ["f = x"]),
            next=following,
            functions={},
            answers={"range": "eta > 0"},
        )
    )


@pytest.mark.parametrize(
    ("following", "define", "condition"),
    [
        ("x - eta*d(f, x)", "f = 5*x**2 + 2", "abs(1 - 10*eta) < 1"),
        ("x - eta*d(f, x)", "f = a*(x - b)**2", "abs(1 - 2*a*eta) < 1"),
        ("(x + eta*b)/(1 + a*eta)", "f = x", "abs(1/(1 + a*eta)) < 1"),
        ("x - eta*d(f, x)/x", "f = x**3", "abs(1 - 3*eta) < 1"),
        ("x*(eta - 1)/(eta**2 - 1)/2", "f = x", "abs(1/(2 + 2*eta)) < 1"),
        ("x - eta*a/3*x", "f = x", "abs(1 - 1/3*a*eta) < 1"),
        ("2*eta", "f = x", "abs(0) < 1"),
    ],
    ids=["descent", "moved aside", "implicit", "cancelled", "reduced", "a third", "no state"],
)
def test_the_condition_on_one_state_is_its_multiplier(
    following: str, define: str, condition: str
) -> None:
    assert derived({"x": following}, "eta, a, b", define).truth.text == condition


VELOCITY = {"x": "x + a*v - eta*d(f, x)", "v": "a*v - eta*d(f, x)"}
HEAVY_BALL = {"x": "x - eta*d(f, x) + a*(x - v)", "v": "x"}
NESTEROV = {"x": "x + a*(x - v) - eta*b*(x + a*(x - v))", "v": "x"}
OF_TWO = {"heavy ball": HEAVY_BALL, "velocity": VELOCITY, "Nesterov": NESTEROV}


@pytest.mark.parametrize("name", ["heavy ball", "velocity"])
def test_two_ways_to_write_momentum_have_one_condition(name: str) -> None:
    found = derived(OF_TWO[name], "eta, a, b", "f = b*x**2/2").truth.text
    assert found == "abs(1 + a - b*eta) < 1 + a and a < 1"


@pytest.mark.parametrize("name", OF_TWO)
@pytest.mark.parametrize("a", [fmpq(-1, 3), fmpq(1, 2), fmpq(3, 2)], ids=str)
def test_the_conditions_of_jury_are_those_of_the_eigenvalues(name: str, a: fmpq) -> None:
    iteration = derived(OF_TWO[name], "eta, a, b", "f = b*x**2/2")
    parameters = (("a", a), ("b", fmpq(2)))
    for k in range(-40, 90):
        rate = Rate(iteration, fmpq(2 * k + 1, 37), parameters)
        radius = max(abs(np.linalg.eigvals(rate.matrix().astype(float))))
        assert iterations.holds(iteration.truth, rate) == (radius < 1)


@pytest.mark.parametrize(
    ("following", "says"),
    [
        ({"x": "x - eta*d(f, x)"}, "column 1: the next x is no affine function of x"),
        ({"x": "x*v", "v": "v"}, "the next x is no affine function of x and v"),
        ({"x": "eta/x"}, "no affine function"),
        ({"x": "abs(x)"}, "column 1: no abs(...) in a step"),
        ({"x": "x - eta*exp(x)"}, "column 9: no exp(...) in a step"),
        ({"x": "x*(x > 0)"}, "it compares nothing"),
        ({"x": "x/(eta - eta)"}, "the next x has no value: division by zero"),
        ({"x": "(1 + x + eta)**60"}, "more than 200 terms"),
        ({"x": "((((x**8)**8)**8)**8)**8"}, "a power beyond 64"),
        ({"x": "eta[0]*x"}, "a step is made of numbers, + - * / ** and d"),
    ],
    ids=lambda one: one if isinstance(one, str) else " and ".join(one.values()),
)
def test_a_step_that_has_no_matrix_is_refused_in_one_line(
    following: dict[str, str], says: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        derived(following, "eta, a, b", "f = x**4")
    assert "plain.next: " in str(refused.value)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"next": {}}, "plain.next: one or two given names are wanted"),
        ({"next": {"y": "x"}}, "plain.next: one or two given names are wanted"),
        ({"next": {"x": 1}}, "plain.next.x: a formula in quotes is wanted"),
        ({"rate": "etta"}, "plain.rate: a given name that `next` does not move is wanted; did you"),
        ({"rate": "x"}, "plain.rate: a given name that `next` does not move is wanted"),
        ({"rate": None}, "plain.rate: a string is wanted"),
        ({"given": "x, eta, a, c, w[N]"}, "plain.given: of an iteration just numbers are given"),
        ({"assume": ["eta > 0"]}, "plain.assume: line 1: just parameters can be assumed upon"),
        ({"parts": {"range": "d(f, x)"}}, 'plain.parts.range: the part of an iteration is "from'),
        ({"parts": dict.fromkeys("ab", "from every start")}, "an iteration has one part"),
        ({"functions": {"g(eta)": "range"}}, "the answer depends on `a`, which it does not take"),
        ({"functions": {"g(x, eta, a)": "range"}}, "`x` is moved by `next`"),
        ({"answers": {"range": "0 < eta < 1/x"}}, "unknown name `x`; the rate is written eta, the"),
        ({"owes": {"it": "1 == 1"}}, "plain.owes: the answer of an iteration is a condition"),
        ({"two_at_once": [["a", "b", "eta > 0"]]}, "two ids of mistakes and what comes of both"),
        ({"two_at_once": [[[], {}, 1]]}, "two ids of mistakes and what comes of both"),
        ({"two_at_once": 3}, "two ids of mistakes and what comes of both"),
    ],
    ids=lambda one: one if isinstance(one, str) else str(one),
)
def test_a_wrong_iteration_is_refused_in_one_line(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(Unreadable) as refused:
        plain(**changed)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_parameters_that_cannot_be_found_are_a_fault_of_the_question() -> None:
    assert check(plain(assume=["a > 0", "a < 0"])).faults == (
        "plain.assume: no parameters meet what is assumed",
    )


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"answers": {"range": ["abs(1 - 2*a*eta) < 1", "0 < eta < 2/a"]}},
            "plain.answers.range: line 2 does not equal line 1",
        ),
        (
            {"answers": {"range": "0 < eta < 2/a"}},
            "plain.answers.range: line 1 does not equal the condition abs(1 - 2*a*eta) < 1",
        ),
        (
            {"mistakes": [{"id": "m", "sentence": "S.", "change": {"range": "0 < a*eta < 1"}}]},
            "plain.mistakes: m is right at every rate",
        ),
    ],
    ids=["a wrong line", "a wrong reference", "a mistake that is right"],
)
def test_what_is_wrong_with_a_reference_is_found(changed: dict[str, Any], says: str) -> None:
    (fault,) = check(plain(**changed)).faults
    assert fault.startswith(says)


@pytest.mark.parametrize("question", [QUESTION3, MOMENTUM, plain()], ids=lambda one: one.name)
def test_a_sound_iteration_has_no_fault(question: Question) -> None:
    assert check(question).faults == ()


# ---- rates and parameters


@pytest.mark.parametrize("question", [MOMENTUM, plain()], ids=lambda one: one.name)
def test_parameters_are_numbers_of_float64_that_meet_what_is_assumed(question: Question) -> None:
    chosen = settings(question)
    assert len(chosen) == len(set(chosen)) == iterations.SETTINGS
    for parameters in chosen:
        assert iteration_of(question).allows(parameters)
        assert all(fmpq(*float(one).as_integer_ratio()) == one for _, one in parameters)


def test_the_marks_are_where_the_condition_changes() -> None:
    parameters = (("beta", fmpq(1, 2)), ("a", fmpq(3)))
    assert marks_of(iteration_of(MOMENTUM), parameters).ends == (fmpq(0), fmpq(1))
    assert marks_of(iteration_of(QUESTION3), ()).all == (fmpq(0), fmpq(1, 10), fmpq(1, 5))


def test_an_irrational_end_is_a_mark_that_is_not_tried_itself() -> None:
    iteration = derived({"x": "eta**2*x/2"}, "eta, a")
    low, high = marks_of(iteration, ()).ends
    assert abs(float(low)) == abs(float(high)) == np.sqrt(2)
    assert not iterations.told_apart(Rate(iteration, high))


def test_an_end_that_floats_cannot_find_is_not_tried() -> None:
    ends = {
        rate.parameters: rate.at
        for rate in draw_inputs(domains(MOMENTUM, ("eta", "beta", "a"))[1])
        if rate.at == marks_of(rate.iteration, rate.parameters).ends[-1]
    }
    assert ends
    assert all(dict(parameters)["beta"] == 0 for parameters in ends)


@pytest.mark.parametrize("question", [QUESTION3, MOMENTUM, plain()], ids=lambda one: one.name)
def test_the_orbit_says_what_the_condition_says(question: Question) -> None:
    iteration = iteration_of(question)
    for parameters in settings(question):
        for rate in deciding_rates(iteration, iteration.truth, iteration.truth, parameters):
            says = iterations.holds(iteration.truth, rate)
            judged = Function(lambda *_, says=says: says, 1)
            started = Rate(iteration, rate.at, parameters, start=fmpq(1))
            iterations.agrees_with_the_orbit(judged, started)
            wrong = Function(lambda *_, says=says: not says, 1)
            law = Law(iterations.agrees_with_the_orbit, iterations.decided(question))
            assert sees(law, wrong, [started])


# ---- functions


def laws() -> tuple[Law, ...]:
    return iterations.laws_of(MOMENTUM, ("eta", "beta", "a"))


def refusing(function: Callable[..., Any]) -> set[str]:
    judged = Function(function, 1)
    return {law.check.__name__ for law in laws() if sees(law, judged, draw_inputs(law.domain))}


@pytest.mark.parametrize("name", momentum.RIGHT)
def test_a_right_function_is_accepted(name: str) -> None:
    assert refusing(momentum.RIGHT[name]) == set()


@pytest.mark.parametrize("name", momentum.WRONG)
def test_a_wrong_function_is_refused(name: str) -> None:
    assert "converges_where_steps_contract" in refusing(momentum.WRONG[name])


@pytest.mark.parametrize("question", [QUESTION3, MOMENTUM, plain()], ids=lambda one: one.name)
def test_every_wrong_edit_is_refused_as_a_function(question: Question) -> None:
    (asked,), (signature,) = question.parts.values(), question.functions
    law = iterations.laws_of(question, signature.arguments)[1]
    wrong = 0
    for what, text in edits(asked.closed.text, ()):
        try:
            line = iterations.alone(parse(text, asked.closed.scope), asked.truth)
            rates = iterations.rates_for(question, line)
        except FormulaError:
            continue
        if sees(iterations.law_of(line, iterations.decided(question)), line, rates):
            wrong += 1
            assert sees(
                law, condition_as_function(signature, line.formula), draw_inputs(law.domain)
            ), what
    assert wrong


def test_the_arguments_come_in_the_order_of_the_signature() -> None:
    law = iterations.laws_of(plain(), ("a", "eta"))[1]
    judged = Function(lambda a, eta: 0 < eta < 1 / a, 1)
    assert not sees(law, judged, draw_inputs(law.domain))


# ---- seen from outside


@pytest.mark.parametrize("function", [None, "converges"])
def test_rates_and_parameters_can_be_drawn_for_a_test_of_ones_own(function: str | None) -> None:
    @given(read_question("momentum").inputs(function))
    @settings_of_hypothesis(max_examples=50, database=None)
    def drawn(inputs: dict[str, float]) -> None:
        assert list(inputs) == ["eta", "beta", "a"]
        assert 0 <= inputs["beta"] < 1
        assert inputs["a"] > 0

    drawn()


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    def audited(lines: str) -> str:
        path = tmp_path / "answer.toml"
        path.write_text(f'question = "momentum"\n[momentum]\n{lines}\n', encoding="utf-8")
        main([str(path)])
        said = capsys.readouterr()
        return " ".join((said.out + said.err).split())

    return audited


def test_an_answer_with_parameters_is_judged_at_every_rate_of_some(
    told: Callable[[str], str],
) -> None:
    said = told('converges = "0 < eta < 2*(1 + beta)/a"')
    assert "1 law, on all rates, for 16 choices of beta and a (decided at 112 that stand" in said


@pytest.mark.parametrize(
    "also",
    ["beta < 99/100", "a < 10**4", "a > 1/500", "(beta == 0 or beta > 1/500)"],
    ids=["much momentum", "steep", "flat", "little momentum"],
)
def test_a_condition_that_leaves_parameters_out_is_refused(
    told: Callable[[str], str], also: str
) -> None:
    assert "converges ✗ fails" in told(f'converges = "0 < eta < 2*(1 + beta)/a and {also}"')


def test_a_wrong_line_is_shown_with_the_parameters_and_what_is_compared(
    told: Callable[[str], str],
) -> None:
    said = told('converges = ["abs(1 + beta - a*eta) < 1 + beta", "0 < eta < 2/a"]')
    assert "line 2 does not hold for the same rates as line 1" in said
    assert "(momentum-ignored)" in said
    assert "input eta = 2, beta = 1/2, a = 1" in said
    assert "before holds: 1/2 < 3/2 found does not hold: 0 < 2 < 2" in said


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("(0 < eta) + (eta < 2*(1 + beta)/a)", "(0 < 0) + (0 < 2)"),
        ("not eta*a > 2 + 2*beta", "not 0 > 2"),
        ("abs((0 < eta) - 2) > 0 and a > 0", "abs((0 < 0) - 2) > 0 and 1 > 0"),
    ],
)
def test_a_condition_is_shown_in_numbers(
    told: Callable[[str], str], line: str, numbers: str
) -> None:
    said = told(f'converges = ["abs(1 + beta - a*eta) < 1 + beta", "{line}"]')
    assert f"found holds: {numbers}" in said


def test_a_wrong_range_is_shown_with_what_a_step_does(told: Callable[[str], str]) -> None:
    said = told('converges = "0 < eta < 2/a"')
    assert "input eta = 2, beta = 1/2, a = 1" in said
    assert "(the matrix of a step has the trace -1/2 and the determinant 1/2)" in said


def test_a_name_that_is_no_parameter_gets_a_hint(told: Callable[[str], str]) -> None:
    said = told('converges = "0 < lr"')
    assert "unknown name `lr`; the rate is written eta, the parameters a, beta" in said


def test_a_question_is_printed_with_its_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["question", "momentum"]) == 0
    said = capsys.readouterr().out
    assert "  one step\n    next x = x - eta*d(f, x) + beta*(x - p)\n    next p = x\n" in said
    assert "converges(eta, beta, a) -> True or False" in said
    assert "✓ converges = abs(1 + beta - a*eta) < 1 + beta and beta < 1" in said


def test_a_template_says_how_a_condition_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["template", "--question", "momentum"]) == 0
    said = capsys.readouterr().out
    wanted = "Wanted is a condition on eta: comparisons with numbers and beta and a"
    assert f"#   next p = x\n# {wanted}" in said
    assert 'converges = ["..."]' in said
    assert "abs(" not in said


def test_every_mistake_is_seen_by_the_exam(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exam", "--question", "momentum"]) == 0
    said = capsys.readouterr().out
    assert "    .bc  closed-upper: converges = 0 < eta <= 2*(1 + beta)/a\n" in said
    assert "smallest relative error" not in said
