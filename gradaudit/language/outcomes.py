"""What can come of computing something, instead of a value."""

from typing import Any, Self

import numpy as np


class Missing(Exception):
    """Instead of a value: it is raised, or stands where a number would stand in an array.

    Whatever is computed with one is missing too, for the same reason; NoValue goes before.
    """

    def _spread(self, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented  # each of its entries is missing
        return other if isinstance(other, NoValue) else self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _spread
    __truediv__ = __rtruediv__ = __pow__ = _spread

    def __neg__(self) -> Self:
        return self


class NoValue(Missing):
    """There is no value at this input; the message says why."""


class NoSlope(NoValue):
    """There is no slope at a kink, where it is different on either side, but bounded."""


class Unfit(NoValue):
    """There is none as shapes do not go together, which at some sizes they may."""


class CannotTell(Missing):
    """Whether something holds at this input cannot be told; the message says why."""


def present(value: Any) -> Any:
    """Return a number or an array. Raises what stands in place of an entry."""
    for number in value.flat if isinstance(value, np.ndarray) else (value,):
        if isinstance(number, Missing):
            raise type(number)(*number.args)  # as it is kept, and would keep all that is at work
    return value
