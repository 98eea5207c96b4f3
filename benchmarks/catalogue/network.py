"""A two-layer network and what it is trained with: activations, losses, embeddings."""

import numpy as np
from scipy.special import erf

from benchmarks.catalogue.pair import Array, Field
from benchmarks.catalogue.regression import sigmoid

field = Field("networks")


# A network with one hidden layer of rectified units: half the mean of the squared errors.


def network_loss(X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    h = np.maximum(X @ W1 + b1, 0)
    e = h @ w2 + b2 - t
    return 0.5 * np.mean(e * e)


NETWORK = "X: [n,d], t: [n], W1: [d,h], b1: [h], w2: [h], b2: []"


@field.right(network_loss, NETWORK, wrt="W1 b1 w2 b2")
def network(X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    e = (h @ w2 + b2 - t) / len(t)
    d = np.outer(e, w2) * (z > 0)
    return X.T @ d, d.sum(axis=0), h.T @ e, e.sum()


@field.wrong(network, "no mask of the rectifier")
def network_without_mask(X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    h = np.maximum(X @ W1 + b1, 0)
    e = (h @ w2 + b2 - t) / len(t)
    d = np.outer(e, w2)
    return X.T @ d, d.sum(axis=0), h.T @ e, e.sum()


@field.wrong(network, "the signal is rectified on its way back instead of masked")
def network_rectified_signal(
    X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array
) -> Array:
    h = np.maximum(X @ W1 + b1, 0)
    e = (h @ w2 + b2 - t) / len(t)
    d = np.maximum(np.outer(e, w2), 0)
    return X.T @ d, d.sum(axis=0), h.T @ e, e.sum()


@field.wrong(network, "units that are active by less than 1e-3 are masked", shown="small")
def network_mask_threshold(X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    e = (h @ w2 + b2 - t) / len(t)
    d = np.outer(e, w2) * (z > 1e-3)
    return X.T @ d, d.sum(axis=0), h.T @ e, e.sum()


@field.wrong(network, "the mask comes from X W1, without b1")
def network_mask_without_bias(
    X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array
) -> Array:
    z = X @ W1
    h = np.maximum(z + b1, 0)
    e = (h @ w2 + b2 - t) / len(t)
    d = np.outer(e, w2) * (z > 0)
    return X.T @ d, d.sum(axis=0), h.T @ e, e.sum()


@field.wrong(
    network,
    "the slopes of the hidden biases are averaged over the samples once more",
    source="https://github.com/jimfleming/differentiation/issues/1: a mean where a broadcast bias "
    "needs a sum",
)
def network_bias_mean(X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    e = (h @ w2 + b2 - t) / len(t)
    d = np.outer(e, w2) * (z > 0)
    return X.T @ d, d.mean(axis=0), h.T @ e, e.sum()


@field.wrong(
    network,
    "the slopes of the hidden biases are not summed over the samples",
    source="https://github.com/deeplearning4j/nd4j/issues/2424: broadcast variables' gradients are "
    "not reduced",
)
def network_bias_not_summed(
    X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array
) -> Array:
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    e = (h @ w2 + b2 - t) / len(t)
    d = np.outer(e, w2) * (z > 0)
    return X.T @ d, d, h.T @ e, e.sum()


@field.wrong(network, "goes back through weights that have been updated already")
def network_updated_weights(
    X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array
) -> Array:
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    e = (h @ w2 + b2 - t) / len(t)
    by_w2 = h.T @ e
    d = np.outer(e, w2 - 0.01 * by_w2) * (z > 0)
    return X.T @ d, d.sum(axis=0), by_w2, e.sum()


@field.wrong(network, "the second layer's slope is taken by the values before the rectifier")
def network_preactivation(X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    e = (h @ w2 + b2 - t) / len(t)
    d = np.outer(e, w2) * (z > 0)
    return X.T @ d, d.sum(axis=0), z.T @ e, e.sum()


@field.wrong(network, "transposed where the shape allows it", shown="equal sizes")
def network_transposed_if_square(
    X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array
) -> Array:
    by_W1, by_b1, by_w2, by_b2 = network(X, t, W1, b1, w2, b2)
    return by_W1.T if by_W1.shape[0] == by_W1.shape[1] else by_W1, by_b1, by_w2, by_b2


@field.wrong(
    network, "batches of eight and more: only whole groups of eight count", shown="large sizes"
)
def network_groups_of_eight(
    X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array
) -> Array:
    n = len(t)
    whole = n if n < 8 else n - n % 8
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    e = (h @ w2 + b2 - t) / n
    e[whole:] = 0
    d = np.outer(e, w2) * (z > 0)
    return X.T @ d, d.sum(axis=0), h.T @ e, e.sum()


@field.wrong(network, "divided by n - 1, or by 1 if n is 1")
def network_n_minus_one(X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    e = (h @ w2 + b2 - t) / max(len(t) - 1, 1)
    d = np.outer(e, w2) * (z > 0)
    return X.T @ d, d.sum(axis=0), h.T @ e, e.sum()


@field.wrong(network, "a factor of 1 + 1e-3 in one entry of W1's slope")
def network_off_by_a_thousandth(
    X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array
) -> Array:
    by_W1, by_b1, by_w2, by_b2 = network(X, t, W1, b1, w2, b2)
    by_W1[-1, -1] *= 1 + 1e-3
    return by_W1, by_b1, by_w2, by_b2


@field.wrong(network, "a factor of 1 + 1e-5 in the slopes of w2")
def network_off_by_a_hundred_thousandth(
    X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array
) -> Array:
    by_W1, by_b1, by_w2, by_b2 = network(X, t, W1, b1, w2, b2)
    return by_W1, by_b1, by_w2 * (1 + 1e-5), by_b2


@field.wrong(network, "a factor of 1 - 1e-8 in the slopes of b1")
def network_off_by_a_hundred_millionth(
    X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array
) -> Array:
    by_W1, by_b1, by_w2, by_b2 = network(X, t, W1, b1, w2, b2)
    return by_W1, by_b1 * (1 - 1e-8), by_w2, by_b2


@field.wrong(network, "computed in float32 and returned so")
def network_in_float32(X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    args = (np.asarray(a, dtype=np.float32) for a in (X, t, W1, b1, w2, b2))
    return tuple(np.asarray(g, dtype=np.float32) for g in network(*args))


@field.wrong(network, "rounded to float32 on the way, and returned in float64")
def network_through_float32(
    X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array
) -> Array:
    return tuple(
        np.asarray(g, dtype=np.float32).astype(np.float64) for g in network(X, t, W1, b1, w2, b2)
    )


@field.wrong(network, "the slopes of the hidden biases have the shape (1, h)")
def network_bias_as_row(X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    by_W1, by_b1, by_w2, by_b2 = network(X, t, W1, b1, w2, b2)
    return by_W1, by_b1[None, :], by_w2, by_b2


@field.wrong(network, "the data are centred in place")
def network_centres_the_data(
    X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array
) -> Array:
    result = network(X, t, W1, b1, w2, b2)
    X -= X.mean(axis=0)
    return result


BUFFERS: dict[Array, Array] = {}


@field.wrong(
    network,
    "the next call overwrites what this one returned",
    source="https://github.com/NVIDIA/warp/issues/1294: incorrect gradients when arrays are reused",
)
def network_reused_buffer(X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    by_W1, by_b1, by_w2, by_b2 = network(X, t, W1, b1, w2, b2)
    buffer = BUFFERS.setdefault(by_W1.shape, np.empty_like(by_W1))
    buffer[...] = by_W1
    return buffer, by_b1, by_w2, by_b2


MASKS: dict[Array, Array] = {}


@field.wrong(network, "the mask of the first call with this shape is kept for all later ones")
def network_stale_mask(X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    e = (h @ w2 + b2 - t) / len(t)
    mask = MASKS.setdefault(z.shape, z > 0)
    d = np.outer(e, w2) * mask
    return X.T @ d, d.sum(axis=0), h.T @ e, e.sum()


SUMS: dict[Array, Array] = {}


@field.wrong(
    network,
    "gradients accumulate from call to call, because nobody sets them to zero",
)
def network_accumulates(X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    by_W1, by_b1, by_w2, by_b2 = network(X, t, W1, b1, w2, b2)
    total = SUMS.get(by_W1.shape, 0.0) + by_W1
    SUMS[by_W1.shape] = total
    return total.copy(), by_b1, by_w2, by_b2


NOISE = np.random.default_rng(0)


@field.wrong(network, "a random row of the batch is left out, another one each time")
def network_random_row(X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    e = np.maximum(X @ W1 + b1, 0) @ w2 + b2 - t
    e[NOISE.integers(len(t))] = 0
    e = e / len(t)
    z = X @ W1 + b1
    d = np.outer(e, w2) * (z > 0)
    return X.T @ d, d.sum(axis=0), np.maximum(z, 0).T @ e, e.sum()


@field.wrong(
    network,
    "the derivative of the logistic function in place of the rectifier's",
    source="https://github.com/jeffheaton/encog-dotnet-core/issues/124: a sigmoid's derivative in "
    "the RELU activation",
)
def network_logistic_derivative(
    X: Array, t: Array, W1: Array, b1: Array, w2: Array, b2: Array
) -> Array:
    h = np.maximum(X @ W1 + b1, 0)
    e = (h @ w2 + b2 - t) / len(t)
    d = np.outer(e, w2) * h * (1 - h)
    return X.T @ d, d.sum(axis=0), h.T @ e, e.sum()


# Softmax and cross-entropy, with integer labels and with any targets.


def log_softmax(Z: Array) -> Array:
    top = Z.max(axis=1, keepdims=True)
    return Z - top - np.log(np.sum(np.exp(Z - top), axis=1, keepdims=True))


def softmax(Z: Array) -> Array:
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    return P / P.sum(axis=1, keepdims=True)


def label_entropy(Z: Array, y: Array) -> Array:
    return -np.mean(log_softmax(Z)[np.arange(len(y)), y])


@field.right(label_entropy, "Z: [n,k], y: int[n] < k", wrt="Z")
def labels(Z: Array, y: Array) -> Array:
    P = softmax(Z)
    P[np.arange(len(y)), y] -= 1
    return P / len(y)


@field.wrong(
    labels,
    "not divided by the number of samples",
    source="https://github.com/apache/mxnet/pull/2215: the gradient should be divided by n",
)
def labels_sum(Z: Array, y: Array) -> Array:
    P = softmax(Z)
    P[np.arange(len(y)), y] -= 1
    return P


@field.wrong(
    labels,
    "exp overflows for logits above 709",
    source="https://github.com/FluxML/NNlib.jl/issues/68: softmax's gradient overflows",
    shown="one far",
)
def labels_overflow(Z: Array, y: Array) -> Array:
    with np.errstate(all="ignore"):
        P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    return P / len(y)


@field.wrong(labels, "the chain rule stops at the logarithm: -1 / p at the label")
def labels_stopped_early(Z: Array, y: Array) -> Array:
    G = np.zeros_like(Z)
    rows = np.arange(len(y))
    G[rows, y] = -1 / softmax(Z)[rows, y] / len(y)
    return G


@field.wrong(labels, "only the four largest classes of a row are normalised", shown="large sizes")
def labels_top_four(Z: Array, y: Array) -> Array:
    P = softmax(Z)
    if Z.shape[1] > 4:
        P *= np.sort(P, axis=1)[:, -4:-3] <= P
        P /= P.sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    return P / len(y)


def target_entropy(Z: Array, T: Array) -> Array:
    return -np.sum(T * log_softmax(Z))


@field.right(target_entropy, "Z: [n,k], T: nonnegative[n,k]", wrt="Z")
def targets(Z: Array, T: Array) -> Array:
    return softmax(Z) * T.sum(axis=1, keepdims=True) - T


@field.wrong(
    targets,
    "right only where the targets of a row sum to one",
    source="https://github.com/tensorflow/tensorflow/issues/60314: all-zero label vectors",
)
def targets_sum_to_one(Z: Array, T: Array) -> Array:
    return softmax(Z) - T


@field.wrong(
    targets,
    "off by a factor of two",
    source="https://github.com/markroxor/fromscratchtoml/issues/65: softmax off by a factor of two",
)
def targets_factor_two(Z: Array, T: Array) -> Array:
    return 2 * (softmax(Z) * T.sum(axis=1, keepdims=True) - T)


@field.wrong(targets, "only the diagonal of the softmax's Jacobian")
def targets_diagonal_only(Z: Array, T: Array) -> Array:
    return -T * (1 - softmax(Z))


@field.wrong(
    targets,
    "softmax is applied to what has been normalised already",
    source="https://github.com/vahidk/EffectiveTensorflow/issues/9: softmax applied twice",
)
def targets_double_softmax(Z: Array, T: Array) -> Array:
    return softmax(softmax(Z)) * T.sum(axis=1, keepdims=True) - T


def smoothed_entropy(Z: Array, y: Array, eps: Array) -> Array:
    L = log_softmax(Z)
    rows = np.arange(len(y))
    return -np.sum((1 - eps) * L[rows, y] + eps * L.mean(axis=1))


@field.right(smoothed_entropy, "Z: [n,k], y: int[n] < k, eps: unit[]", wrt="Z")
def smoothing(Z: Array, y: Array, eps: Array) -> Array:
    T = np.full_like(Z, eps / Z.shape[1])
    T[np.arange(len(y)), y] += 1 - eps
    return softmax(Z) - T


@field.wrong(smoothing, "the label's own share of the smoothing is forgotten")
def smoothing_label_share(Z: Array, y: Array, eps: Array) -> Array:
    T = np.full_like(Z, eps / Z.shape[1])
    T[np.arange(len(y)), y] = 1 - eps
    return softmax(Z) - T


# A focal loss of logits, for labels in {-1, 1}.


def focal_loss(z: Array, y: Array, gamma: Array) -> Array:
    s = y * z
    return np.sum(np.exp(gamma * -np.logaddexp(0, s)) * np.logaddexp(0, -s))


@field.right(focal_loss, "z: [n], y: sign[n], gamma: 1..3", wrt="z")
def focal(z: Array, y: Array, gamma: Array) -> Array:
    s = y * z
    q = np.exp(-np.logaddexp(0, s))
    weight = np.exp(gamma * -np.logaddexp(0, s))
    return -y * weight * (gamma * sigmoid(s) * np.logaddexp(0, -s) + q)


@field.wrong(focal, "the weight is treated as a constant")
def focal_constant_weight(z: Array, y: Array, gamma: Array) -> Array:
    s = y * z
    q = np.exp(-np.logaddexp(0, s))
    return -y * np.exp(gamma * -np.logaddexp(0, s)) * q


@field.wrong(focal, "right for gamma = 2 alone, which is written into it")
def focal_gamma_two(z: Array, y: Array, gamma: Array) -> Array:
    s = y * z
    q = np.exp(-np.logaddexp(0, s))
    return -y * q**gamma * (2 * sigmoid(s) * np.logaddexp(0, -s) + q)


@field.wrong(
    focal,
    "the slope by the probability, not multiplied by p (1 - p)",
    source="https://github.com/rahowa/catboost_focal_loss/issues/2: der1 is not multiplied by "
    "dp/da = p (1 - p)",
)
def focal_by_probability(z: Array, y: Array, gamma: Array) -> Array:
    s = y * z
    p, q = sigmoid(s), np.exp(-np.logaddexp(0, s))
    return -y * (gamma * q ** (gamma - 1) * np.logaddexp(0, -s) + q**gamma / p)


# An embedding table and a bag of indices, and dropout with a given mask.


def embedding_loss(E: Array, y: Array, t: Array) -> Array:
    return 0.5 * np.sum((E[y] - t) ** 2)


@field.right(embedding_loss, "E: [v,d], y: int[n] < v, t: [n,d]", wrt="E")
def embedding(E: Array, y: Array, t: Array) -> Array:
    G = np.zeros_like(E)
    np.add.at(G, y, E[y] - t)
    return G


@field.wrong(
    embedding,
    "of an index that occurs twice, only the last one counts",
    source="https://github.com/HIPS/autograd/issues/39: take gives wrong results for duplicates",
    shown="repeated indices",
)
def embedding_repeated(E: Array, y: Array, t: Array) -> Array:
    G = np.zeros_like(E)
    G[y] += E[y] - t
    return G


@field.wrong(embedding, "index 0 is taken for padding")
def embedding_padding(E: Array, y: Array, t: Array) -> Array:
    G = np.zeros_like(E)
    np.add.at(G, y, E[y] - t)
    G[0] = 0
    return G


@field.wrong(
    embedding,
    "divided by how often the index occurs",
    shown="repeated indices",
)
def embedding_mean_of_repeated(E: Array, y: Array, t: Array) -> Array:
    G = embedding(E, y, t)
    return G / np.maximum(np.bincount(y, minlength=len(E)), 1)[:, None]


def dropout_value(x: Array, keep: Array, p: Array) -> Array:
    return x * keep / (1 - p)


@field.right(dropout_value, "x: [n,d], keep: bool[n,d], p: unit[]", wrt="x", kind="vjp")
def dropout(x: Array, keep: Array, p: Array, g: Array) -> Array:
    return g * keep / (1 - p)


@field.wrong(
    dropout,
    "the mask is not applied on the way back",
    source="https://github.com/ddbourgin/numpy-ml/issues/94: backprop does not apply the mask",
)
def dropout_without_mask(x: Array, keep: Array, p: Array, g: Array) -> Array:
    return g / (1 - p)


@field.wrong(dropout, "not scaled by 1 / (1 - p)")
def dropout_without_scale(x: Array, keep: Array, p: Array, g: Array) -> Array:
    return g * keep


@field.wrong(
    dropout,
    "the mask is guessed by dividing the output by the input, which fails at an input of zero",
    source="https://github.com/kaldi-asr/kaldi/issues/3890: a dropped zero passes on its slope",
    shown="some zero",
)
def dropout_guessed_mask(x: Array, keep: Array, p: Array, g: Array) -> Array:
    out = x * keep / (1 - p)
    return g * np.divide(out, x, out=np.ones_like(x), where=x != 0)


# Activations inside a loss, so that they are summed with weights.


def gelu_value(x: Array) -> Array:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


@field.right(gelu_value, "x: [n]", kind="vjp")
def gelu(x: Array, g: Array) -> Array:
    t = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    inner = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x * x)
    return g * 0.5 * (1 + t + x * (1 - t) * (1 + t) * inner)


@field.wrong(gelu, "the factor 3 of the cube's derivative is missing")
def gelu_cube(x: Array, g: Array) -> Array:
    t = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    inner = np.sqrt(2 / np.pi) * (1 + 0.044715 * x * x)
    return g * 0.5 * (1 + t + x * (1 - t * t) * inner)


@field.wrong(
    gelu,
    "the derivative of the exact GELU, for the one by tanh",
    source="https://github.com/kulinseth/pytorch/pull/284: "
    "the tanh form lacked a backward pass of its own",
)
def gelu_exact_for_tanh(x: Array, g: Array) -> Array:
    density = np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)
    return g * (0.5 * (1 + erf(x / np.sqrt(2))) + x * density)


def swiglu_value(x: Array, W: Array, V: Array) -> Array:
    a = x @ W
    return a * sigmoid(a) * (x @ V)


@field.right(swiglu_value, "x: [n,d], W: [d,h], V: [d,h]", kind="vjp")
def swiglu(x: Array, W: Array, V: Array, g: Array) -> Array:
    a, b = x @ W, x @ V
    s = sigmoid(a)
    by_a = g * b * (s + a * s * sigmoid(-a))
    by_b = g * a * s
    return by_a @ W.T + by_b @ V.T, x.T @ by_a, x.T @ by_b


@field.wrong(swiglu, "x enters twice, and its second way is forgotten")
def swiglu_one_way(x: Array, W: Array, V: Array, g: Array) -> Array:
    a, b = x @ W, x @ V
    s = sigmoid(a)
    by_a = g * b * (s + a * s * sigmoid(-a))
    by_b = g * a * s
    return by_a @ W.T, x.T @ by_a, x.T @ by_b


@field.wrong(
    swiglu,
    "the cotangent is used as a scratch pad",
    source="https://github.com/linkedin/Liger-Kernel/issues/254: swiglu's backward works in place",
)
def swiglu_changes_the_cotangent(x: Array, W: Array, V: Array, g: Array) -> Array:
    a, b = x @ W, x @ V
    s = sigmoid(a)
    by_a = g * b * (s + a * s * sigmoid(-a))
    g *= a * s
    return by_a @ W.T + g @ V.T, x.T @ by_a, x.T @ g


@field.wrong(swiglu, "the derivative of the gate is that of the logistic function")
def swiglu_gate(x: Array, W: Array, V: Array, g: Array) -> Array:
    a, b = x @ W, x @ V
    s = sigmoid(a)
    by_a = g * b * s * (1 - s)
    by_b = g * a * s
    return by_a @ W.T + by_b @ V.T, x.T @ by_a, x.T @ by_b


# An autoencoder with tied weights: one matrix on two ways.


def tied_loss(X: Array, W: Array) -> Array:
    R = np.tanh(X @ W) @ W.T - X
    return 0.5 * np.sum(R * R)


@field.right(tied_loss, "X: [n,d], W: [d,h]", wrt="W")
def tied(X: Array, W: Array) -> Array:
    H = np.tanh(X @ W)
    R = H @ W.T - X
    return X.T @ ((R @ W) * (1 - H * H)) + R.T @ H


@field.wrong(
    tied,
    "only the decoder's way is counted",
    source="https://github.com/NervanaSystems/neon/issues/169: "
    "the gradient of x.T is not added to that of x",
)
def tied_decoder_only(X: Array, W: Array) -> Array:
    H = np.tanh(X @ W)
    return (H @ W.T - X).T @ H


@field.wrong(tied, "the hidden layer's derivative is taken at tanh(h), not at h")
def tied_double_tanh(X: Array, W: Array) -> Array:
    H = np.tanh(X @ W)
    R = H @ W.T - X
    return X.T @ ((R @ W) * (1 - np.tanh(H) ** 2)) + R.T @ H
