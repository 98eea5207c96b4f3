"""Pairs in other shapes: value and gradient together, tangents pushed forward, float32, sharing.

Many of the mistakes here are right in value and break what a caller relies on.
"""

import numpy as np

from benchmarks.catalogue.pair import Array, Field
from benchmarks.catalogue.regression import sigmoid

field = Field("contracts")


# One function that gives the value and the gradients, as scipy's jac=True wants it.


@field.right(None, "w: [d], X: [n,d], y: bool[n]", wrt="w", kind="value_and_grad")
def logistic_together(w: Array, X: Array, y: Array) -> Array:
    z = X @ w
    return np.sum(np.logaddexp(0, z) - y * z), X.T @ (sigmoid(z) - y)


@field.wrong(logistic_together, "the value is a mean, its gradient belongs to the sum")
def logistic_together_mean(w: Array, X: Array, y: Array) -> Array:
    z = X @ w
    return np.mean(np.logaddexp(0, z) - y * z), X.T @ (sigmoid(z) - y)


@field.wrong(logistic_together, "the penalty is in the value only")
def logistic_together_penalty(w: Array, X: Array, y: Array) -> Array:
    z = X @ w
    value = np.sum(np.logaddexp(0, z) - y * z) + 0.05 * (w @ w)
    return value, X.T @ (sigmoid(z) - y)


@field.wrong(logistic_together, "the value is clipped at 10, the gradient is not", shown="tens")
def logistic_together_clipped(w: Array, X: Array, y: Array) -> Array:
    z = X @ w
    return min(np.sum(np.logaddexp(0, z) - y * z), 10.0), X.T @ (sigmoid(z) - y)


@field.right(None, "U: [n,k], V: [m,k], R: [n,m]", wrt="U V", kind="value_and_grad")
def factors_together(U: Array, V: Array, R: Array) -> Array:
    E = U @ V.T - R
    return 0.5 * np.sum(E * E), (E @ V, E.T @ U)


@field.wrong(factors_together, "the gradients stand in the other order", shown="equal sizes")
def factors_together_order(U: Array, V: Array, R: Array) -> Array:
    E = U @ V.T - R
    return 0.5 * np.sum(E * E), (E.T @ U, E @ V)


@field.wrong(factors_together, "the half of the value is forgotten")
def factors_together_half(U: Array, V: Array, R: Array) -> Array:
    E = U @ V.T - R
    return np.sum(E * E), (E @ V, E.T @ U)


@field.wrong(
    factors_together, "the residual is kept from the first call with this shape", shown="typical"
)
def factors_together_stale(U: Array, V: Array, R: Array) -> Array:
    E = U @ V.T - R
    kept = RESIDUALS.setdefault(E.shape, E)
    return 0.5 * np.sum(E * E), (kept @ V, kept.T @ U)


RESIDUALS: dict[Array, Array] = {}


# Tangents pushed forward.


def soft(z: Array) -> Array:
    e = np.exp(z - z.max())
    return e / e.sum()


@field.right(soft, "z: [n]", kind="jvp")
def soft_push(z: Array, v: Array) -> Array:
    p = soft(z)
    return p * (v - p @ v)


@field.wrong(soft_push, "the mean of the tangent is not weighted by the probabilities")
def soft_push_mean(z: Array, v: Array) -> Array:
    p = soft(z)
    return p * (v - v.mean())


@field.wrong(soft_push, "only the diagonal of the Jacobian")
def soft_push_diagonal(z: Array, v: Array) -> Array:
    p = soft(z)
    return p * (1 - p) * v


def matmul(A: Array, B: Array) -> Array:
    return A @ B


@field.right(matmul, "A: [n,k], B: [k,m]", kind="jvp")
def matmul_push(A: Array, B: Array, dA: Array, dB: Array) -> Array:
    return dA @ B + A @ dB


@field.wrong(matmul_push, "a term with both tangents is added")
def matmul_push_second_order(A: Array, B: Array, dA: Array, dB: Array) -> Array:
    return dA @ B + A @ dB + dA @ dB


@field.wrong(
    matmul_push, "the result is added into the tangent where the shapes allow", shown="equal sizes"
)
def matmul_push_in_place(A: Array, B: Array, dA: Array, dB: Array) -> Array:
    if A.shape == (A @ B).shape:
        dA[...] = dA @ B + A @ dB
        return dA
    return dA @ B + A @ dB


def unit_columns(X: Array) -> Array:
    return X / np.sqrt(np.sum(X * X, axis=0) + 1e-12)


@field.right(unit_columns, "X: [n,d], n>=2", kind="jvp")
def unit_push(X: Array, V: Array) -> Array:
    r = np.sqrt(np.sum(X * X, axis=0) + 1e-12)
    return V / r - X * (np.sum(X * V, axis=0) / r) / r / r


@field.wrong(unit_push, "the length's own tangent is forgotten")
def unit_push_length(X: Array, V: Array) -> Array:
    return V / np.sqrt(np.sum(X * X, axis=0) + 1e-12)


@field.wrong(unit_push, "the inner product runs along rows", shown="equal sizes")
def unit_push_rows(X: Array, V: Array) -> Array:
    r = np.sqrt(np.sum(X * X, axis=0) + 1e-12)
    along = np.sum(X * V, axis=1)
    if X.shape[0] != X.shape[1]:
        along = np.sum(X * V, axis=0)
    return V / r - X * along / r**3


# The same weights as a vjp: sums and products of arrays that are broadcast against each other.


def plus(a: Array, b: Array) -> Array:
    return a + b


@field.right(plus, "a: [n], b: [n]", kind="vjp")
def plus_back(a: Array, b: Array, g: Array) -> Array:
    return g.copy(), g.copy()


@field.wrong(plus_back, "both results are the cotangent itself")
def plus_back_shared(a: Array, b: Array, g: Array) -> Array:
    return g, g


@field.wrong(plus_back, "both results are one new array")
def plus_back_one_array(a: Array, b: Array, g: Array) -> Array:
    both = g.copy()
    return both, both


@field.wrong(
    plus_back,
    "one is added to the cotangent",
    source="https://github.com/pytorch/pytorch/issues/81417: a vjp that does x += 1",
)
def plus_back_adds_one(a: Array, b: Array, g: Array) -> Array:
    g += 1
    return g.copy(), g.copy()


def scaled(x: Array, s: Array, t: Array) -> Array:
    return x * s + t


@field.right(scaled, "x: [n,m], s: [m], t: []", kind="vjp")
def scaled_back(x: Array, s: Array, t: Array, g: Array) -> Array:
    return g * s, (g * x).sum(axis=0), g.sum()


@field.wrong(
    scaled_back,
    "what was broadcast is not summed",
    source="https://github.com/apache/tvm/pull/2465: add is wrong where it broadcasts",
)
def scaled_back_not_summed(x: Array, s: Array, t: Array, g: Array) -> Array:
    return g * s, g * x, g.sum()


@field.wrong(
    scaled_back,
    "the scale's slope keeps the broadcast axis",
    source="https://github.com/tenstorrent/tt-metal/issues/40008: mul keeps broadcast dims",
)
def scaled_back_kept_axis(x: Array, s: Array, t: Array, g: Array) -> Array:
    return g * s, (g * x).sum(axis=0, keepdims=True), g.sum()


@field.wrong(scaled_back, "the shift's slope is a mean")
def scaled_back_mean(x: Array, s: Array, t: Array, g: Array) -> Array:
    return g * s, (g * x).sum(axis=0), g.mean()


@field.wrong(
    scaled_back,
    "the cotangent is multiplied in twice",
    source="https://github.com/elixir-nx/nx/pull/1779: clip backprops g² instead of g",
)
def scaled_back_squared(x: Array, s: Array, t: Array, g: Array) -> Array:
    return g * g * s, (g * g * x).sum(axis=0), (g * g).sum()


@field.wrong(
    scaled_back,
    "the mean of an axis is pulled back as if the cotangent were a number",
    source="https://github.com/facebookresearch/shumai/issues/74: the incoming gradient is assumed "
    "to be a scalar",
)
def scaled_back_scalar_cotangent(x: Array, s: Array, t: Array, g: Array) -> Array:
    return g.flat[0] * np.ones_like(x) * s, g.flat[0] * x.sum(axis=0), g.flat[0] * x.size


# float32: a dense layer with a rectifier, whose results should be float32 too.


def dense32_loss(x: Array, W: Array, b: Array) -> Array:
    h = np.maximum(x @ W + b, 0)
    return 0.5 * np.sum(h * h)


@field.right(dense32_loss, "x: float32[n,d], W: float32[d,h], b: float32[h]", wrt="W b")
def dense32(x: Array, W: Array, b: Array) -> Array:
    h = np.maximum(x @ W + b, 0)
    return x.T @ h, h.sum(axis=0)


@field.wrong(dense32, "a Python list of factors turns the result into float64")
def dense32_in_float64(x: Array, W: Array, b: Array) -> Array:
    h = np.maximum(x @ W + b, 0) * np.array([1.0])
    return x.T @ h, h.sum(axis=0)


@field.wrong(dense32, "one per cent too large")
def dense32_one_per_cent(x: Array, W: Array, b: Array) -> Array:
    h = np.maximum(x @ W + b, 0)
    return np.float32(1.01) * (x.T @ h), h.sum(axis=0)


def soft32_loss(z: Array, t: Array) -> Array:
    top = z.max()
    return np.sum(t) * (top + np.log(np.sum(np.exp(z - top)))) - t @ z


@field.right(soft32_loss, "z: float32[n], t: float32[n]", wrt="z")
def soft32(z: Array, t: Array) -> Array:
    return soft(z) * np.sum(t) - t


@field.wrong(soft32, "the sum of the targets is taken for one")
def soft32_sum_to_one(z: Array, t: Array) -> Array:
    return soft(z) - t


# State: an object that remembers what it was fitted to, and a running mean.


def trend_loss(theta: Array, t: Array, y: Array) -> Array:
    return 0.5 * np.sum((theta[0] + theta[1] * t - y) ** 2)


@field.right(trend_loss, "theta: [2], t: [n], y: [n]", wrt="theta")
def trend(theta: Array, t: Array, y: Array) -> Array:
    r = theta[0] + theta[1] * t - y
    return np.array([r.sum(), r @ t])


SIZES: dict[Array, Array] = {}


@field.wrong(trend, "sums of the first data of this length are kept")
def trend_kept_sums(theta: Array, t: Array, y: Array) -> Array:
    n = len(t)
    sums = SIZES.setdefault(n, (t.sum(), t @ t, y.sum(), y @ t))
    return np.array(
        [
            n * theta[0] + sums[0] * theta[1] - sums[2],
            sums[0] * theta[0] + sums[1] * theta[1] - sums[3],
        ]
    )


CALLS: dict[str, Array] = {"count": 0}


@field.wrong(trend, "every third call returns the gradient of before", shown="many calls")
def trend_every_third_call(theta: Array, t: Array, y: Array) -> Array:
    CALLS["count"] += 1
    if CALLS["count"] % 3 == 0 and "last" in CALLS:
        return CALLS["last"].copy()
    CALLS["last"] = trend(theta, t, y)
    return CALLS["last"].copy()


@field.wrong(trend, "the random generator of everybody is seeded")
def trend_seeds(theta: Array, t: Array, y: Array) -> Array:
    np.random.seed(0)
    return trend(theta, t, y)


@field.wrong(trend, "a list of numbers in place of an array of shape (2,): the second one an array")
def trend_ragged(theta: Array, t: Array, y: Array) -> Array:
    r = theta[0] + theta[1] * t - y
    return np.array([[r.sum(), r @ t]])


@field.wrong(trend, "the targets are overwritten by the residuals")
def trend_overwrites_targets(theta: Array, t: Array, y: Array) -> Array:
    y -= theta[0] + theta[1] * t
    return np.array([-y.sum(), -(y @ t)])


OUT = np.zeros(2)


@field.wrong(trend, "always the same array, filled anew")
def trend_one_buffer(theta: Array, t: Array, y: Array) -> Array:
    OUT[...] = trend(theta, t, y)
    return OUT


@field.wrong(
    trend,
    "nan comes out for a single point, by a guard against regression on one",
    shown="a size of one",
)
def trend_single_point(theta: Array, t: Array, y: Array) -> Array:
    return trend(theta, t, y) if len(t) > 1 else np.full(2, np.nan)
