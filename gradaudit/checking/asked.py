"""What a check is asked about: the inputs, and the arguments that the derivative is by."""

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any, TypedDict

import numpy as np

from gradaudit.checking.inferring import infer, pinned
from gradaudit.checking.inputs import inputs as drawn_inputs
from gradaudit.checking.inputs import near
from gradaudit.checking.pairs import Pair, called_with, name_of, taken_by
from gradaudit.checking.refusals import BadCall
from gradaudit.checking.specs import Spec, read_spec
from gradaudit.checking.trees import flat

EXAMPLES = 100


class Options(TypedDict, total=False):
    """What every check takes by name.

    inputs: what the arguments are, `"X: [n,d], w: [d], t: [n]"`, see gradaudit.checking.specs, or a
    mapping of names to such texts or to strategies of Hypothesis; without, it is inferred from the
    example. wrt: the arguments that the derivative is by, in their order; without, all that can
    move, or those whose shapes the results have. examples: how many inputs, 100; 0 for the example
    alone. samples: inputs of one's own, tried as they are, and varied. packed: names of what a
    vector is packed of, `{"theta": "W[d,h] b[h]"}`. question: a question, of the library or a file,
    that states the model: its inputs are taken, and a gradient by its parts `wrt`, whose arguments
    have its names, owes their exact derivatives as well.

    given: makes the object that both functions get first, from the arguments that it names. rel:
    the relative accuracy of f, where a solver stops early. flat: values at which f is clipped, and
    nothing is judged. infinite_slopes: a gradient may be infinite. no_answer: exceptions that mean
    that f has none, or a function that tells so of what f returns, such as a flag in it. own: the
    slope of f along tangents, by an automatic derivative, in place of the complex step: `own(args,
    tangents)`. conjugate: a complex gradient is that of JAX, not of PyTorch. seconds: the most for
    one input. seed: of what is drawn.
    """

    inputs: str | Spec | Mapping[str, Any] | None
    wrt: str | Sequence[str] | None
    examples: int
    samples: Iterable[tuple[Any, ...]] | None
    packed: Mapping[str, str] | None
    question: str | None
    given: Callable[..., Any] | None
    rel: float
    flat: float | Sequence[float]
    infinite_slopes: bool
    no_answer: type[BaseException] | tuple[type[BaseException], ...] | Callable[[Any], bool]
    own: Callable[[tuple[Any, ...], tuple[Any, ...]], Any] | None
    conjugate: bool
    seconds: float | None
    seed: int


def are_sensible(options: Options) -> None:
    """Raise BadCall where an option is unknown, or its value is none that it can have."""
    if unknown := sorted(set(options) - set(Options.__annotations__)):
        known = ", ".join(Options.__annotations__)
        raise BadCall(f"{', '.join(unknown)}: no such option; known are {known}")
    for name, (is_allowed, wanted) in _ALLOWED.items():
        value = options.get(name)
        if value is not None and not is_allowed(value):
            raise BadCall(f"{name}={value!r}: {wanted} is wanted")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


_ALLOWED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "examples": (
        lambda n: isinstance(n, int | np.integer) and bool(n >= 0),
        "a whole number from 0 on",
    ),
    "seed": (lambda n: isinstance(n, int | np.integer), "a whole number"),
    "rel": (lambda x: _is_number(x) and bool(0 <= x < 1), "a number from 0 to 1"),
    "seconds": (lambda x: _is_number(x) and bool(x >= 0), "a number from 0 on"),
    "flat": (lambda x: all(map(_is_number, np.atleast_1d(x))), "a number, or a list of such,"),
}


def spec_of(f: Callable[..., Any], example: tuple[Any, ...], options: Options) -> Spec:
    """Return what the inputs are, as options say or as an example lets one infer."""
    inputs = options.get("inputs")
    if isinstance(inputs, Spec):
        return inputs
    if isinstance(inputs, str):
        return read_spec(inputs)
    if isinstance(inputs, Mapping):
        texts = [
            f"{name}: {one}" if isinstance(one, str) else _of_strategy(name, one)
            for name, one in inputs.items()
        ]
        return read_spec(", ".join(texts))
    if inputs is not None:
        raise BadCall("inputs: a text such as 'X: [n,d], w: [d]', or a mapping of names to such")
    example = example or next(iter(options.get("samples") or ()), ())
    if not example:
        raise BadCall("what are the inputs? give an example, or inputs='X: [n,d], w: [d]'")
    return _inferred(f, example, options)


def is_in_order(f: Callable[..., Any], spec: Spec) -> None:
    """Raise BadCall where f takes the arguments of a spec in another order, by their names."""
    names = list(spec.names)
    taken = _parameters(f, len(names))
    if names != taken and sorted(names) == sorted(taken):
        raise BadCall(
            f"inputs: {', '.join(names)} stand in another order than {name_of(f)} takes them, "
            f"{', '.join(taken)}: write them in that of the call"
        )


def _inferred(f: Callable[..., Any], example: tuple[Any, ...], options: Options) -> Spec:
    """Return what the inputs are, by an example and by where f has a value."""
    names = _parameters(f, len(example))

    def values(args: tuple[Any, ...]) -> list[Any] | None:
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                by_name = dict(zip(names, args, strict=True))
                return flat(f(*called_with(options.get("given"), by_name)))
        except Exception:  # whatever it is, there is no value
            return None

    def works(args: tuple[Any, ...]) -> bool:
        found = values(args)
        return found is not None and all(np.isfinite(leaf).all() for leaf in found)

    if not options.get("examples", EXAMPLES) or not works(example):
        return infer(names, example, packed=options.get("packed"))
    spec = infer(names, example, packed=options.get("packed"), works=works)
    return pinned(spec, example, lambda args: values(args) is None)


def _of_strategy(name: str, strategy: Any) -> str:
    from hypothesis import strategies as st

    from gradaudit.checking.inputs import collected

    (values,) = collected(st.fixed_dictionaries({name: strategy}), 1, 0)
    return str(infer([name], (values[name],)))


def _parameters(f: Callable[..., Any], count: int) -> list[str]:
    """Return names for arguments: those of the function where it has as many."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    plain = [p.name for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
    return list(signature_of(plain, count).parameters)


def signature_of(names: list[str], count: int) -> inspect.Signature:
    """Return the signature of so many arguments, by these names where there are as many."""
    names = names[:count] if len(names) >= count else [f"x{k}" for k in range(count)]
    return inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names]
    )


def points_of(spec: Spec, example: tuple[Any, ...], options: Options) -> Iterator[tuple[Any, ...]]:
    """Yield the inputs: the example and the samples first, then what varies them or is drawn."""
    inputs, seed = options.get("inputs"), options.get("seed", 0)
    examples = options.get("examples", EXAMPLES)
    samples = list(options.get("samples") or ())
    if example:  # which fits the inputs that it tells
        yield example if inputs is None else _fitting(spec, example, "the example")
    for k, sample in enumerate(samples):
        yield _fitting(spec, sample, f"sample {k}")
    if examples and samples:
        random = Random(seed)
        for k in range(examples - len(samples)):
            yield near(samples[k % len(samples)], spec, random)
    elif examples:
        pieces = inputs.items() if isinstance(inputs, Mapping) else ()
        own = {name: one for name, one in pieces if not isinstance(one, str)}
        yield from drawn_inputs(spec, examples, seed, own=own or None)


def _fitting(spec: Spec, args: tuple[Any, ...], which: str) -> tuple[Any, ...]:
    """Return arguments of one's own, if they are what the spec says. Raises BadCall."""
    try:
        spec.sizes(args)
    except (ValueError, TypeError) as error:
        raise BadCall(f"{which} does not fit the inputs: {error}") from None
    return args


def named(wrt: str | Sequence[str]) -> list[str]:
    """Return the names of arguments that a text, or a list, is of."""
    return wrt.replace(",", " ").split() if isinstance(wrt, str) else list(wrt)


def by_argument(values: Iterable[Any], moved: Mapping[str, Sequence[int]]) -> tuple[Any, ...]:
    """Return values of all leaves that move, those of an argument with several in a tuple."""
    rest = iter(values)
    return tuple(
        next(rest) if len(of) == 1 else tuple(next(rest) for _ in of) for of in moved.values()
    )


def moving(pair: Pair, wrt: str | Sequence[str] | None, points: Sequence[tuple[Any, ...]]) -> Pair:
    """Return the pair with the leaves that its derivative is by."""
    names, leaves, places = pair.spec.names, pair.spec.leaves, pair.spec.places
    if wrt is not None:
        wanted = named(wrt)
        for name in wanted:
            if name not in names:
                raise BadCall(f"wrt: no argument {name}; known are {', '.join(names)}")
        ordered = sorted(dict.fromkeys(wanted), key=names.index)
        if wanted != ordered:
            text = " ".join(ordered)
            raise BadCall(f"wrt: name each once, in their order, {text!r}, and return gradients so")
    else:
        wanted = [n for n in names if any(leaves[i].moves for i in places[n])]
        wanted = [n for n in wanted if n not in taken_by(pair.given, names)] or wanted
        wanted = _returned(pair, wanted, points)
    moved = tuple(i for name in wanted for i in places[name] if leaves[i].moves)
    if not moved:
        raise BadCall("no argument can move: the derivative is by none of them")
    return replace(pair, moved=moved)


def _returned(pair: Pair, wanted: list[str], points: Sequence[tuple[Any, ...]]) -> list[str]:
    """Return those of the arguments that can move which the gradient is by, told by its form."""
    if len(wanted) < 2 or pair.kind != "gradient" or not points:
        return wanted
    returns = False
    for args in points[:5]:
        try:
            with np.errstate(all="ignore"):
                out = pair.derivative(*pair.of(args))
        except Exception:  # which is told where it is judged
            continue
        returns = True
        if isinstance(out, tuple | list) and len(out) == len(wanted):
            return wanted
        found = [np.shape(leaf) for leaf in (out if isinstance(out, tuple | list) else (out,))]
        values = pair.spec.flatten(args)
        shapes = {n: np.shape(values[pair.spec.places[n][0]]) for n in wanted}
        several = combinations(wanted, len(found))
        ways = [way for way in several if [shapes[name] for name in way] == found]
        if len(ways) == 1:
            return list(ways[0])
        if not any(ways):
            break
    if not returns:
        return wanted
    raise BadCall(
        f"wrt: which of {', '.join(wanted)} is the gradient by? say so, as wrt='{wanted[0]}'"
    )
