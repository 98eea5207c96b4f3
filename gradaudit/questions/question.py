"""A question as data: what is given, the model, what is asked, the reference, what goes wrong."""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from flint import fmpq

from gradaudit.language.evaluate import Env
from gradaudit.language.formula import (
    Formula,
    FormulaError,
    Scope,
    indices,
    mentioned,
    parse,
    parse_definitions,
)
from gradaudit.language.outcomes import NoValue
from gradaudit.questions.iteration import Iteration

DERIVATION = "derivation"  # the table of derivations, where numbers are asked for as well
MAX_FOLLOWING = 100  # the size of an index set that follows from others


@dataclass(frozen=True)
class Given:
    """An input of a question: an array with the index sets of its axes, or a number without.

    within: the index set that its entries are places of, whole numbers. among: the numbers that
    its entries are taken from, where these are few. definite: it is a symmetric matrix, positive
    definite.
    """

    name: str
    axes: tuple[str, ...] = ()
    within: str = ""
    among: tuple[fmpq, ...] = ()
    definite: bool = False


@dataclass(frozen=True)
class Signature:
    """A function of a Python answer: its name, the names of its arguments, the parts it returns.

    id: what it is called as a part of an answer.
    """

    name: str
    arguments: tuple[str, ...]
    parts: tuple[str, ...]
    id: str


@dataclass(frozen=True, eq=False)
class Asked:
    """A part of a question: the derivative asked for, or a condition, and how it is found.

    truth: the derivative, by the language's own `d`; its free indices are those of an entry. Of an
    iteration it is the condition under which that converges.
    reference: the lines of a derivation, of which the last is closed.
    """

    name: str
    truth: Formula
    reference: tuple[Formula, ...] = ()

    @cached_property
    def of(self) -> Formula:
        """What the derivative is taken of, with the indices that it has itself."""
        of, _ = self.truth.tree.args  # type: ignore[attr-defined]  # checked to be a call of d
        formula = replace(self.truth, tree=of, text=ast.unparse(of))
        scope = self.truth.scope
        own = {name: over for name, over in scope.free.items() if name in formula.names}
        return replace(formula, scope=replace(scope, free=own))

    @cached_property
    def by(self) -> str:
        """The name of what the derivative is taken by."""
        _, by = self.truth.tree.args  # type: ignore[attr-defined]  # as above
        base = by.value if isinstance(by, ast.Subscript) else by
        assert isinstance(base, ast.Name)
        return base.id

    @property
    def letters(self) -> list[str]:
        """The indices of what the derivative is taken by, for each of its axes."""
        _, by = self.truth.tree.args  # type: ignore[attr-defined]  # as above
        return list(map(ast.unparse, indices(by))) if isinstance(by, ast.Subscript) else []

    @cached_property
    def label(self) -> str:
        """How the derivative is called, such as dL/dw; a condition has the name of the part."""
        if self.truth.scope.rate:
            return self.name
        of = self.of.tree
        base = of.value if isinstance(of, ast.Subscript) else of
        return f"d{base.id if isinstance(base, ast.Name) else 'f'}/d{self.by}"

    @property
    def axes(self) -> tuple[str, ...]:
        """The index sets of the axes of the derivative."""
        return tuple(self.truth.scope.free.values())

    @property
    def closed(self) -> Formula:
        """The last line of the reference."""
        return self.reference[-1]

    @cached_property
    def steps(self) -> list[Formula]:
        """The lines of the reference before that which are closed as well."""
        lines = self.reference[:-1]
        return [one for one in lines if "d" not in one.all_names and one.when is None]


@dataclass(frozen=True, eq=False)
class Slip:
    """A known mistake: for each variant, the lines of the right computation that differ.

    also: an id that it had once as well.
    """

    id: str
    sentence: str
    changes: tuple[Mapping[str, str], ...] = ()
    seen: str = ""
    also: str = ""


@dataclass(frozen=True, eq=False)
class Owed:
    """What any right answer obeys besides; just one of these, wherever a condition is met.

    that: a condition on the answer, whose arrays are called dx for the derivative by x. order: an
    index set in any order of which the answer is the same, in that order. adds_up: one over whose
    places, each alone, the answer is a sum. linear: a given name in which it is linear. same:
    given names with what may be added to them, or put for them, without changing it.
    """

    name: str
    say: str
    that: Formula | None = None
    order: str = ""
    adds_up: str = ""
    linear: str = ""
    same: Mapping[str, tuple[Formula, ...]] = field(default_factory=dict)
    where: Formula | None = None


@dataclass(frozen=True, eq=False)
class Question:
    """A model with what is asked of it.

    sets: the index sets, in order. sizes: those that are fixed, or follow from others. counts: how
    the sizes of sets are called. scope: the names of the model. assume: what every input obeys.
    titles: how parts are called in a document, else by their derivatives. called: the word and
    the letter for the things that an index set counts. data: values of what is given, where numbers
    are asked for; steps: the names whose numbers may be given too, and rounded: the lines whose
    numbers people round. own: the names of the reference, that mistakes may differ in as in those
    of the model. iteration: how it goes on, if it is asked for which rates that converges.
    two_at_once: the ids of two mistakes that are made together, with the lines that then differ.
    conventions: what differs from the reference and is no mistake. conditional: a condition under
    which alone an answer may be right. facts: what makes an input special, by how that is said.
    least: sizes below which no counterexample is sought, where there is one above. from_one: given
    names of which 1 tells more in a counterexample than 0. huge: those that may be as large as
    float64 holds, and no right function overflows.
    id: with which the names of its parts begin; table: in which it is answered.
    """

    name: str
    title: str
    task: str
    given: Mapping[str, Given]
    sets: tuple[str, ...]
    sizes: Mapping[str, Formula]
    scope: Scope
    assume: tuple[Formula, ...]
    define: tuple[str, ...]
    counts: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    called: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    rounded: tuple[str, ...] = ()
    parts: Mapping[str, Asked] = field(default_factory=dict)
    functions: tuple[Signature, ...] = ()
    own: tuple[str, ...] = ()
    mistakes: tuple[Slip, ...] = ()
    owes: tuple[Owed, ...] = ()
    iteration: Iteration | None = None
    two_at_once: tuple[tuple[tuple[str, ...], Mapping[str, str]], ...] = ()
    conventions: tuple[Slip, ...] = ()
    conditional: Formula | None = None
    facts: Mapping[str, Mapping[str, tuple[Formula, ...]]] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)
    from_one: tuple[str, ...] = ()
    huge: tuple[str, ...] = ()
    id: str = ""
    table: str = ""

    def under(self, condition: Formula) -> "Question":
        """Return the question on those of its inputs that meet a condition: one for each text."""
        if condition.text not in self._under:
            self._under[condition.text] = replace(self, assume=(*self.assume, condition))
        return self._under[condition.text]

    @cached_property
    def _under(self) -> dict[str, "Question"]:
        return {}

    @property
    def answered_in(self) -> tuple[Sequence[str], Scope]:
        """The lines of the model whose names may stand in answers, and the scope before these."""
        if self.iteration is not None:
            return (), self.iteration.truth.scope
        return self.define, scope_of(self.given.values(), self.sets, self.counts)

    @cached_property
    def lines(self) -> dict[str, str]:
        """The right computation, line by line, by name: the model, own names, and the parts."""
        defined = dict(map(halves, (*self.answered_in[0], *self.own)))
        return defined | {name: asked.closed.text for name, asked in self.parts.items()}

    @property
    def free_sets(self) -> tuple[str, ...]:
        """The index sets whose sizes are not fixed by the question or by other sizes."""
        return tuple(name for name in self.sets if name not in self.sizes)

    def sized(self, chosen: Mapping[str, int]) -> dict[str, int] | None:
        """Return the sizes of all index sets; None where one would be none.

        chosen: those of the free ones.
        """
        numbers = {name: fmpq(size) for name, size in chosen.items()}
        found = dict(chosen)
        for name, formula in self.sizes.items():
            try:
                size = Env(numbers, {}, {}).evaluate(formula.tree)
            except (NoValue, FormulaError):
                return None
            if size.q != 1 or not 1 <= size <= MAX_FOLLOWING:
                return None
            numbers[name] = size
            found[name] = int(size.p)
        return {name: found[name] for name in self.sets}

    @cached_property
    def _computation(self) -> Scope:
        """The names of the right computation: of the model, and own ones of the reference."""
        define, names = self.answered_in
        return parse_definitions((*define, *self.own), names)

    @cached_property
    def _trees(self) -> dict[tuple[str, str], ast.expr]:
        return {}

    def changed_lines(self, *changes: Mapping[str, str]) -> dict[str, str]:
        """Return those lines that differ, as they are with changes made one after the other.

        `{old}` in a change stands for the line as it was.
        """
        found: dict[str, str] = {}
        for change in changes:
            for name, text in change.items():
                old, loops = split_loops(found.get(name, self.lines[name]))
                over = "".join(f" for {index} in {one}" for index, one in loops.items())
                found[name] = text.replace("{old}", f"({old.strip()})") + over
        return found

    def changed_scope(self, lines: Mapping[str, str]) -> Scope:
        """Return the names of the computation with other lines. Raises FormulaError."""
        scope = self._computation
        defined, changed = dict(scope.defined), scope.defined.keys() & lines.keys()
        for name in changed:
            text = lines[name]
            if (name, text) not in self._trees:
                self._trees[name, text] = parse(text, scope, [*split_loops(text)[1]]).tree
            defined[name] = self._trees[name, text]
        for name in changed:
            if name in mentioned(defined[name], defined):
                raise FormulaError(1, f"`{name}` is found from itself")
        return replace(scope, defined=defined)

    def changed(self, *changes: Mapping[str, str]) -> dict[str, Formula]:
        """Return the last line of every part as it is with some lines changed.

        Raises FormulaError.
        """
        lines = self.changed_lines(*changes)
        scope = self.changed_scope(lines)
        found = {}
        for name, asked in self.parts.items():
            if lines.keys().isdisjoint({name, *asked.closed.names}):
                found[name] = asked.closed
                continue
            inner = replace(scope, free=asked.truth.scope.free)
            text = lines.get(name, asked.closed.text)
            if (name, text) not in self._trees:
                self._trees[name, text] = parse(text, inner).tree
            found[name] = Formula(text, self._trees[name, text], inner)
        return found


def halves(line: str) -> tuple[str, str]:
    """Return the name that a line defines, and how."""
    left, _, right = line.partition("=")
    return left.partition("[")[0].strip(), right.strip()


def split_loops(text: str) -> tuple[str, dict[str, str]]:
    """Return the formula of a definition, and its indices with the sets that they run over."""
    match = re.fullmatch(r"(.*?)((?:\s+for\s+\w+\s+in\s+\w+)+)\s*", text, re.DOTALL)
    if match and match[1].count("(") == match[1].count(")"):
        return match[1], dict(re.findall(r"for\s+(\w+)\s+in\s+(\w+)", match[2]))
    return text, {}


def scope_of(given: Iterable[Given], sets: Sequence[str], counts: Mapping[str, str]) -> Scope:
    """Return the names that formulas may use for what is given."""
    given = list(given)
    fixed = frozenset(one.name for one in given if one.within)  # nothing to differentiate by
    return Scope(
        given=frozenset(one.name for one in given) - fixed,
        sizes=fixed | counts.keys(),
        sets=frozenset(sets),
        axes={one.name: one.axes for one in given},
        key="define",
    )
