"""The README and its pages show what really happens."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gradaudit.command import COMMANDS, main
from gradaudit.questions.reading import LIBRARY

HOUSE = Path(__file__).parent.parent
README, ANSWERS, QUESTIONS = "README.md", "docs/answers.md", "docs/questions.md"


def text(page: str) -> str:
    return (HOUSE / page).read_text(encoding="utf-8")


def blocks(language: str, page: str = README) -> list[str]:
    found = re.findall(r"```(\w+)\n(.*?)```", text(page), re.DOTALL)
    return [content for name, content in found if name == language]


@pytest.fixture(autouse=True)
def _the_width_of_the_readme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "96")


@pytest.mark.parametrize(
    ("page", "language", "number", "name"),
    [
        (README, "python", 0, "mask_missing.py"),
        (README, "toml", 0, "formulas.toml"),
        (README, "toml", 1, "wrong_line.toml"),
        (README, "toml", 2, "weighted/question.toml"),
        (README, "toml", 3, "weighted/answer.toml"),
        (README, "python", 2, "mean_squared.py"),
        (ANSWERS, "toml", 0, "derivations.toml"),
        (QUESTIONS, "python", 0, "weighted/test_gradient.py"),
    ],
)
def test_an_example_is_a_file_that_can_be_tried(
    page: str, language: str, number: int, name: str
) -> None:
    assert blocks(language, page)[number] == text(f"examples/{name}")


def test_an_iteration_is_stated_as_in_the_library() -> None:
    stated = blocks("toml", QUESTIONS)[1]
    assert stated in (LIBRARY / "momentum.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "number",
    [0, 2, 4],
    ids=["the first example", "the wrong derivation", "the answer to another question"],
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

    assert re.findall(r"^def (\w+)", blocks("python")[1], re.MULTILINE) == list(
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
    shown = [one for one in blocks("console") if "mean_squared" in one]
    assert done.stderr.endswith(shown[0].partition("\n  ...\n")[2])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"gradaudit\s+{command}", text(README))


@pytest.mark.parametrize("page", sorted(one.name for one in HOUSE.glob("docs/*.md")))
def test_every_page_is_linked(page: str) -> None:
    assert f"(docs/{page})" in text(README)


@pytest.mark.parametrize("page", [README, *(f"docs/{one.name}" for one in HOUSE.glob("docs/*.md"))])
def test_every_link_leads_to_a_page(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text(page))
    assert [one for one in links if not (HOUSE / page).parent.joinpath(one).exists()] == []
