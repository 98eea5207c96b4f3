"""Known mistakes: wrong answers that people really give, each written as its difference from right.

The right computation of each question stands here once, in lines. A mistake changes a line or two
of it, or the data it looks at; `{old}` in a changed line is the line as it was, so that mistakes
can be combined. All of it is in the formula language: a mistake can be computed in float64, as a
function to be refused, and in exact numbers, to be compared with what somebody wrote.

Ids never change meaning. An id may have several variants; any of them is the same mistake.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any

import numpy as np

from gradaudit.language.balls import settled
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, Scope, parse
from gradaudit.questions.assignment import CONVERGES, DATA, NETWORK, ONE_HOT, RATE
from gradaudit.questions.inputs import Logits, Network

Lines = Mapping[str, str]

NETWORK_LINES: Lines = {  # of Question 1, in order
    "z": "X @ W1 + b1",
    "h": "relu(z)",
    "y": "h @ w2 + b2",
    "e": "y - t",
    "m": "z > 0",
    "dw2": "h.T @ e",
    "db2": "sum(e)",
    "u": "w2",
    "s": "outer(e, u) * m",
    "dW1": "X.T @ s",
    "db1": "sum(s, axis=0)",
}
GRADIENTS = {"W1": "dW1", "b1": "db1", "w2": "dw2", "b2": "db2"}
FORWARD = ("z", "h", "y", "e")  # what an answer may state of the forward pass
SOFTMAX_LINES: Lines = {  # of Question 2
    "p": "softmax(y)",
    "S": "sum(t)",
    "g": "p * S - t",
}
RATE_LINES: Lines = {"range": CONVERGES}  # of Question 3


@dataclass(frozen=True, eq=False)
class Mistake:
    """A known mistake.

    sentence: what was done, for the person who did it. changes: for each variant, the lines of
    the right computation that differ; for Question 3, the condition under the name `range`.
    data: what is done to the data instead, for each variant, and data_text how that reads.
    seen: where.
    """

    id: str
    sentence: str
    changes: tuple[Lines, ...] = ({},)
    data: tuple[Callable[[Network], Network], ...] = ()
    data_text: str = ""
    seen: str = ""


@dataclass(frozen=True, eq=False)
class Variant:
    """One way of making a mistake, or two at once: a whole wrong computation.

    mistakes: the one or two mistakes. lines: the computation that comes of them. looked_at: the
    data that it is done on.
    """

    mistakes: tuple[Mistake, ...]
    lines: Lines
    looked_at: Callable[[Network], Network]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the mistakes."""
        return tuple(mistake.id for mistake in self.mistakes)

    @cached_property
    def scope(self) -> Scope:
        """The names of the wrong computation."""
        known = NETWORK if "z" in self.lines else ONE_HOT
        trees = {name: _tree(text, known) for name, text in self.lines.items()}
        return replace(known, defined=trees)

    def gradients(self, network: Network) -> dict[str, Any]:
        """Return the wrong gradient of each parameter, exactly. Raises NoValue."""
        data = self.looked_at(network)
        env = Env(data.values, data.sizes, self.scope.defined)
        return {block: env.value_of(name) for block, name in GRADIENTS.items()}

    def gradient_of(self, network: Network, block: str) -> Any:
        """Return the wrong gradient of one parameter, exactly. Raises NoValue."""
        data = self.looked_at(network)
        return Env(data.values, data.sizes, self.scope.defined).value_of(GRADIENTS[block])

    @cached_property
    def on_the_assignment(self) -> dict[str, Any]:
        """The wrong gradients on the assignment's own data."""
        return self.gradients(DATA)

    @cached_property
    def forward_on_the_assignment(self) -> dict[str, Any]:
        """The values of the forward pass that they come from."""
        data = self.looked_at(DATA)
        env = Env(data.values, data.sizes, self.scope.defined)
        return {name: env.value_of(name) for name in FORWARD}

    def gradient(self, case: Logits) -> Any:
        """Return the wrong gradient of the logits (n,), exactly or in balls. Raises NoValue."""
        env = Env(case.values, case.sizes, self.scope.defined)
        return settled(lambda: env.value_of("g"))

    def network_function(self) -> Callable[..., tuple[Any, ...]]:
        """Return the wrong gradients as a float64 function."""

        def gradients(W1: Any, b1: Any, w2: Any, b2: Any, X: Any, t: Any) -> tuple[Any, ...]:
            data = self.looked_at(Network(W1, b1, w2, b2, X, t))
            values = {**data.blocks, "n": float(len(data.t))}
            env = Env(values, data.sizes, self.scope.defined, floats=True)
            return tuple(env.value_of(name) for name in GRADIENTS.values())

        return gradients

    def softmax_function(self) -> Callable[[Any, Any], Any]:
        """Return the wrong gradient as a float64 function of (y, t)."""

        def gradient(y: Any, t: Any) -> Any:
            values = {"y": y, "t": t, "n": float(len(y))}
            return Env(values, {"K": len(y)}, self.scope.defined, floats=True).value_of("g")

        return gradient

    def one_hot_function(self) -> Callable[[Any, int], Any]:
        """Return the wrong gradient as a float64 function of (y, c)."""
        gradient = self.softmax_function()
        return lambda y, c: gradient(y, np.eye(len(y))[c])

    def softmax_formula(self) -> Formula:
        """Return the wrong gradient as a formula."""
        return Formula("g", _tree("g", self.scope), self.scope)

    @cached_property
    def condition(self) -> Formula:
        """The wrong condition on the rate."""
        return parse(self.lines["range"], RATE)

    def rate_function(self) -> Callable[[float], bool]:
        """Return the wrong condition as a function of a float rate."""
        tree = self.condition.tree
        return lambda eta: bool(Env({"eta": eta}, {}, {}, floats=True).evaluate(tree))


@cache
def _parsed(text: str, names: tuple[str, ...], known: str) -> Any:
    scope = {"NETWORK": NETWORK, "ONE_HOT": ONE_HOT}[known]
    # A line is parsed once, where the names of all lines are known, whoever changes them.
    placeholder = parse("0", scope).tree
    return parse(text, replace(scope, defined=dict.fromkeys(names, placeholder))).tree


def _tree(text: str, scope: Scope) -> Any:
    known = "NETWORK" if "W1" in scope.given else "ONE_HOT"
    lines = NETWORK_LINES if known == "NETWORK" else SOFTMAX_LINES
    return _parsed(text, tuple(lines), known)


def changed(lines: Lines, changes: Lines) -> Lines:
    """Return lines with some changed; `{old}` stands for the line as it was."""
    new = {
        name: text.replace("{old}", f"({lines.get(name, '')})") for name, text in changes.items()
    }
    return {**lines, **new}


def variants(mistakes: tuple[Mistake, ...], lines: Lines) -> list[Variant]:
    """Return every variant of every mistake."""
    return list(_variants(mistakes, tuple(lines.items())))


@cache
def _variants(mistakes: tuple[Mistake, ...], told: tuple[tuple[str, str], ...]) -> list[Variant]:
    lines = dict(told)
    return [
        Variant((mistake,), changed(lines, changes), looked_at)
        for mistake in mistakes
        for changes in mistake.changes
        for looked_at in mistake.data or (_as_it_is,)
    ]


def pairs(mistakes: tuple[Mistake, ...], lines: Lines) -> list[Variant]:
    """Return every two mistakes made at once, where neither hides the other."""
    return list(_pairs(mistakes, tuple(lines.items())))


@cache
def _pairs(mistakes: tuple[Mistake, ...], told: tuple[tuple[str, str], ...]) -> list[Variant]:
    return list(_made_at_once(variants(mistakes, dict(told))))


def _made_at_once(singles: Sequence[Variant]) -> Iterator[Variant]:
    seen = {(tuple(one.lines.items()), one.looked_at) for one in singles}
    for first, second in itertools.permutations(singles, 2):
        (one,), (other,) = first.mistakes, second.mistakes
        if one is other or (one.data and other.data):
            continue
        for changes in other.changes:
            lines_of_both = changed(first.lines, changes)
            looked_at = first.looked_at if one.data else second.looked_at
            told = tuple(lines_of_both.items()), looked_at
            if told not in seen:
                seen.add(told)
                yield Variant((one, other), lines_of_both, looked_at)


def _as_it_is(network: Network) -> Network:
    return network


def _only_sample(kept: int, network: Network) -> Network:
    return network.sample(kept) if kept < len(network.t) else network


def _without_sample(skipped: int, network: Network) -> Network:
    n = len(network.t)
    keep = [k for k in range(n) if k != skipped % n]
    return network.with_samples(keep) if keep and skipped < n else network


NETWORK_MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "mask-missing",
        "The ReLU mask is missing: units that are off still pass the gradient on.",
        ({"m": "z*0 + 1"},),
        seen="everywhere; A1 >= 0 on the activation has the same effect",
    ),
    Mistake(
        "mask-inverted",
        "The ReLU mask is the wrong way round: units that are off pass the gradient, active ones "
        "do not.",
        ({"m": "z <= 0"},),
    ),
    Mistake(
        "mask-is-activation",
        "The activation itself stands where its derivative, the ReLU mask, belongs.",
        ({"m": "h"}, {"m": "z"}),
        seen="course forums",
    ),
    Mistake(
        "mask-leaky",
        "Units that are off pass a hundredth of the gradient, as a leaky ReLU would.",
        ({"m": "(z > 0) + 1/100 * (z <= 0)"},),
    ),
    Mistake(
        "mask-without-bias",
        "The ReLU mask is taken from X W1 without the bias b1.",
        ({"m": "X @ W1 > 0"},),
    ),
    Mistake(
        "bias-unmasked",
        "The gradient of b1 is taken before the ReLU mask; that of W1 is right.",
        ({"db1": "sum(outer(e, u), axis=0)"},),
    ),
    Mistake(
        "w2-missing",
        "The second layer's weights are missing where the error goes back through them.",
        ({"u": "w2*0 + 1"},),
    ),
    Mistake(
        "gradient-for-weight",
        "The error goes back through the gradient of w2 instead of w2 itself.",
        ({"u": "dw2"},),
        seen="course forums",
    ),
    Mistake(
        "w2-updated",
        "The error goes back through w2 after its own descent step, not before.",
        ({"u": "{old} - 1/100 * dw2"}, {"u": "{old} - 1/10 * dw2"}),
    ),
    Mistake(
        "error-sign",
        "The error is t - y instead of y - t: every sign is flipped.",
        ({"e": "-{old}"},),
        seen="deeplearning4j #345, autograd #412",
    ),
    Mistake(
        "factor-two",
        "Every gradient is doubled: the ½ of the loss was forgotten.",
        ({"e": "2 * {old}"},),
        seen="Coursera's gradient-check lab",
    ),
    Mistake(
        "factor-half",
        "Every gradient is halved: the ½ of the loss was applied once more.",
        ({"e": "{old} / 2"},),
        seen="Coursera's gradient-check lab",
    ),
    Mistake(
        "mean-for-sum",
        "The gradients are divided by the number of samples, but the loss is a sum.",
        ({"e": "{old} / n"}, {"e": "{old} / n", "s": "{old} / n"}),
        seen="d2l-en #1000",
    ),
    Mistake(
        "bias-mean",
        "The gradients of the biases are averaged over the samples instead of summed.",
        ({"db1": "{old} / n", "db2": "{old} / n"},),
    ),
    Mistake(
        "bias-one-sample",
        "The gradients of the biases take one sample's signal instead of the sum over all.",
        ({"db1": "s[0]", "db2": "e[0]"}, {"db1": "s[n-1]", "db2": "e[n-1]"}),
        seen="mlpack #3679",
    ),
    Mistake(
        "bias-total",
        "Every entry of the gradient of b1 is the sum over samples and units together.",
        ({"db1": "b1*0 + sum(s)"},),
        seen="rasbt/stat453 #5",
    ),
    Mistake(
        "transposed",
        "The gradient of W1 is transposed.",
        ({"dW1": "{old}.T"},),
    ),
    Mistake(
        "preactivation-in-w2",
        "The gradient of w2 uses the pre-activation z instead of the activation h.",
        ({"dw2": "z.T @ e"},),
    ),
    Mistake(
        "forward-without-bias",
        "Both biases are left out of the forward pass.",
        ({"z": "X @ W1", "y": "h @ w2"},),
    ),
    Mistake(
        "forward-without-relu",
        "ReLU is left out, forward and backward: the network is linear.",
        ({"h": "z", "m": "z*0 + 1"},),
    ),
    Mistake(
        "relu-on-output",
        "ReLU is applied to the output as well.",
        ({"y": "relu({old})"},),
    ),
    Mistake(
        "target-dropped",
        "The targets are left out: the output stands where the error belongs.",
        ({"e": "y"},),
    ),
    Mistake(
        "output-dropped",
        "The output is left out: minus the target stands where the error belongs.",
        ({"e": "-t"},),
    ),
    Mistake(
        "error-squared",
        "The squared error stands where the error belongs.",
        ({"e": "{old}**2"},),
    ),
    Mistake(
        "error-sign-only",
        "Only the sign of the error is used, as for an absolute loss.",
        ({"e": "({old} > 0) - 1*({old} < 0)"},),
    ),
    Mistake(
        "abs-w2",
        "The absolute value of w2 stands where w2 belongs.",
        ({"u": "abs({old})"},),
    ),
    Mistake(
        "sample-skipped",
        "A sample is left out of the sums, or several are.",
        data=(
            *(partial(_without_sample, k) for k in (-1, 0, 1, 2)),
            *(partial(_only_sample, k) for k in (0, 1)),
        ),
        data_text="without some of the samples",
    ),
    Mistake(
        "broadcast-error",
        "Outputs of shape (n, 1) less targets of shape (n,) make n × n errors.",
        ({"e": "n*y - sum(t)"}, {"e": "sum(y) - n*t"}),
        seen="everywhere",
    ),
)

GRADIENT_MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "sum-t-assumed",
        "This is right only where the targets sum to 1.",
        ({"S": "1"},),
        seen="tensorflow #60314, meganeura #102, ConvE #55",
    ),
    Mistake(
        "diagonal-only",
        "Only the diagonal of the softmax Jacobian is used: the other classes are left out.",
        ({"g": "-t * (1 - p)"},),
        seen="libnd4j #440, stats.SE 235528",
    ),
    Mistake(
        "stopped-early",
        "The chain rule stops at the softmax: this is the derivative with respect to p.",
        ({"g": "-t / p"},),
        seen="DataScience.SE 64746",
    ),
    Mistake("sign", "Every sign is flipped.", ({"g": "-{old}"},), seen="deeplearning4j #345"),
    Mistake(
        "off-diagonal-sign",
        "The off-diagonal entries of the softmax Jacobian have the wrong sign.",
        # of all off-diagonal products Σ_k t_k p_i, the one with k = i is not one
        ({"g": "-t * (1 - p) - (sum(t) - t) * p"},),
    ),
    Mistake(
        "targets-scaled",
        "The targets stand where their sum belongs.",
        ({"S": "t"},),
    ),
    Mistake(
        "logits-for-softmax",
        "The logits stand where softmax(y) belongs.",
        ({"p": "y"}, {"p": "y", "S": "1"}),
    ),
    Mistake(
        "sigmoid-for-softmax",
        "A sigmoid of each logit stands where softmax(y) belongs.",
        ({"p": "1 / (1 + exp(-y))"}, {"p": "1 / (1 + exp(-y))", "S": "1"}),
    ),
    Mistake(
        "unnormalised",
        "The exponentials are not divided by their sum.",
        ({"p": "exp(y)"}, {"p": "exp(y)", "S": "1"}),
    ),
    Mistake(
        "squared-error",
        "This is the gradient of a squared error through a sigmoid, not of the cross-entropy.",
        ({"g": "(p - t) * p * (1 - p)"},),
        seen="habits from the mean squared error",
    ),
    Mistake(
        "mean-over-classes",
        "The gradient is divided by the number of classes.",
        ({"g": "{old} / n"},),
    ),
    Mistake(
        "double-softmax",
        "Softmax is applied twice.",
        ({"p": "softmax({old})"},),
    ),
    Mistake(
        "log-base-ten",
        "The logarithm is taken to base ten.",
        ({"g": "{old} / log(10)"},),
    ),
    Mistake(
        "one-hot-everywhere",
        "1 is subtracted at every class instead of at the true one.",
        ({"g": "p - 1"},),
    ),
)

RATE_MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "half-range",
        "This demands 1 - 10η >= 0, so that x never changes its sign; it may.",
        (
            {"range": "0 < eta < 1/10"},
            {"range": "0 < eta <= 1/10"},
        ),
    ),
    Mistake(
        "derivative-halved",
        "The derivative was taken for 5x: it is 10x.",
        ({"range": "0 < eta < 2/5"},),
    ),
    Mistake(
        "closed-upper",
        "The upper end is included; there x changes its sign for ever.",
        ({"range": "0 < eta <= 1/5"},),
    ),
    Mistake(
        "closed-lower",
        "0 is included; there x never moves.",
        ({"range": "0 <= eta < 1/5"},),
    ),
    Mistake(
        "no-lower-bound",
        "A lower bound is missing: with a rate of 0 or below, x does not come nearer.",
        ({"range": "eta < 1/5"},),
    ),
    Mistake(
        "two-sided",
        "Negative rates are included; they lead away from the minimum.",
        ({"range": "abs(eta) < 1/5"},),
    ),
    Mistake(
        "fastest-only",
        "This is the fastest rate only; others converge as well.",
        ({"range": "eta == 1/10"},),
    ),
    Mistake(
        "optimum-excluded",
        "The rate 1/10 is left out; there x is at the minimum after one step.",
        ({"range": "0 < eta < 1/5 and eta != 1/10"},),
    ),
    Mistake(
        "curvature-missed",
        "The curvature of f is missing: the range depends on it.",
        (
            {"range": "0 < eta < 1"},
            {"range": "0 < eta < 2"},
            {"range": "eta < 1"},
            {"range": "eta < 2"},
        ),
    ),
)

LOWER_ENDS = {"closed-lower": "0 <= eta", "no-lower-bound": "eta == eta"}
UPPER_ENDS = {
    "closed-upper": ("eta <= 1/5",),
    "half-range": ("eta < 1/10", "eta <= 1/10"),
    "derivative-halved": ("eta < 2/5",),
    "curvature-missed": ("eta < 1", "eta < 2"),
}


def rate_pairs() -> list[Variant]:
    """Return ranges with a mistake at either end, or with one that is on both sides."""
    by_id = {mistake.id: mistake for mistake in RATE_MISTAKES}
    made = [
        (low, high, f"{LOWER_ENDS[low]} and {text}")
        for low in ("closed-lower", "no-lower-bound")
        for high, texts in UPPER_ENDS.items()
        for text in texts
        if (low, high) != ("no-lower-bound", "curvature-missed")  # which is one of its variants
    ]
    made += [
        ("two-sided", high, text.replace("eta", "abs(eta)"))
        for high, texts in UPPER_ENDS.items()
        for text in texts
    ]
    made += [("closed-upper", "derivative-halved", "0 < eta <= 2/5")]
    made += [("closed-upper", "curvature-missed", f"0 < eta <= {end}") for end in (1, 2)]
    return [Variant((by_id[a], by_id[b]), {"range": text}, _as_it_is) for a, b, text in made]


CONVENTIONS: tuple[Mistake, ...] = (
    Mistake(
        "mask-at-kink",
        "The ReLU mask is on where the pre-activation is exactly 0. That is no mistake but a "
        "convention: there is no derivative there.",
        ({"m": "z >= 0"},),
    ),
)

CATALOGUES: tuple[tuple[tuple[Mistake, ...], Lines], ...] = (
    (NETWORK_MISTAKES, NETWORK_LINES),
    (GRADIENT_MISTAKES, SOFTMAX_LINES),
    (RATE_MISTAKES, RATE_LINES),
)
