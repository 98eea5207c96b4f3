"""An empty answer to a question, with comments that teach how one is written."""

import json
import textwrap
from collections.abc import Iterator, Sequence

from gradaudit.language.formula import FUNCTIONS
from gradaudit.language.showing import escaped
from gradaudit.questions.iteration import Iteration
from gradaudit.questions.question import Asked, Question, axes_of, library
from gradaudit.telling.questions import as_given

WIDTH = 96


def template(questions: Sequence[Question], called: str) -> str:
    """Return an empty answer to questions; called: a name of the library, or the path of a file."""
    in_library = called in library()
    option = "" if in_library else f" --question {called}"
    lines = [
        *_comment("An answer. Everything is optional: what is missing is unanswered."),
        *_comment(f"Check it with: gradaudit THIS_FILE{option}"),
        *([f"question = {json.dumps(called)}"] if in_library else []),
    ]
    for question in questions:
        lines += ["", *_table(question)]
    return "\n".join(lines)


def _comment(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        escaped(" ".join(text.split())),
        WIDTH,
        initial_indent=f"# {indent}",
        subsequent_indent=f"# {indent}",
        break_on_hyphens=False,
    )


def _table(question: Question) -> Iterator[str]:
    yield f"[{_key(question.name)}]"
    yield from _comment(f"{question.title}. {question.task}")
    given = ", ".join(map(as_given, question.given.values()))
    yield from _comment(f"Given are {given}; in brackets stand the index sets of the axes.")
    if question.assume:
        yield from _comment(f"It is assumed that {', '.join(one.text for one in question.assume)}.")
    if question.define:
        yield "# The model is"
        for line in question.define:
            yield from _comment(line, "  ")
    if question.iteration:
        yield from _of_rates(question, question.iteration)
        return
    yield from _comment(_known(question))
    yield from _comment(
        "A part is a formula, or a derivation: lines of which each equals the one above, and the "
        "first the derivative. With the indices of its first line a line is one entry, without "
        'them the whole array. It goes on in place of "...", until no d is left. A line may give '
        "its reason after a #, and what it assumes after `when`. Names of your own stand in where:"
    )
    yield f'# where = ["u = 2 * {next(iter(question.given))}"]'
    for name, asked in question.parts.items():
        yield f'{_key(name)} = [{json.dumps(asked.truth.text, ensure_ascii=False)}, "..."]'
    if question.functions:
        yield from ("", *_comment("Or as functions, in a Python file, with the shapes of all:"))
    for signature in question.functions:
        given = ", ".join(_shape(question.given[one].axes) for one in signature.arguments)
        returned = ", ".join(_result(question.parts[part]) for part in signature.parts)
        yield from _comment(f"def {signature.name}({', '.join(signature.arguments)}):", "  ")
        yield from _comment(f"{given} -> {returned}", "      ")


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
    yield f'# where = ["u = 2 * {rate}"]'
    for name in question.parts:
        yield f'{_key(name)} = ["..."]'
    if question.functions:
        yield from ("", *_comment("Or as functions, in a Python file, of floats:"))
    for signature in question.functions:
        called = f"def {signature.name}({', '.join(signature.arguments)}):"
        yield from _comment(f"{called}  -> True or False", "  ")


def _known(question: Question) -> str:
    """Return what a formula may hold."""
    defined = [_indexed(name, axes_of(name, question)) for name in question.scope.defined]
    some = question.sets[:1]  # one may have none
    sums = [f"sums over {', '.join(question.sets)} as sum(u[k] for k in {one})" for one in some]
    functions = " ".join(sorted(FUNCTIONS.keys() - {"d"}))
    known = ["what is given", *defined, *sums, "+ - * / ** @", "comparisons (1 or 0)", functions]
    return f"Known are {', '.join(known)}, and d(F, v), the derivative of F by v."


def _indexed(name: str, axes: Sequence[str]) -> str:
    return f"{name}[{','.join(axes)}]" if axes and all(axes) else name


def _shape(axes: Sequence[str]) -> str:
    return f"({','.join(axes)}{',' if len(axes) == 1 else ''})"


def _result(asked: Asked) -> str:
    return f"{asked.label} {_shape(asked.axes)}"


def _key(name: str) -> str:
    return name if name.isascii() else json.dumps(name, ensure_ascii=False)
