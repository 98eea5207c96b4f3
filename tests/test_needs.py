"""What lines need so that they have a value is collected, but nothing that is sure anyway."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gradaudit.answers.asked import sheet_of
from gradaudit.answers.reading import read
from gradaudit.answers.verdicts import audit
from gradaudit.questions.question import Question
from gradaudit.questions.reading import read_questions
from gradaudit.telling.verdicts import as_json, as_text

POWERS = """
[powers]
given = "x[K], eps, S[K,K] spd, w, a, b, c, lo[K], hi[K]"
assume = ["eps > 0", "w != 0", "a < b <= c", "lo < hi"]
define = ["p = softmax(x)", "v = sum(x**2)", "L = sum(p*x)"]
[powers.parts]
x = "d(L, x[i])"
[powers.answers]
x = "p[i]*(x[i] + 1 - sum(p*x))"
"""


@cache
def powers() -> Question:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "powers.toml"
        path.write_text(POWERS, encoding="utf-8")
        (question,) = read_questions(str(path))
    return question


def needs(*lines: str, where: tuple[str, ...] = ()) -> list[str]:
    part = sheet_of([powers()]).read("powers.x", list(lines), list(where))
    return list(part.needs)


NEEDED = {
    "x[i]/v": ["v != 0"],
    "x[i]/(v*w*x[i])": ["v != 0", "x[i] != 0"],
    "sum(x[i]/x[k] for k in K)": ["x[k] != 0"],
    "1/sqrt(x[i])": ["x[i] != 0", "x[i] >= 0"],
    "x[i]**-2": ["x[i] != 0"],
    "log(x[i])": ["x[i] > 0"],
    "log(1 - p[i])": ["1 - p[i] > 0"],
    "x[i]**0.5": ["x[i] >= 0"],
    "x[i]/(1 - p[i])": ["1 - p[i] != 0"],
    "x[i]/(x[i] + 1)": ["x[i] + 1 != 0"],
    "x[i]/(c - b)": ["c - b != 0"],
    "log(a - b)": ["a - b > 0"],
    "sum(x[i]/(hi[i] - lo[k]) for k in K)": ["hi[i] - lo[k] != 0"],
}
SURE = (
    "x[i]/eps",
    "x[i]/w",
    "x[i]/p[i]",
    "x[i]/sqrt(v + eps)",
    "log(v + eps)",
    "x[i]/sum(1 for k in K)",
    "x[i]/sum(exp(x))",
    "x[i]/(1 + x[i]**2)",
    "x[i]/(1 + abs(x[i]))",
    "log(sum(p))",
    "x[i]/(1 - sigmoid(x[i]))",
    "x[i]/exp(-x[i])",
    "log(det(S))",
    "x[i]/(p @ p)",
    "where(x[i] > 0, log(x[i]), 0)",
    "x[i]/2",
    "x[i]/(b - a)",
    "log(c - a)",
    "sqrt(c - b)",
    "x[i]/(a - b)",
    "x[i]/(hi[i] - lo[i])",
    "log(sum(hi - lo))",
    "x[i]/sqrt(2*pi)",
)


@pytest.mark.parametrize(("line", "needed"), NEEDED.items(), ids=NEEDED)
def test_a_line_needs(line: str, needed: list[str]) -> None:
    assert needs(line) == needed


@pytest.mark.parametrize("line", SURE)
def test_what_is_sure_is_no_condition(line: str) -> None:
    assert not needs(line)


def test_what_a_line_assumes_is_no_condition_from_there_on() -> None:
    assert not needs("x[i]", "x[i]*v/v when v > 0", "exp(log(v)) + 1/v")


def test_names_of_the_answer_are_looked_into() -> None:
    assert needs("q[i]", "q[i] + 0", where=("q = x/v", "unused = log(x)")) == ["v != 0"]


def test_each_condition_is_told_once() -> None:
    assert needs("x[i]/v", "v/v*x[i]", "x[i] / v") == ["v != 0"]
    assert needs("x[i]/(1-v)", "x[i] / (1 - v)") == ["1-v != 0"]


def test_a_person_and_a_program_are_told_at_the_end(tmp_path: Path) -> None:
    line = "p[i]*(x[i] + 1 - sum(p*x))*(1 - p[i]/2)/(1 - p[i]/2)"
    text = f"[powers]\nx = {json.dumps(['d(L, x[i])', line])}\n"
    (tmp_path / "answer.toml").write_text(text, encoding="utf-8")
    told = audit(read(str(tmp_path / "answer.toml"), sheet_of([powers()])))
    assert "; needs 1 - p[i]/2 != 0\n" in as_text([told], colour=False, detailed=True) + "\n"
    (part,) = json.loads(as_json([told]))["audits"][0]["parts"]
    assert part["needs"] == ["1 - p[i]/2 != 0"]
