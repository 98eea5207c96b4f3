"""Calling a derivative, and whether it gives what it gave."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from gradaudit.checking.charts import Array
from gradaudit.checking.compared import ROUNDINGS, UNIT, signs
from gradaudit.checking.lines import NoValue
from gradaudit.checking.points import NEARBY, Input
from gradaudit.checking.refusals import Fault
from gradaudit.checking.trees import copies, flat

ELSEWHERE = 0.25  # how far off, in scales of the input, it is called in between


def answers(point: Input, args: Sequence[Any]) -> tuple[list[Any], tuple[Any, ...]]:
    """Return the gradients at copies of arguments, and these, if they are unchanged."""
    at_point = args is point.args  # which nothing changes: the copies are what is passed on
    given = copies(tuple(args)) if at_point else tuple(args)
    before = point.args if at_point else copies(given)
    cotangent = copies(point.cotangent)
    if point.pair.kind == "jvp":
        gradients = flat(point.product(given, point.wide))
    else:
        gradients = point.gradient(given, cotangent)
    spec = point.pair.spec
    for leaf, old, new in zip(spec.leaves, spec.flatten(before), spec.flatten(given), strict=True):
        same = np.array_equal(old, new)
        if not (same or (is_float(old) and np.array_equal(old, new, equal_nan=True))):
            raise Fault("inputs unchanged", f"the argument {leaf.path} is changed by the gradient")
    for old, new in zip(point.cotangent or [], cotangent or [], strict=True):
        if not np.array_equal(old, new):
            raise Fault("inputs unchanged", "the cotangent is changed by the product")
    return gradients, given


def is_float(value: Any) -> bool:
    """Tell whether a value is of real or complex floats."""
    return np.asarray(value).dtype.kind in "fc"


def _is_exactly(one: Array, other: Any) -> bool:
    return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)


def is_the_same(
    point: Input,
    kept: Sequence[Array],
    other: Sequence[Any],
    when: str,
    cotangent: Sequence[Any] | None = None,
    *,
    lost: float = 0.0,
    least: float = 0.0,
) -> None:
    """Check that gradients are those that were kept, but for roundings.

    lost: part of them that may be lost besides, and least: what may, whatever they are.
    """
    if len(kept) == len(other) and all(map(_is_exactly, kept, other)):
        return
    found = point.checked(list(other))
    if all(map(np.array_equal, kept, found)):
        return
    slopes = np.zeros(point.atlas.size) if point.slopes is None else point.slopes
    terms = np.abs(slopes * point.wide)
    natural = max(float(terms[np.isfinite(terms)].sum()), point.magnitude)
    for k, (old, new) in enumerate(zip(kept, found, strict=True)):
        i, wide = point.pair.moved[k], point.wide[point.atlas.parts[k]]
        # Sums may be taken in another order, as threads do.
        # The smallest of a short precision have fewer digits.
        each = ROUNDINGS * point.unit + point.pair.relative + lost
        allowed = each * float(np.abs(old).max(initial=0.0)) + ROUNDINGS * point.least + least
        # What is left where large terms cancel is theirs: of the size of f, over that of the input.
        if wide.size and wide.mean() > 0:
            allowed += ROUNDINGS * point.unit * natural / float(wide.mean())
        if point.unit > UNIT:  # few roundings of numbers of size one, times what is given
            allowed += NEARBY * point.unit * point.largest
        with np.errstate(invalid="ignore"):
            gaps = np.where(new == old, 0.0, np.abs(new - old))
            different = np.argwhere(~(gaps <= allowed))
            if len(different):  # large terms may have cancelled
                different = np.argwhere(
                    ~(gaps <= allowed + _moved_by_roundings(point, k, cotangent))
                )
        if len(different):
            index = tuple(int(k) for k in different[0])
            entry = point.entry(i, index)
            raise Fault(
                "the same again",
                f"{entry} is {old[index]:.12g}, and {new[index]:.12g} {when}",
                entry=entry,
            )


def _moved_by_roundings(point: Input, k: int, cotangent: Sequence[Any] | None) -> float:
    """Return how far a gradient moves where inputs move by a few last places.

    From what it is now, and not from what it was: what differs for another reason is no rounding.
    """
    random = np.random.default_rng(0)

    def found(args: tuple[Any, ...]) -> Array:
        weights = copies(point.cotangent if cotangent is None else list(cotangent))
        return point.checked(point.gradient(args, weights))[k]

    still = most = 0.0
    try:
        now = found(copies(point.args))
        for _ in range(4):
            again = np.abs(found(copies(point.args)) - now)
            still = max(still, float(again.max(initial=0.0)))
    except (Fault, NoValue):
        return 0.0
    for _ in range(4):
        aside = signs(random, point.atlas.size) * point.scales
        with suppress(Fault, NoValue):
            moved = found(point._narrow(point.moved(aside, NEARBY * point.unit)))
            most = max(most, float(np.abs(moved - now).max(initial=0.0)))
    # What moves as much at the same input is another answer at every call.
    return ROUNDINGS * most if math.isfinite(most) and 2 * still <= most else 0.0


def backwards(array: Array) -> Array:
    """Return an equal array whose memory runs backwards."""
    return np.ascontiguousarray(array[::-1])[::-1] if array.ndim else array


def read_only(array: Array) -> Array:
    """Return a copy that cannot be written to."""
    array = array.copy()
    array.flags.writeable = False
    return array


def strided(array: Array) -> Array:
    """Return an equal array that is every other entry of a larger one."""
    wide = np.repeat(array, 2, axis=-1) if array.ndim else array
    return wide[..., ::2] if array.ndim else wide


FORMS: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("reversed", backwards),
    ("Fortran-ordered", lambda array: np.asfortranarray(array).reshape(array.shape, order="F")),
    ("strided", strided),
    ("read-only", read_only),
)
