"""Inputs of a spec: hard cases that are always tried, others around them, and ones near a sample.

All are valid by construction, and the same everywhere for the same seed.
"""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice, product, zip_longest
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from gradaudit.checking import kinds
from gradaudit.checking import sizes as expressions
from gradaudit.checking.specs import Leaf, Spec

Own = Mapping[str, st.SearchStrategy[Any]]

MANY = 4_000  # entries of all arrays together, beyond which a large size is not tried
HARD = 0.6  # of the inputs, at most
COMBINATIONS = 24  # of options, up to which all are tried
SCALES = (1.0, 1.0, 1.0, 1.0, 0.5, 0.125, 0.1, 4.0)
SMALL = (1, 2, 3, 4)
WAYS = ("more", "fewer", "equal", "entries", "entries", "entries")  # from a sample to others
SCALABLE = ("float", "positive", "nonnegative", "symmetric", "spd", "lower", "complex")


@dataclass(frozen=True)
class _Case:
    """What is special in an input. changes: by the number of an array. alike: two equal ones."""

    sizes: Mapping[str, int]
    changes: Mapping[int, kinds.Change] = field(default_factory=dict)
    plain: bool = False
    scale: float = 1.0
    alike: tuple[int, int] | None = None
    options: Mapping[int, Any] | None = None


def hard_inputs(spec: Spec) -> Iterator[tuple[Any, ...]]:
    """Yield the hard cases of a spec, the most telling first; always the same."""
    choices = _options(spec)
    for k, case in enumerate(_cases(spec)):
        yield _made(spec, case, choices[k % len(choices)], Random(f"hard {k}"))


def draw(spec: Spec, random: Random) -> tuple[Any, ...]:
    """Return one more input around the hard ones, most of them of Gaussian numbers."""
    return _drawn(spec, random, {})


def inputs(spec: Spec, count: int, seed: int = 0, own: Own | None = None) -> list[tuple[Any, ...]]:
    """Return inputs: hard ones first, then drawn ones.

    own: strategies for some arguments, by name; the other arguments get the sizes that fit.
    Raises ValueError where what a strategy gives does not fit the spec.
    """
    random = Random(f"drawn {seed}")
    if own:
        given_values = _collected(st.fixed_dictionaries(dict(own)), count, seed)
        fixed = [_fixed(spec, given_values[k % len(given_values)]) for k in range(count)]
    else:
        fixed = [{}] * count
    choices = _options(spec)
    found = []
    for k, case in enumerate(islice(_cases(spec), math.ceil(HARD * count))):
        options = choices[k % len(choices)]
        found.append(_made(spec, case, options, Random(f"hard {k}"), fixed[k]))
    found += [_drawn(spec, random, fixed[k]) for k in range(len(found), count)]
    return found[:count]


def strategy(spec: Spec, own: Own | None = None) -> st.SearchStrategy[tuple[Any, ...]]:
    """Return a strategy of inputs for a test of one's own; arguments are those of `inputs`."""
    choices, cases = _options(spec), _cases(spec)

    def hard(k: int, values: Mapping[str, Any]) -> tuple[Any, ...]:
        fixed = _fixed(spec, values)
        return _made(spec, cases[k], choices[k % len(choices)], Random(f"hard {k}"), fixed)

    def drawn(number: int, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return _drawn(spec, Random(number), _fixed(spec, values))

    values = st.fixed_dictionaries(dict(own or {}))
    return st.builds(hard, st.integers(0, len(cases) - 1), values) | st.builds(
        drawn, st.integers(0, 2**32), values
    )


# ---- inputs near a sample


def near(args: Sequence[Any], spec: Spec, random: Random) -> tuple[Any, ...]:
    """Return another input near to a real one: a row more or less, duplicates, zeros, scales.

    Raises ValueError where the sample does not fit the spec.
    """
    sizes, values = spec.sizes(args), copied(spec.flatten(args))
    axes = [name for name in spec.size_names if any(name in leaf.shape for leaf in spec.leaves)]
    ones = [name for name in axes if sizes[name] == 1]
    way = "more" if ones and random.random() < 0.5 else random.choice(WAYS)
    if way != "entries" and axes:
        name = random.choice(ones if ones and way == "more" else axes)
        size = sizes[name]
        one, other = random.randrange(size), random.randrange(size)
        if way == "fewer":
            kept = {name: np.delete(np.arange(size), one)}
            values = kept_of(spec, values, sizes, kept) or values
        elif more := spec.sized(sizes, {name: size + (way == "more")}):
            places = np.append(np.arange(size), other)[: more[name]]
            places[-1 if way == "more" else one] = other
            values = _resized(spec, values, sizes, more, {name: places})
    else:
        arrays = [
            k for k, leaf in enumerate(spec.leaves) if not leaf.choices and np.size(values[k])
        ]
        for k in arrays and random.sample(arrays, random.choice((1, 1, len(arrays)))):
            values[k] = _changed(spec.leaves[k], values[k], sizes, random)
    return spec.rebuild(values)


def copied(values: Sequence[Any]) -> list[Any]:
    """Return fresh arrays."""
    return [one.copy() if isinstance(one, np.ndarray) else one for one in values]


def _changed(leaf: Leaf, values: Any, sizes: Mapping[str, int], random: Random) -> Any:
    """Return an array with another entry, or all of it scaled or zero."""
    array = np.array(values)
    way = random.choice(("zero entry", "entry", "entry", "scale", "all zero"))
    place = random.randrange(array.size)
    if way == "scale" and leaf.kind in SCALABLE:
        wide = array.astype(np.result_type(array.dtype, np.float64))  # which does not overflow
        array = wide * random.choice((2.0**-12, 0.5, 2.0, 64.0))
    elif way == "all zero":
        array[...] = 0
    else:
        other = random.randrange(array.size)
        array.flat[place] = 0 if way == "zero entry" else array.flat[other]
    bound = expressions.value(leaf.below, sizes) if leaf.below else 0
    return kinds.finished(leaf, kinds.mended(leaf.kind, array, bound))


def kept_of(
    spec: Spec,
    values: Sequence[Any],
    sizes: Mapping[str, int],
    keep: Mapping[str, Any],
    options: Mapping[str, int] | None = None,
) -> list[Any] | None:
    """Return values with these indices of some sizes only, or None where others are needed.

    options: another choice of some whole ones, of which sizes may speak.
    """
    known = {**(options or {}), **{name: len(places) for name, places in keep.items()}}
    fewer = spec.sized(sizes, known) if all(map(len, keep.values())) else None
    return None if fewer is None else _resized(spec, values, sizes, fewer, keep)


def _resized(
    spec: Spec,
    values: Sequence[Any],
    old: Mapping[str, int],
    new: Mapping[str, int],
    keep: Mapping[str, Any],
) -> list[Any]:
    return [
        new.get(leaf.path, one) if leaf.choices else kinds.resized(leaf, one, old, new, keep)
        for leaf, one in zip(spec.leaves, values, strict=True)
    ]


# ---- arguments of a strategy of one's own


def _collected(
    strategy: st.SearchStrategy[dict[str, Any]], count: int, start: int
) -> list[dict[str, Any]]:
    """Return values that a strategy gives, without a trace on the disk."""
    found: list[dict[str, Any]] = []

    @seed(start)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(values: dict[str, Any]) -> None:
        found.append(values)

    place = "HYPOTHESIS_STORAGE_DIRECTORY"  # where it keeps what it reads in the modules around
    before = os.environ.get(place)
    with TemporaryDirectory() as folder:
        os.environ[place] = folder
        try:
            collect()
        finally:
            del os.environ[place]
            os.environ.update({} if before is None else {place: before})
    return found


def _fixed(spec: Spec, values: Mapping[str, Any]) -> dict[int, Any]:
    """Return the given values of leaves by their number. Raises ValueError."""
    found: dict[int, Any] = {}
    k = 0
    for argument in spec.arguments:
        alone = Spec((argument,))
        if argument.name in values:
            found |= dict(enumerate(alone.flatten((values[argument.name],)), k))
        k += len(alone.leaves)
    if unknown := values.keys() - set(spec.names):
        raise ValueError(f"no argument {min(unknown)}; known are {', '.join(spec.names)}")
    return found


# ---- one input


def _drawn(spec: Spec, random: Random, fixed: Mapping[int, Any]) -> tuple[Any, ...]:
    names = spec.size_names
    sizes = {name: random.choice(SMALL) for name in names}
    way = random.random()
    if names and way < 0.15:
        sizes[random.choice(names)] = 1
    elif names and way < 0.3:
        sizes = dict.fromkeys(names, random.choice(SMALL))
    elif len(names) > 1 and way < 0.45:
        one, other = random.sample(names, 2)
        sizes[one] = sizes[other]
    elif names and way < 0.6:
        sizes[random.choice(names)] = random.choice((5, 6, 7, 8, 9))
    changes: dict[int, kinds.Change] = {}
    if special := random.random() < 0.25:
        for k, leaf in enumerate(spec.leaves):
            known = [*kinds.structures(leaf).values(), *kinds.extremes(leaf).values()]
            if known and random.random() < 0.5:
                changes[k] = random.choice(known)
    scale = random.choice(SCALES)
    case = _Case(sizes, changes, special and random.random() < 0.5, scale)
    return _made(spec, case, random.choice(_options(spec)), random, fixed)


def _made(
    spec: Spec,
    case: _Case,
    options: Mapping[int, Any],
    random: Random,
    fixed: Mapping[int, Any] | None = None,
) -> tuple[Any, ...]:
    """Return the input of a case. Raises ValueError where what is fixed fits no sizes."""
    options = options if case.options is None else case.options
    wanted = {**case.sizes, **{spec.leaves[k].path: one for k, one in options.items()}}
    known = {}
    if fixed:
        found = spec.sizes_of(fixed)
        of_fixed = {
            name for k in fixed for one in spec.leaves[k].sizes for name in expressions.names(one)
        }
        known = {name: size for name, size in found.items() if name in of_fixed}
    sizes = spec.sized(wanted, known)
    assert sizes is not None, f"a spec that was read has sizes: {spec}"
    values: list[Any] = []
    for k, leaf in enumerate(spec.leaves):
        if fixed and k in fixed:
            values.append(fixed[k])
        elif leaf.choices:
            chosen = options[k]
            values.append(sizes.get(leaf.path, chosen) if leaf.path in spec.options else chosen)
        elif (
            case.alike
            and k == case.alike[1]
            and np.shape(values[case.alike[0]]) == leaf.shape_at(sizes)
        ):
            values.append(kinds.finished(leaf, np.array(values[case.alike[0]])))
        else:
            values.append(_leaf(leaf, sizes, case, case.changes.get(k), random))
    return spec.rebuild(values)


def _leaf(
    leaf: Leaf, sizes: Mapping[str, int], case: _Case, change: kinds.Change | None, random: Random
) -> Any:
    shape = leaf.shape_at(sizes)
    bound = expressions.value(leaf.below, sizes) if leaf.below else 0
    reals = (kinds.plain if case.plain else kinds.gaussian)(random, shape)
    scaled = reals * case.scale if leaf.kind in ("float", "positive", "nonnegative") else reals
    values = kinds.ordinary(leaf.kind, scaled, random, bound)
    if change:
        values = change(values, bound)
        values = kinds.mended(leaf.kind, values, bound)
    return kinds.finished(leaf, values)


# ---- hard cases


def _options(spec: Spec) -> list[dict[int, Any]]:
    """Return choices of all options: every one of them, or so many that each pair is among them."""
    choices = {k: leaf.choices for k, leaf in enumerate(spec.leaves) if leaf.choices}
    first = {k: several[0] for k, several in choices.items()}
    if np.prod([len(several) for several in choices.values()], dtype=float) <= COMBINATIONS:
        return [dict(zip(choices, one, strict=True)) for one in product(*choices.values())]
    pairs = [first]
    for one, other in combinations(choices, 2):
        pairs += [{**first, one: a, other: b} for a in choices[one] for b in choices[other]]
    return pairs


def _sizes(spec: Spec) -> list[dict[str, int]]:
    """Return sizes: each 1, every two equal, all equal, all different, and larger ones."""
    names = spec.size_names
    apart = {name: (3, 2, 4, 5, 6, 7, 8, 9)[k % 8] for k, name in enumerate(names)}
    large = [{name: start + 2 * k % 5 for k, name in enumerate(names)} for start in (5, 10)]
    wanted = [apart, dict.fromkeys(names, 1)]
    wanted += [{**apart, name: 1} for name in names]
    wanted += [dict.fromkeys(names, 2), {name: 4 + k % 3 for k, name in enumerate(names)}]
    wanted += [{**apart, one: apart[other]} for one, other in combinations(names, 2)]
    wanted += [*large, dict.fromkeys(names, 3)]
    wanted += [{**apart, name: 16 + k % 2} for k, name in enumerate(names)]
    wanted += [{**dict.fromkeys(names, 1), name: 3} for name in names]
    found: dict[tuple[int, ...], dict[str, int]] = {}
    for one in wanted:
        sizes = spec.sized(one)
        assert sizes is not None, f"a spec that was read has sizes: {spec}"
        entries = sum(np.prod(leaf.shape_at(sizes), dtype=float) for leaf in spec.leaves)
        if entries <= MANY or not found:
            found.setdefault(tuple(sizes.values()), sizes)
    return list(found.values())


def _cases(spec: Spec) -> list[_Case]:
    """Return the hard cases of a spec, of each sort in turn."""
    names = spec.size_names
    structures = {
        k: found for k, leaf in enumerate(spec.leaves) if (found := kinds.structures(leaf))
    }
    extremes = {k: found for k, leaf in enumerate(spec.leaves) if (found := kinds.extremes(leaf))}

    def sized(turn: int) -> dict[str, int]:
        return {name: (3, 4, 5)[(k + turn) % 3] for k, name in enumerate(names)}

    def together(turn: int, name: str) -> _Case:
        both = {k: structures.get(k, {}) | extremes.get(k, {}) for k in range(len(spec.leaves))}
        return _Case(sized(turn), {k: one[name] for k, one in both.items() if name in one}, True)

    def rotated(turn: int) -> _Case:
        several = {k: list(found.values()) for k, found in structures.items()}
        changes = {
            k: one[(turn + place) % len(one)] for place, (k, one) in enumerate(several.items())
        }
        return _Case(sized(turn), changes, True)

    def far(turn: int, level: int) -> _Case:
        k, found = list(extremes.items())[(turn + level) % len(extremes)]
        return _Case(sized(turn), {k: list(found.values())[turn % len(found)]})

    sizes = [_Case(one) for one in _sizes(spec)]
    whole = ("whole", "whole", "all zero", "all one", "two equal rows", "whole", "tiny")
    alike = [
        _Case(sized(0), alike=(one, other))
        for one, other in combinations(range(len(spec.leaves)), 2)
        if spec.leaves[one].shape == spec.leaves[other].shape
        and spec.leaves[one].kind == spec.leaves[other].kind == "float"
    ]
    zeros = [
        _Case(sized(0), {k: found["all zero"]})
        for k, found in structures.items()
        if "all zero" in found
    ]
    options = [_Case(sized(0), options=one) for one in _options(spec)[1:]]
    longest = max(map(len, structures.values()), default=0)
    furthest = max(map(len, extremes.values()), default=0)
    groups = [
        sizes,
        [together(turn, name) for turn, name in enumerate(whole)],
        zeros,
        [rotated(turn) for turn in range(longest)],
        [far(turn, 0) for turn in range(furthest)],
        options,
        alike[:3],
    ]
    rows = zip_longest(*groups)
    rest = [far(turn, level) for level in range(1, len(extremes)) for turn in range(furthest)]
    return [*(case for row in rows for case in row if case is not None), *rest]
