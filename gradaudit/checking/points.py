"""A pair at one input: slopes of a number along a line, by the function and by the derivative.

A function of arrays and its vector-Jacobian product become a number by a random cotangent u: the
sum of u times the values, whose gradient the product says. So do a Jacobian, by its transpose times
u, and a Jacobian-vector product, whose values times u are the slope along a direction.
"""

import math
import time
import warnings
import zlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

import numpy as np

from gradaudit.checking.charts import Array, Atlas, chart_of
from gradaudit.checking.compared import UNIT, signs
from gradaudit.checking.lines import Line, NoValue, Raised
from gradaudit.checking.pairs import Pair
from gradaudit.checking.refusals import BadCall, Fault, NotOffered
from gradaudit.checking.trees import as_array, copies, flat, form_of, in_tree

IMAGINARY = 2.0**-80  # the length of a complex step
UNBOUNDED = {"float", "complex", "symmetric", "orthogonal"}  # kinds without an edge
LARGEST = 2.0**1000  # of a value
SAME = 2.0**-30  # of two values at one input: threads add in another order, and much may cancel
HEAD = 1024  # entries of an array from which random directions are drawn
NEARBY = 8  # how many roundings off an input is that cannot be told from another
KEPT = 2**12  # coordinates of a point, up to which what several directions ask for is kept


@dataclass
class Input:
    """A pair at one input: the point that the ladder climbs at.

    analytic: a complex step may be tried. extended: long double may be. oracle: what the imaginary
    step is called. unit, least: the rounding unit of the gradient, and the least number of its
    precision. here: the value of f. magnitude: the size of its terms. Raises NoValue where f has
    none, and Fault where the derivative breaks its contract.
    """

    pair: Pair
    args: tuple[Any, ...]
    evaluations: int = 0
    calls: int = 0
    analytic: bool = True
    extended: bool = True
    on_stairs: bool = False
    started: float = field(default_factory=time.monotonic)
    cotangent: list[Any] | None = None

    def __post_init__(self) -> None:
        pair = self.pair
        self.leaves = pair.spec.flatten(self.args)
        if pair.unit:
            self.leaves = [_rounded(leaf, pair.unit) for leaf in self.leaves]
            self.args = pair.spec.rebuild(self.leaves)
        state = pair.seed
        for leaf in self.leaves:
            head = np.ascontiguousarray(leaf).reshape(-1)[:HEAD]
            state = zlib.crc32(head.data, state)
        self._state = state
        self.atlas = Atlas([chart_of(pair.spec.leaves[i].kind, self.leaves[i]) for i in pair.moved])
        self.oracle = "complex step" if pair.own is None else "automatic derivative"
        dtypes = [np.asarray(self.leaves[i]).dtype for i in pair.moved]
        precisions = [np.finfo(one if one.kind in "fc" else np.float64) for one in dtypes]
        self.unit = max(float(one.eps) / 2 for one in precisions)
        self.least = max(float(one.smallest_subnormal) for one in precisions)
        if any(pair.spec.leaves[i].kind == "complex" for i in pair.moved):
            self.analytic = self.extended = False
        self.still = np.zeros(self.atlas.size)
        self.here = math.nan
        self.magnitude = 0.0
        self.here = float(self.value(self.still, 0.0))
        self.magnitude = max(self.magnitude, abs(self.here))
        if not math.isfinite(self.here):
            raise NoValue(f"f is {self.here}")
        if abs(self.here) > LARGEST:
            raise NoValue(f"f is {self.here:.1g}, so that slopes may be beyond all numbers")
        if self.here in pair.flat:
            raise NoValue("the value is clipped")
        self.slopes: Array | None = None
        self._kept: dict[Hashable, Any] = {}

    def _once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what is made, the second time without making it: large arrays are not kept."""
        if key in self._kept:
            return self._kept[key]
        made = make()
        if self.atlas.size <= KEPT:
            self._kept[key] = made
        return made

    # Of many points no more is asked than what f and its derivative are there.

    @cached_property
    def random(self) -> np.random.Generator:
        """What directions are drawn from."""
        return np.random.default_rng(self._state)

    @cached_property
    def scales(self) -> Array:
        """How far each coordinate may be moved."""
        return np.concatenate([chart.scales() for chart in self.atlas.charts])

    @cached_property
    def wide(self) -> Array:
        """The same, so that none is far less than the others."""
        return np.concatenate([chart.wide() for chart in self.atlas.charts])

    @cached_property
    def free(self) -> Array:
        """Whether each coordinate may be moved as far as one likes."""
        sizes = [chart.size for chart in self.atlas.charts]
        return np.repeat([chart.kind in UNBOUNDED for chart in self.atlas.charts], sizes)

    @cached_property
    def inward(self) -> Array | None:
        """Moves away from the edge of the domain, None where the input does not lie on it."""
        if self.scales.all():
            return None
        return np.concatenate([chart.inward() for chart in self.atlas.charts])

    @property
    def is_free(self) -> bool:
        """Tell whether all arrays may move as far as they like."""
        return all(chart.kind == "float" for chart in self.atlas.charts)

    @cached_property
    def largest(self) -> float:
        """The size of the largest number among the arguments."""
        floats = [x for x in map(np.asarray, self.leaves) if x.dtype.kind in "fc"]
        return max((float(np.abs(x).max(initial=0.0)) for x in floats), default=0.0)

    @cached_property
    def keeps_long_double(self) -> bool:
        """Whether f answers to moves in long double that no float64 can hold.

        What is returned in long double may have been computed in float64 on the way.
        """
        # By moves that add up, so that f changes as much as it can.
        up = signs(self.random, self.atlas.size) if self.slopes is None else np.sign(self.slopes)
        line = Line(lambda t: self.value(up * self.scales, t, extended=True))
        return any(line(t) != line(0.0) for t in (2.0**-56, -(2.0**-56), 3 * 2.0**-57))

    # ---------------------------------------------------------------- the function

    def moved(self, move: Array, t: Any, extended: bool = False) -> tuple[Any, ...]:
        """Return the arguments at t times a move, in double precision or wider, or complex."""
        step = np.longdouble(t) if extended else t
        return self._with_moving(self.leaves, self.atlas.at(move, step))

    def value(self, move: Array, t: float, extended: bool = False) -> Any:
        """Return the function at t times a move. Raises NoValue, and BadCall if it changes."""
        if t and self.inward is not None and (t * move * self.inward < 0).any():
            raise NoValue("it would leave the domain")
        number = self._number(self.moved(move, t, extended))
        if isinstance(number, np.complexfloating):
            if complex(number).imag:
                raise NoValue("f is complex")
            number = number.real
        again = float(number) if t == 0 and not extended else self.here
        if abs(again - self.here) > SAME * max(abs(again), abs(self.here)):
            raise BadCall(
                f"f gives {self.here:.12g} and {again:.12g} at the same input: pass a seed to it"
            )
        return number

    def imaginary(self, move: Array, t: float = 0.0) -> float:
        """Return the slope along a move, at t times it, by an oracle of its own. Raises NoValue."""
        if self.pair.own is not None:
            return self._own(move, t)
        if not self.analytic:
            raise NoValue("f does not take complex numbers")
        args = self.moved(move, complex(t, IMAGINARY))
        try:
            number = self._number(args, whole=True)
        except np.exceptions.ComplexWarning as lost:
            self.analytic = False
            raise NoValue("f drops the imaginary part") from lost
        except NoValue:
            self.analytic = t != 0
            raise
        if not np.iscomplexobj(number):
            self.analytic = False
            raise NoValue("f drops the imaginary part")
        if t == 0 and abs(float(np.real(number)) - self.here) > 1e-9 * abs(self.here):
            self.value(self.still, 0.0)
            self.analytic = False
            raise NoValue("f has another value for complex numbers")
        slope = float(np.imag(number)) / IMAGINARY
        if not math.isfinite(slope):
            raise NoValue("the complex step is not finite")
        return slope

    def _own(self, move: Array, t: float) -> float:
        assert self.pair.own is not None
        try:
            out = self.pair.own(self.moved(move, t), self._tangents(move))
        except (BadCall, NoValue):
            raise
        except Exception as error:
            raise NoValue(f"its own derivative raises {type(error).__name__}: {error}") from error
        leaves = [as_array(leaf) for leaf in flat(out)]
        return float(leaves[0] if self.pair.kind == "gradient" else self._weighed(leaves))

    def entry(self, leaf: int, index: tuple[int, ...]) -> str:
        """Return how the derivative by an entry of a leaf is told: `dw[0,2]`."""
        return f"d{self.pair.spec.leaves[leaf].entry(index, self.pair.spec.sizes(self.args))}"

    def _tangents(self, move: Array) -> tuple[Any, ...]:
        """Return the tangents of all arguments, 0 for what does not move."""
        zeros = [np.zeros(np.shape(leaf)) for leaf in self.leaves]
        return self._with_moving(zeros, self.atlas.tangent(move))

    def _with_moving(self, leaves: Sequence[Any], moving: Sequence[Array]) -> tuple[Any, ...]:
        """Return arguments of leaves, with others for those that move."""
        leaves = list(leaves)
        for i, x in zip(self.pair.moved, moving, strict=True):
            leaves[i] = x[()] if x.ndim == 0 else x
        return self.pair.spec.rebuild(leaves)

    def _number(self, args: tuple[Any, ...], whole: bool = False) -> Any:
        """Return the number that f is here: its value, or its values times the cotangent.

        whole: raises ComplexWarning where a part of a complex number is dropped on the way.
        """
        self.evaluations += 1
        self._in_time()
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                if whole:  # a kind of RuntimeWarning, which is asked for first what comes last
                    warnings.simplefilter("error", np.exceptions.ComplexWarning)
                out = self.pair.f(*self.pair.of(args))
        except self.pair.no_answer as none:
            raise NoValue(f"f has no answer: {none}") from none
        except (BadCall, np.exceptions.ComplexWarning):
            raise
        except Exception as error:
            raise Raised(f"f raises {type(error).__name__}", _first_line(error)) from error
        if self.pair.is_none is not None and self.pair.is_none(out):
            raise NoValue("f has no answer, as what it returns tells")
        leaves = [as_array(leaf) for leaf in flat(out)]
        if self.pair.kind != "gradient":
            if any(leaf.dtype.kind not in "fciub" for leaf in leaves):
                raise BadCall(f"f returns {form_of(out)}: an array of numbers is wanted")
            return self._weighed(leaves)
        if len(leaves) != 1 or leaves[0].size != 1:
            raise BadCall(
                f"f returns {form_of(out)}: a gradient is that of one number; "
                "for arrays use check_vjp, check_jvp or check_jacobian"
            )
        number = leaves[0].reshape(())[()]
        if not isinstance(number, np.number):
            raise BadCall(f"f returns {form_of(out)}: a number is wanted")
        return number.astype(np.float64) if number.dtype.kind in "iu" else number

    def _weighed(self, leaves: list[Any]) -> Any:
        if self.cotangent is None:
            self.cotangent = [_weights(self.random, leaf.shape) for leaf in leaves]
            if any(np.iscomplexobj(leaf) for leaf in leaves):
                self.analytic = self.extended = False
            self._in_the_precision_of_values()
        if [leaf.shape for leaf in leaves] != [u.shape for u in self.cotangent]:
            raise NoValue("the shape of the values changes beside this input")
        total = sum((u * leaf).sum() for u, leaf in zip(self.cotangent, leaves, strict=True))
        if math.isnan(self.here):  # at the input itself
            sizes = zip(self.cotangent, leaves, strict=True)
            self.magnitude = float(sum(np.abs(u * leaf).sum() for u, leaf in sizes))
        complex_out = not self.analytic and np.iscomplexobj(total)
        return total.real if complex_out else total

    def _in_the_precision_of_values(self) -> None:
        """Give the cotangent the dtypes that f returns at inputs of a short precision."""
        if (values := self._short_values()) and self.cotangent is not None:
            dtypes = [np.asarray(one).dtype for one in values]
            self.cotangent = [
                u.astype(dtype) if dtype.kind == "f" else u
                for u, dtype in zip(self.cotangent, dtypes, strict=True)
            ]

    def _is_finite_as_it_is(self) -> None:
        """Raise NoValue where f is finite in double precision, and not in that of the input."""
        if not all(np.isfinite(as_array(one)).all() for one in self._short_values()):
            raise NoValue("f overflows in the precision of the input")

    def _short_values(self) -> list[Any]:
        """Return what f gives in the short precision of the input, nothing in that of float64."""
        if self.unit != UNIT:
            with np.errstate(all="ignore"), suppress(Exception):  # then it has none to look at
                return flat(self.pair.f(*self.pair.of(copies(self.args))))
        return []

    def _fits_its_precision(self) -> None:
        """Raise NoValue where a slope is finite, and too large for the precision of the input."""
        if self.unit == UNIT or self.pair.kind not in {"gradient", "vjp"}:
            return
        wide = self.pair.spec.rebuild([_as(np.float64, leaf) for leaf in self.leaves])
        weights = [_as(np.float64, u) for u in copies(self.cotangent) or []]
        slopes: list[Any] = []
        with np.errstate(all="ignore"), suppress(Exception):  # then there are none to look at
            slopes = [np.asarray(g, np.float64) for g in self.gradient(wide, weights)]
        for i, g in zip(self.pair.moved, slopes, strict=False):
            most = float(np.finfo(np.asarray(self.leaves[i]).dtype).max)
            if np.isfinite(g).all() and np.abs(g).max(initial=0.0) > most:
                raise NoValue("a slope overflows in the precision of the input")

    def _in_time(self) -> None:
        if self.pair.seconds is not None and time.monotonic() - self.started > self.pair.seconds:
            raise NoValue(f"it took more than {self.pair.seconds:g} s")

    # ---------------------------------------------------------------- the derivative

    def said(self, move: Array) -> tuple[float, float]:
        """Return the slope along a move that the gradient says, and the sum of its terms' sizes."""
        if self.pair.kind == "jvp":
            return self._said_jvp(self.args, move)
        if self.slopes is None:
            self.slopes = self.atlas.slopes(self.checked(self.gradient(self.args)))
        terms = _terms(self.slopes, move)
        return float(terms.sum()), float(np.abs(terms, out=terms).sum())

    def said_at(self, move: Array, aside: Array, t: float) -> float:
        """Return the same at t times `aside`, nan where the gradient says nothing there."""
        try:
            slopes = self.slopes_at(aside, t)
            if slopes is None:
                return self._said_jvp(self._narrow(self.moved(aside, t)), move)[0]
            return float(_terms(slopes, move).sum())
        except NoValue:
            return math.nan

    def slopes_at(self, aside: Array, t: float) -> Array | None:
        """Return the slopes along all coordinates that it says there, None where it says none."""
        if self.pair.kind == "jvp":
            return None
        return self._slopes(self._narrow(self.moved(aside, t)))

    def _slopes(self, args: tuple[Any, ...]) -> Array:
        try:
            return self.atlas.slopes(self.checked(self.gradient(args)))
        except Fault as fault:
            raise NoValue(str(fault)) from fault

    def said_of_other_data(self, move: Array, near: float, which: int) -> float:
        """Return the same where the arguments that stay are off by about that share of them.

        which: in one of several directions.
        """

        def args() -> tuple[Any, ...]:
            return self._with_other_data(self.args, near, which)

        try:
            if self.pair.kind == "jvp":
                return self._said_jvp(args(), move)[0]
            slopes = self._once((near, which), lambda: self._slopes(args()))
            return float(_terms(slopes, move).sum())
        except NoValue:
            return math.nan

    def lost(self) -> float:
        """Return by how much the value of f is another in long double. Raises NoValue."""
        leaves = [_as(np.longdouble, leaf) for leaf in self.leaves]
        return abs(float(self._number(self.pair.spec.rebuild(leaves)).real) - self.here)

    def said_wider(self, move: Array) -> float:
        """Return what the gradient says in a longer precision, in which it has fewer roundings.

        Raises NoValue where it does not compute in one.
        """
        wider = np.longdouble if self.unit == UNIT else np.float64
        if self.pair.kind not in {"gradient", "vjp"}:
            raise NoValue("it is no array of slopes")
        args = self.pair.spec.rebuild([_as(wider, leaf) for leaf in self.leaves])
        try:
            cotangent = [_as(wider, u) for u in copies(self.cotangent) or []]
            gradients = self.gradient(args, cotangent)
            found = [np.asarray(g) for g in gradients]
            slopes = self.atlas.slopes(found)
            if any(g.dtype != wider for g in found) or slopes.shape != move.shape:
                raise NoValue("the gradient is not computed in a longer precision")
            return float(_terms(slopes, move).sum())
        except (NoValue, Fault, NotOffered):
            raise NoValue("the gradient has no value in a longer precision") from None
        except Exception as error:
            raise NoValue(f"the gradient raises {type(error).__name__}") from error

    def nearby(self, which: int) -> "Input":
        """Return the pair at an input that roundings tell not apart. Raises NoValue, Fault."""
        aside = signs(np.random.default_rng(which), self.atlas.size) * self.scales
        args = self._narrow(self.moved(aside, NEARBY * self.unit))
        return replace(self, args=self._with_other_data(args, NEARBY * self.unit, which))

    def beside(self, t: float) -> "Input":
        """Return the pair at an input of which all arguments are off. Raises NoValue, Fault.

        Those that stay, too, and by as much where they are 0, as numbers of size one on the way.
        """
        return cast(Input, self._once(t, lambda: self._beside(t)))

    def _beside(self, t: float) -> "Input":
        aside = signs(np.random.default_rng(0), self.atlas.size) * self.scales
        leaves = self.pair.spec.flatten(self._with_other_data(self.moved(aside, t), t, 0))
        random = np.random.default_rng(1)
        for i, leaf in enumerate(self.pair.spec.leaves):
            x = np.asarray(leaves[i])
            if i not in self.pair.moved and leaf.kind == "float" and x.dtype.kind == "f":
                leaves[i] = (x + t * (1 + random.random(x.shape)))[()]
        return replace(self, args=self.pair.spec.rebuild(leaves))

    def _with_other_data(self, args: tuple[Any, ...], near: float, which: int) -> tuple[Any, ...]:
        """Return arguments of which those that stay are off by about that share of them."""
        leaves = self.pair.spec.flatten(args)
        random = np.random.default_rng(which)  # which leaves that of the directions as it is
        for i, leaf in enumerate(self.pair.spec.leaves):
            x = np.asarray(leaves[i])
            if i in self.pair.moved or not leaf.moves or x.dtype.kind not in "fc":
                continue
            less = 1 - near * (1 + random.random(x.shape))  # towards 0, and so in the domain
            if leaf.kind in {"spd", "symmetric"}:
                less = (less + np.swapaxes(less, -1, -2)) / 2
            other = (x * less).astype(x.dtype)
            leaves[i] = other if x.ndim else other[()]
        return self.pair.spec.rebuild(leaves)

    def _narrow(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return arguments in the precision of the input."""
        leaves, moving = self.pair.spec.flatten(args), []
        for i in self.pair.moved:
            narrow = np.asarray(leaves[i]).astype(np.asarray(self.leaves[i]).dtype)
            moving.append(
                np.asarray(_rounded(narrow, self.pair.unit)) if self.pair.unit else narrow
            )
        return self._with_moving(leaves, moving)

    def call(
        self, *more: Any, args: tuple[Any, ...], function: Callable[..., Any] | None = None
    ) -> Any:
        """Call the derivative, or another. Raises NotOffered, and Fault where it raises."""
        self.calls += 1
        self._in_time()
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                return (function or self.pair.derivative)(*self.pair.of(args), *more)
        except NotImplementedError as none:
            raise NotOffered(str(none) or "NotImplementedError") from none
        except self.pair.no_answer as none:
            raise NoValue(f"the gradient has no answer: {none}") from none
        except (Fault, NoValue):
            raise
        except Exception as error:
            said = _first_line(error)
            text = f"the gradient raises {type(error).__name__}: {said}; f does not"
            raise Fault("a value", text) from error

    def gradient(self, args: tuple[Any, ...], cotangent: Sequence[Any] | None = None) -> list[Any]:
        """Return the gradients as they come, one for each leaf that moves."""
        weights = copies(self.cotangent) if cotangent is None else list(cotangent)
        if self.pair.kind == "gradient":
            return self._by_leaf(self.call(args=args))
        assert weights is not None
        if self.pair.kind == "vjp":
            like_values = weights[0] if len(weights) == 1 else tuple(weights)
            return self._by_leaf(self.call(like_values, args=args))
        return self.weighed(self.jacobians(args), weights)

    def weighed(self, jacobians: Sequence[Any], weights: Sequence[Any]) -> list[Any]:
        """Return the products of transposed Jacobians, or of slopes, with a cotangent."""
        if self.pair.kind == "elementwise":
            return [np.asarray(slopes) * weights[0] for slopes in jacobians]
        return [
            self._transposed(jacobian, i, weights)
            for jacobian, i in zip(jacobians, self.pair.moved, strict=True)
        ]

    def _by_leaf(self, out: Any) -> list[Any]:
        if out is None:
            raise NotOffered("it returns None")
        wanted = self.pair.moving
        names = [argument.name for argument in wanted]
        if isinstance(out, Mapping) and len(wanted) > 1 and set(out) == set(names):
            out = [out[name] for name in names]
        elif len(wanted) == 1 and not (isinstance(out, tuple) and len(out) == 1):
            out = (out,)
        if not isinstance(out, tuple | list):
            out = (out,)
        if len(out) != len(wanted):
            raise Fault(
                "the form",
                f"the gradient has {len(out)} {'result' if len(out) == 1 else 'results'}, and "
                f"{len(wanted)} are wanted: {', '.join(f'd{name}' for name in names)}",
            )
        by_path = {
            leaf.path: value
            for argument, result in zip(wanted, out, strict=True)
            for leaf, value in in_tree(argument.tree, result, f"d{argument.name}")
        }
        values = [by_path[self.pair.spec.leaves[i].path] for i in self.pair.moved]
        for name, value in zip(self.pair.names(), values, strict=True):
            if value is None:
                raise NotOffered(f"{name} is None")
        return values

    def _transposed(self, jacobian: Any, i: int, weights: Sequence[Any]) -> Array:
        u = np.concatenate([np.reshape(w, -1) for w in weights])
        shape = np.shape(self.leaves[i])
        size = math.prod(shape)
        found = jacobian.shape if hasattr(jacobian, "shape") else as_array(jacobian).shape
        allowed = {(len(u), size), (*np.shape(weights[0]), *shape)}
        if len(u) == 1:
            allowed.add(shape)
        if found not in allowed:
            wanted = (len(u), size)
            raise Fault("the form", f"the Jacobian has the shape {found}, {wanted} is wanted")
        if self.pair.symmetric:
            _is_symmetric(jacobian)
        if hasattr(jacobian, "rmatvec"):
            product = jacobian.rmatvec(u)
        elif isinstance(jacobian, np.ndarray | np.number | float | list):
            dense = np.reshape(np.asarray(jacobian), (len(u), size))
            if dense.dtype.kind not in "fciub":
                raise Fault("the form", f"the Jacobian is {form_of(dense)}")
            product = dense.T @ u
        else:
            product = jacobian.T @ u
        return np.asarray(product).reshape(shape)

    def product(
        self, args: tuple[Any, ...], move: Array, function: Callable[..., Any] | None = None
    ) -> Any:
        """Return the product with a tangent, as it comes. Raises Fault."""
        of_moving = {argument.name for argument in self.pair.moving}
        named = zip(self.pair.spec.names, self._tangents(move), strict=True)
        tangents = tuple(tangent for name, tangent in named if name in of_moving)
        given = copies(tangents)
        found = self.call(*given, args=args, function=function)
        if not all(map(np.array_equal, flat(tangents), flat(given))):
            raise Fault("inputs unchanged", "the tangent is changed by the product")
        return found

    def _said_jvp(
        self, args: tuple[Any, ...], move: Array, function: Callable[..., Any] | None = None
    ) -> tuple[float, float]:
        return self._weighed_product(self.product(args, move, function))

    def _weighed_product(self, product: Any) -> tuple[float, float]:
        """Return a product times the cotangent, and the sum of its terms' sizes. Raises Fault."""
        out = [as_array(leaf) for leaf in flat(product)]
        if any(leaf.dtype.kind not in "fciub" for leaf in out):
            raise Fault("the form", "the product is no array of numbers")
        assert self.cotangent is not None
        if [leaf.shape for leaf in out] != [u.shape for u in self.cotangent]:
            found = ", ".join(str(leaf.shape) for leaf in out)
            wanted = ", ".join(str(u.shape) for u in self.cotangent)
            raise Fault("the form", f"the product has the shape {found}, {wanted} is wanted")
        terms = [u * leaf for u, leaf in zip(self.cotangent, out, strict=True)]
        total = float(sum(term.sum() for term in terms))
        if not math.isfinite(total):
            raise Fault("a value", "the product is not finite where f is")
        return total, float(sum(np.abs(term).sum() for term in terms))

    def forward(self, move: Array) -> tuple[float, float] | None:
        """Return the slope along a move by the product the other way, None where none is given.

        As `said`, with which it agrees where the two are adjoint.
        """
        if self.pair.forward is not None:
            return self._said_jvp(self.args, move, self.pair.forward)
        jacobians = self.operators()
        if not jacobians or self.cotangent is None:
            return None  # of a matrix, both are the same entries
        tangents = self.atlas.tangent(move)
        products = [j.matvec(v.reshape(-1)) for j, v in zip(jacobians, tangents, strict=True)]
        return self._weighed_product(np.reshape(sum(products), np.shape(self.cotangent[0])))

    def operators(self) -> list[Any]:
        """Return the Jacobians by all arguments where they are products alone, none elsewhere."""
        if self.pair.kind != "jacobian":
            return []
        jacobians = self.jacobians()
        both = all(hasattr(one, "matvec") and hasattr(one, "rmatvec") for one in jacobians)
        return jacobians if both else []

    def jacobians(self, args: tuple[Any, ...] | None = None) -> list[Any]:
        """Return the Jacobians as they come, one for each leaf that moves."""
        return self._by_leaf(self.call(args=self.args if args is None else args))

    def checked(self, gradients: list[Any]) -> list[Array]:
        """Return gradients as arrays, if shape and dtype are those of the arguments."""
        arrays = []
        for i, name, gradient in zip(self.pair.moved, self.pair.names(), gradients, strict=True):
            x = np.asarray(self.leaves[i])
            g = as_array(gradient)
            if g.dtype.kind not in "fc" and not (g.dtype.kind in "iu" and g.ndim == 0):
                raise Fault(
                    "the form", f"{name}: {form_of(gradient)}; an array of {x.dtype} is wanted"
                )
            if g.shape != x.shape:
                raise Fault("the form", f"{name} has the shape {g.shape}, {x.shape} is wanted")
            if np.iscomplexobj(g) and not np.iscomplexobj(x):
                raise Fault("the form", f"{name} is complex, and the argument is real")
            good = ~np.isnan(g) if self.pair.infinite_slopes else np.isfinite(g)
            if not good.all():
                self._is_finite_as_it_is()
                self._fits_its_precision()
                index = tuple(int(k) for k in np.argwhere(~good)[0])
                entry = self.entry(i, index)
                raise Fault(
                    "a value",
                    f"{entry} is {g[index]}, and f is finite there: {self.here:.6g}",
                    entry=entry,
                )
            arrays.append(np.conj(g) if self.pair.conjugate and np.iscomplexobj(g) else g)
        return arrays


def _terms(slopes: Array, move: Array) -> Array:
    """Return what the slope along a move is the sum of: what stays adds nothing, however steep."""
    with np.errstate(invalid="ignore"):
        terms: Array = slopes * move
    if math.isnan(terms.sum()):
        terms[move == 0] = 0
    return terms


def _is_symmetric(matrix: Any) -> None:
    dense = np.asarray(matrix.todense() if hasattr(matrix, "todense") else matrix)
    if dense.ndim != 2 or dense.shape[0] != dense.shape[1]:
        return
    gap = np.abs(dense - dense.T)
    if gap.max(initial=0) > 2.0**-40 * np.abs(dense).max(initial=0):
        i, j = (int(k) for k in np.unravel_index(int(gap.argmax()), gap.shape))
        raise Fault(
            "symmetric",
            f"the Hessian is not symmetric: [{i},{j}] is {dense[i, j]:.6g}, "
            f"and [{j},{i}] is {dense[j, i]:.6g}",
        )


def _weights(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return a cotangent: of both signs, between one and two, and with all digits."""
    size = math.prod(shape)
    return (random.choice(np.array([-1.0, 1.0]), size) * (1 + random.random(size))).reshape(shape)


def _as(dtype: Any, value: Any) -> Any:
    """Return floats in a precision, and what is none as it is."""
    array = np.asarray(value)
    return array.astype(dtype)[()] if array.dtype.kind == "f" else value


def _rounded(value: Any, unit: float) -> Any:
    """Return floats with as many digits as a rounding unit leaves."""
    array = np.asarray(value)
    if array.dtype.kind != "f":
        return value
    part, power = np.frexp(array)
    return np.ldexp(np.round(part / unit) * unit, power).astype(array.dtype)[()]


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or "…").splitlines()[0]
