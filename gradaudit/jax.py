"""Derivatives in JAX: `gradaudit.jax.check` takes the place of `check_grads`."""

import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, Literal, Unpack

import numpy as np

from gradaudit.checking.asked import Options, by_argument, named, signature_of, spec_of
from gradaudit.checking.checks import check_pair
from gradaudit.checking.lines import NoValue
from gradaudit.checking.pairs import name_of
from gradaudit.checking.refusals import BadCall
from gradaudit.checking.reports import Report
from gradaudit.checking.short import Beside
from gradaudit.checking.specs import Spec

try:
    import jax
    import jax.numpy as jnp
except ImportError as missing:
    raise ImportError("gradaudit.jax needs JAX: pip install 'gradaudit[jax]'") from missing

Array = Any  # of NumPy
CALLS = ("jit", "pjit", "custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr")
INNER = ("call_jaxpr", "fun_jaxpr", "jaxpr")  # where they hold what they compute


def check(
    f: Callable[..., Any],
    *example: Any,
    mode: Literal["rev", "fwd"] = "rev",
    **options: Unpack[Options],
) -> Report:
    """Check what JAX says of a function. Raises WrongGradient, BadCall and BadSpec.

    f: arrays to an array, or to a tree of them. example: its arguments; all that are of floats
    move, unless `wrt` names some. Without one, `inputs` says what they are. mode: by jax.vjp, or by
    jax.jvp. options: see gradaudit.checking.asked.Options, all but `given`.

    f is judged in float64, whatever jax_enable_x64 says, at inputs in the precision of the example,
    in which it owes the same as far as roundings allow, and computes as jax_enable_x64 says.
    """
    if "given" in options:
        raise BadCall("given: a function of arrays makes by itself what it needs")
    if mode not in {"rev", "fwd"}:
        raise BadCall(f"mode: 'rev' or 'fwd', not {mode!r}")
    as_set = bool(jax.config.jax_enable_x64)
    with _double():
        given = options.get("inputs")
        arrays = tuple(jax.tree.map(_plain if given else _wide, one) for one in example)

        def value(*args: Any) -> tuple[Array, ...]:
            return judged.value(*args)

        value.__signature__ = _signature(f, len(example))  # type: ignore[attr-defined]
        spec = spec_of(value, arrays, options)
        judged = _Judged(f, spec, example, options.get("wrt"), as_set)
        options["wrt"] = list(judged.moved)
        options.setdefault("conjugate", True)
        call = ", ".join([name_of(f), *spec.names])
        report = check_pair(
            "vjp" if mode == "rev" else "jvp",
            value,
            judged.pulled if mode == "rev" else judged.pushed,
            arrays,
            options,
            title=f"what {'jax.vjp' if mode == 'rev' else 'jax.jvp'} says of {name_of(f)}",
            again=f"gradaudit.jax.check({call}, mode={mode!r}, examples=0)",
            unit=judged.beside.unit if judged.beside else 0.0,
        )
        if judged.beside:
            judged.beside.judge(report)
        return report


def own(f: Callable[..., Any]) -> Callable[[tuple[Any, ...], tuple[Any, ...]], Any]:
    """Return the slope of a function of arrays by forward differentiation, for `own=`.

    It is a second truth for a derivative that is written by hand, and so it goes by the values that
    f computes: by none of the rules that jax.custom_vjp and jax.custom_jvp give.
    """

    @cache
    def ready(tree: Any, fixed: tuple[Any, ...]) -> Callable[..., Any]:
        def of(free: list[Any]) -> list[Any]:
            leaves = [a if b is None else b for a, b in zip(free, fixed, strict=True)]
            return _floats(f(*jax.tree.unflatten(tree, leaves)))

        def run(free: list[Any], tangents: list[Any]) -> Any:
            plain = jax.make_jaxpr(of)(free)
            moving = [
                None if x is None or not _is_inexact(jnp.asarray(x).dtype) else x for x in free
            ]

            def values(moved: list[Any]) -> list[Any]:
                leaves = [a if b is None else b for a, b in zip(free, moved, strict=True)]
                return _without_rules(plain, [x for x in leaves if x is not None])

            moves = [None if x is None else t for x, t in zip(moving, tangents, strict=True)]
            return jax.jvp(values, (moving,), (moves,))[1]

        compiled: Callable[..., Any] = jax.jit(run)
        return compiled

    def slope(args: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
        leaves, tree = jax.tree.flatten(args)
        moves = jax.tree.leaves(tangents)
        are_numbers = [isinstance(x, np.ndarray | np.floating | float | complex) for x in leaves]
        fixed = tuple(None if is_one else x for x, is_one in zip(leaves, are_numbers, strict=True))
        free = [x if is_one else None for x, is_one in zip(leaves, are_numbers, strict=True)]
        with _double():
            return tuple(map(np.asarray, ready(tree, fixed)(free, moves)))

    return slope


def _without_rules(closed: Any, args: Sequence[Any]) -> list[Any]:
    """Compute what a jaxpr says, by none of the derivatives that are written by hand in it."""
    known: dict[Any, Any] = dict(zip(closed.jaxpr.constvars, closed.consts, strict=True))
    known.update(zip(closed.jaxpr.invars, args, strict=True))

    def read(one: Any) -> Any:
        return one.val if hasattr(one, "val") else known[one]

    for step in closed.jaxpr.eqns:
        inputs = [read(one) for one in step.invars]
        inner = next((step.params[key] for key in INNER if key in step.params), None)
        if inner is not None and step.primitive.name in CALLS:
            found = _without_rules(inner, inputs)
        elif any("custom_" in str(one) for one in step.params.values()):
            raise NotImplementedError("a loop holds a derivative that is written by hand")
        else:
            bound = step.primitive.get_bind_params(step.params)
            functions, params = bound if isinstance(bound, tuple) else ((), bound)  # before 0.10
            found = step.primitive.bind(*functions, *inputs, **params)
            found = found if step.primitive.multiple_results else [found]
        known.update(zip(step.outvars, found, strict=True))
    return [read(one) for one in closed.jaxpr.outvars]


class _Judged:
    """A function of arrays in JAX, as one of arrays in NumPy, and what JAX says of it.

    moved: the leaves of the spec that the derivative is by, by argument. as_set: what
    jax_enable_x64 is for the caller, by which f makes numbers of its own double or not.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        spec: Spec,
        example: tuple[Any, ...],
        wrt: str | Sequence[str] | None,
        as_set: bool,
    ) -> None:
        self.f, self.spec = f, spec
        given = spec.flatten(example) if example else [None] * len(spec.leaves)
        self.dtypes = [
            one.dtype if hasattr(one, "dtype") else np.dtype(leaf.dtype)
            for one, leaf in zip(given, spec.leaves, strict=True)
        ]
        short = [
            dtype
            for dtype, leaf in zip(self.dtypes, spec.leaves, strict=True)
            if leaf.dtype in {"float64", "complex128"}
            and dtype != leaf.dtype
            and _is_inexact(dtype)
        ]
        self.beside: Beside | None = None
        if short:
            unit = max(float(jnp.finfo(dtype).eps) / 2 for dtype in short)
            self.beside = Beside(", ".join(dict.fromkeys(map(str, short))), unit)
        is_wide = any(dtype in (np.float64, np.complex128) for dtype in self.dtypes)
        self.double = as_set or (is_wide and self.beside is None)
        names = None if wrt is None else named(wrt)
        moving = {name: [i for i in of if spec.leaves[i].moves] for name, of in spec.places.items()}
        self.moved = {
            name: of for name, of in moving.items() if of and (names is None or name in names)
        }
        self.indices = [i for of in self.moved.values() for i in of]
        self.compiled = True
        self._ready = cache(self._prepared)

    def value(self, *args: Any) -> tuple[Array, ...]:
        """Return the values in double precision."""
        leaves = self.spec.flatten(args)
        if any(np.asarray(one).dtype == np.longdouble for one in leaves):
            raise TypeError("JAX has no long double")
        return tuple(map(np.asarray, self._run("value", list(map(_wide, leaves)))))

    def pulled(self, *args: Any) -> tuple[Any, ...]:
        """Return what jax.vjp says, of the same arguments and a cotangent."""
        *inputs, cotangent = args
        weights = list(cotangent) if isinstance(cotangent, tuple) else [cotangent]
        return by_argument(self._said("pulled", inputs, weights), self.moved)

    def pushed(self, *args: Any) -> tuple[Array, ...]:
        """Return what jax.jvp says, of the same arguments and their tangents."""
        count = len(self.spec.arguments)
        inputs, tangents = args[:count], iter(args[count:])
        zeros = [np.zeros(np.shape(one)) for one in self.spec.flatten(inputs)]
        whole = [
            next(tangents) if name in self.moved else zero
            for name, zero in zip(self.spec.names, self.spec.rebuild(zeros), strict=True)
        ]
        moves = self.spec.flatten(whole)
        return tuple(self._said("pushed", inputs, [moves[i] for i in self.indices]))

    def _said(self, what: str, inputs: Sequence[Any], more: list[Any]) -> list[Array]:
        """Return a derivative in the precision that is judged, and compare the example's."""
        leaves = self.spec.flatten(inputs)
        narrow = [
            np.asarray(one, dtype) if leaf.kind != "option" else one
            for one, dtype, leaf in zip(leaves, self.dtypes, self.spec.leaves, strict=True)
        ]
        if self.beside is None:
            values, found = self._run_narrow(what, narrow, more)
            if not all(bool(jnp.isfinite(one).all()) for one in values):  # though it is, in float64
                raise NoValue("f overflows in the precision of the example")
            return list(map(_plain, found))
        _, found = self._run(what, list(map(_wide, leaves)), more)
        double = list(map(_plain, found))
        names = [f"d{self.spec.leaves[i].path}" for i in self.indices]
        if what == "pushed":
            names = [f"result {k}" for k in range(len(double))]
        short = self._run_narrow(what, narrow, more)[1]
        self.beside.add(names, list(map(_plain, short)), double)
        return double

    def _run_narrow(self, what: str, leaves: list[Any], more: Sequence[Any]) -> Any:
        """Compute in the precision of the example, as the caller would."""
        with _double(self.double):
            return self._run(what, leaves, more)

    def _run(self, what: str, leaves: list[Any], more: Sequence[Any] = ()) -> Any:
        """Compute, compiled where it can be, since JAX is slow where it is not."""
        fixed = tuple(
            one if leaf.kind == "option" else None
            for one, leaf in zip(leaves, self.spec.leaves, strict=True)
        )
        free = [None if b is not None else a for a, b in zip(leaves, fixed, strict=True)]
        plain, compiled = self._ready(what, fixed)
        if self.compiled:
            try:
                return compiled(free, list(more))
            except (jax.errors.JAXTypeError, jax.errors.JAXIndexError):
                self.compiled = False  # it looks at numbers, or calls what is not of JAX
        return plain(free, list(more))

    def _prepared(self, what: str, fixed: tuple[Any, ...]) -> tuple[Callable[..., Any], ...]:
        """Return a computation with some options, and the same compiled."""

        def run(free: list[Any], more: list[Any]) -> Any:
            leaves = [a if b is None else b for a, b in zip(free, fixed, strict=True)]

            def of(*moving: Any) -> list[Any]:
                for i, one in zip(self.indices, moving, strict=True):
                    leaves[i] = one
                return _floats(self.f(*self.spec.rebuild(leaves)))

            moving = [jnp.asarray(leaves[i]) for i in self.indices]
            if what == "value":
                return of(*moving)
            if what == "pushed":
                tangents = [jnp.asarray(t, x.dtype) for t, x in zip(more, moving, strict=True)]
                return jax.jvp(of, moving, tangents)
            out, back = jax.vjp(of, *moving)
            return out, back([jnp.asarray(u, y.dtype) for u, y in zip(more, out, strict=True)])

        return run, jax.jit(run)


def _double(on: bool = True) -> Any:
    """Let JAX compute in double precision for a while, or not."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(on)
    from jax.experimental import enable_x64

    return enable_x64(on)


def _plain(value: Any) -> Any:
    """Return an array of NumPy, and all else as it is; NumPy has no bfloat16."""
    if not isinstance(value, jax.Array | np.ndarray):
        return value
    return np.array(value, np.float32 if value.dtype == jnp.bfloat16 else None)


def _wide(value: Any) -> Any:
    """Return an array in double precision, and all else as it is."""
    plain = _plain(value)
    is_float = isinstance(plain, np.ndarray | np.generic) and plain.dtype.kind in "fc"
    return plain.astype(np.result_type(plain.dtype, np.float64)) if is_float else plain


def _is_inexact(dtype: Any) -> bool:
    """Tell whether it is of real or complex floats, those that NumPy does not know among them."""
    return bool(jnp.issubdtype(dtype, jnp.inexact))


def _floats(out: Any) -> list[Any]:
    return [one for one in map(jnp.asarray, jax.tree.leaves(out)) if _is_inexact(one.dtype)]


def _signature(f: Callable[..., Any], count: int) -> inspect.Signature:
    names: list[str] = []
    with suppress(TypeError, ValueError):
        names = list(inspect.signature(f).parameters)
    return signature_of(names, count)
