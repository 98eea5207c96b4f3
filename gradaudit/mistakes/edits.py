"""Small edits of a formula, such as a person makes by mistake, each with a sentence about it.

An edit is made in the text, so that what it says is in the words of whoever wrote the formula.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache, partial
from itertools import chain

from gradaudit.language.formula import Formula, FormulaError, indices, mentioned, parse
from gradaudit.questions.question import Asked, Question, split_loops
from gradaudit.questions.shapes import axes_of

WORDS = (
    "a",
    "by",
    "factor",
    "mask",
    "mean",
    "missing",
    "of",
    "term",
    "the",
    "way",
)  # of a sentence
LONGEST = 200  # characters of one in which what has a name in the reference is written out
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
            if not _is(left, ast.Add, ast.Sub):  # else its own terms are looked at
                yield f"the term {one} is missing{first}", f"-{signed}" if minus else other
                flipped = f"-{as_factor(one)} {'-' if minus else '+'} {signed}"
                yield f"the sign of {one} is wrong{first}", flipped
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield f"the {_factor(right)} {text(right)} is missing{inside}", text(left)
            if not _is(left, ast.Mult, ast.Div):
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


def _is(node: ast.expr, *operators: type[ast.operator]) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, operators)


def _factor(node: ast.expr) -> str:
    return "mask" if isinstance(node, ast.Compare) else "factor"


# ---- of a question


def edits_of(
    question: Question,
) -> Iterator[tuple[str, dict[str, Formula], dict[str, str]]]:
    """Yield what was done wrong, what comes of every part, and a line that differs, for each edit.

    First come those of each answer, of its chain rule before its formula, then those of the lines
    that lead to them.
    """
    right = {name: asked.closed for name, asked in question.parts.items()}
    told = partial(_sentence, question)
    for name, asked in question.parts.items():
        free = tuple(asked.closed.scope.free.items())
        for what, text in chain(_chains(question, asked), edits(asked.closed.text, free)):
            with suppress(FormulaError):
                found = parse(text, asked.closed.scope)
                yield told(asked.label, what), {**right, name: found}, {}
    used = frozenset[str]().union(*(one.names for one in right.values()))
    for name in reversed([name for name in question.lines if name in used]):
        text, loops = split_loops(" ".join(question.lines[name].split()))
        made = sorted(edits(text, tuple(loops.items())), key=lambda one: "the mean" in one[0])
        means = sum("the mean" in what for what, _ in made)
        # the mean of two is half of their sum, and what is right may be one
        made.insert(len(made) - means, ("half of it is taken", f"({text})/2"))
        for what, edited in made:
            with suppress(FormulaError):
                yield told(name, what), question.changed({name: edited}), {name: edited}


def _sentence(question: Question, where: str, what: str) -> str:
    """Return what was done; what only the reference has a name for is written out, or explained."""
    own = {line.partition("=")[0].partition("[")[0].strip(): line for line in question.own}
    label = "" if where in own else f"In {where}: "  # of a part
    said = written = what if label else f"In {where}: {what}"
    for name in reversed(own):  # of which the later are made of the earlier
        formula, loops = split_loops(question.lines[name])
        if not loops and name not in WORDS:
            written = re.sub(rf"\b{name}\b(?!\[)", partial(_in_place_of, formula), written)
    said = written if len(written) <= LONGEST else said
    pending, legend = re.findall(r"\w+", said), dict[str, str]()
    while pending:
        if (name := pending.pop(0)) in own and name not in legend:
            legend[name] = f"{name} = {question.lines[name]}"
            pending += re.findall(r"\w+", question.lines[name])
    return label + said + (f", where {' and '.join(legend.values())}" if legend else "") + "."


def _in_place_of(formula: str, name: re.Match[str]) -> str:
    """Return a formula as it stands in place of a name in a sentence."""
    before, after = name.string[: name.start()], name.string[name.end() :]
    alone = re.search(r"(^|\b[A-Za-z]+ |: )$", before) and re.match(r"$|:| [a-z]", after)
    inside = before.endswith("(") and after.startswith(")")
    return formula if alone or inside else as_factor(formula)


def _chains(question: Question, asked: Asked) -> Iterator[tuple[str, str]]:
    """Yield where the chain rule may stop too early, and what may be taken for a constant."""
    of, by = map(ast.unparse, asked.truth.tree.args)  # type: ignore[attr-defined]  # a call of d
    defined = question.scope.defined
    steps = [
        name
        for name, tree in defined.items()
        if name in asked.truth.names and name != of and asked.by in mentioned(tree, defined)
    ]
    for name in steps:
        if (axes := axes_of(name, question)) == asked.axes:
            entry = f"{name}[{', '.join(asked.truth.scope.free)}]" if axes else name
            yield f"the chain rule stops at {name}", f"d({of}, {entry})"
    for name in steps:
        letters = [f"index{k}" for k, _ in enumerate(axes_of(name, question))]
        entry = f"{name}[{', '.join(letters)}]" if letters else name
        through = f"d({of}, {entry}) * d({entry}, {by})"
        if letters:
            over = zip(letters, axes_of(name, question), strict=True)
            through = f"sum({through}{''.join(f' for {one} in {axis}' for one, axis in over)})"
        yield f"{name} is treated as a constant", f"d({of}, {by}) - {through}"
