"""How far roundings may move what a gradient says."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from gradaudit.checking.charts import Array
from gradaudit.checking.compared import UNIT, Compared, signs
from gradaudit.checking.lines import Line, NoValue, coarse_level, grid_of, noise_of
from gradaudit.checking.points import Input
from gradaudit.checking.refusals import Fault, NotOffered

# Spacings of inputs at which roundings on the way are others.
BESIDE = (2.0**-33, 2.0**-27, 2.0**-22)
HUGE = 2.0**600  # the squares of numbers as large overflow
LOST = 1e-6  # the most that roundings of the gradient may explain


def explain(point: Input, found: Compared, terms: float, gap: float) -> bool:
    """Tell whether roundings of the inputs and on the way, as they move a gradient, explain a gap.

    terms: the size of those that what it says is the sum of.
    """
    move, said = found.move, found.said
    level, coarser = 0.0, point.unit / UNIT
    for spacing in (2.0**-44 * coarser, 2.0**-33 * min(coarser, 2.0**20)):
        values = [point.said_at(move, move, spacing * i) for i in range(1, 8)]
        level = max(level, _level(values))
    near = max(2.0**-30, 8 * point.unit)
    moved = [
        abs(point.said_at(move, signs(point.random, len(move)) * point.scales, near) - said)
        for _ in range(8)
    ]
    # A jump of the gradient is no rounding of it.
    smooth = [gap for gap in moved if gap <= 1e-3 * terms]
    by_inputs = max(smooth, default=0.0) / near
    by_data, level_of_data = _by_data(point, move, said, terms)
    roundings = 4 * point.unit * (by_inputs + by_data) + _grid(point, move)
    level = max(level, level_of_data)
    if not math.isfinite(level + roundings):
        return False
    least = gap / 8 - roundings
    return level >= least or least <= noise_beside(point, lambda o: o.said(move)[0], least)


def _level(values: Sequence[float]) -> float:
    """Return the level of noise in values, also where it is that of an exponent: exp(p - q)."""
    level = noise_of(np.array(values))
    return HUGE * noise_of(np.array(values) / HUGE) if math.isinf(level) else level


def noise_beside(point: Input, slope: Callable[[Input], float], least: float = 0.0) -> float:
    """Return the level of noise in slopes beside the input, where all arguments are others.

    Of a matrix that is solved with, roundings stay the same while right-hand sides move.
    least: a smaller level is of no interest.
    """
    if point.unit > UNIT:
        return 0.0

    def phi(t: float) -> float:
        try:
            return slope(point.beside(t))
        except (Fault, NotOffered) as none:
            raise NoValue("the gradient has no value") from none

    line, level = Line(phi), 0.0
    for spacing in BESIDE:
        ahead = coarse_level(line, spacing)
        if ahead >= least and ahead > level:  # else what is behind changes nothing
            level = max(level, min(ahead, coarse_level(line, -spacing)))
    return level


def _by_data(point: Input, move: Array, said: float, terms: float) -> tuple[float, float]:
    """Return how far what the gradient says moves with data that it is not by, for each unit of it.

    And the level of noise along such data: where a mean is subtracted, its rounding is of the data.
    """
    near, gaps, level = 2.0**-40, [0.0], 0.0
    for k in range(4):
        gap = abs(point.said_of_other_data(move, near, k) - said)
        if gap <= 1e-3 * terms:
            gaps.append(gap)
    for k, spacing in enumerate((2.0**-48, 2.0**-44)):
        values = [point.said_of_other_data(move, spacing * i, k) for i in range(1, 8)]
        noise = _level(values)
        if math.isfinite(noise):
            level = max(level, noise)
    return max(gaps) / near, level


def _grid(point: Input, move: Array) -> float:
    """Return how far a slope may be off since the gradient's entries lie on a grid.

    They do where large terms cancelled: what is left is a multiple of the last place of these.
    """
    seen = []
    for t in (2.0**-20, 2.0**-12, 2.0**-6):
        with suppress(NoValue):
            seen.append(point.slopes_at(signs(point.random, len(move)) * point.scales, t))
    entries = [slopes for slopes in seen if slopes is not None]
    if len(entries) < 2 or len(move) > 1000:
        return 0.0
    total = 0.0
    # A last place is far below what was added; a coarser grid is that of a mask or of counts.
    largest = 2.0**-44 * max(1.0, *(float(np.abs(slopes).max()) for slopes in entries))
    for k, amount in enumerate(move):
        values = [float(slopes[k]) for slopes in entries]
        coarse = grid_of(values) if amount else 0.0
        # Two entries that differ are needed: one that stays as it is lies on any grid.
        fine = 2.0**-40 * max(map(abs, values))
        if fine < coarse <= largest and len(set(values)) > 1:
            total += coarse * abs(float(amount))
    return total
