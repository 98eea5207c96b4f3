"""What comes of the known mistakes of a question, and of small edits of what is right."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from gradaudit.language.formula import Formula
from gradaudit.mistakes.edits import edits_of
from gradaudit.questions.question import Question


@dataclass(frozen=True, eq=False)
class Wrong:
    """One way of making a mistake, or two at once: the formula that comes of it for every part.

    lines: those of the right computation that differ.
    """

    ids: tuple[str, ...]
    formulas: dict[str, Formula]
    lines: dict[str, str]


@cache
def wrong_answers(question: Question) -> list[Wrong]:
    """Return every variant of every mistake of a question."""
    return [
        _wrong(question, (slip.id,), change)
        for slip in question.mistakes
        for change in slip.changes
    ]


@cache
def edited_answers(question: Question) -> list[Wrong]:
    """Return what comes of every edit of the right formulas of a question."""
    return [Wrong((what,), formulas, lines) for what, formulas, lines in edits_of(question)]


@cache
def wrong_twice(question: Question) -> list[Wrong]:
    """Return every two mistakes made at once, where neither hides the other.

    Of an iteration they are those that it knows to be made together.
    """
    if question.iteration:
        return [_wrong(question, ids, change) for ids, change in question.two_at_once]
    single = [(slip.id, change) for slip in question.mistakes for change in slip.changes]
    seen = {tuple(sorted(one.lines.items())) for one in wrong_answers(question)}
    made = []
    for (one, first), (other, second) in itertools.permutations(single, 2):
        lines = question.changed_lines(first, second)
        if one != other and (both := tuple(sorted(lines.items()))) not in seen:
            seen.add(both)
            made.append(_wrong(question, (one, other), first, second))
    return made


def _wrong(question: Question, ids: tuple[str, ...], *changes: Mapping[str, str]) -> Wrong:
    return Wrong(ids, question.changed(*changes), question.changed_lines(*changes))
