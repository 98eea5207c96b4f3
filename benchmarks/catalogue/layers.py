"""Layers as pullbacks of a cotangent: normalisation, attention, convolution, pooling, a cell."""

import numpy as np

from benchmarks.catalogue.pair import Array, Field
from benchmarks.catalogue.regression import sigmoid

field = Field("layers")


# Normalisation of a row (layer norm), of a column (batch norm), and by the root mean square.


def layer_norm_value(x: Array, gamma: Array, beta: Array) -> Array:
    mu = x.mean(axis=1, keepdims=True)
    s = np.sqrt(((x - mu) ** 2).mean(axis=1, keepdims=True) + 1e-5)
    return gamma * (x - mu) / s + beta


@field.right(layer_norm_value, "x: [n,d], gamma: [d], beta: [d]", kind="vjp")
def layer_norm(x: Array, gamma: Array, beta: Array, g: Array) -> Array:
    c = x - x.mean(axis=1, keepdims=True)
    s = np.sqrt((c * c).mean(axis=1, keepdims=True) + 1e-5)
    h = c / s
    u = g * gamma
    by_x = (u - u.mean(axis=1, keepdims=True) - h * (u * h).mean(axis=1, keepdims=True)) / s
    return by_x, (g * h).sum(axis=0), g.sum(axis=0)


@field.wrong(layer_norm, "the variance is treated as a constant")
def layer_norm_constant_variance(x: Array, gamma: Array, beta: Array, g: Array) -> Array:
    c = x - x.mean(axis=1, keepdims=True)
    s = np.sqrt((c * c).mean(axis=1, keepdims=True) + 1e-5)
    u = g * gamma
    return (u - u.mean(axis=1, keepdims=True)) / s, (g * c / s).sum(axis=0), g.sum(axis=0)


@field.wrong(layer_norm, "the variance's own share has n - 1 where the layer divides by n")
def layer_norm_unbiased(x: Array, gamma: Array, beta: Array, g: Array) -> Array:
    d = x.shape[1]
    c = x - x.mean(axis=1, keepdims=True)
    s = np.sqrt((c * c).mean(axis=1, keepdims=True) + 1e-5)
    h = c / s
    u = g * gamma
    share = (u * h).sum(axis=1, keepdims=True) / max(d - 1, 1)
    return (u - u.mean(axis=1, keepdims=True) - h * share) / s, (g * h).sum(axis=0), g.sum(axis=0)


@field.wrong(layer_norm, "the epsilon is forgotten on the way back", shown="small")
def layer_norm_without_epsilon(x: Array, gamma: Array, beta: Array, g: Array) -> Array:
    c = x - x.mean(axis=1, keepdims=True)
    v = (c * c).mean(axis=1, keepdims=True)
    s = np.sqrt(np.maximum(v, 1e-30))
    h = c / s
    u = g * gamma
    by_x = (u - u.mean(axis=1, keepdims=True) - h * (u * h).mean(axis=1, keepdims=True)) / s
    return by_x, (g * h).sum(axis=0), g.sum(axis=0)


@field.wrong(
    layer_norm,
    "the gain is applied to the cotangent in place, and then used for its own slope",
    source="https://github.com/pytorch/pytorch/issues/81417: modifying what comes in during a "
    "backward pass gives silently wrong gradients",
)
def layer_norm_in_place(x: Array, gamma: Array, beta: Array, g: Array) -> Array:
    c = x - x.mean(axis=1, keepdims=True)
    s = np.sqrt((c * c).mean(axis=1, keepdims=True) + 1e-5)
    h = c / s
    by_gamma, by_beta = (g * h).sum(axis=0), g.sum(axis=0)
    g *= gamma
    by_x = (g - g.mean(axis=1, keepdims=True) - h * (g * h).mean(axis=1, keepdims=True)) / s
    return by_x, by_gamma, by_beta


@field.wrong(
    layer_norm,
    "the slopes of gain and shift are summed over the first axis only if there are two rows",
    source="https://github.com/ooples/AiDotNet.Tensors/issues/234: reduces axis 0 only",
    shown="a size of one",
)
def layer_norm_rows_kept(x: Array, gamma: Array, beta: Array, g: Array) -> Array:
    by_x, by_gamma, by_beta = layer_norm(x, gamma, beta, g)
    return (by_x, by_gamma[None], by_beta[None]) if len(x) == 1 else (by_x, by_gamma, by_beta)


def batch_norm_value(
    x: Array, gamma: Array, beta: Array, mean: Array, var: Array, training: Array
) -> Array:
    if training:
        mean = x.mean(axis=0)
        var = ((x - mean) ** 2).mean(axis=0)
    return gamma * (x - mean) / np.sqrt(var + 1e-3) + beta


BATCH_NORM = "x: [n,d], gamma: [d], beta: [d], mean: [d], var: positive[d], training: bool"


@field.right(batch_norm_value, BATCH_NORM, wrt="x gamma beta", kind="vjp")
def batch_norm(
    x: Array, gamma: Array, beta: Array, mean: Array, var: Array, training: Array, g: Array
) -> Array:
    if training:
        mean = x.mean(axis=0)
        var = ((x - mean) ** 2).mean(axis=0)
    s = np.sqrt(var + 1e-3)
    h = (x - mean) / s
    u = g * gamma
    by_x = (u - u.mean(axis=0) - h * (u * h).mean(axis=0)) / s if training else u / s
    return by_x, (g * h).sum(axis=0), g.sum(axis=0)


@field.wrong(
    batch_norm,
    "mean and variance of the batch are treated as constants",
    source="https://github.com/facebookresearch/CrypTen/pull/143: backward ignores that mean and "
    "variance are functions of the input",
)
def batch_norm_constant_statistics(
    x: Array, gamma: Array, beta: Array, mean: Array, var: Array, training: Array, g: Array
) -> Array:
    if training:
        mean = x.mean(axis=0)
        var = ((x - mean) ** 2).mean(axis=0)
    s = np.sqrt(var + 1e-3)
    return g * gamma / s, (g * (x - mean) / s).sum(axis=0), g.sum(axis=0)


@field.wrong(
    batch_norm,
    "the gain is missing in the slope of the input, in training",
    source="https://github.com/denizyuret/Knet.jl/issues/288: no care about scales",
)
def batch_norm_without_gain(
    x: Array, gamma: Array, beta: Array, mean: Array, var: Array, training: Array, g: Array
) -> Array:
    by_x, by_gamma, by_beta = batch_norm(x, gamma, beta, mean, var, training, g)
    if training:
        by_x = batch_norm(x, np.ones_like(gamma), beta, mean, var, training, g)[0]
    return by_x, by_gamma, by_beta


@field.wrong(
    batch_norm,
    "the batch's formula is used with stored statistics, too",
    source="https://github.com/apache/mxnet/pull/1630: with global statistics no batch-norm logic "
    "is needed in the backward pass",
)
def batch_norm_always_training(
    x: Array, gamma: Array, beta: Array, mean: Array, var: Array, training: Array, g: Array
) -> Array:
    if training:
        mean = x.mean(axis=0)
        var = ((x - mean) ** 2).mean(axis=0)
    s = np.sqrt(var + 1e-3)
    h = (x - mean) / s
    u = g * gamma
    by_x = (u - u.mean(axis=0) - h * (u * h).mean(axis=0)) / s
    return by_x, (g * h).sum(axis=0), g.sum(axis=0)


@field.wrong(
    batch_norm,
    "a further term, divided by n twice, is added to the slope of the mean",
    source="https://github.com/apache/mxnet/issues/1053: an extra term divided by m two times",
)
def batch_norm_extra_term(
    x: Array, gamma: Array, beta: Array, mean: Array, var: Array, training: Array, g: Array
) -> Array:
    by_x, by_gamma, by_beta = batch_norm(x, gamma, beta, mean, var, training, g)
    if training:
        n = len(x)
        by_x = by_x + (g * gamma * (x - x.mean(axis=0))).sum(axis=0) / n**2
    return by_x, by_gamma, by_beta


def rms_norm_value(x: Array, gamma: Array) -> Array:
    return gamma * x / np.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-6)


@field.right(rms_norm_value, "x: [n,d], gamma: [d]", kind="vjp")
def rms_norm(x: Array, gamma: Array, g: Array) -> Array:
    s = np.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-6)
    h = x / s
    u = g * gamma
    return (u - h * (u * h).mean(axis=1, keepdims=True)) / s, (g * h).sum(axis=0)


@field.wrong(rms_norm, "the second term is dropped")
def rms_norm_one_term(x: Array, gamma: Array, g: Array) -> Array:
    s = np.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-6)
    return g * gamma / s, (g * x / s).sum(axis=0)


@field.wrong(rms_norm, "the mean of the second term is taken over the rows, too")
def rms_norm_mean_of_all(x: Array, gamma: Array, g: Array) -> Array:
    s = np.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-6)
    h = x / s
    u = g * gamma
    return (u - h * (u * h).mean()) / s, (g * h).sum(axis=0)


@field.wrong(rms_norm, "1e-6 stands outside of the root", shown="small")
def rms_norm_epsilon_outside(x: Array, gamma: Array, g: Array) -> Array:
    s = np.sqrt((x * x).mean(axis=1, keepdims=True)) + 1e-6
    h = x / s
    u = g * gamma
    return (u - h * (u * h).mean(axis=1, keepdims=True)) / s, (g * h).sum(axis=0)


@field.wrong(
    rms_norm,
    "the gain is forgotten in the slope of the input",
    source="https://github.com/karpathy/llm.c/pull/763: forgot to multiply by the weight in the "
    "backward pass",
)
def rms_norm_without_gain(x: Array, gamma: Array, g: Array) -> Array:
    return rms_norm(x, np.ones_like(gamma), g)[0], rms_norm(x, gamma, g)[1]


@field.wrong(
    rms_norm,
    "the gain's slope is never written",
    source="https://github.com/paiml/trueno/pull/178: grad_gamma was declared and never written to",
)
def rms_norm_gain_untouched(x: Array, gamma: Array, g: Array) -> Array:
    return rms_norm(x, gamma, g)[0], np.zeros_like(gamma)


@field.wrong(
    rms_norm,
    "a cotangent in Fortran order is read as if it were in C order",
    source="https://github.com/flagos-ai/FlagGems/pull/1082: dy was not contiguous, so it was read "
    "from wrong places",
)
def rms_norm_contiguous_only(x: Array, gamma: Array, g: Array) -> Array:
    return rms_norm(x, gamma, g.ravel(order="K").reshape(g.shape))


# Attention of one head, with a causal mask if wanted.


def attention_weights(Q: Array, K: Array, causal: Array) -> Array:
    S = Q @ K.T / np.sqrt(Q.shape[1])
    if causal:
        S = np.where(np.tri(*S.shape) > 0, S, -np.inf)
    P = np.exp(S - S.max(axis=1, keepdims=True))
    return P / P.sum(axis=1, keepdims=True)


def attention_value(Q: Array, K: Array, V: Array, causal: Array) -> Array:
    return attention_weights(Q, K, causal) @ V


@field.right(attention_value, "Q: [n,d], K: [m,d], V: [m,e], causal: bool", kind="vjp")
def attention(Q: Array, K: Array, V: Array, causal: Array, g: Array) -> Array:
    P = attention_weights(Q, K, causal)
    D = g @ V.T
    S = P * (D - (P * D).sum(axis=1, keepdims=True)) / np.sqrt(Q.shape[1])
    return S @ K, S.T @ Q, P.T @ g


@field.wrong(
    attention,
    "the scale 1 / sqrt(d) is forgotten on the way back",
    source="https://github.com/mlc-ai/mlc-llm/pull/3426: 1/sqrt(d) is missing on one path",
)
def attention_without_scale(Q: Array, K: Array, V: Array, causal: Array, g: Array) -> Array:
    P = attention_weights(Q, K, causal)
    D = g @ V.T
    S = P * (D - (P * D).sum(axis=1, keepdims=True))
    return S @ K, S.T @ Q, P.T @ g


@field.wrong(
    attention,
    "the mask is not applied again on the way back, where the weights are computed anew",
    source="https://github.com/XPU-Forces/mojo_opset/pull/386: masks not applied to the backward "
    "pass, which then includes tokens out of bounds",
)
def attention_backward_without_mask(Q: Array, K: Array, V: Array, causal: Array, g: Array) -> Array:
    P = attention_weights(Q, K, causal=False)
    D = g @ V.T
    S = P * (D - (P * D).sum(axis=1, keepdims=True)) / np.sqrt(Q.shape[1])
    return S @ K, S.T @ Q, P.T @ g


@field.wrong(attention, "only the diagonal of the softmax's Jacobian")
def attention_diagonal(Q: Array, K: Array, V: Array, causal: Array, g: Array) -> Array:
    P = attention_weights(Q, K, causal)
    S = P * (1 - P) * (g @ V.T) / np.sqrt(Q.shape[1])
    return S @ K, S.T @ Q, P.T @ g


@field.wrong(
    attention,
    "the scores are not transposed for the keys if there are as many queries",
    shown="equal sizes",
)
def attention_square(Q: Array, K: Array, V: Array, causal: Array, g: Array) -> Array:
    by_Q, by_K, by_V = attention(Q, K, V, causal, g)
    if len(Q) == len(K):
        P = attention_weights(Q, K, causal)
        D = g @ V.T
        S = P * (D - (P * D).sum(axis=1, keepdims=True)) / np.sqrt(Q.shape[1])
        by_K = S @ Q
    return by_Q, by_K, by_V


@field.wrong(attention, "weights below 1e-3 are treated as zero", shown="tens")
def attention_dropped_weights(Q: Array, K: Array, V: Array, causal: Array, g: Array) -> Array:
    P = attention_weights(Q, K, causal)
    P = np.where(P < 1e-3, 0.0, P)
    D = g @ V.T
    S = P * (D - (P * D).sum(axis=1, keepdims=True)) / np.sqrt(Q.shape[1])
    return S @ K, S.T @ Q, P.T @ g


# A convolution of one dimension with channels, stride and padding.


def windows(x: Array, size: Array, stride: Array, pad: Array) -> Array:
    padded = np.pad(x, ((0, 0), (pad, pad)))
    steps = range(0, padded.shape[1] - size + 1, stride)
    return np.stack([padded[:, i : i + size] for i in steps])


def conv_value(x: Array, W: Array, stride: Array, pad: Array) -> Array:
    return np.einsum("tck,ock->ot", windows(x, W.shape[2], stride, pad), W)


CONV = "x: [c,n], W: [o,c,k], stride: 1..3, pad: 0..2, n >= k"


@field.right(conv_value, CONV, wrt="x W", kind="vjp")
def conv(x: Array, W: Array, stride: Array, pad: Array, g: Array) -> Array:
    size = W.shape[2]
    by_W = np.einsum("tck,ot->ock", windows(x, size, stride, pad), g)
    padded = np.zeros((x.shape[0], x.shape[1] + 2 * pad))
    for t in range(g.shape[1]):
        padded[:, t * stride : t * stride + size] += np.einsum("ock,o->ck", W, g[:, t])
    return padded[:, pad : pad + x.shape[1]].copy(), by_W


@field.wrong(
    conv,
    "the stride is forgotten on the way back",
    source="https://github.com/Kulbear/deep-learning-coursera/pull/34: conv_backward lacks it",
)
def conv_without_stride(x: Array, W: Array, stride: Array, pad: Array, g: Array) -> Array:
    size = W.shape[2]
    by_W = conv(x, W, stride, pad, g)[1]
    padded = np.zeros((x.shape[0], x.shape[1] + 2 * pad))
    for t in range(g.shape[1]):
        padded[:, t : t + size] += np.einsum("ock,o->ck", W, g[:, t])
    return padded[:, pad : pad + x.shape[1]].copy(), by_W


@field.wrong(
    conv,
    "the slope of the kernel is divided by the number of windows",
    source="https://github.com/sebgao/cTensor/issues/3: 1 / (B H W) in the gradient of the weights",
)
def conv_kernel_mean(x: Array, W: Array, stride: Array, pad: Array, g: Array) -> Array:
    by_x, by_W = conv(x, W, stride, pad, g)
    return by_x, by_W / g.shape[1]


@field.wrong(conv, "the padding is cut off at the end only")
def conv_padding_shifted(x: Array, W: Array, stride: Array, pad: Array, g: Array) -> Array:
    size = W.shape[2]
    by_W = conv(x, W, stride, pad, g)[1]
    padded = np.zeros((x.shape[0], x.shape[1] + 2 * pad))
    for t in range(g.shape[1]):
        padded[:, t * stride : t * stride + size] += np.einsum("ock,o->ck", W, g[:, t])
    return padded[:, : x.shape[1]].copy(), by_W


@field.wrong(
    conv,
    "wrong where the stride does not divide what is left: the input's end is shifted",
    source="https://github.com/f-dangel/backpack/issues/30: works only when the "
    "stride rounds nothing down",
)
def conv_stride_remainder(x: Array, W: Array, stride: Array, pad: Array, g: Array) -> Array:
    by_x, by_W = conv(x, W, stride, pad, g)
    left = (x.shape[1] + 2 * pad - W.shape[2]) % stride
    return np.roll(by_x, left, axis=1), by_W


@field.wrong(conv, "the kernel is flipped on the way back")
def conv_flipped(x: Array, W: Array, stride: Array, pad: Array, g: Array) -> Array:
    return conv(x, W[:, :, ::-1], stride, pad, g)[0], conv(x, W, stride, pad, g)[1]


# Pooling with overlapping windows.


def max_pool_value(x: Array, size: Array, stride: Array) -> Array:
    return np.array([x[i : i + size].max() for i in range(0, len(x) - size + 1, stride)])


POOL = "x: [n], size: 1..3, stride: 1..3, n >= 3"


@field.right(max_pool_value, POOL, kind="vjp")
def max_pool(x: Array, size: Array, stride: Array, g: Array) -> Array:
    G = np.zeros_like(x)
    for t, start in enumerate(range(0, len(x) - size + 1, stride)):
        G[start + np.argmax(x[start : start + size])] += g[t]
    return G


@field.wrong(
    max_pool,
    "every entry that ties with the largest gets the whole slope",
    source="https://github.com/apache/mxnet/issues/18563: max of equal elements gives each 1",
    shown="ties",
)
def max_pool_ties(x: Array, size: Array, stride: Array, g: Array) -> Array:
    G = np.zeros_like(x)
    for t, start in enumerate(range(0, len(x) - size + 1, stride)):
        window = x[start : start + size]
        G[start : start + size] += g[t] * (window == window.max())
    return G


@field.wrong(
    max_pool,
    "what is within 1e-2 of the largest counts as the largest",
    source="https://github.com/mni-ml/framework/pull/22: the mask of max is built with is_close",
    shown="small",
)
def max_pool_close(x: Array, size: Array, stride: Array, g: Array) -> Array:
    G = np.zeros_like(x)
    for t, start in enumerate(range(0, len(x) - size + 1, stride)):
        window = x[start : start + size]
        near = np.abs(window - window.max()) < 1e-2
        G[start : start + size] += g[t] * near / (near.sum() if np.ptp(window) == 0 else 1)
    return G


@field.wrong(
    max_pool,
    "an entry that wins two windows keeps the slope of the last one",
    source="https://github.com/ahrefs/ocannl/issues/512: wrong for overlapping windows, the last "
    "write wins",
)
def max_pool_last_write(x: Array, size: Array, stride: Array, g: Array) -> Array:
    G = np.zeros_like(x)
    for t, start in enumerate(range(0, len(x) - size + 1, stride)):
        G[start + np.argmax(x[start : start + size])] = g[t]
    return G


def mean_pool_value(x: Array, size: Array, pad: Array) -> Array:
    padded = np.pad(x, pad)
    real = np.pad(np.ones_like(x), pad)
    starts = range(len(padded) - size + 1)
    return np.array([padded[i : i + size].sum() / max(real[i : i + size].sum(), 1) for i in starts])


@field.right(mean_pool_value, "x: [n], size: 1..3, pad: 0..1, n >= 3", kind="vjp")
def mean_pool(x: Array, size: Array, pad: Array, g: Array) -> Array:
    real = np.pad(np.ones_like(x), pad)
    G = np.zeros(len(real))
    for i in range(len(real) - size + 1):
        G[i : i + size] += g[i] / max(real[i : i + size].sum(), 1)
    return G[pad : pad + len(x)].copy()


@field.wrong(
    mean_pool,
    "padding is counted on the way back, though not on the way there",
    source="https://github.com/PaddlePaddle/Paddle/issues/5981: the window's size without padding",
)
def mean_pool_counts_padding(x: Array, size: Array, pad: Array, g: Array) -> Array:
    G = np.zeros(len(x) + 2 * pad)
    for i in range(len(G) - size + 1):
        G[i : i + size] += g[i] / size
    return G[pad : pad + len(x)].copy()


@field.wrong(mean_pool, "not divided by the size of the window")
def mean_pool_sum(x: Array, size: Array, pad: Array, g: Array) -> Array:
    G = np.zeros(len(x) + 2 * pad)
    for i in range(len(G) - size + 1):
        G[i : i + size] += g[i]
    return G[pad : pad + len(x)].copy()


# A cell of a long short-term memory: the new state h and the new memory c, one above the other.


def lstm_gates(x: Array, h: Array, W: Array, b: Array) -> Array:
    z = np.concatenate([x, h], axis=1) @ W + b
    i, f, o, u = np.split(z, 4, axis=1)
    return sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(u)


def lstm_value(x: Array, h: Array, c: Array, W: Array, b: Array) -> Array:
    i, f, o, u = lstm_gates(x, h, W, b)
    new = f * c + i * u
    return np.stack([o * np.tanh(new), new])


LSTM = "x: [n,d], h: [n,m], c: [n,m], W: [d + m,4 * m], b: [4 * m]"


def lstm_pullback(
    x: Array, h: Array, c: Array, W: Array, b: Array, by_h: Array, by_c: Array
) -> Array:
    i, f, o, u = lstm_gates(x, h, W, b)
    t = np.tanh(f * c + i * u)
    by_c = by_c + by_h * o * (1 - t * t)
    by_z = np.concatenate(
        [
            by_c * u * i * (1 - i),
            by_c * c * f * (1 - f),
            by_h * t * o * (1 - o),
            by_c * i * (1 - u * u),
        ],
        axis=1,
    )
    by_xh = by_z @ W.T
    d = x.shape[1]
    by_W = np.concatenate([x, h], axis=1).T @ by_z
    return by_xh[:, :d].copy(), by_xh[:, d:].copy(), by_c * f, by_W, by_z.sum(axis=0)


@field.right(lstm_value, LSTM, kind="vjp")
def lstm(x: Array, h: Array, c: Array, W: Array, b: Array, g: Array) -> Array:
    return lstm_pullback(x, h, c, W, b, g[0], g[1])


@field.wrong(
    lstm,
    "what comes back through the memory is not added to what comes through the state",
    source="https://github.com/apache/mxnet/issues/4057: the memory's slope should be +=, not =",
)
def lstm_memory_replaced(x: Array, h: Array, c: Array, W: Array, b: Array, g: Array) -> Array:
    return lstm_pullback(x, h, c, W, b, g[0], np.zeros_like(g[1]))


@field.wrong(
    lstm,
    "what comes back for the last memory is left out where it is the forget gate's turn",
    source="https://github.com/deeplearning4j/deeplearning4j/issues/8838: no gradient contribution "
    "from the last cell state",
)
def lstm_forget_gate_of_state_only(
    x: Array, h: Array, c: Array, W: Array, b: Array, g: Array
) -> Array:
    full = lstm_pullback(x, h, c, W, b, g[0], g[1])
    part = lstm_pullback(x, h, c, W, b, g[0], 0 * g[1])
    return (full[0], full[1], part[2], full[3], full[4])


@field.wrong(
    lstm,
    "the forget gate's own derivative is missing",
    source="https://github.com/CaptainE/RNN-LSTM-in-numpy/issues/1: sigmoid(f) * df without "
    "derivative=True",
)
def lstm_forget_gate_derivative(
    x: Array, h: Array, c: Array, W: Array, b: Array, g: Array
) -> Array:
    i, f, o, u = lstm_gates(x, h, W, b)
    t = np.tanh(f * c + i * u)
    by_c = g[1] + g[0] * o * (1 - t * t)
    by_i, by_o = by_c * u * i * (1 - i), g[0] * t * o * (1 - o)
    by_z = np.concatenate([by_i, by_c * c * f, by_o, by_c * i * (1 - u * u)], axis=1)
    by_xh = by_z @ W.T
    d = x.shape[1]
    by_W = np.concatenate([x, h], axis=1).T @ by_z
    return by_xh[:, :d].copy(), by_xh[:, d:].copy(), by_c * f, by_W, by_z.sum(axis=0)


@field.wrong(
    lstm,
    "the biases of the input gate get the slopes of the forget gate",
    source="https://github.com/hanbt/learn_dl/issues/53: bi_grad = delta_f",
)
def lstm_bias_of_another_gate(x: Array, h: Array, c: Array, W: Array, b: Array, g: Array) -> Array:
    by_x, by_h, by_c, by_W, by_b = lstm(x, h, c, W, b, g)
    m = h.shape[1]
    by_b[:m] = by_b[m : 2 * m]
    return by_x, by_h, by_c, by_W, by_b


# Rows scaled to length one, and the cosine of two vectors.


def normalise_value(X: Array) -> Array:
    return X / np.sqrt(np.sum(X * X, axis=1, keepdims=True) + 1e-12)


@field.right(normalise_value, "X: [n,d], d>=2", kind="vjp")
def normalise(X: Array, g: Array) -> Array:
    r = np.sqrt(np.sum(X * X, axis=1, keepdims=True) + 1e-12)
    H = X / r
    return (g - H * np.sum(g * H, axis=1, keepdims=True)) / r


@field.wrong(normalise, "the length is treated as a constant")
def normalise_constant_length(X: Array, g: Array) -> Array:
    return g / np.sqrt(np.sum(X * X, axis=1, keepdims=True) + 1e-12)


@field.wrong(normalise, "lengths above 1000 are clipped on the way back", shown="large")
def normalise_clipped_length(X: Array, g: Array) -> Array:
    r = np.minimum(np.sqrt(np.sum(X * X, axis=1, keepdims=True) + 1e-12), 1000.0)
    H = X / np.sqrt(np.sum(X * X, axis=1, keepdims=True) + 1e-12)
    return (g - H * np.sum(g * H, axis=1, keepdims=True)) / r
