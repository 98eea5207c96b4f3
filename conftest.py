"""Hypothesis profiles: how many inputs every law is held to, and whether they are random.

`ci` draws the same inputs every time, as `gradaudit` does. `thorough` draws many more, at random:
`pytest --hypothesis-profile thorough`. `pytest --answer FILE` is in `gradaudit/plugin.py`.
"""

from gradaudit.command import prepare

prepare()
