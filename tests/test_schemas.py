"""The schemas by which an editor checks questions and answers."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

import gradaudit
from gradaudit.answers.asked import sheet_called
from gradaudit.answers.reading import read
from gradaudit.judging.derivation import MAX_LINES
from gradaudit.questions.files import Unreadable
from gradaudit.questions.reading import KEYS, LIBRARY, MAX_SIZE, read_questions
from gradaudit.telling.template import template

jsonschema = pytest.importorskip("jsonschema", reason="it comes with the extra `dev`")

HOUSE = Path(__file__).parent.parent
PACKAGE = Path(gradaudit.__file__).parent
QUESTION, ANSWER = (
    json.loads((PACKAGE / path).read_text(encoding="utf-8"))
    for path in ("questions/question.schema.json", "answers/answer.schema.json")
)
WEIGHTED = HOUSE / "examples" / "weighted" / "question.toml"
QUESTIONS = [*sorted(LIBRARY.glob("*.toml")), WEIGHTED]
ANSWERS = [
    *sorted(HOUSE.glob("examples/*.toml")),
    HOUSE / "examples" / "weighted" / "answer.toml",
    HOUSE / "analytic" / "answer.toml",
]


def accepts(schema: Any, text: str) -> bool:
    checker = jsonschema.Draft202012Validator(schema)
    return bool(checker.is_valid(tomllib.loads(text)))


@pytest.mark.parametrize("schema", [QUESTION, ANSWER], ids=["of questions", "of answers"])
def test_a_schema_is_one(schema: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


def test_the_schema_of_questions_has_every_key() -> None:
    assert set(KEYS) <= set(QUESTION["$defs"]["question"]["properties"])


def test_the_schemas_have_the_bounds_of_the_reader() -> None:
    size = QUESTION["$defs"]["question"]["properties"]["sizes"]["additionalProperties"]["anyOf"][0]
    assert size["maximum"] == MAX_SIZE
    assert ANSWER["$defs"]["formulas"]["anyOf"][1]["maxItems"] == MAX_LINES


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_a_question_is_accepted(path: Path) -> None:
    assert accepts(QUESTION, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_an_answer_is_accepted(path: Path) -> None:
    assert accepts(ANSWER, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_a_template_is_accepted(path: Path) -> None:
    assert accepts(ANSWER, template(read_questions(str(path)), path.stem))


SOUND = WEIGHTED.read_text(encoding="utf-8")
PARTS, ANSWERED, OF_W = 'parts.w = "d(L, w[a])"', "answers.w = ", 'change.w = "X.T @ e"'
WRONG_QUESTIONS = {
    "an unknown key": SOUND.replace("title =", "name ="),
    "no name": SOUND.replace("[weighted", '["a b"'),
    "no given": SOUND.replace("given =", "# "),
    "a given number": SOUND.replace("given =", "given = 3 #"),
    "a title of another kind": SOUND.replace("title =", "title = true #"),
    "a decimal for a title": SOUND.replace("title =", "title = 1.5 #"),
    "a decimal among lines": SOUND.replace("define = [", "define = [1.5, "),
    "lines in a table": SOUND.replace("define =", "define.e ="),
    "no part": SOUND.replace(PARTS, "parts = {}"),
    "a list for a part": SOUND.replace(PARTS, 'parts.w = ["d(L, w[a])"]'),
    "an empty reference": SOUND.replace(ANSWERED, "answers.w = [] # "),
    "a number for a reference": SOUND.replace(ANSWERED, "answers.w = 3.5 # "),
    "no signature": SOUND.replace("gradient(X, w, t, c)", "gradient"),
    "a function of nothing": SOUND.replace('= ["w"]', "= []"),
    "a mistake without an id": SOUND.replace("id =", "#"),
    "a decimal for an id": SOUND.replace("id =", "id = 1.5 #"),
    "an unknown key of a mistake": SOUND.replace("id =", "other = 'x'\nid ="),
    "seen as a number": SOUND.replace("id =", "seen = 3\nid ="),
    "no change": SOUND.replace(OF_W, "change = {}"),
    "an empty list of changes": SOUND.replace(OF_W, "change = []"),
    "a change of another kind": SOUND.replace(OF_W, "change.w = 1.5"),
    "mistakes in a table": SOUND.replace("[[weighted.mistakes]]", "[weighted.mistakes]"),
    "a size too large": SOUND.replace(PARTS, f"{PARTS}\nsizes.N = {MAX_SIZE + 1}"),
    "a size of another kind": SOUND.replace(PARTS, f"{PARTS}\nsizes.N = true"),
    "two kinds of owing": SOUND.replace(
        PARTS, f"{PARTS}\nowes.o = {{ order = 'N', linear = 't' }}"
    ),
    "owing nothing": SOUND.replace(PARTS, f"{PARTS}\nowes.o = {{ say = 'It is so' }}"),
    "owing of another kind": SOUND.replace(PARTS, f"{PARTS}\nowes.o = 3"),
    "a list of what it is linear in": SOUND.replace(
        PARTS, f"{PARTS}\nowes.o = {{ linear = ['t'] }}"
    ),
    "a decimal to say": SOUND.replace(PARTS, f"{PARTS}\nowes.o = {{ say = 1.5, linear = 't' }}"),
}


@pytest.mark.parametrize("name", WRONG_QUESTIONS)
def test_what_the_reader_of_questions_refuses_by_form_the_schema_does(
    name: str, tmp_path: Path
) -> None:
    wrong = WRONG_QUESTIONS[name]
    assert wrong != SOUND
    (tmp_path / "question.toml").write_text(wrong, encoding="utf-8")
    with pytest.raises(Unreadable):
        read_questions(str(tmp_path / "question.toml"))
    assert not accepts(QUESTION, wrong)


@pytest.mark.parametrize(
    "answer",
    [
        "weighted = 3",
        "[weighted]\nw = true",
        "[weighted]\nw = []",
        "[weighted]\nw = ['e', 3]",
        f"[weighted]\nw = {['e'] * (MAX_LINES + 1)}",
        "[weighted]\nwhere = 3\nw = 'e'",
        "[weighted]\nwhere = [3]\nw = 'e'",
        "[weighted]\nw = 1979-05-27",
    ],
    ids=[
        "a number for a table",
        "a truth",
        "no line",
        "a number among lines",
        "too many lines",
        "a number for names",
        "a number among names",
        "a date",
    ],
)
def test_what_the_reader_of_answers_refuses_by_form_the_schema_does(
    answer: str, tmp_path: Path
) -> None:
    (tmp_path / "answer.toml").write_text(answer, encoding="utf-8")
    assert read(str(tmp_path / "answer.toml"), sheet_called(str(WEIGHTED))).malformed
    assert not accepts(ANSWER, answer)


def test_a_single_name_of_the_answerer_needs_no_list(tmp_path: Path) -> None:
    answer = "[weighted]\nwhere = 'u = e'\nw = 'X.T @ (c * u)'"
    (tmp_path / "answer.toml").write_text(answer, encoding="utf-8")
    assert not read(str(tmp_path / "answer.toml"), sheet_called(str(WEIGHTED))).malformed
    assert accepts(ANSWER, answer)
