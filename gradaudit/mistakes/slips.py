"""Which known mistake of its question a wrong answer is, for a question from a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from gradaudit.judging import contract
from gradaudit.judging.calling import Function
from gradaudit.judging.cases import Case
from gradaudit.judging.derivation import Line, Wanted, inputs_of, values
from gradaudit.judging.form import InForm
from gradaudit.judging.laws import Refusal
from gradaudit.judging.oracles import floats_of, oracle
from gradaudit.language.formula import Formula
from gradaudit.language.outcomes import NoValue
from gradaudit.mistakes.diagnosis import (
    Comparison,
    Diagnosis,
    agreeing,
    close_to,
    diagnosed,
    look_at_line,
    where_held,
)
from gradaudit.mistakes.edits import edits_of
from gradaudit.mistakes.facts import Seen, factors_of
from gradaudit.questions.question import Question, Signature

Floats = npt.NDArray[np.float64]
FEW = 3  # parts up to which it is said in which the answer is wrong


@dataclass(frozen=True, eq=False)
class Wrong:
    """One way of making a mistake: the wrong formula of every part, and the lines that differ."""

    ids: tuple[str, ...]
    formulas: dict[str, Formula]
    lines: dict[str, str]


@cache
def wrong_answers(question: Question) -> list[Wrong]:
    """Return every variant of every mistake of a question."""
    return [
        _wrong(question, (slip.id,), change)
        for slip in question.mistakes
        for change in slip.changes
    ]


@cache
def edited_answers(question: Question) -> list[Wrong]:
    """Return what comes of every edit of the right formulas of a question."""
    return [Wrong((sentence,), formulas, {}) for sentence, formulas in edits_of(question)]


@cache
def wrong_twice(question: Question) -> list[Wrong]:
    """Return the pairs of mistakes that a question knows to be made together."""
    return [_wrong(question, ids, change) for ids, change in question.two_at_once]


def _wrong(question: Question, ids: tuple[str, ...], change: Mapping[str, str]) -> Wrong:
    return Wrong(ids, question.changed(change), question.changed_lines(change))


def of_function(
    question: Question, signature: Signature, judged: Function | InForm, cases: Sequence[Case]
) -> Diagnosis:
    """Compare a wrong function with the mistakes of its question."""

    def look(case: Case) -> Seen:
        with np.errstate(all="ignore"):
            found = contract.ask(judged, case)[0]
        right = oracle(case).value
        return Seen(case, found, right, close_to(case, right, found))

    compared = Comparison(
        partial(wrong_answers, question),
        tuple,
        factors_of({one: one for one in question.sets}),
        look,
        _computed,
        close_to,
        lambda look, seen: _right_parts(signature, seen),
        {label: partial(_places, label) for label in _labels(question, signature)},
        edits=partial(edited_answers, question),
    )
    return told(question, diagnosed(cases, compared))


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
    few = 0 < len(wrong) < min(len(signature.parts), FEW + 1)
    return [f"right except in {' and '.join(wrong)}"] if few else []


@cache
def _computed(variant: Wrong, case: Case) -> Floats:
    assert case.call is not None
    found = [values(variant.formulas[part], case) for part in case.call.parts]
    return floats_of(np.concatenate([np.ravel(one) for one in found]))


def of_line(question: Question, part: str, judged: Line, wanted: Wanted) -> Diagnosis:
    """Compare a wrong line with the mistakes of its question, exactly, where it means to hold."""
    if judged.leaves_out_entries:
        return Diagnosis()
    cases = [case for case in inputs_of(judged, wanted) if where_held(judged, case).any()]

    def wrong(variant: Wrong, case: Any) -> Any:
        chosen = where_held(judged, case)
        try:
            return values(variant.formulas[part], case)[chosen]
        except Refusal:
            raise NoValue("it is of another shape") from None

    compared = Comparison(
        partial(wrong_answers, question),
        tuple,
        factors_of({one: one for one in question.sets}),
        partial(look_at_line, judged, wanted),
        wrong,
        lambda _, one, found: agreeing(one, found),
        lambda look, seen: [],
        edits=partial(edited_answers, question),
    )
    return told(question, diagnosed(cases, compared))


def told(question: Question, found: Diagnosis) -> Diagnosis:
    """Return a diagnosis with the sentences of its question."""
    sentences = {slip.id: slip.sentence for slip in question.mistakes}
    return replace(found, sentences=sentences)
