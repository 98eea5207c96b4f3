"""How many inputs a property or a law is held to, and whether they are random.

`ci` draws the same inputs every time. `thorough` draws many more, at random:
`pytest --hypothesis-profile thorough`. `pytest --answer FILE` is in `gradaudit/plugin.py`.
"""

import pytest
from hypothesis import HealthCheck, settings

MANY = 10_000

common = settings(
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # by the clock, so not the same every time
)
settings.register_profile("ci", common, max_examples=100, derandomize=True)
settings.register_profile("thorough", common, max_examples=MANY, derandomize=False)
settings.load_profile("ci")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let the laws of gradaudit follow the profile that is asked for."""
    if config.getoption("--hypothesis-profile", None) == "thorough":
        from gradaudit.judging.strategies import draw_settings

        draw_settings(MANY, random=True)
