"""What products of a Jacobian owe: linear, adjoint, the same by another way."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from gradaudit.checking.calls import ELSEWHERE, FORMS, answers, is_the_same
from gradaudit.checking.charts import Array
from gradaudit.checking.compared import ROUNDINGS, signs
from gradaudit.checking.lines import NoValue
from gradaudit.checking.points import Input
from gradaudit.checking.refusals import Fault
from gradaudit.checking.roundings import LOST
from gradaudit.checking.trees import as_array, copies, flat, form_of


def has_one_product(point: Input) -> None:
    """Check that the products of a LinearOperator with vectors and with matrices are the same."""
    for jacobian in point.operators():
        for one, several in (("matvec", "matmat"), ("rmatvec", "rmatmat")):
            if not hasattr(jacobian, several):  # which SciPy's LinearOperator has
                continue
            rows, columns = jacobian.shape
            size = columns if one == "matvec" else rows
            both = np.stack([signs(np.random.default_rng(k), size) for k in range(2)], axis=1)
            wanted = np.stack([getattr(jacobian, one)(v) for v in both.T], axis=1)
            found = np.asarray(getattr(jacobian, several)(both))
            if found.shape != wanted.shape:
                raise Fault("the form", f"{several} gives {form_of(found)}: {wanted.shape} is due")
            scale = float(np.abs(wanted).max(initial=0.0)) * max(size, 1)
            if not np.abs(found - wanted).max(initial=0.0) <= ROUNDINGS * point.unit * scale:
                raise Fault("adjoint", f"{several} of two vectors is not what {one} gives of each")


def is_one_product(point: Input) -> None:
    """Check that a product with a tangent is the same again, and linear in the tangent."""
    first, _ = answers(point, point.args)
    kept = [as_array(one).copy() for one in first]
    if not all(np.isfinite(one).all() for one in kept if one.dtype.kind in "fc"):
        return  # which is told where it is judged

    loose = max(LOST, ROUNDINGS * point.unit)

    def is_kept(other: Sequence[Any], when: str, size: float = 0.0) -> None:
        for old, new in zip(kept, map(as_array, other), strict=True):
            largest = max(size, float(np.abs(old).max(initial=0.0)), point.magnitude)
            if old.shape != new.shape or not (np.abs(old - new) <= loose * largest).all():
                raise Fault("the same again", f"the product is another {when}")

    again, _ = answers(point, point.args)
    is_kept(again, "when it is called again")
    with suppress(Fault, NoValue):
        answers(point, point.moved(point.scales, ELSEWHERE))
    is_kept(first, "once it was returned: a later call overwrites it")
    with suppress(NoValue):
        point.value(point.scales, ELSEWHERE)
    is_kept(answers(point, point.args)[0], "after calls elsewhere")
    for (mask,) in _parts_of([point.wide]):
        parts = [
            [as_array(one) for one in flat(point.product(point.args, point.wide * part))]
            for part in (mask, ~mask)
        ]
        size = max(float(np.abs(one).max(initial=0.0)) for part in parts for one in part)
        is_kept([a + b for a, b in zip(*parts, strict=True)], "by parts of the tangent", size)


def _parts_of(arrays: Sequence[Array]) -> Iterator[list[Array]]:
    """Yield masks of arrays: first entries, rows, every other entry, and one array alone.

    What is linear is the sum of what comes of the two parts that a mask makes.
    """
    seen = {b"".join(np.ones(one.shape, bool).tobytes() for one in arrays)}
    for way in range(4):
        masks = [np.zeros(one.shape, bool) for one in arrays]
        for k, mask in enumerate(masks):
            entries, rows = mask.reshape(-1), mask[:1] if mask.ndim else mask
            some = (entries[:1], rows, entries[::2], entries[: mask.size * (k == 0)])
            some[way][...] = True
        if (known := b"".join(mask.tobytes() for mask in masks)) not in seen:
            seen.add(known)
            yield masks


def is_linear(point: Input, kept: Sequence[Array]) -> None:
    """Check that the product is linear in the cotangent, whatever its order of memory."""
    assert point.cotangent is not None
    if not all(np.isfinite(g).all() for g in kept):
        return  # where slopes may be infinite, 0 times them is no number

    def with_cotangent(change: Callable[[Array], Array]) -> list[Any]:
        changed = [change(u) for u in point.cotangent or []]
        return point.gradient(copies(point.args), changed)

    zero = point.checked(with_cotangent(np.zeros_like))
    for name, g in zip(point.pair.names(), zero, strict=True):
        if np.any(g):
            raise Fault("linear in the cotangent", f"{name} is not 0 for a cotangent of 0")
    is_the_same(
        point,
        [4 * g for g in kept],
        with_cotangent(lambda u: 4 * u),
        "for four times the cotangent, over four",
    )
    numbers = [np.finfo(u.dtype) for u in map(np.asarray, [*kept, *point.cotangent])]
    tiny = [2.0**20 * np.asarray(g) for g in with_cotangent(lambda u: 2.0**-20 * u)]
    underflow = 2.0**20 * max(float(one.smallest_normal) for one in numbers)
    is_the_same(point, kept, tiny, "for a tiny cotangent", least=underflow)
    largest = max(float(np.abs(g).max(initial=0.0)) for g in kept)
    if largest < 2.0**-40 * min(float(one.max) for one in numbers):  # else it may have no value
        huge = [2.0**-20 * np.asarray(g) for g in with_cotangent(lambda u: 2.0**20 * u)]
        # What is computed beside a matrix of the cotangent, as of an exponential, loses digits.
        is_the_same(point, kept, huge, "for a huge cotangent", lost=LOST)
    for name, change in FORMS:
        is_the_same(point, kept, with_cotangent(change), f"for a {name} cotangent")
    for masks in _parts_of(point.cotangent):
        parts = []
        for some in (masks, [~mask for mask in masks]):
            weights = [u * mask for u, mask in zip(point.cotangent, some, strict=True)]
            found = point.gradient(copies(point.args), weights)
            parts.append([np.asarray(g) for g in found])
        whole = [a + b for a, b in zip(*parts, strict=True)]
        size = max(float(np.abs(g).max(initial=0.0)) for part in parts for g in part)
        when = "by two parts of the cotangent, one after the other"
        is_the_same(point, kept, whole, when, least=max(LOST, ROUNDINGS * point.unit) * size)
    all_ones = list(map(np.ones_like, point.cotangent))
    ones = point.checked(point.gradient(copies(point.args), copies(all_ones)))
    expanded = with_cotangent(lambda u: np.broadcast_to(np.ones(()), u.shape))
    when = "for a cotangent of ones that is expanded from one number"
    is_the_same(point, ones, expanded, when, all_ones)


def is_adjoint(point: Input) -> None:
    """Check that the products to both sides are those of one matrix: u · (J v) = (Jᵀ u) · v."""
    gap, terms, text = _to_both_sides(point)
    if gap <= (ROUNDINGS * point.unit + point.pair.relative) * (terms + point.magnitude):
        return
    gaps = [gap]
    # A gap that is of roundings is another one a few roundings off, and for other tangents.
    for which, length in enumerate((1.0, 0.7, 1.1, 1.3)):
        with suppress(NoValue, Fault):
            gaps.append(_to_both_sides(point.nearby(which), length)[0] / length)
    if gap > 8 * (max(gaps) - min(gaps)):
        raise Fault("adjoint", text)


def _to_both_sides(point: Input, length: float = 1.0) -> tuple[float, float, str]:
    """Return by how much the products to both sides differ, the size of their terms, and how."""
    move = signs(np.random.default_rng(0), point.atlas.size) * point.wide * length
    forward = point.forward(move)
    if forward is None:
        return 0.0, 0.0, ""
    (there, terms), (back, others) = forward, point.said(move)
    text = f"u · (J v) is {there:.12g} by one product, and (Jᵀ u) · v is {back:.12g} by the other"
    return abs(there - back), terms + others, text
