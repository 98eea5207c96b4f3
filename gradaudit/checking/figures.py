"""Figures of a check: errors against their step, and a map of errors over the entries."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from gradaudit.checking.charts import Array
from gradaudit.checking.compared import UNIT, signs
from gradaudit.checking.lines import FACTOR, FIRST, STEPS, Line, estimate
from gradaudit.checking.pairs import Pair
from gradaudit.checking.points import Input
from gradaudit.checking.relations import true_slopes


def figure(what: str, pair: Pair, args: tuple[Any, ...]) -> Figure:
    """Return two panels on one input: error against step, and entries. Raises NoValue.

    what: the pair in words.
    """
    point = Input(pair, args)
    picture, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    _steps(left, point)
    _entries(right, point)
    sizes = ", ".join(
        f"{name} {np.shape(value)}" if np.ndim(value) else f"{name} = {value:.4g}"
        for name, value in zip(pair.spec.names, args, strict=True)
        if isinstance(value, np.ndarray | np.number | float | int)
    )
    picture.suptitle(f"{what}, at {sizes}", fontsize=11)
    return picture


def _steps(axes: Any, point: Input) -> None:
    """Draw how far central differences are from what the gradient says, with the regimes shaded."""
    move = signs(point.random, point.atlas.size) * point.scales
    line = Line(lambda t: point.value(move, t))
    found, said = estimate(line), point.said(move)[0]
    steps = FIRST * FACTOR ** -np.arange(STEPS)
    quotients = (line.values(steps) - line.values(-steps)) / (2 * steps)
    gaps = np.abs(quotients - said)
    noise = found.noise / steps
    axes.loglog(steps, np.maximum(gaps, 1e-300), "o-", label="difference from the gradient")
    axes.loglog(steps, noise, "--", color="gray", label="noise of f over the step")
    # Where quotients of neighbouring steps differ by no more than noise, it rules.
    ruled = np.abs(np.diff(quotients)) <= 8 * noise[1:]
    border = float(steps[int(np.argmax(ruled))]) if ruled.any() else float(steps[-1])
    axes.axvspan(steps[-1], border, color="tab:orange", alpha=0.12, label="noise")
    axes.axvspan(border, steps[0], color="tab:blue", alpha=0.12, label="truncation")
    axes.set(xlabel="step, in scales of the input", ylabel="|difference quotient - gradient|")
    axes.set_ylim(bottom=max(float(gaps[gaps > 0].min(initial=1.0)) / 10, 1e-300))
    axes.set_title(_said(gaps, noise, abs(said)), fontsize=10)
    axes.legend(fontsize=8)


def _said(gaps: Array, noise: Array, slope: float) -> str:
    """Say in a sentence what the errors show. How steeply they fall is never the judge."""
    within = gaps <= 8 * noise + 64 * UNIT * slope
    if within.all():
        return "It is within the noise of f at every step: the gradient agrees."
    if within.any():
        return "It falls with the step until noise takes over: the gradient agrees."
    least = float(gaps[np.isfinite(gaps)].min(initial=np.inf))
    return f"It stays at {least:.1g} while the step shrinks: the gradient is off by that."


def _entries(axes: Any, point: Input) -> None:
    """Draw the errors of the entries of the block in which they are largest."""
    worst: tuple[float, str, Array] | None = None
    for k, name in enumerate(point.pair.names()):
        truth = true_slopes(point, point.atlas.parts[k])
        if truth is None or point.slopes is None:
            continue
        errors = np.abs(point.slopes[point.atlas.parts[k]] - truth)
        if worst is None or errors.max(initial=0) > worst[0]:
            shape = point.atlas.charts[k].x.shape
            whole = errors.reshape(shape) if errors.size == np.prod(shape) else errors
            worst = float(errors.max(initial=0)), name, whole
    if worst is None:
        axes.set_axis_off()
        axes.set_title("the entries are too many, or at a kink", fontsize=10)
        return
    _, name, errors = worst
    shown = np.atleast_2d(errors).reshape(-1, np.atleast_2d(errors).shape[-1])
    picture = axes.imshow(shown, cmap="magma", vmin=0)
    axes.figure.colorbar(picture, ax=axes, label=f"error of {name}")
    axes.set(xticks=range(shown.shape[1]), yticks=range(shown.shape[0]))
    axes.set_title(f"errors over the entries of {name}", fontsize=10)
