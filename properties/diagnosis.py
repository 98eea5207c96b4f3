"""Which known mistake a wrong answer is.

A wrong answer is compared with every known mistake; one is named only if it fits on everything
that is known of the answer, and differs there from the right one. Two mistakes at once are tried
where no single one fits. Where nothing fits, facts are stated that hold on every input.

Precision comes before recall: a wrong name is worse than none.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import fmpq

from properties import network, softmax
from properties.balls import agree
from properties.calling import CannotTell, Function, NoAnswer
from properties.formula import Formula, FormulaError
from properties.inputs import Logits, Network, floats
from properties.laws import CannotGoOn, OutOfContract, Refusal
from properties.mistakes import (
    GRADIENT_MISTAKES,
    NETWORK_LINES,
    NETWORK_MISTAKES,
    RATE_LINES,
    RATE_MISTAKES,
    SOFTMAX_LINES,
    Mistake,
    Variant,
    pairs,
    variants,
)
from properties.numbers import UndecidedError, UndefinedError, each
from properties.oracles import (
    exact_softmax_gradient,
    network_own_rounding,
    slopes,
    softmax_own_rounding,
)
from properties.question import DATA
from properties.rates import deciding_rates, holds_at
from properties.strategies import KINKED, NETWORKS, away_from_kinks, draw_inputs
from properties.written import Block, exact_gradient

Floats = npt.NDArray[np.float64]

ENOUGH = 3  # inputs on which a mistake must differ from the right answer to be named
LARGEST_DYADIC = 2**40  # a larger denominator is that of a decimal, rounded to float64
EVEN = 4  # logits no further apart leave no softmax near 0 or 1, where wrong computations cancel
MOST = 40  # inputs on which an answer is compared with the mistakes

ROUNDED = Mistake(
    "rounded-midway",
    "Intermediate values were rounded to the digits of the answer before going on.",
    data_text="with some of z, y, e and s rounded to the digits of the answer",
)
BY_ID = {
    mistake.id: mistake
    for mistake in (*NETWORK_MISTAKES, ROUNDED, *GRADIENT_MISTAKES, *RATE_MISTAKES)
}


@dataclass(frozen=True)
class Diagnosis:
    """What is known about a mistake.

    candidates: ids of all known mistakes that fit. together: they fit only two at once. facts:
    what holds on every input, where nothing fits. hidden: mistakes that what was given can't show.
    """

    candidates: tuple[str, ...] = ()
    together: bool = False
    facts: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()

    @property
    def mistake(self) -> str | None:
        """The one mistake that fits, if it is one."""
        return self.candidates[0] if len(self.candidates) == 1 else None


@dataclass(frozen=True)
class Seen:
    """A wrong answer at one input: what it says, what is right, and whether it is that."""

    case: Any
    found: Any
    right: Any
    is_right: bool


Fits = Callable[[Variant, Seen], tuple[bool, bool]]  # (it fits, and differs from the right answer)


def fitting(seen: Sequence[Seen], among: Iterable[Variant], fits: Fits) -> list[Variant]:
    """Return the variants that fit everywhere and differ from right often enough."""
    found = []
    wrong_first = sorted(seen, key=lambda one: one.is_right)
    enough = min(ENOUGH, sum(not one.is_right for one in seen))
    for variant in among:
        different = 0
        try:
            for one in wrong_first:
                fit, differs = fits(variant, one)
                if not fit:
                    break
                different += differs
            else:
                if different >= enough > 0:
                    found.append(variant)
        except (UndefinedError, UndecidedError, NoAnswer, CannotTell, FormulaError):
            continue
    return found


def _diagnosis(
    seen: Sequence[Seen],
    mistakes: tuple[Mistake, ...],
    lines: Mapping[str, str],
    fits: Fits,
    facts: Callable[[Sequence[Seen]], tuple[str, ...]],
) -> Diagnosis:
    if all(one.is_right for one in seen):
        return Diagnosis()
    single = fitting(seen, variants(mistakes, lines), fits)
    if single:
        return Diagnosis(_ids(single))
    double = fitting(seen, pairs(mistakes, lines), fits)
    if double:
        return Diagnosis(_ids(double), together=True)
    return Diagnosis(facts=facts(seen))


def _ids(fitted: Sequence[Variant]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for variant in fitted for name in variant.ids))


def of_network_function(judged: Function) -> Diagnosis:
    """Compare a wrong gradient function with the mistakes of Question 1."""
    cases = [*draw_inputs(NETWORKS), *draw_inputs(KINKED)]
    seen: list[Seen] = []
    # Wrong computations may meet kinks; where float64 is exact, it meets the same ones.
    for case in cases:
        if len(seen) == MOST or not _is_exact_in_floats(case):
            continue
        try:
            with np.errstate(all="ignore"):
                found = network.ask(judged, case)
        except (NoAnswer, OutOfContract):
            continue
        except CannotGoOn:
            break
        right = floats(slopes(case).gradient)
        is_right = bool((abs(found - right) <= 2 * network_own_rounding(case, right)).all())
        seen.append(Seen(case, found, right, is_right))
    return _diagnosis(seen, NETWORK_MISTAKES, NETWORK_LINES, _network_fits, _network_facts)


def _is_exact_in_floats(case: Network) -> bool:
    numbers = np.concatenate([np.ravel(np.array(block)) for block in case.blocks.values()])
    return all(number.q <= LARGEST_DYADIC for number in numbers) and away_from_kinks(case)


def _network_fits(variant: Variant, one: Seen) -> tuple[bool, bool]:
    wrong = variant.gradients(one.case)
    flat = np.concatenate([np.ravel(np.array(wrong[name])) for name in Network.PARAMETERS])
    if any(np.shape(wrong[name]) != np.shape(one.case.blocks[name]) for name in wrong):
        return False, False
    values = floats(flat)
    allowed = 2 * network_own_rounding(one.case, values)
    fit = bool((abs(one.found - values) <= allowed).all())
    return fit, not bool((abs(values - one.right) <= allowed).all())


def of_softmax_function(judged: Function, cases: Sequence[Logits]) -> Diagnosis:
    """Compare a wrong gradient function with the mistakes of Question 2."""
    seen: list[Seen] = []
    for case in cases:
        if len(seen) == MOST or max(case.y) - min(case.y) > EVEN:
            continue
        try:
            with np.errstate(all="ignore"):
                found = softmax.ask(judged, case)
        except (NoAnswer, OutOfContract):
            continue
        except CannotGoOn:
            break
        right = softmax.floats_of(exact_softmax_gradient(case))
        is_right = bool((abs(found - right) <= 2 * softmax_own_rounding(case, right)).all())
        seen.append(Seen(case, found, right, is_right))
    return _diagnosis(seen, GRADIENT_MISTAKES, SOFTMAX_LINES, _softmax_fits, _softmax_facts)


def _softmax_fits(variant: Variant, one: Seen) -> tuple[bool, bool]:
    values = softmax.floats_of(variant.gradient(one.case))
    allowed = 2 * softmax_own_rounding(one.case, values)
    fit = bool((abs(one.found - values) <= allowed).all())
    return fit, not bool((abs(values - one.right) <= allowed).all())


def of_softmax_formula(judged: Formula, cases: Sequence[Logits]) -> Diagnosis:
    """Compare a wrong formula with the mistakes of Question 2, exactly."""
    seen: list[Seen] = []
    for case in cases:
        if len(seen) == MOST:
            break
        try:
            found = softmax.formula_values(judged, case)
        except (NoAnswer, CannotTell, Refusal):
            continue
        right = exact_softmax_gradient(case)
        seen.append(Seen(case, found, right, all(map(agree, found, right))))
    return _diagnosis(seen, GRADIENT_MISTAKES, SOFTMAX_LINES, _formula_fits, _softmax_facts)


def _formula_fits(variant: Variant, one: Seen) -> tuple[bool, bool]:
    values = variant.gradient(one.case)
    fit = all(map(agree, values, one.found))
    return fit, not all(map(agree, values, one.right))


def of_condition(judged: Formula) -> Diagnosis:
    """Compare a wrong condition with the mistakes of Question 3, at every rate that can tell."""
    fitted = [
        variant
        for variant in variants(RATE_MISTAKES, RATE_LINES)
        if all(
            _holds(judged, rate) == _holds(variant.condition, rate)
            for rate in deciding_rates(judged, variant.condition)
        )
    ]
    return Diagnosis(_ids(fitted))


def _holds(condition: Formula, rate: Any) -> bool:
    try:
        return holds_at(condition, rate)
    except NoAnswer:
        return False


def of_rate_function(says: Callable[[Any], bool], rates: Sequence[Any]) -> Diagnosis:
    """Compare a wrong function of the rate with the mistakes of Question 3."""
    try:
        said = [says(rate) for rate in rates]
    except (NoAnswer, OutOfContract, CannotGoOn):
        return Diagnosis()
    fitted = [
        variant
        for variant in variants(RATE_MISTAKES, RATE_LINES)
        if said == [holds_at(variant.condition, rate) for rate in rates]
    ]
    return Diagnosis(_ids(fitted))


def of_numbers(blocks: Sequence[Block]) -> Diagnosis:
    """Compare written gradients, all of them together, with the mistakes on the assignment's data.

    A mistake fits if every number that is given is, to its digits, what the mistake gives.
    """
    names = [block.name for block in blocks]
    known = variants(NETWORK_MISTAKES, NETWORK_LINES)
    single = [one for one in known if _gives(one, blocks)]
    rounded = (ROUNDED.id,) if _is_rounded_midway(blocks) else ()
    hidden = _hidden(known, names) if len(blocks) == 1 else ()
    if single or rounded:
        return Diagnosis((*_ids(single), *rounded), hidden=hidden)
    double = [one for one in pairs(NETWORK_MISTAKES, NETWORK_LINES) if _gives(one, blocks)]
    if double:
        return Diagnosis(_ids(double), together=True, hidden=hidden)
    return Diagnosis(hidden=hidden)


def _gives(variant: Variant, blocks: Sequence[Block]) -> bool:
    try:
        wrong = variant.on_the_assignment
    except UndefinedError:
        return False
    return all(_claims(block, wrong[block.name]) for block in blocks)


def _claims(block: Block, values: Any) -> bool:
    values = np.array(values, dtype=object)
    return values.shape == np.shape(block.numbers) and all(
        number.claims(exact)
        for number, exact in zip(np.ravel(np.array(block.numbers)), values.flat, strict=True)
    )


def _hidden(known: Sequence[Variant], names: Sequence[str]) -> tuple[str, ...]:
    """Return the mistakes that leave the given blocks right on the assignment's data."""
    right = {name: exact_gradient(name, DATA) for name in names}
    hidden = [
        one
        for one in known
        if all(np.array_equal(one.on_the_assignment[name], right[name]) for name in names)
    ]
    return _ids(hidden)


def _is_rounded_midway(blocks: Sequence[Block]) -> bool:
    """Return whether rounding of intermediate values gives exactly the digits that are written."""
    numbers = [number for block in blocks for number in np.ravel(np.array(block.numbers))]
    places = max(number.places for number in numbers)
    lines = ("z", "y", "e", "s")
    for chosen in itertools.product((False, True), repeat=len(lines)):
        if any(chosen):
            rounded = {line for line, one in zip(lines, chosen, strict=True) if one}
            gradients = _rounded_gradients(rounded, places)
            if all(
                number.is_rounding_of(value)
                for block in blocks
                for number, value in zip(
                    np.ravel(np.array(block.numbers)),
                    np.ravel(np.array(gradients[block.name])),
                    strict=True,
                )
            ):
                return True
    return False


def _rounded_gradients(lines: set[str], places: int) -> dict[str, Any]:
    """Compute the gradients on the assignment's data, rounding the values of some lines."""
    scale = fmpq(10) ** places

    def keep(line: str, values: Any) -> Any:
        if line not in lines:
            return values
        return each(
            lambda x: fmpq((abs(x) * scale + fmpq(1, 2)).floor()) / scale * _sign(x), values
        )

    W1, b1, w2, b2, X, t = DATA.blocks.values()
    z = keep("z", X @ W1 + b1)
    h = z * (z > 0)
    e = keep("e", keep("y", h @ w2 + b2) - t)
    s = keep("s", np.outer(e, w2) * (z > 0))
    return {"W1": X.T @ s, "b1": s.sum(axis=0), "w2": h.T @ e, "b2": e.sum()}


def _sign(x: Any) -> int:
    return -1 if x < 0 else 1


def _network_facts(seen: Sequence[Seen]) -> tuple[str, ...]:
    if ratio := _ratio(seen, network_own_rounding):
        return (f"exactly {ratio} times the right value",)
    facts = []
    wrong = [
        name for name in Network.PARAMETERS if not all(_block_right(one, name) for one in seen)
    ]
    if 0 < len(wrong) < len(Network.PARAMETERS):
        facts.append(f"right except in {' and '.join(wrong)}")
    facts += _conditions_of_rightness(seen, NETWORK_CONDITIONS)
    return tuple(facts)


def _block_right(one: Seen, name: str) -> bool:
    places = np.concatenate(
        [np.full(np.size(one.case.blocks[p]), p == name) for p in Network.PARAMETERS]
    )
    allowed = 2 * network_own_rounding(one.case, one.right)
    return bool((abs(one.found - one.right) <= allowed)[places].all())


def _softmax_facts(seen: Sequence[Seen]) -> tuple[str, ...]:
    as_floats = [
        Seen(one.case, softmax.floats_of(one.found), softmax.floats_of(one.right), one.is_right)
        for one in seen
    ]
    if ratio := _ratio(as_floats, softmax_own_rounding):
        return (f"exactly {ratio} times the right value",)
    return tuple(_conditions_of_rightness(seen, SOFTMAX_CONDITIONS))


def _ratio(seen: Sequence[Seen], rounding: Callable[[Any, Floats], Floats]) -> str:
    """Return the one simple factor that takes right to found everywhere, or nothing."""
    for one in seen:
        large = np.abs(one.right) > rounding(one.case, one.right) / ROUNDING_OF_A_RATIO
        if large.any():
            index = int(np.argmax(large))
            factor = _simple(one.found[index] / one.right[index])
            break
    else:
        return ""
    if factor is None or factor == 1:
        return ""
    for one in seen:
        expected = float(factor) * one.right
        allowed = 2 * rounding(one.case, expected) * max(1.0, abs(float(factor)))
        if not (abs(one.found - expected) <= allowed).all():
            return ""
    return str(factor)


ROUNDING_OF_A_RATIO = 2.0**-20  # below this, a quotient of floats tells a simple fraction


def _simple(value: float) -> fmpq | None:
    if not np.isfinite(value):
        return None
    for denominator in range(1, 101):
        numerator = round(value * denominator)
        if abs(value * denominator - numerator) <= ROUNDING_OF_A_RATIO and numerator:
            return fmpq(numerator, denominator)
    return None


def _conditions_of_rightness(
    seen: Sequence[Seen], conditions: Mapping[str, Callable[[Any], bool]]
) -> list[str]:
    """Return the conditions under which a wrong answer is right on every input that meets them.

    An answer that is seldom wrong anywhere says nothing of a condition: where the condition is
    not met, it must be wrong more often than not.
    """
    facts = []
    for name, holds in conditions.items():
        meeting = [one.is_right for one in seen if holds(one.case)]
        others = [one.is_right for one in seen if not holds(one.case)]
        if len(meeting) >= ENOUGH and all(meeting) and 2 * sum(others) < len(others):
            facts.append(f"right {name}")
    return facts


NETWORK_CONDITIONS: Mapping[str, Callable[[Network], bool]] = {
    "when n = 1": lambda case: len(case.t) == 1,
    "when there is one input": lambda case: len(case.X.T) == 1,
    "when there is one hidden unit": lambda case: len(case.b1) == 1,
    "where every unit is active": lambda case: bool((case.pre_activations() > 0).all()),
    "where no unit is active": lambda case: bool((case.pre_activations() < 0).all()),
    "where no w2 is negative": lambda case: bool((case.w2 >= 0).all()),
    "where every error is at most 10": lambda case: bool(
        (abs(case.outputs() - case.t) <= 10).all()
    ),
}
SOFTMAX_CONDITIONS: Mapping[str, Callable[[Logits], bool]] = {
    "when sum(t) == 1": lambda case: bool(case.t.sum() == 1),
    "when n = 1": lambda case: len(case.y) == 1,
    "when n = 2": lambda case: len(case.y) == 2,
    "when all logits are equal": lambda case: len(set(case.y)) == 1,
    "when no logits are equal": lambda case: len(set(case.y)) == len(case.y),
    "when no target is negative": lambda case: bool((case.t >= 0).all()),
}
