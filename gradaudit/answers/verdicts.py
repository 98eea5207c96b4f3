"""From the outcomes of laws to one verdict for each part of an answer."""

import math
import os
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from types import MappingProxyType

from gradaudit.answers.parts import ALIKE, Answer, Part
from gradaudit.judging.calling import describe
from gradaudit.judging.cases import Case
from gradaudit.judging.derivation import Line
from gradaudit.judging.domains import draw_inputs
from gradaudit.judging.form import Form, InForm
from gradaudit.judging.laws import (
    CannotGoOn,
    DoesNotApply,
    Outcome,
    SharedMemory,
    WrongForm,
    refusal_at,
)
from gradaudit.judging.written import Block
from gradaudit.language.formula import Formula, FormulaError
from gradaudit.language.outcomes import Missing
from gradaudit.mistakes.diagnosis import Diagnosis
from gradaudit.mistakes.following import followed
from gradaudit.mistakes.mends import Judged, Mend, mends_of
from gradaudit.questions.files import Unreadable
from gradaudit.questions.question import Question

MOST_COMPLAINTS = 20
WORST_FIRST = (2, 1, 3, 0)


@dataclass(frozen=True)
class Verdict:
    """What is said of one part.

    finite_elsewhere: every law that refuses it does so where it is not finite, and nowhere else.
    status: holds, conditional, fails, untested or unanswered. said: what the answer says to it.
    outcomes: one for each law. condition: what it is conditional on. stated: the answer states
    that itself. reason: why it is untested, or wrong without a counterexample. first_wrong: the
    step of the forward pass that is wrong before it. given: the wrong steps that it rightly follows
    from. weaker: what came of all that fails where the
    condition is met. diagnosis: which known mistake it is. mend: what would make the first wrong
    line right.
    """

    part: str
    status: str
    said: Part = field(default_factory=Part)
    outcomes: tuple[Outcome, ...] = ()
    condition: str = ""
    stated: bool = False
    reason: str = ""
    first_wrong: str = ""
    given: tuple[str, ...] = ()
    weaker: tuple[Outcome, ...] = ()
    diagnosis: Diagnosis = field(default_factory=Diagnosis)
    finite_elsewhere: bool = False
    mend: Mend | None = None

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The outcomes that fail; of a derivation, one for each wrong line."""
        return tuple(one for one in self.outcomes if one.status == "fails")

    @property
    def failure(self) -> Outcome | None:
        """The outcome that is shown first: the first law that fails, by values if one does."""
        return min(self.failures, key=_leaves_values, default=None)

    @property
    def only_form(self) -> bool:
        """Whether nothing is wrong but the form of the results."""
        return self.failure is not None and isinstance(self.failure.refusal, WrongForm)

    @property
    def form(self) -> Form | None:
        """How the form of the results differs from the wanted one, if it does."""
        judged = self.outcomes[0].judged if self.outcomes else None
        return judged.form if isinstance(judged, InForm | Block) else None

    @property
    def is_derivation(self) -> bool:
        """Whether the answer gives lines, not just a formula."""
        return len(self.said.lines) > 1

    @property
    def line(self) -> int | None:
        """The line that the verdict speaks of: the first that is wrong, or untested, or the answer.

        None where there is no formula.
        """
        if self.said.answer is None:
            return None
        for one in (*self.failures, *(one for one in self.outcomes if one.status == "untested")):
            return int(one.judged.number)
        return self.said.answer.number


def _leaves_values(outcome: Outcome) -> bool:
    """Return whether a refusal says nothing of values."""
    return isinstance(outcome.refusal, WrongForm | SharedMemory)


@dataclass(frozen=True)
class Audit:
    """All verdicts on an answer, one for each part, in the order of the question.

    unreadable: why there are none.
    """

    answer: Answer
    verdicts: tuple[Verdict, ...] = ()
    unreadable: str = ""

    @property
    def answered(self) -> tuple[Verdict, ...]:
        """The verdicts on parts that the answer has."""
        return tuple(one for one in self.verdicts if one.status != "unanswered")

    @property
    def holding(self) -> int:
        """How many of them hold."""
        return sum(one.status == "holds" for one in self.answered)

    @property
    def holds(self) -> bool:
        """Whether every part that is answered holds, and one is."""
        return self.exit_code == 0

    @property
    def exit_code(self) -> int:
        """2 unreadable or malformed; else 1 a part fails; else 3 untested or nothing; else 0."""
        statuses = {one.status for one in self.answered}
        if self.unreadable or self.answer.malformed:
            return 2
        if statuses & {"fails", "conditional"}:
            return 1
        return 3 if "untested" in statuses or not statuses else 0


def worst(codes: Iterable[int]) -> int:
    """Return the exit code of several answers from those of each."""
    return min(codes, key=WORST_FIRST.index)


def first_of(complaints: Sequence[str]) -> list[str]:
    """Return the first of many complaints, and how many more there are."""
    told, more = list(complaints[:MOST_COMPLAINTS]), len(complaints) - MOST_COMPLAINTS
    return [*told, f"and {more} more of the kind"] if more > 0 else told


def why_unreadable(error: Exception) -> str:
    """Return what is wrong with an answer that raises this, or where we are wrong ourselves."""
    if isinstance(error, Unreadable):
        return str(error)
    *_, (at, number) = traceback.walk_tb(error.__traceback__)
    place = f"{os.path.basename(at.f_code.co_filename)}, line {number}"
    return f"gradaudit itself is wrong here, please report it: {describe(error)} ({place})"


def audit(answer: Answer) -> Audit:
    """Judge every part of an answer, and end its processes."""
    try:
        return judged(answer)
    finally:
        answer.close()


def judged(answer: Answer) -> Audit:
    """Judge every part of an answer, whose functions can be asked more after that."""
    parts = answer.parts
    verdicts = [judge(name, parts.get(name), parts) for name in answer.sheet.parts]
    return Audit(answer, tuple(_with_first_wrong_step(verdicts)))


def _with_first_wrong_step(verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
    """Yield verdicts; numbers that are wrong after a wrong step say which, and if they follow."""
    first, earlier = dict[Question, str](), list[Block]()
    for verdict in verdicts:
        numbers = verdict.said.numbers
        wrong = numbers is not None and verdict.status == "fails" and not verdict.only_form
        if numbers is None or not wrong:
            yield verdict
        else:
            before = [one for one in earlier if one.question is numbers.question]
            step = first.get(numbers.question, "")
            yield replace(verdict, first_wrong=step, given=followed(numbers, before))
        if numbers is not None and not numbers.is_part:
            if wrong:
                first.setdefault(numbers.question, verdict.part)
            earlier.append(numbers)


def judge(
    name: str, part: Part | None, parts: Mapping[str, Part] = MappingProxyType({})
) -> Verdict:
    """Judge one part; None where the answer does not have it.

    parts: all of the answer, so that what mends this one leaves right what is so in the others.
    """
    if part is None:
        return Verdict(name, "unanswered")
    if part.untested:
        return Verdict(name, "untested", part, reason=part.untested)
    if not part.lines:
        return _judge(name, part)
    verdict = _judge_lines(name, part)
    if verdict.status != "fails" or verdict.failure is None:
        return verdict
    own = _names_of(name, part)
    beside = {other: one for other, one in parts.items() if own and _names_of(other, one) == own}
    mend = _mends(tuple({**beside, name: part}.items()))[name]
    if mend and verdict.is_derivation:  # an edit speaks of the last line, and not of this
        verdict = replace(verdict, diagnosis=replace(verdict.diagnosis, edit=""))
    return replace(verdict, mend=mend)


def _names_of(name: str, part: Part) -> tuple[str, ...]:
    """Return where the names of its own that a part shares with others stand, and what they are."""
    written = part.lines[0].formula.scope.written.values() if part.lines else ()
    return (name.rpartition(".")[0], *written) if written else ()


@lru_cache(maxsize=ALIKE)
def _judge_lines(name: str, part: Part) -> Verdict:
    """Judge lines once: answers that have the same ones have the same part."""
    try:
        return _judge(name, part)
    finally:
        for line in part.lines:
            line.workings.forget()


def _judge(name: str, part: Part) -> Verdict:
    outcomes = tuple(_with_recovery(part, list(_outcomes(part))))
    verdict = Verdict(name, "holds", part, outcomes, reason=part.wrong)
    if verdict.failure is not None:
        weaker = () if part.wrong else _where_special(part, verdict)
        known = Diagnosis() if verdict.only_form else part.diagnose(verdict.failure)
        return replace(
            verdict,
            finite_elsewhere=all(map(_is_finite_elsewhere, verdict.failures)),
            status="conditional" if weaker else "fails",
            condition=part.special.text if part.special and weaker else "",
            weaker=weaker,
            diagnosis=known,
        )
    if part.wrong:
        return replace(verdict, status="fails")
    if part.unfinished:
        return replace(verdict, status="untested", reason=part.unfinished)
    for one in outcomes:
        if one.status == "untested":
            line = f"line {one.judged.number}: " if verdict.is_derivation else ""
            return replace(verdict, status="untested", reason=line + one.reason)
    if part.condition and not (part.in_general and part.in_general.outcome().status == "holds"):
        return replace(verdict, status="conditional", condition=part.condition, stated=True)
    return verdict


def _outcomes(part: Part) -> Iterator[Outcome]:
    """Yield what comes of the claims of a part.

    Of a function one counterexample is shown; of numbers there is none smaller than the data.
    """
    shown = part.numbers is not None
    for claim in part.claims:
        outcome = claim.outcome(smallest=bool(part.lines) or not shown)
        yield outcome
        shown = shown or (outcome.status == "fails" and not _leaves_values(outcome))


def _is_finite_elsewhere(outcome: Outcome) -> bool:
    """Return whether a function of any question is refused only where it is not finite.

    If it is nowhere else at most inputs, that is no matter of numbers that overflow.
    """
    if not isinstance(outcome.at, Case) or isinstance(outcome.judged, Line):
        return False
    right = 0
    inputs = draw_inputs(outcome.law.domain)
    for case in (outcome.at, *inputs):
        try:
            refusal = refusal_at(outcome.law, outcome.judged, case)
        except (Missing, DoesNotApply, CannotGoOn):
            return False
        found = None if refusal is None else refusal.found
        if refusal is not None and not (isinstance(found, float) and not math.isfinite(found)):
            return False
        right += refusal is None
    return 2 * right > len(inputs)


@lru_cache(maxsize=ALIKE)
def _mends(parts: tuple[tuple[str, Part], ...]) -> dict[str, Mend | None]:
    """Return what would make wrong lines right, of parts with the same names of one's own."""
    judged = [_as_judged(part, _judge_lines(name, part).outcomes) for name, part in parts]
    return dict(zip(dict(parts), mends_of(judged), strict=True))


def _as_judged(part: Part, outcomes: Sequence[Outcome]) -> Judged:
    """Return the lines of a part with what came of them."""
    inputs = {claim.judged: claim.inputs for claim in part.claims}

    def holds(mended: Line) -> bool:
        assert part.against_truth is not None
        try:
            return part.against_truth(mended).outcome(smallest=False).status == "holds"
        except FormulaError:  # a condition that cannot be decided
            return False

    right = [one.judged for one in outcomes if one.status == "holds" and not one.carries]
    wrong = [one.judged for one in outcomes if one.status == "fails" or one.carries]
    return Judged(part.lines, right, wrong, lambda line: inputs[line](), holds)


def _with_recovery(part: Part, outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
    """Yield outcomes; a line that is unlike a wrong one above it, but like the truth, holds."""
    wrong = False
    for outcome in outcomes:
        told = outcome
        if wrong and part.against_truth and outcome.status in ("fails", "holds"):
            truly = part.against_truth(outcome.judged).outcome(smallest=False)
            if outcome.status == "holds":
                told = replace(outcome, carries=truly.status == "fails")
            elif truly.status == "holds":
                right = "equals the derivative" if outcome.judged.name else "has the right rates"
                told = replace(truly, judged=outcome.judged, reason=f"it {right} again")
        wrong = wrong or told.status == "fails"
        yield told


def _where_special(part: Part, verdict: Verdict) -> tuple[Outcome, ...]:
    """Return what comes of all that fails under a condition of its question, if it holds there."""
    if part.special is None:
        return ()
    failing = {id(one.judged): one for one in reversed(verdict.failures)}
    weaker = []
    for claim in part.claims_there:
        if id(claim.judged) in failing:
            weaker.append(claim.outcome(smallest=False))
            if weaker[-1].status != "holds":
                return ()
    elsewhere = partial(_fails_elsewhere, part.special)
    return tuple(weaker) if all(map(elsewhere, failing.values())) else ()


def _fails_elsewhere(condition: Formula, outcome: Outcome) -> bool:
    """Return whether a law refuses what is judged at most inputs that do not meet a condition."""
    refused = []
    for case in draw_inputs(outcome.law.domain):
        if not case.meets(condition):
            with suppress(Missing, DoesNotApply, CannotGoOn):
                refused.append(refusal_at(outcome.law, outcome.judged, case) is not None)
    return 2 * sum(refused) > len(refused)
