"""Known mistakes: wrong answers that people really give, each written as its difference from right.

The right computation of each question stands here once. A mistake changes a line or two of it,
or the data it looks at. Since all of it is in the formula language, a mistake can be computed in
float64, as a function to be refused, and in exact numbers, to be compared with what is written.

Ids never change meaning. An id may have several variants; any of them is the same mistake.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from properties.evaluate import Env
from properties.formula import Formula, Scope, parse
from properties.inputs import Logits, Network
from properties.question import NETWORK, ONE_HOT, RATE, SOFTMAX

COMPUTATION = {  # of Question 1, in order
    "z": "X @ W1 + b1",
    "h": "relu(z)",
    "y": "h @ w2 + b2",
    "e": "y - t",
    "m": "z > 0",
    "dw2": "h.T @ e",
    "db2": "sum(e)",
    "s": "outer(e, w2) * m",
    "dW1": "X.T @ s",
    "db1": "sum(s, axis=0)",
}
GRADIENTS = {"W1": "dW1", "b1": "db1", "w2": "dw2", "b2": "db2"}


@dataclass(frozen=True)
class NetworkMistake:
    """A mistake in Question 1.

    sentence: what was done, for the person who did it. changes: the lines that differ from
    COMPUTATION, one mapping for each variant. data: which part of the data is looked at instead,
    and how that reads. seen: where it was seen. convention: it is no mistake, but a choice.
    """

    id: str
    sentence: str
    changes: tuple[Mapping[str, str], ...] = ({},)
    data: Callable[[Network], Network] | None = None
    data_text: str = ""
    seen: str = ""
    convention: bool = False

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """The names of the wrong computation, for each variant."""
        return tuple(computation(change) for change in self.changes)

    def gradient(self, network: Network, variant: int = 0) -> dict[str, Any]:
        """Return the wrong gradients, exactly. Raises UndefinedError."""
        looked_at = self.data(network) if self.data else network
        env = Env(looked_at.values, looked_at.sizes, self.scopes[variant].defined)
        return {block: env.lookup(name) for block, name in GRADIENTS.items()}

    def function(self, variant: int = 0) -> Callable[..., tuple[Any, ...]]:
        """Return the mistake as a float64 gradient function."""

        def gradients(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> tuple[Any, ...]:
            looked_at = Network(W1, b1, w2, b2, X, t)
            looked_at = self.data(looked_at) if self.data else looked_at
            values = {**looked_at.blocks, "n": float(len(looked_at.t))}
            env = Env(values, looked_at.sizes, self.scopes[variant].defined, floats=True)
            return tuple(env.lookup(name) for name in GRADIENTS.values())

        return gradients


def computation(changes: Mapping[str, str]) -> Scope:
    """Return the right computation of Question 1 with some lines changed."""
    scope = replace(NETWORK, defined={})
    for name, text in {**COMPUTATION, **changes}.items():
        scope = scope.define(name, text)
    return scope


@dataclass(frozen=True)
class GradientMistake:
    """A mistake in Question 2: its formulas, one for each variant, in the names of SOFTMAX."""

    id: str
    sentence: str
    formulas: tuple[str, ...]
    seen: str = ""

    def formula(self, variant: int = 0, *, one_hot: bool = False) -> Formula:
        """Return the wrong formula, in the scope of one-hot targets or of any."""
        scope = (ONE_HOT if one_hot else SOFTMAX).define("p", "softmax(y)")
        return parse(self.formulas[variant], scope)

    def function(self, variant: int = 0) -> Callable[[Any, Any], Any]:
        """Return the mistake as a float64 gradient function of (y, t)."""
        formula = self.formula(variant)

        def gradient(y: Any, t: Any) -> Any:
            env = Env(
                {"y": y, "t": t, "n": float(len(y))},
                {"K": len(y)},
                formula.scope.defined,
                floats=True,
            )
            if not formula.uses("i"):
                return env.evaluate(formula.tree)
            return np.array([env.where(i=i).evaluate(formula.tree) for i in range(len(y))])

        return gradient

    def function_one_hot(self, variant: int = 0) -> Callable[[Any, int], Any]:
        """Return the mistake as a float64 gradient function of (y, c)."""
        gradient = self.function(variant)
        return lambda y, c: gradient(y, np.eye(len(y))[c])

    def case_formula(self, case: Logits, variant: int = 0) -> Formula:
        """Return the wrong formula in the scope that a case belongs to."""
        return self.formula(variant, one_hot=case.c is not None)


@dataclass(frozen=True)
class RateMistake:
    """A mistake in Question 3: a wrong condition on the learning rate, for each variant."""

    id: str
    sentence: str
    conditions: tuple[str, ...]
    seen: str = ""

    def formula(self, variant: int = 0) -> Formula:
        """Return the wrong condition."""
        return parse(self.conditions[variant], RATE)

    def function(self, variant: int = 0) -> Callable[[float], bool]:
        """Return the mistake as a function of a float rate."""
        formula = self.formula(variant)

        def converges(eta: float) -> bool:
            env = Env({"eta": eta}, {}, formula.scope.defined, floats=True)
            return bool(env.evaluate(formula.tree))

        return converges


def _samples(keep: Callable[[int], list[int]]) -> Callable[[Network], Network]:
    return lambda network: network.with_samples(keep(len(network.t)) or [0])


NETWORK_MISTAKES: tuple[NetworkMistake, ...] = (
    NetworkMistake(
        "mask-missing",
        "The ReLU mask is missing: units that are off still pass the gradient on.",
        ({"m": "z*0 + 1"},),
        seen="everywhere; A1 >= 0 on the activation has the same effect",
    ),
    NetworkMistake(
        "mask-inverted",
        "The ReLU mask is the wrong way round: units that are off pass the gradient, active ones "
        "do not.",
        ({"m": "z <= 0"},),
    ),
    NetworkMistake(
        "mask-is-activation",
        "The activation itself stands where its derivative, the ReLU mask, belongs.",
        ({"m": "h"}, {"m": "z"}),
        seen="course forums",
    ),
    NetworkMistake(
        "mask-leaky",
        "Units that are off pass a hundredth of the gradient, as a leaky ReLU would.",
        ({"m": "(z > 0) + 1/100 * (z <= 0)"},),
    ),
    NetworkMistake(
        "mask-without-bias",
        "The ReLU mask is taken from X W1 without the bias b1.",
        ({"m": "X @ W1 > 0"},),
    ),
    NetworkMistake(
        "bias-unmasked",
        "The gradient of b1 is taken before the ReLU mask; that of W1 is right.",
        ({"db1": "sum(outer(e, w2), axis=0)"},),
    ),
    NetworkMistake(
        "w2-missing",
        "The second layer's weights are missing where the error goes back through them.",
        ({"s": "outer(e, w2*0 + 1) * m"},),
    ),
    NetworkMistake(
        "gradient-for-weight",
        "The error goes back through the gradient of w2 instead of w2 itself.",
        ({"s": "outer(e, dw2) * m"},),
        seen="course forums",
    ),
    NetworkMistake(
        "w2-updated",
        "The error goes back through w2 after its own descent step, not before.",
        ({"s": "outer(e, w2 - 1/100 * dw2) * m"}, {"s": "outer(e, w2 - 1/10 * dw2) * m"}),
    ),
    NetworkMistake(
        "error-sign",
        "The error is t - y instead of y - t: every sign is flipped.",
        ({"e": "t - y"},),
        seen="deeplearning4j #345, autograd #412",
    ),
    NetworkMistake(
        "factor-two",
        "Every gradient is doubled: the ½ of the loss was forgotten.",
        ({"e": "2 * (y - t)"},),
        seen="Coursera's gradient-check lab",
    ),
    NetworkMistake(
        "factor-half",
        "Every gradient is halved: the ½ of the loss was applied once more.",
        ({"e": "(y - t) / 2"},),
        seen="Coursera's gradient-check lab",
    ),
    NetworkMistake(
        "mean-for-sum",
        "The gradients are divided by the number of samples, but the loss is a sum.",
        (
            {"e": "(y - t) / n"},
            {"dw2": "h.T @ e / n", "db2": "sum(e) / n", "s": "outer(e, w2) * m / n**2"},
        ),
        seen="d2l-en #1000",
    ),
    NetworkMistake(
        "bias-mean",
        "The gradients of the biases are averaged over the samples instead of summed.",
        ({"db1": "sum(s, axis=0) / n", "db2": "sum(e) / n"},),
    ),
    NetworkMistake(
        "bias-one-sample",
        "The gradients of the biases take one sample's signal instead of the sum over all.",
        ({"db1": "s[0]", "db2": "e[0]"}, {"db1": "s[n-1]", "db2": "e[n-1]"}),
        seen="mlpack #3679",
    ),
    NetworkMistake(
        "bias-total",
        "Every entry of the gradient of b1 is the sum over samples and units together.",
        ({"db1": "b1*0 + sum(s)"},),
        seen="rasbt/stat453 #5",
    ),
    NetworkMistake(
        "transposed",
        "The gradient of W1 is transposed.",
        ({"dW1": "s.T @ X"},),
    ),
    NetworkMistake(
        "preactivation-in-w2",
        "The gradient of w2 uses the pre-activation z instead of the activation h.",
        ({"dw2": "z.T @ e"},),
    ),
    NetworkMistake(
        "forward-without-bias",
        "Both biases are left out of the forward pass.",
        ({"z": "X @ W1", "y": "h @ w2"},),
    ),
    NetworkMistake(
        "forward-without-relu",
        "ReLU is left out, forward and backward: the network is linear.",
        ({"h": "z", "m": "z*0 + 1"},),
    ),
    NetworkMistake(
        "relu-on-output",
        "ReLU is applied to the output as well.",
        ({"y": "relu(h @ w2 + b2)"},),
    ),
    NetworkMistake(
        "target-dropped",
        "The targets are left out: the output stands where the error belongs.",
        ({"e": "y"},),
    ),
    NetworkMistake(
        "error-squared",
        "The squared error stands where the error belongs.",
        ({"e": "(y - t)**2"},),
    ),
    NetworkMistake(
        "error-sign-only",
        "Only the sign of the error is used, as for an absolute loss.",
        ({"e": "(y > t) - 1*(y < t)"},),
    ),
    NetworkMistake(
        "abs-w2",
        "The absolute value of w2 stands where w2 belongs.",
        ({"s": "outer(e, abs(w2)) * m"},),
    ),
    NetworkMistake(
        "sample-skipped",
        "One sample is left out of the sums.",
        data=_samples(lambda n: list(range(n - 1))),
        data_text="without the last sample",
    ),
    NetworkMistake(
        "broadcast-error",
        "Outputs of shape (n, 1) less targets of shape (n,) make n × n errors.",
        ({"e": "n*y - sum(t)"}, {"e": "sum(y) - n*t"}),
        seen="everywhere",
    ),
)

GRADIENT_MISTAKES: tuple[GradientMistake, ...] = (
    GradientMistake(
        "sum-t-assumed",
        "This is right only where the targets sum to 1.",
        ("p - t",),
        seen="tensorflow #60314, meganeura #102, ConvE #55",
    ),
    GradientMistake(
        "diagonal-only",
        "Only the diagonal of the softmax Jacobian is used: the other classes are left out.",
        ("-t * (1 - p)",),
        seen="libnd4j #440, stats.SE 235528",
    ),
    GradientMistake(
        "stopped-early",
        "The chain rule stops at the softmax: this is the derivative with respect to p.",
        ("-t / p",),
        seen="DataScience.SE 64746",
    ),
    GradientMistake("sign", "Every sign is flipped.", ("t - p * sum(t)",), "deeplearning4j #345"),
    GradientMistake(
        "off-diagonal-sign",
        "The off-diagonal entries of the softmax Jacobian have the wrong sign.",
        ("-t[i] * (1 - p[i]) - sum(t[k] * p[i] * (k != i) for k in K)",),
    ),
    GradientMistake(
        "targets-scaled",
        "The targets stand where their sum belongs.",
        ("p * t - t",),
    ),
    GradientMistake(
        "logits-for-softmax",
        "The logits stand where softmax(y) belongs.",
        ("y - t", "y * sum(t) - t"),
    ),
    GradientMistake(
        "sigmoid-for-softmax",
        "A sigmoid of each logit stands where softmax(y) belongs.",
        ("1 / (1 + exp(-y)) - t", "1 / (1 + exp(-y)) * sum(t) - t"),
    ),
    GradientMistake(
        "unnormalised",
        "exp(y) is not divided by its sum.",
        ("exp(y) - t", "exp(y) * sum(t) - t"),
    ),
    GradientMistake(
        "squared-error",
        "This is the gradient of a squared error through a sigmoid, not of the cross-entropy.",
        ("(p - t) * p * (1 - p)",),
        seen="habits from the mean squared error",
    ),
    GradientMistake(
        "mean-over-classes",
        "The gradient is divided by the number of classes.",
        ("(p * sum(t) - t) / n",),
    ),
    GradientMistake(
        "double-softmax",
        "Softmax is applied twice.",
        ("softmax(p) * sum(t) - t",),
    ),
    GradientMistake(
        "log-base-ten",
        "The logarithm is taken to base ten.",
        ("(p * sum(t) - t) / log(10)",),
    ),
    GradientMistake(
        "one-hot-everywhere",
        "1 is subtracted at every class instead of at the true one.",
        ("p - 1",),
    ),
)

RATE_MISTAKES: tuple[RateMistake, ...] = (
    RateMistake(
        "half-range",
        "This demands 1 - 10η >= 0, so that x never changes its sign; it may.",
        ("0 < eta < 1/10", "0 < eta <= 1/10"),
    ),
    RateMistake(
        "derivative-halved",
        "The derivative was taken for 5x: it is 10x.",
        ("0 < eta < 2/5",),
    ),
    RateMistake(
        "closed-upper",
        "The upper end is included; there x changes its sign for ever.",
        ("0 < eta <= 1/5",),
    ),
    RateMistake(
        "closed-lower",
        "0 is included; there x never moves.",
        ("0 <= eta < 1/5", "0 <= eta <= 1/5"),
    ),
    RateMistake(
        "no-lower-bound",
        "A lower bound is missing: with a rate of 0 or below, x does not come nearer.",
        ("eta < 1/5", "eta <= 1/5"),
    ),
    RateMistake(
        "two-sided",
        "Negative rates are included; they lead away from the minimum.",
        ("abs(eta) < 1/5", "abs(eta) <= 1/5"),
    ),
    RateMistake(
        "fastest-only",
        "This is the fastest rate only; others converge as well.",
        ("eta == 1/10",),
    ),
    RateMistake(
        "optimum-excluded",
        "The rate 1/10 is left out; there x is at the minimum after one step.",
        ("0 < eta < 1/5 and eta != 1/10",),
    ),
    RateMistake(
        "curvature-missed",
        "The curvature of f is missing: the range depends on it.",
        ("0 < eta < 1", "0 < eta < 2", "eta < 1", "eta < 2"),
    ),
)
