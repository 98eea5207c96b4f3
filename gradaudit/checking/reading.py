"""Reads a spec from left to right, and says where one is wrong."""

import ast
import math
import re
from typing import Any

from gradaudit.checking import sizes as expressions
from gradaudit.checking.specs import (
    AXES,
    DTYPES,
    FIXED,
    KINDS,
    NAMED,
    Argument,
    BadSpec,
    Branch,
    Leaf,
    Spec,
    Tree,
    kind_of,
)
from gradaudit.language.hints import nearest

LONGEST, DEEPEST, MOST = 10_000, 20, 10**7  # characters, brackets, entries
NAMES, PARTS = 50, 100  # of sizes, of a packed vector


class Reader:
    """Reads a spec from left to right; `at` is where it stands."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0

    def wrong(self, said: str, at: int | None = None) -> BadSpec:
        """Return the refusal of what stands at a place."""
        before = self.text[: self.at if at is None else at]
        line, column = before.count("\n"), len(before) - before.rfind("\n")
        place = f"line {line + 1}, column {column}" if "\n" in self.text else f"column {column}"
        return BadSpec(f"{place}: {said}")

    def match(self, pattern: str) -> re.Match[str] | None:
        """Return the match of a pattern here, behind blanks, and go behind it."""
        blank = r"\s*" if self.depth else r"[^\S\n]*"
        found = re.compile(f"{blank}(?:{pattern})").match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found

    def word(self) -> str:
        """Return the name that stands here, or nothing."""
        found = self.match(r"([^\W\d]\w*)")
        return found[1] if found else ""

    def need(self, *signs: str) -> str:
        """Go behind one of the signs, of which one must stand here, and return it."""
        found = self.match("|".join(map(re.escape, signs)))
        if not found:
            self.match("")
            here = f'"{self.text[self.at]}"' if self.at < len(self.text) else "the end"
            raise self.wrong(f"found {here}, expected {' or '.join(signs)}")
        return found[0].strip()

    def spec(self) -> Spec:
        """Return what the whole text says."""
        if len(self.text) > LONGEST:
            raise self.wrong(f"a spec has at most {LONGEST} characters, not {len(self.text)}", 0)
        arguments: list[Argument] = []
        conditions: dict[str, int] = {}
        starts: dict[str, int] = {}
        self.match(r"[\s,;]*")
        while self.at < len(self.text):
            start = self.at
            if self.match(r"[^\W\d]\w*\s*:"):
                name = self.text[start : self.at - 1].strip()
                if name in starts:
                    raise self.wrong(f"there are two arguments {name}", start)
                starts[name] = start
                arguments.append(Argument(name, self.tree(name)))
            else:
                conditions[self.condition()] = start
            if not self.match(r"([,;\n]\s*)+") and self.match("") and self.at < len(self.text):
                found = self.text[self.at]
                kinds = "; what entries obey is a kind, such as positive[n] or unit[n]"
                told = f'found "{found}", expected a comma before another entry'
                raise self.wrong(told + kinds * (found in "<>"))
        if not arguments:
            raise self.wrong("there is no argument; one is written X: [n,d]", 0)
        spec = Spec(tuple(arguments), tuple(conditions))
        self.check(spec, starts, conditions)
        return spec

    def check(self, spec: Spec, starts: dict[str, int], conditions: dict[str, int]) -> None:
        """Refuse what no input can obey."""
        for name in spec.size_names:
            if name in starts:
                only = f"only an option such as {name}: 1..3 can be both"
                sign = f"what its entries are is a kind, such as {name}: positive[n]"
                said = f"{name} is an argument and a size; {only}, and {sign}"
                raise self.wrong(said, starts[name])
        if len(spec.size_names) > NAMES:
            raise self.wrong(f"there are more than {NAMES} named sizes", 0)
        for condition, at in conditions.items():
            texts = [one for leaf in spec.leaves for one in leaf.sizes]
            texts += [one for one in conditions if one != condition]
            names = expressions.names(condition)
            if not any(set(names) & set(expressions.names(one)) for one in texts):
                raise self.wrong(f"nothing has a size of {condition.replace('==', '=')}", at)
        sizes = spec.sized({})
        if sizes is None:
            at = min(conditions.values(), default=0)
            raise self.wrong("no sizes were found that meet all conditions; leave one out", at)
        for leaf in spec.leaves:
            entries = math.prod(leaf.shape_at(sizes))
            if entries > MOST:
                at = starts[leaf.path.partition("[")[0]]
                raise self.wrong(f"{leaf.path} has {entries} entries, more than {MOST}", at)

    def condition(self) -> str:
        """Return the condition that ends before the next comma."""
        start = self.at
        found = self.match(r"[^,;\n]*")
        shown = found[0].strip() if found else ""
        if other := re.match(r"([^\W\d]\w*)\s*[\[{(]", shown):
            raise self.wrong(f"a colon is missing behind {other[1]}", start)
        if not re.search("[<>=]", shown):
            either = "neither an argument such as X: [n,d] nor a condition such as n >= 2"
            raise self.wrong(f'"{shown}" is {either}', start)
        return self.canonical(shown, start, condition=True)

    def canonical(self, text: str, at: int, *, condition: bool = False) -> str:
        """Return an expression in its one spelling."""
        try:
            return expressions.canonical(text, condition=condition)
        except ValueError as error:
            raise self.wrong(str(error), at) from None

    def size(self) -> str:
        """Return the expression that ends before a comma or the next closing bracket."""
        self.match("")
        start, depth = self.at, 0
        while self.at < len(self.text) and (depth or self.text[self.at] not in ",;\n])}"):
            depth += {"(": 1, ")": -1}.get(self.text[self.at], 0)
            self.at += 1
        return self.canonical(self.text[start : self.at], start)

    def shape(self) -> tuple[str, ...]:
        """Return the sizes up to the closing bracket; the opening one is behind."""
        self.depth += 1
        sizes: list[str] = []
        closed = self.match(r"\]") is not None
        while not closed:
            sizes.append(self.size())
            closed = self.need(",", "]") == "]"
        self.depth -= 1
        return tuple(sizes)

    def tree(self, path: str) -> Tree:
        """Return what one argument is, or a part of it."""
        self.match("")
        start = self.at
        opened = self.match(r"(list\s*\(|\(|\{)")
        if not opened:
            return self.leaf(path)
        if self.depth == DEEPEST:
            raise self.wrong(f"more than {DEEPEST} brackets are inside each other", start)
        self.depth += 1
        form = {"{": "dict", "(": "tuple"}.get(opened[1], "list")
        keyed = re.compile(r"\s*(\w+|'[^']*'|\"[^\"]*\")\s*:").match(self.text, self.at)
        if form == "dict" and not keyed:
            return self.options(path)
        items: list[tuple[Any, Tree]] = []
        close = "}" if form == "dict" else ")"
        while not self.match(re.escape(close)):
            key = self.key() if form == "dict" else None
            place = len(items) if key is None else key
            items.append((key, self.tree(f"{path}[{place!r}]")))
            if self.need(",", close) == close:
                break
        if not items:
            raise self.wrong(f"there is nothing in this {form}", start)
        if form == "dict" and len(dict(items)) < len(items):
            raise self.wrong("there is a key twice", start)
        self.depth -= 1
        return Branch(form, tuple(items))

    def key(self) -> Any:
        """Return a key of a dict, and go behind its colon."""
        start = self.at
        if name := self.word():
            self.need(":")
            return name
        found = self.match(r"('[^'\\\n]*'|\"[^\"\\\n]*\"|\d{1,9})\s*:")
        if not found:
            raise self.wrong("a key is a name, a text in quotes or a whole number", start)
        return self.constant(found[1], start)

    def constant(self, text: str, at: int) -> Any:
        """Return the value of a Python literal."""
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError):
            raise self.wrong(f"{text} cannot be read; a text has quotes", at) from None

    def options(self, path: str) -> Leaf:
        """Return an option of those in braces; the opening one is behind."""
        choices: list[Any] = []
        while True:
            self.match("")
            start = self.at
            found = self.match(r"('[^'\\\n]*'|\"[^\"\\\n]*\"|[-\w.+]{1,40})")
            if not found:
                raise self.wrong('options are written {"mean", "sum"}', start)
            one = self.constant(found[1], start)
            if any(type(one) is type(other) and one == other for other in choices):
                raise self.wrong(f"{found[1]} stands there twice", start)
            choices.append(one)
            if self.need(",", "}") == "}":
                self.depth -= 1
                return Leaf(path, "option", choices=tuple(choices))

    def leaf(self, path: str) -> Leaf:
        """Return an array, a number or a range."""
        start = self.at
        if found := self.match(r"(-?\d{1,9})\s*\.\.\s*(-?\d{1,9})"):
            first, last = int(found[1]), int(found[2])
            if not 0 <= last - first < 1000:
                raise self.wrong("a range goes up, by less than 1000, as in 1..3", start)
            return Leaf(path, "option", choices=tuple(range(first, last + 1)))
        words: list[str] = []
        dtype = kind = ""
        while self.match("") and (word := self.word()):
            place = self.at - len(word)
            if word in NAMED and not dtype:
                dtype = word
            elif word in KINDS and not kind:
                kind = word
            elif word == "packed" and not kind:
                return self.packed(path, dtype)
            elif word != "list" or words:
                said = "stands there twice" if word in words else "is no kind of array"
                if len(word) == 1:  # as in X: n,d
                    raise self.wrong(f"sizes stand in brackets: {path}: [{word}]", place)
                known = ", ".join((*KINDS, *NAMED[:2]))
                hint = nearest(word, [*KINDS, *NAMED, "list", "packed"]) or f"; known are {known}"
                raise self.wrong(f'"{word}" {said}{hint}', place)
            words.append(word)
        bracket = self.match(r"\[")
        if not (words or bracket):
            raise self.wrong(f"what {path} is, is missing, such as [n,d] or positive", start)
        kind = kind or (kind_of(dtype) if dtype else "float")
        leaf = Leaf(
            path,
            kind,
            self.shape() if bracket else (),
            self.dtype(kind, dtype, start),
            self.size() if self.match("<") else "",
            (False, True) if kind == "bool" and not bracket else (),
            as_list="list" in words,
        )
        self.check_leaf(leaf, start)
        return leaf

    def dtype(self, kind: str, dtype: str, at: int) -> str:
        """Return the dtype of a kind, of which one may have been asked for."""
        if kind == "complex":
            return {"": "complex128", "float32": "complex64"}.get(dtype, dtype)
        usual = DTYPES.get(kind, "float64")
        family = kind_of(dtype or usual)
        if family != kind_of(usual) and (family, kind in FIXED - {"int", "bool"}) != ("int", True):
            raise self.wrong(f"{kind} cannot be of {dtype}", at)
        return dtype or usual

    def check_leaf(self, leaf: Leaf, at: int) -> None:
        """Refuse a kind that lacks its axes, or has what is of another."""
        axes, shape = AXES.get(leaf.kind, 0), leaf.shape
        if leaf.below and leaf.kind != "int":
            raise self.wrong(f"only int has a bound, not {leaf.kind}", at)
        if leaf.as_list and not shape:
            raise self.wrong("a list has sizes: list[n]", at)
        if len(shape) < axes or (axes == 2 and shape[-1] != shape[-2]):
            said = f"{leaf.kind}[n]" if axes == 1 else f"two equal sizes: {leaf.kind}[n,n]"
            raise self.wrong(f"{leaf.kind} needs {said}", at)

    def packed(self, path: str, dtype: str) -> Leaf:
        """Return the vector of the parts in brackets."""
        start = self.at
        self.need("(")
        self.depth += 1
        parts: list[tuple[str, tuple[str, ...]]] = []
        while not parts or self.need(",", ")") == ",":
            name = self.word()
            self.need("[")
            parts.append((name, self.shape()))
        self.depth -= 1
        if not all(name for name, _ in parts) or len(dict(parts)) < len(parts):
            raise self.wrong("each part of a packed vector has a name of its own", start)
        if len(parts) > PARTS:
            raise self.wrong(f"a packed vector has at most {PARTS} parts, not {len(parts)}", start)
        products = (" * ".join(f"({one})" for one in shape) or "1" for _, shape in parts)
        total = expressions.canonical(" + ".join(products), longest=2 * LONGEST)
        return Leaf(
            path, shape=(total,), dtype=self.dtype("float", dtype, start), parts=tuple(parts)
        )
