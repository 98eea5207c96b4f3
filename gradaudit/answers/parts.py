"""The parts of an answer, and what each of them owes: laws, held against what the answer says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from gradaudit.answers.process import RemoteFunction
from gradaudit.judging import iterations, written
from gradaudit.judging.cases import Case, data_of
from gradaudit.judging.derivation import (
    Line,
    Wanted,
    answer_of,
    contains_d,
    inputs_of,
    law_of,
    lines_of,
    wanted_of,
)
from gradaudit.judging.domains import draw_inputs
from gradaudit.judging.form import InForm
from gradaudit.judging.functions import laws_of
from gradaudit.judging.hard import inputs_for, is_reached
from gradaudit.judging.laws import Law, Outcome, hold
from gradaudit.judging.needs import needs_of
from gradaudit.judging.written import Block
from gradaudit.language.formula import Formula
from gradaudit.mistakes import diagnosis, ranges
from gradaudit.mistakes.diagnosis import Diagnosis
from gradaudit.questions.iteration import Rate
from gradaudit.questions.question import Question, Signature

ALIKE = 2**9  # parts that are kept, since other answers may have the same


@dataclass(frozen=True)
class Claim:
    """One law, held against what an answer says, on the inputs that it speaks of.

    foreseen: whether it asks for each of the inputs, once.
    """

    law: Law
    judged: Any
    inputs: Callable[[], Sequence[Any]]
    foreseen: bool = False

    def outcome(self, *, smallest: bool = True) -> Outcome:
        """Hold the judged to the law; smallest: show the smallest input found that refutes it."""
        inputs = self.inputs()
        if self.foreseen and isinstance(self.judged, RemoteFunction):
            self.judged.foresee([one.arguments() for one in inputs])
        return hold(self.law, self.judged, inputs, smallest=smallest)


@dataclass(frozen=True, eq=False)
class Part:
    """What an answer says to one part of a question.

    claims: what it owes. special: a condition under which alone it may be right, and claims_there:
    what it owes then. condition: an assumption that its answer states, or that is stated above it,
    and in_general: what the answer owes without. wrong: why it is wrong as it stands. unfinished:
    why it is no answer yet. untested: why it can't be judged. lines: of a derivation, or the one
    formula; answer is the line that counts. against_truth: what a line owes if it is held to the
    truth, not to the line above. wanted: the derivative that it is to find, if it is one. numbers:
    those written. texts: of formulas that can't be read. diagnose: finds the mistake that a failing
    outcome shows. needs: the conditions that its lines need to have a value.
    """

    claims: tuple[Claim, ...] = ()
    special: Formula | None = None
    claims_there: tuple[Claim, ...] = ()
    condition: str = ""
    in_general: Claim | None = None
    wrong: str = ""
    unfinished: str = ""
    untested: str = ""
    lines: tuple[Line, ...] = ()
    answer: Line | None = None
    against_truth: Callable[[Line], Claim] | None = None
    wanted: Wanted | None = None
    numbers: Block | None = None
    texts: tuple[str, ...] = ()
    diagnose: Callable[[Outcome], Diagnosis] = lambda _: Diagnosis()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Owed:
    """A function of a Python answer: its part, how many results it owes, what it owes."""

    part: str
    count: int
    owes: Callable[[Any], Part]


@dataclass(frozen=True, eq=False)
class Sheet:
    """What can be answered, and how it is read.

    parts: in order, each with its question. tables: those of an answer in TOML, with their keys;
    one in another is written with a dot. read: returns the part at a path such as
    weighted.w, from what stands there and the names of `where`; the same part for the same texts.
    It raises Unreadable.
    part_of: the name of the part at a path. functions: those of a Python answer.
    """

    parts: Mapping[str, Question] = field(default_factory=dict)
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    read: Callable[[str, Any, Any], Part] = lambda path, value, where: Part()
    part_of: Callable[[str], str] = str
    functions: Mapping[str, Owed] = field(default_factory=dict)

    @property
    def questions(self) -> dict[str, list[Question]]:
        """The questions by the first word of the names of their parts."""
        found: dict[str, dict[Question, None]] = {}
        for question in self.parts.values():
            found.setdefault(question.id, {})[question] = None
        return {name: list(several) for name, several in found.items()}


@dataclass(frozen=True)
class Answer:
    """An answer by parts.

    malformed: a line for each thing that could not be read. sheet: what it is an answer to.
    """

    name: str
    parts: dict[str, Part] = field(default_factory=dict)
    malformed: tuple[str, ...] = ()
    functions: tuple[RemoteFunction, ...] = ()
    sheet: Sheet = field(default_factory=Sheet)

    def close(self) -> None:
        """End the processes of its functions."""
        for function in self.functions:
            function.close()


def claim(law: Law, judged: Any) -> Claim:
    """Return the claim of a law on the inputs of its own domain."""
    return Claim(law, judged, partial(draw_inputs, law.domain))


def of_numbers(block: Block) -> Part:
    """Return what written numbers owe."""
    law = written.law_of(block.question)
    wanted = wanted_of(block.question, block.name) if block.is_part else None
    return Part((claim(law, block),), wanted=wanted, numbers=block)


def of_function(question: Question, signature: Signature, judged: Any) -> Part:
    """Return what a function of an answer owes."""
    if question.iteration:
        return _of_rate_function(question, signature, judged)
    shown = data_of(question) if question.data else inputs_for(question).shown
    in_form = InForm(judged, Case(question, shown.given, shown.sizes, signature))

    def diagnose(outcome: Outcome) -> Diagnosis:
        return diagnosis.of_function(question, signature, in_form, outcome.at)

    part = Part(
        tuple(claim(law, in_form) for law in laws_of(question, signature)), diagnose=diagnose
    )
    condition = question.conditional
    if condition is None or not is_reached(question.under(condition)):
        return part
    there = tuple(claim(law, in_form) for law in laws_of(question.under(condition), signature))
    return replace(part, special=condition, claims_there=there)


def _of_rate_function(question: Question, signature: Signature, judged: Any) -> Part:
    """Return what a function owes that says for which rates an iteration converges."""
    marks, contraction, orbits = iterations.laws_of(question, signature.arguments)
    rates = partial(draw_inputs, contraction.domain)

    def diagnose(_: Outcome) -> Diagnosis:
        return ranges.of_function(question, partial(iterations.ask, judged), rates())

    asked = Claim(contraction, judged, rates, foreseen=True)
    return Part((claim(marks, judged), asked, claim(orbits, judged)), diagnose=diagnose)


def of_formulas(question: Question, name: str, formulas: Sequence[Formula]) -> Part:
    """Return what a formula for a part, or the lines of a derivation, owe."""
    wanted = wanted_of(question, name)

    def against_truth(line: Line) -> Claim:
        return _claim_of_line(replace(line, before=wanted.truth, number=1), wanted)

    lines = tuple(lines_of(formulas, wanted.truth, wanted.name))
    answer = answer_of(lines)
    part = Part(
        tuple(_claim_of_line(line, wanted) for line in lines),
        lines=lines,
        answer=answer,
        against_truth=against_truth,
        wanted=wanted,
        diagnose=lambda outcome: diagnosis.of_line(question, name, outcome.judged),
        needs=needs_of(lines, wanted),
    )
    if len(wanted.domains) > 1:
        there = wanted.domains[-1]
        claims = (
            replace(one, law=law_of(one.judged, there), inputs=partial(draw_inputs, there))
            for one in part.claims
        )
        part = replace(part, special=question.conditional, claims_there=tuple(claims))
    if contains_d(answer):
        it = "it" if len(lines) == 1 else f"line {answer.number}"
        return replace(part, wrong=f"not finished: {it} still contains d(...)")
    if _says_something(answer, wanted):
        part = replace(part, condition=answer.assumed)
        if answer.formula.when is None:  # what is assumed above it may not be needed
            part = replace(part, in_general=against_truth(replace(answer, assumptions=())))
    return part


def _claim_of_line(line: Line, wanted: Wanted) -> Claim:
    return Claim(law_of(line, wanted.domains[0]), line, partial(inputs_of, line, wanted))


def _says_something(line: Line, wanted: Wanted) -> bool:
    """Return whether some entry of some input does not meet what a line assumes."""
    return bool(line.assumptions) and any(
        any(one is False for one in line.held(case).flat) for case in inputs_of(line, wanted)
    )


def of_conditions(
    question: Question, lines: Sequence[Line], rates: Sequence[Sequence[Rate]]
) -> Part:
    """Return what a condition on the rate, or lines of them, owe at the rates that decide each.

    rates: those that tell a line from the one before it, for each.
    """
    domain = iterations.decided(question)

    def against_truth(line: Line) -> Claim:
        alone = replace(line, before=line.truth, number=1)
        inputs = partial(iterations.rates_for, question, alone)
        return Claim(iterations.law_of(alone, domain), alone, inputs)

    return Part(
        against_truth=against_truth,
        claims=tuple(
            Claim(iterations.law_of(line, domain), line, partial(list, points))
            for line, points in zip(lines, rates, strict=True)
        ),
        lines=tuple(lines),
        answer=lines[-1],
        diagnose=lambda outcome: ranges.of_condition(question, outcome.judged.formula),
    )
