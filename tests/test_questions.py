"""The room of questions: how one is read, and what is drawn for it."""

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings

import gradaudit
from gradaudit import read_question
from gradaudit.answers.checking import check
from gradaudit.language.formula import FUNCTIONS
from gradaudit.questions.files import DecimalText, Unreadable
from gradaudit.questions.question import Question
from gradaudit.questions.reading import _Reader, library, read_questions

WEIGHTED = Path(__file__).parent.parent / "examples" / "weighted" / "question.toml"
KINDS = """
[kinds]
given = "X[N,A], ids[N] in A, m[N] in {0, 1}, S[A,A] spd, t[N], c in N, eps"
assume = ["eps > 0", "sum(t) == 1"]
define = ["L = sum(X @ S @ X.T) + sum(X[k, ids[k]] * m[k] * t[k] for k in N) + eps * sum(X[c])"]
parts.eps = "d(L, eps)"
answers.eps = "sum(X[c])"
functions."slope(eps, c, X)" = ["eps"]
"""
DESCENT = """
[descent]
given = "x, eta"
define = ["f = 5*x**2"]
next.x = "x - eta*d(f, x)"
rate = "eta"
parts.converges = "from every start"
answers.converges = "0 < eta < 1/5"
"""


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("questions") / "kinds.toml"
    path.write_text(KINDS, encoding="utf-8")
    return read_question(path)


# ---- from Python


def test_a_question_is_read_from_a_path() -> None:
    assert read_question(WEIGHTED).title == "Weighted least squares"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    text = WEIGHTED.read_text(encoding="utf-8")
    (tmp_path / "two.toml").write_text(text + text.replace("weighted", "other"), encoding="utf-8")
    return tmp_path / "two.toml"


def test_one_of_several_questions_is_chosen_by_its_name(two: Path) -> None:
    assert read_question(two, "other").name == "other"


@pytest.mark.parametrize(
    ("name", "said"),
    [(None, "choose one of weighted, other"), ("third", "no question third; it holds weighted, o")],
    ids=["without a name", "an unknown name"],
)
def test_which_of_several_is_meant_must_be_said(two: Path, name: str | None, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_question(two, name)


class TestInputs:
    def test_they_are_what_is_given_by_name(self) -> None:
        drawn = find(read_question(WEIGHTED).inputs(), lambda _: True)
        assert list(drawn) == ["X", "w", "t", "c"]

    def test_they_are_arrays_of_float64(self) -> None:
        drawn = find(read_question(WEIGHTED).inputs(), lambda _: True)
        assert {one.dtype for one in drawn.values()} == {np.dtype(np.float64)}

    def test_of_a_function_they_are_its_arguments_in_its_order(self, kinds: Any) -> None:
        assert list(find(kinds.inputs("slope"), lambda _: True)) == ["eps", "c", "X"]

    def test_of_an_unknown_function_they_are_refused(self, kinds: Any) -> None:
        with pytest.raises(ValueError, match="no function slop in kinds; did you mean `slope`"):
            kinds.inputs("slop")

    def test_of_an_iteration_they_are_rates(self, tmp_path: Path) -> None:
        (tmp_path / "descent.toml").write_text(DESCENT, encoding="utf-8")
        drawn = find(read_question(tmp_path / "descent.toml").inputs(), lambda _: True)
        assert list(drawn) == ["eta"]

    def test_they_meet_what_is_assumed(self, kinds: Any) -> None:
        @settings(database=None)
        @given(kinds.inputs())
        def holds(one: dict[str, Any]) -> None:
            n, a = one["X"].shape
            assert one["eps"] > 0
            assert abs(one["t"].sum() - 1) <= 1e-9
            assert set(one["m"]) <= {0, 1}
            assert one["ids"].dtype == np.int64
            assert ((one["ids"] >= 0) & (one["ids"] < a)).all()
            assert (np.linalg.eigvalsh(one["S"]) > 0).all()
            assert 0 <= one["c"] < n

        holds()

    @pytest.mark.parametrize(
        "hard",
        [
            lambda one: one["X"].shape == (1, 1),
            lambda one: one["X"].shape[0] != one["X"].shape[1] > 1,
            lambda one: max(one["X"].shape) > 4,
            lambda one: not one["w"].any(),
            lambda one: np.abs(one["t"]).max() >= 100,
            lambda one: len(one["c"]) > 2 and np.ptp(one["c"]) == 0,
        ],
        ids=["sizes of 1", "sizes apart", "a large one", "zeros", "a large number", "ties"],
    )
    def test_hard_cases_are_among_them(self, hard: Any) -> None:
        enough = settings(database=None, max_examples=5_000, phases=[Phase.generate])
        find(read_question(WEIGHTED).inputs(), hard, settings=enough)

    def test_each_is_of_memory_of_its_own(self) -> None:
        kept: list[Any] = []

        @settings(database=None)
        @given(read_question(WEIGHTED).inputs())
        def change(one: dict[str, Any]) -> None:
            assert not np.isnan(one["X"]).any()
            one["X"][:] = np.nan
            kept.append(one)

        change()
        assert len(kept) > 10


# What checks pairs of functions knows no question; its words, as `scale`, are of its own.
ROOMS = sorted(
    path for path in Path(gradaudit.__file__).parent.rglob("*.py") if path.parent.name != "checking"
)
OF_HTML = {"h1", "h2", "h3"}
OF_THE_LANGUAGE = {"linear", "order", "mask", "state", "columns", "rows", "eps", "lam", *FUNCTIONS}


@cache
def names_of_questions() -> set[str]:
    """Return names of arrays, parts, functions and mistakes, of two characters or more."""
    names: set[str] = set()
    for question in (one for name in library() for one in read_questions(name)):
        names |= {*question.given, *question.scope.defined, *question.parts, question.id}
        names |= {one.id for one in (*question.mistakes, *question.conventions)}
        names |= {one.name for one in question.functions} | {one.name for one in question.owes}
    return {name for name in names if len(name) > 1} - OF_THE_LANGUAGE - OF_HTML


@pytest.mark.parametrize("path", ROOMS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_python_file_names_an_array_a_part_or_a_mistake_of_a_question(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    found = {one for one in constants if isinstance(one, str)} & names_of_questions()
    assert found <= {"at", "converges", "gradient"}  # words of sentences, and of a command


OF_NUMBERS = """
[line]
id = "l"
given = "x[N], w"
counts = { n = "N" }
define = ["y = w*x", "L = sum(y**2)/2"]
steps = ["y"]
data = { x = [1, 2.5], w = -2 }
parts.w = "d(L, w)"
answers.w = "sum(y*x)"
functions."slope(x, w)" = { slope = "w" }
"""


class TestNumbers:
    """A question with data asks for numbers, as the assignment does."""

    def told(self, folder: Path, answer: str) -> dict[str, str]:
        (folder / "question.toml").write_text(OF_NUMBERS, encoding="utf-8")
        (folder / "answer.toml").write_text(answer, encoding="utf-8")
        audit = gradaudit.audit(folder / "answer.toml", folder / "question.toml")
        return {one.part: one.status for one in audit.verdicts if one.status != "unanswered"}

    def test_its_numbers_its_steps_and_its_derivations_are_judged(self, tmp_path: Path) -> None:
        answer = "[line]\nw = -14.5\ny = [-2, 5]\n[line.derivation]\nw = 'n*sum(y*x)/n'"
        told = {"l.y": "fails", "l.w": "holds", "l.derivation.w": "holds"}
        assert self.told(tmp_path, answer) == told

    def test_its_function_has_the_id_that_is_said(self) -> None:
        assert [one.id for one in read_question_text(OF_NUMBERS).functions] == ["l.slope"]

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("data = { x = [1, 2.5] }", "line.data.w: it is missing"),
            ("data = { x = [[1]], w = 1 }", "line.data.x: nested lists are wanted"),
            ("data = { x = [1], w = true }", "line.data.w: a number is wanted"),
            ("data = { x = ['1'], w = 1 }", "line.data.x: a number is wanted"),
            ("steps = ['q']", "line.steps.q: no such name"),
            ("counts = { x = 'N' }", "line.counts.x: a name that no other has is wanted"),
            ("counts = { n = 'M' }", "line.counts.n: an index set is wanted: N"),
            ("least.N = 0", "line.least.N: a size from 1"),
            ("called.N = 'sample'", "line.called.N: a word and a letter are wanted"),
            ("like = 'other'", "line.like: another question of this file is wanted"),
            ("conditional = 'n >'", "line.conditional: column"),
            ("without = ['x']", "line.without.x: no such name"),
            ("facts.all.q = 'x'", "line.facts.all: given names are wanted"),
            ("from_one = ['y']", "line.from_one.y: no such name"),
            ("id = ''", "line.id: a word is wanted"),
            ("conditional = 'sum(x)'", "line.conditional: a condition is wanted"),
            ("owes.same.same.x = '1'", "line.owes.same.same.x: `1` is of another shape than x"),
            ("owes.none.same = {}", "line.owes.none.same: given names are wanted"),
            ('functions."f(x, w)" = { y = "w" }', "line.functions.f(x, w): `y` is another part"),
            ("assume = ['w > 0']", "line.data: they do not meet what is assumed: w > 0"),
            ("given = 'x[N] in {1, 2}, w'", "line.data.x: 5/2 is none of 1, 2"),
            (
                'functions."f(x, w)" = { dw = "w", dx = "x" }',
                'line.functions.f(x, w): a list of the parts that it returns is wanted: ["w"], or '
                '{ grads = ["w"] }, where it is called `grads`',
            ),
            ('functions."f(x, w)" = { w = 3 }', "line.functions.f(x, w): a list of the parts"),
            ('functions."other(x)" = "w"', "line.functions.other(x): it needs `w`"),
            (
                "owes.lin.linear = 'N'",
                "line.owes.lin.linear: a given name that may be any numbers is wanted: x, w",
            ),
            (
                "given = 'x[N] in {1, 2.5}, w in {-2}'\nowes.lin.linear = 'w'",
                "line.owes.lin.linear: a given name that may be any numbers is wanted: there is",
            ),
            ("owes.below = 'dw <= 0'", "line.owes.below: an equation is wanted"),
            ("given = 'x[3], w'", "line.given: `3` is not the name of an index set; one of that "),
            ("parts.v = '-d(L, w)'", "line.parts.v: a part is a derivative, such as d(L, w[a]) or"),
        ],
    )
    def test_what_is_wrong_is_told_in_a_line(self, line: str, said: str) -> None:
        key = line.partition("=")[0].partition(".")[0].strip()
        kept = [one for one in OF_NUMBERS.splitlines() if one.partition("=")[0].strip() != key]
        with pytest.raises(Unreadable) as refused:
            read_question_text("\n".join([*kept, line]))
        assert str(refused.value).startswith(said)

    @pytest.mark.parametrize(
        ("given", "hint"),
        [
            ("x[N] > 0, w", '; what it obeys is assumed: assume = ["x > 0"]'),
            ("x[N] positive, w", '; what it obeys is assumed: assume = ["x > 0"]'),
            ("x[N] onehot, w", "its vector defined: t[k] = delta(k, c) for k in K"),
            ("x[N], w, S[N,N] symmetric", "one is made of any other in `define`: S = A + A.T"),
            ("x[N] in [0, 1], w", "values are listed in braces, {0, 1}"),
            ("x[N] int, w", "whole numbers are listed, `y[N] in {0, 1, 2}`"),
            ("x[N], w = 0.1", "one that stays is defined in `define`"),
            ("x: [N], w", "index sets stand in brackets behind the name"),
            ("x(N), w", "index sets stand in brackets behind the name"),
        ],
    )
    def test_what_is_given_in_other_words_gets_a_hint(self, given: str, hint: str) -> None:
        with pytest.raises(Unreadable) as refused:
            read_question_text(OF_NUMBERS.replace("x[N], w", given, 1))
        assert hint in str(refused.value)

    def test_a_size_that_has_no_name_gets_a_hint(self) -> None:
        with pytest.raises(Unreadable, match=r"the size of N is sum\(1 for k in N\), or a name"):
            read_question_text(OF_NUMBERS.replace('counts = { n = "N" }', "").replace("/2", "/n"))


def read_question_text(text: str) -> Question:
    """Return the question of a text."""
    (table,) = tomllib.loads(text, parse_float=DecimalText).items()
    return _Reader(*table).question()


def test_a_law_that_the_reference_does_not_obey_is_told(tmp_path: Path) -> None:
    wrong = f"{OF_NUMBERS}\nowes.zero = {{ say = 'It is 0', that = 'dw == 0' }}\n"
    (tmp_path / "question.toml").write_text(wrong, encoding="utf-8")
    (fault,) = check(read_question(tmp_path / "question.toml")).faults
    assert fault.startswith("line.owes.zero: the reference does not obey it: ")
    assert fault.endswith(", on x = [1], w = 1")


def test_a_reference_that_does_not_hold_is_told_with_the_line_and_the_input(tmp_path: Path) -> None:
    wrong = OF_NUMBERS.replace('"sum(y*x)"', '["sum(y[k]*d(y[k], w) for k in N)", "2*sum(y*x)"]')
    (tmp_path / "question.toml").write_text(wrong, encoding="utf-8")
    (fault,) = check(read_question(tmp_path / "question.toml")).faults
    said = "line.answers.w: line 2 does not equal line 1: dL/dw: found 2, expected 1"
    assert fault == f"{said}, on x = [1], w = 1"


TWICE = """
[one]
given = "x[D]"
define = ["L = sum(x**2)/2"]
parts.x = "d(L, x[i])"
answers.x = "x"
[other]
like = "one"
define = ["L = sum(x**2)"]
answers.x = "2*x"
"""


def test_two_parts_of_one_name_in_one_table_are_refused(tmp_path: Path) -> None:
    (tmp_path / "question.toml").write_text(TWICE, encoding="utf-8")
    with pytest.raises(Unreadable, match=r"other.parts.x: one has one of this name as well"):
        read_questions(str(tmp_path / "question.toml"))


NOWHERE = """
[unit]
given = "x[D], G[D]"
define = ["L = sum(G*x**2)/2"]
conditional = "norm(G) == -1"
parts.x = "d(L, x[i])"
answers.x = "G*x"
functions."f(x, G)" = "x"
"""


class TestAConditionThatNoInputMeets:
    def test_it_is_told_of_the_question(self, tmp_path: Path) -> None:
        (tmp_path / "question.toml").write_text(NOWHERE, encoding="utf-8")
        (fault,) = check(read_question(tmp_path / "question.toml")).faults
        assert fault == "unit.conditional: no input was found that meets it"

    def test_it_costs_no_answer_its_verdict(self, tmp_path: Path) -> None:
        (tmp_path / "question.toml").write_text(NOWHERE, encoding="utf-8")
        (tmp_path / "answer.py").write_text("def f(x, G):\n    return G * x\n", encoding="utf-8")
        audit = gradaudit.audit(tmp_path / "answer.py", tmp_path / "question.toml")
        assert audit.exit_code == 0
