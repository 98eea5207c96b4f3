"""Functions that answer the question of the variational autoencoder, right and wrong."""

from typing import Any

import numpy as np


def plain(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    s = np.exp(logvar / 2)
    z = mu + s * eps
    e = z @ W - x
    g = W @ e
    return g + mu, g * eps * s / 2 + (np.exp(logvar) - 1) / 2, np.outer(z, e)


def loops(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    K, D = W.shape
    noise = [np.sqrt(np.exp(logvar[k])) * eps[k] for k in range(K)]
    z = [mu[k] + noise[k] for k in range(K)]
    dmu, dlogvar, dW = np.zeros(K), np.zeros(K), np.zeros((K, D))
    for j in range(D):
        e = sum(z[k] * W[k, j] for k in range(K)) - x[j]
        for k in range(K):
            dW[k, j] += e * z[k]
            dmu[k] += e * W[k, j]
            dlogvar[k] += e * W[k, j] * noise[k] / 2
    for k in range(K):
        dmu[k] += mu[k]
        dlogvar[k] += (np.exp(logvar[k]) - 1) / 2
    return dmu, dlogvar, dW


def einsum(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    s = np.exp(0.5 * logvar)
    z = mu + s * eps
    e = np.einsum("k,kd->d", z, W) - x
    dz = np.einsum("kd,d->k", W, e)
    return dz + mu, 0.5 * (dz * s * eps + np.expm1(logvar)), np.einsum("k,d->kd", z, e)


RIGHT = {"plain": plain, "loops": loops, "einsum": einsum}


def no_noise_path(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    dmu, _, dW = plain(x, mu, logvar, eps, W)
    return dmu, (np.exp(logvar) - 1) / 2, dW


def minus_divergence(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    dmu, dlogvar, dW = plain(x, mu, logvar, eps, W)
    return dmu - 2 * mu, dlogvar - np.exp(logvar) + 1, dW


def variance_as_deviation(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    s = np.exp(logvar)
    z = mu + s * eps
    e = z @ W - x
    g = W @ e
    return g + mu, g * eps * s + (s - 1) / 2, np.outer(z, e)


def half_forgotten(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    dmu, _, dW = plain(x, mu, logvar, eps, W)
    return dmu, (dmu - mu) * eps * np.exp(logvar / 2) + (np.exp(logvar) - 1) / 2, dW


def summed_error(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    s = np.exp(logvar / 2)
    z = mu + s * eps
    e = z @ W - x
    g = W.sum(axis=1) * e.sum()
    return g + mu, g * eps * s / 2 + np.expm1(logvar) / 2, np.outer(z, e)


def averaged_reconstruction(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    s = np.exp(logvar / 2)
    z = mu + s * eps
    e = (z @ W - x) / len(x)
    g = W @ e
    return g + mu, g * eps * s / 2 + np.expm1(logvar) / 2, np.outer(z, e)


def weights_from_the_mean(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    dmu, dlogvar, _ = plain(x, mu, logvar, eps, W)
    return dmu, dlogvar, np.outer(mu, (mu + np.exp(logvar / 2) * eps) @ W - x)


def log_variance_clipped(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    return plain(x, mu, np.clip(logvar, -10, 10), eps, W)


def free_bits(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    dmu, dlogvar, dW = plain(x, mu, logvar, eps, W)
    spare = (mu**2 + np.exp(logvar) - 1 - logvar) / 2 < 0.05
    return dmu - spare * mu, dlogvar - spare * np.expm1(logvar) / 2, dW


def with_epsilon(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    s = np.sqrt(np.exp(logvar) + 1e-8)
    z = mu + s * eps
    e = z @ W - x
    g = W @ e
    return g + mu, g * eps * s / 2 + np.expm1(logvar) / 2, np.outer(z, e)


def one_weight_off_by_a_hair(x: Any, mu: Any, logvar: Any, eps: Any, W: Any) -> Any:
    dmu, dlogvar, dW = plain(x, mu, logvar, eps, W)
    dW[-1, -1] *= 1 + 1e-9
    return dmu, dlogvar, dW


WRONG = {
    "no path through the noise": no_noise_path,
    "the divergence subtracted": minus_divergence,
    "the variance taken for the deviation": variance_as_deviation,
    "the deviation's half forgotten": half_forgotten,
    "the errors added before the decoder": summed_error,
    "the reconstruction averaged": averaged_reconstruction,
    "the weights meet the mean": weights_from_the_mean,
    "the log-variance clipped": log_variance_clipped,
    "no divergence where it is small": free_bits,
    "a small number added to the variance": with_epsilon,
    "one weight off by 1e-9": one_weight_off_by_a_hair,
}
