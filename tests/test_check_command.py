"""`gradaudit check`: a pair of functions, from a shell."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gradaudit.command import main

MODULE = """
import numpy as np

print("imported")


def loss(X, w, t):
    print("called")
    return np.sum((X @ w - t) ** 2)


def gradient(X, w, t):
    return 2 * X.T @ (X @ w - t)


def half(X, w, t):
    return X.T @ (X @ w - t)


def both(X, w, t):
    return loss(X, w, t), gradient(X, w, t)


def residuals(w):
    return w ** 2


def product(w, u):
    return 2 * w * u


def jacobian(w):
    return np.diag(2 * w)


def slopes(w):
    return 2 * w


def nowhere(w):
    return float("nan")


class Fitted:
    def __init__(self, X, t):
        self.X, self.t = X, t


def fitted_loss(model, w):
    return loss(model.X, w, model.t)


def fitted_gradient(model, w):
    return gradient(model.X, w, model.t)


constant = 3
"""
SPEC = "X: [n,d], w: [d], t: [n]"
WRT = ("--wrt", "w")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "losses.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "losses", raising=False)


def check(*words: str) -> int:
    return main(["check", *words, "--examples", "20"])


class TestExitCodes:
    @pytest.mark.parametrize(
        "words",
        [
            pytest.param(("losses:loss", "losses:gradient", SPEC, *WRT), id="a gradient"),
            pytest.param(
                ("losses:fitted_loss", "losses:fitted_gradient", SPEC, "--given", "losses:Fitted"),
                id="an object that is made of arguments",
            ),
            pytest.param(("losses:both", SPEC, *WRT, "--kind", "value-and-grad"), id="both in one"),
            pytest.param(
                ("losses:residuals", "losses:product", "w: [n]", "--kind", "vjp"), id="a vjp"
            ),
            pytest.param(
                ("losses:residuals", "losses:product", "w: [n]", "--kind", "jvp"), id="a jvp"
            ),
            pytest.param(
                ("losses:residuals", "losses:jacobian", "w: [n]", "--kind", "jacobian"),
                id="a Jacobian",
            ),
            pytest.param(
                ("losses:residuals", "losses:slopes", "w: [n]", "--kind", "elementwise"),
                id="slopes of each entry",
            ),
        ],
    )
    def test_0_where_it_holds(self, words: tuple[str, ...]) -> None:
        assert check(*words) == 0

    def test_1_where_it_is_wrong(self) -> None:
        assert check("losses:loss", "losses:half", SPEC, *WRT) == 1

    def test_3_where_it_could_not_be_judged(self) -> None:
        assert check("losses:nowhere", "losses:slopes", "w: [n]") == 3

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            pytest.param(
                ("losses:loss", "losses:gradient", "X: [n,d"),
                "column 8: found the end, expected , or ]",
                id="a spec that cannot be read",
            ),
            pytest.param(
                ("nothing:loss", "losses:gradient", SPEC),
                "nothing cannot be imported: ModuleNotFoundError: No module named 'nothing'",
                id="a module that is not there",
            ),
            pytest.param(
                ("losses:los", "losses:gradient", SPEC), "losses has no los", id="no such function"
            ),
            pytest.param(
                ("losses.loss", "losses:gradient", SPEC),
                "losses.loss: a function is named package.module:function",
                id="no colon",
            ),
            pytest.param(
                ("losses:constant", "losses:gradient", SPEC),
                "losses:constant is no function",
                id="a number",
            ),
            pytest.param(
                ("losses:loss", SPEC), "two functions and a spec are wanted", id="one function"
            ),
            pytest.param(
                ("losses:loss", "losses:gradient", SPEC, "--wrt", "v"),
                "wrt: no argument v",
                id="an argument that is not there",
            ),
        ],
    )
    def test_2_and_one_line_where_it_is_called_wrongly(
        self, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert check(*words) == 2
        lines = [line for line in capsys.readouterr().err.splitlines() if line != "imported"]
        assert len(lines) == 1
        assert lines[0].startswith(f"gradaudit: check: {said}")


class TestJson:
    def told(self, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
        check(*words, "--format", "json")
        return json.loads(capsys.readouterr().out)

    def test_a_report(self, capsys: pytest.CaptureFixture[str]) -> None:
        told = self.told(capsys, "losses:loss", "losses:gradient", SPEC, *WRT)
        assert (told["status"], told["tried"]) == ("holds", 20)

    def test_a_refusal(self, capsys: pytest.CaptureFixture[str]) -> None:
        told = self.told(capsys, "losses:loss", "losses:half", SPEC, *WRT)
        assert {name: told[name] for name in ("status", "law", "entry")} == {
            "status": "wrong",
            "law": "slope",
            "entry": "dw[0]",
        }
        assert told["low"] <= 2 * told["said"] <= told["high"]
        assert told["arguments"]["X"] == "np.array([[1.0]])"
        assert "half of what is right, in dw" in told["text"]
        assert told["told"]["it is"] == "half of what is right, in dw"


def test_it_works_as_a_process_from_the_folder_of_the_module(tmp_path: Path) -> None:
    house = str(Path(__file__).parent.parent)
    words = ["check", "losses:loss", "losses:half", SPEC, *WRT]
    start = "import sys; from gradaudit.command import main; sys.exit(main())"  # as a script does
    done = subprocess.run(
        [sys.executable, "-P", "-c", start, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": house},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[0].split(":")[0]) == (
        1,
        "half, as the gradient of loss by w, is wrong",
    )


def test_its_help_tells_each_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    told = capsys.readouterr().out
    assert all(f"--{name}" in told for name in ("wrt", "kind", "examples", "seed", "rel", "format"))
