"""What JAX says of functions, by rules of its own and by wrong ones."""

from typing import Any

import numpy as np
import pytest

from gradaudit import BadCall, WrongGradient, check_gradient

pytest.importorskip("jax")

import jax
import jax.numpy as jnp
from jax.test_util import check_grads

from gradaudit.jax import check, own

FEW = 12  # since each shape is compiled for itself
X = np.random.default_rng(0).normal(size=3)


def with_rule(f: Any, rule: Any) -> Any:
    """Return a function with a derivative of one's own: rule(x, value, cotangent)."""
    ruled = jax.custom_vjp(f)
    ruled.defvjp(lambda x: (f(x), (x, f(x))), lambda kept, g: (rule(*kept, g),))
    return ruled


def logsumexp(x: Any) -> Any:
    top = jnp.max(x)
    return top + jnp.log(jnp.sum(jnp.exp(x - top)))


class TestHolds:
    @pytest.mark.parametrize(
        ("f", "example"),
        [
            pytest.param(jax.nn.relu, [X], id="a kink"),
            pytest.param(
                with_rule(logsumexp, lambda x, y, g: g * jnp.exp(x - y)), [X], id="a custom_vjp"
            ),
            pytest.param(
                lambda p, y: jnp.mean((y @ p["W"] - p["b"]) ** 2),
                [{"W": np.ones((3, 2)), "b": np.ones(2)}, np.ones((4, 3))],
                id="a tree",
            ),
            pytest.param(lambda x, n: x**n, [X, 3], id="a number that decides what is compiled"),
            pytest.param(lambda x, k: x[k], [X, np.array([0, 2])], id="whole numbers"),
            pytest.param(lambda z: jnp.real(z * z), [X + 1j * X], id="a complex one"),
            pytest.param(lambda x: {"a": x, "n": 3, "b": x * x}, [X], id="a tree of results"),
        ],
    )
    def test_a_right_one(self, f: Any, example: Any) -> None:
        assert check(f, *example, examples=FEW).status == "holds"

    def test_a_jvp(self) -> None:
        assert check(jnp.sin, X, mode="fwd", examples=FEW).status == "holds"

    @pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
    def test_a_short_precision(self, dtype: Any) -> None:
        report = check(jnp.sin, jnp.asarray(X, dtype), examples=FEW)
        assert (report.status, set(report.how)) == ("holds", {"complex step"})

    def test_a_short_precision_of_complex_numbers(self) -> None:
        z = jnp.asarray(X + 1j * X, jnp.complex64)
        assert check(lambda z: jnp.real(z * z), z, examples=FEW).status == "holds"

    @pytest.mark.parametrize("mode", ["rev", "fwd"])
    @pytest.mark.parametrize(
        ("example", "options"),
        [([jnp.asarray(X)], {}), ([], {"inputs": "x: float32[n]"})],
        ids=["of an example", "of a spec"],
    )
    def test_a_rule_whose_precision_goes_by_numbers_of_its_own(
        self, mode: Any, example: Any, options: Any
    ) -> None:
        def share(x: Any) -> Any:  # of float32 if whole numbers are, and else of float64
            return 1 / jnp.count_nonzero(jnp.isfinite(x))

        mean = jax.custom_jvp(lambda x: jnp.sum(x) * share(x))
        mean.defjvp(lambda x, t: (mean(*x), jnp.sum(t[0]) / t[0].size))
        assert check(mean, *example, mode=mode, examples=FEW, **options).status == "holds"

    def test_what_cannot_be_compiled(self) -> None:
        report = check(lambda x: x * x if float(x.shape[0]) > 1 else x, X, examples=FEW)
        assert report.status == "holds"

    def test_double_precision_is_not_left_switched_on(self) -> None:
        check(jnp.sin, X, examples=0)
        assert jnp.asarray(1.0).dtype == jnp.float32


# In the precision of JAX as it is, at one input and in one direction, these are not seen.
UNSEEN = {
    "a part in a million": with_rule(jnp.sin, lambda x, _, g: g * jnp.cos(x) * (1 + 1e-6)),
    "one entry": with_rule(jnp.sin, lambda x, _, g: (g * jnp.cos(x)).at[-1].multiply(1 + 1e-4)),
    "large numbers": with_rule(jnp.exp, lambda x, _, g: g * jnp.exp(jnp.minimum(x, 3.0))),
    "a size of one": with_rule(
        lambda x: jnp.sum(x) / x.size, lambda x, _, g: jnp.full(x.shape, g / max(x.size, 2))
    ),
}
SEEN = {
    "a factor of two": (with_rule(jnp.sin, lambda x, _, g: 2 * g * jnp.cos(x)), "slope"),
    "no cotangent": (
        with_rule(logsumexp, lambda x, y, _: jnp.exp(x - y)),
        "linear in the cotangent",
    ),
    "nan at zero": (with_rule(jnp.sin, lambda x, y, g: g * jnp.sin(2 * x) / (2 * y)), "a value"),
}


class TestRefuses:
    @pytest.mark.parametrize("name", UNSEEN)
    def test_a_wrong_rule_that_check_grads_passes(self, name: Any) -> None:
        check_grads(UNSEEN[name], (jnp.asarray(X),), order=1, modes=["rev"])
        with pytest.raises(WrongGradient):
            check(UNSEEN[name], X, examples=60)

    @pytest.mark.parametrize("name", SEEN)
    def test_a_wrong_rule_by_its_law(self, name: Any) -> None:
        f, law = SEEN[name]
        with pytest.raises(WrongGradient) as wrong:
            check(f, X, examples=FEW)
        assert wrong.value.law == law

    def test_a_wrong_jvp(self) -> None:
        f = jax.custom_jvp(jnp.sin)
        f.defjvp(lambda x, t: (jnp.sin(x[0]), 2 * jnp.cos(x[0]) * t[0]))
        with pytest.raises(WrongGradient):
            check(f, X, mode="fwd", examples=FEW)

    def test_a_rule_whose_precision_is_wrong_in_that_of_the_example_alone(self) -> None:
        short = {jnp.dtype(jnp.float32): jnp.float16}
        f = jax.custom_jvp(jnp.sin)
        f.defjvp(lambda x, t: (f(*x), (jnp.cos(x[0]) * t[0]).astype(short.get(x[0].dtype))))
        with pytest.raises(WrongGradient, match=r"Expected float32.* but got float16"):
            check(f, jnp.asarray(X), examples=FEW)

    def test_and_tells_the_call_that_shows_it(self) -> None:
        with pytest.raises(
            WrongGradient, match=r"again +gradaudit\.jax\.check\(sin, x, mode='rev'"
        ):
            check(SEEN["a factor of two"][0], X, examples=FEW)


class TestBadCalls:
    def test_with_another_mode(self) -> None:
        with pytest.raises(BadCall, match="'rev' or 'fwd', not 'both'"):
            check(jnp.sin, X, mode="both")  # type: ignore[arg-type]

    def test_with_an_object_that_is_made(self) -> None:
        with pytest.raises(BadCall, match="given"):
            check(jnp.sin, X, given=lambda x: x)


class TestOwn:
    def test_it_is_the_truth_where_a_complex_step_is_not(self) -> None:
        def f(x: Any) -> Any:
            return float(np.sum(np.maximum(x, 0) * np.abs(x)))

        slope = own(lambda x: jnp.sum(jax.nn.relu(x) * jnp.abs(x)))
        report = check_gradient(
            f, lambda x: 2 * np.maximum(x, 0), inputs="x: [n]", own=slope, examples=FEW
        )
        assert "automatic derivative" in report.how

    @pytest.mark.parametrize("wrap", [lambda f: f, jax.jit, lambda f: lambda x: 2 * f(x) / 2])
    def test_it_leaves_rules_that_are_written_by_hand_out(self, wrap: Any) -> None:
        f = wrap(with_rule(lambda x: jnp.sum(jnp.sin(x)), lambda x, _, g: 2 * g * jnp.cos(x)))
        (slope,) = own(f)((X,), (np.ones(3),))
        assert slope == pytest.approx(np.cos(X).sum())

    def test_in_a_loop_it_cannot_and_there_is_none(self) -> None:
        f = with_rule(jnp.sin, lambda x, _, g: 2 * g * jnp.cos(x))
        with pytest.raises(NotImplementedError):
            own(lambda x: jax.lax.fori_loop(0, 2, lambda _, y: f(y), x))((X,), (X,))
