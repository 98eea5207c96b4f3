"""What a person or a program is told of an audit."""

import itertools
import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gradaudit.answers.verdicts import Audit, Verdict
from gradaudit.judging.derivation import Line
from gradaudit.judging.laws import Outcome, Refusal, SharedMemory
from gradaudit.judging.shown import inputs_of, shown_input
from gradaudit.judging.written import Block
from gradaudit.language.formula import Formula
from gradaudit.language.outcomes import NoValue
from gradaudit.language.showing import escaped, show
from gradaudit.mistakes.diagnosis import Diagnosis
from gradaudit.mistakes.mends import Mend
from gradaudit.telling.showing import width

STATUSES = (
    *("holds", "conditional", "fails", "untested"),
    *("unreadable", "malformed", "unanswered"),
)
MARKS = dict(zip(STATUSES, "✓~✗?!!·", strict=True))
COLOURS = dict(zip(STATUSES, (32, 33, 31, 35, 35, 35, 2), strict=True))
SAID_IN_FULL = 2  # candidates whose sentences are told
FEW = 4  # parts of a question that are not all named, if they are unanswered


def as_json(audits: Sequence[Audit]) -> str:
    """Return all audits as one JSON text."""
    return json.dumps({"audits": [audit_json(audit) for audit in audits]}, indent=2)


def audit_json(audit: Audit) -> dict[str, Any]:
    """Return an audit as data."""
    return {
        "answer": escaped(audit.answer.name),
        "unreadable": escaped(audit.unreadable) or None,
        "malformed": list(map(escaped, audit.answer.malformed)),
        "holds": audit.holds,
        "answered": len(audit.answered),
        "parts": [_part_json(verdict) for verdict in audit.verdicts],
    }


def _part_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": verdict.part,
        "question": _question(verdict.part),
        "status": verdict.status,
        "condition": verdict.condition or None,
        "line": verdict.line,
        "mistake": verdict.diagnosis.mistake,
        "candidates": list(verdict.diagnosis.candidates),
        "form": bool(verdict.only_form and verdict.form and not verdict.form.summed),
        "factor": verdict.diagnosis.factor or None,
        "hidden": list(verdict.diagnosis.hidden),
        "explanation": explanation(verdict) or None,
        "laws": [
            {"statement": one.law.statement, "status": one.status, "examples": one.examples}
            for one in verdict.outcomes
        ],
        "lines": [_line_json(one) for one in verdict.outcomes if verdict.is_derivation],
        "counterexample": _counterexample(verdict.failure),
        "needs": list(map(escaped, verdict.said.needs)),
        "given": list(verdict.given),
        "mend": None if verdict.mend is None else vars(verdict.mend),
    }


def _question(part: str) -> int | str:
    """Return the name of the question that a part is of, or its number in the assignment."""
    name = part.partition(".")[0]
    numbered = re.fullmatch(r"q(\d)", name)
    return int(numbered[1]) if numbered else name


def _line_json(outcome: Outcome) -> dict[str, Any]:
    line: Line = outcome.judged
    return {
        "line": line.number,
        "formula": written(line),
        "status": outcome.status,
        "remark": outcome.reason if outcome.status == "holds" and outcome.reason else None,
        "counterexample": _counterexample(outcome),
    }


def _counterexample(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None or outcome.refusal is None:
        return None
    expected, found = outcome.refusal.sides
    return {"inputs": inputs_of(outcome), "expected": expected, "found": found}


def explanation(verdict: Verdict) -> str:
    """Return why a verdict is what it is, and what is known of the mistake."""
    reason = why(verdict)
    said = [f"{reason}." if reason else "", *mistake(verdict.diagnosis)]
    return " ".join(filter(None, [*said, *(f"{one}." for one in notes(verdict))])).removesuffix(".")


def notes(verdict: Verdict) -> list[str]:
    """Return what else there is to say of a verdict."""
    said = list(map(escaped, verdict.form.told)) if verdict.form else []
    if verdict.first_wrong:
        said.append(f"the first wrong step is {verdict.first_wrong}")
    if verdict.given:
        said.append(f"right given the answer's own {' and '.join(verdict.given)}")
    if verdict.is_derivation and verdict.failures[1:]:
        said.append(f"wrong as well: {_lines(verdict.failures[1:])}")
    carried = [one for one in verdict.outcomes if one.carries]
    if verdict.status == "fails" and carried:
        said.append(f"what is wrong is carried on in {_lines(carried)}")
    digits_lost = False  # one cause, which several laws may meet
    for one in (*verdict.outcomes, *verdict.weaker):
        which = f"line {one.judged.number}" if verdict.is_derivation else "it"
        if one.status == "holds" and one.reason and not (one.at and digits_lost):
            digits_lost = digits_lost or one.at is not None
            where = f", where {shown_input(one)}" if one.at else ""
            said.append(f"{which} {one.reason.removeprefix('it ')}{where}")
        if one.status == "untested" != verdict.status and verdict.is_derivation:
            said.append(f"{which} could not be judged: {escaped(one.reason)}")
    again = (line.number for line in verdict.said.lines if line.repeats)
    said += (f"line {number} repeats line {number - 1}" for number in again)
    failing = verdict.failure and verdict.failure.refusal
    if isinstance(failing, SharedMemory):
        said.append("the values are right; return a copy for each result, with memory of its own")
    remarks = any("no value" in one.reason for one in verdict.outcomes if one.status == "holds")
    told = isinstance(failing.found, NoValue) if failing else not remarks
    if verdict.said.needs and verdict.is_derivation and told:
        said.append(f"needs {escaped(', '.join(verdict.said.needs))}")
    return said


def _lines(outcomes: Sequence[Outcome]) -> str:
    """Return which lines they are of."""
    numbers = ", ".join(str(one.judged.number) for one in outcomes)
    return f"lines {numbers}" if outcomes[1:] else f"line {numbers}"


def mistake(known: Diagnosis) -> list[str]:
    """Return what is known of a mistake, in sentences."""
    said = []
    if known.mistake and known.factor:
        first, _, rest = known.sentences[known.mistake].partition(" ")
        first = first.lower() if first.istitle() else first  # not that of `ReLU`
        said.append(f"Apart from the factor {known.factor}: {first} {rest}")
    elif known.mistake:
        said.append(known.sentences[known.mistake])
    elif known.together and len(known.candidates) == 2:
        one, other = (known.sentences[name] for name in known.candidates)
        said.append(f"Consistent with {' and '.join(known.candidates)} at once. {one} {other}")
    elif known.together and known.candidates:
        said.append(f"Consistent with two at once, among {', '.join(known.candidates)}.")
    elif len(known.candidates) > SAID_IN_FULL:
        said.append(f"Consistent with {', '.join(known.candidates)}.")
    elif known.candidates:
        each = (f"{name}: {known.sentences[name]}" for name in known.candidates)
        said.append(f"Consistent with {' Or '.join(each)}")
    if known.edit:
        said.append(known.edit)
    if known.facts:
        said.append(f"It is {'; '.join(known.facts)}.")
    if known.hidden:
        said.append(f"This part alone cannot show {len(known.hidden)} of the known mistakes.")
    return said


def why(verdict: Verdict) -> str:
    """Return why a verdict is what it is, in a sentence."""
    failure = verdict.failure
    if verdict.status == "untested":
        return escaped(verdict.reason)
    if verdict.status == "conditional" and verdict.stated:
        return f"right where {escaped(verdict.condition)}, as it says; nothing is said beyond"
    if verdict.status == "conditional":
        line = f"line {verdict.line} is " if verdict.is_derivation else ""
        also = " as well" if failure is not None and _assumes(failure) else ""
        return f"{line}right if you state {verdict.condition}{also}; not in general"
    if failure is None or failure.refusal is None:
        return escaped(verdict.reason)
    if verdict.is_derivation:
        also = f"; and {verdict.reason}" if verdict.reason else ""
        return f"{unequal(failure)}{also}"
    if verdict.only_form and verdict.form:
        if verdict.form.summed:
            return "right but for a sum that is left out"
        return "the values are right, their form is not"
    if verdict.finite_elsewhere:
        found = show(failure.refusal.found)
        where = "where a number overflows or becomes 0"
        return f"mathematically right on all other inputs tried, but {found} {where}"
    return f"it breaks the law: {failure.law.statement}"


def _assumes(outcome: Outcome) -> bool:
    return isinstance(outcome.judged, Line) and bool(outcome.judged.assumptions)


def unequal(outcome: Outcome) -> str:
    """Return what is wrong with a line, in a sentence."""
    line: Line = outcome.judged
    this = f"line {line.number}"
    truth = "the true derivative" if line.name else f"the contraction {line.truth.text}"
    other = truth if line.number == 1 else f"line {line.number - 1}"
    if line.name and isinstance(getattr(outcome.refusal, "found", None), NoValue):
        return f"{this} has no value on some inputs on which {other} has one"
    if line.name:
        return f"{this} does not equal {other}"
    return f"{this} does not hold for the same rates as {other}"


def as_text(audits: Sequence[Audit], *, colour: bool, detailed: bool) -> str:
    """Return audits for a person: each in full, or one row each."""
    if detailed:
        return "\n\n".join("\n".join(_in_full(audit, colour)) for audit in audits)
    names = [escaped(audit.answer.name) for audit in audits]
    longest = max(map(len, names))
    rows = [
        row(name.ljust(longest), overall(audit), summary(audit), colour=colour)
        for name, audit in zip(names, audits, strict=True)
    ]
    if not all(audit.holds for audit in audits):
        rows += ["", "An answer that is audited alone is told in full."]
    return "\n".join(rows)


def _paint(text: str, status: str, colour: bool) -> str:
    return f"\x1b[{COLOURS[status]}m{text}\x1b[0m" if colour else text


def overall(audit: Audit) -> str:
    """Return the one status that stands for an audit, the worst of its parts."""
    if audit.unreadable:
        return "unreadable"
    statuses = [one.status for one in audit.answered] + ["malformed"] * bool(audit.answer.malformed)
    worst_first = ("fails", "conditional", "malformed", "untested", "holds")
    return next((status for status in worst_first if status in statuses), "unanswered")


def summary(audit: Audit) -> str:
    """Return what is told of an audit in a row: all that does not hold, and how many parts do."""
    others = [escaped(audit.unreadable or " ".join(audit.answer.malformed[:1]))]
    others += [f"{one.part} {one.status}" for one in audit.answered if one.status != "holds"]
    others += [f"{audit.holding} hold"] if audit.holding else []
    return "; ".join(filter(None, others))


def row(name: str, status: str, told: str, *, colour: bool) -> str:
    """Return one answer as a row."""
    mark = _paint(f"{MARKS[status]} {status}".ljust(14), status, colour)
    return f"{name}  {mark}{told}".rstrip()


def _in_full(audit: Audit, colour: bool) -> Iterable[str]:
    told: dict[int, str] = {}  # which part a diagnosis has been told of
    yield escaped(audit.answer.name)
    longest = max((len(one.part) for one in audit.answered), default=0)
    for verdict in audit.answered:
        mark = _paint(f"{MARKS[verdict.status]} {verdict.status}".ljust(14), verdict.status, colour)
        yield f"  {verdict.part:<{longest}} {mark} {tried(verdict)}".rstrip()
    if unanswered := [one.part for one in audit.verdicts if one.status == "unanswered"]:
        text = f"  {MARKS['unanswered']} unanswered: {', '.join(in_few_words(unanswered))}"
        for row in textwrap.wrap(text, width(), subsequent_indent=" " * 16):
            yield _paint(row, "unanswered", colour)
    for verdict in audit.verdicts:
        if verdict.status in ("fails", "conditional"):
            yield ""
            yield from _paragraph(verdict, told, colour)
            told.setdefault(id(verdict.diagnosis), verdict.part)
    if len(audit.answered) > 1:
        yield ""
        yield f"{audit.holding} of {len(audit.answered)} answered parts hold."


def in_few_words(parts: Iterable[str]) -> Iterable[str]:
    """Yield the names of parts, or how many there are of a question."""
    for question, group in itertools.groupby(parts, lambda part: part.partition(".")[0]):
        names = list(group)
        yield ", ".join(names) if len(names) < FEW else f"{len(names)} parts of {question}"


def tried(verdict: Verdict) -> str:
    """Return on how much a verdict rests, in a phrase."""
    if verdict.status == "untested":
        some = verdict.is_derivation and 0 < len(_judged(verdict)) < len(verdict.outcomes)
        return f"{_tried(verdict)}: {why(verdict)}" if some else why(verdict)
    if not verdict.outcomes:
        return ""
    if verdict.status == "fails" and not verdict.failures:
        return "not finished: d is left" + (f"; {_tried(verdict)}" * verdict.is_derivation)
    return _tried(verdict)


def _judged(verdict: Verdict) -> list[Outcome]:
    return [one for one in verdict.outcomes if one.status != "untested"]


def _tried(verdict: Verdict) -> str:
    outcomes, failures, lines = verdict.outcomes, verdict.failures, verdict.is_derivation
    judged = _judged(verdict) or outcomes
    left_out = len(outcomes) - len(judged)
    unjudged = [f"{left_out} could not be judged"] * (lines and left_out > 0)
    if failures and lines:
        are = "are" if failures[1:] else "is"
        return "; ".join([f"{_lines(failures)} {are} refused, of {len(outcomes)}", *unjudged])
    if failures:
        return "refused" + (f" by {len(failures)} of {len(outcomes)} laws" if outcomes[1:] else "")
    least, most = (f(one.examples for one in judged) for f in (min, max))
    on = f"on {least}{f' to {most}' if least < most else ''} inputs"
    if (domain := outcomes[0].law.domain).strategy is None:
        count = f" (decided at {most} that stand for them)" if most > 1 else ""
        on = f"on {domain.name}{count}"
        if lines and outcomes[0].judged.name is None:
            on = domain.name.replace("all rates", "at any rate")
    laws = f"{len(outcomes)} law{'s' * (len(outcomes) > 1)}, "
    held = f"{len(outcomes)} lines, no line found wrong " if lines else laws
    return "; ".join([held + on, *(unjudged or notes(verdict))])


def in_full(verdict: Verdict) -> str:
    """Return what is told of a part that does not hold."""
    return "\n".join(_paragraph(verdict, {}, colour=False))


def _paragraph(verdict: Verdict, told: Mapping[int, str], colour: bool) -> Iterable[str]:
    yield _paint(head(verdict), verdict.status, colour)
    yield from (_line(label, text) for label, text in details(verdict, told))


def head(verdict: Verdict) -> str:
    """Return the first line of what is told of a part that does not hold."""
    unfinished = verdict.failure is None and verdict.status == "fails"
    is_ = "is " if verdict.status == "conditional" else ""
    said = f"is {why(verdict)}" if unfinished else f"{is_}{verdict.status}"
    told_below = is_plain(verdict) and not verdict.is_derivation
    reason = "" if told_below or unfinished else f": {why(verdict)}"
    return f"{MARKS[verdict.status]} {verdict.part} {said}{reason}"


def is_plain(verdict: Verdict) -> bool:
    """Return whether a law fails at an input, and neither for size nor for form alone."""
    failure = verdict.failure
    special = verdict.finite_elsewhere or verdict.only_form
    return verdict.status == "fails" and failure is not None and not special


def details(verdict: Verdict, told: Mapping[int, str] | None = None) -> Iterator[tuple[str, str]]:
    """Yield all else that is told of a part that does not hold, each with its label.

    told: the parts by the diagnosis that has been told of them.
    """
    failure = verdict.failure
    name = verdict.diagnosis.mistake
    before = (told or {}).get(id(verdict.diagnosis))
    if before and mistake(verdict.diagnosis):
        yield "mistake", f"as in {before}"
    for number, sentence in enumerate([] if before else mistake(verdict.diagnosis)):
        named = (name or verdict.diagnosis.edit) and not number
        with_id = f"{sentence} ({name})" if name else sentence
        yield ("mistake", with_id) if named else ("note", sentence)
    for note in notes(verdict):
        yield "note", note
    if verdict.is_derivation:
        for number, one in enumerate(verdict.failures):
            if number:
                yield "also", unequal(one)
            yield from _wrong_line(one)
            if not number and verdict.mend:
                yield "mend", mend(verdict.mend)
        return
    if verdict.said.answer is not None:
        yield "formula", written(verdict.said.answer)
    if verdict.mend:
        yield "mend", mend(verdict.mend)
    if failure is None or failure.refusal is None or verdict.only_form:
        return
    found = verdict.diagnosis
    more = found.candidates or found.edit or verdict.mend or verdict.given
    if is_plain(verdict) and not more:
        yield "law", failure.law.statement
    if not isinstance(failure.judged, Block):
        yield "input", shown_input(failure)
    yield from _expected_and_found(failure.refusal)


def mend(found: Mend) -> str:
    """Return what would make a line right, in a sentence."""
    stands = f"stands for {found.stands_for}, and " if found.stands_for else ""
    place = f"column {found.column}" if found.where is None else f"where {found.where}"
    return f"{place}: {found.wrong} {stands}should be {found.right}"


def of_line(outcome: Outcome) -> str:
    """Return what is told of a line that does not hold."""
    if outcome.refusal is None:
        return escaped(outcome.reason)
    lines = (_line(label, text) for label, text in _wrong_line(outcome))
    return "\n".join([unequal(outcome), *lines])


def _wrong_line(outcome: Outcome) -> Iterator[tuple[str, str]]:
    line: Line = outcome.judged
    refusal = outcome.refusal
    if refusal is None:
        return
    if line.number > 1:
        yield f"line {line.number - 1}", written(line.before)
    yield f"line {line.number}", written(line)
    yield "input", shown_input(outcome)
    above = "wanted" if isinstance(refusal.expected, str) and line.name else "before"
    yield from _expected_and_found(refusal, "expected" if line.number == 1 else above)


def _expected_and_found(refusal: Refusal, label: str = "expected") -> Iterator[tuple[str, str]]:
    expected, found = refusal.sides
    where = f"{refusal.where} = " if refusal.where and label == "expected" else ""
    yield label, where + expected
    yield "found", f"{found}   ({refusal.note})" if refusal.note else found


def written(line: Line | Formula) -> str:
    """Return a line as it is written, with what it assumes and without its reason."""
    formula = line.formula if isinstance(line, Line) else line
    return escaped(formula.text + (f" when {formula.condition}" if formula.condition else ""))


def _line(label: str, text: str) -> str:
    lines = textwrap.wrap(escaped(text), width() - 14, break_on_hyphens=False)
    return f"    {label:<10}" + ("\n" + " " * 14).join(lines)
