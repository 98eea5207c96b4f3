"""The assignment, stated once: its data, its models and its losses, as formulas.

The derivatives are nowhere written here: `d` of the language takes them of these formulas.
"""

from gradaudit.language.formula import Scope, numeral
from gradaudit.questions.inputs import Array, Network, exact

NETWORK = Scope(
    given=frozenset({"W1", "b1", "w2", "b2", "X", "t"}),
    sizes=frozenset({"n"}),
    free={"a": "A", "j": "H"},
    sets=frozenset({"N", "A", "H"}),
)
for _name, _formula in {
    "z": "X @ W1 + b1",
    "h": "relu(z)",
    "y": "h @ w2 + b2",
    "e": "y - t",
    "L": "sum(e**2) / 2",
}.items():
    NETWORK = NETWORK.define(_name, _formula)

SOFTMAX = Scope(
    given=frozenset({"y", "t"}),
    sizes=frozenset({"n"}),
    free={"i": "K"},
    sets=frozenset({"K"}),
).define("E", "-sum(t * log(softmax(y)))")
ONE_HOT = Scope(
    given=SOFTMAX.given,
    sizes=SOFTMAX.sizes | {"c"},
    free=SOFTMAX.free,
    sets=SOFTMAX.sets,
    defined=SOFTMAX.defined,
)

DESCENT = (
    Scope(given=frozenset({"x", "eta"}))
    .define("f", "5*x**2 + 2")
    .define("slope", "d(f, x)")
    .define("following", "x - eta * slope")
)
RATE = Scope(given=frozenset({"eta"}))
CONVERGES = "abs(1 - 10*eta) < 1"


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
