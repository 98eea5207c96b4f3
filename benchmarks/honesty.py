"""How often the truth lies outside of the bound that a line of values gives.

Families of functions of one number with slopes that are known, with offsets, scales, noise and
kinks near by; for each the share of places where the slope is outside of the interval, and the
median width of the interval in units of the slope. Run: python benchmarks/honesty.py [PLACES]
"""

import math
import sys
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from gradaudit.checking.lines import Line, NoValue, estimate

Function = Callable[[Any], Any]


def families() -> dict[str, tuple[Function, Function]]:
    """Return for each name a function of x and its slope."""
    noise = np.random.default_rng(0)
    made: dict[str, tuple[Function, Function]] = {
        "exp": (np.exp, np.exp),
        "sin": (np.sin, np.cos),
        "sin of fifty x": (lambda x: np.sin(50 * x), lambda x: 50 * np.cos(50 * x)),
        "log of x squared plus one": (
            lambda x: np.log(x * x + 1),
            lambda x: 2 * x / (x * x + 1),
        ),
        "a cubic": (lambda x: x**3 - x, lambda x: 3 * x * x - 1),
        "a narrow bell": (
            lambda x: np.exp(-100 * x * x),
            lambda x: -200 * x * np.exp(-100 * x * x),
        ),
        "an offset of 1e9": (lambda x: np.sin(x) + 1e9, np.cos),
        "a scale of 1e8": (lambda x: 1e8 * np.sin(x), lambda x: 1e8 * np.cos(x)),
        "a scale of 1e-8": (lambda x: 1e-8 * np.sin(x), lambda x: 1e-8 * np.cos(x)),
        "an offset that cancels": (lambda x: (np.sin(x) + 1e7) - 1e7, np.cos),
        "rounded to float32": (lambda x: float(np.float32(np.sin(x))), np.cos),
        "random noise of 1e-6": (
            lambda x: float(np.sin(x)) + 1e-6 * noise.standard_normal(),
            np.cos,
        ),
        "random noise of 1e-12": (
            lambda x: float(np.sin(x)) + 1e-12 * noise.uniform(-1, 1),
            np.cos,
        ),
        "a series of a thousand terms": (
            lambda x: sum(np.sin(x / k) / k for k in range(1, 1001)),
            lambda x: sum(np.cos(x / k) / k**2 for k in range(1, 1001)),
        ),
        "a pole near by": (lambda x: 1 / (x - 4.01), lambda x: -1 / (x - 4.01) ** 2),
        "cancelling exponentials": (
            lambda x: np.exp(x) - np.exp(x - 1e-3),
            lambda x: np.exp(x) - np.exp(x - 1e-3),
        ),
        "a steep tanh": (
            lambda x: np.tanh(30 * x),
            lambda x: 30 / np.cosh(30 * x) ** 2,
        ),
    }
    for distance in (1e-2, 1e-5, 1e-8, 1e-11):
        # The kink lies that far ahead of each place: made at the place itself, below.
        made[f"a kink {distance:g} ahead"] = (np.sin, np.cos)
    return made


def kinked(function: Function, at: float) -> Function:
    """Return a function that has a kink at a place, and is as before below it."""
    return lambda x: function(x) + 3 * np.maximum(x - at, 0)


def _along(function: Function, x: Any, v: Any, t: float) -> Any:
    return function(x + type(x)(t) * v)


def measured(name: str, places: int, extended: bool) -> tuple[int, int, float]:
    """Return how many places were settled, at how many of them the truth is outside, the width."""
    function, slope = families()[name]
    random = np.random.default_rng(len(name))
    outside = settled = 0
    widths = []
    for _ in range(places):
        x, v = float(random.uniform(-4, 4)), float(random.uniform(0.5, 4))
        here = function
        if "ahead" in name:
            here = kinked(function, x + float(name.split()[2]))
        number: Any = np.longdouble if extended else np.float64
        line = Line(
            partial(_along, here, number(x), number(v)),
            2.0**-64 if extended else 2.0**-53,
        )
        try:
            found = estimate(line)
        except NoValue:
            continue
        settled += 1
        truth = float(slope(np.longdouble(x)) * np.longdouble(v))
        # The slope itself is known to a few roundings only.
        slack = 2.0**-49 * (abs(truth) + v * abs(x))
        outside += not found.low - slack <= truth <= found.high + slack
        widths.append(found.half / max(abs(truth), 1e-300))
    return settled, outside, median(widths) if widths else math.nan


def main() -> None:
    """Print the table."""
    places = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print("| family | line | settled | outside | median width |\n|---|---|---|---|---|")
    total = missed = 0
    for name in families():
        for extended in (False, True):
            settled, outside, width = measured(name, places, extended)
            total, missed = total + settled, missed + outside
            line = "long double" if extended else "float64"
            print(f"| {name} | {line} | {settled} | {outside} | {width:.1g} |")
    print(f"\n{missed} of {total} outside: {100 * missed / total:.3f} %")


if __name__ == "__main__":
    main()
