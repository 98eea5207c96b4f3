"""What an answer to the questions of a file owes: its sheet."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from gradaudit.answers import parts
from gradaudit.answers.parts import Owed, Part, Sheet, claim
from gradaudit.answers.tables import ASSIGNMENT, formulas, of_conditions, own_names
from gradaudit.judging.calling import Function
from gradaudit.judging.cases import Case
from gradaudit.judging.derivation import Wanted
from gradaudit.judging.form import InForm
from gradaudit.judging.functions import laws_of
from gradaudit.judging.hard import Inputs, domain
from gradaudit.judging.laws import Outcome
from gradaudit.judging.strategies import draw_inputs
from gradaudit.language.formula import Scope, parse
from gradaudit.mistakes import slips, trial
from gradaudit.mistakes.diagnosis import Diagnosis
from gradaudit.mistakes.exam import Result, papers_of_rates, sit
from gradaudit.questions.question import Asked, Question, Signature, read_questions


def sheet_called(name: str | None) -> Sheet:
    """Return what can be answered: to a question of the library or a file, else the assignment.

    Raises Unreadable.
    """
    return ASSIGNMENT if name is None else sheet_of(read_questions(name))


def sheet_of(questions: Sequence[Question]) -> Sheet:
    """Return what can be answered to questions, and how it is read."""
    by_name = {question.name: question for question in questions}
    names: list[str] = []
    functions: dict[str, Owed] = {}
    for question in questions:
        names += [f"{question.name}.{part}" for part in question.parts]
        for signature in question.functions:
            part = part_of(question, signature)
            names += [] if part in names else [part]
            owes = partial(of_function, question, signature)
            functions[signature.name] = Owed(part, len(signature.parts), owes)

    def read(path: str, value: Any, where: Any) -> Part:
        name, _, part = path.partition(".")
        return of_formulas(by_name[name], part, path, value, where)

    tables = {question.name: ("where", *question.parts) for question in questions}
    return Sheet(tuple(names), tables, read, str, functions, by_name)


def part_of(question: Question, signature: Signature) -> str:
    """Return the name of the part that a function is: that of what it returns, if it is one."""
    single = signature.parts[0] if len(signature.parts) == 1 else signature.name
    return f"{question.name}.{single}"


def wanted_of(question: Question, asked: Asked) -> Wanted:
    """Return what a formula for a part is to find."""
    scope = replace(question.scope, free=asked.truth.scope.free)
    definite = (one.name for one in question.given.values() if one.definite)
    assume = (*question.assume, *(parse(f"det({name}) > 0", scope) for name in definite))
    largest = Inputs(question).largest
    return Wanted(asked.label, scope, asked.truth, (domain(question),), largest, assume)


def exam_of(questions: Sequence[Question]) -> tuple[list[Result], list[tuple[str, int]]]:
    """Return which law sees which mistake of questions, and how small an error is noticed."""
    results: list[Result] = []
    errors: list[tuple[str, int]] = []
    for question in questions:
        if question.iteration:
            results += map(sit, papers_of_rates(question, question.name))
            continue
        wanted = {name: wanted_of(question, one) for name, one in question.parts.items()}
        results += trial.results(question, wanted)
        errors += trial.smallest_errors(question, wanted)
    return results, errors


def of_formulas(question: Question, part: str, path: str, value: Any, where: Any) -> Part:
    """Return what a formula, or the lines of a derivation, owe. Raises Unreadable."""
    if question.iteration:
        return of_conditions(question, path, value, where)
    asked = question.parts[part]
    wanted = wanted_of(question, asked)
    letters = {
        name: axis for one in question.parts.values() for name, axis in one.truth.scope.free.items()
    }
    widest: Scope = replace(question.scope, free=letters)
    scope = replace(own_names(f"{question.name}.where", where, widest), free=wanted.scope.free)
    read = formulas(path, value, scope, widest, wanted.largest)

    def diagnose(outcome: Outcome) -> Diagnosis:
        return slips.of_line(question, part, outcome.judged, wanted)

    return replace(parts.of_formulas(wanted, read), diagnose=diagnose)


def of_function(question: Question, signature: Signature, judged: Function) -> Part:
    """Return what a function of an answer owes."""
    if question.iteration:
        return parts.of_rate_function(question, signature, judged)
    shown = Inputs(question).shown
    in_form = InForm(judged, Case(question, shown.given, shown.sizes, signature))
    laws = laws_of(question, signature)
    smooth = laws[1].domain

    def diagnose(_: Outcome) -> Diagnosis:
        return slips.of_function(question, signature, in_form, draw_inputs(smooth))

    return Part(tuple(claim(law, in_form) for law in laws), diagnose=diagnose)
