"""The known mistakes as text: the table of the exam, and one mistake explained."""

import string
import textwrap
from collections.abc import Iterable, Sequence

from gradaudit.language.showing import escaped
from gradaudit.mistakes.catalogue import (
    CATALOGUES,
    CONVENTIONS,
    NETWORK_LINES,
    Lines,
    Mistake,
    variants,
)
from gradaudit.mistakes.diagnosis import BY_ID
from gradaudit.mistakes.exam import Result
from gradaudit.questions.assignment import QUESTION3
from gradaudit.questions.question import Question, Slip, read_questions
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


def known(called: str | None) -> dict[str, tuple[Mistake | Slip, Question | None]]:
    """Return the known mistakes of a question, else of the assignment, by id. Raises Unreadable."""
    if called is None:
        of = {name: QUESTION3 if isinstance(one, Slip) else None for name, one in BY_ID.items()}
        return {name: (one, of[name]) for name, one in BY_ID.items()}
    return {slip.id: (slip, one) for one in read_questions(called) for slip in one.mistakes}


def in_short(mistakes: Iterable[Mistake | Slip]) -> str:
    """Return known mistakes, in a sentence each."""
    lines = []
    for one in mistakes:
        told = textwrap.wrap(escaped(one.sentence), width() - 4)
        lines += [escaped(one.id), *(f"    {row}" for row in told)]
    return "\n".join(lines)


def explain(mistake: Mistake | Slip, asked: Question | None = None) -> str:
    """Return a known mistake: the sentence, the wrong computation beside the right, where seen."""
    lines = [mistake.id, *textwrap.wrap(escaped(mistake.sentence), width())]
    for number, (right, wrong) in enumerate(_computations(mistake, asked)):
        lines += ["", "or", ""] if number else [""]
        for name, text in right.items():
            called = "" if len(right) == 1 else f"{name:<3} = "
            differs = wrong.get(name, text) != text
            if differs:
                lines.append(escaped(f"  ✗ {called}{wrong[name]}"))
            lines.append(escaped(f"  {'✓' if differs else ' '} {called}{text}"))
    if isinstance(mistake, Mistake) and mistake.data_text:
        lines += [
            "",
            f"  ✗ computed {mistake.data_text}",
            "  ✓ computed on the data as they are, exactly",
        ]
    if mistake.seen:
        lines += ["", f"Seen in: {escaped(mistake.seen)}"]
    return "\n".join(lines)


def _computations(mistake: Mistake | Slip, asked: Question | None) -> list[tuple[Lines, Lines]]:
    """Return for each variant the right lines and the wrong ones."""
    if isinstance(mistake, Slip):
        assert asked is not None
        return [(asked.lines, asked.changed_lines(change)) for change in mistake.changes]
    for catalogue, right in (*CATALOGUES, (CONVENTIONS, NETWORK_LINES)):
        if mistake in catalogue and not mistake.data:
            return [(right, variant.lines) for variant in variants((mistake,), right)]
    return []
