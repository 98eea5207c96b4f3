"""Inverted dropout: right and wrong ways to compute its gradient."""

from collections.abc import Callable
from typing import Any

import numpy as np


def right(G: Any, X: Any, mask: Any, p: Any) -> Any:
    return G * mask / (1 - p)


def loops(G: Any, X: Any, mask: Any, p: Any) -> Any:
    dX = np.zeros(X.shape)
    for k in range(len(X)):
        for a in range(len(X[k])):
            if mask[k, a]:
                dX[k, a] = G[k, a] / (1 - p)
    return dX


def einsum(G: Any, X: Any, mask: Any, p: Any) -> Any:
    return np.einsum("ka,ka->ka", G, mask) * (1 / (1 - p))


def in_place(G: Any, X: Any, mask: Any, p: Any) -> Any:
    dX = G.copy()
    dX[mask == 0] = 0
    dX /= 1.0 - p
    return dX


def scaled_mask(G: Any, X: Any, mask: Any, p: Any) -> Any:
    return np.where(mask > 0, np.reciprocal(1.0 - p), 0.0) * G


RIGHT = {
    "plain": right,
    "loops": loops,
    "einsum": einsum,
    "in place": in_place,
    "a scaled mask": scaled_mask,
}


def times(factor: Callable[[Any, Any, Any], Any]) -> Callable[..., Any]:
    """Return G times another factor, factor(X, mask, p)."""

    def gradient(G: Any, X: Any, mask: Any, p: Any) -> Any:
        with np.errstate(divide="ignore", invalid="ignore"):
            return G * factor(X, mask, p)

    return gradient


def upstream_dropped_in_place(G: Any, X: Any, mask: Any, p: Any) -> Any:
    G *= mask
    return G / (1 - p)


def one_entry_by_little(G: Any, X: Any, mask: Any, p: Any) -> Any:
    dX = right(G, X, mask, p)
    dX[0, 0] *= 1 + 1e-9
    return dX


def mask_of_first_sample(G: Any, X: Any, mask: Any, p: Any) -> Any:
    return G * mask[:1] / (1 - p)


def half_whatever_is_dropped(X: Any, mask: Any, p: Any) -> Any:
    return mask * 2


def output_of_input(G: Any, X: Any, mask: Any, p: Any) -> Any:
    return X * mask / (1 - p)


def small_upstream_lost(G: Any, X: Any, mask: Any, p: Any) -> Any:
    return right(np.where(np.abs(G) < 1e-2, 0, G), X, mask, p)


def sign_lost(G: Any, X: Any, mask: Any, p: Any) -> Any:
    dX = right(G, X, mask, p)
    return -dX if (dX < 0).all() else dX


WRONG = {
    "no scale": times(lambda X, mask, p: mask),
    "divided by p": times(lambda X, mask, p: mask / p),
    "multiplied by 1 - p": times(lambda X, mask, p: mask * (1 - p)),
    "scaled twice": times(lambda X, mask, p: mask / (1 - p) ** 2),
    "scaled by what is kept": times(lambda X, mask, p: mask / mask.mean()),
    "no mask": times(lambda X, mask, p: 1 / (1 - p)),
    "the mask inverted": times(lambda X, mask, p: (1 - mask) / (1 - p)),
    "the mask guessed from the output": times(lambda X, mask, p: (X * mask != 0) / (1 - p)),
    "nothing masked where p is 0": times(
        lambda X, mask, p: mask / (1 - p) if p > 0 else np.ones_like(mask)
    ),
    "1 - p at least 0.6": times(lambda X, mask, p: mask / max(1 - p, 0.6)),
    "1 - p plus 1e-8": times(lambda X, mask, p: mask / (1 - p + 1e-8)),
    "half is dropped, whatever p": times(half_whatever_is_dropped),
    "the first sample's mask for all": mask_of_first_sample,
    "dropout of the input": output_of_input,
    "no sign where nothing is dropped and all is negative": sign_lost,
    "small signals lost": small_upstream_lost,
    "G masked in place": upstream_dropped_in_place,
    "a factor 1 + 1e-9 in the first entry": one_entry_by_little,
}
