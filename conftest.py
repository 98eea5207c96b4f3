"""How many inputs every law is held to, and whether they are random.

By default they are the same every time, as `gradaudit`'s are; many more, at random, with
`pytest --hypothesis-profile thorough`. `pytest --answer FILE` is in `gradaudit/plugin.py`.
"""

import pytest

from gradaudit.command import prepare


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Prepare before Hypothesis loads the profile."""
    prepare(profile=config.getoption("--hypothesis-profile", None))
