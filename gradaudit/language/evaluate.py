"""Formulas evaluated: exactly in rationals, in balls where there is an exp, or in float64.

Everything is bounded: the operations of one evaluation, the bits of a rational, an exponent.
"""

import ast
import copy
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import flint
import numpy as np
from flint import arb, fmpq

from gradaudit.language.formula import MAX_EXPONENT, FormulaError, indices, left_spine
from gradaudit.language.numbers import (
    EXACT,
    FIRST_PRECISION,
    FLOAT,
    ONE,
    ZERO,
    Dual,
    decide,
    each,
    object_array,
    primal,
    total,
)
from gradaudit.language.outcomes import NoValue

MAX_OPERATIONS = 50_000
MAX_BITS = 10_000

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.MatMult: operator.matmul,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class Env:
    """The values that a formula is evaluated with, for one input.

    values: the given names. sizes: index sets with their sizes. defined: names with formulas,
    evaluated when first met. floats: compute in float64 instead of exactly. gaps: an entry of an
    array that has no value is nan, instead of the whole array having none. What depends on no
    index is evaluated once, for all entries of a formula.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        sizes: Mapping[str, int],
        defined: Mapping[str, ast.expr],
        *,
        floats: bool = False,
        gaps: bool = False,
    ) -> None:
        self.values = dict(values)
        self.sizes = sizes
        self.defined = defined
        self.floats = floats
        self.gaps = gaps
        self.functions = FLOAT if floats else EXACT
        self._indices: dict[str, Any] = {}  # of sums, and the free ones
        self._free: dict[str, Any] = {}
        self._met: set[str] = set()  # indices that the value in the making depends on
        self._indexed: dict[str, tuple[Any, set[str]]] = {}  # names that depend on a free index
        # What follows is shared by all values of the free indices.
        self._kept: dict[str | ast.expr, Any] = {}
        self._seeds: dict[str, Env] = {}
        self._now = {"precision": 0, "operations": 0, "weight": 1}  # at the precision in force
        self._spent = {"operations": 0}  # at all, more bits counting as more of them

    @property
    def operations(self) -> int:
        """How many operations were needed so far, more bits counting as more of them."""
        return self._spent["operations"]

    def where(self, **free: int) -> "Env":
        """Return the same input with values for the free indices."""
        env = copy.copy(self)
        env._free = {name: fmpq(index) for name, index in free.items()}
        env._indices, env._indexed, env._met = dict(env._free), {}, set()
        return env

    def with_gaps(self) -> "Env":
        """Return the same input, where an entry without a value is nan, within the same budget."""
        env = Env(self.values, self.sizes, self.defined, gaps=True)
        env._spent = self._spent
        return env.where(**{name: int(index) for name, index in self._free.items()})

    def seeded(self, *names: str) -> "Env":
        """Return the same input where every number depends on all entries of the named values.

        A number then carries one derivative for each entry, in the order of the names.
        """
        shapes = {name: np.shape(self.values[name]) for name in names}
        count = sum(int(np.prod(shape)) for shape in shapes.values())
        values, place = dict(self.values), 0
        for name in names:
            duals = []
            for number in np.ravel(np.asarray(values[name], dtype=object)):
                tangent = np.full(count, ZERO)
                tangent[place] = ONE
                duals.append(Dual(number, tangent))
                place += 1
            values[name] = object_array(duals, shapes[name]) if shapes[name] else duals[0]
        # Without gaps: a sum over one would keep a derivative that lacks what has no value.
        return Env(values, self.sizes, self.defined, floats=self.floats)

    def evaluate(self, tree: ast.expr) -> Any:
        """Return the value of a checked tree.

        Raises NoValue where it has none, CannotTell where the precision does not
        tell, FormulaError where it is too large for the language.
        """
        if self._now["precision"] != flint.ctx.prec:  # balls that were kept are of another one
            weight = max(flint.ctx.prec // FIRST_PRECISION, 1)
            self._now.update(precision=flint.ctx.prec, operations=0, weight=weight)
            self._kept.clear()
            self._seeds.clear()
            self._indexed.clear()
        self._indices, self._met = dict(self._free), set()
        try:
            return self._value(tree)
        except ZeroDivisionError:
            raise NoValue("division by zero") from None
        except RecursionError:
            raise FormulaError(1, "nested too deeply, through its own names") from None

    def value_of(self, name: str) -> Any:
        """Return the value of a name. Raises as `evaluate` does."""
        return self.evaluate(ast.Name(name, col_offset=1))

    def truth(self, tree: ast.expr) -> bool:
        """Return whether a condition holds, everywhere if it has several entries."""
        value = self.evaluate(tree)
        return all(decide(operator.ne, number, 0) for number in np.ravel(np.array(value)))

    def _lookup(self, name: str) -> Any:
        if name in self._indices:
            self._met.add(name)
            return self._indices[name]
        if name in self.values:
            return self.values[name]
        if name in self._kept:
            return self._kept[name]
        if name not in self._indexed:
            outer, self._indices = self._indices, self._free  # a definition sees no sum's index
            met, self._met = self._met, set()
            value = self._value(self.defined[name])
            # A sum around may bind the same letter, and what is met here is not its index.
            self._indexed[name] = value, {f"free {one.split()[-1]}" for one in self._met}
            self._indices, self._met = outer, met
        value, needed = self._indexed[name]
        if not needed:
            self._kept[name] = value
        self._met |= needed
        return value

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name):
            self._count(node, 1)
            return self._lookup(node.id)
        if isinstance(node, ast.Constant):
            self._count(node, 1)
            return float(node.value) if self.floats else node.value  # type: ignore[arg-type]  # an fmpq since it was checked
        if node in self._kept:
            return self._kept[node]
        met, self._met = self._met, set()
        value = self._operation(node)
        if not self._met:
            self._kept[node] = value
        self._met |= met
        return value

    def _operation(self, node: ast.expr) -> Any:
        self._count(node, 1)
        match node:
            case ast.BinOp():
                first, chain = left_spine(node)
                value = self._value(first)
                for step in chain:
                    value = self._binary(step, value, self._value(step.right))
                return value
            case ast.Subscript():
                return self._entry(node)
            case ast.Call():
                return self._call(node)
            case ast.Compare():
                return self._comparison(node)
            case ast.UnaryOp(op=ast.Not()):
                return each(lambda x: _bit(not self._is_true(x)), self._value(node.operand))
            case ast.UnaryOp():
                value = self._value(node.operand)
                return -value if isinstance(node.op, ast.USub) else value
            case ast.BoolOp():
                return self._logical(node)
            case ast.Attribute():
                value = self._value(node.value)
                return value.T if isinstance(value, np.ndarray) else value
        raise AssertionError(f"{type(node).__name__} passed the check")

    def _count(self, node: ast.expr, operations: int) -> None:
        self._now["operations"] += operations
        self._spent["operations"] += operations * self._now["weight"]
        if self._now["operations"] > MAX_OPERATIONS:
            raise FormulaError(
                node.col_offset, f"this takes more than {MAX_OPERATIONS} operations to evaluate"
            )

    def _binary(self, node: ast.BinOp, left: Any, right: Any) -> Any:
        if isinstance(node.op, ast.Pow):
            return self._power(node, left, right)
        self._count(node, _size(left) + _size(right))
        if isinstance(node.op, ast.MatMult):
            if not np.ndim(left) or not np.ndim(right):
                raise NoValue("@ joins two arrays, and one side is a number")
            self._count(node, _size(left) * _size(right))
        try:
            operate = _BINARY[type(node.op)]
            if self.gaps and isinstance(node.op, ast.Div):
                operate = _with_gaps(operate)
            value = operate(left, right)
        except ValueError:
            shapes = f"{np.shape(left)} and {np.shape(right)}"
            raise NoValue(f"shapes {shapes} do not go together") from None
        if not self.floats and isinstance(node.op, ast.Mult | ast.Div | ast.MatMult):
            self._limit(node, value)
        return value

    def _power(self, node: ast.BinOp, base: Any, exponent: Any) -> Any:
        if not isinstance(exponent, fmpq | float) or exponent != round(exponent):
            raise NoValue("an exponent that is not a whole number")
        power = int(exponent)
        if abs(power) > MAX_EXPONENT:
            raise FormulaError(node.right.col_offset, f"an exponent beyond ±{MAX_EXPONENT}")
        if self.floats:
            return base**power
        self._count(node, np.size(base))
        self._limit(node, base, max(abs(power), 1))

        def raised(x: Any) -> Any:
            if isinstance(x, arb) and x.is_nan():
                return x  # to the power of 0 too
            return ONE if power == 0 and not isinstance(x, Dual) else x**power

        return each(_or_nan(raised) if self.gaps else raised, base)

    def _limit(self, node: ast.expr, value: Any, times: int = 1) -> None:
        for number in map(primal, value.flat if isinstance(value, np.ndarray) else (value,)):
            if isinstance(number, fmpq) and number.height_bits() * times > MAX_BITS:
                raise FormulaError(node.col_offset, f"a rational of more than {MAX_BITS} bits")

    def _entry(self, node: ast.Subscript) -> Any:
        array = self._value(node.value)
        chosen: list[Any] = []
        wanted = indices(node)
        axes = array.ndim if isinstance(array, np.ndarray) else 0
        if axes < len(wanted):
            name = f"`{node.value.id}`" if isinstance(node.value, ast.Name) else "what is indexed"
            held = "1 axis" if axes == 1 else f"{axes} axes"
            raise NoValue(f"{name} has {held}, and is given {len(wanted)} indices")
        for axis, index in enumerate(wanted):
            if isinstance(index, ast.Slice):
                chosen.append(slice(None))
                continue
            place = primal(self._value(index))
            chosen.append(_index(place, array.shape[axis]))
        return array[tuple(chosen)]

    def _call(self, node: ast.Call) -> Any:
        assert isinstance(node.func, ast.Name)
        name, arguments = node.func.id, node.args
        if isinstance(arguments[0], ast.GeneratorExp):
            return total(list(self._terms(arguments[0], 0)))
        if name == "d":
            return self._derivative(arguments[0], arguments[1])
        values = [self._value(argument) for argument in arguments]
        self._count(node, sum(map(_size, values)))
        value = values[0]
        match name:
            case "sum" if not np.ndim(value):
                raise NoValue("the sum of a single number; an array is wanted")
            case "sum":
                axis = node.keywords[0].value.value if node.keywords else None  # type: ignore[attr-defined]  # checked to be a Constant
                if axis is not None and axis >= np.ndim(value):
                    raise NoValue(f"axis {axis} of an array with {np.ndim(value)}")
                return value.sum(axis=None if axis is None else int(axis))
            case "outer":
                if np.ndim(value) != 1 or np.ndim(values[1]) != 1:
                    raise NoValue("outer joins two vectors")
                self._count(node, np.size(value) * np.size(values[1]))
                return np.multiply.outer(value, values[1])
            case "delta":
                if np.ndim(value) or np.ndim(values[1]):
                    raise NoValue("delta compares two numbers")
                return _bit(decide(operator.eq, *values))
            case "softmax" | "max" if np.ndim(value) != 1:
                raise NoValue(f"{name} of something that is not a vector")
        if self.gaps and isinstance(value, np.ndarray) and name not in ("softmax", "max"):
            return each(_or_nan(self.functions[name]), value)
        return self.functions[name](value)

    def _terms(self, node: ast.GeneratorExp, clause: int) -> Iterator[Any]:
        if clause == len(node.generators):
            yield self._value(node.elt)
            return
        generator = node.generators[clause]
        assert isinstance(generator.target, ast.Name)
        assert isinstance(generator.iter, ast.Name)
        name, outer = generator.target.id, self._indices
        for index in range(self.sizes[generator.iter.id]):
            self._indices = {**outer, name: fmpq(index)}
            yield from self._terms(node, clause + 1)
        self._indices = outer
        self._met.discard(name)

    def _derivative(self, of: ast.expr, by: ast.expr) -> Any:
        base = by.value if isinstance(by, ast.Subscript) else by
        assert isinstance(base, ast.Name)
        if base.id not in self._seeds:
            self._seeds[base.id] = self.seeded(base.id)
            self._seeds[base.id]._now = self._now
            self._seeds[base.id]._spent = self._spent
        seeded = copy.copy(self._seeds[base.id])
        seeded._free, seeded._indices, seeded._indexed = self._free, self._indices, {}
        seeded._met = self._met
        value = seeded._value(of)
        self._met = seeded._met
        shape = np.shape(self.values[base.id])
        if isinstance(by, ast.Subscript):
            place = int(np.ravel_multi_index(self._place(by, shape), shape))
            return each(lambda x: x.tangent[place] if isinstance(x, Dual) else ZERO, value)
        if np.ndim(value):
            raise NoValue("the derivative of an array with respect to an array")
        if not isinstance(value, Dual):
            return each(lambda _: ZERO, self.values[base.id])
        return value.tangent.reshape(shape) if shape else value.tangent[0]

    def _place(self, by: ast.Subscript, shape: tuple[int, ...]) -> tuple[int, ...]:
        place = [primal(self._value(index)) for index in indices(by)]
        if len(place) != len(shape):
            raise NoValue(f"{len(place)} indices for {len(shape)} axes")
        return tuple(_index(index, size) for index, size in zip(place, shape, strict=True))

    def _comparison(self, node: ast.Compare) -> Any:
        values = [self._value(part) for part in (node.left, *node.comparators)]
        holds: Any = ONE
        for op, left, right in zip(node.ops, values, values[1:], strict=False):
            self._count(node, _size(left) + _size(right))
            if not isinstance(left, np.ndarray) and not isinstance(right, np.ndarray):
                holds = holds * _bit(decide(_COMPARE[type(op)], left, right))
                continue
            try:
                sides = np.broadcast(left, right)
            except ValueError:
                raise NoValue("a comparison of shapes that do not go together") from None
            compare = _COMPARE[type(op)]

            def bit(a: Any, b: Any, compare: Callable[[Any, Any], bool] = compare) -> Any:
                return _bit(decide(compare, a, b))

            tried = _or_nan(bit) if self.gaps and sides.ndim else bit
            bits = [tried(a, b) for a, b in sides]
            holds = holds * (object_array(bits, sides.shape) if sides.ndim else bits[0])
        return np.array(holds, dtype=np.float64)[()] if self.floats else holds

    def _logical(self, node: ast.BoolOp) -> Any:
        values = [self._value(part) for part in node.values]

        def bit(x: Any) -> Any:
            return _bit(self._is_true(x))

        bits = [
            each(_or_nan(bit) if self.gaps and np.ndim(value) else bit, value) for value in values
        ]
        if len({np.shape(bit) for bit in bits if np.ndim(bit)}) > 1:
            raise NoValue("conditions on shapes that do not go together")
        both = isinstance(node.op, ast.And)
        result = bits[0]
        for bit in bits[1:]:
            result = result * bit if both else result + bit - result * bit
        return result

    @staticmethod
    def _is_true(number: Any) -> bool:
        return decide(operator.ne, number, 0)


def _or_nan(function: Callable[..., Any]) -> Callable[..., Any]:
    def tried(*numbers: Any) -> Any:
        try:
            return function(*numbers)
        except (ZeroDivisionError, NoValue):
            return arb("nan")

    return tried


def _with_gaps(operate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return an operation that is done entry by entry, where one that has no value is nan."""

    def by_entry(left: Any, right: Any) -> Any:
        sides = np.broadcast(left, right)
        if not sides.shape:
            return operate(left, right)
        return object_array([_or_nan(operate)(one, other) for one, other in sides], sides.shape)

    return by_entry


def _size(value: Any) -> int:
    return value.size if isinstance(value, np.ndarray) else 1  # np.size takes long for a number


def _index(number: Any, size: int) -> int:
    if isinstance(number, fmpq) and number.q == 1:
        index = int(number.p)
    elif isinstance(number, float) and number.is_integer():
        index = int(number)
    else:
        raise NoValue("an index that is not a whole number")
    if not 0 <= index < size:
        raise NoValue(f"index {number} of an axis of {size}")
    return index


def _bit(truth: bool) -> fmpq:
    return ONE if truth else ZERO
