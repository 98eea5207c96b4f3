"""The calls that check a pair of functions, as their users write them."""

import functools
import json
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from gradaudit import (
    BadCall,
    BadSpec,
    Report,
    WrongGradient,
    check_chain,
    check_gradient,
    check_jacobian,
    check_jvp,
    check_vjp,
    gradient_test,
)

Array = Any
NETWORK = "X: [n,d], W1: [d,h], b1: [h], w2: [h], b2: [], t: [n]"


def network_loss(X: Array, W1: Array, b1: Array, w2: Array, b2: Array, t: Array) -> Any:
    e = np.maximum(X @ W1 + b1, 0) @ w2 + b2 - t
    return 0.5 * (e * e).sum()


def network_gradient(X: Array, W1: Array, b1: Array, w2: Array, b2: Array, t: Array) -> Any:
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    e = h @ w2 + b2 - t
    delta = np.outer(e, w2) * (z > 0)
    return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()


def loss_of_two(X: Array, w: Array) -> Any:
    return X @ w


def squares(x: Array) -> Any:
    return (x * x).sum()


def twice(x: Array) -> Array:
    return 2 * x


def drawing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that draws numbers, as a layer does when it is built, and drops them."""

    def drawn(*args: Any) -> Any:
        np.random.normal(size=3)
        return function(*args)

    return drawn


def refusal(check: Callable[..., Any], *arguments: Any, **options: Any) -> WrongGradient:
    """Return the refusal that a check ends with."""
    with pytest.raises(WrongGradient) as caught:
        check(*arguments, **options)
    return caught.value


class TestARightGradient:
    def test_of_a_network_holds(self) -> None:
        report = check_gradient(network_loss, network_gradient, inputs=NETWORK, wrt="W1 b1 w2 b2")
        assert report.status == "holds"

    def test_is_judged_at_kinks_too(self) -> None:
        report = check_gradient(network_loss, network_gradient, inputs=NETWORK, wrt="W1 b1 w2 b2")
        assert report.kinks > 0

    def test_needs_few_evaluations_where_it_is_smooth(self) -> None:
        report = check_gradient(squares, twice, np.array([1.5, -0.25]), examples=0)
        assert (report.evaluations, report.calls) == (4, 4)

    @pytest.mark.parametrize(
        ("f", "gradient", "spec", "wrt"),
        [
            (lambda A: np.linalg.slogdet(A)[1], lambda A: np.linalg.inv(A).T, "A: spd[d,d]", "A"),
            (
                lambda L: np.log(np.diagonal(L)).sum(),
                lambda L: np.diag(1 / np.diagonal(L)),
                "L: lower[d,d]",
                "L",
            ),
            (lambda p: (p * np.log(p)).sum(), lambda p: np.log(p) + 1, "p: simplex[k]", "p"),
            (lambda q: np.log(q).sum(), lambda q: 1 / q, "q: positive[n]", "q"),
            (lambda u, c: (u @ c) ** 2, lambda u, c: 2 * (u @ c) * c, "u: unitvec[k], c: [k]", "u"),
            (
                lambda Q, A: np.trace(Q @ A),
                lambda Q, A: A.T.copy(),
                "Q: orthogonal[d,d], A: [d,d]",
                "Q",
            ),
            (lambda z: (np.abs(z) ** 2).sum(), lambda z: 2 * z, "z: complex[n]", "z"),
        ],
        ids=[
            "by a positive definite matrix",
            "by a Cholesky factor",
            "by probabilities",
            "by positive numbers",
            "by a unit vector",
            "by an orthogonal matrix",
            "by complex numbers",
        ],
    )
    def test_is_moved_within_its_domain(self, f: Any, gradient: Any, spec: str, wrt: str) -> None:
        assert check_gradient(f, gradient, inputs=spec, wrt=wrt).status == "holds"

    def test_may_be_that_of_a_tree(self) -> None:
        report = check_gradient(
            lambda p, x: ((x @ p["W"] + p["b"]) ** 2).sum(),
            lambda p, x: {
                "W": 2 * x.T @ (x @ p["W"] + p["b"]),
                "b": 2 * (x @ p["W"] + p["b"]).sum(axis=0),
            },
            inputs="p: {W: [d,h], b: [h]}, x: [n,d]",
            wrt="p",
        )
        assert report.status == "holds"

    def test_may_come_with_its_value(self) -> None:
        report = check_gradient(value_and_grad=lambda x: (squares(x), 2 * x), inputs="x: [n]")
        assert report.status == "holds"

    def test_may_be_picked_out_of_more(self) -> None:
        report = check_gradient(
            value_and_grad=lambda x: {"loss": squares(x), "slope": 2 * x},
            pick=lambda out: (out["loss"], out["slope"]),
            inputs="x: [n]",
        )
        assert report.status == "holds"

    @pytest.mark.parametrize(
        "gradient",
        [drawing(twice), drawing(drawing(twice))],
        ids=["as often", "more often"],
    )
    def test_that_draws_numbers_as_f_does_holds_with_a_remark(self, gradient: Any) -> None:
        report = check_gradient(drawing(squares), gradient, inputs="x: [n]")
        assert report.status == "holds"
        assert "the gradient changes the state of np.random, and so does f" in report.remarks

    def test_of_an_object_that_draws_numbers_when_it_is_made_holds(self) -> None:
        report = check_gradient(
            lambda _, x: squares(x),
            lambda _, x: twice(x),
            inputs="x: [n]",
            given=lambda: np.random.normal(size=3),
        )
        assert (report.status, report.remarks) == ("holds", {})

    def test_of_a_function_that_changes_its_argument_holds_with_a_remark(self) -> None:
        def doubled(x: Array) -> Any:
            x *= 2
            return (x * x).sum()

        report = check_gradient(doubled, lambda x: 8 * x, inputs="x: [n]")
        assert report.status == "holds"
        assert "f changes its argument x" in str(report)

    def test_may_be_a_partial_or_a_method(self) -> None:
        class Model:
            def loss(self, x: Array) -> Any:
                return squares(x)

        report = check_gradient(Model().loss, functools.partial(twice), inputs="x: [n]")
        assert report.status == "holds"

    def test_may_need_a_fresh_object_for_each_input(self) -> None:
        class Fitted:
            def __init__(self, X: Array, y: Array) -> None:
                self.X, self.y = X, y

        report = check_gradient(
            lambda model, w: squares(model.X @ w - model.y),
            lambda model, w: 2 * model.X.T @ (model.X @ w - model.y),
            inputs="X: [n,d], y: [n], w: [d]",
            given=Fitted,
        )
        assert report.status == "holds"

    def test_may_stay_float32(self) -> None:
        report = check_gradient(squares, twice, inputs="x: float32[n]")
        assert report.status == "holds"

    def test_may_be_of_lists_of_numbers(self) -> None:
        report = check_gradient(
            lambda x: sum(v * v for v in x), lambda x: np.array([2 * v for v in x]), [1.0, 2.5]
        )
        assert report.status == "holds"

    def test_is_checked_at_one_input_within_a_test_of_ones_own(self) -> None:
        tried = 0

        @settings(database=None, max_examples=20, derandomize=True)
        @given(st.lists(st.floats(-10, 10), min_size=1, max_size=4))
        def property_of_mine(values: list[float]) -> None:
            nonlocal tried
            check_gradient(squares, twice, np.array(values), examples=0)
            tried += 1

        property_of_mine()
        assert tried > 0

    def test_is_checked_on_samples_of_ones_own(self) -> None:
        random = np.random.default_rng(0)
        samples = [(random.normal(size=(5, 2)), random.normal(size=5), random.normal(size=2))]
        report = check_gradient(
            lambda X, y, w: squares(X @ w - y),
            lambda X, y, w: 2 * X.T @ (X @ w - y),
            samples=samples,
            inputs="X: [n,d], y: [n], w: [d]",
            wrt="w",
        )
        assert report.status == "holds"

    def test_may_be_by_an_argument_from_a_strategy(self) -> None:
        report = check_gradient(
            lambda x, k: squares(x) * k,
            lambda x, k: 2 * x * k,
            inputs={"x": "[n]", "k": st.sampled_from([1.5, 2.5])},
            wrt="x",
        )
        assert report.status == "holds"


class TestAWrongGradient:
    def test_is_told_with_its_entry_and_both_values(self) -> None:
        def wrong(x: Array) -> Array:
            g = 2 * x
            if len(g) > 2:
                g[2] += 1e-7
            return g

        error = refusal(check_gradient, squares, wrong, inputs="x: [n]")
        assert error.entry == "dx[2]"
        assert error.said is not None
        assert error.low is not None
        assert error.said - error.low == pytest.approx(1e-7, rel=1e-4)

    def test_is_shown_on_the_smallest_input(self) -> None:
        def wrong(X: Array, W1: Array, b1: Array, w2: Array, b2: Array, t: Array) -> Any:
            h = np.maximum(X @ W1 + b1, 0)
            e = h @ w2 + b2 - t
            delta = np.outer(e, w2)
            return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()

        error = refusal(check_gradient, network_loss, wrong, inputs=NETWORK, wrt="W1 b1 w2 b2")
        assert [np.size(a) for a in error.arguments] == [1, 1, 1, 1, 1, 1]

    def test_is_shown_with_an_input_that_can_be_pasted(self) -> None:
        error = refusal(check_gradient, squares, lambda x: 3 * x, inputs="x: [n]")
        (line,) = [line for line in str(error).splitlines() if "x = " in line]
        values: dict[str, Any] = {}
        exec(line.split(None, 1)[1], {"np": np}, values)
        assert refusal(check_gradient, squares, lambda x: 3 * x, values["x"], examples=0)

    @pytest.mark.parametrize(
        ("gradient", "relation"),
        [
            (lambda X, y, w: X.T @ (X @ w - y), "half of what is right"),
            (lambda X, y, w: -2 * X.T @ (X @ w - y), "what is right with another sign"),
            (lambda X, y, w: 2 * X.T @ (X @ w - y) / len(y), "a mean for a sum over n"),
            (lambda X, y, w: 0 * w, "zero"),
        ],
        ids=["half", "another sign", "a mean", "zero"],
    )
    def test_is_told_by_its_relation_to_the_right_one(self, gradient: Any, relation: str) -> None:
        error = refusal(
            check_gradient,
            lambda X, y, w: squares(X @ w - y),
            gradient,
            inputs="X: [n,d], y: [n], w: [d]",
            wrt="w",
        )
        assert relation in str(error)

    def test_of_a_packed_vector_is_told_by_the_name_of_its_entry(self) -> None:
        def wrong(theta: Array) -> Array:
            g = 2 * theta
            g[1] *= 2
            return g

        error = refusal(check_gradient, squares, wrong, inputs="theta: packed(W[2,2], b[2])")
        assert error.entry == "dW[0,1]"

    @pytest.mark.parametrize(
        ("gradient", "law"),
        [
            (lambda x: (2 * x)[:, None], "the form"),
            (lambda x: (2 * x).astype(np.float32), "the form"),
            (lambda x: (2 * x, 2 * x), "the form"),
            (lambda x: np.where(x == 0, np.nan, 2 * x), "a value"),
            (lambda x: 2 * x if len(x) > 1 else 1 // 0, "a value"),
        ],
        ids=["as a column", "as float32", "twice", "nan at zero", "an exception at n = 1"],
    )
    def test_in_another_form_is_told_apart(self, gradient: Any, law: str) -> None:
        assert refusal(check_gradient, squares, gradient, inputs="x: [n]").law == law

    def test_which_changes_its_argument_is_refused(self) -> None:
        def wrong(x: Array) -> Array:
            x *= 2
            return x.copy()

        assert refusal(check_gradient, squares, wrong, inputs="x: [n]").law == "inputs unchanged"

    def test_which_returns_one_buffer_at_every_call_is_refused(self) -> None:
        buffers: dict[int, Array] = {}

        def wrong(x: Array) -> Array:
            return np.multiply(2, x, out=buffers.setdefault(len(x), np.empty(len(x))))

        assert refusal(check_gradient, squares, wrong, inputs="x: [n]").law == "memory of its own"

    def test_which_depends_on_an_earlier_call_is_refused(self) -> None:
        seen: list[float] = []

        def wrong(x: Array) -> Array:
            seen.append(float(x.sum()))
            return 2 * x + 1e-3 * (seen[-1] - seen[max(len(seen) - 2, 0)])

        assert refusal(check_gradient, squares, wrong, inputs="x: [n]").law == "the same again"

    def test_which_is_another_at_every_third_call_is_refused(self) -> None:
        calls = count()

        def wrong(x: Array) -> Array:
            return 2 * x * (1 if next(calls) % 3 else 2)

        assert refusal(check_gradient, squares, wrong, inputs="x: [n]").law == "the same again"

    def test_which_seeds_numpy_is_refused(self) -> None:
        def wrong(x: Array) -> Array:
            np.random.seed(0)
            return 2 * x

        assert refusal(check_gradient, squares, wrong, inputs="x: [n]").law == "nothing global"

    def test_which_changes_how_numpy_handles_errors_is_refused(self) -> None:
        def wrong(x: Array) -> Array:
            np.seterr(all="ignore")
            return 2 * x

        assert refusal(check_gradient, squares, wrong, inputs="x: [n]").law == "nothing global"

    def test_which_draws_is_told_to_be_right_otherwise(self) -> None:
        error = refusal(check_gradient, squares, drawing(twice), inputs="x: [n]")
        assert "the values are right here; the gradient changes the state of np.random" in str(
            error
        )

    def test_which_draws_and_is_wrong_is_told_as_wrong(self) -> None:
        wrong = drawing(lambda x: 3 * x)
        assert refusal(check_gradient, squares, wrong, inputs="x: [n]").law == "slope"

    def test_which_seeds_where_f_draws_is_refused(self) -> None:
        def wrong(x: Array) -> Array:
            np.random.seed(0)
            return 2 * x

        error = refusal(check_gradient, drawing(squares), wrong, inputs="x: [n]")
        assert error.law == "nothing global"

    def test_which_returns_what_it_draws_is_refused_where_f_draws_too(self) -> None:
        wrong = lambda x: 2 * x + 1e-9 * np.random.rand(len(x))  # noqa: E731
        error = refusal(check_gradient, drawing(squares), wrong, inputs="x: [n]")
        assert error.law == "the same again"

    def test_which_passes_through_float32_is_refused(self) -> None:
        error = refusal(
            check_gradient,
            squares,
            lambda x: (2 * x).astype(np.float32).astype(float),
            inputs="x: [n]",
        )
        assert error.law in {"digits", "slope"}

    def test_of_a_dict_is_read_by_its_keys(self) -> None:
        f = lambda p: (p["a"] ** 2).sum() + 3 * p["b"].sum()  # noqa: E731
        right = lambda p: {"b": 3 * np.ones_like(p["b"]), "a": 2 * p["a"]}  # noqa: E731
        wrong = lambda p: {"b": 2 * p["a"], "a": 3 * np.ones_like(p["b"])}  # noqa: E731
        assert check_gradient(f, right, inputs="p: {a: [n], b: [n]}").status == "holds"
        refusal(check_gradient, f, wrong, inputs="p: {a: [n], b: [n]}")

    def test_which_reads_the_memory_of_a_large_argument_is_refused(self) -> None:
        """However large f and its argument are: roundings do not excuse another answer."""

        def by_memory(x: Array) -> Array:
            return 2 * (x if x.strides[0] > 0 else x[::-1])

        def large(x: Array) -> Any:
            return (x * x).sum()

        samples = [(1e6 + np.array([0.0, 1.0, 3.0]) + k,) for k in range(3)]
        error = refusal(check_gradient, large, by_memory, samples=samples, inputs="x: [n]")
        assert error.law == "the same again"

    def test_which_reads_what_the_last_call_of_f_left_is_refused(self) -> None:
        class Net:
            def loss(self, x: Array) -> Any:
                self.x = x
                return squares(x)

            def gradient(self, x: Array) -> Array:
                return np.real(2 * self.x).astype(float)

        net = Net()
        error = refusal(check_gradient, net.loss, net.gradient, inputs="x: [n]")
        assert error.law == "the same again"


class TestWhatAGradientKeepsOfACall:
    """A cache may know an input by too little of it."""

    SPEC = "X: [n,d], w: [d], power: 2..3"

    def cached(self, *known_by: int) -> Callable[..., Any]:
        kept: dict[tuple[Any, ...], Array] = {}

        def gradient(*args: Any) -> Array:
            X, w, power = args
            key = tuple(np.asarray(args[k]).tobytes() for k in known_by)
            if key not in kept:
                kept.clear()
                kept[key] = power * X.T @ (X @ w) ** (power - 1)
            return kept[key].copy()

        return gradient

    @staticmethod
    def loss(X: Array, w: Array, power: int) -> Any:
        return ((X @ w) ** power).sum()

    @pytest.mark.parametrize(
        "known_by", [(1, 2), (0, 2), (0, 1)], ids=["the data", "what moves", "an option"]
    )
    def test_is_refused_where_it_does_not_know_all_but(self, known_by: tuple[int, ...]) -> None:
        error = refusal(
            check_gradient, self.loss, self.cached(*known_by), inputs=self.SPEC, wrt="w"
        )
        assert error.law == "the same again"

    def test_is_well_known_by_all_of_it(self) -> None:
        right = self.cached(0, 1, 2)
        assert check_gradient(self.loss, right, inputs=self.SPEC, wrt="w").status == "holds"


class TestAGradientWithOptions:
    """One cause is told once, with the values of options at which alone it shows."""

    SPEC = "x: [n], causal: bool, power: 2..4"

    @staticmethod
    def loss(x: Array, causal: bool, power: int) -> Any:
        return (x if causal else 2 * x).sum() ** power

    @staticmethod
    def gradient(x: Array, causal: bool, power: int) -> Array:
        scale = 1 if causal else 2
        return np.full(x.shape, scale * power * (scale * x.sum()) ** (power - 1))

    def told(self, wrong: Callable[..., Any]) -> str:
        return refusal(check_gradient, self.loss, wrong, inputs=self.SPEC, wrt="x").told["options"]

    def test_is_told_where_alone_it_is_wrong(self) -> None:
        wrong = lambda x, c, p: self.gradient(x, c, p) * (1 if p < 4 else 2)  # noqa: E731
        assert self.told(wrong) == "it is refused where power is 4, and nowhere else"

    def test_is_told_where_two_options_together_are_wrong(self) -> None:
        wrong = lambda x, c, p: self.gradient(x, c, p) * (1 if c or p < 4 else 2)  # noqa: E731
        both = "it is refused where causal is False and power is 4, and nowhere else"
        assert self.told(wrong) == both

    def test_is_told_where_it_is_never_wrong(self) -> None:
        wrong = lambda x, c, p: self.gradient(x, c, p) * (1 if p == 3 else 2)  # noqa: E731
        assert self.told(wrong) == "it is refused, but never where power is 3"

    def test_is_told_nothing_that_the_shown_input_contradicts(self) -> None:
        def wrong(x: Array, power: int) -> Array:
            at_few = (x.size == 1) & (abs(x - 1) < 1e-3)  # as the smallest input is
            return np.cos(x) * power * np.where(at_few | (power == 2), 2.0, 1.0)

        f, inputs = (lambda x, power: np.sin(x).sum() * power), "x: positive[n], power: 1..2"
        error = refusal(check_gradient, f, wrong, inputs=inputs, wrt="x")
        assert error.arguments[1] == 1
        assert "options" not in error.told


class TestAVectorJacobianProduct:
    SPEC = "Z: [n,k]"

    @staticmethod
    def softmax(Z: Array) -> Array:
        e = np.exp(Z - Z.real.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    @classmethod
    def pulled(cls, Z: Array, u: Array) -> Array:
        p = cls.softmax(Z)
        return p * (u - (p * u).sum(axis=-1, keepdims=True))

    def test_that_is_right_holds(self) -> None:
        assert check_vjp(self.softmax, self.pulled, inputs=self.SPEC).status == "holds"

    def test_that_clips_the_cotangent_is_refused(self) -> None:
        def clipped(x: Array, u: Array) -> Array:
            return np.clip(u, -100, 100) * np.cos(x)

        error = refusal(check_vjp, np.sin, clipped, inputs="x: [n]")
        assert "for a huge cotangent" in str(error)

    def test_that_takes_the_cotangent_for_ones_is_refused(self) -> None:
        refusal(check_vjp, lambda x: x**2, lambda x, u: 2 * x, inputs="x: [n]")

    def test_that_changes_the_cotangent_is_refused(self) -> None:
        def wrong(x: Array, u: Array) -> Array:
            u *= 2 * x
            return u.copy()

        error = refusal(check_vjp, lambda x: x**2, wrong, inputs="x: [n]")
        assert error.law == "inputs unchanged"

    def test_that_reads_the_memory_of_the_cotangent_is_refused(self) -> None:
        def wrong(x: Array, u: Array) -> Array:
            return 2 * x * u.ravel(order="K").reshape(u.shape)

        error = refusal(check_vjp, lambda x: x**2, wrong, inputs="x: [n,m]")
        assert error.law in {"the same again", "slope"}

    def test_that_rounds_the_cotangent_is_refused(self) -> None:
        error = refusal(
            check_vjp, lambda x: x**2, lambda x, u: 2 * x * np.round(u, 4), inputs="x: [n]"
        )
        assert error.law in {"the same again", "slope"}

    def test_that_adds_a_constant_is_refused(self) -> None:
        refusal(check_vjp, lambda x: x**2, lambda x, u: 2 * x * u + 1e-3, inputs="x: [n]")

    @staticmethod
    def pushed(Z: Array, v: Array) -> Array:
        p = TestAVectorJacobianProduct.softmax(Z)
        return p * (v - (p * v).sum(axis=-1, keepdims=True))

    def test_that_is_adjoint_to_the_product_the_other_way_holds(self) -> None:
        report = check_vjp(self.softmax, self.pulled, jvp=self.pushed, inputs=self.SPEC)
        assert report.status == "holds"

    def test_that_is_not_adjoint_to_the_product_the_other_way_is_refused(self) -> None:
        def pushed(Z: Array, v: Array) -> Array:
            return self.pushed(Z, v) * (1 + 1e-9)

        error = refusal(check_vjp, self.softmax, self.pulled, jvp=pushed, inputs=self.SPEC)
        assert error.law == "adjoint"

    def test_of_several_results_takes_a_cotangent_for_each(self) -> None:
        report = check_vjp(
            lambda x: (x**2, x.sum()),
            lambda x, u: 2 * x * u[0] + u[1],
            inputs="x: [n]",
        )
        assert report.status == "holds"

    @pytest.mark.parametrize(
        "vjp",
        [
            lambda x, u: 2 * x * u[0] + (3 * u[1] if u[0].all() else 0),
            lambda x, u: (2 * x * u[0] + 3 * u[1]) * (1 if u[0].any() else 0),
            lambda x, u: 2 * x * u[0] + 3 * u[1] if u[0].flat[0] else np.zeros_like(x),
        ],
        ids=["one of which has a zero", "one of which is zero", "which begins with a zero"],
    )
    def test_that_is_wrong_for_cotangents_is_refused(self, vjp: Any) -> None:
        error = refusal(check_vjp, lambda x: (x**2, 3 * x), vjp, inputs="x: [n]")
        assert "by two parts of the cotangent" in str(error)


class TestAJacobianVectorProduct:
    def test_that_is_right_holds(self) -> None:
        report = check_jvp(
            lambda A, B: A @ B,
            lambda A, B, dA, dB: dA @ B + A @ dB,
            inputs="A: [n,k], B: [k,m]",
        )
        assert report.status == "holds"

    def test_that_drops_a_term_is_refused(self) -> None:
        error = refusal(
            check_jvp, lambda A, B: A @ B, lambda A, B, dA, dB: dA @ B, inputs="A: [n,k], B: [k,m]"
        )
        assert error.entry.startswith("dB")

    def test_that_is_refused_names_the_value_of_f(self) -> None:
        def wrong(x: Array, v: Array) -> Array:
            return np.array([2 * x @ v, 2 * v.sum()])

        f = lambda x: np.array([x @ x, 3 * x.sum()])  # noqa: E731
        assert "df[1]/dx[0] is 2, and 3" in str(refusal(check_jvp, f, wrong, inputs="x: [n]"))

    def test_that_changes_its_tangent_is_refused(self) -> None:
        def wrong(x: Array, v: Array) -> Array:
            v *= 2 * x
            return v.copy()

        error = refusal(check_jvp, lambda x: x**2, wrong, inputs="x: [n]")
        assert "the tangent is changed" in str(error)

    def test_that_changes_its_argument_is_refused(self) -> None:
        def wrong(x: Array, v: Array) -> Array:
            product = 2 * x * v
            x += 1
            return product

        error = refusal(check_jvp, lambda x: x**2, wrong, inputs="x: [n]")
        assert "the argument x is changed" in str(error)

    def test_that_returns_the_same_memory_again_is_refused(self) -> None:
        memory = np.zeros(100)

        def wrong(x: Array, v: Array) -> Array:
            found = memory[: len(x)]
            found[:] = 2 * x * v
            return found

        error = refusal(check_jvp, lambda x: x**2, wrong, inputs="x: [n]")
        assert "a later call overwrites it" in str(error)

    def test_that_reads_what_f_left_is_refused(self) -> None:
        left: list[Array] = []

        def f(x: Array) -> Array:
            left[:] = [x]
            return x**2

        def wrong(x: Array, v: Array) -> Array:
            f(x) if not left else None
            return np.real(2 * left[0] * v).astype(float)

        assert refusal(check_jvp, f, wrong, inputs="x: [n]").law == "the same again"

    def test_that_ends_at_a_tangent_of_zero_is_refused(self) -> None:
        wrong = lambda x, v: 2 * x * v if v.all() else 0 * x  # noqa: E731
        error = refusal(check_jvp, lambda x: x**2, wrong, inputs="x: [n], n >= 2")
        assert "by parts of the tangent" in str(error)


class TestAJacobian:
    @staticmethod
    def residuals(x: Array) -> Array:
        return np.array([x[0] ** 2 - x[1], np.exp(x[0]), x[1] * x[0]])

    @staticmethod
    def dense(x: Array) -> Array:
        return np.array([[2 * x[0], -1.0], [np.exp(x[0]), 0.0], [x[1], x[0]]])

    @pytest.mark.parametrize(
        "form",
        [lambda J: J, sparse.csr_matrix, sparse.csr_array, aslinearoperator],
        ids=["dense", "a sparse matrix", "a sparse array", "a linear operator"],
    )
    def test_may_be(self, form: Any) -> None:
        report = check_jacobian(self.residuals, lambda x: form(self.dense(x)), inputs="x: [2]")
        assert report.status == "holds"

    def test_of_one_value_is_told_as_it_is(self) -> None:
        error = refusal(
            check_jacobian,
            lambda x: np.array([x @ x]),
            lambda x: np.array([3 * x]),
            inputs="x: [2]",
        )
        assert error.said == 3
        assert error.low == pytest.approx(2)

    def test_that_is_the_same_memory_again_is_refused(self) -> None:
        memory = np.zeros((3, 2))

        def wrong(x: Array) -> Array:
            memory[:] = self.dense(x)
            return memory

        error = refusal(check_jacobian, self.residuals, wrong, inputs="x: [2]")
        assert "a later call changes it" in str(error)

    def test_that_is_an_operator_at_the_last_input_is_refused(self) -> None:
        last: list[Array] = []

        def wrong(x: Array) -> Any:
            last[:] = [x]
            return LinearOperator(
                (3, 2),
                matvec=lambda v: self.dense(last[0]) @ v,
                rmatvec=lambda u: self.dense(last[0]).T @ u,
            )

        refusal(check_jacobian, self.residuals, wrong, inputs="x: [2]")

    def test_that_is_transposed_is_refused(self) -> None:
        error = refusal(check_jacobian, self.residuals, lambda x: self.dense(x).T, inputs="x: [2]")
        assert error.law == "the form"

    def test_that_is_transposed_is_told_so_where_it_is_square(self) -> None:
        error = refusal(
            check_jacobian, lambda A, x: A @ x, lambda A, x: A.T, inputs="A: [n,n], x: [n]", wrt="x"
        )
        assert error.told["it is"] == "what is right, transposed, in dx"

    def test_of_each_entry_by_itself_may_have_its_shape(self) -> None:
        assert check_jacobian(np.exp, np.exp, inputs="x: [n]", elementwise=True).status == "holds"

    def test_of_each_entry_by_itself_is_refused_where_it_is_wrong(self) -> None:
        refusal(check_jacobian, np.exp, np.sin, inputs="x: [n]", elementwise=True)

    def test_that_is_wrong_is_told_with_its_row_and_column(self) -> None:
        def wrong(x: Array) -> Array:
            return self.dense(x) + np.array([[0, 0], [1, 0], [0, 0]])

        error = refusal(check_jacobian, self.residuals, wrong, inputs="x: [2]")
        assert "df[1]/dx[0] is " in str(error)

    def test_whose_products_to_both_sides_are_not_adjoint_is_refused(self) -> None:
        def operator(x: Array) -> Any:
            J = self.dense(x)
            return LinearOperator(
                J.shape, matvec=lambda v: 2 * J @ v, rmatvec=lambda u: J.T @ u, dtype=float
            )

        error = refusal(check_jacobian, self.residuals, operator, inputs="x: [2]")
        assert error.law == "adjoint"

    def test_may_be_an_object_with_the_products_of_vectors_alone(self) -> None:
        class Products:
            def __init__(self, J: Array) -> None:
                self.J, self.shape = J, J.shape

            def matvec(self, v: Array) -> Array:
                return self.J @ v

            def rmatvec(self, u: Array) -> Array:
                return self.J.T @ u

        def products(x: Array) -> Any:
            return Products(self.dense(x))

        assert check_jacobian(self.residuals, products, inputs="x: [2]").status == "holds"

    @pytest.mark.parametrize("product", ["matmat", "rmatmat"])
    def test_whose_product_with_a_matrix_is_another_is_refused(self, product: str) -> None:
        def operator(x: Array) -> Any:
            J = self.dense(x)
            wrong = {"matmat": lambda V: 2 * J @ V, "rmatmat": lambda V: 2 * J.T @ V}
            return LinearOperator(
                J.shape,
                matvec=lambda v: J @ v,
                rmatvec=lambda u: J.T @ u,
                dtype=float,
                **{product: wrong[product]},
            )

        error = refusal(check_jacobian, self.residuals, operator, inputs="x: [2]")
        assert f"{product} of two vectors" in str(error)


class TestAChain:
    @staticmethod
    def loglike(w: Array, X: Array, y: Array) -> Any:
        return (y * (X @ w)).sum() - np.exp(X @ w).sum()

    @staticmethod
    def score(w: Array, X: Array, y: Array) -> Array:
        return X.T @ (y - np.exp(X @ w))

    @staticmethod
    def hessian(w: Array, X: Array, y: Array) -> Array:
        return -(X.T * np.exp(X @ w)) @ X

    def test_that_is_right_holds(self) -> None:
        reports = check_chain(
            self.loglike,
            self.score,
            self.hessian,
            inputs="w: [d], X: [n,d], y: count[n]",
            wrt="w",
        )
        assert [report.status for report in reports] == ["holds", "holds"]

    def test_whose_hessian_is_not_symmetric_is_refused(self) -> None:
        error = refusal(
            check_chain,
            lambda x: x[0] * x[1],
            lambda x: x[::-1].copy(),
            lambda x: np.array([[0.0, 1.0], [1.0 + 1e-6, 0.0]]),
            inputs="x: [2]",
        )
        assert error.law == "symmetric"


class TestWhatIsNotJudged:
    def test_a_gradient_that_is_zero_everywhere_is_untested(self) -> None:
        report = check_gradient(lambda x: 3.0 + 0 * x.sum(), lambda x: 0 * x, inputs="x: [n]")
        assert report.status == "untested"

    def test_a_gradient_that_is_not_offered_is_untested(self) -> None:
        def none(x: Array) -> Array:
            raise NotImplementedError

        report = check_gradient(squares, none, inputs="x: [n]")
        assert (report.status, "not offered" in str(report)) == ("untested", True)

    def test_a_function_that_is_finite_nowhere_is_untested(self) -> None:
        report = check_gradient(lambda x: np.inf, lambda x: 0 * x, inputs="x: [n]")
        assert (report.status, "f is inf" in str(report)) == ("untested", True)

    def test_an_exception_can_mean_that_there_is_no_answer(self) -> None:
        def f(x: Array) -> Any:
            if x[0] < 0:
                raise ArithmeticError("negative")
            return squares(x)

        report = check_gradient(f, twice, inputs="x: [n]", no_answer=ArithmeticError)
        assert (report.status, "f has no answer" in str(report)) == ("holds", True)

    def test_what_f_returns_can_mean_that_there_is_no_answer(self) -> None:
        def f(x: Array) -> Any:
            return None if x[0] < 0 else squares(x)

        report = check_gradient(f, twice, inputs="x: [n]", no_answer=lambda out: out is None)
        assert (report.status, "f has no answer" in str(report)) == ("holds", True)

    def test_values_at_which_f_is_clipped_can_be_named(self) -> None:
        report = check_gradient(lambda x: min(squares(x), 4.0), twice, inputs="x: [n]", flat=4.0)
        assert (report.status, "the value is clipped" in str(report)) == ("holds", True)

    def test_an_accuracy_can_be_declared(self) -> None:
        assert (
            check_gradient(squares, lambda x: 2 * x * (1 + 1e-7), inputs="x: [n]", rel=1e-5).status
            == "holds"
        )

    def test_an_infinite_slope_can_be_declared(self) -> None:
        with np.errstate(divide="ignore"):
            report = check_gradient(
                lambda x: np.sqrt(x).sum(),
                lambda x: 0.5 / np.sqrt(x),
                inputs="x: nonnegative[n]",
                infinite_slopes=True,
            )
        assert report.status == "holds"

    def test_a_time_limit_ends_the_judging_of_an_input(self) -> None:
        report = check_gradient(squares, twice, np.ones(3), examples=0, seconds=0.0)
        assert "it took more than 0 s" in str(report)

    def test_entries_at_the_edge_of_their_domain_are_named(self) -> None:
        report = check_gradient(
            lambda x: np.abs(x).sum(), np.sign, np.array([0.0, 2]), inputs="x: nonnegative[n]"
        )
        assert "not judged  dx on " in str(report)
        assert "at the edge of their domain" in str(report)

    @pytest.mark.parametrize("kind", ["nonnegative", "unit"])
    def test_entries_at_the_edge_are_judged_by_steps_inward(self, kind: str) -> None:
        report = check_gradient(squares, twice, inputs=f"x: {kind}[n]")
        assert report.status == "holds"
        assert not report.blocks
        assert not report.alone

    @pytest.mark.parametrize("kind", ["nonnegative", "unit"])
    def test_a_slope_that_is_another_at_the_edge_alone_is_told(self, kind: str) -> None:
        def masked(x: Array) -> Array:
            return np.where(x > 0, np.cos(x), 0)

        report = check_gradient(
            lambda x: np.sin(x).sum(), masked, np.array([0.0, 0.5]), inputs=f"x: {kind}[n]"
        )
        assert "dx[0] is 0, and beside it 1 " in report.alone


class TestOfAModelThatAQuestionStates:
    @staticmethod
    def loss(X: Array, w: Array, b: Array, t: Array, lam: Array) -> Any:
        return ((X @ w + b - t) ** 2).sum() / 2 + lam / 2 * (w * w).sum()

    @staticmethod
    def gradient(X: Array, w: Array, b: Array, t: Array, lam: Array) -> Any:
        e = X @ w + b - t
        return X.T @ e + lam * w, e.sum()

    def test_the_right_gradient_holds(self) -> None:
        report = check_gradient(self.loss, self.gradient, question="ridge", wrt="w b")
        assert (report.status, report.tried > 50) == ("holds", True)

    def test_a_wrong_gradient_is_refused_by_the_exact_derivative(self) -> None:
        def wrong(X: Array, w: Array, b: Array, t: Array, lam: Array) -> Any:
            dw, db = self.gradient(X, w, b, t, lam)
            return dw + 1e-13 * np.abs(dw).max() * (lam > 0), db

        error = refusal(check_gradient, self.loss, wrong, question="ridge", wrt="w b")
        assert error.law == "equals_the_exact_derivative"

    def test_a_pair_that_is_wrong_but_consistent_is_refused(self) -> None:
        error = refusal(
            check_gradient,
            lambda X, w, b, t, lam: self.loss(X, w, b, t, 2 * lam),
            lambda X, w, b, t, lam: self.gradient(X, w, b, t, 2 * lam),
            question="ridge",
            wrt="w b",
        )
        assert error.law == "equals_the_exact_derivative"

    def test_a_loss_that_is_not_that_of_the_question_is_refused(self) -> None:
        error = refusal(
            check_gradient,
            lambda X, w, b, t, lam: self.loss(X, w, b, t, 2 * lam),
            self.gradient,
            question="ridge",
            wrt="w b",
        )
        assert error.law == "slope"

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"question": "rigde", "wrt": "w b"}, "ridge"),
            ({"question": "ridge", "wrt": "w v"}, "v is no part"),
            ({"question": "ridge"}, "with wrt="),
        ],
        ids=["an unknown question", "an unknown part", "without wrt"],
    )
    def test_a_bad_call_is_told_in_a_line(self, options: dict[str, Any], said: str) -> None:
        with pytest.raises(BadCall, match=said):
            check_gradient(self.loss, self.gradient, **options)


class TestABadCall:
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({}, "what are the inputs?"),
            ({"inputs": "x: [n]", "wrt": "y"}, "wrt: no argument y; known are x"),
            ({"inputs": "x: [n]", "wrt": "x x"}, "wrt: name each once, in their order, 'x', "),
            ({"inputs": "k: int[n]"}, "no argument can move"),
            ({"inputs": "x: [n]", "example": 3}, "example: no such option"),
            ({"inputs": 7}, "inputs: a text such as"),
            ({"inputs": "x: [n]", "examples": 1.5}, r"examples=1\.5: a whole number"),
            ({"inputs": "x: [n]", "seed": "a"}, "seed='a': a whole number"),
            ({"inputs": "x: [n]", "rel": -1}, "rel=-1: a number from 0 to 1"),
            ({"inputs": "x: [n]", "flat": "a"}, "flat='a': a number"),
        ],
        ids=[
            "without inputs",
            "by an argument that there is not",
            "by an argument twice",
            "by integers alone",
            "with an unknown option",
            "with inputs of another type",
            "with half an example",
            "with a seed that is a word",
            "with an accuracy below 0",
            "with a clipped value that is a word",
        ],
    )
    def test_is_told_in_a_line(self, options: dict[str, Any], said: str) -> None:
        with pytest.raises(BadCall, match="^" + said.replace("?", r"\?")):
            check_gradient(squares, twice, **options)

    def test_of_an_array_function_names_the_call_that_is_meant(self) -> None:
        with pytest.raises(BadCall, match="check_vjp"):
            check_gradient(lambda x: x, twice, inputs="x: [n]")

    def test_of_an_ambiguous_result_asks_for_wrt(self) -> None:
        with pytest.raises(BadCall, match="wrt="):
            check_gradient(
                lambda x, y: squares(x - y), lambda x, y: 2 * (x - y), inputs="x: [n], y: [n]"
            )

    @pytest.mark.parametrize(
        "own",
        [{"samples": [(np.ones((2, 2)),)]}, {"samples": [np.ones(2)]}],
        ids=["shape", "count"],
    )
    def test_with_a_sample_that_does_not_fit_names_it(self, own: dict[str, Any]) -> None:
        with pytest.raises(BadCall, match="sample 0 does not fit the inputs: "):
            check_gradient(squares, twice, inputs="x: [n]", **own)

    def test_whose_spec_is_in_another_order_than_the_call_is_told(self) -> None:
        said = "w, X stand in another order than loss_of_two takes them, X, w"
        with pytest.raises(BadCall, match=said):
            check_gradient(loss_of_two, squares, inputs="w: [d], X: [d]")

    def test_with_a_bad_spec_names_the_column(self) -> None:
        with pytest.raises(BadSpec, match="column 4"):
            check_gradient(squares, twice, inputs="x: foo[n]")

    def test_of_a_function_that_is_not_deterministic_is_told(self) -> None:
        random = np.random.default_rng(0)
        with pytest.raises(BadCall, match="pass a seed"):
            check_gradient(lambda x: squares(x) + random.normal(), twice, inputs="x: [n]")


class TestAReport:
    @pytest.fixture
    def report(self) -> Report:
        return check_gradient(squares, twice, inputs="x: [n]")

    def test_is_json(self, report: Report) -> None:
        assert json.loads(report.to_json())["status"] == "holds"

    def test_says_what_it_could_have_seen(self, report: Report) -> None:
        assert report.unseen == []

    def test_is_shown_in_a_notebook_with_its_text_escaped(self) -> None:
        def strange(x: Array) -> Array:
            return 2 * x

        strange.__name__ = "<b>"
        shown = check_gradient(squares, strange, inputs="x: [n]")._repr_html_()
        assert ("&lt;b&gt;" in shown, "<b>" in shown) == (True, False)

    def test_can_be_drawn(self, report: Report) -> None:
        pytest.importorskip("matplotlib").use("Agg")
        assert len(report.plot().axes) >= 2

    def test_names_the_inputs_that_were_inferred(self, capsys: pytest.CaptureFixture[str]) -> None:
        check_gradient(squares, twice, np.array([1.0, 2.0]))
        assert "x: [n]" in capsys.readouterr().err

    def test_is_the_same_again(self, report: Report) -> None:
        assert str(check_gradient(squares, twice, inputs="x: [n]")) == str(report)


test_network = gradient_test(network_loss, network_gradient, NETWORK, wrt="W1 b1 w2 b2")


def test_a_declaration_fails_the_test_of_the_law_that_is_broken() -> None:
    test = gradient_test(squares, lambda x: 3 * x, "x: [n]")
    with pytest.raises(WrongGradient):
        test("slope")
    with pytest.raises(pytest.skip.Exception):
        test("the form")


def test_nothing_is_imported_before_it_is_used() -> None:
    code = "import gradaudit, sys; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_is_not_finite_cannot_hide_another_mistake() -> None:
    loss = lambda x: np.nansum(x**2)  # noqa: E731
    wrong = lambda x: 2 * np.nan_to_num(x) - 7 * np.isnan(x).any()  # noqa: E731
    samples = [(np.array([1.0, np.nan, 3.0]),)]
    refusal(check_gradient, loss, wrong, inputs="x: [n]", samples=samples)


def test_entries_of_a_simplex_that_are_zero_are_looked_at() -> None:
    def slopes(p: Array) -> Array:
        return np.where(p > 0, 2 * p + 5, 0)

    report = check_gradient(lambda p: (p * p + 5 * p).sum(), slopes, inputs="p: simplex[n]")
    assert report.status == "holds"
    assert "beware" in str(report)


def test_the_call_that_judges_an_input_again_has_the_seed() -> None:
    assert "seed=7" in str(refusal(check_gradient, squares, lambda x: x, inputs="x: [n]", seed=7))


def test_a_slope_that_no_number_of_float32_holds_is_not_judged() -> None:
    f = lambda s: (1.0 / s.astype(float)).sum()  # noqa: E731
    right = lambda s: (-1 / s.astype(float) ** 2).astype(s.dtype)  # noqa: E731
    s = np.array([1e-25], np.float32)
    with np.errstate(over="ignore"):
        report = check_gradient(f, right, s, inputs="s: positive float32[n]", examples=0)
    assert "a slope overflows" in report.because


def test_entries_that_are_wrong_only_together_are_named() -> None:
    both = lambda a: (a == a.max()).astype(float)  # noqa: E731
    error = refusal(check_gradient, np.max, both, inputs="a: [n], n >= 2")
    assert "along moves of a[0] by 1 and a[1] by 1, da is 2, and 1 ±" in str(error)


def test_values_that_differ_by_roundings_from_call_to_call_are_judged() -> None:
    calls = count()
    f = lambda x: (x**2).sum() * (1 + 1e-12 * (next(calls) % 2))  # noqa: E731
    assert check_gradient(f, twice, inputs="x: [n]").status == "holds"
    refusal(check_gradient, f, lambda x: 2.001 * x, inputs="x: [n]")


BOUNDS = [(1e3, 1e4), (1e5, 1e6), (1e7, 1e8)]


@pytest.mark.parametrize(("low", "high"), BOUNDS, ids=[f"from {low:g}" for low, _ in BOUNDS])
def test_a_gradient_that_is_wrong_for_numbers_of_one_size_alone_is_refused(
    low: float, high: float
) -> None:
    def gradient(X: Any, y: Any, w: Any) -> Any:
        slopes = 2 * X.T @ (X @ w - y)
        return 1.5 * slopes if low < np.abs(X).max() < high else slopes

    with pytest.raises(WrongGradient):
        check_gradient(
            lambda X, y, w: ((X @ w - y) ** 2).sum(),
            gradient,
            inputs="X: [n,d], y: [n], w: [d]",
            wrt="w",
        )


def test_a_slope_that_is_cut_where_it_is_nearly_one_is_refused() -> None:
    with pytest.raises(WrongGradient):
        check_gradient(
            lambda x: np.logaddexp(0, x).sum(),
            lambda x: np.where(x > 20, 1, np.exp(-np.logaddexp(0, -x))),
            inputs="x: [n]",
        )


def test_a_relation_is_told_only_where_the_input_that_is_shown_has_it() -> None:
    """Of nearly equal vectors, what is said is nearly zero; of simple ones, nearly right."""

    def distance(x: Array, y: Array) -> Any:
        return np.sqrt(((x - y) ** 2).sum())

    def guarded(x: Array, y: Array) -> Array:
        return (x - y) / (1e-6 + distance(x, y))

    error = refusal(check_gradient, distance, guarded, inputs="x: [n], y: [n]", wrt="x")
    assert "it is" not in error.told


@pytest.mark.parametrize(
    ("f", "wrong", "spec", "told"),
    [
        (lambda p: (p * p).sum(), lambda p: 4 * p, "p: simplex[n]", "along the simplex, dp["),
        (lambda u: u[0] ** 3, lambda u: u * u, "u: unitvec[n]", "along the sphere, du["),
        (
            lambda Q: Q[0, 0] ** 3,
            lambda Q: Q * Q,
            "Q: orthogonal[n,n], n >= 2",
            "in a turn of two columns, dQ[",
        ),
        (
            lambda A: A[0, 1],
            lambda A: 0 * A,
            "A: symmetric[2,2]",
            "with its mirror image, dA[1,0] ",
        ),
        (lambda A: A[0, 0], lambda A: 0 * A, "A: symmetric[2,2]", "wrong: dA[0,0] is "),
        (lambda L: L[1, 0], lambda L: 0 * L, "L: lower[2,2]", "wrong: dL[1,0] is "),
        (lambda z: z.imag.sum(), lambda z: 0 * z, "z: complex[n]", "in its imaginary part, dz["),
    ],
    ids=[
        "on a simplex",
        "on a sphere",
        "of an orthogonal matrix",
        "off the diagonal of a symmetric matrix",
        "on its diagonal",
        "of a lower triangular matrix",
        "of complex numbers",
    ],
)
def test_a_slope_is_told_with_what_an_entry_moves(f: Any, wrong: Any, spec: str, told: str) -> None:
    assert told in str(refusal(check_gradient, f, wrong, inputs=spec))
