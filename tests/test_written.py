"""Numbers as they are written: right when their digits are, and only then."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flint import fmpq

from gradaudit.answers.asked import sheet_called
from gradaudit.answers.reading import read
from gradaudit.answers.verdicts import Verdict, audit
from gradaudit.judging.written import exact_value
from gradaudit.language.written import Written
from gradaudit.telling.template import template
from gradaudit.telling.verdicts import explanation
from tests.assignment import DATA, QUESTION1

RIGHT = {  # to every digit; each is a terminating decimal
    "W1": "[[0.0122, 0, 0.061], [-0.0268, 0, -0.134]]",
    "b1": "[0.0268, 0, 0.134]",
    "w2": "[0.1168, 0, 0.1536]",
    "b2": "-2.732",
}


ANSWER = Path(__file__).parent.parent / "analytic" / "answer.toml"
Judge = Callable[[str, str], Verdict]
Status = Callable[[str, str], str]


@pytest.fixture
def verdict(tmp_path: Path) -> Judge:
    def judge(block: str, numbers: str) -> Verdict:
        path = tmp_path / "answer.toml"
        path.write_text(f"[question1]\n{block} = {numbers}\n", encoding="utf-8")
        (verdict,) = audit(read(str(path))).answered
        return verdict

    return judge


@pytest.fixture
def status(verdict: Judge) -> Status:
    return lambda block, numbers: verdict(block, numbers).status


def test_our_answer_gives_the_thirteen_exact_numbers() -> None:
    text = ANSWER.read_text(encoding="utf-8")
    assert all(f"{block} = {numbers}\n" in text for block, numbers in RIGHT.items())


@pytest.mark.parametrize("block", RIGHT)
def test_the_right_numbers_hold(block: str, status: Status) -> None:
    assert status(block, RIGHT[block]) == "holds"


FORMS = {
    "a matrix transposed": ("W1", "[[0.0122, -0.0268], [0, 0], [0.061, -0.134]]", "(3, 2)"),
    "a matrix in a list": ("W1", f"[{RIGHT['W1']}]", "(1, 2, 3)"),
    "a row": ("b1", "[[0.0268, 0, 0.134]]", "(1, 3)"),
    "a column": ("w2", "[[0.1168], [0], [0.1536]]", "(3, 1)"),
    "a number in a list": ("b2", "[-2.732]", "(1,)"),
    "a number in two": ("b2", "[[-2.732]]", "(1, 1)"),
    "outputs in a column": ("y", "[[-0.338], [-0.294], [-0.7], [-0.7]]", "(4, 1)"),
}


@pytest.mark.parametrize("phrase", FORMS)
def test_right_numbers_in_another_form_are_told_so(phrase: str, verdict: Judge) -> None:
    block, numbers, shape = FORMS[phrase]
    one = verdict(block, numbers)
    wanted = {"W1": "(2, 3)", "b2": "a number", "y": "(4,)"}.get(block, "(3,)")
    told = f"the shape of {block} is {shape}, {wanted} is wanted"
    assert (one.status, one.only_form) == ("fails", True)
    assert explanation(one) == f"the values are right, their form is not. {told}"


@pytest.mark.parametrize("phrase", FORMS)
def test_a_wrong_number_in_another_form_is_still_seen(phrase: str, verdict: Judge) -> None:
    block, numbers, shape = FORMS[phrase]
    one = verdict(block, numbers.replace("3", "4"))
    assert (one.status, one.only_form) == ("fails", False)
    assert f"the shape of {block} is {shape}" in explanation(one)


def entries() -> list[Any]:
    cases = []
    for block, numbers in RIGHT.items():
        for place, number in enumerate(
            numbers.replace("[", "").replace("]", "").replace(" ", "").split(",")
        ):
            for change in (1, -1):
                _, point, digits = number.partition(".")
                unit = fmpq(change, 10 ** len(digits) if point else 1)
                value = value_of(number) + unit
                text = f"{float(value):.{len(digits)}f}"
                name = f"{block}, number {place + 1}, {number} becomes {text}"
                cases.append(pytest.param(block, place, text, id=name))
    return cases


def value_of(text: str) -> fmpq:
    return Written(text).value


@pytest.mark.parametrize(("block", "place", "text"), entries())
def test_a_number_changed_in_its_last_digit_fails(
    block: str, place: int, text: str, status: Status
) -> None:
    parts = RIGHT[block].split(",")
    number = parts[place].strip(" []")
    parts[place] = parts[place].replace(number, text)
    assert status(block, ",".join(parts)) == "fails"


@pytest.mark.parametrize(
    "text", ["-2.732", "-2.73", "-2.7", "-3e0", "-2.7320", "-27.32e-1", "-2.7_3"]
)
def test_fewer_or_more_right_digits_hold(text: str, status: Status) -> None:
    assert status("b2", text) == "holds"


def as_numpy_prints(digits: str) -> dict[str, str]:
    """Return every number of Question 1, computed in float64 and printed."""
    W1, b1, w2, b2, X, t = DATA.arguments()
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    y = h @ w2 + b2
    e = y - t
    s = np.outer(e, w2) * (z > 0)
    numbers = {"z": z, "h": h, "y": y, "e": e, "W1": X.T @ s, "b1": s.sum(axis=0), "w2": h.T @ e}
    numbers["b2"] = np.sum(e)
    return {
        name: np.array2string(
            number, separator=", ", formatter={"float_kind": lambda one: format(one, digits)}
        )
        for name, number in numbers.items()
    }


@pytest.mark.parametrize("digits", ["", ".8f", ".8e", ".16e", ".18f"])
def test_numbers_as_numpy_prints_them_hold(digits: str, tmp_path: Path) -> None:
    lines = (f"{name} = {text}\n" for name, text in as_numpy_prints(digits).items())
    path = tmp_path / "answer.toml"
    path.write_text("[question1]\n" + "".join(lines), encoding="utf-8")
    told = audit(read(str(path)))
    assert [(one.part, one.status) for one in told.answered if one.status != "holds"] == []


@pytest.mark.parametrize("block", [*RIGHT, "z", "h", "y", "e"])
def test_a_printed_float_that_is_off_by_one_part_in_1e12_fails(block: str, status: Status) -> None:
    exact = exact_value(QUESTION1, block).ravel()
    place = int(np.argmax([abs(number) for number in exact]))
    texts = [f"{float(number):.17g}" for number in exact]
    texts[place] = f"{float(exact[place]) * (1 + 1e-12):.16e}"
    shape = exact_value(QUESTION1, block).shape
    assert status(block, listed(texts, shape)) == "fails"


def listed(texts: list[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return texts[0]
    step = len(texts) // shape[0]
    return (
        f"[{', '.join(listed(texts[k : k + step], shape[1:]) for k in range(0, len(texts), step))}]"
    )


@pytest.mark.parametrize("zero", ["0.0e+00", "0e5", "-0.0000000000000000e+00"])
def test_zero_with_an_exponent_is_zero(zero: str, status: Status) -> None:
    assert status("b1", f"[0.0268, {zero}, 0.134]") == "holds"
    assert status("b2", zero) == "fails"


@pytest.mark.parametrize("text", ["-3", "-2.74", "-2.7321", "2.732", "-2.8", "-2.731", "0.0", "-2"])
def test_wrong_digits_fail(text: str, status: Status) -> None:
    assert status("b2", text) == "fails"


@pytest.mark.parametrize(
    ("text", "exact", "claimed"),
    [
        ("0.012", fmpq(122, 10**4), True),
        ("0.0120", fmpq(122, 10**4), False),
        ("0.5", fmpq(55, 100), True),
        ("0.6", fmpq(55, 100), True),
        ("0", fmpq(1, 10**9), False),
        ("0.0", fmpq(1, 10**9), True),
        ("1e3", fmpq(1499), True),
        ("1e3", fmpq(1501), False),
        ("1.0e3", fmpq(1049), True),
        ("1.0e3", fmpq(1051), False),
    ],
)
def test_a_decimal_claims_half_a_unit_of_its_last_digit(
    text: str, exact: fmpq, claimed: bool
) -> None:
    assert Written(text).claims(exact) is claimed


def test_the_template_shows_the_data_of_the_assignment() -> None:
    text = template([QUESTION1], "assignment")
    shown = dict(re.findall(r"^#   (\w+) = (-?[\d\[][-\d.\[\], ]*)$", text, re.MULTILINE))
    found = {name: tomllib.loads(f"it = {text}")["it"] for name, text in shown.items()}
    data = dict(zip(DATA.blocks, DATA.arguments(), strict=True))
    assert found == {name: np.asarray(value).tolist() for name, value in data.items()}


@pytest.mark.parametrize("block", RIGHT)
def test_the_exact_value_has_the_shape_of_its_parameter(block: str) -> None:
    assert exact_value(QUESTION1, block).shape == np.shape(DATA.blocks[block])


def test_an_irrational_number_is_expected_as_a_decimal(tmp_path: Path) -> None:
    question = """
[e]
given = "x"
define = ["q = exp(x)", "L = q"]
steps = ["q"]
data = { x = 1 }
parts.x = "d(L, x)"
answers.x = "q"
"""
    (tmp_path / "question.toml").write_text(question, encoding="utf-8")
    (tmp_path / "answer.toml").write_text("[e]\nx = 2.7\nq = 2.6", encoding="utf-8")
    sheet = sheet_called(str(tmp_path / "question.toml"))
    step, number = audit(read(str(tmp_path / "answer.toml"), sheet)).answered
    assert (step.status, number.status) == ("fails", "holds")
    assert step.failure is not None
    assert "expected 2.71828" in str(step.failure.refusal)
