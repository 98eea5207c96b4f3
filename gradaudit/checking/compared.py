"""A comparison of two slopes along one direction, and the point at which it is made."""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import numpy as np

from gradaudit.checking.charts import Array

UNIT = 2.0**-53
ROUNDINGS = 64  # that any way of computing a slope may differ by, in units of its terms
REFUSE = 8  # how many bounds a gap must have to be a refusal
FACTORS: Array = np.tile(np.outer([-1.0, 1.0], 1 + np.arange(16) / 16).reshape(-1), 8)  # by bytes


class Verdict(Enum):
    """What a comparison along one direction says."""

    AGREES = "agrees"
    DIGITS = "loses digits"
    KINK = "within the slopes of a kink"
    WRONG = "wrong"
    UNKNOWN = "not judged"


@dataclass(frozen=True)
class Compared:
    """A comparison along one direction.

    said: the slope by the gradient. low, high: the true one lies between. size: the sum of the
    sizes of the terms of `said`. how: the oracle. why: what an unknown one is due to. alone: it is
    the complex step alone that refuses, which values have yet to confirm at the entry. close: it is
    unknown since the interval is too wide. at_kink: f has one there. detail: more of why.
    stands: values stand still close by, so that a slope of zero would not be refused.
    """

    verdict: Verdict
    move: Array
    said: float
    size: float
    low: float = math.nan
    high: float = math.nan
    how: str = ""
    why: str = ""
    noise: float = 0.0
    alone: bool = False
    close: bool = False
    at_kink: bool = False
    detail: str = ""
    stands: bool = False

    @property
    def gap(self) -> float:
        """How far what is said lies outside of the interval."""
        return max(self.low - self.said, self.said - self.high, 0.0)

    def planted(self, other: float) -> bool:
        """Tell whether another slope in place of what is said would have been refused here."""
        if self.verdict not in {Verdict.AGREES, Verdict.DIGITS} or (self.stands and not other):
            return False
        half = max((self.high - self.low) / 2, ROUNDINGS * UNIT * self.size)
        return abs(other - (self.low + self.high) / 2) > REFUSE * half


class Point(Protocol):
    """A pair of functions at one input, as slopes along its coordinates."""

    here: float  # the value of the function
    unit: float  # the rounding unit of the gradient
    least: float  # the least number of its precision
    relative: float  # a declared accuracy of the function or its gradient, 0 for none
    extended: bool  # whether long double may be tried
    analytic: bool  # whether a complex step may be tried
    oracle: str  # what the imaginary step is called

    @property
    def random(self) -> np.random.Generator:
        """What directions are drawn from."""

    @property
    def scales(self) -> Array:
        """How far each coordinate may be moved."""

    @property
    def wide(self) -> Array:
        """The same, so that none is far less than the others."""

    @property
    def free(self) -> Array:
        """Whether each coordinate may be moved as far as one likes."""

    @property
    def keeps_long_double(self) -> bool:
        """Whether what it returns in long double was computed in it."""

    def value(self, move: Array, t: float, extended: bool = False) -> Any:
        """Return the function at t times a move. Raises NoValue."""

    def imaginary(self, move: Array, t: float = 0.0) -> float:
        """Return the slope along a move, at t times it, by an oracle of its own. Raises NoValue."""

    def said(self, move: Array) -> tuple[float, float]:
        """Return the slope along a move that the gradient says, and the sum of its terms' sizes."""

    def said_at(self, move: Array, aside: Array, t: float) -> float:
        """Return what the gradient at t times `aside` says of the slope along a move."""

    def slopes_at(self, aside: Array, t: float) -> Array | None:
        """Return the slopes along all coordinates that it says there, None where it says none."""

    def beside(self, t: float) -> "Point":
        """Return the pair where all arguments are off by about t. Raises NoValue, Fault."""

    def said_of_other_data(self, move: Array, near: float, which: int) -> float:
        """Return what it says where the arguments that stay are off by about that share of them.

        which: in one of several directions.
        """


def signs(random: np.random.Generator, size: int) -> Array:
    """Return factors of either sign between one and two: balanced, so that no entry can hide."""
    drawn = np.frombuffer(random.bytes(size), np.uint8)
    return np.asarray(FACTORS.take(drawn))
