"""A jax.custom_vjp, by which the norm has a gradient at zero, too."""

import jax
import jax.numpy as jnp
import numpy as np

import gradaudit.jax


@jax.custom_vjp
def norm(x):
    return jnp.sqrt(jnp.sum(x * x))


def forward(x):
    length = norm(x)
    return length, (x, length)


def backward(kept, g):
    x, length = kept
    return (g * x / jnp.where(length == 0, 1, length),)


norm.defvjp(forward, backward)


if __name__ == "__main__":
    print(gradaudit.jax.check(norm, np.array([3.0, -4.0]), examples=40))
