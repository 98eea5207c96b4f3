"""What a table of a question file holds; what is wrong is said in one line, with its key."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from typing import Any

from flint import fmpq

from gradaudit.language.formula import (
    Formula,
    FormulaError,
    Scope,
    numeral,
    parse,
    parse_definitions,
)
from gradaudit.language.hints import nearest
from gradaudit.questions.files import KINDS, Unreadable, is_number, is_text

NAME = r"[^\W\d]\w*"
MAX_ITEMS = 100  # of a list or a table


class Table:
    """A table of a question file.

    name: that of the question. table: what it holds.
    """

    def __init__(self, name: str, table: Any) -> None:
        self.name = name
        if not re.fullmatch(NAME, name):
            raise Unreadable(f"{name}: the name of a question is letters, digits and _")
        if isinstance(table, str):
            told = "above it the name of the question is wanted, such as [ridge]"
            raise Unreadable(f"{name}: it stands in no table; {told}")
        if not isinstance(table, dict):
            raise Unreadable(f"{name}: a table is wanted: [{name}]")
        self.table: dict[str, Any] = table

    def wrong(self, key: str, message: str) -> Unreadable:
        """Return the refusal of a key."""
        return Unreadable(f"{self.name}.{key}: {message}")

    @contextmanager
    def readable(self, key: str) -> Iterator[None]:
        """Refuse a key where what it says is no formula."""
        try:
            yield
        except FormulaError as error:
            raise self.wrong(key, str(error)) from None

    def known(self, key: str, names: Iterable[str], known: Collection[str]) -> None:
        """Refuse names that are none of those known."""
        for name in names:
            if name not in known:
                hint = nearest(name, known) or f"; known are {', '.join(known)}"
                raise self.wrong(f"{key}.{name}", f"no such name{hint}")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string. Raises Unreadable."""
        value = self.table.get(key, default)
        if not is_text(value):
            found = KINDS.get(type(value), "nothing" if value is None else "a number")
            raise self.wrong(key, f"a string is wanted, found {found}")
        return value

    def texts(self, key: str, such_as: str, default: Any = None) -> list[str]:
        """Return a list of strings, or one alone. Raises Unreadable."""
        return self.lines(key, self.table.get(key, default), such_as)

    def lines(self, key: str, value: Any, such_as: str) -> list[str]:
        """Return a value as a list of strings. Raises Unreadable."""
        if is_text(value):
            value = [value]
        if not isinstance(value, list | tuple) or not all(map(is_text, value)):
            raise self.wrong(key, f'a list of strings is wanted, such as ["{such_as}"]')
        self.few(key, value)
        return list(value)

    def names(self, key: str, such_as: str, known: Collection[str]) -> tuple[str, ...]:
        """Return a list of names that are known, or one alone. Raises Unreadable."""
        names = tuple(self.texts(key, such_as, ()))
        self.known(key, names, known)
        return names

    def few(self, key: str, values: Sized) -> None:
        """Refuse more than are read."""
        if len(values) > MAX_ITEMS:
            raise self.wrong(key, f"{len(values)} of them; at most {MAX_ITEMS} are read")

    def inner(self, key: str, known: Collection[str] | None = None) -> dict[str, Any]:
        """Return a table within, all of whose keys are known if these are given.

        Raises Unreadable.
        """
        table = self.table.get(key, {})
        if not isinstance(table, dict):
            raise self.wrong(key, f"a table is wanted: [{self.name}.{key}]")
        self.few(key, table)
        if known is not None:
            self.known(key, table, known)
        return table

    def formula(self, key: str, text: Any, scope: Scope) -> Formula:
        """Return a formula. Raises Unreadable."""
        if not is_text(text):
            raise self.wrong(key, "a formula in quotes is wanted")
        with self.readable(key):
            return parse(text, scope)

    def definitions(self, key: str, lines: Sequence[str], scope: Scope) -> Scope:
        """Return a scope with what lines define. Raises Unreadable."""
        with self.readable(key):
            return parse_definitions(lines, scope)

    def number(self, key: str, value: Any) -> fmpq:
        """Return an exact number. Raises Unreadable."""
        if not is_number(value):
            raise self.wrong(key, "a number is wanted")
        try:
            return numeral(str(value))
        except ValueError as error:
            raise self.wrong(key, str(error)) from None
