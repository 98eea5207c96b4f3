"""Functions that answer the question of the focal loss, right and wrong."""

from typing import Any

import numpy as np
from scipy.special import expit, log_expit


def by_class(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    s = 2 * t - 1
    pt, rest = expit(s * z), expit(-s * z)
    at = np.where(t == 1, alpha, 1 - alpha)
    return s * at * rest**gamma * (gamma * pt * log_expit(s * z) - rest) / len(z)


def loops(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    out = np.zeros(len(z))
    for i in range(len(z)):
        x = z[i] if t[i] else -z[i]
        loss = np.logaddexp(0.0, -x)
        p, q = np.exp(-loss), np.exp(-np.logaddexp(0.0, x))
        slope = -(q**gamma) * (q + gamma * p * loss)
        out[i] = (alpha * slope if t[i] else (alpha - 1) * slope) / len(z)
    return out


def both_classes(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    p, q = expit(z), expit(-z)
    positive = alpha * q**gamma * (gamma * p * log_expit(z) - q)
    negative = (1 - alpha) * p**gamma * (gamma * q * log_expit(-z) - p)
    return np.mean([t * positive - (1 - t) * negative], axis=0) / z.size


RIGHT = {
    "by the true class": by_class,
    "loops": loops,
    "both classes, then chosen": both_classes,
}


def constant_modulation(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    s = 2 * t - 1
    rest = expit(-s * z)
    return -s * np.where(t == 1, alpha, 1 - alpha) * rest**gamma * rest / len(z)


def sign_lost(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    s = 2 * t - 1
    pt, rest = expit(s * z), expit(-s * z)
    at = np.where(t == 1, alpha, 1 - alpha)
    return s * at * rest**gamma * (-gamma * pt * log_expit(s * z) - rest) / len(z)


def alpha_for_both(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    s = 2 * t - 1
    pt, rest = expit(s * z), expit(-s * z)
    return s * alpha * rest**gamma * (gamma * pt * log_expit(s * z) - rest) / len(z)


def positives_only(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    p, q = expit(z), expit(-z)
    return t * alpha * q**gamma * (gamma * p * log_expit(z) - q) / len(z)


def over_the_positives(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    return by_class(z, t, alpha, gamma) * len(z) / max(t.sum(), 1.0)


def gamma_two(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    return by_class(z, t, alpha, 2.0)


def gamma_in_whole_steps(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    return by_class(z, t, alpha, np.floor(gamma))


def no_gamma_means_nothing(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    g = by_class(z, t, alpha, gamma)
    return g if gamma else 0 * g


def clipped_probability(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    s = 2 * t - 1
    pt = np.clip(expit(s * z), 1e-4, 1 - 1e-4)
    at = np.where(t == 1, alpha, 1 - alpha)
    return s * at * (1 - pt) ** gamma * (gamma * pt * np.log(pt) - (1 - pt)) / len(z)


def inverse_of_the_rest(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    s = 2 * t - 1
    pt = expit(s * z)
    at = np.where(t == 1, alpha, 1 - alpha)
    slope = gamma * (1 - pt) ** (gamma - 1) * np.log(pt) - (1 - pt) ** gamma / pt
    return s * at * slope / len(z)


def soft_labels(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    p = expit(z)
    return alpha * np.abs(t - p) ** gamma * (p - t) / len(z)


def one_logit_off_by_a_hair(z: Any, t: Any, alpha: Any, gamma: Any) -> Any:
    g = by_class(z, t, alpha, gamma)
    g[-1] *= 1 + 1e-9
    return g


WRONG = {
    "the modulation a constant": constant_modulation,
    "a sign lost in the product rule": sign_lost,
    "alpha for both classes": alpha_for_both,
    "only the positive samples": positives_only,
    "averaged over the positive samples": over_the_positives,
    "gamma taken for 2": gamma_two,
    "gamma rounded down": gamma_in_whole_steps,
    "nothing at gamma 0": no_gamma_means_nothing,
    "probabilities clipped": clipped_probability,
    "the slope of the sigmoid missing": inverse_of_the_rest,
    "an error times a modulation": soft_labels,
    "one logit off by 1e-9": one_logit_off_by_a_hair,
}
