"""Known mistakes: wrong answers that people really give, each written as its difference from right.

The right computation of each question stands once, in lines, in `questions/assignment.toml`. A
mistake changes a line or two of it, or the data it looks at. All of it is in the formula
language: a mistake can be computed in float64, as a function to be refused, and in exact numbers,
to be compared with what somebody wrote.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any

import numpy as np

from gradaudit.language.balls import settled
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, Scope, parse
from gradaudit.questions.assignment import DATA, NETWORK, ONE_HOT, TOLD
from gradaudit.questions.inputs import Case, Logits, Network

Lines = Mapping[str, str]

NETWORK_LINES, SOFTMAX_LINES = (TOLD[question]["lines"] for question in ("question1", "question2"))
GRADIENTS = {"W1": "dW1", "b1": "db1", "w2": "dw2", "b2": "db2"}
_LINE_OF = {**GRADIENTS, "y": "g"}
FORWARD = ("z", "h", "y", "e")  # what an answer may state of the forward pass


@dataclass(frozen=True, eq=False)
class Mistake:
    """A known mistake.

    sentence: what was done, for the person who did it. changes: for each variant, the lines of
    the right computation that differ; `{old}` in one is the line as it was.
    data: what is done to the data instead, for each variant, and data_text how that reads.
    seen: where. also: another id, once that of the same function.
    """

    id: str
    sentence: str
    changes: tuple[Lines, ...] = ({},)
    data: tuple[Callable[[Any], Any], ...] = ()
    data_text: str = ""
    seen: str = ""
    also: str = ""


@dataclass(frozen=True, eq=False)
class Variant:
    """One way of making a mistake, or two at once: a whole wrong computation.

    mistakes: the one or two mistakes. lines: the computation that comes of them. looked_at: the
    data that it is done on.
    """

    mistakes: tuple[Mistake, ...]
    lines: Lines
    looked_at: Callable[[Any], Any]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the mistakes."""
        return tuple(mistake.id for mistake in self.mistakes)

    @cached_property
    def scope(self) -> Scope:
        """The names of the wrong computation."""
        trees = {name: _tree(text, self._of_network) for name, text in self.lines.items()}
        return replace(NETWORK if self._of_network else ONE_HOT, defined=trees)

    @property
    def _of_network(self) -> bool:
        return "z" in self.lines

    def _env(self, case: Case) -> Env:
        data = self.looked_at(case)
        return Env(data.values, data.sizes, self.scope.defined)

    def gradients(self, case: Case) -> dict[str, Any]:
        """Return the wrong gradient by each parameter, exactly or in balls. Raises NoValue."""
        env = self._env(case)
        return {name: settled(partial(env.value_of, _LINE_OF[name])) for name in case.PARAMETERS}

    def gradient_by(self, name: str, case: Case) -> Any:
        """Return the wrong gradient by one parameter. Raises NoValue."""
        return settled(partial(self._env(case).value_of, _LINE_OF[name]))

    @cached_property
    def on_the_assignment(self) -> dict[str, Any]:
        """The wrong gradients on the assignment's own data."""
        return self.gradients(DATA)

    @cached_property
    def forward_on_the_assignment(self) -> dict[str, Any]:
        """The values of the forward pass that they come from."""
        env = self._env(DATA)
        return {name: env.value_of(name) for name in FORWARD}

    def function(self) -> Callable[..., Any]:
        """Return the wrong gradients, or the one there is, as a float64 function."""
        kind = Network if self._of_network else Logits

        def gradients(*arguments: Any) -> Any:
            data = self.looked_at(kind(*arguments))
            values = {**data.blocks, "n": float(len(data.t))}
            env = Env(values, data.sizes, self.scope.defined, floats=True)
            found = tuple(env.value_of(_LINE_OF[name]) for name in kind.PARAMETERS)
            return found if len(found) > 1 else found[0]

        return gradients

    def one_hot_function(self) -> Callable[[Any, int], Any]:
        """Return the wrong gradient as a float64 function of (y, c)."""
        gradient = self.function()
        return lambda y, c: gradient(y, np.eye(len(y))[c])

    def softmax_formula(self) -> Formula:
        """Return the wrong gradient as a formula."""
        return Formula("g", _tree("g", False), self.scope)


@cache
def _tree(text: str, of_network: bool) -> Any:
    scope, lines = (NETWORK, NETWORK_LINES) if of_network else (ONE_HOT, SOFTMAX_LINES)
    # A line is parsed once, where the names of all lines are known, whoever changes them.
    placeholder = parse("0", scope).tree
    return parse(text, replace(scope, defined=dict.fromkeys(lines, placeholder))).tree


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
    singles = variants(mistakes, dict(told))
    made = []
    seen = {(tuple(one.lines.items()), one.looked_at) for one in singles}
    for first, second in itertools.permutations(singles, 2):
        (one,), (other,) = first.mistakes, second.mistakes
        if one is other or (one.data and other.data):
            continue
        for changes in other.changes:
            lines_of_both = changed(first.lines, changes)
            looked_at = first.looked_at if one.data else second.looked_at
            both = tuple(lines_of_both.items()), looked_at
            if both not in seen:
                seen.add(both)
                made.append(Variant((one, other), lines_of_both, looked_at))
    return made


def _as_it_is(case: Any) -> Any:
    return case


def _only_sample(kept: int, network: Network) -> Network:
    return network.sample(kept) if kept < len(network.t) else network


def _without_sample(skipped: int, network: Network) -> Network:
    n = len(network.t)
    keep = [k for k in range(n) if k != skipped % n]
    return network.with_samples(keep) if keep and skipped < n else network


def _moved(by: int, case: Logits) -> Logits:
    t = case.t * 0
    t[max(by, 0) :][: len(t) - abs(by)] = case.t[max(-by, 0) :][: len(t) - abs(by)]
    return replace(case, t=t)


def _rolled(by: int, case: Logits) -> Logits:
    return replace(case, t=np.roll(case.t, by))


LOOKED_AT: dict[str, Callable[[int, Any], Any]] = {
    "without_sample": _without_sample,
    "only_sample": _only_sample,
    "target_moved": _moved,
    "target_rolled": _rolled,
}


def _mistake(told: Mapping[str, Any]) -> Mistake:
    change = told.get("change", {})
    return Mistake(
        told["id"],
        told["sentence"],
        tuple(change) if isinstance(change, list) else (change,),
        tuple(partial(look, k) for key, look in LOOKED_AT.items() for k in told.get(key, ())),
        told.get("data", ""),
        told.get("seen", ""),
        told.get("also", ""),
    )


def _mistakes(question: str, kind: str = "mistakes") -> tuple[Mistake, ...]:
    return tuple(map(_mistake, TOLD[question][kind]))


NETWORK_MISTAKES = _mistakes("question1")
GRADIENT_MISTAKES = _mistakes("question2")
CONVENTIONS = _mistakes("question1", "conventions")
CATALOGUES: tuple[tuple[tuple[Mistake, ...], Lines], ...] = (
    (NETWORK_MISTAKES, NETWORK_LINES),
    (GRADIENT_MISTAKES, SOFTMAX_LINES),
)
