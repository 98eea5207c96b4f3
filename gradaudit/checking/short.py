"""A short precision beside double precision: what it leaves of gradients that were judged there."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradaudit.checking.charts import Array
from gradaudit.checking.refusals import Fault, WrongGradient, in_full
from gradaudit.checking.reports import Report

ROUNDINGS = 8  # of numbers of the size of the cotangent, which any way of computing may take


@dataclass
class Beside:
    """Gradients in a short precision, compared with the same in double precision.

    Roundings may take all digits of one, as of 1 - tanh(x)**2 where x is large; at most inputs only
    a mistake does. name: `float16`. unit: its rounding unit. off: how often they were far apart, of
    how many calls.
    """

    name: str
    unit: float
    calls: int = 0
    off: int = 0
    worst: float = 0.0
    told: str = ""

    def add(self, names: Sequence[str], short: Sequence[Array], double: Sequence[Array]) -> None:
        """Compare what came of one call; where the short one overflows, that says nothing."""
        if not all(np.isfinite(one).all() for one in (*short, *double)):
            return
        scale = max((float(np.abs(one).max(initial=0)) for one in double), default=0.0)
        allowed = math.sqrt(self.unit) * scale + ROUNDINGS * self.unit
        self.calls += 1
        gaps = [np.abs(one - other) for one, other in zip(short, double, strict=True)]
        k = max(range(len(gaps)), key=lambda i: float(gaps[i].max(initial=0)))
        gap = float(gaps[k].max(initial=0))
        self.off += gap > allowed
        if gap > max(self.worst, allowed):
            at = np.unravel_index(int(gaps[k].argmax()), gaps[k].shape)
            index = f"[{','.join(map(str, at))}]" if at else ""
            said = f"{names[k]}{index} is {short[k][at]:.6g} in {self.name}"
            self.worst, self.told = gap, f"{said}, and {double[k][at]:.6g} in double precision"

    def judge(self, report: Report) -> None:
        """Refuse what is wrong at most inputs, and remark on what is at some. WrongGradient."""
        if 2 * self.off > self.calls:
            text = in_full(f"{report.what} is wrong in {self.name}: {self.told}", {"law": "digits"})
            raise WrongGradient(text, Fault("digits", text), report=report)
        if self.off:
            report.remarks[f"{self.told}, at {self.off} of {self.calls} calls"] += 1
