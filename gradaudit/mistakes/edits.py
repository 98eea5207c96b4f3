"""Small edits of a formula, such as a person makes by mistake, each with a sentence about it.

An edit is made in the text, so that what it says is in the words of whoever wrote the formula.
"""

import ast
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import TypeGuard

from gradaudit.language.formula import indices

ORDER: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
Loop = tuple[str, str]  # an index, and the set that it runs over


class Source:
    """A formula's text with its tree, in which a part of it can be replaced.

    loops: the indices that are known in it from outside.
    """

    def __init__(self, text: str, loops: Sequence[Loop] = ()) -> None:
        self.bytes = text.encode()
        self.tree = ast.parse(text, mode="eval").body
        self.loops = tuple(loops)

    def text(self, node: ast.expr) -> str:
        """Return how a node is written."""
        return self.bytes[node.col_offset : node.end_col_offset].decode()

    @cached_property
    def parents(self) -> dict[ast.AST, ast.expr]:
        """What each node stands in."""
        nodes = (node for node in ast.walk(self.tree) if isinstance(node, ast.expr))
        return {child: node for node in nodes for child in ast.iter_child_nodes(node)}

    def column(self, node: ast.expr) -> int:
        """Return where a node begins, counted from 1."""
        return len(self.bytes[: node.col_offset].decode()) + 1

    def replaced(self, node: ast.expr, text: str) -> str:
        """Return the formula with another text in place of a node."""
        before, after = self.bytes[: node.col_offset], self.bytes[node.end_col_offset :]
        new = text if node is self.tree or text.isidentifier() else f"({text})"
        return before.decode() + new + after.decode()

    def nodes(self) -> Iterator[tuple[ast.expr, tuple[Loop, ...]]]:
        """Yield every expression with the indices that are known where it stands."""
        pending = [(self.tree, self.loops)]
        while pending:
            node, loops = pending.pop(0)
            yield node, loops
            if isinstance(node, ast.Call) and isinstance(node.args[0], ast.GeneratorExp):
                body = node.args[0]
                clauses = (ast.unparse(clause) for clause in body.generators)
                bound = [tuple(one.removeprefix(" for ").split(" in ")) for one in clauses]
                pending.append((body.elt, (*loops, *bound)))  # type: ignore[arg-type]  # pairs
                continue
            if isinstance(node, ast.Call):
                children = node.args[:1] if ast.unparse(node.func) == "d" else node.args
            elif isinstance(node, ast.Subscript):
                children = [node.value, *indices(node)]
            else:
                children = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)]
            pending += [(child, loops) for child in children if not isinstance(child, ast.Slice)]


def edits(text: str, loops: Sequence[Loop] = ()) -> Iterator[tuple[str, str]]:
    """Yield what was done wrong, and the formula with that edit, each wrong formula once."""
    source = Source(text, loops)
    seen = {"".join(text.split())}
    for node, known in source.nodes():
        for what, new in edits_at(node, source, known):
            edited = source.replaced(node, new)
            if (tight := "".join(edited.split())) not in seen:
                seen.add(tight)
                yield what, edited


def edits_at(node: ast.expr, source: Source, known: Sequence[Loop]) -> Iterator[tuple[str, str]]:
    """Yield what was done wrong at a place, and the text that then stands there."""
    text = source.text
    inside = "" if node is source.tree else f" in {text(node)}"
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            one, other = text(left), text(right)
            minus = isinstance(op, ast.Sub)
            # a number alone may stand anywhere
            place, first = (inside * isinstance(term, ast.Constant) for term in (right, left))
            yield f"the term {other} is missing{place}", one
            signed = as_factor(other)
            yield f"the sign of {other} is wrong{place}", f"{one} {'+' if minus else '-'} {signed}"
            if not is_sum(left):  # else its own terms are looked at
                yield f"the term {one} is missing{first}", f"-{signed}" if minus else other
                flipped = f"-{as_factor(one)} {'-' if minus else '+'} {signed}"
                yield f"the sign of {one} is wrong{first}", flipped
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield f"the {_factor(right)} {text(right)} is missing{inside}", text(left)
            if not is_product(left):
                yield f"the {_factor(left)} {text(left)} is missing{inside}", text(right)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            one, other = text(left), text(right)
            yield f"the division by {other} is missing{inside}", one
            yield f"{other} multiplies where it divides{inside}", f"{one} * {as_factor(other)}"
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            yield f"the exponent {text(right)} of {text(left)} is missing", text(left)
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            one, other = as_factor(text(left)), as_factor(text(right))
            yield f"{text(left)} and {text(right)} are the wrong way round", f"{other} @ {one}"
            for side, turned in ((left, f"{one}.T @ {other}"), (right, f"{one} @ {other}.T")):
                if not isinstance(side, ast.Attribute):
                    yield f"{text(side)} is transposed", turned
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            yield f"the sign of {text(inner)} is wrong", text(inner)
        case ast.Attribute(value=inner):
            yield f"{text(inner)} is not transposed", text(inner)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in ORDER:
            other = TURNED[ORDER[type(op)]]
            yield f"{text(node)} is the wrong way round", f"{text(left)} {other} {text(right)}"
        case ast.Compare(left=low, ops=[first, second], comparators=[middle, high]):
            if {type(first), type(second)} <= ORDER.keys():
                one, other = ORDER[type(first)], ORDER[type(second)]
                turned = f"{text(high)} {one} {text(middle)} {other} {text(low)}"
                yield f"the ends of {text(node)} are the wrong way round", turned
        case ast.BoolOp(op=op, values=values):
            one, other = ("and", "or") if isinstance(op, ast.And) else ("or", "and")
            each = (f"({text(v)})" if isinstance(v, ast.BoolOp) else text(v) for v in values)
            yield f"{one} stands for {other}{inside}", f" {other} ".join(each)
        case ast.Call():
            yield from _of_call(node, source)
        case ast.Subscript():
            yield from _with_other_indices(node, source, known)


def _of_call(node: ast.Call, source: Source) -> Iterator[tuple[str, str]]:
    text = source.text
    match node:
        case ast.Call(args=[ast.GeneratorExp(elt=body, generators=clauses)]):
            count = f"sum(1{''.join(map(ast.unparse, clauses))})"
            if not isinstance(body, ast.Constant):  # else it counts
                yield f"the mean of {text(body)} stands for its sum", f"{text(node)} / {count}"
        case ast.Call(func=ast.Name(id=name), args=[inner]):
            options = [f"axis={text(option.value)}" for option in node.keywords]
            if name == "sum":
                ones = ", ".join([f"0 * ({text(inner)}) + 1", *options])
                yield f"the mean of {text(inner)} stands for its sum", f"{text(node)} / sum({ones})"
                yield f"{text(inner)} is not summed", text(inner)
            else:
                yield f"{name} is left out: {text(inner)} stands alone", text(inner)
            for option in options:
                other = {"axis=0": "axis=1", "axis=1": "axis=0"}.get(option, "axis=0")
                yield f"{name} runs along the wrong axis", f"{name}({text(inner)}, {other})"
        case ast.Call(func=ast.Name(id="outer"), args=[left, right]):
            what = f"{text(left)} and {text(right)} are the wrong way round in outer"
            yield what, f"outer({text(right)}, {text(left)})"


def _with_other_indices(
    node: ast.Subscript, source: Source, known: Sequence[Loop]
) -> Iterator[tuple[str, str]]:
    array, places = source.text(node.value), list(map(source.text, indices(node)))
    turned = f"{array}[{', '.join(places[::-1])}]"
    if len(places) == 2:
        yield f"the indices of {source.text(node)} are the wrong way round", turned
    for number, place in enumerate(places):
        for other, _ in known:
            if place in dict(known) and other != place:
                new = f"{array}[{', '.join([*places[:number], other, *places[number + 1 :]])}]"
                yield f"{new} stands for {source.text(node)}", new


@lru_cache(maxsize=2**12)  # the same for many places
def as_factor(text: str) -> str:
    """Return a text so that it can stand in a product."""
    tree = ast.parse(text, mode="eval").body
    compound = isinstance(tree, ast.BinOp | ast.UnaryOp | ast.Compare | ast.BoolOp)
    return f"({text})" if compound else text


def is_sum(node: ast.AST | None) -> TypeGuard[ast.BinOp]:
    """Return whether a part is a sum or a difference."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def is_product(node: ast.AST | None) -> TypeGuard[ast.BinOp]:
    """Return whether a part is a product or a quotient."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)


def _factor(node: ast.expr) -> str:
    return "mask" if isinstance(node, ast.Compare) else "factor"
