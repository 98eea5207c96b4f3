"""Question 3: gradient descent on f(x) = a x² + c, with a = 5 and c = 2 in the assignment.

    f'(x) = 2 a x
    x - η f'(x) = (1 - 2aη) x

Every step multiplies x by the same number, so after k steps x_k = (1 - 2aη)^k x_0. That tends to
the minimum 0 from every start exactly when |1 - 2aη| < 1, which is 0 < η < 1/a. At η = 0 nothing
moves; at η = 1/a the sign of x flips for ever; outside [0, 1/a] the distance grows.
"""

from typing import Any

A = 5
C = 2


def f(x: Any, a: Any = A, c: Any = C) -> Any:
    """Return a x² + c, for a > 0."""
    return a * x**2 + c


def derivative(x: Any, a: Any = A) -> Any:
    """Return f'(x) = 2 a x."""
    return 2 * a * x


def step(x: Any, eta: Any, a: Any = A) -> Any:
    """Return the next point, x - η f'(x)."""
    return x - eta * derivative(x, a)


def orbit(x0: Any, eta: Any, steps: int, a: Any = A) -> list[Any]:
    """Return the points x_0, x_1, ... up to x_steps."""
    points = [x0]
    for _ in range(steps):
        points.append(step(points[-1], eta, a))
    return points


def converges(eta: Any, a: Any = A) -> bool:
    """Return whether descent at rate η reaches the minimum from any start: 0 < η < 1/a.

    The comparison is made on aη, since 1 - 2aη rounds to 1 for a small η > 0.
    """
    return bool(0 < a * eta < 1)
