"""Factorisations, embeddings of points, and kernels."""

import numpy as np

from benchmarks.catalogue.pair import Array, Field
from benchmarks.catalogue.regression import sigmoid

field = Field("factorisations and kernels")


# A matrix factorised where it was observed, with a penalty.


def masked_loss(U: Array, V: Array, R: Array, seen: Array, lam: Array) -> Array:
    E = (U @ V.T - R) * seen
    return 0.5 * np.sum(E * E) + 0.5 * lam * (np.sum(U * U) + np.sum(V * V))


MASKED = "U: [n,k], V: [m,k], R: [n,m], seen: bool[n,m], lam: nonnegative[]"


@field.right(masked_loss, MASKED, wrt="U V")
def masked(U: Array, V: Array, R: Array, seen: Array, lam: Array) -> Array:
    E = (U @ V.T - R) * seen
    return E @ V + lam * U, E.T @ U + lam * V


@field.wrong(masked, "what was not observed pulls towards R, too")
def masked_without_mask(U: Array, V: Array, R: Array, seen: Array, lam: Array) -> Array:
    E = U @ V.T - R
    return E @ V + lam * U, E.T @ U + lam * V


@field.wrong(
    masked,
    "the second factor's slope uses the first factor as updated",
    source="https://github.com/albertauyeung/matrix-factorization-in-python/pull/3: "
    "the update of Q needs the old P",
)
def masked_updated(U: Array, V: Array, R: Array, seen: Array, lam: Array) -> Array:
    E = (U @ V.T - R) * seen
    by_U = E @ V + lam * U
    return by_U, E.T @ (U - 0.01 * by_U) + lam * V


@field.wrong(
    masked,
    "the penalty is counted for each observation",
    source="https://github.com/NicolasHug/Surprise/issues/372: shrunk more if it occurs more often",
)
def masked_penalty_per_observation(U: Array, V: Array, R: Array, seen: Array, lam: Array) -> Array:
    E = (U @ V.T - R) * seen
    return E @ V + lam * seen.sum(axis=1)[:, None] * U, E.T @ U + lam * V


# The same by lists of users and items, which may repeat.


def rating_loss(U: Array, V: Array, user: Array, item: Array, r: Array) -> Array:
    e = np.sum(U[user] * V[item], axis=1) - r
    return 0.5 * np.sum(e * e)


RATINGS = "U: [n,k], V: [m,k], user: int[l] < n, item: int[l] < m, r: [l]"


@field.right(rating_loss, RATINGS, wrt="U V")
def ratings(U: Array, V: Array, user: Array, item: Array, r: Array) -> Array:
    e = (np.sum(U[user] * V[item], axis=1) - r)[:, None]
    by_U, by_V = np.zeros_like(U), np.zeros_like(V)
    np.add.at(by_U, user, e * V[item])
    np.add.at(by_V, item, e * U[user])
    return by_U, by_V


@field.wrong(
    ratings,
    "of a user's ratings only the last one counts",
    source="https://github.com/pymc-devs/pytensor/pull/2242: duplicate indices drop "
    "repeated contributions",
    shown="repeated indices",
)
def ratings_repeated_users(U: Array, V: Array, user: Array, item: Array, r: Array) -> Array:
    e = (np.sum(U[user] * V[item], axis=1) - r)[:, None]
    by_U, by_V = np.zeros_like(U), np.zeros_like(V)
    by_U[user] += e * V[item]
    np.add.at(by_V, item, e * U[user])
    return by_U, by_V


@field.wrong(ratings, "each rating is applied to the factors before the next one is looked at")
def ratings_in_turn(U: Array, V: Array, user: Array, item: Array, r: Array) -> Array:
    P, Q = U.copy(), V.copy()
    for i, j, value in zip(user, item, r, strict=True):
        e = P[i] @ Q[j] - value
        P[i], Q[j] = P[i] - 1e-3 * e * Q[j], Q[j] - 1e-3 * e * P[i]
    return (U - P) / 1e-3, (V - Q) / 1e-3


# Non-negative factorisation by the divergence of Kullback and Leibler.


def nonnegative_loss(W: Array, H: Array, X: Array) -> Array:
    P = W @ H + 1e-3
    return np.sum(P - X * np.log(P))


@field.right(
    nonnegative_loss, "W: nonnegative[n,k], H: nonnegative[k,m], X: nonnegative[n,m]", wrt="W H"
)
def nonnegative(W: Array, H: Array, X: Array) -> Array:
    E = 1 - X / (W @ H + 1e-3)
    return E @ H.T, W.T @ E


@field.wrong(nonnegative, "the epsilon is forgotten on the way back", shown="some zero")
def nonnegative_without_epsilon(W: Array, H: Array, X: Array) -> Array:
    P = W @ H
    E = 1 - np.divide(X, P, out=np.zeros_like(X), where=P > 0)
    return E @ H.T, W.T @ E


# t-SNE with degrees of freedom, for given probabilities of pairs.


def neighbour_kernel(Y: Array, dof: Array) -> Array:
    D = ((Y[:, None] - Y[None]) ** 2).sum(axis=2)
    base = 1 + D / dof
    K = base ** (-(dof + 1) / 2)
    np.fill_diagonal(K, 0.0)
    return K, base


def neighbours_loss(Y: Array, P: Array, dof: Array) -> Array:
    K, base = neighbour_kernel(Y, dof)
    Q = (P + P.T) * (1 - np.eye(len(Y)))
    return 0.5 * (dof + 1) * np.sum(Q * np.log(base)) + Q.sum() * np.log(K.sum())


@field.right(neighbours_loss, "Y: [n,d], P: simplex[n,n], dof: 1..3, n>=3", wrt="Y")
def neighbours(Y: Array, P: Array, dof: Array) -> Array:
    K, base = neighbour_kernel(Y, dof)
    Q = (P + P.T) * (1 - np.eye(len(Y)))
    pull = (Q - Q.sum() * K / K.sum()) / base
    return 2 * (dof + 1) / dof * (pull.sum(axis=1)[:, None] * Y - pull @ Y)


@field.wrong(
    neighbours,
    "the weight of a pair is the kernel, which is right for one degree of freedom only",
    source="https://github.com/RubixML/ML/pull/421: multiplies by the kernel instead of "
    "(1 + d²/v)^-1, correct only when v = 1",
)
def neighbours_one_degree(Y: Array, P: Array, dof: Array) -> Array:
    K, _ = neighbour_kernel(Y, dof)
    Q = (P + P.T) * (1 - np.eye(len(Y)))
    pull = (Q - Q.sum() * K / K.sum()) * K
    return 2 * (dof + 1) / dof * (pull.sum(axis=1)[:, None] * Y - pull @ Y)


@field.wrong(
    neighbours,
    "the factor four is dropped into the learning rate",
    source="https://github.com/pavlin-policar/openTSNE/issues/80: drop the 4 as others do",
)
def neighbours_without_four(Y: Array, P: Array, dof: Array) -> Array:
    return neighbours(Y, P, dof) / 4


@field.wrong(neighbours, "the normaliser is treated as a constant: only attraction is left")
def neighbours_attraction(Y: Array, P: Array, dof: Array) -> Array:
    _, base = neighbour_kernel(Y, dof)
    Q = (P + P.T) * (1 - np.eye(len(Y)))
    pull = Q / base
    return 2 * (dof + 1) / dof * (pull.sum(axis=1)[:, None] * Y - pull @ Y)


# A Gaussian kernel between points, squared distances, and two samples compared.


def gram_loss(X: Array, a: Array, log_length: Array) -> Array:
    D = ((X[:, None] - X[None]) ** 2).sum(axis=2)
    return a @ np.exp(-0.5 * D * np.exp(-2 * log_length)) @ a


@field.right(gram_loss, "X: [n,d], a: [n], log_length: []")
def gram(X: Array, a: Array, log_length: Array) -> Array:
    s = np.exp(-2 * log_length)
    D = ((X[:, None] - X[None]) ** 2).sum(axis=2) * s
    K = np.exp(-0.5 * D)
    W = np.outer(a, a) * K
    return -2 * s * (W.sum(axis=1)[:, None] * X - W @ X), 2 * K @ a, np.sum(W * D)


@field.wrong(gram, "each point is moved as the first argument of the kernel only")
def gram_one_side(X: Array, a: Array, log_length: Array) -> Array:
    by_X, by_a, by_length = gram(X, a, log_length)
    return by_X / 2, by_a, by_length


@field.wrong(gram, "the slope by the length has its sign of the inverse length")
def gram_length_sign(X: Array, a: Array, log_length: Array) -> Array:
    by_X, by_a, by_length = gram(X, a, log_length)
    return by_X, by_a, -by_length


def distances_value(X: Array, Y: Array) -> Array:
    return ((X[:, None] - Y[None]) ** 2).sum(axis=2)


@field.right(distances_value, "X: [n,d], Y: [m,d]", kind="vjp")
def distances(X: Array, Y: Array, g: Array) -> Array:
    diff = X[:, None] - Y[None]
    by = 2 * g[:, :, None] * diff
    return by.sum(axis=1), -by.sum(axis=0)


@field.wrong(distances, "the same sign for both")
def distances_sign(X: Array, Y: Array, g: Array) -> Array:
    by_X, by_Y = distances(X, Y, g)
    return by_X, -by_Y


@field.wrong(
    distances,
    "the slope of Y is not summed over the pairs",
    source="https://github.com/tracel-ai/burn/issues/181: backward with implicit broadcasting",
)
def distances_not_summed(X: Array, Y: Array, g: Array) -> Array:
    by = 2 * g[:, :, None] * (X[:, None] - Y[None])
    return by.sum(axis=1), -by


@field.wrong(distances, "the cotangent is replaced by its mean")
def distances_mean_cotangent(X: Array, Y: Array, g: Array) -> Array:
    return distances(X, Y, np.full_like(g, g.mean()))


def euclidean_value(X: Array, Y: Array) -> Array:
    return np.sqrt(((X - Y) ** 2).sum(axis=1)).sum()


@field.right(euclidean_value, "X: [n,d], Y: [n,d]")
def euclidean(X: Array, Y: Array) -> Array:
    d = X - Y
    r = np.sqrt((d * d).sum(axis=1, keepdims=True))
    u = np.divide(d, r, out=np.zeros_like(d), where=r > 0)
    return u, -u


@field.wrong(
    euclidean,
    "nan where two points coincide",
    source="https://github.com/HIPS/autograd/issues/183: nan at zero from linalg.norm",
    shown="all zero",
)
def euclidean_nan(X: Array, Y: Array) -> Array:
    d = X - Y
    with np.errstate(invalid="ignore"):
        u = d / np.sqrt((d * d).sum(axis=1, keepdims=True))
    return u, -u


@field.wrong(euclidean, "one array is returned twice, with the sign left to the caller")
def euclidean_same_array(X: Array, Y: Array) -> Array:
    u = euclidean(X, Y)[0]
    return u, u


# Pairs of preferences, and a contrast with a margin.


def preference_loss(u: Array, V: Array, good: Array, bad: Array) -> Array:
    return np.sum(np.logaddexp(0, -(V[good] - V[bad]) @ u))


@field.right(preference_loss, "u: [k], V: [n,k], good: int[l] < n, bad: int[l] < n", wrt="u V")
def preference(u: Array, V: Array, good: Array, bad: Array) -> Array:
    s = -sigmoid(-(V[good] - V[bad]) @ u)
    G = np.zeros_like(V)
    np.add.at(G, good, np.outer(s, u))
    np.add.at(G, bad, -np.outer(s, u))
    return s @ (V[good] - V[bad]), G


@field.wrong(
    preference,
    "an item that is both preferred and not loses one of both",
    source="https://github.com/cvxgrp/DNLP/pull/112: np[idx] += overwrites duplicate entries",
    shown="repeated indices",
)
def preference_overwritten(u: Array, V: Array, good: Array, bad: Array) -> Array:
    s = -sigmoid(-(V[good] - V[bad]) @ u)
    G = np.zeros_like(V)
    np.add.at(G, good, np.outer(s, u))
    H = np.zeros_like(V)
    np.add.at(H, bad, -np.outer(s, u))
    return s @ (V[good] - V[bad]), np.where(H != 0, H, G)
