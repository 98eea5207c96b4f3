"""Random formulas of Question 1 that have a value: built by the shape that they are to have."""

from collections.abc import Mapping

from hypothesis import strategies as st

SIZES = {"N": 3, "A": 2, "H": 4}
N, A, H = SIZES.values()
SHAPES: Mapping[str, tuple[int, ...]] = {
    "X": (N, A), "W1": (A, H), "z": (N, H), "h": (N, H), "b1": (H,), "w2": (H,),
    "t": (N,), "y": (N,), "e": (N,),
}  # fmt: skip
LENGTHS = st.sampled_from((N, A, H))


@st.composite
def formulas(draw: st.DrawFn, shape: tuple[int, ...], depth: int) -> str:
    """Draw the text of a formula of a shape, with so many signs within signs."""
    return _drawn(draw, shape, depth, {})


@st.composite
def formulas_of_an_entry(draw: st.DrawFn, depth: int) -> str:
    """Draw the text of a number that may depend on the free indices a and j."""
    return _drawn(draw, (), depth, {"a": A, "j": H})


def _drawn(draw: st.DrawFn, shape: tuple[int, ...], depth: int, bound: Mapping[str, int]) -> str:
    def some(shape: tuple[int, ...], bound: Mapping[str, int] = bound) -> str:
        return _drawn(draw, shape, depth - 1, bound)

    def pick(*options: str) -> str:
        return draw(st.sampled_from(options))

    if depth == 0:
        return _leaf(draw, shape, bound)
    match draw(st.sampled_from(("leaf", "sign", "scaled", "minus", "square", "bit", *["own"] * 4))):
        case "leaf":
            return _leaf(draw, shape, bound)
        case "sign":
            return f"({some(shape)}) {pick('+', '-', '*', '/')} ({some(shape)})"
        case "scaled":
            return f"({some(())}) * ({some(shape)})" if draw(st.booleans()) else (
                f"({some(shape)}) / ({some(())})"
            )  # fmt: skip
        case "minus":
            return f"-({some(shape)})"
        case "square":
            return f"({some(shape)})**{pick('2', '3')}"
        case "bit":
            return f"({some(shape)} {pick('<', '>', '==')} {some(shape)})"
    middle = draw(LENGTHS)
    match len(shape), draw(st.booleans()):
        case 0, True:
            index = pick(*(letter for letter in "kmqr" if letter not in bound))
            over = pick(*SIZES)
            return f"sum({some((), {**bound, index: SIZES[over]})} for {index} in {over})"
        case 0, False:
            whole = draw(st.sampled_from(((N,), (H,), (N, H))))
            entry = ",".join(str(draw(st.sampled_from(range(size)))) for size in whole)
            return pick(
                f"sum({some(whole)})",
                f"({some((middle,))}) @ ({some((middle,))})",
                f"({some(whole)})[{entry}]",
                f"exp({some(())} / 9)",
                f"log(1 + abs({some(())}))",
                f"relu({some(())})",
                f"{pick('tanh', 'sigmoid', 'sin', 'erf', 'sign')}({some(())})",
                f"{pick('max', 'min')}({some(())}, {some(())})",
                f"norm({some(whole)})",
                f"(1 + abs({some(())}))**{pick('(1/2)', '1.5', '(-2/3)')}",
            )
        case 1, True:
            return f"({some((*shape, middle))}) @ ({some((middle,))})"
        case 1, False:
            return pick(
                f"({some((middle,))}) @ ({some((middle, *shape))})",
                f"sum({some((middle, *shape))}, axis=0)",
                f"sum({some((*shape, middle))}, axis=1)",
            )
        case _, True:
            return f"({some((shape[0], middle))}) @ ({some((middle, shape[1]))})"
    return pick(
        f"outer({some(shape[:1])}, {some(shape[1:])})",
        f"({some(shape[::-1])}).T",
        f"({some(shape)}) + ({some(shape[1:])})",
    )


def _leaf(draw: st.DrawFn, shape: tuple[int, ...], bound: Mapping[str, int]) -> str:
    whole = [name for name, one in SHAPES.items() if one == shape]
    if whole:
        return draw(st.sampled_from(whole))
    if len(shape) == 1:
        return f"X[{draw(st.sampled_from(range(N)))}]"
    if len(shape) == 2:
        return f"outer({_leaf(draw, shape[:1], bound)}, {_leaf(draw, shape[1:], bound)})"
    name = draw(st.sampled_from(("2", "0.5", "b2", "n", *bound, *SHAPES)))
    if name not in SHAPES:
        return name
    chosen = (
        draw(st.sampled_from((*range(size), *(one for one in bound if bound[one] == size))))
        for size in SHAPES[name]
    )
    return f"{name}[{','.join(map(str, chosen))}]"
