"""`pytest --answer FILE`, run from a folder of its own."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
import scipy.optimize  # noqa: F401  # what a run in this process imports first, it takes away again
from hypothesis import settings

import gradaudit.answers.reading
import gradaudit.plugin
import gradaudit.telling.showing
import gradaudit.telling.verdicts  # noqa: F401
from gradaudit.judging.domains import EXAMPLES, _settings

pytest_plugins = ["pytester"]

WEIGHTED = Path(__file__).parent.parent / "examples" / "weighted"

GOOD = '[question2]\none_hot = "softmax(y) - t"\n[question3]\nconverges = "0 < eta < 1/5"\n'
WRONG = '[question2]\ngradient = "softmax(y) - t"\n[question3]\nconverges = "0 < eta < 1/5"\n'
PYTHON = "import os\nos.getpid()\ndef converges(eta):\n    return 0 < eta <= 0.2\n"
UNMASKED = """
import numpy as np
def network_gradients(W1, b1, w2, b2, X, t):
    h = np.maximum(X @ W1 + b1, 0)
    e = h @ w2 + b2 - t
    delta = np.outer(e, w2)
    return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()
"""


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
    assert "expected  dE/dy[0] = 0" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_python_answer_is_not_imported_into_pytest(pytester: pytest.Pytester) -> None:
    done = Run(pytester, "--answer", write(pytester, "theirs.py", PYTHON))
    assert "1 failed, 1 passed, 1 skipped" in done.stdout


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
            "it still contains d(...)",
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
    assert "right where sum(t) == 1, as it says; nothing is said beyond" in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_a_missing_file_is_a_wrong_use(pytester: pytest.Pytester) -> None:
    done = Run(pytester, "--answer", "nowhere.toml")
    assert done.returncode == 4


def test_without_an_answer_the_plugin_does_nothing(pytester: pytest.Pytester) -> None:
    write(pytester, "test_one.py", "def test_one():\n    assert True\n")
    assert "1 passed" in Run(pytester).stdout


def test_one_cause_is_one_failure_and_names_the_mistake(pytester: pytest.Pytester) -> None:
    done = Run(pytester, "-rs", "--answer", write(pytester, "unmasked.py", UNMASKED))
    assert "1 failed, 4 passed, 3 skipped" in done.stdout
    assert "(mask-missing)" in done.stdout
    reason = "for the same reason as: q1.gradients: equals the exact derivative"
    assert "SKIPPED [3]" in done.stdout
    assert reason in done.stdout


def test_a_cause_is_not_lost_where_its_first_law_is_not_chosen(pytester: pytest.Pytester) -> None:
    words = ("-k", "euler", "--answer", write(pytester, "unmasked.py", UNMASKED))
    done = Run(pytester, *words)
    assert "1 failed, 7 deselected" in done.stdout
    assert "(mask-missing)" in done.stdout


def test_a_part_that_is_conditional_says_on_what(pytester: pytest.Pytester) -> None:
    done = Run(pytester, "--answer", write(pytester, "wrong.toml", WRONG))
    says = "~ q2.gradient is conditional: right if you state sum(t) == 1; not in general"
    assert says in done.stdout
    assert "(sum-t-assumed)" in done.stdout


def test_each_wrong_line_of_a_derivation_is_a_failure(pytester: pytest.Pytester) -> None:
    lines = ["d(E, y[i])", "softmax(y)[i] * sum(t)", "softmax(y)[i]"]
    content = f"[question2]\ngradient = {lines}\n"
    done = Run(pytester, "--answer", write(pytester, "lines.toml", content))
    assert "2 failed, 1 passed" in done.stdout


def test_several_answers_and_folders_can_be_given(pytester: pytest.Pytester) -> None:
    folder = pytester.path / "answers"
    folder.mkdir()
    (folder / "good.toml").write_text(GOOD, encoding="utf-8")
    (folder / "_own.py").write_text("raise SystemExit", encoding="utf-8")
    other = write(pytester, "other.py", PYTHON)
    done = Run(pytester, f"--answer={other}", "--gradaudit", str(folder))
    assert "1 failed, 3 passed, 1 skipped" in done.stdout


def test_a_folder_without_answers_is_a_wrong_use(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_inprocess("--answer", str(pytester.path))
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: *: no .toml or .py file is in this folder"])


@pytest.mark.parametrize("form", [["--answer", "42"], ["--answer=42"]], ids=["apart", "together"])
def test_an_option_of_the_same_name_stays_with_its_project(
    pytester: pytest.Pytester, form: list[str]
) -> None:
    pytester.makeconftest("def pytest_addoption(parser): parser.addoption('--answer')")
    pytester.makepyfile("def test_it(request): assert request.config.option.answer == '42'")
    assert "1 passed" in Run(pytester, *form).stdout


def test_such_a_project_audits_by_the_long_name(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_addoption(parser): parser.addoption('--answer')")
    done = Run(pytester, "--gradaudit", write(pytester, "good.toml", GOOD))
    assert "2 passed" in done.stdout


def test_the_conftest_beside_an_answer_elsewhere_is_not_asked_for_options(
    pytester: pytest.Pytester, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    content = "def pytest_addoption(parser): parser.addoption('--answer')"
    (elsewhere / "conftest.py").write_text(content, encoding="utf-8")
    (elsewhere / "good.toml").write_text(GOOD, encoding="utf-8")
    assert "2 passed" in Run(pytester, "--answer", str(elsewhere / "good.toml")).stdout


def test_how_many_inputs_are_drawn_can_be_chosen(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("gradaudit.judging.domains.draw_settings", asked.append)
    good = write(pytester, "good.toml", GOOD)
    Run(pytester, "--answer", good, "--gradaudit-examples", "7")
    Run(pytester, "--answer", good)
    assert asked == [7]


@pytest.fixture
def our_profile() -> Iterator[None]:
    """Give back the profiles of Hypothesis that a run in this process puts in place of ours."""
    thorough = settings.get_profile("thorough")
    yield
    settings.register_profile("thorough", thorough)
    settings.load_profile("ci")


@pytest.mark.usefixtures("our_profile")
def test_the_profile_of_a_project_stays_its_own(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "from hypothesis import settings\n"
        "settings.register_profile('thorough', max_examples=1, database=None)"
    )
    words = ("--hypothesis-profile", "thorough", "--answer", write(pytester, "good.toml", GOOD))
    assert "2 passed" in Run(pytester, *words).stdout
    assert _settings.examples == EXAMPLES


def test_an_answer_that_cannot_be_read_leaves_the_others_tested(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("answers")
    for name, content in {"bad.toml": "[[[", "broken.py": "def f(:", "good.toml": GOOD}.items():
        (folder / name).write_text(content, encoding="utf-8")
    done = Run(pytester, "--answer", str(folder))
    assert done.returncode == 1
    assert "2 failed, 2 passed" in done.stdout
    assert "bad.toml: it is not TOML" in done.stdout
    assert "broken.py: it cannot be imported: line 1: SyntaxError" in done.stdout


def test_no_number_of_inputs_is_a_wrong_use(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_inprocess("--gradaudit-examples", "0")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*a whole number from 1 to 999999 is wanted*"])


def test_it_leaves_no_folder_behind(pytester: pytest.Pytester) -> None:
    write(pytester, "good.py", "def converges(eta):\n    return 0 < eta < 0.2\n")
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--answer", "good.py")
    done.assert_outcomes(passed=3)
    left = [path.name for path in pytester.path.iterdir() if path.name.startswith((".", "__"))]
    assert left == []


def test_tests_can_be_spread_over_processes(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    path = write(pytester, "theirs.py", PYTHON)
    quick = ("-p", "no:hypothesispytest")  # which takes long to load, three times
    done = pytester.runpytest_subprocess("-n", "2", *quick, "--answer", path)
    done.assert_outcomes(failed=1, passed=1, skipped=1)


def test_an_answer_to_another_question_is_judged_by_its_laws(pytester: pytest.Pytester) -> None:
    question = "--gradaudit-question", str(WEIGHTED / "question.toml")
    done = Run(pytester, "--answer", str(WEIGHTED / "gradient.py"), *question)
    assert "3 passed" in done.stdout


def test_a_question_that_cannot_be_read_is_an_error_of_use(pytester: pytest.Pytester) -> None:
    answer = write(pytester, "good.toml", GOOD)
    done = pytester.runpytest_inprocess("--answer", answer, "--gradaudit-question", "none.toml")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: none.toml: no question of the library, and no file" in done.stderr.str()


def test_an_answer_that_goes_on_is_a_failure(pytester: pytest.Pytester) -> None:
    answer = write(pytester, "a.toml", '[question2]\ngradient = ["d(E, y)", "..."]\n')
    assert (
        "is finished - Failed: ? q2.gradient untested" in Run(pytester, "--answer", answer).stdout
    )
