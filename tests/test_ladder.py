"""The ladder of oracles: what it accepts, what it refuses, and what it leaves unjudged."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradaudit.checking.pairs import Pair
from gradaudit.checking.refusals import Fault
from gradaudit.checking.specs import read_spec
from gradaudit.checking.trial import Trial, tried

Array = Any
Gradient = Callable[..., Any]
NETWORK = read_spec("X: [n,d], W1: [d,h], b1: [h], w2: [h], b2: [], t: [n]")


def loss(X: Array, W1: Array, b1: Array, w2: Array, b2: Array, t: Array) -> Any:
    e = np.maximum(X @ W1 + b1, 0) @ w2 + b2 - t
    return 0.5 * (e * e).sum()


def gradient(X: Array, W1: Array, b1: Array, w2: Array, b2: Array, t: Array) -> Any:
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    e = h @ w2 + b2 - t
    delta = np.outer(e, w2) * (z > 0)
    return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()


def smooth_loss(X: Array, W1: Array, b1: Array, w2: Array, b2: Array, t: Array) -> Any:
    e = np.tanh(X @ W1 + b1) @ w2 + b2 - t
    return 0.5 * (e * e).sum()


def smooth_gradient(X: Array, W1: Array, b1: Array, w2: Array, b2: Array, t: Array) -> Any:
    h = np.tanh(X @ W1 + b1)
    e = h @ w2 + b2 - t
    delta = np.outer(e, w2) * (1 - h * h)
    return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()


def inputs(n: int, d: int, h: int, seed: int = 0, kinks: bool = False) -> tuple[Any, ...]:
    """Return an input of the network: with small whole numbers, many units lie at their kinks."""
    random = np.random.default_rng(seed)

    def drawn(*shape: int) -> Array:
        if kinks:
            return random.integers(-2, 3, shape).astype(float)
        return random.standard_normal(shape)

    b2 = np.float64(random.standard_normal())
    return drawn(n, d), drawn(d, h), drawn(h), drawn(h), b2, drawn(n)


def judged(f: Gradient, g: Gradient, args: tuple[Any, ...], **options: Any) -> str:
    """Return what comes of a pair at an input."""
    try:
        trial = tried(Pair(f, g, NETWORK, moved=(1, 2, 3, 4), **options), args, locate=False)
    except Fault as fault:
        return "wrong" if fault.law == "slope" else fault.law
    return outcome(trial)


def outcome(trial: Trial) -> str:
    if not trial.judged:
        return "not judged"
    return "at a kink" if trial.kink else "right"


def times(factor: float, g: Gradient = gradient) -> Gradient:
    return lambda *args: tuple(factor * one for one in g(*args))


def reals_only(f: Gradient) -> Gradient:
    """Return a function that takes float64 alone, as code in C does."""

    def narrow(*args: Any) -> Any:
        if any(np.iscomplexobj(one) for one in args):
            raise TypeError("no complex numbers")
        return f(*(np.asarray(one, float) for one in args))

    return narrow


def rounded(f: Gradient) -> Gradient:
    return reals_only(lambda *args: float(np.float32(f(*args))))


def offset(f: Gradient, by: float) -> Gradient:
    return reals_only(lambda *args: f(*args) + by)


ORDINARY = [inputs(4, 3, 5, seed) for seed in range(12)]
AT_KINKS = [inputs(3, 2, 4, seed, kinks=True) for seed in range(20)]

FUNCTIONS = {
    "any numbers": loss,
    "float64 alone": reals_only(loss),
    "rounded to float32": rounded(loss),
    "an offset of 1e6": offset(loss, 1e6),
    "an offset of -601": offset(loss, -601.3),
}


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS.keys())
class TestAFunctionOf:
    def test_accepts_its_gradient_at_ordinary_inputs(self, f: Gradient) -> None:
        assert {judged(f, gradient, args) for args in ORDINARY} == {"right"}

    def test_does_not_refuse_its_gradient_at_kinks(self, f: Gradient) -> None:
        assert "wrong" not in {judged(f, gradient, args) for args in AT_KINKS}

    def test_refuses_twice_its_gradient_at_ordinary_inputs(self, f: Gradient) -> None:
        assert {judged(f, times(2), args) for args in ORDINARY} == {"wrong"}

    def test_refuses_twice_its_gradient_among_kinks(self, f: Gradient) -> None:
        moving = [args for args in AT_KINKS if any(np.any(g) for g in gradient(*args))]
        seen = Counter(judged(f, times(2), args) for args in moving)
        assert seen["wrong"] > 0.9 * len(moving)

    def test_refuses_a_gradient_that_is_off_by_a_tenth_wherever_noise_allows(
        self, f: Gradient
    ) -> None:
        seen = Counter(judged(f, times(1.1), args) for args in ORDINARY)
        assert seen["wrong"] > 0.75 * len(ORDINARY)


def bumped(g: Gradient, block: int, entry: int, by: float) -> Gradient:
    """Return a gradient of which one entry is off by a relative error."""

    def wrong(*args: Any) -> Any:
        out = [np.array(one, float) for one in g(*args)]
        out[block].reshape(-1)[entry] *= 1 + by
        return tuple(out)

    return wrong


def places(g: Gradient, args: tuple[Any, ...], count: int = 12) -> list[tuple[int, int]]:
    """Return entries of a gradient that are not 0, from all blocks."""
    random = np.random.default_rng(1)
    found = []
    for block, values in enumerate(g(*args)):
        sizes = np.abs(np.asarray(values).reshape(-1))
        # An entry far below the others is lost in their roundings.
        flat = np.flatnonzero(sizes > 0.05 * sizes.mean())
        chosen = random.choice(flat, min(len(flat), count // 4), replace=False)
        found += [(block, int(k)) for k in chosen]
    return found


class TestAnErrorInOneEntry:
    LARGE = inputs(3, 24, 120)  # with more than three thousand parameters

    @pytest.mark.parametrize("error", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9])
    def test_is_seen_among_thousands_by_a_complex_step(self, error: float) -> None:
        for block, entry in places(smooth_gradient, self.LARGE):
            wrong = bumped(smooth_gradient, block, entry, error)
            assert judged(smooth_loss, wrong, self.LARGE) == "wrong"

    @pytest.mark.parametrize("error", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
    def test_is_seen_among_thousands_from_float64_values_alone(self, error: float) -> None:
        for block, entry in places(smooth_gradient, self.LARGE, 4):
            wrong = bumped(smooth_gradient, block, entry, error)
            assert judged(reals_only(smooth_loss), wrong, self.LARGE) == "wrong"

    @pytest.mark.parametrize("error", [1e-4, 1e-8, 1e-11])
    def test_is_named(self, error: float) -> None:
        args = ORDINARY[0]
        (block, entry) = places(smooth_gradient, args)[1]
        pair = Pair(
            smooth_loss, bumped(smooth_gradient, block, entry, error), NETWORK, (1, 2, 3, 4)
        )
        with pytest.raises(Fault) as caught:
            tried(pair, args)
        index = np.unravel_index(entry, np.shape(smooth_gradient(*args)[block]))
        assert caught.value.entry == f"dW1[{','.join(map(str, index))}]"


def number(f: Callable[[Array], Any], g: Callable[[Array], Array], *x: float) -> str:
    """Return what comes of a pair of functions of one vector."""
    try:
        trial = tried(Pair(f, g, read_spec("x: [n]"), moved=(0,)), (np.array(x),))
    except Fault as fault:
        return "wrong" if fault.law == "slope" else fault.law
    return outcome(trial)


class TestAtAKink:
    @pytest.mark.parametrize("slope", [-1.0, 0.0, 0.3, 1.0])
    def test_any_slope_between_is_accepted(self, slope: float) -> None:
        g = lambda x: np.where(x == 0, slope, np.sign(x))  # noqa: E731
        assert number(lambda x: np.abs(x).sum(), g, 0.0) == "at a kink"

    def test_every_tied_entry_with_the_whole_slope_of_a_maximum_is_refused(self) -> None:
        g = lambda x: (x == x.max()).astype(float)  # noqa: E731
        assert number(lambda x: x.max(), g, 1.0, 1.0, 0.5) == "wrong"

    @pytest.mark.parametrize("share", [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    def test_any_share_of_ties_is_accepted(self, share: list[float]) -> None:
        assert number(lambda x: x.max(), lambda x: np.array(share), 1.0, 1.0) in {
            "at a kink",
            "right",
        }

    def test_a_block_without_a_kink_is_judged_beside_one_with(self) -> None:
        pair = Pair(
            lambda x, y: np.abs(x).sum() + (y * y).sum(),
            lambda x, y: (np.sign(x), 2.001 * y),
            read_spec("x: [n], y: [n]"),
            moved=(0, 1),
        )
        with pytest.raises(Fault, match=r"dy\[0\]"):
            tried(pair, (np.zeros(1), np.ones(1)))

    def test_a_mask_with_a_threshold_is_found_beside_it(self) -> None:
        pair = Pair(
            lambda x: np.maximum(x, 0).sum(),
            lambda x: (x > 1e-7).astype(float),
            read_spec("x: [n]"),
            moved=(0,),
        )
        with pytest.raises(Fault):
            tried(pair, (np.array([0.3]),), seek=True)

    def test_kinks_that_cancel_are_not_judged(self) -> None:
        f = lambda x: (np.maximum(x, 0) - np.maximum(-x, 0)).sum()  # noqa: E731
        g = lambda x: (x > 0) * 1.0 + (x < 0)  # noqa: E731
        assert number(f, g, 0.0) == "not judged"

    def test_a_complex_step_that_is_blind_to_a_kink_refuses_nothing(self) -> None:
        f = lambda x: np.abs(x).sum()  # noqa: E731
        assert number(f, np.sign, 0.0, 1.0) == "at a kink"


class TestIsNotJudged:
    def test_where_the_function_jumps(self) -> None:
        f = lambda x: (x * x).sum() + (x[0] == 1.0)  # noqa: E731
        assert number(f, lambda x: 5 * x, 1.0) == "not judged"

    def test_where_it_is_constant_to_the_last_digit(self) -> None:
        f = lambda x: np.log1p(np.exp(x)).sum() - x.sum()  # noqa: E731
        assert number(f, lambda x: -1 / (1 + np.exp(x)), 40.0) in {"not judged", "right"}

    def test_where_its_slope_is_infinite(self) -> None:
        f = lambda x: np.sqrt(np.abs(x)).sum()  # noqa: E731
        assert number(f, lambda x: 0 * x, 0.0) == "not judged"

    def test_where_it_varies_within_every_step(self) -> None:
        f = reals_only(lambda x: np.sin(1e13 * x).sum())
        assert number(f, lambda x: 1e13 * np.cos(1e13 * x), 0.7) == "not judged"

    def test_what_noise_hides(self) -> None:
        f = reals_only(lambda x: float(np.float32(601.3 + 1e-6 * (x * x).sum())))
        assert number(f, lambda x: 2e-6 * x, 0.7) == "not judged"


class TestIsRight:
    def test_where_an_entry_is_far_smaller_than_the_others_and_a_pole_is_near(self) -> None:
        f = reals_only(lambda x: (1 / x).sum())
        assert number(f, lambda x: -1 / x**2, 1e-8, 1.0) != "wrong"

    def test_where_a_feature_is_narrower_than_most_steps(self) -> None:
        f = lambda x: np.sqrt((x * x).sum() + 1e-12)  # noqa: E731
        assert number(f, lambda x: x / np.sqrt((x * x).sum() + 1e-12), 0.0, 1e-7) != "wrong"

    def test_where_terms_cancel(self) -> None:
        f = lambda x: ((x - x.mean()) ** 2).sum()  # noqa: E731
        assert number(f, lambda x: 2 * (x - x.mean()), 1000.0, 1000.5, 1001.0) == "right"

    def test_where_large_logits_tie(self) -> None:
        f = lambda x: np.log(np.exp(x - x.max()).sum()) + x.max()  # noqa: E731

        def g(x: Array) -> Array:
            e = np.exp(x - x.max())
            return np.exp(x - (np.log(e.sum()) + x.max()))

        assert number(f, g, 1.5e3, 1.5e3, 1.5e3) in {"right", "not judged"}
