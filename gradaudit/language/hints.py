"""What was meant by a text outside of the formula language, and how that is written in it."""

import ast
import difflib
import re
from collections.abc import Iterable

# What people write instead, and what it is here. Characters, names and functions, then whole texts.
CHARACTERS = {
    "·⋅∙×∗": "*", "⊙∘": "*", "−–—": "-", "÷∕": "/", "‹⟨": "<", "›⟩": ">", "≤⩽": "<=", "≥⩾": ">=",
    "≠": "!=", "∧": "and", "∨∪": "or", "Σ∑": "sum(... for k in ...)", "√": "sqrt(...)", "½": "1/2",
    "⅕": "1/5", "²": "**2", "³": "**3", "ᵀ⊤": ".T", "∂∇": "d(F, v)", "η": "eta", "δ": "delta(i, j)",
    "ᵢ₀₁₂₃ⱼₖ": "an index in brackets: y[i]", "∈": "in",
}  # fmt: skip
MEANT = {
    "e": "the exponential is exp(...)",
    "e_c": "the one-hot vector is t",
    "W": "the weights are W1 and w2",
    "ln": "write log(...)",
    "diag": "there is no diag: write v[i] * delta(i, j), or entry by entry with * and outer(...)",
    **dict.fromkeys(("eye", "kronecker", "identity"), "write delta(i, j)"),
    **dict.fromkeys(("onehot", "one_hot"), "the one-hot vector is t, its entry delta(i, c)"),
    **dict.fromkeys(("I", "indicator"), "a condition in brackets counts as 0 or 1: (i == c)"),
    **dict.fromkeys(("heaviside", "step", "relu_prime", "drelu"), "write (z > 0)"),
    **dict.fromkeys(("dot", "matmul", "mm"), "write a @ b"),
    **dict.fromkeys(("multiply", "mul"), "write a * b"),
    **dict.fromkeys(("transpose", "T"), "the transpose is A.T"),
    **dict.fromkeys(("sigmoid", "σ"), "write softmax(y), or 1/(1 + exp(-y))"),
    **dict.fromkeys(("mean", "average"), "write sum(...)/n"),
    **dict.fromkeys(("maximum", "ReLU"), "write relu(...)"),
    "norm": "write sqrt(sum(v**2))",
    "square": "write v**2",
}
RANGE = "a range is written 0 < eta < 1/5"
SLIPS = {  # in a text that Python's grammar has no words for
    r"\\[a-zA-Z]|[_^]\{": "it is written as in Python, not in TeX: exp(y[i]), (1/2), X.T",
    r"\bfor\s+\w+\s*=": "a sum runs over an index set: for k in K",
    r"\bsum_": "a sum is written sum(... for k in K)",
    r"=[<>]": "it is written <= or >=",
    r"(?<![=<>!])=(?![=<>])": "two sides are compared by ==; own names are defined in `where`",
    r"\|": "the absolute value is abs(...): abs(1 - 10*eta) < 1",
    r"&&|\|\|": "conditions are joined by `and`, `or`",
    r"\b(and|or)\s*[<>]": "each side is whole: 0 < eta and eta < 1/5",
    r"(?<![\w.])\d+(\.\d+)?\s*(?!(and|or|in|if|for|not|else|is)\b)[A-Za-zη(]": (
        "a product is written with *"
    ),
    r"[)\]]_\w": "an entry is written softmax(y)[i]",
    r"\b(exp|log|sqrt|abs|sum|relu|softmax)\s+\w": "a function takes brackets: exp(...)",
    r"\w'": "the transpose is A.T; the slope of relu is (z > 0)",
    r"\bif\b": "an assumption is stated after `when`",
    r";|\bfor all\b": "one formula stands alone; words about it go after a #",
}
FOREIGN = {  # what Python's grammar has, and the language has not
    ast.Constant: "this is not a number of the language",
    ast.Attribute: "after a dot only T is known, the transpose",
    **dict.fromkeys(
        (ast.Tuple, ast.List, ast.Set, ast.Dict),
        "a list is not a formula; an entry is written y[i]",
    ),
    **dict.fromkeys(
        (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp),
        "`for` stands inside sum(...) only",
    ),
    ast.IfExp: "no `if`: multiply by the condition, which counts as 0 or 1",
    ast.Lambda: "`lambda` is not in the language; write what it returns",
    ast.UnaryOp: "the operators are + - * / ** @",
    ast.Slice: "a slice is written as a single colon, the whole axis",
}


def foreign(node: ast.expr) -> str:
    """Return why an expression of Python is none of the language, and what is written instead."""
    match node:
        case ast.Constant(value=str() | bytes()):
            return "text is not a formula"
        case ast.Constant(value=None):
            return "this is not a number; outer(u, v) makes a matrix of two vectors"
    return FOREIGN.get(type(node), "this is not in the language")


def slip(source: str, rate: bool) -> str:
    """Return what may have been meant, where Python's grammar has no words for it."""
    said = [remedy for pattern, remedy in SLIPS.items() if re.search(pattern, source)][:2]
    if source.count("(") != source.count(")") or source.count("[") != source.count("]"):
        said.insert(0, "its brackets do not match")
    if rate and re.search(r"[,;\]\[]|\blambda\b", source):
        said = [f"{RANGE}, with a point in decimals"]
    return in_ascii(source) + "".join(f"; {one}" for one in said)


def in_ascii(text: str) -> str:
    """Return how the characters of a text are written that have a name or a sign of their own."""
    written = {
        char: ascii_ for char in text for chars, ascii_ in CHARACTERS.items() if char in chars
    }
    said = (f"{char} is written {ascii_}" for char, ascii_ in written.items())
    return "; " + ", ".join(said) if written else ""


def known_as(name: str) -> str:
    """Return what a name that is not in the language is here, if that is known."""
    return f"; {MEANT[name]}" if name in MEANT else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that is most like another, if one is."""
    folded = {one.casefold(): one for one in sorted(known)}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"; did you mean `{folded[close[0]]}`?" if close else ""
