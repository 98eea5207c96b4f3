"""What stands in examples/ does what is said of it."""

import json
import runpy
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
SCRIPTS = {  # with what they print
    "scipy_objective.py": [
        "jac, as the gradient of fun by x: holds",
        "hess, as the Jacobian of jac by x: holds",
    ],
    "least_squares_jacobian.py": [
        "jacobian, as the Jacobian of residuals by p: holds",
        "[2.  1.5 0.5]",
    ],
    "softmax_in_a_class.py": ["gradient, as the gradient of loss by W: holds"],
    "torch_function.py": [
        "the backward pass of Swish.apply by x: holds",
        "gradcheck of the wrong one: True",
        "the backward pass of FlatSwish.apply by x is wrong",
    ],
    "jax_custom_vjp.py": ["what jax.vjp says of norm by x: holds"],
}
TEST_FILES = {"test_gradients.py", "test_gradient_of_mine.py"}


def pytest_beside_them(pytester: pytest.Pytester, *words: str) -> str:
    """Run pytest where the examples are all there is."""
    shutil.copytree(EXAMPLES, pytester.path, dirs_exist_ok=True)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", *words).stdout.str()


def test_every_example_is_tried_here() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == {
        *VERDICTS,
        *SCRIPTS,
        *TEST_FILES,
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
    assert "13 passed" in pytest_beside_them(pytester)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_prints_what_it_found(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if (needed := name.partition("_")[0]) in {"torch", "jax"}:
        pytest.importorskip(needed)
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    told = capsys.readouterr().out
    assert [line for line in SCRIPTS[name] if line not in told] == []


def test_a_law_is_a_test(pytester: pytest.Pytester) -> None:
    done = pytest_beside_them(pytester, "--answer", "softmax.py", "-k", "steps and contract")
    assert "1 passed" in done, done
