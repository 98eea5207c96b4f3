"""Which known mistake a wrong answer is.

A wrong answer is compared with every known mistake; one is named only if it fits on everything
that is known of the answer, and differs there from the right one. Two mistakes at once are tried
where no single one fits. Where nothing fits, facts are stated that hold on every input.

Precision comes before recall: a wrong name is worse than none.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from gradaudit.judging import contract
from gradaudit.judging.calling import Function
from gradaudit.judging.cases import Case, kinks
from gradaudit.judging.derivation import (
    Line,
    Wanted,
    inputs_of,
    known_values,
    try_out,
    wanted_of,
    without_value,
)
from gradaudit.judging.domains import draw_inputs
from gradaudit.judging.form import InForm
from gradaudit.judging.functions import domains
from gradaudit.judging.laws import FORMLESS, CannotGoOn, DoesNotApply, Refusal
from gradaudit.judging.oracles import floats_of, oracle
from gradaudit.judging.together import Together
from gradaudit.language.balls import agree
from gradaudit.language.formula import FormulaError
from gradaudit.language.outcomes import CannotTell, Missing, NoValue
from gradaudit.language.roundings import ALLOWED, UNIT, roundings_of
from gradaudit.mistakes.facts import (
    MOST,
    Factor,
    Look,
    Seen,
    conditions_of_rightness,
    factors_of,
    seen_at,
)
from gradaudit.mistakes.slips import Wrong, edited_answers, wrong_answers, wrong_twice
from gradaudit.questions.question import Question, Signature

Floats = npt.NDArray[np.float64]

A_FEW = 5  # roundings that two computations of one value may be apart
ENOUGH = 3  # inputs on which a mistake must differ from the right answer to be named
NEARLY = 1e-3  # of the largest entry: beyond, no roundings are looked at
LARGEST_DYADIC = 2**40  # a larger denominator is that of a decimal, rounded to float64
MOST_WORK = 10**7  # operations of all pairs of mistakes, at one input
LIGHT = 5_000  # operations up to which a formula is evaluated on many inputs more
FEW_PARTS = 3  # up to which it is said in which the answer is wrong


@dataclass(frozen=True)
class Diagnosis:
    """What is known about a mistake.

    candidates: ids of all known mistakes that fit. together: they fit only two at once. doubtful:
    too little is wrong to name one. factor: they fit apart from this factor, such as `2/n`, or
    `2 on dL/dw`. facts: what holds on every input, where nothing fits. hidden: mistakes that
    what was given can't show. edit: what was done wrong, where no known mistake fits, but one small
    edit of the right formulas does. sentences: those of the candidates.
    """

    candidates: tuple[str, ...] = ()
    factor: str = ""
    together: bool = False
    doubtful: bool = False
    facts: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    edit: str = ""
    sentences: Mapping[str, str] = field(default_factory=dict)

    @property
    def mistake(self) -> str | None:
        """The one mistake that fits, if it is one."""
        return self.candidates[0] if len(self.candidates) == 1 and not self.doubtful else None


@dataclass(frozen=True)
class Comparison:
    """How what is seen of an answer is compared with the mistakes of its question.

    look: shows the answer at an input; raises where it has no value. wrong: the values of a mistake
    at an input. close: whether values at an input are those found. facts: what else holds of the
    answer. places: where its blocks are. uncertain: how far float64 may be from a mistake, if it
    is what is seen.
    """

    question: Question
    look: Look
    wrong: Callable[[Wrong, Any], Any]
    close: Callable[[Any, Any, Any], bool]
    facts: Callable[[Sequence[Seen]], list[str]]
    places: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    uncertain: Callable[[Wrong, Any], Any] | None = None

    @property
    def pairs(self) -> Sequence[Wrong]:
        """Every two mistakes at once, where so many can be looked at."""
        variants = len(wrong_answers(self.question))
        wanted = (wanted_of(self.question, part) for part in self.question.parts)
        work = sum(try_out(one.truth, one.largest) for one in wanted) * variants**2
        return wrong_twice(self.question) if work <= MOST_WORK else ()

    def fits(self, variant: Wrong, one: Seen) -> tuple[bool, bool]:
        """Return whether a mistake fits, and whether it differs then from the right answer."""
        case, wrong = one.case, self.wrong(variant, one.case)
        fit = self.close(case, wrong, one.found)
        if not fit and self.uncertain and _nearly(one.found, wrong):
            fit = bool((abs(one.found - wrong) <= self.uncertain(variant, case)).all())
        return fit, fit and not self.close(case, wrong, one.right)

    def fitting(self, seen: Iterable[Seen], among: Iterable[Wrong]) -> list[Wrong]:
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
                except (NoValue, CannotTell, FormulaError, Refusal):
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
        edits = edited_answers(self.question) if any(map(_says_something, seen)) else ()
        fitted = self.fitting(seen, edits)
        both = itertools.product(fitted[1:], seen)
        alike = all(_alike(*(self.wrong(v, one.case) for v in (fitted[0], w))) for w, one in both)
        return fitted[0].ids[0] if fitted and alike else ""

    def without(self, factor: Factor, block: str, one: Seen) -> Seen:
        """Return what would be seen without a factor, on all of the answer or on one block."""
        number = factor.at(one.case)
        places = self.places[block](one.case) if block else slice(None)
        found = one.found.copy()
        found[places] /= float(number) if found.dtype == np.float64 else number
        return replace(one, found=found, is_right=self.close(one.case, one.right, found))


def _nearly(found: Floats, wrong: Floats) -> bool:
    largest = np.max(abs(wrong), initial=0.0)
    return bool((abs(found - wrong) <= NEARLY * largest).all())


def _says_something(one: Seen) -> bool:
    return any(value != 0 for value in one.found.flat)


def _alike(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    """Return whether exact values are the same, rounded to float64."""
    left, right = floats_of(one), floats_of(other)
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        return False
    return bool((abs(left - right) <= A_FEW * UNIT * np.max(abs(left), initial=0.0)).all())


def told(question: Question, found: Diagnosis) -> Diagnosis:
    """Return a diagnosis with the sentences of its question."""
    known = {**{slip.id: slip.sentence for slip in question.mistakes}, **found.sentences}
    return replace(found, sentences={name: known[name] for name in found.candidates})


def diagnosed(cases: Iterable[Any], compared: Comparison) -> Diagnosis:
    """Compare what is seen of an answer with mistakes; nothing is said of one that is silent."""
    return told(compared.question, _diagnosed(cases, compared))


def _diagnosed(cases: Iterable[Any], compared: Comparison) -> Diagnosis:
    try:
        rest = iter(cases)
        seen = list(itertools.islice(seen_at(compared.look, rest), MOST))
        if all(one.is_right for one in seen):  # it is seldom wrong
            seen += seen_at(compared.look, rest)
        if all(one.is_right for one in seen):
            return Diagnosis()
        seen = _wrong_first(seen)
        known = wrong_answers(compared.question)
        single = compared.fitting(seen, known)
        if len(ids_of(single)) < 2:  # a name, and any fact, rests on all of very many inputs
            seen = _wrong_first([*seen, *seen_at(compared.look, rest)])
            single = compared.fitting(seen, single)
        if single:
            return Diagnosis(ids_of(single))
        if found := _apart_from_a_factor(seen, known, compared, [""]):
            return found
        if double := compared.fitting(seen, compared.pairs):
            return Diagnosis(ids_of(double), together=True)
        if found := _apart_from_a_factor(seen, known, compared, compared.places):
            return found
        if edit := compared.edit(seen):
            return Diagnosis(edit=edit)
        return Diagnosis(facts=tuple(compared.facts(seen)))
    except (NoValue, CannotTell, DoesNotApply, CannotGoOn, Refusal):
        return Diagnosis()


def _wrong_first(seen: Iterable[Seen]) -> list[Seen]:
    return sorted(seen, key=lambda one: one.is_right)


def _apart_from_a_factor(
    seen: Sequence[Seen], known: Sequence[Wrong], compared: Comparison, blocks: Iterable[str]
) -> Diagnosis | None:
    """Return what is known of an answer but for one factor, on all of it or on one block."""
    fits = []
    for block, factor in itertools.product(blocks, factors_of(compared.question)):
        on = f" on {block}" if block else ""
        scaled = partial(compared.without, factor, block)
        if all(scaled(one).is_right for one in seen):
            but = f"right but for the factor {factor.name}{on}"
            whole = f"exactly {factor.name} times the right value"
            return Diagnosis(facts=(but if block else whole,))
        if factor.likely and (ids := ids_of(compared.fitting(map(scaled, seen), known))):
            fits.append(Diagnosis(ids, factor=factor.name + on))
    return fits[0] if len(fits) == 1 else None


def ids_of(fitted: Sequence[Wrong]) -> tuple[str, ...]:
    """Return the ids of the mistakes of variants, each once."""
    return tuple(dict.fromkeys(name for variant in fitted for name in variant.ids))


def of_function(
    question: Question, signature: Signature, judged: Function | InForm, at: Case | None = None
) -> Diagnosis:
    """Compare a wrong function with the mistakes of its question, where it is finite.

    at: where it is shown to be wrong, which no fact may contradict.
    """
    everywhere = [*draw_inputs(domains(question, signature).smooth), *([at] if at else [])]
    drawn = list(filter(_is_exact_in_floats, everywhere)) if kinks(question) else everywhere
    cases = [case for case in drawn if _is_finite(judged, case) is not False]

    def look(case: Case) -> Seen:
        with np.errstate(all="ignore"):
            found = contract.ask(judged, case)[0]
        right = oracle(case).value
        return Seen(case, found, right, _close_to(case, right, found))

    def facts(seen: Sequence[Seen]) -> list[str]:
        special = conditions_of_rightness(question, everywhere, look, seen)
        return [*_right_parts(signature, seen), *special]

    compared = Comparison(
        question,
        look,
        partial(_computed, Together(cases)),
        _close_to,
        facts,
        {label: partial(_places, label) for label in _labels(question, signature)},
        uncertain=_uncertain,
    )
    found = diagnosed(cases, compared)
    if len(cases) < len(drawn) and (found.candidates or found.edit):
        return replace(found, facts=("not finite where a number overflows or becomes 0",))
    return found


def _is_exact_in_floats(case: Case) -> bool:
    """Return whether float64 computes exactly at an input, and meets the kinks of what is wrong."""
    numbers = np.concatenate([np.ravel(np.array(one)) for one in case.given.values()])
    return all(number.q <= LARGEST_DYADIC for number in numbers)


def _is_finite(judged: Function | InForm, case: Case) -> bool | None:
    with contextlib.suppress(Missing, DoesNotApply, CannotGoOn):
        return bool(np.isfinite(contract.ask(judged, case)[0]).all())
    return None


def _labels(question: Question, signature: Signature) -> list[str]:
    several = signature.parts if len(signature.parts) > 1 else ()
    return [question.parts[part].label for part in several]


def _places(label: str, case: Case) -> npt.NDArray[np.bool_]:
    shapes = case.results().items()
    return np.concatenate([np.full(int(np.prod(shape)), one == label) for one, shape in shapes])


def _right_parts(signature: Signature, seen: Sequence[Seen]) -> list[str]:
    """Return which parts are wrong, if some are right on every input."""
    if not seen or len(signature.parts) == 1:
        return []
    wrong = [
        label
        for label in seen[0].case.results()
        if not all(
            (np.abs(one.found - one.right) <= 2 * oracle(one.case).own_rounding(one.right))[
                _places(label, one.case)
            ].all()
            for one in seen
        )
    ]
    few = 0 < len(wrong) < min(len(signature.parts), FEW_PARTS + 1)
    return [f"right except in {' and '.join(wrong)}"] if few else []


def _computed(among: Together, variant: Wrong, case: Case) -> Floats:
    assert case.call is not None
    known = _in_floats(variant)
    if case not in known:
        asked = (variant.formulas[part] for part in case.call.parts)
        found = [known_values(formula, case, among) for formula in asked]
        known[case] = floats_of(np.concatenate([np.ravel(one) for one in found]))
    return known[case]


@cache
def _in_floats(variant: Wrong) -> dict[Case, Floats]:
    """Return what a mistake gives, by input, as far as it was computed."""
    return {}


@cache
def _uncertain(variant: Wrong, case: Case) -> Floats:
    """Return how far float64 may be from a wrong answer: it may cancel more than a right one."""
    assert case.call is not None
    asked = oracle(case).asked
    bounds = []
    for one in asked:
        formula = variant.formulas[one.name]
        error = 0.0 if "d" in formula.names else case.in_floats(roundings_of(formula))
        shape = tuple(case.sizes[axis] for axis in one.axes)
        largest = float(np.max(error, initial=0.0))
        bounds.append(np.full(int(np.prod(shape)), ALLOWED * UNIT * largest))
    return np.concatenate(bounds)


def _close_to(case: Any, values: Floats, found: Floats) -> bool:
    """Return whether a function may have computed these values, as far as rounding tells."""
    return bool((abs(found - values) <= 2 * oracle(case).own_rounding(values)).all())


def of_line(question: Question, part: str, judged: Line) -> Diagnosis:
    """Compare a wrong line with the mistakes of its question, exactly, where it means to hold.

    Nothing is known of one that is silent about entries that would tell.
    """
    if judged.leaves_out_entries:
        return Diagnosis()
    wanted = wanted_of(question, part)
    held, look = cache(partial(_where_held, judged)), partial(_look_at_line, judged, wanted)
    cases = [case for case in inputs_of(judged, wanted) if held(case).any()]

    def wrong(variant: Wrong, case: Any) -> Any:
        return known_values(variant.formulas[part], case, judged.workings.together)[held(case)]

    def facts(seen: Sequence[Seen]) -> list[str]:
        if judged.assumptions or try_out(judged.formula, wanted.largest) > LIGHT:
            return []
        found = conditions_of_rightness(question, cases, look, seen)
        return [f"{fact}, which it does not state" * ("==" in fact) or fact for fact in found]

    return diagnosed(cases, Comparison(question, look, wrong, _agree_at, facts))


def _where_held(judged: Line, case: Any) -> npt.NDArray[np.bool_]:
    """Return at which entries all that a line assumes certainly holds."""
    return judged.held(case).astype(bool)  # None, for undecided, is none


def _look_at_line(judged: Line, wanted: Wanted, case: Any) -> Seen:
    """Show a line at an input, where it means to hold. Raises as `values` does."""
    chosen = _where_held(judged, case)
    right = known_values(wanted.truth, case)[chosen]
    try:
        found = judged.workings.entries(judged.formula, case)[chosen]
    except Refusal as refusal:
        raise DoesNotApply(FORMLESS, form=refusal) from None
    for one in found:
        if isinstance(one, CannotTell):
            raise DoesNotApply(str(one))
        if isinstance(one, Missing) and not isinstance(why := without_value(one, case), NoValue):
            raise why
    return Seen(case, found, right, _agree_at(case, found, right))


def _agree_at(_: Any, one: Any, other: Any) -> bool:
    """Return whether all entries of two arrays can be the same."""
    return all(map(agree, one.flat, other.flat))
