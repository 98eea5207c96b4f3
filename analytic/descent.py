"""Question 3: gradient descent on f(x) = 5x² + 2.

    f'(x)       = 10x
    x - η f'(x) = (1 - 10η) x
    x_k         = (1 - 10η)^k x_0

Every step multiplies x by the same number. So x tends to the minimum 0 from every start exactly
where |1 - 10η| < 1, which is 0 < η < 1/5. At η = 0 nothing moves; at η = 1/5 the sign of x flips
for ever; outside of the two the distance to the minimum grows.
"""

from typing import Any


def f(x: Any) -> Any:
    """Return 5x² + 2."""
    return 5 * x**2 + 2


def derivative(x: Any) -> Any:
    """Return f'(x) = 10x."""
    return 10 * x


def step(x: Any, eta: Any) -> Any:
    """Return the next point, x - η f'(x)."""
    return x - eta * derivative(x)


def converges(eta: Any) -> bool:
    """Return whether descent at rate η reaches the minimum from any start: 0 < η < 1/5.

    The comparison is made on 5η: 1 - 10η rounds to 1 for a small η > 0, and 1/5 to another number.
    """
    return bool(0 < 5 * eta < 1)
