"""Whether a question is sound: its reference right, its mistakes wrong, its tolerances tight."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import filterfalse
from typing import Any, NamedTuple

import numpy as np

from gradaudit.answers import parts
from gradaudit.answers.tables import conditions
from gradaudit.answers.verdicts import Verdict, judge
from gradaudit.judging.cases import Case, has_exact_kinks, is_smooth
from gradaudit.judging.derivation import (
    MAX_OPERATIONS_IN_ALL,
    Wanted,
    entries,
    known_entries,
    try_out,
    wanted_of,
)
from gradaudit.judging.domains import draw_inputs
from gradaudit.judging.functions import domains, has_slopes, is_usable, laws_of
from gradaudit.judging.hard import domain, inputs_for, is_reached
from gradaudit.judging.laws import Outcome, Refusal, hold
from gradaudit.judging.oracles import foresee, look_along, oracle
from gradaudit.judging.shown import shown_input
from gradaudit.language.balls import agree
from gradaudit.language.formula import Formula, FormulaError
from gradaudit.language.outcomes import CannotTell, Missing, NoValue
from gradaudit.mistakes.diagnosis import Diagnosis
from gradaudit.mistakes.exam import as_function, of_edits
from gradaudit.mistakes.slips import wrong_answers, wrong_twice
from gradaudit.questions.files import Unreadable
from gradaudit.questions.question import Question, Signature

NOT_JUDGED = "no input was found away from kinks of the model where the reference keeps its bound"
FEWEST = 10  # inputs on which a function can be judged at all
LOOSEST = 1e-6  # part of the largest entry that a tolerance may be, on most inputs


NOT_STABLE = "the reference has no value in float64, or is off by more than its tolerance"
NO_DERIVATIVE = "the model has no derivative"
NO_SLOPES = "the model has no derivative, and its slopes to the sides are not known"
TOO_CLOSE = "the derivative needs more digits than are tried"


class Tolerance(NamedTuple):
    """How closely a function is judged.

    inputs: how many. median: of the tolerances, as parts of the largest entry. loose: how many of
    these are so large that they say little. elsewhere: the inputs at which it is not judged, by
    why, the simplest first.
    """

    inputs: int
    median: float
    loose: int
    elsewhere: dict[str, list[Case]]


@dataclass(frozen=True)
class Checked:
    """What came of checking a question.

    faults: a line for each thing that is wrong with it. references: the verdict on each part's.
    tolerances: those of each function. edits: how many edits of the reference are wrong, and
    refused.
    """

    question: Question
    faults: tuple[str, ...]
    references: dict[str, Verdict]
    tolerances: dict[str, Tolerance]
    edits: int = 0


def check(question: Question) -> Checked:
    """Check a question: everything that can be wrong with it is told."""
    faults: list[str] = []
    references: dict[str, Verdict] = {}
    tolerances: dict[str, Tolerance] = {}
    edits = 0
    try:
        if question.iteration:
            faults += _faults_of_conditions(question, references)
            return Checked(question, tuple(faults), references, tolerances, edits)
        wanted = {name: wanted_of(question, name) for name in question.parts}
        for name, one in wanted.items():
            lines = question.parts[name].reference
            if sum(try_out(line, one.largest) for line in lines) > MAX_OPERATIONS_IN_ALL:
                most = f"more than {MAX_OPERATIONS_IN_ALL} operations to evaluate all lines"
                faults.append(f"{question.name}.answers.{name}: {most}")
                break
            part = replace(parts.of_formulas(question, name, lines), diagnose=lambda _: Diagnosis())
            references[name] = judge(name, part)
            if references[name].status != "holds":
                faults.append(f"{question.name}.answers.{name}: {_why(references[name])}")
        if faults:  # what is compared with a wrong reference says nothing
            return Checked(question, tuple(faults), references, tolerances, edits)
        faults += _right_mistakes(question, wanted)
        faults += _not_reached(question)
        for signature in question.functions:
            if not draw_inputs(domains(question, signature).few):
                key = f"{question.name}.functions.{signature.name}"
                faults.append(f"{key}: {NOT_JUDGED}")
                continue
            tolerances[signature.name] = found = _tolerance(question, signature)
            faults += _loose(question, signature, found)
            faults += _not_owed(question, signature)
        if not faults:
            edits, held = of_edits(question)
            faults += held
    except Unreadable as none:
        faults.append(str(none))
    except (Missing, FormulaError) as reason:  # the model takes too much, or has no value
        faults.append(f"{question.name}.define: {reason}")
    return Checked(question, tuple(faults), references, tolerances, edits)


def _not_reached(question: Question) -> Iterator[str]:
    """Yield a line for each condition that no input was found to meet."""
    told = {f"owes.{one.name}.where": one.where for one in question.owes}
    for key, condition in {"conditional": question.conditional, **told}.items():
        if condition is not None and not is_reached(question.under(condition)):
            yield f"{question.name}.{key}: no input was found that meets it"


def _not_owed(question: Question, signature: Signature) -> Iterator[str]:
    """Yield what the question says is owed besides, and its own reference does not obey."""
    right = {part: one.closed for part, one in question.parts.items()}
    judged, owed = as_function(question, signature, right), {one.name for one in question.owes}
    for law in laws_of(question, signature):
        if law.name in owed:
            outcome = hold(law, judged, draw_inputs(law.domain))
            if outcome.status != "holds":
                tried = "the reference does not obey it" if outcome.refusal else "it can't be tried"
                why = _refused(outcome) if outcome.refusal else outcome.reason
                yield f"{question.name}.owes.{law.name}: {tried}: {why}"


def _faults_of_conditions(question: Question, references: dict[str, Verdict]) -> Iterator[str]:
    """Yield what is wrong with the reference and the mistakes of an iteration."""
    for name, asked in question.parts.items():
        key = f"{question.name}.answers.{name}"
        references[name] = judge(name, conditions(question, key, asked.reference))
        if references[name].status != "holds":
            yield f"{key}: {_why(references[name])}"
            return  # what is compared with a wrong reference says nothing
        for variant in (*wrong_answers(question), *wrong_twice(question)):
            key = f"{question.name}.mistakes: {' '.join(variant.ids)}"
            part = conditions(question, key, [variant.formulas[name]])
            if all(claim.outcome().status == "holds" for claim in part.claims):
                yield f"{key} is right at every rate"


def _why(verdict: Verdict) -> str:
    failure = verdict.failure
    if failure is None or failure.refusal is None:
        return verdict.reason or f"it is {verdict.status}"
    line = failure.judged
    above = f"line {line.number - 1}"
    if line.number == 1:
        above = f"the {'derivative' if line.name else 'condition'} {line.truth.text}"
    return f"line {line.number} does not equal {above}: {_refused(failure)}"


def _refused(outcome: Outcome) -> str:
    """Return how a law refuses what is judged, and on what input."""
    return f"{outcome.refusal}, on {shown_input(outcome)}"


def _right_mistakes(question: Question, wanted: dict[str, Wanted]) -> Iterator[str]:
    """Yield a line for each variant of a mistake that is right on every input."""
    for variant in wrong_answers(question):
        if not any(
            _differs(variant.formulas[name], one.truth, case)
            for case in draw_inputs(domain(question))
            for name, one in wanted.items()
        ):
            yield f"{question.name}.mistakes: {' '.join(variant.ids)} is right on every input tried"


def _differs(formula: Formula, truth: Formula, case: Any) -> bool:
    """Return whether an entry of a formula certainly differs from the truth at an input."""
    try:
        found, right = entries(formula, case), known_entries(truth, case)
    except (NoValue, Refusal):
        return True
    except Missing:
        return False
    pairs = [one for one in zip(found.flat, right.flat, strict=True) if not _is_open(*one)]
    return any(isinstance(here, NoValue) or not agree(here, there) for here, there in pairs)


def _is_open(found: Any, right: Any) -> bool:
    return isinstance(right, Missing) or isinstance(found, CannotTell)


def _tolerance(question: Question, signature: Signature) -> Tolerance:
    _, law, *_ = laws_of(question, signature)
    inputs = draw_inputs(law.domain)
    parts = []
    for case in inputs:
        known = oracle(case)
        if largest := float(np.max(np.abs(known.value), initial=0.0)):
            parts.append(float(np.max(known.rounding)) / largest)
    loose = sum(part > LOOSEST for part in parts)
    median = float(np.median(parts)) if parts else 0.0
    hard = (case.bound_to(signature) for case in inputs_for(question).hard)
    exact = sorted(filter(has_exact_kinks, hard), key=Case.effort)
    foresee(exact)
    if kinked := list(filterfalse(is_smooth, exact)):
        look_along(kinked)
    elsewhere = {why: list[Case]() for why in (NO_DERIVATIVE, NO_SLOPES, TOO_CLOSE, NOT_STABLE)}
    for case in exact:
        if why := _not_judged(case):
            elsewhere[why].append(case)
    return Tolerance(len(inputs), median, loose, elsewhere)


def _not_judged(case: Case) -> str:
    """Return why a function is not judged at an input, if it is not."""
    if not is_smooth(case):
        return "" if has_slopes(case) else NO_SLOPES
    if is_usable(case):
        return ""
    try:
        oracle(case).value  # noqa: B018  # which may raise
    except NoValue:
        return NO_DERIVATIVE
    except Missing:
        return TOO_CLOSE
    return NOT_STABLE


def _loose(question: Question, signature: Signature, found: Tolerance) -> Iterator[str]:
    key = f"{question.name}.functions.{signature.name}"
    if found.inputs < FEWEST:
        few = f"on {found.inputs} inputs only"
        yield f"{key}: the reference keeps its bound {few}; write it more stably"
    if found.median > LOOSEST:
        yield f"{key}: its tolerance is {found.median:.1g} of the largest entry, which is vacuous"
