"""What may belong in place of a part of a text, or have been left out of it."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import combinations, islice, product

from gradaudit.language.formula import FUNCTIONS, Scope, mentioned
from gradaudit.mistakes.edits import ORDER, Source, as_factor, edits_at, is_product, is_sum
from gradaudit.mistakes.pieces import Loops, Said, written_out
from gradaudit.questions.question import split_loops

LONGEST_PART = 30  # characters of a part of another text that may belong here
ROOMS = 4  # ways to index one array at one place
SLOPES = {"relu": "{x} > 0", "tanh": "1 - {y}**2", "sigmoid": "1 - {y}"}  # of y = function(x)


class Proposals:
    """What may stand at the places of a text.

    scope: what may be said there. others: texts whose parts may belong here. shape: of a value, or
    None where it has none. sizes: of the index sets where it has that shape.
    """

    def __init__(
        self,
        source: Source,
        scope: Scope,
        others: Iterable[str],
        shape: Callable[[ast.expr], tuple[int, ...] | None],
        sizes: Mapping[str, int],
    ) -> None:
        self.source, self.scope, self.shape, self.sizes = source, scope, shape, sizes
        definitions = (line.partition("=")[2].strip() for line in scope.written.values())
        self.others = [*others, *(split_loops(text)[0] for text in definitions)]
        whole = source.text(source.tree)
        self.comma = ", " if ", " in whole else ","
        self.spaced = " * " in whole
        self.known = cache(self._known)

    def all(self) -> Iterator[tuple[ast.expr, Loops, Sequence[Said]]]:
        """Yield parts of the text with others: small ones first, changes before additions."""
        places = [  # an entry is looked at as a whole
            (node, loops)
            for node, loops in self.source.nodes()
            if not isinstance(self.source.parents.get(node), ast.Subscript | ast.Tuple)
        ]
        for propose in (self._changes, self._additions):
            for node, loops in sorted(places, key=lambda place: _size(place[0])):
                yield node, loops, _different(propose(node, loops))

    def _changes(self, node: ast.expr, loops: Loops) -> Iterator[Said]:
        """Yield what may belong in place of a part, the likeliest first."""
        text = self.source.text(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            n = node.value
            numbers = (n + 1, n - 1, 2 * n, f"{n}/2" if n % 2 else n // 2)
            yield from (("{}", str(number)) for number in numbers)
        if isinstance(node, ast.Subscript) and not isinstance(node.value, ast.Name):
            each = self._entries(self.source.text(node.value), node.value, loops)
            yield from (("{}", one) for one in each if one != text)
        if isinstance(node, ast.Name | ast.Subscript | ast.Constant):
            array = text.partition("[")[0] + "["  # other indices of the same are likeliest
            beside = self._beside(node)
            for part in sorted(self.known(loops), key=lambda part: not part.startswith(array)):
                # a comparison twice drops a factor; a mask makes sense in a product alone
                twice = part in beside and is_comparison(_tree(part))
                alone = not beside and _is_order(_tree(part))
                if not (twice or alone or _adds_to(text, part)):
                    yield "{}", part
        if isinstance(node, ast.Constant):
            return
        yield from (("{}", term) for term in self._terms(node, loops))
        edited = edits_at(node, self.source, loops)
        yield from (("{}", right) for what, right in edited if "mean" not in what)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            left, right = map(self.source.text, (node.left, node.right))
            yield from (("{}", f"{left}/{right}"), ("{}", f"{left} @ {right}"))
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and _is_order(node):
            left, right = map(self.source.text, (node.left, node.comparators[0]))
            order = ORDER[type(node.ops[0])]
            other = order.removesuffix("=") if "=" in order else f"{order}="
            yield "{}", f"{left} {other} {right}"
        one = as_factor(text)
        yield from (("-{}", one), ("{}.T", one), ("{}**2", one))
        yield from ((f"{name}({{}})", text) for name in ("sqrt", "log", "exp", "sum"))
        yield from ((f"sum({{}}, axis={axis})", text) for axis in (0, 1))

    def _terms(self, node: ast.expr, loops: Loops) -> Iterator[str]:
        """Yield the one term of a sum that may be meant, by an index that is known outside."""
        match node:
            case ast.Call(
                func=ast.Name("sum"),
                args=[ast.GeneratorExp(term, [ast.comprehension(ast.Name(k), ast.Name(over))])],
            ):
                text = self.source.text(term)
                outside = (name for name, one in loops if one == over)
                yield from (re.sub(rf"\b{k}\b", name, text) for name in outside)

    def _beside(self, node: ast.expr) -> list[str]:
        """Return the factors of the product that a part is one of."""
        whole = node
        while is_product(parent := self.source.parents.get(whole)):
            whole = parent
        return [] if whole is node else list(map(self.source.text, _factors(whole)))

    def _additions(self, node: ast.expr, loops: Loops) -> Iterator[Said]:
        """Yield a part with what may have been left out of a product or a sum."""
        text, known = self.source.text(node), self.known(loops)
        if isinstance(node, ast.Name | ast.Attribute) and text not in dict(loops):
            for matrix in known:
                if re.fullmatch(r"\w+(\.T)?", matrix):
                    yield from (("{} @ {}", matrix, text), ("{} @ {}", text, matrix))
        parent = self.source.parents.get(node)
        if isinstance(node, ast.Constant | ast.Compare | ast.BoolOp) or is_product(parent):
            return
        for factor in ("2", *map(as_factor, known)):
            for form in ("{} * {}", "{} / {}") if self.spaced else ("{}*{}", "{}/{}"):
                yield form, as_term(text), factor
        if is_sum(parent):
            return
        for part in known:
            if not _is_order(_tree(part)):
                yield from (("{} + {}", text, as_term(part)), ("{} - {}", text, as_term(part)))

    def _known(self, loops: Loops) -> list[str]:
        """Return what may belong at a place where these indices are known."""
        parts = dict.fromkeys(self._parts(loops))
        is_condition = self.scope.rate  # in which no other can be a number
        return [part for part in parts if not (is_condition and _is_order(_tree(part)))]

    def _parts(self, loops: Loops) -> Iterator[str]:
        given = sorted({*self.scope.given, *self.scope.sizes, *self.scope.defined})
        for name in given:
            yield from self._array(name, loops)
        for name, tree in self.scope.defined.items():
            match tree:
                case ast.Call(func=ast.Name(function), args=[ast.Name(of)]) if function in SLOPES:
                    both = zip(self._array(of, loops), self._array(name, loops), strict=False)
                    yield from (SLOPES[function].format(x=x, y=y) for x, y in both)
        both_over = ((a, b) for (a, one), (b, other) in combinations(loops, 2) if one == other)
        yield from (f"delta({a},{self.comma[1:]}{b})" for a, b in both_over)
        names = {*given, *dict(loops), *FUNCTIONS} - {"d"}
        for source in map(Source, self.others):
            for node, _ in source.nodes():
                short = len(source.text(node)) <= LONGEST_PART
                part = node is not source.tree and not isinstance(node, ast.Constant)
                if short and part and mentioned(node, {}) <= names:
                    yield source.text(node)

    def _array(self, name: str, loops: Loops) -> Iterator[str]:
        return self._entries(name, ast.Name(name, col_offset=1), loops)

    def _entries(self, text: str, tree: ast.expr, loops: Loops) -> Iterator[str]:
        """Yield an array with the indices that it can have at a place, then as it is."""
        if (shape := self.shape(tree)) is None:
            return
        fitting = ([one for one, over in loops if self.sizes[over] == n] for n in shape)
        for chosen in islice(product(*fitting), ROOMS) if shape else ():
            yield f"{text}[{self.comma.join(chosen)}]"
        yield text


def as_term(text: str) -> str:
    """Return a text so that it can stand last in a sum."""
    return text if is_product(_tree(text)) else as_factor(text)


def is_comparison(node: ast.expr) -> bool:
    """Return whether a part says which of two is larger, or that they are the same."""
    return called(node) == "delta" or isinstance(node, ast.Compare)


def called(node: ast.expr) -> str:
    """Return which function a part calls, if it does."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


@lru_cache(maxsize=2**12)  # the same for many places
def _tree(text: str) -> ast.expr:
    return Source(text).tree


def _size(node: ast.expr) -> tuple[int, bool]:
    """Return how large a part is; of those as large, numbers come first."""
    parts = sum(isinstance(one, ast.expr) for one in ast.walk(node))
    return parts, not isinstance(node, ast.Constant)


def _different(texts: Iterable[Said]) -> list[Said]:
    return list({written_out(said): said for said in texts}.values())


def _adds_to(text: str, part: str) -> bool:
    """Return whether a part has a text and more; a comparison of it is something else."""
    is_in = text in part and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", part)
    return bool(is_in) and not is_comparison(_tree(part))


def _is_order(node: ast.expr) -> bool:
    """Return whether a part says which of two is larger, or joins what does."""
    if isinstance(node, ast.BoolOp):
        return True
    return isinstance(node, ast.Compare) and any(type(one) in ORDER for one in node.ops)


def _factors(node: ast.expr) -> list[ast.expr]:
    """Return what a product is made of."""
    return _factors(node.left) + _factors(node.right) if is_product(node) else [node]
