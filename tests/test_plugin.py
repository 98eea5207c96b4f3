"""`pytest --answer FILE`, run as a process from a folder of its own."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

GOOD = '[question2]\none_hot = "softmax(y) - t"\n[question3]\nconverges = "0 < eta < 1/5"\n'
WRONG = '[question2]\ngradient = "softmax(y) - t"\n[question3]\nconverges = "0 < eta < 1/5"\n'
PYTHON = "import os\nos.getpid()\ndef converges(eta):\n    return 0 < eta <= 0.2\n"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def write(folder: Path, name: str, content: str) -> str:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return str(path)


def test_one_test_is_run_for_each_part_and_law(tmp_path: Path) -> None:
    done = run(tmp_path, "-v", "--answer", write(tmp_path, "good.toml", GOOD))
    assert done.returncode == 0
    assert "2 passed" in done.stdout
    assert "::q3::converges: condition holds where steps contract" in done.stdout


def test_a_law_that_fails_is_shown_without_a_traceback(tmp_path: Path) -> None:
    done = run(tmp_path, "--answer", write(tmp_path, "wrong.toml", WRONG))
    assert done.returncode == 1
    assert "dE/dy[0]: found -1/2, expected 0" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_python_answer_is_not_imported_into_pytest(tmp_path: Path) -> None:
    done = run(tmp_path, "--answer", write(tmp_path, "theirs.py", PYTHON))
    assert "2 failed, 1 passed" in done.stdout


def test_other_tests_are_not_run(tmp_path: Path) -> None:
    write(tmp_path, "test_other.py", "def test_other():\n    assert False\n")
    done = run(tmp_path, "--answer", write(tmp_path, "good.toml", GOOD))
    assert "2 passed" in done.stdout


def test_tests_can_be_chosen_by_name(tmp_path: Path) -> None:
    done = run(tmp_path, "-k", "q3", "--answer", write(tmp_path, "good.toml", GOOD))
    assert "1 passed, 1 deselected" in done.stdout


def test_junit_names_the_part_and_the_law(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    run(tmp_path, "--junitxml", str(report), "--answer", write(tmp_path, "wrong.toml", WRONG))
    cases = {case.get("name"): len(case) for case in ET.parse(report).iter("testcase")}
    assert cases == {
        "q2.gradient: formula equals the derivative": 1,
        "q3.converges: condition holds where steps contract": 0,
    }


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[[[", "bad.toml: it is not TOML"),
        ("[question2]\ngradient = 'yy'\n", "question2.gradient: column 1: unknown name"),
        (
            "[question2]\ngradient = 'd(E, y)'\n",
            "it still contains a derivative",
        ),
    ],
)
def test_what_cannot_be_judged_does_not_pass(tmp_path: Path, content: str, says: str) -> None:
    done = run(tmp_path, "--answer", write(tmp_path, "bad.toml", content))
    assert done.returncode != 0
    assert says in done.stdout
    assert "Traceback" not in done.stdout


def test_a_stated_assumption_is_a_failed_test_of_its_own(tmp_path: Path) -> None:
    content = "[question2]\ngradient = 'softmax(y) - t when sum(t) == 1'\n"
    done = run(tmp_path, "--answer", write(tmp_path, "conditional.toml", content))
    assert "it says nothing beyond sum(t) == 1" in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_a_missing_file_is_a_wrong_use(tmp_path: Path) -> None:
    done = run(tmp_path, "--answer", "nowhere.toml")
    assert done.returncode == 4


def test_without_an_answer_the_plugin_does_nothing(tmp_path: Path) -> None:
    write(tmp_path, "test_one.py", "def test_one():\n    assert True\n")
    assert "1 passed" in run(tmp_path).stdout
