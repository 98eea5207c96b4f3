"""Statistics: log-likelihoods, divergences, moments, and a Gaussian process."""

import numpy as np
from scipy.special import digamma, gammaln

from benchmarks.catalogue.pair import Array, Field

field = Field("statistics")


# A normal sample with mean and covariance: the negative log-likelihood, constants left out.


def normal_loss(X: Array, mu: Array, S: Array) -> Array:
    R = X - mu
    L = np.linalg.cholesky(S)
    Z = np.linalg.solve(L, R.T)
    return 0.5 * np.sum(Z * Z) + len(X) * np.sum(np.log(np.diag(L)))


@field.right(normal_loss, "X: [n,d], mu: [d], S: spd[d,d]", wrt="mu S")
def normal(X: Array, mu: Array, S: Array) -> Array:
    P = np.linalg.inv(S)
    A = (X - mu) @ P
    return -A.sum(axis=0), 0.5 * (len(X) * P - A.T @ A)


@field.wrong(normal, "the logarithm of the determinant is counted for one sample only")
def normal_determinant_once(X: Array, mu: Array, S: Array) -> Array:
    P = np.linalg.inv(S)
    A = (X - mu) @ P
    return -A.sum(axis=0), 0.5 * (P - A.T @ A)


@field.wrong(normal, "off the diagonal of the covariance twice the right entries")
def normal_off_diagonal_twice(X: Array, mu: Array, S: Array) -> Array:
    P = np.linalg.inv(S)
    A = (X - mu) @ P
    G = 0.5 * (len(X) * P - A.T @ A)
    return -A.sum(axis=0), 2 * G - np.diag(np.diag(G))


@field.wrong(normal, "the slope by the precision is given for that by the covariance")
def normal_by_precision(X: Array, mu: Array, S: Array) -> Array:
    P = np.linalg.inv(S)
    R = X - mu
    return -(R @ P).sum(axis=0), 0.5 * (R.T @ R - len(X) * S)


@field.wrong(
    normal,
    "the slope of the covariance has the wrong sign",
    source="https://github.com/HIPS/autograd/pull/412: a multivariate normal's covariance had the "
    "wrong sign",
)
def normal_covariance_sign(X: Array, mu: Array, S: Array) -> Array:
    P = np.linalg.inv(S)
    A = (X - mu) @ P
    return -A.sum(axis=0), -0.5 * (len(X) * P - A.T @ A)


# Divergences of normal and of discrete distributions.


def normal_divergence(mu: Array, log_var: Array) -> Array:
    return 0.5 * np.sum(np.exp(log_var) + mu * mu - 1 - log_var) / len(mu)


@field.right(normal_divergence, "mu: [n,d], log_var: [n,d]")
def divergence(mu: Array, log_var: Array) -> Array:
    return mu / len(mu), 0.5 * np.expm1(log_var) / len(mu)


@field.wrong(
    divergence,
    "a mean over all entries, where the loss is a mean over the batch",
    source="https://github.com/HikariTJU/LD/issues/74: mean(1) instead of sum(1)",
)
def divergence_mean_of_entries(mu: Array, log_var: Array) -> Array:
    return mu / mu.size, 0.5 * np.expm1(log_var) / mu.size


@field.wrong(
    divergence,
    "the slope by the variance, not by its logarithm",
    source="https://github.com/alan-turing-institute/stat-fem/issues/35: "
    "a factor is missing, as rho is on a logarithmic scale",
)
def divergence_by_variance(mu: Array, log_var: Array) -> Array:
    return mu / len(mu), 0.5 * (1 - np.exp(-log_var)) / len(mu)


def discrete_divergence(z: Array, p: Array) -> Array:
    top = z.max()
    log_q = z - top - np.log(np.sum(np.exp(z - top)))
    logs = np.log(np.where(p > 0, p, 1.0))
    return np.sum(p * (logs - log_q))


@field.right(discrete_divergence, "z: [k], p: simplex[k]", wrt="z")
def discrete(z: Array, p: Array) -> Array:
    q = np.exp(z - z.max())
    return q / q.sum() * p.sum() - p


@field.wrong(discrete, "the divergence the other way round")
def discrete_reversed(z: Array, p: Array) -> Array:
    q = np.exp(z - z.max())
    q /= q.sum()
    with np.errstate(all="ignore"):
        r = np.log(np.maximum(q, 1e-300) / np.maximum(p, 1e-300))
    return q * (r - q @ r)


@field.wrong(discrete, "classes of probability below 1e-3 are left out", shown="tens")
def discrete_dropped_classes(z: Array, p: Array) -> Array:
    q = np.exp(z - z.max())
    q /= q.sum()
    return np.where(q < 1e-3, 0.0, q) - p


# Student's t with a scale by its logarithm, and between 1 and 9 degrees of freedom.


def degrees(s: Array) -> Array:
    return 5 + 4 * np.tanh(s)


def student_loss(r: Array, log_scale: Array, s: Array) -> Array:
    nu = degrees(s)
    x = r * np.exp(-log_scale)
    each = 0.5 * (nu + 1) * np.log1p(x * x / nu)
    gammas = gammaln(0.5 * (nu + 1)) - gammaln(0.5 * nu) - 0.5 * np.log(nu)
    return np.sum(each) + len(r) * (log_scale - gammas)


@field.right(student_loss, "r: [n], log_scale: [], s: []")
def student(r: Array, log_scale: Array, s: Array) -> Array:
    nu = degrees(s)
    x = r * np.exp(-log_scale)
    w = (nu + 1) * x / (nu + x * x)
    gammas = 0.5 * digamma(0.5 * (nu + 1)) - 0.5 * digamma(0.5 * nu) - 0.5 / nu
    by_nu = np.sum(0.5 * np.log1p(x * x / nu) - 0.5 * w * x / nu) - len(r) * gammas
    return w * np.exp(-log_scale), len(r) - np.sum(w * x), by_nu * 4 / np.cosh(s) ** 2


@field.wrong(student, "nu + 1 is taken for nu in the weight")
def student_weight(r: Array, log_scale: Array, s: Array) -> Array:
    nu = degrees(s)
    x = r * np.exp(-log_scale)
    w = nu * x / (nu + x * x)
    return w * np.exp(-log_scale), len(r) - np.sum(w * x), student(r, log_scale, s)[2]


@field.wrong(student, "the slope by the degrees of freedom, not by what they are made of")
def student_by_degrees(r: Array, log_scale: Array, s: Array) -> Array:
    by_r, by_scale, by_s = student(r, log_scale, s)
    return by_r, by_scale, by_s * np.cosh(s) ** 2 / 4


# Dirichlet.


def dirichlet_loss(a: Array, p: Array) -> Array:
    logs = np.log(p).sum(axis=0)
    return len(p) * (gammaln(a).sum() - gammaln(a.sum())) - (a - 1) @ logs


@field.right(dirichlet_loss, "a: positive[k], p: simplex[n,k]", wrt="a")
def dirichlet(a: Array, p: Array) -> Array:
    return len(p) * (digamma(a) - digamma(a.sum())) - np.log(p).sum(axis=0)


@field.wrong(dirichlet, "the term of the sum is dropped")
def dirichlet_without_sum(a: Array, p: Array) -> Array:
    return len(p) * digamma(a) - np.log(p).sum(axis=0)


@field.wrong(dirichlet, "digamma is taken for log(a) - 1 / (2a)")
def dirichlet_asymptotic(a: Array, p: Array) -> Array:
    near = np.log(a) - 0.5 / a - np.log(a.sum()) + 0.5 / a.sum()
    return len(p) * near - np.log(p).sum(axis=0)


# Survival times with censoring, after Weibull.


def weibull_loss(t: Array, died: Array, log_scale: Array, log_shape: Array) -> Array:
    k = np.exp(log_shape)
    u = k * (np.log(t) - log_scale)
    return np.sum(np.exp(u)) - np.sum(died * (log_shape - log_scale + (1 - 1 / k) * u))


@field.right(
    weibull_loss,
    "t: positive[n], died: bool[n], log_scale: [], log_shape: []",
    wrt="log_scale log_shape",
)
def weibull(t: Array, died: Array, log_scale: Array, log_shape: Array) -> Array:
    k = np.exp(log_shape)
    x = np.log(t) - log_scale
    e = np.exp(k * x)
    by_scale = -k * np.sum(e) + k * np.sum(died)
    by_shape = np.sum(k * x * e) - np.sum(died * (1 + k * x))
    return by_scale, by_shape


@field.wrong(weibull, "those who were censored are taken for dead")
def weibull_censored_as_dead(t: Array, died: Array, log_scale: Array, log_shape: Array) -> Array:
    return weibull(t, np.ones_like(died), log_scale, log_shape)


# A Gaussian process: minus the log marginal likelihood, by the logarithms of a length, of the
# signal's size, and of the noise in units of the signal.


def process_kernel(X: Array, log_length: Array, log_noise: Array) -> Array:
    D = ((X[:, None] - X[None]) ** 2).sum(axis=2) * np.exp(-2 * log_length)
    R = np.exp(-0.5 * D)
    return R + (np.exp(2 * log_noise) + 0.01) * np.eye(len(X)), R * D


def process_loss(
    X: Array, y: Array, log_length: Array, log_signal: Array, log_noise: Array
) -> Array:
    K = process_kernel(X, log_length, log_noise)[0]
    L = np.linalg.cholesky(K)
    z = np.linalg.solve(L, y) * np.exp(-log_signal)
    return 0.5 * z @ z + np.sum(np.log(np.diag(L))) + len(y) * log_signal


PROCESS = "X: [n,d], y: [n], log_length: [], log_signal: [], log_noise: []"


@field.right(process_loss, PROCESS, wrt="log_length log_signal log_noise")
def process(X: Array, y: Array, log_length: Array, log_signal: Array, log_noise: Array) -> Array:
    K, by_log = process_kernel(X, log_length, log_noise)
    P = np.linalg.inv(K)
    a = P @ y * np.exp(-log_signal)
    G = 0.5 * (P - np.outer(a, a))
    by_signal = len(y) - y @ a * np.exp(-log_signal)
    return np.sum(G * by_log), by_signal, 2 * np.exp(2 * log_noise) * np.trace(G)


@field.wrong(
    process,
    "the slope by the length itself, which is not multiplied by the length",
    source="https://github.com/scikit-learn/scikit-learn/issues/14206: gradient or gradient times "
    "hyperparameter",
)
def process_by_length(
    X: Array, y: Array, log_length: Array, log_signal: Array, log_noise: Array
) -> Array:
    by_length, by_signal, by_noise = process(X, y, log_length, log_signal, log_noise)
    return by_length * np.exp(-log_length), by_signal, by_noise


@field.wrong(
    process,
    "of the noise squared once, not twice, itself",
    source="https://github.com/scikit-learn/scikit-learn/issues/18702: 2 sigma² or 2 sigma",
)
def process_noise_once(
    X: Array, y: Array, log_length: Array, log_signal: Array, log_noise: Array
) -> Array:
    by_length, by_signal, by_noise = process(X, y, log_length, log_signal, log_noise)
    return by_length, by_signal, by_noise * np.exp(-log_noise)


@field.wrong(
    process,
    "the logarithm of the signal is treated as the signal itself",
    source="https://github.com/shogun-toolbox/shogun/issues/2650: a gradient for log_sigma where "
    "sigma is in its natural domain",
)
def process_natural_signal(
    X: Array, y: Array, log_length: Array, log_signal: Array, log_noise: Array
) -> Array:
    by_length, by_signal, by_noise = process(X, y, log_length, log_signal, log_noise)
    return by_length, by_signal * log_signal, by_noise


@field.wrong(process, "the term of the determinant is missing for the length")
def process_fit_only(
    X: Array, y: Array, log_length: Array, log_signal: Array, log_noise: Array
) -> Array:
    K, by_log = process_kernel(X, log_length, log_noise)
    a = np.linalg.solve(K, y) * np.exp(-log_signal)
    return -0.5 * a @ by_log @ a, *process(X, y, log_length, log_signal, log_noise)[1:]


# A mixture of normal distributions in one dimension: means and logits of the weights.


def mixture_logs(x: Array, mu: Array, z: Array) -> Array:
    weights = z - z.max() - np.log(np.sum(np.exp(z - z.max())))
    return weights - 0.5 * (x[:, None] - mu) ** 2


def mixture_loss(x: Array, mu: Array, z: Array) -> Array:
    E = mixture_logs(x, mu, z)
    top = E.max(axis=1)
    return -np.sum(top + np.log(np.sum(np.exp(E - top[:, None]), axis=1)))


@field.right(mixture_loss, "x: [n], mu: [k], z: [k]", wrt="mu z")
def mixture(x: Array, mu: Array, z: Array) -> Array:
    E = mixture_logs(x, mu, z)
    R = np.exp(E - E.max(axis=1, keepdims=True))
    R /= R.sum(axis=1, keepdims=True)
    q = np.exp(z - z.max())
    return -np.sum(R * (x[:, None] - mu), axis=0), len(x) * q / q.sum() - R.sum(axis=0)


@field.wrong(mixture, "the responsibilities are not normalised")
def mixture_unnormalised(x: Array, mu: Array, z: Array) -> Array:
    E = mixture_logs(x, mu, z)
    R = np.exp(E)
    q = np.exp(z - z.max())
    return -np.sum(R * (x[:, None] - mu), axis=0), len(x) * q / q.sum() - R.sum(axis=0)


@field.wrong(mixture, "the logits' own normaliser is forgotten")
def mixture_logit_normaliser(x: Array, mu: Array, z: Array) -> Array:
    by_mu, _ = mixture(x, mu, z)
    E = mixture_logs(x, mu, z)
    R = np.exp(E - E.max(axis=1, keepdims=True))
    return by_mu, -np.sum(R / R.sum(axis=1, keepdims=True), axis=0)


@field.wrong(mixture, "every point belongs wholly to its most likely component")
def mixture_hard(x: Array, mu: Array, z: Array) -> Array:
    E = mixture_logs(x, mu, z)
    R = (E.max(axis=1, keepdims=True) == E).astype(float)
    q = np.exp(z - z.max())
    return -np.sum(R * (x[:, None] - mu), axis=0), len(x) * q / q.sum() - R.sum(axis=0)


# Moments.


def deviation_value(x: Array) -> Array:
    c = x - x.mean()
    return np.sqrt(np.mean(c * c))


@field.right(deviation_value, "x: [n]")
def deviation(x: Array) -> Array:
    c = x - x.mean()
    s = np.sqrt(np.mean(c * c))
    return c / (len(x) * s) if s > 0 else np.zeros_like(x)


@field.wrong(
    deviation,
    "nan where all numbers are equal",
    source="https://github.com/pytorch/pytorch/issues/4320: std gives nan gradients at x = 0",
    shown="all zero",
)
def deviation_nan(x: Array) -> Array:
    c = x - x.mean()
    with np.errstate(invalid="ignore"):
        return c / (len(x) * np.sqrt(np.mean(c * c)))


@field.wrong(deviation, "n - 1 for n")
def deviation_unbiased(x: Array) -> Array:
    c = x - x.mean()
    s = np.sqrt(np.mean(c * c))
    return c / (max(len(x) - 1, 1) * s) if s > 0 else np.zeros_like(x)


@field.wrong(deviation, "the mean is not subtracted")
def deviation_without_mean(x: Array) -> Array:
    s = deviation_value(x)
    return x / (len(x) * s) if s > 0 else np.zeros_like(x)


def log_sum_exp_value(x: Array) -> Array:
    top = x.max()
    return top + np.log(np.sum(np.exp(x - top)))


@field.right(log_sum_exp_value, "x: [n]")
def log_sum_exp(x: Array) -> Array:
    e = np.exp(x - x.max())
    return e / e.sum()


@field.wrong(
    log_sum_exp,
    "overflows at 750, and is nan there",
    source="https://github.com/tenstorrent/tt-metal/pull/10001: exp(x) overflows where x is large",
    shown="one far",
)
def log_sum_exp_overflow(x: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.exp(x) / np.sum(np.exp(x))


def sharpe_value(w: Array, R: Array) -> Array:
    x = R @ w
    return x.mean() / np.sqrt(x.var() + 1e-4)


@field.right(sharpe_value, "w: [k], R: [n,k]", wrt="w")
def sharpe(w: Array, R: Array) -> Array:
    x = R @ w
    v = x.var() + 1e-4
    return R.mean(axis=0) / np.sqrt(v) - x.mean() * v**-1.5 * R.T @ (x - x.mean()) / len(x)


@field.wrong(sharpe, "the deviation is treated as a constant")
def sharpe_constant_deviation(w: Array, R: Array) -> Array:
    return R.mean(axis=0) / np.sqrt((R @ w).var() + 1e-4)
