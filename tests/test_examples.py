"""What stands in examples/ does what is said of it."""

import json
import shutil
from pathlib import Path

import pytest

from gradaudit.command import run

pytest_plugins = ["pytester"]

EXAMPLES = Path(__file__).parent.parent / "examples"
VERDICTS = {
    "derivations.toml": {"q1.y": "holds", "q1.derivation.W1": "holds", "q3.converges": "holds"},
    "formulas.toml": dict.fromkeys(
        ["q1.b1", "q1.b2", "q2.gradient", "q2.one_hot", "q3.converges"], "holds"
    ),
    "mask_missing.py": {"q1.gradients": "fails"},
    "softmax.py": {"q2.gradient": "holds", "q3.converges": "holds"},
    "wrong_line.toml": {"q2.gradient": "fails"},
}
TEST_FILE = "test_gradients.py"


def pytest_beside_them(pytester: pytest.Pytester, *words: str) -> str:
    """Run pytest where the examples are all there is."""
    shutil.copytree(EXAMPLES, pytester.path, dirs_exist_ok=True)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", *words).stdout.str()


def test_every_example_is_tried_here() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == {
        *VERDICTS,
        TEST_FILE,
        "mean_squared.py",
    }


@pytest.mark.parametrize("name", VERDICTS)
def test_an_example_gets_its_verdicts(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run([str(EXAMPLES / name)], as_json=True)
    (told,) = json.loads(capsys.readouterr().out)["audits"]
    answered = {part["id"]: part["status"] for part in told["parts"]}
    assert {
        part: status for part, status in answered.items() if status != "unanswered"
    } == VERDICTS[name]


def test_the_tests_of_a_project_pass(pytester: pytest.Pytester) -> None:
    assert "2 passed" in pytest_beside_them(pytester)


def test_a_law_is_a_test(pytester: pytest.Pytester) -> None:
    done = pytest_beside_them(pytester, "--answer", "softmax.py", "-k", "steps and contract")
    assert "1 passed" in done, done
