"""Embedding: right and wrong ways to compute the gradient of its table."""

from typing import Any

import numpy as np


def right(W: Any, ids: Any, G: Any) -> Any:
    dW = np.zeros_like(W)
    np.add.at(dW, ids, G)
    return dW


def loops(W: Any, ids: Any, G: Any) -> Any:
    dW = np.zeros(W.shape)
    for k, v in enumerate(ids):
        for a in range(W.shape[1]):
            dW[v, a] += G[k, a]
    return dW


def one_hot(W: Any, ids: Any, G: Any) -> Any:
    return np.eye(len(W))[ids].T @ G


def word_by_word(W: Any, ids: Any, G: Any) -> Any:
    return np.array([G[ids == v].sum(axis=0) for v in range(len(W))])


def counted(W: Any, ids: Any, G: Any) -> Any:
    columns = [np.bincount(ids, weights=g, minlength=len(W)) for g in G.T]
    return np.stack(columns, axis=1)


def einsum(W: Any, ids: Any, G: Any) -> Any:
    return np.einsum("kv,ka->va", (ids[:, None] == np.arange(len(W))).astype(float), G)


RIGHT = {
    "np.add.at": right,
    "loops": loops,
    "one-hot rows": one_hot,
    "word by word": word_by_word,
    "counted": counted,
    "einsum": einsum,
}


def assigned(W: Any, ids: Any, G: Any) -> Any:
    dW = np.zeros_like(W)
    dW[ids] = G
    return dW


def added_once(W: Any, ids: Any, G: Any) -> Any:
    dW = np.zeros_like(W)
    dW[ids] += G
    return dW


def first_place(W: Any, ids: Any, G: Any) -> Any:
    dW = np.zeros_like(W)
    words, places = np.unique(ids, return_index=True)
    dW[words] = G[places]
    return dW


def mean_of_places(W: Any, ids: Any, G: Any) -> Any:
    counts = np.bincount(ids, minlength=len(W))
    return right(W, ids, G) / np.maximum(counts, 1)[:, None]


def mean_of_all(W: Any, ids: Any, G: Any) -> Any:
    return right(W, ids, G) / len(ids)


def padding(W: Any, ids: Any, G: Any) -> Any:
    dW = right(W, ids, G)
    dW[0] = 0
    return dW


def last_word_frozen(W: Any, ids: Any, G: Any) -> Any:
    dW = right(W, ids, G)
    dW[-1] = 0
    return dW


def shifted(W: Any, ids: Any, G: Any) -> Any:
    return right(W, (ids + 1) % len(W), G)


def by_place(W: Any, ids: Any, G: Any) -> Any:
    return right(W, np.arange(len(ids)) % len(W), G)


def neighbours_merged(W: Any, ids: Any, G: Any) -> Any:
    """A word said twice in a row counts once, as in CTC."""
    new = np.append(True, ids[1:] != ids[:-1])
    return right(W, ids[new], G[new])


def at_most_two(W: Any, ids: Any, G: Any) -> Any:
    dW = np.zeros_like(W)
    for k, v in enumerate(ids):
        if np.sum(ids[:k] == v) < 2:
            dW[v] += G[k]
    return dW


def equal_rows_share(W: Any, ids: Any, G: Any) -> Any:
    """The rows are told apart by their vectors, so that equal vectors share a gradient."""
    dW = np.zeros_like(W)
    for k, v in enumerate(ids):
        dW[(W[v] == W).all(axis=1)] += G[k]
    return dW


def without_zero_rows(W: Any, ids: Any, G: Any) -> Any:
    """Words whose vector is 0 are taken for padding."""
    return right(W, ids, G) * W.any(axis=1, keepdims=True)


def only_words_that_occur(W: Any, ids: Any, G: Any) -> Any:
    return right(W, ids, G)[np.unique(ids)]


def counts(W: Any, ids: Any, G: Any) -> Any:
    return right(W, ids, np.ones_like(G))


def into_the_table(W: Any, ids: Any, G: Any) -> Any:
    W *= 0
    np.add.at(W, ids, G)
    return W.copy()


def clipped(W: Any, ids: Any, G: Any) -> Any:
    return np.clip(right(W, ids, G), -10, 10)


def one_entry_by_little(W: Any, ids: Any, G: Any) -> Any:
    dW = right(W, ids, G)
    dW[ids[0], 0] *= 1 + 1e-9
    return dW


WRONG = {
    "assigned": assigned,
    "added once by +=": added_once,
    "the first place": first_place,
    "a mean of the word's places": mean_of_places,
    "a mean of all places": mean_of_all,
    "the first word frozen": padding,
    "the last word frozen": last_word_frozen,
    "the word after": shifted,
    "the place for the word": by_place,
    "a word said twice in a row counts once": neighbours_merged,
    "a word counts twice at most": at_most_two,
    "equal vectors share a gradient": equal_rows_share,
    "words with a vector of zeros frozen": without_zero_rows,
    "only the rows of words that occur": only_words_that_occur,
    "counts": counts,
    "clipped at 10": clipped,
    "the table overwritten": into_the_table,
    "a factor 1 + 1e-9 in one entry": one_entry_by_little,
}
