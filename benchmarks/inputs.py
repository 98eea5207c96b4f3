"""Inputs of a spec, made without gradaudit: typical ones, and those that are rare in some way.

The peers bring no generator, so that they are run at `typical` ones, as their documentation does.
The tests of the catalogue need more, to show that what is called wrong is wrong. This reader knows
just so much of the language of specs as the catalogue uses.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = Any
Args = list[Any]
Random = np.random.Generator

ARGUMENT = re.compile(
    r"(?P<name>\w+): (?:(?P<low>-?\d+)\.\.(?P<high>-?\d+)"
    r"|(?P<kind>[a-z]+\d*)?(?:\[(?P<dims>[^\]]*)\])?(?: < (?P<bound>.+))?)$"
)
RELATION = re.compile(r"(?P<left>\w+) ?(?P<sign>>=|<=|>|<|=) ?(?P<right>.+)$")
FIXED = {"int", "bool", "onehot", "sign", "count"}  # kinds that never move


@dataclass(frozen=True)
class Argument:
    """One argument of a spec: a range is an option, and everything else is an array."""

    name: str
    kind: str
    dims: tuple[str, ...] = ()
    bound: str = ""
    low: int = 0
    high: int = 0

    @property
    def moves(self) -> bool:
        return self.kind not in FIXED | {"option"}


@dataclass(frozen=True)
class Spec:
    """A spec, read: arguments, relations of sizes that are solved, and those waited for."""

    arguments: tuple[Argument, ...]
    solved: dict[str, str] = field(default_factory=dict)
    waited: tuple[str, ...] = ()

    def moving(self, wrt: str) -> list[int]:
        """Return the places of the arguments that a gradient is by."""
        if wrt:
            names = [argument.name for argument in self.arguments]
            return [names.index(name) for name in wrt.split()]
        return [i for i, argument in enumerate(self.arguments) if argument.moves]


def pieces(text: str) -> Iterator[str]:
    """Split at the commas outside of brackets."""
    yield from (piece.strip() for piece in re.split(r",(?![^\[]*\])", text))


def read(text: str) -> Spec:
    """Read a spec."""
    arguments, solved, waited = [], {}, []
    for piece in pieces(text):
        if found := ARGUMENT.match(piece):
            if found["low"]:
                low, high = int(found["low"]), int(found["high"])
                arguments.append(Argument(found["name"], "option", low=low, high=high))
                continue
            dims = tuple(d.strip() for d in (found["dims"] or "").split(",") if d.strip())
            kind = found["kind"] or "float"
            arguments.append(Argument(found["name"], kind, dims, found["bound"] or ""))
        elif found := RELATION.match(piece):
            if found["sign"] == "=":
                solved[found["left"]] = found["right"]
            else:
                waited.append(piece)
        else:
            raise ValueError(f"cannot read {piece!r}")
    return Spec(tuple(arguments), solved, tuple(waited))


def value(expression: str, known: dict[str, int]) -> int:
    """Evaluate sums, products and comparisons of sizes; the specs are our own."""
    return int(eval(expression, {"__builtins__": {}}, known))


def sizes(
    spec: Spec, random: Random, choices: tuple[int, ...], options: dict[str, int]
) -> dict[str, int]:
    """Draw a number for each name of a size, until all relations hold."""
    texts = [d for a in spec.arguments for d in (*a.dims, a.bound)]
    texts += [*spec.solved.values(), *spec.waited]
    names = sorted({name for text in texts for name in re.findall(r"[a-z]\w*", text)})
    free = [name for name in names if name not in spec.solved and name not in options]
    for _ in range(2000):
        known = options | {name: int(random.choice(choices)) for name in free}
        known |= {name: value(text, known) for name, text in spec.solved.items()}
        if all(value(text, known) for text in spec.waited) and min(known.values(), default=1) >= 0:
            return known
    raise ValueError(f"no sizes of {choices} satisfy {spec.waited}")


def lower(random: Random, shape: tuple[int, ...]) -> Array:
    """Return a lower triangular matrix with a positive diagonal."""
    L = np.tril(random.standard_normal(shape), -1)
    return L + np.eye(shape[-1]) * random.uniform(0.5, 2, (*shape[:-1], 1))


def spd(random: Random, shape: tuple[int, ...]) -> Array:
    """Return a symmetric positive definite matrix that is far from singular."""
    B = random.standard_normal(shape)
    return B @ np.swapaxes(B, -1, -2) / shape[-1] + 0.5 * np.eye(shape[-1])


def symmetric(random: Random, shape: tuple[int, ...]) -> Array:
    """Return a symmetric matrix."""
    B = random.standard_normal(shape)
    return (B + np.swapaxes(B, -1, -2)) / 2


def unitvec(random: Random, shape: tuple[int, ...]) -> Array:
    """Return vectors of length one along the last axis."""
    v = random.standard_normal(shape)
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


MADE: dict[str, Callable[[Random, tuple[int, ...]], Array]] = {
    "float": lambda random, shape: random.standard_normal(shape),
    "float32": lambda random, shape: random.standard_normal(shape).astype(np.float32),
    "positive": lambda random, shape: np.exp(0.5 * random.standard_normal(shape)),
    "nonnegative": lambda random, shape: np.abs(random.standard_normal(shape)),
    "unit": lambda random, shape: random.uniform(0.05, 0.95, shape),
    "simplex": lambda random, shape: random.dirichlet(np.full(shape[-1], 2.0), shape[:-1]),
    "onehot": lambda random, shape: np.eye(shape[-1])[random.integers(0, shape[-1], shape[:-1])],
    "sign": lambda random, shape: random.choice([-1.0, 1.0], shape),
    "count": lambda random, shape: random.poisson(2.0, shape),
    "bool": lambda random, shape: random.random(shape) < 0.5,
    "orthogonal": lambda random, shape: np.linalg.qr(random.standard_normal(shape))[0],
    "complex": lambda random, shape: (
        random.standard_normal(shape) + 1j * random.standard_normal(shape)
    ),
    "lower": lower,
    "spd": spd,
    "symmetric": symmetric,
    "unitvec": unitvec,
}


def draw(spec: Spec, random: Random, choices: tuple[int, ...] = (2, 3, 4, 5)) -> Args:
    """Return random arguments with sizes out of `choices`."""
    options = {
        a.name: int(random.integers(a.low, a.high + 1))
        for a in spec.arguments
        if a.kind == "option"
    }
    known = sizes(spec, random, choices, options)
    args: Args = []
    made: Array
    for a in spec.arguments:
        shape = tuple(value(dim, known) for dim in a.dims)
        if a.kind == "option":
            args.append(options[a.name])
        elif a.kind == "int":
            made = random.integers(0, value(a.bound, known), shape)
            args.append(made if shape else int(made))
        else:
            made = MADE[a.kind](random, shape)
            if not shape:
                made = bool(made) if a.kind == "bool" else float(made)
            args.append(made)
    return args


def typical(spec: Spec, random: Random) -> Args:
    """Return what an example in a documentation would be: normal numbers, and sizes of a few."""
    return draw(spec, random)


Change = Callable[[Array, Random], Array]


def changed(change: Change, choices: tuple[int, ...] = (2, 3, 4)) -> Callable[[Spec, Random], Args]:
    """Return a maker that changes the plain arrays of typical inputs, one of them or all."""

    def make(spec: Spec, random: Random) -> Args:
        args = draw(spec, random, choices)
        places = [i for i, a in enumerate(spec.arguments) if a.kind in {"float", "nonnegative"}]
        if places and random.random() < 0.5:
            places = [int(random.choice(places))]
        for i in places:
            made = np.asarray(change(np.asarray(args[i]), random))
            if spec.arguments[i].kind == "nonnegative":
                made = np.abs(made)
            args[i] = made if spec.arguments[i].dims else float(made)
        return args

    return make


def some_zero(x: Array, random: Random) -> Array:
    return np.where(random.random(x.shape) < 0.5, 0.0, x)


def one_far(x: Array, random: Random) -> Array:
    far = x.copy()
    if far.size:
        far.flat[random.integers(far.size)] += random.choice([-1, 1]) * 750
    return far


def repeated(spec: Spec, random: Random) -> Args:
    """Return inputs whose integers are all zero, or nearly."""
    args = draw(spec, random, (3, 4))
    for i, a in enumerate(spec.arguments):
        if a.kind == "int" and a.dims:
            args[i] = np.where(random.random(args[i].shape) < 0.8, 0, args[i])
    return args


def of_sizes(*choices: int) -> Callable[[Spec, Random], Args]:
    """Return a maker of random inputs with these sizes."""
    return lambda spec, random: draw(spec, random, choices)


MAKERS: dict[str, Callable[[Spec, Random], Args]] = {
    "typical": typical,
    "a size of one": of_sizes(1, 1, 2, 3),
    "equal sizes": lambda spec, random: draw(spec, random, (int(random.integers(2, 5)),)),
    "large sizes": of_sizes(8, 9, 12, 17),
    "all zero": changed(lambda x, random: np.zeros_like(x)),
    "some zero": changed(some_zero),
    "ties": changed(lambda x, random: np.round(x)),
    "small": changed(lambda x, random: x * 2.0 ** random.integers(-24, -6)),
    "large": changed(lambda x, random: x * 10.0 ** random.integers(1, 7)),
    "offset": changed(lambda x, random: x + 1000),
    "one far": changed(one_far),
    "tens": changed(lambda x, random: x * 30),
    "repeated indices": repeated,
    "sizes of two": of_sizes(2),
}
