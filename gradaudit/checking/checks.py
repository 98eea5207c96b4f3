"""The calls: a function and its hand-written derivative, checked in one line."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from gradaudit.checking.asked import (
    EXAMPLES,
    Options,
    are_sensible,
    is_in_order,
    moving,
    named,
    points_of,
    spec_of,
)
from gradaudit.checking.counterexample import refusal
from gradaudit.checking.excuses import usual_size
from gradaudit.checking.pairs import KINDS, Pair, name_of
from gradaudit.checking.refusals import BadCall, Fault
from gradaudit.checking.reports import Report
from gradaudit.checking.specs import Spec
from gradaudit.checking.trees import flat
from gradaudit.checking.trial import tried

if TYPE_CHECKING:
    from gradaudit.checking.exact import Exact

USUAL = 9  # inputs from which the usual size of slopes is taken
SEEK = 8  # a kink is sought at one input of so many
MOST_KEPT = 31 * 2**20  # bytes: glibc learns nothing from 32 MiB
FORMS = 5  # and other forms of the arguments are tried at as many


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
    jvp: Callable[..., Any] | None = None,
    **options: Unpack[Options],
) -> Report:
    """Check a vector-Jacobian product. Raises WrongGradient, BadCall and BadSpec.

    f: arrays to an array, or a tuple of them. vjp: the same arguments and a cotangent in the shape
    of what f returns, to one array for each argument of `wrt`. jvp: the product the other way, as
    check_jvp takes it, which owes to be adjoint: u · (J v) = (Jᵀ u) · v. options: see Options.
    """
    return check_pair("vjp", f, vjp, example, options, forward=jvp)


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
    are_sensible(options)
    stated = _stated(kind, derivative, options)
    spec = stated.spec() if stated else spec_of(f, example, options)
    if example and not stated and not options.get("inputs") and options.get("examples", EXAMPLES):
        print(f"gradaudit: inputs inferred from the example: {spec}", file=sys.stderr)
    if options.get("given") is None:
        is_in_order(f, spec)
    inputs = options.get("inputs")
    pieces = inputs.values() if isinstance(inputs, Mapping) else ()
    more["has_own"] = not all(isinstance(one, str) for one in pieces)
    pair = _pair(kind, f, derivative, spec, options, {**more, "is_stated": stated is not None})
    examples = options.get("examples", EXAMPLES)
    points = stated.inputs(examples) if stated else list(points_of(spec, example, options))
    pair = moving(pair, options.get("wrt"), points)
    _keep_memory(points)
    title = pair.title or f"{name_of(derivative)}, as the {KINDS[kind].told} of {name_of(f)}"
    report = Report(
        what=f"{title} by {', '.join(name[1:] for name in pair.names())}",
        inputs=str(spec),
        guesses=spec.guesses,
        names=tuple(pair.names()),
        pair=pair,
    )
    if stated:
        stated.hold(report.what)
    some = points[:: max(1, len(points) // USUAL)] if len(points) > USUAL else []
    usual = usual_size(pair, some)
    for k, args in enumerate(_with_progress(points)):
        forms = k < FORMS and len(points) > 1
        try:
            trial = tried(pair, args, forms=forms, seek=k % SEEK == SEEK - 1, usual=usual)
        except Fault as fault:
            at = args if fault.at is None else fault.at
            raise refusal(
                pair, at, fault, report, points[k + 1 :], usual, shrinking=examples > 0
            ) from None
        report.add(trial, args)
    if report.loses_digits and report.shown is not None:
        # At a few inputs roundings may cost digits; at most, something on the way has too few.
        text = f"it has about {report.lost:.0e} of its terms as an error, at most inputs; "
        few = Fault("digits", text + "is something rounded on the way, as by float32?")
        raise refusal(pair, report.shown, few, report, (), usual)
    return report


def _keep_memory(points: Sequence[tuple[Any, ...]]) -> None:
    """Have the C library keep memory that is given back, for the arrays that come next.

    glibc keeps at most twice the largest block that was ever given back, and a check of large
    arrays that gets each of them anew from the system takes twice the time.
    """
    size = sum(getattr(leaf, "nbytes", 0) for leaf in flat(points[0])) if points else 0
    np.empty(min(16 * size, MOST_KEPT), np.uint8)  # never written to: it takes no memory


def _stated(kind: str, derivative: Callable[..., Any], options: Options) -> "Exact | None":
    """Return the gradient as an answer to the question that states its model, if one does."""
    name, wrt = options.get("question"), options.get("wrt")
    if name is None:
        return None
    if kind != "gradient" or wrt is None or options.get("inputs") is not None:
        raise BadCall("question: it is for check_gradient, with wrt= and without inputs=")
    from gradaudit.checking.exact import Exact

    return Exact(derivative, name, named(wrt))


def _pair(
    kind: str,
    f: Callable[..., Any],
    derivative: Callable[..., Any],
    spec: Spec,
    options: Options,
    more: Mapping[str, Any],
) -> Pair:
    no_answer: Any = options.get("no_answer", ())
    is_none = None
    if isinstance(no_answer, type):
        no_answer = (no_answer,)
    elif not isinstance(no_answer, tuple):
        no_answer, is_none = (), no_answer
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
        no_answer=no_answer,
        is_none=is_none,
        own=options.get("own"),
        conjugate=options.get("conjugate", False),
        seconds=options.get("seconds"),
        seed=options.get("seed", 0),
        **more,
    )


def _with_progress(points: list[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    """Show a bar on long checks at a terminal."""
    if len(points) < 2:
        return points
    from tqdm import tqdm

    bar: Iterable[tuple[Any, ...]] = tqdm(
        points, desc="gradaudit", unit="input", disable=None, delay=2, leave=False
    )
    return bar
