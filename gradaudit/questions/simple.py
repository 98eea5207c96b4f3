"""Exact numbers and arrays of them: how simple they are, and as float64."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from flint import fmpq

from gradaudit.language.outcomes import NoValue

KEPT = 2**16  # inputs of which something is kept that costs to work out, more than there are
SIMPLE = (*map(fmpq, (0, 1, -1, 2, -2, 3, -3)), fmpq(1, 2), fmpq(-1, 2), fmpq(3, 2))
FROM_ONE = (SIMPLE[1], SIMPLE[0], *SIMPLE[2:])  # where 1 says more than 0


def exact_float(number: Any) -> fmpq:
    """Return the exact value of the float64 nearest to a number. Raises NoValue if none is."""
    try:
        return fmpq(*float(number).as_integer_ratio())
    except OverflowError:
        raise NoValue("a number is too large for float64") from None


def floats(value: Any) -> Any:
    """Return float64 values of exact ones, in a fresh array."""
    return np.array(value, dtype=np.float64) if np.ndim(value) else np.float64(float(value))


def effort(number: fmpq, order: Sequence[fmpq] = SIMPLE) -> int:
    """Return how hard a number is to calculate with by hand."""
    return order.index(number) if number in order else len(order) + number.height_bits()


def easier(number: fmpq, order: Sequence[fmpq] = SIMPLE) -> Iterator[fmpq]:
    """Yield numbers that are easier to calculate with."""
    for candidate in (*order, fmpq(round(number)), fmpq(round(2 * number), 2)):
        if effort(candidate, order) < effort(number, order):
            yield candidate


def easier_entries(value: Any, order: Sequence[fmpq] = SIMPLE) -> Iterator[Any]:
    """Yield an array, or a number, with one entry made easier."""
    if not np.ndim(value):
        yield from easier(value, order)
        return
    for place, number in np.ndenumerate(value):
        for candidate in easier(number, order):
            changed = value.copy()
            changed[place] = candidate
            yield changed


def all_effort(value: Any, order: Sequence[fmpq] = SIMPLE) -> int:
    """Return how hard all entries of an array are to calculate with."""
    return sum(effort(one, order) for one in np.ravel(np.array(value, dtype=object)))
