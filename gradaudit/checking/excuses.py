"""What a slope that differs is due to where it is no mistake: roundings of one kind or another."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from gradaudit.checking.charts import Array
from gradaudit.checking.compared import ROUNDINGS, UNIT, Compared, Verdict, only
from gradaudit.checking.ladder import LONGER, imaginary_slope, slopes_of
from gradaudit.checking.lines import Line, NoValue, climbs_stairs
from gradaudit.checking.locating import located
from gradaudit.checking.pairs import Pair
from gradaudit.checking.points import Input
from gradaudit.checking.refusals import Fault, NotOffered
from gradaudit.checking.roundings import LOST, explain

SOLVED = 2.0**-40  # part of an entry, as which a solver may leave it off
NOTHING = 2.0**-30  # part of the usual size of slopes
FAR, NEAR = 8.0, 0.5  # the longest steps, by the size of entries, and where these have a domain
EXPONENTS = 2.0**10  # beyond the largest of exp in float64: what it loses, times it, is a slope
ENTRIES = 64  # of which it is looked whether they stay on a tread
STILL = 2.0**-20  # a step, by the size of an entry, along which f does not change there
INPUTS = 8  # at which the slope is taken, to see how much roundings of the input move it


class Usual(NamedTuple):
    """The size that slopes have at most inputs, 0 where that is not known.

    terms: of the sum along a move of the input's size. slope: of the largest by one entry.
    """

    terms: float = 0.0
    slope: float = 0.0


NOT_KNOWN = Usual()


def usual_size(pair: Pair, points: Sequence[tuple[Any, ...]]) -> Usual:
    """Return the size that slopes have at most of some inputs.

    Where they are nothing beside the input, as at every minimum of zero, they say so only if they
    are nowhere more.
    """
    found: list[Usual] = []
    less: list[Usual] = []
    for args in points:
        try:
            with np.errstate(all="ignore"):
                point = Input(pair, args)
                terms = point.said(point.wide)[1]
        except (NoValue, Fault, NotOffered):
            continue
        if point.slopes is None:  # a product with a tangent does not say them one by one
            slope = terms / float(np.max(point.wide, initial=1.0))
        else:
            slope = float(np.abs(point.slopes).max(initial=0.0))
        one = Usual(terms, slope)
        (found if terms > NOTHING * point.largest else less).append(one)
    sizes = found or less or [NOT_KNOWN]
    return Usual(*map(median, zip(*sizes, strict=True)))


@dataclass(frozen=True)
class Looking:
    """How a wrong slope is met: its entry looked for, and what roundings explain left alone."""

    locate: bool
    usual: Usual

    def met(self, point: Input, found: Compared) -> Compared:
        """Return a comparison, not judged if it has an excuse. Raises Fault where it is wrong."""
        if found.verdict in {Verdict.WRONG, Verdict.UNKNOWN} and self.is_lost(point, found):
            low, high = min(found.low, found.said), max(found.high, found.said)
            size = max(found.size, self.usual.terms)
            return replace(found, verdict=Verdict.AGREES, low=low, high=high, size=size)
        if found.verdict is not Verdict.WRONG:
            return found
        if _is_right_in_a_longer_precision(point, found):
            if found.gap <= LOST * max(found.size, self.usual.terms):
                return replace(found, verdict=Verdict.DIGITS)
            return replace(found, verdict=Verdict.UNKNOWN, why="roundings of the gradient itself")
        why = self._excuse(point, found)
        if why:
            return replace(found, verdict=Verdict.UNKNOWN, why=why)
        if not self.locate and not found.alone and not found.at_kink:
            raise Fault("slope", "it is wrong")
        fault = located(point, found, partial(self.is_lost, point))
        if isinstance(fault, str):
            return replace(found, verdict=Verdict.UNKNOWN, why=fault)
        if 0 < fault.share < SOLVED:  # as a solver loses, which f or the gradient calls
            return replace(found, verdict=Verdict.DIGITS)
        raise fault

    def _excuse(self, point: Input, found: Compared) -> str:
        """Return why a gap proves nothing, "" where it does."""
        if _is_rounding_of_f(point, found):
            return "roundings of f explain it, whose value is another in long double"
        # Far out a term such as sin(x) moves within a step, by less than values of f can show.
        by_floats = found.how not in {point.oracle, LONGER}  # these show it
        far = float(np.abs(found.move).max(initial=1.0)) if by_floats else 1.0
        if not found.alone and found.gap < ROUNDINGS * point.unit * point.magnitude * far:
            return "roundings of numbers of the size of f explain it"
        one = ROUNDINGS * point.unit * float(np.abs(found.move).sum())
        if point.unit > 2.0**-30 and found.gap < one:  # such as 1 - tanh(x)**2, of numbers near 1
            return "in so short a precision, roundings of numbers of size one explain it"
        usual = self._usual_along(found)
        # What is left of residuals of a fit that has none is such.
        if found.gap <= LOST * usual and explain(point, found, usual, found.gap):
            return "far smaller than slopes are elsewhere, and roundings of the gradient explain it"
        if found.how == point.oracle and explain(point, found, found.size, found.gap):
            return "roundings of the gradient itself"
        if _is_across_stairs(point, found):
            return "values of f climb in steps there, as much as it says across several of them"
        if _is_at_faint_kink(point, found):
            return "f has a kink there, of as little as that"
        if _is_unsteady(point, found):
            return "moving the input by its roundings moves the slope by as much"
        return ""

    def is_lost(self, point: Input, found: Compared) -> bool:
        """Tell whether slopes as small as a gap are lost: f adds terms of usual size.

        Of a slope that is not known, it is enough that all it can be, and what is said, is nothing.
        """
        gap = found.gap
        if found.verdict is Verdict.UNKNOWN:
            ends = np.abs([found.low, found.high, found.said])
            return not found.at_kink and bool((ends <= NOTHING * self.usual.terms).all())
        if not self.usual.terms:  # nothing says what is usual: numbers of size one on the way are
            return gap < 16 * point.unit * float(np.max(point.wide, initial=0.0))
        few = min(512 * point.unit, 2.0**-4)
        return gap < few * self._usual_along(found)

    def _usual_along(self, found: Compared) -> float:
        """Return the size that terms of the slope along a move usually have.

        Far out, what is usual of one by an entry is multiplied by it.
        """
        by_entry = self.usual.slope * float(np.abs(found.move).max(initial=0.0))
        return max(self.usual.terms, by_entry)


def _is_right_in_a_longer_precision(point: Input, found: Compared) -> bool:
    """Tell whether the gradient says what is true where it computes with more digits.

    A mistake stays what it is in any precision; what only roundings are does not.
    """
    try:
        said = point.said_wider(found.move)
    except NoValue:
        return False
    return max(found.low - said, said - found.high) <= found.half + found.gap / 256


def _is_rounding_of_f(point: Input, found: Compared) -> bool:
    """Tell whether what f loses of its value explains a gap, as where equal numbers cancel."""
    if not point.extended:
        return False
    try:
        lost = point.lost()
    except NoValue:
        return False
    if found.how == LONGER:  # which loses as much of its own, shorter, last place
        lost *= 2.0**-11
    with np.errstate(all="ignore"):
        longest = float(np.fmax.reduce(np.abs(found.move / point.wide), initial=1.0))
    # A complex step does not lose what values of f do.
    most = 8 if found.how == point.oracle else EXPONENTS
    return math.isfinite(lost * longest) and found.gap <= most * lost * longest


def _is_across_stairs(point: Input, found: Compared) -> bool:
    """Tell whether values of f lie on stairs, which climb as is said: most digits have cancelled.

    So they do in log(1 - p) for a p near 1. What is seen along one direction holds for the others.
    """
    if found.how == point.oracle:
        return False
    line = Line(lambda t: point.value(found.move, t))
    longest = FAR if point.is_free else NEAR
    point.on_stairs = point.on_stairs or climbs_stairs(line, found.middle, found.said, longest)
    return point.on_stairs or _is_on_treads(point, found, longest)


def _is_on_treads(point: Input, found: Compared, longest: float) -> bool:
    """Tell whether single entries climb stairs, and explain a gap along several of them.

    A move may be too short for those, or another entry may bend too much beside them.
    """
    climbed = 0.0
    moved = np.flatnonzero(found.move)[:ENTRIES]
    for k in moved if len(moved) > 1 else ():
        part, move = point.said(only(found.move, k))[0], only(point.scales, k)
        line = Line(partial(point.value, move))
        if 2 * len(moved) * abs(part) < found.gap or not line(STILL) == line(-STILL) == line(0.0):
            continue
        climbed += part * climbs_stairs(line, 0.0, point.said(move)[0], longest)
    half = found.half
    return bool(climbed) and found.low - half <= found.said - climbed <= found.high + half


def _is_at_faint_kink(point: Input, found: Compared) -> bool:
    """Tell whether slopes to both sides differ by as much as a gap that is little beside them.

    So they may where all numbers are tiny, and a complex step takes one side.
    """
    if found.gap > LOST * found.size:
        return False
    differ = []
    for t in (2.0**-40, 2.0**-44, 2.0**-48):
        try:
            ahead, behind = (float(point.value(found.move, side * t)) for side in (1, -1))
        except NoValue:
            return False
        noise = 4 * UNIT * (abs(ahead) + abs(behind) + abs(point.here)) / t
        one = abs(ahead - point.here + (behind - point.here)) / t
        if one > max(found.gap / 2, 4 * noise):
            differ.append(one)
    return len(differ) > 1 and max(differ) < 2 * min(differ)  # that of a curve shrinks with t


def _is_unsteady(point: Input, found: Compared) -> bool:
    """Tell whether what is said lies among the slopes of f at inputs that roundings tell not apart.

    So it does beside a singular matrix, where the right way of computing it gives any of them, and
    beside a kink that is one in float32 alone.
    """
    move, lows, highs = found.move, [found.low], [found.high]
    spread = found.high - found.low
    for which in range(INPUTS):
        try:
            near = point.nearby(which)
            if found.how == point.oracle:  # values do not tell ties of three apart
                slope = near.imaginary(move)
                lows.append(slope)
                highs.append(slope)
            low, high = _by_step(near, move) if found.alone else slopes_of(near, move)
        except (NoValue, Fault, NotOffered):
            continue
        if high - low < found.gap:
            lows.append(low)
            highs.append(high)
        spread = max(highs) - min(lows)
        if which > 1 and spread < found.gap / 64:
            return False
    if found.at_kink:  # what is right is known: the slopes between, and none beyond
        return min(lows) <= found.said <= max(highs)
    if spread > max(map(abs, (*lows, *highs))) / 4:  # as beside a pole: it may be any number
        return True
    return min(lows) - spread / 2 <= found.said <= max(highs) + spread / 2


def _by_step(point: Input, move: Array) -> tuple[float, float]:
    """Return the same by a complex step alone: a move of small slopes is too long for values."""
    slope, bound = imaginary_slope(point, move, point.said(move)[1]) or (math.nan, math.nan)
    return slope - bound, slope + bound
