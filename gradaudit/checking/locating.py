"""Where a gradient is wrong: the first entry, by halving a direction that is."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np

from gradaudit.checking.charts import Array
from gradaudit.checking.compared import Compared, Verdict, only
from gradaudit.checking.ladder import SEVERAL, STAIRS, bisect, by_step, compare, confirmed, halves
from gradaudit.checking.lines import NoValue
from gradaudit.checking.points import Input
from gradaudit.checking.refusals import Fault

FEW = 64  # roundings
ORDERS = 48  # inputs beside one: of three numbers that tie, any order is one in six
FEW_ENTRIES = 3  # which are told by their names


def located(point: Input, found: Compared, is_lost: Callable[[Compared], bool]) -> Fault | str:
    """Return the fault of the first wrong entry along a wrong direction, or why there is none.

    is_lost: tells whether a comparison is wrong by no more than roundings.
    """

    def wrong(move: Array) -> Compared | None:
        one = by_step(point, move) if found.how == point.oracle else compare(point, move)
        is_wrong = one is not None and one.verdict is Verdict.WRONG and not is_lost(one)
        return one if is_wrong else None

    moves = [only(found.move, part) for part in point.atlas.parts]
    blocks = [wrong(move) if move.any() else None for move in moves]
    names = point.pair.names()
    bad = [name for name, one in zip(names, blocks, strict=True) if one is not None]
    first = next((one for one in blocks if one is not None), found)
    least = bisect(first.move, wrong) or first
    if least.alone and _is_one_of_several(point, least):
        return SEVERAL
    if least.alone and (_is_rounding(point, least) or not confirmed(point, least)):
        if found.alone:
            return "a complex step differs by less than values can confirm"
        least = found  # which values do confirm
    if least.at_kink and np.count_nonzero(least.move) > 1:
        # No half of it is wrong, and each entry may take the slope of its own side.
        return SEVERAL
    by_values = found.how != point.oracle and np.count_nonzero(least.move) > 1
    if by_values and all(compare(point, half).why == STAIRS for half in halves(least.move)):
        return STAIRS  # along both halves, the slopes of wider steps all but cancel
    row = _row(point, least) if point.pair.kind not in {"gradient", "vjp"} else None
    entry, least = _by_entry(point, row[1] if row else least)
    told = f"df[{','.join(map(str, row[0]))}]/{entry}" if row and row[0] else entry
    entry = entry or (bad[0] if bad else "the gradient")
    notes = [f"by {least.how}"]
    if bad and (right := [name for name in names if name not in bad]):
        notes.append(f"wrong: {', '.join(bad)}; not refused here: {', '.join(right)}")
    return Fault(
        "slope",
        _sentence(point, told or entry, least),
        entry=entry,
        said=least.said,
        low=least.low,
        high=least.high,
        notes=tuple(notes),
    )


def _row(point: Input, found: Compared) -> tuple[tuple[int, ...], Compared] | None:
    """Return which value of f a wrong column of a Jacobian is wrong for, with its comparison."""
    if np.count_nonzero(found.move) != 1 or point.cotangent is None or len(point.cotangent) != 1:
        return None
    (u,) = point.cotangent
    rows, one = np.arange(u.size), found
    while len(rows) > 1 or one is found:
        for half in np.array_split(rows, 2):
            only = np.zeros(u.size)
            only[half] = 1.0 if len(half) == 1 else u.reshape(-1)[half]
            part = replace(point, cotangent=[only.reshape(u.shape)])
            other = compare(part, found.move)
            if other.verdict is Verdict.WRONG:
                rows, one = half, other
                break
        else:
            return None
    index = np.unravel_index(int(rows[0]), u.shape)
    return (tuple(map(int, index)), one) if one is not found else None


def beside(point: Input, found: Compared) -> str:
    """Return how an entry differs from the slopes beside an input, "" where no single one does."""

    def differs(move: Array) -> Compared | None:
        one = compare(point, move)
        return one if one.gap and one.verdict in {Verdict.UNKNOWN, Verdict.WRONG} else None

    entry, least = _by_entry(point, bisect(found.move, differs) or found)
    right = interval(least.low, least.high, least.said)
    return entry and f"{_way(point, least)}{entry} is {number(least.said)}, and beside it {right}"


def _by_entry(point: Input, least: Compared) -> tuple[str, Compared]:
    """Return the name of the one entry that a comparison is along, and its slope by it."""
    coordinates = np.flatnonzero(least.move)
    if len(coordinates) != 1:
        return "", least
    k = int(coordinates[0])
    block, index = point.atlas.place(k)
    scale = float(least.move[k])
    low, high = sorted((least.low / scale, least.high / scale))
    entry = point.entry(point.pair.moved[block], index)
    return entry, replace(least, low=low, high=high, said=least.said / scale)


def _way(point: Input, found: Compared) -> str:
    """Return how an entry moves where others move with it, so that its slope is not its own."""
    coordinates = np.flatnonzero(found.move)
    way = point.atlas.way(int(coordinates[0])) if len(coordinates) else ""
    return way and f"{way}, "


def _is_one_of_several(point: Input, found: Compared) -> bool:
    """Tell whether what is said is the slope at an input that roundings tell not apart.

    Where three numbers tie, f may have one slope to all sides of the input, and others beside it.
    """
    for which in range(ORDERS):
        with suppress(NoValue, Fault):
            if abs(point.nearby(which).imaginary(found.move) - found.said) <= found.half:
                return True
    return False


def _is_rounding(point: Input, found: Compared) -> bool:
    """Tell whether a few roundings of numbers as large as the slopes here explain a gap.

    A direction in which small slopes are raised raises the roundings of 1 - tanh(x)**2 with them.
    """
    along = found.move != 0
    raised = float(np.max(np.abs(found.move[along]) / point.wide[along], initial=1.0))
    usual = max(point.said(point.wide)[1], point.magnitude)
    return found.gap / raised <= FEW * point.unit * usual


def _sentence(point: Input, entry: str, found: Compared) -> str:
    coordinates = np.flatnonzero(found.move)
    if len(coordinates) <= 1:
        right = interval(found.low, found.high, found.said)
        return f"{_way(point, found)}{entry} is {number(found.said)}, and {right} is right"
    longest = float(np.abs(found.move).max())
    low, high, said = found.low / longest, found.high / longest, found.said / longest
    way = f"a direction of {len(coordinates)} entries"
    if len({point.atlas.place(int(k))[0] for k in coordinates}) > 1:
        entry = "the slope that the gradient says"
    if len(coordinates) <= FEW_ENTRIES:
        steps = []
        for k in coordinates:
            block, index = point.atlas.place(int(k))
            moved = point.entry(point.pair.moved[block], index)
            steps.append(f"{moved.removeprefix('d')} by {found.move[k] / longest:.4g}")
        way = f"moves of {' and '.join(steps)}"
    right = interval(low, high, said)
    return f"along {way}, {entry} is {number(said)}, and {right} is right"


def interval(low: float, high: float, said: float) -> str:
    """Return an interval as its middle where that says it all, else as its ends."""
    middle, half = (low + high) / 2, (high - low) / 2
    if abs(middle) <= half < 1e-6 * abs(said):
        return f"0 ± {high:.1g}"
    if half > 1e-3 * abs(middle):
        return f"a value between {low:.6g} and {high:.6g}"
    return f"{number(middle)} ± {half:.1g}"


def number(value: float) -> str:
    """Return a number with as many digits as tell it from one a millionth of a millionth off."""
    return f"{value:.12g}"
