"""Regression and generalised linear models: losses of weights, with data that do not move."""

import numpy as np
from scipy.special import erfcx, gammaln, log_ndtr

from benchmarks.catalogue.pair import Array, Field

field = Field("regression and GLMs")


def sigmoid(z: Array) -> Array:
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


# Least squares with an L2 penalty: half the mean of the squares.


def ridge_loss(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = X @ w + b - y
    return 0.5 * np.mean(r * r) + 0.5 * lam * (w @ w)


RIDGE = "X: [n,d], y: [n], w: [d], b: [], lam: nonnegative[]"


@field.right(ridge_loss, RIDGE, wrt="w b")
def ridge(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = X @ w + b - y
    return X.T @ r / len(r) + lam * w, np.mean(r)


@field.wrong(ridge, "the half of the loss is forgotten")
def ridge_factor_two(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = X @ w + b - y
    return 2 * X.T @ r / len(r) + 2 * lam * w, 2 * np.mean(r)


@field.wrong(ridge, "a column of targets minus a vector makes a square of errors, which is summed")
def ridge_broadcast_error(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = (X @ w + b)[:, None] - y
    return X.T @ r.mean(axis=1) / len(y) + lam * w, np.mean(r)


@field.wrong(
    ridge,
    "the penalty acts on the intercept too",
    source="https://github.com/rasmusbergpalm/DeepLearnToolbox/issues/32: "
    "L2 regularization on the bias terms",
)
def ridge_penalty_on_the_intercept(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = X @ w + b - y
    return X.T @ r / len(r) + lam * w, np.mean(r) + lam * b


@field.wrong(ridge, "rows beyond the seventh are left out", shown="large sizes")
def ridge_first_eight_rows(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = X[:8] @ w + b - y[:8]
    return X[:8].T @ r / len(r) + lam * w, np.mean(r)


@field.wrong(ridge, "the penalty is added into the weights themselves")
def ridge_changes_the_weights(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = X @ w + b - y
    w *= lam
    w += X.T @ r / len(r)
    return w, np.mean(r)


@field.wrong(
    ridge,
    "the error is taken as target minus prediction, without its minus in front",
    source="https://github.com/dvgodoy/PyTorchStepByStep/issues/21: error = y - yhat, and its sign",
)
def ridge_sign(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = y - X @ w - b
    return X.T @ r / len(r) + lam * w, np.mean(r)


# Logistic regression: the mean negative log-likelihood of labels in {0, 1}, and an L2 penalty.


def logistic_loss(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    z = X @ w + b
    return np.mean(np.logaddexp(0, z) - y * z) + 0.5 * lam * np.sum(w * w)


LOGISTIC = "X: [n,d], y: bool[n], w: [d], b: [], lam: nonnegative[]"


@field.right(logistic_loss, LOGISTIC, wrt="w b")
def logistic(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = (sigmoid(X @ w + b) - y) / len(y)
    return X.T @ r + lam * w, r.sum()


@field.wrong(
    logistic,
    "the residual has the wrong sign",
    source="https://github.com/scikit-learn/scikit-learn/issues/9666: "
    "negative_gradient returns the positive one",
)
def logistic_sign(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = (y - sigmoid(X @ w + b)) / len(y)
    return X.T @ r + lam * w, r.sum()


@field.wrong(logistic, "a sum where the loss has a mean")
def logistic_sum_for_mean(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = sigmoid(X @ w + b) - y
    return X.T @ r + lam * w, r.sum()


@field.wrong(
    logistic,
    "the penalty is forgotten in the gradient",
    source="https://github.com/Burton2000/CS231n-2017/issues/9: 2 reg b1 has not been added",
)
def logistic_without_penalty(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    r = (sigmoid(X @ w + b) - y) / len(y)
    return X.T @ r, r.sum()


@field.wrong(
    logistic,
    "exp(z) / (1 + exp(z)) is nan where z is large",
    source="https://github.com/clab/dynet/issues/1525: sigmoid gives nans on large inputs",
    shown="one far",
)
def logistic_saturated_to_nan(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    e = np.exp(X @ w + b)
    r = (e / (1 + e) - y) / len(y)
    return X.T @ r + lam * w, r.sum()


@field.wrong(
    logistic, "probabilities are clipped to [1e-3, 1 - 1e-3], the loss is not", shown="tens"
)
def logistic_clipped_probabilities(X: Array, y: Array, w: Array, b: Array, lam: Array) -> Array:
    p = np.clip(sigmoid(X @ w + b), 1e-3, 1 - 1e-3)
    r = (p - y) / len(y)
    return X.T @ r + lam * w, r.sum()


# The Hessian of the same, as the Jacobian of the score.


def logistic_score(w: Array, X: Array, y: Array) -> Array:
    return X.T @ (sigmoid(X @ w) - y)


@field.right(logistic_score, "w: [d], X: [n,d], y: bool[n]", wrt="w", kind="jacobian")
def logistic_hessian(w: Array, X: Array, y: Array) -> Array:
    p = sigmoid(X @ w)
    return (X * (p * sigmoid(-X @ w))[:, None]).T @ X


@field.wrong(logistic_hessian, "the weights p instead of p (1 - p)")
def logistic_hessian_weights(w: Array, X: Array, y: Array) -> Array:
    p = sigmoid(X @ w)
    return (X * p[:, None]).T @ X


# Poisson regression with exposure.


def poisson_loss(X: Array, y: Array, exposure: Array, w: Array) -> Array:
    eta = X @ w
    return np.sum(exposure * np.exp(eta) - y * eta)


POISSON = "X: [n,d], y: count[n], exposure: positive[n], w: [d]"


@field.right(poisson_loss, POISSON, wrt="w")
def poisson(X: Array, y: Array, exposure: Array, w: Array) -> Array:
    return X.T @ (exposure * np.exp(X @ w) - y)


@field.wrong(poisson, "the exposure is forgotten")
def poisson_without_exposure(X: Array, y: Array, exposure: Array, w: Array) -> Array:
    return X.T @ (np.exp(X @ w) - y)


@field.wrong(poisson, "the rate is capped at 20 in the gradient only", shown="tens")
def poisson_capped_rate(X: Array, y: Array, exposure: Array, w: Array) -> Array:
    return X.T @ (exposure * np.exp(np.minimum(X @ w, 3.0)) - y)


# Negative binomial regression (NB2): the dispersion alpha is a parameter. The gamma functions of
# counts are written as sums, so that nothing cancels where alpha is small.


def negative_binomial_loss(X: Array, y: Array, w: Array, alpha: Array) -> Array:
    eta = X @ w
    mu = np.exp(eta)
    gammas = sum(np.log1p(alpha * np.arange(count)).sum() for count in y)
    return np.sum((y + 1 / alpha) * np.log1p(alpha * mu) - y * eta + gammaln(y + 1)) - gammas


def by_inverse(mu: Array, alpha: Array) -> Array:
    """Return (log(1 + x) - x / (1 + x)) / alpha² of x = alpha mu, where nothing may cancel."""
    x = alpha * mu
    small = np.where(x < 0.01, x, 0.01)
    series = sum((-1) ** k * (k - 1) / k * small ** (k - 2) for k in range(2, 13))
    return np.where(x < 0.01, mu * mu * series, (np.log1p(x) - x / (1 + x)) / alpha**2)


@field.right(
    negative_binomial_loss, "X: [n,d], y: count[n], w: [d], alpha: positive[]", wrt="w alpha"
)
def negative_binomial(X: Array, y: Array, w: Array, alpha: Array) -> Array:
    mu = np.exp(X @ w)
    rate = mu / (1 + alpha * mu)
    gammas = sum((np.arange(count) / (1 + alpha * np.arange(count))).sum() for count in y)
    by_alpha = np.sum(y * rate - by_inverse(mu, alpha)) - gammas
    return X.T @ ((1 + alpha * y) * rate - y), by_alpha


@field.wrong(
    negative_binomial,
    "the slope by log(alpha) is given as that by alpha",
    source="https://github.com/statsmodels/statsmodels/issues/1967: score by transformed params",
)
def negative_binomial_by_log_alpha(X: Array, y: Array, w: Array, alpha: Array) -> Array:
    by_w, by_alpha = negative_binomial(X, y, w, alpha)
    return by_w, alpha * by_alpha


@field.wrong(
    negative_binomial,
    "the slope by alpha is squared, as if that were a transformation",
    source="https://github.com/statsmodels/statsmodels/issues/7522: score[-1] ** 2 looks incorrect",
)
def negative_binomial_squared_slope(X: Array, y: Array, w: Array, alpha: Array) -> Array:
    by_w, by_alpha = negative_binomial(X, y, w, alpha)
    return by_w, by_alpha**2


@field.wrong(
    negative_binomial,
    "below alpha = 1e-4 the slopes of the Poisson limit",
    source="https://github.com/stan-dev/math/issues/1578: approximated by Poisson for large alpha, "
    "the derivatives are off",
    shown="small dispersion",
)
def negative_binomial_poisson_limit(X: Array, y: Array, w: Array, alpha: Array) -> Array:
    by_w, by_alpha = negative_binomial(X, y, w, alpha)
    return (by_w, 0.0) if alpha < 1e-4 else (by_w, by_alpha)


# Cox's partial likelihood, with Breslow's way with tied times.


def cox_loss(X: Array, t: Array, event: Array, w: Array) -> Array:
    eta = X @ w
    total = 0.0
    for i in np.flatnonzero(event):
        risk = eta[t >= t[i]]
        top = risk.max()
        total += top + np.log(np.sum(np.exp(risk - top))) - eta[i]
    return total


@field.right(cox_loss, "X: [n,d], t: nonnegative[n], event: bool[n], w: [d]", wrt="w")
def cox(X: Array, t: Array, event: Array, w: Array) -> Array:
    eta = X @ w
    g = np.zeros_like(w)
    for i in np.flatnonzero(event):
        at_risk = t >= t[i]
        p = np.exp(eta[at_risk] - eta[at_risk].max())
        g += (p / p.sum()) @ X[at_risk] - X[i]
    return g


@field.wrong(
    cox,
    "of tied times, those before in the order are taken out of the risk set",
    source="https://github.com/havakv/pycox/issues/27: correct as long as there are no tied times",
    shown="ties",
)
def cox_ties_by_order(X: Array, t: Array, event: Array, w: Array) -> Array:
    eta = X @ w
    order = np.argsort(t, kind="stable")
    g = np.zeros_like(w)
    for place, i in enumerate(order):
        if event[i]:
            later = order[place:]
            p = np.exp(eta[later] - eta[later].max())
            g += (p / p.sum()) @ X[later] - X[i]
    return g


@field.wrong(cox, "whoever has the event is not counted among those at risk")
def cox_without_oneself(X: Array, t: Array, event: Array, w: Array) -> Array:
    eta = X @ w
    g = np.zeros_like(w)
    for i in np.flatnonzero(event):
        at_risk = t > t[i]
        if at_risk.any():
            p = np.exp(eta[at_risk] - eta[at_risk].max())
            g += (p / p.sum()) @ X[at_risk] - X[i]
    return g


# Quantile regression and Huber's loss.


def quantile_loss(X: Array, y: Array, w: Array, tau: Array) -> Array:
    r = y - X @ w
    return np.mean(np.maximum(tau * r, (tau - 1) * r))


@field.right(quantile_loss, "X: [n,d], y: [n], w: [d], tau: unit[]", wrt="w")
def quantile(X: Array, y: Array, w: Array, tau: Array) -> Array:
    r = y - X @ w
    return -X.T @ np.where(r >= 0, tau, tau - 1) / len(y)


@field.wrong(quantile, "tau and 1 - tau are exchanged")
def quantile_sides_exchanged(X: Array, y: Array, w: Array, tau: Array) -> Array:
    r = y - X @ w
    return -X.T @ np.where(r >= 0, 1 - tau, -tau) / len(y)


@field.wrong(quantile, "residuals below 1e-3 in size count as none", shown="small")
def quantile_dead_zone(X: Array, y: Array, w: Array, tau: Array) -> Array:
    r = y - X @ w
    s = np.where(r >= 0, tau, tau - 1)
    s[np.abs(r) < 1e-3] = 0.0
    return -X.T @ s / len(y)


def huber_loss(X: Array, y: Array, w: Array, delta: Array) -> Array:
    r = X @ w - y
    a = np.abs(r)
    return np.sum(np.where(a <= delta, 0.5 * r * r, delta * (a - 0.5 * delta)))


@field.right(huber_loss, "X: [n,d], y: [n], w: [d], delta: positive[]", wrt="w")
def huber(X: Array, y: Array, w: Array, delta: Array) -> Array:
    return X.T @ np.clip(X @ w - y, -delta, delta)


@field.wrong(
    huber,
    "residuals far below zero are forgotten",
    source="https://github.com/marlbenchmark/on-policy/issues/47: e > d where abs(e) > d belongs",
)
def huber_one_side(X: Array, y: Array, w: Array, delta: Array) -> Array:
    r = X @ w - y
    return X.T @ (r * (np.abs(r) <= delta) + delta * (r > delta))


@field.wrong(
    huber,
    "the slope of the linear part is 1 instead of delta",
    source="https://github.com/tensorforce/tensorforce/issues/139: the linear part ignores delta",
)
def huber_unit_slope(X: Array, y: Array, w: Array, delta: Array) -> Array:
    r = X @ w - y
    return X.T @ np.where(np.abs(r) <= delta, r, np.sign(r))


# A support vector machine with the squared hinge, and the lasso, whose penalty has a kink.


def squared_hinge_loss(X: Array, y: Array, w: Array, c: Array) -> Array:
    m = np.maximum(1 - y * (X @ w), 0)
    return 0.5 * (w @ w) + c * np.sum(m * m)


@field.right(squared_hinge_loss, "X: [n,d], y: sign[n], w: [d], c: positive[]", wrt="w")
def squared_hinge(X: Array, y: Array, w: Array, c: Array) -> Array:
    m = np.maximum(1 - y * (X @ w), 0)
    return w - 2 * c * X.T @ (y * m)


@field.wrong(squared_hinge, "points beyond the margin pull, too")
def squared_hinge_without_mask(X: Array, y: Array, w: Array, c: Array) -> Array:
    return w - 2 * c * X.T @ (y * (1 - y * (X @ w)))


def lasso_loss(X: Array, y: Array, w: Array, lam: Array) -> Array:
    r = X @ w - y
    return 0.5 * (r @ r) + lam * np.sum(np.abs(w))


@field.right(lasso_loss, "X: [n,d], y: [n], w: [d], lam: nonnegative[]", wrt="w")
def lasso(X: Array, y: Array, w: Array, lam: Array) -> Array:
    return X.T @ (X @ w - y) + lam * np.sign(w)


@field.wrong(lasso, "the slope of |w| at a zero is taken for 2", shown="some zero")
def lasso_slope_at_zero(X: Array, y: Array, w: Array, lam: Array) -> Array:
    return X.T @ (X @ w - y) + lam * np.where(w == 0, 2.0, np.sign(w))


# Probit regression, by the logarithm of the normal distribution function.


def probit_loss(X: Array, y: Array, w: Array) -> Array:
    return -np.sum(log_ndtr(y * (X @ w)))


@field.right(probit_loss, "X: [n,d], y: sign[n], w: [d]", wrt="w")
def probit(X: Array, y: Array, w: Array) -> Array:
    z = y * (X @ w)
    mills = np.sqrt(2 / np.pi) / erfcx(-z / np.sqrt(2))
    return -X.T @ (y * mills)


@field.wrong(probit, "the density is divided by a probability that underflows", shown="tens")
def probit_underflow(X: Array, y: Array, w: Array) -> Array:
    z = y * (X @ w)
    p = np.maximum(np.exp(log_ndtr(z)), 1e-12)
    return -X.T @ (y * np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi) / p)


# Multinomial regression with integer labels and weights of the classes.


def multinomial_loss(X: Array, y: Array, c: Array, W: Array) -> Array:
    Z = X @ W
    top = Z.max(axis=1)
    norm = top + np.log(np.sum(np.exp(Z - top[:, None]), axis=1))
    return np.sum(c[y] * (norm - Z[np.arange(len(y)), y])) / np.sum(c[y])


MULTINOMIAL = "X: [n,d], y: int[n] < k, c: positive[k], W: [d,k]"


@field.right(multinomial_loss, MULTINOMIAL, wrt="W")
def multinomial(X: Array, y: Array, c: Array, W: Array) -> Array:
    Z = X @ W
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    return X.T @ (P * (c[y] / np.sum(c[y]))[:, None])


@field.wrong(
    multinomial,
    "divided by the number of samples, where the loss divides by their weight",
    source="https://github.com/torch/nn/issues/926: normalised by N, not by the total weight",
)
def multinomial_normaliser(X: Array, y: Array, c: Array, W: Array) -> Array:
    Z = X @ W
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    return X.T @ (P * c[y][:, None]) / len(y)


@field.wrong(multinomial, "the one is subtracted in every row at every label that occurs")
def multinomial_label_mesh(X: Array, y: Array, c: Array, W: Array) -> Array:
    Z = X @ W
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    P[:, np.unique(y)] -= 1
    return X.T @ (P * (c[y] / np.sum(c[y]))[:, None])
