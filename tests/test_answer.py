"""Our own answer, judged by the command as anyone's is."""

import json
from pathlib import Path
from typing import Any

import pytest

from gradaudit.answers.asked import sheet_called
from gradaudit.judging.functions import FEW
from tests.running import gradaudit

FOLDER = Path(__file__).parent.parent / "analytic"
FILES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".py", ".toml"))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what the command tells of our answer, and what it leaves in the folder it ran in."""
    folder = tmp_path_factory.mktemp("empty")
    words = [str(FOLDER / name) for name in FILES]
    done = gradaudit(*words, "--format", "json", cwd=folder)
    return done, list(folder.iterdir())


@pytest.fixture(scope="module")
def holding(done: Any) -> dict[str, Any]:
    """Return the parts that hold, by name."""
    audits = json.loads(done[0].stdout)["audits"]
    answered = [part for audit in audits for part in audit["parts"]]
    return {part["id"]: part for part in answered if part["status"] == "holds"}


def test_it_is_in_four_files() -> None:
    assert FILES == ["answer.toml", "descent.py", "network.py", "softmax.py"]


def test_it_holds_without_a_complaint(done: Any) -> None:
    assert (done[0].returncode, done[0].stderr) == (0, "")


@pytest.mark.parametrize("part", sheet_called().parts)
def test_every_part_of_the_assignment_is_answered_and_holds(
    holding: dict[str, Any], part: str
) -> None:
    assert part in holding


@pytest.mark.parametrize("part", ["q1.gradients", "q2.gradient", "q2.one_hot"])
def test_every_law_of_a_gradient_has_a_hundred_inputs_or_more_but_for_those_that_cost_most(
    holding: dict[str, Any], part: str
) -> None:
    costly = ("It agrees with scipy", "At a kink")
    laws = {law["statement"]: law["examples"] for law in holding[part]["laws"]}
    assert min(n for said, n in laws.items() if not said.startswith(costly)) >= 100
    assert min(laws.values()) >= FEW


def test_the_audit_leaves_nothing_behind(done: Any) -> None:
    assert done[1] == []
