"""One-dimensional convolution: right and wrong ways to compute its gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np


def right(x: Any, w: Any, G: Any) -> Any:
    dx = np.zeros_like(x)
    for i, g in enumerate(G):
        dx[i : i + len(w)] += g * w
    dw = np.array([G @ x[f : f + len(G)] for f in range(len(w))])
    return dx, dw, G.sum()


def loops(x: Any, w: Any, G: Any) -> Any:
    dx, dw, db = [0.0] * len(x), [0.0] * len(w), 0.0
    for i in range(len(G)):
        db += G[i]
        for f in range(len(w)):
            dx[i + f] += G[i] * w[f]
            dw[f] += G[i] * x[i + f]
    return np.array(dx), np.array(dw), np.float64(db)


def convolve(x: Any, w: Any, G: Any) -> Any:
    return np.convolve(G, w), np.correlate(x, G, mode="valid"), np.sum(G)


def windows(x: Any, w: Any, G: Any) -> Any:
    columns = np.lib.stride_tricks.sliding_window_view(x, len(w))
    padded = np.pad(G, len(w) - 1)
    dx = np.lib.stride_tricks.sliding_window_view(padded, len(w)) @ w[::-1]
    return dx, np.einsum("if,i->f", columns, G), np.einsum("i->", G)


def matrix(x: Any, w: Any, G: Any) -> Any:
    """The convolution as a matrix with the filter in each row, one place further."""
    M = np.zeros((len(G), len(x)))
    for i, row in enumerate(M):
        row[i : i + len(w)] = w
    places = np.arange(len(G))[:, None] + np.arange(len(w))
    return M.T @ G, G @ x[places], np.ones(len(G)) @ G


def scattered(x: Any, w: Any, G: Any) -> Any:
    places = np.add.outer(np.arange(len(G)), np.arange(len(w)))
    dx = np.zeros(len(x))
    np.add.at(dx, places, np.multiply.outer(G, w))
    return dx, x[places].T @ G, np.sum(G)


RIGHT = {
    "window by window": right,
    "loops": loops,
    "np.convolve": convolve,
    "windows of the padded signal": windows,
    "a matrix": matrix,
    "scattered": scattered,
}


def with_input(gradient: Callable[..., Any]) -> Callable[..., Any]:
    """Return gradients with another gradient of the input, gradient(x, w, G)."""

    def gradients(x: Any, w: Any, G: Any) -> Any:
        return gradient(x, w, G), *right(x, w, G)[1:]

    return gradients


def with_filter(gradient: Callable[..., Any]) -> Callable[..., Any]:
    """Return gradients with another gradient of the filter, gradient(x, w, G)."""

    def gradients(x: Any, w: Any, G: Any) -> Any:
        dx, _, db = right(x, w, G)
        return dx, gradient(x, w, G), db

    return gradients


def with_bias(gradient: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return gradients with another gradient of the bias, gradient(G)."""

    def gradients(x: Any, w: Any, G: Any) -> Any:
        return *right(x, w, G)[:2], gradient(G)

    return gradients


def overwritten(x: Any, w: Any, G: Any) -> Any:
    dx = np.zeros_like(x)
    for i, g in enumerate(G):
        dx[i : i + len(w)] = g * w
    return dx


def scattered_once(x: Any, w: Any, G: Any) -> Any:
    dx = np.zeros_like(x)
    dx[np.add.outer(np.arange(len(G)), np.arange(len(w)))] += np.outer(G, w)
    return dx


def edges_missing(x: Any, w: Any, G: Any) -> Any:
    dx = np.convolve(G, w)
    dx[: len(w) - 1] = 0
    dx[len(G) :] = 0
    return dx


def last_input_missing(x: Any, w: Any, G: Any) -> Any:
    dx = np.convolve(G, w)
    dx[-1] = 0
    return dx


def circular(x: Any, w: Any, G: Any) -> Any:
    n = len(x)
    return np.array([sum(g * w[(j - i) % len(w)] for i, g in enumerate(G)) for j in range(n)])


def longer_of_both_slides(x: Any, w: Any, G: Any) -> Any:
    """np.correlate swaps its arguments where the second is longer, and then turns the result."""
    return np.correlate(w, G, mode="full") if len(G) > len(w) else np.convolve(G, w)


def three_weights(x: Any, w: Any, G: Any) -> Any:
    dw = np.correlate(x, G, mode="valid")
    dw[3:] = 0
    return dw


def all_turned(x: Any, w: Any, G: Any) -> Any:
    dx, dw, db = right(x[::-1], w, G[::-1])
    return dx, dw, db


def filter_turned(x: Any, w: Any, G: Any) -> Any:
    dx, dw, db = right(x, w[::-1], G)
    return dx, dw[::-1].copy(), db


def upstream_of_ones(x: Any, w: Any, G: Any) -> Any:
    return right(x, w, np.ones_like(G))


def scaled_in_place(x: Any, w: Any, G: Any) -> Any:
    answer = right(x, w, G)
    G /= len(G) + 1
    return answer


def one_entry_by_little(x: Any, w: Any, G: Any) -> Any:
    dx, dw, db = right(x, w, G)
    dx[-1] *= 1 + 1e-9
    return dx, dw, db


WRONG = {
    "the filter turned round": filter_turned,
    "the filter not turned on the way back": with_input(lambda x, w, G: np.convolve(G, w[::-1])),
    "the windows' last word": with_input(overwritten),
    "scattered by +=": with_input(scattered_once),
    "nothing at the edges": with_input(edges_missing),
    "nothing for the last input": with_input(last_input_missing),
    "circular": with_input(circular),
    "swapped where the output is longer": with_input(longer_of_both_slides),
    "input gradient in single precision": with_input(
        lambda x, w, G: np.convolve(G.astype(np.float32), w).astype(np.float64)
    ),
    "the filter's gradient turned round": with_filter(
        lambda x, w, G: np.correlate(x, G, mode="valid")[::-1].copy()
    ),
    "a convolution for the correlation": with_filter(
        lambda x, w, G: np.convolve(x, G, mode="valid")
    ),
    "three weights at most": with_filter(three_weights),
    "the filter's gradient averaged": with_filter(
        lambda x, w, G: np.correlate(x, G, mode="valid") / len(G)
    ),
    "the bias averaged": with_bias(np.mean),
    "the bias of the first output": with_bias(lambda G: G[0]),
    "the bias counted": with_bias(lambda G: np.float64(len(G))),
    "sizes of the bias's gradient": with_bias(lambda G: np.abs(G).sum()),
    "input and signal turned round": all_turned,
    "an upstream gradient of ones": upstream_of_ones,
    "the signal scaled in place": scaled_in_place,
    "a factor 1 + 1e-9 in the last input": one_entry_by_little,
}
