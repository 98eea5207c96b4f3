"""The inputs that answers are judged on: exact numbers, with what a law needs to vary them.

Each input can list simpler versions of itself, so that a counterexample found on a large one is
shown on a small one that a person can check by hand.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
from flint import fmpq

from gradaudit.language.numbers import each, object_array

Array = npt.NDArray[Any]

SIMPLE = (*map(fmpq, (0, 1, -1, 2, -2, 3, -3)), fmpq(1, 2), fmpq(-1, 2), fmpq(3, 2))
TINY = fmpq(1, 2**100)
KEPT = 2**16  # inputs of which something is kept that costs to work out, more than there are
SIMPLE_TARGETS = (SIMPLE[1], SIMPLE[0], *SIMPLE[2:])  # a class with a target says more than none


def exact_float(number: Any) -> fmpq:
    """Return the exact value of the float64 nearest to a number."""
    return fmpq(*float(number).as_integer_ratio())


def floats(value: Any) -> Any:
    """Return float64 values of exact ones, in a fresh array."""
    return np.array(value, dtype=np.float64) if np.ndim(value) else np.float64(float(value))


def _effort(number: fmpq, order: Sequence[fmpq]) -> int:
    """How hard a number is to calculate with by hand."""
    return order.index(number) if number in order else len(order) + number.height_bits()


def _easier(number: fmpq, order: Sequence[fmpq]) -> Iterator[fmpq]:
    for candidate in (*order, fmpq(round(number)), fmpq(round(2 * number), 2)):
        if _effort(candidate, order) < _effort(number, order):
            yield candidate


def _easier_entries(value: Any, order: Sequence[fmpq] = SIMPLE) -> Iterator[Any]:
    """Yield an array, or a number, with one entry made easier."""
    if not np.ndim(value):
        yield from _easier(value, order)
        return
    for place, number in np.ndenumerate(value):
        for candidate in _easier(number, order):
            changed = value.copy()
            changed[place] = candidate
            yield changed


def _all_effort(value: Any, order: Sequence[fmpq] = SIMPLE) -> int:
    return sum(_effort(number, order) for number in np.ravel(np.array(value, dtype=object)))


@dataclass(frozen=True, eq=False)
class Network:
    """A two-layer network with its data: exact numbers, shapes as in the question.

    W1 (d, h), b1 (h,), w2 (h,), b2 (), X (n, d), t (n,).
    """

    W1: Array
    b1: Array
    w2: Array
    b2: fmpq
    X: Array
    t: Array

    LOSS = "L"
    PARAMETERS = ("W1", "b1", "w2", "b2")

    @cached_property
    def blocks(self) -> Mapping[str, Any]:
        """The six arrays by name, in the order of a gradient function's arguments."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """The index sets: samples N, inputs A, hidden units H."""
        n, d = self.X.shape
        return {"N": n, "A": d, "H": len(self.b1)}

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The names of the question with their values."""
        return {**self.blocks, "n": fmpq(len(self.X))}

    @cached_property
    def _floats(self) -> list[Any]:
        return [floats(value) for value in self.blocks.values()]

    def arguments(self) -> tuple[Any, ...]:
        """Return the arguments of a gradient function: fresh float64 arrays."""
        return tuple(value.copy() for value in self._floats)

    def rounded(self) -> Self:
        """Return the network of the float64 numbers that a function is given, exactly."""
        return self._map(lambda value: each(exact_float, value))

    def twin(self) -> Self:
        """Return the network whose every intermediate sum adds numbers of one sign.

        With |·| of every parameter and input, and -|t|, nothing cancels and no unit is off: its
        loss and gradient are the sums of the absolute values of the terms of this network's.
        A bias of 0 becomes tiny instead, so that no unit is at its kink.
        """
        twin = self._map(lambda value: each(abs, value))
        return replace(twin, t=-twin.t, b1=each(lambda bias: bias or TINY, twin.b1))

    def levelled(self) -> Self:
        """Return the network whose every input of every sample is as large as the largest."""
        return replace(self, X=self.X * 0 + abs(self.X).max())

    def _map(self, function: Any) -> Self:
        return replace(self, **{name: function(value) for name, value in self.blocks.items()})

    def pre_activations(self) -> Array:
        """Return z (n, h), exactly."""
        z: Array = self.X @ self.W1 + self.b1
        return z

    def outputs(self) -> Array:
        """Return y (n,), exactly."""
        z = self.pre_activations()
        y: Array = (z * (z > 0)) @ self.w2 + self.b2
        return y

    def results(self) -> dict[str, tuple[int, ...]]:
        """Return the name of each derivative, such as dL/dW1, and its shape."""
        return {f"dL/d{name}": np.shape(self.blocks[name]) for name in self.PARAMETERS}

    def sample(self, k: int) -> Self:
        """Return the network with sample k only."""
        return replace(self, X=self.X[k : k + 1], t=self.t[k : k + 1])

    def with_samples(self, order: Sequence[int]) -> Self:
        """Return the network with its samples in another order."""
        return replace(self, X=self.X[list(order)], t=self.t[list(order)])

    def with_units(self, order: Sequence[int]) -> Self:
        """Return the network with its hidden units in another order."""
        order = list(order)
        return replace(self, W1=self.W1[:, order], b1=self.b1[order], w2=self.w2[order])

    def effort(self) -> tuple[int, int]:
        """Return how hard this is to check by hand: its size, then its numbers."""
        n, d, h = self.sizes.values()
        return n * d + d * h + n + h, sum(map(_all_effort, self.blocks.values()))

    def simpler(self) -> Iterator[Self]:
        """Yield simpler networks, the boldest steps first."""
        n, d, h = self.sizes.values()
        for k in range(n if n > 1 else 0):
            yield self.with_samples(_without(n, k))
        for j in range(h if h > 1 else 0):
            yield self.with_units(_without(h, j))
        for a in range(d if d > 1 else 0):
            keep = _without(d, a)
            yield replace(self, X=self.X[:, keep], W1=self.W1[keep])
        # What a wrong product of matrices needs may be two sizes that are equal.
        fewer = (self.with_samples(range(n - 1)), self.with_units(range(h - 1)))
        if n > 1 and h > 1:
            yield fewer[0].with_units(range(h - 1))
        if d > 1:
            for one, size in zip(fewer, (n, h), strict=True):
                if size > 1:
                    yield replace(one, X=one.X[:, : d - 1], W1=one.W1[: d - 1])
        for name, value in self.blocks.items():
            for easier in _easier_entries(value):
                yield replace(self, **{name: easier})


@dataclass(frozen=True, eq=False)
class Logits:
    """Logits y (n,) with targets t (n,), exactly; `c` is the true class of one-hot targets."""

    y: Array
    t: Array
    c: int | None = None

    LOSS = "E"
    PARAMETERS = ("y",)

    @cached_property
    def blocks(self) -> Mapping[str, Any]:
        """What a gradient function is given, by name."""
        return {"y": self.y, "t": self.t} if self.c is None else {"y": self.y, "c": fmpq(self.c)}

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """The index set of the classes, K."""
        return {"K": len(self.y)}

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The names of the question with their values."""
        named = {"y": self.y, "t": self.t, "n": fmpq(len(self.y))}
        return named if self.c is None else {**named, "c": fmpq(self.c)}

    @cached_property
    def _floats(self) -> tuple[Any, Any]:
        return floats(self.y), floats(self.t)

    def arguments(self) -> tuple[Any, ...]:
        """Return the arguments of a gradient function: (y, t), or (y, c) where one-hot."""
        y, t = self._floats
        return y.copy(), t.copy() if self.c is None else self.c

    def rounded(self) -> Self:
        """Return the float64 numbers that a function is given, exactly."""
        return replace(self, y=each(exact_float, self.y), t=each(exact_float, self.t))

    def results(self) -> dict[str, tuple[int, ...]]:
        """Return the name and the shape of the derivative."""
        return {"dE/dy": self.y.shape}

    def shifted(self, constant: fmpq) -> Self:
        """Return the case with a constant added to every logit, rounded to float64."""
        return replace(self, y=each(exact_float, self.y + constant))

    def in_order(self, order: Sequence[int]) -> Self:
        """Return the case with its classes in another order."""
        order = list(order)
        c = None if self.c is None else order.index(self.c)
        return replace(self, y=self.y[order], t=self.t[order], c=c)

    def with_target(self, k: int) -> Self:
        """Return the same logits with the one-hot target at k."""
        return replace(self, t=one_hot(len(self.y), k))

    def effort(self) -> tuple[int, int]:
        """Return how hard this is to check by hand: its size, then its numbers."""
        return len(self.y), _all_effort(self.y) + _all_effort(self.t, SIMPLE_TARGETS)

    def simpler(self) -> Iterator[Self]:
        """Yield simpler cases. Two classes are left: with one, softmax is always 1."""
        n = len(self.y)
        for k in range(n if n > 2 else 0):
            if k != self.c:
                keep = _without(n, k)
                yield self.in_order(keep)
                merged = self.t[keep].copy()
                merged[0] += self.t[k]  # so that the sum of the targets stays
                yield replace(self.in_order(keep), t=merged)
        for easier in _easier_entries(self.y):
            yield replace(self, y=easier)
        if self.c is None:
            for easier in _easier_entries(self.t, SIMPLE_TARGETS):
                yield replace(self, t=easier)
            for k in range(n):
                yield self.with_target(k)
        elif self.c != 0:
            yield replace(self, t=one_hot(n, 0), c=0)


Case = Network | Logits


class Input(Protocol):
    """An input of a gradient function of any question."""

    def __hash__(self) -> int: ...

    @property
    def blocks(self) -> Mapping[str, Any]:
        """What the function is given, by name."""
        ...

    @property
    def sizes(self) -> Mapping[str, int]:
        """The index sets and their sizes."""
        ...

    def arguments(self) -> tuple[Any, ...]:
        """Return what the function is given: fresh arrays."""
        ...

    def results(self) -> dict[str, tuple[int, ...]]:
        """Return the name of each derivative, such as dL/dW1, and its shape."""
        ...


def one_hot(n: int, c: int) -> Array:
    """Return the exact target vector (n,) with 1 at c and 0 elsewhere."""
    return object_array([fmpq(int(k == c)) for k in range(n)], (n,))


def _without(size: int, index: int) -> list[int]:
    return [k for k in range(size) if k != index]


def exact(rows: Iterable[Any]) -> Array:
    """Return nested sequences of exact numbers as an object array."""
    return np.array(list(rows), dtype=object)
