"""The exam of the suite itself: which law sees which known mistake, and how small an error."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import numpy as np

from gradaudit.judging import iterations
from gradaudit.judging.calling import Function
from gradaudit.judging.cases import Case, is_smooth
from gradaudit.judging.derivation import (
    Line,
    Wanted,
    alone,
    formula_equals_the_derivative,
    law_of,
    wanted_of,
)
from gradaudit.judging.domains import draw_inputs
from gradaudit.judging.functions import laws_of
from gradaudit.judging.hard import inputs_for
from gradaudit.judging.laws import Law, hold, sees
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, parse
from gradaudit.mistakes.slips import Wrong, edited_answers, wrong_answers
from gradaudit.questions.question import Question, Signature

FINEST = 50  # decimal places of a numeral of the language
FRESH = 12  # inputs on which an edit has to be wrong
MOST = 60  # edits that are looked at

Formulas = Mapping[str, Formula]


@dataclass(frozen=True)
class Paper:
    """One part of the exam: a kind of answer, its laws, and the mistakes to be seen, by name."""

    title: str
    laws: tuple[Law, ...]
    mistakes: tuple[tuple[str, Any], ...]
    of_rates: Question | None = None  # whose conditions they are


@dataclass(frozen=True)
class Result:
    """What came of a paper: for each of its mistakes, which of its laws saw it."""

    paper: Paper
    sight: tuple[tuple[bool, ...], ...]

    @property
    def caught(self) -> int:
        """How many mistakes some law saw."""
        return sum(map(any, self.sight))


def papers_of(questions: Sequence[Question]) -> Iterator[Paper]:
    """Yield all papers of questions."""
    for question in questions:
        yield from (_papers_of_rates if question.iteration else _papers)(question)


def smallest_errors_of(questions: Sequence[Question]) -> Iterator[tuple[str, int]]:
    """Yield for each part of questions how small an error is noticed."""
    for question in questions:
        if not question.iteration:
            yield from _smallest_errors(question)


def _papers(question: Question) -> Iterator[Paper]:
    """Yield the mistakes of a question as formulas, then as each function.

    A function is held to those that change a line which leads to what it returns.
    """
    variants = wrong_answers(question)
    wanted = {part: wanted_of(question, part) for part in question.parts}
    lines = [
        (named(question, one), {part: alone(one.formulas[part], wanted[part]) for part in wanted})
        for one in variants
    ]
    (only, *others) = question.parts
    title = question.id if others else f"{question.id}.{only}"
    columns = tuple(_column(part, one) for part, one in wanted.items())
    yield Paper(f"{title}, formulas", columns, tuple(lines))
    for signature in question.functions:
        used = {
            name for part in signature.parts for name in (part, *question.parts[part].closed.names)
        }
        made = [
            (named(question, one), as_function(question, signature, one.formulas))
            for one in variants
            if not used.isdisjoint(one.lines)
        ]
        yield Paper(f"{signature.id}, functions", laws_of(question, signature), tuple(made))


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
    found = np.array(case.in_floats(formula))
    return found if found.ndim == len(shape) else np.array(np.broadcast_to(found, shape))


def _papers_of_rates(question: Question) -> Iterator[Paper]:
    """Yield the papers of an iteration: each function, then conditions."""
    wrong, iteration = wrong_answers(question), iterations.iteration_of(question)
    for part in question.parts:
        said = [(named(question, one), one.formulas[part]) for one in wrong]
        for signature in question.functions:
            laws = iterations.laws_of(question, signature.arguments)
            made = [(told, condition_as_function(signature, one)) for told, one in said]
            yield Paper(f"{question.id}.{part}, functions", laws, tuple(made))
        lines = [(told, iterations.alone(one, iteration.truth)) for told, one in said]
        law = iterations.law_of(lines[0][1], iterations.decided(question))
        yield Paper(f"{question.id}.{part}, formulas", (law,), tuple(lines), question)


def condition_as_function(signature: Signature, condition: Formula) -> Function:
    """Return a condition on a rate as a function in float64."""

    def function(*arguments: float) -> bool:
        values = dict(zip(signature.arguments, arguments, strict=True))
        env = Env(values, {}, condition.scope.defined, floats=True)
        return bool(env.evaluate(condition.tree))

    return Function(function, 1)


def named(question: Question, wrong: Wrong) -> str:
    """Return what a mistake is called, with the lines that differ from the right computation."""
    several = len(question.lines) > 1
    said = ", ".join(f"{name} = {text}" if several else text for name, text in wrong.lines.items())
    return f"{' and '.join(wrong.ids)}: {said}"


def sit(paper: Paper) -> Result:
    """Hold every mistake of a paper to every law."""
    return Result(
        paper,
        tuple(
            tuple(sees(law, judged, _inputs(paper, law, judged)) for law in paper.laws)
            for _, judged in paper.mistakes
        ),
    )


def _inputs(paper: Paper, law: Law, judged: Any) -> Sequence[Any]:
    if paper.of_rates is not None:
        return iterations.rates_for(paper.of_rates, judged)
    return draw_inputs(law.domain)


def _smallest_errors(question: Question) -> Iterator[tuple[str, int]]:
    """Yield for each part the largest k such that a relative error of 10^-k is noticed."""
    right = {part: one.closed for part, one in question.parts.items()}
    for signature in question.functions:
        contract, *others = laws_of(question, signature)
        laws = *others, contract  # which sees none of them
        function = as_function(question, signature, right)
        for place, part in enumerate(signature.parts):
            finest = _finest(partial(_function_off, function, place), laws)
            yield f"{question.id}.{part}, {signature.name}", finest
    for part in question.parts:
        wanted = wanted_of(question, part)
        law = Law(formula_equals_the_derivative, wanted.domains[0])
        finest = _finest(partial(_line_off, right[part], wanted), [law], FINEST)
        yield f"{question.id}.{part}, formulas", finest


def _function_off(right: Function, place: int, k: int) -> Function:
    """Return a function with the first entry of one of its results off by 10^-k of it."""

    def function(*arguments: Any) -> Any:
        found = right.function(*arguments)
        results = list(map(np.array, found if right.count > 1 else [found]))
        results[place].flat[0] *= 1 + 10.0**-k
        return tuple(results) if right.count > 1 else results[0]

    return Function(function, right.count)


def _line_off(right: Formula, wanted: Wanted, k: int) -> Line:
    return alone(parse(f"({right.text}) * (1 + 1e-{k})", right.scope), wanted)


def _finest(made: Callable[[int], Any], laws: Sequence[Law], most: int = 16) -> int:
    """Return the largest k such that a law sees what is off by 10^-k, as it does for smaller ones.

    It is at most `most`, and 0 if none is seen.
    """
    low, high = 0, most + 1
    while high - low > 1:
        k = (low + high) // 2
        judged = made(k)
        seen = any(sees(law, judged, draw_inputs(law.domain)) for law in laws)
        low, high = (k, high) if seen else (low, k)
    return low


def of_edits(question: Question) -> tuple[int, list[str]]:
    """Return how many edits of the reference are provably wrong, and a line for each held right.

    They are wrong on inputs that no law has tried. Of many edits some are looked at.
    """
    random, inputs = Random(0), inputs_for(question)
    wanted = {part: wanted_of(question, part) for part in question.parts}
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
            derives = any("d" in edit.formulas[part].names for part in signature.parts)
            if set(wrong) & set(signature.parts) and not derives:  # which no function does
                judged = as_function(question, signature, edit.formulas)
                contract, *others = laws_of(question, signature)
                passed += [signature.name] if _holds(judged, [*others, contract]) else []
        held += [f"{question.name}.{one}: this is held right: {edit.ids[0]}" for one in passed]
    return count, held


def _holds(judged: Any, laws: Sequence[Law]) -> bool:
    """Return whether no law refuses what is judged, and it has values at all."""
    first, *others = laws
    inputs = draw_inputs(first.domain)[::-1]  # what is drawn tells more than what is simple
    if hold(first, judged, inputs, smallest=False).status != "holds":
        return False
    return not any(sees(law, judged, draw_inputs(law.domain)) for law in others)
