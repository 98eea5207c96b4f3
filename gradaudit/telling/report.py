"""The solution as a document: what the answer says, line by line, with what came of it.

This module says what stands in the document, as data; `report.typ` says how it looks. A sentence
is a list of runs: text, mathematics with the code that stands for it where it does not fit, or
code without mathematics, which is text.
Whatever an answer consists of goes in as data: text as strings, formulas by `typesetting` from the
tree that was checked, and as code where that has no sign for them.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from flint import fmpq

from gradaudit.answers.parts import FUNCTIONS, WANTED
from gradaudit.answers.verdicts import Audit, Verdict
from gradaudit.judging.derivation import Line
from gradaudit.judging.descent import TRUTH, multiplier
from gradaudit.judging.laws import Outcome
from gradaudit.judging.rates import holds_at
from gradaudit.judging.written import ASSIGNMENT
from gradaudit.language.formula import Formula, Scope
from gradaudit.language.numbers import each
from gradaudit.language.outcomes import NoValue
from gradaudit.language.showing import decimal, escaped, show
from gradaudit.questions.assignment import DATA, NETWORK, ONE_HOT, RATE
from gradaudit.questions.files import Unreadable, content_of
from gradaudit.questions.inputs import Rate
from gradaudit.telling.showing import inputs_of, plain
from gradaudit.telling.typesetting import BREAK, NotSet, definition, in_words, inline, mathematics
from gradaudit.telling.verdicts import mistake, notes, unequal, why, written

TEMPLATE = Path(__file__).with_name("report.typ")
QUESTIONS = {"1": NETWORK, "2": ONE_HOT, "3": RATE}
LONGEST_WORD = 24  # letters; a longer one may be broken anywhere
MOST_MALFORMED, MOST_SOURCE = 20, 500  # lines that are shown
LONGEST_SOURCE = 200  # characters of one
MOST_SIGNS = 50  # in a reason; one with more is no sentence, and takes long to set
NUMBER = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?:/\d+)?)(?![\w.])")
SHOWN_DATA = ("X", "t", *DATA.PARAMETERS)
SHOWN_RATES = tuple(fmpq(k, 100) for k in (-2, 0, 5, 10, 15, 19, 20, 22))

Run = str | dict[str, Any]


def typesetter() -> Any:
    """Return the package that makes the document. Raises NotSet."""
    try:
        import typst
    except ImportError:
        raise NotSet("it needs the package typst: pip install typst") from None
    return typst


def pdf(audit: Audit, **options: Any) -> Any:
    """Return the document on an audit, the same bytes for the same. Raises NotSet."""
    typst = typesetter()
    try:
        return typst.compile(
            TEMPLATE.read_bytes(),
            sys_inputs={"document": json.dumps(document(audit))},
            ignore_system_fonts=True,  # those of the package are the same everywhere
            **options,
        )
    except typst.TypstError as error:
        raise NotSet(str(error).partition("\n")[0]) from None


def document(audit: Audit) -> dict[str, Any]:
    """Return all that stands in the document."""
    answered, name = audit.answered, audit.answer.name
    malformed = _first(audit.answer.malformed, MOST_MALFORMED, "And {} more of the kind.")
    return {
        "answer": soft(Path(name).name),  # without the folder that it happens to lie in
        "overall": f"{audit.holding} of {len(answered)} answered parts hold.",
        "malformed": [[soft(line)] for line in malformed],
        "data": [_named(one, _nested(DATA.values[one]), NETWORK) for one in SHOWN_DATA],
        "questions": [_question(number, answered) for number in QUESTIONS],
        "source": _source(name) if name.endswith(".py") else [],
    }


def _first(lines: Sequence[str], most: int, rest: str) -> list[str]:
    more = len(lines) - most
    return [*lines] if more <= 0 else [*lines[:most], rest.format(more)]


def _source(path: str) -> list[str]:
    """Return the lines of a Python file, as Python counts them."""
    try:
        text = content_of(path).decode("utf-8-sig", errors="backslashreplace")
    except Unreadable:  # it has gone since
        return []
    lines = re.split(r"\r\n?|\n", text.rstrip().expandtabs(4))
    cut = [line[:LONGEST_SOURCE] + "…" * (len(line) > LONGEST_SOURCE) for line in lines]
    return [soft(line) for line in _first(cut, MOST_SOURCE, "# And {} more lines.")]


def soft(text: str) -> str:
    """Return text with places where a long word may be broken.

    Letters that the fonts of the document do not have are escapes; they have those of Europe.
    """
    known = "".join(
        c if ord(c) < 0x530 or 0x2000 <= ord(c) < 0x2C00 else ascii(c)[1:-1] for c in escaped(text)
    )
    return re.sub(rf"[^ ]{{{LONGEST_WORD + 1},}}", lambda word: "\u200b".join(word[0]), known)


def _question(number: str, answered: Sequence[Verdict]) -> dict[str, Any]:
    own = [one for one in answered if one.part[1] == number]
    orbits = list(_orbits(own)) if number == "3" and own else []
    return {"number": number, "parts": list(map(_part, own)), "orbits": orbits}


def _part(verdict: Verdict) -> dict[str, Any]:
    said = verdict.said
    content: dict[str, Any]
    if said.lines:
        content = {"kind": "formulas", **_formulas(verdict)}
    elif said.numbers is not None:
        content = {"kind": "numbers", "values": _nested(said.numbers.numbers)}
    elif verdict.outcomes:
        (name,) = (name for name, owed in FUNCTIONS.items() if owed.part == verdict.part)
        laws = [
            {"statement": soft(one.law.statement), "status": one.status, "inputs": one.examples}
            for one in verdict.outcomes
        ]
        content = {"kind": "function", "name": name, "laws": laws}
    else:
        content = {"kind": "unread", "texts": list(map(soft, said.texts))}
    return {
        "id": verdict.part,
        "status": verdict.status,
        "what": _wanted(verdict),
        "remarks": list(_remarks(verdict)),
        **content,
    }


def _wanted(verdict: Verdict, *, entry: bool = False) -> str:
    """Return what a part speaks of, such as the derivative that it finds, or an entry of it."""
    if verdict.part in WANTED:
        truth = WANTED[verdict.part].truth
        index = f"[{','.join(truth.scope.free)}])"
        return inline(truth.text[:-1] + index if entry else truth.text, truth.scope)
    if (block := verdict.said.numbers) is not None:
        return inline(f"d(L, {block.name})" if block.is_gradient else block.name, NETWORK)
    return ""


def _remarks(verdict: Verdict) -> Iterator[list[Run]]:
    """Yield what a person is told of a part that does not simply hold."""
    failure = verdict.failure
    if verdict.said.lines and verdict.status == "fails":
        if verdict.reason:
            yield _said(verdict.reason)
        return  # the rest stands beside the lines that are wrong
    refusal = failure.refusal if failure is not None and not verdict.said.lines else None
    plain = refusal and not (verdict.only_not_finite or verdict.only_form)
    if verdict.status != ("fails" if plain else "holds"):
        yield _said(why(verdict))
    if not verdict.said.lines:
        yield from map(_said, [*mistake(verdict.diagnosis), *notes(verdict)])
    if failure is not None and refusal is not None:
        scope = QUESTIONS[verdict.part[1]]
        sign = inline(re.sub(r"^d(\w)/d(.*)", r"d(\1, \2)", refusal.where), scope)
        entry: Run = {"math": f"display({sign})", "code": refusal.where} if sign else refusal.where
        is_ = " is " if entry else ""
        yield [*_at(failure, scope), entry, *_told(failure, is_, "; found ")]


def _said(phrase: str) -> list[Run]:
    """Return a phrase as a sentence."""
    first = phrase[:1] if phrase.startswith("question") else phrase[:1].upper()
    return [soft(first + phrase[1:] + "." * (phrase[-1:] not in (".", "?")))]


def _at(outcome: Outcome, scope: Scope) -> list[Run]:
    """Return the input where something fails, as the beginning of a sentence."""
    if outcome.law.domain is ASSIGNMENT:
        return [f"On {ASSIGNMENT.name}, "]
    runs: list[Run] = ["At "]
    for name, value in inputs_of(outcome).items():
        runs += [_named(name, value, scope), ", "]
    return [*runs[:-1], ": "]


def _named(name: str, value: Any, scope: Scope) -> Run:
    """Return a name of a question with its value, which is text, or nested lists of it."""
    sign = inline(name, scope) or re.sub(r"(\d)", r"_\1", name)  # x0 is a value of x
    return {"math": sign, "value": value, "code": f"{name} = {plain(value)}"}


def _told(outcome: Outcome, before: str, between: str) -> list[Run]:
    """Return what was expected and what was found, each after a few words."""
    assert outcome.refusal is not None
    expected, found = map(_numbers, outcome.refusal.sides)
    note = f" ({outcome.refusal.note})" if outcome.refusal.note else ""
    return [before, *expected, between, *found, soft(f"{note}.")]


def _numbers(text: str) -> list[Run]:
    """Return a text with its numbers, which are every other part of it, as mathematics."""
    return [
        {"math": "", "value": part, "code": part} if k % 2 else soft(part)
        for k, part in enumerate(NUMBER.split(text))
    ]


def _formulas(verdict: Verdict) -> dict[str, Any]:
    lines = verdict.said.lines
    scope, question = lines[0].formula.scope, QUESTIONS[verdict.part[1]]
    used = frozenset().union(*(line.formula.all_names for line in lines))
    own = [name for name in scope.defined if name not in question.defined and name in used]
    nodes = (node for line in lines for node in ast.walk(line.formula.tree))
    sums = {ast.unparse(node.target): "" for node in nodes if isinstance(node, ast.comprehension)}
    words = replace(scope, free={**sums, **scope.free})  # a reason may speak of their indices
    return {
        "own": [_printed(scope.written[one], partial(definition, one, scope)) for one in own],
        "lines": [
            {**_line(line, outcome, verdict), "reason": _reason(line, words)}
            for line, outcome in zip(lines, verdict.outcomes, strict=True)
        ],
    }


def _reason(line: Line, scope: Scope) -> list[Run]:
    pieces = list(in_words(line.formula.reason, scope))
    if sum(sign != "" for _, sign in pieces) > MOST_SIGNS:
        pieces = [(line.formula.reason, "")]
    return [{"math": sign, "code": soft(piece)} for piece, sign in pieces]


def _line(line: Line, outcome: Outcome, verdict: Verdict) -> dict[str, Any]:
    condition = line.name is None
    return {
        "number": line.number,
        "before": _before(line, verdict),
        "status": verdict.status if outcome.status == "fails" else outcome.status,
        "inputs": outcome.examples if not condition and outcome.status == "holds" else 0,
        "wrong": list(_wrong(line, outcome, verdict)),
        **_printed(written(line), partial(mathematics, line.formula, condition=condition)),
    }


def _before(line: Line, verdict: Verdict) -> str:
    """Return what a line begins with: a relation, what is wanted, or nothing."""
    if line.number > 1:
        return "=" if line.name else "arrow.l.r.double"
    match line.formula.tree:
        case ast.Call(func=ast.Name(id="d")):  # which says itself what is wanted
            return ""
    entry = not line.formula.names.isdisjoint(line.formula.scope.free)
    return f"{_wanted(verdict, entry=entry)} =" if line.name else ""


def _wrong(line: Line, outcome: Outcome, verdict: Verdict) -> Iterator[list[Run]]:
    """Yield what is to be said below a line."""
    if line.repeats:
        yield _said(f"it repeats line {line.number - 1}")
    if outcome.refusal is not None:
        yield _said(unequal(outcome))
        before = f"line {line.number - 1}" if line.number > 1 else "the truth"
        words = (f"{before} is ", ", this line ")
        if not line.name and line.number > 1:
            words = (f"{before} ", ", this line ")
        elif not line.name:
            words = ("descent ", ", this line says that it ")
        elif isinstance(outcome.refusal.expected, str):
            words = ("wanted is ", ", and this line is ")
        yield [*_at(outcome, QUESTIONS[verdict.part[1]]), *_told(outcome, *words)]
        if outcome is verdict.failure:
            yield from map(_said, mistake(verdict.diagnosis))
    elif outcome.reason:
        untested = outcome.status == "untested"
        yield _said(f"it could not be judged: {outcome.reason}" if untested else outcome.reason)


def _printed(code: str, formula: Callable[[], str]) -> dict[str, Any]:
    """Return a formula as code and, where it can be set, as mathematics in unbreakable pieces."""
    text = ""
    with suppress(NotSet):
        text = formula()
    return {"math": text.replace(BREAK, ""), "pieces": text.split(BREAK), "code": soft(code)}


def _nested(value: Any) -> Any:
    """Return an array as nested lists of text, a number as text."""
    texts = each(lambda one: decimal(one) if isinstance(one, fmpq) else str(one), value)
    return np.array(texts, dtype=object).tolist()


def _orbits(verdicts: Sequence[Verdict]) -> Iterator[dict[str, Any]]:
    """Yield rates in and beside the range, with what each does and what the answer says."""
    answer = next((one.said.answer for one in verdicts if one.said.answer is not None), None)
    for eta in SHOWN_RATES:
        converges = holds_at(TRUTH, Rate(eta))
        yield {
            "eta": show(eta),
            "multiplier": show(multiplier(eta)),
            "factor": float(multiplier(eta)),
            "converges": converges,
            "disputed": answer is not None and _says(answer.formula, eta) != converges,
        }


def _says(condition: Formula, eta: fmpq) -> bool:
    with suppress(NoValue):
        return holds_at(condition, Rate(eta))
    return False
