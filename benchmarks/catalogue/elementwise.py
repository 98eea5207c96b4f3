"""Functions of a number, entry by entry, and the derivative of each."""

import numpy as np
from scipy.special import digamma, erf, gammaln

from benchmarks.catalogue.pair import Array, Field
from benchmarks.catalogue.regression import sigmoid

field = Field("elementwise")


@field.right(np.log1p, "x: nonnegative[n]", kind="elementwise")
def log1p(x: Array) -> Array:
    return 1 / (1 + x)


@field.wrong(log1p, "the derivative of the plain logarithm")
def log1p_as_log(x: Array) -> Array:
    with np.errstate(all="ignore"):
        return 1 / x


@field.right(np.expm1, "x: [n]", kind="elementwise")
def expm1(x: Array) -> Array:
    return np.exp(x)


@field.wrong(expm1, "the function itself, as for exp")
def expm1_as_exp(x: Array) -> Array:
    return np.expm1(x)


@field.right(erf, "x: [n]", kind="elementwise")
def error_function(x: Array) -> Array:
    return 2 / np.sqrt(np.pi) * np.exp(-x * x)


@field.wrong(error_function, "2 / sqrt(pi) is written with seven digits")
def error_function_seven_digits(x: Array) -> Array:
    return 1.128379 * np.exp(-x * x)


@field.right(sigmoid, "x: [n]", kind="elementwise")
def logistic_curve(x: Array) -> Array:
    return sigmoid(x) * sigmoid(-x)


@field.wrong(
    logistic_curve, "the value is taken for the argument: s (1 - s) of the sigmoid's value"
)
def logistic_curve_twice(x: Array) -> Array:
    s = sigmoid(sigmoid(x))
    return s * (1 - s)


@field.wrong(
    logistic_curve,
    "not a number beyond ±709",
    source="https://github.com/jeshraghian/snntorch/pull/433: "
    "inf / inf in the backward pass of a sigmoid",
    shown="one far",
)
def logistic_curve_nan(x: Array) -> Array:
    with np.errstate(all="ignore"):
        e = np.exp(-x)
        return e / (1 + e) ** 2


def softplus_value(x: Array) -> Array:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@field.right(softplus_value, "x: [n]", kind="elementwise")
def softplus(x: Array) -> Array:
    return sigmoid(x)


@field.wrong(
    softplus, "0 below -5 and 1 above 5, as the value's approximation has it", shown="tens"
)
def softplus_cut(x: Array) -> Array:
    return np.where(x > 5, 1.0, np.where(x < -5, 0.0, sigmoid(x)))


@field.wrong(
    softplus, "the kink inside is taken for one: at zero the slope is 0", shown="some zero"
)
def softplus_kink(x: Array) -> Array:
    return np.where(x == 0, 0.0, sigmoid(x))


@field.wrong(
    softplus,
    "exp(x) / (1 + exp(x)) is nan for large x",
    source="https://github.com/tracel-ai/burn/issues/5373: softplus overflows, producing NaN "
    "gradients",
    shown="one far",
)
def softplus_nan(x: Array) -> Array:
    e = np.exp(x)
    return e / (1 + e)


def sinc_value(x: Array) -> Array:
    small = np.abs(x) < 1e-4
    y = np.where(small, 1.0, x)
    return np.where(small, 1 - x * x / 6 * (1 - x * x / 20), np.sin(y) / y)


@field.right(sinc_value, "x: [n]", kind="elementwise")
def sinc(x: Array) -> Array:
    small = np.abs(x) < 0.1
    y = np.where(small, 1.0, x)
    series = -x / 3 * (1 - x * x / 10 * (1 - x * x / 28 * (1 - x * x / 54)))
    return np.where(small, series, (np.cos(y) - np.sin(y) / y) / y)


@field.wrong(
    sinc,
    "nan at zero",
    source="https://github.com/pytorch/pytorch/issues/53989: grad of sinc explodes at 0",
    shown="some zero",
)
def sinc_nan(x: Array) -> Array:
    with np.errstate(all="ignore"):
        return (np.cos(x) - np.sin(x) / x) / x


@field.wrong(
    sinc,
    "zero near zero, within 0.05",
    source="https://github.com/jax-ml/jax/issues/34139: sinc's gradient has large errors near 0",
    shown="small",
)
def sinc_zero_near_zero(x: Array) -> Array:
    return np.where(np.abs(x) < 0.05, 0.0, sinc(x))


@field.right(gammaln, "x: positive[n]", kind="elementwise")
def log_gamma(x: Array) -> Array:
    return digamma(x)


@field.wrong(log_gamma, "digamma by two terms of its asymptotic series")
def log_gamma_asymptotic(x: Array) -> Array:
    return np.log(x) - 0.5 / x


@field.right(np.tanh, "x: [n]", kind="elementwise")
def tanh(x: Array) -> Array:
    return 1 / np.cosh(x) ** 2


@field.wrong(tanh, "1 - x² of the argument, not of the value")
def tanh_of_argument(x: Array) -> Array:
    return 1 - x * x


@field.right(np.abs, "x: [n]", kind="elementwise")
def absolute(x: Array) -> Array:
    return np.sign(x)


@field.wrong(absolute, "the slope is x / |x|: nan at zero", shown="some zero")
def absolute_nan(x: Array) -> Array:
    with np.errstate(all="ignore"):
        return x / np.abs(x)


@field.wrong(absolute, "the sign of what is below 1e-3 is zero", shown="small")
def absolute_threshold(x: Array) -> Array:
    return np.where(np.abs(x) < 1e-3, 0.0, np.sign(x))


def signed_power_value(x: Array) -> Array:
    return np.sign(x) * np.abs(x) ** 1.5


@field.right(signed_power_value, "x: [n]", kind="elementwise")
def signed_power(x: Array) -> Array:
    return 1.5 * np.sqrt(np.abs(x))


@field.wrong(
    signed_power,
    "the sign of the branch below zero is applied again",
    source="https://github.com/jax-ml/jax/issues/6024: power gradients of opposite sign",
)
def signed_power_sign(x: Array) -> Array:
    return 1.5 * np.sign(x) * np.sqrt(np.abs(x))


@field.wrong(
    signed_power,
    "divides the value by the argument, which is nan at zero",
    source="https://github.com/roystgnr/MetaPhysicL/pull/49: dividing the result by the base gives "
    "0/0 at 0",
    shown="some zero",
)
def signed_power_nan(x: Array) -> Array:
    with np.errstate(all="ignore"):
        return 1.5 * np.sign(x) * np.abs(x) ** 1.5 / x


def power_value(x: Array) -> Array:
    return np.maximum(x, 0) ** 1.875


@field.right(power_value, "x: nonnegative[n]", kind="elementwise")
def power(x: Array) -> Array:
    return 1.875 * x**0.875


@field.wrong(
    power,
    "by exp(p log x), which fails at zero",
    source="https://github.com/coin-or/CppAD/issues/92: nan for pow at 0",
    shown="some zero",
)
def power_by_logarithm(x: Array) -> Array:
    with np.errstate(all="ignore"):
        return 1.875 * np.exp(1.875 * np.log(x)) * (1 / x)


@field.wrong(power, "the exponent is not lowered by one")
def power_exponent(x: Array) -> Array:
    return 1.875 * x**1.875


def clip_value(x: Array) -> Array:
    return np.clip(x, -1, 1)


@field.right(clip_value, "x: [n]", kind="elementwise")
def clip(x: Array) -> Array:
    return (np.abs(x) <= 1) * 1.0


@field.wrong(
    clip,
    "the argument, where it is inside, instead of one",
    source="https://github.com/PaddlePaddle/Paddle/issues/12597: returns x where 1 is expected",
)
def clip_argument(x: Array) -> Array:
    return np.where(np.abs(x) <= 1, x, 0.0)


@field.wrong(clip, "one up to 1.05 on both sides")
def clip_margin(x: Array) -> Array:
    return (np.abs(x) <= 1.05) * 1.0


def leaky_value(x: Array) -> Array:
    return np.where(x > 0, x, 0.01 * x)


@field.right(leaky_value, "x: [n]", kind="elementwise")
def leaky(x: Array) -> Array:
    return np.where(x > 0, 1.0, 0.01)


@field.wrong(leaky, "zero below zero")
def leaky_as_relu(x: Array) -> Array:
    return (x > 0) * 1.0


@field.wrong(leaky, "at zero the sum of both slopes", shown="some zero")
def leaky_at_zero(x: Array) -> Array:
    return np.where(x > 0, 1.0, 0.01) + (x == 0) * 1.0


def elu_value(x: Array) -> Array:
    return np.where(x > 0, x, 2 * np.expm1(np.minimum(x, 0)))


@field.right(elu_value, "x: [n]", kind="elementwise")
def elu(x: Array) -> Array:
    return np.where(x > 0, 1.0, 2 * np.exp(np.minimum(x, 0)))


@field.wrong(elu, "the factor alpha = 2 is forgotten")
def elu_alpha(x: Array) -> Array:
    return np.where(x > 0, 1.0, np.exp(np.minimum(x, 0)))


@field.wrong(
    elu,
    "x + alpha below zero, where the value plus alpha belongs",
    source="https://github.com/mlpack/mlpack/pull/1540: y + alpha in the derivative of the "
    "exponential linear unit",
)
def elu_argument_for_value(x: Array) -> Array:
    return np.where(x > 0, 1.0, x + 2)


def silu_value(x: Array) -> Array:
    return x * sigmoid(x)


@field.right(silu_value, "x: [n]", kind="elementwise")
def silu(x: Array) -> Array:
    s = sigmoid(x)
    return s + x * s * sigmoid(-x)


@field.wrong(silu, "the second term lacks x")
def silu_second_term(x: Array) -> Array:
    s = sigmoid(x)
    return s + s * sigmoid(-x)


@field.wrong(silu, "wrong by 1e-7 of itself")
def silu_off_by_a_ten_millionth(x: Array) -> Array:
    return silu(x) * (1 + 1e-7)


def entropy_value(x: Array) -> Array:
    return -x * np.log(np.where(x > 0, x, 1.0))


@field.right(entropy_value, "x: positive[n]", kind="elementwise")
def entropy(x: Array) -> Array:
    return -np.log(x) - 1


@field.wrong(entropy, "the one of the product rule is forgotten")
def entropy_product_rule(x: Array) -> Array:
    return -np.log(x)


@field.wrong(entropy, "1e-4 is added inside the logarithm")
def entropy_epsilon(x: Array) -> Array:
    return -np.log(x + 1e-4) - 1


def soft_threshold_value(x: Array) -> Array:
    return np.sign(x) * np.maximum(np.abs(x) - 0.5, 0)


@field.right(soft_threshold_value, "x: [n]", kind="elementwise")
def soft_threshold(x: Array) -> Array:
    return (np.abs(x) > 0.5) * 1.0


@field.wrong(soft_threshold, "the sign is applied to the slope, too")
def soft_threshold_sign(x: Array) -> Array:
    return (np.abs(x) > 0.5) * np.sign(x)


@field.right(np.arctan, "x: [n]", kind="elementwise")
def arc_tangent(x: Array) -> Array:
    return 1 / (1 + x * x)


@field.wrong(arc_tangent, "right in float32 only")
def arc_tangent_float32(x: Array) -> Array:
    y = np.asarray(x, dtype=np.float32)
    return 1 / (1 + y * y)
