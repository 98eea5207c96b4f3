"""The assignment, stated once: its data, its models and its losses, as formulas.

The derivatives are nowhere written here: `d` of the language takes them of these formulas.
"""

import tomllib
from dataclasses import replace
from importlib.resources import files

from gradaudit.language.formula import numeral
from gradaudit.questions.inputs import Array, Network, exact
from gradaudit.questions.question import read_model, read_table

TOLD = tomllib.loads((files("gradaudit.questions") / "assignment.toml").read_text(encoding="utf-8"))
MODELS = {name: read_model(name, table) for name, table in TOLD.items()}

NETWORK = replace(MODELS["question1"].scope, sizes=frozenset({"n"}), free={"a": "A", "j": "H"})
ONE_HOT = replace(MODELS["question2"].scope, sizes=frozenset({"n", "c"}), free={"i": "K"})
SOFTMAX = replace(ONE_HOT, sizes=frozenset({"n"}))

QUESTION3 = MODELS["question3"] = read_table("question3", TOLD["question3"])


def _numbers(text: str) -> Array:
    """Read rows separated by `;`, numbers by spaces; one row is a vector."""
    rows = [[numeral(number) for number in row.split()] for row in text.split(";")]
    return exact(rows if len(rows) > 1 else rows[0])


DATA = Network(
    W1=_numbers("-0.8 -0.7 0.6; -1.0 0.5 -1.0"),
    b1=_numbers("-0.2 -1.0 -0.7"),
    w2=_numbers("0.1 -1.0 0.5"),
    b2=numeral("-0.7"),
    X=_numbers("0.6 -1.0; 0.8 -1.0; -0.4 0.9; 0.2 0.0"),
    t=_numbers("-0.8 -0.1 0.9 0.7"),
)
MODELS["question1"] = replace(MODELS["question1"], data=DATA.blocks)
