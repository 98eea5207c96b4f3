"""Pairs of a function and its gradient from many fields, right ones and wrong ones.

All are written for this benchmark. Where a wrong one follows a public report, `source` has the
address of the report and says in what it follows it; no code was taken from there.
"""

from benchmarks.catalogue import (
    contracts,
    elementwise,
    factors,
    finance,
    layers,
    linear_algebra,
    network,
    optimisation,
    physics,
    regression,
    signals,
    statistics,
)
from benchmarks.catalogue.pair import Array, Field, Kind, Pair

FIELDS: tuple[Field, ...] = (
    regression.field,
    network.field,
    layers.field,
    linear_algebra.field,
    statistics.field,
    signals.field,
    physics.field,
    optimisation.field,
    factors.field,
    finance.finance,
    finance.robotics,
    elementwise.field,
    contracts.field,
)
PAIRS: tuple[Pair, ...] = tuple(pair for field in FIELDS for pair in field.pairs)
RIGHT: tuple[Pair, ...] = tuple(pair for pair in PAIRS if pair.right)
WRONG: tuple[Pair, ...] = tuple(pair for pair in PAIRS if not pair.right)

__all__ = ["FIELDS", "PAIRS", "RIGHT", "WRONG", "Array", "Field", "Kind", "Pair"]
