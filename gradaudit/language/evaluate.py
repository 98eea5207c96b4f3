"""Formulas evaluated: exactly in rationals, in balls where there is an exp, or in float64.

Everything is bounded: the operations of one evaluation, the bits of a rational, an exponent.
"""

import ast
import copy
import itertools
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

import flint
import numpy as np
from flint import fmpq

from gradaudit.language.formula import MAX_EXPONENT, OPERATORS, FormulaError, indices, left_spine
from gradaudit.language.numbers import (
    EXACT,
    FIRST_PRECISION,
    FLOAT,
    ONE,
    ZERO,
    Array,
    Dual,
    decide,
    divide,
    each,
    is_true,
    object_array,
    or_missing,
    power,
    primal,
)
from gradaudit.language.outcomes import Missing, NoValue, present

MAX_OPERATIONS = 50_000
MAX_BITS = 10_000
STEPS_UNCHECKED = 8  # of a chain of operations, between two looks at how large its numbers are


class Spread(NamedTuple):
    """A value for each place of some indices: the first axes of its numbers are theirs, in order.

    An index is known by its number; those of the free ones come first.
    """

    over: tuple[int, ...]
    numbers: Array


class Env:
    """The values that a formula is evaluated with, for one input.

    values: the given names. sizes: index sets with their sizes. defined: names with formulas,
    evaluated when first met. free: each free index with its set. floats: compute in float64
    instead of exactly. A formula is evaluated once, for all values of its indices.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        sizes: Mapping[str, int],
        defined: Mapping[str, ast.expr],
        free: Mapping[str, str] | None = None,
        *,
        floats: bool = False,
    ) -> None:
        self.values = dict(values)
        self.sizes = sizes
        self.defined = defined
        self.floats = floats
        self._indices: list[Spread] = []  # with all their values: the free ones, then those of sums
        self._free: dict[str, int] = {}
        for name, index_set in (free or {}).items():
            self._free[name] = self._bind(index_set)
        self._known = self._free  # the indices that can be seen where the value is in the making
        self._kept: dict[str, Any] = {}  # defined names
        self._seeds: dict[str, Env] = {}
        self._now = {"precision": 0, "operations": 0, "weight": 1}  # at the precision in force
        self._spent = {"operations": 0}  # at all, more bits counting as more of them

    @property
    def operations(self) -> int:
        """How many operations were needed so far, more bits counting as more of them."""
        return self._spent["operations"]

    def seeded(self, *names: str) -> "Env":
        """Return the same input where every number depends on all entries of the named values.

        A number then carries one derivative for each entry, in the order of the names.
        """
        count, place = sum(np.size(self.values[name]) for name in names), itertools.count()

        def seed(number: Any) -> Dual:
            tangent = np.full(count, ZERO)
            tangent[next(place)] = ONE
            return Dual(number, tangent)

        env = copy.copy(self)
        env.values = {**self.values, **{name: each(seed, self.values[name]) for name in names}}
        env._kept, env._seeds = {}, {}
        return env

    def entries(self, tree: ast.expr) -> Any:
        """Return the value of a checked tree; one that is missing stands where it would be.

        Where it depends on a free index, the first axes are those of all of them. Raises NoValue
        where all of it is missing, FormulaError where it is too large for the language.
        """
        self._now["operations"] = 0
        if self._now["precision"] != flint.ctx.prec:  # balls that were kept are of another one
            weight = max(flint.ctx.prec // FIRST_PRECISION, 1)
            self._now.update(precision=flint.ctx.prec, weight=weight)
            self._kept.clear()
            self._seeds.clear()
        del self._indices[len(self._free) :]
        self._known = self._free
        try:
            value = self._value(tree)
        except ZeroDivisionError:
            raise NoValue("division by zero") from None
        except RecursionError:
            raise FormulaError(1, "nested too deeply, through its own names") from None
        if not isinstance(value, Spread):
            return value
        everywhere = tuple(self._free.values())
        numbers = _over(everywhere, value, _rank(value))
        own = np.shape(value.numbers)[len(value.over) :]
        return np.broadcast_to(numbers, (*map(self._length, everywhere), *own))

    def evaluate(self, tree: ast.expr) -> Any:
        """Return the value of a checked tree. Raises as `entries` does, and what is missing."""
        value = self.entries(tree)
        return value if self.floats else present(value)

    def truth(self, tree: ast.expr) -> bool:
        """Return whether a condition holds, everywhere if it has several entries."""
        return all(map(is_true, np.ravel(np.array(self.evaluate(tree), dtype=object))))

    def value_of(self, name: str) -> Any:
        """Return the value of a name. Raises as `evaluate` does."""
        return self.evaluate(ast.Name(name, col_offset=1))

    def _bind(self, index_set: str) -> int:
        """Return the number of a new index that runs over a set."""
        values: list[Any] = list(map(float if self.floats else fmpq, range(self.sizes[index_set])))
        over = len(self._indices)
        numbers = np.array(values) if self.floats else object_array(values, (len(values),))
        self._indices.append(Spread((over,), numbers))
        return over

    def _length(self, index: int) -> int:
        return len(self._indices[index].numbers)

    def _lookup(self, name: str) -> Any:
        if name in self._known:
            return self._indices[self._known[name]]
        if name in self.values:
            return self.values[name]
        if name not in self._kept:
            outer, self._known = self._known, self._free  # a definition sees no sum's index
            self._kept[name] = self._value(self.defined[name])
            self._known = outer
        return self._kept[name]

    def _value(self, node: ast.expr) -> Any:
        self._count(node, 1)
        match node:
            case ast.Name():
                return self._lookup(node.id)
            case ast.Constant():  # an fmpq since it was checked
                return float(node.value) if self.floats else node.value  # type: ignore[arg-type]
            case ast.BinOp():
                first, chain = left_spine(node)
                value = self._value(first)
                for number, step in enumerate(chain, start=1):
                    value = self._binary(step, value, self._value(step.right))
                    if number % STEPS_UNCHECKED == 0 or number == len(chain):
                        self._limit(step, value)
                return value
            case ast.Subscript():
                return self._entry(node)
            case ast.Call():
                return self._call(node)
            case ast.Compare():
                return self._comparison(node)
            case ast.UnaryOp(op=ast.Not()):
                return self._each(node, lambda x: _bit(not is_true(x)), self._value(node.operand))
            case ast.UnaryOp(op=ast.USub()):
                return self._together(operator.neg, self._value(node.operand))
            case ast.UnaryOp():
                return self._value(node.operand)
            case ast.BoolOp():
                return self._logical(node)
            case ast.Attribute():
                value = self._value(node.value)
                turned = partial(np.swapaxes, axis1=-1, axis2=-2)
                return self._together(turned, value) if _rank(value) == 2 else value
        raise AssertionError(f"{type(node).__name__} passed the check")

    def _count(self, node: ast.expr, operations: int) -> None:
        self._now["operations"] += operations
        self._spent["operations"] += operations * self._now["weight"]
        if self._now["operations"] > MAX_OPERATIONS:
            raise FormulaError(
                node.col_offset, f"this takes more than {MAX_OPERATIONS} operations to evaluate"
            )

    def _together(self, function: Callable[..., Any], *values: Any, aligned: bool = True) -> Any:
        """Apply a function of arrays to values, over all indices that one of them depends on.

        aligned: their own axes are lined up from the last, as NumPy does it.
        """
        over = _indices_of(values)
        if not over:
            return function(*values)
        rank = max(map(_rank, values)) if aligned else 0
        return Spread(over, function(*(_over(over, value, rank) for value in values)))

    def _each(self, node: ast.expr, function: Callable[..., Any], *values: Any) -> Any:
        """Apply a function of numbers to each entry; one that it raises for is missing."""
        self._line_up(node, *values)
        found = self._together(np.frompyfunc(or_missing(function), len(values), 1), *values)
        if not self.floats:
            return found
        return self._together(lambda numbers: np.array(present(numbers), dtype=float)[()], found)

    def _line_up(self, node: ast.expr, *values: Any) -> None:
        """Count the entries of values together, whose shapes must go together."""
        shapes = {shape for shape in map(_own_shape, values) if shape}
        try:
            own = np.broadcast_shapes(*shapes) if len(shapes) > 1 else next(iter(shapes), ())
        except ValueError:
            raise _unfit(*values) from None
        self._count(node, self._places(*values) * math.prod(own))

    def _places(self, *values: Any) -> int:
        return math.prod(map(self._length, _indices_of(values)))

    def _binary(self, node: ast.BinOp, left: Any, right: Any) -> Any:
        if isinstance(node.op, ast.MatMult):
            return self._product(node, left, right)
        if isinstance(node.op, ast.Pow) and _rank(right):
            raise NoValue("an exponent that is not a whole number")
        if not self.floats and isinstance(node.op, ast.Div):
            return self._each(node, divide, left, right)
        if not self.floats and isinstance(node.op, ast.Pow):
            return self._each(node, partial(self._raised, node), left, right)
        self._line_up(node, left, right)
        _, operate = OPERATORS[type(node.op)]
        if isinstance(left, Missing) or isinstance(right, Missing):
            operate = np.frompyfunc(or_missing(operate), 2, 1)
        return self._together(operate, left, right)

    def _product(self, node: ast.BinOp, left: Any, right: Any) -> Any:
        shapes = _own_shape(left), _own_shape(right)
        if not all(shapes):
            raise NoValue("@ joins two arrays, and one side is a number")
        self._count(node, self._places(left, right) * math.prod(map(math.prod, shapes)))
        row, column = (len(shape) == 1 for shape in shapes)
        single = (-2,) * row + (-1,) * column

        def product(one: Array, other: Array) -> Any:
            one = one[..., None, :] if row else one
            return np.matmul(one, other[..., None] if column else other).squeeze(single)

        try:
            return self._together(product, left, right, aligned=False)
        except ValueError:
            raise _unfit(left, right) from None

    def _raised(self, node: ast.BinOp, number: Any, exponent: Any) -> Any:
        if not isinstance(exponent, fmpq) or exponent.q != 1:
            raise NoValue("an exponent that is not a whole number")
        if abs(exponent) > MAX_EXPONENT:
            raise FormulaError(node.right.col_offset, f"an exponent beyond ±{MAX_EXPONENT}")
        self._limit(node, number, max(abs(int(exponent.p)), 1))
        return power(number, int(exponent.p))

    def _limit(self, node: ast.expr, value: Any, times: int = 1) -> None:
        numbers = value.numbers if isinstance(value, Spread) else value
        if isinstance(numbers, np.ndarray) and numbers.dtype != object:
            return
        flat = numbers.flat if isinstance(numbers, np.ndarray) else (numbers,)
        for number in map(primal, flat):
            if isinstance(number, fmpq) and number.height_bits() * times > MAX_BITS:
                raise FormulaError(node.col_offset, f"a rational of more than {MAX_BITS} bits")

    def _entry(self, node: ast.Subscript) -> Any:
        array = self._value(node.value)
        wanted = indices(node)
        shape = _own_shape(array)
        if len(shape) < len(wanted):
            name = f"`{node.value.id}`" if isinstance(node.value, ast.Name) else "what is indexed"
            held = "1 axis" if len(shape) == 1 else f"{len(shape)} axes"
            raise NoValue(f"{name} has {held}, and is given {len(wanted)} indices")
        return self._selected(node, array, wanted)

    def _selected(self, node: ast.expr, array: Any, wanted: Sequence[ast.expr]) -> Any:
        """Return the entries of an array at some indices, which stand for its first own axes."""
        shape, before = _own_shape(array), _indices_of((array,))
        chosen = [k for k, index in enumerate(wanted) if not isinstance(index, ast.Slice)]
        places = [self._place(node, wanted[k], shape[k]) for k in chosen]
        over = _indices_of((array, *places))
        self._count(node, self._places(array, *places))
        numbers = array.numbers if isinstance(array, Spread) else array
        own = (*chosen, *(k for k in range(len(shape)) if k not in chosen))
        numbers = numbers.transpose((*range(len(before)), *(len(before) + k for k in own)))
        at = [_over(over, place, 0) for place in (*map(self._range, before), *places)]
        found = numbers[tuple(np.asarray(_or_zero(one), dtype=int) for one in at)]
        found = Spread(over, found) if over else found
        doubtful = [
            place
            for place in places
            if isinstance(place, Missing)
            or (isinstance(place, Spread) and place.numbers.dtype == object)
        ]
        return self._each(node, lambda entry, *_: entry, found, *doubtful) if doubtful else found

    def _place(self, node: ast.expr, index: ast.expr, size: int) -> Any:
        """Return an index as whole numbers within the size of an axis; others are missing."""
        if isinstance(index, ast.Name) and index.id in self._known:
            number = self._known[index.id]
            if self._length(number) <= size:
                return self._range(number)
        value = self._value(index)
        if _rank(value):
            raise NoValue("an index that is not a whole number")
        return self._each(node, lambda number: _index(primal(number), size), value)

    def _range(self, index: int) -> Spread:
        return Spread((index,), np.arange(self._length(index)))

    def _call(self, node: ast.Call) -> Any:
        assert isinstance(node.func, ast.Name)
        name, arguments = node.func.id, node.args
        if isinstance(arguments[0], ast.GeneratorExp):
            return self._sum(arguments[0])
        if name == "d":
            return self._derivative(arguments[0], arguments[1])
        values = [self._value(argument) for argument in arguments]
        value, rank = values[0], _rank(values[0])
        match name:
            case "sum" if not rank:
                raise NoValue("the sum of a single number; an array is wanted")
            case "sum":
                axis = node.keywords[0].value.value if node.keywords else None  # type: ignore[attr-defined]  # checked to be a Constant
                if axis is not None and axis >= rank:
                    raise NoValue(f"axis {axis} of an array with {rank}")
                gone = tuple(range(-rank, 0)) if axis is None else int(axis) - rank
                self._line_up(node, value)
                return self._together(lambda numbers: numbers.sum(axis=gone), value)
            case "outer":
                if rank != 1 or _rank(values[1]) != 1:
                    raise NoValue("outer joins two vectors")
                column = self._together(lambda numbers: numbers[..., None], value)
                self._line_up(node, column, values[1])
                return self._together(operator.mul, column, values[1])
            case "delta":
                if rank or _rank(values[1]):
                    raise NoValue("delta compares two numbers")
                return self._each(node, lambda *both: _bit(decide(operator.eq, *both)), *values)
            case "softmax" | "max" if rank != 1:
                raise NoValue(f"{name} of something that is not a vector")
        function = (FLOAT if self.floats else EXACT)[name]
        if name in ("softmax", "max"):
            self._line_up(node, value)
            return self._together(partial(_by_row, function, name == "softmax"), value)
        return self._together(function, value) if self.floats else self._each(node, function, value)

    def _sum(self, node: ast.GeneratorExp) -> Any:
        outer, bound = self._known, []
        for clause in node.generators:
            assert isinstance(clause.target, ast.Name)
            assert isinstance(clause.iter, ast.Name)
            bound.append(self._bind(clause.iter.id))
            self._known = {**self._known, clause.target.id: bound[-1]}
        value = self._value(node.elt)
        self._known = outer
        over = _indices_of((value,))
        gone = tuple(place for place, index in enumerate(over) if index in bound)
        if gone:
            self._count(node, value.numbers.size)
            rest = tuple(index for index in over if index not in bound)
            numbers = value.numbers.sum(axis=gone)
            value = Spread(rest, numbers) if rest else numbers
        times = math.prod(self._length(index) for index in bound if index not in over)
        if times == 1:
            return value
        return self._together(operator.mul, value, float(times) if self.floats else fmpq(times))

    def _derivative(self, of: ast.expr, by: ast.expr) -> Any:
        base = by.value if isinstance(by, ast.Subscript) else by
        assert isinstance(base, ast.Name)
        if base.id not in self._seeds:
            self._seeds[base.id] = self.seeded(base.id)
        seeded = self._seeds[base.id]
        seeded._known = self._known
        value = seeded._value(of)
        shape = np.shape(self.values[base.id])
        wanted = indices(by) if isinstance(by, ast.Subscript) else []
        if wanted and len(wanted) != len(shape):
            raise NoValue(f"{len(wanted)} indices for {len(shape)} axes")
        if (rank := _rank(value)) and not wanted:
            raise NoValue("the derivative of an array with respect to an array")
        count = math.prod(shape)
        self._count(by, count * self._places(value) * math.prod(_own_shape(value)))

        def slopes(numbers: Any) -> Any:
            """Return all derivatives, with the axes of what they are by before the own ones."""
            found = [
                number.tangent
                if isinstance(number, Dual)
                else np.full(count, number if isinstance(number, Missing) else ZERO)
                for number in (numbers.flat if isinstance(numbers, np.ndarray) else (numbers,))
            ]
            every = np.stack(found).reshape(np.shape(numbers) + shape)
            return np.moveaxis(every, range(-rank - len(shape), -len(shape)), range(-rank, 0))[()]

        every = self._together(slopes, value)
        return self._selected(by, every, wanted) if wanted else every

    def _comparison(self, node: ast.Compare) -> Any:
        values = [self._value(part) for part in (node.left, *node.comparators)]
        bits = []
        for op, left, right in zip(node.ops, values, values[1:], strict=False):
            compare = partial(decide, OPERATORS[type(op)][1])
            bits.append(
                self._each(node, lambda a, b, compare=compare: _bit(compare(a, b)), left, right)
            )
        return reduce(partial(self._each, node, operator.mul), bits)

    def _logical(self, node: ast.BoolOp) -> Any:
        of_both = all if isinstance(node.op, ast.And) else any
        return reduce(
            partial(self._each, node, lambda *both: _bit(of_both([is_true(one) for one in both]))),
            [self._value(part) for part in node.values],
        )


def _indices_of(values: Iterable[Any]) -> tuple[int, ...]:
    """Return the indices that values depend on, in order."""
    over: tuple[int, ...] = ()
    for value in values:
        if isinstance(value, Spread) and value.over != over:
            over = tuple(sorted({*over, *value.over})) if over else value.over
    return over


def _over(over: tuple[int, ...], value: Any, rank: int) -> Any:
    """Return the numbers of a value with an axis for each index, and at least so many own ones."""
    if not isinstance(value, Spread):
        return value
    own = _own_shape(value)
    if value.over == over and len(own) >= rank:
        return value.numbers
    lengths = dict(zip(value.over, value.numbers.shape, strict=False))
    axes = (lengths.get(index, 1) for index in over)
    return value.numbers.reshape(*axes, *[1] * (rank - len(own)), *own)


def _own_shape(value: Any) -> tuple[int, ...]:
    if isinstance(value, Spread):
        return value.numbers.shape[len(value.over) :]
    return value.shape if isinstance(value, np.ndarray) else ()


def _rank(value: Any) -> int:
    return len(_own_shape(value))


def _by_row(function: Callable[[Any], Any], to_vector: bool, numbers: Array) -> Any:
    """Apply a function of vectors along the last axis."""
    tried = or_missing(lambda *row: function(np.array(row, dtype=numbers.dtype)))
    found = [tried(*row) for row in numbers.reshape(-1, numbers.shape[-1])]
    if to_vector:
        found = [
            np.full(numbers.shape[-1], one) if isinstance(one, Missing) else one for one in found
        ]
    shape = numbers.shape if to_vector else numbers.shape[:-1]
    return np.array(found, dtype=numbers.dtype).reshape(shape)[()]


def _unfit(*values: Any) -> NoValue:
    shapes = " and ".join(str(_own_shape(value)) for value in values)
    return NoValue(f"shapes {shapes} do not go together")


def _or_zero(places: Any) -> Any:
    """Return whole numbers, 0 where they are missing."""
    return np.frompyfunc(lambda place: 0 if isinstance(place, Missing) else place, 1, 1)(places)


def _index(number: Any, size: int) -> int:
    if isinstance(number, fmpq) and number.q == 1:
        index = int(number.p)
    elif isinstance(number, float) and number.is_integer():
        index = int(number)
    else:
        raise NoValue("an index that is not a whole number")
    if not 0 <= index < size:
        state = f"state the size: ... when n == {index + 1}"
        raise NoValue(f"index {index} of an axis of {size}; sum over all, or {state}")
    return index


def _bit(truth: bool) -> fmpq:
    return ONE if truth else ZERO
