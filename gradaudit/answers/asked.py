"""What can be answered to questions: the sheet that an answer is read and judged by."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, lru_cache, partial
from typing import Any

from gradaudit.answers.parts import (
    ALIKE,
    Owed,
    Part,
    Sheet,
    of_formulas,
    of_function,
    of_numbers,
)
from gradaudit.answers.tables import block, formulas, of_conditions, own_names
from gradaudit.judging.derivation import wanted_of
from gradaudit.questions.files import Unreadable, is_text
from gradaudit.questions.question import DERIVATION, Question
from gradaudit.questions.reading import ASSIGNMENT, read_questions


def sheet_called(name: str = ASSIGNMENT) -> Sheet:
    """Return what can be answered to a question of the library, or a file. Raises Unreadable."""
    return _of_library() if name == ASSIGNMENT else sheet_of(read_questions(name))


@cache
def _of_library() -> Sheet:
    return sheet_of(read_questions(ASSIGNMENT))


def sheet_of(questions: Sequence[Question]) -> Sheet:
    """Return what can be answered to questions, and how it is read."""
    parts: dict[str, Question] = {}
    paths: dict[str, str] = {}
    tables: dict[str, tuple[str, ...]] = {}
    functions: dict[str, Owed] = {}
    for question in questions:
        own, id_ = question.table, question.id
        if question.data:
            numbers = (*question.steps, *question.parts)
            paths |= {f"{own}.{name}": f"{id_}.{name}" for name in numbers}
            tables[own] = (*tables.get(own, ()), *numbers, DERIVATION)
            own, id_ = f"{own}.{DERIVATION}", f"{id_}.{DERIVATION}"
        paths |= {f"{own}.{name}": f"{id_}.{name}" for name in question.parts}
        tables[own] = tuple(dict.fromkeys((*tables.get(own, ()), "where", *question.parts)))
        for signature in question.functions:
            owes = partial(of_function, question, signature)
            if signature.name in functions:
                key = f"{question.name}.functions.{signature.name}"
                raise Unreadable(f"{key}: another question of the file has it as well")
            functions[signature.name] = Owed(signature.id, len(signature.parts), owes)
        for name in (*paths.values(), *(one.id for one in question.functions)):
            parts.setdefault(name, question)

    def read(path: str, value: Any, where: Any) -> Part:
        table, _, name = path.rpartition(".")
        question = parts[paths[path]]
        if question.iteration:
            return of_conditions(question, path, value, where)
        if question.data and table == question.table:
            return of_numbers(block(question, path, name, value))
        beside = [one for one in questions if one.table == question.table]
        return _of_lines(question, beside, path, value, where)

    return Sheet(parts, tables, _once(read), paths.__getitem__, functions)


def _once(read: Callable[[str, Any, Any], Part]) -> Callable[[str, Any, Any], Part]:
    """Read texts once, however many answers have the same ones in one place."""

    @lru_cache(maxsize=ALIKE)
    def read_texts(path: str, value: str, where: str) -> Part:
        return read(path, json.loads(value), json.loads(where))

    def read_or_known(path: str, value: Any, where: Any) -> Part:
        if _are_texts(value) and _are_texts(where):
            return read_texts(path, json.dumps(value), json.dumps(where))
        return read(path, value, where)

    return read_or_known


def _are_texts(value: Any) -> bool:
    return all(map(is_text, value if isinstance(value, list) else [value]))


def _of_lines(
    question: Question, beside: Sequence[Question], path: str, value: Any, where: Any
) -> Part:
    """Return what a formula, or the lines of a derivation, owe. Raises Unreadable.

    beside: the questions that are answered in the same table, with the same names of one's own.
    """
    table, _, name = path.rpartition(".")
    wanted = wanted_of(question, name)
    free = [one.truth.scope.free for other in beside for one in other.parts.values()]
    letters = {letter: axis for one in free for letter, axis in one.items()}
    others = frozenset(one for other in beside for one in other.scope.names())
    foreign = others - {*question.scope.names()}  # known in another part
    widest = replace(
        question.scope, free=letters, sizes=question.scope.sizes | foreign, key="where"
    )
    scope = own_names(f"{table}.where", where, widest)
    scope = replace(scope, free=wanted.scope.free, sizes=wanted.scope.sizes)
    return of_formulas(question, name, formulas(path, value, scope, widest, wanted.largest))
