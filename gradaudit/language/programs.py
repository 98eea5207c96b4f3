"""What a formula needs that no input changes, found out once: a program that is kept with its tree.

A value is a number or an array. Its own axes come first, then one for each index that it depends
on, in the order in which these were bound: so values of the same indices go together as NumPy
lines them up, from the last axis.
"""

import ast
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import flint
import numpy as np
from flint import arb, fmpq

from gradaudit.language.formula import (
    MAX_EXPONENT,
    OPERATORS,
    FormulaError,
    indices,
    left_spine,
    names_in,
)
from gradaudit.language.functions import EXACT, FLOAT, Entrywise, identity
from gradaudit.language.numbers import (
    FIRST_PRECISION,
    ZERO,
    Array,
    Dual,
    is_true,
    object_array,
    primal,
)
from gradaudit.language.outcomes import Missing, NoValue, Unfit, present

if TYPE_CHECKING:
    from gradaudit.language.evaluate import Env

MAX_OPERATIONS = 50_000
MAX_BITS = 10_000
STEPS_UNCHECKED = 8  # of a chain of operations, between two looks at how large its numbers are

Run = Callable[["Env"], Any]


class Meter:
    """How many operations were needed, more bits counting as more of them."""

    def __init__(self, inputs: int = 1) -> None:
        self.most = MAX_OPERATIONS * inputs
        self.now = 0  # of the evaluation that goes on, whatever the bits
        self.spent = 0  # of all
        self.bits = 0
        self.weight = 1

    def restart(self) -> bool:
        """Begin an evaluation; return whether its balls are of another precision."""
        self.now = 0
        if self.bits == flint.ctx.prec:
            return False
        self.bits = flint.ctx.prec
        self.weight = max(self.bits // FIRST_PRECISION, 1)
        return True

    def count(self, node: ast.expr, operations: int) -> None:
        """Count operations at once, and one for being at it. Raises FormulaError if too many."""
        self.now += operations + 1
        self.spent += (operations + 1) * self.weight
        if self.now > self.most:
            raise FormulaError(
                node.col_offset, f"this takes more than {MAX_OPERATIONS} operations to evaluate"
            )


class Context(NamedTuple):
    """What a program depends on besides its tree.

    free: the free indices with their sets. dependent: defined names, with the numbers of the free
    indices they depend on.
    """

    free: tuple[tuple[str, str], ...] = ()
    dependent: tuple[tuple[str, tuple[int, ...]], ...] = ()
    floats: bool = False


class Program(NamedTuple):
    """How a value is found. over: the indices that it depends on, by their numbers, in order."""

    over: tuple[int, ...]
    run: Run

    def rank(self, value: Any) -> int:
        """Return how many axes of its own a value has."""
        return value.ndim - len(self.over) if isinstance(value, np.ndarray) else 0

    def along(self, over: tuple[int, ...]) -> Run:
        """Return how the value is found with an axis for each of these indices."""
        if self.over == over:
            return self.run
        run, key = self.run, axes(self.over, over)

        def lifted(env: "Env") -> Any:
            value = run(env)
            return value[key] if isinstance(value, np.ndarray) else value

        return lifted


def program(tree: ast.expr, context: Context) -> Program:
    """Return the program of a checked tree."""
    kept: dict[Context, Program] = vars(tree).setdefault("programs", {})
    if context not in kept:
        kept[context] = _Compiler(context)(tree)
    return kept[context]


class _Compiler:
    """Makes programs of the nodes of a tree."""

    def __init__(self, context: Context) -> None:
        self.floats = context.floats
        self.functions = FLOAT if context.floats else EXACT
        self.dependent = dict(context.dependent)
        self.sets = [index_set for _, index_set in context.free]  # of indices, by number
        self.known = {name: number for number, (name, _) in enumerate(context.free)}

    def __call__(self, node: ast.expr) -> Program:
        match node:
            case ast.Name(id=name) if name in self.known:
                index_set = self.sets[self.known[name]]
                return Program((self.known[name],), lambda env: env.values_of_index(index_set))
            case ast.Name(id=name):
                return Program(self.dependent.get(name, ()), lambda env: env.lookup(name))
            case ast.Constant(value=fmpq() as exact):
                value = float(exact) if self.floats else exact
                return Program((), lambda _: value)
            case ast.BinOp():
                return self.chain(node)
            case ast.Subscript():
                return self.entry(node)
            case ast.Call():
                return self.call(node)
            case ast.Compare():
                return self.comparison(node)
            case ast.UnaryOp(op=ast.Not()):
                return self.each(node, "not", self(node.operand))
            case ast.UnaryOp(op=ast.USub()):
                return self.each(node, "negative", self(node.operand))
            case ast.UnaryOp():
                return self(node.operand)
            case ast.BoolOp(op=op, values=values):
                first, *rest = map(self, values)
                for part in rest:
                    first = self.each(node, "and" if isinstance(op, ast.And) else "or", first, part)
                return first
            case ast.GeneratorExp():
                return self.array(node)
            case ast.Attribute():
                return self.changed(node, self(node.value), _transposed)
        raise AssertionError(f"{type(node).__name__} passed the check")

    def each(self, node: ast.expr, name: str, *parts: Program) -> Program:
        """Return a function of numbers, of each entry; one that it raises for is missing."""
        function = self.functions[name]
        over = _union(*parts)
        runs = [part.along(over) for part in parts]

        def run(env: "Env") -> Any:
            values = [one(env) for one in runs]
            env.meter.count(node, _size(len(over), *values))
            return function(*values)

        return Program(over, run)

    def changed(
        self, node: ast.expr, part: Program, change: Callable[[Any, int], Any], cost: int = 0
    ) -> Program:
        """Return a function of a whole array, which is told how many axes are its own.

        cost: how many operations an entry is, as a power of the array's length.
        """

        def run(env: "Env") -> Any:
            value = part.run(env)
            env.meter.count(
                node, np.size(value) * (len(value) ** cost if cost and np.ndim(value) else 1)
            )
            return change(value, part.rank(value))

        return Program(part.over, run)

    def chain(self, node: ast.BinOp) -> Program:
        first, chain = left_spine(node)
        over, start = self(first)
        steps = []
        for number, step in enumerate(chain, start=1):
            right = self(step.right)
            before, over = over, _union(Program(over, start), right)
            lift = None if before == over else axes(before, over)
            looked_at = number % STEPS_UNCHECKED == 0 or number == len(chain)
            operate = self.operation(step, len(over))
            steps.append((step, lift, right.along(over), operate, looked_at))

        def run(env: "Env") -> Any:
            value = start(env)
            for step, lift, right, operate, looked_at in steps:
                if lift is not None and isinstance(value, np.ndarray):
                    value = value[lift]
                value = operate(env, value, right(env))
                if looked_at:
                    _limit(step, value)
            return value

        return Program(over, run)

    def operation(self, node: ast.BinOp, count: int) -> Callable[["Env", Any, Any], Any]:
        """Return an operation on values of so many indices."""
        if isinstance(node.op, ast.MatMult):
            return partial(_product, node, count)
        if isinstance(node.op, ast.Pow):
            return partial(_raised, node, count, self.functions["**"])
        function = self.functions[OPERATORS[type(node.op)][0]]

        def run(env: "Env", left: Any, right: Any) -> Any:
            env.meter.count(node, _size(count, left, right))
            return function(left, right)

        return run

    def comparison(self, node: ast.Compare) -> Program:
        parts = list(map(self, (node.left, *node.comparators)))
        bits = [
            self.each(node, OPERATORS[type(op)][0], left, right)
            for op, left, right in zip(node.ops, parts, parts[1:], strict=False)
        ]
        while len(bits) > 1:
            bits[:2] = [self.each(node, "*", *bits[:2])]
        return bits[0]

    def entry(self, node: ast.Subscript) -> Program:
        """Return the entries of an array at some indices, which stand for its first own axes."""
        array, wanted = self(node.value), indices(node)
        chosen = [k for k, index in enumerate(wanted) if not isinstance(index, ast.Slice)]
        places = [self.place(wanted[k]) for k in chosen]
        over = _union(array, *(place for place, _ in places))
        lifts = [axes(place.over, over) for place, _ in places]
        around = [(self.sets[index], axes((index,), over)) for index in array.over]
        lengths = [self.sets[index] for index in over]
        name = f"`{node.value.id}`" if isinstance(node.value, ast.Name) else "what is indexed"
        letters = [self.known.get(getattr(wanted[k], "id", ""), -1) for k in chosen]
        turned = {index: axis - len(array.over) for axis, index in enumerate(array.over)}
        plain = -1 not in letters and len({*letters, *turned}) == len(letters) + len(turned)
        turned.update(zip(letters, chosen, strict=True))
        whole = [(self.sets[one], k) for one, k in zip(letters, chosen, strict=True) if plain]
        most = len(wanted) + len(array.over) if plain and len(chosen) == len(wanted) else -1
        turn = [turned[index] % most for index in over if plain]

        def run(env: "Env") -> Any:
            numbers = array.run(env)
            if np.ndim(numbers) == most and all(
                env.sizes[one] == numbers.shape[axis] for one, axis in whole
            ):
                env.meter.count(node, numbers.size)
                return numbers.transpose(turn)
            rank = array.rank(numbers)
            if rank < len(wanted):
                held = "1 axis" if rank == 1 else f"{rank} axes"
                raise NoValue(f"{name} has {held}, and is given {len(wanted)} indices")
            rest = [axis for axis in range(rank) if axis not in chosen]
            entries = math.prod(env.sizes[one] for one in lengths)
            env.meter.count(node, entries * math.prod(numbers.shape[axis] for axis in rest))
            if plain and all(env.sizes[one] == numbers.shape[axis] for one, axis in whole):
                return numbers.transpose(*rest, *(turned[index] for index in over))
            at: list[Any] = [slice(None)] * len(rest)
            doubtful = []
            for axis, (_, place), lift in zip(chosen, places, lifts, strict=True):
                found = _lifted(place(env, numbers.shape[axis]), lift)
                if isinstance(found, Missing) or np.asarray(found).dtype == object:
                    doubtful.append(found)
                    found = np.asarray(_OR_ZERO(found), dtype=int)
                at.append(found)
            at += [np.arange(env.sizes[one])[lift] for one, lift in around]
            numbers = numbers.transpose(*rest, *chosen, *range(rank, numbers.ndim))
            found = numbers[tuple(at)]
            for place in doubtful:
                found = _FIRST(found, place)
            return _with_nan(found) if doubtful and self.floats else found

        return Program(over, run)

    def place(self, index: ast.expr) -> tuple[Program, Callable[["Env", int], Any]]:
        """Return an index, and how it is found as whole numbers within the size of an axis."""
        inner = self(index)
        direct = isinstance(index, ast.Name) and index.id in self.known
        own = self.sets[inner.over[0]] if direct else ""

        def place(env: "Env", size: int) -> Any:
            if direct and env.sizes[own] <= size:
                return np.arange(env.sizes[own])
            value = inner.run(env)
            if inner.rank(value):
                raise NoValue("an index is one place, not an array of them: W[ids[n]] of each n")
            env.meter.count(index, np.size(value))
            found = _INDEX(value, size)
            if isinstance(found, np.ndarray) and all(type(one) is int for one in found.flat):
                return found.astype(int)
            return found

        return inner, place

    def call(self, node: ast.Call) -> Program:
        assert isinstance(node.func, ast.Name)
        name, arguments = node.func.id, node.args
        if isinstance(arguments[0], ast.GeneratorExp):
            return self.sum_over(arguments[0])
        if name == "d":
            return self.derivative(arguments[0], arguments[1])
        if name == "eye":
            assert isinstance(arguments[0], ast.Name)
            return self.identity(node, arguments[0].id)
        parts = list(map(self, arguments))
        match name:
            case "where":
                return self.where(node, *parts)
            case "max" | "min" if len(parts) == 2:
                return self.each(node, {"max": "larger", "min": "smaller"}[name], *parts)
            case "sum" | "max" | "min" | "softmax" | "norm":
                axis = node.keywords[0].value.value if node.keywords else None  # type: ignore[attr-defined]  # checked to be a Constant
                return self.changed(
                    node, parts[0], partial(_along, name, self.functions[name], axis)
                )
            case "det" | "inv" | "trace":
                return self.changed(
                    node,
                    parts[0],
                    partial(_square, name, self.functions[name]),
                    0 if name == "trace" else 2,
                )
            case "diag":
                return self.changed(node, parts[0], partial(_diag, self.functions))
            case "outer":
                column, row = (self.changed(node, part, _vector) for part in parts)
                return self.each(node, "*", self.changed(node, column, _column), row)
            case "delta":
                return self.each(node, "==", *(self.changed(node, part, _number) for part in parts))
        return self.each(node, name, *parts)

    def identity(self, node: ast.expr, index_set: str) -> Program:
        def run(env: "Env") -> Any:
            size = env.sizes[index_set]
            env.meter.count(node, size * size)
            return identity(size, floats=self.floats)

        return Program((), run)

    def where(self, node: ast.expr, condition: Program, *sides: Program) -> Program:
        """Return one of two values at each entry; nothing is owed by the one not taken."""
        over = _union(condition, *sides)
        sets = [self.sets[index] for index in over]
        test, one, other = (part.along(over) for part in (condition, *sides))
        function = self.functions["where"]
        missing: Callable[[Missing], Any] = (lambda _: np.nan) if self.floats else (lambda why: why)

        def tried(env: "Env", run: Run) -> Any:
            try:
                return run(env)
            except Missing as reason:
                return missing(reason)

        def run(env: "Env") -> Any:
            chosen = test(env)
            if isinstance(chosen, np.ndarray) or (isinstance(chosen, Dual) and chosen.slopes):
                sides = tried(env, one), tried(env, other)
                env.meter.count(node, _size(len(over), chosen, *sides))
                value = function(chosen, *sides)
                return value if isinstance(chosen, np.ndarray) else spread(env, value)
            value = (one if is_true(present(chosen)) else other)(env)
            return spread(env, value)

        def spread(env: "Env", value: Any) -> Any:
            if not over:
                return value
            own = np.shape(value)[: np.ndim(value) - len(over)] if np.ndim(value) else ()
            return np.broadcast_to(value, (*own, *(env.sizes[one] for one in sets)))

        return Program(over, run)

    def bound(self, node: ast.GeneratorExp) -> tuple[Program, dict[int, str]]:
        """Return what is summed, or an entry of what is defined, and the sets of its indices."""
        outer, bound = self.known, {}
        for clause in node.generators:
            assert isinstance(clause.target, ast.Name)
            assert isinstance(clause.iter, ast.Name)
            number = len(self.sets)
            bound[number] = clause.iter.id
            self.known = {**self.known, clause.target.id: number}
            self.sets.append(clause.iter.id)
        inner = self(node.elt)
        self.known = outer
        del self.sets[len(self.sets) - len(bound) :]
        return inner, bound

    def sum_over(self, node: ast.GeneratorExp) -> Program:
        inner, bound = self.bound(node)
        alike = [index_set for index, index_set in bound.items() if index not in inner.over]
        gone = tuple(
            place - len(inner.over) for place, index in enumerate(inner.over) if index in bound
        )
        number = float if self.floats else fmpq

        def run(env: "Env") -> Any:
            value = inner.run(env)
            if gone:
                env.meter.count(node, value.size)
                value = value.sum(axis=gone)
            times = math.prod(env.sizes[index_set] for index_set in alike)
            return value if times == 1 else value * number(times)

        return Program(tuple(index for index in inner.over if index not in bound), run)

    def array(self, node: ast.GeneratorExp) -> Program:
        """Return an array by its entries, with an axis for each index."""
        inner, bound = self.bound(node)
        over = tuple(index for index in inner.over if index not in bound)
        key = axes(inner.over, (*over, *bound))

        def run(env: "Env") -> Any:
            value = inner.run(env)
            if not isinstance(value, np.ndarray):
                value = np.asarray(value) if self.floats else object_array([value], ())
            value = value[key] if inner.over else value[(..., *[None] * len(bound))]
            lengths = [env.sizes[index_set] for index_set in bound.values()]
            value = np.broadcast_to(value, (*value.shape[: value.ndim - len(bound)], *lengths))
            env.meter.count(node, value.size)
            first = range(value.ndim - len(bound), value.ndim)
            return value.transpose(*first, *range(value.ndim - len(bound)))

        return Program(over, run)

    def derivative(self, of: ast.expr, by: ast.expr) -> Program:
        base = by.value if isinstance(by, ast.Subscript) else by
        assert isinstance(base, ast.Name)
        inner = self(of)
        if not isinstance(by, ast.Subscript):
            return Program(inner.over, partial(_all_slopes, by, base.id, inner))
        places = [self.place(index) for index in indices(by)]
        over = _union(inner, *(place for place, _ in places))
        lifts = [axes(place.over, over) for place, _ in places]
        found = inner.along(over)

        def run(env: "Env") -> Any:
            seeded = env.by(base.id)
            value = found(seeded)
            shape = env.own_shape(base.id)
            if len(places) != len(shape):
                raise NoValue(f"{len(places)} indices for {len(shape)} axes")
            at: Any = 0
            for (_, place), lift, size in zip(places, lifts, shape, strict=True):
                at = at * size + _lifted(place(env, size), lift)
            env.meter.count(by, _size(len(over), value, at))
            return _SLOPE(value, at, seeded.level)

        return Program(over, run)


def _union(*parts: Program) -> tuple[int, ...]:
    """Return the indices that values depend on, in order."""
    return tuple(sorted({index for part in parts for index in part.over}))


def axes(over: Collection[int], wider: Sequence[int]) -> tuple[Any, ...]:
    """Return the key that gives values of some indices an axis for each of more of them."""
    return (..., *(slice(None) if index in over else None for index in wider))


def _lifted(value: Any, key: tuple[Any, ...]) -> Any:
    return value[key] if isinstance(value, np.ndarray) else value


def _size(count: int, *values: Any) -> int:
    """Return how many entries values have together. Raises NoValue where they do not go together.

    count: of the last axes, those of their indices.
    """
    arrays = [value for value in values if isinstance(value, np.ndarray)]
    if not arrays:
        return 1
    if len(arrays) == 1 or arrays[0].shape == arrays[-1].shape:
        return arrays[0].size
    try:
        return np.broadcast(*arrays).size
    except ValueError:
        raise _unfit(count, *values) from None


def _own_shape(count: int, value: Any) -> tuple[int, ...]:
    return value.shape[: value.ndim - count] if isinstance(value, np.ndarray) else ()


def _unfit(count: int, *values: Any) -> Unfit:
    shapes = " and ".join(str(_own_shape(count, value)) for value in values)
    return Unfit(f"shapes {shapes} do not go together")


def _limit(node: ast.BinOp, value: Any, times: int = 1) -> None:
    """Raise FormulaError where a number is too large to go on with, or its power."""
    column = node.right.col_offset
    flat: Any = (value,)
    if isinstance(value, np.ndarray):
        if value.dtype != object:
            return
        flat = value.ravel().tolist()
    kinds = set(map(type, flat))
    if Dual in kinds:
        flat = list(map(primal, flat))
        kinds = set(map(type, flat))
    if not kinds <= {fmpq, arb}:
        for number in flat:
            if wrong := getattr(number, "too_large", lambda _: "")(times):
                raise FormulaError(column, wrong)
    exact = (number for number in flat if type(number) is fmpq) if kinds != {fmpq} else flat
    bits = max(map(fmpq.height_bits, exact), default=0)
    if bits * times > MAX_BITS:
        raise FormulaError(column, f"a rational of more than {MAX_BITS} bits")


def _product(node: ast.BinOp, count: int, env: "Env", left: Any, right: Any) -> Any:
    shapes = _own_shape(count, left), _own_shape(count, right)
    if not all(shapes):
        raise NoValue("@ joins two arrays, and one side is a number")
    indexed = np.broadcast_shapes(*(value.shape[value.ndim - count :] for value in (left, right)))
    env.meter.count(node, math.prod(map(math.prod, (*shapes, indexed))))
    try:
        if not count:
            return np.matmul(left, right)
        row, column = (len(shape) == 1 for shape in shapes)
        one, other = _indices_first(count, left), _indices_first(count, right)
        found = np.matmul(one[..., None, :] if row else one, other[..., None] if column else other)
    except ValueError:
        raise _unfit(count, left, right) from None
    found = found.squeeze((-2,) * row + (-1,) * column)
    return found.transpose(*range(count, found.ndim), *range(count))


def _indices_first(count: int, value: Array) -> Array:
    own = value.ndim - count
    return value.transpose(*range(own, value.ndim), *range(own))


def _raised(node: ast.BinOp, count: int, function: Any, env: "Env", left: Any, right: Any) -> Any:
    if _own_shape(count, right):
        raise NoValue("an exponent that is not a number")
    env.meter.count(node, _size(count, left, right))
    exponents = right.flat if isinstance(right, np.ndarray) else (right,)
    whole = [abs(int(one.p)) for one in exponents if isinstance(one, fmpq) and one.q == 1]
    if not whole and (hasattr(left, "too_large") or hasattr(right, "too_large")):
        wanted = f"an exponent is a whole number within ±{MAX_EXPONENT}"
        raise FormulaError(node.right.col_offset, wanted)
    most = max(whole, default=1)
    if most > MAX_EXPONENT:
        if hasattr(left, "too_large") or not names_in(node.right):
            raise FormulaError(node.right.col_offset, f"an exponent beyond ±{MAX_EXPONENT}")
        left, most = left * arb(1), 1  # that large at this input only: in balls, as its bits grow
    _limit(node, left, max(most, 1))
    return function(left, right)


def _transposed(value: Any, rank: int) -> Any:
    return value.swapaxes(0, 1) if rank == 2 else value


def _vector(value: Any, rank: int) -> Any:
    if rank != 1:
        raise NoValue("outer joins two vectors")
    return value


def _column(value: Any, _: int) -> Any:
    return value[:, None]


def _number(value: Any, rank: int) -> Any:
    if rank:
        raise NoValue("delta compares two numbers")
    return value


def _along(
    name: str, function: Callable[[Any], Any], axis: int | None, value: Any, rank: int
) -> Any:
    """Apply a function of vectors along an axis, or to all entries of an array."""
    if not rank:
        raise NoValue(f"the {name} of a single number; an array is wanted")
    if axis is None:
        if rank > 1 and name not in ("sum", "norm"):
            raise NoValue(f"{name} of something that is not a vector; say along which axis")
        return function(value.reshape(-1, *value.shape[rank:]))
    if not -rank <= axis < rank:
        raise NoValue(f"axis {axis} of an array with {rank}")
    found = function(np.moveaxis(value, axis % rank, 0))
    return np.moveaxis(found, 0, axis % rank) if name == "softmax" else found


def _square(name: str, function: Callable[[Any], Any], value: Any, rank: int) -> Any:
    if rank != 2 or value.shape[0] != value.shape[1]:
        raise NoValue(f"{name} of something that is not a square matrix")
    return function(value)


def _diag(functions: Mapping[str, Callable[..., Any]], value: Any, rank: int) -> Any:
    if rank == 1:
        return functions["diag"](value)
    return _square("diag", functions["diagonal"], value, rank)


def _all_slopes(by: ast.expr, name: str, inner: Program, env: "Env") -> Any:
    """Return the derivatives by all entries of a name, whose axes follow those of the value."""
    seeded = env.by(name)
    value, shape = inner.run(seeded), env.own_shape(name)
    own, count = inner.rank(value), math.prod(shape)
    env.meter.count(by, count * np.size(value))
    if not shape:
        return _SLOPE(value, 0, seeded.level)
    if isinstance(value, np.ndarray):
        value = value.reshape(*value.shape[:own], *[1] * len(shape), *value.shape[own:])
    places = np.arange(count).reshape(shape + (1,) * len(inner.over))
    return _SLOPE(value, places, seeded.level)


def _with_nan(value: Any) -> Any:
    """Return floats, nan where one is missing."""
    return np.where(_IS_MISSING(value), np.nan, value).astype(float)[()]


def _slope(number: Any, place: int, level: int) -> Any:
    if isinstance(number, Dual) and number.seed.level == level:
        return number.slopes.get(place, ZERO)
    return ZERO


def _index(number: Any, size: int) -> int:
    number = primal(number)
    if isinstance(number, fmpq) and number.q == 1:
        index = int(number.p)
    elif isinstance(number, int | float) and number == number // 1:
        index = int(number)
    else:
        raise NoValue("an index that is not a whole number")
    if not 0 <= index < size:
        state = f"state the size: ... when n == {index + 1}"
        raise NoValue(f"index {index} of an axis of {size}; sum over all, or {state}")
    return index


_INDEX, _SLOPE = Entrywise(_index, 2), Entrywise(_slope, 3)
_FIRST = Entrywise(lambda entry, _: entry, 2)
_IS_MISSING = np.frompyfunc(lambda number: isinstance(number, Missing), 1, 1)
_OR_ZERO = np.frompyfunc(lambda place: 0 if isinstance(place, Missing) else place, 1, 1)
