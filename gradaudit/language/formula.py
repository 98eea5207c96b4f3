"""The formula language: Python's expression syntax, cut down, read into a checked syntax tree.

Nothing is evaluated here, and nothing anywhere by Python's own `eval`. A formula that is outside
of the language is refused in one line with the column where it leaves it.
"""

import ast
import operator
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import zip_longest
from typing import Any

from flint import fmpq

from gradaudit.language.hints import (
    NAMES,
    foreign,
    in_ascii,
    known_as,
    nearest,
    range_of,
    slip,
    word_of_python,
)

MAX_CHARACTERS = 2_000
LONGEST_PLACE = 20  # characters of a text that show where it is no formula
MAX_NESTING = 50
MAX_SUMS = 3
MAX_EXPONENT = 64
MAX_DIGITS = 50
MAX_DECIMAL_EXPONENT = 50
MAX_OWN_NAMES = 50
MAX_AXES = 8

_DIGITS = r"\d(?:_?\d)*"
NUMERAL = re.compile(rf"([+-]?)({_DIGITS})?(?:\.({_DIGITS})?)?(?:[eE]([+-]?{_DIGITS}))?", re.ASCII)

FUNCTIONS: Mapping[str, tuple[int, ...]] = {  # name: how many arguments
    **dict.fromkeys(("exp", "log", "log1p", "expm1", "sqrt", "sin", "cos", "tanh"), (1,)),
    **dict.fromkeys(("sigmoid", "erf", "abs", "sign", "relu", "sum", "softmax", "norm"), (1,)),
    **dict.fromkeys(("det", "inv", "trace", "diag", "eye"), (1,)),
    **dict.fromkeys(("max", "min"), (1, 2)),
    **dict.fromkeys(("outer", "delta", "d"), (2,)),
    "where": (3,),
}
ALONG_AXES = ("sum", "max", "min", "softmax", "norm")

INDEX_LETTERS = frozenset("abcijklmnqrs")  # an unknown one of these was meant as an index

OPERATORS: Mapping[type[ast.AST], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.Pow: ("**", operator.pow),
    ast.MatMult: ("@", operator.matmul),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
}

HOLDS_EXPRESSIONS = (ast.expr, ast.comprehension, ast.keyword)


class FormulaError(ValueError):
    """A text that is not in the formula language; `column` counts characters from 1."""

    def __init__(self, column: int, message: str, line: int | None = None) -> None:
        place = f"column {column}" if line is None else f"line {line}, column {column}"
        super().__init__(f"{place}: {message}")
        self.column = column
        self.message = message


@dataclass(frozen=True)
class Scope:
    """The names that a formula may use.

    given: the inputs of the question. sizes: whole numbers such as n.
    free: each free index with the set it runs over. sets: what a sum may run over.
    defined: names with a formula, those of the question and an answer's own; written: the lines
    that define the latter. axes: index sets of the axes of each given name. signs:
    how names are printed, if not as they are: letters, with what stands below and above them.
    rate: the given name that a condition is on, if one is wanted.
    key: where names are defined. below: those that are, further down.
    """

    given: frozenset[str]
    sizes: frozenset[str] = frozenset()
    free: Mapping[str, str] = field(default_factory=dict)
    sets: frozenset[str] = frozenset()
    defined: Mapping[str, ast.expr] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    signs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rate: str = ""
    key: str = "where"
    below: frozenset[str] = frozenset()

    def names(self) -> list[str]:
        """Return every name that stands for a value, in a fixed order."""
        return sorted({*self.given, *self.sizes, *self.free, *self.defined})

    def __contains__(self, name: str) -> bool:
        """Return whether a name stands for a value."""
        return name in self.given or name in self.sizes or name in self.free or name in self.defined

    def define(self, name: str, text: str) -> "Scope":
        """Return the scope with one more name. Raises FormulaError."""
        tree = parse(text, self).tree
        return replace(self, defined={**self.defined, name: tree})


@dataclass(frozen=True, eq=False)
class Formula:
    """A checked formula: `text [when condition] [# reason]`, read in a scope."""

    text: str
    tree: ast.expr
    scope: Scope
    when: ast.expr | None = None
    condition: str = ""
    reason: str = ""

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that stand in the formula, free, also through names it defines."""
        return frozenset(mentioned(self.tree, self.scope.defined))

    @cached_property
    def all_names(self) -> frozenset[str]:
        """These names, and those of its condition."""
        return self.names if self.when is None else self.names | self.assumption().names

    def assumption(self) -> "Formula":
        """Return the condition after `when` as a formula of its own."""
        assert self.when is not None
        return Formula(self.condition, self.when, self.scope)


def mentioned(tree: ast.expr, defined: Mapping[str, ast.expr]) -> set[str]:
    """Return the free names in a tree, and in the definitions that it leads to."""
    found: set[str] = set()
    pending: list[tuple[ast.AST, frozenset[str]]] = [(tree, frozenset())]
    while pending:
        node, bound = pending.pop()
        if isinstance(node, ast.GeneratorExp):
            bound |= set(_targets(node))
            pending.append((node.elt, bound))
        elif isinstance(node, ast.Name):
            if node.id not in bound and node.id not in found:
                found.add(node.id)
                if node.id in defined:
                    pending.append((defined[node.id], frozenset()))
        else:
            pending.extend((child, bound) for child in ast.iter_child_nodes(node))
    return found


def _targets(node: ast.GeneratorExp) -> list[str]:
    """Return the indices that a sum binds."""
    targets = (clause.target for clause in node.generators)
    return [target.id for target in targets if isinstance(target, ast.Name)]


def names_in(tree: ast.expr) -> frozenset[str]:
    """Return the free names that stand in a tree itself; they are kept with it."""
    kept: dict[str, frozenset[str]] = vars(tree)
    if "names" not in kept:
        kept["names"] = frozenset(mentioned(tree, {}))
    return kept["names"]


def with_input(name: str, defined: Mapping[str, ast.expr]) -> dict[str, ast.expr]:
    """Return definitions in terms of one of them, which is an input then.

    Its name, and what is written exactly like its definition, stands for it in the others.
    """
    others = ((other, tree) for other, tree in defined.items() if other != name)
    return {other: _kept_standing(tree, name, defined[name]) for other, tree in others}


def _standing(tree: ast.expr, name: str, definition: ast.expr) -> ast.expr:
    """Return a tree with a name wherever its definition is written out."""
    pattern, letters = definition, list[str]()
    if isinstance(definition, ast.GeneratorExp):
        pattern, letters = definition.elt, _targets(definition)
    wanted, names = ast.dump(pattern), mentioned(definition, {})

    def standing(node: Any) -> Any:
        if isinstance(node, list):
            found = [standing(one) for one in node]
            return found if any(map(operator.is_not, found, node)) else node
        if not isinstance(node, ast.AST) or isinstance(node, ast.operator | ast.cmpop):
            return node
        if isinstance(node, ast.GeneratorExp) and names.intersection(_targets(node)):
            return node  # there they are no more the names of the definition
        if type(node) is type(pattern) and ast.dump(node) == wanted:
            stands: ast.expr = ast.Name(name, ast.Load())
            if letters:
                places: list[ast.expr] = [ast.Name(one, ast.Load()) for one in letters]
                at = places[0] if len(places) == 1 else ast.Tuple(places, ast.Load())
                stands = ast.Subscript(stands, at, ast.Load())
            for one in ast.walk(stands):
                ast.copy_location(one, node)
            return stands
        fields = {key: standing(value) for key, value in ast.iter_fields(node)}
        if all(value is getattr(node, key) for key, value in fields.items()):
            return node
        return ast.copy_location(type(node)(**fields), node)

    found: ast.expr = standing(tree)
    return found


_kept_standing = lru_cache(maxsize=2**12)(_standing)


def parse(text: str, scope: Scope, own: Sequence[str] = ()) -> Formula:
    """Read one formula in a scope. Raises FormulaError, and nothing else, for any text.

    own: indices of a definition, `... for i in K`, which makes an array with an axis for each.
    """
    if len(text) > MAX_CHARACTERS:
        raise FormulaError(
            MAX_CHARACTERS + 1, f"{len(text)} characters; a formula has at most {MAX_CHARACTERS}"
        )
    body, _, reason = text.partition("#")
    expression, *rest = re.split(r"(?<!\w)when(?!\w)", re.sub(r"\s", " ", body), maxsplit=1)
    if rest and expression.count("(") > expression.count(")"):
        told = "`when` ends a whole line; in a sum, multiply by the condition"
        raise FormulaError(len(expression) + 1, told)
    tree, condition, when = _checked(expression, 0, scope, tuple(own)), "", None
    for condition in rest:
        when = _checked(condition, len(expression) + len("when"), scope)
    return Formula(expression.strip(), tree, scope, when, condition.strip(), reason.strip())


def parse_definitions(lines: Iterable[str], scope: Scope) -> Scope:
    """Read the lines of `where`, each `name = formula` or `name[i] = ... for i in K`, in order.

    Raises FormulaError, with the number of the line in front.
    """
    lines = list(lines)
    names = [_left_side(line)[0] for line in lines[:MAX_OWN_NAMES]]
    for number, line in enumerate(lines, start=1):
        if number > MAX_OWN_NAMES:
            raise FormulaError(1, f"more than {MAX_OWN_NAMES} names", number)
        try:
            scope = _defined(line, replace(scope, below=frozenset(names[number:])))
        except FormulaError as error:
            raise FormulaError(error.column, error.message, number) from None
    return scope


def _left_side(line: str) -> list[str]:
    """Return the name that a line defines, and its own indices; nothing for what is no name."""
    left, bracket, inside = line.partition("=")[0].partition("[")
    own = inside.strip().removesuffix("]").split(",") if bracket else []
    return list(map(_name, (left, *own)))


def _defined(line: str, scope: Scope) -> Scope:
    _, equals, formula = line.partition("=")
    name, *own = _left_side(line)
    if words := [*filter(None, map(word_of_python, (name, *own)))]:
        raise FormulaError(1, words[0])
    if not equals or formula.startswith("=") or not all((name, *own)):
        kinds = "`name = formula`, or `name[i] = formula for i in K`"
        raise FormulaError(1, f"a line of `{scope.key}` reads {kinds}")
    if name in {*scope.names(), *scope.sets, *FUNCTIONS, "when"}:
        raise FormulaError(1, f"`{name}` already has a meaning; choose another name")
    parsed = parse(" " * (len(line) - len(formula)) + formula, scope, own)
    if parsed.when is not None:
        raise FormulaError(1, "`when` belongs to a formula, not to a name")
    indexed = f"{name}[{','.join(own)}]" if own else name
    return replace(
        scope,
        defined={**scope.defined, name: parsed.tree},
        written={**scope.written, name: f"{indexed} = {parsed.text}"},
    )


def _name(text: str) -> str:
    """Return a name, or a word, as Python reads it; nothing where it is none."""
    name = unicodedata.normalize("NFKC", text.strip())
    return name if name.isidentifier() else ""


def numeral(source: str) -> fmpq:
    """Return the exact value of a decimal numeral. Raises ValueError with the reason."""
    match = NUMERAL.fullmatch(source)
    if match is None or not (match[2] or match[3]):
        raise ValueError("not a decimal number")
    whole, fraction, power = ((match[i] or "").replace("_", "") for i in (2, 3, 4))
    digits = whole + fraction
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"more than {MAX_DIGITS} digits")
    if len(power) > 3 or abs(int(power or 0)) > MAX_DECIMAL_EXPONENT:
        raise ValueError(f"its exponent is not within ±{MAX_DECIMAL_EXPONENT}")
    exponent = int(power or 0) - len(fraction)
    value = fmpq(int(match[1] + digits))
    scale = fmpq(10) ** abs(exponent)
    return value * scale if exponent >= 0 else value / scale


def left_spine(node: ast.BinOp) -> tuple[ast.expr, list[ast.BinOp]]:
    """Return a + b + c as its first operand and the operations on it, so that no chain nests."""
    chain: list[ast.BinOp] = []
    first: ast.expr = node
    while isinstance(first, ast.BinOp):
        chain.append(first)
        first = first.left
    return first, chain[::-1]


def _checked(source: str, offset: int, scope: Scope, own: tuple[str, ...] = ()) -> ast.expr:
    """Parse source with Python's grammar and refuse what is not in the language."""
    stripped = source.lstrip(" ")
    offset += len(source) - len(stripped)
    stripped = stripped.rstrip(" ")
    if not stripped:
        raise FormulaError(offset + 1, "a formula is missing")
    if own:
        stripped, offset = f"({stripped})", offset - 1
    try:
        with warnings.catch_warnings():
            # Python warns of texts such as `1or 2`; whether they are formulas is decided below.
            warnings.simplefilter("ignore")
            tree = ast.parse(stripped, mode="eval").body
    except SyntaxError as error:
        column = min(max(error.offset or 1, 1), len(stripped) + 1)
        rest = stripped[column - 1 : len(stripped) - bool(own)]
        place = f" at `{rest[:LONGEST_PLACE]}{'…' * (len(rest) > LONGEST_PLACE)}`" if rest else ""
        hint = slip(stripped, scope.rate)
        raise FormulaError(offset + column, f"this is not a formula{place}{hint}") from None
    except (ValueError, RecursionError, MemoryError):
        raise FormulaError(offset + 1, "this is not a formula, or nested too deeply") from None
    checker = _Checker(stripped, offset, scope, own)
    if own:
        checker.array(tree)
    else:
        checker.check(tree, (), 0)
    for one in _expressions(tree):  # from here on a node knows its column in the whole text
        one.col_offset = checker.column(one)
    return tree


def _expressions(tree: ast.expr) -> list[ast.expr]:
    """Return all expressions in a tree, as `ast.walk` does, which takes thrice as long."""
    found: list[Any] = [tree]
    for node in found:
        for name in node._fields:
            value = getattr(node, name)
            several = value if isinstance(value, list) else (value,)
            found += [one for one in several if isinstance(one, HOLDS_EXPRESSIONS)]
    return [one for one in found if isinstance(one, ast.expr)]


def _size_of(index_set: str) -> str:
    """Return where an index set stands, and how its size is written."""
    return f"which stands after `in` only; its size is sum(1 for k in {index_set})"


class _Checker:
    """Walks a tree of Python's grammar and raises at the first node outside of the language."""

    def __init__(self, source: str, offset: int, scope: Scope, own: tuple[str, ...] = ()) -> None:
        self.source = source.encode()
        self.offset = offset
        self.scope = scope
        self.own = own  # indices of what is defined

    def column(self, node: ast.expr) -> int:
        return self.offset + len(self.source[: node.col_offset].decode()) + 1

    def behind(self, node: ast.expr) -> int:
        return self.offset + len(self.source[: node.end_col_offset].decode()) + 1

    def refuse(self, node: ast.expr, message: str) -> FormulaError:
        return FormulaError(self.column(node), message)

    def check(self, node: ast.expr, bound: tuple[str, ...], depth: int) -> None:
        if depth > MAX_NESTING:
            raise self.refuse(node, f"nested more than {MAX_NESTING} deep")
        match node:
            case ast.BinOp():
                first, chain = left_spine(node)
                self.check(first, bound, depth + 1)
                for step in chain:
                    if type(step.op) not in OPERATORS:
                        message = f"the operators are + - * / ** @{_meant(step)}"
                        behind = self.source[step.left.end_col_offset : step.right.col_offset]
                        before = len(behind) - len(behind.lstrip(b" )"))  # up to the operator
                        raise FormulaError(self.behind(step.left) + before, message)
                    self.check(step.right, bound, depth + 1)
                    if isinstance(step.op, ast.Pow):
                        self.exponent(step.right)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not()) | ast.BoolOp():
                self.operands(node, bound, depth)
            case ast.Compare():
                for op in node.ops:
                    if type(op) not in OPERATORS:
                        hint = f"; {range_of(self.scope.rate)}" if self.scope.rate else ""
                        raise self.refuse(node, f"the comparisons are < <= > >= == !={hint}")
                self.operands(node, bound, depth)
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                self.value_of(node)
            case ast.Name():
                self.name(node, bound)
            case ast.Attribute(attr="T"):
                self.operands(node, bound, depth)
            case ast.Subscript(value=ast.Constant()):
                raise self.refuse(node, f"a number has no entries; {NAMES['I']}")
            case ast.Subscript(value=ast.Name(name)) if vector := self.one_hot_of(name):
                told = f"{name} is a number, the place of one; its one-hot vector is {vector}"
                raise self.refuse(node, told)
            case ast.Subscript():
                self.check(node.value, bound, depth + 1)
                for index, axis in zip_longest(indices(node), self.axes_of(node)):
                    if isinstance(index, ast.Name):
                        self.name(index, bound, axis)
                    elif index is not None and not _is_whole_axis(index):
                        self.check(index, bound, depth + 1)
            case ast.Call():
                self.call(node, bound, depth)
            case ast.Tuple() if self.scope.rate:
                hint = f"{range_of(self.scope.rate)}, with a point in decimals"
                raise self.refuse(node, hint)
            case _:
                raise self.refuse(node, foreign(node))

    def one_hot_of(self, name: str) -> str:
        """Return which vector is 1 at the place that a given number says, if one is defined so."""
        for vector, tree in self.scope.defined.items():
            match tree:
                case ast.GeneratorExp(elt=ast.Compare(ops=[ast.Eq()], comparators=[right])):
                    if isinstance(right, ast.Name) and right.id == name in self.scope.sizes:
                        return vector
        return ""

    def operands(self, node: ast.expr, bound: tuple[str, ...], depth: int) -> None:
        for operand in operands(node):
            self.check(operand, bound, depth + 1)

    def axes_of(self, node: ast.Subscript) -> tuple[str, ...]:
        """Return the index sets that the indices of a given array run over."""
        return self.scope.axes.get(node.value.id, ()) if isinstance(node.value, ast.Name) else ()

    def name(self, node: ast.Name, bound: tuple[str, ...], axis: str | None = None) -> None:
        """Refuse an unknown name. axis: the index set of which it is an index, if one is known."""
        name = node.id
        if name in bound or name in self.scope or name == "pi":
            return
        if name in self.scope.sets:
            raise self.refuse(node, f"`{name}` is an index set, {_size_of(name)}")
        if name in FUNCTIONS:
            raise self.refuse(node, f"`{name}` is a function: write {name}(...)")
        known = [*self.scope.names(), *bound]
        base, _, index = name.rpartition("_")
        if self.scope.rate:
            others = ", ".join(sorted(self.scope.given - {self.scope.rate}))
            hint = f"; the rate is written {self.scope.rate}"
            hint += f", the parameters {others}" if others else ""
        elif name in self.scope.below:
            hint = "; it is defined below: move that line up"
        elif name in NAMES:
            hint = f"; {NAMES[name]}"
        elif base and len(index) == 1 and (base in known or index in INDEX_LETTERS):
            hint = f"; an entry is written {base}[{index}]"
        elif in_ascii(name):
            hint = in_ascii(name)
        elif axis or (name in INDEX_LETTERS and (self.scope.free or bound)):
            free = ", ".join(self.scope.free) or "none here"
            hint = f"; an index is free ({free}) or bound by sum(... for {name} in {axis or '...'})"
            meant = [one for one, over in self.scope.free.items() if over == axis]
            if len(meant) == 1 and meant[0] not in bound:
                entry = f"entry {meant[0]} of {axis}"
                hint += f"; the part asks for {entry}: write {meant[0]} for {name}"
        elif name.upper() in self.scope.sets:
            size = f"the size of {name.upper()} is sum(1 for k in {name.upper()})"
            hint = f"; {size}, or a name that `counts` of the question gives it"
        elif name[0] == "d" and name[1:] in known:
            hint = f"; a derivative is written d({name[1:]}, w[i])"
        else:
            places = "names stand in `given`, or are defined in `define`"
            own = places if self.scope.key == "define" else "own names are defined in `where`"
            hint = nearest(name, [*known, *FUNCTIONS]) or f"; {own}"
        raise self.refuse(node, f"unknown name `{name}`{hint}")

    def call(self, node: ast.Call, bound: tuple[str, ...], depth: int) -> None:
        if not isinstance(node.func, ast.Name):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            hint = f"; write {called}(...)" if called in FUNCTIONS else known_as(called)
            if isinstance(node.func, ast.Constant | ast.Subscript):
                hint = "; a product is written with *"
            elif isinstance(node.func, ast.Call):
                hint = "; an entry is written softmax(y)[i]"
            raise self.refuse(node, f"only a function's name can be called{hint}")
        name = node.func.id
        if name not in FUNCTIONS:
            hint = known_as(name) or in_ascii(name) or nearest(name, FUNCTIONS)
            if name in {*self.scope.names(), *bound}:
                hint = f"; an entry is written {name}[i], a product with *"
            raise self.refuse(node, f"unknown function `{name}`{hint}")
        arguments = node.args
        if name == "sum" and len(arguments) == 1 and isinstance(arguments[0], ast.GeneratorExp):
            if node.keywords:
                raise self.refuse(node, "sum(... for k in K) takes nothing else")
            self.generator(arguments[0], bound, depth)
            return
        self.axis(node, name)
        if len(arguments) not in FUNCTIONS[name]:
            counts = " or ".join(("one", "two", "three")[count - 1] for count in FUNCTIONS[name])
            wanted = f"{counts} argument{'s' * (FUNCTIONS[name] != (1,))}"
            hint = _of_arguments(name, arguments)
            raise self.refuse(node, f"{name} takes {wanted}, found {len(arguments)}{hint}")
        if name == "eye":
            self.index_set(arguments[0], "eye(K) is of")
            return
        for argument in arguments:
            self.check(argument, bound, depth + 1)
        if name == "d":
            self.derivative(node, arguments[0], arguments[1], bound)

    def axis(self, node: ast.Call, name: str) -> None:
        """Check `axis=...`, which is a number from here on."""
        for option in node.keywords:
            axis = option.value
            if name not in ALONG_AXES or option.arg != "axis" or len(node.args) != 1:
                known = ", ".join(ALONG_AXES)
                raise self.refuse(node, f"{name} takes no such argument; {known} take axis=0")
            negative = isinstance(axis, ast.UnaryOp) and isinstance(axis.op, ast.USub)
            number = axis.operand if isinstance(axis, ast.UnaryOp) and negative else axis
            if not isinstance(number, ast.Constant) or type(number.value) is not int:
                raise self.refuse(axis, "an axis is a whole number, the first is 0, the last -1")
            if number.value > MAX_AXES:
                raise self.refuse(axis, f"an array has at most {MAX_AXES} axes")
            value = -number.value if negative else number.value
            option.value = ast.copy_location(ast.Constant(value), axis)

    def index_set(self, node: ast.expr, what: str) -> None:
        if not isinstance(node, ast.Name) or node.id not in self.scope.sets:
            known = ", ".join(sorted(self.scope.sets)) or "none here"
            raise self.refuse(node, f"{what} an index set ({known})")

    def array(self, node: ast.expr) -> None:
        """Check what defines an array by the indices of its entries."""
        letters = ", ".join(self.own)
        if not isinstance(node, ast.GeneratorExp):
            wanted = " ".join(f"for {index} in ..." for index in self.own)
            raise self.refuse(node, f"say what {letters} runs over: {wanted} at the end")
        if _targets(node) != list(self.own):
            raise self.refuse(node, f"the indices at the end are not {letters}, in this order")
        self.generator(node, (), 0)

    def generator(self, node: ast.GeneratorExp, bound: tuple[str, ...], depth: int) -> None:
        for clause in node.generators:
            if len(bound) == MAX_SUMS + len(self.own):
                told = "define an inner one by its entries: u[i] = sum(...) for i in N"
                raise self.refuse(node, f"more than {MAX_SUMS} nested sums; {told}")
            if not isinstance(clause.target, ast.Name):
                raise self.refuse(clause.target, "a sum binds one name: sum(... for k in K)")
            if clause.target.id in FUNCTIONS:
                name = clause.target.id
                raise self.refuse(clause.target, f"`{name}` is a function; bind another name")
            self.index_set(clause.iter, "a sum runs over")
            if clause.ifs:
                raise self.refuse(clause.ifs[0], "no `if` in a sum: multiply by the condition")
            if clause.is_async:
                raise self.refuse(node, "this is not a formula")
            bound += (clause.target.id,)
        self.check(node.elt, bound, depth + 1)

    def derivative(
        self, node: ast.Call, of: ast.expr, by: ast.expr, bound: tuple[str, ...]
    ) -> None:
        base = by.value if isinstance(by, ast.Subscript) else by
        name = base.id if isinstance(base, ast.Name) else ""
        defined = self.scope.defined
        if name in bound or name not in {*self.scope.given, *defined}:
            known = ", ".join(sorted(self.scope.given, key=str.swapcase))
            others = "a defined name, or an entry of one"
            raise self.refuse(by, f"d(F, v) is with respect to {known}, {others}")
        if isinstance(by, ast.Subscript) and any(_is_whole_axis(i) for i in indices(by)):
            raise self.refuse(by, "d(F, v) is with respect to a whole array or one entry")
        if "d" in mentioned(of, defined):
            raise self.refuse(node, "a derivative of a derivative is not in the language")
        if name in defined:
            node.args[0] = of = self.in_terms_of(name, of)
            if name not in mentioned(of, with_input(name, defined)):
                remedy = f"write {name} in it, or what {name} is defined as, to the letter"
                raise self.refuse(node, f"what is differentiated does not contain {name}: {remedy}")

    def in_terms_of(self, name: str, of: ast.expr) -> ast.expr:
        """Return an expression in terms of a defined name."""
        definition = self.scope.defined[name]
        if letters := mentioned(definition, self.scope.defined) & self.scope.free.keys():
            remedy = f"define it for all of them: {name}[k] = ... for k in ..."
            raise self.refuse(of, f"{name} is of one {', '.join(sorted(letters))} only; {remedy}")
        try:
            return _standing(of, name, definition)
        except RecursionError:
            raise self.refuse(of, "nested too deeply") from None

    def exponent(self, node: ast.expr) -> None:
        value = node
        while isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub | ast.UAdd):
            value = value.operand
        if isinstance(value, ast.Constant):
            number = self.value_of(value)
            if abs(number) > MAX_EXPONENT:
                raise self.refuse(node, f"an exponent is a number within ±{MAX_EXPONENT}")

    def value_of(self, node: ast.Constant) -> fmpq:
        """Read a numeral from its text, since the float in the tree is already rounded."""
        source = self.source[node.col_offset : node.end_col_offset].decode()
        try:
            value = numeral(source)
        except ValueError as error:
            raise self.refuse(node, str(error)) from None
        node.value = value  # type: ignore[assignment]  # exact from here on, not rounded
        return value


def operands(node: ast.expr) -> list[ast.expr]:
    """Return the expressions that an expression is made of."""
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def indices(node: ast.Subscript) -> list[ast.expr]:
    """Return the indices of a subscript, one for each axis it names."""
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _is_whole_axis(node: ast.expr) -> bool:
    return isinstance(node, ast.Slice) and not (node.lower or node.upper or node.step)


def _of_arguments(name: str, arguments: Sequence[ast.expr]) -> str:
    """Return how a call with too many arguments, or too few, is written."""
    match name, arguments:
        case "sum", [_, ast.Constant()]:
            return "; along an axis it is sum(A, axis=0)"
        case "sum", _:
            return "; over an index it is sum(... for k in K)"
        case "max" | "min", [_, _, _, *_]:
            return f"; of three it is {name}(a, {name}(b, c))"
        case "norm", [_, _]:
            return "; it is the root of the sum of squares; sum(abs(v)) and max(abs(v)) are others"
    return ""


def _meant(step: ast.BinOp) -> str:
    if isinstance(step.op, ast.BitXor):
        power = step.right if not isinstance(step.right, ast.BinOp) else left_spine(step.right)[0]
        transposed = isinstance(power, ast.Name) and power.id == "T"
        return f"; {NAMES['T']}" if transposed else "; a power is **"
    return "; conditions are joined by `and`, `or`" if isinstance(step.op, ast.BitAnd) else ""
