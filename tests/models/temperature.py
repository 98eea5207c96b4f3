"""Functions that answer the question of a softmax with temperature, right and wrong."""

from typing import Any

import numpy as np
from scipy.special import logsumexp


def _softmax(z: Any) -> Any:
    p = np.exp(z - z.max())
    return p / p.sum()


def plain(y: Any, t: Any, tau: Any) -> Any:
    g = _softmax(y / tau) * t.sum() - t
    return g / tau, -(g @ y) / tau**2


def loops(y: Any, t: Any, tau: Any) -> Any:
    top = max(y)
    weights = [np.exp((v - top) / tau) for v in y]
    total, targets = sum(weights), sum(t)
    dy, dtau = np.zeros(len(y)), np.float64(0)
    for i, v in enumerate(y):
        dy[i] = (weights[i] / total * targets - t[i]) / tau
        dtau -= dy[i] * v / tau
    return dy, dtau


def jacobian(y: Any, t: Any, tau: Any) -> Any:
    z = y / tau
    p = np.exp(z - logsumexp(z))
    dz = -t @ (np.eye(len(y)) - p)
    return dz / tau, np.dot(dz, -z) / tau


RIGHT = {"plain": plain, "loops": loops, "the Jacobian of log-softmax": jacobian}


def factor_missing(y: Any, t: Any, tau: Any) -> Any:
    g = _softmax(y / tau) * t.sum() - t
    return g, -(g @ y) / tau**2


def as_in_distillation(y: Any, t: Any, tau: Any) -> Any:
    dy, dtau = plain(y, t, tau)
    return dy * tau**2, dtau


def temperature_one(y: Any, t: Any, tau: Any) -> Any:
    g = _softmax(y) * t.sum() - t
    return g / tau, -(g @ y) / tau**2


def targets_sum_to_one(y: Any, t: Any, tau: Any) -> Any:
    g = _softmax(y / tau) - t
    return g / tau, -(g @ y) / tau**2


def multiplied(y: Any, t: Any, tau: Any) -> Any:
    g = _softmax(y * tau) * t.sum() - t
    return g * tau, g @ y


def power_forgotten(y: Any, t: Any, tau: Any) -> Any:
    dy, dtau = plain(y, t, tau)
    return dy, dtau * tau


def temperature_floored(y: Any, t: Any, tau: Any) -> Any:
    return plain(y, t, np.maximum(tau, 0.1))


def targets_softened(y: Any, t: Any, tau: Any) -> Any:
    return plain(y, _softmax(t / tau), tau)


def logits_centred(y: Any, t: Any, tau: Any) -> Any:
    g = _softmax(y / tau) * t.sum() - t
    return g / tau, -((g - g.mean()) @ np.abs(y)) / tau**2


def normalised_targets(y: Any, t: Any, tau: Any) -> Any:
    total = t.sum()
    return plain(y, t / total if total > 0 else t, tau)


def four_classes_at_most(y: Any, t: Any, tau: Any) -> Any:
    g = _softmax(y / tau) * t[:4].sum() - t
    return g / tau, -(g @ y) / tau**2


def one_logit_off_by_a_hair(y: Any, t: Any, tau: Any) -> Any:
    dy, dtau = plain(y, t, tau)
    dy[0] *= 1 + 1e-9
    return dy, dtau


WRONG = {
    "the factor 1/tau missing": factor_missing,
    "tau squared, as in distillation": as_in_distillation,
    "a softmax at temperature 1": temperature_one,
    "targets assumed to sum to 1": targets_sum_to_one,
    "multiplied by tau": multiplied,
    "one power of tau missing": power_forgotten,
    "the temperature floored": temperature_floored,
    "the targets softened as well": targets_softened,
    "the logits without their signs": logits_centred,
    "the targets normalised": normalised_targets,
    "only four targets summed": four_classes_at_most,
    "one logit off by 1e-9": one_logit_off_by_a_hair,
}
