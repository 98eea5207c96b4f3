"""What roundings excuse, and what they do not: the same inputs, right and wrong."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import log_ndtr

from benchmarks.catalogue.optimisation import box, box_value
from gradaudit import WrongGradient, check_gradient, check_vjp

Array = Any


def centred_loss(X: Array, w: Array, y: Array) -> Any:
    e = (X - X.mean(axis=0)) @ w - (y - y.mean())
    return 0.5 * e @ e


def centred_gradient(X: Array, w: Array, y: Array) -> Array:
    """The mean of X @ w is not subtracted, since the other factor sums to 0: all but in float64."""
    return (X - X.mean(axis=0)).T @ (X @ w - (y - y.mean()))


def dense(x: Array, W: Array, b: Array) -> Array:
    return np.maximum(x @ W + b, 0)


def dense_vjp(x: Array, W: Array, b: Array, u: Array) -> tuple[Array, Array, Array]:
    dz = u * (x @ W + b > 0)
    return dz @ W.T, x.T @ dz, dz.sum(axis=0)


def solve_vjp(A: Array, b: Array, u: Array) -> tuple[Array, Array]:
    db = np.linalg.solve(A.T, u)
    return -np.outer(db, np.linalg.solve(A, b)), db


def interpolated(table: Array, p: Array) -> Array:
    """Return values between those of a table that begins again at its end."""
    i = np.floor(p).astype(int)
    u, n = p - i, len(table)
    return (1 - u) * table[i % n] + u * table[(i + 1) % n]


def interpolated_vjp(table: Array, p: Array, g: Array) -> tuple[Array, Array]:
    i = np.floor(p).astype(int)
    u, n = p - i, len(table)
    by_table = np.zeros(n)
    np.add.at(by_table, i % n, g * (1 - u))
    np.add.at(by_table, (i + 1) % n, g * u)
    return by_table, g * (table[(i + 1) % n] - table[i % n])


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


# At whole positions each entry has a kink of its own, and takes the slope of its right side.
WHOLE = (np.array([999.9, 1000.0625, 1000.125]), np.array([0.0, -3, -3, -3, -2]))
FAR = (
    1000 + np.array([[0.3, -0.2], [0.7, 0.1], [-0.4, 0.6], [0.2, -0.9]]),
    np.array([0.5, -1.25]),
    np.array([0.1, 0.7, -0.3, 0.4]),
)
# A pre-activation that is 0 in float32, and 1e-8 in float64.
AT_ZERO = (
    np.array([[0.13156746, 0.0], [1.9655285, 1.8246946]], np.float32),
    np.array([[-0.828771], [-0.05373467]], np.float32),
    np.array([1.7270224], np.float32),
)
ODD = np.array([[2.0, 1, 3, 4], [1, 1, 1, 1], [3, 1, 5, 7], [4, 1, 7, 10.0]])
SINGULAR = (ODD + 1e-15 * np.eye(4), np.zeros(4))

PAIRS: dict[str, tuple[Any, ...]] = {
    "a sum that cancels but for roundings": (check_gradient, centred_loss, centred_gradient, FAR),
    "a kink that is one in float32 alone": (check_vjp, dense, dense_vjp, AT_ZERO),
    "a kink of each of several entries": (
        check_vjp,
        interpolated,
        interpolated_vjp,
        WHOLE,
    ),
    "a matrix that is singular but for roundings": (
        check_vjp,
        np.linalg.solve,
        solve_vjp,
        SINGULAR,
    ),
}
WRT = {check_gradient: "w", check_vjp: None}


@pytest.mark.parametrize("name", PAIRS)
def test_a_right_pair_is_not_refused_at(name: str) -> None:
    check, f, derivative, args = PAIRS[name]
    check(f, derivative, *args, wrt=WRT[check], examples=0)


def scaled(derivative: Callable[..., Any], factor: float) -> Callable[..., Any]:
    def wrong(*args: Array) -> Any:
        out = derivative(*args)
        if isinstance(out, tuple):
            return tuple((g * factor).astype(g.dtype) for g in out)
        return out * factor

    return wrong


FACTORS = pytest.mark.parametrize("factor", [2.0, -1.0, 1.001], ids="times {}".format)


@FACTORS
def test_a_wrong_gradient_is_refused_where_a_sum_cancels(factor: float) -> None:
    with pytest.raises(WrongGradient):
        check_gradient(centred_loss, scaled(centred_gradient, factor), *FAR, wrt="w", examples=0)


@FACTORS
def test_a_wrong_product_is_refused_where_several_entries_have_kinks(factor: float) -> None:
    def wrong(table: Array, p: Array, g: Array) -> tuple[Array, Array]:
        by_table, by_p = interpolated_vjp(table, p, g)
        return by_table, factor * by_p

    with pytest.raises(WrongGradient):
        check_vjp(interpolated, wrong, WHOLE[0], WHOLE[1] + [0, 0.25, 0, 0, 0], examples=0)


@FACTORS
def test_a_wrong_product_in_float32_is_refused(factor: float) -> None:
    spec = "x: float32[n,d], W: float32[d,h], b: float32[h]"
    with pytest.raises(WrongGradient):
        check_vjp(dense, scaled(dense_vjp, factor), inputs=spec, examples=20)


@FACTORS
def test_a_wrong_product_is_refused_where_a_matrix_is_far_from_singular(factor: float) -> None:
    wrong = scaled(solve_vjp, factor)
    with pytest.raises(WrongGradient):
        check_vjp(np.linalg.solve, wrong, ODD + np.eye(4), np.ones(4), examples=0)


def residual(X: Array, y: Array) -> Any:
    r = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    return (r * r).sum()


def residual_gradient(X: Array, y: Array) -> Array:
    return 2 * (y - X @ np.linalg.lstsq(X, y, rcond=None)[0])


def test_slopes_that_are_zero_but_for_roundings_are_judged() -> None:
    spec = "X: [n,d], y: [n], n >= d"  # where n is d, nothing is left of a residual
    # The solver loses four digits where a column is far larger than others.
    report = check_gradient(residual, residual_gradient, inputs=spec, wrt="y", rel=1e-9)
    assert report.status == "holds"
    assert report.judged > 90


def test_a_product_that_underflows_for_a_tiny_cotangent_is_not_refused() -> None:
    pulled = lambda x, u: u * np.exp(x)  # noqa: E731
    check_vjp(np.exp, pulled, np.array([-707.0, -690.0, 1.0]), examples=0)


class TestFarOut:
    """Where a move of the size of the input multiplies what roundings leave of a slope."""

    SAMPLES = tuple((np.array([0.5, -1, 2]) * k, np.array(0.1)) for k in range(1, 20))
    FAR = (np.array([0.0, 1044998.0]), np.array(3.940713756051253e-09))

    @staticmethod
    def loss(z: Array, eps: Array) -> Any:
        """The cross-entropy of the last class, smoothed."""
        shifted = z - z.max()
        logs = shifted - np.log(np.exp(shifted).sum())
        return -((1 - eps) * logs[-1] + eps * logs.mean())

    @staticmethod
    def gradient(z: Array, eps: Array) -> Array:
        p = np.exp(z - z.max())
        target = np.full_like(z, eps / len(z))
        target[-1] += 1 - eps
        return p / p.sum() - target

    def test_a_right_gradient_is_not_refused(self) -> None:
        samples = [*self.SAMPLES, self.FAR]
        check_gradient(self.loss, self.gradient, samples=samples, wrt="z", examples=20)

    def test_a_gradient_that_is_wrong_there_alone_is_refused(self) -> None:
        def wrong(z: Array, eps: Array) -> Array:
            return self.gradient(z, eps * (1 if eps > 1e-3 else 1.001))

        with pytest.raises(WrongGradient):
            check_gradient(
                self.loss, wrong, samples=[*self.SAMPLES, self.FAR], wrt="z", examples=20
            )


class TestARefusalByLittle:
    @staticmethod
    def root(a: Array) -> Any:
        """Newton's method, which stops at a few digits."""
        x = a + 1
        while abs(x * x - a) > 1e-4 * abs(a):
            x = (x + a / x) / 2
        return x

    @staticmethod
    def slope(a: Array) -> Any:
        return 0.5 / np.sqrt(a)

    def test_asks_whether_f_stops_early(self) -> None:
        with pytest.raises(WrongGradient, match=r"if f stops early, .*: rel=\de-"):
            check_gradient(self.root, self.slope, inputs="a: positive[]")

    def test_asks_whether_a_guard_is_in_one_of_the_two_alone(self) -> None:
        with pytest.raises(WrongGradient, match=r"alone has a guard, such as log\(p \+ 1e-12\)"):
            check_gradient(
                lambda p: np.log(p + 1e-12).sum(),
                lambda p: 1 / p,
                np.array([0.5]),
                inputs="p: positive[n]",
                examples=0,
            )

    def test_does_not_ask_where_it_is_off_by_much(self) -> None:
        with pytest.raises(WrongGradient) as caught:
            check_gradient(np.sqrt, lambda a: 1 / np.sqrt(a), inputs="a: positive[]")
        assert "stops early" not in str(caught.value)


class TestAGradientThatDiffersAtAnInputAlone:
    """It may be a convention, so that it is not refused; the report names the input."""

    def test_is_named_where_a_mask_is_guessed(self) -> None:
        def vjp(x: Array, keep: Array, u: Array) -> Array:
            out = x * keep
            with np.errstate(all="ignore"):
                return u * np.where(x == 0, 0.0, out / x)

        report = check_vjp(lambda x, keep: x * keep, vjp, inputs="x: [n], keep: bool[n]", wrt="x")
        assert "beware" in str(report)
        assert report.alone.startswith("at x = ")
        assert "dx[" in report.alone

    def test_is_named_where_a_slope_lies_beyond_those_of_a_kink(self) -> None:
        def gradient(x: Array) -> Array:
            return np.where(x == 0, 2.0, np.sign(x))

        report = check_gradient(lambda x: np.abs(x).sum(), gradient, inputs="x: [n]")
        assert "is 2, and beside it a value between -1 and 1" in report.alone

    def test_is_not_named_where_a_slope_of_a_kink_is_taken(self) -> None:
        report = check_gradient(lambda x: np.abs(x).sum(), np.sign, inputs="x: [n]")
        assert not report.alone


class TestWhatIsSoInAShortPrecisionAlone:
    def test_a_value_that_overflows_is_not_judged(self) -> None:
        example = np.array([250.0], np.float32)
        report = check_gradient(
            lambda x: np.exp(x).sum(), np.exp, example, inputs="x: float32[n]", examples=0
        )
        assert report.reasons["f overflows in the precision of the input"] == 1

    def test_what_cancels_may_differ_for_arguments_in_other_forms(self) -> None:
        def weights(q: Array, k: Array) -> Array:
            s = q @ k.T
            p = np.exp(s - s.real.max(axis=-1, keepdims=True))
            return p / p.sum(axis=-1, keepdims=True)

        def vjp(q: Array, k: Array, v: Array, u: Array) -> tuple[Array, Array, Array]:
            p, dp = weights(q, k), u @ v.T
            ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True))
            return ds @ k, ds.T @ q, p.T @ u

        def attention(q: Array, k: Array, v: Array) -> Array:
            return weights(q, k) @ v

        spec = "q: float32[n,d], k: float32[m,d], v: float32[m,e]"
        for seed in (2, 5):
            assert check_vjp(attention, vjp, inputs=spec, seed=seed).status == "holds"


class TestATieOfThree:
    """The slope of a median along a direction is a median: there is no gradient, but any choice."""

    @staticmethod
    def middle(x: Array) -> Array:
        gradient = np.zeros(len(x))
        order = np.argsort(x, kind="stable")
        gradient[order[1:-1]] = 1
        return gradient

    @pytest.mark.parametrize("seed", range(3))
    def test_is_no_mistake(self, seed: int) -> None:
        inner = lambda x: np.sort(x)[1:-1].sum()  # noqa: E731
        report = check_gradient(inner, self.middle, inputs="x: [n], n >= 3", seed=seed)
        assert report.status == "holds"


def largest(x: Array, h: Array) -> Any:
    return np.max(x + h)


def largest_gradient(x: Array, h: Array) -> Array:
    return (np.arange(len(x)) == np.argmax(x + h)) * 1.0


def middle(A: Array) -> Any:
    return np.linalg.eigvalsh(A)[1]


def middle_gradient(A: Array) -> Array:
    v = np.linalg.eigh(A)[1][:, 1]
    return np.outer(v, v)


def log_density(z: Array) -> Any:
    return -z * z / 2 - np.log(2 * np.pi) / 2


# f, its gradient, where it is hard to tell, and where twice of it is wrong.
HARD: dict[str, tuple[Any, ...]] = {
    "a kink beside a large number, to which a complex step is blind": (
        lambda x, r: np.abs(x).sum() - r,
        lambda x, r: np.sign(x),
        "x: [n], r: []",
        (np.array([1.0, 0]), np.array(1e6)),
        (np.array([1.0, 2]), np.array(1e6)),
    ),
    "a tie of numbers in which a step is lost": (
        largest,
        largest_gradient,
        "x: [n], h: []",
        (np.array([1.0, 1]), np.array(1e6)),
        (np.array([1.0, 2]), np.array(3.0)),
    ),
    "values too coarse for any step": (
        lambda x: (1e6 + x) ** 2 - 1e12,
        lambda x: 2 * (1e6 + x),
        "x: []",
        (np.array(3e-12),),
        (np.array(3.0),),
    ),
    "a value that double precision loses": (
        lambda m, w: -m * np.log((3 + w) - 3),
        lambda m, w: -np.log(w),
        "m: [], w: positive[]",
        (np.array(1.0), np.array(1.0016609e-8)),
        (np.array(1.0), np.array(0.25)),
    ),
    "a step of tiny entries that is lost in a larger number": (
        lambda t: np.log((1e6 + np.exp(float(t[0]))) - 1e6),
        np.ones_like,
        "t: [1]",
        (np.array([4.4e-11]),),
        (np.array([0.3]),),
    ),
    "values on stairs, since almost all digits have cancelled": (
        lambda x: -np.log(1 - sigmoid(float(x[0]))) + x[1] * x[1],
        lambda x: np.array([sigmoid(x[0]), 2 * x[1]]),
        "x: [2]",
        (np.array([35.0, 1.0]),),
        (np.array([3.0, 1.0]),),
    ),
    "a residual that double precision loses beside one that it keeps": (
        lambda w, x, y: np.sum(x * (sigmoid(x * w) - y)),
        lambda w, x, y: x * x * sigmoid(x * w) * sigmoid(-x * w),
        "w: [n], x: [n], y: bool[n]",
        (np.array([1.0, 2.0]), np.array([40.0, -40.0]), np.array([True, False])),
        (np.array([0.1, 0.2]), np.array([4.0, -4.0]), np.array([True, False])),
    ),
    "equal eigenvalues": (
        middle,
        middle_gradient,
        "A: symmetric[d,d]",
        (np.zeros((3, 3)),),
        (np.diag([1.0, 2, 4]),),
    ),
    "an exponential of a difference of numbers of which a last place is hundreds": (
        lambda x, m, s: log_ndtr((x - m) / s),
        lambda x, m, s: np.exp(log_density((x - m) / s) - log_ndtr((x - m) / s)) / s,
        "x: [], m: [], s: positive[]",
        (np.array(0.0), np.array(457276.0), np.array(0.00028672115996334355)),
        (np.array(0.0), np.array(4.5), np.array(0.25)),
    ),
}


@pytest.mark.parametrize("name", HARD)
class TestWhereItIsHardToTell:
    def test_a_right_gradient_is_not_refused(self, name: str) -> None:
        f, gradient, spec, args, _ = HARD[name]
        for seed in range(5):
            wrt = spec.partition(":")[0]
            check_gradient(f, gradient, *args, inputs=spec, wrt=wrt, examples=0, seed=seed)

    def test_twice_of_it_is_refused_where_it_is_not(self, name: str) -> None:
        f, gradient, spec, _, args = HARD[name]
        with pytest.raises(WrongGradient):
            check_gradient(
                f,
                scaled(gradient, 2.0),
                *args,
                inputs=spec,
                wrt=spec.partition(":")[0],
                examples=0,
            )


def logsumexp(z: Array) -> Any:
    return z.max() + np.log(np.sum(np.exp(z - z.max())))


def surprise(u: Array, c: Array) -> Any:
    return logsumexp(u + c) - (u[0] + c[0])


def surprise_gradient(u: Array, c: Array) -> Array:
    gradient = np.exp(u - logsumexp(u + c) + c)  # which is a little over 1 where u is large
    gradient[0] -= 1
    return gradient


class TestADifferenceOfLargeNumbersInAnExponential:
    C = np.array([0.7, 0.2, -0.1])
    SMALL = ((np.array([1.0, 0.3, 0.0]), C), (np.array([-0.2, 0.1, 0.5]), C))
    LARGE = (np.array([1921261.0, 0.1, 0.7]), C)

    def test_may_be_as_wrong_as_their_roundings(self) -> None:
        assert abs(surprise_gradient(*self.LARGE)[0]) > 1e-11
        samples = [*self.SMALL, self.LARGE]
        check_gradient(surprise, surprise_gradient, samples=samples, wrt="u", examples=20)

    def test_hides_no_mistake_of_more_than_that(self) -> None:
        def wrong(u: Array, c: Array) -> Array:
            return surprise_gradient(u, c) + 1e-6 * (abs(u).max() > 1e6)

        samples = [*self.SMALL, self.LARGE]
        with pytest.raises(WrongGradient):
            check_gradient(surprise, wrong, samples=samples, wrt="u", examples=20)


def test_a_kink_whose_sides_differ_by_next_to_nothing_refuses_nothing() -> None:
    low = np.array([1.4551915228366852e-11, -1.4551915228366852e-11])
    args, spec = (np.zeros(2), low, np.array([-0.0, 0.0])), "x: [n], low: [n], high: [n]"
    for seed in range(3):
        check_gradient(box_value, box, *args, inputs=spec, examples=0, seed=seed)


def annuity(a: Array, k: Array) -> Any:
    return a * (1 - np.exp(-k)) / k


def annuity_gradient(a: Array, k: Array) -> tuple[Array, Array]:
    return -np.expm1(-k) / k, a * (np.exp(-k) * k + np.expm1(-k)) / k**2


def test_a_slope_of_which_long_double_loses_digits_too_is_not_refused() -> None:
    args, spec = (np.array(1.0), np.array(1e-8)), "a: [], k: []"
    for seed in range(10):
        check_gradient(annuity, annuity_gradient, *args, inputs=spec, examples=0, seed=seed)


def test_a_mistake_beside_what_long_double_loses_is_refused() -> None:
    def wrong(a: Array, k: Array) -> tuple[Array, Array]:
        by_a, by_k = annuity_gradient(a, k)
        return by_a * (1 + 1e-6), by_k

    with pytest.raises(WrongGradient):
        check_gradient(annuity, wrong, inputs="a: [], k: positive")


def clamped(x: Array, low: Array, high: Array) -> Array:
    return np.minimum(np.maximum(x, low), high)


def clamped_vjp(x: Array, low: Array, high: Array, u: Array) -> tuple[Array, Array, Array]:
    inside, below = (x >= low) & (x <= high), (x < low) & (low < high)
    return u * inside, u * below, u * ~(inside | below)


def test_ties_of_three_at_each_of_several_entries_refuse_nothing() -> None:
    spec = "x: [n], low: [n], high: [n]"
    for seed in (*range(30), 47, 74):  # at the last two an entry alone differs from what is right
        check_vjp(clamped, clamped_vjp, *[np.zeros(2)] * 3, inputs=spec, examples=0, seed=seed)


def test_a_mistake_beside_such_ties_is_refused() -> None:
    def wrong(x: Array, low: Array, high: Array, u: Array) -> tuple[Array, Array, Array]:
        by_x, by_low, by_high = clamped_vjp(x, low, high, u)
        return by_x, by_low, -by_high

    with pytest.raises(WrongGradient):
        check_vjp(clamped, wrong, inputs="x: [n], low: [n], high: [n]")


class TestTheMaximumOfWhatIsClipped:
    """Where all tie at the clip, it is clipped to nearly all sides."""

    @staticmethod
    def loss(v: Array, far: float) -> Any:
        return np.minimum(v, 1.0).max() + far * ((v - 1.0) ** 2).sum()

    @staticmethod
    def gradient(v: Array, far: float) -> Array:
        clipped = np.minimum(v, 1.0)
        ties = clipped == clipped.max()
        sides = np.where(v == 1.0, 0.5, v < 1.0)  # a tie with the clip goes halves
        return ties * sides / ties.sum() + 2 * far * (v - 1.0)

    @pytest.mark.parametrize("n", [3, 4, 6])
    def test_with_its_ties_in_halves_is_not_refused(self, n: int) -> None:
        spec = "v: positive[n], far: nonnegative"
        for seed in range(30):
            args = np.ones(n), np.float64(0.0)
            check_gradient(
                self.loss, self.gradient, *args, inputs=spec, wrt="v", examples=0, seed=seed
            )

    def test_nor_beside_a_term_that_bends_far_more(self) -> None:
        spec = "v: positive[n], far: nonnegative"
        for seed in range(30):
            args = np.ones(3), np.float64(2000.0)
            check_gradient(
                self.loss, self.gradient, *args, inputs=spec, wrt="v", examples=0, seed=seed
            )

    def test_that_counts_each_tie_whole_is_refused(self) -> None:
        def wrong(v: Array, far: float) -> Array:
            clipped = np.minimum(v, 1.0)
            return (clipped == clipped.max()) * (v < 1.0) + 2 * far * (v - 1.0)

        with pytest.raises(WrongGradient):
            check_gradient(self.loss, wrong, inputs="v: positive[n], far: nonnegative", wrt="v")


class TestATermThatMovesWithinTheStepsOfALargerOne:
    """Far out a step that shows the slope of a cube passes many waves of a sine."""

    @staticmethod
    def loss(x: Array) -> float:
        return sum(max(float(one) ** 3, 0.0) + math.sin(one) for one in x)

    @staticmethod
    def gradient(x: Array) -> Array:
        return 3 * x**2 * (x > 0) + np.cos(x)

    @pytest.mark.parametrize("far", [67015.0, 81234.5, 94400.25])
    def test_is_not_missed(self, far: float) -> None:
        for seed in range(10):
            check_gradient(
                self.loss, self.gradient, np.array([far]), inputs="x: [n]", examples=0, seed=seed
            )

    def test_and_is_where_it_is_seen(self) -> None:
        with pytest.raises(WrongGradient):
            check_gradient(self.loss, lambda x: 3 * x**2 * (x > 0), inputs="x: [n]")


class TestAGradientThatIsADifferenceInAnExponent:
    """Far out it loses more digits than a gradient may: it is not judged there."""

    @staticmethod
    def loss(x: Array) -> Any:
        return log_ndtr(x).sum()

    @staticmethod
    def gradient(x: Array) -> Array:
        return np.exp(-x * x / 2 - log_ndtr(x)) / np.sqrt(2 * np.pi)

    @pytest.mark.parametrize("seed", range(4))
    def test_is_not_refused(self, seed: int) -> None:
        report = check_gradient(self.loss, self.gradient, inputs="x: [n]", seed=seed)
        assert report.status == "holds"

    @pytest.mark.parametrize("factor", [1 + 1e-5, 2.0])
    def test_is_refused_where_it_is_wrong(self, factor: float) -> None:
        with pytest.raises(WrongGradient):
            check_gradient(self.loss, lambda x: factor * self.gradient(x), inputs="x: [n]")


def kernel(x: Array) -> Array:
    return np.exp(-((x[:, None] - x) ** 2) / 2) + 1e-6 * np.eye(len(x))


def by_eigenvalues(x: Array, y: Array) -> Array:
    values, vectors = np.linalg.eigh(kernel(x))
    return vectors @ (vectors.T @ y / values)


SOLVED: dict[str, Callable[[Array, Array], Array]] = {
    "solved": lambda x, y: np.linalg.solve(kernel(x), y),
    "inverted": lambda x, y: np.linalg.inv(kernel(x)) @ y,
    "by eigenvalues": by_eigenvalues,
}


@pytest.mark.parametrize("name", SOLVED)
class TestAnIllConditionedMatrix:
    """Its factors lose digits in f and in the gradient, and the same ones whatever y is."""

    @staticmethod
    def loss(x: Array, y: Array) -> Any:
        return y @ np.linalg.solve(kernel(x), y) / 2

    @pytest.mark.parametrize("seed", [0, 1, 3, 4, 5])
    def test_may_lose_digits(self, name: str, seed: int) -> None:
        check_gradient(self.loss, SOLVED[name], inputs="x: [n], y: [n]", wrt="y", seed=seed)

    @pytest.mark.parametrize("error", [1e-6, 1e-8, 1e-9])
    def test_does_not_hide_an_error_in_one_entry(self, name: str, error: float) -> None:
        def wrong(x: Array, y: Array) -> Array:
            return SOLVED[name](x, y) * (1 + error * (np.arange(len(y)) == 0))

        with pytest.raises(WrongGradient):
            check_gradient(self.loss, wrong, inputs="x: [n], y: [n]", wrt="y")


def test_an_exception_of_the_gradient_alone_is_told_with_the_option_that_it_may_mean() -> None:
    with pytest.raises(WrongGradient, match="say so: no_answer=LinAlgError"):
        check_vjp(np.linalg.solve, solve_vjp, inputs="A: [n,n], b: [n]")


def test_one_that_no_function_means_is_told_without() -> None:
    def gradient(x: Array, y: Array) -> tuple[Array, Array]:
        raise NameError("name 'z' is not defined")

    with pytest.raises(WrongGradient, match="raises NameError: name 'z'") as caught:
        check_gradient(lambda x, y: (x * y).sum(), gradient, inputs="x: [n], y: [n]")
    assert "no_answer" not in str(caught.value)
