"""The backward passes of PyTorch: `gradaudit.torch.check` takes the place of `gradcheck`."""

import copy
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Unpack

import numpy as np

from gradaudit.checking.asked import Options, by_argument, named, signature_of, spec_of
from gradaudit.checking.checks import check_pair
from gradaudit.checking.compared import ROUNDINGS
from gradaudit.checking.lines import NoValue
from gradaudit.checking.refusals import BadCall, Fault, WrongGradient
from gradaudit.checking.reports import Report
from gradaudit.checking.short import Beside
from gradaudit.checking.specs import Spec

try:
    import torch
except ImportError as missing:
    raise ImportError("gradaudit.torch needs PyTorch: pip install 'gradaudit[torch]'") from missing

Array = Any  # of NumPy
Tensor = Any  # of PyTorch
SHORTER = (torch.float32, torch.float16, torch.bfloat16, torch.complex64)


def check(fn: Callable[..., Any], *example: Any, **options: Unpack[Options]) -> Report:
    """Check what autograd says of a function. Raises WrongGradient, BadCall and BadSpec.

    fn: tensors to a tensor, or to several: `Square.apply`, a module, any function. example: its
    arguments; tensors that require a gradient move, all else is data. Without one, `inputs` says
    what they are. options: see gradaudit.checking.asked.Options, all but `given`.

    Where fn takes float64, it is judged in that, at inputs in the precision of the example, in
    which it owes the same as far as roundings allow.
    """
    if "given" in options:
        raise BadCall("given: a function of tensors makes by itself what it needs")
    wide = not options.get("inputs") and _takes_double(fn, example)
    arrays = tuple(_mapped(lambda one: _plain(one, wide), one) for one in example)

    def value(*args: Any) -> tuple[Array, ...]:
        return judged.value(*args)

    value.__signature__ = _signature(fn, len(example))  # type: ignore[attr-defined]
    spec = spec_of(value, arrays, options)
    judged = _Judged(fn, spec, example, options.get("wrt"))
    options["wrt"] = list(judged.moved)
    name = _name(fn)
    try:
        with _one_thread():
            report = check_pair(
                "vjp",
                value,
                judged.backward,
                arrays,
                options,
                title=f"the backward pass of {name}",
                again=f"gradaudit.torch.check({name}, {', '.join(judged.called())}, examples=0)",
                unit=judged.beside.unit if judged.beside else 0.0,
            )
            if judged.beside:
                judged.beside.judge(report)
    except WrongGradient as wrong:
        for note in judged.notes:
            wrong.add_note(note)
        raise
    report.remarks.update(judged.notes)
    return report


def own(f: Callable[..., Any]) -> Callable[[tuple[Any, ...], tuple[Any, ...]], Any]:
    """Return the slope of a function of tensors by forward differentiation, for `own=`.

    It is a second truth for a gradient that is written by hand elsewhere. Where f goes through a
    torch.autograd.Function, which is such a gradient, there is none.
    """
    from torch.autograd import forward_ad

    def dual(value: Any, tangent: Any) -> Any:
        array = np.asarray(value)
        if array.dtype.kind not in "fc":
            return value if array.ndim == 0 else torch.tensor(array)
        return forward_ad.make_dual(
            torch.tensor(array, requires_grad=True), torch.tensor(tangent, dtype=_dtype(array))
        )

    def slope(args: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
        with forward_ad.dual_level(), torch.enable_grad(), _quiet():
            out = _floats(f(*_mapped(dual, args, tangents)))
            if any(_is_by_hand(one.grad_fn) for one in out):
                raise NotImplementedError("a torch.autograd.Function is no truth of its own")
            parts = [forward_ad.unpack_dual(one) for one in out]
            return tuple(
                np.zeros(tuple(one.primal.shape)) if one.tangent is None else _array(one.tangent)
                for one in parts
            )

    return slope


class _Judged:
    """A function of tensors as one of arrays, and its backward pass.

    moved: the leaves of the spec that the derivative is by, by argument. notes: what is told.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        spec: Spec,
        example: tuple[Any, ...],
        wrt: str | Sequence[str] | None,
    ) -> None:
        self.fn, self.spec = fn, spec
        self.wide = copy.deepcopy(fn).double() if isinstance(fn, torch.nn.Module) else fn
        given = spec.flatten(example) if example else [None] * len(spec.leaves)
        moves = [leaf.moves for leaf in spec.leaves]
        # A number is a tensor where one is given, or where it can move.
        self.tensors = [
            isinstance(one, torch.Tensor) if example else bool(leaf.moves or leaf.shape)
            for one, leaf in zip(given, spec.leaves, strict=True)
        ]
        self.dtypes = [
            one.dtype if isinstance(one, torch.Tensor) else _dtype(np.zeros(0, leaf.dtype))
            for one, leaf in zip(given, spec.leaves, strict=True)
        ]
        short = [
            dtype
            for dtype, leaf in zip(self.dtypes, spec.leaves, strict=True)
            if dtype in SHORTER and leaf.dtype in {"float64", "complex128"}
        ]
        self.beside: Beside | None = None
        if short:
            unit = max(float(torch.finfo(dtype).eps) / 2 for dtype in short)
            self.beside = Beside(", ".join(dict.fromkeys(str(one)[6:] for one in short)), unit)
        self.devices = [one.device if isinstance(one, torch.Tensor) else "cpu" for one in given]
        asked = [
            moves[i] and (one.requires_grad if isinstance(one, torch.Tensor) else not example)
            for i, one in enumerate(given)
        ]
        if wrt is None:
            wrt = [name for name, of in spec.places.items() if any(asked[i] for i in of)]
        if not wrt:
            raise BadCall("no tensor of the example requires a gradient; set requires_grad=True")
        self.moved = {
            name: [i for i in spec.places.get(name, ()) if moves[i]] for name in named(wrt)
        }
        self.indices = [i for of in self.moved.values() for i in of]
        self.notes: dict[str, None] = {}

    def value(self, *args: Any) -> tuple[Array, ...]:
        """Return the values in double precision, or in that of the example where it must be."""
        leaves = self.spec.flatten(args)
        if any(np.asarray(one).dtype == np.longdouble for one in leaves):
            raise TypeError("a tensor is no long double")
        with _quiet():
            try:
                out, _ = self._called(self.wide, self._tensors(leaves, wide=True))
            except (RuntimeError, TypeError):
                if not any(dtype in SHORTER for dtype in self.dtypes):
                    raise
                out, _ = self._called(self.fn, self._tensors(leaves))
        return tuple(map(_array, out))

    def backward(self, *args: Any) -> tuple[Any, ...]:
        """Return what autograd says, of the same arguments and a cotangent."""
        *inputs, cotangent = args
        values = self.spec.flatten(inputs)
        weights = cotangent if isinstance(cotangent, tuple) else (cotangent,)
        found = self._pulled(values, weights, wide=self.beside is not None)
        if self.beside is not None:
            names = [f"d{self.spec.leaves[i].path}" for i in self.indices]
            self.beside.add(names, self._pulled(values, weights), found)
        return by_argument(found, self.moved)

    def _pulled(
        self, values: Sequence[Any], weights: Sequence[Any], *, wide: bool = False
    ) -> list[Array]:
        """Return the gradients of two backward passes, which must be the same."""
        fn = self.wide if wide else self.fn
        with _quiet():
            leaves = self._tensors(values, wide=wide, shared=True)
            out, moving = self._called(fn, leaves)
            if not any(one.requires_grad for one in out):
                raise NotImplementedError("no output requires a gradient")
            if not all(bool(one.isfinite().all()) for one in out) and not self.beside:
                raise NoValue("f overflows in the precision of the example")
            outer = [_tensor(u, y.dtype, y.device) for y, u in zip(out, weights, strict=True)]

            def pulled(again: bool) -> list[Array | None]:
                found = torch.autograd.grad(out, moving, outer, again, allow_unused=True)
                return [None if one is None else _array(one) for one in found]

            first = pulled(True)
            with suppress(Exception):  # elsewhere it may have no value
                self._called(fn, [_elsewhere(one) for one in leaves])
            second = pulled(False)
        for k, (i, x) in enumerate(zip(self.indices, moving, strict=True)):
            if first[k] is None:
                self.notes[f"d{self.spec.leaves[i].path} is None at some inputs, taken as 0"] = None
            for found in (first, second):
                found[k] = _array(torch.zeros_like(x)) if found[k] is None else found[k]
            self._is_the_same(i, first[k], second[k])
        return first

    def _called(self, fn: Callable[..., Any], leaves: list[Any]) -> tuple[list[Tensor], list[Any]]:
        """Return the outputs that can have a gradient, and the tensors that it is by."""
        moving = [leaves[i].requires_grad_() for i in self.indices]
        with torch.enable_grad():
            out = _floats(fn(*self.spec.rebuild(leaves)))
        if not out:
            raise BadCall(f"{_name(fn)} returns no tensor of floats")
        # One that says it has none, by mark_non_differentiable or detach, is not judged.
        return [one for one in out if one.requires_grad] or out, moving

    def _tensors(
        self, values: Sequence[Any], *, wide: bool = False, shared: bool = False
    ) -> list[Any]:
        """Return the values of leaves as the function takes them; wide: in double precision."""
        leaves = []
        for k, one in enumerate(values):
            if not self.tensors[k]:
                leaves.append(one)
                continue
            array, dtype = np.asarray(one), self.dtypes[k]
            if array.dtype.kind == "c":
                dtype = torch.complex128 if wide or not dtype.is_complex else dtype
            elif wide and dtype.is_floating_point:
                dtype = torch.float64
            tensor = _tensor(array if shared else array.copy(), dtype, self.devices[k])
            leaves.append(tensor)
        return leaves

    def _is_the_same(self, i: int, one: Array, other: Array) -> None:
        unit = float(np.finfo(one.dtype).eps) / 2
        gap = np.where(one == other, 0, np.abs(one - other))
        bad = np.argwhere(gap > ROUNDINGS * unit * np.abs(one).max(initial=0))
        if len(bad):
            index = tuple(map(int, bad[0]))
            entry = f"d{self.spec.leaves[i].entry(index)}"
            when = "in a second backward pass, behind a call of the function elsewhere"
            text = f"{entry} is {one[index]:.6g}, and {other[index]:.6g} {when}"
            raise Fault("the same again", text, entry=entry)

    def called(self) -> Iterator[str]:
        """Yield the arguments as they stand in a call."""
        for name, of in self.spec.places.items():
            if len(of) > 1 or not self.tensors[of[0]]:
                yield name
                continue
            shape, dtype = self.spec.leaves[of[0]].shape, self.dtypes[of[0]]
            # A number alone becomes a float32.
            told = "" if shape and dtype not in SHORTER else f", dtype={dtype}"
            told += ", requires_grad=True" if name in self.moved else ""
            yield f"torch.tensor({name}{told})"


def _elsewhere(leaf: Any) -> Any:
    """Return another tensor of floats, which is positive where the one is."""
    real = isinstance(leaf, torch.Tensor) and leaf.dtype.is_floating_point
    return (leaf.detach() + 1) / 2 if real else leaf


def _is_by_hand(node: Any) -> bool:
    """Tell whether a recorded computation goes through a torch.autograd.Function."""
    seen, open_ = set(), [node]
    while open_:
        one = open_.pop()
        if one is None or one in seen:
            continue
        if isinstance(one, torch.autograd.function.BackwardCFunction):
            return True
        seen.add(one)
        open_ += [following for following, _ in one.next_functions]
    return False


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep warnings to ourselves, such as that of an imaginary part that is dropped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute in one thread: on inputs as small as ours several only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _mapped(change: Callable[..., Any], value: Any, *others: Any) -> Any:
    """Return a tree with each leaf changed, with those of other trees at its place."""
    if isinstance(value, Mapping):
        return {k: _mapped(change, v, *(one[k] for one in others)) for k, v in value.items()}
    if isinstance(value, tuple):
        return tuple(_mapped(change, *several) for several in zip(value, *others, strict=True))
    if isinstance(value, list) and not all(isinstance(one, (int, float)) for one in value):
        return [_mapped(change, *several) for several in zip(value, *others, strict=True)]
    return change(value, *others)


def _takes_double(fn: Callable[..., Any], example: tuple[Any, ...]) -> bool:
    """Tell whether a function has values in double precision, too."""
    wide = copy.deepcopy(fn).double() if isinstance(fn, torch.nn.Module) else fn
    longer = {**dict.fromkeys(SHORTER, torch.float64), torch.complex64: torch.complex128}

    def double(one: Any) -> Any:
        return one.to(longer.get(one.dtype), copy=True) if isinstance(one, torch.Tensor) else one

    with torch.no_grad(), _quiet():
        try:
            wide(*(_mapped(double, one) for one in example))
        except (RuntimeError, TypeError):
            return False
    return True


def _plain(value: Any, wide: bool) -> Any:
    """Return a tensor as an array, in double precision if that is wanted, and all else as it is."""
    if not isinstance(value, torch.Tensor):
        return value
    array = _array(value)
    return (
        array.astype(np.result_type(array, np.float64))
        if wide and array.dtype.kind in "fc"
        else array
    )


def _array(tensor: Tensor) -> Array:
    """Return a copy as an array."""
    plain = tensor.detach().resolve_conj().resolve_neg().cpu()
    plain = plain.to_dense() if plain.layout != torch.strided else plain
    return (plain.float() if plain.dtype is torch.bfloat16 else plain).numpy().copy()


def _tensor(value: Any, dtype: Any, device: Any = "cpu") -> Tensor:
    """Return an array as a tensor of the same strides, and in the same memory where it can be."""
    array = np.asarray(value)
    if any(step < 0 for step in array.strides):  # which no tensor has
        array = np.ascontiguousarray(array)
    if _dtype(array) is dtype and array.flags.writeable and str(device) == "cpu":
        return torch.from_numpy(array)
    steps = [step // array.itemsize for step in array.strides]
    reach = sum((n - 1) * step for n, step in zip(array.shape, steps, strict=True))
    memory = torch.zeros(1 + reach if array.size else 0, dtype=dtype, device=device)
    tensor = memory.as_strided(array.shape, steps)
    once = tuple(slice(None) if step else slice(0, 1) for step in steps)
    tensor[once] = torch.from_numpy(np.array(array[once])).to(dtype)
    return tensor


def _dtype(array: Array) -> Any:
    return torch.from_numpy(np.zeros(0, array.dtype)).dtype


def _floats(out: Any) -> list[Tensor]:
    """Return the tensors of floats in what a function returns."""
    if isinstance(out, Mapping):
        out = list(out.values())
    if isinstance(out, tuple | list):
        return [leaf for one in out for leaf in _floats(one)]
    is_float = isinstance(out, torch.Tensor) and (out.is_floating_point() or out.is_complex())
    return [out] if is_float else []


def _is_function(owner: Any) -> bool:
    return isinstance(owner, type) and issubclass(owner, torch.autograd.Function)


def _signature(fn: Callable[..., Any], count: int) -> inspect.Signature:
    """Return the parameters of a function, of the forward pass where it is that of a Function."""
    owner: Any = getattr(fn, "__self__", None)
    names: list[str] = []
    with suppress(TypeError, ValueError):
        if _is_function(owner):
            has_context = owner.setup_context is torch.autograd.Function.setup_context
            names = list(inspect.signature(owner.forward).parameters)[int(has_context) :]
        else:
            forward = fn.forward if isinstance(fn, torch.nn.Module) else fn
            names = list(inspect.signature(forward).parameters)
    return signature_of(names, count)


def _name(fn: Callable[..., Any]) -> str:
    """Return what a person calls a function: `Square.apply`."""
    owner, fn = getattr(fn, "__self__", None), getattr(fn, "func", fn)
    name = getattr(fn, "__name__", type(fn).__name__)
    return f"{owner.__name__}.{name}" if isinstance(owner, type) else name
