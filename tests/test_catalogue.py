"""The catalogue of the benchmark says the truth about its pairs.

What is called right agrees with a derivative that knows nothing of it, and keeps its contract. What
is called wrong differs from what is right at inputs that have a name, or breaks the contract.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from benchmarks.catalogue import PAIRS, RIGHT, WRONG, Pair
from benchmarks.checkers import CHECKERS, judge
from benchmarks.inputs import MAKERS, Spec, read, typical

Array = Any
Args = list[Any]
Random = np.random.Generator


def names(pair: Pair) -> str:
    return pair.name


spec_of: Callable[[str], Spec] = cache(read)


def copies(values: Args) -> Args:
    return [v.copy(order="K") if isinstance(v, np.ndarray) else v for v in values]


def with_direction(pair: Pair, args: Args, random: Random) -> Args:
    """Return the arguments of the gradient: those of f, and what a vjp or a jvp takes besides."""
    if pair.kind == "vjp":
        return [*args, random.standard_normal(np.shape(pair.f(*copies(args))))]
    if pair.kind == "jvp":
        places = spec_of(pair.spec).moving(pair.wrt)
        return [*args, *(random.standard_normal(np.shape(args[i])) for i in places)]
    return args


def results(pair: Pair, gradient: Callable[..., Any], full: Args) -> list[Array]:
    """Return the arrays that the gradient gives, each as it came."""
    with np.errstate(all="ignore"):
        given = gradient(*full)
    if pair.kind == "value_and_grad":
        value, given = given
        return [value, *(given if isinstance(given, tuple) else (given,))]
    return list(given) if isinstance(given, tuple) else [given]


def moved(pair: Pair, args: Args, step: float, directions: Args) -> Args:
    args = copies(args)
    for i, v in zip(spec_of(pair.spec).moving(pair.wrt), directions, strict=True):
        args[i] = args[i] + step * v
    return args


def direction(kind: str, x: Array, random: Random) -> Array:
    """Return a direction in which an argument of this kind may move, small beside its entries."""
    v = random.choice([-1.0, 1.0], np.shape(x)) * random.uniform(0.5, 1, np.shape(x))
    if kind in {"spd", "symmetric"}:
        v = v + np.swapaxes(v, -1, -2)
    if kind == "lower":
        v = np.tril(v)
    if kind in {"positive", "unit", "nonnegative"}:
        v = v * np.minimum(x, 1)
    return v


# What is called right.


def lines(pair: Pair) -> Iterator[tuple[Array, Array, float]]:
    """Yield slopes of f along lines, by differences of values, each beside the gradient's."""
    spec = spec_of(pair.spec)
    random = np.random.default_rng(0)
    for _ in range(6):
        args = typical(spec, random)
        places = spec.moving(pair.wrt)
        args = [a.astype(float) if getattr(a, "dtype", None) == np.float32 else a for a in args]
        along = [direction(spec.arguments[i].kind, args[i], random) for i in places]
        full = with_direction(pair, args, random)
        if pair.kind == "jvp":
            full = [*args, *along]
        weight = full[-1] if pair.kind == "vjp" else 1.0

        def f(step: float, args: Args = args, along: Args = along, weight: Array = weight) -> Array:
            value = pair.f(*moved(pair, args, step, along))
            value = value[0] if pair.kind == "value_and_grad" else value
            return np.sum(value * weight) if pair.kind == "vjp" else np.asarray(value)

        h = 1e-4
        values = {k: f(k * h) for k in (-2, -1, 0, 1, 2)}
        up, down = values[1] - values[0], values[0] - values[-1]
        if np.max(np.abs(up - down)) > 0.05 * (np.max(np.abs(up)) + np.max(np.abs(down))) + 1e-7:
            continue  # a kink, or nearly
        slope = (8 * (values[1] - values[-1]) - (values[2] - values[-2])) / (12 * h)
        grads = results(pair, pair.gradient, copies(full))
        if pair.kind == "value_and_grad":
            grads = grads[1:]
        if pair.kind == "jvp":
            claimed = grads[0]
        elif pair.kind == "jacobian":
            claimed = grads[0] @ along[0]
        elif pair.kind == "elementwise":
            claimed = grads[0] * along[0]
        else:
            claimed = sum(np.sum(g * v) for g, v in zip(grads, along, strict=True))
        yield slope, claimed, 1e-15 * np.max(np.abs(values[0])) / h


@pytest.mark.parametrize("pair", RIGHT, ids=names)
def test_a_right_gradient_is_the_slope_of_its_function(pair: Pair) -> None:
    judged = list(lines(pair))
    assert len(judged) >= 2
    for slope, claimed, noise in judged:
        scale = np.max(np.abs(slope)) + np.max(np.abs(claimed))
        np.testing.assert_allclose(
            claimed, slope, rtol=0, atol=1e-6 * scale + noise + 1e-9 * (scale == 0)
        )


@pytest.mark.parametrize("pair", RIGHT, ids=names)
def test_a_right_gradient_keeps_its_contract_at_all_inputs(pair: Pair) -> None:
    random = np.random.default_rng(1)
    for make in MAKERS.values():
        for _ in range(2):
            assert fault(pair, make, random) == ""


# What is called wrong.


def same(a: list[Array], b: list[Array], rel: float = 0.0) -> str:
    """Say where two lists of results differ: in number, shape, type or value."""
    if len(a) != len(b):
        return f"{len(a)} results, not {len(b)}"
    for i, (x, y) in enumerate(zip(a, b, strict=True)):
        if np.shape(x) != np.shape(y):
            return f"result {i} has the shape {np.shape(x)}, not {np.shape(y)}"
        if np.asarray(x).dtype != np.asarray(y).dtype:
            return f"result {i} is {np.asarray(x).dtype}, not {np.asarray(y).dtype}"
        if not np.all(np.isfinite(y)):
            continue
        eps = max(rel, 100 * np.finfo(np.asarray(y).dtype).eps)
        if not np.all(np.abs(np.subtract(x, y)) <= eps * np.max(np.abs(y), initial=0)):
            return f"result {i} is {x}, not {y}"
    return ""


def common_random() -> bytes:
    """Return the state of the random generator that everybody shares."""
    state: Any = np.random.get_state()
    return bytes(state[1].tobytes())


def fault(pair: Pair, make: Callable[[Spec, Random], Args], random: Random) -> str:
    """Say what is wrong with a gradient at one input, by what is right there, or nothing."""
    spec = spec_of(pair.spec)
    right = pair.right_gradient or pair.gradient
    with np.errstate(all="ignore"):
        try:
            args = make(spec, random)
            full = with_direction(pair, args, random)
            value = pair.f(*copies(args))
        except (ValueError, np.linalg.LinAlgError):
            return ""  # no such input, or no value
        if pair.kind == "value_and_grad":
            value = value[0]
        if not np.all(np.isfinite(value)):
            return ""
        state = common_random()
        first = results(pair, pair.gradient, given := copies(full))
        truth = results(pair, right, copies(full))
        if pair.right and not all(np.all(np.isfinite(g)) for g in first):
            return f"not finite at {full}"
        if told := same(first, truth):
            return told
        if any(not np.array_equal(a, b) for a, b in zip(given, full, strict=True)):
            return "an argument is changed"
        fortran = [np.asfortranarray(v) if isinstance(v, np.ndarray) else v for v in full]
        if told := same(results(pair, pair.gradient, fortran), truth, 1e-6):
            return "of arguments in Fortran order, " + told
        kept = copies(first)
        arrays = [a for a in [*first, *given] if isinstance(a, np.ndarray)]
        fresh = [a for a in first if isinstance(a, np.ndarray)]
        for i, a in enumerate(fresh):
            if any(np.shares_memory(a, b) for j, b in enumerate(arrays) if i != j):
                return "memory is shared"
        for step in (0.0, 0.5, 0.0, 1e-3):
            near = moved(pair, full, step, [away(spec, full, i) for i in spec.moving(pair.wrt)])
            again = results(pair, pair.gradient, copies(near))
            if told := same(again, results(pair, right, copies(near))):
                return "after a call elsewhere, " + told
        if common_random() != state:
            return "the common random generator is changed"
        if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(first, kept, strict=True)):
            return "a later call changes what this one gave"
    return ""


def away(spec: Spec, args: Args, i: int) -> Array:
    """Return a direction in which an argument can go far without leaving what it may be."""
    square = spec.arguments[i].kind in {"spd", "symmetric", "lower"}
    return np.eye(len(args[i])) if square else np.sign(args[i])


def identity(spec: Spec, random: Random) -> Args:
    args = typical(spec, random)
    return [
        np.eye(len(a)) if s.kind == "spd" else a for s, a in zip(spec.arguments, args, strict=True)
    ]


def singular(spec: Spec, random: Random) -> Args:
    A = random.standard_normal((3, 3))
    A[2] = A[0]
    return [np.round(A)]


def small_dispersion(spec: Spec, random: Random) -> Args:
    return [*typical(spec, random)[:-1], 2.0**-20]


# Inputs that one mistake alone needs; all others are named in `benchmarks.inputs`.
RARE: dict[str, Callable[[Spec, Random], Args]] = {
    "an identity": identity,
    "singular": singular,
    "small dispersion": small_dispersion,
    "after a call nearby": typical,
    "many calls": typical,
}


@pytest.mark.parametrize("pair", WRONG, ids=names)
def test_a_wrong_gradient_is_wrong_at_the_inputs_that_it_names(pair: Pair) -> None:
    make = (MAKERS | RARE)[pair.shown]
    random = np.random.default_rng(2)
    assert any(fault(pair, make, random) for _ in range(40))


# The catalogue as a whole.


def test_no_two_pairs_have_the_same_name() -> None:
    assert [name for name, count in Counter(pair.name for pair in PAIRS).items() if count > 1] == []


def test_there_are_enough_pairs_and_a_third_of_the_wrong_ones_were_met_in_public() -> None:
    assert len(RIGHT) >= 70
    assert len(WRONG) >= 170
    assert 3 * sum(bool(pair.source) for pair in WRONG) >= len(WRONG)


@pytest.mark.parametrize("pair", [pair for pair in WRONG if pair.source], ids=names)
def test_a_source_is_the_address_of_a_thread_and_a_phrase(pair: Pair) -> None:
    address = r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+: .{10,}"
    assert re.fullmatch(address, pair.source)


@pytest.mark.parametrize("pair", WRONG, ids=names)
def test_what_is_wrong_is_said_in_a_sentence(pair: Pair) -> None:
    assert len(pair.mistake.split()) >= 1
    assert not pair.mistake.endswith(".")


# The benchmark that is made of it.


def test_a_checker_passes_a_right_pair_and_refuses_a_wrong_one_of_every_kind() -> None:
    checker = next(c for c in CHECKERS if c.name == "tesseract check-gradients (port)")
    by_name = {pair.name: pair for pair in PAIRS}
    for right, wrong in [
        ("logistic", "logistic sign"),
        ("layer norm", "layer norm constant variance"),
        ("matmul push", "matmul push second order"),
        ("decay", "decay sign"),
        ("silu", "silu second term"),
        ("factors together", "factors together half"),
    ]:
        assert judge(checker, by_name[right], 2).said == "passed"
        assert judge(checker, by_name[wrong], 2).said == "refused"


def test_every_checker_gets_the_same_examples() -> None:
    checker = CHECKERS[0]
    pair = next(pair for pair in PAIRS if pair.name == "logistic")
    assert judge(checker, pair, 3).calls == judge(checker, pair, 3).calls
