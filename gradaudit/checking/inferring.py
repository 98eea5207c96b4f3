"""A spec from one example of the arguments: never narrower without a sentence that says so."""

import bisect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np

from gradaudit.checking import kinds
from gradaudit.checking import sizes as expressions
from gradaudit.checking.inputs import inputs
from gradaudit.checking.specs import (
    DTYPES,
    NAMED,
    Argument,
    BadSpec,
    Branch,
    Leaf,
    Spec,
    Tree,
    read_spec,
)

Array = Any  # of NumPy
Works = Callable[[tuple[Any, ...]], bool]

LETTERS = "nmkdhpqrst"
# From wide to narrow: of which arrays it may be, and others of it that must have a value, too.
WIDTHS: dict[str, tuple[Callable[[Array], bool], Callable[[Array], tuple[Array, ...]]]] = {
    "float": (lambda _: True, lambda a: (-a, a - 2 * np.max(np.abs(a)))),
    "nonnegative": (lambda a: bool(np.all(a >= 0)), lambda a: (0 * a, 3 * a + 1)),
    "positive": (lambda a: bool(np.all(a > 0)), lambda a: (a / 8, 3 * a + 1)),
    "unit": (lambda a: bool(np.all((a >= 0) & (a <= 1))), lambda a: (a * 0.75, 1 - a)),
    "simplex": (
        lambda a: bool(a.ndim and np.all(a >= 0) and np.allclose(a.sum(-1), 1)),
        lambda a: (np.full_like(a, 1 / a.shape[-1]),),
    ),
    "onehot": (
        lambda a: bool(a.ndim and np.all((a == a.max(-1, keepdims=True)) == a)),
        lambda _: (),
    ),
}


def infer(
    names: Sequence[str],
    example: Sequence[Any],
    packed: Mapping[str, str] | None = None,
    works: Works | None = None,
) -> Spec:
    """Return the spec of arguments of which one example is known; equal sizes get one name.

    packed: for an argument, what the vector is made of: `{"theta": "W[d,h] b[h]"}`. works: says
    whether the function has a value at an input, by which the widest kind is found; without it
    numbers are taken to be any. Raises BadSpec.
    """
    if len(names) != len(example):
        raise BadSpec(f"found {len(example)} arguments, expected {len(names)}: {', '.join(names)}")
    return _Inferring(tuple(example), works).spec(names, packed or {})


def pinned(spec: Spec, example: Sequence[Any], raises: Callable[[tuple[Any, ...]], bool]) -> Spec:
    """Return a spec with those sizes fixed at the example's without which a function raises.

    raises: says whether it does, at arguments.
    """

    def count(candidate: Spec) -> int:
        return sum(map(raises, inputs(candidate, 12)))

    failing = count(spec)
    for name, size in spec.sizes(example).items():
        if not failing:
            break
        try:
            candidate = read_spec(re.sub(rf"\b{name}\b", str(size), str(spec)))
        except BadSpec:  # it has another meaning there
            continue
        fewer = count(candidate)
        if fewer < failing:
            guess = f"{name} is {size} as in the example, since f raises where it is not"
            spec, failing = replace(candidate, guesses=(*spec.guesses, guess)), fewer
    return spec


@dataclass
class _Inferring:
    """What was found so far. letters: the name of each size. taken: names of something else."""

    example: tuple[Any, ...]
    works: Works | None
    letters: dict[int, str] = field(default_factory=dict)
    guesses: dict[str, None] = field(default_factory=dict)
    conditions: dict[str, None] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def spec(self, names: Sequence[str], packed: Mapping[str, str]) -> Spec:
        if unknown := packed.keys() - set(names):
            raise BadSpec(f"no argument {min(unknown)}; known are {', '.join(names)}")
        vectors: dict[str, Leaf] = {}
        for name, text in packed.items():
            parts = re.sub(r"\]\s*(?=\w)", "], ", text.strip())
            vectors[name] = read_spec(f"{name}: packed({parts})").leaves[0]
        self.taken = {*names, *(one for leaf in vectors.values() for one in leaf.names)}
        given = dict(zip(names, self.example, strict=True))
        shapes = [
            shape for name, one in given.items() if name not in vectors for shape in _shapes(one)
        ]
        for name, leaf in vectors.items():
            self.unpack(leaf, int(np.size(given[name])), shapes)
        for shape in shapes:  # before the first bound, which may be any of them
            self.shape(shape)
        arguments = [
            Argument(name, vectors.get(name) or self.tree(one, name, (k,)))
            for k, (name, one) in enumerate(given.items())
        ]
        read = read_spec(str(Spec(tuple(arguments), tuple(self.conditions))))
        return replace(read, guesses=tuple(self.guesses))

    def unpack(self, leaf: Leaf, length: int, shapes: Sequence[tuple[int, ...]]) -> None:
        """Find the sizes with which the parts have this length, all but one seen elsewhere."""
        names, (total,) = leaf.names, leaf.shape
        seen = sorted({size for shape in shapes for size in shape} - {0})
        for new in (None, *names):
            old = [name for name in names if name != new]
            for values in product(seen[:10], repeat=len(old)):
                sizes = dict(zip(old, values, strict=True))
                if new is not None:
                    every = range(1, length + 1)
                    grown = lambda n: expressions.value(total, {**sizes, new: n})  # noqa: B023, E731
                    sizes[new] = 1 + bisect.bisect_left(every, length, key=grown)
                if expressions.value(total, sizes) == length:
                    for name, size in sizes.items():
                        self.letters.setdefault(size, name)
                    told = ", ".join(f"{name} = {size}" for name, size in sizes.items())
                    self.guess(f"{leaf.path}: {told}, since then {leaf} has {length} entries")
                    return
        raise BadSpec(f"{leaf.path}: no sizes were found with which {leaf} has {length} entries")

    def guess(self, sentence: str) -> None:
        self.guesses[sentence] = None

    def shape(self, shape: Sequence[int]) -> tuple[str, ...]:
        return tuple(self.size(size, axis) for axis, size in enumerate(shape))

    def size(self, size: int, axis: int) -> str:
        if size == 1 and axis:
            return "1"  # where others are spread along
        if size not in self.letters:
            free = (*LETTERS, *(f"n{k}" for k in range(1, len(self.letters) + len(self.taken) + 2)))
            known = self.taken | set(self.letters.values())
            self.letters[size] = next(name for name in free if name not in known)
        return self.letters[size]

    def tree(self, value: Any, path: str, where: tuple[Any, ...]) -> Tree:
        """Return what stands at a place of the example."""
        if isinstance(value, Mapping):
            pairs = list(value.items())
        elif isinstance(value, tuple | list) and not _is_numbers(value):
            pairs = list(enumerate(value))
        else:
            return self.leaf(value, path, where)
        if not pairs:
            raise BadSpec(
                f"{path}: nothing can be inferred of an empty {type(value).__name__}; write a spec"
            )
        if not all(type(key) in (str, int) for key, _ in pairs):
            raise BadSpec(f"{path}: keys are texts or whole numbers")
        form = next(one.__name__ for one in (tuple, list, dict) if isinstance(value, one))
        items = (
            (key if form == "dict" else None, self.tree(one, f"{path}[{key!r}]", (*where, key)))
            for key, one in pairs
        )
        return Branch(form, tuple(items))

    def leaf(self, value: Any, path: str, where: tuple[Any, ...]) -> Leaf:
        if isinstance(value, (bool, np.bool_)):
            return Leaf(path, "bool", dtype="bool", choices=(False, True))
        if value is None or isinstance(value, (str, int, np.integer)):
            only = int(value) if isinstance(value, np.integer) else value
            self.guess(
                f"{path}: always {only!r}; other options are written {path}: {{{only!r}, ...}}"
            )
            return Leaf(path, "option", choices=(only,))
        array = np.asarray(value)
        if array.dtype.kind not in "biufc" or not array.size:
            found = "an empty array" if array.dtype.kind in "biufc" else type(value).__name__
            raise BadSpec(f"{path}: nothing can be inferred of {found}; write a spec")
        kind = {"b": "bool", "i": "int", "u": "int", "c": "complex"}.get(array.dtype.kind, "float")
        dtype = str(array.dtype)
        if dtype not in (*NAMED, "bool"):
            dtype = DTYPES.get(kind, "float64")
            self.guess(f"{path}: {dtype} instead of {array.dtype}")
        leaf = Leaf(path, kind, self.shape(array.shape), dtype, as_list=isinstance(value, list))
        if "1" in leaf.shape:
            self.guess(f"{leaf.path}: [{','.join(leaf.shape)}], where 1 is always 1")
        if kind == "int":
            return self.whole(leaf, array)
        return self.real(leaf, array, where) if kind == "float" else leaf

    def whole(self, leaf: Leaf, array: Array) -> Leaf:
        """Return a leaf of whole numbers with the bound that fits best."""
        least, most = int(array.min()), int(array.max())
        held = f"since it holds whole numbers from {least} to {most}"
        if least < 0:
            signs = bool(np.all(np.abs(array) == 1))
            return self.narrow(leaf, "sign", "all of it is 1 or -1") if signs else leaf
        larger = [size for size in sorted(self.letters) if size > most]
        if most <= 1:
            below = "2"
            if 2 in self.letters:  # it may count the classes, or something else
                classes = f"{self.letters[2]} >= 2"
                self.conditions[classes] = None
                held += f"; {classes}, since it may count them"
        else:
            below = self.letters[larger[0]] if larger else str(most + 1)
        found = replace(leaf, below=below)
        self.guess(f"{leaf.path}: {found}, {held}")
        return found

    def real(self, leaf: Leaf, array: Array, where: tuple[Any, ...]) -> Leaf:
        """Return a leaf of real numbers of the widest kind that is known to do."""
        square = array.ndim > 1 and leaf.shape[-1] == leaf.shape[-2] != "1"
        if square and (kind := _matrix(array)):
            return self.narrow(leaf, kind, "the example is one")
        if self.works is None:
            return leaf
        possible = [kind for kind, (fits, _) in WIDTHS.items() if fits(array)]
        for kind in possible:
            others = WIDTHS[kind][1](array)
            if kind == possible[-1] or all(self.has_value(where, one) for one in others):
                break
        if kind == "float":
            return leaf
        return self.narrow(leaf, kind, "where it is not, the function has no value")

    def narrow(self, leaf: Leaf, kind: str, reason: str) -> Leaf:
        found = replace(leaf, kind=kind)
        self.guess(f"{leaf.path}: {found}, since {reason}")
        return found

    def has_value(self, where: tuple[Any, ...], array: Array) -> bool:
        """Return whether the function has a value where one array of the example is another."""
        assert self.works is not None
        before = self.example
        for key in where:
            before = before[key]
        value = array.tolist() if isinstance(before, list) else array[()]
        try:
            return self.works(tuple(_replaced(self.example, where, value)))
        except Exception:  # whatever it raises, it has no value there
            return False


def _is_numbers(value: Any) -> bool:
    """Return whether a list is of numbers, or of such lists of equal lengths."""
    if not isinstance(value, list) or not value:
        return False
    if all(isinstance(one, (int, float, complex)) for one in value):
        return True
    return all(map(_is_numbers, value)) and len({np.shape(one) for one in value}) == 1


def _shapes(value: Any) -> Iterator[tuple[int, ...]]:
    """Yield the shapes of all arrays in a tree."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, tuple | list) and not _is_numbers(value):
        for one in value:
            yield from _shapes(one)
    else:
        yield np.shape(value)


def _matrix(array: Array) -> str:
    """Return the kind of matrices, if they are of one that is no chance."""
    turned, one = np.swapaxes(array, -1, -2), np.eye(array.shape[-1])
    close = 64 * float(np.finfo(array.dtype).eps) * (float(np.abs(array).max()) + 1)
    below = np.abs(np.tril(array, -1)).max() > 0
    if below and np.abs(array - turned).max() <= close:
        return "spd" if kinds.definite(array) else "symmetric"
    if below and not np.triu(array, 1).any() and np.all(np.diagonal(array, 0, -2, -1) > 0):
        return "lower"
    return "orthogonal" if below and np.abs(array @ turned - one).max() <= close else ""


def _replaced(value: Any, where: tuple[Any, ...], new: Any) -> Any:
    if not where:
        return new
    key, rest = where[0], where[1:]
    if isinstance(value, Mapping):
        return {**value, key: _replaced(value[key], rest, new)}
    several = [_replaced(one, rest, new) if k == key else one for k, one in enumerate(value)]
    return several if isinstance(value, list) else tuple(several)
