"""How many inputs a property or a law is held to, and whether they are random.

`ci` draws the same inputs every time. `thorough` draws many more, at random:
`pytest --hypothesis-profile thorough`. `pytest --answer FILE` is in `gradaudit/plugin.py`.
"""

import gc

import pytest
from hypothesis import HealthCheck, settings

from gradaudit.judging.strategies import EXAMPLES, THOROUGH, draw_settings

common = settings(
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # by the clock, so not the same every time
)
settings.register_profile("ci", common, max_examples=EXAMPLES, derandomize=True)
settings.register_profile("thorough", common, max_examples=THOROUGH, derandomize=False)
settings.load_profile("ci")
gc.set_threshold(50_000, 20, 20)  # what is kept for later tests is looked through less often


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let the laws of gradaudit follow the profile, and keep groups of tests together."""
    draw_settings(thorough=config.getoption("--hypothesis-profile", None) == "thorough")
    if config.getoption("dist", None) == "load":  # of pytest-xdist, if it is there
        config.option.dist = "loadgroup"
