"""One formula at many inputs: those of the same sizes are evaluated at once."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from gradaudit.language.balls import is_settled
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError
from gradaudit.language.numbers import FIRST_PRECISION, precision
from gradaudit.language.outcomes import Missing


class Together:
    """Inputs that formulas are evaluated at; alone: how often each was at one of them only."""

    def __init__(self, cases: Iterable[Any]) -> None:
        self.groups: dict[Any, list[Any]] = {}
        self._cases = dict.fromkeys(cases)
        for case in self._cases:
            key = *case.sizes.items(), *case.values
            self.groups.setdefault(key, []).append(case)
        self.alone: Counter[Formula] = Counter()
        self._stacks: dict[Any, dict[str, Any]] = {}
        self._envs: dict[Any, Env] = {}

    def __contains__(self, case: Any) -> bool:
        return case in self._cases

    def exact(self, formula: Formula) -> Iterator[tuple[Any, Any, int]]:
        """Yield inputs, with the exact value and the operations that it took.

        Those are left out that take more bits, or at which a formula is too large.
        """
        for key, cases in self.groups.items():
            env = self._env(key, formula, floats=False)
            before = env.operations
            try:
                with precision(FIRST_PRECISION):
                    found = env.entries(formula.tree)
            except (Missing, FormulaError):
                continue
            operations = (env.operations - before) // len(cases)
            for case, value in zip(cases, found, strict=True):
                if all(map(is_settled, value.flat if isinstance(value, np.ndarray) else (value,))):
                    yield case, value, operations

    def keep(self, formula: Formula) -> None:
        """Find out the exact value of a formula, once for each input; see `kept`."""
        new = [case for case in self._cases if formula not in kept(case)]
        for case, value, _ in (self if len(new) == len(self._cases) else Together(new)).exact(
            formula
        ):
            kept(case)[formula] = value
        for case in new:
            kept(case).setdefault(formula, None)

    def floats(self, formula: Formula) -> Iterator[tuple[Any, Any]]:
        """Yield inputs with the value as plain NumPy computes it; those that have none are not."""
        for key, cases in self.groups.items():
            try:
                with np.errstate(all="ignore"):
                    found = self._env(key, formula, floats=True).entries(formula.tree)
            except (Missing, FormulaError):
                continue
            yield from zip(cases, found, strict=True)

    def _env(self, key: Any, formula: Formula, *, floats: bool) -> Env:
        scope, cases = formula.scope, self.groups[key]
        of_names = key, floats, id(scope.defined)
        if of_names not in self._envs:
            values = self.stacked(key, floats=floats)
            self._envs[of_names] = Env(
                values, cases[0].sizes, scope.defined, floats=floats, cases=len(cases)
            )
        return self._envs[of_names].under(scope.free)

    def stacked(self, key: Any, *, floats: bool = False) -> dict[str, Any]:
        """Return the values of the inputs of a group with an axis for these, the last."""
        if (key, floats) not in self._stacks:
            cases, kind = self.groups[key], np.float64 if floats else object
            self._stacks[key, floats] = {
                name: np.stack([np.array(case.values[name], dtype=kind) for case in cases], axis=-1)
                for name in cases[0].values
            }
        return self._stacks[key, floats]


def kept(case: Any) -> dict[Formula, Any]:
    """Return the exact values that are known at an input, None where more bits are needed."""
    known: dict[Formula, Any] = vars(case).setdefault("kept", {})
    return known
