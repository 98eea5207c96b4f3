"""Cases of an input: its sizes, what is special in it, and its options; those that are hard."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, cycle, product, zip_longest
from random import Random
from typing import Any

from gradaudit.checking import kinds
from gradaudit.checking.specs import Leaf, Spec

MANY = 4_000  # entries of all arrays together, beyond which a large size is not tried
COMBINATIONS = 24  # of options, up to which all are tried
SCALES = (*(1.0,) * 6, 0.5, 0.1, 2.0**-6, 2.0**-10, 2.0**-14, 2.0**-20, 2.0**-36, 4.0, 16.0)
LEAST_SCALE, MOST_SCALE = -20, 27  # powers of two; beyond, float64 tells steps of 1e-6 not apart
GOLDEN = (math.sqrt(5) - 1) / 2  # whose multiples lie evenly between whole numbers
WAYS = (
    *("scales", "spread", "special", "spread", "scales"),
    *("special", "scales", "plain", "spread", "scales"),
)
SMALL, LARGE = (1, 2, 3, 4), (5, 6, 7, 8, 9, 11, 12, 13, 17, 20, 33, 65)
TOGETHER = (  # structures that all arrays have at once
    *("whole", "whole", "all zero", "all one", "two equal rows", "whole", "tiny", "nearly whole"),
)


@dataclass(frozen=True)
class Case:
    """What is special in an input. Leaves are told by their number.

    sizes: those wanted. plain: numbers of the short list. changes: of some arrays. same: for an
    array, which one of the same shape it is equal to. options: what is chosen. scale: that of all
    ordinary numbers. scales: those of some arrays.
    """

    sizes: Mapping[str, int]
    plain: bool = False
    changes: Mapping[int, kinds.Change] = field(default_factory=dict)
    same: Mapping[int, int] = field(default_factory=dict)
    options: Mapping[int, Any] = field(default_factory=dict)
    scale: float = 1.0
    scales: Mapping[int, float] = field(default_factory=dict)


def made(spec: Spec, case: Case, random: Random, fixed: Mapping[int, Any]) -> tuple[Any, ...]:
    """Return the input of a case. fixed: values of some leaves, by which sizes are known.

    Raises ValueError where they fit no sizes.
    """
    found = spec.sizes_of(fixed) if fixed else {}
    of_fixed = {name for k in fixed for name in spec.leaves[k].names}
    known = {name: size for name, size in found.items() if name in of_fixed}
    options = {spec.leaves[k].path: one for k, one in case.options.items()}
    sizes = spec.sized({**case.sizes, **options}, known)
    assert sizes is not None, f"a spec that was read has sizes: {spec}"
    values: list[Any] = []
    for k, leaf in enumerate(spec.leaves):
        if k in fixed:
            values.append(fixed[k])
        elif leaf.choices:
            values.append(sizes.get(leaf.path, case.options[k]))
        elif k in case.same:
            values.append(values[case.same[k]].copy())
        else:
            values.append(_leaf(k, leaf, sizes, case, random))
    return spec.rebuild(values)


def _leaf(k: int, leaf: Leaf, sizes: Mapping[str, int], case: Case, random: Random) -> Any:
    shape, bound = leaf.shape_at(sizes), leaf.bound_at(sizes)
    reals = (kinds.plain if case.plain else kinds.gaussian)(random, shape)
    if leaf.kind in ("float", "positive", "nonnegative"):
        reals = reals * case.scale
    values = kinds.ordinary(leaf.kind, reals, random, bound)
    if leaf.kind == "int" and not bound and case.scale > 1:
        values = kinds.mended(leaf.kind, reals * case.scale)
    if change := case.changes.get(k):
        values = kinds.mended(leaf.kind, change(values, bound), bound)
    if k in case.scales:
        values = values * case.scales[k]
    return kinds.finished(leaf, values)


def drawn(spec: Spec, random: Random, turn: int | None = None) -> Case:
    """Return a case by chance: of five, one has something special, and others are far out.

    turn: its number among others, over which the scales of arrays are spread evenly.
    """
    names = spec.size_names
    turn = random.randrange(2**16) if turn is None else turn
    sizes = {name: random.choice(SMALL) for name in names}
    way = random.choice(("one", "equal", "two equal", "large", "", "", ""))
    if names and way == "equal":
        sizes = dict.fromkeys(names, random.choice(SMALL))
    elif names and way:
        large = {"one": 1, "large": random.choice(LARGE), "two equal": sizes[random.choice(names)]}
        name = random.choice(names)
        larger = {**sizes, name: large[way]}
        sizes = larger if _if_few(spec, larger) else sizes
    case = Case(sizes, options=_chosen(spec, random), scale=random.choice(SCALES))
    changes: dict[int, kinds.Change] = {}
    leaves = dict(enumerate(spec.leaves))
    match WAYS[turn % len(WAYS)]:
        case "special":
            for k, leaf in leaves.items():
                known = [*kinds.structures(leaf).values(), *kinds.extremes(leaf).values()]
                if known and random.random() < 0.5:
                    changes[k] = random.choice(known)
            return replace(case, plain=random.random() < 0.5, changes=changes)
        case "scales":
            scalable = [k for k, leaf in leaves.items() if leaf.kind in kinds.SCALABLE]
            scales = {k: _scale(turn * GOLDEN + k * GOLDEN**2) for k in scalable}
            return replace(case, scale=1.0, scales=scales)
        case "spread":
            for k, leaf in leaves.items():
                if leaf.kind in kinds.SPREADABLE and random.random() < 0.75:
                    changes[k] = kinds.spread(random)
            return replace(case, scale=1.0, changes=changes)
    return case


def _scale(phase: float) -> float:
    """Return a scale by a number of which the whole part does not count."""
    power = LEAST_SCALE + (MOST_SCALE - LEAST_SCALE) * (phase % 1)
    return math.ldexp(1 + power % 1, math.floor(power))


# ---- hard cases


def hard(spec: Spec) -> list[Case]:
    """Return the hard cases of a spec, of each sort in turn, with all options taking turns."""
    names, leaves = spec.size_names, dict(enumerate(spec.leaves))
    structures = {k: found for k, leaf in leaves.items() if (found := kinds.structures(leaf))}
    extremes = {k: found for k, leaf in leaves.items() if (found := kinds.extremes(leaf))}

    def sized(turn: int) -> dict[str, int]:
        return {name: (3, 4, 5)[(k + turn) % 3] for k, name in enumerate(names)}

    def together(turn: int, name: str) -> Case:
        """Return a case in which all arrays have the same structure."""
        found = {k: both for k in leaves if (both := structures.get(k, {}) | extremes.get(k, {}))}
        return Case(sized(turn), True, {k: one[name] for k, one in found.items() if name in one})

    def rotated(turn: int) -> Case:
        """Return a case in which each array has another structure."""
        found = enumerate((k, list(one.values())) for k, one in structures.items())
        changes = {k: several[(turn + place) % len(several)] for place, (k, several) in found}
        sizes = {name: 4 + (k + turn) % 2 for k, name in enumerate(names)}  # more than are tied
        return Case(sizes, True, changes)

    def far(turn: int, level: int) -> Case:
        """Return a case in which one array lies far out."""
        k, found = list(extremes.items())[(turn + level) % len(extremes)]
        return Case(sized(turn), changes={k: list(found.values())[turn % len(found)]})

    pairs = [
        {other: one}
        for one, other in combinations(leaves, 2)
        if leaves[one].shape == leaves[other].shape != ()
        and (leaves[one].kind, leaves[one].dtype) == (leaves[other].kind, leaves[other].dtype)
        and leaves[one].kind == "float"
    ]
    zeros = [{k: one["all zero"]} for k, one in structures.items() if "all zero" in one]
    longest = max(map(len, structures.values()), default=0)
    furthest = max(map(len, extremes.values()), default=0)
    options = _options(spec)
    groups = [
        [Case(one) for one in _sizes(spec)],
        [together(turn, name) for turn, name in enumerate(TOGETHER)],
        [Case(sized(0), changes=one) for one in zeros],
        [rotated(turn) for turn in range(longest)],
        [far(turn, 0) for turn in range(furthest)],
        [Case(sized(0), options=one) for one in options[1:]],
        [Case(sized(0), same=one) for one in pairs[:3]],
    ]
    cases = [case for row in zip_longest(*groups) for case in row if case is not None]
    cases += [far(turn, level) for level in range(1, len(extremes)) for turn in range(furthest)]
    turns = zip(cases, cycle(options), strict=False)
    return [case if case.options else replace(case, options=one) for case, one in turns]


def _options(spec: Spec) -> list[dict[int, Any]]:
    """Return choices of all options: every one of them, or so many that each pair is among them.

    Of an option of very many choices some are taken, the first and the last among them.
    """
    choices = {k: _some(leaf.choices) for k, leaf in enumerate(spec.leaves) if leaf.choices}
    if math.prod(map(len, choices.values())) <= COMBINATIONS:
        return [dict(zip(choices, one, strict=True)) for one in product(*choices.values())]
    first, last = ({k: several[end] for k, several in choices.items()} for end in (0, -1))
    pairs = [first, last]
    for one, other in combinations(choices, 2):
        pairs += [{**first, one: a, other: b} for a in choices[one] for b in choices[other]]
    return pairs


def _some(choices: Sequence[Any]) -> Sequence[Any]:
    count = len(choices)
    if count <= COMBINATIONS:
        return choices
    return [choices[k * (count - 1) // (COMBINATIONS - 1)] for k in range(COMBINATIONS)]


def _chosen(spec: Spec, random: Random) -> dict[int, Any]:
    """Return a choice of each option by chance, each by itself."""
    return {k: random.choice(leaf.choices) for k, leaf in enumerate(spec.leaves) if leaf.choices}


def _sizes(spec: Spec) -> list[dict[str, int]]:
    """Return sizes: each 1, every two equal, all equal, all different, and larger ones."""
    names = spec.size_names
    apart = {name: (3, 2, 4, 5, 6, 7, 8, 9)[k % 8] for k, name in enumerate(names)}
    ones = dict.fromkeys(names, 1)
    wanted = [apart, ones]
    wanted += [{**apart, name: 1} for name in names]
    wanted += [{**apart, name: (33, 16, 17)[k % 3]} for k, name in enumerate(names)]
    wanted += [dict.fromkeys(names, 2), {name: 4 + k % 3 for k, name in enumerate(names)}]
    wanted += [{**apart, one: apart[other]} for one, other in combinations(names, 2)]
    wanted += [{name: start + 2 * k % 5 for k, name in enumerate(names)} for start in (5, 10)]
    wanted += [dict.fromkeys(names, 3)]
    wanted += [{**ones, name: 3} for name in names]
    found: dict[tuple[int, ...], dict[str, int]] = {}
    for one in wanted:
        sizes = spec.sized(one) if not found else _if_few(spec, one)
        if sizes is not None:
            found.setdefault(tuple(sizes.values()), sizes)
    return list(found.values()) or [{}]


def _if_few(spec: Spec, wanted: Mapping[str, int]) -> dict[str, int] | None:
    """Return sizes as wanted, None where arrays of such sizes have too many entries."""
    sizes = spec.sized(wanted)
    if sizes is None:
        return None
    return sizes if sum(math.prod(leaf.shape_at(sizes)) for leaf in spec.leaves) <= MANY else None
