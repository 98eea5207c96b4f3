"""A question as a person reads it, and what came of checking it."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradaudit.answers.checking import LOOSEST, NOT_STABLE, Checked
from gradaudit.judging.cases import Case
from gradaudit.language.showing import decimal, escaped
from gradaudit.questions.question import Given, Question, Signature
from gradaudit.telling.showing import width


def in_short(files: Mapping[str, Sequence[Question]]) -> str:
    """Return the names of files of questions with the titles of these."""
    longest = max(map(len, files), default=0)
    titles = {name: "; ".join(one.title for one in several) for name, several in files.items()}
    return "\n".join(f"{name:<{longest}}  {escaped(said)}" for name, said in titles.items())


def in_full(checked: Checked) -> str:
    """Return a question, its reference, its mistakes, and what is wrong with it."""
    return "\n".join(_lines(checked))


def _lines(checked: Checked) -> Iterator[str]:
    question = checked.question
    yield escaped(f"{question.name}: {question.title}")
    yield from textwrap.wrap(escaped(question.task), width())
    yield from _block("given", map(as_given, question.given.values()))
    yield from _block("assumed", (one.text for one in question.assume))
    yield from _block("model", question.define)
    yield from _block("one step", question.iteration.step if question.iteration else ())
    yield from _block("functions", (_function(question, one) for one in question.functions))
    data = (f"{name} = {as_numbers(value)}" for name, value in question.data.items())
    yield from _block("data", data)
    yield from _block("names of the reference", question.own)
    for name, asked in question.parts.items():
        verdict = checked.references.get(name)
        mark = "·" if verdict is None else "✓" if verdict.status == "holds" else "✗"
        yield f"{mark} {name} = {escaped(asked.truth.text)}"
        for line in asked.reference:
            reason = f"   # {line.reason}" if line.reason else ""
            yield escaped(
                f"    {line.text}{f' when {line.condition}' if line.when else ''}{reason}"
            )
    for name, found in checked.tolerances.items():
        yield f"  {name} is judged on {found.inputs} inputs"
        median = f"the median tolerance is {found.median:.0e} of the largest entry"
        loose = f", and it is more than {LOOSEST:.0e} of it on {found.loose}" * bool(found.loose)
        yield f"    {median}{loose}"
        told = {why: _not_judged(cases, why) for why, cases in found.elsewhere.items() if cases}
        unstable = [told.pop(NOT_STABLE)] if NOT_STABLE in told else []
        yield from _block("not on others", list(told.values()))
        yield from _block("not on others, until the reference is written more stably", unstable)
    if checked.edits:
        yield f"  {checked.edits} wrong edits of the reference are refused"
    yield from _block("any right answer", (f"{one.name}: {one.say}" for one in question.owes))
    yield from _block("mistakes", (f"{one.id}: {one.sentence}" for one in question.mistakes))


def _not_judged(cases: Sequence[Case], why: str) -> str:
    at = ", ".join(f"{name} = {as_numbers(value)}" for name, value in cases[0].given.items())
    return f"on {len(cases)} {why}, as on {at}"


def _block(title: str, lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    told = list(lines)
    if told:
        yield f"  {title}"
        for line in told:
            yield from textwrap.wrap(
                escaped(line), width(), initial_indent="    ", subsequent_indent="      "
            )


def as_numbers(value: Any) -> str:
    """Return exact numbers as decimals, in nested lists."""
    return f"[{', '.join(map(as_numbers, value))}]" if np.ndim(value) else decimal(value)


def indexed(name: str, axes: Sequence[str]) -> str:
    """Return a name with the index sets of its axes, where they are known."""
    return f"{name}[{','.join(axes)}]" if axes and all(axes) else name


def as_given(one: Given) -> str:
    """Return an input as a question gives it."""
    name = indexed(one.name, one.axes)
    if one.within:
        return f"{name} in {one.within}"
    if one.among:
        return f"{name} in {{{', '.join(map(str, one.among))}}}"
    return f"{name}, symmetric positive definite" if one.definite else name


def _function(question: Question, one: Signature) -> str:
    returned = ", ".join(question.parts[part].label for part in one.parts)
    returned = "True or False" if question.iteration else returned
    return f"{one.name}({', '.join(one.arguments)}) -> {returned}"
