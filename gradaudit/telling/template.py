"""An empty answer to a question, with comments that teach how one is written."""

import json
import textwrap
from collections.abc import Iterator, Sequence

import numpy as np

from gradaudit.judging.cases import data_of
from gradaudit.language.formula import FUNCTIONS
from gradaudit.language.showing import escaped, plural
from gradaudit.questions.iteration import Iteration
from gradaudit.questions.question import Asked, Question
from gradaudit.questions.reading import ASSIGNMENT, library
from gradaudit.questions.shapes import axes_of
from gradaudit.telling.questions import as_given, as_numbers, indexed

WIDTH = 96


def template(questions: Sequence[Question], called: str) -> str:
    """Return an empty answer to questions; called: a name of the library, or the path of a file."""
    option = "" if called in library() else f" --question {called}"
    named = called in library() and called != ASSIGNMENT
    lines = [
        *_comment("An answer. Everything is optional: what is missing is unanswered."),
        *_comment(f"Check it with: gradaudit THIS_FILE{option}"),
        *([f"question = {json.dumps(called)}"] if named else []),
    ]
    tables: dict[str, list[Question]] = {}
    for question in questions:
        tables.setdefault(question.table, []).append(question)
    for alike in tables.values():
        lines += ["", *_table(*alike)]
    return "\n".join(lines)


def _comment(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        escaped(" ".join(text.split())),
        WIDTH,
        initial_indent=f"# {indent}",
        subsequent_indent=f"# {indent}",
        break_on_hyphens=False,
    )


def _table(question: Question, *alike: Question) -> Iterator[str]:
    """Yield the table of a question; alike: others that are answered in it."""
    yield f"[{_key(question.table)}]"
    yield from _comment(f"{question.title}. {question.task}")
    yield from _posed(question)
    if question.iteration:
        yield from _of_rates(question, question.iteration)
        return
    if question.data:
        yield from _of_numbers(question)
        yield from ("", f"[{_key(question.table)}.derivation]")
    yield from _comment(_known(question))
    yield from _comment(
        "A part is a formula, or a derivation: lines of which each equals the one above, and the "
        "first the derivative. With the indices of its first line a line is one entry, without "
        'them the whole array. It goes on in place of "...", until no d is left. A line may give '
        "its reason after a #, and what it assumes after `when`. Names of your own stand in where:"
    )
    yield f'# where = ["twice = 2 * {next(iter(question.given))}"]'
    yield from _parts(question)
    for other in alike:
        for name in other.parts:
            yield from _comment(f"{other.titles.get(name, name)}:")
        yield from _posed(other)
        yield from _parts(other)
    if question.functions:
        yield from ("", *_comment("Or as functions, in a Python file, with the shapes of all:"))
        for label in [one.name for one in question.given.values() if one.among][:1]:
            said = f"{label} is float64 as well; {label}.astype(int) makes indices of it."
            yield from _comment(said, "  ")
    for one in (question, *alike):
        for signature in one.functions:
            given = ", ".join(_shape(one.given[name].axes) for name in signature.arguments)
            returned = ", ".join(_result(one.parts[part]) for part in signature.parts)
            yield from _comment(f"def {signature.name}({', '.join(signature.arguments)}):", "  ")
            yield from _comment(f"{given} -> {returned}", "      ")


def _posed(question: Question) -> Iterator[str]:
    given = ", ".join(map(as_given, question.given.values()))
    yield from _comment(f"Given are {given}; in brackets stand the index sets of the axes.")
    if question.assume:
        yield from _comment(f"It is assumed that {', '.join(one.text for one in question.assume)}.")
    if question.define:
        yield "# The model is"
        for line in question.define:
            yield from _comment(line, "  ")


def _parts(question: Question) -> Iterator[str]:
    for name, asked in question.parts.items():
        yield f'{_key(name)} = [{json.dumps(asked.truth.text, ensure_ascii=False)}, "..."]'


def _of_numbers(question: Question) -> Iterator[str]:
    """Yield the data of a question, and where numbers go."""
    yield "# The data are"
    for name, value in question.data.items():
        yield f"#   {name} = {as_numbers(value)}"
    yield from _comment(
        "Wanted are the numbers on these data, as on paper, or as a program prints them. A "
        "decimal claims the digits it has: 0.012 is right for 0.0122, and 0.0120 is not; so many "
        "digits as float64 has are those of a number that was computed. An integer, such as 0, "
        "claims to be exact."
    )
    sizes = data_of(question).sizes
    for name, asked in question.parts.items():
        zeros = np.zeros([sizes[axis] for axis in asked.axes]).tolist()
        yield f"# {_key(name)} = {zeros}"
    if question.steps:
        steps = ", ".join(question.steps)
        yield from _comment(f"The values of {steps} may be given too; they are judged first.")


def _of_rates(question: Question, iteration: Iteration) -> Iterator[str]:
    """Yield what is asked of an iteration."""
    rate, others = iteration.rate, " and ".join(iteration.parameters)
    yield "# One step is"
    for line in iteration.step:
        yield from _comment(line, "  ")
    yield from _comment(
        f"Wanted is a condition on {rate}: comparisons with numbers{' and ' * bool(others)}{others}"
        f', joined by and, or, not; for instance "{rate} > 1 or {rate} < -1". A derivation is a '
        "list of lines, each of which holds for the same rates as the one above; it goes on in "
        'place of "...". Names of your own stand in where:'
    )
    yield f'# where = ["twice = 2 * {rate}"]'
    for name in question.parts:
        yield f'{_key(name)} = ["..."]'
    if question.functions:
        yield from ("", *_comment("Or as functions, in a Python file, of floats:"))
    for signature in question.functions:
        called = f"def {signature.name}({', '.join(signature.arguments)}):"
        yield from _comment(f"{called}  -> True or False", "  ")


def _known(question: Question) -> str:
    """Return what a formula may hold."""
    defined = [indexed(name, axes_of(name, question)) for name in question.scope.defined]
    some = question.sets[:1]  # one may have none
    sums = [f"sums over {', '.join(question.sets)} as sum(u[k] for k in {one})" for one in some]
    functions = " ".join(sorted(FUNCTIONS.keys() - {"d"}))
    words = {one: plural(word) for one, (word, _) in question.called.items()}
    sizes = [f"{name} (how many {words.get(one, one)})" for name, one in question.counts.items()]
    known = [
        "what is given",
        *defined,
        *sizes,
        *sums,
        "+ - * / ** @",
        "comparisons (1 or 0)",
        functions,
    ]
    return f"Known are {', '.join(known)}, and d(F, v), the derivative of F by v."


def _shape(axes: Sequence[str]) -> str:
    return f"({','.join(axes)}{',' if len(axes) == 1 else ''})"


def _result(asked: Asked) -> str:
    return f"{asked.label} {_shape(asked.axes)}"


def _key(name: str) -> str:
    return name if name.isascii() else json.dumps(name, ensure_ascii=False)
