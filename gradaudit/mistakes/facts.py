"""Facts about a wrong answer that is no known mistake: what holds on every input looked at."""

import contextlib
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import fmpq

from gradaudit.judging.laws import DoesNotApply
from gradaudit.judging.oracles import oracle
from gradaudit.language.outcomes import NoValue
from gradaudit.questions.assignment import DATA
from gradaudit.questions.inputs import Logits, Network

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


def network_facts(cases: Sequence[Network], look: Look, seen: Sequence[Seen]) -> list[str]:
    """Return what holds of a wrong gradient of the network: which blocks, or conditions."""
    wrong = [
        name for name in Network.PARAMETERS if not all(_block_right(one, name) for one in seen)
    ]
    facts = [f"right except in {' and '.join(wrong)}"] if len(wrong) < 4 else []
    return facts + conditions_of_rightness(NETWORK_CONDITIONS, cases, look, seen)


def _block_right(one: Seen, name: str) -> bool:
    allowed = 2 * oracle(one.case).own_rounding(one.right)
    return bool((abs(one.found - one.right) <= allowed)[places_of(name, one.case)].all())


def places_of(name: str, case: Network) -> npt.NDArray[np.bool_]:
    """Return where the entries of one parameter are among all of them."""
    return np.concatenate([np.full(np.size(case.blocks[p]), p == name) for p in case.PARAMETERS])


SIMPLE_FACTORS = tuple(
    sign * fmpq(p, q)
    for p in range(1, 11)
    for q in range(1, 11)
    for sign in (1, -1)
    if math.gcd(p, q) == 1 and (p, q, sign) != (1, 1, 1)
)
FACTORS = {  # a number, and the power of n, the samples or the classes, that it is multiplied by
    **{str(number): (number, 0) for number in SIMPLE_FACTORS},
    **{f"{number}/n": (fmpq(number), -1) for number in (1, 2, -1, -2)},
}
LIKELY_FACTORS = ("2", "1/2", "-1", "1/n", "2/n", "-2", "-1/n", "-2/n")


def conditions_of_rightness(
    conditions: "Conditions", cases: Sequence[Any], look: Look, seen: Sequence[Seen]
) -> list[str]:
    """Return the conditions under which a wrong answer is right on all of very many inputs.

    The inputs are made to meet the condition, so that those which meet it are no trivial ones.
    Nothing is said of an answer that is seldom wrong anyway.
    """
    if 2 * sum(one.is_right for one in seen) > len(seen):
        return []
    facts = []
    for name, made in conditions.items():
        with contextlib.suppress(NoValue, DoesNotApply):  # it says nothing there
            looked = [look(one) for case in cases[:MOST] for one in made(case)]
            if len(looked) >= ENOUGH_FOR_A_FACT and all(one.is_right for one in looked):
                facts.append(f"right {name}")
    return facts


def _all_on(case: Network) -> Network:
    """Return the network with every unit active on every sample."""
    far = sum(map(abs, case.twin().pre_activations().flat)) + 1
    return replace(case, b1=case.b1 * 0 + far)


# Inputs made to meet each. Where the right values are 0, such as for one class, nothing is told.
Conditions = Mapping[str, Callable[[Any], Iterable[Any]]]

NETWORK_CONDITIONS: Conditions = {
    "when n = 1": lambda case: (case.sample(k) for k in range(len(case.t))),
    f"when n == {FEW}": lambda case: [case.with_samples([k % len(case.t) for k in range(FEW)])],
    "when there is one hidden unit": lambda case: (
        case.with_units([j]) for j in range(len(case.b1))
    ),
    "where every unit is active": lambda case: [_all_on(case)],
    "where no w2 is negative": lambda case: [replace(case, w2=abs(case.w2))],
}
SOFTMAX_CONDITIONS: Conditions = {
    "when n = 2": lambda case: _classes(case, 2),
    "when sum(t) == 1": lambda case: [replace(case, t=case.t + (1 - case.t.sum()) / len(case.t))],
    "when all logits are equal": lambda case: [replace(case, y=case.y * 0 + case.y[0])],
    "when no target is negative": lambda case: [replace(case, t=abs(case.t))],
}


def _classes(case: Logits, count: int) -> Iterator[Logits]:
    """Yield the case with a few of its classes only."""
    for chosen in itertools.combinations(range(len(case.y)), count):
        if case.c is None or case.c in chosen:
            yield case.in_order(chosen)
