"""The room of questions: how one is read, and what is drawn for it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings

from gradaudit import read_question
from gradaudit.questions.files import Unreadable

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
