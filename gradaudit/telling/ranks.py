"""How many axes what stands in a formula has, as far as its text tells."""

import ast

from gradaudit.language.formula import Scope, indices, left_spine, operands
from gradaudit.telling.showing import NotSet

OF_CALLS = {  # of others, of what they are of
    **dict.fromkeys(("delta", "det", "trace"), 0),
    **dict.fromkeys(("outer", "eye"), 2),
}
REDUCTIONS = ("sum", "max", "min", "norm")  # to a number, or along an axis


class Ranks:
    """The ranks of formulas in a scope: 0 for a number, 1 for a vector, 2 for a matrix."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._defined: dict[str, int] = {}

    def of(self, node: ast.expr, bound: frozenset[str] = frozenset()) -> int:
        """Return the rank of a part; bound: the indices of the sums around it. Raises NotSet."""
        match node:
            case ast.Name():
                return 0 if node.id in bound else self._of_name(node.id)
            case ast.BinOp():
                first, chain = left_spine(node)
                rank = self.of(first, bound)
                for step in chain:
                    rank = joint_rank(step.op, rank, self.of(step.right, bound))
                return rank
            case ast.Subscript():
                taken = sum(not isinstance(one, ast.Slice) for one in indices(node))
                if (left := self.of(node.value, bound) - taken) < 0:
                    raise NotSet("more indices than axes")
                return left
            case ast.Call(func=ast.Name("sum"), args=[ast.GeneratorExp() as summed]):
                return self.of(summed, bound) - len(summed.generators)
            case ast.GeneratorExp():
                own = {ast.unparse(one.target) for one in node.generators}
                return self.of(node.elt, bound | own) + len(node.generators)
            case ast.Call(func=ast.Name(name), args=[of]) if name in REDUCTIONS:
                return max(self.of(of, bound) - 1, 0) if node.keywords else 0
            case ast.Call(func=ast.Name("d"), args=[of, by]):
                return self.of(of, bound) + self.of(by, bound)
            case ast.Call(func=ast.Name("diag"), args=[of]):
                return 1 if self.of(of, bound) == 2 else 2
            case ast.Call(func=ast.Name(name)) if name in OF_CALLS:
                return OF_CALLS[name]
        return max((self.of(one, bound) for one in operands(node)), default=0)

    def _of_name(self, name: str) -> int:
        if name not in self.scope.defined:
            return len(self.scope.axes.get(name, ()))
        if name not in self._defined:
            self._defined[name] = self.of(self.scope.defined[name])
        return self._defined[name]


def joint_rank(op: ast.operator, left: int, right: int) -> int:
    """Return the rank of what an operator makes of two. Raises NotSet."""
    if not isinstance(op, ast.MatMult):
        return max(left, right)
    if not (1 <= left <= 2 and 1 <= right <= 2):
        raise NotSet("@ of what is no vector and no matrix")
    return left + right - 2
