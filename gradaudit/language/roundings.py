"""How far float64 may be from a formula, in roundings: a running error analysis, as a formula.

The error of a value is what one rounding of every number that it comes from can do to it: each
term that is added brings its own, each function passes it on times its slope. Where much cancels
it is much larger than the value. See Higham, Accuracy and Stability, section 3.3.
"""

import ast
import copy
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from flint import fmpq

from gradaudit.language.formula import Formula, Scope, parse

UNIT = 2.0**-53  # the unit roundoff of float64
ALLOWED = 32  # roundings of each number on the way; a test holds that right functions take far less
_NEAREST = f"max(abs(x) - s / {int(1 / UNIT) // ALLOWED}, 0)"  # to 0 that x may be

# Of each function of x, with the error s: its own error. What comes near 0 as another number comes
# near 1 may rightly be found from that, so it is as uncertain; a matrix is one number. A slope
# that is small at x is taken where it is largest, of all that x may be.
_ERRORS = {
    "exp": "exp(x) * (1 + s)",
    "log": "abs(log(x)) + s / abs(x)",
    "sqrt": "sqrt(x) + s / (2 * sqrt(x))",
    "tanh": f"1 + (1 - tanh({_NEAREST})**2) * s",
    "sigmoid": f"1 + sigmoid({_NEAREST}) * sigmoid(-{_NEAREST}) * s",
    "log1p": "abs(log1p(x)) + s / (1 + x)",
    "expm1": "abs(expm1(x)) + exp(x) * s",
    "erf": f"1 + 2 * exp(-{_NEAREST}**2) * s",  # 2 for 2 / sqrt(pi), and more
    "sin": "abs(sin(x)) + s",
    "cos": "abs(cos(x)) + s",
    "norm": "norm(s)",
    "det": "abs(det(x)) * (1 + sqrt(sum(inv(x)**2) * sum(s**2)))",
    "inv": "sum(inv(x)**2) * sqrt(sum(s**2)) + abs(inv(x))",
    "softmax": "1 + softmax(x) * (s + max(s)) + (max(s) > 1e12) * max(s)",
    "softmax along an axis": "1 + softmax(x) * (s + max(max(s, axis=0)))",
}
# Of a matrix that is given: a right function may shift all of its rows, as by their mean.
SHIFTED = "abs(x) * 0 + max(abs(x), axis=0)"
_PASSED_ON = {"sum": "sum", "trace": "trace", "diag": "diag", "max": "max", "min": "max"}
_EXACT = {"delta", "eye", "sign"}


@lru_cache(maxsize=2**10)
def roundings_of(formula: Formula) -> Formula:
    """Return how far a formula without derivatives may be off, in units of the roundoff.

    Raises KeyError where a function's error is not known.
    """
    tree = _Analysis(formula.scope).error(formula.tree)
    return replace(beside_errors(formula), text=f"the error of {formula.text}", tree=tree)


@lru_cache(maxsize=2**10)
def beside_errors(formula: Formula) -> Formula:
    """Return a formula in the scope of its error, so that both find their names once."""
    old = formula.scope
    known = _with_errors(tuple(old.defined.items()), tuple(old.axes.items()))
    return Formula(
        formula.text, formula.tree, Scope(old.given, old.sizes, old.free, old.sets, known)
    )


@lru_cache(maxsize=2**8)
def _with_errors(
    defined: tuple[tuple[str, ast.expr], ...], axes: tuple[tuple[str, tuple[str, ...]], ...]
) -> Mapping[str, ast.expr]:
    """Return definitions with the errors of those names of which they are known."""
    analysis, found = _Analysis(Scope(frozenset(), defined=dict(defined), axes=dict(axes))), {}
    for name, tree in defined:
        with suppress(KeyError):
            found[_error_of(name)] = analysis.error(tree)
    return {**dict(defined), **found}


@lru_cache(maxsize=2**10)
def with_roundings(formula: Formula, names: frozenset[str]) -> tuple[Formula, tuple[str, ...]]:
    """Return a formula in which names have a factor wherever they are read, and all these factors.

    Near 1 they are roundings, each of its own: what is read twice may be computed in two ways.
    """
    factors: list[str] = []

    def changed(tree: ast.expr) -> ast.expr:
        copied = copy.deepcopy(tree)
        for node in ast.walk(copied):  # what is kept with a tree is not that of the changed one
            for kept in vars(node).keys() - {*node._fields, *node._attributes}:
                delattr(node, kept)
        return _Factors(names, factors).visit(copied)  # type: ignore[no-any-return]  # expression

    defined = {name: changed(tree) for name, tree in formula.scope.defined.items()}
    scope = replace(formula.scope, defined=defined)
    return replace(formula, tree=changed(formula.tree), scope=scope), tuple(factors)


class _Factors(ast.NodeTransformer):
    """Puts a factor to each name that is read as a number: no index, and no side of a choice."""

    def __init__(self, names: frozenset[str], factors: list[str]) -> None:
        self.names, self.factors = names, factors

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names:
            return node
        self.factors.append(f"factor {len(self.factors)}")  # which nobody can define
        factor = ast.Name(self.factors[-1], col_offset=node.col_offset)
        return ast.BinOp(node, ast.Mult(), factor, col_offset=node.col_offset)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        node.value = self.visit(node.value)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        last = 1 if isinstance(node.func, ast.Name) and node.func.id == "d" else len(node.args)
        node.args[:last] = map(self.visit, node.args[:last])  # not what is called, nor an axis,
        return node  # nor what a derivative is taken by

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        node.elt = self.visit(node.elt)
        return node


def _error_of(name: str) -> str:
    return f"error of {name}"  # which nobody can define


class _Analysis:
    """Makes the tree of an error."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def error(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Name(id=name) if name in self.scope.defined:
                return ast.Name(_error_of(name), col_offset=node.col_offset)
            case ast.Compare() | ast.BoolOp():
                return _filled("x * 0 + 1", x=node)  # as on the other side of a kink
            case ast.Name(id=name) if len(self.scope.axes.get(name, ())) > 1:
                return _filled(SHIFTED, x=node)
            case ast.Name() | ast.Constant():
                return _call("abs", node)
            case ast.UnaryOp():
                return node if isinstance(node.op, ast.Not) else self.error(node.operand)
            case ast.BinOp():
                return self._of_two(node, node.left, node.right)
            case ast.Attribute():
                return ast.Attribute(self.error(node.value), "T", ast.Load(), col_offset=1)
            case ast.Subscript():
                inner = self.error(node.value)
                return ast.Subscript(inner, node.slice, ast.Load(), col_offset=1)
            case ast.GeneratorExp():
                return ast.GeneratorExp(self.error(node.elt), node.generators)
            case ast.Call(func=ast.Name(id=name), args=[x, *others]):
                return self._of_call(node, name, x, others)
        raise KeyError(ast.dump(node))

    def _of_two(self, node: ast.BinOp, left: ast.expr, right: ast.expr) -> ast.expr:
        s, r = self.error(left), self.error(right)
        match node.op:
            case ast.Add() | ast.Sub():
                return _joined(s, ast.Add(), r)
            case ast.Div():
                return _filled("s / abs(b) + abs(a) * r / b**2", a=left, b=right, s=s, r=r)
            case ast.Pow():
                if (less := _one_less(right)) is not None:
                    text = "abs(a)**b + abs(b) * abs(a)**r * s"
                    return _filled(text, a=left, b=right, s=s, r=less)
                return _filled("abs(a**b) * (1 + abs(b) * s / abs(a))", a=left, b=right, s=s)
        one, other = (
            _joined(s, node.op, _call("abs", right)),
            _joined(_call("abs", left), node.op, r),
        )
        return _joined(one, ast.Add(), other)

    def _of_call(self, node: ast.Call, name: str, x: ast.expr, others: list[ast.expr]) -> ast.expr:
        if name in _EXACT:
            return _call("abs", node)
        if name == "where":
            return _call(name, x, *map(self.error, others))
        if name == "outer":
            text, (y,) = "outer(s, abs(b)) + outer(abs(a), r)", others
            return _filled(text, a=x, b=y, s=self.error(x), r=self.error(y))
        if name in ("abs", "relu"):
            return self.error(x)
        if name in _PASSED_ON:
            function = ast.Name(_PASSED_ON[name], col_offset=1)
            arguments = [self.error(x), *map(self.error, others)]
            return ast.Call(function, arguments, node.keywords, col_offset=1)
        text = _ERRORS.get(f"{name} along an axis" if node.keywords else name, _ERRORS[name])
        return _filled(text, {name: node.keywords} if node.keywords else {}, x=x, s=self.error(x))


def _one_less(exponent: ast.expr) -> ast.expr | None:
    """Return a whole positive exponent less one, which is that of the slope."""
    value: Any = exponent.value if isinstance(exponent, ast.Constant) else None
    if not isinstance(value, fmpq) or value.q != 1 or value < 1:
        return None
    return ast.Constant(value - 1, col_offset=1)  # type: ignore[arg-type]  # exact


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
            case ast.Compare():
                sides = list(map(fill, node.comparators))
                return ast.Compare(fill(node.left), node.ops, sides, col_offset=1)
            case ast.Attribute():
                return ast.Attribute(fill(node.value), node.attr, ast.Load(), col_offset=1)
            case ast.Call():
                axis = along.get(ast.unparse(node.func), node.keywords)
                return ast.Call(node.func, list(map(fill, node.args)), axis, col_offset=1)
        return node

    return fill(_pattern(text))
