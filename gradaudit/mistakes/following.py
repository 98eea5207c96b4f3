"""Which wrong steps make numbers right that are wrong after them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from flint import arb

from gradaudit.judging.cases import data_of
from gradaudit.judging.written import Block, exact_value
from gradaudit.language.numbers import FIRST_PRECISION, each, precision
from gradaudit.language.outcomes import Missing, present
from gradaudit.language.written import Written
from gradaudit.mistakes.numbers import TELLING, computed, is_right


def followed(block: Block, earlier: Sequence[Block]) -> tuple[str, ...]:
    """Return which wrong steps before wrong numbers make them right, if some do.

    earlier: all that the answer has before them. One step alone is tried first, the last before
    the others. Numbers follow trivially that are 0, or that the right values would give as well.
    """
    wrong = [one for one in earlier if not is_right(one)]
    for own in (*([one] for one in reversed(wrong)), earlier):
        if wrong and _follows(block, own):
            return tuple(one.name for one in own if one in wrong)
    return ()


def _follows(block: Block, own: Sequence[Block]) -> bool:
    """Return whether numbers follow from others, exactly as these are written or as rounded."""
    return any(_follow_from(block, own, read) for read in (lambda number: number.value, _ball))


def _follow_from(block: Block, own: Sequence[Block], read: Callable[[Written], Any]) -> bool:
    question, case = block.question, data_of(block.question)
    values = {**case.values, **{one.name: each(read, one.numbers[()]) for one in own}}
    try:
        with precision(FIRST_PRECISION):
            found = present(computed(question, block.name, values))
            arrays = (block.numbers, found, exact_value(block.question, block.name))
            numbers, follow, right = (np.ravel(np.array(one, dtype=object)) for one in arrays)
            wide = [
                arb(one) + arb(0, number.radius)
                for one, number in zip(follow, numbers, strict=True)
            ]
    except Missing:
        return False
    follows = all(one.contains(number.value) for one, number in zip(wide, numbers, strict=True))
    return follows and any(
        number.value != 0 and number.significant >= TELLING and not one.contains(exact)
        for one, number, exact in zip(wide, numbers, right, strict=True)
    )


def _ball(number: Written) -> Any:
    """Return all that a written number may stand for."""
    return arb(number.value, number.radius) if number.radius else number.value
