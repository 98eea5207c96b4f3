"""What a derivative owes besides its values: form, memory, the same answer again."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import combinations
from typing import Any

import numpy as np

from gradaudit.checking import kinds
from gradaudit.checking.charts import Array
from gradaudit.checking.ladder import LOST, ROUNDINGS, UNIT, signs
from gradaudit.checking.lines import NoValue
from gradaudit.checking.points import NEARBY, Input
from gradaudit.checking.refusals import Fault
from gradaudit.checking.specs import Leaf
from gradaudit.checking.trees import as_array, copies, flat, form_of

ROLLABLE = {"int", "bool", "count", "sign", "onehot", "unit", "simplex", "unitvec"}
OFTEN = 6  # how many times more it is called at the first inputs
ELSEWHERE = 0.25  # how far off, in scales of the input, it is called in between


def keeps_its_contract(point: Input, forms: bool = False) -> list[str]:
    """Check the contract at an input, and return remarks. Raises Fault.

    Its first answer becomes that which the point judges. forms: other orders of memory, read-only
    and strided arguments as well.
    """
    if point.pair.kind == "jvp":
        _is_one_product(point)
        return []
    first = _first_answer(point)
    kept = [g.copy() for g in point.checked(first)]
    point.slopes = point.atlas.slopes(kept)
    _is_given_again(point, first, kept)
    with suppress(Fault, NoValue):  # there, f may have no value either
        _answers(point, point.moved(point.scales, ELSEWHERE))
    if forms:  # nor may it read what the last call of f left behind
        with suppress(NoValue):
            point.value(point.scales, ELSEWHERE)
    _is_the_same(point, kept, _answers(point, point.args)[0], "after a call elsewhere")
    _is_the_same(point, kept, first, "once it was returned: a later call overwrites it")
    remarks = []
    if forms:
        for _ in range(OFTEN):  # what it does now and then may be what it did at first
            _is_the_same(point, kept, _answers(point, point.args)[0], "when it is called again")
        remarks += _changed_by_f(point)
        _has_one_product(point)
        for name, args in _forms(point):
            try:
                other, _ = _answers(point, args)
            except Fault as fault:
                remarks.append(f"{name} arguments are not taken: {fault}")
            else:
                _is_the_same(point, kept, other, f"for {name} arguments")
    if point.pair.kind in {"jacobian", "elementwise"}:
        _stays_as_returned(point, kept)
    if point.pair.kind == "vjp":
        _is_linear(point, kept)
    if point.pair.forward is not None or forms:
        _is_adjoint(point)
    return remarks


def _answers(point: Input, args: Sequence[Any]) -> tuple[list[Any], tuple[Any, ...]]:
    """Return the gradients at copies of arguments, and these, if they are unchanged."""
    at_point = args is point.args  # which nothing changes: the copies are what is passed on
    given = copies(tuple(args)) if at_point else tuple(args)
    before = point.args if at_point else copies(given)
    cotangent = copies(point.cotangent)
    if point.pair.kind == "jvp":
        gradients = flat(point.product(given, point.wide))
    else:
        gradients = point.gradient(given, cotangent)
    for leaf, old, new in zip(
        point.pair.spec.leaves, _leaves(point, before), _leaves(point, given), strict=True
    ):
        same = np.array_equal(old, new)
        if not (same or (_is_float(old) and np.array_equal(old, new, equal_nan=True))):
            raise Fault("inputs unchanged", f"the argument {leaf.path} is changed by the gradient")
    for old, new in zip(point.cotangent or [], cotangent or [], strict=True):
        if not np.array_equal(old, new):
            raise Fault("inputs unchanged", "the cotangent is changed by the product")
    return gradients, given


def _first_answer(point: Input) -> list[Any]:
    """Return the gradients as they come, if they have the form, and memory of their own."""
    first, given = _answers(point, point.args)
    gradients = point.checked(first)
    _has_the_dtype(point, gradients)
    _shares_no_memory(point, gradients, given)
    return first


def _is_given_again(point: Input, first: Sequence[Any], kept: Sequence[Array]) -> None:
    again, _ = _answers(point, point.args)
    _is_another_memory(point, point.checked(list(first)), again)
    _is_the_same(point, kept, again, "when it is called again")


def _stays_as_returned(point: Input, kept: Sequence[Array]) -> None:
    """Check that a later call changes no Jacobian, nor an operator that stands for one."""
    returned = point.jacobians()
    with suppress(Fault, NoValue):
        _answers(point, point.moved(point.scales, ELSEWHERE))
    later = point.weighed(returned, copies(point.cotangent))
    _is_the_same(point, kept, later, "once it was returned: a later call changes it")


def another(leaf: Leaf, value: Any) -> Any:
    """Return another value of a leaf, if one of its kind is near."""
    if leaf.choices:
        return next((one for one in leaf.choices if one != value), value)
    if leaf.kind in kinds.SCALABLE:
        return value * 0.75
    return np.roll(value, 1, axis=0) if np.ndim(value) and leaf.kind in ROLLABLE else value


def knows_the_argument(point: Input, other: Input, name: str) -> None:
    """Check that nothing is kept of an input for another that differs by one argument."""
    if point.pair.kind == "jvp":
        return
    point.gradient(copies(point.args))
    kept = [g.copy() for g in other.checked(other.gradient(copies(other.args)))]
    other.slopes = other.atlas.slopes(kept)
    spec = other.pair.spec
    with suppress(Fault, NoValue):
        other.gradient(spec.rebuild(list(map(another, spec.leaves, other.leaves))))
    again = other.gradient(copies(other.args))
    when = f"once it was called elsewhere: something is kept from a call with another {name}"
    _is_the_same(other, kept, again, when)


def _changed_by_f(point: Input) -> list[str]:
    """Return a remark on each argument that f changes: it is given copies, its users may not be."""
    given = copies(point.args)
    try:
        point.pair.f(*point.pair.of(given))
    except Exception:  # it is judged elsewhere
        return []
    return [
        f"f changes its argument {leaf.path}: here it is given copies"
        for leaf, old, new in zip(
            point.pair.spec.leaves, point.leaves, _leaves(point, given), strict=True
        )
        if not np.array_equal(old, new, equal_nan=_is_float(old))
    ]


def _has_one_product(point: Input) -> None:
    """Check that the products of a LinearOperator with vectors and with matrices are the same."""
    for jacobian in point.operators():
        for one, several in (("matvec", "matmat"), ("rmatvec", "rmatmat")):
            if not hasattr(jacobian, several):  # which SciPy's LinearOperator has
                continue
            rows, columns = jacobian.shape
            size = columns if one == "matvec" else rows
            both = np.stack([signs(np.random.default_rng(k), size) for k in range(2)], axis=1)
            wanted = np.stack([getattr(jacobian, one)(v) for v in both.T], axis=1)
            found = np.asarray(getattr(jacobian, several)(both))
            if found.shape != wanted.shape:
                raise Fault("the form", f"{several} gives {form_of(found)}: {wanted.shape} is due")
            scale = float(np.abs(wanted).max(initial=0.0)) * max(size, 1)
            if not np.abs(found - wanted).max(initial=0.0) <= ROUNDINGS * point.unit * scale:
                raise Fault("adjoint", f"{several} of two vectors is not what {one} gives of each")


def _leaves(point: Input, args: tuple[Any, ...]) -> list[Any]:
    return point.pair.spec.flatten(args)


def _is_float(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "fc"


def _has_the_dtype(point: Input, gradients: Sequence[Array]) -> None:
    for i, name, g in zip(point.pair.moved, point.pair.names(), gradients, strict=True):
        wanted = np.asarray(point.leaves[i]).dtype
        if g.dtype != wanted and isinstance(point.leaves[i], np.ndarray):
            raise Fault("the form", f"{name} is of {g.dtype}, and {wanted} is wanted")


def _shares_no_memory(point: Input, gradients: Sequence[Array], given: tuple[Any, ...]) -> None:
    names = point.pair.names()
    for leaf, x in zip(point.pair.spec.leaves, _leaves(point, given), strict=True):
        for name, g in zip(names, gradients, strict=True):
            if isinstance(x, np.ndarray) and np.shares_memory(x, g):
                raise Fault("memory of its own", f"{name} is memory of the argument {leaf.path}")
    for (one, g), (other, h) in combinations(zip(names, gradients, strict=True), 2):
        if np.shares_memory(g, h):
            raise Fault("memory of its own", f"{other} shares memory with {one}")


def _is_another_memory(point: Input, gradients: Sequence[Array], again: Sequence[Any]) -> None:
    for name, g, h in zip(point.pair.names(), gradients, again, strict=True):
        if isinstance(h, np.ndarray) and np.shares_memory(g, h):
            raise Fault("memory of its own", f"{name} is the same memory at every call")


def _is_exactly(one: Array, other: Any) -> bool:
    return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)


def _is_the_same(
    point: Input,
    kept: Sequence[Array],
    other: Sequence[Any],
    when: str,
    cotangent: Sequence[Any] | None = None,
    *,
    lost: float = 0.0,
    least: float = 0.0,
) -> None:
    """Check that gradients are those that were kept, but for roundings.

    lost: part of them that may be lost besides, and least: what may, whatever they are.
    """
    if len(kept) == len(other) and all(map(_is_exactly, kept, other)):
        return
    found = point.checked(list(other))
    if all(map(np.array_equal, kept, found)):
        return
    slopes = np.zeros(point.atlas.size) if point.slopes is None else point.slopes
    terms = np.abs(slopes * point.wide)
    natural = max(float(terms[np.isfinite(terms)].sum()), point.magnitude)
    for k, (old, new) in enumerate(zip(kept, found, strict=True)):
        i, wide = point.pair.moved[k], point.wide[point.atlas.parts[k]]
        # Sums may be taken in another order, as threads do.
        # The smallest of a short precision have fewer digits.
        each = ROUNDINGS * point.unit + point.relative + lost
        allowed = each * float(np.abs(old).max(initial=0.0)) + ROUNDINGS * point.least + least
        # What is left where large terms cancel is theirs: of the size of f, over that of the input.
        if wide.size and wide.mean() > 0:
            allowed += ROUNDINGS * point.unit * natural / float(wide.mean())
        if point.unit > UNIT:  # few roundings of numbers of size one, times what is given
            allowed += NEARBY * point.unit * point.largest
        with np.errstate(invalid="ignore"):
            gaps = np.where(new == old, 0.0, np.abs(new - old))
            different = np.argwhere(~(gaps <= allowed))
            if len(different):  # large terms may have cancelled
                different = np.argwhere(
                    ~(gaps <= allowed + _moved_by_roundings(point, k, cotangent))
                )
        if len(different):
            index = tuple(int(k) for k in different[0])
            entry = point.entry(i, index)
            raise Fault(
                "the same again",
                f"{entry} is {old[index]:.12g}, and {new[index]:.12g} {when}",
                entry=entry,
            )


def _moved_by_roundings(point: Input, k: int, cotangent: Sequence[Any] | None) -> float:
    """Return how far a gradient moves where inputs move by a few last places.

    From what it is now, and not from what it was: what differs for another reason is no rounding.
    """
    random = np.random.default_rng(0)

    def found(args: tuple[Any, ...]) -> Array:
        weights = copies(point.cotangent if cotangent is None else list(cotangent))
        return point.checked(point.gradient(args, weights))[k]

    still = most = 0.0
    try:
        now = found(copies(point.args))
        for _ in range(4):
            again = np.abs(found(copies(point.args)) - now)
            still = max(still, float(again.max(initial=0.0)))
    except (Fault, NoValue):
        return 0.0
    for _ in range(4):
        aside = signs(random, point.atlas.size) * point.scales
        try:
            moved = found(point._narrow(point.moved(aside, NEARBY * point.unit)))
        except (Fault, NoValue):
            continue
        most = max(most, float(np.abs(moved - now).max(initial=0.0)))
    # What moves as much at the same input is another answer at every call.
    return ROUNDINGS * most if math.isfinite(most) and 2 * still <= most else 0.0


def _is_one_product(point: Input) -> None:
    """Check that a product with a tangent is the same again, and linear in the tangent."""
    first, _ = _answers(point, point.args)
    kept = [as_array(one).copy() for one in first]
    if not all(np.isfinite(one).all() for one in kept if one.dtype.kind in "fc"):
        return  # which is told where it is judged

    loose = max(LOST, ROUNDINGS * point.unit)

    def is_kept(other: Sequence[Any], when: str, size: float = 0.0) -> None:
        for old, new in zip(kept, map(as_array, other), strict=True):
            largest = max(size, float(np.abs(old).max(initial=0.0)), point.magnitude)
            if old.shape != new.shape or not (np.abs(old - new) <= loose * largest).all():
                raise Fault("the same again", f"the product is another {when}")

    again, _ = _answers(point, point.args)
    is_kept(again, "when it is called again")
    with suppress(Fault, NoValue):
        _answers(point, point.moved(point.scales, ELSEWHERE))
    is_kept(first, "once it was returned: a later call overwrites it")
    with suppress(NoValue):
        point.value(point.scales, ELSEWHERE)
    is_kept(_answers(point, point.args)[0], "after calls elsewhere")
    for (mask,) in _parts_of([point.wide]):
        parts = [
            [as_array(one) for one in flat(point.product(point.args, point.wide * part))]
            for part in (mask, ~mask)
        ]
        size = max(float(np.abs(one).max(initial=0.0)) for part in parts for one in part)
        is_kept([a + b for a, b in zip(*parts, strict=True)], "by parts of the tangent", size)


def _parts_of(arrays: Sequence[Array]) -> Iterator[list[Array]]:
    """Yield masks of arrays: first entries, rows, every other entry, and one array alone.

    What is linear is the sum of what comes of the two parts that a mask makes.
    """
    seen = {b"".join(np.ones(one.shape, bool).tobytes() for one in arrays)}
    for way in range(4):
        masks = [np.zeros(one.shape, bool) for one in arrays]
        for k, mask in enumerate(masks):
            entries, rows = mask.reshape(-1), mask[:1] if mask.ndim else mask
            some = (entries[:1], rows, entries[::2], entries[: mask.size * (k == 0)])
            some[way][...] = True
        if (known := b"".join(mask.tobytes() for mask in masks)) not in seen:
            seen.add(known)
            yield masks


def _is_linear(point: Input, kept: Sequence[Array]) -> None:
    """Check that the product is linear in the cotangent, whatever its order of memory."""
    assert point.cotangent is not None
    if not all(np.isfinite(g).all() for g in kept):
        return  # where slopes may be infinite, 0 times them is no number

    def with_cotangent(change: Callable[[Array], Array]) -> list[Any]:
        changed = [change(u) for u in point.cotangent or []]
        return point.gradient(copies(point.args), changed)

    zero = point.checked(with_cotangent(np.zeros_like))
    for name, g in zip(point.pair.names(), zero, strict=True):
        if np.any(g):
            raise Fault("linear in the cotangent", f"{name} is not 0 for a cotangent of 0")
    _is_the_same(
        point,
        [4 * g for g in kept],
        with_cotangent(lambda u: 4 * u),
        "for four times the cotangent, over four",
    )
    numbers = [np.finfo(u.dtype) for u in map(np.asarray, [*kept, *point.cotangent])]
    tiny = [2.0**20 * np.asarray(g) for g in with_cotangent(lambda u: 2.0**-20 * u)]
    underflow = 2.0**20 * max(float(one.smallest_normal) for one in numbers)
    _is_the_same(point, kept, tiny, "for a tiny cotangent", least=underflow)
    largest = max(float(np.abs(g).max(initial=0.0)) for g in kept)
    if largest < 2.0**-40 * min(float(one.max) for one in numbers):  # else it may have no value
        huge = [2.0**-20 * np.asarray(g) for g in with_cotangent(lambda u: 2.0**20 * u)]
        # What is computed beside a matrix of the cotangent, as of an exponential, loses digits.
        _is_the_same(point, kept, huge, "for a huge cotangent", lost=LOST)
    for name, change in (("reversed", _reversed), *FORMS):
        _is_the_same(point, kept, with_cotangent(change), f"for a {name} cotangent")
    for masks in _parts_of(point.cotangent):
        parts = []
        for some in (masks, [~mask for mask in masks]):
            weights = [u * mask for u, mask in zip(point.cotangent, some, strict=True)]
            found = point.gradient(copies(point.args), weights)
            parts.append([np.asarray(g) for g in found])
        whole = [a + b for a, b in zip(*parts, strict=True)]
        size = max(float(np.abs(g).max(initial=0.0)) for part in parts for g in part)
        when = "by two parts of the cotangent, one after the other"
        _is_the_same(point, kept, whole, when, least=max(LOST, ROUNDINGS * point.unit) * size)
    all_ones = list(map(np.ones_like, point.cotangent))
    ones = point.checked(point.gradient(copies(point.args), copies(all_ones)))
    expanded = with_cotangent(lambda u: np.broadcast_to(np.ones(()), u.shape))
    when = "for a cotangent of ones that is expanded from one number"
    _is_the_same(point, ones, expanded, when, all_ones)


def _is_adjoint(point: Input) -> None:
    """Check that the products to both sides are those of one matrix: u · (J v) = (Jᵀ u) · v."""
    gap, terms, text = _to_both_sides(point)
    if gap <= (ROUNDINGS * point.unit + point.relative) * (terms + point.magnitude):
        return
    gaps = [gap]
    for which in range(4):  # a gap that is of roundings is another one a few roundings off
        with suppress(NoValue, Fault):
            gaps.append(_to_both_sides(point.nearby(which))[0])
    if gap > 8 * (max(gaps) - min(gaps)):
        raise Fault("adjoint", text)


def _to_both_sides(point: Input) -> tuple[float, float, str]:
    """Return by how much the products to both sides differ, the size of their terms, and how."""
    move = signs(np.random.default_rng(0), point.atlas.size) * point.wide
    forward = point.forward(move)
    if forward is None:
        return 0.0, 0.0, ""
    (there, terms), (back, others) = forward, point.said(move)
    text = f"u · (J v) is {there:.12g} by one product, and (Jᵀ u) · v is {back:.12g} by the other"
    return abs(there - back), terms + others, text


def _reversed(array: Array) -> Array:
    """Return an equal array whose memory runs backwards."""
    return np.ascontiguousarray(array[::-1])[::-1] if array.ndim else array


def _read_only(array: Array) -> Array:
    array = array.copy()
    array.flags.writeable = False
    return array


def _strided(array: Array) -> Array:
    """Return an equal array that is every other entry of a larger one."""
    wide = np.repeat(array, 2, axis=-1) if array.ndim else array
    return wide[..., ::2] if array.ndim else wide


FORMS: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("Fortran-ordered", lambda array: np.asfortranarray(array).reshape(array.shape, order="F")),
    ("strided", _strided),
    ("read-only", _read_only),
)


def _forms(point: Input) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the arguments in other forms, each with its name."""
    for name, change in (("reversed", _reversed), *FORMS):
        leaves = [
            change(leaf) if isinstance(leaf, np.ndarray) and leaf.ndim else leaf
            for leaf in _leaves(point, copies(point.args))
        ]
        yield name, point.pair.spec.rebuild(leaves)


def changes_nothing_global(point: Input) -> None:
    """Check that a call leaves NumPy's random state and its error handling as they were."""
    # The legacy state is what most code seeds; a new Generator has no global one.
    before, handling = np.random.get_state(), np.geterr()
    np.random.seed(point.random.integers(2**31))  # one that no code is likely to choose
    state = np.random.get_state()
    try:
        _answers(point, point.args)
        after = np.random.get_state()
    finally:
        np.random.set_state(before)
    same = all(np.array_equal(old, new) for old, new in zip(state, after, strict=True))
    if not same or np.geterr() != handling:
        what = "np.random" if not same else "np.seterr"
        raise Fault("nothing global", f"the gradient changes the state of {what}")
