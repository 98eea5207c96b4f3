"""How far float64 may be from a formula, in roundings: a running error analysis, as a formula.

Each value has a magnitude, the sum of the absolute values of the terms that it is made of, however
these are grouped; and an error, which is what one rounding of every number on the way can do to
it. Both are formulas of what is given. See Higham, Accuracy and Stability, section 3.3.
"""

import ast
from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType

from gradaudit.language.formula import Formula, Scope, parse

# Of each function of x, with the error s, or of a and b with the errors s and r: its own error.
_ERRORS = {
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
    "norm": "norm(s)",
    "det": "abs(det(x)) * (1 + sum(abs(inv(x)).T * s))",
    "inv": "abs(inv(x)) @ s @ abs(inv(x)) + abs(inv(x))",
    "softmax": "softmax(x) * (1 + s + max(s))",
    "softmax along an axis": "softmax(x) * (1 + s + max(max(s, axis=0)))",
}
_PASSED_ON = {"sum": "sum", "trace": "trace", "diag": "diag", "max": "max", "min": "max"}
_EXACT = {"delta", "eye", "sign"}


@lru_cache(maxsize=2**10)
def roundings_of(formula: Formula) -> Formula:
    """Return how far a formula without derivatives may be off, in units of the roundoff.

    Raises KeyError where a function's error is not known.
    """
    analysis = _Analysis(formula.scope.defined)
    tree = analysis.error(formula.tree)
    old = formula.scope
    scope = Scope(old.given, old.sizes, old.free, old.sets, {**old.defined, **analysis.defined})
    return Formula(f"the error of {formula.text}", tree, scope)


class _Analysis:
    """Makes the trees of magnitudes and errors, and those of the names that they lead to."""

    def __init__(self, known: Mapping[str, ast.expr]) -> None:
        self.known = known
        self.defined: dict[str, ast.expr] = {}

    def magnitude(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.BinOp(op=ast.Mult() | ast.MatMult(), left=left, right=right):
                return _joined(self.magnitude(left), node.op, self.magnitude(right))
            case ast.BinOp(op=ast.Div(), left=left, right=right):
                return _filled("s / abs(b)", b=right, s=self.magnitude(left))
            case ast.BinOp(op=ast.Pow(), left=base) if _is_square(node):
                return _filled("a**2 + 2 * abs(a) * s", a=base, s=self.magnitude(base))
            case ast.Call(func=ast.Name(id="outer"), args=[one, other]):
                return _call("outer", self.magnitude(one), self.magnitude(other))
        return self._passed_on(node, "magnitude") or _call("abs", node)

    def error(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.BinOp(op=ast.Mult() | ast.MatMult(), left=left, right=right):
                of_right = _joined(self.magnitude(left), node.op, self.error(right))
                of_left = _joined(self.error(left), node.op, self.magnitude(right))
                return _joined(of_left, ast.Add(), of_right)
            case ast.BinOp(op=ast.Div(), left=left, right=right):
                text, x = "s / abs(b) + x * r / b**2", self.magnitude(left)
                return _filled(text, b=right, x=x, s=self.error(left), r=self.error(right))
            case ast.BinOp(op=ast.Pow(), left=base, right=exponent):
                text = "abs(a**b) * (1 + abs(b) * s / abs(a))"  # 0/0 at 0, so not for a square
                if _is_square(node):
                    text = "a**2 + 2 * abs(a) * s"
                return _filled(text, a=base, b=exponent, s=self.error(base))
            case ast.Call(func=ast.Name(id="outer"), args=[one, other]):
                text = "outer(s, b) + outer(a, r)"
                a, b = self.magnitude(one), self.magnitude(other)
                return _filled(text, a=a, b=b, s=self.error(one), r=self.error(other))
            case ast.Call(func=ast.Name(id=name), args=[x]) if name in _ERRORS:
                if not node.keywords:
                    return _filled(_ERRORS[name], x=x, s=self.error(x))
                text = _ERRORS.get(f"{name} along an axis", _ERRORS[name])
                return _filled(text, {name: node.keywords}, x=x, s=self.error(x))
        passed_on = self._passed_on(node, "error")
        if passed_on is None:
            raise KeyError(ast.dump(node))
        return passed_on

    def _passed_on(self, node: ast.expr, kind: str) -> ast.expr | None:
        """Return the tree for what passes its parts on, with nothing done to them."""
        of = self.magnitude if kind == "magnitude" else self.error
        match node:
            case ast.Name(id=name) if name in self.known:
                own = f"{kind} of {name}"  # which nobody can define
                if own not in self.defined:
                    self.defined[own] = node  # so that no name leads to itself
                    self.defined[own] = of(self.known[name])
                return ast.Name(own, col_offset=node.col_offset)
            case ast.Compare() | ast.BoolOp():
                return _filled("x * 0 + 1", x=node)  # as on the other side of a kink
            case ast.Name() | ast.Constant():
                return _call("abs", node)
            case ast.UnaryOp():
                return node if isinstance(node.op, ast.Not) else of(node.operand)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return _joined(of(node.left), ast.Add(), of(node.right))
            case ast.Attribute():
                return ast.Attribute(of(node.value), "T", ast.Load(), col_offset=1)
            case ast.Subscript():
                return ast.Subscript(of(node.value), node.slice, ast.Load(), col_offset=1)
            case ast.GeneratorExp():
                return ast.GeneratorExp(of(node.elt), node.generators)
            case ast.Call(func=ast.Name(id=name), args=[x, *others]):
                if name in _EXACT:
                    return _call("abs", node)
                if name == "where":
                    return _call(name, x, *map(of, others))
                if name in ("abs", "relu"):
                    return of(x)
                if name in _PASSED_ON:
                    arguments = [of(x), *map(of, others)]
                    name_ = ast.Name(_PASSED_ON[name], col_offset=1)
                    return ast.Call(name_, arguments, node.keywords, col_offset=1)
        return None


def _is_square(node: ast.BinOp) -> bool:
    return isinstance(node.right, ast.Constant) and str(node.right.value) == "2"


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, col_offset=1), list(arguments), [], col_offset=1)


def _joined(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.BinOp:
    return ast.BinOp(left, op, right, col_offset=1)


@cache
def _pattern(text: str) -> ast.expr:
    return parse(text, Scope(frozenset("xabsr"))).tree


def _filled(
    text: str, along: Mapping[str, list[ast.keyword]] = MappingProxyType({}), /, **parts: ast.expr
) -> ast.expr:
    """Return the tree of a text with its names replaced by trees.

    along: the axes that some of its own functions go along.
    """

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
                axis = along.get(ast.unparse(node.func), node.keywords)
                return ast.Call(node.func, list(map(fill, node.args)), axis, col_offset=1)
        return node

    return fill(_pattern(text))
