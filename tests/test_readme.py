"""The README shows what really happens."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gradaudit.command import COMMANDS, main
from gradaudit.questions.reading import LIBRARY

HOUSE = Path(__file__).parent.parent
README = (HOUSE / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def blocks(language: str) -> list[str]:
    return [content for name, content in BLOCKS if name == language]


@pytest.fixture(autouse=True)
def _the_width_of_the_readme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "96")


@pytest.mark.parametrize(
    ("language", "number", "name"),
    [
        ("python", 0, "mask_missing.py"),
        ("toml", 0, "weighted/question.toml"),
        ("toml", 1, "weighted/answer.toml"),
        ("python", 1, "weighted/test_gradient.py"),
        ("python", 2, "mean_squared.py"),
        ("toml", 3, "wrong_line.toml"),
        ("toml", 4, "formulas.toml"),
        ("toml", 5, "derivations.toml"),
    ],
)
def test_an_example_is_a_file_that_can_be_tried(language: str, number: int, name: str) -> None:
    assert blocks(language)[number] == (HOUSE / "examples" / name).read_text(encoding="utf-8")


def test_an_iteration_is_stated_as_in_the_library() -> None:
    assert blocks("toml")[2] in (LIBRARY / "momentum.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "number",
    [0, 1, 4],
    ids=["the first example", "the answer to another question", "the wrong derivation"],
)
def test_it_gets_the_message_that_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    monkeypatch.chdir(HOUSE)
    command, _, shown = blocks("console")[number].partition("\n  ...\n")
    main(command.split()[2:])
    assert shown in capsys.readouterr().out


def test_the_names_of_the_functions_are_those_that_are_read() -> None:
    from gradaudit.answers.asked import sheet_called

    assert re.findall(r"^def (\w+)", blocks("python")[3], re.MULTILINE) == list(
        sheet_called().functions
    )


def test_a_wrong_pair_of_functions_gets_the_message_that_is_shown() -> None:
    done = subprocess.run(
        [sys.executable, str(HOUSE / "examples" / "mean_squared.py")],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(HOUSE)},
    )
    shown = [text for text in blocks("console") if "mean_squared" in text]
    assert done.stderr.endswith(shown[0].partition("\n  ...\n")[2])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"gradaudit\s+{command}", README)
