"""The calls: a function and its hand-written derivative, checked in one line."""

import inspect
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from gradaudit.checking.inferring import infer, pinned
from gradaudit.checking.inputs import inputs as drawn_inputs
from gradaudit.checking.inputs import near
from gradaudit.checking.lines import NoValue
from gradaudit.checking.pairs import BadCall, Input, Pair, called_with, flat, taken_by
from gradaudit.checking.refusals import Fault, NotOffered, WrongGradient
from gradaudit.checking.relations import relations
from gradaudit.checking.reports import Report
from gradaudit.checking.smaller import literal, shrink
from gradaudit.checking.specs import Spec, read_spec
from gradaudit.checking.trial import least_size, tried

if TYPE_CHECKING:
    from gradaudit.checking.exact import Exact

EXAMPLES = 100
USUAL = 9  # inputs from which the usual size of slopes is taken
SEEK = 8  # a kink is sought at one input of so many
FORMS = 5  # and other forms of the arguments are tried at as many


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
    that f has none. own: the slope of f along tangents, by an automatic derivative, in place of the
    complex step: `own(args, tangents)`. conjugate: a complex gradient is that of JAX, not of
    PyTorch. seconds: the most for one input. seed: of what is drawn.
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
    no_answer: type[BaseException] | tuple[type[BaseException], ...]
    own: Callable[[tuple[Any, ...], tuple[Any, ...]], Any] | None
    conjugate: bool
    seconds: float | None
    seed: int


def check_gradient(
    f: Callable[..., Any] | None = None,
    gradient: Callable[..., Any] | None = None,
    *example: Any,
    value_and_grad: Callable[..., Any] | None = None,
    pick: Callable[[Any], tuple[Any, Any]] | None = None,
    **options: Unpack[Options],
) -> Report:
    """Check a gradient against its function. Raises WrongGradient, BadCall and BadSpec.

    f: arrays to a number. gradient: the same arrays to one array for each argument of `wrt`, in the
    shape of that argument. example: arguments, to infer the others from, or to be checked at alone.
    value_and_grad: one function that returns both; pick: takes (value, gradients) out of what it
    returns. options: see Options.
    """
    if value_and_grad is not None:
        both, take = value_and_grad, pick or _first_and_rest
        if f is not None:
            example = (f, *(() if gradient is None and not example else (gradient,)), *example)
        f, gradient = (lambda *a: take(both(*a))[0]), (lambda *a: take(both(*a))[1])
        for function in (f, gradient):
            function.__wrapped__ = both  # type: ignore[attr-defined]
    elif f is None or gradient is None:
        raise BadCall("f and gradient are wanted, or value_and_grad=")
    return check_pair("gradient", f, gradient, example, options)


def check_vjp(
    f: Callable[..., Any],
    vjp: Callable[..., Any],
    *example: Any,
    **options: Unpack[Options],
) -> Report:
    """Check a vector-Jacobian product. Raises WrongGradient, BadCall and BadSpec.

    f: arrays to an array, or a tuple of them. vjp: the same arguments and a cotangent in the shape
    of what f returns, to one array for each argument of `wrt`. options: see Options.
    """
    return check_pair("vjp", f, vjp, example, options)


def check_jvp(
    f: Callable[..., Any],
    jvp: Callable[..., Any],
    *example: Any,
    **options: Unpack[Options],
) -> Report:
    """Check a Jacobian-vector product. Raises WrongGradient, BadCall and BadSpec.

    f: arrays to an array, or a tuple of them. jvp: the same arguments, then a tangent for each
    argument of `wrt`, to what f returns, in its shape. options: see Options.
    """
    return check_pair("jvp", f, jvp, example, options)


def check_jacobian(
    f: Callable[..., Any],
    jac: Callable[..., Any],
    *example: Any,
    elementwise: bool = False,
    **options: Unpack[Options],
) -> Report:
    """Check a Jacobian. Raises WrongGradient, BadCall and BadSpec.

    f: (n,) to (m,). jac: to (m, n), dense, sparse or a LinearOperator; or, where f works on each
    entry by itself and `elementwise` says so, to the slopes in the shape of the entries. options:
    see Options.
    """
    return check_pair("elementwise" if elementwise else "jacobian", f, jac, example, options)


def check_chain(
    loglike: Callable[..., Any],
    score: Callable[..., Any],
    hessian: Callable[..., Any],
    *example: Any,
    **options: Unpack[Options],
) -> tuple[Report, Report]:
    """Check a score against its function, and a Hessian against the score. As check_gradient.

    score: one array, by one argument. hessian: its Jacobian, (n, n), and symmetric.
    """
    first = check_gradient(loglike, score, *example, **options)
    if options.get("wrt") is None and len(first.names) == 1:
        options["wrt"] = first.names[0][1:]
    return first, check_pair("jacobian", score, hessian, example, options, symmetric=True)


def _first_and_rest(out: Any) -> tuple[Any, Any]:
    """Return the value and the gradients, as one or as the rest of what is returned."""
    value, *rest = out
    return value, rest[0] if len(rest) == 1 else tuple(rest)


def check_pair(
    kind: str,
    f: Callable[..., Any],
    derivative: Callable[..., Any],
    example: tuple[Any, ...],
    options: Options,
    **more: Any,
) -> Report:
    """Check a pair of a kind; more: what else a Pair has."""
    __tracebackhide__ = True  # of pytest: the message says it all
    unknown = set(options) - set(Options.__annotations__)
    if unknown:
        known = ", ".join(Options.__annotations__)
        raise BadCall(f"{', '.join(sorted(unknown))}: no such option; known are {known}")
    stated = _stated(kind, derivative, options)
    spec = stated.spec() if stated else spec_of(f, example, options)
    if example and not stated and not options.get("inputs") and options.get("examples", EXAMPLES):
        print(f"gradaudit: inputs inferred from the example: {spec}", file=sys.stderr)
    pair = _pair(kind, f, derivative, spec, options, {**more, "is_stated": stated is not None})
    examples = options.get("examples", EXAMPLES)
    points = stated.inputs(examples) if stated else list(_points(spec, example, options))
    pair = _moving(pair, options.get("wrt"), points)
    report = Report(
        what=f"{pair.title or _title(pair)} by {_by(pair)}",
        inputs=str(spec),
        guesses=spec.guesses,
        names=tuple(pair.names()),
        pair=pair,
    )
    if stated:
        stated.hold(report.what)
    some = points[:: max(1, len(points) // USUAL)] if len(points) > USUAL else []
    floor = least_size(pair, some)
    for k, args in enumerate(_with_progress(points)):
        forms = k < FORMS and len(points) > 1
        try:
            trial = tried(pair, args, forms=forms, seek=k % SEEK == SEEK - 1, floor=floor)
        except Fault as fault:
            at = args if fault.at is None else fault.at
            raise _refusal(
                pair, at, fault, report, points[k + 1 :], floor, shrinking=examples > 0
            ) from None
        report.add(trial, args)
    if report.loses_digits and report.shown is not None:
        # At a few inputs roundings may cost digits; at most, something on the way has too few.
        text = f"it has about {report.lost:.0e} of its terms as an error, at most inputs; "
        few = Fault("digits", text + "is something rounded on the way, as by float32?")
        raise _refusal(pair, report.shown, few, report, (), floor)
    return report


def _stated(kind: str, derivative: Callable[..., Any], options: Options) -> "Exact | None":
    """Return the gradient as an answer to the question that states its model, if one does."""
    name, wrt = options.get("question"), options.get("wrt")
    if name is None:
        return None
    if kind != "gradient" or wrt is None or options.get("inputs") is not None:
        raise BadCall("question: it is for check_gradient, with wrt= and without inputs=")
    from gradaudit.checking.exact import Exact

    return Exact(derivative, name, wrt.replace(",", " ").split() if isinstance(wrt, str) else wrt)


_WHAT = {
    "gradient": "gradient",
    "vjp": "vector-Jacobian product",
    "jvp": "Jacobian-vector product",
    "jacobian": "Jacobian",
    "elementwise": "derivative",
}


def name_of(function: Any) -> str:
    """Return what a person calls a function."""
    function = getattr(function, "__wrapped__", function)
    function = getattr(function, "func", function)  # of a partial
    return getattr(function, "__name__", type(function).__name__)


def _title(pair: Pair) -> str:
    return f"{name_of(pair.derivative)}, as the {_WHAT[pair.kind]} of {name_of(pair.f)}"


def _by(pair: Pair) -> str:
    return ", ".join(name[1:] for name in pair.names())


def _pair(
    kind: str,
    f: Callable[..., Any],
    derivative: Callable[..., Any],
    spec: Spec,
    options: Options,
    more: Mapping[str, Any],
) -> Pair:
    no_answer = options.get("no_answer", ())
    return Pair(
        f,
        derivative,
        spec,
        moved=(),
        kind=kind,
        given=options.get("given"),
        relative=options.get("rel", 0.0),
        flat=tuple(np.atleast_1d(options.get("flat", ())).tolist()),
        infinite_slopes=options.get("infinite_slopes", False),
        no_answer=no_answer if isinstance(no_answer, tuple) else (no_answer,),
        own=options.get("own"),
        conjugate=options.get("conjugate", False),
        seconds=options.get("seconds"),
        seed=options.get("seed", 0),
        **more,
    )


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


def _inferred(f: Callable[..., Any], example: tuple[Any, ...], options: Options) -> Spec:
    """Return what the inputs are, by an example and by where f has a value."""
    names = _parameters(f, len(example))

    def values(args: tuple[Any, ...]) -> list[Any] | None:
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                named = dict(zip(names, args, strict=True))
                return flat(f(*called_with(options.get("given"), named)))
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
    return plain[:count] if len(plain) >= count else [f"x{k}" for k in range(count)]


def _points(spec: Spec, example: tuple[Any, ...], options: Options) -> Iterator[tuple[Any, ...]]:
    inputs, seed = options.get("inputs"), options.get("seed", 0)
    examples = options.get("examples", EXAMPLES)
    samples = list(options.get("samples") or ())
    if example:
        yield example
    yield from samples
    if examples and samples:
        random = Random(seed)
        for k in range(examples - len(samples)):
            yield near(samples[k % len(samples)], spec, random)
    elif examples:
        pieces = inputs.items() if isinstance(inputs, Mapping) else ()
        own = {name: one for name, one in pieces if not isinstance(one, str)}
        yield from drawn_inputs(spec, examples, seed, own=own or None)


def _moving(pair: Pair, wrt: str | Sequence[str] | None, points: Sequence[tuple[Any, ...]]) -> Pair:
    """Return the pair with the leaves that its derivative is by."""
    names, leaves = pair.arguments, pair.spec.leaves
    by_argument = {argument.name: list(group) for argument, group in pair.by_argument()}
    if wrt is not None:
        wanted = wrt.replace(",", " ").split() if isinstance(wrt, str) else list(wrt)
        for name in wanted:
            if name not in names:
                raise BadCall(f"wrt: no argument {name}; known are {', '.join(names)}")
        if wanted != sorted(wanted, key=names.index):
            raise BadCall("wrt: name the arguments in their order, and return gradients in it")
    else:
        wanted = [n for n in names if any(leaves[i].moves for i in by_argument[n])]
        wanted = [n for n in wanted if n not in taken_by(pair.given, names)] or wanted
        wanted = _returned(pair, wanted, by_argument, points)
    moved = tuple(i for name in wanted for i in by_argument[name] if leaves[i].moves)
    if not moved:
        raise BadCall("no argument can move: the derivative is by none of them")
    return replace(pair, moved=moved)


def _returned(
    pair: Pair,
    wanted: list[str],
    by_argument: Mapping[str, list[int]],
    points: Sequence[tuple[Any, ...]],
) -> list[str]:
    """Return those of the arguments that can move which the gradient is by, told by its form."""
    if len(wanted) < 2 or pair.kind != "gradient" or not points:
        return wanted
    for args in points[:5]:
        try:
            with np.errstate(all="ignore"):
                out = pair.derivative(*pair.of(args))
        except Exception:
            continue
        if isinstance(out, tuple | list) and len(out) == len(wanted):
            return wanted
        found = [np.shape(leaf) for leaf in (out if isinstance(out, tuple | list) else (out,))]
        values = pair.spec.flatten(args)
        shapes = {n: np.shape(values[by_argument[n][0]]) for n in wanted}
        ways = _subsets(found, shapes)
        if len(ways) == 1:
            return ways[0]
        if len({n for way in ways for n in way}) == 0:
            break
    raise BadCall(
        f"wrt: which of {', '.join(wanted)} is the gradient by? say so, as wrt='{wanted[0]}'"
    )


def _subsets(found: list[Any], shapes: Mapping[str, Any]) -> list[list[str]]:
    """Return all choices of names, in order, whose shapes are those found."""
    ways: list[list[str]] = [[]]
    for shape in found:
        names = list(shapes)
        ways = [
            [*way, name]
            for way in ways
            for name in names[(names.index(way[-1]) + 1 if way else 0) :]
            if shapes[name] == shape
        ]
    return ways


def _with_progress(points: list[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    """Show a bar on long checks at a terminal."""
    from tqdm import tqdm

    bar: Iterable[tuple[Any, ...]] = tqdm(
        points, desc="gradaudit", unit="input", disable=None, delay=2, leave=False
    )
    return bar


def _refusal(
    pair: Pair,
    args: tuple[Any, ...],
    fault: Fault,
    report: Report,
    later: Sequence[tuple[Any, ...]],
    floor: float,
    *,
    shrinking: bool = True,
) -> WrongGradient:
    """Return what a person is told: the fault at the smallest input that shows it."""
    last = fault

    def fails(candidate: tuple[Any, ...], locate: bool = False) -> bool:
        nonlocal last
        try:
            forms = fault.law not in {"slope", "a value"}
            tried(pair, candidate, forms=forms, locate=locate, floor=floor)
        except Fault as other:
            if other.law == fault.law:
                last = other
                return True
        except BadCall:
            pass
        return False

    # Smaller inputs would obey the spec, but not what a question assumes of them.
    as_it_is = fault.law == "digits" or pair.is_stated or not shrinking
    smallest = args if as_it_is else shrink(pair.spec, args, fails, budget=400)
    if fault.law != "digits":
        fails(smallest, locate=True)
    comma = "" if pair.title else ","
    lines = [f"{report.what}{comma} is wrong: {last.text}"]
    told = {"law": fault.law} if fault.law != "slope" else {}
    relation = _relation(pair, last, [args, *later]) if fault.law == "slope" else ""
    if relation:
        told["it is"] = relation
    if last.notes:
        told["truth"] = last.notes[0]
    if fault.notes[1:]:  # of the first input, where less is hidden than at the smallest
        told["blocks"] = fault.notes[1]
    lines += [f"  {name:<9} {text}" for name, text in told.items()]
    names = [argument.name for argument in pair.spec.arguments]
    for k, (name, value) in enumerate(zip(names, smallest, strict=True)):
        lines.append(f"  {'input' if k == 0 else '':<9} {name} = {literal(value)}")
    lines += _cotangents(pair, smallest)
    lines.append(f"  {'again':<9} {pair.again or _again(pair)}")
    lines.append(f"  {'inputs':<9} {report.inputs}; {report.tried} held before")
    lines += [f"  {'':<9} {guess}" for guess in report.guesses]
    return WrongGradient(
        "\n".join(lines), last.law, last.entry, last.said, last.low, last.high, smallest, report
    )


def _cotangents(pair: Pair, args: tuple[Any, ...]) -> list[str]:
    """Return lines with the cotangent of an input, by which a product or Jacobian was weighed."""
    if pair.kind == "gradient":
        return []
    try:
        weights = Input(pair, args).cotangent or []
    except NoValue:
        return []
    return [f"  {'cotangent' if k == 0 else '':<9} {literal(u)}" for k, u in enumerate(weights)]


def _again(pair: Pair) -> str:
    """Return the call that judges the one input."""
    call = ", ".join([name_of(pair.f), name_of(pair.derivative), *pair.arguments])
    wrt = " ".join(dict.fromkeys(_argument_of(pair, i) for i in pair.moved))
    return f"{_CALLS[pair.kind]}({call}, wrt={wrt!r}, examples=0)"


_CALLS = {
    "gradient": "check_gradient",
    "vjp": "check_vjp",
    "jvp": "check_jvp",
    "jacobian": "check_jacobian",
    "elementwise": "check_jacobian",
}


def _argument_of(pair: Pair, leaf: int) -> str:
    return next(argument.name for argument, group in pair.by_argument() if leaf in group)


def _relation(pair: Pair, fault: Fault, points: Sequence[tuple[Any, ...]]) -> str:
    """Return a simple relation of the wrong gradient to the right one that holds at all inputs."""
    common: set[str] | None = None
    name = fault.entry.split("[")[0]
    if name not in pair.names():
        return ""
    block, seen = pair.names().index(name), 0
    for args in points[:12]:  # more are no clearer
        try:
            point = Input(pair, args)
            point.said(point.still)
            found = relations(point, block)
        except (NoValue, Fault, NotOffered, BadCall):
            continue
        if found is None:
            continue
        common = found if common is None else common & found
        seen += 1
        if seen > 4 or not common:
            break
    return f"{min(common, key=len)}, in {name}" if common else ""
