"""How many inputs a property or a law is held to, and whether they are random.

`ci` draws the same inputs every time. `thorough` draws many more, at random:
`pytest --hypothesis-profile thorough`. `pytest --answer FILE` is in `gradaudit/plugin.py`.
"""

import gc
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from gradaudit.judging.domains import EXAMPLES, THOROUGH, draw_settings

common = settings(
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # by the clock, so not the same every time
)
settings.register_profile("ci", common, max_examples=EXAMPLES, derandomize=True)
settings.register_profile("thorough", common, max_examples=THOROUGH, derandomize=False)
settings.load_profile("ci")
gc.set_threshold(50_000, 20, 20)  # what is kept for later tests is looked through less often


def pytest_configure(config: pytest.Config) -> None:
    """Let the laws of gradaudit follow the profile."""
    draw_settings(thorough=config.getoption("--hypothesis-profile", None) == "thorough")


def pytest_sessionfinish() -> None:
    """Do not search all that was kept for garbage once more, at the end."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file, or of a model, in one process, where what they share is known."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist may not be there
        def _split_scope(self, nodeid: str) -> str:
            of_model = re.search(r"test_(models|cases)\.py.*\[(\w+)", nodeid)
            return of_model[2] if of_model else nodeid.partition("::")[0]

    return Together(config, log) if config.getoption("dist") == "load" else None
