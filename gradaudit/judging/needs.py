"""What formulas need so that they have a value: divisors that are not 0, arguments of a log.

Only what may fail is told: signs that follow from how a number is made, or from what is assumed,
are known without a look at any input.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations

from gradaudit.judging.derivation import Line, Wanted
from gradaudit.language.evaluate import PI
from gradaudit.language.formula import Formula, Scope, left_spine
from gradaudit.questions.question import split_loops

Signs = frozenset[int]
ANY, POSITIVE, NOT_NEGATIVE, ZERO = Signs((-1, 0, 1)), Signs((1,)), Signs((0, 1)), Signs((0,))
TURNED: Mapping[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.Gt(),
    ast.LtE: ast.GtE(),
    ast.Gt: ast.Lt(),
    ast.GtE: ast.LtE(),
}
ALWAYS_POSITIVE = ("exp", "sigmoid", "softmax")
AS_ITS_ARGUMENT = ("tanh", "erf", "expm1", "log1p", "sign", "max", "min", "diag")
NEVER_NEGATIVE = ("sqrt", "abs", "norm", "relu", "delta", "eye")


def needs_of(lines: Iterable[Line], wanted: Wanted) -> tuple[str, ...]:
    """Return what lines, and own names in them, need at every input, as conditions, each once."""
    largest = wanted.largest
    counts = wanted.scope.sizes - set(getattr(largest, "given", ()))
    sizes = [name for name in counts if largest.values[name] in largest.sizes.values()]
    found: dict[str, str] = {}  # by what stands there but for spaces
    for line in lines:
        formula = line.formula
        known = _Known(formula.scope, (*wanted.assume, *line.assumptions), sizes)
        own = formula.names - wanted.scope.defined.keys() & formula.scope.written.keys()
        definitions = (formula.scope.written[name].partition("=")[2] for name in sorted(own))
        for text in (formula.text, *(split_loops(one.strip())[0] for one in definitions)):
            for condition in _needs(text, known):
                found.setdefault("".join(condition.split()), condition)
    return tuple(found.values())


def _needs(text: str, known: "_Known") -> Iterator[str]:
    def written(condition: str, *nodes: ast.expr) -> Iterator[str]:
        for node in nodes:
            yield f"{ast.get_source_segment(text, node)} {condition}"

    pending = [ast.parse(text, mode="eval").body]
    while pending:
        node = pending.pop(0)
        match node:
            case ast.Call(func=ast.Name(id="where")):
                continue  # what stands in it need not be evaluated
            case ast.BinOp(op=ast.Div(), right=divisor):
                yield from written("!= 0", *known.maybe_zero(divisor))
            case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
                if not _is_whole(exponent) and isinstance(exponent, ast.Constant):
                    yield from written(">= 0", base) if -1 in known.signs(base) else ()
                elif not known.signs(exponent) <= NOT_NEGATIVE:
                    yield from written("!= 0", *known.maybe_zero(base))
            case ast.Call(func=ast.Name(id="log"), args=[argument]):
                yield from written("> 0", argument) if known.signs(argument) - POSITIVE else ()
            case ast.Call(func=ast.Name(id="sqrt"), args=[argument]):
                yield from written(">= 0", argument) if -1 in known.signs(argument) else ()
        pending += (one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr))


class _Known:
    """What is known of the signs of numbers."""

    def __init__(self, scope: Scope, assumed: Sequence[Formula], sizes: Sequence[str]) -> None:
        self.scope = scope
        self.facts: dict[str, Signs] = dict.fromkeys(sizes, POSITIVE)
        self.defined: dict[str, Signs] = {} if PI in scope else {PI: POSITIVE}
        for name, tree in scope.defined.items():
            self.defined[name] = self.signs(tree)
        pending = [one.tree for one in assumed]
        for tree in pending:
            if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
                pending += tree.values
            elif isinstance(tree, ast.Compare):
                self._learn(tree)
        for name, tree in scope.defined.items():
            self.defined[name] = self.signs(tree)  # with what is assumed

    def _learn(self, node: ast.Compare) -> None:
        nodes = [node.left, *node.comparators]
        for (i, left), (j, right) in combinations(enumerate(nodes), 2):
            if (op := _over_all(node.ops[i:j])) is None:
                continue
            turned = TURNED.get(type(op), op)
            self._fact(_key(left), op, self.signs(right))
            self._fact(_key(right), turned, self.signs(left))
            if (one := _key(left)) and (other := _key(right)):
                self._fact(f"{one} - {other}", op, ZERO)
                self._fact(f"{other} - {one}", turned, ZERO)

    def _fact(self, key: str, op: ast.cmpop, other: Signs) -> None:
        match op:
            case ast.Gt() if other <= NOT_NEGATIVE:
                fact = POSITIVE
            case ast.GtE() | ast.Eq() if other <= NOT_NEGATIVE:
                fact = other | POSITIVE if isinstance(op, ast.GtE) else other
            case ast.NotEq() if other == ZERO:
                fact = ANY - ZERO
            case ast.Lt() | ast.LtE() if other == ZERO:
                fact = _negative(POSITIVE if isinstance(op, ast.Lt) else NOT_NEGATIVE)
            case _:
                return
        if key:
            self.facts[key] = self.facts.get(key, ANY) & fact

    def maybe_zero(self, node: ast.expr) -> Iterator[ast.expr]:
        """Yield the factors of a number that may be 0."""
        match node:
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                yield from (*self.maybe_zero(left), *self.maybe_zero(right))
            case ast.BinOp(left=inner, op=ast.Div() | ast.Pow()):
                yield from self.maybe_zero(inner)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                yield from self.maybe_zero(inner)
            case ast.Call(func=ast.Name(id="sqrt" | "abs"), args=[inner]):
                yield from self.maybe_zero(inner)
            case _ if 0 in self.signs(node):
                yield node

    def signs(self, node: ast.expr) -> Signs:
        """Return the signs that a number may have, or the entries of an array."""
        return self.facts.get(_key(node), ANY) & self._made(node)

    def _made(self, node: ast.expr) -> Signs:
        match node:
            case ast.Constant(value=value):
                return Signs(((value > 0) - (value < 0),))  # type: ignore[operator]  # a number
            case ast.Name(id=name):
                return self.defined.get(name, ANY)
            case ast.Subscript(value=inner) | ast.Attribute(value=inner):
                return self.signs(inner)
            case ast.GeneratorExp(elt=inner):
                return self.signs(inner)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return _negative(self.signs(inner))
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self.signs(inner)
            case ast.BinOp():
                return self._of_chain(node)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp():
                return NOT_NEGATIVE
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._of_call(name, arguments)
        return ANY

    def _of_chain(self, node: ast.BinOp) -> Signs:
        first, chain = left_spine(node)
        found = self.signs(first)
        for step in chain:
            other = self.signs(step.right)
            match step.op:
                case ast.Add():
                    found = _sum(found, other)
                case ast.Sub() if found == POSITIVE and self._is_complement(first, step):
                    pass
                case ast.Sub():
                    found = _sum(found, _negative(other))
                case ast.Mult():
                    found = _product(found, other)
                case ast.Div():
                    found = _product(found, other - {0})
                case ast.MatMult():
                    found = _all_summed(_product(found, other))
                case ast.Pow() if isinstance(step.right, ast.Constant) and _is_even(step.right):
                    found = Signs(sign * sign for sign in found)
                case ast.Pow():
                    found = found if _is_whole(step.right) or found == POSITIVE else NOT_NEGATIVE
        return found

    def _is_complement(self, first: ast.expr, step: ast.BinOp) -> bool:
        """Return whether a step is from 1 to 1 - sigmoid(...), which is positive too."""
        taken = step.right.value if isinstance(step.right, ast.Subscript) else step.right
        taken = self.scope.defined.get(taken.id, taken) if isinstance(taken, ast.Name) else taken
        sigmoid = isinstance(taken, ast.Call) and ast.unparse(taken.func) == "sigmoid"
        return sigmoid and step.left is first and ast.unparse(first) == "1"

    def _of_call(self, name: str, arguments: Sequence[ast.expr]) -> Signs:
        if name in ALWAYS_POSITIVE:
            return POSITIVE
        first = self.signs(arguments[0]) if arguments else ANY
        if name in NEVER_NEGATIVE:
            return (
                POSITIVE if first == POSITIVE and name in ("sqrt", "abs", "relu") else NOT_NEGATIVE
            )
        if name in ("sum", "trace"):
            return _all_summed(first)
        if name in AS_ITS_ARGUMENT:
            others = (self.signs(one) for one in arguments[1:])
            return first.union(*others, Signs((0,)) if name == "diag" else ())
        return ANY


def _negative(one: Signs) -> Signs:
    return Signs(-sign for sign in one)


def _product(one: Signs, other: Signs) -> Signs:
    return Signs(left * right for left in one for right in other)


def _sum(one: Signs, other: Signs) -> Signs:
    found = Signs()
    for left in one:
        for right in other:
            found |= ANY if left * right < 0 else Signs((left or right,))
    return found


def _all_summed(one: Signs) -> Signs:
    """Return the signs of a sum of numbers, of which there is at least one."""
    return ANY if {-1, 1} <= one else one


def _over_all(ops: Sequence[ast.cmpop]) -> ast.cmpop | None:
    """Return how the first of several numbers compares with the last, if that follows."""
    for strict, weak in ((ast.Lt, ast.LtE), (ast.Gt, ast.GtE)):
        if all(isinstance(op, strict | weak) for op in ops):
            return strict() if any(isinstance(op, strict) for op in ops) else weak()
    return ops[0] if len(ops) == 1 else None


def _key(node: ast.expr) -> str:
    """Return what is assumed things of: a name, an entry, a function, a difference of these."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        one, other = node.left, node.right
        at = [ast.unparse(side.slice) for side in (one, other) if isinstance(side, ast.Subscript)]
        if isinstance(one, ast.Subscript) and isinstance(other, ast.Subscript) and at[0] == at[1]:
            one, other = one.value, other.value  # what is assumed of arrays is so of their entries
        keys = _key(one), _key(other)
        return " - ".join(keys) if all(keys) else ""
    inner = [*ast.walk(node)][1:] if isinstance(node, ast.Subscript | ast.Call) else []
    simple = isinstance(node, ast.Name | ast.Subscript | ast.Call) and not any(
        isinstance(one, ast.BinOp | ast.Call | ast.Subscript | ast.GeneratorExp) for one in inner
    )
    return ast.unparse(node) if simple else ""


def _is_whole(node: ast.expr) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(inner, ast.Constant) and Fraction(str(inner.value)).denominator == 1


def _is_even(node: ast.Constant) -> bool:
    return Fraction(str(node.value)) % 2 == 0
