"""How large the terms are that a formula adds: what the rounding of it scales with.

The size of a formula is a formula too. That of a sum is the sum of the sizes of its terms, that
of a product the product; a function passes on what it is fed, times its slope. Where nothing
cancels the size of a value is its absolute value; where much cancels it is much larger, and so
is what float64 rounding may do. See Higham, Accuracy and Stability, chapters 1 and 3.
"""

import ast
from collections.abc import Mapping
from functools import cache, lru_cache

from gradaudit.language.formula import Formula, Scope, parse

_ARGUMENTS = ("x", "a", "b", "s", "r", "k")
# Of each function: its size, by its value's parts x (or a, b) and the sizes s (and r) of these.
_SIZES = {
    "exp": "exp(x) * (1 + s)",
    "log": "abs(log(x)) + s / abs(x)",
    "sqrt": "sqrt(x) + s / (2 * sqrt(x))",
    "tanh": "abs(tanh(x)) + (1 - tanh(x)**2) * s",
    "sigmoid": "sigmoid(x) * (1 + sigmoid(-x) * s)",
    "log1p": "abs(log1p(x)) + s / (1 + x)",
    "expm1": "abs(expm1(x)) + exp(x) * s",
    "erf": "abs(erf(x)) + 2 * exp(-x**2) * s",  # 2 for 2 / sqrt(pi), and more
    "sin": "abs(sin(x)) + s",
    "cos": "abs(cos(x)) + s",
    "abs": "s",
    "relu": "s",
    "sum": "sum(s)",
    "max": "max(s)",
    "min": "max(s)",
    "norm": "norm(s)",
    "trace": "trace(s)",
    "diag": "diag(s)",
    "det": "abs(det(x)) * (1 + sum(abs(inv(x)).T * s))",
    "inv": "abs(inv(x)) @ s @ abs(inv(x)) + abs(inv(x))",
    "softmax": "softmax(x) * (1 + s + max(s))",
    "outer": "outer(s, r)",
}
_WITH_AXIS = {"max": "max", "min": "max", "norm": "norm", "sum": "sum", "softmax": "softmax"}
_AS_THEY_ARE = {"delta", "eye"}


@lru_cache(maxsize=2**10)
def size_of(formula: Formula) -> Formula:
    """Return the formula of the size of a formula without derivatives.

    Raises KeyError where a function has none.
    """
    sizes = _Sizes(formula.scope.defined)
    tree = sizes.of(formula.tree)
    defined = {**formula.scope.defined, **sizes.defined}
    return Formula(f"the size of {formula.text}", tree, _with(formula.scope, defined))


def _with(scope: Scope, defined: Mapping[str, ast.expr]) -> Scope:
    return Scope(scope.given, scope.sizes, scope.free, scope.sets, defined)


class _Sizes:
    """Makes the tree of a size of a tree, and those of the names that it leads to."""

    def __init__(self, known: Mapping[str, ast.expr]) -> None:
        self.known = known
        self.defined: dict[str, ast.expr] = {}

    def of(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Name(id=name) if name in self.known:
                size = f"|{name}|"  # which nobody can define
                if size not in self.defined:
                    self.defined[size] = node  # so that no name leads to itself
                    self.defined[size] = self.of(self.known[name])
                return ast.Name(size, col_offset=node.col_offset)
            case ast.Name() | ast.Constant() | ast.Compare() | ast.BoolOp():
                return _call("abs", node)
            case ast.UnaryOp(op=ast.Not()):
                return node
            case ast.UnaryOp():
                return self.of(node.operand)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return _joined(self.of(node.left), ast.Add(), self.of(node.right))
            case ast.BinOp(op=ast.Mult() | ast.MatMult()):
                return _joined(self.of(node.left), node.op, self.of(node.right))
            case ast.BinOp(op=ast.Div()):
                sizes = {"s": self.of(node.left), "r": self.of(node.right)}
                return _filled("s / abs(b) + s * r / b**2", b=node.right, **sizes)
            case ast.BinOp(op=ast.Pow()):
                square = isinstance(node.right, ast.Constant) and str(node.right.value) == "2"
                text = "abs(a**b) * (1 + abs(b) * s / abs(a))"  # 0/0 at 0, so not for a square
                if square:
                    text = "a**2 + 2 * abs(a) * s"
                return _filled(text, a=node.left, b=node.right, s=self.of(node.left))
            case ast.Attribute():
                return ast.Attribute(self.of(node.value), "T", ast.Load(), col_offset=1)
            case ast.Subscript():
                inner = self.of(node.value)
                return ast.Subscript(inner, node.slice, ast.Load(), col_offset=1)
            case ast.GeneratorExp():
                return ast.GeneratorExp(self.of(node.elt), node.generators)
            case ast.Call(func=ast.Name(id=name)):
                return self.of_call(node, name)
        raise KeyError(type(node).__name__)

    def of_call(self, node: ast.Call, name: str) -> ast.expr:
        first = node.args[0]
        if isinstance(first, ast.GeneratorExp):
            return ast.Call(node.func, [self.of(first)], [], col_offset=1)
        if name in _AS_THEY_ARE or name == "sign":
            return _call("abs", node)
        if name == "where":
            return _call(name, node.args[0], *map(self.of, node.args[1:]))
        if len(node.args) == 2 and name in ("max", "min"):
            return _call("max", *map(self.of, node.args))
        parts = dict(zip("xa" if len(node.args) == 1 else "ab", node.args, strict=False))
        parts |= dict(zip("sr", map(self.of, node.args), strict=False))
        tree = _filled(_SIZES[name], **parts)
        if node.keywords:  # the pattern is new, so it may be changed
            for call in ast.walk(tree):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == _WITH_AXIS[name]:
                    call.keywords = call.keywords or node.keywords
        return tree


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, col_offset=1), list(arguments), [], col_offset=1)


def _joined(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.BinOp:
    return ast.BinOp(left, op, right, col_offset=1)


@cache
def _pattern(text: str) -> ast.expr:
    return parse(text, Scope(frozenset(_ARGUMENTS))).tree


def _filled(text: str, **parts: ast.expr) -> ast.expr:
    """Return the tree of a text with some names in it replaced by trees."""

    def fill(node: ast.expr) -> ast.expr:
        match node:
            case ast.Name(id=name) if name in parts:
                return parts[name]
            case ast.BinOp():
                return ast.BinOp(fill(node.left), node.op, fill(node.right), col_offset=1)
            case ast.UnaryOp():
                return ast.UnaryOp(node.op, fill(node.operand), col_offset=1)
            case ast.Attribute():
                return ast.Attribute(fill(node.value), node.attr, ast.Load(), col_offset=1)
            case ast.Call():
                return ast.Call(node.func, list(map(fill, node.args)), [], col_offset=1)
        return node

    return fill(_pattern(text))
