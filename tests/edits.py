"""Small edits of a formula, such as a person makes by mistake: a sign, an index, a lost term."""

import ast
import copy
from collections.abc import Iterator

OTHER = {  # what a name may be taken for
    "i": "k", "k": "i", "a": "j", "j": "a", "c": "i",
    "t": "y", "y": "t", "p": "t", "z": "h", "h": "z", "e": "y", "s": "z", "w2": "b1", "X": "z",
    "b1": "w2", "b2": "n", "N": "H", "H": "N", "A": "H", "E": "n", "L": "b2", "eta": "(1 - eta)",
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.Eq: (ast.NotEq,),
}
BINARY = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
}


def edits(text: str) -> Iterator[str]:
    """Yield a formula, which stands before `when`, with one small edit, each once."""
    formula, when, condition = text.partition("#")[0].partition(" when ")
    tree = ast.parse(formula.strip(), mode="eval")
    seen = {ast.unparse(tree)}
    if when:
        yield ast.unparse(tree)  # without what it assumes
    for place, node in enumerate(ast.walk(tree)):
        for new in _replacements(node):
            edited = copy.deepcopy(tree)
            target = list(ast.walk(edited))[place]
            written = ast.unparse(_put(edited, target, new))
            if written not in seen:
                seen.add(written)
                yield f"{written}{when}{condition}"


def _put(tree: ast.AST, target: ast.AST, new: ast.AST) -> ast.AST:
    class Put(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return new if node is target else super().visit(node)

    return ast.fix_missing_locations(Put().visit(tree))


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp():
            yield from (node.left, node.right)
            for op in BINARY.get(type(node.op), ()):
                yield ast.BinOp(node.left, op(), node.right)
            if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult):
                yield ast.BinOp(node.right, node.op, node.left)
        case ast.UnaryOp():
            yield node.operand
        case ast.Compare():
            for place, one in enumerate(node.ops):
                for comparison in COMPARISONS.get(type(one), ()):
                    ops = [*node.ops[:place], comparison(), *node.ops[place + 1 :]]
                    yield ast.Compare(node.left, ops, node.comparators)
            if len(node.ops) > 1:
                yield ast.Compare(node.left, node.ops[:1], node.comparators[:1])
                yield ast.Compare(node.comparators[0], node.ops[1:], node.comparators[1:])
        case ast.Constant(value=int(number)):
            for other in (number + 1, number - 1, 2 * number):
                yield ast.Constant(other) if other >= 0 else ast.parse(str(other)).body[0].value  # type: ignore[attr-defined]
        case ast.Name() if node.id in OTHER:
            yield ast.parse(OTHER[node.id], mode="eval").body
        case ast.Attribute():
            yield node.value
        case ast.Call(func=ast.Name(id="abs" | "log" | "softmax")):
            yield node.args[0]
        case ast.Call(func=ast.Name(id="d")):
            yield node.args[0]
        case ast.Call(func=ast.Name(id="sum")) if isinstance(node.args[0], ast.GeneratorExp):
            yield ast.UnaryOp(ast.USub(), node)
