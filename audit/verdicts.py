"""From the outcomes of laws to one verdict for each part of an answer."""

import math
from dataclasses import dataclass, field, replace

from audit.answers import PARTS, Answer, Part
from properties.diagnosis import Diagnosis
from properties.laws import Outcome
from properties.softmax import is_right_at_huge_logits

SUM_IS_ONE = "sum(t) == 1"


@dataclass(frozen=True)
class Verdict:
    """What is said of one part.

    status: holds, conditional, fails, untested or unanswered. condition: what it is conditional
    on. reason: why it is untested, or wrong without a counterexample. stated: the answer states
    its condition itself. text: the formula as written. outcomes: one for each law. diagnosis:
    which known mistake it is.
    """

    part: str
    status: str
    outcomes: tuple[Outcome, ...] = ()
    condition: str = ""
    reason: str = ""
    stated: bool = False
    text: str = ""
    diagnosis: Diagnosis = field(default_factory=Diagnosis)

    @property
    def failure(self) -> Outcome | None:
        """The outcome that is shown: the first law that fails."""
        return next((one for one in self.outcomes if one.status == "fails"), None)

    @property
    def only_overflows(self) -> bool:
        """Whether nothing is wrong but that it leaves the range of float64 at huge logits."""
        failing = [one for one in self.outcomes if one.status == "fails"]
        if len(failing) != 1 or failing[0].law.check is not is_right_at_huge_logits:
            return False
        found = failing[0].refusal.found if failing[0].refusal else None
        return isinstance(found, float) and not math.isfinite(found)


@dataclass(frozen=True)
class Audit:
    """All verdicts on an answer, one for each part, in the order of the assignment."""

    answer: Answer
    verdicts: tuple[Verdict, ...]

    @property
    def answered(self) -> tuple[Verdict, ...]:
        """The verdicts on parts that the answer has."""
        return tuple(one for one in self.verdicts if one.status != "unanswered")

    @property
    def holds(self) -> bool:
        """Whether every part that is answered holds, and one is."""
        return self.exit_code == 0

    @property
    def exit_code(self) -> int:
        """2 something malformed; else 1 a part fails; else 3 untested or nothing; else 0."""
        statuses = {one.status for one in self.answered}
        if self.answer.malformed:
            return 2
        if statuses & {"fails", "conditional"}:
            return 1
        return 3 if "untested" in statuses or not statuses else 0


def audit(answer: Answer) -> Audit:
    """Judge every part of an answer, and end its processes."""
    try:
        verdicts = [_verdict(name, answer.parts.get(name)) for name in PARTS]
    finally:
        answer.close()
    return Audit(answer, tuple(verdicts))


def _verdict(name: str, part: Part | None) -> Verdict:
    if part is None:
        return Verdict(name, "unanswered")
    if part.untested:
        return Verdict(name, "untested", reason=part.untested, text=part.text)
    if part.wrong:
        return Verdict(name, "fails", reason=part.wrong, text=part.text)
    verdict = Verdict(
        name, "holds", tuple(claim.outcome() for claim in part.claims), text=part.text
    )
    statuses = {one.status for one in verdict.outcomes}
    if "fails" in statuses:
        conditional = part.where_sum_is_one and all(
            claim.outcome().status == "holds" for claim in part.where_sum_is_one
        )
        return replace(
            verdict,
            status="conditional" if conditional else "fails",
            condition=SUM_IS_ONE if conditional else "",
            diagnosis=part.diagnose(),
        )
    if "untested" in statuses:
        reason = next(one.reason for one in verdict.outcomes if one.status == "untested")
        if part.condition and not verdict.outcomes[0].examples:
            reason = f"no input meets its own assumption, {part.condition}"
        return replace(verdict, status="untested", reason=reason)
    if part.condition:
        return replace(verdict, status="conditional", condition=part.condition, stated=True)
    return verdict
