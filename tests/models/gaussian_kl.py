"""Functions that answer the question of the divergence of two Gaussians, right and wrong."""

from typing import Any

import numpy as np


def textbook(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    z = (m1 - m2) / v2
    return z, (1 / v2 - 1 / v1) / 2, -z, (1 / v2 - (v1 + (m1 - m2) ** 2) / v2**2) / 2


def loops(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    out = [np.empty(len(m1)) for _ in range(4)]
    for i, (m, v, n, w) in enumerate(zip(m1, v1, m2, v2, strict=True)):
        out[0][i] = (m - n) / w
        out[1][i] = 0.5 * (v - w) / (v * w)
        out[2][i] = (n - m) / w
        out[3][i] = 0.5 * (w - v - (m - n) * (m - n)) / (w * w)
    return tuple(out)


def by_precision(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    precision = np.reciprocal(v2)
    z = precision * (m1 - m2)
    dv2 = 0.5 * precision * (1 - precision * v1 - z * (m1 - m2))
    return z, 0.5 * (precision - np.reciprocal(v1)), np.negative(z), dv2


RIGHT = {"the textbook's": textbook, "loops": loops, "precisions": by_precision}


def exchanged(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    dm2, dv2, dm1, dv1 = textbook(m2, v2, m1, v1)
    return dm1, dv1, dm2, dv2


def another_order(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    dm1, dv1, dm2, dv2 = textbook(m1, v1, m2, v2)
    return dm1, dm2, dv1, dv2


def deviations(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    z = (m1 - m2) / v2**2
    return z, v1 / v2**2 - 1 / v1, -z, 1 / v2 - (v1**2 + (m1 - m2) ** 2) / v2**3


def averaged(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    return tuple(g / len(m1) for g in textbook(m1, v1, m2, v2))


def means_forgotten(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    z = (m1 - m2) / v2
    return z, (1 / v2 - 1 / v1) / 2, -z, (1 / v2 - v1 / v2**2) / 2


def same_sign(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    dm1, dv1, _, dv2 = textbook(m1, v1, m2, v2)
    return dm1, dv1, dm1.copy(), dv2


def with_epsilon(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    return textbook(m1, v1 + 1e-8, m2, v2 + 1e-8)


def variances_floored(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    return textbook(m1, np.maximum(v1, 1e-3), m2, np.maximum(v2, 1e-3))


def divergence_clipped(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    large = (m1 - m2) ** 2 / v2 > 100
    return tuple(np.where(large, 0, g) for g in textbook(m1, v1, m2, v2))


def one_array_twice(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    dm1, dv1, dm2, dv2 = textbook(m1, v1, m2, v2)
    np.negative(dm1, out=dm1)
    return dm1, dv1, dm2, dv2


def last_variance_off_by_a_hair(m1: Any, v1: Any, m2: Any, v2: Any) -> Any:
    dm1, dv1, dm2, dv2 = textbook(m1, v1, m2, v2)
    dv2[-1] *= 1 + 1e-9
    return dm1, dv1, dm2, dv2


WRONG = {
    "the Gaussians exchanged": exchanged,
    "the results in another order": another_order,
    "variances taken for deviations": deviations,
    "averaged": averaged,
    "the means left out of v2": means_forgotten,
    "one sign for both means": same_sign,
    "a small number added to the variances": with_epsilon,
    "variances floored": variances_floored,
    "nothing where the divergence is large": divergence_clipped,
    "the first mean negated in place": one_array_twice,
    "the last variance off by 1e-9": last_variance_off_by_a_hair,
}
