"""What docs/ shows happens, and what it writes can be read."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from gradaudit.answers.checking import check
from gradaudit.checking.inputs import inputs
from gradaudit.checking.specs import KINDS, read_spec
from gradaudit.language.formula import FUNCTIONS
from gradaudit.questions.reading import read_questions

HOUSE = Path(__file__).parent.parent
DOCS = HOUSE / "docs"
INPUTS = (DOCS / "inputs.md").read_text(encoding="utf-8")
SPECS = [*re.findall(r"^\| `(\w+:.*?)` \|", INPUTS, re.MULTILINE), "X: [n,d], w: [d], t: [n]"]


def blocks() -> Iterator[object]:
    """Yield each block of Python with its place; examples have tests of their own."""
    examples = {one.read_text(encoding="utf-8") for one in HOUSE.glob("examples/**/*.py")}
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        for found in re.finditer(r"```python\n(.*?)```", text, re.DOTALL):
            line = text[: found.start()].count("\n") + 1
            if found[1] not in examples:
                yield pytest.param(found[1], id=f"{path.name}, line {line}")


@pytest.mark.parametrize("block", list(blocks()))
def test_a_block_runs_as_it_stands(block: str) -> None:
    for name in re.findall(r"^(?:import|from) (\w+)", block, re.MULTILINE):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    for extra in re.findall(r"^import gradaudit\.(\w+)", block, re.MULTILINE):
        pytest.importorskip(extra)
    exec(compile(block, "docs", "exec"), {})


QUESTIONS = (DOCS / "questions.md").read_text(encoding="utf-8")


def test_the_model_that_is_stated_is_sound(tmp_path: Path) -> None:
    stated, *_ = re.findall(r"```toml\n(.*?)```", QUESTIONS, re.DOTALL)
    (tmp_path / "question.toml").write_text(stated, encoding="utf-8")
    (question,) = read_questions(str(tmp_path / "question.toml"))
    assert check(question).faults == ()


def test_every_function_of_the_language_is_named() -> None:
    table = QUESTIONS.partition("## What a formula may hold")[2].partition("##")[0]
    named = re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", table)))
    assert FUNCTIONS.keys() <= set(named)


@pytest.mark.parametrize("spec", SPECS)
def test_a_spec_can_be_read_and_drawn(spec: str) -> None:
    assert len(inputs(read_spec(spec), 5)) == 5


def test_every_kind_is_described() -> None:
    described = {leaf.kind for spec in SPECS for leaf in read_spec(spec).leaves}
    assert described - {"option"} == set(KINDS)
