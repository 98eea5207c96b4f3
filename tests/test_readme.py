"""The README shows what really happens."""

import re
from pathlib import Path

import pytest

from gradaudit.answers.reading import read
from gradaudit.answers.verdicts import audit
from gradaudit.command import COMMANDS, run

README = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def blocks(language: str) -> list[str]:
    return [content for name, content in BLOCKS if name == language]


@pytest.fixture(autouse=True)
def _the_width_of_the_readme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "96")


def test_the_first_example_gets_the_message_that_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "theirs.py"
    path.write_text("import numpy as np\n" + blocks("python")[0], encoding="utf-8")
    run([str(path)], as_json=False)
    shown = blocks("console")[0].split("  ...\n")[1].splitlines()
    told = capsys.readouterr().out
    # Which of the smallest inputs is found depends on what Hypothesis draws.
    assert all(line in told for line in shown if line[4:9] not in ("input", "expec", "found"))


def test_the_wrong_derivation_gets_the_message_that_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "theirs.toml"
    path.write_text(blocks("toml")[0], encoding="utf-8")
    run([str(path)], as_json=False)
    shown = blocks("console")[1].split("  ...\n")[1].rstrip("\n")
    assert shown in capsys.readouterr().out


@pytest.mark.parametrize(("example", "parts"), [(1, 5), (2, 3)], ids=["formulas", "derivations"])
def test_an_example_in_toml_holds(tmp_path: Path, example: int, parts: int) -> None:
    path = tmp_path / "answer.toml"
    path.write_text(blocks("toml")[example], encoding="utf-8")
    told = audit(read(str(path)))
    assert (told.exit_code, len(told.answered)) == (0, parts)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"gradaudit\s+{command}", README)
