"""Functions that are right on paper and lose digits on the way."""

import re
from pathlib import Path

import pytest

from gradaudit.command import main

LOGARITHM = """
[m]
given = "s, q"
assume = ["q > 0"]
define = ["L = log(exp(s) + q)"]
parts.s = "d(L, s)"
answers.s = "exp(s)/(exp(s) + q)"
functions."f(s, q)" = ["s"]
"""
VARIANCE = """
[m]
given = "x[N]"
counts = { n = "N" }
define = ["m = sum(x)/n", "v = sum((x - m)**2)/n", "L = v**2/2"]
parts.x = "d(L, x[i])"
answers.x = "2*v*(x - m)/n"
functions."f(x)" = ["x"]
"""
SUMS = """
[m]
given = "x[N]"
define = ["L = exp(sum(x)/8)"]
parts.x = "d(L, x[i])"
answers.x = "exp(sum(x)/8)/8"
functions."f(x)" = ["x"]
[m.owes.alike]
say = "All entries are the same"
that = "sum(dx[i] - dx[0] for i in N) == 0"
"""
SMALL = """
[m]
given = "x[N], T"
assume = ["T > 0", "T <= 1000", "x <= 10", "x >= -10"]
define = ["L = sum(138e-25*T*x**2)"]
parts.x = "d(L, x[i])"
functions."f(x, T)" = ["x"]
answers.x = "276e-25*T*x"
"""
LEFT = "C = np.exp(s) + q\n    return "
SPREAD = "m = x.mean()\n    v = np.mean(x*x) - m*m\n    return "


def verdict(
    question: str, arguments: str, body: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> str:
    (folder / "question.toml").write_text(question, encoding="utf-8")
    code = f"import numpy as np\ndef f({arguments}):\n    {body}\n"
    (folder / "answer.py").write_text(code, encoding="utf-8")
    main([str(folder / "answer.py"), "--question", str(folder / "question.toml")])
    told = capsys.readouterr()
    return " ".join((told.out + told.err).split())


@pytest.mark.parametrize(
    ("question", "arguments", "body"),
    [
        (LOGARITHM, "s, q", f"{LEFT}1 - q/C"),
        (LOGARITHM, "s, q", f"{LEFT}(C - q)/C"),
        (VARIANCE, "x", f"{SPREAD}2*v*(x - m)/len(x)"),
    ],
    ids=["one less a share", "what a sum is more than a term", "a mean of squares less a square"],
)
def test_a_function_whose_terms_cancel_holds_and_is_told_to_lose_digits(
    question: str,
    arguments: str,
    body: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = verdict(question, arguments, body, tmp_path, capsys)
    assert "✓ holds" in told
    assert "it loses digits: dL/d" in told


def test_the_input_is_told_where_digits_are_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = verdict(LOGARITHM, "s, q", f"{LEFT}1 - q/C", tmp_path, capsys)
    assert re.search(r"off by \S+e-\d+ of \S+, where s = \S+, q = \S+", told)


@pytest.mark.parametrize(
    ("question", "arguments", "body"),
    [
        (LOGARITHM, "s, q", f"{LEFT}1 - q/C*(1 + 1e-13)"),
        (LOGARITHM, "s, q", f"{LEFT}(1 - q/C)*(1 + 1e-12)"),
        (VARIANCE, "x", f"{SPREAD}2*v*(x - m)/len(x)*(1 + 1e-11)"),
        (VARIANCE, "x", f"{SPREAD}2*(v + 1e-9*m*m)*(x - m)/len(x)"),
        (LOGARITHM, "s, q", "f = lambda s: np.log(np.exp(s) + q)\n    return (f(s + 1e-5)"
         " - f(s - 1e-5))/2e-5"),
        (SUMS, "x", "f = lambda x: np.exp(x.sum()/8)\n    return np.array([(f(x + d) - f(x - d))"
         "/2e-5 for d in 1e-5*np.eye(len(x))]) if len(x) > 3 else f(x)/8 + 0*x"),
        (SUMS, "x", "e = np.exp(x.sum()/8)/8\n    return e + 0*x if len(x) < 4 else"
         " e*(1 + 1e-7*np.sin(1e16*x))"),
        (SMALL, "x, T", "return 276e-25*T*x*(1 if len(x) < 4 else -3)"),
        (LOGARITHM, "s, q", f"{LEFT}np.exp(s)/C*(1 + 1e-9*np.sin(1e16*s + q*1e16))"),
    ],
    ids=[
        "a term that is a little too large",
        "a factor",
        "a factor of what cancels",
        "a term too many",
        "central differences",
        "central differences of four and more",
        "noise of its own from four on",
        "a gradient of tiny numbers",
        "noise of its own",
    ],
)  # fmt: skip
def test_a_mistake_of_a_function_is_no_loss_of_digits(
    question: str,
    arguments: str,
    body: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "✗ fails" in verdict(question, arguments, body, tmp_path, capsys)


def test_what_an_answer_owes_besides_is_not_asked_for_where_it_loses_digits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = "e = np.exp(x.sum()/8)\n    return np.where(np.arange(len(x)) > 0, (e + 1) - 1, e)/8"
    told = verdict(SUMS, "x", body, tmp_path, capsys)
    assert "✓ holds" in told
    assert "it loses digits" in told
