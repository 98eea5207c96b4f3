"""Backward passes of PyTorch, right and wrong ones."""

import inspect
from typing import Any

import numpy as np
import pytest

from gradaudit import BadCall, WrongGradient, check_gradient

pytest.importorskip("torch")

import torch
from torch.autograd import Function

import gradaudit.torch  # which needs it
from gradaudit.torch import check, own

F = torch.nn.functional
FEW = 24


def moving(*shape: int, dtype: Any = torch.float64) -> Any:
    """Return a tensor that requires a gradient."""
    numbers = np.random.default_rng(0).normal(size=shape)
    return torch.tensor(numbers, dtype=dtype, requires_grad=True)


def definite() -> Any:
    a = torch.tensor(np.random.default_rng(0).normal(size=(3, 3)))
    return (a @ a.T + torch.eye(3)).requires_grad_()


def function(forward: Any, backward: Any) -> Any:
    """Return a Function of one tensor; backward gets it, and the cotangent."""

    def forwards(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return forward(x)

    def backwards(ctx: Any, g: Any) -> Any:
        return backward(*ctx.saved_tensors, g)

    methods = {"forward": staticmethod(forwards), "backward": staticmethod(backwards)}
    made: Any = type("Mine", (Function,), methods)
    return made.apply


class TestHolds:
    @pytest.mark.parametrize(
        ("fn", "example"),
        [
            pytest.param(torch.relu, [moving(3, 4)], id="relu, also at 0"),
            pytest.param(torch.abs, [moving(3, dtype=torch.complex128)], id="a complex one"),
            pytest.param(torch.linalg.cholesky, [definite()], id="of a definite matrix"),
            pytest.param(
                lambda x, w, b: F.layer_norm(x, x.shape[-1:], w, b, eps=0.1),
                [moving(3, 4), moving(4), moving(4)],
                id="a layer norm",
            ),
            pytest.param(
                F.cross_entropy, [moving(3, 4), torch.tensor([0, 3, 1])], id="with whole numbers"
            ),
            pytest.param(lambda a, b: a + b, [moving(2), moving(2)], id="gradients of one memory"),
            pytest.param(lambda x, n: x**n, [moving(2), 3], id="with a number that is no tensor"),
            pytest.param(lambda x: x.max(dim=1), [moving(3, 4)], id="with indices as well"),
            pytest.param(
                lambda p: p["w"] @ p["x"], [{"w": moving(3), "x": moving(3)}], id="a dict"
            ),
            pytest.param(lambda xs: xs[0] * xs[1], [[moving(3), moving(3)]], id="a list"),
            pytest.param(
                function(lambda x: x * x, lambda x, g: 2 * x * g), [moving(3)], id="a Function"
            ),
        ],
    )
    def test_a_right_one(self, fn: Any, example: Any) -> None:
        assert check(fn, *example, examples=FEW).status == "holds"

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
    def test_a_short_precision_of_which_the_truth_is_known_in_a_longer_one(
        self, dtype: Any
    ) -> None:
        x, w = moving(3, 4, dtype=dtype), moving(4, dtype=dtype)
        report = check(lambda x, w: torch.tanh(x @ w), x, w, examples=FEW)
        assert (report.status, report.how["complex step"] > FEW // 2) == ("holds", True)

    def test_a_module_whose_own_arrays_are_short(self) -> None:
        module, x = torch.nn.Linear(4, 2), moving(3, 4, dtype=torch.float32)
        assert check(module, x, inputs="x: float32[n,4]").status == "holds"
        assert check(module, x, examples=0).worst < 1e-6  # the truth is not known in float32

    def test_a_function_that_takes_no_other_precision(self) -> None:
        w = torch.ones(3)
        assert check(lambda x: x @ w, moving(3, dtype=torch.float32), examples=0).status == "holds"

    def test_inputs_without_an_example(self) -> None:
        report = check(torch.mul, inputs="x: [n], y: [n]", examples=FEW)
        assert (report.status, report.names) == ("holds", ("dx", "dy"))

    def test_what_requires_no_gradient_is_data(self) -> None:
        report = check(torch.mul, moving(3), torch.ones(3), examples=FEW)
        assert report.names == ("dx0",)

    def test_a_gradient_of_none_where_nothing_depends_on_it(self) -> None:
        report = check(lambda x, y: x * 2, moving(2), moving(2), examples=FEW)
        assert report.status == "holds"
        assert list(report.remarks) == ["dy is None at some inputs, taken as 0"]

    def test_an_output_that_says_it_has_no_gradient(self) -> None:
        assert check(lambda x: (x * x, x.detach()), moving(3), examples=FEW).status == "holds"


class Stateful(Function):
    """It keeps its input where the next call overwrites it."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        Stateful.x = x.clone()
        return x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return 2 * Stateful.x * g


class Spends(Function):
    """Its backward pass works in the memory that it kept."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.kept = 2 * x
        return x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return ctx.kept.mul_(g).clone()


class Clears(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x.clone())
        y = x * x
        x.zero_()
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return 2 * ctx.saved_tensors[0] * g


class Forgets(Function):
    """It offers no gradient of one of two tensors, which PyTorch takes as zero."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(w)
        return x * w

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.saved_tensors[0], None


class Gathers(Function):
    """Its backward pass writes a row that is looked up twice only once."""

    @staticmethod
    def forward(ctx: Any, w: Any, i: Any) -> Any:
        ctx.save_for_backward(i)
        ctx.shape = w.shape
        return w[i]

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        dw = torch.zeros(ctx.shape, dtype=g.dtype)
        dw[ctx.saved_tensors[0]] = g
        return dw, None


def contiguous(x: Any, g: Any) -> Any:
    """Read the cotangent's memory as if one row followed the other."""
    return 2 * x * torch.as_strided(g, g.shape, torch.empty(g.shape).stride())


# Their mistakes are not at the example, or not with the one cotangent, that gradcheck is given.
UNSEEN = {
    "a cotangent that is taken as contiguous": (
        function(lambda x: x * x, contiguous),
        [moving(3, 4)],
        "the same again",
    ),
    "a batch of one": (
        function(lambda x: x.mean(0), lambda x, g: (g / max(len(x), 2)).expand(x.shape)),
        [moving(3, 2)],
        "slope",
    ),
    "zero": (
        function(torch.sin, lambda x, g: g * torch.sin(2 * x) / (2 * torch.sin(x))),
        [moving(3)],
        "a value",
    ),
    "repeated indices": (Gathers.apply, [moving(4, 2), torch.tensor([2, 0])], "slope"),
    "another call in between": (Stateful.apply, [moving(3)], "the same again"),
    "large numbers": (
        function(torch.exp, lambda x, g: g * torch.exp(x.clamp(max=3))),
        [moving(4)],
        "slope",
    ),
}
SEEN = {
    "a factor of two": (function(lambda x: x * x, lambda x, g: x * g), [moving(3)], "slope"),
    "what it kept is spent": (Spends.apply, [moving(3)], "the same again"),
    "its input is cleared": (Clears.apply, [moving(3)], "inputs unchanged"),
    "None for what it depends on": (Forgets.apply, [moving(3), moving(3)], "slope"),
    "no transpose": (
        function(lambda x: x.T * 1.0, lambda x, g: g.reshape(x.shape)),
        [moving(2, 3)],
        "slope",
    ),
    "a cotangent of zero": (
        function(lambda x: x * x, lambda x, g: 2 * x * g + 1e-3),
        [moving(3)],
        "linear in the cotangent",
    ),
}


class TestRefuses:
    @pytest.mark.parametrize("name", [*UNSEEN, *SEEN])
    def test_a_wrong_one_by_its_law(self, name: Any) -> None:
        fn, example, law = {**UNSEEN, **SEEN}[name]
        with pytest.raises(WrongGradient) as wrong:
            check(fn, *example, examples=60)
        assert wrong.value.law == law

    @pytest.mark.parametrize("name", UNSEEN)
    def test_which_gradcheck_passes(self, name: Any) -> None:
        fn, example, _ = UNSEEN[name]
        assert torch.autograd.gradcheck(fn, example)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
    def test_a_factor_of_two_in_a_short_precision(self, dtype: Any) -> None:
        fn, _, _ = SEEN["a factor of two"]
        with pytest.raises(WrongGradient):
            check(fn, moving(3, dtype=dtype), examples=FEW)

    def test_and_says_that_a_gradient_is_none(self) -> None:
        with pytest.raises(WrongGradient) as wrong:
            check(Forgets.apply, moving(3), moving(3), examples=FEW)
        assert wrong.value.__notes__ == ["dw is None at some inputs, taken as 0"]

    def test_and_tells_the_call_that_shows_it(self) -> None:
        with pytest.raises(WrongGradient) as wrong:
            check(Forgets.apply, moving(3), torch.ones(3).requires_grad_(), examples=FEW)
        call = next(line for line in str(wrong.value).splitlines() if "again" in line)
        assert call.split(maxsplit=1)[1] == (
            "gradaudit.torch.check(Forgets.apply, torch.tensor(x, requires_grad=True), "
            "torch.tensor(w, dtype=torch.float32, requires_grad=True), examples=0)"
        )


class TestUntested:
    def test_where_nothing_is_recorded(self) -> None:
        report = check(lambda x: x.detach() * 2, moving(3), examples=FEW)
        assert report.because.endswith("(not offered: no output requires a gradient)")

    def test_where_the_backward_pass_is_not_written(self) -> None:
        def none(x: Any, g: Any) -> Any:
            raise NotImplementedError("not yet")

        assert check(function(torch.sin, none), moving(3), examples=FEW).status == "untested"


class TestBadCalls:
    def test_without_a_tensor_that_requires_a_gradient(self) -> None:
        with pytest.raises(BadCall, match="set requires_grad=True"):
            check(torch.sin, torch.ones(3))

    def test_with_an_object_that_is_made(self) -> None:
        with pytest.raises(BadCall, match="given"):
            check(torch.sin, moving(3), given=lambda x: x)

    def test_of_what_returns_no_tensor(self) -> None:
        with pytest.raises(BadCall, match="returns no tensor of floats"):
            check(lambda x: 3.0, moving(3))


class TestOwn:
    def test_it_is_the_truth_where_a_complex_step_is_not(self) -> None:
        def f(x: Any) -> Any:
            return float(np.sum(np.maximum(x, 0) * np.abs(x)))

        slope = own(lambda x: (torch.relu(x) * x.abs()).sum())
        report = check_gradient(
            f, lambda x: 2 * np.maximum(x, 0), inputs="x: [n]", own=slope, examples=FEW
        )
        assert "automatic derivative" in report.how

    def test_it_is_none_where_a_derivative_is_written_by_hand(self) -> None:
        slope = own(function(torch.sin, lambda x, g: 2 * g))
        with pytest.raises(NotImplementedError):
            slope((np.ones(2),), (np.ones(2),))


def test_the_number_of_threads_is_left_as_it_was() -> None:
    threads = torch.get_num_threads()
    check(torch.sin, moving(3), examples=0)
    assert torch.get_num_threads() == threads


def test_its_name_is_that_of_the_package() -> None:
    assert inspect.getmodule(gradaudit.torch.check) is gradaudit.torch
