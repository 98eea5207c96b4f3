"""An objective of SciPy with its gradient and its Hessian, checked before it is minimised."""

import numpy as np
from scipy.optimize import minimize

from gradaudit import check_chain


def fun(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def jac(x):
    gap = x[1:] - x[:-1] ** 2
    slopes = np.zeros_like(x)
    slopes[:-1] = -400 * x[:-1] * gap - 2 * (1 - x[:-1])
    slopes[1:] += 200 * gap
    return slopes


def hess(x):
    gap = x[1:] - x[:-1] ** 2
    curves = np.zeros((len(x), len(x)))
    i = np.arange(len(x) - 1)
    curves[i, i] = -400 * gap + 800 * x[:-1] ** 2 + 2
    curves[i + 1, i + 1] += 200
    curves[i, i + 1] = curves[i + 1, i] = -400 * x[:-1]
    return curves


if __name__ == "__main__":
    for report in check_chain(fun, jac, hess, inputs="x: [n], n >= 2"):
        print(report)
    print(minimize(fun, np.zeros(4), method="Newton-CG", jac=jac, hess=hess).x)
