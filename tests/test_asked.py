"""Answers to a question from a file, or of the library."""

import contextlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import gradaudit
from gradaudit.answers.asked import sheet_called
from gradaudit.answers.reading import read
from gradaudit.command import main
from gradaudit.mistakes.exam import FINEST
from gradaudit.questions import reading
from gradaudit.questions.files import Unreadable

WEIGHTED = Path(__file__).parent.parent / "examples" / "weighted"
QUESTION = str(WEIGHTED / "question.toml")


@pytest.fixture
def _library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the library of one question."""
    text = (WEIGHTED / "question.toml").read_text(encoding="utf-8")
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "weighted.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(reading, "LIBRARY", tmp_path / "library")
    reading.from_library.cache_clear()
    yield
    reading.from_library.cache_clear()


class Told:
    """What the command says of an answer."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys

    def __call__(self, answer: str, *words: str, name: str = "answer.toml") -> str:
        (self.folder / name).write_text(answer, encoding="utf-8")
        self.code = main([str(self.folder / name), *words])
        self.out, self.err = self.capsys.readouterr()
        return self.err.partition(f"{name}: ")[2].strip() or self.out

    def status(self, answer: str, *words: str) -> str:
        self(answer, *words, "--format", "json")
        (part,) = json.loads(self.out)["audits"][0]["parts"]
        return str(part["status"])


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    return Told(tmp_path, capsys)


# ---- which question is meant


@pytest.mark.usefixtures("_library")
def test_an_answer_says_itself_which_question_of_the_library_it_is_to(told: Told) -> None:
    assert told.status('question = "weighted"\n[weighted]\nw = "X.T @ (c * e)"') == "holds"


@pytest.mark.usefixtures("_library")
def test_the_question_of_the_command_comes_before_that_of_the_answer(told: Told) -> None:
    answer = 'question = "nothing"\n[weighted]\nw = "X.T @ (c * e)"'
    assert told.status(answer, "--question", "weighted") == "holds"


@pytest.mark.usefixtures("_library")
@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("wieghted", "question: no question of the library; did you mean `weighted`?"),
        ("q", "`gradaudit question list` shows the library"),
        ("weighted.toml", "; did you mean `weighted`?; a file is named by --question"),
        (
            "../x/y",
            "question: no question of the library; `gradaudit question list` shows the library",
        ),
    ],
    ids=["a typing error", "nothing like it", "a file", "a path"],
)
def test_an_answer_to_an_unknown_question_is_refused_in_a_line(
    told: Told, named: str, said: str
) -> None:
    assert told(f'question = "{named}"\n[weighted]\nw = "e"').endswith(said)
    assert told.code == 2


def test_an_answer_to_a_question_is_judged_from_python() -> None:
    assert gradaudit.audit(WEIGHTED / "answer.toml", WEIGHTED / "question.toml").exit_code == 1


def test_a_table_of_that_name_is_no_question(told: Told) -> None:
    assert told('[question]\nw = "e"').startswith("question: unknown table or key; did you mean")


# ---- an answer that goes on


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ('"..."', "untested"),
        ('["..."]', "untested"),
        ('["d(L, w[a])", "..."]', "untested"),
        ('["X.T @ (c * e)", "..."]', "untested"),
        ('["X.T @ e", "..."]', "fails"),
        ('["d(L, w[a])"]', "fails"),
    ],
    ids=["no line", "a list", "the derivative", "a right line", "a wrong line", "without dots"],
)
def test_where_an_answer_goes_on_is_written_with_dots(told: Told, lines: str, status: str) -> None:
    assert told.status(f"[weighted]\nw = {lines}", "--question", QUESTION) == status


def test_it_is_said_where_an_answer_goes_on(told: Told) -> None:
    said = told('[weighted]\nw = ["d(L, w[a])", "..."]', "--question", QUESTION)
    assert "not finished: it ends after line 1 with ..." in said
    assert told.code == 3


def test_an_answer_to_the_assignment_can_go_on_too(told: Told) -> None:
    assert "ends after line 1" in told('[question3]\nconverges = ["0 < eta < 1/5", "..."]')


# ---- what is there to fill in


def template(capsys: pytest.CaptureFixture[str], name: str) -> str:
    assert main(["template", "--question", name]) == 0
    return capsys.readouterr().out


def test_a_template_is_an_answer_that_is_not_finished(
    told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    said = told(template(capsys, QUESTION), "--question", QUESTION)
    assert "weighted.w ? untested     not finished: it ends after line 1" in said
    assert told.code == 3


@pytest.mark.parametrize("name", [*reading.library(), QUESTION])
def test_a_template_has_every_part(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.toml").write_text(template(capsys, name), encoding="utf-8")
    sheet = sheet_called(name)
    answer = read(str(tmp_path / "empty.toml"), None if name in reading.library() else sheet)
    derived = [
        sheet.part_of(f"{table}.{key}")
        for table, keys in sheet.tables.items()
        for key in keys
        if key != "where" and f"{table}.derivation" not in sheet.tables  # else it is for numbers
    ]
    assert not answer.malformed
    assert [name for name, part in answer.parts.items() if part.unfinished] == derived


@pytest.mark.parametrize(
    "said",
    [
        "# Given are X[N,A], w[A], t[N], c[N]; in brackets",
        "#   e = X @ w - t",
        "# Known are what is given, e[N], L, sums over N, A as sum(u[k] for k in N)",
        "#   def gradient(X, w, t, c):\n#       (N,A), (A,), (N,), (N,) -> dL/dw (A,)",
        "answer.toml --question",
    ],
    ids=["what is given", "the model", "what is known", "the function", "how it is checked"],
)
def test_a_template_teaches(said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said.replace("answer.toml", "THIS_FILE") in template(capsys, QUESTION)


def test_a_template_to_no_question_says_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["template", "--question", "weihgted"]) == 2
    assert "weihgted: no question of the library, and no file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "meant"),
    [("assignmnet.toml", "assignment"), ("mine/my_modle.toml", "mine/my_model.toml")],
    ids=["of the library", "a file beside it"],
)
def test_a_question_that_is_misspelt_is_told_what_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    Path("mine/my_model.toml").touch()
    with pytest.raises(Unreadable, match=f"no file; did you mean `{meant}`"):
        sheet_called(name)


# ---- its mistakes


def test_its_mistakes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--question", QUESTION]) == 0
    assert capsys.readouterr().out == (
        "weights-forgotten\n    The samples are not weighted: c is left out.\n"
    )


def test_a_mistake_is_shown_beside_the_right_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "weights-forgotten", "--question", QUESTION]) == 0
    assert capsys.readouterr().out.endswith(
        "    e   = X @ w - t\n    L   = sum(c * e**2) / 2\n  ✗ w   = X.T @ e\n"
        "  ✓ w   = X.T @ (c * e)\n"
    )


def test_a_mistake_of_the_assignment_is_none_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "mask-missing", "--question", QUESTION]) == 2
    assert "explain: no mistake mask-missing" in capsys.readouterr().err


TWO_PARTS = """
[line]
given = "x[N], t[N], w, b"
define = ["e = w * x + b - t", "L = sum(e**2) / 2"]
[line.parts]
w = "d(L, w)"
b = "d(L, b)"
[line.functions]
"slopes(x, t, w, b)" = ["w", "b"]
[line.answers]
w = "sum(e * x)"
b = "sum(e)"
[[line.mistakes]]
id = "b-averaged"
sentence = "The gradient by b is averaged."
change.b = "{old} / sum(1 for k in N)"
[[line.mistakes]]
id = "error-half"
sentence = "The error is halved."
change = [{ e = "{old} / 2" }, { e = "w * x + b - t/2" }]
"""


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """Return the exit code and the text of an exam."""
    path = tmp_path_factory.mktemp("exam") / "line.toml"
    path.write_text(TWO_PARTS, encoding="utf-8")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        return main(["exam", "--question", str(path)]), out.getvalue()


def test_the_exam_passes_where_every_mistake_is_seen(exam: tuple[int, str]) -> None:
    assert exam[0] == 0
    assert exam[1].startswith("6 of 6 mistakes are caught.")


@pytest.mark.parametrize(
    "row",
    [
        "    .b  b-averaged: b = (sum(e)) / sum(1 for k in N)",
        "    ab  error-half: e = (w * x + b - t) / 2",
        "    .bc  b-averaged: b = (sum(e)) / sum(1 for k in N)",
    ],
    ids=["a formula of one part", "formulas of both parts", "a function"],
)
def test_the_exam_says_what_sees_a_mistake(exam: tuple[int, str], row: str) -> None:
    assert row in exam[1].splitlines()


@pytest.mark.parametrize("part", ["w", "b"])
def test_the_exam_says_how_small_an_error_is_noticed(exam: tuple[int, str], part: str) -> None:
    (in_function, in_formula) = re.findall(rf"  line\.{part}, \w+: 1e-(\d+)", exam[1])
    assert int(in_function) >= 12
    assert int(in_formula) == FINEST


def test_the_exam_fails_where_a_mistake_is_right(
    told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    right = TWO_PARTS.replace("{old} / sum(1 for k in N)", "sum(e) + 0")
    (told.folder / "right.toml").write_text(right, encoding="utf-8")
    assert main(["exam", "--question", str(told.folder / "right.toml")]) == 1
    assert "    ..  b-averaged: b = sum(e) + 0" in capsys.readouterr().out


# ---- a function in a package


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which the command is run, with a package in it."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "__init__.py").touch()
    (tmp_path / "theirs" / "loss.py").write_text(
        "from . import parts\n"
        "number = 3\n"
        "def slope(X, w, t, c):\n    return X.T @ parts.error(X, w, t, c)\n"
        "def gradient(X, w, t, c):\n    return X.T @ (X @ w - t)\n",
        encoding="utf-8",
    )
    (tmp_path / "theirs" / "parts.py").write_text(
        "def error(X, w, t, c):\n    return c * (X @ w - t)\n", encoding="utf-8"
    )
    (tmp_path / "theirs" / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["theirs.loss:gradient"], 1),
        (["theirs.loss:slope", "--as", "gradient"], 0),
        (["theirs/parts.py:error", "--as", "gradient"], 1),
        ([f"{WEIGHTED / 'gradient.py'}:gradient"], 0),
    ],
    ids=["by its own name", "by another name", "in a file by another name", "one of a file"],
)
def test_a_function_is_judged_where_it_is(package: Path, words: list[str], code: int) -> None:
    assert main([*words, "--question", QUESTION]) == code
    assert not list(package.rglob("*.pyc"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["nothing:gradient"],
            "cannot be imported: ModuleNotFoundError: No module named 'nothing'",
        ),
        (["nothing.py:gradient"], "nothing.py:gradient: no such file"),
        (["theirs.broken:gradient"], "cannot be imported: ZeroDivisionError: division by zero"),
        (["theirs.parts:gradient"], "it defines none of gradient"),
        (["theirs.loss:slop", "--as", "gradient"], "it defines none of slop (found slope)"),
        (["theirs.loss:number", "--as", "gradient"], "number: a function is wanted"),
        (["theirs.loss:slope"], "called slope; known are gradient, and --as says which one it is"),
        (["theirs.loss:slope", "--as", "gradent"], "called gradent; did you mean `gradient`?"),
        (["theirs.loss:"], "theirs.loss:: no such file; a function is package.module:function"),
        (["theirs.loss:A.slope"], "no such file; a function is package.module:function"),
        (["theirs/loss.py", "--as", "gradient"], "--as takes a function: package.module:function"),
        (
            ["theirs.loss:slope", "theirs.loss:gradient", "--as", "gradient"],
            "--as takes one ANSWER",
        ),
    ],
    ids=[
        "no module",
        "no file",
        "a module that raises",
        "no function",
        "a typing error",
        "a number",
        "a function of another name",
        "an unknown name after --as",
        "no name",
        "a method",
        "a file after which --as stands",
        "two functions",
    ],
)
@pytest.mark.usefixtures("package")
def test_what_is_wrong_with_the_address_of_a_function_is_a_line(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main([*words, "--question", QUESTION]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@pytest.mark.usefixtures("package")
def test_a_question_without_functions_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    text = TWO_PARTS.replace('[line.functions]\n"slopes(x, t, w, b)" = ["w", "b"]\n', "")
    Path("line.toml").write_text(text, encoding="utf-8")
    assert main(["theirs/loss.py", "--question", "line.toml"]) == 2
    assert "theirs/loss.py: the question asks for no function" in capsys.readouterr().err


@pytest.mark.usefixtures("package")
def test_a_function_can_answer_the_assignment() -> None:
    Path("rates.py").write_text("def good(eta):\n    return 0 < eta < 0.2\n", encoding="utf-8")
    assert main(["rates:good", "--as", "converges"]) == 0
