"""The slope of a function along a line, as an interval that holds it, from values alone.

Values are taken at steps that shrink by four, on both sides. Richardson's extrapolation of forward,
backward and central differences gives estimates, and its own table bounds what is left of the
truncation. The noise of the values is measured, by differences of higher order as in ECNoise (Moré
and Wild, Estimating computational noise, 2011) and by the grid that the values lie on. Where the
two sides disagree beyond their bounds there is a kink, and the interval holds all slopes between.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FIRST, FACTOR, STEPS, COLUMNS = 0.25, 4.0, 18, 4
SPACINGS = (2.0**-44, 2.0**-33, 2.0**-22)
# At which a part of f that cancels, and so stands still at the others, is seen to move in steps.
COARSE = (2.0**-17, 2.0**-12)
POINTS = 8
AGREEING = 3  # larger steps that must agree on a slope to count against that of smaller ones
AGAINST = 8  # and by how many bounds they must be off
LEAST = 2.0**-51  # the shortest step, which shifts entries by their last places
CLOSE_BY = 6  # nearest steps that tell a slope
TINY = 2.0**-1022
# What a k-th difference of independent errors of variance one has as its own variance.
_VARIANCE = [math.factorial(2 * k) / math.factorial(k) ** 2 for k in range(8)]


class NoValue(Exception):
    """The function has no value there; its text says why, its detail more of it."""

    def __init__(self, text: str, detail: str = "") -> None:
        super().__init__(text)
        self.detail = detail


class Raised(NoValue):
    """The function raised an exception that nobody said it would."""


@dataclass
class Line:
    """phi(t) on a line, each value computed once.

    phi: raises NoValue. unit: the rounding unit of its values, 2^-53 for float64.
    """

    phi: Callable[[float], Any]
    unit: float = 2.0**-53
    known: dict[float, Any] = field(default_factory=dict)

    def __call__(self, t: float) -> Any:
        """Return phi(t), nan where it has no value."""
        if t not in self.known:
            try:
                self.known[t] = self.phi(t)
            except NoValue:
                self.known[t] = math.nan
        return self.known[t]

    def values(self, steps: Iterable[float]) -> Array:
        """Return phi at several places."""
        return np.array([self(t) for t in steps])


@dataclass(frozen=True)
class Estimate:
    """What values say of the slope at 0.

    low, high: the slope lies between; at a kink, all slopes do. middle: the best estimate.
    forward, backward: the slopes to both sides, with their bounds, nan where one has no values.
    jump: phi(0) is not the limit of the values beside it. noise: the level of that of the values.
    step: that at which the slope is best seen. rough: it varies within the steps that are
    compared, however smooth it is within the least ones. grid: what the values are multiples of, 0
    where that is no more than their own rounding.
    """

    low: float
    high: float
    middle: float
    forward: tuple[float, float]
    backward: tuple[float, float]
    kink: bool
    jump: bool
    steep: bool
    noise: float
    step: float
    rough: bool = False
    grid: float = 0.0

    @property
    def half(self) -> float:
        """Half of the width of the interval."""
        return (self.high - self.low) / 2


def noise_of(values: Array) -> float:
    """Return the level of noise in values at equal spacings, by the least of the differences."""
    return min(_levels(values))


def _levels(values: Array) -> list[float]:
    """Return the level of noise by differences of order three to five."""
    levels = []
    differences = values.tolist()  # of so few numbers, arrays take several times as long
    for order in range(1, 6):
        differences = [after - before for before, after in pairwise(differences)]
        if order >= 3:
            squares = [float(one) * float(one) for one in differences]
            levels.append(math.sqrt(sum(squares) / len(squares) / _VARIANCE[order]))
    return levels


def grid_of(values: Iterable[Any]) -> float:
    """Return the coarsest power of two that divides all values: what they were rounded to."""
    finest = math.inf
    for value in values:
        if value and math.isfinite(value):
            numerator, denominator = value.as_integer_ratio()
            finest = min(finest, (numerator & -numerator) / denominator)
    return finest if math.isfinite(finest) else 0.0


def estimate(line: Line) -> Estimate:
    """Return what the values along a line say of its slope at 0. Raises NoValue."""
    here = line(0.0)
    if not math.isfinite(here):
        raise NoValue("the function is not finite")
    noise, hidden, flat, rough = _noise(line)
    coarse, largest = grid_of(line.known.values()), float(abs(here))
    steps = FIRST * FACTOR ** -np.arange(STEPS)
    up, down = line.values(steps), line.values(-steps)
    above, below = _usable(up), _usable(down)
    if min(above, below) > STEPS - COLUMNS:
        raise NoValue("no step along the line stays inside the domain")
    size = np.maximum(abs(float(here)), np.fmax(_size(up), _size(down)))
    # Constant close by and not further off: the noise of what varies was not seen.
    moved = flat and (len(set(up.tolist())) > 1 or len(set(down.tolist())) > 1)
    least = _height(line) if flat else 0.0
    level = noise + np.maximum(2 * line.unit * np.maximum(size, float(moved)), least)
    with np.errstate(all="ignore"):
        exact = steps.astype(up.dtype)
        sides = (
            _extrapolated((up - here) / exact, 2 * level / steps, above, 1),
            _extrapolated((here - down) / exact, 2 * level / steps, below, 1),
        )
        across, first = (up - down) / (2 * exact), max(above, below)
        central = _extrapolated(across, level / steps, first, 2)
        other = _extrapolated(across, (level + 5 * hidden) / steps, first, 2) if hidden else central
    (ahead, bound_ahead, _), (behind, bound_behind, _) = sides
    jump = any(_jumps(values - here, float(level[-1])) for values in (up, down))
    steep = any(_is_steep(q) for q in ((up - here) / exact, (here - down) / exact))
    noise_level = float(np.max(level))
    if not math.isfinite(bound_ahead + bound_behind):  # the domain has one side only
        middle, bound, k = min(sides, key=lambda side: side[1])
        low, high, kink = middle - bound, middle + bound, False
    else:
        kink = abs(ahead - behind) > bound_ahead + bound_behind
        middle, bound, k = central
        low, high = middle - bound, middle + bound
        lows = ahead - bound_ahead, behind - bound_behind
        highs = ahead + bound_ahead, behind + bound_behind
        if kink:
            low, high, middle = min(lows), max(highs), (ahead + behind) / 2
        elif low > min(highs) or max(lows) > high:  # the sides do not confirm what is between
            low, high = min(low, *lows), max(high, *highs)
        # Noise that only larger steps show is noise of all, or else f bends there: either may be.
        low, high = min(low, other[0] - other[1]), max(high, other[0] + other[1])
    if not math.isfinite(low + high):
        raise NoValue("no step along the line stays inside the domain")
    return Estimate(
        low,
        high,
        middle,
        (ahead, bound_ahead),
        (behind, bound_behind),
        kink,
        jump,
        steep,
        noise_level,
        float(steps[min(k, STEPS - 1)]),
        rough,
        coarse if coarse > 64 * line.unit * largest else 0.0,
    )


def _noise(line: Line) -> tuple[float, float, bool, bool]:
    """Return the level of noise at 0, and of that which larger steps alone show.

    Then whether neighbours are all but constant, and roughness.
    """
    level, least, flat = 0.0, math.inf, False
    for spacing in SPACINGS:
        for side in (spacing, -spacing):
            values = line.values(side * i for i in range(1, POINTS + 1))
            if np.isfinite(values.astype(float)).all():
                noise = noise_of(values)
                level = max(level, noise)
                if len(set(values.tolist())) <= 2:
                    flat = True
                elif spacing < SPACINGS[-1]:
                    least = min(least, noise)
    finite = [float(v) for v in line.known.values() if math.isfinite(v)]
    coarse, largest = grid_of(line.known.values()), max(map(abs, finite))
    rough = level > 100 * (least + line.unit * largest)  # least: inf where all is constant
    hidden = max(min(coarse_level(line, side) for side in (one, -one)) for one in COARSE)
    rough = rough or 16 * max(level, hidden) > max(finite) - min(finite) > 0
    # Values that lie on a grid far coarser than their own rounding were rounded on the way.
    noise = 5 * level + (coarse if 0 < coarse < largest / 16 else 0.0)
    return noise, hidden, flat, rough


def coarse_level(line: Line, spacing: float) -> float:
    """Return the level of noise at a spacing at which f may bend, 0 where it does that alone.

    Of noise, the highest orders of differences tell the same level, to both sides. What is smooth
    has ever smaller differences, and a kink lies on one side, which the spacing's sign chooses.
    """
    _, *levels = _levels(line.values(spacing * i for i in range(1, POINTS + 1)))
    return min(levels) if max(levels) < 4 * min(levels) else 0.0


def _size(values: Array) -> Array:
    return np.asarray(np.abs(values.astype(float)))


def moves_close_by(line: Line, slope: float, gap: float, size: float) -> bool:
    """Tell whether phi has a slope at the nearest steps, where one a gap off would be seen.

    Beyond them it may climb in steps: roundings on the way, or phi itself. To one side it may at
    once, where there is a riser. size: that of the terms of the slope.
    """
    here, seen = line(0.0), 0
    for side in (1, -1):
        least = (side * k * LEAST for k in range(1, POINTS + 1))
        for t in sorted({*least, *(t for t in line.known if side * t > 0)}, key=abs):
            there = line(t)
            if not math.isfinite(there):
                break
            unit = max(line.unit, float(np.finfo(there.dtype).eps) / 2)  # that of float32, too
            rounding = unit * (float(max(abs(there), abs(here))) + size * abs(t))
            allowed = 4 * rounding if slope else 0.0  # a constant has none
            if not abs(float(there - here) - t * slope) <= allowed:
                break
            seen += gap * abs(t) > 4 * (allowed + rounding)
    return bool(seen >= CLOSE_BY)


def _height(line: Line) -> float:
    """Return the height of the first step of values that are as at 0 and then change at once.

    So do those of 1 - p where p is 1 but for its last digit; 0 where they change by and by.
    """
    here, height = line(0.0), 0.0
    for side in (1, -1):
        steps = [side * FIRST * FACTOR**-k for k in range(STEPS)]
        changed = [t for t in steps if math.isfinite(line(t)) and line(t) != here]
        if not changed or line(steps[-1]) != here:
            continue
        far, near = changed[-1], changed[-1] / FACTOR
        whole = abs(float(line(far) - here))
        for _ in range(24):
            middle = (far + near) / 2
            if line(middle) == here:
                near = middle
            else:
                far = middle
        step = abs(float(line(far) - here))
        if step > 1e-2 * whole:
            height = max(height, step)
    return height


def _usable(values: Array) -> int:
    """Return the index of the first step from which all values are finite."""
    bad = np.flatnonzero(~np.isfinite(values.astype(float)))
    return int(bad[-1]) + 1 if len(bad) else 0


def _extrapolated(first: Array, noise: Array, start: int, order: int) -> tuple[float, float, int]:
    """Return the estimate of the least bound in Richardson's table, its bound, and its step.

    first: differences at steps that shrink by four, whose error has the powers order, 2 order, …
    Estimates that one of smaller steps excludes are passed over: what bends within a step is not
    seen by the table of that step.
    """
    column, error = first[start:], noise[start:]
    values, bounds, places = [], [], []
    for j in range(1, COLUMNS + 1):
        if len(column) < 3:
            break
        ratio = FACTOR ** (order * j)
        following = (ratio * column[1:] - column[:-1]) / (ratio - 1)
        error = (ratio * error[1:] + error[:-1]) / (ratio - 1)
        change = np.maximum(
            np.abs(following[1:] - column[2:]), np.abs(following[1:] - following[:-1])
        ).astype(float)
        values.append(following[1:].astype(float))
        bounds.append(2 * change + error[1:])
        places.append(start + j + 1 + np.arange(len(change)))
        column = following
    if not values:
        return math.nan, math.inf, STEPS
    value, bound, place = (np.concatenate(part) for part in (values, bounds, places))
    known = np.isfinite(value) & np.isfinite(bound)
    value, bound, place = value[known], bound[known], place[known]
    for k in np.argsort(bound, kind="stable"):
        apart = np.abs(value - value[k]) / (bound + bound[k] + TINY)
        if not (apart[place > place[k]] > 1).any():
            whole = max(bound[k], _furthest(value - value[k], bound, place, apart > AGAINST))
            return float(value[k]), float(whole), int(place[k])
    return math.nan, math.inf, STEPS


def _furthest(off: Array, bound: Array, place: Array, against: Array) -> float:
    """Return how far off the estimate is that several larger steps agree on, against the chosen.

    At small steps a part of f that cancels, as in log(1 + exp(z)) - z, can stand still, and be told
    by nothing.
    """
    if not against.any():
        return 0.0
    best = int(np.argmin(np.where(against, bound, math.inf)))
    with_it = against & (np.abs(off - off[best]) <= bound + bound[best])
    if len(set(place[with_it].tolist())) < AGREEING:
        return 0.0
    return float(np.abs(off[best]) + bound[best])


def _jumps(gaps: Array, level: float) -> bool:
    """Tell whether values near 0 stay away from that at 0, however near they are."""
    near, far = _size(gaps[[-1, -6]])
    return bool(math.isfinite(near) and near > 20 * level and near > far / 2)


def _is_steep(quotients: Array) -> bool:
    """Tell whether difference quotients grow without bound as the step shrinks."""
    size = np.abs(quotients.astype(float))[-10:]
    if not np.isfinite(size).all() or size[0] == 0:
        return False
    return bool((size[1:] > 1.2 * size[:-1]).all())


def climbs_stairs(line: Line, tread: float, slope: float, longest: float) -> bool:
    """Tell whether phi is a staircase near 0 that climbs with a slope, other than on its treads.

    tread: its slope between two risers. A riser is a jump; by its height and the slope one knows
    how far apart they are, and across several of them phi stays close to the slope. longest: the
    longest step.
    """
    steeper = slope - tread

    def rise(side: float, t: float) -> float:
        return side * (float(line(side * t)) - float(line(0.0))) - t * tread

    def both(t: float) -> float:  # which no curvature of another part of phi hides
        return (rise(1.0, t) + rise(-1.0, t)) / 2

    for one in (partial(rise, 1.0), partial(rise, -1.0)):
        riser = _first_riser(one, abs(steeper))
        across = [n * riser / abs(steeper) for n in range(3, 9)]
        steps = [t for t in across if t <= longest]
        for climb in (one, both) if riser and len(steps) > 2 else ():
            if all(abs(climb(t) - steeper * t) <= 1.5 * riser for t in steps):
                return True
    return False


def _first_riser(rise: Callable[[float], float], steeper: float) -> float:
    """Return the height of the jump that is next to 0, 0.0 where none makes phi steeper."""
    below = FIRST
    while not abs(rise(below)) <= steeper * below / 4:
        below /= 2
        if below < SPACINGS[0]:
            return 0.0
    above = 2 * below
    half = rise(above) / 2
    if above > FIRST or not math.isfinite(half):
        return 0.0
    while above - below > 2.0**-20 * above:
        middle = (below + above) / 2
        if rise(middle) / half < 1:
            below = middle
        else:
            above = middle
    riser = abs(rise(above) - rise(below))
    return riser if riser > abs(half) else 0.0
