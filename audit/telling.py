"""What a person or a program is told: numbers, inputs, counterexamples, verdicts."""

import json
import math
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from flint import arb, fmpq

from audit.verdicts import Audit, Verdict
from properties.diagnosis import BY_ID, Diagnosis
from properties.evaluate import FIRST_PRECISION, precision
from properties.exam import Result
from properties.laws import Law, Outcome, Refusal
from properties.mistakes import CATALOGUES, Mistake, Variant, variants
from properties.written import ASSIGNMENT, Written

LONGEST_BITS = 1000  # of what float64 can hold
LONGEST = 14  # characters of a number that is written out exactly
DIGITS = 6
INDEX_NAMES = {"dE/dy": "i", "dL/dW1": "aj", "dL/db1": "j", "dL/dw2": "j"}
MARKS = {"holds": "✓", "conditional": "~", "fails": "✗", "untested": "?", "unanswered": "·"}
COLOURS = {"holds": "32", "conditional": "33", "fails": "31", "untested": "35", "unanswered": "2"}
WIDTH = 96


def escaped(text: str) -> str:
    """Return text with everything that is not printable shown as an escape."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def show(value: Any) -> str:
    """Return a number as a person would write it, exactly where that is short."""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, np.ndarray):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | fmpq):
        return _rational(fmpq(value))
    if isinstance(value, float):
        return _float(float(value))
    if isinstance(value, arb):
        return value.mid().str(DIGITS, radius=False) if value.is_finite() else "not finite"
    return escaped(str(value))


def _rational(value: fmpq) -> str:
    if value.height_bits() > LONGEST_BITS:
        return arb(value).str(DIGITS, radius=False)
    exact = str(value)
    as_float = float(value)
    if fmpq(*as_float.as_integer_ratio()) == value:
        return min(exact, repr(as_float), key=len)  # the shortest decimal that stands for it
    return exact if len(exact) <= LONGEST else _decimal(value) or _rounded(as_float)


def _decimal(value: fmpq) -> str:
    """Return a terminating decimal of a few digits, or nothing."""
    for places in range(1, 13):
        scaled = value * fmpq(10) ** places
        if scaled.q == 1:
            return f"{float(value):.{places}f}" if abs(scaled) < 10**15 else ""
    return ""


def _float(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    exact = _rational(fmpq(*value.as_integer_ratio()))
    return exact if len(exact.lstrip("-")) <= LONGEST else _rounded(value)


def _rounded(value: float) -> str:
    return f"{value:.{DIGITS}g}"


def expected_of(refusal: Refusal) -> str:
    """Return what was expected; beside digits that somebody wrote, in decimal too."""
    if isinstance(refusal.found, Written) and isinstance(refusal.expected, fmpq):
        return _decimal(refusal.expected) or show(refusal.expected)
    return show(refusal.expected)


def difference(refusal: Refusal) -> str:
    """Return found minus expected, where both are numbers."""
    numbers = (refusal.found, refusal.expected)
    if not all(isinstance(one, int | float | fmpq | arb) for one in numbers):
        return ""
    if all(isinstance(one, int | fmpq) for one in numbers):
        return ""
    with precision(FIRST_PRECISION):
        found, expected = (_ball(one) for one in numbers)
        off = found - expected
        if not off.is_finite():
            return ""
        return ("+" if off.mid() > 0 else "") + off.mid().str(3, radius=False)


def _ball(number: Any) -> arb:
    return arb(float(number)) if isinstance(number, float) else arb(number)


def sides(refusal: Refusal) -> tuple[str, str]:
    """Return expected and found as text, the difference beside found where they are rounded."""
    expected, found = expected_of(refusal), show(refusal.found)
    exact = _is_exact(refusal.expected, expected) and _is_exact(refusal.found, found)
    off = difference(refusal)
    return expected, found if exact or not off else f"{found} (off by {off})"


def _is_exact(value: Any, shown: str) -> bool:
    """Return whether the text says the whole value."""
    if isinstance(value, arb):
        return False
    return not isinstance(value, float) or "/" in shown or float(shown) == value


def law_name(law: Law) -> str:
    """Return the name of a law as a phrase."""
    return law.check.__name__.replace("_", " ")


def describe(outcome: Outcome) -> str:
    """Return a law that fails, or is untested, in a few lines."""
    refusal = outcome.refusal
    if refusal is None:
        return escaped(outcome.reason)
    where = f"{refusal.where}: " if refusal.where else ""
    text = f"{where}found {show(refusal.found)}, expected {expected_of(refusal)}"
    off = difference(refusal)
    if off:
        text += f"; they differ by {off.lstrip('+-')}"
        if refusal.allowed is not None:
            text += f", and at most {refusal.allowed:.2g} is explained by rounding"
    note = f" ({refusal.note})" if refusal.note else ""
    return f"{outcome.law.statement}\n{text}{note}\nat {shown_input(outcome)}"


def shown_input(outcome: Outcome) -> str:
    """Return the input where a law fails, in one line."""
    if outcome.law.domain is ASSIGNMENT:
        return ASSIGNMENT.name
    return ", ".join(f"{name} = {_plain(value)}" for name, value in inputs_of(outcome).items())


def inputs_of(outcome: Outcome) -> dict[str, Any]:
    """Return the input where a law fails, name by name, as nested lists of text."""
    if outcome.at is None:
        return {}
    shown = {name: _nested(value) for name, value in outcome.at.blocks.items()}
    where = outcome.refusal.where if outcome.refusal is not None else ""
    match = re.fullmatch(r"(\S+?)\[([\d,]+)\]", where)
    if match and match[1] in INDEX_NAMES:
        shown.update(zip(INDEX_NAMES[match[1]], match[2].split(","), strict=True))
    return shown


def _nested(value: Any) -> Any:
    return [_nested(one) for one in value] if np.ndim(value) else show(value)


def as_json(audits: Sequence[Audit]) -> str:
    """Return all audits as one JSON text."""
    return json.dumps(
        {"audits": [_audit_json(audit) for audit in audits]}, indent=2, ensure_ascii=False
    )


def _audit_json(audit: Audit) -> dict[str, Any]:
    return {
        "answer": escaped(audit.answer.name),
        "holds": audit.holds,
        "answered": len(audit.answered),
        "parts": [_part_json(verdict) for verdict in audit.verdicts],
    }


def _part_json(verdict: Verdict) -> dict[str, Any]:
    counterexample = None
    failure = verdict.failure
    if failure is not None and failure.refusal is not None:
        expected, found = sides(failure.refusal)
        counterexample = {"inputs": inputs_of(failure), "expected": expected, "found": found}
    return {
        "id": verdict.part,
        "question": int(verdict.part[1]),
        "status": verdict.status,
        "condition": verdict.condition or None,
        "line": 1 if verdict.text else None,
        "mistake": verdict.diagnosis.mistake,
        "candidates": list(verdict.diagnosis.candidates),
        "explanation": explanation(verdict) or None,
        "laws": [
            {"statement": one.law.statement, "status": one.status, "examples": one.examples}
            for one in verdict.outcomes
        ],
        "counterexample": counterexample,
    }


def explanation(verdict: Verdict) -> str:
    """Return why a verdict is what it is, and what is known of the mistake."""
    return " ".join(filter(None, [f"{why(verdict)}.", *mistake(verdict.diagnosis)])).strip(".")


def mistake(known: Diagnosis) -> list[str]:
    """Return what is known of a mistake, in sentences."""
    said = []
    if known.mistake:
        said.append(BY_ID[known.mistake].sentence)
    elif known.together and len(known.candidates) == 2:
        one, other = (BY_ID[name].sentence for name in known.candidates)
        said.append(f"Consistent with two mistakes at once. {one} {other}")
    elif known.candidates:
        kind = "two mistakes at once, among" if known.together else "any of"
        said.append(f"Consistent with {kind} {', '.join(known.candidates)}.")
    if known.facts:
        said.append(f"It is {'; '.join(known.facts)}.")
    if known.hidden and not known.mistake:
        said.append(f"This part alone cannot show {', '.join(known.hidden)}.")
    return said


def why(verdict: Verdict) -> str:
    """Return why a verdict is what it is, in a sentence."""
    failure = verdict.failure
    if verdict.status == "untested":
        return escaped(verdict.reason)
    if verdict.status == "conditional" and verdict.stated:
        return f"right where {escaped(verdict.condition)}, as it says; nothing is said beyond"
    if verdict.status == "conditional":
        return f"right if you state {verdict.condition}; not in general"
    if failure is None or failure.refusal is None:
        return escaped(verdict.reason)
    if verdict.only_overflows:
        return "mathematically right on all other inputs tried, but it overflows at large logits"
    return f"it breaks the law: {failure.law.statement}"


def exam_text(results: Sequence[Result], errors: Iterable[tuple[str, int]]) -> str:
    """Return the table of the exam: a row for each mistake, a column for each law."""
    lines = []
    total = sum(len(result.sight) for result in results)
    lines.append(f"{sum(result.caught for result in results)} of {total} mistakes are caught.")
    for result in results:
        laws = result.paper.laws
        lines += ["", f"{result.paper.title}: {result.caught} of {len(result.sight)}"]
        for letter, law, seen in zip(_LETTERS, laws, zip(*result.sight, strict=True), strict=False):
            lines.append(f"  {letter}  {law_name(law)}: {sum(seen)}")
        for (variant, _), by in zip(result.paper.mistakes, result.sight, strict=True):
            row = "".join(letter if one else "." for letter, one in zip(_LETTERS, by, strict=False))
            lines.append(f"    {row}  {' and '.join(variant.ids)}: {_change(variant)}")
    lines += ["", "the smallest relative error of one entry that is noticed"]
    lines += [f"  {name}: 1e-{k}" for name, k in errors]
    return "\n".join(lines)


_LETTERS = "abcdefghijklmnop"


def _change(variant: Variant) -> str:
    """Return the lines of a wrong computation that differ from the right one."""
    right = _right_lines(variant)
    told = [
        text if name == "range" else f"{name} = {text}"
        for name, text in variant.lines.items()
        if right[name] != text
    ]
    return ", ".join([*told, *(one.data_text for one in variant.mistakes if one.data)])


def explain(mistake: Mistake) -> str:
    """Return a known mistake: the sentence, the wrong computation beside the right, where seen."""
    lines = [mistake.id, *textwrap.wrap(mistake.sentence, WIDTH)]
    for variant in _variants_of(mistake):
        lines.append("")
        right = _right_lines(variant)
        for name, text in variant.lines.items():
            called = "" if name == "range" else f"{name:<4}= "
            differs = text != right[name]
            lines.append(f"  {'✗' if differs else ' '} {called}{text}")
            if differs:
                lines.append(f"  ✓ {called}{right[name]}")
    if mistake.data_text:
        lines += [
            "",
            f"  ✗ computed {mistake.data_text}",
            "  ✓ computed on all of the data, exactly",
        ]
    if mistake.seen:
        lines += ["", f"Seen in: {mistake.seen}"]
    return "\n".join(lines)


def _variants_of(mistake: Mistake) -> list[Variant]:
    for catalogue, right in CATALOGUES:
        if mistake in catalogue:
            return variants((replace(mistake, data=()),), right)
    return []


def _right_lines(variant: Variant) -> Mapping[str, str]:
    return next(right for _, right in CATALOGUES if right.keys() == variant.lines.keys())


def as_text(audits: Sequence[Audit], *, colour: bool, detailed: bool) -> str:
    """Return audits for a person: each in full, or one row each."""
    if detailed:
        return "\n\n".join("\n".join(_in_full(audit, colour)) for audit in audits)
    width = max(len(escaped(audit.answer.name)) for audit in audits)
    rows = [_row(audit, width, colour) for audit in audits]
    if not all(audit.holds for audit in audits):
        rows += ["", "An answer that is audited alone is told in full."]
    return "\n".join(rows)


def _paint(text: str, status: str, colour: bool) -> str:
    return f"\x1b[{COLOURS[status]}m{text}\x1b[0m" if colour else text


def _overall(audit: Audit) -> str:
    statuses = [one.status for one in audit.answered]
    for status in ("fails", "conditional", "untested"):
        if status in statuses:
            return status
    return "holds" if statuses else "unanswered"


def _row(audit: Audit, width: int, colour: bool) -> str:
    overall = _overall(audit)
    name = escaped(audit.answer.name).ljust(width)
    others = [f"{one.part} {one.status}" for one in audit.answered if one.status != "holds"]
    holding = sum(one.status == "holds" for one in audit.answered)
    rest = "; ".join([*others, f"{holding} hold" if holding else ""]).rstrip("; ")
    mark = _paint(f"{MARKS[overall]} {overall}".ljust(14), overall, colour)
    return f"{name}  {mark}{rest}".rstrip()


def _in_full(audit: Audit, colour: bool) -> Iterable[str]:
    yield escaped(audit.answer.name)
    for verdict in audit.answered:
        mark = _paint(f"{MARKS[verdict.status]} {verdict.status}".ljust(14), verdict.status, colour)
        yield f"  {verdict.part:<13} {mark} {_tried(verdict)}".rstrip()
    if unanswered := [one.part for one in audit.verdicts if one.status == "unanswered"]:
        yield _paint(
            f"  {MARKS['unanswered']} unanswered: {', '.join(unanswered)}", "unanswered", colour
        )
    for verdict in audit.verdicts:
        if verdict.status in ("fails", "conditional"):
            yield ""
            yield from _paragraph(verdict, colour)
    answered = audit.answered
    if len(answered) > 1:
        holding = sum(one.status == "holds" for one in answered)
        yield ""
        yield f"{holding} of {len(answered)} answered parts hold."


def _tried(verdict: Verdict) -> str:
    if verdict.status == "untested":
        return escaped(verdict.reason)
    outcomes = verdict.outcomes
    if not outcomes:
        return ""
    failing = sum(one.status == "fails" for one in outcomes)
    if failing:
        return f"refused by {failing} of {len(outcomes)} laws" if len(outcomes) > 1 else "refused"
    (least, most) = (f(one.examples for one in outcomes) for f in (min, max))
    laws = "1 law" if len(outcomes) == 1 else f"{len(outcomes)} laws"
    domain = outcomes[0].law.domain
    if domain.strategy is None:
        return f"{laws}, on {domain.name}" + (f" ({most} of them)" if most > 1 else "")
    return f"{laws}, on {least} inputs" + (" or more" if least < most else "")


def _paragraph(verdict: Verdict, colour: bool) -> Iterable[str]:
    failure = verdict.failure
    is_ = "is " if verdict.status == "conditional" else ""
    head = f"{MARKS[verdict.status]} {verdict.part} {is_}{verdict.status}"
    plain = verdict.status == "fails" and failure is not None and not verdict.only_overflows
    yield _paint(head, verdict.status, colour) + ("" if plain else f": {why(verdict)}")
    name = verdict.diagnosis.mistake
    for sentence in mistake(verdict.diagnosis):
        yield _line("mistake", f"{sentence} ({name})") if name else _line("note", sentence)
    if verdict.text:
        yield _line("formula", verdict.text)
    if failure is None or failure.refusal is None:
        return
    refusal = failure.refusal
    if plain and not name:
        yield _line("law", failure.law.statement)
    yield _line("input", shown_input(failure))
    expected, found = sides(refusal)
    yield _line("expected", f"{refusal.where} = {expected}" if refusal.where else expected)
    yield _line("found", f"{found}   ({refusal.note})" if refusal.note else found)


def _line(label: str, text: str) -> str:
    lines = textwrap.wrap(escaped(text), WIDTH - 14, break_on_hyphens=False)
    return f"    {label:<10}" + ("\n" + " " * 14).join(lines)


def _plain(value: Any) -> str:
    return "[" + ", ".join(map(_plain, value)) + "]" if isinstance(value, list) else str(value)
