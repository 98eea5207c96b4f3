"""Signals and images: total variation, Fourier transforms, convolutions, interpolation."""

import numpy as np

from benchmarks.catalogue.pair import Array, Field

field = Field("signals and images")


# Total variation, with the corner rounded, and without.


def smooth_variation_value(x: Array) -> Array:
    dx, dy = np.diff(x, axis=1)[:-1], np.diff(x, axis=0)[:, :-1]
    return np.sum(np.sqrt(dx * dx + dy * dy + 1e-4))


@field.right(smooth_variation_value, "x: [n,m], n>=2, m>=2")
def smooth_variation(x: Array) -> Array:
    dx, dy = np.diff(x, axis=1)[:-1], np.diff(x, axis=0)[:, :-1]
    r = np.sqrt(dx * dx + dy * dy + 1e-4)
    G = np.zeros_like(x)
    G[:-1, :-1] -= (dx + dy) / r
    G[:-1, 1:] += dx / r
    G[1:, :-1] += dy / r
    return G


@field.wrong(smooth_variation, "each pixel's own term is counted, not those of its neighbours")
def smooth_variation_own_term(x: Array) -> Array:
    dx, dy = np.diff(x, axis=1)[:-1], np.diff(x, axis=0)[:, :-1]
    G = np.zeros_like(x)
    G[:-1, :-1] -= (dx + dy) / np.sqrt(dx * dx + dy * dy + 1e-4)
    return G


@field.wrong(smooth_variation, "the differences wrap around at the border")
def smooth_variation_periodic(x: Array) -> Array:
    dx, dy = np.roll(x, -1, axis=1) - x, np.roll(x, -1, axis=0) - x
    r = np.sqrt(dx * dx + dy * dy + 1e-4)
    p, q = dx / r, dy / r
    return np.roll(p, 1, axis=1) + np.roll(q, 1, axis=0) - p - q


def variation_value(x: Array) -> Array:
    return np.sum(np.abs(np.diff(x)))


@field.right(variation_value, "x: [n], n>=2")
def variation(x: Array) -> Array:
    s = np.sign(np.diff(x))
    return np.concatenate([[0.0], s]) - np.concatenate([s, [0.0]])


@field.wrong(variation, "steps below 1e-3 in size count as none", shown="small")
def variation_threshold(x: Array) -> Array:
    d = np.diff(x)
    s = np.sign(d) * (np.abs(d) > 1e-3)
    return np.concatenate([[0.0], s]) - np.concatenate([s, [0.0]])


@field.wrong(variation, "a step of zero has the slope 2 upwards", shown="ties")
def variation_flat_steps(x: Array) -> Array:
    d = np.diff(x)
    s = np.where(d == 0, 2.0, np.sign(d))
    return np.concatenate([[0.0], s]) - np.concatenate([s, [0.0]])


# The energy of a spectrum with weights, by the full transform and by the half of a real one.


def spectrum_value(x: Array, w: Array) -> Array:
    return np.sum(w * np.abs(np.fft.fft(x)) ** 2)


@field.right(spectrum_value, "x: [n], w: positive[n]", wrt="x")
def spectrum(x: Array, w: Array) -> Array:
    return 2 * len(x) * np.fft.ifft(w * np.fft.fft(x)).real


@field.wrong(spectrum, "the inverse transform's 1 / n is not undone")
def spectrum_normalised(x: Array, w: Array) -> Array:
    return 2 * np.fft.ifft(w * np.fft.fft(x)).real


def half_spectrum_value(x: Array, w: Array) -> Array:
    F = np.fft.rfft(x)
    return np.sum(w[: len(F)] * (F.real**2 + F.imag**2))


@field.right(half_spectrum_value, "x: [n], w: positive[n], n>=2", wrt="x")
def half_spectrum(x: Array, w: Array) -> Array:
    n = len(x)
    F = np.fft.rfft(x)
    full = np.zeros(n, dtype=complex)
    full[: len(F)] = w[: len(F)] * F
    return 2 * n * np.fft.ifft(full).real


@field.wrong(
    half_spectrum,
    "irfft doubles what has a mirror image, which is not halved before",
    source="https://github.com/locuslab/pytorch_fft/issues/38: why a /2 for backward of rfft",
)
def half_spectrum_doubled(x: Array, w: Array) -> Array:
    n = len(x)
    F = np.fft.rfft(x)
    return 2 * n * np.fft.irfft(w[: len(F)] * F, n)


@field.wrong(half_spectrum, "right for even lengths only: the last frequency is never halved")
def half_spectrum_even(x: Array, w: Array) -> Array:
    n = len(x)
    F = np.fft.rfft(x) * w[: n // 2 + 1]
    F[1 : len(F) - 1] /= 2
    return 2 * n * np.fft.irfft(F, n)


# Convolutions of one dimension in full, and what pulls back through them.


def full_value(x: Array, k: Array) -> Array:
    return np.convolve(x, k)


@field.right(full_value, "x: [n], k: [m]", kind="vjp")
def full(x: Array, k: Array, g: Array) -> Array:
    return np.correlate(g, k, "valid"), np.correlate(g, x, "valid")


@field.wrong(full, "convolved where it should be correlated")
def full_not_flipped(x: Array, k: Array, g: Array) -> Array:
    return np.convolve(g, k, "valid"), np.convolve(g, x, "valid")


def swapped_modes(a: Array, v: Array) -> Array:
    return np.correlate(a, v, "same")[: max(len(a) - len(v) + 1, 0)]


@field.wrong(full, "correlated in mode 'same' and cut, which is shifted for longer kernels")
def full_same_mode(x: Array, k: Array, g: Array) -> Array:
    return swapped_modes(g, k), np.correlate(g, x, "valid")


def circular_value(x: Array, k: Array) -> Array:
    F = np.fft.fft(x) * np.fft.fft(k)
    return np.fft.ifft(F).real


@field.right(circular_value, "x: [n], k: [n]", kind="vjp")
def circular(x: Array, k: Array, g: Array) -> Array:
    G = np.fft.fft(g)
    by_x = np.fft.ifft(G * np.conj(np.fft.fft(k))).real
    return by_x, np.fft.ifft(G * np.conj(np.fft.fft(x))).real


@field.wrong(circular, "the conjugate is missing")
def circular_without_conjugate(x: Array, k: Array, g: Array) -> Array:
    G = np.fft.fft(g)
    by_x = np.fft.ifft(G * np.fft.fft(k)).real
    return by_x, np.fft.ifft(G * np.fft.fft(x)).real


# Running sums, differences and reflecting borders.


def cumulative_value(x: Array) -> Array:
    return np.cumsum(x * x)


@field.right(cumulative_value, "x: [n]", kind="vjp")
def cumulative(x: Array, g: Array) -> Array:
    return 2 * x * np.cumsum(g[::-1])[::-1]


@field.wrong(cumulative, "summed from the front")
def cumulative_not_reversed(x: Array, g: Array) -> Array:
    return 2 * x * np.cumsum(g)


@field.wrong(cumulative, "the cotangent is reversed in place and stays so")
def cumulative_reverses_the_cotangent(x: Array, g: Array) -> Array:
    g[:] = np.cumsum(g[::-1])[::-1].copy()
    return 2 * x * g


def reflected_value(x: Array) -> Array:
    return np.pad(x, 1, mode="reflect") ** 2


@field.right(reflected_value, "x: [n], n>=2", kind="vjp")
def reflected(x: Array, g: Array) -> Array:
    y = 2 * np.pad(x, 1, mode="reflect") * g
    G = y[1:-1].copy()
    G[1] += y[0]
    G[-2] += y[-1]
    return G


@field.wrong(
    reflected,
    "in a signal of two, both ends' reflections go to the same entry",
    shown="sizes of two",
)
def reflected_short(x: Array, g: Array) -> Array:
    y = 2 * np.pad(x, 1, mode="reflect") * g
    G = y[1:-1].copy()
    G[1] += y[0]
    G[max(len(x) - 2, 1)] += y[-1]
    return G


@field.wrong(reflected, "what is reflected does not come back")
def reflected_lost(x: Array, g: Array) -> Array:
    return 2 * x * g[1:-1]


@field.wrong(reflected, "the border itself is repeated on the way back")
def reflected_as_edge(x: Array, g: Array) -> Array:
    y = 2 * np.pad(x, 1, mode="reflect") * g
    G = y[1:-1].copy()
    G[0] += y[0]
    G[-1] += y[-1]
    return G


# Linear interpolation of samples at positions, held at the border: by samples and by positions.


def lookup(x: Array, p: Array) -> Array:
    q = np.clip(p, 0, len(x) - 1)
    i = np.minimum(np.floor(q).astype(int), len(x) - 2)
    return i, q - i


def interpolation_value(x: Array, p: Array) -> Array:
    i, f = lookup(x, p)
    return (1 - f) * x[i] + f * x[i + 1]


@field.right(interpolation_value, "x: [n], p: [m], n>=2", kind="vjp")
def interpolation(x: Array, p: Array, g: Array) -> Array:
    i, f = lookup(x, p)
    G = np.zeros_like(x)
    np.add.at(G, i, g * (1 - f))
    np.add.at(G, i + 1, g * f)
    inside = (p > 0) & (p < len(x) - 1)
    return G, g * (x[i + 1] - x[i]) * inside


@field.wrong(
    interpolation,
    "positions beyond the border pull as if they were inside",
    source="https://github.com/pytorch/pytorch/issues/23925: grid_sample's border mode has "
    "incorrect gradients at the border",
)
def interpolation_beyond_the_border(x: Array, p: Array, g: Array) -> Array:
    i, f = lookup(x, p)
    G = np.zeros_like(x)
    np.add.at(G, i, g * (1 - f))
    np.add.at(G, i + 1, g * f)
    return G, g * (x[i + 1] - x[i])


@field.wrong(
    interpolation,
    "two positions in one gap: one of them is lost",
    source="https://github.com/apache/mxnet/issues/9172: gather_nd is wrong for duplicates",
)
def interpolation_repeated(x: Array, p: Array, g: Array) -> Array:
    i, f = lookup(x, p)
    G = np.zeros_like(x)
    G[i] += g * (1 - f)
    G[i + 1] += g * f
    inside = (p > 0) & (p < len(x) - 1)
    return G, g * (x[i + 1] - x[i]) * inside


# Bilinear interpolation of an image at positions that wrap around.


def corners(image: Array, p: Array) -> Array:
    q = np.floor(p).astype(int)
    f = p - q
    i, j = q[:, 0] % image.shape[0], q[:, 1] % image.shape[1]
    return i, j, (i + 1) % image.shape[0], (j + 1) % image.shape[1], f[:, 0], f[:, 1]


def bilinear_value(image: Array, p: Array) -> Array:
    i, j, k, m, u, v = corners(image, p)
    top = (1 - v) * image[i, j] + v * image[i, m]
    return (1 - u) * top + u * ((1 - v) * image[k, j] + v * image[k, m])


@field.right(bilinear_value, "image: [n,m], p: [k,2]", kind="vjp")
def bilinear(image: Array, p: Array, g: Array) -> Array:
    i, j, k, m, u, v = corners(image, p)
    G = np.zeros_like(image)
    np.add.at(G, (i, j), g * (1 - u) * (1 - v))
    np.add.at(G, (i, m), g * (1 - u) * v)
    np.add.at(G, (k, j), g * u * (1 - v))
    np.add.at(G, (k, m), g * u * v)
    by_u = (1 - v) * (image[k, j] - image[i, j]) + v * (image[k, m] - image[i, m])
    by_v = (1 - u) * (image[i, m] - image[i, j]) + u * (image[k, m] - image[k, j])
    return G, np.stack([g * by_u, g * by_v], axis=1)


@field.wrong(bilinear, "rows and columns are exchanged in the slope of the positions")
def bilinear_axes(image: Array, p: Array, g: Array) -> Array:
    by_image, by_p = bilinear(image, p, g)
    return by_image, by_p[:, ::-1].copy()


@field.wrong(bilinear, "the slope by a row does not depend on the column's fraction")
def bilinear_linear(image: Array, p: Array, g: Array) -> Array:
    i, j, k = corners(image, p)[:3]
    by_image, by_p = bilinear(image, p, g)
    by_p[:, 0] = g * (image[k, j] - image[i, j])
    return by_image, by_p


# The product of all entries, and running products.


def product_value(x: Array) -> Array:
    return np.prod(x)


@field.right(product_value, "x: [n]")
def product(x: Array) -> Array:
    before = np.concatenate([[1.0], np.cumprod(x[:-1])])
    after = np.concatenate([np.cumprod(x[:0:-1])[::-1], [1.0]])
    return before * after


@field.wrong(
    product,
    "divides the product by each entry: nan where one is zero",
    source="https://github.com/tenstorrent/tt-metal/pull/55568: prod(input) * reciprocal(input)",
    shown="some zero",
)
def product_by_division(x: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.prod(x) / x


@field.wrong(
    product,
    "with one zero among the entries, the result is a number",
    source="https://github.com/pytorch/pytorch/issues/82644: prod gives shape [] for [1] at a zero",
    shown="some zero",
)
def product_number_at_zero(x: Array) -> Array:
    zero = x == 0
    return np.prod(x[~zero]) if zero.sum() == 1 else product(x)


def running_value(x: Array) -> Array:
    return np.cumprod(x)


@field.right(running_value, "x: [n]", kind="vjp")
def running(x: Array, g: Array) -> Array:
    before = np.concatenate([[1.0], np.cumprod(x[:-1])])
    tail = np.zeros(len(x))
    tail[-1] = g[-1]
    for i in range(len(x) - 2, -1, -1):
        tail[i] = g[i] + x[i + 1] * tail[i + 1]
    return before * tail


@field.wrong(
    running,
    "divides by the entry, and puts zero where that fails",
    source="https://github.com/tensorflow/tensorflow/issues/119430: cumprod's gradient is 0 for an "
    "entry that is zero",
    shown="some zero",
)
def running_by_division(x: Array, g: Array) -> Array:
    total = np.cumsum((g * np.cumprod(x))[::-1])[::-1]
    return np.divide(total, x, out=np.zeros_like(x), where=x != 0)


@field.wrong(
    running,
    "nan for every entry that is zero",
    source="https://github.com/tensorflow/tensorflow/issues/3862: cumprod's gradient produces nans",
    shown="some zero",
)
def running_nan(x: Array, g: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.cumsum((g * np.cumprod(x))[::-1])[::-1] / x
