"""The parts of an answer, and what each of them owes: laws, held against what the answer says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from flint import fmpq

from gradaudit.answers.process import RemoteFunction
from gradaudit.judging import iterations, network, softmax, written
from gradaudit.judging.derivation import (
    GRADIENT,
    GRADIENT_ONE_HOT,
    PARAMETERS,
    Line,
    Wanted,
    answer_of,
    contains_d,
    inputs_of,
    law_of,
    lines_of,
)
from gradaudit.judging.form import InForm
from gradaudit.judging.laws import Law, Outcome, hold
from gradaudit.judging.needs import needs_of
from gradaudit.judging.strategies import (
    ANY_TARGETS,
    FORMULA_SUM_ONE,
    TRUE_CLASS,
    draw_inputs,
)
from gradaudit.judging.written import Block
from gradaudit.language.formula import Formula
from gradaudit.mistakes import diagnosis, ranges
from gradaudit.mistakes.catalogue import FORWARD
from gradaudit.mistakes.diagnosis import Diagnosis
from gradaudit.questions.assignment import DATA, QUESTION3
from gradaudit.questions.inputs import Logits, Network, exact, one_hot
from gradaudit.questions.iteration import Rate
from gradaudit.questions.question import Question, Signature

BLOCKS = Network.PARAMETERS
PARTS = (
    *(f"q1.{name}" for name in (*FORWARD, *BLOCKS)),
    *(f"q1.derivation.{block}" for block in BLOCKS),
    "q1.gradients",
    "q2.gradient",
    "q2.one_hot",
    *(f"q3.{part}" for part in QUESTION3.parts),
)
_LOGITS = exact(map(fmpq, (0, 1, -1)))
SHOWN: dict[str, Network | Logits] = {  # where the form of results shows: the sizes differ
    "q1.gradients": DATA,
    "q2.gradient": Logits(_LOGITS, exact(map(fmpq, (1, 0, 2)))),
    "q2.one_hot": Logits(_LOGITS, one_hot(3, 1), 1),
}
WANTED = {
    **{f"q1.derivation.{block}": wanted for block, wanted in PARAMETERS.items()},
    "q2.gradient": GRADIENT,
    "q2.one_hot": GRADIENT_ONE_HOT,
}


@dataclass(frozen=True)
class Claim:
    """One law, held against what an answer says, on the inputs that it speaks of.

    foreseen: whether it asks for each of the inputs, once.
    """

    law: Law
    judged: Any
    inputs: Callable[[], Sequence[Any]]
    foreseen: bool = False

    def outcome(self) -> Outcome:
        """Hold the judged to the law."""
        inputs = self.inputs()
        if self.foreseen and isinstance(self.judged, RemoteFunction):
            self.judged.foresee([one.arguments() for one in inputs])
        return hold(self.law, self.judged, inputs)


@dataclass(frozen=True)
class Part:
    """What an answer says to one part of the assignment, or of another question.

    claims: what it owes. where_sum_is_one: what it owes where sum(t) == 1, if it can be right
    just there. condition: an assumption that its answer states, or that is stated above it, and
    in_general: what the answer owes without. wrong: why it is wrong as it stands. unfinished: why
    it is no answer yet. untested: why it can't be judged. lines: of a derivation, or the one
    formula; answer is the line that counts. against_truth: what a line owes if it is held to the
    truth, not to the line above. wanted: the derivative that it is to find, if it is one. numbers:
    those written. texts: of formulas that can't be read. diagnose: finds the mistake that a failing
    outcome shows.
    """

    claims: tuple[Claim, ...] = ()
    where_sum_is_one: tuple[Claim, ...] = ()
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

    parts: in order. tables: those of an answer in TOML, with their keys; one in another is written
    with a dot. read: returns the part at a path such as question2.gradient, from what stands there
    and the names of `where`; it raises Unreadable. part_of: the name of the part at a path.
    functions: those of a Python answer. questions: by the first word of the names of their parts.
    together: what is done when all parts are read.
    """

    parts: tuple[str, ...] = ()
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    read: Callable[[str, Any, Any], Part] = lambda path, value, where: Part()
    part_of: Callable[[str], str] = str
    functions: Mapping[str, Owed] = field(default_factory=dict)
    questions: Mapping[str, Question] = field(default_factory=dict)
    together: Callable[[dict[str, Part]], None] = lambda parts: None


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
    wanted = PARAMETERS.get(block.name)
    return Part((claim(written.LAW, block),), wanted=wanted, numbers=block)


def of_function(part: str, laws: Sequence[Law], judged: Any) -> Part:
    """Return what a function owes."""
    if part in SHOWN:
        judged = InForm(judged, SHOWN[part])
    claims = tuple(claim(law, judged) for law in laws)
    diagnose: dict[str, Callable[[Any], Diagnosis]] = {
        "q1.gradients": lambda at: diagnosis.of_network_function(judged, at),
        "q2.gradient": lambda at: diagnosis.of_softmax_function(
            judged, draw_inputs(ANY_TARGETS), at
        ),
        "q2.one_hot": lambda at: diagnosis.of_softmax_function(judged, draw_inputs(TRUE_CLASS), at),
    }
    whole = Part(claims, diagnose=lambda outcome: diagnose[part](outcome.at))
    if part != "q2.gradient":
        return whole
    weaker = tuple(claim(law, judged) for law in softmax.LAWS_WHERE_SUM_IS_ONE)
    return replace(whole, where_sum_is_one=weaker)


def of_rate_function(question: Question, signature: Signature, judged: Any) -> Part:
    """Return what a function owes that says for which rates an iteration converges."""
    marks, contraction, orbits = iterations.laws_of(question, signature.arguments)
    rates = partial(draw_inputs, contraction.domain)

    def diagnose(_: Outcome) -> Diagnosis:
        return ranges.of_function(question, partial(iterations.ask, judged), rates())

    asked = Claim(contraction, judged, rates, foreseen=True)
    return Part((claim(marks, judged), asked, claim(orbits, judged)), diagnose=diagnose)


FUNCTIONS = {
    "network_gradients": Owed(
        "q1.gradients", 4, partial(of_function, "q1.gradients", network.LAWS)
    ),
    "softmax_gradient": Owed("q2.gradient", 1, partial(of_function, "q2.gradient", softmax.LAWS)),
    "softmax_gradient_one_hot": Owed(
        "q2.one_hot", 1, partial(of_function, "q2.one_hot", softmax.LAWS_ONE_HOT)
    ),
    **{
        one.name: Owed(f"q3.{one.parts[0]}", 1, partial(of_rate_function, QUESTION3, one))
        for one in QUESTION3.functions
    },
}


def of_formulas(wanted: Wanted, formulas: Sequence[Formula]) -> Part:
    """Return what a formula, or the lines of a derivation, owe."""

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
        diagnose=lambda outcome: diagnosis.of_line(outcome.judged, wanted),
        needs=needs_of(lines, wanted),
    )
    if FORMULA_SUM_ONE in wanted.domains:
        weaker = tuple(
            replace(
                one,
                law=law_of(one.judged, FORMULA_SUM_ONE),
                inputs=partial(draw_inputs, FORMULA_SUM_ONE),
            )
            for one in part.claims
        )
        part = replace(part, where_sum_is_one=weaker)
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
