"""Sizes of arrays as whole-number expressions of named ones, and conditions on them."""

import ast
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

LONGEST = 100  # characters of one expression
ATTEMPTS = 20_000  # sizes that are put in place until a search for a fitting set of them ends
ORDINARY = 20  # up to which sizes are tried where none is wanted or in a condition that is larger

_OPERATIONS: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_MADE_OF = "a size is made of names, whole numbers, + - * // % and ( )"


def canonical(text: str, *, condition: bool = False, longest: int = LONGEST) -> str:
    """Return an expression in its one spelling, `n + 1`.

    condition: a comparison is wanted, in which = is the same as ==. Raises ValueError.
    """
    if len(text) > longest:
        raise ValueError(f"an expression has at most {longest} characters")
    if foreign := re.search(r"[^\w\s+*/%()<>=!-]", text):
        raise ValueError(f'"{foreign[0]}" cannot be read; {_MADE_OF}')
    shown = " ".join(text.split())
    spaced = re.sub(r"(?<!\w)(\d+)(?=[^\W\d])", r"\1 ", shown)  # else Python warns of `1if`
    try:
        tree = ast.parse(re.sub(r"(?<![<>=!])=(?!=)", "==", spaced), mode="eval").body
        if not (isinstance(tree, ast.Compare) if condition else _is_size(tree)):
            raise ValueError
        if condition and not all(map(_is_size, (tree.left, *tree.comparators))):  # type: ignore[attr-defined]
            raise ValueError
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        wanted = "a condition compares sizes, such as n >= 2" if condition else _MADE_OF
        if not condition and re.search("[<>=]", shown):
            wanted = "a condition follows the arguments: X: [n,d], n >= 2"
        raise ValueError(f'"{shown}" cannot be read; {wanted}') from None
    return ast.unparse(tree)


def _is_size(node: ast.expr) -> bool:
    match node:
        case ast.Name():
            return True
        case ast.Constant(value=int() as number):
            return not isinstance(number, bool) and number < 10**9
        case ast.BinOp(left, op, right):
            return type(op) in _OPERATIONS and _is_size(left) and _is_size(right)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_size(operand)
    return False


@lru_cache(2**12)
def _tree(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@lru_cache(2**12)
def names(text: str) -> tuple[str, ...]:
    """Return the names in a canonical expression, in order."""
    found = (node.id for node in ast.walk(_tree(text)) if isinstance(node, ast.Name))
    return tuple(dict.fromkeys(found))


def value(text: str, sizes: Mapping[str, int]) -> int:
    """Return what a canonical expression comes to, and 1 or 0 for a condition.

    Raises ZeroDivisionError, and KeyError for a name without a size.
    """
    return sizes[text] if text in sizes else _value(_tree(text), sizes)


def values(texts: Iterable[str], sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Return what several come to, such as a shape."""
    return tuple(value(one, sizes) for one in texts)


def _value(node: ast.expr, sizes: Mapping[str, int]) -> int:
    match node:
        case ast.Name(id=name):
            return sizes[name]
        case ast.Constant(value=int() as number):
            return number
        case ast.BinOp(left, op, right):
            return int(_OPERATIONS[type(op)](_value(left, sizes), _value(right, sizes)))
        case ast.UnaryOp(operand=operand):
            return -_value(operand, sizes)
        case ast.Compare(left, ops, comparators):
            sides = [_value(one, sizes) for one in (left, *comparators)]
            found = zip(ops, sides, sides[1:], strict=False)
            return int(all(_OPERATIONS[type(op)](a, b) for op, a, b in found))
    raise AssertionError(ast.dump(node))


def definition(condition: str) -> tuple[str, str] | None:
    """Return the name and the expression of a condition such as `m == n + k - 1`."""
    match _tree(condition):
        case ast.Compare(ast.Name(id=name), [ast.Eq()], [right]):
            text = ast.unparse(right)
            return None if name in names(text) else (name, text)
    return None


def solve(
    order: Sequence[str],
    rules: Sequence[str],
    choices: Mapping[str, Sequence[int]],
    wanted: Mapping[str, int],
) -> dict[str, int] | None:
    """Return sizes that obey all rules, as near as can be to those wanted; None without any.

    order: all names, of which the first are the last to give way. choices: what some can be.
    """
    numbers = [int(one) for rule in rules for one in re.findall(r"\b\d+\b", rule)]
    large = (wanted[name] for name in order if name in wanted and name not in choices)
    top = max([ORDINARY, *(one + ORDINARY for one in numbers), *large])
    place = {name: k for k, name in enumerate(order)}
    ends: list[list[str]] = [[] for _ in (*order, "")]
    for rule in rules:  # each is held against the sizes as soon as the last of its names has one
        ends[max((place[name] for name in names(rule)), default=-1)].append(rule)
    defined: dict[str, str] = {}
    for rule in rules:
        match definition(rule):
            case (name, text) if all(place[one] < place[name] for one in names(text)):
                defined.setdefault(name, text)
    sizes: dict[str, int] = {}
    left = ATTEMPTS

    def holds(rule: str) -> bool:
        try:
            return bool(value(rule, sizes))
        except ZeroDivisionError:
            return False

    def candidates(name: str) -> Sequence[int]:
        if name not in choices and name in defined:
            try:
                return (value(defined[name], sizes),)
            except ZeroDivisionError:
                return ()
        near = wanted.get(name, 2)
        several = choices.get(name) or range(1, min(top, ATTEMPTS) + 1)
        return sorted(several, key=lambda one: (abs(one - near), one))

    def placed(k: int) -> bool:
        nonlocal left
        if k == len(order):
            return True
        for one in candidates(order[k]):
            left -= 1
            if left < 0:
                return False
            sizes[order[k]] = one
            if all(map(holds, ends[k])) and placed(k + 1):
                return True
        return False

    return sizes if all(map(holds, ends[-1])) and placed(0) else None
