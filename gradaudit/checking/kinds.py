"""The values of one array: ordinary ones, special ones, and the nearest that is of its kind.

Only + - * / and square roots make them, which give the same bits on every machine.
"""

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np

from gradaudit.checking.specs import AXES, Leaf

Array = Any  # of NumPy
Change = Callable[[Array, int], Array]  # of ordinary values, under a bound; may change them

PLAIN = np.array([1, 2, -1, 3, -2, -3, 0.5, -1.5, 1.25])
SCALABLE = {"float", "positive", "nonnegative", "symmetric", "spd", "lower", "complex"}
SPREADABLE = {"float", "positive", "nonnegative"}
TINY, LARGE, HUGE, NEAR = 2.0**-24, 2.0**12, 1e6, 1e-8


def uniform(random: Random, shape: Sequence[int]) -> Array:
    """Return numbers from 0 to 1, of 53 bits each."""
    bits = np.frombuffer(random.randbytes(8 * math.prod(shape)), "<u8")
    return ((bits >> np.uint64(11)) * 2.0**-53).reshape(shape)


def gaussian(random: Random, shape: Sequence[int]) -> Array:
    """Return numbers of mean 0 and deviation 1, between -3 and 3, like Gaussian ones."""
    return (uniform(random, (3, *shape)).sum(0) - 1.5) * 2


def plain(random: Random, shape: Sequence[int]) -> Array:
    """Return numbers of the short list."""
    return PLAIN[(uniform(random, shape) * len(PLAIN)).astype(int)]


def ordinary(kind: str, reals: Array, random: Random, bound: int = 0) -> Array:
    """Return values of a kind, made of any real ones."""
    match kind:
        case "complex":
            return reals + 1j * (gaussian(random, reals.shape) * 2**-0.5)
        case "unit":
            return np.abs(reals) / (np.abs(reals) + 1)
        case "int":
            limit = bound or 7
            return np.floor(uniform(random, reals.shape) * limit) - (0 if bound else 3)
        case "count":
            return np.rint(reals * reals * 2.5)
        case "spd":
            b = np.rint(reals * 256) / 256  # so that products and sums are exact
            return (b[..., :, None, :] * b[..., None, :, :]).sum(-1) + np.eye(b.shape[-1])
        case "orthogonal":
            once = _reflected(reals[..., 0], identity(reals))
            return _reflected(gaussian(random, reals.shape[:-1]), once)
    return mended(kind, reals, bound)


def mended(kind: str, values: Array, bound: int = 0) -> Array:
    """Return values of a kind near to others; those of the kind stay as they are, bit for bit."""
    match kind:
        case "positive":
            return np.where(values == 0, np.ones_like(values), np.abs(values))
        case "nonnegative":
            return np.abs(values)
        case "unit":
            return np.clip(values, 0, 1)
        case "sign":
            return np.where(values < 0, -np.ones_like(values), np.ones_like(values))
        case "count":
            return np.rint(np.abs(values))
        case "int":
            return np.mod(np.rint(values), bound) if bound else np.rint(values)
        case "bool":
            return values > 0
        case "simplex":
            return _scaled(np.abs(values), np.abs(values.astype(float)).sum(-1, keepdims=True))
        case "unitvec":
            squares = values.astype(float) ** 2
            return _scaled(values, np.sqrt(squares.sum(-1, keepdims=True)))
        case "onehot":
            return np.eye(values.shape[-1], dtype=values.dtype)[np.argmax(values, -1)]
        case "symmetric":
            return (values + _t(values)) / 2
        case "lower":
            diagonal = mended("positive", np.diagonal(values, axis1=-2, axis2=-1))
            return np.tril(values, -1) + identity(values) * diagonal[..., None, :]
        case "spd":
            even = (values + _t(values)) / 2
            if definite(even):
                return even
            off = even * (1 - identity(values))
            return off + identity(values) * (np.abs(off).sum(-1) + 1)[..., None, :]
        case "orthogonal":
            product = (values[..., :, None, :] * values[..., None, :, :]).sum(-1)
            near = np.abs(product - identity(values)).max(initial=0) < 64 * _eps(values)
            return values if near else identity(values)
    return values


def definite(values: Array) -> bool:
    """Return whether symmetric matrices are positive definite."""
    try:
        np.linalg.cholesky(values.astype(np.float64))
    except np.linalg.LinAlgError:
        return False
    return True


def _eps(values: Array) -> float:
    return float(np.finfo(values.dtype).eps) if values.dtype.kind in "fc" else 2.0**-52


def identity(values: Array) -> Array:
    """Return identities in the shape of matrices."""
    return np.zeros_like(values) + np.eye(values.shape[-1], dtype=values.dtype)


def _t(values: Array) -> Array:
    return np.swapaxes(values, -1, -2)


def _scaled(values: Array, sizes: Array) -> Array:
    """Return values divided by their sizes along the last axis; the first axis for all zero."""
    count = values.shape[-1]
    values = np.where(sizes == 0, np.arange(count) == 0, values)
    near = np.abs(sizes - 1) <= 2 * _eps(values) + count * 2.0**-52
    return np.where(near | (sizes == 0), values, values / np.where(sizes == 0, 1, sizes))


def _reflected(axis: Array, values: Array) -> Array:
    """Return matrices mirrored along an axis."""
    length = (axis * axis).sum(-1)[..., None, None]
    along = (axis[..., :, None] * values).sum(-2)[..., None, :]
    turned = axis[..., :, None] * along * 2 / np.where(length == 0, 1, length)
    return values - turned


def spread(random: Random) -> Change:
    """Return the change to numbers from 8 to 1024, about as many of each size."""

    def change(v: Array, _: int) -> Array:
        power = 3 + 7 * uniform(random, v.shape)
        whole = np.floor(power)
        return np.copysign(np.ldexp(1 + power - whole, whole.astype(int)), v)

    return change


# ---- special values: of each, what structure it has, or how far out it lies


def _fill(number: complex) -> Change:
    return lambda v, _: np.full_like(v, number)


def _put(number: float, first: bool = False) -> Change:
    """Put a number in the first entry, or in one of the middle."""

    def change(v: Array, _: int) -> Array:
        v.flat[0 if first else v.size // 2] = number
        return v

    return change


def _rows(v: Array, _: int) -> Array:
    v[-1] = v[0]
    return v


def _columns(v: Array, _: int) -> Array:
    v[..., -1] = v[..., 0]
    return v


def _tied(which: Callable[[Array, int], Array]) -> Change:
    """Bring some along the last axis to the largest there."""

    def change(v: Array, _: int) -> Array:
        places = which(np.arange(v.shape[-1]), v.shape[-1])
        return np.where(places, v.max(-1, keepdims=True), v)

    return change


def _sum(total: float) -> Change:
    """Bring the sum along the last axis to a number."""

    def change(v: Array, _: int) -> Array:
        v = np.rint(2 * v)
        if v.ndim:
            v[..., -1] = total - v[..., :-1].sum(-1)
        return v

    return change


def _cycle(v: Array, bound: int) -> Array:
    return np.arange(v.size, dtype=float).reshape(v.shape) % (bound or 4)


def _times(factor: float) -> Change:
    return lambda v, _: v * factor


def _vertex(v: Array, _: int) -> Array:
    return np.eye(v.shape[-1])[np.argmax(v, -1)]


def _diagonal(v: Array, _: int) -> Array:
    return identity(v) * np.arange(1.0, v.shape[-1] + 1)


_ZERO: dict[str, Change] = {"all zero": _fill(0)}
_IDENTITY: dict[str, Change] = {"identity": lambda v, _: identity(v), "diagonal": _diagonal}
_ALTERNATE: dict[str, Change] = {"alternating": lambda v, _: 1 - 2 * (_cycle(v, 2))}
_WHOLE: dict[str, Change] = {"whole": lambda v, _: np.rint(2 * v)}
_SCALES: dict[str, Change] = {"tiny": _times(TINY), "large": _times(LARGE)}
STRUCTURES: dict[str, dict[str, Change]] = {
    "float": {
        **(_ZERO | _WHOLE),
        "one zero": _put(0),
        "negative": lambda v, _: -np.abs(v),
        "halves": lambda v, _: np.copysign(np.where(np.abs(v) > 1.2, 1, 0.5), v),
        "sum of zero": _sum(0),
        "positive": lambda v, _: np.abs(v),
        "all one": _fill(1),
        "sum of one": _sum(1),
        "nearly whole": lambda v, _: np.rint(2 * v) + TINY,
        "sum near one": _sum(1 + TINY),
    },
    "positive": {"all one": _fill(1), "whole": lambda v, _: np.ceil(2 * v)},
    "nonnegative": {**(_ZERO | _WHOLE), "one zero": _put(0), "all one": _fill(1)},
    "unit": {
        **_ZERO,
        "ends": lambda v, _: np.rint(v),
        "all one": _fill(1),
        "half": _fill(0.5),
        "one zero": _put(0),
    },
    "simplex": {
        "vertex": _vertex,
        "uniform": _fill(1),
        "one zero": lambda v, _: np.where(np.arange(v.shape[-1]) == 0, 0, v),
    },
    "unitvec": {
        "axis": _vertex,
        "against an axis": lambda v, _: -_vertex(v, 0),
        "uniform": _fill(1),
        "one zero": lambda v, _: np.where(np.arange(v.shape[-1]) == 0, 0, v),
    },
    "onehot": {
        "the first": _fill(0),
        "each": lambda v, _: np.eye(v.shape[-1])[_cycle(v[..., 0], v.shape[-1]).astype(int)],
        "the last": lambda v, _: np.zeros_like(v) + (np.arange(v.shape[-1]) + 1 == v.shape[-1]),
    },
    "sign": {"all one": _fill(1), "negative": _fill(-1), **_ALTERNATE},
    "count": {**_ZERO, "one zero": _put(0), "all one": _fill(1), "each": _cycle},
    "int": {
        **_ZERO,
        "each": _cycle,
        "the last": lambda v, bound: np.full_like(v, bound - 1),
        "first and last": lambda v, bound: _cycle(v, 2) * (bound - 1),
    },
    "bool": {"all true": _fill(1), "all false": _fill(0), **_ALTERNATE},
    "symmetric": {
        **_IDENTITY,
        **_ZERO,
        "all one": _fill(1),
        "negative": lambda v, _: -np.abs(v),
        "whole": lambda v, _: np.rint(v + _t(v)),
    },
    "spd": {**_IDENTITY, "repeated eigenvalues": lambda v, _: 1 + identity(v)},
    "lower": {
        **_IDENTITY,
        "all one": _fill(1),
        "whole": lambda v, _: np.rint(2 * v),
        "negative": lambda v, _: -np.abs(v),
    },
    "orthogonal": {
        "identity": lambda v, _: identity(v),
        "minus identity": lambda v, _: -identity(v),
        "turned round": lambda v, _: identity(v)[..., ::-1],
        "mirror": lambda v, _: identity(v) * (1 - 2 * (np.arange(v.shape[-1]) == 0)),
    },
    "complex": {
        **_ZERO,
        "real": lambda v, _: v.real + 0j,
        "imaginary": lambda v, _: v.imag * 1j,
        "one zero": _put(0),
        "whole": lambda v, _: np.rint(2 * v),
        "conjugate": lambda v, _: np.where(np.arange(v.size).reshape(v.shape) % 2, v.conj(), v),
        "all one": _fill(1),
        "on the circle": lambda v, _: np.where(v.real > 0, 0.6 + 0.8j, -0.8 + 0.6j),
    },
}
EXTREMES: dict[str, dict[str, Change]] = {
    "float": {
        "tiny": _times(TINY),
        "low entry": _put(-800, first=True),
        "offset": lambda v, _: 1000 + v / 8,
        "saturated": lambda v, _: np.copysign(40, v),
        "large": _times(LARGE),
        "high entry": _put(900, first=True),
        "saturated far": lambda v, _: np.copysign(750, v),
        "huge": _times(HUGE),
    },
    "positive": {
        "near zero": _times(NEAR),
        "one near zero": _put(NEAR),
        "huge": _times(HUGE),
        "offset": lambda v, _: 1000 + v / 8,
        **_SCALES,
    },
    "nonnegative": {"near zero": _times(NEAR), "huge": _times(HUGE), **_SCALES},
    "unit": {"near zero": _times(NEAR), "near one": lambda v, _: 1 - v * TINY},
    "simplex": {"near a vertex": lambda v, _: _vertex(v, 0) + v * NEAR},
    "unitvec": {"near an axis": lambda v, _: _vertex(v, 0) + v * NEAR},
    "count": {"large": _times(100)},
    "symmetric": _SCALES,
    "spd": {"ill-conditioned": lambda v, _: 1 + identity(v) * 2.0**-20, **_SCALES},
    "lower": {"small diagonal": lambda v, _: v * (1 - identity(v) * (1 - 2.0**-10)), **_SCALES},
    "complex": {**_SCALES, "low entry": _put(-800, first=True)},
}


def structures(leaf: Leaf) -> dict[str, Change]:
    """Return the changes of an array of this kind by what they make: zeros, ties, duplicates."""
    own = STRUCTURES.get(leaf.kind, {})
    if leaf.kind == "int" and not leaf.below:
        own = {**_ZERO, "all one": _fill(1), "negative": _fill(-1), "each": _cycle}
    apart, axes = AXES.get(leaf.kind, 0), len(leaf.shape)
    found = dict(own)
    if axes > apart and not leaf.parts:
        found["two equal rows"] = _rows
    if axes > 1 and not apart:
        found["two equal columns"] = _columns
    if axes and apart < 2 and leaf.moves and leaf.kind != "complex":
        found["two tied"] = _tied(lambda k, n: (k == 0) | (k == n - 1))
        found["three tied"] = _tied(lambda k, _: k < 3)
        found["all tied"] = _tied(lambda k, _: k >= 0)
    return found


def extremes(leaf: Leaf) -> dict[str, Change]:
    """Return the changes that lead far out, or close to an edge."""
    return EXTREMES.get(leaf.kind, {})


def finished(leaf: Leaf, values: Array) -> Any:
    """Return values as an argument of a function: a fresh array, or a number."""
    dtype = np.dtype(leaf.dtype)
    if dtype.kind in "fc" and dtype.itemsize // (1 + (dtype.kind == "c")) < 8:
        limit = float(np.finfo(dtype).max) / 2
        values = values if dtype.kind == "c" else np.clip(values, -limit, limit)
        values = mended(leaf.kind, values.astype(dtype))
    array = np.array(values, dtype=dtype, order="C")
    if leaf.shape:
        return array
    return array.item() if dtype.kind in "ib" else array[()]
