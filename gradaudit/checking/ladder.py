"""Whether the slope that a gradient says along a direction is that of the function.

The truth comes from a ladder of oracles, the cheapest first: a complex step that two real
evaluations confirm; values on a line in long double or float64, with a bound that holds the noise
of the function; slopes beside the input, where there may be a kink. A refusal needs a gap of
several bounds, seen again on a second line. What the ladder cannot tell is not judged, and why is
said: no rule that accepts may be led by noise.
"""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from gradaudit.checking.charts import Array
from gradaudit.checking.compared import REFUSE, ROUNDINGS, UNIT, Compared, Verdict, only, signs
from gradaudit.checking.lines import Estimate, Line, NoValue, estimate, moves_close_by, noise_of
from gradaudit.checking.points import Input
from gradaudit.checking.roundings import LOST, explain, noise_beside

FEWER = 8  # the same of a short precision, whose long sums are kept in a longer one
RISE = 2.0**12  # the most that entries of small slopes are moved further than others
GUARD = 2.0**-13  # that of the two real steps which confirm it
CONFIRMED = 2.0**-30  # the relative accuracy of a line that confirms a complex step
LONGER = "long double line"
TINY = 2.0**-960  # below it, products of slopes are subnormal or 0
SEVERAL = "several kinks meet at this input"
STAIRS = "close by f moves as it says, and further off in steps"
ALONE = "the gradient is right beside this input, and another at it alone"


def compare(point: Input, move: Array, *, kinked: bool = False, settled: bool = False) -> Compared:
    """Compare what the gradient says along a move with the slope of the function.

    kinked: f is known to have a kink at the input, along another direction. settled: only where
    the slope along the move is the same beside the input, so that no such kink can change it.
    """
    said, size = point.said(move)
    result = Compared(Verdict.UNKNOWN, move, said, size)
    step = _by_imaginary_step(point, result)
    if step is not None and step.verdict is not Verdict.UNKNOWN:
        return step
    return _by_values(point, result, step, kinked, settled)


def imaginary_slope(point: Input, move: Array, size: float) -> tuple[float, float] | None:
    """Return the slope by a step into the complex plane, with its bound.

    None where two real steps do not confirm it. size: that of the terms of the slope.
    """
    if not point.analytic:
        return None
    with np.errstate(all="ignore"):
        ratios = move / point.wide
        longest = np.fmax.reduce(np.abs(ratios, out=ratios), initial=2.0)
    guard = GUARD * 2 / float(longest) if math.isfinite(longest) else GUARD
    try:
        slope = point.imaginary(move)
        ahead, behind = (float(point.value(move, t)) for t in (guard, -guard))
    except NoValue:
        return None
    forward, backward = (ahead - point.here) / guard, (point.here - behind) / guard
    terms = abs(slope) + size
    slack = 1e-6 * terms + 16 * UNIT * max(abs(ahead), abs(behind), abs(point.here)) / guard
    if not min(forward, backward) - slack <= slope <= max(forward, backward) + slack:
        return None
    return slope, _allowed(point, move, terms)


def slopes_of(point: Input, move: Array) -> tuple[float, float]:
    """Return between which numbers the slope of the function lies, whatever the gradient says.

    nan where values on a line do not tell it.
    """
    _, size = point.said(move)
    step = imaginary_slope(point, move, size)
    try:
        found, _ = _by_line(point, move)
    except NoValue:
        return math.nan, math.nan
    allowed = _allowed(point, move, abs(found.middle) + size)
    low, high = found.low - allowed, found.high + allowed
    if step is not None and not (found.kink or found.jump or found.rough or found.steep):
        slope, allowed = step
        if slope - allowed <= high and low <= slope + allowed:  # it knows the same still better
            return slope - allowed, slope + allowed
    return low, high


def _by_imaginary_step(point: Input, result: Compared) -> Compared | None:
    """Compare by a step into the complex plane; UNKNOWN where it does not agree, None without."""
    said, move = result.said, result.move
    step = imaginary_slope(point, move, result.size)
    if step is None:
        return None
    slope, allowed = step
    terms = abs(slope) + result.size
    found = replace(result, low=slope - allowed, high=slope + allowed, how=point.oracle)
    if abs(slope - said) <= allowed:
        return replace(found, verdict=Verdict.AGREES)
    steps = [[point_slope(point, move, d * i) for i in range(7)] for d in (2.0**-44, 2.0**-22)]
    noise = min(noise_of(np.array(values)) for values in steps)
    if abs(slope - said) <= allowed + LOST * terms:  # else roundings do not explain it
        noise = max(noise, noise_beside(point, lambda other: other.imaginary(move)))
        if explain(point, found, terms, found.gap - 8 * noise):
            return replace(found, verdict=Verdict.DIGITS)
    return replace(found, low=slope - allowed - 8 * noise, high=slope + allowed + 8 * noise)


def _allowed(point: Input, move: Array, terms: float) -> float:
    """Return how far roundings, and a declared accuracy, may take a slope along a move."""
    roundings = ROUNDINGS if point.unit < 2.0**-20 else FEWER
    least = FEWER * point.least * float(np.abs(move).sum())
    return (roundings * point.unit + point.pair.relative) * terms + least + TINY


def confirmed(point: Input, found: Compared) -> bool:
    """Tell whether values refuse, too, what the complex step alone refuses along a direction.

    A complex step can be blind to a part of the function, as to np.abs or to real sub-routines.
    """
    along = found.move != 0
    scale = float(np.max(np.abs(found.move[along]) / point.scales[along], initial=0.0))
    if not 0 < scale < math.inf:
        return False
    try:
        line, _ = _by_line(point, found.move / scale)
    except NoValue:
        return False
    if line.kink or line.jump or line.steep or line.rough:
        return False  # one-sided slopes, or none, confirm nothing
    if line.middle == 0 and _moves_further_on(point, found.move):
        return False
    said = found.said / scale
    allowed = ROUNDINGS * point.unit * (abs(line.middle) + found.size / scale)
    low, high = line.low - allowed, line.high + allowed
    agrees = found.low / scale <= high and low <= found.high / scale
    return agrees and not low <= said <= high


def _moves_further_on(point: Input, move: Array) -> bool:
    """Tell whether f, which stands still along a move, changes along longer ones.

    So it does where a step of the size of tiny entries is lost in larger numbers.
    """
    if not point.free[move != 0].all():
        return False
    one = move / float(np.abs(move).max())
    try:
        return any(float(point.value(one, t)) != point.here for t in (1.0, -1.0, 0.25, -0.25))
    except NoValue:
        return False


def by_step(point: Input, move: Array) -> Compared | None:
    """Compare by the complex step alone, which is WRONG alone; None where there is none."""
    said, size = point.said(move)
    step = _by_imaginary_step(point, Compared(Verdict.UNKNOWN, move, said, size))
    if step is None or step.verdict is not Verdict.UNKNOWN:
        return step
    # In a short precision a kink that is within its roundings is none to a complex step.
    if point.unit > UNIT or step.gap <= (REFUSE - 1) * step.half:
        return step
    return replace(step, verdict=Verdict.WRONG, alone=True)


def point_slope(point: Input, move: Array, t: float) -> float:
    """Return the slope by the imaginary step at t, nan where there is none."""
    try:
        return point.imaginary(move, t)
    except NoValue:
        return math.nan


def _by_line(point: Input, move: Array) -> tuple[Estimate, Line]:
    """Return the slope by values on a line, of long double where the function keeps it."""
    if point.extended:
        line = Line(lambda t: point.value(move, t, extended=True), 2.0**-64)
        if isinstance(line(0.0), np.longdouble) and point.keeps_long_double:
            return estimate(line), line
    line = Line(lambda t: point.value(move, t))
    return estimate(line), line


def _by_values(
    point: Input, result: Compared, step: Compared | None, kinked: bool, settled: bool
) -> Compared:
    """Compare by values on a line: each rule that accepts must see more than noise."""
    try:
        found, line = _by_line(point, result.move)
    except NoValue as none:
        return replace(result, why=f"outside the domain: {none}")
    said, size = result.said, result.size
    terms = abs(found.middle) + size
    allowed = _allowed(point, result.move, terms)
    how = LONGER if line.unit < UNIT else "float64 line"
    result = replace(
        result,
        low=found.low - allowed,
        high=found.high + allowed,
        how=how,
        at_kink=found.kink,
    )
    values = {float(v) for v in line.known.values()}
    if len(values) == 1 and said:
        little = abs(said) <= 2.0**-40 * max(1.0, *map(abs, values))
        if little or _moves_further_on(point, result.move):
            return replace(result, why="the function is constant to the last digit")
    if found.jump:
        return replace(result, why="the function jumps at this input")
    if result.gap == 0:
        return _inside(point, result, step, found, line)
    if found.rough:
        return replace(result, why="the function varies within the steps that can be compared")
    if found.steep:
        return replace(result, why="the slope is infinite, or grows without bound")
    if moves_close_by(line, said, result.gap, size):
        return replace(result, why=STAIRS)
    if explain(point, result, terms, result.gap):
        if result.gap > LOST * terms:
            share = f"{result.gap / terms:.1g}"
            return replace(result, why=f"roundings of the gradient itself: {share}")
        return replace(result, verdict=Verdict.DIGITS)
    if step is not None and abs(said - step.middle) <= step.half:
        return replace(result, why="the oracles disagree")
    if step is None and _has_few_levels(line) and _is_that_of_complex_numbers(point, result):
        return replace(result, why="the values of f are too coarse, and a complex step disagrees")
    beside = _beside(point, result, found, line, kinked, settled)
    if beside is not None:
        return replace(result, **beside)
    if result.gap <= (REFUSE - 1) * result.half:
        return _too_close(found, result)
    try:
        # Shorter by a number that is no power of two: other steps, and other roundings.
        shorter = 0.7
        again, _ = _by_line(point, result.move * shorter)
    except NoValue:
        return replace(result, why="the oracles disagree")
    low, high = again.low / shorter - allowed, again.high / shorter + allowed
    half = (high - low) / 2
    if low - (REFUSE - 1) * half <= said <= high + (REFUSE - 1) * half:
        return replace(result, why="the oracles disagree")
    if step is not None and step.low <= result.high and result.low <= step.high:
        result = replace(result, low=step.low, high=step.high, how=step.how)
    return replace(result, verdict=Verdict.WRONG)


def _has_few_levels(line: Line) -> bool:
    """Tell whether values are often the same, as where a step is lost in a larger number."""
    values = [float(v) for v in line.known.values() if math.isfinite(float(v))]
    return 4 * len(set(values)) <= len(values)


def _is_that_of_complex_numbers(point: Input, result: Compared) -> bool:
    """Tell whether a complex step that real steps do not confirm gives what is said."""
    try:
        slope = point.imaginary(result.move)
    except NoValue:
        return False
    return abs(slope - result.said) <= LOST * result.size


def _inside(
    point: Input, result: Compared, step: Compared | None, found: Estimate, line: Line
) -> Compared:
    """Judge what lies inside of the interval: it agrees if the interval says anything."""
    if step is not None:
        # Values on a coarse grid tell that terms cancelled, and so they did in the complex step.
        lost = 4 * found.grid * (UNIT / line.unit)
        step = replace(step, low=step.low - lost, high=step.high + lost)
    if found.kink:
        if step and _is_steady(point, result, step) and step.gap > 2 * REFUSE * step.half:
            wrong = replace(result, low=step.low, high=step.high, how=step.how)
            return replace(wrong, verdict=Verdict.WRONG)
        return replace(result, verdict=Verdict.KINK)
    if result.said == 0 and len({float(v) for v in line.known.values()}) == 1:
        # It shows no mistake: that an input has no power is told by what is planted in it.
        return replace(result, verdict=Verdict.AGREES)
    largest = max(abs(float(v)) for v in line.known.values() if math.isfinite(float(v)))
    slope = max(abs(result.said), abs(found.middle), result.size)
    if result.size == 0:  # nothing else says how large a slope would be
        slope = 2.0**-20 * largest
    # Where the line confirms the complex step to many digits, that knows the slope still better.
    if (
        step is not None
        and result.half <= CONFIRMED * (abs(found.middle) + result.size)
        and result.low <= step.middle <= result.high
        and step.gap > (REFUSE - 1) * step.half
    ):
        return replace(step, verdict=Verdict.WRONG, alone=True)
    if result.half > slope / 16:
        return _too_close(found, result)
    stands = bool(found.grid) and moves_close_by(line, 0.0, abs(found.middle), 0.0)
    return replace(result, verdict=Verdict.AGREES, stands=stands)


def _is_steady(point: Input, result: Compared, step: Compared) -> bool:
    """Tell whether the complex slopes on both sides are that at the input: no kink lies there."""
    slope = step.middle
    if 16 * UNIT * abs(point.here) / GUARD > abs(slope - result.said) / 8:
        return False  # real steps would confirm anything
    sides = [
        point_slope(point, result.move, spacing * i)
        for spacing in (2.0**-46, 2.0**-43)
        for i in (-8, -3, -1, 1, 3, 8)
    ]
    allowed = max(2 * step.half, 1e-9 * abs(slope - result.said))
    if not all(abs(other - slope) <= allowed for other in sides):
        return False
    # At a kink two real steps confirm nothing: a complex step that is blind, as for np.abs, is
    # told further off.
    places = [side * 2.0**-k for k in range(5, 33, 4) for side in (1, -1)]
    return all(_is_confirmed(point, result, t) for t in places)


def _is_confirmed(point: Input, result: Compared, t: float) -> bool:
    """Tell whether real steps confirm the complex step at t, where they are close together."""
    step = min(GUARD, abs(t) / 16)
    try:
        ahead, here, behind = (float(point.value(result.move, t + d)) for d in (step, 0.0, -step))
    except NoValue:
        return False
    slope = point_slope(point, result.move, t)
    forward, backward = (ahead - here) / step, (here - behind) / step
    noise = 16 * UNIT * max(abs(ahead), abs(here), abs(behind)) / step
    slack = abs(forward - backward) + 1e-6 * (abs(slope) + result.size) + noise
    if slack > abs(slope - result.said) / 8:
        return False  # they would confirm what is said as well
    bends = abs(forward - backward) - noise
    return bends < 1e-2 * max(abs(forward), abs(slope)) + slack / 1e3 and (
        abs(slope - (forward + backward) / 2) <= slack
    )


def _beside(
    point: Input, result: Compared, found: Estimate, line: Line, kinked: bool, settled: bool
) -> dict[str, Any] | None:
    """Return what slopes of the function beside the input say where they spread as kinks do."""
    said, move = result.said, result.move
    step = 2.0**-27
    # Of three numbers that tie, any order is one in six: so many that none is missed.
    near = _slopes_beside(point, move, 2.0**-21, step, 48)
    far = _slopes_beside(point, move, 2.0**-13, step, 16)
    if len(near) < 8 or len(far) < 8:
        return {"why": "outside the domain"} if found.kink else None
    spread, mean = float(np.std(near)), float(np.mean(near))
    noise = (found.noise if line.unit == UNIT else 4 * UNIT * abs(point.here)) / step
    # What is curved spreads in proportion to the distance, and noise at any.
    if spread > float(np.std(far)) / 16 and spread > 4 * noise and spread > 1e-3 * abs(mean - said):
        allowed = 1e-6 * (abs(mean) + result.size)
        if min(near) - allowed <= said <= max(near) + allowed:
            return {"verdict": Verdict.KINK}
        # Of many kinks, each with a slope of its own choice, the furthest sum is that far off.
        # The spread of so few may come out a quarter too small.
        furthest = max(4.0, 3.0 * math.sqrt(np.count_nonzero(move))) * spread
        if settled or abs(said - mean) <= furthest:
            return {"why": SEVERAL, "at_kink": True}
    if found.kink:
        middle = (found.forward[0] + found.backward[0]) / 2
        largest = max(abs(found.forward[0]), abs(found.backward[0]))
        near_both = abs(said - middle) <= 2 * largest
        return {"why": "a kink", "at_kink": True} if near_both else None
    # A function can be smooth where its parts have kinks that cancel, as relu(w) - relu(-w) has.
    # Where it has a kink in another direction, as at ties of a maximum, that is no excuse.
    if not kinked and result.gap > 1e-3 * (abs(found.middle) + result.size):
        moves = [signs(point.random, len(move)) * point.scales for _ in range(6)]
        others = [point.said_at(move, aside, 2.0**-20) for aside in moves]
        allowed = 1e-4 * (abs(found.middle) + result.size)
        if all(abs(other - found.middle) <= allowed for other in others):
            return {"why": ALONE}
    return None


def _slopes_beside(
    point: Input, move: Array, distance: float, step: float, count: int
) -> list[float]:
    """Return the slopes along a move at so many inputs beside, at some of them all less, or more.

    By chance they hardly are, and what is clipped may be so to all other sides.
    """
    slopes = []
    for k in range(count):
        way = signs(point.random, len(move))
        way = (way, np.abs(way), -np.abs(way))[k % 3]
        aside = way * point.scales * point.random.random() * distance
        with suppress(NoValue):
            ahead, behind = (float(point.value(aside + t * move, 1.0)) for t in (step, -step))
            if math.isfinite(ahead - behind):
                slopes.append((ahead - behind) / (2 * step))
    return slopes


def _too_close(found: Estimate, result: Compared) -> Compared:
    """Say which regime keeps the slope from being known better."""
    slope = max(abs(found.middle), abs(result.said))
    known = f"the slope is known to {found.half:.1g} of {slope:.1g}"
    if found.noise / found.step > result.half / 4:
        why, detail = "limited by noise", f"values are known to {found.noise:.1g}, {known}"
    else:
        why, detail = "limited by truncation", f"f bends within the steps, {known}"
    return replace(result, why=why, detail=detail, close=True)


def first_move(point: Input, slopes: Array | None) -> Array:
    """Return the direction of the first complex step: no entry may hide beside the others in it.

    It is not for steps along the real line, which would take entries of small slopes too far.
    """
    move = signs(point.random, len(point.wide)) * point.wide
    if slopes is not None:
        terms = np.abs(slopes)
        terms *= point.wide
        known = point.free & (terms > 0)
        mean = float(terms.mean()) if terms.size else 0.0
        with np.errstate(all="ignore"):
            rise = np.divide(mean, terms, out=terms)
        rise[~known] = 1.0
        move *= np.clip(rise, 1, RISE, out=rise)
    return move


def halves(move: Array) -> list[Array]:
    """Return the moves along either half of the coordinates of a move."""
    return [only(move, half) for half in np.array_split(np.flatnonzero(move), 2)]


def bisect(move: Array, wrong: Callable[[Array], Compared | None]) -> Compared | None:
    """Return a comparison along the fewest coordinates of a wrong direction that is still wrong.

    wrong: compares along a move; None where that is not wrong.
    """
    found, smaller = None, wrong(move)
    while smaller is not None:
        found = smaller
        if np.count_nonzero(found.move) < 2:
            return found
        smaller = next(filter(None, map(wrong, halves(found.move))), None)
    return found
