"""From an input that shows a mistake to the smallest that still does, and how it is written."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from gradaudit.checking import kinds
from gradaudit.checking.resizing import copied, kept_of
from gradaudit.checking.specs import AXES, Leaf, Spec

Array = Any  # of NumPy
SIMPLE = (0.0, 1.0, -1.0, 2.0, -2.0, 3.0)
PARTS, ENTRIES = 64, 256  # of one array that are tried at a time
LARGE = 2_000  # entries of an input that count as one call
UNIFORM = 8  # entries, from which an array of one number is written in short


def effort(spec: Spec, args: Sequence[Any]) -> tuple[int, float]:
    """Return how hard an input is to calculate with by hand: how many entries, and which."""
    values = spec.flatten(args)
    costs = 0.0
    for leaf, one in zip(spec.leaves, values, strict=True):
        costs += _place(leaf, one) if leaf.choices else float(np.sum(_cost(one)))
    return sum(int(np.size(one)) for one in values), costs


def _cost(values: Any) -> Array:
    """Return for each number how far it is from 0, 1, a whole one, one of few digits."""
    array = np.asarray(values)
    if array.dtype.kind == "c":
        return _cost(array.real) + _cost(array.imag)
    size = np.minimum(np.nan_to_num(np.abs(array.astype(float)), nan=np.inf), 1e6)
    digits = np.where(np.round(size, 1) == size, 4, 16)
    digits = np.where(np.floor(4 * size) == 4 * size, 2, digits)
    digits = np.where(np.floor(size) == size, 0, digits)
    return (size > 0) + 0.5 * (array < 0) + digits + np.log2(1 + size) / 8


def smaller(spec: Spec, args: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield valid inputs of less effort, those of the most gain first.

    Raises ValueError where the input does not fit the spec.
    """
    most = effort(spec, args)
    for values in _candidates(spec, args):
        candidate = spec.rebuild(values)
        if effort(spec, candidate) < most:
            yield candidate


def _candidates(spec: Spec, args: Sequence[Any]) -> Iterator[list[Any]]:
    sizes, values = spec.sizes(args), spec.flatten(args)
    axes = [name for name in spec.size_names if any(name in leaf.sizes for leaf in spec.leaves)]
    keeps = [
        {name: np.delete(np.arange(sizes[name]), slice(*span))}
        for name in axes
        for span in _spans(sizes[name])
    ]
    several = [axes, *combinations(axes, 2)]  # equal sizes stay equal
    keeps += [{name: np.arange(sizes[name] - 1) for name in one} for one in several]
    for keep in keeps:
        if fewer := kept_of(spec, values, sizes, keep):
            yield fewer
    for k, leaf in enumerate(spec.leaves):
        before, after = values[:k], values[k + 1 :]
        for choice in leaf.choices[: _place(leaf, values[k])]:
            whole = {leaf.path: choice} if leaf.path in spec.options else {}
            if changed := kept_of(spec, [*before, choice, *after], sizes, {}, whole):
                yield changed
        bound = leaf.bound_at(sizes)
        for one in () if leaf.choices else _easier(leaf, np.asarray(values[k])):
            easier = kinds.finished(leaf, kinds.mended(leaf.kind, one, bound))
            yield copied([*before, easier, *after])


def _place(leaf: Leaf, choice: Any) -> int:
    return leaf.choices.index(choice) if choice in leaf.choices else len(leaf.choices)


def _spans(size: int) -> Iterator[tuple[int, int]]:
    """Yield parts of a range: halves, quarters and so on, from the end; of a long one no few."""
    length = size // 2
    while length > size // PARTS:
        yield from ((max(stop - length, 0), stop) for stop in range(size, 0, -length))
        length //= 2


def _easier(leaf: Leaf, array: Array) -> Iterator[Array]:
    """Yield arrays with more zeros, ones and whole numbers; not all of them of the kind."""
    yield np.zeros_like(array)
    yield np.ones_like(array)
    if array.dtype.kind in "fc":
        yield np.round(array)
        yield array.real.astype(array.dtype)
    flat = array.reshape(-1)
    for start, stop in _spans(len(flat)) if len(flat) > 2 else ():
        if stop - start > 1:
            yield _with(array, slice(start, stop), 0)
    for place in np.flatnonzero(_cost(flat))[:ENTRIES]:
        for number in (*SIMPLE, *_rounded(flat[place])):
            if _cost(number) < _cost(flat[place]):
                changed = _with(array, place, number)
                if AXES.get(leaf.kind) == 2 and leaf.kind != "lower":
                    *batch, i, j = np.unravel_index(place, array.shape)
                    changed[(*batch, j, i)] = number
                yield changed


def _rounded(number: Any) -> list[Any]:
    real = np.asarray(number).dtype.kind in "fi"
    return [np.round(number), -number, np.round(number, 1)] if real else []


def _with(array: Array, place: Any, number: Any) -> Array:
    changed = array.copy()
    changed.reshape(-1)[place] = number
    return changed


def shrink(
    spec: Spec,
    args: Sequence[Any],
    fails: Callable[[tuple[Any, ...]], bool],
    budget: int = 1500,
) -> tuple[Any, ...]:
    """Return the smallest input found on which `fails` is still true.

    budget: how many calls at most; large inputs, which take longer, count as several.
    Raises ValueError where the input does not fit the spec.
    """
    args, at, end = tuple(args), 0, math.inf
    while True:
        for k, candidate in enumerate(smaller(spec, args)):
            if k < at:  # what did not help before hardly helps now
                continue
            if k >= end:  # from here on all was tried just before
                return args
            if budget <= 0:
                return args
            budget -= max(1, effort(spec, candidate)[0] // LARGE)
            if fails(spec.rebuild(copied(spec.flatten(candidate)))):
                args, at, end = candidate, k, math.inf
                break
        else:
            if at == 0:
                return args
            at, end = 0, at


def literals(names: Sequence[str], values: Sequence[Any]) -> list[str]:
    """Return what can be pasted to get values again under their names."""
    return [f"{name} = {literal(value)}" for name, value in zip(names, values, strict=True)]


def literal(value: Any) -> str:
    """Return what can be pasted to get the value again, bit for bit; NumPy is `np`."""
    match value:
        case np.ndarray():
            return _array(value)
        case np.bool_() | np.number():
            number = _number(value.item(), value.dtype)
            return f"np.{value.dtype}({number})".replace("np.bool(", "np.bool_(")
        case dict():
            inner = ", ".join(f"{key!r}: {literal(one)}" for key, one in value.items())
            return "{" + inner + "}"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case tuple():
            return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
        case float() | complex():
            return _number(value, np.dtype(type(value)))
    return repr(value)


def _array(array: Array) -> str:
    usual = array.dtype in (np.float64, np.int64, np.bool_, np.complex128)
    dtype = "" if usual else f", dtype=np.{array.dtype}"
    if array.size == 0:
        return f"np.zeros({array.shape}, dtype=np.{array.dtype})".replace("np.bool)", "np.bool_)")
    first = array.reshape(-1)[0]
    if array.size >= UNIFORM and np.full_like(array, first).tobytes() == array.tobytes():
        return f"np.full({array.shape}, {_number(first.item(), array.dtype)}{dtype})"

    def nested(value: Any) -> str:
        if isinstance(value, list):
            return f"[{', '.join(map(nested, value))}]"
        return _number(value, array.dtype)

    return f"np.array({nested(array.tolist())}{dtype})"


def _number(number: Any, dtype: Any) -> str:
    """Return the shortest decimal that gives a number of this dtype again."""
    if isinstance(number, complex):
        part = np.zeros(0, dtype).real.dtype
        real, imag = (_number(one, part) for one in (number.real, number.imag))
        plain = "n" not in real + imag and "-0.0" not in (real, imag)
        return (
            f"{real}{'' if imag[0] == '-' else '+'}{imag}j" if plain else f"complex({real}, {imag})"
        )
    if not isinstance(number, float):
        return repr(number)
    if not np.isfinite(number):
        return str(number).replace("nan", "np.nan").replace("inf", "np.inf")
    short = float(str(dtype.type(number))) if dtype.kind == "f" else number
    return repr(short if dtype.type(short) == number else number)
