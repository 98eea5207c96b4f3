"""When two exact values agree: equal rationals, or balls too small and too close to differ."""

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb, fmpq

from gradaudit.language.numbers import FIRST_PRECISION, LAST_PRECISION, precision, primal
from gradaudit.language.outcomes import CannotTell, Missing, present

SMALL = arb(2) ** -100  # a radius below this part of the scale tells two values apart


def settle(evaluate: Callable[[], Any]) -> Any:
    """Return a value whose every ball is finite and small, at as many bits as that takes.

    Where an entry has none, or more bits do not tell what it is, the reason stands there. Raises
    the value's own errors.
    """
    found, unsettled, bits = np.array(None), [()], FIRST_PRECISION
    while unsettled and bits <= LAST_PRECISION:
        with precision(bits):
            try:
                again = np.array(evaluate(), dtype=object)
            except CannotTell as reason:
                again = np.array(reason, dtype=object)
        for place in unsettled if again.shape == found.shape else ():
            found[place] = again[place]
        if again.shape != found.shape:
            found = again
        unsettled = [place for place in np.ndindex(found.shape) if not is_settled(found[place])]
        bits *= 2
    for place in unsettled:
        if not isinstance(found[place], CannotTell):
            found[place] = CannotTell("a number too large, or too close to undefined, to tell")
    return found[()]


def settled(evaluate: Callable[[], Any]) -> Any:
    """Return such a value. Raises what `settle` does, and what stands in place of an entry."""
    return present(settle(evaluate))


def is_settled(number: Any) -> bool:
    """Return whether a number is known well enough: finite and small, or known to be missing."""
    number = primal(number)
    if not isinstance(number, arb):
        return not isinstance(number, CannotTell)
    scale = abs(number).max(arb(1))
    return bool(number.is_finite() and number.rad() <= SMALL * scale)


def agree(one: Any, other: Any) -> bool:
    """Return whether two values can be the same. nan never is; see `settled` for the radii."""
    if isinstance(one, fmpq) and isinstance(other, fmpq):
        return bool(one == other)
    if isinstance(one, Missing) or isinstance(other, Missing):
        return False
    with precision(FIRST_PRECISION):
        one, other = arb(one), arb(other)
    return bool(one.is_finite() and other.is_finite() and one.overlaps(other))
