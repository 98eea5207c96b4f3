"""The same input at other sizes: with fewer indices, others, or some of them twice."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradaudit.checking import kinds
from gradaudit.checking import sizes as expressions
from gradaudit.checking.specs import Leaf, Spec


def copied(values: Sequence[Any]) -> list[Any]:
    """Return fresh arrays."""
    return [one.copy() if isinstance(one, np.ndarray) else one for one in values]


def kept_of(
    spec: Spec,
    values: Sequence[Any],
    sizes: Mapping[str, int],
    keep: Mapping[str, Any],
    options: Mapping[str, int] | None = None,
) -> list[Any] | None:
    """Return values with these indices of some sizes only, or None where others are needed.

    options: another choice of some whole ones, of which sizes may speak.
    """
    known = {**(options or {}), **{name: len(places) for name, places in keep.items()}}
    fewer = spec.sized(sizes, known) if all(map(len, keep.values())) else None
    return None if fewer is None else resized(spec, values, sizes, fewer, keep)


def resized(
    spec: Spec,
    values: Sequence[Any],
    old: Mapping[str, int],
    new: Mapping[str, int],
    keep: Mapping[str, Any],
) -> list[Any]:
    """Return all values for other sizes; keep: as in `kept_of`."""
    return [
        new.get(leaf.path, one) if leaf.choices else _leaf(leaf, one, old, new, keep)
        for leaf, one in zip(spec.leaves, values, strict=True)
    ]


def _leaf(
    leaf: Leaf, values: Any, old: Mapping[str, int], new: Mapping[str, int], keep: Mapping[str, Any]
) -> Any:
    """Return an array for other sizes, of its kind.

    keep: for names of sizes, the indices to take along an axis of that name. Elsewhere they are
    the first ones, and from the start again where there are not enough.
    """
    array = np.asarray(values)
    bound = leaf.bound_at(new)
    if leaf.parts:
        shapes = [shape for _, shape in leaf.parts]
        ends = np.cumsum([math.prod(expressions.values(shape, old)) for shape in shapes])[:-1]
        pieces = zip(np.split(array, ends), shapes, strict=True)
        taken = [
            _taken(piece.reshape(expressions.values(shape, old)), shape, new, keep)
            for piece, shape in pieces
        ]
        return kinds.finished(leaf, np.concatenate([one.ravel() for one in taken]))
    taken = _taken(array, leaf.shape, new, keep)
    if leaf.kind == "spd":  # an index taken twice leaves it singular
        places = _places(leaf.shape[-1], array.shape[-1], new, keep)
        first = np.unique(places, return_index=True)[1]
        again = ~np.isin(np.arange(len(places)), first)
        taken = taken + kinds.identity(taken) * np.abs(taken).max() * again
    taken = np.minimum(taken, bound - 1) if bound else taken
    return kinds.finished(leaf, kinds.mended(leaf.kind, taken, bound))


def _places(text: str, old: int, new: Mapping[str, int], keep: Mapping[str, Any]) -> Any:
    """Return the indices to take along an axis that is `old` long."""
    return keep.get(text, np.arange(expressions.value(text, new)) % max(old, 1))


def _taken(
    array: Any, shape: Sequence[str], new: Mapping[str, int], keep: Mapping[str, Any]
) -> Any:
    for axis, text in enumerate(shape):
        array = np.take(array, _places(text, array.shape[axis], new, keep), axis)
    return array
