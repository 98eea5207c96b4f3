"""Right functions of the assignment; the wrong ones are held to each law in test_refusals.py."""

from collections.abc import Callable
from typing import Any

from tests.right import NETWORK

RIGHT = {function.__name__.replace("_", " "): function for function in NETWORK}
WRONG: dict[str, Callable[..., Any]] = {}
