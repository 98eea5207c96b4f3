"""Points of a class: what is worth some, who has them, and what is open."""

import csv
import json
import re
from pathlib import Path

import pytest

from gradaudit.answers.asked import sheet_called
from gradaudit.classroom.points import Item, plain, read_points, total, unpaid
from gradaudit.questions.files import Unreadable
from tests.running import gradaudit

DOCS = (Path(__file__).parent.parent / "docs/class.md").read_text(encoding="utf-8")
PARTS = ("q1.W1", "q1.w2", "q1.derivation.W1", "q1.gradients", "q3.converges")
BEST = Item(("q1.W1", "q1.derivation.W1", "q1.gradients"), 2)
ALTERNATIVES = '[[alternatives]]\nparts = ["q1.W1", "q1.derivation.W1"]\npoints = 2\n'


def read(folder: Path, text: str) -> list[Item]:
    path = folder / "points.toml"
    path.write_text(text, encoding="utf-8")
    return read_points(str(path), PARTS)


class TestReading:
    def test_a_line_gives_points_to_a_part(self, tmp_path: Path) -> None:
        assert read(tmp_path, "q1.w2 = 1.5") == [Item(("q1.w2",), 1.5)]

    def test_alternatives_are_one_item_by_the_name_of_the_first(self, tmp_path: Path) -> None:
        one, several = read(tmp_path, f"q3.converges = 1\n{ALTERNATIVES}")
        assert several == Item(("q1.W1", "q1.derivation.W1"), 2)
        assert (one.name, several.name) == ("q3.converges", "q1.W1")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[[alternatives]]\npoints = 1", "alternatives: a table with `parts` and `points`"),
            ("alternatives = [1]", "alternatives: a table with `parts` and `points` is wanted"),
            (
                "[[alternatives]]\nparts = []\npoints = 1",
                "alternatives: `parts` is a list",
            ),
            ('[[alternatives]]\nparts = ["q9"]\npoints = 1', "q9: no part is called so"),
            ('[[alternatives]]\nparts = ["q1.W1"]\npoints = -1', "alternatives: points: a number"),
            (f"q1.W1 = 1\n{ALTERNATIVES}", "q1.W1: it has points twice; leave one of them"),
        ],
    )
    def test_alternatives_that_are_none_are_told_in_a_line(
        self, tmp_path: Path, text: str, said: str
    ) -> None:
        with pytest.raises(Unreadable, match=said):
            read(tmp_path, text)

    def test_the_example_of_the_docs_can_be_read(self, tmp_path: Path) -> None:
        (example,) = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
        path = tmp_path / "points.toml"
        path.write_text(example, encoding="utf-8")
        *_, best = read_points(str(path), sheet_called().parts)
        assert best == BEST


@pytest.mark.parametrize("part", sheet_called().parts)
def test_each_part_of_the_assignment_is_named_in_the_docs(part: str) -> None:
    assert f"`{part}`" in DOCS


class TestEarning:
    @pytest.mark.parametrize(
        ("statuses", "points"),
        [
            ({"q1.W1": "holds"}, 2),
            ({"q1.W1": "fails", "q1.gradients": "holds"}, 2),
            ({"q1.W1": "untested", "q1.gradients": "holds"}, 2),
            ({"q1.W1": "untested", "q1.gradients": "fails"}, None),
            ({"q1.W1": "fails"}, 0),
            ({}, 0),
        ],
        ids=["one", "the best", "whatever is open", "one is open", "none", "no answer"],
    )
    def test_the_best_of_alternatives_counts(
        self, statuses: dict[str, str], points: float | None
    ) -> None:
        assert BEST.earned(statuses, unread=False) == points

    def test_a_part_may_stand_in_what_could_not_be_read(self) -> None:
        assert BEST.earned({"q1.W1": "fails"}, unread=True) is None

    def test_there_is_no_total_while_an_item_is_open(self) -> None:
        items = [BEST, Item(("q1.w2",), 1)]
        assert total(items, {"q1.W1": "holds", "q1.w2": "untested"}, unread=False) is None
        assert total(items, {"q1.W1": "holds", "q1.w2": "holds"}, unread=False) == 3

    def test_what_is_open_is_written_as_nothing(self) -> None:
        assert (plain(None), plain(0.0), plain(2.0)) == ("", "0", "2")


def test_a_part_that_was_answered_and_has_no_points_is_named() -> None:
    answered = {"q1.w2": 4, "q1.gradients": 10, "q3.converges": 7}
    assert unpaid(answered, [BEST, Item(("q1.w2",), 1)]) == [
        "q3.converges was answered by 7 and has no points"
    ]


def test_where_nothing_has_points_none_is_missed() -> None:
    assert unpaid({"q1.w2": 4}, []) == []


class TestAClass:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        """Return a folder with a class of which one answered a second way alone."""
        (tmp_path / "class").mkdir()
        (tmp_path / "class/ann.toml").write_text("[question1]\nb2 = -2.732\nw2 = [1, 2, 3]\n")
        (tmp_path / "class/bob.toml").write_text('[question3]\nconverges = "0 < eta < 1/5"\n')
        (tmp_path / "points.toml").write_text(
            '[[alternatives]]\nparts = ["q1.w2", "q1.b2"]\npoints = 2\n'
        )
        return tmp_path

    def test_has_alternatives_as_one_item(self, place: Path) -> None:
        words = ("--points", "points.toml", "--out", "out", "-j", "1")
        done = gradaudit("class", "class", *words, cwd=place)
        with open(place / "out/results.csv", encoding="utf-8-sig", newline="") as file:
            ann, bob = csv.DictReader(file)
        assert (ann["points"], ann["q1.w2 points"]) == ("2", "2")
        assert bob["points"] == "0"
        assert not {"q1.b2 points", "q3.converges points"} & set(ann)
        told = json.loads((place / "out/gradescope/ann.json").read_text(encoding="ascii"))
        (test,) = told["tests"]
        assert (test["name"], test["score"], test["status"]) == ("q1.w2", 2, "passed")
        assert "✗ q1.w2 fails" in test["output"]
        assert "q1.b2: " in test["output"]
        line = "gradaudit: --points points.toml: q3.converges was answered by 1 and has no points\n"
        assert done.stderr == line

    def test_without_a_folder_says_where_points_are_written(self, place: Path) -> None:
        done = gradaudit("class", "class", "--points", "points.toml", "-j", "1", cwd=place)
        assert "--points points.toml: points are written with --out FOLDER\n" in done.stderr
