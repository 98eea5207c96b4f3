"""Answers in notebooks."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("nbformat", reason="it comes with the extra `notebook`")

from gradaudit.answers.notebooks import definitions, notebook_of
from gradaudit.answers.reading import read
from gradaudit.answers.verdicts import Audit, audit
from gradaudit.questions.files import Unreadable

RIGHT = "def softmax_gradient(y, t):\n    return softmax(y) * t.sum() - t\n"
HELPER = (
    "import numpy as np\ndef softmax(y):\n    r = np.exp(y - y.max())\n    return r / r.sum()\n"
)


def cell(kind: str, source: str) -> dict[str, Any]:
    of_code: dict[str, Any] = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source, **of_code}


def notebook(*cells: dict[str, Any]) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": list(cells)})


def judged(tmp_path: Path, *cells: dict[str, Any]) -> Audit:
    path = tmp_path / "answer.ipynb"
    path.write_text(notebook(*cells), encoding="utf-8")
    return audit(read(str(path)))


def status(told: Audit) -> dict[str, str]:
    return {one.part: one.status for one in told.answered}


def test_its_functions_are_judged(tmp_path: Path) -> None:
    told = judged(tmp_path, cell("code", HELPER), cell("code", RIGHT))
    assert status(told) == {"q2.gradient": "holds"}


def test_toml_in_its_markdown_is_judged_beside_its_functions(tmp_path: Path) -> None:
    toml = "# Mine\n```toml\n[question3]\nconverges = '0 < eta < 1/5'\n```\nDone.\n"
    told = judged(tmp_path, cell("markdown", toml), cell("code", HELPER + RIGHT))
    assert status(told) == {"q2.gradient": "holds", "q3.converges": "holds"}


def test_what_stands_in_two_places_is_not_judged(tmp_path: Path) -> None:
    toml = "```toml\n[question3]\nconverges = '0 < eta < 1/5'\n```\n"
    told = judged(tmp_path, cell("markdown", toml * 2))
    assert status(told) == {"q3.converges": "untested"}
    assert "it stands in block 1 of TOML and in block 2 of TOML" in told.answer.malformed[0]


@pytest.mark.parametrize(
    "unneeded",
    [
        "%matplotlib inline\n!pip install numpy\nimport matplotlib.pyplot as plt\nplt.show()",
        "%%bash\nrm -rf nothing",
        "y = load('nowhere')\nprint(softmax_gradient(y, y))",
        "while True:\n    pass",
        "softmax_gradient?",
        "files = !ls",
        "!pip install \\\n  numpy \\\n  scipy",
        "%timeit softmax_gradient(1,\\\n  2)\nx = 1",
        "this is no Python",
        "return 3",
    ],
    ids=[
        "magics",
        "a shell",
        "a run",
        "a loop",
        "help",
        "a listing",
        "two lines",
        "and more",
        "notes",
        "a stray return",
    ],
)
def test_what_the_functions_do_not_use_is_left_out(tmp_path: Path, unneeded: str) -> None:
    told = judged(tmp_path, cell("code", HELPER), cell("code", RIGHT), cell("code", unneeded))
    assert status(told) == {"q2.gradient": "holds"}


@pytest.mark.parametrize(
    "needed",
    [
        "from numpy import *\nscale = 1.0\ndef f(y):\n    return scale * exp(y)",
        "scale = [2.0]\nscale[0] = 1.0\nimport numpy as np\nf = lambda y: scale[0] * np.exp(y)",
        "%%time\nimport numpy\ndef f(y):\n    g = lambda: numpy.exp(y)\n    return g()",
        "try:\n    from numpy import exp as f\nexcept ImportError:\n    f = None",
    ],
    ids=["a star", "a constant that changes", "a closure", "a choice"],
)
def test_what_the_functions_use_is_kept(tmp_path: Path, needed: str) -> None:
    uses = "def softmax_gradient(y, t):\n    r = f(y - y.max())\n    return r/r.sum()*t.sum() - t"
    told = judged(tmp_path, cell("code", needed), cell("code", uses))
    assert status(told) == {"q2.gradient": "holds"}


@pytest.mark.parametrize(
    "cells",
    [
        [f"%%writefile net.py\n{HELPER}{RIGHT}"],
        [f"%%writefile ./net.py\n{HELPER}", f"from net import *\n{RIGHT}"],
        [f"%%file net.py\n{HELPER}", f"%%file -a net.py\n{RIGHT}", "import net", "net.test()"],
        [f"%%writefile net.py\n{HELPER}{RIGHT}", "from net import softmax_gradient"],
        [f"%%writefile net.py\n{HELPER}", "import net", RIGHT.replace("softmax(", "net.softmax(")],
    ],
    ids=["alone", "a helper", "in two cells", "imported", "used"],
)
def test_a_module_that_a_cell_writes_is_there(tmp_path: Path, cells: list[str]) -> None:
    told = judged(tmp_path, *(cell("code", one) for one in cells))
    assert status(told) == {"q2.gradient": "holds"}


def test_a_file_of_another_kind_that_a_cell_writes_is_not_read(tmp_path: Path) -> None:
    told = judged(
        tmp_path, cell("code", "%%writefile notes.txt\nx = ["), cell("code", HELPER + RIGHT)
    )
    assert status(told) == {"q2.gradient": "holds"}


def test_a_parameter_needs_nothing_of_its_name() -> None:
    code = ["X = load()", "def f(X):\n    return X"]
    assert "load" not in definitions(code, ["f"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a notebook that can be read"),
        (b"{}", "not a notebook that can be read"),
        (b"\xff\xfe", "not a notebook that can be read"),
        (b"[" * 100_000, "not a notebook that can be read"),
        (notebook(cell("code", "x = 1")).encode(), "no code cell defines network_gradients"),
        (notebook(cell("code", "x = ")).encode(), "code cell 1 is not Python"),
    ],
    ids=["nothing", "an object", "no text", "deep nesting", "no functions", "broken code"],
)
def test_one_without_an_answer_is_told_in_a_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "answer.ipynb"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=said) as told:
        read(str(path))
    assert "\n" not in str(told.value)


def test_blocks_of_other_languages_are_no_answers() -> None:
    text = "```python\nx = 1\n```\n~~~toml\na = 1\n~~~\n    ```toml\n    b = 1\n"
    assert notebook_of(notebook(cell("markdown", text)).encode()) == ([], ["a = 1\n"])
