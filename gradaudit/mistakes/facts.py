"""Facts about a wrong answer that is no known mistake: what holds on every input looked at."""

import contextlib
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from flint import fmpq

from gradaudit.judging.laws import DoesNotApply
from gradaudit.judging.oracles import oracle
from gradaudit.judging.strategies import TINY, sums_to_one
from gradaudit.language.outcomes import Missing
from gradaudit.questions.assignment import DATA
from gradaudit.questions.inputs import KEPT, Logits, Network

ENOUGH_FOR_A_FACT = 30  # inputs that bear it out
FEW = len(DATA.t)  # samples that may have been written out one by one
MOST = 40  # inputs on which an answer is compared with the mistakes, or which meet a condition


@dataclass(frozen=True)
class Seen:
    """A wrong answer at one input: what it says, what is right, and whether it is that."""

    case: Any
    found: Any
    right: Any
    is_right: bool


Look = Callable[[Any], Seen]


def seen_at(look: Look, cases: Iterable[Any]) -> Iterator[Seen]:
    """Yield what is seen where the result is of the promised form; a transposed one may not be."""
    for case in cases:
        with contextlib.suppress(DoesNotApply):
            yield look(case)


def network_facts(cases: Sequence[Network], look: Look, seen: Sequence[Seen]) -> list[str]:
    """Return what holds of a wrong gradient of the network: which blocks, or conditions.

    seen: the answer at some inputs, which are too few to say so.
    """
    del seen
    everywhere = list(seen_at(look, cases))
    wrong = [
        name
        for name in Network.PARAMETERS
        if not all(_block_right(one, name) for one in everywhere)
    ]
    facts = [f"right except in {' and '.join(wrong)}"] if len(wrong) < 4 else []
    return facts + conditions_of_rightness(NETWORK_CONDITIONS, cases, look, everywhere)


def _block_right(one: Seen, name: str) -> bool:
    allowed = 2 * oracle(one.case).own_rounding(one.right)
    return bool((abs(one.found - one.right) <= allowed)[places_of(name, one.case)].all())


def places_of(name: str, case: Network) -> slice:
    """Return where the entries of one parameter are among all of them."""
    before = case.PARAMETERS[: case.PARAMETERS.index(name)]
    start = sum(np.size(case.blocks[one]) for one in before)
    return slice(start, start + np.size(case.blocks[name]))


SIMPLE_FACTORS = tuple(
    sign * fmpq(p, q)
    for p in range(1, 11)
    for q in range(1, 11)
    for sign in (1, -1)
    if math.gcd(p, q) == 1 and (p, q, sign) != (1, 1, 1)
)


@dataclass(frozen=True)
class Factor:
    """A factor that an answer may be off by, such as 2/n.

    over: the index set whose size it is divided by, if it is. likely: it is worth a try together
    with a mistake.
    """

    name: str
    number: fmpq
    over: str = ""
    likely: bool = True

    def at(self, case: Any) -> fmpq:
        """Return its value at an input."""
        return self.number / case.sizes[self.over] if self.over else self.number


def factors_of(sizes: Mapping[str, str]) -> list[Factor]:
    """Return factors that are likely, and others that are simple.

    sizes: how the size of each index set is called.
    """
    simple = [Factor(str(one), one, likely=one in LIKELY_FACTORS) for one in SIMPLE_FACTORS]
    return simple + [
        Factor(f"{number}/{name}", fmpq(number), index_set)
        for index_set, name in sizes.items()
        for number in (1, 2, -1, -2)
    ]


LIKELY_FACTORS = (fmpq(2), fmpq(1, 2), fmpq(-1), fmpq(-2))


def conditions_of_rightness(
    conditions: "Conditions", cases: Sequence[Any], look: Look, seen: Sequence[Seen]
) -> list[str]:
    """Return the conditions under which a wrong answer is right on all of very many inputs.

    The inputs are made to meet the condition, so that those which meet it are no trivial ones; and
    none of all cases that meets it may say otherwise. Nothing is said of an answer that is seldom
    wrong anyway.
    """
    if 2 * sum(one.is_right for one in seen) > len(seen):
        return []
    facts = []
    for name, (made, meets) in conditions.items():
        with contextlib.suppress(Missing, DoesNotApply):  # it says nothing there, or is not right
            inputs = [one for case in cases[:MOST] for one in _made(made, case)]
            if len(inputs) < ENOUGH_FOR_A_FACT or not all(look(one).is_right for one in inputs):
                continue
            if all(one.is_right for one in seen_at(look, filter(meets, cases))):
                facts.append(f"right {name}")
    return facts


@lru_cache(maxsize=KEPT)
def _made(made: Callable[[Any], Iterable[Any]], case: Any) -> list[Any]:
    return list(made(case))


def _all_on(case: Network) -> Iterator[Network]:
    """Yield the network with every unit active on every sample, far from its kink and near it."""
    z = case.X @ case.W1
    for least in (TINY, fmpq(1, 2), fmpq(1), sum(map(abs, z.flat)) + 1):
        yield replace(case, b1=least - z.min(axis=0))


# Inputs made to meet each, and which do. Right values of 0, as for one class, tell nothing.
Conditions = Mapping[str, tuple[Callable[[Any], Iterable[Any]], Callable[[Any], bool]]]

NETWORK_CONDITIONS: Conditions = {
    "when n = 1": (lambda c: map(c.sample, range(len(c.t))), lambda c: len(c.t) == 1),
    f"when n == {FEW}": (
        lambda c: [c.with_samples([k % len(c.t) for k in range(FEW)])],
        lambda c: len(c.t) == FEW,
    ),
    "when there is one hidden unit": (
        lambda c: (c.with_units([j]) for j in range(len(c.b1))),
        lambda c: len(c.b1) == 1,
    ),
    "where every unit is active": (_all_on, lambda c: (c.pre_activations() > 0).all()),
    "where no w2 is negative": (lambda c: [replace(c, w2=abs(c.w2))], lambda c: min(c.w2) >= 0),
}
SOFTMAX_CONDITIONS: Conditions = {
    "when n = 2": (lambda c: _classes(c, 2), lambda c: len(c.y) == 2),
    "when sum(t) == 1": (lambda c: [replace(c, t=c.t + (1 - c.t.sum()) / len(c.t))], sums_to_one),
    "when all logits are equal": (
        lambda c: [replace(c, y=c.y * 0 + c.y[0])],
        lambda c: min(c.y) == max(c.y),
    ),
    "when no target is negative": (lambda c: [replace(c, t=abs(c.t))], lambda c: min(c.t) >= 0),
}


def _classes(case: Logits, count: int) -> Iterator[Logits]:
    """Yield the case with a few of its classes only."""
    for chosen in itertools.combinations(range(len(case.y)), count):
        if case.c is None or case.c in chosen:
            yield case.in_order(chosen)
