"""How an input may move: coordinates in which every small move stays inside of its domain.

A symmetric matrix moves symmetrically, a Cholesky factor stays lower triangular, a row of
probabilities keeps its sum, a unit vector its length. Along such coordinates a function is probed
as if all of its inputs were free, and a gradient is read as slopes along them.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Index = tuple[int, ...]


class Chart:
    """An array, each of whose entries moves by itself, along a straight line.

    x: the array, of float64. size: how many coordinates it has.
    """

    def __init__(self, x: Array, kind: str = "float") -> None:
        self.x, self.kind = x, kind
        self.size = self._size()

    def _size(self) -> int:
        return self.x.size

    @cached_property
    def total(self) -> float:
        """The sum of the sizes of entries."""
        return float(np.abs(self.x).reshape(-1).sum())

    @property
    def usual(self) -> float:
        """The typical size of an entry."""
        return _typical(self.total, self.x.size)

    def at(self, move: Array, t: Any) -> Array:
        """Return x moved by t times `move`, (size,); t: a float, a long double or complex."""
        if isinstance(t, float) and t == 0:
            return self.x.copy()
        along = self.tangent(move)  # in place from here on: memory is what is dear
        if isinstance(t, complex) and t.real == 0:
            moved = np.empty(self.x.shape, np.complex128)
            moved.real = self.x
            np.multiply(along, t.imag, out=moved.imag)
            return moved
        moved = np.asarray(t * along)
        moved += self.x
        return moved

    def tangent(self, move: Array) -> Array:
        """Return the direction, in the shape of x, in which `move` begins."""
        return move.reshape(self.x.shape)

    def slopes(self, gradient: Array) -> Array:
        """Return the slope along each coordinate, (size,), that a gradient in x's shape says."""
        return np.asarray(gradient).reshape(-1)

    def entry(self, coordinate: int) -> Index:
        """Return the index of the entry that a coordinate moves first."""
        return tuple(int(i) for i in np.unravel_index(coordinate, self.x.shape))

    def way(self, coordinate: int) -> str:
        """Return how a coordinate moves, "" where its slope is the entry of a gradient itself."""
        return ""

    def scales(self) -> Array:
        """Return how far each coordinate may move and stay inside: of the size of its entry."""
        size = np.abs(self.x).reshape(-1)
        if self.kind in {"positive", "nonnegative", "unit"}:
            room = np.minimum(size, 1 - size) if self.kind == "unit" else size
            return np.where(room > 0, room, 0.0)
        if not (size > 0).all():
            size[~(size > 0)] = self.usual
        return self._of_finite(size)

    def inward(self) -> Array:
        """Return moves away from the edges of the domain, of the coordinates that lie on one."""
        size = self.x.reshape(-1)
        inside = np.zeros(self.size)
        if self.kind in {"positive", "nonnegative", "unit"}:
            inside[size == 0] = 0.25 if self.kind == "unit" else self.usual
            if self.kind == "unit":
                inside[size == 1] = -0.25
        return inside

    def wide(self) -> Array:
        """Return lengths of moves that let no entry hide for being small beside the others."""
        if self.kind != "float":
            return self.scales()
        size = np.abs(self.x).reshape(-1)
        size += self.usual
        size /= 2
        return self._of_finite(size)

    def _of_finite(self, size: Array) -> Array:
        """Return lengths of moves with 0 for what is not finite, and so cannot move."""
        if not math.isfinite(self.total):
            size[~np.isfinite(self.x.reshape(-1))] = 0.0
        return size


class Symmetric(Chart):
    """A symmetric matrix, or a stack of them: an entry moves with its mirror image."""

    def _size(self) -> int:
        n = self.x.shape[-1]
        self._rows, self._columns = np.tril_indices(n)
        self._each = len(self._rows)
        return self._each * (self.x.size // (n * n) if n else 0)

    def tangent(self, move: Array) -> Array:
        out = np.zeros((self.size // max(self._each, 1), *self.x.shape[-2:]), move.dtype)
        moves = move.reshape(-1, self._each)
        out[:, self._rows, self._columns] = moves
        out[:, self._columns, self._rows] = moves
        return out.reshape(self.x.shape)

    def slopes(self, gradient: Array) -> Array:
        g = np.asarray(gradient).reshape(-1, *self.x.shape[-2:])
        below, above = g[:, self._rows, self._columns], g[:, self._columns, self._rows]
        return np.where(self._rows == self._columns, below, below + above).reshape(-1)

    def entry(self, coordinate: int) -> Index:
        matrix, k = divmod(coordinate, self._each)
        stack = np.unravel_index(matrix, self.x.shape[:-2]) if self.x.ndim > 2 else ()
        return (*(int(i) for i in stack), int(self._rows[k]), int(self._columns[k]))

    def way(self, coordinate: int) -> str:
        k = coordinate % self._each
        return "" if self._rows[k] == self._columns[k] else "with its mirror image"

    def scales(self) -> Array:
        stack = self.x.reshape(-1, *self.x.shape[-2:])
        if self.kind == "spd":  # a move of norm below the least eigenvalue stays inside
            room = np.linalg.eigvalsh(stack)[:, :1] / self.x.shape[-1]
        else:
            room = np.maximum(np.abs(stack).mean(axis=(1, 2))[:, None], 0.0)
            room = np.where(room > 0, room, 1.0)
        return np.broadcast_to(room, (len(stack), self._each)).reshape(-1)


class Lower(Symmetric):
    """A lower triangular matrix, or a stack of them: only what is below the diagonal moves."""

    def tangent(self, move: Array) -> Array:
        out = np.zeros((self.size // max(self._each, 1), *self.x.shape[-2:]), move.dtype)
        out[:, self._rows, self._columns] = move.reshape(-1, self._each)
        return out.reshape(self.x.shape)

    def slopes(self, gradient: Array) -> Array:
        g = np.asarray(gradient).reshape(-1, *self.x.shape[-2:])
        return g[:, self._rows, self._columns].reshape(-1)

    def way(self, coordinate: int) -> str:
        return ""

    def scales(self) -> Array:
        size = np.abs(self.x.reshape(-1, *self.x.shape[-2:])[:, self._rows, self._columns])
        size = size.reshape(-1)
        return np.where(size > 0, size, _typical(float(size.sum()), size.size))


class Simplex(Chart):
    """Rows that sum to one: what an entry gains is taken from all others in proportion to them."""

    def tangent(self, move: Array) -> Array:
        v = move.reshape(self.x.shape)
        return np.asarray(v - self.x * v.sum(axis=-1, keepdims=True))

    def slopes(self, gradient: Array) -> Array:
        g = np.asarray(gradient)
        return np.asarray(g - (g * self.x).sum(axis=-1, keepdims=True)).reshape(-1)

    def way(self, coordinate: int) -> str:
        return "along the simplex"

    def scales(self) -> Array:
        # Half, since an entry moves by its own coordinate and by the sum of the others.
        return np.asarray(self.x / 2).reshape(-1)

    def inward(self) -> Array:
        return np.where(self.x.reshape(-1) == 0, 0.25 / max(self.x.shape[-1], 1), 0.0)


class Sphere(Chart):
    """Rows of length one: they move along the sphere."""

    def tangent(self, move: Array) -> Array:
        v = move.reshape(self.x.shape)
        return np.asarray(v - self.x * (v * self.x).sum(axis=-1, keepdims=True))

    def at(self, move: Array, t: Any) -> Array:
        y = self.x + t * self.tangent(move)
        return np.asarray(y / np.sqrt((y * y).sum(axis=-1, keepdims=True)))

    def slopes(self, gradient: Array) -> Array:
        return self.tangent(np.asarray(gradient)).reshape(-1)

    def way(self, coordinate: int) -> str:
        return "along the sphere"

    def scales(self) -> Array:
        return np.full(self.size, 0.5)


class Orthogonal(Chart):
    """An orthogonal matrix: it is turned in the planes of two of its columns, one after another."""

    def _size(self) -> int:
        n = self.x.shape[-1]
        self._one, self._other = np.triu_indices(n, 1)
        return len(self._one)

    def at(self, move: Array, t: Any) -> Array:
        y = self.x + 0 * t
        for i, j, angle in zip(self._one, self._other, t * move, strict=True):
            c, s = np.cos(angle), np.sin(angle)
            y[:, i], y[:, j] = c * y[:, i] - s * y[:, j], s * y[:, i] + c * y[:, j]
        return np.asarray(y)

    def tangent(self, move: Array) -> Array:
        turn = np.zeros((self.x.shape[-1],) * 2)
        turn[self._one, self._other], turn[self._other, self._one] = move, -move
        return np.asarray(self.x @ turn)

    def slopes(self, gradient: Array) -> Array:
        turned = self.x.T @ np.asarray(gradient)
        return np.asarray(turned[self._one, self._other] - turned[self._other, self._one])

    def entry(self, coordinate: int) -> Index:
        return int(self._one[coordinate]), int(self._other[coordinate])

    def way(self, coordinate: int) -> str:
        return "in a turn of two columns"

    def scales(self) -> Array:
        return np.full(self.size, 0.5)


class Complex(Chart):
    """A complex array: its real parts move by themselves, then its imaginary ones.

    A gradient is the sum of the slope by the real part and i times that by the imaginary part, as
    PyTorch has it.
    """

    def _size(self) -> int:
        return 2 * self.x.size

    def tangent(self, move: Array) -> Array:
        real, imaginary = np.split(move, 2)
        return np.asarray(real + 1j * imaginary).reshape(self.x.shape)

    def slopes(self, gradient: Array) -> Array:
        g = np.asarray(gradient).reshape(-1)
        return np.concatenate([g.real, g.imag])

    def entry(self, coordinate: int) -> Index:
        return super().entry(coordinate % max(self.x.size, 1))

    def way(self, coordinate: int) -> str:
        return f"in its {'real' if coordinate < self.x.size else 'imaginary'} part"

    def scales(self) -> Array:
        size = np.abs(self.x).reshape(-1)
        return np.tile(np.where(size > 0, size, self.usual), 2)


_CHARTS: dict[str, type[Chart]] = {
    "spd": Symmetric,
    "symmetric": Symmetric,
    "lower": Lower,
    "simplex": Simplex,
    "unitvec": Sphere,
    "orthogonal": Orthogonal,
    "complex": Complex,
}


def chart_of(kind: str, x: Any) -> Chart:
    """Return the chart of an array of a kind, in double precision."""
    wide = np.asarray(x, np.complex128 if kind == "complex" else np.float64)
    return _CHARTS.get(kind, Chart)(wide, kind)


def _typical(total: float, count: int) -> float:
    """Return the mean size of entries, 1 where all are 0, or one is not finite."""
    mean = total / count if count else 0.0
    return mean if 0 < mean < np.inf else 1.0


class Atlas:
    """The charts of all arrays that move, as one vector of coordinates."""

    def __init__(self, charts: Sequence[Chart]) -> None:
        self.charts = charts
        ends = np.cumsum([0, *(chart.size for chart in charts)])
        self.parts = [slice(int(a), int(b)) for a, b in pairwise(ends)]
        self.size = int(ends[-1])

    def at(self, move: Array, t: Any) -> list[Array]:
        """Return all arrays moved by t times `move`, of shape (size,)."""
        return [
            chart.at(move[part], t) for chart, part in zip(self.charts, self.parts, strict=True)
        ]

    def tangent(self, move: Array) -> list[Array]:
        return [
            chart.tangent(move[part]) for chart, part in zip(self.charts, self.parts, strict=True)
        ]

    def slopes(self, gradients: Sequence[Array]) -> Array:
        """Return the slopes along all coordinates that gradients say, one for each array."""
        return np.concatenate(
            [chart.slopes(g) for chart, g in zip(self.charts, gradients, strict=True)]
        )

    def place(self, coordinate: int) -> tuple[int, Index]:
        """Return which array a coordinate is of, and the index of its entry."""
        for k, part in enumerate(self.parts):
            if coordinate < part.stop:
                return k, self.charts[k].entry(coordinate - part.start)
        raise IndexError(coordinate)

    def way(self, coordinate: int) -> str:
        """Return how a coordinate moves, see Chart.way."""
        block, _ = self.place(coordinate)
        return self.charts[block].way(coordinate - self.parts[block].start)
