"""The known mistakes as text: the table of the exam, and one mistake explained."""

import re
import string
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from gradaudit.language.showing import escaped
from gradaudit.mistakes.exam import Result
from gradaudit.mistakes.numbers import ROUNDED
from gradaudit.questions.question import Question, Slip
from gradaudit.questions.reading import read_questions
from gradaudit.telling.showing import law_name, width


def exam_text(results: Sequence[Result], errors: Iterable[tuple[str, int]]) -> str:
    """Return the table of the exam: a row for each mistake, a column for each law."""
    total = sum(len(result.sight) for result in results)
    lines = [f"{sum(result.caught for result in results)} of {total} mistakes are caught."]
    for result in results:
        laws = result.paper.laws
        lines += ["", f"{result.paper.title}: {result.caught} of {len(result.sight)}"]
        for letter, law, seen in zip(_LETTERS, laws, zip(*result.sight, strict=True), strict=False):
            lines.append(f"  {letter}  {law_name(law)}: {sum(seen)}")
        for (mistake, _), by in zip(result.paper.mistakes, result.sight, strict=True):
            row = "".join(letter if one else "." for letter, one in zip(_LETTERS, by, strict=False))
            lines.append(escaped(f"    {row}  {mistake}"))
    told = [f"  {name}: 1e-{k}" for name, k in errors]
    lines += ["", "the smallest relative error of one entry that is noticed", *told] if told else []
    return "\n".join(lines)


_LETTERS = string.ascii_letters


def known(called: str) -> dict[str, tuple[Slip, Question | None]]:
    """Return the known mistakes of questions by id, with whose they are. Raises Unreadable."""
    found: dict[str, tuple[Slip, Question | None]] = {}
    for question in read_questions(called):
        for slip in (*question.mistakes, *question.conventions):
            for name in filter(None, (slip.id, slip.also)):
                found.setdefault(name, (slip, question))
        if question.data:
            found[ROUNDED.id] = ROUNDED, None
    return found


def in_short(mistakes: Iterable[Slip]) -> str:
    """Return known mistakes, in a sentence each."""
    lines = []
    for one in mistakes:
        told = textwrap.wrap(escaped(one.sentence), width() - 4)
        lines += [escaped(one.id), *(f"    {row}" for row in told)]
    return "\n".join(lines)


def _concerned(right: Mapping[str, str], wrong: Mapping[str, str]) -> dict[str, str]:
    """Return the lines that a mistake changes, what stands in them, and what comes of them."""
    concerned = {*wrong, *(word for text in wrong.values() for word in re.findall(r"\w+", text))}
    follow = set(wrong)
    for name, text in right.items():
        if follow.intersection(re.findall(r"\w+", text)) and text not in right:
            follow.add(name)
    return {name: text for name, text in right.items() if name in concerned | follow}


def explain(mistake: Slip, question: Question | None) -> str:
    """Return a known mistake: the sentence, the wrong computation beside the right, where seen."""
    lines = [mistake.id, *textwrap.wrap(escaped(mistake.sentence), width())]
    right = {} if question is None else question.lines
    for number, change in enumerate(mistake.changes):
        wrong = {} if question is None else question.changed_lines(change)
        lines += ["", "or", ""] if number else [""]
        for name, text in right.items() if len(right) == 1 else _concerned(right, wrong).items():
            called = "" if len(right) == 1 else f"{name:<3} = "
            differs = wrong.get(name, text) != text
            if differs:
                lines.append(escaped(f"  ✗ {called}{wrong[name]}"))
            lines.append(escaped(f"  {'✓' if differs else ' '} {called}{text}"))
    if mistake.seen:
        lines += ["", f"Seen in: {escaped(mistake.seen)}"]
    return "\n".join(lines)
