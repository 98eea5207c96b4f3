"""Check that a property refuses wrong functions: one that refuses nothing says nothing."""

from collections.abc import Callable
from typing import Any

from hypothesis import Phase, find, settings
from hypothesis.strategies import SearchStrategy


def refuses(owed: Callable[..., None], judged: Any, case: Any) -> bool:
    """Return whether a property fails for a function at one input."""
    try:
        owed(judged, case)
    except AssertionError:
        return True
    return False


def reach(inputs: SearchStrategy[Any], wanted: Callable[[Any], bool]) -> None:
    """Draw inputs until one is as wanted. Raises NoSuchExample if none is."""
    as_drawn = settings(max_examples=1000, phases=[Phase.generate])  # nobody reads it: no shrinking
    find(inputs, wanted, settings=as_drawn)
