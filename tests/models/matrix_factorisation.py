"""Functions that answer the question of matrix factorisation, right and wrong."""

from typing import Any

import numpy as np


def matrices(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    E = mask * (U @ V.T - R)
    return E @ V + lam * U, E.T @ U + lam * V


def rating_by_rating(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    dU, dV = lam * U, lam * V
    for i, j in zip(*np.nonzero(mask), strict=True):
        e = U[i] @ V[j] - R[i, j]
        dU[i] += e * V[j]
        dV[j] += e * U[i]
    return dU, dV


def einsum(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    E = np.where(mask == 1, np.einsum("ik,jk->ij", U, V) - R, 0)
    return np.einsum("ij,jk->ik", E, V) + lam * U, np.einsum("ij,ik->jk", E, U) + lam * V


def scattered(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    i, j = np.where(mask > 0)
    e = np.sum(U[i] * V[j], axis=1) - R[i, j]
    dU, dV = U * lam, V * lam
    np.add.at(dU, i, e[:, None] * V[j])
    np.add.at(dV, j, e[:, None] * U[i])
    return dU, dV


RIGHT = {
    "matrices": matrices,
    "rating by rating": rating_by_rating,
    "einsum": einsum,
    "scattered": scattered,
}


def unmasked(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    return matrices(R, np.ones_like(mask), U, V, lam)


def zeros_for_unknown(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    return matrices(mask * R, np.ones_like(mask), U, V, lam)


def known_where_not_zero(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    return matrices(R, mask * (R != 0), U, V, lam)


def overwritten(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    i, j = np.nonzero(mask)
    e = np.sum(U[i] * V[j], axis=1) - R[i, j]
    dU, dV = lam * U, lam * V
    dU[i] += e[:, None] * V[j]
    dV[j] += e[:, None] * U[i]
    return dU, dV


def penalty_at_each_rating(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    E = mask * (U @ V.T - R)
    known_U, known_V = mask.sum(axis=1)[:, None], mask.sum(axis=0)[:, None]
    return E @ V + lam * known_U * U, E.T @ U + lam * known_V * V


def no_penalty_without_ratings(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    E = mask * (U @ V.T - R)
    dU = E @ V + lam * U * mask.any(axis=1)[:, None]
    return dU, E.T @ U + lam * V * mask.any(axis=0)[:, None]


def updated_in_between(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    dU, _ = matrices(R, mask, U, V, lam)
    return dU, matrices(R, mask, U - 0.01 * dU, V, lam)[1]


def averaged(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    E = mask * (U @ V.T - R) / max(mask.sum(), 1)
    return E @ V + lam * U, E.T @ U + lam * V


def signs_of_a_step(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    E = mask * (R - U @ V.T)
    return E @ V - lam * U, E.T @ U - lam * V


def non_negative(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    E = mask * (np.maximum(U @ V.T, 0) - R)
    return E @ V + lam * U, E.T @ U + lam * V


def one_factor_off_by_a_hair(R: Any, mask: Any, U: Any, V: Any, lam: Any) -> Any:
    dU, dV = matrices(R, mask, U, V, lam)
    dV[-1, 0] *= 1 + 1e-9
    return dU, dV


WRONG = {
    "unmasked": unmasked,
    "zeros for unknown ratings": zeros_for_unknown,
    "ratings of 0 taken for unknown": known_where_not_zero,
    "repeated users overwritten": overwritten,
    "the penalty at each rating": penalty_at_each_rating,
    "no penalty without ratings": no_penalty_without_ratings,
    "users updated before items": updated_in_between,
    "averaged over the ratings": averaged,
    "the signs of a step": signs_of_a_step,
    "predictions cut at zero": non_negative,
    "one factor off by 1e-9": one_factor_off_by_a_hair,
}
