"""The solution as a document: what the answer says, line by line, with what came of it.

This module says what stands in the document, as data; `report.typ` says how it looks. Whatever an
answer consists of goes in as data: text as strings, formulas by `typesetting` from the tree that
was checked, and as code where that has no sign for them.
"""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from flint import fmpq

from gradaudit.answers.verdicts import Audit, Verdict
from gradaudit.judging.derivation import Line
from gradaudit.judging.descent import TRUTH, following, multiplier
from gradaudit.judging.laws import Outcome
from gradaudit.judging.rates import holds_at
from gradaudit.language.formula import Formula, Scope
from gradaudit.language.outcomes import NoValue
from gradaudit.language.showing import decimal, escaped, show
from gradaudit.questions.assignment import DATA, NETWORK, ONE_HOT, RATE
from gradaudit.questions.inputs import Rate
from gradaudit.telling.showing import shown_input
from gradaudit.telling.typesetting import BREAK, NotSet, definition, mathematics
from gradaudit.telling.verdicts import mistake, notes, unequal, why, written

TEMPLATE = Path(__file__).with_name("report.typ")
LONGEST_WORD, LONGEST_IN_A_COLUMN = 40, 16  # letters; a longer one may be broken anywhere
MOST_LINES = 20  # about what is malformed
SHOWN_RATES = tuple(fmpq(k, 100) for k in (-2, 0, 5, 10, 15, 19, 20, 22))
STEPS = 12
EDGE = 2  # how far an orbit is drawn, in starting distances
START = fmpq(1)


def typesetter() -> Any:
    """Return the package that makes the document. Raises NotSet."""
    try:
        import typst
    except ImportError:
        raise NotSet("it needs the package typst: pip install typst") from None
    return typst


def pdf(audits: Sequence[Audit]) -> bytes:
    """Return the document on audits of one answer, the same for the same.

    Raises NotSet.
    """
    document: bytes = compiled(audits, format="pdf")
    return document


def compiled(audits: Sequence[Audit], **options: Any) -> Any:
    """Return what the typesetter makes of the document. Raises NotSet."""
    typst = typesetter()
    try:
        return typst.compile(
            TEMPLATE.read_bytes(),
            sys_inputs={"document": json.dumps(document(audits))},
            ignore_system_fonts=True,  # those of the package are the same everywhere
            **options,
        )
    except typst.TypstError as error:
        raise NotSet(str(error).partition("\n")[0]) from None


def document(audits: Sequence[Audit]) -> dict[str, Any]:
    """Return all that stands in the document."""
    answered = [verdict for audit in audits for verdict in audit.answered]
    holding = sum(one.status == "holds" for one in answered)
    return {
        "answer": soft(" and ".join(_name(audit, audits) for audit in audits)),
        "overall": f"{holding} of {len(answered)} answered parts hold.",
        "malformed": _malformed(audits),
        "glyphs": all(map(_has_glyphs, _texts(audits))),
        "data": {name: _nested(value) for name, value in DATA.blocks.items()},
        "questions": [_question(number, audits) for number in (1, 2, 3)],
    }


def _malformed(audits: Sequence[Audit]) -> list[str]:
    lines = [soft(line) for audit in audits for line in audit.answer.malformed]
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else [*lines[:MOST_LINES], f"And {more} more of the kind."]


def _texts(audits: Sequence[Audit]) -> Iterator[str]:
    """Yield the texts of an answer that are shown as they are."""
    for audit in audits:
        yield audit.answer.name
        for part in audit.answer.parts.values():
            for line in part.lines:
                yield line.formula.reason


def _has_glyphs(text: str) -> bool:
    """Return whether the fonts of the document have all letters; they have those of Europe."""
    return all(ord(letter) < 0x530 or 0x2000 <= ord(letter) < 0x2C00 for letter in text)


def _name(audit: Audit, audits: Sequence[Audit]) -> str:
    """Return the name of an answer, without the folder that it happens to lie in."""
    return audit.answer.name if len(audits) > 1 else Path(audit.answer.name).name


def soft(text: str, longest: int = LONGEST_WORD) -> str:
    """Return text with places where a long word may be broken."""
    words = escaped(text).split(" ")
    return " ".join(word if len(word) <= longest else "\u200b".join(word) for word in words)


def _question(number: int, audits: Sequence[Audit]) -> dict[str, Any]:
    own = [one for audit in audits for one in audit.answered if one.part.startswith(f"q{number}")]
    parts = [_part(verdict) for verdict in own]
    return {
        "number": number,
        "formulas": [one for one in parts if one["kind"] == "formulas"],
        "numbers": [one for one in parts if one["kind"] == "numbers"],
        "functions": [one for one in parts if one["kind"] == "laws"],
        "unread": [one for one in parts if one["kind"] == "unread"],
        "orbits": list(_orbits(own)) if number == 3 and own else [],
        "steps": STEPS,
        "edge": float(EDGE),
    }


def _part(verdict: Verdict) -> dict[str, Any]:
    common = {
        "id": verdict.part,
        "status": verdict.status,
        "what": WHAT.get(verdict.part, verdict.part),
        "remarks": [soft(one) for one in _remarks(verdict)],
    }
    if verdict.said.lines:
        return {**common, "kind": "formulas", **_formulas(verdict)}
    if verdict.said.numbers is not None:
        return {**common, "kind": "numbers", "values": _nested(verdict.said.numbers.numbers)}
    if verdict.outcomes:
        return {**common, "kind": "laws", "laws": [_law(one) for one in verdict.outcomes]}
    return {**common, "kind": "unread", "texts": list(map(soft, verdict.said.texts))}


WHAT = {  # what a part speaks of, in Typst's mathematics
    **{name: f"bold({name[-1]})" for name in ("q1.z", "q1.h", "q1.y", "q1.e")},
    **{
        f"q1.{between}{name}": f"frac(partial L, partial {sign})"
        for between in ("", "derivation.")
        for name, sign in {
            "W1": "W^((1))",
            "b1": "bold(b)^((1))",
            "w2": "bold(w)^((2))",
            "b2": "b^((2))",
        }.items()
    },
    "q2.gradient": "frac(partial E, partial bold(y))",
    "q2.one_hot": "frac(partial E, partial bold(y))",
}


def _remarks(verdict: Verdict) -> Iterator[str]:
    """Yield what a person is told of a part that does not simply hold."""
    failure = verdict.failure
    if verdict.said.lines and verdict.status == "fails":
        if verdict.reason:
            yield f"{_capital(verdict.reason)}."
        return  # the rest stands beside the lines that are wrong
    if verdict.status in ("fails", "conditional", "untested"):
        yield f"{_capital(why(verdict))}."
        if not verdict.said.lines:
            yield from mistake(verdict.diagnosis)
    if not verdict.said.lines:
        yield from (f"{_capital(one)}." for one in notes(verdict))
    if failure is not None and failure.refusal is not None and not verdict.said.lines:
        yield _counterexample(failure)


def _capital(text: str) -> str:
    return text if text.startswith("question") else text[:1].upper() + text[1:]


def _counterexample(outcome: Outcome) -> str:
    refusal = outcome.refusal
    assert refusal is not None
    expected, found = refusal.sides
    of = f"{refusal.where} is " if refusal.where else ""
    note = f" ({refusal.note})" if refusal.note else ""
    return f"At {shown_input(outcome)}: {of}{expected}; found {found}{note}."


def _formulas(verdict: Verdict) -> dict[str, Any]:
    lines = verdict.said.lines
    scope = lines[0].formula.scope
    question = RATE if verdict.part[1] == "3" else NETWORK if verdict.part[1] == "1" else ONE_HOT
    used = frozenset().union(*(line.formula.all_names for line in lines))
    own = [name for name in scope.defined if name not in question.defined and name in used]
    return {
        "own": [_definition(name, scope) for name in own],
        "lines": [
            _line(line, outcome, verdict)
            for line, outcome in zip(lines, verdict.outcomes, strict=True)
        ],
        "begins": verdict.part[1] != "3" and not _is_the_question(lines[0]),
        "relation": "arrow.l.r.double" if verdict.part[1] == "3" else "=",
        "entry": not lines[0].formula.names.isdisjoint(scope.free),
    }


def _is_the_question(line: Line) -> bool:
    """Return whether a first line says itself what is wanted, as a derivative."""
    match line.formula.tree:
        case ast.Call(func=ast.Name(id="d")):
            return True
    return False


def _line(line: Line, outcome: Outcome, verdict: Verdict) -> dict[str, Any]:
    told = {
        "number": line.number,
        "status": verdict.status if outcome.status == "fails" else outcome.status,
        "inputs": outcome.examples if line.name and outcome.status == "holds" else 0,
        "reason": soft(line.formula.reason, LONGEST_IN_A_COLUMN),
        "wrong": [soft(f"It repeats line {line.number - 1}.")] if line.repeats else [],
        **_printed(line.formula, written(line), condition=line.name is None),
    }
    if outcome.refusal is not None:
        expected, found = outcome.refusal.sides
        note = f" ({outcome.refusal.note})" if outcome.refusal.note else ""
        before = f"line {line.number - 1}" if line.number > 1 else "the truth"
        values = f"{before} is {expected}, this line {found}"
        if not line.name:
            values = f"{before} {expected}, this line {found}"
        known = mistake(verdict.diagnosis) if outcome is verdict.failure else []
        if isinstance(outcome.refusal.expected, str) and line.name:
            values = f"wanted is {expected}, and this line is {found}"
        at = f"At {shown_input(outcome)}: {values}{note}."
        if line.number in verdict.recovered:
            known = ["It is right again, though it does not equal the line above."]
        told["wrong"] += [soft(one) for one in (f"{_capital(unequal(outcome))}.", at, *known)]
    elif outcome.status == "untested":
        told["wrong"] += [soft(f"It could not be judged: {outcome.reason}.")]
    return told


def _printed(formula: Formula, code: str, *, condition: bool) -> dict[str, Any]:
    """Return a formula as mathematics, with its unbreakable pieces, and as code."""
    try:
        text = mathematics(formula, condition=condition)
        if formula.when is not None:
            where = 'quad upright("where") thick'
            text += f" {BREAK}{where} {mathematics(formula.assumption(), condition=True)}"
    except NotSet:
        text = ""
    return _pieces(text, code)


def _definition(name: str, scope: Scope) -> dict[str, Any]:
    try:
        text = definition(name, scope)
    except NotSet:
        text = ""
    return _pieces(text, f"{name} = {scope.written[name]}")


def _pieces(text: str, code: str) -> dict[str, Any]:
    return {"math": text.replace(BREAK, ""), "pieces": text.split(BREAK), "code": soft(code)}


def _nested(value: Any) -> Any:
    """Return an array as nested lists of text, a number as text."""
    if np.ndim(value):
        return [_nested(one) for one in value]
    value = value[()] if isinstance(value, np.ndarray) else value
    return decimal(value) if isinstance(value, fmpq) else str(value)


def _law(outcome: Outcome) -> dict[str, Any]:
    return {
        "statement": soft(outcome.law.statement),
        "status": outcome.status,
        "inputs": outcome.examples,
    }


def _orbits(verdicts: Sequence[Verdict]) -> Iterator[Mapping[str, Any]]:
    """Yield the first steps of descent at rates in and beside the range."""
    answer = next((one.said.answer for one in verdicts if one.said.answer is not None), None)
    for eta in SHOWN_RATES:
        points = [START]
        while len(points) <= STEPS and abs(points[-1]) <= EDGE * START:
            points.append(following(points[-1], eta))
        converges = holds_at(TRUTH, Rate(eta))
        yield {
            "eta": show(eta),
            "multiplier": show(multiplier(eta)),
            "points": [float(point) for point in points],
            "converges": converges,
            "disputed": answer is not None and _says(answer.formula, eta) != converges,
        }


def _says(condition: Formula, eta: fmpq) -> bool:
    try:
        return holds_at(condition, Rate(eta))
    except NoValue:
        return False
