"""Functions that say for which rates heavy-ball momentum converges, right ones and wrong ones."""

from typing import Any

import numpy as np


def in_one_comparison(eta: float, beta: float, a: float) -> Any:
    return 0 < eta < 2 * (1 + beta) / a


def by_eigenvalues(eta: float, beta: float, a: float) -> Any:
    step = np.array([[1 + beta - a * eta, -beta], [1.0, 0.0]])
    return bool(np.max(np.abs(np.linalg.eigvals(step))) < 1)


def by_the_other_matrix(eta: float, beta: float, a: float) -> Any:
    step = np.array([[1 - a * eta, beta], [-a * eta, beta]])  # of x and the velocity
    return bool(max(abs(np.linalg.eigvals(step))) < 1)


def by_jury(eta: float, beta: float, a: float) -> Any:
    trace, determinant = 1 + beta - a * eta, beta
    return np.bool_(abs(trace) < 1 + determinant) and determinant < 1


def by_roots(eta: float, beta: float, a: float) -> Any:
    return bool((np.abs(np.roots([1.0, a * eta - 1 - beta, beta])) < 1).all())


RIGHT = {
    "in one comparison": in_one_comparison,
    "by eigenvalues": by_eigenvalues,
    "by the eigenvalues of another matrix": by_the_other_matrix,
    "by the conditions of Jury": by_jury,
    "by the roots of the characteristic polynomial": by_roots,
}
WRONG = {
    "without momentum": lambda eta, beta, a: 0 < eta < 2 / a,
    "as if the whole step were summed up": lambda eta, beta, a: 0 < eta < 2 / (a * (1 - beta)),
    "narrower with momentum": lambda eta, beta, a: 0 < eta < 2 * (1 - beta) / a,
    "twice the curvature": lambda eta, beta, a: 0 < eta < (1 + beta) / a,
    "without a lower end": lambda eta, beta, a: eta < 2 * (1 + beta) / a,
    "with the upper end": lambda eta, beta, a: 0 < eta <= 2 * (1 + beta) / a,
    "with the lower end": lambda eta, beta, a: 0 <= eta < 2 * (1 + beta) / a,
    "too wide by a billionth": lambda eta, beta, a: 0 < eta < 2 * (1 + beta) / a * (1 + 1e-9),
    "just where eigenvalues are real": lambda eta, beta, a: (
        0 < eta < 2 * (1 + beta) / a and (1 + beta - a * eta) ** 2 >= 4 * beta
    ),
    "without the best rate": lambda eta, beta, a: (
        0 < eta < 2 * (1 + beta) / a and a * eta != (1 - np.sqrt(beta)) ** 2
    ),
    "without curvature": lambda eta, beta, a: 0 < eta < 2 * (1 + beta),
    "without strong momentum": lambda eta, beta, a: 0 < eta < 2 * (1 + beta) / a and beta < 0.4,
    "by a loop that is too short": lambda eta, beta, a: abs(1 + beta - a * eta) < 1,
}
