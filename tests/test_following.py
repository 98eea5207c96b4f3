"""Wrong numbers that follow rightly from the answer's own wrong ones before them say so."""

import json
from pathlib import Path

import pytest

from gradaudit.answers.reading import read
from gradaudit.answers.verdicts import Audit, audit
from gradaudit.telling.verdicts import as_json, explanation

E = "e = [0.562, -0.194, -1.6, -1.4]"  # 0.1 too much
W1 = "W1 = [[0.018, 0, 0.091], [-0.037, 0, -0.184]]"
W2 = "w2 = [0.149, 0.0, 0.22]"
B2 = "b2 = -2.632"


def audited(folder: Path, *lines: str) -> Audit:
    path = folder / "answer.toml"
    path.write_text("\n".join(["[question1]", *lines]), encoding="utf-8")
    return audit(read(str(path)))


def given(folder: Path, *lines: str) -> dict[str, tuple[str, ...]]:
    return {one.part.removeprefix("q1."): one.given for one in audited(folder, *lines).answered}


def test_gradients_follow_from_wrong_errors(tmp_path: Path) -> None:
    told = given(tmp_path, E, W1, W2, B2)
    assert told == {"e": (), "W1": ("e",), "w2": ("e",), "b2": ("e",)}


def test_a_step_of_the_forward_pass_follows_from_one_before(tmp_path: Path) -> None:
    y = "y = [-0.238, -0.294, -0.7, -0.7]"
    assert given(tmp_path, y, E) == {"y": (), "e": ("y",)}


def test_the_wrong_step_nearest_before_is_named(tmp_path: Path) -> None:
    y = "y = [-0.238, -0.294, -0.7, -0.7]"
    assert given(tmp_path, y, E, B2)["b2"] == ("e",)


ALONE = {
    "another mistake was made after it": (E, "b2 = -2.5"),
    "no step before it is given": (W1, B2),
    "the step before it is right": ("e = [0.462, -0.194, -1.6, -1.4]", "b2 = 2.732"),
    "zeros follow from zeros": ("e = [0, 0, 0, 0]", "b2 = 0", "w2 = [0, 0, 0]"),
    "too few digits tell them apart": ("e = [0, -1, -1, -1]", "b2 = -3"),
}


@pytest.mark.parametrize("lines", ALONE.values(), ids=ALONE)
def test_nothing_follows_where(tmp_path: Path, lines: tuple[str, ...]) -> None:
    told = given(tmp_path, *lines)
    assert told["b2"] == ()


def test_a_mask_that_cannot_be_told_follows_from_nothing(tmp_path: Path) -> None:
    z = "z = [[0.0, -1.9, 0.7], [0.2, -2.1, 0.8], [-0.8, -0.3, -1.8], [-0.4, -1.1, -0.6]]"
    assert given(tmp_path, z, "b1 = [0.05, 0.0, 0.1]")["b1"] == ()


def test_a_person_and_a_program_are_told(tmp_path: Path) -> None:
    told = audited(tmp_path, E, B2)
    (wrong,) = (one for one in told.answered if one.part == "q1.b2")
    assert "right given the answer's own e" in explanation(wrong)
    parts = {one["id"]: one["given"] for one in json.loads(as_json([told]))["audits"][0]["parts"]}
    assert (parts["q1.b2"], parts["q1.e"]) == (["e"], [])
