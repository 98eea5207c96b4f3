"""Which known mistake a wrong answer is.

A wrong answer is compared with every known mistake; one is named only if it fits on everything
that is known of the answer, and differs there from the right one. Two mistakes at once are tried
where no single one fits. Where nothing fits, facts are stated that hold on every input.

Precision comes before recall: a wrong name is worse than none.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import fmpq

from gradaudit.judging import contract
from gradaudit.judging.calling import Function
from gradaudit.judging.derivation import (
    PARAMETERS,
    Line,
    Wanted,
    inputs_of,
    true_values,
    try_out,
    without_value,
)
from gradaudit.judging.laws import FORMLESS, CannotGoOn, DoesNotApply, Refusal
from gradaudit.judging.oracles import floats_of, oracle
from gradaudit.judging.strategies import (
    HUGE_LOGITS,
    HUGE_TRUE_CLASS,
    KINKED,
    NETWORKS,
    away_from_kinks,
    draw_inputs,
)
from gradaudit.judging.written import Block, exact_value
from gradaudit.language.balls import agree
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import FormulaError
from gradaudit.language.numbers import each
from gradaudit.language.outcomes import CannotTell, Missing, NoValue
from gradaudit.language.roundings import UNIT
from gradaudit.language.written import Written
from gradaudit.mistakes.catalogue import (
    CONVENTIONS,
    GRADIENT_MISTAKES,
    GRADIENTS,
    NETWORK_LINES,
    NETWORK_MISTAKES,
    SOFTMAX_LINES,
    Mistake,
    Variant,
    pairs,
    variants,
)
from gradaudit.mistakes.facts import (
    MOST,
    NETWORK_CONDITIONS,
    SIMPLE_FACTORS,
    SOFTMAX_CONDITIONS,
    Conditions,
    Factor,
    Look,
    Seen,
    conditions_of_rightness,
    factors_of,
    network_facts,
    places_of,
    seen_at,
)
from gradaudit.questions.assignment import DATA, QUESTION3
from gradaudit.questions.inputs import KEPT, Case, Logits, Network
from gradaudit.questions.question import Slip

Floats = npt.NDArray[np.float64]

TELLING = 2  # wrong numbers, of as many significant digits, below which no mistake is named
A_FEW = 5  # units of the last digit that rounding midway can make
ENOUGH = 3  # inputs on which a mistake must differ from the right answer to be named
LARGEST_DYADIC = 2**40  # a larger denominator is that of a decimal, rounded to float64
LIGHT = 5_000  # operations up to which a formula is evaluated on many inputs more
EVEN = 4  # logits no further apart leave no softmax near 0 or 1, where wrong computations cancel

ROUNDED = Mistake(
    "rounded-midway",
    "Intermediate values were rounded to the digits of the answer before going on.",
    data_text="with some of z, y, e and s rounded to the digits of the answer",
)
_KNOWN: tuple[Mistake | Slip, ...] = (
    *NETWORK_MISTAKES,
    ROUNDED,
    *GRADIENT_MISTAKES,
    *QUESTION3.mistakes,
    *CONVENTIONS,
)
BY_ID: dict[str, Mistake | Slip] = {
    name: mistake
    for mistake in _KNOWN
    for name in (mistake.id, getattr(mistake, "also", ""))
    if name
}


@dataclass(frozen=True)
class Diagnosis:
    """What is known about a mistake.

    candidates: ids of all known mistakes that fit. together: they fit only two at once. doubtful:
    too little is wrong to name one. factor: they fit apart from this factor, such as `2/n`, or
    `2 on dL/dW1`. facts: what holds on every input, where nothing fits. hidden: mistakes that
    what was given can't show. sentences: of the candidates. edit: what was done wrong, where no
    known mistake fits, but one small edit of the right formulas does.
    """

    candidates: tuple[str, ...] = ()
    factor: str = ""
    together: bool = False
    doubtful: bool = False
    facts: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    sentences: Mapping[str, str] = field(default_factory=dict)
    edit: str = ""

    @property
    def mistake(self) -> str | None:
        """The one mistake that fits, if it is one."""
        return self.candidates[0] if len(self.candidates) == 1 and not self.doubtful else None

    def sentence(self, name: str) -> str:
        """Return what was done, for the person who did it."""
        return self.sentences[name] if name in self.sentences else BY_ID[name].sentence


@dataclass(frozen=True)
class Comparison:
    """How what is seen of an answer is compared with the mistakes of its question.

    known: every way to make a mistake of the question, and pairs: two at once. factors: what else
    an answer may be off by. look: shows the answer at an input; raises where it
    has no value. wrong: the values of a mistake at an input; rounded: as float64 computes them.
    close: whether values at an input are those found. facts: what else holds of the answer.
    places: where its blocks are. edits: of the right formulas.
    """

    known: Callable[[], Sequence[Any]]
    pairs: Callable[[], Sequence[Any]]
    factors: Sequence[Factor]
    look: Look
    wrong: Callable[[Any, Any], Any]
    close: Callable[[Any, Any, Any], bool]
    facts: Callable[[Look, Sequence[Seen]], list[str]]
    places: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    rounded: Callable[[Any, Any], Any] | None = None
    edits: Callable[[], Sequence[Any]] = tuple

    def fits(self, variant: Any, one: Seen) -> tuple[bool, bool]:
        """Return whether a mistake fits, and whether it differs then from the right answer."""
        case, wrong = one.case, self.wrong(variant, one.case)
        fit = self.close(case, wrong, one.found)
        if not fit and self.rounded:  # a wrong computation may cancel more than its result shows
            fit = self.close(case, self.rounded(variant, case), one.found)
        return fit, fit and not self.close(case, wrong, one.right)

    def fitting(self, seen: Iterable[Seen], among: Iterable[Any]) -> list[Any]:
        """Return the variants that fit everywhere and differ from right often enough.

        Nothing more is looked at once none fits: those that are wrong had better come first.
        """
        different = dict.fromkeys(among, 0)
        wrong = 0
        for one in seen:
            if not different:
                break
            wrong += not one.is_right
            for variant in list(different):
                try:
                    fit, differs = self.fits(variant, one)
                except (NoValue, CannotTell, FormulaError):
                    fit = differs = False
                if fit:
                    different[variant] += differs
                else:
                    del different[variant]
        enough = min(ENOUGH, wrong)
        return [variant for variant, count in different.items() if count >= enough > 0]

    def edit(self, seen: Sequence[Seen]) -> str:
        """Return the edit of the right formulas that gives what is seen, if one function does.

        Nothing but zeros comes of many.
        """
        fitted = self.fitting(seen, self.edits() if any(map(_says_something, seen)) else ())
        both = itertools.product(fitted[1:], seen)
        alike = all(_alike(*(self.wrong(v, one.case) for v in (fitted[0], w))) for w, one in both)
        return str(fitted[0].ids[0]) if fitted and alike else ""

    def without(self, factor: Factor, block: str, one: Seen) -> Seen:
        """Return what would be seen without a factor, on all of the answer or on one block."""
        number = factor.at(one.case)
        places = self.places[block](one.case) if block else slice(None)
        found = one.found.copy()
        found[places] /= float(number) if found.dtype == np.float64 else number
        return replace(one, found=found, is_right=self.close(one.case, one.right, found))


def _says_something(one: Seen) -> bool:
    return any(value != 0 for value in one.found.flat)


def _alike(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    """Return whether exact values are the same, rounded to float64."""
    left, right = floats_of(one), floats_of(other)
    return bool((abs(left - right) <= A_FEW * UNIT * np.max(abs(left), initial=0.0)).all())


def diagnosed(cases: Iterable[Any], compared: Comparison) -> Diagnosis:
    """Compare what is seen of an answer with mistakes; nothing is said of one that is silent."""
    try:
        rest = iter(cases)
        seen = _wrong_first(itertools.islice(seen_at(compared.look, rest), MOST))
        if all(one.is_right for one in seen):
            return Diagnosis()
        known = compared.known()
        single = compared.fitting(seen, known)
        if len(ids_of(single)) < 2:  # a name, and any fact, rests on all of very many inputs
            seen = _wrong_first([*seen, *seen_at(compared.look, rest)])
            single = compared.fitting(seen, single)
        if single:
            return Diagnosis(ids_of(single))
        if found := _apart_from_a_factor(seen, known, compared, [""]):
            return found
        if double := compared.fitting(seen, compared.pairs()):
            return Diagnosis(ids_of(double), together=True)
        if found := _apart_from_a_factor(seen, known, compared, compared.places):
            return found
        if edit := compared.edit(seen):
            return Diagnosis(edit=edit)
        return Diagnosis(facts=tuple(compared.facts(compared.look, seen)))
    except (NoValue, CannotTell, DoesNotApply, CannotGoOn, Refusal):
        return Diagnosis()


def _wrong_first(seen: Iterable[Seen]) -> list[Seen]:
    return sorted(seen, key=lambda one: one.is_right)


def _apart_from_a_factor(
    seen: Sequence[Seen], known: Sequence[Any], compared: Comparison, blocks: Iterable[str]
) -> Diagnosis | None:
    """Return what is known of an answer but for one factor, on all of it or on one block."""
    fits = []
    for block, factor in itertools.product(blocks, compared.factors):
        on = f" on {block}" if block else ""
        scaled = partial(compared.without, factor, block)
        if all(scaled(one).is_right for one in seen):
            but = f"right but for the factor {factor.name}{on}"
            whole = f"exactly {factor.name} times the right value"
            return Diagnosis(facts=(but if block else whole,))
        if factor.likely and (ids := ids_of(compared.fitting(map(scaled, seen), known))):
            fits.append(Diagnosis(ids, factor=factor.name + on))
    return fits[0] if len(fits) == 1 else None


def ids_of(fitted: Sequence[Any]) -> tuple[str, ...]:
    """Return the ids of the mistakes of variants, each once."""
    return tuple(dict.fromkeys(name for variant in fitted for name in variant.ids))


def of_network_function(judged: Function, at: Network | None = None) -> Diagnosis:
    """Compare a wrong gradient function with the mistakes of Question 1.

    at: where it is shown to be wrong, which no fact may contradict.
    """
    drawn = [*draw_inputs(NETWORKS), *draw_inputs(KINKED), *([at] if at else [])]
    away = [case for case in drawn if away_from_kinks(case)]
    # Wrong computations may meet kinks; where float64 is exact, it meets the same ones.
    cases = [case for case in away if _is_exact_in_floats(case)]

    places = {f"dL/d{name}": partial(places_of, name) for name in Network.PARAMETERS}
    compared = _of_function(
        judged, NETWORK_MISTAKES, NETWORK_LINES, partial(network_facts, away), places
    )
    return diagnosed(cases, replace(compared, rounded=_computed_in_floats))


def of_softmax_function(
    judged: Function, cases: Sequence[Logits], at: Logits | None = None
) -> Diagnosis:
    """Compare a wrong gradient function with the mistakes of Question 2; `at` as above."""
    huge = draw_inputs(HUGE_LOGITS if cases[0].c is None else HUGE_TRUE_CLASS)
    asked = partial(contract.ask, judged)
    overflowing = [case for case in huge if _is_finite(asked, case) is False]
    everywhere = [*cases, *overflowing, *([at] if at else [])]
    facts = partial(conditions_of_rightness, SOFTMAX_CONDITIONS, everywhere)
    even = [case for case in cases if max(case.y) - min(case.y) <= EVEN]
    known = variants(GRADIENT_MISTAKES, SOFTMAX_LINES)
    found = diagnosed(even, _of_function(judged, GRADIENT_MISTAKES, SOFTMAX_LINES, facts))
    made = [partial(_computed, one) for one in known if one.ids == found.candidates]
    if any(_is_finite(one, case) for one in made for case in overflowing):
        return replace(found, facts=("not finite at huge logits",))
    return found


def _is_finite(gradient: Callable[[Logits], Any], case: Logits) -> bool | None:
    with contextlib.suppress(Missing, DoesNotApply, CannotGoOn):
        return bool(np.isfinite(gradient(case)).all())
    return None


def _of_function(
    judged: Function, mistakes: tuple[Mistake, ...], lines: Mapping[str, str], *rest: Any
) -> Comparison:
    def look(case: Case) -> Seen:
        with np.errstate(all="ignore"):
            found = contract.ask(judged, case)[0]
        right = oracle(case).value
        return Seen(case, found, right, close_to(case, right, found))

    return Comparison(*_known(mistakes, lines), look, _computed, close_to, *rest)


def _known(mistakes: tuple[Mistake, ...], lines: Mapping[str, str]) -> tuple[Any, Any, Any]:
    """Return what is known of one of the assignment's questions."""
    count = "N" if lines is NETWORK_LINES else "K"
    factors = factors_of({count: "n"})
    return partial(variants, mistakes, lines), partial(pairs, mistakes, lines), factors


@lru_cache(maxsize=KEPT)
def _is_exact_in_floats(case: Network) -> bool:
    numbers = np.concatenate([np.ravel(np.array(block)) for block in case.blocks.values()])
    return all(number.q <= LARGEST_DYADIC for number in numbers)


@cache
def _computed(variant: Variant, case: Case) -> Floats:
    wrong = variant.gradients(case)
    if any(np.shape(wrong[name]) != np.shape(case.blocks[name]) for name in wrong):
        raise NoValue("it is of another shape")
    return floats_of(np.concatenate([np.ravel(np.array(one)) for one in wrong.values()]))


@cache
def _computed_in_floats(variant: Variant, case: Network) -> Floats:
    with np.errstate(all="ignore"):
        return contract.flat(variant.function()(*case.arguments()))


def close_to(case: Any, values: Floats, found: Floats) -> bool:
    """Return whether a function may have computed these values, as far as rounding tells."""
    return bool((abs(found - values) <= 2 * oracle(case).own_rounding(values)).all())


def of_line(judged: Line, wanted: Wanted) -> Diagnosis:
    """Compare a wrong line with the mistakes of its question, exactly, where it means to hold.

    Nothing is known of one that is silent about entries that would tell.
    """
    if judged.leaves_out_entries:
        return Diagnosis()
    cases = [case for case in inputs_of(judged, wanted) if where_held(judged, case).any()]
    parameter = wanted.name.partition("/d")[2]
    mistakes, lines, conditions = (
        (NETWORK_MISTAKES, NETWORK_LINES, NETWORK_CONDITIONS)
        if parameter in PARAMETERS
        else (GRADIENT_MISTAKES, SOFTMAX_LINES, SOFTMAX_CONDITIONS)
    )
    compared = Comparison(
        *_known(mistakes, lines),
        partial(look_at_line, judged, wanted),
        partial(_wrong_line, judged, parameter),
        lambda _, values, found: agreeing(values, found),
        partial(_line_facts, judged, wanted, conditions, cases),
    )
    return diagnosed(cases, compared)


def where_held(judged: Line, case: Any) -> npt.NDArray[np.bool_]:
    """Return at which entries all that a line assumes certainly holds."""
    held = judged.held(case)
    return np.array([one is True for one in held.flat], dtype=bool).reshape(held.shape)


def look_at_line(judged: Line, wanted: Wanted, case: Any) -> Seen:
    """Show a line at an input, where it means to hold. Raises as `values` does."""
    chosen = where_held(judged, case)
    right = true_values(wanted.truth, case)[chosen]
    try:
        found = judged.workings.entries(judged.formula, case)[chosen]
    except Refusal as refusal:
        raise DoesNotApply(FORMLESS, form=refusal) from None
    for one in found:
        if isinstance(one, Missing) and not isinstance(why := without_value(one, case), NoValue):
            raise why
    return Seen(case, found, right, agreeing(found, right))


@cache
def _gradient_by(variant: Variant, parameter: str, case: Case) -> npt.NDArray[Any]:
    return np.array(variant.gradient_by(parameter, case), dtype=object)


def _wrong_line(judged: Line, parameter: str, variant: Variant, case: Any) -> Any:
    wrong = _gradient_by(variant, parameter, case)
    chosen = where_held(judged, case)
    if wrong.shape != chosen.shape:
        raise NoValue("it is of another shape")
    return wrong[chosen]


def _line_facts(
    judged: Line,
    wanted: Wanted,
    conditions: Conditions,
    cases: Sequence[Any],
    look: Look,
    seen: Sequence[Seen],
) -> list[str]:
    """Return the facts about a line, if it assumes nothing and many inputs can be looked at."""
    if judged.assumptions or try_out(judged.formula, wanted.largest) > LIGHT:
        return []
    facts = conditions_of_rightness(conditions, cases, look, seen)
    return [f"{fact}, which it does not state" * ("==" in fact) or fact for fact in facts]


def agreeing(one: Any, other: Any) -> bool:
    """Return whether all entries of two arrays can be the same."""
    return all(map(agree, one.flat, other.flat))


def of_numbers(blocks: Sequence[Block]) -> Diagnosis:
    """Compare written numbers, all of them together, with the mistakes on the assignment's data.

    A mistake fits if every number that is given is, to its digits, what the mistake gives; the
    forward pass may be right all the same, as when a mistake is made on the way back. It is named
    if nothing else fits, two mistakes at once included, and enough numbers are wrong.
    """
    if not any(number.value for block in blocks for number in np.ravel(np.array(block.numbers))):
        return Diagnosis()  # nothing but zeros is no mistake yet
    known = variants(NETWORK_MISTAKES, NETWORK_LINES)
    gradients = [block for block in blocks if block.is_gradient]
    only = gradients[0].name if len(blocks) == len(gradients) == 1 else ""
    hidden = partial(_hidden, known, only)
    single = ids_of([one for one in known if _gives(one, blocks)])
    at_once = [one for one in _pairs_giving_the_first_number(blocks) if _gives(one, blocks)]
    double = ids_of([one for one in at_once if not set(one.ids) & set(single)])
    rounded = (ROUNDED.id,) if _is_rounded_midway(gradients) else ()
    if single or rounded:
        fitting_ids = tuple(dict.fromkeys((*single, *rounded, *double)))
        doubtful = not _tells_enough(blocks)
        return Diagnosis(fitting_ids, doubtful=doubtful, hidden=hidden(fitting_ids))
    if double:
        return Diagnosis(double, together=True, hidden=hidden(double))
    return Diagnosis(facts=tuple(_number_facts(gradients)), hidden=hidden(()))


def _tells_enough(blocks: Sequence[Block]) -> bool:
    """Return whether so much is wrong that it is no coincidence that a mistake fits.

    Where all parts are given, a mistake has to leave right what is right; where some are not, the
    wrong numbers alone have to tell.
    """
    wrong = _wrong(blocks)
    if sum(block.is_gradient for block in blocks) == len(GRADIENTS):
        return len(wrong) >= TELLING or sum(number.significant for number in wrong) > TELLING
    return sum(number.significant >= TELLING for number in wrong) >= TELLING


def _wrong(blocks: Sequence[Block]) -> list[Written]:
    return [number for number, exact in _with_exact(blocks) if not number.claims(exact)]


def _entries(block: Block, values: Any) -> Iterator[tuple[Written, fmpq]]:
    exact = values.flat if isinstance(values, np.ndarray) else [values]
    return zip(block.numbers.flat, exact, strict=True)


def _with_exact(blocks: Sequence[Block]) -> list[tuple[Written, fmpq]]:
    return [one for block in blocks for one in _entries(block, exact_value(block.name, DATA))]


def _number_facts(blocks: Sequence[Block]) -> Iterator[str]:
    """Yield the one simple factor between all numbers and the right ones, if there is one."""
    entries = _with_exact(blocks)
    for factor in SIMPLE_FACTORS:
        telling = sum(exact != 0 and number.significant >= TELLING for number, exact in entries)
        if telling >= TELLING and all(number.claims(factor * exact) for number, exact in entries):
            yield f"{factor} times the right value, to the digits given"
            return


def _pairs_giving_the_first_number(blocks: Sequence[Block]) -> list[Variant]:
    """Return the pairs of mistakes that can give what is written, by one number of a gradient."""
    known = pairs(NETWORK_MISTAKES, NETWORK_LINES)
    for block in blocks:
        if block.is_gradient:
            number = next(block.numbers.flat)
            by_value = _by_first_number(block.name).items()
            fitting = (places for value, places in by_value if number.claims(value))
            return [known[place] for place in sorted(itertools.chain(*fitting))]
    return known


@cache
def _by_first_number(name: str) -> Mapping[fmpq, Sequence[int]]:
    """Return where those pairs are among all that give the same first number of a gradient."""
    places: dict[fmpq, list[int]] = {}
    for place, both in enumerate(pairs(NETWORK_MISTAKES, NETWORK_LINES)):
        with contextlib.suppress(NoValue):
            first = next(np.array(both.on_the_assignment[name], dtype=object).flat)
            places.setdefault(first, []).append(place)
    return places


def _gives(variant: Variant, blocks: Sequence[Block]) -> bool:
    try:
        wrong = variant.on_the_assignment
    except NoValue:
        return False
    return all(
        _claims(block, wrong[block.name])
        if block.is_gradient
        else _claims(block, exact_value(block.name, DATA))
        or _claims(block, variant.forward_on_the_assignment[block.name])
        for block in blocks
    )


def _claims(block: Block, values: Any) -> bool:
    return np.shape(values) == np.shape(block.numbers) and all(
        number.claims(exact) for number, exact in _entries(block, values)
    )


def _hidden(known: Sequence[Variant], name: str, candidates: Sequence[str]) -> tuple[str, ...]:
    """Return the mistakes that leave a block right on the assignment's data, however made."""
    if not name:
        return ()
    right = exact_value(name, DATA)
    shown = [one for one in known if not np.array_equal(one.on_the_assignment[name], right)]
    return tuple(one for one in ids_of(known) if one not in (*ids_of(shown), *candidates))


def _is_rounded_midway(blocks: Sequence[Block]) -> bool:
    """Return whether rounding of intermediate values gives exactly the digits that are written.

    Every number is then off by a few units of its last digit, and several are.
    """
    entries = _with_exact(blocks)
    places = max((number.places for number, _ in entries), default=0)
    near = all(
        abs(number.value - exact) <= 2 * A_FEW * number.half_unit for number, exact in entries
    )
    if not near or not places or len(_wrong(blocks)) < TELLING:
        return False
    lines = ("z", "y", "e", "s")
    some = [one for k in range(1, 5) for one in itertools.combinations(lines, k)]
    return any(
        _is_rounding(blocks, _rounded_gradients(set(chosen), kept, up=up))
        for chosen in some
        for kept in (places, places - 1)
        for up in (True, False)
    )


def _is_rounding(blocks: Sequence[Block], gradients: Mapping[str, Any]) -> bool:
    return all(
        number.is_rounding_of(value)
        for block in blocks
        for number, value in _entries(block, gradients[block.name])
    )


def _rounded_gradients(lines: set[str], places: int, *, up: bool = True) -> dict[str, Any]:
    """Compute the gradients on the assignment's data, rounding the values of some lines.

    up: a tie is rounded away from zero, else to the even digit, as NumPy does.
    """
    scale = fmpq(10) ** places

    def to_places(x: fmpq) -> fmpq:
        whole = (abs(x) * scale + fmpq(1, 2)).floor()
        if not up and abs(x) * scale + fmpq(1, 2) == whole and whole % 2:
            whole -= 1
        return fmpq(whole) / scale * (-1 if x < 0 else 1)

    values, right = {**DATA.values}, Variant((), NETWORK_LINES, lambda case: case).scope.defined
    for line in right:
        found = Env(values, DATA.sizes, right).value_of(line)
        values[line] = each(to_places, found) if line in lines else found
    return {block: values[line] for block, line in GRADIENTS.items()}
