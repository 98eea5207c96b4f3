"""`pytest --answer FILE`, run from a folder of its own."""

import xml.etree.ElementTree as ET

import pytest
import scipy.optimize  # noqa: F401  # what a run in this process imports first, it takes away again

import gradaudit.answers.reading
import gradaudit.plugin
import gradaudit.telling.showing  # noqa: F401

pytest_plugins = ["pytester"]

GOOD = '[question2]\none_hot = "softmax(y) - t"\n[question3]\nconverges = "0 < eta < 1/5"\n'
WRONG = '[question2]\ngradient = "softmax(y) - t"\n[question3]\nconverges = "0 < eta < 1/5"\n'
PYTHON = "import os\nos.getpid()\ndef converges(eta):\n    return 0 < eta <= 0.2\n"


class Run:
    """A run of pytest in this process; `tests/test_readme.py` runs it in one of its own."""

    def __init__(self, pytester: pytest.Pytester, *words: str) -> None:
        result = pytester.runpytest_inprocess("-p", "no:cacheprovider", *words)
        self.returncode = result.ret
        self.stdout = result.stdout.str()


def write(pytester: pytest.Pytester, name: str, content: str) -> str:
    path = pytester.path / name
    path.write_text(content, encoding="utf-8")
    return str(path)


def test_one_test_is_run_for_each_part_and_law(pytester: pytest.Pytester) -> None:
    done = Run(pytester, "-v", "--answer", write(pytester, "good.toml", GOOD))
    assert done.returncode == 0
    assert "2 passed" in done.stdout
    assert "::q3::converges: condition holds where steps contract" in done.stdout


def test_a_law_that_fails_is_shown_without_a_traceback(pytester: pytest.Pytester) -> None:
    done = Run(pytester, "--answer", write(pytester, "wrong.toml", WRONG))
    assert done.returncode == 1
    assert "dE/dy[0]: found -1/2, expected 0" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_python_answer_is_not_imported_into_pytest(pytester: pytest.Pytester) -> None:
    done = Run(pytester, "--answer", write(pytester, "theirs.py", PYTHON))
    assert "2 failed, 1 passed" in done.stdout


def test_other_tests_are_not_run(pytester: pytest.Pytester) -> None:
    write(pytester, "test_other.py", "def test_other():\n    assert False\n")
    done = Run(pytester, "--answer", write(pytester, "good.toml", GOOD))
    assert "2 passed" in done.stdout


def test_tests_can_be_chosen_by_name(pytester: pytest.Pytester) -> None:
    done = Run(pytester, "-k", "q3", "--answer", write(pytester, "good.toml", GOOD))
    assert "1 passed, 1 deselected" in done.stdout


def test_junit_names_the_part_and_the_law(pytester: pytest.Pytester) -> None:
    report = pytester.path / "report.xml"
    Run(pytester, "--junitxml", str(report), "--answer", write(pytester, "wrong.toml", WRONG))
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
def test_what_cannot_be_judged_does_not_pass(
    pytester: pytest.Pytester, content: str, says: str
) -> None:
    done = Run(pytester, "--answer", write(pytester, "bad.toml", content))
    assert done.returncode != 0
    assert says in done.stdout
    assert "Traceback" not in done.stdout


def test_a_stated_assumption_is_a_failed_test_of_its_own(pytester: pytest.Pytester) -> None:
    content = "[question2]\ngradient = 'softmax(y) - t when sum(t) == 1'\n"
    done = Run(pytester, "--answer", write(pytester, "conditional.toml", content))
    assert "it says nothing beyond sum(t) == 1" in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_a_missing_file_is_a_wrong_use(pytester: pytest.Pytester) -> None:
    done = Run(pytester, "--answer", "nowhere.toml")
    assert done.returncode == 4


def test_without_an_answer_the_plugin_does_nothing(pytester: pytest.Pytester) -> None:
    write(pytester, "test_one.py", "def test_one():\n    assert True\n")
    assert "1 passed" in Run(pytester).stdout
