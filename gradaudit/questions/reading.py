"""Questions are read from tables of a TOML file; what is wrong with one is said in one line."""

import ast
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, lru_cache, partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from flint import fmpq

from gradaudit.language.evaluate import Env
from gradaudit.language.formula import FUNCTIONS, Formula, FormulaError, Scope, numeral
from gradaudit.language.hints import as_given, nearest, word_of_python
from gradaudit.language.numbers import each
from gradaudit.language.outcomes import NoValue
from gradaudit.questions.files import Unreadable, content_of, is_text, tables_of
from gradaudit.questions.iteration import MOST_STATES, Iteration, iteration_of
from gradaudit.questions.question import (
    DERIVATION,
    MAX_FOLLOWING,
    Asked,
    Given,
    Owed,
    Question,
    Signature,
    Slip,
    scope_of,
)
from gradaudit.questions.shapes import free_indices, shape_of, unfit
from gradaudit.questions.tables import MAX_ITEMS, NAME, Table

LIBRARY = Path(__file__).with_name("library")
ASSIGNMENT = "assignment"
KEYS = (
    *("id", "like", "least", "from_one", "huge", "title", "task", "given", "counts", "assume"),
    *("define", "sizes", "print", "titles", "called", "next", "rate", "two_at_once", "data"),
    *("steps", "rounded", "parts", "functions", "answers", "mistakes", "without", "conventions"),
    *("owes", "conditional", "facts"),
)
EVERY_START = "from every start"  # what is asked of an iteration
WHOLE = (ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Load)
MAX_NAMES = 50
MAX_SETS = 8
MAX_AXES = 4
MAX_SIZE = 9  # that a question may fix
MAX_GIVEN = 2_000  # characters
GIVEN = re.compile(rf"({NAME})(?:\[([^\]]*)\])?(?: in (?:({NAME})|\{{([^}}]*)\}}))?( spd)?")
SIGN = re.compile(r"([^\W\d_]+)(?:_(\w+))?(?:\^(\(\w+\))|('))?")  # letters, below, above
SIGNATURE = re.compile(rf"({NAME})\(([^()]*)\)")


def library() -> list[str]:
    """Return the names of the questions that come with gradaudit."""
    return sorted(path.stem for path in LIBRARY.glob("*.toml"))


def read_questions(name: str = ASSIGNMENT) -> list[Question]:
    """Return the questions of a file, or that of the library with this name. Raises Unreadable."""
    if name in library():
        return from_library(name)
    if not os.path.exists(name):
        beside = map(str, Path(name).parent.glob("*.toml"))
        raise Unreadable(f"no question of the library, and no file{_hint(name, beside)}")
    return questions_of(content_of(name))


def read_one(path: str, name: str | None = None) -> Question:
    """Return the question of a file, or the one of that name. Raises Unreadable."""
    found = {question.name: question for question in read_questions(path)}
    if name is None and len(found) > 1:
        raise Unreadable(f"{path}: it holds several questions; choose one of {', '.join(found)}")
    if name is not None and name not in found:
        raise Unreadable(f"{path}: no question {name}; it holds {', '.join(found)}")
    return found[name or next(iter(found))]


@cache
def from_library(name: str) -> list[Question]:
    """Return the questions of the library with this name. Raises Unreadable."""
    if name not in library():
        raise Unreadable(f"no question of the library{_hint(name)}")
    return questions_of(content_of(str(LIBRARY / f"{name}.toml")))


def _hint(name: str, files: Iterable[str] = ()) -> str:
    known = [*library(), *files]
    return nearest(name, known) or "; `gradaudit question list` shows the library"


@lru_cache(maxsize=2**4)  # each has with it what was found out of it
def questions_of(content: bytes) -> list[Question]:
    """Return the questions that TOML states. Raises Unreadable."""
    tables = tables_of(content)
    if not tables:
        raise Unreadable("it is empty; a question is a table, such as [ridge]")
    if len(tables) > MAX_ITEMS:
        raise Unreadable(f"{len(tables)} tables; at most {MAX_ITEMS} questions are read")
    questions = [_Reader(name, table, tables).question() for name, table in tables.items()]
    _refuse_shared_names(questions)
    return questions


def _refuse_shared_names(questions: Sequence[Question]) -> None:
    """Refuse names that two questions of a file have, where an answer could not tell them apart."""
    seen: dict[tuple[str, ...], str] = {}
    for question in questions:
        keys: dict[str, tuple[str, ...]]
        keys = {f"parts.{name}": (question.table, name) for name in question.parts}
        keys |= {f"id.{name}": (question.id, name, "") for name in question.parts}
        for key, named in keys.items():
            if named in seen:
                other = f"{seen[named]} has one of this name as well"
                raise Unreadable(f"{question.name}.{key}: {other}; choose another")
            seen[named] = question.name


class _Reader(Table):
    """Reads a question from its table."""

    def __init__(self, name: str, table: Any, others: Mapping[str, Any] | None = None) -> None:
        super().__init__(name, table)
        for key in table:
            if key not in KEYS:
                hint = f"{nearest(key, KEYS)}; known are {', '.join(KEYS)}"
                raise Unreadable(f"{name}.{key}: unknown key{hint}")
        self.like = self.text("like", name)
        if "like" in table:
            alike = (others or {}).get(self.like)
            if self.like == name or not isinstance(alike, dict) or "like" in alike:
                raise self.wrong(
                    "like", "another question of this file is wanted, that is like none"
                )
            self.table = {**alike, **table}

    def model(self) -> Question:
        given = self.given()
        axes = chain.from_iterable((*one.axes, one.within) for one in given)
        sets = tuple(dict.fromkeys(filter(None, axes)))
        if len(sets) > MAX_SETS:
            raise self.wrong("given", f"more than {MAX_SETS} index sets")
        sizes = self.sizes(sets)
        counts = self.counts({*sets, *(one.name for one in given)}, sets)
        bare = scope_of(given, sets, counts)
        define = self.texts("define", "name = formula")
        scope = self.definitions("define", define, bare)
        scope = replace(scope, signs=self.signs(scope.names()))
        assume = tuple(
            self.formula(f"assume: line {number}", text, scope)
            for number, text in enumerate(self.texts("assume", "eps > 0", ()), start=1)
        )
        for number, one in enumerate(assume, start=1):
            if "d" in one.all_names or one.when is not None:
                raise self.wrong(f"assume: line {number}", "it takes no derivative and no `when`")
        return Question(
            self.name,
            self.text("title", self.name),
            self.text("task", ""),
            {one.name: one for one in given},
            sets,
            sizes,
            scope,
            assume,
            tuple(define),
            counts,
            self.titles(),
            self.called(sets),
            id=self.id(),
            table=self.like,
        )

    def question(self) -> Question:
        question = self.model()
        if line := unfit(question):
            raise self.wrong("define", line)
        if "next" in self.table:
            question = replace(question, iteration=self.iteration(question))
        asked = self.inner("parts")
        parts = {name: self.asked(question, name, text) for name, text in asked.items()}
        if not parts:
            raise self.wrong("parts", 'a part is wanted, such as w = "d(L, w[a])"')
        if question.iteration and len(parts) > 1:
            raise self.wrong("parts", "an iteration has one part")
        steps = self.names("steps", "z", question.scope.defined)
        self.known("titles", question.titles, [*parts, *steps])
        question = replace(question, parts=parts, steps=steps)
        question = self.with_reference(question)
        mistakes = tuple(self.mistakes(question, "mistakes"))
        without = self.names("without", "an id", [one.id for one in mistakes])
        mistakes = tuple(one for one in mistakes if one.id not in without)
        question = replace(question, mistakes=mistakes)
        if self.text("conditional", ""):
            said = self.formula("conditional", self.table["conditional"], question.scope)
            if not isinstance(said.tree, ast.Compare | ast.BoolOp) or said.when is not None:
                raise self.wrong("conditional", "a condition is wanted, such as sum(t) == 1")
            question = replace(question, conditional=said)
        return replace(
            question,
            conventions=tuple(self.mistakes(question, "conventions")),
            functions=tuple(self.functions(question)),
            owes=tuple(self.owed(question)),
            two_at_once=tuple(self.two_at_once(question)),
            facts=self.facts(question),
            least=self.least(question),
            from_one=self.names("from_one", "t", question.given),
            huge=self.names("huge", "t", question.given),
            data=self.data(question),
            rounded=self.names("rounded", "z", question.lines),
        )

    # ---- what a question says

    def given(self) -> list[Given]:
        found: dict[str, Given] = {}
        told = self.text("given")
        if len(told) > MAX_GIVEN:
            raise self.wrong("given", f"more than {MAX_GIVEN} characters")
        for text in re.split(r",(?![^\[{]*[\]}])", told):
            said = " ".join(text.split())
            match = GIVEN.fullmatch(said)
            if match is None:
                wanted = "a name with its index sets, such as X[N,A], `c in K` or `M[N] in {0, 1}`"
                raise self.wrong("given", f"`{said}` is not {wanted}{as_given(said)}")
            name, axes, within, among, definite = match.groups()
            sets = tuple(one.strip() for one in (axes or "").split(",") if one.strip())
            for word in filter(None, map(word_of_python, (name, *sets, within or ""))):
                raise self.wrong("given", word)
            if name in {*FUNCTIONS, *found, *sets, within}:
                raise self.wrong("given", f"`{name}` already has a meaning; choose another name")
            if bad := [one for one in sets if not re.fullmatch(NAME, one) or one in FUNCTIONS]:
                fixed = f"; one of that size is named: sizes = {{ B = {bad[0]} }}"
                hint = fixed if bad[0].isdecimal() else ""
                raise self.wrong("given", f"`{bad[0]}` is not the name of an index set{hint}")
            if definite and (len(sets) != 2 or sets[0] != sets[1]):
                raise self.wrong("given", f"`{name}` is spd, so it has one index set twice")
            if len(sets) > MAX_AXES:
                raise self.wrong("given", f"`{name}` has more than {MAX_AXES} axes")
            try:
                numbers = tuple(numeral(one.strip()) for one in among.split(",")) if among else ()
            except ValueError as error:
                hint = "; write 0.5 for 1/2" if "/" in among else ""
                raise self.wrong("given", f"`{said}`: {error}{hint}") from None
            found[name] = Given(name, sets, within or "", numbers, bool(definite))
        if not found or len(found) > MAX_NAMES:
            raise self.wrong("given", f"1 to {MAX_NAMES} names are wanted")
        return list(found.values())

    def sizes(self, sets: Sequence[str]) -> dict[str, Formula]:
        said = self.inner("sizes")
        free = [name for name in sets if name not in said]
        found: dict[str, Formula] = {}
        for name, value in said.items():
            key = f"sizes.{name}"
            if name not in sets:
                raise self.wrong(key, f"no index set of `given`{nearest(name, sets)}")
            if isinstance(value, int) and not 1 <= value <= MAX_SIZE:
                raise self.wrong(key, f"a size from 1 to {MAX_SIZE} is wanted")
            text = str(value) if isinstance(value, int) else value
            known = Scope(frozenset([*free, *found]))
            found[name] = self.formula(key, text, known)
            if any(not isinstance(node, WHOLE) for node in ast.walk(found[name].tree)):
                raise self.wrong(key, 'sizes, whole numbers and + - * / are wanted: "M + F - 1"')
        return found

    def id(self) -> str:
        told = self.text("id", self.name)
        if not re.fullmatch(NAME, told):
            raise self.wrong("id", "a word is wanted, with which the names of its parts begin")
        return told

    def counts(self, taken: Collection[str], sets: Sequence[str]) -> dict[str, str]:
        """Return how the sizes of index sets are called."""
        told = self.inner("counts")
        for name, index_set in told.items():
            if word := word_of_python(name):
                raise self.wrong(f"counts.{name}", word)
            if not re.fullmatch(NAME, name) or name in {*taken, *FUNCTIONS}:
                raise self.wrong(f"counts.{name}", "a name that no other has is wanted")
            if index_set not in sets:
                raise self.wrong(f"counts.{name}", f"an index set is wanted: {', '.join(sets)}")
        return told

    def called(self, sets: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Return the word and the letter for the things that an index set counts."""
        told = self.inner("called", sets)
        for name, text in told.items():
            if not is_text(text) or not re.fullmatch(rf"\w+ {NAME}", text):
                raise self.wrong(f"called.{name}", 'a word and a letter are wanted: "sample k"')
        return {name: tuple(text.split()) for name, text in told.items()}

    def data(self, question: Question) -> dict[str, Any]:
        """Return values of all that is given, if they are stated."""
        told = self.inner("data", question.given)
        found: dict[str, Any] = {}
        sizes: dict[str, int] = {}
        for name, one in question.given.items() if told else ():
            key = f"data.{name}"
            if name not in told:
                raise self.wrong(key, "it is missing; the data have a value for all that is given")
            array = np.array(told[name], dtype=object)
            if array.ndim != len(one.axes):
                raise self.wrong(key, "nested lists are wanted, an axis for each index set")
            found[name] = each(partial(self.number, key), array)[()]
            for axis, size in zip(one.axes, array.shape, strict=True):
                if sizes.setdefault(axis, size) != size:
                    raise self.wrong(key, f"{size} of {axis} where {sizes[axis]} are wanted")
        if found:
            self.fitting(question, found, sizes)
        return found

    def fitting(
        self, question: Question, data: Mapping[str, Any], sizes: Mapping[str, int]
    ) -> None:
        """Refuse data that are not of the kind that is given, or not as is assumed."""
        for name, one in question.given.items():
            for number in np.ravel(np.array(data[name], dtype=object)):
                if one.among and number not in one.among:
                    among = ", ".join(map(str, one.among))
                    raise self.wrong(f"data.{name}", f"{number} is none of {among}")
                whole = number.q == 1 and 0 <= number < sizes.get(one.within, MAX_FOLLOWING)
                if one.within and not whole:
                    wanted = f"a place in {one.within} is wanted, counted from 0"
                    raise self.wrong(f"data.{name}", f"{number}: {wanted}")
        counts = {name: fmpq(sizes.get(one, 1)) for name, one in question.counts.items()}
        env = Env({**data, **counts}, sizes, question.scope.defined)
        for condition in question.assume:
            with suppress(NoValue, FormulaError):
                if env.truth(condition.tree):
                    continue
            raise self.wrong("data", f"they do not meet what is assumed: {condition.text}")

    def least(self, question: Question) -> dict[str, int]:
        told = self.inner("least", question.free_sets)
        for name, size in told.items():
            if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MAX_SIZE:
                raise self.wrong(f"least.{name}", f"a size from 1 to {MAX_SIZE} is wanted")
        return told

    def facts(self, question: Question) -> dict[str, dict[str, tuple[Formula, ...]]]:
        told = self.inner("facts")
        return {said: self.moved(f"facts.{said}", one, question) for said, one in told.items()}

    def signs(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return how names are printed: letters, with what stands below and above them."""
        told = self.inner("print", names)
        signs: dict[str, tuple[str, ...]] = {}
        for name, text in told.items():
            match = SIGN.fullmatch(text) if is_text(text) else None
            if match is None:
                wanted = "letters are wanted, or these with an index or a prime"
                raise self.wrong(f"print.{name}", f'{wanted}, such as "W^(1)", "s_new" or "h\'"')
            letters, below, above, prime = (one or "" for one in match.groups())
            sign = letters, below, above or "prime" * bool(prime)
            an_entry = below and letters in names
            if text in names or an_entry or sign in signs.values():
                raise self.wrong(f"print.{name}", f"`{text}` is another name; choose another sign")
            signs[name] = sign
        return signs

    def titles(self) -> dict[str, str]:
        titles = self.inner("titles")
        for name, title in titles.items():
            if not is_text(title):
                raise self.wrong(f"titles.{name}", "a string is wanted")
        return titles

    def iteration(self, question: Question) -> Iteration:
        following = {
            name: self.formula(f"next.{name}", text, question.scope)
            for name, text in self.inner("next").items()
        }
        if not 1 <= len(following) <= MOST_STATES or not following.keys() <= question.given.keys():
            such_as = 'such as { x = "x - r*d(f, x)" }'
            raise self.wrong("next", f"one or two given names are wanted, {such_as}")
        names = [name for name in question.given if name not in following]
        if (rate := self.text("rate")) not in names:
            hint = nearest(rate, names) or f"; known are {', '.join(names)}" * bool(names)
            raise self.wrong("rate", f"a given name that `next` does not move is wanted{hint}")
        if question.sets:
            raise self.wrong("given", "of an iteration just numbers are given, no arrays")
        for number, one in enumerate(question.assume, start=1):
            if not one.names <= {*names} - {rate}:
                raise self.wrong(f"assume: line {number}", "just parameters can be assumed upon")
        if "owes" in self.table:
            raise self.wrong("owes", "the answer of an iteration is a condition, and owes no more")
        with self.readable("next"):
            return iteration_of(following, rate, names, question.assume)

    def asked(self, question: Question, name: str, text: Any) -> Asked:
        key = f"parts.{name}"
        if not re.fullmatch(NAME, name):
            raise self.wrong(key, "the name of a part is letters, digits and _")
        if question.iteration:
            if text != EVERY_START:
                raise self.wrong(key, f'the part of an iteration is "{EVERY_START}"')
            return Asked(name, question.iteration.truth)
        free = free_indices(text, question) if isinstance(text, str) else {}
        truth = self.formula(key, text, replace(question.scope, free=free))
        is_d = isinstance(truth.tree, ast.Call) and getattr(truth.tree.func, "id", "") == "d"
        if not is_d or truth.when is not None:
            raise self.wrong(key, "a part is a derivative, such as d(L, w[a]) or d(-L, w[a])")
        asked = Asked(name, truth)
        axes = question.given[asked.by].axes if asked.by in question.scope.given else None
        letters = asked.letters
        if axes is None or not len(axes) == len(letters) == len({*letters} & free.keys()):
            wanted = "a derivative is by a given number, or by an entry with an index for each axis"
            raise self.wrong(key, f"{wanted}, such as d(L, W[a,j])")
        self.shaped(key, question, asked, replace(asked.of, scope=truth.scope), alone=True)
        return asked

    def shaped(
        self, key: str, question: Question, asked: Asked, formula: Formula, *, alone: bool = False
    ) -> None:
        """Refuse what is no number for each entry; nor the whole array, if it may be that."""
        free = asked.truth.scope.free
        sizes, shape = shape_of(formula.tree, formula.scope, question)
        whole = tuple(sizes.get(axis, 0) for axis in free.values())
        by_entry = not formula.names.isdisjoint(free)
        if shape not in ((), None) and (shape != whole or (alone and not by_entry)):
            wanted = f"a number for each {' and '.join(free)}" if free else "a number"
            raise self.wrong(key, f"`{formula.text}` is of another shape; {wanted} is wanted")

    def with_reference(self, question: Question) -> Question:
        table = dict(self.inner("answers"))
        own = self.lines("answers.where", table.pop("where", ()), "p = softmax(y)")
        known = question.iteration.truth.scope if question.iteration else question.scope
        scope = self.definitions("answers.where", own, replace(known, key="where"))
        for name in table:
            if name not in question.parts:
                hint = nearest(name, question.parts) or f"; known are {', '.join(question.parts)}"
                raise self.wrong(f"answers.{name}", f"no such part{hint}")
        parts = {}
        for name, asked in question.parts.items():
            key = f"answers.{name}"
            if name in (DERIVATION, *question.steps):
                called = "a step, or the table of derivations, is called so"
                raise self.wrong(f"parts.{name}", called)
            if name not in table:
                raise self.wrong(key, "a reference is wanted, to check the others by")
            lines = self.lines(key, table[name], "X.T @ e")
            inner = replace(scope, free=asked.truth.scope.free)
            read = [
                self.formula(f"{key}: line {number}", line, inner)
                for number, line in enumerate(lines, start=1)
            ]
            if not read or "d" in read[-1].all_names or read[-1].when is not None:
                raise self.wrong(
                    key, "its last line must be a closed formula, without d and `when`"
                )
            if not question.iteration:
                self.shaped(key, question, asked, read[-1])
            parts[name] = replace(asked, reference=tuple(read))
        return replace(question, parts=parts, own=tuple(own))

    def functions(self, question: Question) -> Iterator[Signature]:
        seen: set[str] = set()
        for signature, parts in self.inner("functions").items():
            key = f"functions.{signature}"
            match = SIGNATURE.fullmatch(" ".join(signature.split()))
            if match is None:
                raise self.wrong(key, 'a signature is wanted, such as "gradients(X, w, t)"')
            arguments = tuple(one.strip() for one in match[2].split(",") if one.strip())
            named = isinstance(parts, dict) and len(parts) == 1
            ((called, several),) = parts.items() if named else [("", parts)]
            if not (isinstance(several, str | list) and all(map(is_text, several))):
                listed = ", ".join(f'"{one}"' for one in islice(question.parts, 2))
                ways = f"[{listed}], or {{ grads = [{listed}] }}, where it is called `grads`"
                raise self.wrong(key, f"a list of the parts that it returns is wanted: {ways}")
            returned = tuple(self.lines(key, several, "w"))
            own = returned[0] if len(returned) == 1 else match[1]
            taken = {*question.parts, *question.steps, DERIVATION} - {own}
            if called in taken:
                raise self.wrong(key, f"`{called}` is another part; choose another name")
            called = called or own
            self.known(key, arguments, question.given)
            self.known(key, returned, question.parts)
            once = all(len(set(names)) == len(names) for names in (arguments, returned))
            if not returned or not once:
                raise self.wrong(key, "it returns one part or more, and names each thing once")
            if word := word_of_python(match[1]):
                raise self.wrong(key, word)
            if match[1] in seen:
                raise self.wrong(key, "it needs a name that no other has")
            seen.add(match[1])
            if question.iteration:
                self.takes_the_rate(key, arguments, question.iteration)
            else:
                needed = {one for part in returned for one in question.parts[part].closed.names}
                for one in question.given:
                    if one in needed and one not in arguments:
                        raise self.wrong(key, f"it needs `{one}`, which it does not take")
            yield Signature(match[1], arguments, returned, f"{question.id}.{called}")

    def takes_the_rate(self, key: str, arguments: Sequence[str], iteration: Iteration) -> None:
        if moved := [one for one in arguments if one in iteration.states]:
            raise self.wrong(key, f"`{moved[0]}` is moved by `next`; it must hold for every start")
        for one in iteration.names:
            if one not in arguments and (one == iteration.rate or one in iteration.truth.names):
                raise self.wrong(key, f"the answer depends on `{one}`, which it does not take")

    def two_at_once(self, question: Question) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
        ids = [slip.id for slip in question.mistakes]
        listed = self.table.get("two_at_once", [])
        for number, told in enumerate(listed if isinstance(listed, list) else [listed], start=1):
            key = f"two_at_once[{number}]"
            strings = isinstance(told, list) and all(isinstance(one, str) for one in told)
            if not strings or len(told) != 3 or not {*told[:2]} <= {*ids}:
                raise self.wrong(key, "two ids of mistakes and what comes of both are wanted")
            change: dict[str, str] = dict.fromkeys(question.parts, told[2])
            with self.readable(key):
                question.changed(change)
            yield tuple(told[:2]), change

    def mistakes(self, question: Question, kind: str) -> Iterator[Slip]:
        told = self.table.get(kind, [])
        if not isinstance(told, list):
            raise self.wrong(kind, f"[[{self.name}.{kind}]] is wanted, once for each")
        self.few(kind, told)
        seen: set[str] = set()
        variants = 0
        for number, one in enumerate(told, start=1):
            key = f"{kind}[{number}]"
            if not isinstance(one, dict) or not {"id", "sentence", "change"} <= one.keys():
                raise self.wrong(key, "an id, a sentence and a change are wanted")
            if extra := sorted(one.keys() - {"id", "sentence", "change", "seen", "also"}):
                raise self.wrong(key, f"unknown key {extra[0]}")
            name, sentence = one["id"], one["sentence"]
            texts = (name, sentence, one.get("seen", ""), one.get("also", ""))
            if not all(map(is_text, texts)) or name in seen:
                raise self.wrong(key, "strings are wanted, and an id that no other has")
            seen.add(name)
            changes = one["change"] if isinstance(one["change"], list) else [one["change"]]
            variants += len(changes)
            if not changes or variants > MAX_ITEMS:
                wanted = f"1 change or more is wanted, at most {MAX_ITEMS} in all"
                raise self.wrong(f"{key}.change", wanted)
            for change in changes:
                if not isinstance(change, dict) or not change:
                    raise self.wrong(f"{key}.change", 'lines that differ are wanted: { x = "..." }')
                for line in change:
                    if line not in question.lines:
                        hint = nearest(line, question.lines)
                        if line == "where":
                            hint = "; a name that `where` defines is changed by its own name"
                        raise self.wrong(f"{key}.change.{line}", f"no line of this name{hint}")
                    if not is_text(change[line]):
                        raise self.wrong(f"{key}.change.{line}", "a formula in quotes is wanted")
                with self.readable(f"{key}.change"):
                    question.changed(change)
            yield Slip(name, sentence, tuple(changes), *texts[2:])

    def owed(self, question: Question) -> Iterator[Owed]:
        if question.iteration:
            return
        own = {f"d{asked.by}" for asked in question.parts.values()}
        scope = replace(question.scope, given=question.scope.given | own)
        for name, said in self.inner("owes").items():
            key = f"owes.{name}"
            told = said if isinstance(said, dict) else {"say": name, "that": said}
            where = told.get("where")
            where = None if where is None else self.formula(f"{key}.where", where, question.scope)
            kinds = told.keys() - {"say", "where"}
            if len(kinds) != 1 or not kinds <= {"that", "order", "adds_up", "linear", "same"}:
                raise self.wrong(key, "one of that, order, adds_up, linear, same is wanted")
            (kind,) = kinds
            value, say = told[kind], told.get("say", name)
            if not is_text(say):
                raise self.wrong(f"{key}.say", "a string is wanted")
            say = say.rstrip(".")
            if kind == "that":
                that = self.formula(key, value, scope)
                if not _is_equation(that.tree):
                    raise self.wrong(key, "an equation is wanted, such as sum(dw*w) == 0")
                yield Owed(name, say, that=that, where=where)
            elif kind == "same":
                moved = self.moved(f"{key}.same", value, question)
                yield Owed(name, say, same=moved, where=where)
            else:
                real = [
                    one.name
                    for one in question.given.values()
                    if not (one.within or one.among or one.definite)
                ]
                kept = {axis for part in question.parts.values() for axis in part.axes}
                summed = [one for one in question.free_sets if one not in kept]
                what, known = {
                    "linear": ("a given name that may be any numbers", real),
                    "adds_up": ("an index set whose size is free, of no axis of a part", summed),
                    "order": ("an index set whose size is free", question.free_sets),
                }[kind]
                if not is_text(value) or value not in known:
                    listed = ", ".join(known) or "there is none here"
                    raise self.wrong(f"{key}.{kind}", f"{what} is wanted: {listed}")
                chosen: dict[str, Any] = {kind: value}
                yield Owed(name, say, where=where, **chosen)

    def moved(self, key: str, value: Any, question: Question) -> dict[str, tuple[Formula, ...]]:
        known = isinstance(value, dict) and value.keys() <= question.given.keys()
        if not known or not all(value.values()) or not value:
            raise self.wrong(key, 'given names are wanted, such as { y = ["y + 1"] }')
        return {
            name: tuple(
                self.put(f"{key}.{name}", name, text, question)
                for text in self.lines(f"{key}.{name}", texts, "y + 1")
            )
            for name, texts in value.items()
        }

    def put(self, key: str, name: str, text: str, question: Question) -> Formula:
        """Return what is put for a given name, which has the shape of that."""
        formula = self.formula(key, text, question.scope)
        sizes, shape = shape_of(formula.tree, question.scope, question)
        wanted = tuple(sizes.get(axis, 0) for axis in question.given[name].axes)
        if shape is not None and shape != wanted:
            raise self.wrong(key, f"`{text}` is of another shape than {name}")
        return formula


def _is_equation(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Compare) and len(tree.ops) == 1 and isinstance(tree.ops[0], ast.Eq)
