"""When two exact values agree: equal rationals, or balls too small and too close to differ."""

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb, fmpq

from gradaudit.language.numbers import FIRST_PRECISION, LAST_PRECISION, precision, primal
from gradaudit.language.outcomes import CannotTell, NoValue

SMALL = arb(2) ** -100  # a radius below this part of the scale tells two values apart


def settled(evaluate: Callable[[], Any]) -> Any:
    """Return a value whose every ball is finite and small, at as many bits as that takes.

    Raises NoValue for a value that is not finite, CannotTell where more bits do not decide a
    comparison, and the value's own errors otherwise.
    """
    bits = FIRST_PRECISION
    while bits <= LAST_PRECISION:
        with precision(bits):
            try:
                value = evaluate()
            except CannotTell as undecided:
                reason: Exception = undecided
            else:
                if all(_is_small(number) for number in np.ravel(np.array(value, dtype=object))):
                    return value
                reason = NoValue("the value is not finite")
        bits *= 2
    raise reason


def _is_small(number: Any) -> bool:
    number = primal(number)
    if not isinstance(number, arb):
        return True
    scale = abs(number).max(arb(1))
    return bool(number.is_finite() and number.rad() <= SMALL * scale)


def agree(one: Any, other: Any) -> bool:
    """Return whether two values can be the same. nan never is; see `settled` for the radii."""
    if isinstance(one, fmpq) and isinstance(other, fmpq):
        return bool(one == other)
    with precision(FIRST_PRECISION):
        one, other = arb(one), arb(other)
    return bool(one.is_finite() and other.is_finite() and one.overlaps(other))
