"""A wrong line at some inputs, where what may mend it is tried before it is held to the law."""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import compress, repeat, starmap, takewhile
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import fmpq

from gradaudit.judging.derivation import LARGEST_TRIED_OUT, Line, Workings, contains_d
from gradaudit.judging.iterations import holds, holds_once
from gradaudit.judging.laws import Refusal
from gradaudit.judging.oracles import floats_of
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError, Scope, mentioned, parse
from gradaudit.language.numbers import FIRST_PRECISION, precision
from gradaudit.language.outcomes import present
from gradaudit.mistakes.edits import Source
from gradaudit.mistakes.pieces import NO_VALUE, Loops, Pieces, Said, read_or_none, written_out
from gradaudit.mistakes.proposals import Proposals, is_comparison
from gradaudit.questions.question import split_loops
from gradaudit.questions.simple import floats

MOST_CHARACTERS = 100_000  # of all texts that are tried for one line
MOST_OPERATIONS = 300_000  # of all of them together, on one input
ALSO = 4  # inputs at which one that fits at one is looked at, before it is held to the law
MOST_LOOKED_AT = 12  # inputs, until a wrong line shows
LARGE = 16  # of a number, beyond which others are not seen, as it is not below the inverse
CLOSE = 1e-6  # of the largest entry: what fits so far is looked at exactly
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Text:
    """A text that is mended: that of a line, or of the definition of one's own name in it.

    scope: what may be said there. own: the name. loops: the indices that it binds, with their sets.
    """

    text: str
    scope: Scope
    own: str = ""
    loops: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_index(self) -> bool:
        """Whether a definition depends on an index of the line, and is no array by itself."""
        return bool(self.own) and self.scope.free != self.loops

    def mended(self, text: str, line: Line) -> Line | None:
        """Return a line with another text here, if what it is then is a formula."""
        if not self.own:
            return with_text(line, text)
        formula = line.formula
        loops = "".join(f" for {index} in {over}" for index, over in self.loops.items())
        earlier = replace(formula.scope, defined=self.scope.defined)
        try:
            tree = parse(text + loops, earlier, [*self.loops]).tree
        except FormulaError:
            return None
        scope = replace(formula.scope, defined={**formula.scope.defined, self.own: tree})
        return replace(line, formula=replace(formula, scope=scope), workings=Workings())


def text_of(line: Line, own: str = "") -> Text:
    """Return the text of a line, or of the definition of one's own name in it."""
    scope = line.formula.scope
    if not own:
        return Text(line.formula.text, scope)
    text, loops = split_loops(scope.written[own].partition(" = ")[2])

    def free_in(name: str) -> set[str]:
        """Return the indices of the part that a name leads to."""
        return mentioned(scope.defined[name], scope.defined) & (scope.free.keys() - loops)

    has_index = bool(free_in(own))
    earlier = takewhile(lambda name: name != own, scope.defined)  # it can use no others
    defined = {name: scope.defined[name] for name in earlier if has_index or not free_in(name)}
    free = {**scope.free, **loops} if has_index else loops
    return Text(text, replace(scope, defined=defined, free=free), own, loops)


def with_text(line: Line, text: str) -> Line | None:
    """Return a line with another text, if that is a formula."""
    if (read := read_or_none(text, line.formula.scope)) is None:
        return None
    read = replace(read, when=line.formula.when, condition=line.formula.condition)
    return replace(line, formula=read, workings=Workings())


class Trial:
    """A wrong line at one input, where its mends are tried before they are held to the law.

    text: what is mended of it. others: texts whose parts may belong there. inputs: where the line
    is judged, which are rates for a condition.
    """

    def __init__(
        self, text: Text, line: Line, others: Iterable[str], inputs: Sequence[Any]
    ) -> None:
        self.text, self.line, self.scope = text, line, text.scope
        self.source = Source(text.text, tuple(self.scope.free.items()))
        self.exact = contains_d(line)
        # `not x + y` is `not (x + y)`
        other = any(isinstance(one, ast.Not) for one in ast.walk(self.source.tree))
        self.in_pieces = not (self.exact or other or line.name is None or text.has_index)
        self.wanted = cache(self._wanted)
        self._spent = 0  # operations with other definitions
        self.rates = list(inputs) if line.name is None else []
        sizes: Mapping[str, int] = {}
        if line.name is not None:
            self.varied = sorted(inputs, key=_variety, reverse=True)[:MOST_LOOKED_AT]
            for case in self.varied:
                self.case = case
                self.env = self._env(case, self.scope, floats=not self.exact)
                if not self._fits(line.formula):  # else nothing shows here
                    break
            sizes = self.case.sizes
            self.pieces = Pieces(self.source, self.scope, _rounded(self.case), sizes)
        texts = (line.formula.text, *others)
        self.proposals = Proposals(self.source, self.scope, texts, self.shape, sizes)

    @property
    def _operations(self) -> int:
        """How many operations were needed so far."""
        return 0 if self.line.name is None else self.env.operations + self._spent

    def promising(self) -> Iterator[tuple[ast.expr, str, Line]]:
        """Yield parts of the text with another for each, and the line with that, which fits."""
        characters = 0
        for node, loops, texts in self.proposals.all():
            likely = self._likely(node, loops, texts)
            for said in texts:
                if said in likely:
                    right = written_out(said)
                    text = self.source.replaced(node, right)
                    characters += len(text)
                    mended = self.text.mended(text, self.line)
                    if mended and self._fits_everywhere(mended.formula, text):
                        yield node, right, mended
                if self._operations > MOST_OPERATIONS or characters > MOST_CHARACTERS:
                    return

    def _fits_everywhere(self, mended: Formula, text: str) -> bool:
        """Return whether a line is about right wherever it is tried, with that text mended."""
        if self.line.name is None:
            return self._fits_at_rates(mended)
        return self._fits(mended) and self._fits_elsewhere(mended) and self._tells_apart(text)

    def _env(self, case: Any, scope: Scope, *, floats: bool = True) -> Env:
        values = _rounded(case) if floats else case.values
        return Env(values, case.sizes, scope.defined, scope.free, floats=floats)

    def _wanted(self, case: Any) -> tuple[Floats, float]:
        """Return what the line above is at an input, and how far from it may be about right."""
        wanted = _in_floats(self.line.entries(self.line.before, case))
        return wanted, CLOSE * np.max(abs(wanted))

    def _value(self, tree: ast.expr, env: Env) -> Floats:
        """Return a value, rounded. Raises Missing, FormulaError or what NumPy raises."""
        with precision(FIRST_PRECISION), np.errstate(all="ignore"):
            found = env.entries(tree)
            return _in_floats(found) if self.exact else np.array(found, dtype=float)

    def shape(self, tree: ast.expr) -> tuple[int, ...] | None:
        """Return the shape of a value at the input, if it has one; a rate is a number."""
        if self.line.name is None:
            return ()
        with suppress(*NO_VALUE):
            return self._value(tree, self.env).shape
        return None

    def _value_of_line(self, mended: Formula) -> Floats:
        """Return the value of the line, mended. Raises as `_value` does."""
        if not self.text.own:
            return self._value(mended.tree, self.env)
        env = self._env(self.case, mended.scope, floats=not self.exact)
        try:
            return self._value(mended.tree, env)
        finally:
            self._spent += env.operations

    def _fits(self, mended: Formula) -> bool:
        """Return whether a line is about right at the input."""
        with suppress(Refusal, *NO_VALUE):
            return bool(self._are_about_right(self._value_of_line(mended)[None])[0])
        return False

    def _fits_at_rates(self, mended: Formula) -> bool:
        """Return whether a condition is right at all rates."""
        with suppress(Refusal, *NO_VALUE):
            for number, rate in enumerate(self.rates):
                if holds_once(mended, rate) != holds(self.line.before, rate):
                    self.rates.insert(0, self.rates.pop(number))  # it may tell the next, too
                    return False
            return True
        return False

    def _fits_elsewhere(self, mended: Formula) -> bool:
        """Return whether a line is about right at other inputs as well, which takes no proof."""
        return self.exact or all(self._fits_at(case, mended) for case in self.varied[:ALSO])

    def _fits_at(self, case: Any, mended: Formula) -> bool:
        env = self._env(case, mended.scope)
        try:
            with np.errstate(all="ignore"):
                found = np.array(env.entries(mended.tree), dtype=float)
            return bool(self._are_about_right(found[None], case, CLOSE)[0])  # rounded, if tiny
        except (Refusal, *NO_VALUE):
            return True  # the law tells

    def _tells_apart(self, mended: str) -> bool:
        """Return whether all comparisons that are new can be true, and can be false.

        What makes one true or false everywhere, such as 0 in n == 1, is right by accident.
        """
        here, there = (
            {source.text(one): loops for one, loops in source.nodes() if is_comparison(one)}
            for source in (Source(mended, self.source.loops), self.source)
        )
        new = [(text, loops) for text, loops in here.items() if text not in there]
        return all(starmap(self._varies, new))

    def _varies(self, comparison: str, loops: Loops) -> bool:
        """Return whether a comparison has several values, at the inputs that tell most."""
        scope = replace(self.scope, free=dict(loops))
        if (formula := read_or_none(comparison, scope)) is None:
            return False
        found = set[float]()
        for case in self.varied:
            env = self._env(case, scope)
            with suppress(*NO_VALUE), np.errstate(all="ignore"):
                found |= set(np.ravel(env.entries(formula.tree)))
        return len(found) > 1

    def _likely(self, node: ast.expr, loops: Loops, texts: Sequence[Said]) -> Collection[Said]:
        """Return the texts with which in place of a part a line may be about right."""
        if not self.in_pieces:
            return texts
        found: list[Said] = []
        if self.pieces.env.operations < MOST_OPERATIONS:
            with (
                precision(FIRST_PRECISION),
                np.errstate(all="ignore"),
                suppress(Refusal, *NO_VALUE),
            ):
                for some, values in self.pieces.values(node, loops, texts):
                    fits: Iterable[Any] = repeat(True)
                    if values is not None:
                        fits = self._are_about_right(self._through(values))
                    found += compress(some, fits)
        return found

    def _through(self, values: Floats) -> Floats:
        """Return the values of the line with several values of the text that is mended."""
        own, scope = self.text.own, self.line.formula.scope
        if not own:
            return values
        several = {**self.env.values, own: np.moveaxis(values, 0, -1)}
        defined = {name: tree for name, tree in scope.defined.items() if name != own}
        count, free = len(values), scope.free
        env = Env(several, self.case.sizes, defined, free, floats=True, cases=count, varied=(own,))
        try:
            return np.array(env.entries(self.line.formula.tree), dtype=float)
        finally:
            self._spent += env.operations

    def _are_about_right(
        self, found: Floats, case: Any = None, least: float = 0
    ) -> npt.NDArray[np.bool_]:
        """Return which of several values are about right there; the first axis is theirs."""
        wanted, close = self.wanted(case or self.case)
        own = found.shape[1:]
        if own not in ((), wanted.shape):
            return np.zeros(len(found), dtype=bool)
        found = found.astype(float).reshape(len(found), *(own or [1] * wanted.ndim))
        fits = (abs(found - wanted) <= max(close, least)).reshape(len(found), -1)
        return np.array(fits.all(axis=1))


@lru_cache(maxsize=2**12)  # the same for all answers
def _variety(case: Any) -> tuple[bool, bool, int, int, float]:
    """Return how much an input tells: few sizes are 1, or equal; no number is large or tiny."""
    numbers = np.concatenate([np.ravel(np.array(value)) for value in case.values.values()])
    sizes = list(case.sizes.values())
    plain = all(1 / fmpq(LARGE) < abs(one) < LARGE for one in numbers if one != 0)
    different = len(set(map(abs, numbers))) / len(numbers)
    small = max(sizes, default=1) <= LARGEST_TRIED_OUT  # else few texts can be tried
    return plain, small, -sizes.count(1), len(set(sizes)), different


def _rounded(case: Any) -> dict[str, Any]:
    """Return the values at an input in float64."""
    return {name: np.array(floats(value))[()] for name, value in case.values.items()}


def _in_floats(values: Any) -> Floats:
    array = np.array(present(values), dtype=object)
    return floats_of(array.ravel()).reshape(array.shape)
