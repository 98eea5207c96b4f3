"""Wrong functions beyond the known mistakes: wrong in a rare region, by little, or in manners."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from analytic.network import forward, network_gradients
from analytic.softmax import (
    cross_entropy,
    softmax,
    softmax_gradient,
    softmax_gradient_one_hot,
)

Gradients = Callable[..., Any]


def changed(change: Callable[..., Any]) -> Gradients:
    """Return our gradients of the network, changed by change(gradients, *arguments)."""

    def gradients(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
        return change(network_gradients(W1, b1, w2, b2, X, t), W1, b1, w2, b2, X, t)

    return gradients


def masked(mask: Callable[[Any], Any]) -> Gradients:
    """Return gradients of the network with another mask."""

    def gradients(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
        z, h, y = forward(W1, b1, w2, b2, X)
        e = y - t
        delta = np.outer(e, w2) * mask(z)
        return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()

    return gradients


def activated(activation: Callable[[Any], Any]) -> Gradients:
    """Return gradients of the network with another activation, whose mask is that of ReLU."""

    def gradients(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
        z = X @ W1 + b1
        h = activation(z)
        e = h @ w2 + b2 - t
        delta = np.outer(e, w2) * (z > 0)
        return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()

    return gradients


def with_error(error: Callable[[Any], Any]) -> Gradients:
    """Return gradients of the network with another function of the error."""

    def gradients(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
        z, h, y = forward(W1, b1, w2, b2, X)
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
    single = network_gradients(*(np.asarray(v, dtype=np.float32) for v in arguments))
    return tuple(np.asarray(v, dtype=np.float64) for v in single)


def last_sample_weighs_less(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    if len(t) < 4:
        return network_gradients(W1, b1, w2, b2, X, t)
    return network_gradients(W1, b1, w2, b2, X[:3], t[:3])


def duplicates_counted_once(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    rows = np.unique(np.column_stack([X, t]), axis=0)
    return network_gradients(W1, b1, w2, b2, rows[:, :-1], rows[:, -1])


def transposed_where_square(g: Any, *_: Any) -> Any:
    dW1, *rest = g
    return (dW1.T if dW1.shape[0] == dW1.shape[1] else dW1, *rest)


def remembering_by_shape() -> Gradients:
    kept: dict[Any, Any] = {}

    def gradients(*arguments: Any) -> Any:
        key = tuple(np.shape(v) for v in arguments)
        if key not in kept:
            kept[key] = network_gradients(*arguments)
        return tuple(np.array(v) for v in kept[key])

    return gradients


def where(condition: Callable[..., Any]) -> Gradients:
    """Return gradients that are right but where a condition on the arguments holds."""

    def gradients(*arguments: Any) -> Any:
        g = network_gradients(*arguments)
        return tuple(v + 1 for v in g) if condition(*arguments) else g

    return gradients


def where_errors(condition: Callable[[Any], Any]) -> Gradients:
    """Return gradients that are right but where a condition on the errors holds."""
    return where(lambda *a: condition(forward(*a[:5])[2] - a[5]))


def where_units(condition: Callable[[Any], Any]) -> Gradients:
    """Return gradients that are right but where a condition on the pre-activations holds."""
    return where(lambda *a: condition(forward(*a[:5])[0]))


def after(argument: int, change: Callable[[Any], Any]) -> Gradients:
    """Return the gradients of the network with one of its arguments changed."""

    def gradients(*arguments: Any) -> Any:
        changed = [*arguments]
        changed[argument] = change(changed[argument])
        return network_gradients(*changed)

    return gradients


def of_the_first(samples: int, inputs: int, units: int) -> Gradients:
    """Return gradients whose loops end too early."""

    def gradients(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
        rows, columns = slice(inputs), slice(units)
        g = network_gradients(
            W1[rows, columns], b1[columns], w2[columns], b2, X[:samples, rows], t[:samples]
        )
        whole = [np.zeros_like(one) for one in (W1, b1, w2)]
        whole[0][rows, columns], whole[1][columns], whole[2][columns] = g[:3]
        return (*whole, g[3])

    return gradients


NAMES = ("W1", "b1", "w2", "b2", "X", "t")


def large(W1: Any, X: Any, least: int) -> bool:
    return bool(min(*W1.shape, *X.shape) >= least)


WRONG_IN_A_CORNER: dict[str, Gradients] = {
    "only four samples count": of_the_first(4, 99, 99),
    "only four inputs count": of_the_first(99, 4, 99),
    "only four units count": of_the_first(99, 99, 4),
    "divided by n where it is 8 or more": changed(
        lambda g, *a: tuple(v / (len(a[5]) if len(a[5]) >= 8 else 1) for v in g)
    ),
    "wrong for 8 inputs and more": where(lambda W1, *_: len(W1) >= 8),
    "wrong for 8 units and more": where(lambda W1, b1, *_: len(b1) >= 8),
    "wrong for 5 of everything and more": where(
        lambda W1, b1, w2, b2, X, t: min(len(t), *W1.shape) >= 5
    ),
    **{
        f"wrong where {name} is {size}": where(
            lambda W1, b1, w2, b2, X, t, k=k, size=size: (len(t), *W1.shape)[k] == size
        )
        for k, name in enumerate("ndh")
        for size in (6, 7, 8)
    },
    **{
        f"wrong where {name} is 10 or more": where(
            lambda W1, b1, w2, b2, X, t, k=k: (len(t), *W1.shape)[k] >= 10
        )
        for k, name in enumerate("ndh")
    },
    **{
        f"the error is clipped at {most:g}": with_error(partial(np.clip, a_min=-most, a_max=most))
        for most in (1e6, 1e9)
    },
    "an error below 1e-10 is taken for none": with_error(lambda e: np.where(abs(e) < 1e-10, 0, e)),
    "activations are capped at 1e9": activated(lambda z: np.clip(z, 0, 1e9)),
    "the mask is missing beyond 1e9": masked(lambda z: (z > 0) & (z < 1e9)),
    "the mask has a threshold of 1e-14": masked(lambda z: z > 1e-14),
    **{
        f"wrong where {name} is 0, among two and more": where(
            lambda *a, k=k: large(a[0], a[4], 2) and not np.any(a[k])
        )
        for k, name in enumerate(NAMES)
    },
    "wrong where both biases are 0": where(lambda W1, b1, w2, b2, *_: not b1.any() and b2 == 0),
    "wrong where the second layer is 0": where(
        lambda W1, b1, w2, b2, X, t: len(t) > 1 and not w2.any() and b2 == 0
    ),
    "wrong where b1, w2 and b2 are 0": where(
        lambda W1, b1, w2, b2, *_: not b1.any() and not w2.any() and b2 == 0
    ),
    **{
        f"{name} is rounded to 8 decimals": after(k, lambda v: np.round(v, 8))
        for k, name in enumerate(NAMES)
    },
    **{
        f"{name} is clipped at 1000": after(k, lambda v: np.clip(v, -1000, 1000))
        for k, name in enumerate(NAMES)
    },
    "W1 is symmetric": where(lambda W1, *_: len(W1) > 1 and np.array_equal(W1, W1.T)),
    "W1 is the identity": where(
        lambda W1, *_: len(W1) > 1 and np.array_equal(W1, np.eye(*W1.shape))
    ),
    "W1 is one number": where(lambda W1, *_: W1.size > 1 and np.ptp(W1) == 0 != W1.flat[0]),
    "w2 is one number": where(lambda W1, b1, w2, *_: len(w2) > 1 and np.ptp(w2) == 0 != w2[0]),
    "X is never negative": where(lambda W1, b1, w2, b2, X, t: X.size > 4 and (X > 0).all()),
    "two units are alike": where(
        lambda W1, b1, w2, *_: len(np.unique(np.vstack([W1, b1, w2]), axis=1).T) < len(w2)
    ),
    "two inputs are alike": where(
        lambda W1, b1, w2, b2, X, t: len(np.unique(X, axis=1).T) < X.shape[1] and X.any()
    ),
    "all samples are alike": where(
        lambda *a: len(a[5]) > 1 and np.ptp(a[4], axis=0).max() == 0 == np.ptp(a[5])
    ),
    "X is centred": where(
        lambda W1, b1, w2, b2, X, t: len(t) > 1 and X.all() and not X.sum(axis=0).any()
    ),
    "all targets are alike": where(lambda *a: len(a[5]) > 1 and np.ptp(a[5]) == 0 != a[5][0]),
    "a perfect fit of two and more": where_errors(lambda e: len(e) > 1 and not e.any()),
    "errors that cancel": where_errors(lambda e: e.any() and e.sum() == 0),
    "a loss below a millionth": where_errors(lambda e: 0 < e @ e / 2 < 1e-6),
    "a loss below 1e-12": where_errors(lambda e: 0 < e @ e / 2 < 1e-12),
    "a loss beyond a million": where_errors(lambda e: e @ e / 2 > 1e6),
    "an error 100 times the others": where_errors(
        lambda e: len(e) > 1 and sorted(abs(e))[-1] > 100 * sorted(abs(e))[-2] > 0
    ),
    "every unit on, of two and more": where_units(lambda z: min(z.shape) > 1 and (z > 0).all()),
    "every unit off, of two and more": where_units(lambda z: min(z.shape) > 1 and (z < 0).all()),
    "one sample asleep, all others awake": where_units(
        lambda z: len(z) > 1 and sorted((z > 0).mean(axis=1))[:2] == [0, 1]
    ),
    "the mask has a threshold of 1e-8": masked(lambda z: z > 1e-8),
    "the mask has a threshold of 1e-10 of the largest": masked(lambda z: z > 1e-10 * abs(z).max()),
    "pre-activations are centred first": where(
        lambda W1, b1, w2, b2, X, t: len(t) > 1 and (abs(X) > 100).all() and np.ptp(X) < 10
    ),
}
NETWORK_WRONG: dict[str, Gradients] = {
    **WRONG_IN_A_CORNER,
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
    "a zero in w2 counts as one": lambda W1, b1, w2, b2, X, t: network_gradients(
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
        result = network_gradients(*arguments)
        arguments[argument][...] += 1
        return result

    return gradients


def reusing_a_buffer() -> Gradients:
    kept: dict[Any, Any] = {}

    def gradients(*arguments: Any) -> Any:
        dW1, *rest = network_gradients(*arguments)
        buffer = kept.setdefault(dW1.shape, np.empty_like(dW1))
        buffer[...] = dW1
        return (buffer, *rest)

    return gradients


def adding_to_the_last(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> Any:
    store = adding_to_the_last.__dict__.setdefault("store", {})
    g = network_gradients(W1, b1, w2, b2, X, t)
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
    return lambda y, t: change(softmax_gradient(y, t), y, t)


def naive(y: Any, t: Any) -> Any:
    return np.exp(y) / np.exp(y).sum() * t.sum() - t


def changes_the_logits(y: Any, t: Any) -> Any:
    y -= y.max()
    return softmax_gradient(y, t)


def changes_the_targets(y: Any, t: Any) -> Any:
    result = softmax_gradient(y, t)
    t /= 2
    return result


def reuses_its_result() -> Gradients:
    kept: dict[int, Any] = {}

    def gradient(y: Any, t: Any) -> Any:
        buffer = kept.setdefault(len(y), np.empty(len(y)))
        buffer[...] = softmax_gradient(y, t)
        return buffer

    return gradient


def softmax_where(condition: Callable[[Any, Any], Any]) -> Gradients:
    """Return a gradient that is right but where a condition holds."""
    return softmax_changed(lambda g, y, t: g + 1 if condition(y, t) else g)


def of_the_largest(count: int) -> Gradients:
    def gradient(y: Any, t: Any) -> Any:
        least = sorted(y)[-count:][0]
        return softmax(np.where(y >= least, y, -np.inf)) * t.sum() - t

    return gradient


def are_on(t: Any, value: float) -> bool:
    """Return whether several targets have a value, and others, among two and more, are 0."""
    return len(t) > 2 and 1 < (t == value).sum() < len(t) and not t[t != value].any()


def has_classes(n: int, y: Any, _: Any) -> bool:
    return len(y) == n


def with_a_sum_near_one(near: float, y: Any, t: Any) -> Any:
    return softmax(y) * (1.0 if abs(t.sum() - 1) < near else t.sum()) - t


def also_within(low: float, high: float, eta: float) -> bool:
    return 0 < eta < 0.2 or low < eta < high


def but_within(low: float, high: float, eta: float) -> bool:
    return 0 < eta < 0.2 and not low < eta < high


SOFTMAX_WRONG: dict[str, Gradients] = {
    **{f"{n} classes": softmax_where(partial(has_classes, n)) for n in (5, 6, 7, 8, 9, 12)},
    "10 classes and more": softmax_where(lambda y, t: len(y) >= 10),
    "the sum of the targets is capped at 1e5": lambda y, t: softmax(y) * min(t.sum(), 1e5) - t,
    "targets beyond a million": softmax_where(lambda y, t: abs(t).max() > 1e6),
    **{
        f"a sum within {near:g} of one counts as one": partial(with_a_sum_near_one, near)
        for near in (1e-10, 1e-12)
    },
    "several classes of target 1": softmax_where(lambda y, t: are_on(t, 1)),
    "several classes of target 1/2": softmax_where(lambda y, t: are_on(t, 1 / 2)),
    "a target beyond 1000, where the sum is one": softmax_where(
        lambda y, t: t.sum() == 1 and max(t) > 1000
    ),
    "the sum is that of four targets": lambda y, t: softmax(y) * t[:4].sum() - t,
    "the softmax of the four largest": of_the_largest(4),
    "divided by n where it is 8 or more": softmax_changed(
        lambda g, y, t: g / len(y) if len(y) >= 8 else g
    ),
    "a small spread far out": softmax_where(lambda y, t: abs(y).max() > 700 and 0 < np.ptp(y) < 10),
    "a tie far out": softmax_where(lambda y, t: abs(y).max() > 700 and 0 == np.ptp(y) < len(y) - 1),
    "a class far below two that tie": softmax_where(
        lambda y, t: len(y) > 2 and sorted(y)[-1] == sorted(y)[-2] > min(y) + 700
    ),
    "a class 600 below": softmax_where(lambda y, t: 600 < np.ptp(y) < 700),
    "an offset of 500": softmax_where(lambda y, t: min(abs(y)) > 500 and 0 < np.ptp(y) < 10),
    "a loss below a millionth": softmax_where(
        lambda y, t: len(y) > 1 and 0 < cross_entropy(y, t) < 1e-6
    ),
    "targets are rounded to 8 decimals": lambda y, t: softmax_gradient(y, t.round(8)),
    "targets are rounded to 12 decimals": lambda y, t: softmax_gradient(y, t.round(12)),
    "logits are rounded to 8 decimals": lambda y, t: softmax_gradient(y.round(8), t),
    "targets below 1e-9 are none": lambda y, t: softmax_gradient(y, np.where(abs(t) < 1e-9, 0, t)),
    "a sum within 1e-8 of one counts as one": lambda y, t: (
        softmax(y) * (1.0 if abs(t.sum() - 1) < 1e-8 else t.sum()) - t
    ),
    "all targets 0": softmax_where(lambda y, t: len(y) > 2 and not t.any()),
    "all targets alike": softmax_where(lambda y, t: len(y) > 2 and np.ptp(t) == 0 != t[0]),
    "all logits 0": softmax_where(lambda y, t: len(y) > 2 and not y.any()),
    "logits in ascending order": softmax_where(lambda y, t: len(y) > 2 and (np.diff(y) > 0).all()),
    "logits in descending order": softmax_where(lambda y, t: len(y) > 2 and (np.diff(y) < 0).all()),
    "logits a hair apart": softmax_where(lambda y, t: 0 < np.ptp(y) < 1e-6),
    "it overflows": naive,
    "ties are split wrongly": softmax_changed(
        lambda g, y, t: g * 1.5 if len(set(y)) < len(y) else g
    ),
    "one class is forgotten": softmax_changed(lambda g, y, t: g + (len(y) == 1)),
    "four classes are wrong": softmax_changed(lambda g, y, t: g * (1 + (len(y) == 4))),
    "negative targets count as none": lambda y, t: softmax_gradient(y, np.maximum(t, 0)),
    "a sum of zero counts as one": lambda y, t: softmax(y) * (t.sum() if t.sum() else 1.0) - t,
    "targets are normalised": lambda y, t: softmax_gradient(y, t / t.sum() if t.sum() else t),
    "a temperature of 1.001": lambda y, t: softmax(y / 1.001) * t.sum() - t,
    "float32 inside": lambda y, t: softmax_gradient(
        y.astype(np.float32), t.astype(np.float32)
    ).astype(np.float64),
    "logits are clipped at 10": lambda y, t: softmax_gradient(np.clip(y, -10, 10), t),
    "logits are clipped at 100": lambda y, t: softmax_gradient(np.clip(y, -100, 100), t),
    "shifted only where that lowers the logits": lambda y, t: (
        (p := np.exp(y - max(0.0, y.max()))) / p.sum() * t.sum() - t
    ),
    "a sum near one counts as one": lambda y, t: (
        softmax(y) * (1.0 if abs(t.sum() - 1) < 1e-3 else t.sum()) - t
    ),
    "wrong for logits beyond 30": softmax_changed(lambda g, y, t: g + (30 < abs(y).max() < 5000)),
    "p is bounded away from zero": lambda y, t: np.maximum(softmax(y), 1e-7) * t.sum() - t,
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
        return softmax_gradient(y, t) * (1 if changed else 2)

    return gradient


def _at_huge_logits(gradient: Gradients) -> Gradients:
    return lambda y, t: gradient(y, t) if abs(y).max() >= 1e4 else softmax_gradient(y, t)


SOFTMAX_SOMETIMES_UNMANNERED: dict[str, Gradients] = {
    "nothing at huge logits": _at_huge_logits(lambda y, t: None),
    "float32 at huge logits": _at_huge_logits(
        lambda y, t: softmax_gradient(y, t).astype(np.float32)
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


def one_hot_where(condition: Callable[[Any, int], Any]) -> Gradients:
    return lambda y, c: softmax_gradient_one_hot(y, c) + (1 if condition(y, c) else 0)


def capped_class(y: Any, c: int) -> Any:
    return softmax_gradient_one_hot(y, min(c, 3))


ONE_HOT_WRONG: dict[str, Gradients] = {
    "the class is capped at 3": capped_class,
    "the last of nine classes": one_hot_where(lambda y, c: c == 8),
    "the first class of many": one_hot_where(lambda y, c: c == 0 and len(y) > 4),
    "8 classes and more": one_hot_where(lambda y, c: len(y) >= 8),
    **{f"{n} classes": one_hot_where(partial(has_classes, n)) for n in (5, 6, 7, 8, 9, 12)},
    "a small spread far out": one_hot_where(lambda y, c: abs(y).max() > 700 and np.ptp(y) < 10),
    "a class far below two that tie": one_hot_where(
        lambda y, c: len(y) > 2 and sorted(y)[-1] == sorted(y)[-2] > min(y) + 700
    ),
    "a true class far below": one_hot_where(lambda y, c: y[c] < max(y) - 600),
    "a loss below a millionth": one_hot_where(
        lambda y, c: len(y) > 1 and cross_entropy(y, np.eye(len(y))[c]) < 1e-6
    ),
    "the true class ties with another": one_hot_where(lambda y, c: sum(y == y[c]) > 1),
    "every logit but the true one ties": one_hot_where(
        lambda y, c: len(y) > 2 and np.ptp(np.delete(y, c)) == 0 != np.ptp(y)
    ),
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
    **{
        f"from {low:g} to {high:g} as well": partial(also_within, low, high)
        for low, high in (
            *((0.2012, 0.2018), (0.405, 0.409), (5, 9), (150, 900), (2e3, 9e5), (-0.049, -0.041)),
            *((-9, -5), (-900, -150), (-9e5, -2e3)),
        )
    },
    **{
        f"not from {low:g} to {high:g}": partial(but_within, low, high)
        for low, high in (
            *((0.1234, 0.1236), (0.0512, 0.0518), (0.0301, 0.0309), (0.1983, 0.1988)),
            *((1.1e-4, 1.9e-4), (2e-6, 9e-6)),
        )
    },
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
RARELY = (
    *("max(y) > 700", "max(y) > 5000", "y[i] < -690", "y[i] < -5000", "max(y) < -600"),
    *("n == 6", "n == 12"),
)
GRADIENTS_WRONG = (
    *(f"softmax(y)[i] * sum(t) - t[i] + ({rare})" for rare in RARELY),
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
GRADIENTS_WRONG_WHERE_THE_SUM_IS_ONE = tuple(
    f"softmax(y)[i] - t[i] + ({rare})" for rare in (*RARELY, "t[i] > 1000", "t[i] < -1000")
)
ONE_HOT_FORMULAS_WRONG = tuple(f"softmax(y)[i] - t[i] + ({rare})" for rare in RARELY)

WRONG_AT_KINKS: dict[str, Gradients] = {
    "wrong where W1 and b1 are 0": where(lambda W1, b1, *_: not W1.any() and not b1.any()),
    "wrong where X and b1 are 0": where(lambda *a: not a[4].any() and not a[1].any()),
    "wrong where all parameters are 0": where(
        lambda W1, b1, w2, b2, X, t: len(t) > 1 and not any(map(np.any, (W1, b1, w2, b2)))
    ),
    "wrong where a sample is at every kink": where_units(
        lambda z: min(z.shape) > 1 and (z == 0).all(axis=1).any() and z.any()
    ),
    "wrong where each unit is at a kink of its own": where_units(
        lambda z: min(z.shape) > 1 and (z == 0).any(axis=0).all() and not (z == 0).all(axis=1).any()
    ),
    "wrong at a kink and a perfect fit": where(
        lambda *a: ((z := forward(*a[:5]))[0] == 0).any() and not (z[2] - a[5]).any()
    ),
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
