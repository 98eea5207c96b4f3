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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from flint import fmpq

from gradaudit.answers.checking import Checked
from gradaudit.answers.verdicts import Audit, Verdict
from gradaudit.judging.derivation import Line
from gradaudit.judging.form import InForm
from gradaudit.judging.iterations import holds, marks_of
from gradaudit.judging.laws import Outcome
from gradaudit.judging.shown import inputs_of, plain
from gradaudit.judging.written import Block
from gradaudit.language.formula import Formula, Scope
from gradaudit.language.numbers import each
from gradaudit.language.showing import decimal, escaped, show
from gradaudit.questions.files import Unreadable, content_of
from gradaudit.questions.iteration import Iteration, Rate
from gradaudit.questions.question import Asked, Given, Question
from gradaudit.telling.letters import letters
from gradaudit.telling.prose import in_words
from gradaudit.telling.questions import indexed
from gradaudit.telling.showing import NotSet
from gradaudit.telling.typesetting import BREAK, definition, inline, mathematics
from gradaudit.telling.verdicts import is_plain, mistake, notes, unequal, why, written

TEMPLATE = Path(__file__).with_name("report.typ")
LONGEST_WORD = 24  # letters; a longer one may be broken anywhere
MOST_MALFORMED, MOST_SOURCE = 20, 500  # lines that are shown
LONGEST_SOURCE = 200  # characters of one
MOST_SIGNS = 50  # in a reason; one with more is no sentence, and takes long to set
NUMBER = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?:/\d+)?)(?![\w.])")
SHOWN_RATES = tuple(fmpq(k, 20) for k in (-2, 0, 5, 10, 15, 19, 20, 22))  # parts of the range

Run = str | dict[str, Any]


def typesetter() -> Any:
    """Return the package that makes the document. Raises NotSet."""
    try:
        import typst
    except ImportError:
        raise NotSet("it needs the package typst: pip install typst") from None
    return typst


def pdf(told: dict[str, Any], **options: Any) -> Any:
    """Return a document as PDF, the same bytes for the same. Raises NotSet."""
    typst = typesetter()
    try:
        return typst.compile(
            TEMPLATE.read_bytes(),
            sys_inputs={"document": json.dumps(told)},
            ignore_system_fonts=True,  # those of the package are the same everywhere
            **options,
        )
    except typst.TypstError as error:
        raise NotSet(str(error).partition("\n")[0]) from None


def document(audit: Audit) -> dict[str, Any]:
    """Return all that stands in the document on an audit."""
    answered, name = audit.answered, audit.answer.name
    malformed = _first(audit.answer.malformed, MOST_MALFORMED, "And {} more of the kind.")
    return {
        "answer": soft(Path(name).name),  # without the folder that it happens to lie in
        "overall": f"{audit.holding} of {len(answered)} answered parts hold.",
        "malformed": [[soft(line)] for line in malformed],
        "questions": [_answered(name, audit) for name in audit.answer.sheet.questions],
        "source": _source(name) if name.endswith(".py") else [],
    }


def handout(checked: Sequence[Checked], *, solved: bool) -> dict[str, Any]:
    """Return all that stands in a document that asks questions. solved: with their references."""
    questions = []
    for one in checked:
        verdicts = [*one.references.values()] if solved else []
        parts = _parts([(one.question, verdict) for verdict in verdicts])
        questions.append({**_posed([one.question]), "parts": parts, "orbits": {}})
    return {"answer": "", "overall": "", "malformed": [], "questions": questions, "source": []}


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


def _posed(alike: Sequence[Question]) -> dict[str, Any]:
    """Return what a question says: its task, what is given, the model, and what is asked.

    alike: the question, then those that are asked with it.
    """
    question, scope = alike[0], alike[0].scope
    given = {name: (one, asked.scope) for asked in alike for name, one in asked.given.items()}
    lines = zip(question.define, scope.defined, strict=True)
    steps = question.iteration.following if question.iteration else {}
    return {
        "title": soft(question.title),
        "task": _sentence(question.task, scope),
        "given": [_given(*one) for one in given.values()],
        "assumed": [
            *(_condition(one.text, scope) for one in question.assume),
            *(_size(name, one) for name, one in question.sizes.items()),
        ],
        "model": [
            *(_printed(line, partial(definition, name, scope)) for line, name in lines),
            *(_step(name, one) for name, one in steps.items()),
        ],
        "data": [_named(name, _nested(value), scope) for name, value in question.data.items()],
        "asked": [
            _asked(asked, one)
            for asked in alike
            for one in asked.parts.values()
            if _is_derivative(one.truth)
        ],
        "functions": [
            {
                "code": f"{one.name}({', '.join(one.arguments)})",
                "parts": [_whole(asked.parts[part].truth) for part in one.parts],
            }
            for asked in alike
            for one in asked.functions
        ],
    }


def _is_derivative(truth: Formula) -> bool:
    return isinstance(truth.tree, ast.Call) and ast.unparse(truth.tree.func) == "d"


def _step(name: str, following: Formula) -> dict[str, Any]:
    """Return what a state of an iteration is next."""
    state = inline(name, following.scope)
    step = partial(mathematics, following)
    return _printed(f"next {name} = {following.text}", lambda: f"{state} arrow.l {step()}")


def _given(one: Given, scope: Scope) -> Run:
    """Return a given name with the set that it is of."""
    power = " times ".join(map(letters, one.axes))
    of = letters(one.within) if one.within else "RR"
    if one.among:
        of = f"{{{', '.join(map(str, one.among))}}}"
    told = f"{inline(one.name, scope)} in {of}{f'^({power})' if power else ''}"
    code = indexed(one.name, one.axes)
    return {"math": told, "code": code, "also": "symmetric positive definite" * one.definite}


def _condition(code: str, scope: Scope) -> dict[str, Any]:
    return {"math": inline(code, scope, condition=True), "code": code}


def _size(name: str, size: Formula) -> Run:
    """Return how many indices a set has, by those of other sets."""
    code = f"{name} == {size.text}"
    counted = re.sub(r"[^\W\d]\w*", r"sum(1 for k in \g<0>)", code)
    scope = Scope(frozenset(), sets=frozenset(size.names | {name}))
    return {**_condition(counted, scope), "code": code}


def _asked(question: Question, asked: Asked) -> dict[str, Any]:
    index = "".join(f", {name} in {letters(of)}" for name, of in asked.truth.scope.free.items())
    title = question.titles.get(asked.name, "")
    entry = inline(asked.truth.text, asked.truth.scope) + index.replace(", ", " quad ", 1)
    return {"title": soft(title), "math": entry, "code": asked.truth.text}


def _answered(name: str, audit: Audit) -> dict[str, Any]:
    """Return a question with the parts of it that are answered, and what came of each."""
    sheet = audit.answer.sheet
    alike = sheet.questions[name]
    own = [one for one in audit.answered if sheet.parts[one.part] in alike]
    iteration = alike[0].iteration
    drawn = iteration and len(iteration.names) == len(iteration.states) == 1 and own
    return {
        **_posed(alike),
        "parts": _parts([(sheet.parts[one.part], one) for one in own]),
        "orbits": _orbits(iteration, own) if iteration and drawn else {},
    }


def _parts(judged: Iterable[tuple[Question, Verdict]]) -> list[dict[str, Any]]:
    """Return parts in order; the names of an answer are defined where they are first used."""
    parts = [_part(question, one) for question, one in judged]
    seen: list[dict[str, Any]] = []
    for part in parts:
        own = part.get("own", [])
        part["own"] = [one for one in own if one not in seen]
        part["above"] = [one for one in own if one in seen]
        seen += part["own"]
    return parts


def _part(question: Question, verdict: Verdict) -> dict[str, Any]:
    said, name = verdict.said, verdict.part.rpartition(".")[2]
    content: dict[str, Any]
    if said.lines:
        content = {"kind": "formulas", **_formulas(verdict, question.scope)}
    elif said.numbers is not None:
        content = {"kind": "numbers", "values": _nested(said.numbers.as_written)}
    elif verdict.outcomes:
        judged = verdict.outcomes[0].judged
        function = judged.judged if isinstance(judged, InForm) else judged
        laws = [
            {"statement": soft(one.law.statement), "status": one.status, "inputs": one.examples}
            for one in verdict.outcomes
        ]
        content = {"kind": "function", "name": soft(function.name), "laws": laws}
    else:
        content = {"kind": "unread", "texts": list(map(soft, said.texts))}
    return {
        "id": verdict.part,
        "title": soft(question.titles.get(name, "")),
        "status": verdict.status,
        "what": _wanted(verdict, question),
        "remarks": list(_remarks(verdict, question.scope)),
        **content,
    }


def _wanted(verdict: Verdict, question: Question) -> str:
    """Return what a part speaks of, such as the derivative that it finds."""
    said, asked = verdict.said, question.parts.get(verdict.part.rpartition(".")[2])
    if truth := said.wanted.truth if said.wanted else asked and asked.truth:
        return _whole(truth)
    return inline(said.numbers.name, question.scope) if said.numbers is not None else ""


def _whole(truth: Formula) -> str:
    """Return a derivative by a whole array, that of which an entry is asked for; "" of others."""
    if not _is_derivative(truth):
        return ""
    return inline(re.sub(r"\[[^]]*\]\)$", ")", truth.text), truth.scope)


def _entry(truth: Formula) -> str:
    """Return an entry of a derivative."""
    index = f"[{','.join(truth.scope.free)}])" * (not truth.text.endswith("])"))
    return inline(truth.text.removesuffix(")") + (index or ")"), truth.scope)


def _remarks(verdict: Verdict, scope: Scope) -> Iterator[list[Run]]:
    """Yield what a person is told of a part that does not simply hold."""
    failure = verdict.failure
    if verdict.said.lines and verdict.status == "fails":
        if verdict.reason:
            yield _said(verdict.reason)
        return  # the rest stands beside the lines that are wrong
    if verdict.status != "holds" and not is_plain(verdict):
        yield _said(why(verdict))
    if verdict.said.lines:
        return
    yield from (_sentence(one, scope) for one in mistake(verdict.diagnosis))
    yield from map(_said, notes(verdict))
    if failure is not None and (refusal := failure.refusal) is not None:
        sign = inline(re.sub(r"^d(\w+)/d(.*)", r"d(\1, \2)", refusal.where), scope)
        entry: Run = {"math": f"display({sign})", "code": refusal.where} if sign else refusal.where
        is_ = " is " if entry else ""
        yield [*_at(failure, scope), entry, *_told(failure, is_, "; found ")]


def _said(phrase: str) -> list[Run]:
    """Return a phrase as a sentence."""
    is_path = re.match(r"\w+\.\w", phrase)  # of a part, such as weighted.w
    first = phrase[:1] if is_path else phrase[:1].upper()
    return [soft(first + phrase[1:] + "." * (phrase[-1:] not in (".", "?")))]


def _term(code: str, scope: Scope) -> Run:
    sign = inline(code, scope)
    return {"math": f"display({sign})" if sign else "", "code": soft(code)}


def _at(outcome: Outcome, scope: Scope) -> list[Run]:
    """Return the input where something fails, as the beginning of a sentence."""
    if isinstance(outcome.judged, Block):
        return [f"On {outcome.law.domain.name}, "]
    runs: list[Run] = ["At "]
    for name, value in inputs_of(outcome).items():
        runs += [_named(name, value, scope), ", "]
    return [*runs[:-1], ": "]


def _named(name: str, value: Any, scope: Scope) -> Run:
    """Return a name of a question with its value, which is text, or nested lists of it."""
    sign = inline(name, scope) or inline(name, Scope(frozenset({name})))  # such as an index
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


def _formulas(verdict: Verdict, model: Scope) -> dict[str, Any]:
    lines = verdict.said.lines
    scope = lines[0].formula.scope
    used = frozenset().union(*(line.formula.all_names for line in lines))
    own = [
        name
        for name, tree in scope.defined.items()
        if name in used and tree is not model.defined.get(name)
    ]
    words = _with_indices(scope, lines)  # a reason may speak of them
    return {
        "own": [
            {
                "name": {"math": inline(one, scope), "code": soft(one)},
                **_printed(scope.written[one], partial(definition, one, scope)),
            }
            for one in own
        ],
        "decided": lines[0].name is None,
        "lines": [
            {
                **_line(line, outcome, verdict, model),
                "reason": _sentence(line.formula.reason, words),
            }
            for line, outcome in zip(lines, verdict.outcomes, strict=True)
        ],
    }


def _with_indices(scope: Scope, lines: Sequence[Line]) -> Scope:
    """Return a scope in which the indices of all sums are known."""
    nodes = (node for line in lines for node in ast.walk(line.formula.tree))
    sums = {ast.unparse(node.target): "" for node in nodes if isinstance(node, ast.comprehension)}
    return replace(scope, free={**sums, **scope.free})


def _sentence(text: str, scope: Scope) -> list[Run]:
    """Return what a person wrote, the names in it as mathematics."""
    pieces = list(in_words(text, scope))
    if sum(sign != "" for _, sign in pieces) > MOST_SIGNS:
        pieces = [(text, "")]
    return [{"math": sign, "code": soft(piece)} for piece, sign in pieces]


def _line(line: Line, outcome: Outcome, verdict: Verdict, model: Scope) -> dict[str, Any]:
    condition = line.name is None
    return {
        "number": line.number,
        "before": _before(line, verdict),
        "status": verdict.status if outcome.status == "fails" else outcome.status,
        "inputs": outcome.examples if not condition and outcome.status == "holds" else 0,
        "wrong": list(_wrong(line, outcome, verdict, model)),
        **_printed(written(line), partial(mathematics, line.formula, condition=condition)),
    }


def _before(line: Line, verdict: Verdict) -> str:
    """Return what a line begins with: a relation, what is wanted, or nothing."""
    if line.number > 1:
        return "=" if line.name else "arrow.l.r.double"
    match line.formula.tree:
        case ast.Call(func=ast.Name(id="d")):  # which says itself what is wanted
            return ""
    wanted = verdict.said.wanted
    if wanted is None:
        return ""
    entry = not line.formula.names.isdisjoint(line.formula.scope.free)
    return f"{(_entry if entry else _whole)(wanted.truth)} ="


def _wrong(line: Line, outcome: Outcome, verdict: Verdict, model: Scope) -> Iterator[list[Run]]:
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
            words = ("the iteration ", ", this line says that it ")
        elif isinstance(outcome.refusal.expected, str):
            words = ("wanted is ", ", and this line is ")
        yield [*_at(outcome, model), *_told(outcome, *words)]
        if outcome is verdict.failure:
            yield from (_sentence(one, model) for one in mistake(verdict.diagnosis))
            if (mend := verdict.mend) is not None:
                scope = _with_indices(line.formula.scope, [line])
                wrong, right = (_term(one, scope) for one in (mend.wrong, mend.right))
                slope = mend.stands_for
                stands: list[Run] = [" stands for ", _term(slope, scope), ", and"] if slope else []
                own = mend.where and mend.where.partition(" = ")[0]
                place: list[Run] = [" in ", _term(own, scope)] if own else []
                yield [wrong, *place, *stands, " should be ", right, "."]
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


def _orbits(iteration: Iteration, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return rates in and beside the range, with what each does and what the answer says."""
    answer = next((one.said.answer for one in verdicts if one.said.answer is not None), None)
    panels = []
    for part in SHOWN_RATES:
        rate = Rate(iteration, marks_of(iteration, ()).within(part))
        ((multiplier,),) = rate.matrix()
        converges = holds(iteration.truth, rate)
        panels.append(
            {
                "rate": show(rate.at),
                "multiplier": show(multiplier),
                "factor": float(multiplier),
                "converges": converges,
                "disputed": answer is not None and holds(answer.formula, rate) != converges,
            }
        )
    scope, ((entry,),) = iteration.truth.scope, iteration.matrix
    (state,) = iteration.states
    return {
        "panels": panels,
        "rate": inline(iteration.rate, scope),
        "state": inline(state, iteration.following[state].scope),
        "factor": inline(entry.text, scope),
    }
