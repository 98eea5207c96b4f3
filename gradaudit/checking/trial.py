"""A pair judged at one input: the contract, then the slopes, then where it is wrong."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradaudit.checking.charts import Array
from gradaudit.checking.compared import Compared, Verdict, only, signs
from gradaudit.checking.contract import another, keeps_its_contract, knows_the_argument
from gradaudit.checking.excuses import NOT_KNOWN, Looking, Usual
from gradaudit.checking.hidden import changed_globally
from gradaudit.checking.ladder import ALONE, by_step, compare, first_move
from gradaudit.checking.lines import NoValue, Raised
from gradaudit.checking.locating import beside
from gradaudit.checking.pairs import Pair
from gradaudit.checking.points import Input
from gradaudit.checking.refusals import Fault, NotOffered

RIGHT = {Verdict.AGREES, Verdict.DIGITS}
JUDGED = {*RIGHT, Verdict.KINK}
EDGE = "entries at the edge of their domain, which move to one side alone"
NOT_FINITE = "entries that are not finite, which cannot move"
ENTRIES = 16  # of a block with kinks, that are judged one by one


@dataclass
class Trial:
    """What came of one input.

    compared: the comparisons that count. why: for what was not judged, its reason; detail: more of
    it. has_value: f has a value at it, or should have. differs: how the gradient does so at this
    input alone. caught: the planted mistakes that it would have shown; planted: all that it could
    plant.
    """

    compared: list[Compared] = field(default_factory=list)
    why: str = ""
    detail: str = ""
    has_value: bool = True
    differs: str = ""
    blocks: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    caught: Counter[str] = field(default_factory=Counter)
    planted: Counter[str] = field(default_factory=Counter)
    evaluations: int = 0
    calls: int = 0

    @property
    def judged(self) -> bool:
        """Tell whether the slopes were judged."""
        return not self.why and bool(self.compared)

    @property
    def kink(self) -> bool:
        """Tell whether the input lies at a kink."""
        return any(one.verdict is Verdict.KINK for one in self.compared)


def tried(
    pair: Pair,
    args: tuple[Any, ...],
    *,
    forms: bool = False,
    seek: bool = False,
    locate: bool = True,
    usual: Usual = NOT_KNOWN,
) -> Trial:
    """Judge a pair at one input. Raises Fault where it is wrong.

    forms: the arguments in other forms as well. seek: near a kink of f as well. locate: find the
    first wrong entry, or that which differs at this input alone. usual: the size that slopes have
    at most inputs, see `usual_size`.
    """
    with np.errstate(all="ignore"):
        return _tried(pair, args, forms, seek, Looking(locate, usual))


def _tried(pair: Pair, args: tuple[Any, ...], forms: bool, seek: bool, looking: Looking) -> Trial:
    try:
        point = Input(pair, args)
    except NoValue as none:
        return Trial(why=str(none), detail=none.detail, has_value=isinstance(none, Raised))
    trial, hidden = Trial(), None
    try:
        if forms:
            trial.remarks, hidden = changed_globally(point)
        trial.remarks += keeps_its_contract(point, forms)
        _judge(point, trial, looking)
        if forms and not (pair.is_stated or pair.has_own):
            _forgets(point, trial, looking)
        if seek:
            for near in _beside_kinks(point):
                try:
                    _judge(near, trial, looking, alone=False)
                except Fault as fault:
                    raise replace(fault, at=near.args) from None
    except NoValue as none:
        trial.why, trial.detail = str(none), none.detail
    except NotOffered as none:
        trial.why = f"not offered: {none}"
    if hidden is not None:  # told once nothing else is wrong
        right = "the values are right here; " if trial.judged else ""
        raise replace(hidden, text=right + hidden.text)
    trial.evaluations, trial.calls = point.evaluations, point.calls
    return trial


def _forgets(point: Input, trial: Trial, looking: Looking) -> None:
    """Judge inputs of which one argument alone is another: a cache may not know that it is."""
    for name, other in _with_another(point):
        try:
            knows_the_argument(point, other, name)
            _judge(other, trial, looking, alone=False)
        except NoValue:
            continue
        except Fault as fault:
            raise replace(fault, at=other.args) from None


def _with_another(point: Input) -> Iterator[tuple[str, Input]]:
    """Yield inputs at which one argument is another, with its name."""
    spec = point.pair.spec
    for k, leaf in enumerate(spec.leaves):
        leaves = list(point.leaves)
        leaves[k] = another(leaf, leaves[k])
        args = spec.rebuild(leaves)
        with suppress(ValueError, NoValue):
            spec.sizes(args)
            if not np.array_equal(leaves[k], point.leaves[k]):
                yield leaf.path, Input(point.pair, args)


def _judge(point: Input, trial: Trial, looking: Looking, alone: bool = True) -> None:
    """Compare at an input; alone: and tell what was not judged as the trial's own."""
    for name, part in zip(point.pair.names(), point.atlas.parts, strict=True):
        if not point.scales[part].all():
            _judge_edge(point, trial, looking, name, part)
    step = by_step(point, first_move(point, point.slopes))
    if step is None or step.verdict not in RIGHT:
        found = compare(point, signs(point.random, point.atlas.size) * point.wide)
        if found.verdict not in RIGHT and not np.array_equal(point.wide, point.scales):
            # Entries far smaller than others may cross a pole or a kink by a move of their size.
            found = compare(point, signs(point.random, point.atlas.size) * point.scales)
        found = looking.met(point, found)
        if step is not None and (found.verdict in RIGHT or found.close):
            looking.met(point, step)
    else:
        found = step
    if found.verdict in RIGHT:
        _plant(point, found, trial)
        trial.compared.append(found)
        return
    # A kink, or noise, of one block must not hide the others.
    results = []
    for name, part in zip(point.pair.names(), point.atlas.parts, strict=True):
        kinked = smooth = False
        for move in _moves_of(point, part):
            one = looking.met(point, compare(point, move, kinked=kinked))
            kinked = kinked or one.verdict is Verdict.KINK or one.at_kink
            smooth = smooth or one.verdict in RIGHT
            results.append(one)
            if one.verdict is Verdict.UNKNOWN:
                trial.blocks.setdefault(name, one.why)
                if looking.locate and (one.why == ALONE or (one.at_kink and one.gap)):
                    trial.differs = trial.differs or beside(point, one)
            elif one.verdict is not Verdict.KINK:
                _plant(point, one, trial)
        if kinked and not smooth:  # nor may that of one entry hide its neighbours
            for move in _entries_of(point, part):
                one = looking.met(point, compare(point, move, settled=True))
                if one.verdict in RIGHT:
                    results.append(one)
                    _plant(point, one, trial)
    judged = [one for one in results if one.verdict in JUDGED]
    trial.compared += judged
    if not judged and alone:
        trial.why, trial.detail = found.why or "a kink", found.detail


def _judge_edge(point: Input, trial: Trial, looking: Looking, name: str, part: slice) -> None:
    """Compare by steps away from the edge of a domain, where a block lies on it.

    They refuse nothing: f may have a kink there, the other side of which nobody sees.
    """
    move = point.still if point.inward is None else only(point.inward, part)
    one = compare(point, move) if move.any() else None
    if one is not None and one.verdict is Verdict.UNKNOWN and looking.is_lost(point, one):
        return
    if one is not None and one.verdict in RIGHT:
        trial.compared.append(one)
        _plant(point, one, trial)
        return
    x = point.atlas.charts[point.atlas.parts.index(part)].x
    trial.blocks[name] = EDGE if np.isfinite(x).all() else NOT_FINITE
    if looking.locate and one is not None and one.verdict is Verdict.WRONG:
        trial.differs = trial.differs or beside(point, one)


def _moves_of(point: Input, part: slice) -> Iterator[Array]:
    """Yield directions within one block: a balanced one, and all entries by as much."""
    move = np.zeros(point.atlas.size)
    move[part] = signs(point.random, part.stop - part.start) * point.scales[part]
    yield move
    if part.stop - part.start > 1:
        # Along it the ties of a maximum stay ties, so that its slope is known.
        together = np.zeros(point.atlas.size)
        together[part] = point.scales[part].min()
        yield together


def _entries_of(point: Input, part: slice) -> Iterator[Array]:
    """Yield directions along single entries of a block, some of them where it has many."""
    for k in point.random.permutation(np.arange(part.start, part.stop))[:ENTRIES]:
        if point.scales[k]:
            yield only(point.scales, k)


def _plant(point: Input, found: Compared, trial: Trial) -> None:
    """Count which mistakes, planted into the gradient, this comparison would have shown."""
    if point.slopes is None:
        return
    terms = point.slopes * found.move
    whole = float(terms.sum())
    mistakes = {"another sign": -whole, "twice": 2 * whole, "zero": 0.0}
    sizes = {n for x in point.leaves for n in np.shape(x) if n > 1}
    if sizes:
        mistakes["a mean for a sum"] = whole / max(sizes)
    for part, name in zip(point.atlas.parts, point.pair.names(), strict=True):
        block = terms[part]
        largest = float(block[np.abs(block).argmax()]) if block.size else 0.0
        if not largest:
            continue
        if len(point.atlas.parts) > 1:
            mistakes[f"{name} zero"] = whole - float(block.sum())
        for digits in (3, 6, 9):
            mistakes[f"one entry off by 1e-{digits}"] = whole + 10.0**-digits * largest
    for chart, part in zip(point.atlas.charts, point.atlas.parts, strict=True):
        shape = chart.x.shape
        if chart.size == chart.x.size and len(shape) == 2 and shape[0] == shape[1] > 1:
            turned = point.slopes[part].reshape(shape).T.reshape(-1)
            if not np.array_equal(turned, point.slopes[part]):
                other = whole + float(((turned - point.slopes[part]) * found.move[part]).sum())
                mistakes["transposed"] = other
    for name, other in mistakes.items():
        trial.planted[name] += 1
        trial.caught[name] += found.planted(other)


def _beside_kinks(point: Input) -> Iterator[Input]:
    """Yield inputs just beside a kink of f on a random line through a point, on both sides."""
    move = signs(point.random, point.atlas.size) * point.scales
    near = 2.0**-20

    def slope(t: float, step: float) -> float:
        ahead, behind = float(point.value(move, t + step)), float(point.value(move, t - step))
        return (ahead - behind) / (2 * step)

    try:
        # A move by its own size takes an entry to zero.
        a, b = (-1.0, 1.0) if point.is_free else (-0.25, 0.25)
        left, right = slope(a, near), slope(b, near)
        first, halvings = abs(left - right), 0
        while b - a > 2.0**-26:
            halvings += 1
            middle = (a + b) / 2
            here = slope(middle, min(near, (b - a) / 8))
            if abs(left - here) >= abs(here - right):
                b, right = middle, here
            else:
                a, left = middle, here
            if not first > 0 or (halvings > 3 and abs(left - right) < 1.5 * first / 2**halvings):
                return  # it bends evenly, and has no kink
    except NoValue:
        return
    for aside in (2.0**-22, -(2.0**-22), 2.0**-29, -(2.0**-29)):
        with suppress(NoValue):
            yield Input(point.pair, point._narrow(point.moved(move, (a + b) / 2 + aside)))
