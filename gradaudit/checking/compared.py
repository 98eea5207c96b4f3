"""A comparison of two slopes along one direction."""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

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
    alone: bool = False
    close: bool = False
    at_kink: bool = False
    detail: str = ""
    stands: bool = False

    @property
    def middle(self) -> float:
        """The middle of the interval."""
        return (self.low + self.high) / 2

    @property
    def half(self) -> float:
        """Half of its width: the bound."""
        return (self.high - self.low) / 2

    @property
    def gap(self) -> float:
        """How far what is said lies outside of the interval."""
        return max(self.low - self.said, self.said - self.high, 0.0)

    def planted(self, other: float) -> bool:
        """Tell whether another slope in place of what is said would have been refused here."""
        if self.verdict not in {Verdict.AGREES, Verdict.DIGITS} or (self.stands and not other):
            return False
        half = max(self.half, ROUNDINGS * UNIT * self.size)
        return abs(other - self.middle) > REFUSE * half


def signs(random: np.random.Generator, size: int) -> Array:
    """Return factors of either sign between one and two: balanced, so that no entry can hide."""
    drawn = np.frombuffer(random.bytes(size), np.uint8)
    return np.asarray(FACTORS.take(drawn))


def only(move: Array, where: Any) -> Array:
    """Return a move along some of its coordinates alone."""
    part = np.zeros_like(move)
    part[where] = move[where]
    return part
