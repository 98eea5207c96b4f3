"""The residuals of a fit and their Jacobian, as scipy.optimize.least_squares takes them."""

import numpy as np
from scipy.optimize import least_squares

from gradaudit import check_jacobian


def residuals(p, t, y):
    return p[0] * np.exp(-p[1] * t) + p[2] - y


def jacobian(p, t, y):
    fall = np.exp(-p[1] * t)
    return np.stack([fall, -p[0] * t * fall, np.ones_like(t)], axis=1)


if __name__ == "__main__":
    print(check_jacobian(residuals, jacobian, inputs="p: [3], t: nonnegative[n], y: [n]", wrt="p"))
    t = np.linspace(0, 3, 20)
    y = 2 * np.exp(-1.5 * t) + 0.5
    print(least_squares(residuals, np.ones(3), jacobian, args=(t, y)).x)
