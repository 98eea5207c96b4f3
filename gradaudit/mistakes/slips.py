"""What comes of the known mistakes of a question, and of small edits of what is right."""

import ast
import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial

from gradaudit.language.formula import Formula, FormulaError, mentioned, parse
from gradaudit.mistakes.edits import as_factor, edits
from gradaudit.questions.question import Asked, Question, split_loops
from gradaudit.questions.shapes import axes_of

# words of a sentence, where they stand for no name
WORDS = ("a", "by", "factor", "mask", "mean", "missing", "of", "term", "the", "way")
LONGEST = 200  # characters of one in which what has a name in the reference is written out


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
    return list(_edited(question))


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


def _edited(question: Question) -> Iterator[Wrong]:
    """Yield what comes of each edit, its id a sentence about it.

    First come those of each answer, of its chain rule before its formula, then those of the lines
    that lead to them.
    """
    right = {name: asked.closed for name, asked in question.parts.items()}
    told = partial(_sentence, question)
    for name, asked in question.parts.items():
        free = tuple(asked.closed.scope.free.items())
        for what, text in itertools.chain(_chains(question, asked), edits(asked.closed.text, free)):
            with suppress(FormulaError):
                found = parse(text, asked.closed.scope)
                yield Wrong((told(asked.label, what),), {**right, name: found}, {})
    used = frozenset[str]().union(*(one.names for one in right.values()))
    for name in reversed([name for name in question.lines if name in used]):
        text, loops = split_loops(" ".join(question.lines[name].split()))
        made = sorted(edits(text, tuple(loops.items())), key=lambda one: "the mean" in one[0])
        means = sum("the mean" in what for what, _ in made)
        # the mean of two is half of their sum, and what is right may be one
        made.insert(len(made) - means, ("half of it is taken", f"({text})/2"))
        for what, edited in made:
            with suppress(FormulaError):
                formulas = question.changed({name: edited})
                yield Wrong((told(name, what),), formulas, {name: edited})


def _sentence(question: Question, where: str, what: str) -> str:
    """Return what was done; what only the reference has a name for is written out, or explained."""
    own = {line.partition("=")[0].partition("[")[0].strip(): line for line in question.own}
    label = "" if where in own else f"In {where}: "  # of a part
    said = written = what if label else f"In {where}: {what}"
    for name in reversed(own):  # of which the later are made of the earlier
        formula, loops = split_loops(question.lines[name])
        if not loops and name not in WORDS:
            written = re.sub(rf"\b{name}\b(?!\[)", partial(_in_place_of, formula), written)
    said = written if len(written) <= LONGEST else said
    pending, legend = re.findall(r"\w+", said), dict[str, str]()
    while pending:
        if (name := pending.pop(0)) in own and name not in legend:
            legend[name] = f"{name} = {question.lines[name]}"
            pending += re.findall(r"\w+", question.lines[name])
    return label + said + (f", where {' and '.join(legend.values())}" if legend else "") + "."


def _in_place_of(formula: str, name: re.Match[str]) -> str:
    """Return a formula as it stands in place of a name in a sentence."""
    before, after = name.string[: name.start()], name.string[name.end() :]
    alone = re.search(r"(^|\b[A-Za-z]+ |: )$", before) and re.match(r"$|:| [a-z]", after)
    inside = before.endswith("(") and after.startswith(")")
    return formula if alone or inside else as_factor(formula)


def _chains(question: Question, asked: Asked) -> Iterator[tuple[str, str]]:
    """Yield where the chain rule may stop too early, and what may be taken for a constant."""
    of, by = map(ast.unparse, asked.truth.tree.args)  # type: ignore[attr-defined]  # a call of d
    defined = question.scope.defined
    steps = [
        name
        for name, tree in defined.items()
        if name in asked.truth.names and name != of and asked.by in mentioned(tree, defined)
    ]
    for name in steps:
        if (axes := axes_of(name, question)) == asked.axes:
            entry = f"{name}[{', '.join(asked.truth.scope.free)}]" if axes else name
            yield f"the chain rule stops at {name}", f"d({of}, {entry})"
    for name in steps:
        letters = [f"index{k}" for k, _ in enumerate(axes_of(name, question))]
        entry = f"{name}[{', '.join(letters)}]" if letters else name
        through = f"d({of}, {entry}) * d({entry}, {by})"
        if letters:
            over = zip(letters, axes_of(name, question), strict=True)
            through = f"sum({through}{''.join(f' for {one} in {axis}' for one, axis in over)})"
        yield f"{name} is treated as a constant", f"d({of}, {by}) - {through}"
