"""What a function is given, in one line: `X: [n,d], y: int[n] < k, causal: bool, n >= 2`.

Entries are separated by commas, semicolons or line breaks.

- `X: [n,d]` is an array of float64. Sizes are names, whole numbers, or expressions such as `2*h`.
- `A: spd[d,d]`, `q: float32 positive[n]`: an array of a kind, see `KINDS`, and of a dtype.
- `y: int[n] < k`: whole numbers from 0; without a bound small ones, also negative.
- `b: []`, `eps: positive`, `c: int < n`: a number. `w: list[n]`: a list of numbers.
- `causal: bool`, `stride: 1..3`, `mode: {"mean", "sum"}`: an option; sizes may speak of whole ones.
- `n >= 2`, `m = n + k - 1`: a condition on sizes.
- `p: {W: [d,h], b: [h]}` is a dict, `p: ([d,h], [h])` a tuple, `p: list([d,h], [h])` a list.
- `theta: packed(W[d,h], b[h])` is one vector whose entries are told as `W[0,2]`.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate, chain, pairwise
from typing import Any

import numpy as np

from gradaudit.checking import sizes as expressions

KINDS = {  # what the entries are
    "float": "any numbers",
    "positive": "more than zero",
    "nonnegative": "zero or more",
    "unit": "from 0 to 1",
    "simplex": "zero or more, with a sum of one along the last axis",
    "unitvec": "of length one along the last axis",
    "onehot": "one 1 along the last axis, otherwise 0",
    "sign": "1 or -1",
    "count": "0, 1, 2, ...",
    "int": "whole numbers, as an index or a class",
    "bool": "True or False",
    "spd": "a symmetric positive definite matrix",
    "symmetric": "a symmetric matrix",
    "lower": "a lower triangular matrix with a positive diagonal, as Cholesky factors are",
    "orthogonal": "an orthogonal matrix",
    "complex": "complex numbers",
}
FIXED = {"onehot", "sign", "count", "int", "bool", "option"}  # no step leads to a neighbour
AXES = {  # how many of the last axes belong together; 0 where each entry is by itself
    **dict.fromkeys(("simplex", "unitvec", "onehot"), 1),
    **dict.fromkeys(("spd", "symmetric", "lower", "orthogonal"), 2),
}
DTYPES = {"int": "int64", "bool": "bool", "complex": "complex128"}  # where it is not float64
NAMED = ("float16", "float32", "float64", "complex64", "complex128", "int32", "int64")


class BadSpec(ValueError):
    """A spec that cannot be read; the message says where, and what is written instead."""


@dataclass(frozen=True)
class Leaf:
    """One array, number or option.

    path: how it is told, `params['W']`. kind: one of `KINDS`, or "option". shape: canonical
    expressions; none for a number. below: the bound of an int. choices: what an option can be.
    parts: names and shapes of what a vector is packed of. as_list: given as nested lists.
    """

    path: str
    kind: str = "float"
    shape: tuple[str, ...] = ()
    dtype: str = "float64"
    below: str = ""
    choices: tuple[Any, ...] = ()
    parts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    as_list: bool = False

    @property
    def moves(self) -> bool:
        """Whether a small step from it is another of its kind, so that it has a derivative."""
        return self.kind not in FIXED

    @property
    def sizes(self) -> tuple[str, ...]:
        """All expressions that are at least one."""
        of_parts = (one for _, shape in self.parts for one in shape)
        return (*of_parts, *self.shape, *([self.below] if self.below else ()))

    @property
    def names(self) -> list[str]:
        """The names in its sizes, in order."""
        return list(dict.fromkeys(name for one in self.sizes for name in expressions.names(one)))

    def shape_at(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Return the shape where names have these sizes."""
        return expressions.values(self.shape, sizes)

    def bound_at(self, sizes: Mapping[str, int]) -> int:
        """Return the bound where names have these sizes, and 0 without one."""
        return expressions.value(self.below, sizes) if self.below else 0

    def entry(self, index: int | tuple[int, ...], sizes: Mapping[str, int] | None = None) -> str:
        """Return how an entry is told: `X[0,2]`, or `W[0,2]` of a packed one of known sizes."""
        index = index if isinstance(index, tuple) else (index,)
        if self.parts and sizes is not None:
            at = index[0]
            for name, expected in self.parts:
                shape = expressions.values(expected, sizes)
                if at < math.prod(shape):
                    return _told(name, tuple(int(one) for one in np.unravel_index(at, shape)))
                at -= math.prod(shape)
        return _told(self.path, index)

    def __str__(self) -> str:
        if self.kind == "option":
            whole = _whole(self.choices)
            if len(whole) > 1 and whole == tuple(range(whole[0], whole[-1] + 1)):
                return f"{whole[0]}..{whole[-1]}"
            return "{" + ", ".join(map(repr, self.choices)) + "}"
        usual = DTYPES.get(self.kind, "float64")
        words = ["list"] if self.as_list else []
        if self.dtype != usual:
            words.append(self.dtype)
        if self.parts:
            inner = ", ".join(f"{name}[{_listed(shape)}]" for name, shape in self.parts)
            return " ".join([*words, f"packed({inner})"])
        if self.kind != kind_of(self.dtype) or (self.dtype == usual and self.kind != "float"):
            words.append(self.kind)
        shape = f"[{_listed(self.shape)}]" if self.shape or not words else ""
        return " ".join(words) + shape + (f" < {_tight(self.below)}" if self.below else "")


@dataclass(frozen=True)
class Branch:
    """A "dict", "tuple" or "list" of arrays, by its form. items: a key, or None, and what it is."""

    form: str
    items: tuple[tuple[Any, "Tree"], ...]

    def __str__(self) -> str:
        inner = ", ".join(
            str(one)
            if key is None
            else f"{key if isinstance(key, str) and _is_name(key) else repr(key)}: {one}"
            for key, one in self.items
        )
        if self.form == "dict":
            return "{" + inner + "}"
        comma = "," if self.form == "tuple" and len(self.items) == 1 else ""
        return ("list" if self.form == "list" else "") + f"({inner}{comma})"


Tree = Leaf | Branch


@dataclass(frozen=True)
class Argument:
    """One argument by its name."""

    name: str
    tree: Tree

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """All arrays, numbers and options in it, in order."""
        return tuple(leaves_of(self.tree))

    def __str__(self) -> str:
        return f"{self.name}: {self.tree}"


@dataclass(frozen=True)
class Spec:
    """What a function is given: its arguments in order, and conditions on sizes.

    guesses: sentences on what was inferred from an example and may be narrower than was meant.
    """

    arguments: tuple[Argument, ...]
    conditions: tuple[str, ...] = ()
    guesses: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        conditions = (one.replace("==", "=") for one in self.conditions)
        return ", ".join([*map(str, self.arguments), *conditions])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the arguments."""
        return tuple(one.name for one in self.arguments)

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """All arrays, numbers and options in order."""
        return tuple(leaf for one in self.arguments for leaf in one.leaves)

    @cached_property
    def places(self) -> dict[str, range]:
        """The places of an argument among all leaves, by its name."""
        ends = pairwise(accumulate((len(one.leaves) for one in self.arguments), initial=0))
        return {name: range(*each) for name, each in zip(self.names, ends, strict=True)}

    @cached_property
    def _mentioned(self) -> tuple[str, ...]:
        of_leaves = [leaf.names for leaf in self.leaves]
        return tuple(dict.fromkeys(chain(*of_leaves, *map(expressions.names, self.conditions))))

    @cached_property
    def options(self) -> dict[str, tuple[int, ...]]:
        """The choices of options of which sizes speak."""
        whole = {leaf.path: _whole(leaf.choices) for leaf in self.leaves if leaf.kind == "option"}
        return {name: whole[name] for name in self._mentioned if whole.get(name)}

    @cached_property
    def size_names(self) -> tuple[str, ...]:
        """The named sizes, without options, in order of appearance."""
        return tuple(name for name in self._mentioned if name not in self.options)

    @cached_property
    def _rules(self) -> tuple[str, ...]:
        sizes = dict.fromkeys(one for leaf in self.leaves for one in leaf.sizes)
        compound = (one for one in sizes if one not in self.size_names)
        return (*self.conditions, *(f"{one} >= 1" for one in compound))

    @cached_property
    def _order(self) -> tuple[str, ...]:
        waiting = dict(filter(None, map(expressions.definition, reversed(self.conditions))))
        order = [*self.options, *(name for name in self.size_names if name not in waiting)]
        while waiting:
            ready = [
                name for name in waiting if not waiting.keys() & expressions.names(waiting[name])
            ]
            order += ready or list(waiting)  # in a circle, where each is sought like any other
            waiting = {name: waiting[name] for name in waiting if name not in order}
        return tuple(order)

    def sized(
        self,
        wanted: Mapping[str, int],
        known: Mapping[str, int] | None = None,
        more: Sequence[str] = (),
    ) -> dict[str, int] | None:
        """Return sizes as near as can be to those wanted, with those that are known kept.

        more: conditions besides. None where no sizes obey all conditions.
        """
        known = known or {}
        order = sorted(self._order, key=lambda name: name not in known)
        choices = {**self.options, **{name: (one,) for name, one in known.items()}}
        return expressions.solve(order, (*self._rules, *more), choices, wanted)

    def sizes(self, args: Sequence[Any]) -> dict[str, int]:
        """Return the named sizes of an input. Raises ValueError where shapes do not fit."""
        return self.sizes_of(dict(enumerate(self.flatten(args))))

    def sizes_of(self, values: Mapping[int, Any]) -> dict[str, int]:
        """Return named sizes that fit some leaves, by their number. Raises ValueError."""
        known: dict[str, int] = {}
        more: list[str] = []
        for k, one in values.items():
            leaf, shape = self.leaves[k], np.shape(one)
            if leaf.path in self.options:
                known[leaf.path] = one
            if leaf.kind == "option":
                continue
            fits = len(shape) == len(leaf.shape)
            for text, size in zip(leaf.shape, shape, strict=False):
                if text in self.size_names:
                    fits = fits and known.setdefault(text, size) == size
                else:
                    more.append(f"{text} == {size}")
            if not fits:
                names = dict.fromkeys(name for one in leaf.shape for name in expressions.names(one))
                found = ", ".join(f"{name} = {known[name]}" for name in names if name in known)
                expected = f"[{_listed(leaf.shape)}]" + (f" with {found}" if found else "")
                raise ValueError(f"{leaf.path}: found shape {shape}, expected {expected}")
            if leaf.below and np.size(one):
                more.append(f"{leaf.below} > {int(np.max(one))}")
        sizes = self.sized(dict.fromkeys(self.size_names, 1), known, more)
        if sizes is None:
            found = ", ".join(f"{self.leaves[k].path} {np.shape(one)}" for k, one in values.items())
            raise ValueError(f"no sizes fit the spec {self}; found shapes {found}")
        return sizes

    def flatten(self, args: Sequence[Any]) -> list[Any]:
        """Return the values of all leaves in order; nested lists of numbers as arrays.

        Raises ValueError where arguments or their trees are not those of the spec.
        """
        if len(args) != len(self.arguments):
            expected = f"{len(self.arguments)}: {', '.join(self.names)}"
            raise ValueError(f"found {len(args)} arguments, expected {expected}")
        return [
            value
            for one, given in zip(self.arguments, args, strict=True)
            for value in _taken(one.tree, given, one.name)
        ]

    def rebuild(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        """Return the arguments of which `flatten` gives these values."""
        values = iter(leaves)
        return tuple(_rebuilt(one.tree, values) for one in self.arguments)


def leaves_of(tree: Tree) -> Iterator[Leaf]:
    """Yield all arrays, numbers and options of a tree in order."""
    if isinstance(tree, Leaf):
        yield tree
    else:
        for _, one in tree.items:
            yield from leaves_of(one)


def _taken(tree: Tree, given: Any, path: str) -> Iterator[Any]:
    if isinstance(tree, Leaf):
        yield np.array(given, dtype=tree.dtype) if tree.as_list else given
        return
    form = {"dict": Mapping, "tuple": tuple, "list": list}[tree.form]
    if not isinstance(given, form) or len(given) != len(tree.items):
        raise ValueError(f"{path}: expected a {tree.form} of {len(tree.items)}")
    for k, (key, one) in enumerate(tree.items):
        place = k if key is None else key
        if key is not None and key not in given:
            raise ValueError(f"{path}: there is no {key!r} in it")
        yield from _taken(one, given[place], f"{path}[{place!r}]")


def _rebuilt(tree: Tree, values: Iterator[Any]) -> Any:
    if isinstance(tree, Leaf):
        value = next(values)
        return value.tolist() if tree.as_list else value
    built = [_rebuilt(one, values) for _, one in tree.items]
    if tree.form == "dict":
        return dict(zip((key for key, _ in tree.items), built, strict=True))
    return built if tree.form == "list" else tuple(built)


def _told(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{','.join(map(str, index))}]" if index else name


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[^\W\d]\w*", text) is not None


def _tight(text: str) -> str:
    return text.replace(" ", "")


def _listed(shape: Sequence[str]) -> str:
    return ",".join(map(_tight, shape))


def _whole(choices: Sequence[Any]) -> tuple[int, ...]:
    return tuple(choices) if all(type(one) is int for one in choices) else ()


def kind_of(dtype: str) -> str:
    """Return the kind that a dtype alone stands for."""
    return {"f": "float", "c": "complex", "i": "int", "b": "bool"}[np.dtype(dtype).kind]


@lru_cache
def read_spec(text: str) -> Spec:
    """Return what a spec says. Raises BadSpec."""
    from gradaudit.checking.reading import Reader  # which makes what is above

    return Reader(text).spec()
