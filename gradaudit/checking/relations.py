"""What a wrong gradient is, beside the right one: twice, minus, transposed, another block's."""

from collections.abc import Iterator

import numpy as np

from gradaudit.checking.charts import Array
from gradaudit.checking.compared import only
from gradaudit.checking.ladder import imaginary_slope, slopes_of
from gradaudit.checking.points import Input

MOST = 64  # entries of a block whose true slopes are looked for one by one
CLOSE = 1e-6
KNOWN = 1 / 16  # of the largest slope, to which each is to be known


def true_slopes(point: Input, part: slice) -> Array | None:
    """Return the true slopes along the coordinates of a block, None where one is not known."""
    if part.stop - part.start > MOST or not point.scales[part].all():
        return None
    lows, highs, sizes = np.zeros((3, part.stop - part.start))
    for k, place in enumerate(range(part.start, part.stop)):
        move = only(point.scales, place)
        _, sizes[k] = point.said(move)
        step = imaginary_slope(point, move, sizes[k])
        lows[k], highs[k] = (step[0], step[0]) if step else slopes_of(point, move)
    truth, off = (lows + highs) / 2, (highs - lows) / 2
    largest = np.maximum(np.abs(truth), sizes).max(initial=0.0)
    return truth / point.scales[part] if (off <= KNOWN * largest).all() else None


def relations(point: Input, block: int) -> set[str] | None:
    """Return all simple relations of a wrong block to the right ones, as ends of a sentence.

    None where the right one is not known, or says nothing.
    """
    if point.slopes is None:
        return None
    truths = [true_slopes(point, part) for part in point.atlas.parts]
    truth, said = truths[block], point.slopes[point.atlas.parts[block]]
    if truth is None or not truth.any() or _same(said, truth):
        return None
    found = {text for text, other in _others(point, block, truths) if _same(said, other)}
    return found | ({"what is right, transposed"} if _is_turned(point, block, truth) else set())


def _is_turned(point: Input, block: int, truth: Array) -> bool:
    """Tell whether a Jacobian is right once it is transposed."""
    if point.pair.kind != "jacobian" or point.cotangent is None:
        return False
    jacobian = np.asarray(point.jacobians()[block])
    u = np.concatenate([np.reshape(w, -1) for w in point.cotangent])
    return jacobian.shape == (len(u), len(u)) and _same(jacobian @ u, truth)


def _same(said: Array, other: Array) -> bool:
    scale = max(float(np.abs(other).max(initial=0)), float(np.abs(said).max(initial=0)))
    return said.shape == other.shape and bool((np.abs(said - other) <= CLOSE * scale).all())


def _others(point: Input, block: int, truths: list[Array | None]) -> Iterator[tuple[str, Array]]:
    truth = truths[block]
    assert truth is not None
    names = point.pair.names()
    shape = point.atlas.charts[block].x.shape
    yield "zero", 0 * truth
    yield "what is right with another sign", -truth
    yield "twice what is right", 2 * truth
    yield "half of what is right", truth / 2
    sizes = {
        name: n
        for leaf, x in zip(point.pair.spec.leaves, point.leaves, strict=True)
        for name, n in zip(leaf.shape, np.shape(x), strict=False)
        if n > 1
    }
    for name, n in sizes.items():
        yield f"{name} times what is right: a sum for a mean over {name}", n * truth
        yield f"what is right divided by {name}: a mean for a sum over {name}", truth / n
        yield f"what is right times 2/{name}", truth * 2 / n
    if truth.size == np.prod(shape):
        whole = truth.reshape(shape)
        if len(shape) == 2 and shape[0] == shape[1] > 1:
            yield "what is right, transposed", whole.T.reshape(-1)
        for axis in range(len(shape)):
            if shape[axis] > 1:
                total = whole.sum(axis=axis, keepdims=True)
                total = np.broadcast_to(total, shape).reshape(-1)
                yield f"what is right, summed over axis {axis}", total
                yield f"what is right, averaged over axis {axis}", total / shape[axis]
        if truth.size > 1:
            yield "the absolute value of what is right", np.abs(truth)
            yield "the sign of what is right", np.sign(truth)
            yield "what is right, in reverse order", truth[::-1]
    for name, other in zip(names, truths, strict=True):
        if other is not None and name != names[block] and other.any():
            yield f"what is right for {name}", other
