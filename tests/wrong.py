"""Wrong functions beyond the known mistakes: wrong in a rare region, by little, or in manners."""

from collections.abc import Callable
from typing import Any

import numpy as np

from analytic import network, softmax

Gradients = Callable[..., Any]


def changed(change: Callable[..., Any]) -> Gradients:
    """Return our gradients of the network, changed by change(gradients, *arguments)."""

    def gradients(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
        return change(network.gradients(W1, b1, w2, b2, X, t), W1, b1, w2, b2, X, t)

    return gradients


def masked(mask: Callable[[Any], Any]) -> Gradients:
    """Return gradients of the network with another mask."""

    def gradients(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
        z, h, y = network.forward(W1, b1, w2, b2, X)
        e = y - t
        delta = np.outer(e, w2) * mask(z)
        return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()

    return gradients


def with_error(error: Callable[[Any], Any]) -> Gradients:
    """Return gradients of the network with another function of the error."""

    def gradients(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
        z, h, y = network.forward(W1, b1, w2, b2, X)
        e = error(y - t)
        delta = np.outer(e, w2) * (z > 0)
        return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()

    return gradients


def scaled(block: int, factor: float) -> Gradients:
    return changed(lambda g, *_: tuple(v * factor if i == block else v for i, v in enumerate(g)))


def only_one_entry(factor: float) -> Gradients:
    def change(g: Any, *_: Any) -> Any:
        g[0][-1, -1] *= factor
        return g

    return changed(change)


def clipped(g: Any, *_: Any) -> Any:
    norm = np.sqrt(sum(np.sum(v**2) for v in g))
    return tuple(v * min(1, 1000 / norm) if norm else v for v in g)


def in_single_precision(*arguments: Any) -> Any:
    single = network.gradients(*(np.asarray(v, dtype=np.float32) for v in arguments))
    return tuple(np.asarray(v, dtype=np.float64) for v in single)


def last_sample_weighs_less(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    if len(t) < 4:
        return network.gradients(W1, b1, w2, b2, X, t)
    return network.gradients(W1, b1, w2, b2, X[:3], t[:3])


def duplicates_counted_once(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    rows = np.unique(np.column_stack([X, t]), axis=0)
    return network.gradients(W1, b1, w2, b2, rows[:, :-1], rows[:, -1])


def transposed_where_square(g: Any, *_: Any) -> Any:
    dW1, *rest = g
    return (dW1.T if dW1.shape[0] == dW1.shape[1] else dW1, *rest)


def remembering_by_shape() -> Gradients:
    kept: dict[Any, Any] = {}

    def gradients(*arguments: Any) -> Any:
        key = tuple(np.shape(v) for v in arguments)
        if key not in kept:
            kept[key] = network.gradients(*arguments)
        return tuple(np.array(v) for v in kept[key])

    return gradients


NETWORK_WRONG: dict[str, Gradients] = {
    "the mask has a threshold of 1e-3": masked(lambda z: z > 1e-3),
    "the mask has a threshold of 1e-6": masked(lambda z: z > 1e-6),
    "the mask is a steep sigmoid": masked(lambda z: 1 / (1 + np.exp(-1e4 * z))),
    "the mask is missing for large z": masked(lambda z: (z > 0) & (z < 1e3)),
    "a dead unit leaks one part in a million": masked(lambda z: np.where(z > 0, 1, 1e-6)),
    "an all-dead sample leaks": masked(lambda z: np.where((z <= 0).all(axis=1)[:, None], 1, z > 0)),
    "the error is clipped at 10": with_error(lambda e: np.clip(e, -10, 10)),
    "a small error is taken for none": with_error(lambda e: np.where(abs(e) < 1e-3, 0, e)),
    "no error counts as one": with_error(lambda e: np.where(e == 0, 1, e)),
    "the norm is clipped at 1000": changed(clipped),
    "float32 inside": in_single_precision,
    "the fourth sample is forgotten": last_sample_weighs_less,
    "equal samples are counted once": duplicates_counted_once,
    "dW1 is transposed where it is square": changed(transposed_where_square),
    "a zero in w2 counts as one": lambda W1, b1, w2, b2, X, t: network.gradients(
        W1, b1, np.where(w2 == 0, 1, w2), b2, X, t
    ),
    "db2 is wrong for one sample": changed(
        lambda g, *a: (*g[:3], g[3] * 2 if len(a[5]) == 1 else g[3])
    ),
    "dw2 is wrong for one hidden unit": changed(
        lambda g, *a: (g[0], g[1], -g[2] if len(a[1]) == 1 else g[2], g[3])
    ),
    "nan where every unit is dead": changed(
        lambda g, *_: tuple(v if np.any(g[0]) else v * np.nan for v in g)
    ),
    "infinite where the error is large": with_error(lambda e: np.where(abs(e) > 10, np.inf, e)),
    "the first answer for a shape is kept": remembering_by_shape(),
    "four of everything are wrong": changed(
        lambda g, *a: tuple(v * (1 + (a[0].shape == (4, 4) and len(a[5]) == 4)) for v in g)
    ),
    "one entry is off by 1e-12 of itself": only_one_entry(1 + 1e-12),
    **{
        f"{name} is off by {error:g} of itself": scaled(block, 1 + error)
        for block, name in enumerate(("dW1", "db1", "dw2", "db2"))
        for error in (1e-3, 1e-6, 1e-9, 1e-12)
    },
}


def mutating(argument: int) -> Gradients:
    def gradients(*arguments: Any) -> Any:
        result = network.gradients(*arguments)
        arguments[argument][...] += 1
        return result

    return gradients


def reusing_a_buffer() -> Gradients:
    kept: dict[Any, Any] = {}

    def gradients(*arguments: Any) -> Any:
        dW1, *rest = network.gradients(*arguments)
        buffer = kept.setdefault(dW1.shape, np.empty_like(dW1))
        buffer[...] = dW1
        return (buffer, *rest)

    return gradients


def adding_to_the_last(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    store = adding_to_the_last.__dict__.setdefault("store", {})
    g = network.gradients(W1, b1, w2, b2, X, t)
    total = store.get(len(t), 0.0) + g[3]
    store[len(t)] = total
    return (*g[:3], total)


NETWORK_UNMANNERED: dict[str, Gradients] = {
    "a list of three": changed(lambda g, *_: g[:3]),
    "a dictionary": changed(lambda g, *_: dict(enumerate(g))),
    "nothing": changed(lambda g, *_: None),
    "db1 has a row too many": changed(lambda g, *_: (g[0], g[1][None, :], g[2], g[3])),
    "dw2 is a column": changed(lambda g, *_: (g[0], g[1], g[2][:, None], g[3])),
    "db2 is a vector": changed(lambda g, *_: (*g[:3], np.array([g[3]]))),
    "dW1 is of dtype float32": changed(lambda g, *_: (g[0].astype(np.float32), *g[1:])),
    "db1 is of dtype complex": changed(lambda g, *_: (g[0], g[1] + 0j, *g[2:])),
    "dW1 is of dtype object": changed(lambda g, *_: (g[0].astype(object), *g[1:])),
    "W1 is changed": mutating(0),
    "X is changed": mutating(4),
    "t is changed": mutating(5),
    "dW1 and db1 share memory": changed(lambda g, *_: (g[0], g[0][0], g[2], g[3])),
    "a buffer is used again": reusing_a_buffer(),
    "db2 adds up over calls": adding_to_the_last,
}


def softmax_changed(change: Callable[[Any, Any, Any], Any]) -> Gradients:
    return lambda y, t: change(softmax.gradient(y, t), y, t)


def naive(y: Any, t: Any) -> Any:
    return np.exp(y) / np.exp(y).sum() * t.sum() - t


def changes_the_logits(y: Any, t: Any) -> Any:
    y -= y.max()
    return softmax.gradient(y, t)


def changes_the_targets(y: Any, t: Any) -> Any:
    result = softmax.gradient(y, t)
    t /= 2
    return result


def reuses_its_result() -> Gradients:
    kept: dict[int, Any] = {}

    def gradient(y: Any, t: Any) -> Any:
        buffer = kept.setdefault(len(y), np.empty(len(y)))
        buffer[...] = softmax.gradient(y, t)
        return buffer

    return gradient


SOFTMAX_WRONG: dict[str, Gradients] = {
    "it overflows": naive,
    "ties are split wrongly": softmax_changed(
        lambda g, y, t: g * 1.5 if len(set(y)) < len(y) else g
    ),
    "one class is forgotten": softmax_changed(lambda g, y, t: g + (len(y) == 1)),
    "four classes are wrong": softmax_changed(lambda g, y, t: g * (1 + (len(y) == 4))),
    "negative targets count as none": lambda y, t: softmax.gradient(y, np.maximum(t, 0)),
    "a sum of zero counts as one": lambda y, t: (
        softmax.softmax(y) * (t.sum() if t.sum() else 1.0) - t
    ),
    "targets are normalised": lambda y, t: softmax.gradient(y, t / t.sum() if t.sum() else t),
    "a temperature of 1.001": lambda y, t: softmax.softmax(y / 1.001) * t.sum() - t,
    "float32 inside": lambda y, t: softmax.gradient(
        y.astype(np.float32), t.astype(np.float32)
    ).astype(np.float64),
    "logits are clipped at 10": lambda y, t: softmax.gradient(np.clip(y, -10, 10), t),
    "logits are clipped at 100": lambda y, t: softmax.gradient(np.clip(y, -100, 100), t),
    "shifted only where that lowers the logits": lambda y, t: (
        (p := np.exp(y - max(0.0, y.max()))) / p.sum() * t.sum() - t
    ),
    "a sum near one counts as one": lambda y, t: (
        softmax.softmax(y) * (1.0 if abs(t.sum() - 1) < 1e-3 else t.sum()) - t
    ),
    "wrong for logits beyond 30": softmax_changed(lambda g, y, t: g + (30 < abs(y).max() < 5000)),
    "p is bounded away from zero": lambda y, t: np.maximum(softmax.softmax(y), 1e-7) * t.sum() - t,
    "it is off by 1e-12 of itself": softmax_changed(lambda g, y, t: g * (1 + 1e-12)),
    "the last entry is off by 1e-9": softmax_changed(
        lambda g, y, t: g * np.append(np.ones(len(y) - 1), 1 + 1e-9)
    ),
}


def forgets_after_a_call_elsewhere() -> Gradients:
    last: list[Any] = []

    def gradient(y: Any, t: Any) -> Any:
        here = y.tobytes(), t.tobytes()
        changed = last[:] == [here] or not last
        last[:] = [here]
        return softmax.gradient(y, t) * (1 if changed else 2)

    return gradient


def _at_huge_logits(gradient: Gradients) -> Gradients:
    return lambda y, t: gradient(y, t) if abs(y).max() >= 1e4 else softmax.gradient(y, t)


SOFTMAX_SOMETIMES_UNMANNERED: dict[str, Gradients] = {
    "nothing at huge logits": _at_huge_logits(lambda y, t: None),
    "float32 at huge logits": _at_huge_logits(
        lambda y, t: softmax.gradient(y, t).astype(np.float32)
    ),
}
SOFTMAX_UNMANNERED: dict[str, Gradients] = {
    "a column": softmax_changed(lambda g, y, t: g[:, None]),
    "a matrix": softmax_changed(lambda g, y, t: np.outer(g, g)),
    "a single number": softmax_changed(lambda g, y, t: g.sum()),
    "of dtype float32": softmax_changed(lambda g, y, t: g.astype(np.float32)),
    "text": softmax_changed(lambda g, y, t: "softmax(y) - t"),
    "the logits are changed": changes_the_logits,
    "the targets are changed": changes_the_targets,
    "a buffer is used again": reuses_its_result(),
    "another answer after a call elsewhere": forgets_after_a_call_elsewhere(),
    "in long double": softmax_changed(lambda g, y, t: g.astype(np.longdouble)),
}

CONVERGES_WRONG: dict[str, Callable[[float], Any]] = {
    "the float 0.2 is included": lambda eta: 0 < eta <= 0.2,
    "a margin of 1e-9 at the upper end": lambda eta: 0 < eta < 0.2 - 1e-9,
    "a margin of 1e-6 at the lower end": lambda eta: 1e-6 < eta < 0.2,
    "a little beyond": lambda eta: 0 < eta < 0.2 + 1e-10,
    "a thousand steps decide": lambda eta: abs((1 - 10 * eta) ** 1000) < 1e-9,
    "a start at 0 decides": lambda eta: True,
    "never": lambda eta: False,
    "far rates are included": lambda eta: 0 < eta < 0.2 or eta > 100,
    "far negative rates are included": lambda eta: 0 < eta < 0.2 or eta < -50,
    "a decade inside is left out": lambda eta: 0 < eta < 0.2 and not 1e-5 < eta < 1e-4,
    "the optimum is left out": lambda eta: 0 < eta < 0.2 and eta != 0.1,
}
CONVERGES_UNMANNERED: dict[str, Callable[[float], Any]] = {
    "text": lambda eta: "yes",
    "nothing": lambda eta: None,
    "the multiplier": lambda eta: 1 - 10 * eta,
    "an array of two": lambda eta: np.array([eta > 0, eta < 0.2]),
}
CONDITIONS_WRONG = (
    "0 < eta < 0.2000000001",
    "0 < eta < 0.1999999999",
    "0 < eta < 1/5 + 1e-20",
    "0 < eta < 1/5 or 17/4 + 1e-16 < eta < 17/4 + 2e-16",
    "(eta > 0) * (eta <= 1/5)",
    "7*eta != 1 and 0 < eta < 1/5",
    "0 < eta <= 1/5",
    "0 <= eta < 1/5",
    "0 < eta < 1/5 or eta == 1",
    "0 < eta < 1/5 and eta**2 != 1/50",
    "0 < eta < 1/5 or eta**2 == 2",
    "abs(abs(eta) - 1/10) < 1/10",
    "1/eta > 5 or eta == 0",
    "1/(eta - 1/7) != 0 and 0 < eta < 1/5",
    "eta > 0",
    "eta == eta",
    "eta**64 < 1",
)
GRADIENTS_WRONG = (
    "softmax(y)[i] * sum(t) - t[i] + (n == 4)",
    "softmax(y)[i] * sum(t) - t[i] * (1 + 1e-30)",
    "softmax(y)[i] * sum(t) - t[i] + 1e-29 * t[i]**2",
    "softmax(y)[i] * sum(t) - t[i] + (n == 1)",
    "softmax(y)[i] * sum(t) - t[i] + (sum(t) == 0)",
    "softmax(y)[i] * sum(t) - abs(t[i])",
    "softmax(y)[i] * sum(abs(t)) - t[i]",
    "softmax(y)[i] * sum(t) - t[i] + (i == 3)",
    "softmax(y * (1 + 1e-25))[i] * sum(t) - t[i]",
    "sum(t) - t",
    "sum(t)",
    "softmax(y)",
    "y * 0",
    "outer(softmax(y), t)",
)

WRONG_AT_KINKS: dict[str, Gradients] = {
    "db2 is wrong": changed(
        lambda g, W1, b1, w2, b2, X, t: (*g[:3], g[3] + 1e3 * (X @ W1 + b1 == 0).sum())
    ),
    "dw2 is wrong": changed(
        lambda g, W1, b1, w2, b2, X, t: (*g[:2], g[2] + (X @ W1 + b1 == 0).sum(axis=0), g[3])
    ),
    "a slope of a hundred": masked(lambda z: np.where(z == 0, 100, z > 0)),
    "a slope below zero": masked(lambda z: np.where(z == 0, -0.5, z > 0)),
    "nan": masked(lambda z: np.where(z == 0, np.nan, z > 0)),
}
