"""What checkers of gradients notice: `python -m benchmarks.checkers` prints a table.

Every pair of `benchmarks.catalogue` is held against every checker, each with its documented
defaults. The peers bring no inputs of their own, so that each gets the same 20 typical examples of
a pair; gradaudit gets the spec alone. `--cost` measures a right network of two layers instead, at
three sizes. `-k WORDS` chooses pairs by their names, `--only CHECKER` one checker, `--each` prints
what every checker said of every pair.

Ports, where the original takes no pair of functions of NumPy or leaves the verdict to the eye:
pymanopt plots the slope of its Taylor error, over the straightest stretch from 1e-8 to 1, which is
read here as right within 2 ± 0.1 (its own line fit fails with NumPy 2.4); tesseract-core checks the
endpoints of a server, whose rule (central differences of 1e-4, one entry after the other,
numpy.allclose with rtol=0.1) is applied here to the functions themselves.
"""

import argparse
import importlib.util
import logging
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from multiprocessing import get_context
from typing import Any

import numpy as np

from benchmarks.catalogue import PAIRS, Pair
from benchmarks.inputs import Spec, read, typical

Array = Any
EXAMPLES = 20
PATIENCE = 120  # seconds for one check of `--cost`
REPEATS = 100  # the best of so many checks is its cost, as long as
SPENT = 2  # seconds are not over

spec_of: Callable[[str], Spec] = cache(read)


class Refused(Exception):
    """A checker says that a gradient is wrong."""


class CannotRun(Exception):
    """A checker has no way to take such a pair."""


@dataclass
class Problem:
    """A pair at one example: functions of the arrays that move, in float64, which count calls."""

    pair: Pair
    args: list[Any]
    random: np.random.Generator
    calls: list[int] = field(default_factory=lambda: [0, 0])

    def __post_init__(self) -> None:
        self.places = spec_of(self.pair.spec).moving(self.pair.wrt)
        self.xs = [np.array(self.args[i], dtype=np.float64) for i in self.places]
        self.kinds = [spec_of(self.pair.spec).arguments[i].kind for i in self.places]
        with np.errstate(all="ignore"):
            self.out = self.value(*self.xs)
        self.cotangent = self.random.standard_normal(self.out.shape)
        self.calls[:] = [0, 0]

    def filled(self, xs: tuple[Array, ...]) -> list[Any]:
        args = list(self.args)
        for i, x in zip(self.places, xs, strict=True):
            args[i] = x if np.ndim(x) or isinstance(self.args[i], np.ndarray) else float(x)
        return args

    def value(self, *xs: Array) -> Array:
        self.calls[0] += 1
        value = self.pair.f(*self.filled(xs))
        return np.asarray(value[0] if self.pair.kind == "value_and_grad" else value)

    def pullback(self, g: Array, *xs: Array) -> list[Array]:
        """Return what the gradient gives, as the pullback of a cotangent."""
        self.calls[1] += 1
        args, kind = self.filled(xs), self.pair.kind
        if kind == "vjp":
            given = self.pair.gradient(*args, g if np.ndim(self.out) else float(g))
            return list(given) if isinstance(given, tuple) else [given]
        given = self.pair.gradient(*args)
        if kind == "jacobian":
            return [np.asarray(given).T @ g]
        if kind == "elementwise":
            return [np.asarray(given) * g]
        if kind == "value_and_grad":
            given = given[1]
        given = given if isinstance(given, tuple) else (given,)
        return [float(g) * np.asarray(one) if float(g) != 1.0 else one for one in given]

    def push(self, xs: tuple[Array, ...], tangents: tuple[Array, ...]) -> Array:
        self.calls[1] += 1
        return np.asarray(self.pair.gradient(*self.filled(xs), *tangents))

    @cached_property
    def flat(self) -> "Flat":
        return Flat(self)


class Flat:
    """The same as functions of one vector, to a number or to a vector."""

    def __init__(self, problem: Problem) -> None:
        self.problem = p = problem
        if p.pair.kind == "jvp":  # along a line, which is all that a pushforward speaks of
            self.tangents = tuple(p.random.standard_normal(x.shape) for x in p.xs)
            self.start = np.zeros(1)
        else:
            self.start = np.concatenate([x.ravel() for x in p.xs])

    def split(self, x: Array) -> tuple[Array, ...]:
        p = self.problem
        if p.pair.kind == "jvp":
            return tuple(a + x[0] * v for a, v in zip(p.xs, self.tangents, strict=True))
        parts = np.split(x, np.cumsum([a.size for a in p.xs])[:-1])
        return tuple(part.reshape(a.shape) for part, a in zip(parts, p.xs, strict=True))

    def function(self, x: Array) -> Array:
        p = self.problem
        value = p.value(*self.split(x))
        if p.pair.kind in {"jacobian", "elementwise", "jvp"}:
            return value.ravel()
        return float(value) if p.pair.kind != "vjp" else float(np.sum(value * p.cotangent))

    def derivative(self, x: Array) -> Array:
        p = self.problem
        if p.pair.kind == "jvp":
            return p.push(self.split(x), self.tangents).reshape(-1, 1)
        if p.pair.kind in {"jacobian", "elementwise"}:
            p.calls[1] += 1
            given = np.asarray(p.pair.gradient(*p.filled(self.split(x))))
            return np.diag(given) if p.pair.kind == "elementwise" else given
        one = p.cotangent.copy() if p.pair.kind == "vjp" else 1.0
        return np.concatenate([np.ravel(g) for g in p.pullback(one, *self.split(x))])


def installed(*modules: str) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in modules)


def library(module: str) -> Any:
    """Import what may not be installed, or has no types."""
    return importlib.import_module(module)


# The checkers. Each takes a problem and returns, or raises Refused or CannotRun.


def scipy_check_grad(problem: Problem) -> None:
    check_grad = library("scipy.optimize").check_grad
    flat = problem.flat
    if not check_grad(flat.function, flat.derivative, flat.start) < 1e-6:
        raise Refused


def scipy_approx_fprime(problem: Problem) -> None:
    flat = problem.flat
    near = library("scipy.optimize").approx_fprime(flat.start, flat.function)
    if not np.allclose(near, flat.derivative(flat.start)):
        raise Refused


def numdifftools_allclose(problem: Problem) -> None:
    numdifftools = library("numdifftools")
    flat = problem.flat
    kind = problem.pair.kind
    tool = (
        numdifftools.Jacobian
        if kind in {"jacobian", "elementwise", "jvp"}
        else numdifftools.Gradient
    )
    near = np.asarray(tool(flat.function)(flat.start))
    claimed = flat.derivative(flat.start)
    if not np.allclose(near.reshape(np.shape(claimed)), claimed):
        raise Refused


def tesseract(problem: Problem) -> None:
    """Apply the rule of tesseract-core's check-gradients."""
    flat = problem.flat
    x = flat.start
    claimed = (
        np.atleast_2d(flat.derivative(x)).T if x.size > 1 or problem.pair.kind != "jvp" else None
    )
    if claimed is None:
        claimed = np.atleast_2d(flat.derivative(x)).reshape(1, -1)
    entries = np.arange(x.size)
    if x.size > 1000:
        entries = problem.random.choice(entries, 1000)
    for i in entries:
        e = np.zeros_like(x)
        e[i] = 1e-4
        near = (np.asarray(flat.function(x + e)) - np.asarray(flat.function(x - e))) / 2e-4
        if not np.allclose(near, claimed[i], atol=1e-8, rtol=0.1):
            raise Refused


def pymanopt_slope(problem: Problem) -> None:
    """Read pymanopt's Taylor test, on the manifold that its user would choose."""
    pymanopt = library("pymanopt")
    manifolds_of = library("pymanopt.manifolds")
    if problem.pair.kind == "jvp":
        raise CannotRun("pymanopt has no pushforward")

    def manifold_of(kind: str, x: Array) -> Any:
        if kind == "spd":
            return manifolds_of.SymmetricPositiveDefinite(len(x))
        if kind == "symmetric":
            return library("pymanopt.manifolds.euclidean").Symmetric(len(x))
        if kind == "positive" and x.ndim:
            return manifolds_of.Positive(*x.reshape(len(x), -1).shape)
        return manifolds_of.Euclidean(*(x.shape or (1,)))

    manifolds = [manifold_of(k, x) for k, x in zip(problem.kinds, problem.xs, strict=True)]
    manifold = manifolds_of.Product(manifolds) if len(manifolds) > 1 else manifolds[0]
    shapes = [x.reshape(len(x), -1).shape if k == "positive" and x.ndim else x.shape or (1,)
              for k, x in zip(problem.kinds, problem.xs, strict=True)]  # fmt: skip
    weight = problem.cotangent if problem.out.ndim else np.ones(())

    def arrays(points: tuple[Array, ...]) -> list[Array]:
        return [np.reshape(p, x.shape) for p, x in zip(points, problem.xs, strict=True)]

    def cost(*points: Array) -> Array:
        return np.sum(problem.value(*arrays(points)) * weight)

    def gradient(*points: Array) -> Any:
        given = problem.pullback(weight.copy() if weight.ndim else 1.0, *arrays(points))
        made = [np.reshape(g, s) for g, s in zip(given, shapes, strict=True)]
        return made if len(made) > 1 else made[0]

    start = [x.reshape(s) for x, s in zip(problem.xs, shapes, strict=True)]
    point = start if len(start) > 1 else start[0]
    state = np.random.get_state()
    np.random.seed(int(problem.random.integers(2**31)))
    try:
        direction = manifold.random_tangent_vector(point)
    finally:
        np.random.set_state(state)
    numpy = pymanopt.function.numpy(manifold)
    whole = pymanopt.Problem(manifold, numpy(cost), euclidean_gradient=numpy(gradient))
    slope = manifold.inner_product(point, whole.riemannian_gradient(point), direction)
    steps = np.logspace(-8, 0, 51)
    values = np.array([whole.cost(manifold.exp(point, h * direction)) for h in steps])
    error = np.abs(whole.cost(point) + steps * slope - values)
    if np.all(error < 1e-12):
        return
    xs, ys = np.log10(steps), np.log10(error + np.finfo(float).eps)
    fits = [np.polyfit(xs[k : k + 11], ys[k : k + 11], 1, full=True)[:2] for k in range(41)]
    straightest = min(fits, key=lambda fit: float(np.sum(fit[1])))
    if not abs(straightest[0][0] - 2) < 0.1:
        raise Refused


def torch_gradcheck(problem: Problem, fast: bool) -> None:
    torch = library("torch")

    def as_tensor(array: Array) -> Any:
        return torch.from_numpy(np.asarray(array, order="C"))

    forward_mode = problem.pair.kind == "jvp"

    base: Any = torch.autograd.Function

    class Op(base):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, *xs: Any) -> Any:
            ctx.save_for_backward(*xs)
            ctx.save_for_forward(*xs)
            return as_tensor(problem.value(*(x.detach().numpy() for x in xs)))

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            if forward_mode:
                raise NotImplementedError
            xs = [x.detach().numpy() for x in ctx.saved_tensors]
            grads = problem.pullback(g.numpy(), *xs)
            return tuple(as_tensor(one) for one in grads)

        @staticmethod
        def jvp(ctx: Any, *tangents: Any) -> Any:
            xs = tuple(x.detach().numpy() for x in ctx.saved_tensors)
            return as_tensor(problem.push(xs, tuple(v.detach().numpy() for v in tangents)))

    inputs = tuple(torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in problem.xs)
    if not torch.autograd.gradcheck(
        Op.apply,
        inputs,
        raise_exception=False,
        fast_mode=fast,
        check_forward_ad=forward_mode,
        check_backward_ad=not forward_mode,
    ):
        raise Refused


def torch_slow(problem: Problem) -> None:
    torch_gradcheck(problem, fast=False)


def torch_fast(problem: Problem) -> None:
    torch_gradcheck(problem, fast=True)


def jax_check_grads(problem: Problem) -> None:
    jax = library("jax")
    check_grads = library("jax.test_util").check_grads
    jax.config.update("jax_enable_x64", True)

    def like(array: Array) -> Any:
        return jax.ShapeDtypeStruct(np.shape(array), np.float64)

    def run(*xs: Any) -> Any:
        return jax.pure_callback(
            lambda *a: problem.value(*(np.asarray(x) for x in a)), like(problem.out), *xs
        )

    if problem.pair.kind == "jvp":
        push: Any = jax.custom_jvp(run)

        def pushed(xs: Any, tangents: Any) -> Any:
            out = jax.pure_callback(
                lambda *a: problem.push(
                    tuple(np.asarray(x) for x in a[: len(xs)]),
                    tuple(np.asarray(x) for x in a[len(xs) :]),
                ),
                like(problem.out), *xs, *tangents,
            )  # fmt: skip
            return run(*xs), out

        push.defjvp(pushed)
        check_grads(push, tuple(problem.xs), order=1, modes=["fwd"])
        return
    op: Any = jax.custom_vjp(run)
    op.defvjp(
        lambda *xs: (run(*xs), xs),
        lambda xs, g: tuple(
            jax.pure_callback(
                lambda g, *a: tuple(problem.pullback(np.asarray(g), *(np.asarray(x) for x in a))),
                tuple(like(x) for x in problem.xs), g, *xs,
            )
        ),
    )  # fmt: skip
    check_grads(op, tuple(problem.xs), order=1, modes=["rev"])


def autograd_check_grads(problem: Problem) -> None:
    extend = library("autograd.extend")
    check_grads = library("autograd.test_util").check_grads
    op = extend.primitive(problem.value)
    count = tuple(range(len(problem.xs)))
    xs = tuple(x if x.ndim else float(x) for x in problem.xs)
    if problem.pair.kind == "jvp":
        everything = tuple(np.zeros_like(x) for x in problem.xs)

        def pushed(argnums: Any, tangents: Any, _: Any, args: Any, __: Any) -> Array:
            full = list(everything)
            for i, v in zip(argnums, tangents, strict=True):
                full[i] = np.asarray(v)
            return problem.push(args, tuple(full))

        extend.defjvp_argnums(op, pushed)
        check_grads(op, count, modes=["fwd"], order=1)(*xs)
        return

    def pulled(argnums: Any, _: Any, args: Any, __: Any) -> Any:
        def back(g: Any) -> Any:
            grads = problem.pullback(np.asarray(g), *args)
            return tuple(grads[i] for i in argnums)

        return back

    extend.defvjp_argnums(op, pulled)
    check_grads(op, count, modes=["rev"], order=1)(*xs)


@dataclass(frozen=True)
class Checker:
    """A checker by name: what it takes, and what must be installed."""

    name: str
    check: Callable[[Problem], None]
    needs: tuple[str, ...]


CHECKERS = (
    Checker("scipy check_grad < 1e-6", scipy_check_grad, ("scipy",)),
    Checker("scipy approx_fprime + allclose", scipy_approx_fprime, ("scipy",)),
    Checker("torch gradcheck", torch_slow, ("torch",)),
    Checker("torch gradcheck, fast_mode", torch_fast, ("torch",)),
    Checker("jax check_grads", jax_check_grads, ("jax",)),
    Checker("autograd check_grads", autograd_check_grads, ("autograd",)),
    Checker("numdifftools + allclose", numdifftools_allclose, ("numdifftools",)),
    Checker("pymanopt check_gradient (port, on its manifolds)", pymanopt_slope, ("pymanopt",)),
    Checker("tesseract check-gradients (port)", tesseract, ("numpy",)),
)


@dataclass
class Verdict:
    """What a checker said of a pair: "passed", "refused" or "not judged", and what that took."""

    said: str
    calls: tuple[int, int] = (0, 0)
    seconds: float = 0.0


def problems(pair: Pair, count: int) -> Iterator[Problem]:
    """Yield the pair at typical examples, the same for every checker and for its right model."""
    spec = spec_of(pair.spec)
    random = np.random.default_rng(0)
    for seed in range(count):
        args = typical(spec, random)
        yield Problem(pair, args, np.random.default_rng(seed))


def judge(checker: Checker, pair: Pair, count: int) -> Verdict:
    """Hold a pair against a checker at several examples; the first refusal counts."""
    f_calls = g_calls = 0
    said, start = "passed", time.perf_counter()
    for problem in problems(pair, count):
        np.random.seed(1)
        try:
            with np.errstate(all="ignore"):
                checker.check(problem)
        except CannotRun:
            return Verdict("not judged")
        except Refused:
            said = "refused"
        except Exception as error:
            said = "refused" if not pair.right or tells_of_wrong(error) else "not judged"
        finally:
            f_calls += problem.calls[0]
            g_calls += problem.calls[1]
        if said != "passed":
            break
    return Verdict(said, (f_calls, g_calls), time.perf_counter() - start)


def judge_all(checker: Checker, pairs: list[Pair]) -> dict[str, Verdict]:
    """Judge pairs by name; a checker that cannot run a right one does not judge its wrong ones."""
    verdicts: dict[str, Verdict] = {}
    unable: set[Callable[..., Any] | None] = set()
    for pair in sorted(pairs, key=lambda pair: not pair.right):
        verdict = judge(checker, pair, EXAMPLES)
        if verdict.said == "not judged":
            unable.add(pair.gradient)
        if pair.right_gradient in unable:
            verdict = Verdict("not judged")
        verdicts[pair.name] = verdict
    return verdicts


def tells_of_wrong(error: Exception) -> bool:
    """Whether an exception is how a checker says "wrong"; anything else failed to run."""
    return isinstance(error, AssertionError)


def ours(pair: Pair) -> Verdict:
    """Hold a pair against gradaudit, which gets its spec and nothing else."""
    gradaudit = library("gradaudit")
    calls = [0, 0]

    def counted(function: Callable[..., Any], which: int) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            calls[which] += 1
            return function(*args)

        return call

    f, gradient = counted(pair.f, 0), counted(pair.gradient, 1)
    options: dict[str, Any] = {"inputs": pair.spec}
    if pair.wrt:
        options["wrt"] = pair.wrt
    start = time.perf_counter()
    said = "passed"
    try:
        if pair.kind == "value_and_grad":
            report = gradaudit.check_gradient(value_and_grad=gradient, **options)
        elif pair.kind == "elementwise":
            report = gradaudit.check_jacobian(f, gradient, elementwise=True, **options)
        else:
            report = getattr(gradaudit, f"check_{pair.kind}")(f, gradient, **options)
        if report.status != "holds":
            said = "not judged"
    except gradaudit.WrongGradient:
        said = "refused"
    except Exception:
        said = "not judged"
    return Verdict(said, (calls[0], calls[1]), time.perf_counter() - start)


def row(name: str, verdicts: dict[str, Verdict], pairs: list[Pair]) -> str:
    """Return one line of the table."""
    right = [verdicts[p.name] for p in pairs if p.right]
    wrong = [verdicts[p.name] for p in pairs if not p.right]
    judged = [v for v in right if v.said == "passed"]
    f = np.mean([v.calls[0] for v in judged]) if judged else np.nan
    g = np.mean([v.calls[1] for v in judged]) if judged else np.nan
    ms = 1000 * np.mean([v.seconds for v in judged]) if judged else np.nan
    return (
        f"| {name} | {sum(v.said == 'refused' for v in wrong)} "
        f"| {sum(v.said == 'refused' for v in right)} "
        f"| {sum(v.said == 'not judged' for v in [*right, *wrong])} "
        f"| {f:.0f} / {g:.0f} | {ms:.0f} |"
    )


def table(pairs: list[Pair], chosen: str, each: bool) -> None:
    """Print what every checker caught, refused and could not judge."""
    wrong = sum(not p.right for p in pairs)
    print(f"| checker | wrong caught, of {wrong} | right refused, of {len(pairs) - wrong} "
          "| not judged | calls of f / gradient per right pair | ms per right pair |")  # fmt: skip
    print("|---|---|---|---|---|---|", flush=True)
    told: list[str] = []
    for checker in CHECKERS:
        if chosen not in checker.name:
            continue
        if not installed(*checker.needs):
            print(f"| {checker.name} | not installed | | | | |")
            continue
        verdicts = judge_all(checker, pairs)
        print(row(checker.name, verdicts, pairs), flush=True)
        told += [f"{checker.name}: {p.name}: {verdicts[p.name].said}" for p in pairs]
    if chosen in "gradaudit":
        if not has_gradaudit():
            print("| gradaudit | not there yet | | | | |")
        else:
            verdicts = {pair.name: ours(pair) for pair in pairs}
            print(row("gradaudit, by the spec", verdicts, pairs), flush=True)
            told += [f"gradaudit: {p.name}: {verdicts[p.name].said}" for p in pairs]
    if each:
        print("\n".join(["", *told]))


def has_gradaudit() -> bool:
    return installed("gradaudit") and hasattr(library("gradaudit"), "check_gradient")


# What a check costs, by the number of parameters.

COSTS = {36: (5, 5), 3_137: (54, 56), 100_001: (398, 250)}  # parameters: inputs, hidden units


@contextmanager
def limit(seconds: int) -> Iterator[None]:
    """Raise TimeoutError after a time, between two lines of Python."""

    def stop(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def network_of(d: int, h: int) -> Problem:
    """Return a right network of two layers, at one example."""
    pair = next(pair for pair in PAIRS if pair.name == "network")
    random = np.random.default_rng(0)
    X, t = random.standard_normal((16, d)), random.standard_normal(16)
    W1, w2 = random.standard_normal((d, h)) / np.sqrt(d), random.standard_normal(h) / np.sqrt(h)
    args = [X, t, W1, random.standard_normal(h), w2, 0.5]
    return Problem(pair, args, np.random.default_rng(0))


def cost_of(check: Callable[[Problem], None], d: int, h: int) -> str:
    """Return the milliseconds of one check, and what it says if it does not pass."""
    said = ""
    best, calls = np.inf, (0, 0)
    begun = time.perf_counter()
    for times in range(REPEATS):
        if times >= 3 and time.perf_counter() - begun > SPENT:
            break
        problem = network_of(d, h)
        np.random.seed(1)
        start = time.perf_counter()
        try:
            with limit(PATIENCE), np.errstate(all="ignore"):
                check(problem)
        except TimeoutError:
            return f"over {PATIENCE} s"
        except Exception as error:
            said = ", refused" if isinstance(error, Refused | AssertionError) else ", fails"
        best = min(best, time.perf_counter() - start)
        calls = (problem.calls[0], problem.calls[1])
        if best > 5:
            break
    return f"{1000 * best:.3g} ms, {calls[0]} / {calls[1]}{said}"


def ours_at_one_point(problem: Problem) -> None:
    gradaudit = library("gradaudit")

    def gradient(*args: Array) -> Any:
        problem.calls[1] += 1
        return problem.pair.gradient(*args)

    def f(*args: Array) -> Any:
        problem.calls[0] += 1
        return problem.pair.f(*args)

    spec, wrt = problem.pair.spec, problem.pair.wrt
    try:
        gradaudit.check_gradient(f, gradient, *problem.args, inputs=spec, wrt=wrt, examples=0)
    except gradaudit.WrongGradient as error:
        raise Refused from error


def cost_table(chosen: str) -> None:
    """Print what one check costs at each size."""
    print("| checker | " + " | ".join(f"{n:,} parameters" for n in COSTS) + " |")
    print("|---" * (len(COSTS) + 1) + "|", flush=True)
    everyone = [(c.name, c.check, installed(*c.needs)) for c in CHECKERS]
    everyone.append(("gradaudit, at one point", ours_at_one_point, has_gradaudit()))
    for name, check, there in everyone:
        if chosen not in name:
            continue
        cells = ["not there"] * len(COSTS)
        if there:  # in a process of its own, in which nothing of the others is loaded
            with ProcessPoolExecutor(1, get_context("spawn")) as process:
                cells = process.submit(costs_of, check).result()
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def costs_of(check: Callable[[Problem], None]) -> list[str]:
    """Return the cells of one check."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    cost_of(check, 2, 2)  # imports and what is made only once are no part of a check
    return [cost_of(check, d, h) for d, h in COSTS.values()]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cost", action="store_true", help="measure a network at three sizes")
    parser.add_argument("--only", default="", help="the checkers with these words in their name")
    parser.add_argument("-k", default="", help="the pairs with these words in their name")
    parser.add_argument("--each", action="store_true", help="print the verdicts of every pair")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # the peers warn of float32 and of what overflows
    logging.disable(logging.CRITICAL)  # and JAX logs what its callbacks raise
    if asked.cost:
        cost_table(asked.only)
    else:
        table([pair for pair in PAIRS if asked.k in pair.name], asked.only, asked.each)


if __name__ == "__main__":
    main()
