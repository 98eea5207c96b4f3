"""What would make a wrong line right: another text for the smallest part of it that is to blame.

Small edits, and what may have been left out, are tried at every place. Nothing is told that is
not right on every input.
"""

import ast
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from operator import attrgetter
from typing import Any

from flint import fmpq

from gradaudit.judging.derivation import Line, contains_d
from gradaudit.mistakes.edits import Source, as_factor
from gradaudit.mistakes.proposals import LONGEST_PART, as_term, called
from gradaudit.mistakes.trials import Text, Trial, text_of, with_text

LONGEST_LINE = 400  # characters of a line that is looked at
MOST_HELD = 8  # of the texts that fit where they are tried, how many are held to the law


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

    def others(self, line: Line) -> list[str]:
        """Return the texts of the other lines, whose parts may belong in this one."""
        return [one.formula.text for one in self.lines if one is not line]


@dataclass(frozen=True)
class Redefined:
    """What mends a definition, and which parts are then right where they first go wrong.

    of_all: several lines are wrong that use it, and then all of them are right.
    """

    mend: Mend
    parts: Sequence[Judged]
    of_all: bool

    def comes_before(self, found: Mend, name: str) -> bool:
        """Return whether it is told, and not what was found of a line with that name.

        It is if it explains more, or if what was found is the name itself; but where nothing is
        left of the definition, rather another name is meant.
        """
        wrong, right, where = self.mend.wrong, self.mend.right, str(self.mend.where)
        something_is_left = wrong in right or not where.endswith(f" = {wrong}")
        is_name = re.fullmatch(rf"{name}(\[[^]]*])?", found.wrong) is not None
        return self.of_all or (is_name and something_is_left)


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
    trial = Trial(text_of(line), line, part.others(line), part.inputs(line))
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
        text = text_of(line, name)
        trial = Trial(text, owed, user.others(line), user.inputs(line))
        best: Redefined | None = None
        for mended, mend in _found(trial, user.holds):
            if not all(_is_right(text, mended, *one) for one in right):
                continue
            explained = [one for one in users if _is_right(text, mended, one, one.wrong[0])]
            of_all = len(wrong) > 1 and all(_is_right(text, mended, *one) for one in wrong)
            if best is None or len(explained) > len(best.parts):
                best = Redefined(mend, explained, of_all)
            if len(explained) == len(users):
                break
        if best:
            return best
    return None


def _is_right(text: Text, right: str, part: Judged, line: Line) -> bool:
    """Return whether a line of a part is right with another text of a definition."""
    mended = text.mended(right, line)
    return mended is not None and part.holds(mended)


def _in_place_of_slope(line: Line, holds: Callable[[Line], bool]) -> Mend | None:
    """Return what stands in place of a d(...), where all else is as in the line above.

    What it should be is the d(...) itself, if that is neither 1 nor 0 there, and short.
    """
    above, here = Source(line.before.text), line.formula.text
    for node, _ in above.nodes():
        if node is not above.tree and called(node) == "d":
            slope = above.text(node)
            before, _, after = above.text(above.tree).partition(slope)
            wrong = here[len(before) : len(here) - len(after)]
            if here == before + wrong + after and _is_part(before, wrong, after):
                at = Mend(line.number, len(before) + 1, wrong, slope)
                for number in "10":
                    mended = with_text(line, before + number + after)
                    if mended and holds(mended):
                        return replace(at, right=number, stands_for=slope)
                return at if len(slope) <= LONGEST_PART else None
    return None


def _found(trial: Trial, holds: Callable[[Line], bool]) -> Iterator[tuple[str, Mend]]:
    """Yield each text with which a line is right on every input, and what is told of it."""
    source, line = trial.source, trial.line
    where = line.formula.scope.written.get(trial.text.own)
    before = where.index(" = ") + len(" = ") if where else 0
    for node, right, mended in islice(trial.promising(), MOST_HELD):
        if holds(mended):
            place, told = _in_full(source, node, right)
            column = before + source.column(place)
            found = Mend(line.number, column, source.text(place), told, where=where)
            yield source.replaced(node, right), found


def _in_full(source: Source, node: ast.expr, right: str) -> tuple[ast.expr, str]:
    """Return a mend as a person says it: of a whole fraction, and with no + 0 or * 1 left.

    A sign is that of a whole product, and in a sum it is - for + or + for -.
    """
    text, sign = source.text, right == f"-{as_factor(source.text(node))}"
    while True:
        parent, other, last, commutes = source.parents.get(node), node, False, False
        if isinstance(parent, ast.BinOp):
            last = parent.right is node
            other = parent.left if last else parent.right
            commutes = isinstance(parent.op, ast.Add | ast.Mult)
        match right, parent:
            case "0", ast.UnaryOp(ast.USub()) | ast.BinOp(op=ast.Mult()):
                node = parent
            case "0", ast.BinOp(op=ast.Div()) if not last:
                node = parent
            case "0", ast.BinOp(op=ast.Add() | ast.Sub()) if (last or commutes) and _is_short(
                other
            ):
                return parent, text(other)
            case "1", ast.BinOp(op=ast.Mult() | ast.Div() | ast.Pow()) if last or commutes:
                return parent, as_factor(text(other))
            case _, ast.BinOp(ast.Constant(int(n)), ast.Div(), ast.Constant(int(d))) if (
                right.isdigit()
            ):
                n, d = (n, int(right)) if last else (int(right), d)
                return (parent, str(fmpq(n, d))) if d else (node, right)
            case _, ast.UnaryOp(ast.USub()) if sign:
                return parent, text(node)
            case _, ast.Attribute() if right == f"{text(node)}.T":
                return parent, text(node)
            case _, ast.BinOp(op=ast.Mult() | ast.Div()) if sign:
                node, right = parent, f"-{text(parent)}".removeprefix("--")
            case _, ast.BinOp(op=ast.Add() | ast.Sub() as op) if sign and last and _is_short(other):
                turned = "-" if isinstance(op, ast.Add) else "+"
                return parent, f"{text(other)} {turned} {as_term(text(node))}"
            case _:
                return node, right


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
