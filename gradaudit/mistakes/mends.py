"""What would make a wrong line right: another text for the smallest part of it that is to blame.

Small edits, and what may have been left out, are tried at every place. Nothing is told that is
not right on every input.
"""

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from itertools import combinations, compress, islice, product, repeat, starmap, takewhile
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import fmpq

from gradaudit.judging.derivation import LARGEST_TRIED_OUT, Line, Workings, contains_d
from gradaudit.judging.iterations import holds as holds_at
from gradaudit.judging.iterations import holds_once
from gradaudit.judging.laws import Refusal
from gradaudit.judging.oracles import floats_of
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import (
    FUNCTIONS,
    Formula,
    FormulaError,
    Scope,
    indices,
    mentioned,
    parse,
)
from gradaudit.language.numbers import FIRST_PRECISION, precision
from gradaudit.language.outcomes import present
from gradaudit.mistakes.edits import ORDER, Source, as_factor, edits_at
from gradaudit.mistakes.pieces import NO_VALUE, Loops, Pieces, Said, read_or_none, written_out
from gradaudit.questions.question import split_loops
from gradaudit.questions.simple import floats

LONGEST_LINE = 400  # characters of a line that is looked at
MOST_CHARACTERS = 100_000  # of all texts that are tried for one line
MOST_OPERATIONS = 300_000  # of all of them together, on one input
MOST_HELD = 8  # of those that fit there, how many are held to the law
LONGEST_PART = 30  # characters of a part of another line that may belong here
ALSO = 4  # inputs at which one that fits at one is looked at, before it is held to the law
MOST_LOOKED_AT = 12  # inputs, until a wrong line shows
ROOMS = 4  # ways to index one array at one place
LARGE = 16  # of a number, beyond which others are not seen, as it is not below the inverse
CLOSE = 1e-6  # of the largest entry: what fits so far is looked at exactly
Floats = npt.NDArray[np.float64]
PRODUCT = (ast.Mult, ast.Div)
SLOPES = {"relu": "{x} > 0", "tanh": "1 - {y}**2", "sigmoid": "1 - {y}"}  # of y = function(x)


@dataclass(frozen=True)
class Mend:
    """What would make a line right: at a column, a text for another.

    stands_for: the d(...) of the line above in whose place the wrong text stands. where: the line
    of `where` in which it stands, if it is one's own name that is wrong.
    """

    line: int
    column: int
    wrong: str
    right: str
    stands_for: str | None = None
    where: str | None = None

    @property
    def adds(self) -> bool:
        """Whether all that stands there stays, and something comes to it."""
        return self.wrong in self.right


@dataclass(frozen=True)
class Judged:
    """The lines of one part of an answer, as they were judged.

    right: those that are so. wrong: the first that is not, and what is not right below it.
    inputs: what a line was judged on. holds: whether a line of this part is right on every input.
    """

    lines: Sequence[Line]
    right: Sequence[Line]
    wrong: Sequence[Line]
    inputs: Callable[[Line], Sequence[Any]]
    holds: Callable[[Line], bool]

    def others(self, line: Line) -> list[Formula]:
        """Return the formulas of the other lines, whose parts may belong in this one."""
        return [one.formula for one in self.lines if one is not line]


@dataclass(frozen=True)
class Redefined:
    """What mends a definition, and which parts are then right where they first go wrong.

    of_all: several lines are wrong that use it, and then all of them are right.
    """

    mend: Mend
    parts: Sequence[Judged]
    of_all: bool

    def comes_before(self, found: Mend, name: str) -> bool:
        """Return whether it is to be told, and not what was found of a line with that name."""
        mend, whole = self.mend, f" = {self.mend.wrong}"
        better = self.of_all and (found.adds or not mend.adds)
        if mend.where and mend.where.endswith(whole) and name not in found.right:
            return better and mend.adds  # else nothing is left of it, and another name may be meant
        return better or re.search(rf"\b{name}\b", f"{found.wrong} {found.right}") is not None


def mends_of(parts: Sequence[Judged]) -> list[Mend | None]:
    """Return what makes the first wrong line of each part right, if something small is found.

    parts: those of an answer with the same names of one's own. What makes the definition of one
    right is told of all that it explains.
    """
    redefined = cache(partial(_redefined, parts))
    right = frozenset[str]().union(*(line.formula.names for one in parts for line in one.right))
    return [_mend_of(one, right, redefined) if one.wrong else None for one in parts]


def _mend_of(
    part: Judged, right: Collection[str], redefined: Callable[[str], Redefined | None]
) -> Mend | None:
    line = part.wrong[0]
    if len(line.formula.text) > LONGEST_LINE:
        return None
    slope = _in_place_of_slope(line, part.holds)
    found = slope if slope and slope.stands_for else _of_line(part, line)
    if slope and found and (found.column, found.wrong) == (slope.column, slope.wrong):
        found = replace(found, stands_for=slope.stands_for or slope.right)
    own = line.formula.names - line.truth.scope.written.keys()
    names = filter(own.__contains__, line.formula.scope.written)
    for name in sorted(names, key=right.__contains__):
        if found and name in right:  # it is seldom wrong as well
            break
        again = redefined(name)
        if again and part in again.parts and (found is None or again.comes_before(found, name)):
            return replace(again.mend, line=line.number)
    return found or slope


def _of_line(part: Judged, line: Line) -> Mend | None:
    """Return the smallest mend of the text of a line, if one is found."""
    trial = _Trial(_text_of(line), line, part.others(line), part.inputs(line))
    return next((mend for _, mend in _found(trial, part.holds)), None)


def _redefined(parts: Sequence[Judged], name: str) -> Redefined | None:
    """Return the smallest mend of a definition with which all that is right stays so, if one is.

    Of several, that which explains most parts comes first.
    """
    right, wrong = (
        [(one, line) for one in parts for line in some(one) if name in line.formula.names]
        for some in (attrgetter("right"), attrgetter("wrong"))
    )
    users = [one for one, line in wrong if line is one.wrong[0]]
    for user in users:
        lines = [line for one, line in wrong if one is user]
        line = min(lines, key=contains_d)  # with d(...) it takes much longer
        owed = replace(line, before=line.truth)
        text = _text_of(line, name)
        trial = _Trial(text, owed, user.others(line), user.inputs(line))
        best: Redefined | None = None
        for mended, mend in _found(trial, user.holds):
            if not all(text.is_right(mended, *one) for one in right):
                continue
            explained = [one for one in users if text.is_right(mended, one, one.wrong[0])]
            of_all = len(wrong) > 1 and all(text.is_right(mended, *one) for one in wrong)
            if best is None or len(explained) > len(best.parts):
                best = Redefined(mend, explained, of_all)
            if len(explained) == len(users):
                break
        if best:
            return best
    return None


def _in_place_of_slope(line: Line, holds: Callable[[Line], bool]) -> Mend | None:
    """Return what stands in place of a d(...), where all else is as in the line above.

    What it should be is the d(...) itself, if that is neither 1 nor 0 there, and short.
    """
    above, here = Source(line.before.text), line.formula.text
    for node, _ in above.nodes():
        if node is not above.tree and _called(node) == "d":
            slope = above.text(node)
            before, _, after = above.text(above.tree).partition(slope)
            wrong = here[len(before) : len(here) - len(after)]
            if here == before + wrong + after and _is_part(before, wrong, after):
                at = Mend(line.number, len(before) + 1, wrong, slope)
                for number in "10":
                    mended = _with_text(line, before + number + after)
                    if mended and holds(mended):
                        return replace(at, right=number, stands_for=slope)
                return at if len(slope) <= LONGEST_PART else None
    return None


def _with_text(line: Line, text: str) -> Line | None:
    """Return a line with another text, if that is a formula."""
    if (read := read_or_none(text, line.formula.scope)) is None:
        return None
    read = replace(read, when=line.formula.when, condition=line.formula.condition)
    return replace(line, formula=read, workings=Workings())


def _found(trial: "_Trial", holds: Callable[[Line], bool]) -> Iterator[tuple[str, Mend]]:
    """Yield each text with which a line is right on every input, and what is told of it."""
    source, line, held, characters = trial.source, trial.line, 0, 0
    for node, loops, texts in trial.mends():
        likely = trial.likely(node, loops, texts)
        for said in texts:
            right = written_out(said)
            text = source.replaced(node, right) if said in likely else ""
            characters += len(text)
            mended = trial.text.mended(text, trial.line) if text else None
            fits = mended and trial.fits(mended.formula) and trial.fits_elsewhere(mended.formula)
            if mended and fits and trial.tells_apart(text):
                held += 1
                if holds(mended):
                    place, told = _in_full(source, node, right)
                    where = line.formula.scope.written.get(trial.text.own)
                    before = where.index(" = ") + len(" = ") if where else 0
                    column = before + source.column(place)
                    yield text, Mend(line.number, column, source.text(place), told, where=where)
            beyond = trial.operations > MOST_OPERATIONS or characters > MOST_CHARACTERS
            if held == MOST_HELD or beyond:
                return


def _in_full(source: Source, node: ast.expr, right: str) -> tuple[ast.expr, str]:
    """Return a mend as a person says it: of a whole fraction, and with no + 0 or * 1 left.

    A sign is that of a whole product, and in a sum it is - for + or + for -.
    """
    sign = right == f"-{as_factor(source.text(node))}"
    parents = {
        id(child): parent
        for parent in ast.walk(source.tree)
        if isinstance(parent, ast.expr)
        for child in ast.iter_child_nodes(parent)
    }
    while True:
        match right, parents.get(id(node)):
            case "0", ast.BinOp(_, ast.Mult(), _) | ast.UnaryOp(ast.USub()) as parent:
                node = parent
            case "0", ast.BinOp(one, ast.Div(), _) as parent if one is node:
                node = parent
            case "0", ast.BinOp(one, ast.Add() | ast.Sub(), other) as parent if (
                other is node and _is_short(one)
            ):
                return parent, source.text(one)
            case "0", ast.BinOp(one, ast.Add(), other) as parent if one is node and _is_short(
                other
            ):
                return parent, source.text(other)
            case "1", ast.BinOp(one, ast.Mult() | ast.Div() | ast.Pow(), other) as parent if (
                other is node
            ):
                return parent, as_factor(source.text(one))
            case "1", ast.BinOp(one, ast.Mult(), other) as parent if one is node:
                return parent, as_factor(source.text(other))
            case _, ast.BinOp(ast.Constant(int(n)), ast.Div(), ast.Constant(int(d))) as parent if (
                right.isdigit()
            ):
                n, d = (int(right), d) if parent.left is node else (n, int(right))
                return (parent, str(fmpq(n, d))) if d else (node, right)
            case _, ast.UnaryOp(ast.USub()) as parent if sign:
                return parent, source.text(node)
            case _, ast.Attribute() as parent if right == f"{source.text(node)}.T":
                return parent, source.text(node)
            case _, ast.BinOp(_, ast.Mult() | ast.Div(), _) as parent if sign:
                node, right = parent, f"-{source.text(parent)}".removeprefix("--")
            case _, ast.BinOp(one, ast.Add() | ast.Sub() as op, other) as parent if (
                sign and other is node and _is_short(one)
            ):
                turned = "-" if isinstance(op, ast.Add) else "+"
                term = source.text(other)
                term = term if _is_product(other) else as_factor(term)
                return parent, f"{source.text(one)} {turned} {term}"
            case _:
                return node, right


@dataclass(frozen=True)
class _Text:
    """A text that is mended: that of a line, or of the definition of one's own name in it.

    scope: what may be said there. own: the name. loops: the indices that it binds, with their sets.
    """

    text: str
    scope: Scope
    own: str = ""
    loops: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_index(self) -> bool:
        """Whether a definition depends on an index of the line, and is no array by itself."""
        return bool(self.own) and self.scope.free != self.loops

    def mended(self, text: str, line: Line) -> Line | None:
        """Return a line with another text here, if what it is then is a formula."""
        if not self.own:
            return _with_text(line, text)
        formula = line.formula
        loops = "".join(f" for {index} in {over}" for index, over in self.loops.items())
        earlier = replace(formula.scope, defined=self.scope.defined)
        try:
            tree = parse(text + loops, earlier, [*self.loops]).tree
        except FormulaError:
            return None
        scope = replace(formula.scope, defined={**formula.scope.defined, self.own: tree})
        return replace(line, formula=replace(formula, scope=scope), workings=Workings())

    def is_right(self, text: str, part: Judged, line: Line) -> bool:
        """Return whether a line of a part is right with another text here."""
        mended = self.mended(text, line)
        return mended is not None and part.holds(mended)


def _text_of(line: Line, own: str = "") -> _Text:
    """Return the text of a line, or of the definition of one's own name in it."""
    scope = line.formula.scope
    if not own:
        return _Text(line.formula.text, scope)
    text, loops = split_loops(scope.written[own].partition(" = ")[2])

    def free_in(name: str) -> set[str]:
        """Return the indices of the part that a name leads to."""
        return mentioned(scope.defined[name], scope.defined) & (scope.free.keys() - loops)

    has_index = bool(free_in(own))
    earlier = takewhile(lambda name: name != own, scope.defined)  # it can use no others
    defined = {name: scope.defined[name] for name in earlier if has_index or not free_in(name)}
    free = {**scope.free, **loops} if has_index else loops
    return _Text(text, replace(scope, defined=defined, free=free), own, loops)


class _Trial:
    """A wrong line at one input, where its mends are tried before they are held to the law."""

    def __init__(
        self, text: _Text, line: Line, others: Sequence[Formula], inputs: Sequence[Any]
    ) -> None:
        self.text, self.line, self.others = text, line, [one.text for one in others]
        self.scope = text.scope
        self.source = Source(text.text, tuple(self.scope.free.items()))
        self.comma = ", " if ", " in text.text else ","
        subscripts = (one for one in ast.walk(self.source.tree) if isinstance(one, ast.Subscript))
        self.within_entries = {  # an entry is looked at as a whole
            id(one) for entry in subscripts for one in (entry.value, *indices(entry))
        }
        self.beside = {  # the factors of the product that a part is one of
            id(one): [self.source.text(other) for other in factors]
            for node in reversed(list(ast.walk(self.source.tree)))  # the largest products last
            if isinstance(node, ast.expr) and (factors := _factors(node))[1:]
            for one in factors
        }
        self.inputs = list(inputs)
        self.exact = contains_d(line)
        # `not x + y` is `not (x + y)`
        other = any(isinstance(one, ast.Not) for one in ast.walk(self.source.tree))
        self.in_pieces = not (self.exact or other or line.name is None or text.has_index)
        self.wanted = cache(self._wanted)
        self._known: dict[Loops, dict[str, tuple[str, str]]] = {}
        self._spent = 0  # operations with other definitions
        if line.name is None:  # a condition has no value but at a rate
            return
        self.varied = sorted(inputs, key=_variety, reverse=True)[:MOST_LOOKED_AT]
        for case in self.varied:
            self.case = case
            self.env = self._env(self.case, self.scope, floats=not self.exact)
            if not self.fits(line.formula):  # else nothing shows here
                break
        self.pieces = Pieces(self.source, self.scope, _rounded(self.case), self.case.sizes)

    @property
    def operations(self) -> int:
        """How many operations were needed so far."""
        return 0 if self.line.name is None else self.env.operations + self._spent

    def _env(self, case: Any, scope: Scope, *, floats: bool = True) -> Env:
        values = _rounded(case) if floats else case.values
        return Env(values, case.sizes, scope.defined, scope.free, floats=floats)

    def _wanted(self, case: Any) -> tuple[Floats, float]:
        """Return what the line above is at an input, and how far from it may be about right."""
        wanted = _in_floats(self.line.entries(self.line.before, case))
        return wanted, CLOSE * np.max(abs(wanted))

    def value(self, tree: ast.expr, env: Env) -> Floats:
        """Return a value, rounded. Raises Missing, FormulaError or what NumPy raises."""
        with precision(FIRST_PRECISION), np.errstate(all="ignore"):
            found = env.entries(tree)
            return _in_floats(found) if self.exact else np.array(found, dtype=float)

    def value_of_line(self, mended: Formula) -> Floats:
        """Return the value of the line, mended. Raises as `value` does."""
        if not self.text.own:
            return self.value(mended.tree, self.env)
        env = self._env(self.case, mended.scope, floats=not self.exact)
        try:
            return self.value(mended.tree, env)
        finally:
            self._spent += env.operations

    def fits(self, mended: Formula) -> bool:
        """Return whether a line is about right, or a condition right at all rates tried so far."""
        try:
            if self.line.name is None:
                for number, rate in enumerate(self.inputs):
                    if holds_once(mended, rate) != holds_at(self.line.before, rate):
                        self.inputs.insert(0, self.inputs.pop(number))  # it may tell the next, too
                        return False
                return True
            return bool(self._are_about_right(self.value_of_line(mended)[None])[0])
        except (Refusal, *NO_VALUE):
            return False

    def fits_elsewhere(self, mended: Formula) -> bool:
        """Return whether a line is about right at other inputs as well, which takes no proof."""
        if self.exact or self.line.name is None:
            return True
        return all(self._fits_at(case, mended) for case in self.varied[:ALSO])

    def _fits_at(self, case: Any, mended: Formula) -> bool:
        env = self._env(case, mended.scope)
        try:
            with np.errstate(all="ignore"):
                found = np.array(env.entries(mended.tree), dtype=float)
            return bool(self._are_about_right(found[None], case, CLOSE)[0])  # rounded, if tiny
        except (Refusal, *NO_VALUE):
            return True  # the law tells

    def tells_apart(self, mended: str) -> bool:
        """Return whether all comparisons that are new can be true, and can be false.

        What makes one true or false everywhere, such as 0 in n == 1, is right by accident.
        """
        here, there = (
            {source.text(one): loops for one, loops in source.nodes() if _is_comparison(one)}
            for source in (Source(mended, self.source.loops), self.source)
        )
        new = [(text, loops) for text, loops in here.items() if text not in there]
        return self.line.name is None or all(starmap(self._varies, new))

    def _varies(self, comparison: str, loops: Loops) -> bool:
        """Return whether a comparison has several values, at the inputs that tell most."""
        scope = replace(self.scope, free=dict(loops))
        if (formula := read_or_none(comparison, scope)) is None:
            return False
        found = set[float]()
        for case in self.varied:
            env = self._env(case, scope)
            with suppress(*NO_VALUE), np.errstate(all="ignore"):
                found |= set(np.ravel(env.entries(formula.tree)))
        return len(found) > 1

    def likely(self, node: ast.expr, loops: Loops, texts: Sequence[Said]) -> Collection[Said]:
        """Return the texts with which in place of a part a line may be about right."""
        if not self.in_pieces:
            return texts
        found: list[Said] = []
        if self.pieces.env.operations < MOST_OPERATIONS:
            with (
                precision(FIRST_PRECISION),
                np.errstate(all="ignore"),
                suppress(Refusal, *NO_VALUE),
            ):
                for some, values in self.pieces.values(node, loops, texts):
                    fits: Iterable[Any] = repeat(True)
                    if values is not None:
                        fits = self._are_about_right(self.through(values))
                    found += compress(some, fits)
        return found

    def through(self, values: Floats) -> Floats:
        """Return the values of the line with several values of the text that is mended."""
        own, scope = self.text.own, self.line.formula.scope
        if not own:
            return values
        several = {**self.env.values, own: np.moveaxis(values, 0, -1)}
        defined = {name: tree for name, tree in scope.defined.items() if name != own}
        count, free = len(values), scope.free
        env = Env(several, self.case.sizes, defined, free, floats=True, cases=count, varied=(own,))
        try:
            return np.array(env.entries(self.line.formula.tree), dtype=float)
        finally:
            self._spent += env.operations

    def _are_about_right(
        self, found: Floats, case: Any = None, least: float = 0
    ) -> npt.NDArray[np.bool_]:
        """Return which of several values are about right there; the first axis is theirs."""
        wanted, close = self.wanted(case or self.case)
        own = found.shape[1:]
        if own not in ((), wanted.shape):
            return np.zeros(len(found), dtype=bool)
        found = found.astype(float).reshape(len(found), *(own or [1] * wanted.ndim))
        fits = (abs(found - wanted) <= max(close, least)).reshape(len(found), -1)
        return np.array(fits.all(axis=1))

    def mends(self) -> Iterator[tuple[ast.expr, Loops, Sequence[Said]]]:
        """Yield parts of the line with other texts: small ones first, changes before additions."""
        inside: dict[int, type[ast.operator]] = {}  # what a factor or a term stands in
        for node, _ in self.source.nodes():
            if isinstance(node, ast.BinOp):
                inside |= dict.fromkeys((id(node.left), id(node.right)), type(node.op))
        places = [place for place in self.source.nodes() if id(place[0]) not in self.within_entries]
        places.sort(key=lambda place: _size(place[0]))
        for node, loops in places:
            yield node, loops, _different(self.changes(node, loops))
        for node, loops in places:
            yield node, loops, _different(self.additions(node, loops, inside.get(id(node))))

    def changes(self, node: ast.expr, loops: Loops) -> Iterator[Said]:
        """Yield what may belong in place of a part, the likeliest first."""
        text = self.source.text(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            n = node.value
            numbers = (n + 1, n - 1, 2 * n, f"{n}/2" if n % 2 else n // 2)
            yield from (("{}", str(number)) for number in numbers)
        if isinstance(node, ast.Subscript) and not isinstance(node.value, ast.Name):
            each = self._entries(self.source.text(node.value), loops, node.value)
            yield from (("{}", one) for one in each if one != text)
        if isinstance(node, ast.Name | ast.Subscript | ast.Constant):
            array = text.partition("[")[0] + "["  # other indices of the same are likeliest
            parts = sorted(self.known(loops), key=lambda part: not part.startswith(array))
            beside = self.beside.get(id(node), ())  # a comparison twice is one that drops a factor
            parts = [
                one for one in parts if not (one in beside and _is_comparison(Source(one).tree))
            ]
            if id(node) not in self.beside:  # elsewhere one that is a mask makes no sense
                parts = [one for one in parts if not _is_order(Source(one).tree)]
            yield from (("{}", part) for part in parts if not _adds_to(text, part))
        if isinstance(node, ast.Constant):
            return
        yield from (("{}", term) for term in self._terms(node, loops))
        edited = edits_at(node, self.source, loops)
        yield from (("{}", right) for what, right in edited if "mean" not in what)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            left, right = map(self.source.text, (node.left, node.right))
            yield from (("{}", f"{left}/{right}"), ("{}", f"{left} @ {right}"))
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and _is_order(node):
            left, right = map(self.source.text, (node.left, node.comparators[0]))
            order = ORDER[type(node.ops[0])]
            other = order.removesuffix("=") if "=" in order else f"{order}="
            yield "{}", f"{left} {other} {right}"
        one = as_factor(text)
        yield from (("-{}", one), ("{}.T", one), ("{}**2", one))
        yield from ((f"{name}({{}})", text) for name in ("sqrt", "log", "exp", "sum"))
        yield from ((f"sum({{}}, axis={axis})", text) for axis in (0, 1))

    def _terms(self, node: ast.expr, loops: Loops) -> Iterator[str]:
        """Yield the one term of a sum that may be meant, by an index that is known outside."""
        match node:
            case ast.Call(
                func=ast.Name("sum"),
                args=[ast.GeneratorExp(term, [ast.comprehension(ast.Name(k), ast.Name(over))])],
            ):
                text = self.source.text(term)
                outside = (name for name, one in loops if one == over)
                yield from (re.sub(rf"\b{k}\b", name, text) for name in outside)

    def additions(
        self, node: ast.expr, loops: Loops, inside: type[ast.operator] | None
    ) -> Iterator[Said]:
        """Yield a part with what may have been left out of a product or a sum."""
        text, known = self.source.text(node), self.known(loops)
        if isinstance(node, ast.Name | ast.Attribute) and text not in dict(loops):
            matrices = (one for one in self.known(loops) if re.fullmatch(r"\w+(\.T)?", one))
            for other in matrices:
                yield from (("{} @ {}", other, text), ("{} @ {}", text, other))
        spaced = " * " in self.source.text(self.source.tree)
        if isinstance(node, ast.Constant | ast.Compare | ast.BoolOp) or inside in PRODUCT:
            return
        left = text if _is_product(node) else as_factor(text)
        for factor in ("2", *(factor for factor, _ in known.values())):
            for form in ("{} * {}", "{} / {}") if spaced else ("{}*{}", "{}/{}"):
                yield form, left, factor
        if inside not in (ast.Add, ast.Sub):
            for part, (_, term) in known.items():
                if not _is_order(Source(part).tree):
                    yield from (("{} + {}", text, term), ("{} - {}", text, term))

    def known(self, loops: Loops) -> dict[str, tuple[str, str]]:
        """Return what may belong at a place where these indices are known.

        Each comes with how it is written as a factor, and as a term.
        """
        if loops not in self._known:
            self._known[loops] = known = {}
            for part in self._parts(loops):
                if self.line.name is None and _is_order(Source(part).tree):
                    continue  # a condition is no number
                factor = as_factor(part)
                is_product = _is_product(ast.parse(part, mode="eval").body)
                known[part] = factor, part if is_product else factor
        return self._known[loops]

    def _parts(self, loops: Loops) -> Iterator[str]:
        given = sorted({*self.scope.given, *self.scope.sizes, *self.scope.defined})
        for name in given:
            yield from self._entries(name, loops)
        for name, tree in self.scope.defined.items():
            match tree:
                case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=argument)]):
                    both = zip(
                        *map(partial(self._entries, loops=loops), (argument, name)), strict=False
                    )
                    for x, y in both if function in SLOPES else ():
                        yield SLOPES[function].format(x=x, y=y)
        both_over = ((a, b) for (a, one), (b, other) in combinations(loops, 2) if one == other)
        yield from (f"delta({a},{self.comma[1:]}{b})" for a, b in both_over)
        names = {*given, *dict(loops), *FUNCTIONS} - {"d"}
        lines = (line.partition("=")[2].strip() for line in self.scope.written.values())
        definitions = (split_loops(text)[0] for text in lines)
        for text in (self.line.formula.text, *self.others, *definitions):
            source = Source(text)
            for node, _ in source.nodes():
                short = len(source.text(node)) <= LONGEST_PART
                part = node is not source.tree and not isinstance(node, ast.Constant)
                if short and part and mentioned(node, {}) <= names:
                    yield source.text(node)

    def _entries(self, name: str, loops: Loops, tree: ast.expr | None = None) -> Iterator[str]:
        """Yield an array with the indices that it can have at a place, then as it is.

        tree: of what is no name.
        """
        if self.line.name is None:
            yield name
            return
        try:
            shape = self.value(tree or ast.Name(name, col_offset=1), self.env).shape
        except NO_VALUE:
            return
        fitting = ([one for one, over in loops if self.case.sizes[over] == n] for n in shape)
        for chosen in islice(product(*fitting), ROOMS) if shape else ():
            yield f"{name}[{self.comma.join(chosen)}]"
        yield name


@lru_cache(maxsize=2**12)  # the same for all answers
def _variety(case: Any) -> tuple[bool, bool, int, int, float]:
    """Return how much an input tells: few sizes are 1, or equal; no number is large or tiny."""
    numbers = np.concatenate([np.ravel(np.array(value)) for value in case.values.values()])
    sizes = list(case.sizes.values())
    plain = all(1 / fmpq(LARGE) < abs(one) < LARGE for one in numbers if one != 0)
    different = len(set(map(abs, numbers))) / len(numbers)
    small = max(sizes, default=1) <= LARGEST_TRIED_OUT  # else few texts can be tried
    return plain, small, -sizes.count(1), len(set(sizes)), different


def _rounded(case: Any) -> dict[str, Any]:
    """Return the values at an input in float64."""
    return {name: np.array(floats(value))[()] for name, value in case.values.items()}


def _in_floats(values: Any) -> Floats:
    array = np.array(present(values), dtype=object)
    return floats_of(array.ravel()).reshape(array.shape)


def _size(node: ast.expr) -> tuple[int, bool]:
    """Return how large a part is; of those as large, numbers come first."""
    parts = sum(isinstance(one, ast.expr) for one in ast.walk(node))
    return parts, not isinstance(node, ast.Constant)


def _different(texts: Iterable[Said]) -> list[Said]:
    return list({written_out(said): said for said in texts}.values())


def _is_part(before: str, text: str, after: str) -> bool:
    """Return whether a text is one part of a formula, or several factors of a product in a row."""
    with suppress(SyntaxError):
        ast.parse(text, mode="eval")
        texts = (before + text + after, f"{before}({text}){after}")
        trees = (_WithoutBrackets().visit(ast.parse(one, mode="eval")) for one in texts)
        return len(set(map(ast.dump, trees))) == 1
    return False


class _WithoutBrackets(ast.NodeTransformer):
    """Takes the brackets from products that are factors: a*(b/c) becomes a*b/c."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Return a product whose last factor is none."""
        self.generic_visit(node)
        match node:
            case ast.BinOp(one, ast.Mult(), ast.BinOp(other, ast.Mult() | ast.Div() as op, last)):
                return ast.BinOp(self.visit_BinOp(ast.BinOp(one, ast.Mult(), other)), op, last)
        return node


def _is_short(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.Name | ast.Subscript)


def _adds_to(text: str, part: str) -> bool:
    """Return whether a part has a text and more; a comparison of it is something else."""
    is_in = text in part and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", part)
    return bool(is_in) and not _is_comparison(Source(part).tree)


def _is_comparison(node: ast.expr) -> bool:
    return _called(node) == "delta" or isinstance(node, ast.Compare)


def _is_order(node: ast.expr) -> bool:
    """Return whether a part says which of two is larger, or joins what does."""
    if isinstance(node, ast.BoolOp):
        return True
    return isinstance(node, ast.Compare) and any(type(one) in ORDER for one in node.ops)


def _called(node: ast.expr) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def _factors(node: ast.expr) -> list[ast.expr]:
    """Return what a product is made of."""
    if isinstance(node, ast.BinOp) and _is_product(node):
        return _factors(node.left) + _factors(node.right)
    return [node]


def _is_product(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, PRODUCT)
