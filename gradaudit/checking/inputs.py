"""Inputs of a spec: hard cases that are always tried, others around them, and ones near a sample.

All are valid by construction, and the same everywhere for the same seed.
"""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from gradaudit.checking import kinds
from gradaudit.checking.cases import drawn, hard, made
from gradaudit.checking.resizing import copied, kept_of, resized
from gradaudit.checking.specs import Leaf, Spec

Own = Mapping[str, st.SearchStrategy[Any]]

HARD = 0.6  # of the inputs, at most
WAYS = ("more", "fewer", "equal", "entries", "entries", "entries")  # from a sample to others


def hard_inputs(spec: Spec) -> Iterator[tuple[Any, ...]]:
    """Yield the hard cases of a spec, the most telling first; always the same."""
    for k, case in enumerate(hard(spec)):
        yield made(spec, case, Random(f"hard {k}"), {})


def draw(spec: Spec, random: Random) -> tuple[Any, ...]:
    """Return one more input around the hard ones, many of them of Gaussian numbers."""
    return made(spec, drawn(spec, random), random, {})


def inputs(spec: Spec, count: int, seed: int = 0, own: Own | None = None) -> list[tuple[Any, ...]]:
    """Return inputs: hard ones first, then drawn ones.

    own: strategies for some arguments, by name; the other arguments get the sizes that fit.
    Raises ValueError where what a strategy gives does not fit the spec.
    """
    random = Random(f"drawn {seed}")
    cases = hard(spec)[: math.ceil(HARD * count)]
    values = collected(st.fixed_dictionaries(dict(own)), count, seed) if own else []
    found = []
    for k in range(count):
        fixed = _fixed(spec, values[k % len(values)]) if values else {}
        case = cases[k] if k < len(cases) else drawn(spec, random, k + seed % 2**20 * count)
        found.append(made(spec, case, Random(f"hard {k}") if k < len(cases) else random, fixed))
    return found


def strategy(spec: Spec) -> st.SearchStrategy[tuple[Any, ...]]:
    """Return a strategy of inputs for a test of one's own."""
    cases = hard(spec)
    listed = st.integers(0, len(cases) - 1).map(
        lambda k: made(spec, cases[k], Random(f"hard {k}"), {})
    )
    return listed | st.integers(0, 2**32).map(lambda number: draw(spec, Random(number)))


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
            values = resized(spec, values, sizes, more, {name: places})
    else:
        arrays = [k for k, leaf in enumerate(spec.leaves) if not leaf.choices]
        for k in arrays and random.sample(arrays, random.choice((1, 1, len(arrays)))):
            values[k] = _changed(spec.leaves[k], values[k], sizes, random)
    return spec.rebuild(values)


def _changed(leaf: Leaf, values: Any, sizes: Mapping[str, int], random: Random) -> Any:
    """Return an array with another entry, or all of it scaled or zero."""
    array = np.array(values)
    way = random.choice(("zero entry", "entry", "entry", "scale", "all zero"))
    place = random.randrange(array.size)
    if way == "scale" and leaf.kind in kinds.SCALABLE:
        wide = array.astype(np.result_type(array.dtype, np.float64))  # which does not overflow
        array = wide * random.choice((2.0**-12, 0.5, 2.0, 64.0))
    elif way == "all zero":
        array[...] = 0
    else:
        other = random.randrange(array.size)
        array.flat[place] = 0 if way == "zero entry" else array.flat[other]
    return kinds.finished(leaf, kinds.mended(leaf.kind, array, leaf.bound_at(sizes)))


# ---- arguments of a strategy of one's own


def collected(
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
    if unknown := values.keys() - set(spec.names):
        raise ValueError(f"no argument {min(unknown)}; known are {', '.join(spec.names)}")
    found: dict[int, Any] = {}
    for argument in spec.arguments:
        if argument.name in values:
            own = Spec((argument,)).flatten((values[argument.name],))
            found |= zip(spec.places[argument.name], own, strict=True)
    return found
