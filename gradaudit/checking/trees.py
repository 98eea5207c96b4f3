"""Trees of arrays, in what a function takes and in what it returns."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradaudit.checking.charts import Array
from gradaudit.checking.refusals import Fault
from gradaudit.checking.specs import Leaf, Tree, leaves_of


def flat(value: Any) -> list[Any]:
    """Return the arrays of a tree of dictionaries, lists and tuples, in order."""
    if isinstance(value, Mapping):
        return [leaf for key in value for leaf in flat(value[key])]
    if isinstance(value, tuple) or (isinstance(value, list) and _is_tree(value)):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


def _is_tree(value: list[Any]) -> bool:
    """Tell a list of arrays from a list of numbers, which is an array."""
    return any(isinstance(item, Mapping | np.ndarray | tuple) for item in value) or any(
        isinstance(item, list) and _is_tree(item) for item in value
    )


def copies(value: Any) -> Any:
    """Return a tree of the same form with fresh copies of all arrays."""
    if isinstance(value, Mapping):
        return {key: copies(item) for key, item in value.items()}
    if isinstance(value, tuple):
        items = map(copies, value)
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, list) and _is_tree(value):
        return list(map(copies, value))
    return value.copy() if isinstance(value, np.ndarray) else value


def in_tree(tree: Tree, value: Any, path: str) -> Iterator[tuple[Leaf, Any]]:
    """Yield the leaves of a tree that move, with what a result of its form has for them."""
    if isinstance(tree, Leaf):
        yield tree, value
        return
    moving = {key: one for key, one in tree.items if any(leaf.moves for leaf in leaves_of(one))}
    if tree.form == "dict":
        leaves = [leaf for leaf in leaves_of(tree) if leaf.moves]
        if isinstance(value, tuple) and len(value) == len(leaves):  # by position, as they stand
            yield from zip(leaves, value, strict=True)
            return
        if not isinstance(value, Mapping):
            raise Fault("the form", f"{path}: {form_of(value)}; a dict is wanted")
        missing = [key for key in moving if key not in value]
        unknown = [key for key in value if key not in dict(tree.items)]
        if missing or unknown:
            said = f"there is no {missing[0]!r} in it" if missing else f"{unknown[0]!r} is unknown"
            wanted = ", ".join(map(repr, moving))
            raise Fault("the form", f"{path}: {said}; wanted are {wanted}")
        for key, one in moving.items():
            yield from in_tree(one, value[key], f"{path}[{key!r}]")
        return
    if not isinstance(value, tuple | list) or len(value) != len(tree.items):
        wanted = f"a {tree.form} of {len(tree.items)}"
        raise Fault("the form", f"{path}: {form_of(value)}; {wanted} is wanted")
    for k, (_, one) in enumerate(tree.items):
        if any(leaf.moves for leaf in leaves_of(one)):
            yield from in_tree(one, value[k], f"{path}[{k}]")


def as_array(value: Any) -> Array:
    """Return a value as an array, of objects where it is no array of numbers."""
    try:
        return np.asarray(value)
    except ValueError:  # it is ragged
        return np.empty(0, object)


def form_of(value: Any) -> str:
    """Return what a person calls the form of a value."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} and shape {value.shape}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"
