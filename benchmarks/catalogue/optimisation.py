"""What optimisers are given: objectives, Hessians, residuals and their Jacobians, constraints."""

import numpy as np

from benchmarks.catalogue.pair import Array, Field

field = Field("optimisation")


# Rosenbrock's valley in n dimensions, its gradient and its Hessian.


def rosenbrock_value(x: Array) -> Array:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@field.right(rosenbrock_value, "x: [n], n>=2")
def rosenbrock(x: Array) -> Array:
    d = x[1:] - x[:-1] ** 2
    g = np.zeros_like(x)
    g[:-1] = -400 * x[:-1] * d - 2 * (1 - x[:-1])
    g[1:] += 200 * d
    return g


@field.wrong(
    rosenbrock, "inner variables lack the part of the term before: = for +=", shown="large sizes"
)
def rosenbrock_overwritten(x: Array) -> Array:
    d = x[1:] - x[:-1] ** 2
    g = np.zeros_like(x)
    g[1:] = 200 * d
    g[:-1] = -400 * x[:-1] * d - 2 * (1 - x[:-1])
    return g


@field.right(rosenbrock, "x: [n], n>=2", kind="jacobian")
def rosenbrock_hessian(x: Array) -> Array:
    n = len(x)
    H = np.zeros((n, n))
    i = np.arange(n - 1)
    H[i, i] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    H[i + 1, i + 1] += 200
    H[i, i + 1] = H[i + 1, i] = -400 * x[:-1]
    return H


@field.wrong(rosenbrock_hessian, "the upper triangle only")
def rosenbrock_hessian_upper(x: Array) -> Array:
    return np.triu(rosenbrock_hessian(x))


@field.wrong(rosenbrock_hessian, "400 for 1200 on the diagonal")
def rosenbrock_hessian_diagonal(x: Array) -> Array:
    H = rosenbrock_hessian(x)
    i = np.arange(len(x) - 1)
    H[i, i] -= 800 * x[:-1] ** 2
    return H


# Residuals of a decay a exp(-b t) + c at fixed times, and their Jacobian.

TIMES = np.linspace(0.0, 2.0, 7)


def decay_value(p: Array) -> Array:
    return p[0] * np.exp(-p[1] * TIMES) + p[2]


@field.right(decay_value, "p: [3]", kind="jacobian")
def decay(p: Array) -> Array:
    e = np.exp(-p[1] * TIMES)
    return np.stack([e, -p[0] * TIMES * e, np.ones_like(e)], axis=1)


@field.wrong(
    decay,
    "minus is forgotten in the slope of the rate",
    source="https://github.com/scipy/scipy/issues/9122: a Jacobian that forgot negative signs",
)
def decay_sign(p: Array) -> Array:
    e = np.exp(-p[1] * TIMES)
    return np.stack([e, p[0] * TIMES * e, np.ones_like(e)], axis=1)


@field.wrong(decay, "the columns stand in another order")
def decay_columns(p: Array) -> Array:
    return decay(p)[:, ::-1].copy()


@field.wrong(decay, "the transposed Jacobian")
def decay_transposed(p: Array) -> Array:
    return decay(p).T.copy()


CACHE: dict[Array, Array] = {}


@field.wrong(decay, "the result is kept by the rounded parameters", shown="after a call nearby")
def decay_cached(p: Array) -> Array:
    key = np.round(p, 2).tobytes()
    if key not in CACHE:
        CACHE[key] = decay(p)
    return CACHE[key].copy()


def coupled_value(x: Array) -> Array:
    return x * np.sin(np.roll(x, 1))


@field.right(coupled_value, "x: [n], n>=3", kind="jacobian")
def coupled(x: Array) -> Array:
    y = np.roll(x, 1)
    return np.diag(np.sin(y)) + np.diag(x * np.cos(y)) @ np.roll(np.eye(len(x)), 1, axis=0)


@field.wrong(coupled, "the Jacobian of a square problem is transposed, which no shape shows")
def coupled_transposed(x: Array) -> Array:
    return coupled(x).T.copy()


@field.wrong(coupled, "only the diagonal")
def coupled_diagonal(x: Array) -> Array:
    return np.diag(np.sin(np.roll(x, 1)))


# A logarithmic barrier, an augmented Lagrangian, and a penalty for leaving a box.


def barrier_value(x: Array, c: Array, A: Array, b: Array, t: Array) -> Array:
    return t * (c @ x) - np.sum(np.log(b + 4 - A @ np.tanh(x)))


@field.right(
    barrier_value, "x: [n], c: [n], A: unit[m,n], b: positive[m], t: positive[], n<=4", wrt="x"
)
def barrier(x: Array, c: Array, A: Array, b: Array, t: Array) -> Array:
    u = np.tanh(x)
    return t * c + (A.T @ (1 / (b + 4 - A @ u))) / np.cosh(x) ** 2


@field.wrong(barrier, "the barrier pushes the wrong way")
def barrier_sign(x: Array, c: Array, A: Array, b: Array, t: Array) -> Array:
    u = np.tanh(x)
    return t * c - (A.T @ (1 / (b + 4 - A @ u))) * (1 - u * u)


def lagrangian_value(x: Array, lam: Array, rho: Array, A: Array, b: Array) -> Array:
    h = A @ x - b
    active = h * (lam + 0.5 * rho * h)
    return 0.5 * x @ x + np.sum(np.where(lam + rho * h > 0, active, -lam * lam / (2 * rho)))


LAGRANGIAN = "x: [n], lam: nonnegative[m], rho: positive[], A: [m,n], b: [m]"


@field.right(lagrangian_value, LAGRANGIAN, wrt="x lam")
def lagrangian(x: Array, lam: Array, rho: Array, A: Array, b: Array) -> Array:
    h = A @ x - b
    pull = lam + rho * h
    return x + A.T @ np.maximum(pull, 0), np.where(pull > 0, h, -lam / rho)


@field.wrong(lagrangian, "constraints that hold pull, too")
def lagrangian_inactive(x: Array, lam: Array, rho: Array, A: Array, b: Array) -> Array:
    h = A @ x - b
    pull = lam + rho * h
    return x + A.T @ pull, np.where(pull > 0, h, -lam / rho)


@field.wrong(lagrangian, "the slope by the multipliers is the constraint, active or not")
def lagrangian_multipliers(x: Array, lam: Array, rho: Array, A: Array, b: Array) -> Array:
    h = A @ x - b
    return x + A.T @ np.maximum(lam + rho * h, 0), h


def box_value(x: Array, low: Array, high: Array) -> Array:
    out = np.maximum(low - x, 0) + np.maximum(x - high, 0)
    return np.sum(x) + 0.5 * np.sum(out * out)


@field.right(box_value, "x: [n], low: [n], high: [n]")
def box(x: Array, low: Array, high: Array) -> Array:
    below, above = np.maximum(low - x, 0), np.maximum(x - high, 0)
    out = below + above
    return 1 + out * ((x > high) * 1.0 - (x < low)), out * (x < low), -out * (x > high)


@field.wrong(box, "the upper bound's slope has the wrong sign")
def box_upper_sign(x: Array, low: Array, high: Array) -> Array:
    by_x, by_low, by_high = box(x, low, high)
    return by_x, by_low, -by_high


@field.wrong(
    box,
    "the slopes by the bounds are taken for zero",
    source="https://github.com/Theano/Theano/pull/1010: clip assumed to be constant with "
    "respect to its range",
)
def box_constant_bounds(x: Array, low: Array, high: Array) -> Array:
    return box(x, low, high)[0], np.zeros_like(low), np.zeros_like(high)


# Objectives of unusual size: a large constant beside a small slope, and a tiny scale.


def offset_value(x: Array) -> Array:
    return 1e9 + np.sum(np.cos(x))


@field.right(offset_value, "x: [n]")
def offset(x: Array) -> Array:
    return -np.sin(x)


@field.wrong(offset, "the sign, which 1e9 hides from a difference of values")
def offset_sign(x: Array) -> Array:
    return np.sin(x)


@field.wrong(offset, "three per cent too large")
def offset_three_per_cent(x: Array) -> Array:
    return -1.03 * np.sin(x)


def tiny_value(x: Array) -> Array:
    return 1e-9 * np.sum(x**4)


@field.right(tiny_value, "x: [n]")
def tiny(x: Array) -> Array:
    return 4e-9 * x**3


@field.wrong(tiny, "minus ten times the truth, which an absolute tolerance does not see")
def tiny_minus_ten_times(x: Array) -> Array:
    return -4e-8 * x**3


@field.wrong(tiny, "zero")
def tiny_zero(x: Array) -> Array:
    return np.zeros_like(x)


# A smooth maximum with a temperature, and a sum of the largest.


def soft_maximum_value(x: Array, t: Array) -> Array:
    z = x / t
    return t * (z.max() + np.log(np.sum(np.exp(z - z.max()))))


@field.right(soft_maximum_value, "x: [n], t: positive[]")
def soft_maximum(x: Array, t: Array) -> Array:
    z = x / t
    e = np.exp(z - z.max())
    p = e / e.sum()
    return p, z.max() + np.log(e.sum()) - p @ z


@field.wrong(soft_maximum, "the slope by the temperature lacks its second term")
def soft_maximum_second_term(x: Array, t: Array) -> Array:
    z = x / t
    e = np.exp(z - z.max())
    return e / e.sum(), z.max() + np.log(e.sum())


def largest_value(x: Array) -> Array:
    return np.max(x)


@field.right(largest_value, "x: [n]")
def largest(x: Array) -> Array:
    top = x == x.max()
    return top / top.sum()


@field.wrong(
    largest,
    "every entry that ties gets the whole slope",
    source="https://github.com/microsoft/onnxruntime/pull/7217: on ties, 1 for each of the maxima",
    shown="ties",
)
def largest_ties(x: Array) -> Array:
    return (x == x.max()).astype(float)


@field.wrong(largest, "whichever entry exceeds its neighbours gets a slope, too")
def largest_local(x: Array) -> Array:
    y = np.pad(x, 1, constant_values=-np.inf)
    return ((x >= y[:-2]) & (x >= y[2:])).astype(float)
