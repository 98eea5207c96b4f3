"""A test of one's own, on the inputs of a question."""

from pathlib import Path

from gradient import gradient
from hypothesis import given

from gradaudit import read_question

QUESTION = read_question(Path(__file__).with_name("question.toml"))  # or "ridge", of the library


@given(QUESTION.inputs("gradient"))  # its arguments by name; without, all that is given
def test_samples_that_count_twice_give_twice_the_gradient(inputs):
    twice = {**inputs, "c": 2 * inputs["c"]}
    assert (gradient(**twice) == 2 * gradient(**inputs)).all()
