"""Numbers as they are written: right when their digits are, and only then."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flint import fmpq

from gradaudit.answers.reading import read
from gradaudit.answers.verdicts import audit
from gradaudit.judging.written import exact_value
from gradaudit.language.written import Written
from gradaudit.questions.assignment import DATA

RIGHT = {  # to every digit; each is a terminating decimal
    "W1": "[[0.0122, 0, 0.061], [-0.0268, 0, -0.134]]",
    "b1": "[0.0268, 0, 0.134]",
    "w2": "[0.1168, 0, 0.1536]",
    "b2": "-2.732",
}


@pytest.fixture
def status(tmp_path: Path) -> Callable[[str, str], str]:
    def judge(block: str, numbers: str) -> str:
        path = tmp_path / "answer.toml"
        path.write_text(f"[question1]\n{block} = {numbers}\n", encoding="utf-8")
        (verdict,) = audit(read(str(path))).answered
        return verdict.status

    return judge


ANSWER = Path(__file__).parent.parent / "analytic" / "answer.toml"
Status = Callable[[str, str], str]


def test_our_answer_gives_the_thirteen_exact_numbers() -> None:
    text = ANSWER.read_text(encoding="utf-8")
    assert all(f"{block} = {numbers}\n" in text for block, numbers in RIGHT.items())


@pytest.mark.parametrize("block", RIGHT)
def test_the_right_numbers_hold(block: str, status: Status) -> None:
    assert status(block, RIGHT[block]) == "holds"


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


@pytest.mark.parametrize("block", RIGHT)
def test_the_exact_value_has_the_shape_of_its_parameter(block: str) -> None:
    import numpy as np

    assert np.shape(exact_value(block, DATA)) == np.shape(DATA.blocks[block])
