"""A torch.autograd.Function, and the same with a mistake that gradcheck does not see."""

import torch
from torch.autograd import Function, gradcheck

import gradaudit.torch
from gradaudit import WrongGradient


class Swish(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return g * (s + x * s * (1 - s))


class FlatSwish(Swish):
    """It reads the memory of the cotangent as if its rows followed each other."""

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        rows = torch.as_strided(g, x.shape, x.contiguous().stride())  # wrong: g may be a view
        return rows * (s + x * s * (1 - s))


if __name__ == "__main__":
    example = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    print(gradaudit.torch.check(Swish.apply, example))
    print("gradcheck of the wrong one:", gradcheck(FlatSwish.apply, example))
    try:
        gradaudit.torch.check(FlatSwish.apply, example)
    except WrongGradient as wrong:
        print(wrong)
