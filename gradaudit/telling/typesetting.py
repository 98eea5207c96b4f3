"""A checked formula as mathematics for Typst: what is printed is the tree that was tested.

A construct that has no sign of its own in mathematics raises NotSet, and its formula is shown
as code. Nothing of the text that an answer consists of gets into the result, except for its own
names, which are identifiers, in quotes.
"""

import ast
from contextlib import suppress
from dataclasses import dataclass, replace

from flint import fmpq

from gradaudit.language.formula import (
    OPERATORS,
    Formula,
    FormulaError,
    Scope,
    indices,
    left_spine,
    mentioned,
    parse,
)
from gradaudit.telling.letters import Letters, alike, letters, signs
from gradaudit.telling.ranks import Ranks, joint_rank
from gradaudit.telling.showing import NotSet

BREAK = "\0"  # where a long formula may be broken: after an operator outside of any fraction

CASES, SUM, PRODUCT, ATOM = range(4)  # how tightly the outermost sign binds
SHOWN_AS = {"relu": "ReLU", "sign": "sgn", "trace": "tr"}  # functions in the words of a text
OF_TYPST = ("exp", "log", "abs", "sqrt", "max", "min", "tanh", "sin", "cos", "det", "norm")
MAX_DEPTH = 16  # of signs within signs; deeper, nobody can read it
MAX_FRACTIONS = 8  # in the numerator of one
MAX_ZEROS = 8  # of a decimal; beyond, a power of ten is written


@dataclass(frozen=True)
class Sign:
    """A piece of mathematics.

    binds: how tightly its outermost sign does. open: it ends in a sum, or the like, that a further
    factor would fall into. minus, digit: what it begins with. entrywise: it is a product by
    entries, or one that must be told from such.
    """

    text: str
    binds: int = ATOM
    open: bool = False
    minus: bool = False
    digit: bool = False
    entrywise: bool = False

    def within(self, least: int) -> str:
        """Return the text, in brackets where it binds less than is needed."""
        return self.text if self.binds >= least else f"({self.text})"


def mathematics(formula: Formula, *, condition: bool = False) -> str:
    """Return a formula as Typst mathematics, with BREAK where a line may end.

    condition: it stands for whether it holds; else a comparison in it is the number 0 or 1. All
    vectors are columns, so v @ M is written M^top v. Raises NotSet.
    """
    text = _Printer(formula.scope).whole(formula.tree, condition=condition)
    if formula.when is None:
        return text
    where = mathematics(formula.assumption(), condition=True)
    return f'{text} {BREAK}quad upright("where") thick {where}'


def definition(name: str, scope: Scope) -> str:
    """Return a name of an answer with its definition. Raises NotSet."""
    printer, tree = _Printer(scope), scope.defined[name]
    if not isinstance(tree, ast.GeneratorExp):
        left = printer.name(ast.Name(name))
        return f"{left.text} = {BREAK}{printer.whole(tree, condition=False)}"
    loops = [printer.bind(clause, tree.elt) for clause in tree.generators]
    marks = " ".join(index for index, _ in loops)
    left = printer.name(ast.Name(name), marks, printer.rank(tree.elt))
    over = ", ".join(f"{index} in {index_set}" for index, index_set in loops)
    right = printer.whole(tree.elt, condition=False)
    return f'{left.text} = {BREAK}{right} {BREAK}quad upright("for") thick {over}'


def inline(code: str, scope: Scope, *, condition: bool = False) -> str:
    """Return a formula as mathematics in one piece, or "" where it is none."""
    with suppress(FormulaError, NotSet):
        return _unbroken(mathematics(parse(code, scope), condition=condition))
    return ""


class _Printer:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.signs = signs(scope)
        self.bound: frozenset[str] = frozenset()  # indices of sums
        self.ranks = Ranks(scope)
        self.depth = 0

    def whole(self, tree: ast.expr, *, condition: bool) -> str:
        try:
            self.rank(tree)  # which what has a value everywhere has
            return self.condition(tree) if condition else self.sign(tree).text
        except RecursionError:
            raise NotSet("nested too deeply") from None

    def rank(self, node: ast.expr) -> int:
        return self.ranks.of(node, self.bound)

    def condition(self, node: ast.expr) -> str:
        """Return what stands by itself: a comparison needs no brackets there."""
        match node:
            case ast.Compare():
                sides = [self.sign(part).text for part in (node.left, *node.comparators)]
                text = sides[0]
                for op, side in zip(node.ops, sides[1:], strict=True):
                    text += f" {OPERATORS[type(op)][0].replace('==', '=')} {BREAK}{side}"
                return text
            case ast.BoolOp(op=op, values=values):
                word = "and" if isinstance(op, ast.And) else "or"
                texts = [
                    f"({text})" if isinstance(part, ast.BoolOp) else text
                    for part, text in zip(values, map(self.condition, values), strict=True)
                ]
                return f' quad upright("{word}") {BREAK}quad '.join(texts)
            case ast.UnaryOp(op=ast.Not()):
                return f'upright("not") thin ({self.condition(node.operand)})'
        return self.sign(node).text

    def sign(self, node: ast.expr) -> Sign:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotSet("nested too deeply to be read")
        sign = self.sign_of(node)
        self.depth -= 1
        return sign

    def sign_of(self, node: ast.expr) -> Sign:
        match node:
            case ast.BinOp():
                first, chain = left_spine(node)
                left, rank = self.sign(first), self.rank(first)
                for step in chain:
                    other = self.rank(step.right)
                    left = self.binary(step, left, rank, other)
                    rank = joint_rank(step.op, rank, other)
                return left
            case ast.UnaryOp(op=ast.USub()):
                inner = self.sign(node.operand)
                if inner.minus:
                    return Sign(f"-({inner.text})", PRODUCT, minus=True)
                text = f"-{inner.within(PRODUCT)}"
                return Sign(text, PRODUCT, inner.open, minus=True, entrywise=inner.entrywise)
            case ast.UnaryOp(op=ast.UAdd()):
                return self.sign(node.operand)
            case ast.Constant(value=fmpq() as value):
                return Sign(_decimal(value), digit=True)
            case ast.Name():
                return self.name(node)
            case ast.Subscript():
                return self.entry(node)
            case ast.Attribute():  # which changes nothing of a vector
                if (rank := self.rank(node.value)) > 2:
                    raise NotSet("a transpose of more than two axes")
                return self.transposed(node.value) if rank == 2 else self.sign(node.value)
            case ast.Call():
                return self.call(node)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp():
                return Sign(f"[{self.condition(node)}]")
        raise NotSet(type(node).__name__)

    def binary(self, node: ast.BinOp, left: Sign, rank: int, other: int) -> Sign:
        right = self.sign(node.right)
        match node.op:
            case ast.Add() | ast.Sub():
                sign = "+" if isinstance(node.op, ast.Add) else "-"
                after = f"({right.text})" if right.minus else right.within(PRODUCT)
                text = f"{left.within(SUM)} {sign} {BREAK}{after}"
                return Sign(text, SUM, right.open, left.minus, left.digit)
            case ast.Mult():
                if rank and other:
                    return self.joined(left, " dot.o ", right, entrywise=True)
                between = " dot.op " if right.digit and right.binds == ATOM else " thin "
                return self.joined(left, between, right)
            case ast.Div():
                return self.quotient(left, right, other)
            case ast.Pow() if other:
                raise NotSet("an array in an exponent")
            case ast.Pow():
                plain = isinstance(node.left, ast.Constant) or _is_entry(node.left)
                base = left.text if plain and "^" not in left.text else f"({left.text})"
                exponent = ("dot.o " if rank else "") + _unbroken(right.text)
                return Sign(f"{base}^({exponent})", digit=left.digit)
            case ast.MatMult() if rank == 1 and other == 1:
                left = replace(left, entrywise=left.binds < ATOM)
                return replace(self.joined(left, " dot.op ", right), open=True)
            case ast.MatMult() if rank == 1:
                return self.joined(self.transposed(node.right), " thin ", left)
            case ast.MatMult():
                return self.joined(left, " thin ", right)
        raise NotSet("an operator")

    def joined(self, left: Sign, between: str, right: Sign, *, entrywise: bool = False) -> Sign:
        """Return a product; brackets where a factor would be read otherwise."""
        mixed = left.binds == PRODUCT and left.entrywise != entrywise
        bracketed = left.open or left.binds < PRODUCT or mixed
        before = f"({left.text})" if bracketed else left.text
        after = f"({right.text})" if right.binds < ATOM and not _is_sum(right) else right.text
        minus, digit = (False, False) if bracketed else (left.minus, left.digit)
        open_ = right.open and after == right.text
        return Sign(f"{before}{between}{after}", PRODUCT, open_, minus, digit, entrywise)

    def quotient(self, left: Sign, right: Sign, other: int) -> Sign:
        if other:
            return replace(self.joined(left, " ⊘ ", right, entrywise=True), open=True)
        over = _unbroken(left.text)
        if over.count("frac(") > MAX_FRACTIONS:
            raise NotSet("too many fractions in a fraction to be read")
        if left.minus and left.binds == PRODUCT:
            return Sign(f"-frac({over[1:]}, {_unbroken(right.text)})", PRODUCT, minus=True)
        number = left.digit and left.binds == ATOM and right.digit
        return Sign(f"frac({over}, {_unbroken(right.text)})", digit=number)

    def transposed(self, node: ast.expr) -> Sign:
        """Return the transpose of a matrix; of a transpose, what it is of."""
        if isinstance(node, ast.Attribute):
            return self.sign(node.value)
        return Sign(f"{_base(self.sign(node))}^top")

    def name(self, node: ast.Name, marks: str = "", rank: int | None = None) -> Sign:
        """Return a name, or an entry of it; a vector, or a matrix in lower case, is bold."""
        written, below, above = self.letters_of(node.id)
        text = letters(written)
        whole = self.rank(node) if rank is None else rank
        if whole == 1 or (whole and written.strip('"')[0].islower()):
            text = f"bold({text})"
        text += f"^({above})" if above else ""
        if below:
            text += f"_({letters(below)})"
            text = f"({text})" if marks else text
        return Sign(f"{text}_({marks})" if marks else text)

    def letters_of(self, name: str) -> Letters:
        if name in self.signs and name not in self.bound:  # pi has none
            return self.signs[name]
        taken = (alike(sign) for other, sign in self.signs.items() if other != name)
        return (f'"{name}"' if alike((name, "", "")) in taken else name), "", ""

    def entry(self, node: ast.Subscript) -> Sign:
        chosen = indices(node)
        signs = [Sign(":") if isinstance(one, ast.Slice) else self.sign(one) for one in chosen]
        written = [f"({one.text})" if one.binds == PRODUCT else one.text for one in signs]
        marks = _unbroken((" " if _letters(chosen) else ", ").join(written))
        rank = self.rank(node)
        if isinstance(node.value, ast.Name):
            return self.name(node.value, marks, rank)
        return Sign(f"attach({_unbroken(_base(self.sign(node.value)))}, b: #${marks}$)")

    def call(self, node: ast.Call) -> Sign:
        assert isinstance(node.func, ast.Name)
        name, arguments = node.func.id, node.args
        match arguments[0]:
            case ast.GeneratorExp() as summed:
                return self.sum_over(summed)
            case ast.Name(id=of) if name == "eye":
                return Sign(f"upright(I)_({letters(of)})")
            case condition if name == "where":
                return self.cases(condition, *arguments[1:])
        first, *others = map(self.sign, arguments)
        inner = ", ".join(_unbroken(one.text) for one in (first, *others))
        match name:
            case "sum":
                return self.total(node, first)
            case "d":
                return self.derivative(arguments[0], first, arguments[1])
            case "delta" if "δ" in self.scope.defined:  # so that nothing is taken for it
                return Sign(f"[{first.text} = {others[0].text}]")
            case "delta":
                both = f"{first.text} {others[0].text}" if _letters(arguments) else inner
                return Sign(f"delta_({both})")
            case "outer":
                return self.joined(first, " thin ", Sign(f"{_base(others[0])}^top"))
            case "inv":
                return Sign(f"{_base(first)}^(-1)")
            case "log1p":
                name, inner = "log", f"1 + {f'({inner})' if first.minus else inner}"
            case "expm1":
                return Sign(f"exp({inner}) - 1", SUM)
            case "log" if isinstance(arguments[0], ast.Name | ast.Subscript):
                return Sign(f"log {inner}", open=True)
        function = name if name in OF_TYPST else f'op("{SHOWN_AS.get(name, name)}")'
        along = self.axis(node)
        if name == "norm":
            return Sign(f"norm({inner}){along}")
        return Sign(f"{function}{along}({inner})")

    def axis(self, node: ast.Call) -> str:
        """Return the axis along which a function works, if it does, as an index."""
        if not node.keywords or (rank := self.rank(node.args[0])) < 2:
            return ""
        axis = _axis(node) % rank
        return f'_(upright("{("columns", "rows")[axis] if rank == 2 else f"axis {axis}"}"))'

    def cases(self, condition: ast.expr, one: ast.expr, other: ast.expr) -> Sign:
        if self.rank(condition) or self.rank(one) or self.rank(other):
            raise NotSet("cases by entries")
        texts = (self.condition(condition), self.sign(one).text, self.sign(other).text)
        when, first, rest = map(_unbroken, texts)
        rows = (
            f'display({first}) &quad upright("if") thick {when}',
            f'display({rest}) &quad upright("otherwise")',
        )
        return Sign(f"cases({', '.join(rows)})", CASES, open=True)

    def sum_over(self, node: ast.GeneratorExp) -> Sign:
        outer, text = self.bound, ""
        if isinstance(node.elt, ast.Constant) and node.elt.value == 1 and len(node.generators) == 1:
            return Sign(f"abs({letters(ast.unparse(node.generators[0].iter))})")
        for clause in node.generators:
            index, index_set = self.bind(clause, node.elt)
            text += f"limits(sum)_({index} in {index_set}) "
        body = self.sign(node.elt)
        self.bound = outer
        inside = f"({body.text})" if body.minus else body.within(PRODUCT)
        return Sign(f"{text}{inside}", PRODUCT, open=True)

    def bind(self, clause: ast.comprehension, inside: ast.expr) -> tuple[str, str]:
        """Return an index and its set; the index is no name in the formula inside from here on."""
        assert isinstance(clause.target, ast.Name)
        assert isinstance(clause.iter, ast.Name)
        defined = self.scope.defined
        for name in mentioned(inside, {}) & defined.keys():  # which has an index of its own
            if clause.target.id in mentioned(defined[name], defined):
                raise NotSet(f"{name} uses {clause.target.id}, which binds it around")
        self.bound |= {clause.target.id}
        return self.name(clause.target).text, letters(clause.iter.id)

    def total(self, node: ast.Call, inner: Sign) -> Sign:
        of = node.args[0]
        rank = self.rank(of)
        if node.keywords and rank == 2:
            matrix = inner if _axis(node) % 2 else self.transposed(of)
            return self.joined(matrix, " thin ", Sign("bold(1)"))
        if node.keywords and rank > 2:
            return Sign(f"limits(sum){self.axis(node)} ({inner.text})", PRODUCT, open=True)
        if isinstance(of, ast.Name) and rank == 1:
            used = {*self.bound, *self.scope.free, *mentioned(of, self.scope.defined)}
            if index := next((letter for letter in "kmlrqvuw" if letter not in used), ""):
                entry = self.name(of, index, 0).text
                return Sign(f"limits(sum)_{index} {entry}", PRODUCT, open=True)
        return Sign(f"limits(sum) ({inner.text})", PRODUCT, open=True)

    def derivative(self, of: ast.expr, inner: Sign, by: ast.expr) -> Sign:
        below = f"partial {_unbroken(self.sign(by).text)}"
        if _is_entry(of):
            return Sign(f"frac(partial {_unbroken(inner.text)}, {below})")
        return Sign(f"frac(partial, {below}) ({inner.text})", open=True)


def _axis(node: ast.Call) -> int:
    axis = node.keywords[0].value
    assert isinstance(axis, ast.Constant)
    assert isinstance(axis.value, int)
    return axis.value


def _is_sum(sign: Sign) -> bool:
    """Return whether it is one sum, which may stand last in a product without brackets."""
    return sign.binds == PRODUCT and sign.open and sign.text.startswith("limits(sum)")


def _base(sign: Sign) -> str:
    """Return what an exponent or an index can be put to."""
    simple = sign.binds == ATOM and not sign.open and "^" not in sign.text
    plain = simple and not sign.text.startswith("frac(")
    return sign.text if plain else f"({sign.text})"


def _is_entry(node: ast.expr) -> bool:
    """Return whether it is a name, or an entry of one."""
    return isinstance(node.value if isinstance(node, ast.Subscript) else node, ast.Name)


def _letters(nodes: list[ast.expr]) -> bool:
    return all(isinstance(one, ast.Name) and len(one.id) == 1 for one in nodes)


def _unbroken(text: str) -> str:
    return text.replace(BREAK, "")


def _decimal(value: fmpq) -> str:
    """Return a terminating decimal, with a power of ten where it would be long."""
    places = 0
    while value.q != 1:
        value, places = value * 10, places + 1
    digits = str(value.p)
    zeros = places - len(digits) if places else len(digits) - len(digits.rstrip("0"))
    if zeros <= MAX_ZEROS:
        digits = digits.rjust(places + 1, "0")
        return f"{digits[:-places]}.{digits[-places:]}" if places else digits
    power, digits = f"10^({-places or zeros})", digits.rstrip("0")
    return power if digits == "1" else f"{digits} dot.op {power}"
