"""An answer in TOML: its tables become parts.

A malformed part becomes one line that names the key and the remedy, and leaves the other parts as
they are.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np

from gradaudit.answers import parts
from gradaudit.answers.parts import Answer, Part, Sheet
from gradaudit.judging.calling import shortened
from gradaudit.judging.derivation import MAX_LINES, MAX_OPERATIONS_IN_ALL, lines_of, try_out
from gradaudit.judging.form import Form
from gradaudit.judging.iterations import iteration_of, rates_for
from gradaudit.judging.laws import Outcome
from gradaudit.judging.written import Block, exact_value, rounding
from gradaudit.language.formula import (
    MAX_DIGITS,
    Formula,
    FormulaError,
    Scope,
    numeral,
    parse,
    parse_definitions,
)
from gradaudit.language.hints import nearest
from gradaudit.language.numbers import object_array
from gradaudit.language.written import Written
from gradaudit.mistakes.diagnosis import Diagnosis
from gradaudit.mistakes.numbers import of_numbers
from gradaudit.questions.files import KINDS, Unreadable, is_number, is_text
from gradaudit.questions.question import DERIVATION, Question
from gradaudit.questions.tables import NAME

MAX_DECISIONS = 200_000
GAP = "..."  # where an answer is to go on
REMEDIES = 20  # complaints that get one


def read_toml(path: str, tables: dict[str, Any], sheet: Sheet) -> Answer:
    """Return the answer that tables of TOML are."""
    return _Reader(path, tables, sheet).answer()


class _Reader:
    def __init__(self, path: str, tables: dict[str, Any], sheet: Sheet) -> None:
        self.path = path
        self.tables = tables
        self.sheet = sheet
        self.parts: dict[str, Part] = {}
        self.malformed: dict[str, None] = {}  # in order, each once

    def answer(self) -> Answer:
        known = [table for table in self.sheet.tables if "." not in table]
        for name, table in self.tables.items():
            if name not in known:
                self.unknown(name, "table or key", name, known)
            else:
                self.read_table(name, table)
        _diagnosed_together(self.parts)
        ordered = {part: self.parts[part] for part in self.sheet.parts if part in self.parts}
        return Answer(self.path, ordered, tuple(self.malformed), sheet=self.sheet)

    def complain(self, line: str) -> None:
        self.malformed[line] = None

    def unknown(self, path: str, what: str, key: str, known: Iterable[str]) -> None:
        """Complain of a key; the first get a remedy, which takes longer than all else."""
        remedy = ""
        if len(self.malformed) < REMEDIES:
            remedy = nearest(shortened(key), known) or f"; known are {', '.join(known)}"
        self.complain(f"{shortened(path)}: unknown {what}{remedy}")

    def read_table(self, name: str, table: Any) -> None:
        if not isinstance(table, dict):
            self.complain(f"{name}: a table is wanted: [{name}]")
            return
        for key, value in table.items():
            path = f"{name}.{key}"
            if key not in self.sheet.tables[name]:
                self.unknown(path, "key", key, self.sheet.tables[name])
            elif path in self.sheet.tables:
                self.read_table(path, value)
            elif key != "where":
                part = self.sheet.part_of(path)
                try:
                    self.parts[part] = self.read_part(path, value, table.get("where", []))
                except Unreadable as malformed:
                    self.complain(str(malformed))
                    self.parts[part] = Part(untested=str(malformed), texts=_texts(value))
        if set(table) == {"where"}:
            self.complain(f"{name}.where: it defines names, but nothing uses them")

    def read_part(self, path: str, value: Any, where: Any) -> Part:
        """Read a part, which is not finished where its last line is a gap. Raises Unreadable."""
        if value != GAP and not (isinstance(value, list) and value[-1:] == [GAP]):
            return self.sheet.read(path, value, where)
        lines = value[:-1] if isinstance(value, list) else []
        part = self.sheet.read(path, lines, where) if lines else Part()
        after = f" after line {len(lines)}" if lines else ""
        return replace(part, wrong="", unfinished=f"not finished: it ends{after} with {GAP}")


def _texts(value: Any) -> tuple[str, ...]:
    """Return the formulas of a part as they are written, of one that cannot be read."""
    texts = value if isinstance(value, list) else [value]
    return tuple(text for text in texts[:MAX_LINES] if isinstance(text, str))


def _diagnosed_together(read: dict[str, Part]) -> None:
    """Let every part of a question be diagnosed with all numbers that are given."""
    given = {name: part.numbers for name, part in read.items() if part.numbers is not None}
    blocks: dict[Question, list[Block]] = {}
    for numbers in given.values():
        blocks.setdefault(numbers.question, []).append(numbers)
    together = {question: _diagnosing(some) for question, some in blocks.items()}
    for name, numbers in given.items():
        read[name] = replace(read[name], diagnose=together[numbers.question])


def _diagnosing(blocks: Sequence[Block]) -> Callable[[Outcome], Diagnosis]:
    """Return what diagnoses any of some numbers by all of them, which it looks at once."""
    known = cache(partial(of_numbers, blocks))
    return lambda _: known()


def of_conditions(question: Question, path: str, value: Any, where: Any) -> Part:
    """Return what a condition on the rate of an iteration owes. Raises Unreadable."""
    widest = iteration_of(question).truth.scope
    scope = own_names(f"{question.name}.where", where, widest)
    return conditions(question, path, formulas(path, value, scope, widest))


def conditions(question: Question, path: str, formulas: Sequence[Formula]) -> Part:
    """Return what conditions that are read owe. Raises Unreadable."""
    lines = lines_of(formulas, iteration_of(question).truth)
    if any(line.assumptions for line in lines):
        raise Unreadable(f"{path}: a condition on the rate takes no `when`; state the whole range")
    rates, decisions = [], 0
    for line in lines:
        try:
            rates.append(rates_for(question, line))
        except FormulaError as error:
            raise Unreadable(f"{_place(path, line.number, len(lines))}{error}") from None
        decisions += len(rates[-1]) ** 2  # as many rates, in as many comparisons
        if decisions > MAX_DECISIONS:
            raise Unreadable(f"{path}: too many rates at which it can change; simplify it")
    return parts.of_conditions(question, lines, rates)


def own_names(name: str, lines: Any, scope: Scope) -> Scope:
    """Return a scope with the names that a list of lines defines. Raises Unreadable."""
    lines = [lines] if is_text(lines) else lines
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Unreadable(f"{name}: a list of strings is wanted, each `name = formula`")
    try:
        return parse_definitions(lines, scope)
    except FormulaError as error:
        raise Unreadable(f"{name}: {error}") from None


def formulas(
    path: str, value: Any, scope: Scope, widest: Scope, largest: Any = None
) -> list[Formula]:
    """Read a formula, or the lines of a derivation. Raises Unreadable.

    widest: the scope of own names, which other parts share; not all of it is known in this one.
    largest: an input on which each is tried out, if it is.
    """
    texts = value if isinstance(value, list) else [value]
    if not 1 <= len(texts) <= MAX_LINES:
        raise Unreadable(f"{path}: a list of {len(texts)} lines; 1 to {MAX_LINES} are wanted")
    read: list[Formula] = []
    operations = 0
    for number, text in enumerate(texts, start=1):
        place = _place(path, number, len(texts))
        if not is_text(text):
            table, _, last = path.rpartition(".")[0].rpartition(".")
            remedy = f"; numbers belong in [{table}]" if last == DERIVATION else ""
            raise Unreadable(f'{place}a formula in quotes is wanted, such as "softmax(y)"{remedy}')
        if (same := texts.index(text)) < len(read):  # computed once
            read.append(read[same])
            continue
        try:
            formula = parse(text, scope)
            _refuse_foreign_names(place, formula, widest)
            if largest is not None:
                operations += try_out(formula, largest)
        except FormulaError as error:
            raise Unreadable(f"{place}{error}") from None
        read.append(formula)
    if operations > MAX_OPERATIONS_IN_ALL:
        raise Unreadable(
            f"{path}: more than {MAX_OPERATIONS_IN_ALL} operations to evaluate all lines"
        )
    return read


def _refuse_foreign_names(place: str, formula: Formula, widest: Scope) -> None:
    """Refuse own names that use an index, or a class, which this part does not have."""
    foreign = {*widest.free, *widest.sizes} - {*formula.scope.names()}
    for name in sorted(formula.all_names & foreign):
        raise Unreadable(f"{place}a name from `where` uses {name}, which is unknown here")


def _place(path: str, line: int, count: int) -> str:
    return f"{path}: line {line}, " if count > 1 else f"{path}: "


def block(question: Question, path: str, name: str, value: Any) -> Block:
    """Read numbers, also of another shape if it can be undone: axes of size 1, a transpose.

    Raises Unreadable.
    """
    if _is_formula(value):
        own = f"[{path.rpartition('.')[0]}.{DERIVATION}]"
        remedy = f"; a formula belongs in {own}" if name in question.parts else ""
        raise Unreadable(f"{path}: numbers are wanted, found a formula{remedy}")
    wanted, shape = exact_value(question, name).shape, np.array(value, dtype=object).shape
    turned = len(wanted) == 2 and shape == wanted[::-1]
    if not turned and tuple(size for size in shape if size != 1) != wanted:
        shape = wanted
    as_written = object_array(list(_flattened(path, value, shape, wanted)), shape)
    written = as_written.T if turned else as_written.reshape(wanted)
    bounds = zip(written.flat, np.ravel(np.array(rounding(question, name))), strict=True)
    numbers = object_array([replace(one, rounding=bound) for one, bound in bounds], wanted)
    told = f"the shape of {name} is {shape}, {wanted or 'a number'} is wanted"
    form = None if shape == wanted else Form((), (told,))
    return Block(question, name, numbers, form, as_written)


def _is_formula(value: Any) -> bool:
    """Return whether a formula stands where numbers belong, and no number in quotes."""
    while isinstance(value, list) and value:
        value = value[0]
    return is_text(value) and re.search(NAME, value) is not None


def _flattened(
    name: str, value: Any, shape: tuple[int, ...], whole: tuple[int, ...]
) -> Iterator[Written]:
    if not shape:
        yield number(name, value)
        return
    if not isinstance(value, list) or len(value) != shape[0]:
        found = f"a list of {len(value)}" if isinstance(value, list) else "no list"
        wanted = {2: "{} rows of {} numbers", 1: "a list of {} numbers"}[len(whole)].format(*whole)
        raise Unreadable(f"{name}: wanted {wanted}, found {found}")
    for index, one in enumerate(value):
        yield from _flattened(f"{name}[{index}]", one, shape[1:], whole)


def number(name: str, value: Any) -> Written:
    """Return a number as it is written. Raises Unreadable."""
    if not is_number(value):
        remedy = "; leave out the quotes" if isinstance(value, str) else ""
        kind = KINDS.get(type(value), "something else")
        raise Unreadable(f"{name}: a number is wanted, found {kind}{remedy}")
    if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
        raise Unreadable(f"{name}: more than {MAX_DIGITS} digits")
    text = str(value)
    if text.lstrip("+-") in ("nan", "inf"):
        raise Unreadable(f"{name}: {text} is not a number; write digits")
    try:
        numeral(text)
    except ValueError as error:
        raise Unreadable(f"{name}: {error}") from None
    return Written(text)
