"""torch: operations at their edges, by the product that reverse mode gives, in float64."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.nn import functional as nn

from benchmarks.wild.entries import Entry

Tensor = Any


def entries() -> Iterator[Entry]:
    """Yield all entries."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # which torch raises anew at each call
    for name, operation, inputs, options in (
        *_elementwise(),
        *_reductions(),
        *_distances(),
        *_indexed(),
        *_linear_algebra(),
        *_layers(),
        *_losses(),
        *_convolutions(),
        *_signals(),
    ):
        yield Entry(
            name,
            _values(operation),
            _product(operation, options.get("wrt", "")),
            inputs,
            "vjp",
            {"infinite_slopes": False, **options},
            SETTLED.get(name, ""),
        )


TIED = (
    "defect: what include_self leaves out is counted among the ties: 0.5 at one tied source, where "
    "the value is the source alone, and 1 is right by hand"
)
TRIGAMMA = "lost digits: polygamma(1, x) is known to 5e-10, by mpmath; digamma itself to 1e-16"
CLAMPED = "convention: a variance below eps is clamped in the value alone, as said"
SETTLED: dict[str, str] = {
    "digamma": TRIGAMMA,
    "polygamma of 1": TRIGAMMA,
    "cdist by products": (
        "lost digits: of the value where rows are 8e-7 apart, 4e-4, as such products have"
    ),
    "matrix_exp": (
        "lost digits: 1e-10 at a tiny cotangent, put into a matrix beside the argument, and "
        "so decides how the series is cut"
    ),
    "hypot": "defect: nan at (0, 0), by 0 / 0; the norm of two numbers has 0 there, as vector_norm",
    "cosine_similarity": (
        "defect: below its eps the value is divided by that, and the gradient is neither that of "
        "this nor of the quotient: (8.2e7, -2.4e7) at 1e-9 * (3, 4) and (1, 0), where central "
        "differences give (1e8, 0)"
    ),
    "logcumsumexp": (
        "lost digits: at 11333, by exp(x - out) and its like, a unit of the last place of x"
    ),
    "cdist of inf": (
        "defect: tied coordinates get the whole each, so that the slope along both is twice that "
        "of the value, by hand; vector_norm halves it"
    ),
    "hardsigmoid": "defect: 1/6 as a number of single precision, 3e-8 off, in double",
    "embedding of a padding index": "convention: its row gets no gradient, as said",
    "scatter_reduce, amax, itself left out": TIED,
    "scatter_reduce, amin, itself left out": TIED,
    "index_reduce, amax, itself left out": TIED,
    "index_reduce, amin, itself left out": TIED,
    "segment_reduce, max": (
        "defect: ties share what comes in if it is positive, and each gets all of it if it is "
        "negative: -1.125 twice for -1.125, against 1 halved for 1"
    ),
    "householder_product": "convention: not where tau = 1 / |h|^2, as said",
    "gaussian_nll_loss, mean": CLAMPED,
    "gaussian_nll_loss, sum": CLAMPED,
    "gaussian_nll_loss, none": CLAMPED,
    "lp_pool1d of 1": (
        "defect: a sum has the slope 1 wherever, and 0 is given where it is 0; by hand"
    ),
    "lp_pool1d of 3": (
        "convention: 0 at 0, where the cube root of a sum of cubes has no gradient, and 2^(1/3) "
        "is the slope along the diagonal"
    ),
}

Row = tuple[str, Callable[..., Any], str, dict[str, Any]]


def _tensor(value: Any) -> Any:
    """Return a float64 tensor of an array that can move; whole numbers and options as they are."""
    if isinstance(value, np.ndarray):
        return torch.tensor(value.copy()) if value.dtype != np.longdouble else _refuse()
    if isinstance(value, np.floating):
        return torch.tensor(float(value), dtype=torch.float64)
    return value


def _refuse() -> Any:
    raise TypeError("torch has no long double")


def _values(operation: Callable[..., Any]) -> Callable[..., Any]:
    def f(*args: Any) -> Any:
        if any(np.iscomplexobj(a) for a in args):
            raise TypeError("torch takes other ways with complex numbers")
        with torch.no_grad():
            return operation(*map(_tensor, args)).numpy()

    return f


def _product(operation: Callable[..., Any], wrt: str) -> Callable[..., Any]:
    def vjp(*args: Any) -> Any:
        *given, cotangent = args
        tensors = [_tensor(a) for a in given]
        moved = [t for t in tensors if isinstance(t, torch.Tensor) and t.is_floating_point()]
        if wrt:
            moved = moved[-len(wrt.split()) :]
        for tensor in moved:
            tensor.requires_grad_()
        out = operation(*tensors)
        found = torch.autograd.grad(
            out, moved, torch.tensor(np.array(cotangent)), allow_unused=True
        )
        arrays = tuple(
            np.zeros(t.shape) if g is None else g.numpy().copy()
            for t, g in zip(moved, found, strict=True)
        )
        return arrays[0] if len(arrays) == 1 else arrays

    return vjp


X, POSITIVE, UNIT, TABLE = "x: [n]", "x: positive[n]", "x: unit[n]", "x: [n,d]"


def _elementwise() -> Iterator[Row]:
    for name in [
        "abs",
        "sin",
        "cos",
        "tan",
        "tanh",
        "sinh",
        "cosh",
        "asinh",
        "atan",
        "exp",
        "expm1",
        "sigmoid",
        "square",
        "relu",
        "frac",
        "sinc",
        "erf",
        "erfc",
        "exp2",
        "deg2rad",
    ]:
        yield name, getattr(torch, name), X, {}
    for name in [
        "sqrt",
        "rsqrt",
        "log",
        "log2",
        "log10",
        "log1p",
        "reciprocal",
        "lgamma",
        "digamma",
        "i0",
    ]:
        yield name, getattr(torch, name), POSITIVE, {}
    for name in ["asin", "acos", "atanh", "logit", "erfinv"]:
        yield name, _inside(getattr(torch, name)), UNIT, {}
    for name in [
        "entr",
        "erfcx",
        "i0e",
        "i1",
        "i1e",
        "ndtr",
        "ndtri",
        "log_ndtr",
        "bessel_j0",
        "bessel_j1",
        "xlog1py",
    ]:
        if name in {"xlog1py", "ndtri", "bessel_j0", "bessel_j1"}:
            continue  # of two arguments, of an interval, and not differentiable
        operation = getattr(torch.special, name)
        yield f"special.{name}", operation, POSITIVE if name == "entr" else X, {}
    for n in (1, 2, 3):
        yield f"polygamma of {n}", lambda x, n=n: torch.polygamma(n, x), POSITIVE, {}
    yield "mvlgamma", lambda x: torch.mvlgamma(x + 1, 3), POSITIVE, {}
    yield "nan_to_num", torch.nan_to_num, X, {}
    yield "atan2", torch.atan2, "y: [n], x: [n]", {}
    yield "hypot", torch.hypot, "y: [n], x: [n]", {}
    yield "xlogy", torch.xlogy, "y: nonnegative[n], x: positive[n]", {}
    yield "logaddexp", torch.logaddexp, "y: [n], x: [n]", {}
    yield "logaddexp2", torch.logaddexp2, "y: [n], x: [n]", {}
    yield "fmod by x", lambda x: torch.fmod(x, 1.5), X, {}
    yield "remainder", torch.remainder, "y: [n], x: positive[n]", {}
    yield "maximum", torch.maximum, "y: [n], x: [n]", {}
    yield "fmin", torch.fmin, "y: [n], x: [n]", {}
    yield "div", torch.div, "y: [n], x: positive[n]", {}
    yield "pow", torch.pow, "x: positive[n], p: [n]", {}
    for p in (1, 2, 3, -1):
        yield f"pow of {p}", lambda x, p=p: x**p, X, {}
    yield "pow of 0.5", lambda x: x**0.5, "x: nonnegative[n]", {"infinite_slopes": True}
    yield "pow of 1.5", lambda x: x**1.5, "x: nonnegative[n]", {}
    yield "a number to a power", lambda x: 2.0**x, X, {}
    yield "ldexp", lambda x: torch.ldexp(x, torch.tensor(3)), X, {}
    yield "copysign", lambda x: torch.copysign(x, torch.tensor(-1.0)), X, {}
    yield "clamp", lambda x: torch.clamp(x, -1.0, 1.0), X, {}
    yield "clamp by bounds", torch.clamp, "x: [n], lo: [n], hi: [n]", {}
    yield "where and sqrt", lambda x: torch.where(x > 0, x.clamp(min=1e-30).sqrt(), x * 0), X, {}
    yield "lerp", torch.lerp, "x: [n], y: [n], w: [n]", {}
    yield "addcdiv", torch.addcdiv, "x: [n], y: [n], z: positive[n]", {}
    for name in [
        "elu",
        "selu",
        "celu",
        "gelu",
        "silu",
        "mish",
        "softplus",
        "softsign",
        "hardtanh",
        "hardswish",
        "hardsigmoid",
        "relu6",
        "leaky_relu",
        "logsigmoid",
        "tanhshrink",
        "softshrink",
        "hardshrink",
    ]:
        yield name, getattr(nn, name), X, {}
    yield "gelu by tanh", lambda x: nn.gelu(x, approximate="tanh"), X, {}
    yield "softplus of beta 3", lambda x: nn.softplus(x, 3.0, 5.0), X, {"rel": 1e-2}
    yield "elu of alpha 0.3", lambda x: nn.elu(x, 0.3), X, {}
    yield "threshold", lambda x: nn.threshold(x, 0.5, 0.5), X, {}
    yield "prelu", nn.prelu, "x: [n,d], w: [d]", {}
    yield "glu", lambda x: nn.glu(x, -1), "x: [n,2*d]", {}


def _inside(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return an operation with no value at 0 and 1, where its slope is infinite."""

    def inner(x: Any) -> Any:
        if bool(((x <= 0) | (x >= 1)).any()):
            return operation(x) * np.nan
        return operation(x)

    return inner


def _reductions() -> Iterator[Row]:
    for name in [
        "sum",
        "mean",
        "prod",
        "logsumexp",
        "var",
        "std",
        "amax",
        "amin",
        "median",
        "nansum",
    ]:
        for axis in (0, 1):
            yield f"{name}, dim {axis}", _along(name, axis), TABLE, {}
    for name in ["max", "min", "median", "prod", "var", "std"]:
        yield f"{name} of all", getattr(torch, name), TABLE, {}
    for p in (0.5, 1.0, 2.0, 3.0, np.inf, -np.inf):
        yield f"vector_norm of {p:g}", lambda x, p=p: torch.linalg.vector_norm(x, p), X, {}
        yield (
            f"norm of {p:g}, dim 1",
            lambda x, p=p: torch.norm(x, p, dim=1),
            TABLE,
            {},
        )
    for name in ["cumsum", "cumprod", "logcumsumexp", "softmax", "log_softmax", "softmin"]:
        operation = getattr(torch, name, None) or getattr(nn, name)
        yield name, lambda x, operation=operation: operation(x, dim=-1), TABLE, {}
    yield "cummax", lambda x: torch.cummax(x, -1)[0], TABLE, {}
    yield "cummin", lambda x: torch.cummin(x, -1)[0], TABLE, {}
    yield "logsumexp with one of -inf", _with_masked(torch.logsumexp), TABLE, {}
    yield "softmax with one of -inf", _with_masked(torch.softmax), TABLE, {}
    yield "sort", lambda x: torch.sort(x, dim=-1)[0], TABLE, {}
    yield "topk", lambda x: torch.topk(x, 1, dim=-1)[0], TABLE, {}
    yield "kthvalue", lambda x: torch.kthvalue(x, 1, dim=-1)[0], TABLE, {}
    yield "mode", lambda x: torch.mode(x, dim=-1)[0], TABLE, {}
    yield "quantile of 0.3", lambda x: torch.quantile(x, 0.3, dim=-1), TABLE, {}
    yield "aminmax", lambda x: torch.stack(torch.aminmax(x)), TABLE, {}
    yield "renorm", lambda x: torch.renorm(x, 2, 0, 1.0), TABLE, {"rel": 1e-6}
    yield "normalize", lambda x: nn.normalize(x, dim=-1), TABLE, {}
    yield "var without correction", lambda x: torch.var(x, correction=0), TABLE, {}
    yield "std without correction", lambda x: torch.std(x, correction=0), TABLE, {}
    yield "cov", torch.cov, "x: [n,d], d >= 2", {}
    yield "corrcoef", torch.corrcoef, "x: [n,d], n >= 2, d >= 2", {}
    yield "trapezoid", lambda x: torch.trapezoid(x, dx=0.3), "x: [n,d], d >= 2", {}
    yield "diff", lambda x: torch.diff(x, 2), "x: [n,d], d >= 3", {}
    yield "gradient", lambda x: torch.gradient(x)[0], "x: [n], n >= 2", {}


def _along(name: str, axis: int) -> Callable[[Any], Any]:
    operation = getattr(torch, name)
    if name == "median":
        return lambda x: operation(x, axis)[0]
    return lambda x: operation(x, dim=axis)


def _with_masked(operation: Callable[..., Any]) -> Callable[[Any], Any]:
    """Return an operation along the last axis, behind whose entries one of -inf is put."""

    def inner(x: Any) -> Any:
        last = torch.full((len(x), 1), -torch.inf, dtype=x.dtype)
        out = operation(torch.cat([x, last], 1), -1)
        return out[:, :-1] if out.ndim == 2 else out

    return inner


def _distances() -> Iterator[Row]:
    for p in (1.0, 2.0, 3.0, np.inf, 0.5):
        yield f"cdist of {p:g}", lambda x, y, p=p: torch.cdist(x, y, p), "x: [n,d], y: [m,d]", {}
        yield f"cdist of {p:g} to itself", lambda x, p=p: torch.cdist(x, x, p), TABLE, {}
        yield f"pdist of {p:g}", lambda x, p=p: nn.pdist(x, p), "x: [n,d], n >= 2", {}
        yield f"dist of {p:g}", lambda x, y, p=p: torch.dist(x, y, p), "x: [n], y: [n]", {}
    yield (
        "cdist by products",
        lambda x, y: torch.cdist(x, y, compute_mode="use_mm_for_euclid_dist"),
        "x: [n,d], y: [m,d]",
        {"rel": 1e-6},
    )
    yield "pairwise_distance", nn.pairwise_distance, "x: [n,d], y: [n,d]", {}
    yield "cosine_similarity", nn.cosine_similarity, "x: [n,d], y: [n,d]", {}


def _indexed() -> Iterator[Row]:
    at = "i: int[k] < n, "
    yield "index_select", lambda i, x: x.index_select(0, i), at + TABLE, {}
    yield "indexing", lambda i, x: x[i], at + TABLE, {}
    yield "take", lambda i, x: torch.take(x, i), "i: int[k] < n*d, " + TABLE, {}
    yield "gather", lambda i, x: x.gather(0, i), "i: int[k,d] < n, " + TABLE, {}
    yield "embedding", nn.embedding, at + TABLE, {}
    yield (
        "embedding of a padding index",
        lambda i, x: nn.embedding(i, x.detach() * 0 + x, padding_idx=0),
        at + TABLE,
        {},
    )
    for mode in ("sum", "mean", "max"):
        yield (
            f"embedding_bag, {mode}",
            lambda i, x, mode=mode: nn.embedding_bag(i, x, torch.tensor([0]), mode=mode),
            at + TABLE,
            {},
        )
    yield "scatter_add", lambda i, x, s: x.scatter_add(0, i, s), GRID, {}
    yield "index_add", lambda i, x, s: x.index_add(0, i, s, alpha=0.7), PICK, {}
    for mode in ("prod", "mean", "amax", "amin", "sum"):
        for whole in (True, False):
            yield (
                f"scatter_reduce, {mode}{'' if whole else ', itself left out'}",
                lambda i, x, s, m=mode, w=whole: x.scatter_reduce(0, i, s, m, include_self=w),
                GRID,
                {},
            )
            if mode != "sum":
                yield (
                    f"index_reduce, {mode}{'' if whole else ', itself left out'}",
                    lambda i, x, s, m=mode, w=whole: x.index_reduce(0, i, s, m, include_self=w),
                    PICK,
                    {},
                )
    yield "index_put, added", lambda i, x, s: x.index_put((i,), s, accumulate=True), PICK, {}
    yield "masked_fill", lambda m, x: x.masked_fill(m, 0.7), "m: bool[n,d], " + TABLE, {}
    yield "masked_scatter", lambda m, x, s: x.masked_scatter(m, s), MASKED, {}
    yield "roll", lambda x: torch.roll(x, 1, 0), TABLE, {}
    yield "repeat_interleave", lambda x: torch.repeat_interleave(x, 2, 0), TABLE, {}
    yield "unfold", lambda x: x.unfold(0, 2, 1), "x: [n], n >= 2", {}
    yield "expand and sum", lambda x: (x.expand(3, *x.shape) ** 2).sum(0), TABLE, {}
    yield "as_strided, overlapping", lambda x: x.as_strided((2, 2), (1, 1)), "x: [n], n >= 3", {}
    yield "tril", lambda x: torch.tril(x, -1), TABLE, {}
    yield "segment_reduce, max", lambda x: _segments(x, "max"), "x: [n], n >= 3", {}
    yield "segment_reduce, prod", lambda x: _segments(x, "prod"), "x: [n], n >= 3", {}


GRID = "i: int[k,d] < n, x: [n,d], s: [k,d]"
PICK = "i: int[k] < n, x: [n,d], s: [k,d]"
MASKED = "m: bool[n,d], x: [n,d], s: [n,d]"


def _segments(x: Any, how: str) -> Any:
    return torch.segment_reduce(x, how, lengths=torch.tensor([2, len(x) - 2]), unsafe=True)


def _linear_algebra() -> Iterator[Row]:
    square, spd = "A: [n,n]", "A: spd[n,n]"
    la = torch.linalg
    yield "det", la.det, square, {}
    yield "logdet", torch.logdet, spd, {}
    yield "slogdet", lambda A: la.slogdet(A)[1], square, {}
    yield "inv", la.inv, square, {}
    yield "pinv", la.pinv, "A: spd[n,n]", {}
    yield "cholesky", la.cholesky, spd, {}
    yield "cholesky of the upper triangle", lambda A: la.cholesky(A, upper=True), spd, {}
    yield "cholesky_inverse", torch.cholesky_inverse, "L: lower[n,n]", {}
    yield "cholesky_solve", torch.cholesky_solve, "b: [n,k], L: lower[n,n]", {}
    yield "eigvalsh", la.eigvalsh, "A: symmetric[n,n]", {}
    yield "eigh, the values", lambda A: la.eigh(A)[0], "A: symmetric[n,n]", {}
    yield "svdvals", la.svdvals, "A: [n,m]", {}
    yield "solve", la.solve, "A: spd[n,n], b: [n,k]", {}
    for upper in (True, False):
        yield (
            f"solve_triangular, {'upper' if upper else 'lower'}",
            lambda L, b, u=upper: la.solve_triangular(L.mT if u else L, b, upper=u),
            "L: lower[n,n], b: [n,k]",
            {},
        )
    yield "lstsq", lambda A, b: la.lstsq(A, b)[0], "A: spd[n,n], b: [n,k]", {}
    yield "matrix_exp", la.matrix_exp, square, {}
    for n in (1, 3, -2):
        yield f"matrix_power of {n}", lambda A, n=n: la.matrix_power(A, n), spd, {}
    for order in ("fro", "nuc", 1, -1, 2, -2, np.inf):
        yield f"matrix_norm, {order}", lambda A, o=order: la.matrix_norm(A, o), "A: [n,m]", {}
    yield "multi_dot", lambda A, B, C: la.multi_dot([A, B, C]), "A: [n,m], B: [m,k], C: [k,n]", {}
    yield "qr, R squared", lambda A: la.qr(A)[1].square(), spd, {}
    yield "lu", lambda A: torch.linalg.lu(A)[2], spd, {}
    yield "householder_product", la.householder_product, "A: [n,n], tau: [n]", {}
    yield "cross", la.cross, "x: [n,3], y: [n,3]", {}
    yield "vander", la.vander, X, {}
    yield "kron", torch.kron, "A: [n,m], B: [k,d]", {}
    yield "einsum of a diagonal", lambda A: torch.einsum("ii->i", A), square, {}
    yield "tensordot", lambda A, B: torch.tensordot(A, B, 1), "A: [n,m], B: [m,k]", {}
    yield "baddbmm", lambda x, A, B: torch.baddbmm(x, A, B, beta=0.3), BATCHED, {}


BATCHED = "x: [b,n,k], A: [b,n,m], B: [b,m,k]"


def _layers() -> Iterator[Row]:
    weights = "x: [n,d], w: [d], b: [d]"
    yield "layer_norm", lambda x, w, b: nn.layer_norm(x, w.shape, w, b), weights, {}
    yield "layer_norm without weights", lambda x: nn.layer_norm(x, x.shape[1:]), TABLE, {}
    yield "rms_norm", lambda x, w: nn.rms_norm(x, w.shape, w), "x: [n,d], w: [d]", {}
    yield (
        "batch_norm, training",
        lambda x, w, b: nn.batch_norm(x, None, None, w, b, training=True),
        weights + ", n >= 2",
        {},
    )
    yield (
        "batch_norm, not training",
        lambda x, w, b: nn.batch_norm(x, w.detach() * 0 + 0.3, w.detach() * 0 + 2, w, b),
        weights,
        {},
    )
    for groups in (1, 2):
        yield (
            f"group_norm of {groups}",
            lambda x, w, b, g=groups: nn.group_norm(x, g, w, b),
            "x: [n,2*c,k], w: [2*c], b: [2*c]",
            {},
        )
    yield "instance_norm", nn.instance_norm, "x: [n,c,k], k >= 2", {}
    yield "local_response_norm", lambda x: nn.local_response_norm(x, 2), "x: [n,c,k]", {}
    for causal in (False, True):
        yield (
            f"scaled_dot_product_attention{', causal' if causal else ''}",
            lambda q, k, v, c=causal: nn.scaled_dot_product_attention(q, k, v, is_causal=c),
            "q: [b,n,d], k: [b,m,d], v: [b,m,e]",
            {},
        )
    yield (
        "scaled_dot_product_attention of a mask and a scale",
        lambda q, k, v, m: nn.scaled_dot_product_attention(q, k, v, m, scale=0.3),
        "q: [b,n,d], k: [b,m,d], v: [b,m,e], mask: [n,m]",
        {},
    )
    yield "linear", nn.linear, "x: [n,d], w: [k,d], b: [k]", {}
    yield "bilinear", nn.bilinear, "x: [n,d], y: [n,e], w: [k,d,e], b: [k]", {}
    yield "pixel_shuffle", lambda x: nn.pixel_shuffle(x, 2), "x: [n,4,h,w]", {}


def _losses() -> Iterator[Row]:
    two = "x: [n,d], t: [n,d]"
    for reduction in ("mean", "sum", "none"):
        r = {"reduction": reduction}
        end = f", {reduction}"
        for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
            loss = getattr(nn, name)
            yield name + end, lambda x, t, loss=loss, r=r: loss(x, t, **r), two, {}
        yield (
            "binary_cross_entropy_with_logits" + end,
            lambda x, t, r=r: nn.binary_cross_entropy_with_logits(x, t, **r),
            "x: [n,d], t: unit[n,d]",
            {},
        )
        yield (
            "kl_div" + end,
            lambda x, t, r=r: nn.kl_div(x, t, **r),
            "x: [n,d], t: positive[n,d]",
            {},
        )
        yield (
            "kl_div of logarithms" + end,
            lambda x, t, r=r: nn.kl_div(x, t, log_target=True, **r),
            two,
            {},
        )
        yield (
            "gaussian_nll_loss" + end,
            lambda x, t, v, r=r: nn.gaussian_nll_loss(x, t, v, full=True, **r),
            "x: [n,d], t: [n,d], v: positive[n,d]",
            {},
        )
        yield (
            "poisson_nll_loss" + end,
            lambda x, t, r=r: nn.poisson_nll_loss(x, t, full=True, **r),
            "x: [n,d], t: positive[n,d]",
            {},
        )
        for smoothing in (0.0, 0.3):
            yield (
                f"cross_entropy, smoothed by {smoothing}{end}",
                lambda y, w, x, s=smoothing, r=r: nn.cross_entropy(
                    x, y, w.detach(), ignore_index=0, label_smoothing=s, **r
                ),
                "y: int[n] < d, w: positive[d], x: [n,d]",
                {"wrt": "x"},
            )
        yield (
            "cross_entropy of probabilities" + end,
            lambda x, t, r=r: nn.cross_entropy(x, t, label_smoothing=0.2, **r),
            "x: [n,d], t: positive[n,d]",
            {},
        )
        for name in ("multi_margin_loss", "multilabel_soft_margin_loss", "nll_loss"):
            loss = getattr(nn, name)
            labels = "y: bool[n,d], " if "soft" in name else "y: int[n] < d, "
            yield (
                name + end,
                lambda y, x, loss=loss, r=r: loss(
                    x, y.double() if y.dtype == torch.bool else y, **r
                ),
                labels + TABLE,
                {},
            )
        yield (
            "soft_margin_loss" + end,
            lambda y, x, r=r: nn.soft_margin_loss(x, y, **r),
            "y: sign[n,d], x: [n,d]",
            {"wrt": "x"},
        )
        yield (
            "hinge_embedding_loss" + end,
            lambda y, x, r=r: nn.hinge_embedding_loss(x, y.detach(), **r),
            "y: sign[n,d], x: [n,d]",
            {"wrt": "x"},
        )
        yield (
            "cosine_embedding_loss" + end,
            lambda y, x, z, r=r: nn.cosine_embedding_loss(x, z, y, margin=0.1, **r),
            "y: sign[n], x: [n,d], z: [n,d]",
            {"wrt": "x z"},
        )
        for p in (1, 2):
            yield (
                f"triplet_margin_loss of {p}{end}",
                lambda x, a, b, p=p, r=r: nn.triplet_margin_loss(x, a, b, p=p, **r),
                "x: [n,d], a: [n,d], b: [n,d]",
                {},
            )
        yield (
            "margin_ranking_loss" + end,
            lambda y, a, b, r=r: nn.margin_ranking_loss(a, b, y, 0.2, **r),
            "y: sign[n], a: [n], b: [n]",
            {"wrt": "a b"},
        )
    yield (
        "binary_cross_entropy",
        lambda x, t: _inside(lambda p: nn.binary_cross_entropy(p, t))(x),
        "x: unit[n], t: unit[n]",
        {},
    )
    yield "smooth_l1_loss of 0", lambda x, t: nn.smooth_l1_loss(x, t, beta=0.0), two, {}
    yield (
        "ctc_loss of log_softmax",
        lambda y, x: nn.ctc_loss(x.log_softmax(-1)[:, None], y[None] + 1, [len(x)], [len(y)]),
        "y: int[k] < 2, x: [n,3], n >= 2*k + 1",
        {},
    )


def _as_label(y: Any) -> Any:
    return y.double() if y.dtype == torch.bool else y


def _convolutions() -> Iterator[Row]:
    for dilation in (1, 2):
        for groups in (1, 2):
            yield (
                f"conv1d, dilation {dilation}, {groups} groups",
                lambda s, p, x, w, b, d=dilation, g=groups: nn.conv1d(x, w, b, s, p, d, g),
                f"s: 1..3, p: 0..2, x: [n,{groups}*c,k], w: [{groups}*o,c,2], b: [{groups}*o], "
                "k >= 3",
                {},
            )
            yield (
                f"conv2d, dilation {dilation}, {groups} groups",
                lambda s, p, x, w, b, d=dilation, g=groups: nn.conv2d(x, w, b, s, p, d, g),
                f"s: 1..2, p: 0..1, x: [1,{groups}*c,k,l], w: [{groups}*o,c,2,2], b: [{groups}*o], "
                "k >= 3, l >= 3",
                {},
            )
        yield (
            f"conv_transpose1d, dilation {dilation}",
            lambda s, p, x, w, b, d=dilation: nn.conv_transpose1d(x, w, b, s, p, dilation=d),
            "s: 1..3, p: 0..1, x: [n,c,k], w: [c,o,3], b: [o], k >= 2",
            {},
        )
    for mode in ("max_pool1d", "avg_pool1d"):
        pool = getattr(nn, mode)
        yield (
            mode,
            lambda s, p, x, pool=pool: pool(x, 3, s, p),
            "s: 1..3, p: 0..1, x: [n,c,k], k >= 3",
            {},
        )
    yield (
        "max_pool2d, dilated",
        lambda s, x: nn.max_pool2d(x, 2, s, 1, dilation=2),
        "s: 1..2, x: [1,c,k,l], k >= 3, l >= 3",
        {},
    )
    for counted in (True, False):
        yield (
            f"avg_pool2d{'' if counted else ', padding not counted'}",
            lambda s, x, c=counted: nn.avg_pool2d(x, 2, s, 1, True, c),
            "s: 1..2, x: [1,c,k,l], k >= 2, l >= 2",
            {},
        )
    for p in (1.0, 2.0, 3.0):
        yield (
            f"lp_pool1d of {p:g}",
            lambda s, x, p=p: nn.lp_pool1d(x, p, 2, s),
            "s: 1..2, x: [n,c,k], k >= 2",
            {},
        )
    yield "adaptive_avg_pool1d", lambda x: nn.adaptive_avg_pool1d(x, 2), "x: [n,c,k]", {}
    yield "adaptive_max_pool1d", lambda x: nn.adaptive_max_pool1d(x, 2), "x: [n,c,k]", {}
    yield (
        "fractional_max_pool2d",
        lambda x: nn.fractional_max_pool2d(
            x, 2, output_size=2, _random_samples=torch.full((1, x.shape[1], 2), 0.4).double()
        ),
        "x: [1,c,k,k], k >= 4",
        {},
    )
    for mode in ("nearest", "linear", "bilinear", "bicubic", "area"):
        line = mode in {"nearest", "linear", "area"}
        for corners in (False, True) if mode in {"linear", "bilinear", "bicubic"} else (None,):
            yield (
                f"interpolate, {mode}{', corners aligned' if corners else ''}",
                lambda x, m=mode, c=corners, line=line: nn.interpolate(
                    x, 5 if line else (5, 4), mode=m, align_corners=c
                ),
                "x: [n,c,k], k >= 2" if line else "x: [1,c,k,l], k >= 2, l >= 2",
                {},
            )
    yield (
        "interpolate, bicubic, antialiased",
        lambda x: nn.interpolate(x, (2, 3), mode="bicubic", antialias=True),
        "x: [1,c,k,l], k >= 2, l >= 2",
        {},
    )
    for mode in ("constant", "reflect", "replicate", "circular"):
        yield f"pad, {mode}", lambda x, m=mode: nn.pad(x, (1, 1), m), "x: [n,c,k], k >= 2", {}
    yield "unfold of patches", lambda x: nn.unfold(x, 2, padding=1), "x: [1,c,k,l]", {}
    yield "fold", lambda x: nn.fold(x, 3, 2), "x: [1,4*c,4]", {}
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            for corners in (True, False):
                yield (
                    f"grid_sample, {mode}, {padding}{', corners aligned' if corners else ''}",
                    lambda x, g, m=mode, p=padding, c=corners: nn.grid_sample(
                        x, g, m, p, align_corners=c
                    ),
                    "x: [1,c,k,l], g: [1,a,b,2], k >= 2, l >= 2",
                    {},
                )
    yield (
        "affine_grid",
        lambda t: nn.affine_grid(t, [1, 1, 3, 2], align_corners=False),
        "t: [1,2,3]",
        {},
    )


def _signals() -> Iterator[Row]:
    yield "fft, the size squared", lambda x: torch.fft.fft(x).abs().square(), X, {}
    yield "rfft and back", lambda x: torch.fft.irfft(torch.fft.rfft(x) ** 2, len(x)), X, {}
    yield "hfft", lambda x: torch.fft.hfft(x, 5), X, {}
    yield "size of a complex number", lambda x, y: torch.complex(x, y).abs(), "x: [n], y: [n]", {}
    yield "angle", lambda x, y: torch.angle(torch.complex(x, y)), "x: [n], y: [n]", {}
    yield "polar", lambda x, y: torch.polar(x, y).real, "x: positive[n], y: [n]", {}
    yield "lu_solve", _by_lu, "A: spd[n,n], b: [n,k]", {}
    yield "gru_cell", _gru, "x: [n,d], h: [n,k], w: [3*k,d], u: [3*k,k]", {}
    yield "lstm_cell", _lstm, "x: [n,d], h: [n,k], c: [n,k], w: [4*k,d], u: [4*k,k]", {}


def _by_lu(A: Any, b: Any) -> Any:
    factors, pivots = torch.linalg.lu_factor(A)
    return torch.linalg.lu_solve(factors, pivots, b)


def _gru(x: Any, h: Any, w: Any, u: Any) -> Any:
    return torch.gru_cell(x, h, w, u)


def _lstm(x: Any, h: Any, c: Any, w: Any, u: Any) -> Any:
    return torch.cat(torch.lstm_cell(x, (h, c), w, u), 1)
