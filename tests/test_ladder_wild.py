"""Right pairs that were refused, or not judged, in the form in which they are smallest.

They were met in installed libraries by `benchmarks/wild`. Each is held here, and the same pair with
a wrong derivative is refused, so that what accepts them accepts nothing else.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradaudit.checking.checks import (
    check_gradient,
    check_jacobian,
    check_vjp,
)
from gradaudit.checking.lines import NoValue
from gradaudit.checking.pairs import Pair
from gradaudit.checking.points import Input
from gradaudit.checking.refusals import BadCall, WrongGradient
from gradaudit.checking.specs import read_spec

FACTORS = (1.001, 2.0)


def quadratic(k: int, x: Any) -> float:
    return k * float((x**2).sum())


def of_quadratic(k: int, x: Any) -> Any:
    return 2 * k * x


def test_a_function_that_is_zero_at_many_inputs_is_judged_there() -> None:
    report = check_gradient(quadratic, of_quadratic, inputs="k: 0..1, x: [n]", wrt="x")
    assert (report.status, report.judged) == ("holds", report.tried)


def test_a_function_that_is_always_zero_is_untested() -> None:
    report = check_gradient(
        lambda x: 0.0 * float(x.sum()), lambda x: 0.0 * x, inputs="x: [n]", examples=30
    )
    assert report.status == "untested"
    assert "the gradient is 0" in report.because


def half_cast(x: Any) -> Any:
    """Return long doubles of which one part was computed in float64 on the way."""
    narrow = np.asarray(x).astype(np.float64)
    total = (1 / (1 + np.exp(-narrow)) - 1).sum()
    return np.longdouble(total) if np.asarray(x).dtype == np.longdouble else total


def of_half_cast(x: Any) -> Any:
    p = 1 / (1 + np.exp(-x))
    return p / (1 + np.exp(x))


def real_alone(x: Any) -> Any:
    """Return a number of which a small part drops what is imaginary in its argument."""
    buffer = np.empty(x.shape)
    buffer[...] = x
    return (x * np.arange(1.0, 1 + len(x))).sum() + 1e-8 * (buffer**2).sum()


def of_real_alone(x: Any) -> Any:
    return np.arange(1.0, 1 + len(x)) + 2e-8 * x


def form(S: Any, x: Any) -> float:
    values, vectors = np.linalg.eigh(S)
    turned = vectors.T @ x
    return float((turned * turned / values).sum()) / 2


def of_form(S: Any, x: Any) -> Any:
    return np.linalg.solve(S, x)


PAIRS: list[tuple[str, Callable[..., Any], Callable[..., Any], str, str]] = [
    ("cast on the way", half_cast, of_half_cast, "x: [n]", "x"),
    ("a part that is real", real_alone, of_real_alone, "x: [n]", "x"),
    ("ill-conditioned data", form, of_form, "S: spd[d,d], x: [d]", "x"),
]


@pytest.mark.parametrize(("name", "f", "gradient", "spec", "wrt"), PAIRS)
def test_a_right_pair_holds(
    name: str, f: Callable[..., Any], gradient: Callable[..., Any], spec: str, wrt: str
) -> None:
    for seed in range(3):
        report = check_gradient(f, gradient, inputs=spec, wrt=wrt, seed=seed)
        assert report.status == "holds", f"{name}: {report}"


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize(("name", "f", "gradient", "spec", "wrt"), PAIRS)
def test_and_a_wrong_one_is_refused(
    name: str,
    f: Callable[..., Any],
    gradient: Callable[..., Any],
    spec: str,
    wrt: str,
    factor: float,
) -> None:
    with pytest.raises(WrongGradient):
        check_gradient(f, lambda *a: factor * gradient(*a), inputs=spec, wrt=wrt)


def test_values_cast_on_the_way_are_known_from_those_in_long_double() -> None:
    functions = {
        "kept": lambda x: np.sin(x).sum(),
        "cast": lambda x: np.longdouble(math.sin(float(x[0]))),
    }
    spec, args = read_spec("x: [n]"), (np.ones(1),)
    kept = {
        name: Input(Pair(f, np.cos, spec, moved=(0,)), args).keeps_long_double
        for name, f in functions.items()
    }
    assert kept == {"kept": True, "cast": False}


def test_a_complex_step_that_loses_a_part_on_the_way_is_none() -> None:
    spec = read_spec("x: [n]")
    point = Input(Pair(real_alone, of_real_alone, spec, moved=(0,)), (np.ones(3),))
    with pytest.raises(NoValue, match="imaginary"):
        point.imaginary(np.ones(3))


def test_a_product_of_a_function_of_one_number_keeps_the_shape_of_its_cotangent() -> None:
    shapes = set()

    def vjp(x: Any, u: Any) -> Any:
        shapes.add(np.shape(u))
        return 2 * u * x

    report = check_vjp(lambda x: (x**2).sum(), vjp, inputs="x: [n]", examples=20)
    assert (report.status, shapes) == ("holds", {()})


def test_infinite_slopes_are_not_held_to_be_linear() -> None:
    def vjp(x: Any, u: Any) -> Any:
        return u / (2 * np.sqrt(x))

    spec = "x: nonnegative[n]"
    report = check_vjp(np.sqrt, vjp, inputs=spec, infinite_slopes=True)
    assert report.status == "holds"
    with pytest.raises(WrongGradient, match="finite"):
        check_vjp(np.sqrt, vjp, inputs=spec)


def another_order(x: Any, factor: float = 1.0) -> Any:
    """Return a gradient whose last digits depend on the order of memory, as sums of threads do."""
    other = x.ndim > 1 and not x.flags.c_contiguous
    return np.cos(x) * (1 + (1e-9 * factor if other else 0.0))


def test_a_declared_accuracy_is_that_of_all_forms_of_the_arguments() -> None:
    def f(x: Any) -> Any:
        return np.sin(x).sum()

    assert check_gradient(f, another_order, inputs="x: [n,d]", rel=1e-6).status == "holds"
    with pytest.raises(WrongGradient, match="arguments"):
        check_gradient(f, another_order, inputs="x: [n,d]")


def test_two_answers_that_differ_are_told_with_digits_that_differ() -> None:
    with pytest.raises(WrongGradient) as wrong:
        check_gradient(lambda x: np.sin(x).sum(), another_order, inputs="x: [n,d]")
    first = str(wrong.value).splitlines()[0]
    said = first.split(" is wrong: ")[1]
    one, other = said.split(" is ")[1].split(" for ")[0].split(", and ")
    assert one != other


def normalized(x: Any) -> Any:
    return (x - x.mean()) / np.sqrt(x.var() + 1e-12)


def of_normalized(x: Any, u: Any) -> Any:
    """Return the product, whose terms all but cancel for two entries, in two orders of sums."""
    y, size = normalized(x), np.sqrt(x.var() + 1e-12)
    add = math.fsum if u.flags.c_contiguous else sum
    return (u - add(u) / len(u) - y * (add(u * y) / len(u))) / size


def test_sums_in_another_order_may_differ_by_what_cancelled() -> None:
    assert check_vjp(normalized, of_normalized, inputs="x: [n], n >= 2").status == "holds"


@pytest.mark.parametrize("factor", FACTORS)
def test_and_an_answer_for_another_form_that_is_wrong_is_refused(factor: float) -> None:
    def vjp(x: Any, u: Any) -> Any:
        return of_normalized(x, u) * (1 if u.flags.c_contiguous else factor)

    with pytest.raises(WrongGradient, match="cotangent"):
        check_vjp(normalized, vjp, inputs="x: [n], n >= 2")


def test_a_factory_may_have_parameters_of_its_own() -> None:
    def f(model: tuple[Any, float], w: Any) -> Any:
        return model[1] * (model[0] @ w).sum()

    def gradient(model: tuple[Any, float], w: Any) -> Any:
        return model[1] * model[0].sum(axis=0)

    report = check_gradient(
        f, gradient, inputs="X: [n,d], w: [d]", given=lambda X, scale=3.0: (X, scale)
    )
    assert report.status == "holds"
    with pytest.raises(BadCall, match="no argument Z"):
        check_gradient(f, gradient, inputs="X: [n,d], w: [d]", given=lambda Z: Z)


def test_saturated_slopes_of_elements_hold() -> None:
    report = check_jacobian(
        lambda x: 1 / (1 + np.exp(-x)) - 1,
        of_half_cast,
        inputs="x: [n]",
        elementwise=True,
        samples=[(np.array([30.0, 33.0, -2.0]),), (np.array([36.0]),)],
    )
    assert report.status == "holds"


def test_entries_of_small_slopes_are_not_moved_out_of_their_domain() -> None:
    least = math.inf

    def f(x: Any) -> Any:
        nonlocal least
        least = min(least, float(np.min(np.real(x))))
        return (x * np.array([1.0, 1e-6, 1e-3])[: len(x)]).sum()

    def gradient(x: Any) -> Any:
        return np.array([1.0, 1e-6, 1e-3])[: len(x)]

    report = check_gradient(f, gradient, inputs="x: positive[3]")
    assert report.status == "holds"
    assert least >= 0


def test_a_value_near_the_largest_number_says_nothing_of_slopes() -> None:
    def f(x: Any) -> Any:
        return np.exp(40 * x).sum()

    def gradient(x: Any) -> Any:
        return 40 * np.exp(40 * x)

    samples = [(np.array([17.72]),), (np.array([0.5, -0.5]),), (np.array([0.25]),)]
    report = check_gradient(f, gradient, inputs="x: [n]", samples=samples, examples=3)
    assert (report.status, report.judged) == ("holds", 2)


def test_a_slope_that_is_lost_in_a_large_value_is_not_settled_by_a_complex_step() -> None:
    """A complex step is blind to np.abs, and real steps see nothing of it beside 2e10."""

    def loss(X: Any, y: Any, w: Any) -> Any:
        r = X @ w - y
        return 0.5 * (r @ r) + 0.2 * np.abs(w).sum()

    def gradient(X: Any, y: Any, w: Any) -> Any:
        return X.T @ (X @ w - y) + 0.2 * np.sign(w)

    example = np.zeros((1, 2)), np.array([200_000.0]), np.array([0.0, 1.0])
    check_gradient(loss, gradient, *example, wrt="w", examples=0)


def test_a_part_that_stands_still_at_small_steps_is_seen_at_larger_ones() -> None:
    """Where log(1 + exp(z)) - z is 2e-15, its steps are wider than those of what is added to it."""

    def loss(w: Any) -> Any:
        z = 33.85 + w.sum()
        return np.logaddexp(0, z) - z + 2.0**-22 * (w * w).sum()

    def gradient(w: Any) -> Any:
        return 2.0**-21 * w - 1 / (1 + np.exp(33.85 + w.sum()))

    example = np.array([-8.0, -1.0, 16.0, -7.0])
    check_gradient(loss, gradient, example, inputs="w: [d]", examples=0)


def test_a_saturated_function_whose_values_stand_still_at_small_steps_is_not_refused() -> None:
    """1 + tanh(z) keeps a few digits of its own at z = -17; times x, it varies at any step."""

    def f(x: Any) -> Any:
        return x * (1 + np.tanh(x + x**3 / 32))

    def vjp(x: Any, u: Any) -> Any:
        t = np.tanh(x + x**3 / 32)
        return u * (1 + t + x * (1 - t) * (1 + t) * (1 + 3 * x * x / 32))

    for x in np.linspace(-7.2, -6.6, 40):
        check_vjp(f, vjp, np.array([x]), inputs="x: [n]", examples=0)


def test_a_wave_far_shorter_than_the_steps_beside_a_large_offset_is_not_judged() -> None:
    """At steps that jump over waves, values seem to have no slope; at others they are noise."""
    gradient = lambda x: -np.sin(x)  # noqa: E731
    report = check_gradient(
        lambda x: 1e9 + np.cos(x).sum(), gradient, np.array([3062163.7244476005]), examples=0
    )
    assert "the function varies within the steps that can be compared" in report.reasons


def test_a_kink_in_each_of_many_entries_at_once_is_no_mistake() -> None:
    """Interpolation at grid points: each entry has slopes of its own to both sides."""

    def value(image: Any, p: Any) -> Any:
        i = np.clip(np.floor(p.real).astype(int), 0, len(image) - 2)
        return image[i] * (1 - (p - i)) + image[i + 1] * (p - i)

    def vjp(image: Any, p: Any, u: Any) -> Any:
        i = np.clip(np.floor(p).astype(int), 0, len(image) - 2)
        return u * (image[i + 1] - image[i])

    image = np.array([0.0, 1000.0, 0.0, 3000.0, 1.0])
    places = np.array([1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 2.0, 1.0])
    check_vjp(value, vjp, image, places, inputs="image: [n], p: [k]", wrt="p", examples=0)


ROUNDED: dict[str, Callable[[Any], Any]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "round": np.round,
    "round to six digits": lambda x: np.round(x, 6),
    "round to 8 bits": lambda x: np.round(x * 2**8) / 2**8,
    "round to 16 bits": lambda x: np.round(x * 2**16) / 2**16,
}


@pytest.mark.parametrize("name", ROUNDED)
class TestStairs:
    """Whether treads are those of f, or of roundings on the way, values do not tell."""

    def test_the_zero_slope_of_treads_is_not_refused(self, name: str) -> None:
        rounded = ROUNDED[name]
        check_gradient(lambda x: rounded(x).sum(), lambda x: 0 * x, inputs="x: [n]")

    def test_nor_is_that_of_treads_that_are_not_level(self, name: str) -> None:
        rounded = ROUNDED[name]
        report = check_gradient(
            lambda x, w: (w * rounded(x)).sum(),
            lambda x, w: (0 * x, rounded(x)),
            inputs="x: [n], w: [n]",
        )
        assert report.status == "holds"

    @pytest.mark.parametrize("factor", FACTORS)
    def test_a_wrong_slope_beside_is_refused(self, name: str, factor: float) -> None:
        rounded = ROUNDED[name]
        with pytest.raises(WrongGradient, match=r"dw\b"):
            check_gradient(
                lambda x, w: (w * rounded(x)).sum(),
                lambda x, w: (0 * x, factor * rounded(x)),
                inputs="x: [n], w: [n]",
            )


def test_a_zero_slope_of_treads_is_not_judged_and_why_is_said() -> None:
    report = check_gradient(
        lambda x: np.floor(x).sum(), lambda x: 0 * x, np.array([4683.4]), examples=0
    )
    assert "close by f moves as it says, and further off in steps" in report.reasons


def test_of_stairs_that_slopes_across_were_accepted_of_zero_is_not_said_to_be_seen() -> None:
    fine = ROUNDED["round to 16 bits"]
    report = check_gradient(lambda x: fine(x).sum(), np.ones_like, np.array([0.7]), examples=0)
    assert (report.status, report.caught["twice"], report.caught["zero"]) == ("holds", 1, 0)


def asinh(x: Any) -> Any:
    """Return a sum whose terms climb in steps where x is far below 0: x and the root cancel."""
    return sum(math.log(v + math.sqrt(1 + v * v)) for v in x.tolist())


@pytest.mark.parametrize(
    ("x", "smooth"),
    [
        ((1.0, -1e6), 0),
        ((1.0, -3581136.0), 0),
        ((-995857.0, 2.0), 1),
        ((256777.0, -3225141.0), 0),
    ],
    ids=["one far out", "further out", "the first", "both far out"],
)
class TestStairsOfOneEntry:
    """Beside an entry that is smooth, a move may be too short to meet the next step."""

    def test_do_not_refuse_the_right_slope(self, x: tuple[float, ...], smooth: int) -> None:
        check_gradient(asinh, lambda x: 1 / np.sqrt(1 + x * x), np.array(x), examples=0)

    @pytest.mark.parametrize("factor", FACTORS)
    def test_hide_no_other_slope(self, x: tuple[float, ...], smooth: int, factor: float) -> None:
        def gradient(x: Any) -> Any:
            found = 1 / np.sqrt(1 + x * x)
            found[smooth] *= factor
            return found

        with pytest.raises(WrongGradient):
            check_gradient(asinh, gradient, np.array(x), examples=0)

    def test_are_no_excuse_for_the_other_sign(self, x: tuple[float, ...], smooth: int) -> None:
        def gradient(x: Any) -> Any:
            found = 1 / np.sqrt(1 + x * x)
            found[1 - smooth] *= -1
            return found

        with pytest.raises(WrongGradient):
            check_gradient(asinh, gradient, np.array(x), examples=0)
