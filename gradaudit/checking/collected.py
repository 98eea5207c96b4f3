"""A declaration that pytest collects as one test for each law."""

from collections.abc import Callable
from functools import cache
from typing import Any, Unpack

import pytest

from gradaudit.checking.asked import Options
from gradaudit.checking.checks import check_gradient
from gradaudit.checking.refusals import LAWS, WrongGradient
from gradaudit.checking.reports import Report


def gradient_test(
    f: Callable[..., Any],
    gradient: Callable[..., Any],
    spec: str,
    **options: Unpack[Options],
) -> Callable[[str], None]:
    """Return a test of a gradient, which pytest collects as one for each law.

    `test_net = gradient_test(loss, gradient, "X: [n,d], w: [d]", wrt="w")` in a test module. spec:
    what the arguments are. options: those of check_gradient.
    """

    @cache
    def checked() -> Report | WrongGradient:
        try:
            options["inputs"] = spec
            return check_gradient(f, gradient, **options)
        except WrongGradient as wrong:
            return wrong

    @pytest.mark.parametrize("law", LAWS)
    def test(law: str) -> None:
        result = checked()
        if isinstance(result, WrongGradient):
            if result.law == law:
                raise result
            pytest.skip(f"it breaks another law: {result.law}")
        if result.status != "holds":
            pytest.fail(str(result), pytrace=False)

    return test
