"""`gradaudit lint`: read an exercise, and say what its numbers can't show."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradaudit.answers.tables import number
from gradaudit.judging.cases import Case, obeys
from gradaudit.language.numbers import each
from gradaudit.mistakes.lint import Lint, better, lint
from gradaudit.questions.files import Unreadable, load_toml
from gradaudit.questions.question import Given, Question
from gradaudit.questions.reading import read_questions
from gradaudit.telling.showing import width

MAX_SIZE = 8  # of an index set


def of_numbers(name: str) -> Question:
    """Return the question that asks for numbers, of a file or the library. Raises Unreadable."""
    for question in read_questions(name):
        if question.data:
            return question
    raise Unreadable("no question of it has data, so none asks for numbers; state [NAME.data]")


def read_exercise(path: str, question: Question) -> Case:
    """Read the data of an exercise. Raises Unreadable for anything else than exactly that."""
    tables, keys = load_toml(path), list(question.given)
    unknown = [key for key in tables if key not in keys]
    missing = [key for key in keys if key not in tables]
    if unknown or missing:
        wrong = f"{unknown[0]}: unknown key" if unknown else f"{missing[0]}: missing"
        raise Unreadable(f"{wrong}; an exercise has {', '.join(keys)} and nothing else")
    sizes: dict[str, int] = {}
    given = {name: _array(one, tables[name]) for name, one in question.given.items()}
    for name, one in question.given.items():
        shape = np.shape(given[name])
        for axis, size in zip(one.axes, shape, strict=True):
            if size > MAX_SIZE:
                raise Unreadable(f"{name}: {size} of {axis}; at most {MAX_SIZE} are looked at")
            sizes.setdefault(axis, size)
        wanted = tuple(sizes[axis] for axis in one.axes)
        if shape != wanted:
            others = "to go with the others"
            raise Unreadable(f"{name}: shape {wanted} is wanted, {others}; found {shape}")
    case = Case(question, given, sizes)
    if unmet := [one.text for one in question.assume if not case.meets(one)]:
        raise Unreadable(f"it does not meet what the question assumes: {unmet[0]}")
    if not obeys(case):
        raise Unreadable("a value is not of the kind that is given")
    return case


def _array(given: Given, value: Any) -> Any:
    found, axes = np.array(value, dtype=object), len(given.axes)
    if found.ndim != axes or not found.size:
        of = ("a number", "a list of numbers", "a list of rows of one length")
        raise Unreadable(f"{given.name}: {of[min(axes, 2)]} is wanted")
    return each(lambda one: number(given.name, one).value, found if axes else value)


def lint_text(case: Case) -> tuple[str, bool]:
    """Return what is to be said of an exercise, and whether it is clean."""
    said = lint(case)
    return "\n".join(_lines(case, said)), said.clean


def _lines(case: Case, said: Lint) -> Iterator[str]:
    question = case.question
    for name, axis, place in said.off:
        thing = _called(question, axis, place)
        yield f"{thing} is off throughout: {name} is nowhere above 0, so nothing passes there"
    for name, places in said.near:
        index = f"[{','.join(map(str, places))}]"
        yield f"{name}{index} is at or near the kink"
    for part, ids in said.hidden.items():
        label = question.parts[part].label
        yield from _listed(f"{label} comes out right with {len(ids)} of the known mistakes", ids)
    if said.clean:
        yield "every known mistake shows wherever it can show"
        return
    try:
        proposal = better(case)
    except LookupError:
        yield "no better data of these sizes were found"
        return
    yield from ("", "Better data of the same sizes:", "")
    for key, value in proposal.given.items():
        whole = bool(question.given[key].within)
        yield f"{key} = {_toml(value, whole)}"
    yield ""
    left = lint(proposal)
    for part, ids in left.hidden.items():
        label = question.parts[part].label
        yield from _listed(f"On these, {label} still comes out right with", ids)
    if not any(left.hidden.values()):
        yield "On these, every known mistake shows wherever it can show."
    for part, ids in left.invisible.items():
        label = question.parts[part].label
        yield from _listed(f"No data of these sizes that were tried show in {label}", ids)


def _called(question: Question, index_set: str, place: int) -> str:
    """Return what a question calls the thing at a place of an index set."""
    word, letter = question.called.get(index_set, ("place", index_set))
    return f"{word} {letter} = {place}"


def _listed(head: str, ids: Sequence[str]) -> Iterator[str]:
    """Yield what is listed, if anything is."""
    indent = " " * 4
    if ids:
        yield f"{head}:"
        yield textwrap.fill(
            ", ".join(ids),
            width(),
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )


def _toml(value: Any, whole: bool) -> str:
    if np.ndim(value):
        return "[" + ", ".join(_toml(one, whole) for one in value) + "]"
    if whole:
        return str(value)
    return f"{float(value):.1f}".replace("-0.0", "0.0")
