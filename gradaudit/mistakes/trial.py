"""The exam of any question: which of its laws, and which formulas, see which of its mistakes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any

import numpy as np

from gradaudit.judging.calling import Function
from gradaudit.judging.cases import Case, is_smooth
from gradaudit.judging.derivation import (
    Line,
    Wanted,
    alone,
    formula_equals_the_derivative,
    law_of,
)
from gradaudit.judging.functions import laws_of
from gradaudit.judging.hard import Inputs
from gradaudit.judging.laws import DoesNotApply, Law, hold, refusal_at, sees
from gradaudit.judging.strategies import draw_inputs
from gradaudit.language.formula import Formula, parse
from gradaudit.language.outcomes import CannotTell, NoValue
from gradaudit.mistakes.exam import FINEST, Paper, Result, finest, named, off, sit
from gradaudit.mistakes.slips import edited_answers, wrong_answers
from gradaudit.questions.question import Question, Signature

FRESH = 12  # inputs on which an edit has to be wrong
MOST = 60  # edits that are looked at

Formulas = Mapping[str, Formula]


def results(question: Question, wanted: Mapping[str, Wanted]) -> Iterator[Result]:
    """Yield what comes of the mistakes of a question as formulas, then as each function.

    A function is held to those that change a part that it returns.
    """
    variants = wrong_answers(question)
    columns = {part: _column(part, one) for part, one in wanted.items()}
    lines = [
        (named(question, one), {part: alone(one.formulas[part], wanted[part]) for part in wanted})
        for one in variants
    ]
    told = sit(Paper(f"{question.name}, formulas", tuple(columns.values()), tuple(lines)))
    yield told
    for signature in question.functions:
        wrong = [
            variant
            for variant, sight in zip(variants, told.sight, strict=True)
            if any(
                seen for part, seen in zip(columns, sight, strict=True) if part in signature.parts
            )
        ]
        made = [
            (named(question, one), as_function(question, signature, one.formulas)) for one in wrong
        ]
        title = f"{question.name}.{signature.name}, functions"
        yield sit(Paper(title, laws_of(question, signature), tuple(made)))


def _column(part: str, wanted: Wanted) -> Law:
    """Return the law that the formula of a part is right."""

    def check(judged: Mapping[str, Line], case: Case) -> None:
        formula_equals_the_derivative(judged[part], case)

    return Law(check, wanted.domains[0], f"{part} equals the derivative")


def as_function(question: Question, signature: Signature, formulas: Formulas) -> Function:
    """Return formulas of parts as a function in float64."""

    def function(*arguments: Any) -> Any:
        case = _case_of(question, signature, arguments)
        found = [_entries(question, part, formulas[part], case) for part in signature.parts]
        return tuple(found) if len(found) > 1 else found[0]

    return Function(function, len(signature.parts))


def _case_of(question: Question, signature: Signature, arguments: Any) -> Case:
    given = dict(zip(signature.arguments, arguments, strict=True))
    sizes = {
        axis: size
        for name, value in given.items()
        for axis, size in zip(question.given[name].axes, np.shape(value), strict=True)
    }
    return Case(question, given, question.sized(sizes) or sizes)


def _entries(question: Question, part: str, formula: Formula, case: Case) -> Any:
    shape = tuple(case.sizes[axis] for axis in question.parts[part].axes)
    return np.array(np.broadcast_to(case.in_floats(formula), shape))


def smallest_errors(question: Question, wanted: Mapping[str, Wanted]) -> Iterator[tuple[str, int]]:
    """Yield for each part the largest k such that a relative error of 10^-k is noticed."""
    right = {part: one.closed for part, one in question.parts.items()}
    for signature in question.functions:
        laws = laws_of(question, signature)
        function = as_function(question, signature, right).function
        count = len(signature.parts)
        for k, part in enumerate(signature.parts):
            made = partial(_function_off, function, k if count > 1 else None, count)
            yield f"{question.name}.{part}, {signature.name}", finest(made, laws)
    for part, one in wanted.items():
        law = Law(formula_equals_the_derivative, one.domains[0])
        yield (
            f"{question.name}.{part}, formulas",
            finest(partial(_line_off, right[part], one), [law], FINEST),
        )


def _function_off(function: Callable[..., Any], index: int | None, count: int, k: int) -> Function:
    return Function(off(function, 1 + 10.0**-k, index), count)


def _line_off(right: Formula, wanted: Wanted, k: int) -> Line:
    return alone(parse(f"({right.text}) * (1 + 1e-{k})", right.scope), wanted)


def of_edits(question: Question, wanted: Mapping[str, Wanted]) -> tuple[int, list[str]]:
    """Return how many edits of the reference are provably wrong, and a line for each held right.

    They are wrong on inputs that no law has tried. Of many edits some are looked at.
    """
    random, inputs = Random(0), Inputs(question)
    fresh = [case for _ in range(FRESH) if is_smooth(case := inputs.drawn(random))]
    edits, count, held = edited_answers(question), 0, []
    for edit in edits[:: 1 + len(edits) // MOST]:
        lines = {
            part: alone(formula, wanted[part])
            for part, formula in edit.formulas.items()
            if formula is not question.parts[part].closed
        }
        laws = {part: law_of(line, wanted[part].domains[0]) for part, line in lines.items()}
        wrong = [part for part, line in lines.items() if sees(laws[part], line, fresh)]
        count += bool(wrong)
        passed = [part for part in wrong if _holds(lines[part], [laws[part]])]
        for signature in question.functions:
            if set(wrong) & set(signature.parts):
                judged = as_function(question, signature, edit.formulas)
                contract, *others = laws_of(question, signature)
                passed += [signature.name] if _holds(judged, [*others, contract]) else []
        held += [f"{question.name}.{one}: this is held right: {edit.ids[0]}" for one in passed]
    return count, held


def _holds(judged: Any, laws: Sequence[Law]) -> bool:
    """Return whether no law refuses what is judged, and it has values at all."""
    first, *others = laws
    inputs = draw_inputs(first.domain)
    try:
        if not all(_passes(first, judged, case) for case in inputs):
            return False
    except (NoValue, CannotTell):  # which is not excused anywhere
        return False
    if hold(first, judged, inputs).status != "holds":
        return False
    return not any(sees(law, judged, draw_inputs(law.domain)) for law in others)


def _passes(law: Law, judged: Any, case: Case) -> bool:
    try:
        return refusal_at(law, judged, case) is None
    except DoesNotApply as none:
        return none.form is None
