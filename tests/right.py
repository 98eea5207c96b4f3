"""Right answers in odd clothes: none of them may be refused."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def _forward(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> tuple[Any, ...]:
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    return z, h, h @ w2 + b2 - t


def loops(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    (n, d), h = X.shape, len(b1)
    dW1, db1, dw2, db2 = np.zeros((d, h)), np.zeros(h), np.zeros(h), 0.0
    for k in range(n):
        z = [sum(X[k, a] * W1[a, j] for a in range(d)) + b1[j] for j in range(h)]
        e = sum(max(z[j], 0.0) * w2[j] for j in range(h)) + b2 - t[k]
        db2 += e
        for j in range(h):
            if z[j] > 0:
                dw2[j] += e * z[j]
                db1[j] += e * w2[j]
                for a in range(d):
                    dW1[a, j] += e * w2[j] * X[k, a]
    return dW1, db1, dw2, db2


def einsum(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    z, h, e = _forward(W1, b1, w2, b2, X, t)
    mask = (z > 0).astype(float)
    return (
        np.einsum("ka,k,j,kj->aj", X, e, w2, mask),
        np.einsum("k,j,kj->j", e, w2, mask),
        np.einsum("kj,k->j", h, e),
        np.einsum("k->", e),
    )


def optimised_einsum(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    z, h, e = _forward(W1, b1, w2, b2, X, t)
    mask = (z > 0).astype(float)
    return (
        np.einsum("ka,k,j,kj->aj", X, e, w2, mask, optimize=True),
        (mask * w2).T @ e,
        e @ h,
        float(np.sum(e)),
    )


def one_at_the_kink(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    z, h, e = _forward(W1, b1, w2, b2, X, t)
    delta = np.outer(e, w2) * (z >= 0)
    return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()


def half_at_the_kink(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    z, h, e = _forward(W1, b1, w2, b2, X, t)
    delta = np.outer(e, w2) * np.heaviside(z, 0.5)
    return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()


def mask_from_the_activation(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    _, h, e = _forward(W1, b1, w2, b2, X, t)
    delta = np.outer(e, w2)
    delta[h <= 0] = 0
    return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()


def relu_by_absolute_value(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    z = X @ W1 + b1
    h = (z + np.abs(z)) / 2
    e = h @ w2 + b2 - t
    delta = np.outer(e, w2) * (1 + np.sign(z)) / 2
    return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()


def biases_as_extra_inputs(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    ones = np.ones((len(X), 1))
    inputs = np.hstack([X, ones])
    z = inputs @ np.vstack([W1, b1])
    hidden = np.hstack([np.maximum(z, 0), ones])
    e = hidden @ np.append(w2, b2) - t
    first = inputs.T @ (np.outer(e, w2) * (z > 0))
    second = hidden.T @ e
    return first[:-1], first[-1], second[:-1], second[-1]  # views, that do not overlap


def columns_of_shape_n_by_one(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    z = X @ W1 + b1.reshape(1, -1)
    h = np.where(z > 0, z, 0.0)
    e = h @ w2.reshape(-1, 1) + b2 - t.reshape(-1, 1)
    delta = (e @ w2.reshape(1, -1)) * np.where(z > 0, 1.0, 0.0)
    return X.T @ delta, delta.sum(axis=0), (h.T @ e).ravel(), e.sum()


def sample_by_sample(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    dW1, db1, dw2, db2 = np.zeros_like(W1), np.zeros_like(b1), np.zeros_like(w2), 0.0
    for x, target in zip(X[::-1], t[::-1], strict=True):
        z = x @ W1 + b1
        h = np.maximum(z, 0)
        e = h @ w2 + (b2 - target)
        delta = e * w2 * (z > 0)
        dW1 += np.outer(x, delta)
        db1 += delta
        dw2 += e * h
        db2 += e
    return dW1, db1, dw2, db2


def mean_times_the_number(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    z, h, e = _forward(W1, b1, w2, b2, X, t)
    n = len(t)
    delta = np.outer(e / n, w2) * (z > 0)
    return n * (X.T @ delta), n * delta.sum(axis=0), n * (h.T @ (e / n)), n * np.mean(e)


def twice_half_the_square(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    z, h, e = _forward(W1, b1, w2, b2, X, t)
    outer = 0.5 * 2 * e
    delta = (z > 0) * w2 * outer[:, None]
    return np.tensordot(X, delta, (0, 0)), np.ones(len(X)) @ delta, outer @ h, outer.sum()


def plain_lists(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    dW1, db1, dw2, db2 = loops(W1, b1, w2, b2, X, t)
    return [dW1.tolist(), db1.tolist(), dw2.tolist(), db2]


def in_fortran_order(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    dW1, db1, dw2, db2 = einsum(W1, b1, w2, b2, X, t)
    return np.asfortranarray(dW1), db1[::-1][::-1], dw2, np.array(db2)


def exactly_rounded_sums(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    z, h, e = _forward(W1, b1, w2, b2, X, t)
    delta = np.outer(e, w2) * (z > 0)
    dW1 = [[math.fsum(X[:, a] * column) for column in delta.T] for a in range(X.shape[1])]
    sums = [math.fsum(column) for column in delta.T]
    return np.array(dW1), np.array(sums), np.array([math.fsum(c * e) for c in h.T]), math.fsum(e)


def that_keeps_a_copy(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    X, t = X.copy(), t.copy()
    X *= 1.0
    z, h, e = _forward(W1, b1, w2, b2, X, t)
    t += e
    delta = np.outer(e, w2) * (z > 0)
    return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()


def _from_pre_activations(z: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    h = np.maximum(z, 0)
    e = h @ w2 + b2 - t
    delta = np.outer(e, w2) * (z > 0)
    return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()


def with_inputs_standardised(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    m, s = X.mean(axis=0), X.std(axis=0)
    s = np.where(s == 0, 1, s)
    z = ((X - m) / s) @ (W1 * s[:, None]) + (m @ W1 + b1)
    return _from_pre_activations(z, w2, b2, X, t)


def with_inputs_scaled_to_one(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    scale = abs(X).max() or 1.0
    return _from_pre_activations((X / scale) @ (W1 * scale) + b1, w2, b2, X, t)


def with_weights_scaled_to_one(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    scale = abs(W1).max() or 1.0
    return _from_pre_activations((X @ (W1 / scale) + b1 / scale) * scale, w2, b2, X, t)


def with_inputs_of_length_one(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    return _from_pre_activations((X / lengths) @ W1 * lengths + b1, w2, b2, X, t)


def with_units_scaled_into_the_second_layer(
    W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any
) -> Any:
    scale = np.sqrt((W1**2).sum(axis=0) + b1**2)
    scale[scale == 0] = 1
    dW1, db1, dw2, db2 = _from_pre_activations(X @ (W1 / scale) + b1 / scale, w2 * scale, b2, X, t)
    return dW1 / scale, db1 / scale, dw2 * scale, db2


def with_the_bias_first_and_inputs_backwards(
    W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any
) -> Any:
    z = np.einsum(
        "ka,aj->kj", np.hstack([np.ones((len(X), 1)), X[:, ::-1]]), np.vstack([b1, W1[::-1]])
    )
    return _from_pre_activations(z, w2, b2, X, t)


def in_thirds(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    third = X / 3
    return _from_pre_activations(third @ W1 + third @ W1 + third @ W1 + b1, w2, b2, X, t)


def less_the_mean_sample(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    m = X.mean(axis=0)
    return _from_pre_activations((X - m) @ W1 + (m @ W1 + b1), w2, b2, X, t)


def by_an_orthogonal_turn(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    turn, _ = np.linalg.qr(np.vander(np.linspace(1, 2, len(W1))))
    return _from_pre_activations((X @ turn) @ (turn.T @ W1) + b1, w2, b2, X, t)


def in_long_double(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    long = [np.asarray(v, dtype=np.longdouble) for v in (X @ W1 + b1, w2, b2, X, t)]
    return tuple(np.asarray(v, dtype=np.float64) for v in _from_pre_activations(*long))


NETWORK: tuple[Callable[..., Any], ...] = (
    with_inputs_standardised,
    with_inputs_scaled_to_one,
    with_weights_scaled_to_one,
    with_inputs_of_length_one,
    with_units_scaled_into_the_second_layer,
    with_the_bias_first_and_inputs_backwards,
    in_thirds,
    less_the_mean_sample,
    by_an_orthogonal_turn,
    in_long_double,
    loops,
    einsum,
    optimised_einsum,
    one_at_the_kink,
    half_at_the_kink,
    mask_from_the_activation,
    relu_by_absolute_value,
    biases_as_extra_inputs,
    columns_of_shape_n_by_one,
    sample_by_sample,
    mean_times_the_number,
    twice_half_the_square,
    plain_lists,
    in_fortran_order,
    exactly_rounded_sums,
    that_keeps_a_copy,
)


def _softmax(y: Any) -> Any:
    powers = np.exp(y - y.max())
    return powers / powers.sum()


def by_the_jacobian(y: Any, t: Any) -> Any:
    p = _softmax(y)
    jacobian = np.diag(p) - np.outer(p, p)
    with np.errstate(all="ignore"):
        return np.where(p > 0, jacobian @ np.where(p > 0, -t / np.where(p > 0, p, 1), 0), 0) + (
            np.where(p > 0, 0, -t) + p * np.where(p > 0, 0, t).sum()
        )


def by_log_softmax(y: Any, t: Any) -> Any:
    shifted = y - y.max()
    return np.exp(shifted - np.log(np.exp(shifted).sum())) * t.sum() - t


def entry_by_entry(y: Any, t: Any) -> Any:
    top = max(y)
    powers = [math.exp(v - top) for v in y]
    return [v / sum(powers) * sum(t) - target for v, target in zip(powers, t, strict=True)]


def as_a_sum_over_classes(y: Any, t: Any) -> Any:
    p = _softmax(y)
    n = len(y)
    return np.array([-sum(t[k] * ((k == i) - p[i]) for k in range(n)) for i in range(n)])


def by_differences_of_logits(y: Any, t: Any) -> Any:
    with np.errstate(all="ignore"):
        p = 1 / np.exp(y[None, :] - y[:, None]).sum(axis=1)
    return -(t - p * t.sum())


def as_a_matrix_product(y: Any, t: Any) -> Any:
    p = _softmax(y)
    return (np.outer(p, np.ones_like(t)) - np.eye(len(y))) @ t


def the_last_by_the_sum(y: Any, t: Any) -> Any:
    g = _softmax(y) * t.sum() - t
    g[-1] = -g[:-1].sum()
    return g


def the_last_probability_by_the_others(y: Any, t: Any) -> Any:
    p = _softmax(y)
    p[-1] = 1 - p[:-1].sum()
    return p * t.sum() - t


def by_expm1(y: Any, t: Any) -> Any:
    powers = np.expm1(y - y.max()) + 1
    return powers / powers.sum() * t.sum() - t


def by_log_sum_exp(y: Any, t: Any) -> Any:
    return np.exp(y - np.logaddexp.reduce(y)) * t.sum() - t


def by_halves_squared(y: Any, t: Any) -> Any:
    y = y / 2 - y.max() / 2
    powers = np.exp(y) ** 2
    return powers * (t.sum() / powers.sum()) - t


def by_powers_of_two(y: Any, t: Any) -> Any:
    powers = np.exp2((y - y.max()) * np.log2(np.e))
    return powers / powers.sum() * t.sum() - t


def in_sorted_order(y: Any, t: Any) -> Any:
    order = np.argsort(y)
    g = np.empty_like(y)
    g[order] = _softmax(y[order]) * t[order].sum() - t[order]
    return g


SOFTMAX: tuple[Callable[..., Any], ...] = (
    by_the_jacobian,
    by_log_softmax,
    entry_by_entry,
    as_a_sum_over_classes,
    by_differences_of_logits,
    as_a_matrix_product,
    the_last_by_the_sum,
    the_last_probability_by_the_others,
    by_expm1,
    by_log_sum_exp,
    by_halves_squared,
    by_powers_of_two,
    in_sorted_order,
)


def less_a_unit_vector(y: Any, c: Any) -> Any:
    return _softmax(y) - np.eye(len(y))[c]


def with_the_class_set_apart(y: Any, c: Any) -> Any:
    p = _softmax(y)
    rest = np.delete(p, c).sum()
    return np.array([-rest if k == c else p[k] for k in range(len(y))])


def less_a_comparison(y: Any, c: Any) -> Any:
    return _softmax(y) - (np.arange(len(y)) == c)


ONE_HOT: tuple[Callable[..., Any], ...] = (
    less_a_unit_vector,
    with_the_class_set_apart,
    less_a_comparison,
)


def by_the_contraction(eta: float) -> bool:
    return abs(1 - 10 * eta) < 1


def by_the_square(eta: float) -> Any:
    return np.square(1 - 10 * eta) < 1


def by_the_fourth_power(eta: float) -> bool:
    return (1 - 10 * eta) ** 4 < 1


def by_the_sign_of_a_product(eta: float) -> bool:
    return eta * (1 - 5 * eta) > 0


def by_a_product_of_comparisons(eta: float) -> int:
    return (eta > 0) * (eta < 1 / 5)


def by_an_array(eta: float) -> Any:
    return np.array((eta > 0) & (eta < 0.2))


CONVERGES: tuple[Callable[..., Any], ...] = (
    by_the_contraction,
    by_the_square,
    by_the_fourth_power,
    by_the_sign_of_a_product,
    by_a_product_of_comparisons,
    by_an_array,
)

GRADIENT_FORMULAS = (
    "softmax(y)[i] * sum(t) - t[i]",
    "softmax(y) * sum(t) - t",
    "-(t - sum(t) * softmax(y))",
    "exp(y[i]) / sum(exp(y)) * sum(t) - t[i]",
    "exp(y) / sum(exp(y[k]) for k in K) * sum(t[k] for k in K) - t",
    "sum(t[k] * (softmax(y)[i] - delta(k, i)) for k in K)",
    "-sum(t[k] * ((k == i) - softmax(y)[i]) for k in K)",
    "-t[i] * (1 - softmax(y)[i]) + sum(t[k] * softmax(y)[i] * (k != i) for k in K)",
    "sum(t[i] * softmax(y) for i in K) - t",
    "1 / sum(exp(y[k] - y[i]) for k in K) * sum(t) - t[i]",
    "exp(log(softmax(y)[i])) * sum(t) - t[i]",
    "(outer(softmax(y), t*0 + 1) @ t) - t",
    "outer(t, softmax(y)).T @ (t*0 + 1) - t",
    "sum(outer(t, softmax(y)), axis=0) - t",
    "exp(y - max(y)) / sum(exp(y - max(y))) * sum(t) - t",
    "sqrt(softmax(y)**2) * sum(t) - t",
    "exp(y)/max(exp(y)) / sum(exp(y)/max(exp(y))) * sum(t) - t",
    "softmax(y * 1)[i] * sum(t) - t[i]",
    "relu(softmax(y)) * sum(t) - t",
    "abs(exp(y[i])) / sum(abs(exp(y))) * sum(t) - t[i]",
)
ONE_HOT_FORMULAS = (
    "softmax(y) - t",
    "softmax(y)[i] - delta(i, c)",
    "softmax(y)[i] - (i == c)",
    "softmax(y) * sum(t) - t",
    "softmax(y)[i] * (i != c) + (softmax(y)[c] - 1) * (i == c)",
    "softmax(y)[i]*t[c] - t[i]",
    "softmax(y) - t   when sum(t) == 1",
    "softmax(y) - t   # since the targets sum to one",
)
CONDITIONS = (
    "0 < eta < 1/5",
    "eta > 0 and eta < 0.2",
    "1/5 > eta > 0",
    "abs(1 - 10*eta) < 1",
    "-1 < 1 - 10*eta < 1",
    "(1 - 10*eta)**2 < 1",
    "eta * (1 - 5*eta) > 0",
    "1/eta > 5",
    "not (eta <= 0 or eta >= 1/5)",
    "(eta > 0) * (eta < 1/5) == 1",
    "abs(eta - 0.1) < 0.1",
    "0 < 10*eta < 2",
    "5*eta**2 < eta",
    "relu(eta) > 0 and relu(1/5 - eta) > 0",
    "0 < eta <= 1/10 or 1/10 < eta < 1/5",
    "2e-1 > eta and not eta <= 0",
    "(0 < eta) * (eta < 1/5)",
    "(0 < eta and eta < 1/5) == 1",
    "(eta <= 0 or eta >= 1/5) == 0",
)
