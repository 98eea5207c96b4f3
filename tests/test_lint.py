"""`gradaudit lint`: what an exercise's numbers can't show, and better ones."""

from pathlib import Path

import pytest

from gradaudit.command import main
from gradaudit.judging.cases import Case
from gradaudit.mistakes.lint import better, half_unit, lint
from tests.assignment import DATA, pre_activations


@pytest.fixture(scope="module")
def proposal() -> Case:
    return better(DATA)


class TestTheAssignment:
    def test_its_second_unit_is_dead(self) -> None:
        assert ("z", "H", 1) in lint(DATA).off

    def test_its_last_two_samples_activate_nothing(self) -> None:
        assert [place for _, axis, place in lint(DATA).off if axis == "N"] == [2, 3]

    def test_no_pre_activation_is_near_the_kink(self) -> None:
        assert lint(DATA).near == ()

    @pytest.mark.parametrize("part", ["W1", "b1"])
    def test_the_sign_of_w2_cannot_be_seen(self, part: str) -> None:
        assert "abs-w2" in lint(DATA).hidden[part]

    @pytest.mark.parametrize("part", ["w2", "b2"])
    def test_no_mask_can_be_seen_behind_it(self, part: str) -> None:
        assert {"mask-missing", "mask-inverted", "mask-leaky"} <= set(lint(DATA).invisible[part])


class TestTheProposal:
    def test_nothing_could_be_better(self, proposal: Case) -> None:
        assert lint(proposal).clean

    def test_it_has_the_same_shape(self, proposal: Case) -> None:
        assert proposal.sizes == DATA.sizes

    def test_it_has_one_decimal(self, proposal: Case) -> None:
        assert half_unit(proposal) * 20 == 1

    def test_no_pre_activation_is_near_zero(self, proposal: Case) -> None:
        assert min(abs(z) for z in pre_activations(proposal).flat) >= half_unit(proposal)

    def test_it_is_the_same_every_time(self, proposal: Case) -> None:
        assert str(better(DATA).blocks) == str(proposal.blocks)


GOOD = """
X = [[1.0, 0.5]]
t = [0.5]
W1 = [[0.1], [0.2]]
b1 = [0.05]
w2 = [-1.0]
b2 = 0
"""


def told(tmp_path: Path, content: str) -> int:
    path = tmp_path / "exercise.toml"
    path.write_text(content, encoding="utf-8")
    return main(["lint", str(path)])


def test_the_default_is_the_assignment(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint"]) == 1
    assert "unit j = 1 is off throughout" in capsys.readouterr().out


def test_what_it_proposes_can_be_linted_and_is_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["lint"])
    lines = capsys.readouterr().out.splitlines()
    data = [line for line in lines if line.split(" = ")[0] in ("X", "t", "W1", "b1", "w2", "b2")]
    assert len(data) == 6
    assert told(tmp_path, "\n".join(data)) == 0


def test_an_exercise_with_one_sample_hides_what_only_several_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(tmp_path, GOOD) == 1
    assert "mean-for-sum" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (GOOD + "c = 1\n", "c: unknown key; an exercise has W1, b1, w2, b2, X, t and nothing else"),
        (GOOD.replace("b2 = 0", ""), "b2: missing"),
        (GOOD.replace("t = [0.5]", "t = [0.5, 1]"), "t: shape (1,) is wanted"),
        (GOOD.replace("[0.5]", '["0.5"]'), "t: a number is wanted, found a string"),
        (GOOD.replace("[0.5]", "0.5"), "t: a list of numbers is wanted"),
        (
            GOOD.replace("[[1.0, 0.5]]", "[[1.0], [0.5, 1]]"),
            "X: a list of rows of one length is wanted",
        ),
        (GOOD.replace("[[1.0, 0.5]]", "[]"), "X: a list of rows of one length is wanted"),
        (GOOD.replace("b2 = 0", "b2 = nan"), "b2: nan is not a number"),
        ("[[", "not TOML"),
        (
            "X = [" + "[1, 2]," * 11 + "]\nt = [" + "1," * 11 + "]\n" + GOOD.split("\n", 3)[3],
            "at most",
        ),
    ],
)
def test_a_bad_exercise_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, says: str
) -> None:
    assert told(tmp_path, content) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert says in error


def test_a_missing_exercise_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "nowhere.toml"]) == 2
    assert capsys.readouterr().err == "gradaudit: nowhere.toml: no such file\n"


def test_explain_prints_the_wrong_and_the_right_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "mask-inverted"]) == 0
    told = capsys.readouterr().out
    assert "✗ m   = z <= 0" in told
    assert "✓ m   = z > 0" in told


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["explain", "mask-mising"], "did you mean `mask-missing`?"),
        (["explain", "a\x1b[31m"], "no mistake a\\x1b[31m"),
    ],
)
def test_a_mistake_that_is_not_known_is_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert main(words) == 2
    assert says in capsys.readouterr().err


EXPONENTIAL = """
[e]
given = "t[N], x[N]"
define = ["L = sum(t * exp(x))"]
data = { t = [1, 1], x = [0.5, 2] }
parts.x = "d(L, x[i])"
answers.x = "t * exp(x)"
mistakes = [{ id = "weights", sentence = "The weights are missing.", change.x = "exp(x)" }]
"""


def test_a_mistake_that_comes_out_the_same_in_balls_is_hidden(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "e.toml").write_text(EXPONENTIAL, encoding="utf-8")
    assert main(["lint", "--question", str(tmp_path / "e.toml")]) == 1
    assert "dL/dx comes out right with 1 of the known mistakes:\n    weights" in (
        capsys.readouterr().out
    )
