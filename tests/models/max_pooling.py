"""Functions that answer the question of max pooling, right and wrong."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def first_maximum(G: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    for i, g in enumerate(G):
        dx[2 * i + np.argmax(x[2 * i : 2 * i + 3])] += g
    return dx


def last_maximum(G: Any, x: Any) -> Any:
    windows = sliding_window_view(x, 3)[::2]
    places = 2 * np.arange(len(G)) + 2 - np.argmax(windows[:, ::-1], axis=1)
    dx = np.zeros(len(x))
    np.add.at(dx, places, G)
    return dx


def shared(G: Any, x: Any) -> Any:
    windows = np.stack([x[:-2:2], x[1:-1:2], x[2::2]])
    mask = (windows == windows.max(axis=0)).astype(float)
    parts = G * mask / mask.sum(axis=0)
    dx = np.zeros_like(x)
    dx[:-2:2] += parts[0]
    dx[1:-1:2] += parts[1]
    dx[2::2] += parts[2]
    return dx


def counted(G: Any, x: Any) -> Any:
    starts = np.arange(0, len(x) - 2, 2)
    places = starts + x[starts[:, None] + np.arange(3)].argmax(axis=1)
    return np.bincount(places, weights=G, minlength=len(x))


RIGHT = {
    "the first maximum": first_maximum,
    "the last maximum": last_maximum,
    "shared among ties": shared,
    "counted": counted,
}


def whole_to_every_tie(G: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    for i, g in enumerate(G):
        window = x[2 * i : 2 * i + 3]
        dx[2 * i : 2 * i + 3] += g * (window == window.max())
    return dx


def overwritten(G: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    for i, g in enumerate(G):
        dx[2 * i + np.argmax(x[2 * i : 2 * i + 3])] = g
    return dx


def buffered(G: Any, x: Any) -> Any:
    windows = sliding_window_view(x, 3)[::2]
    dx = np.zeros_like(x)
    dx[2 * np.arange(len(G)) + windows.argmax(axis=1)] += G
    return dx


def windows_copied(G: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    for i, g in enumerate(G):
        window = np.zeros(3)
        window[np.argmax(x[2 * i : 2 * i + 3])] = g
        dx[2 * i : 2 * i + 3] = window
    return dx


def pairs(G: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    for i, g in enumerate(G):
        dx[2 * i + np.argmax(x[2 * i : 2 * i + 2])] += g
    return dx


def average(G: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    for i, g in enumerate(G):
        dx[2 * i : 2 * i + 3] += g / 3
    return dx


def places_without_offset(G: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    np.add.at(dx, sliding_window_view(x, 3)[::2].argmax(axis=1), G)
    return dx


def padded_with_zeros(G: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    for i, g in enumerate(G):
        window = np.maximum(x[2 * i : 2 * i + 3], 0)
        if window.max() > 0:
            dx[2 * i + np.argmax(window)] += g
    return dx


def largest_by_absolute_value(G: Any, x: Any) -> Any:
    return first_maximum(G, np.abs(x))


def nothing_at_ties(G: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    for i, g in enumerate(G):
        below, top = np.sort(x[2 * i : 2 * i + 3])[1:]
        if top > below:
            dx[2 * i + np.argmax(x[2 * i : 2 * i + 3])] += g
    return dx


def nearly_equal_shared(G: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    for i, g in enumerate(G):
        window = x[2 * i : 2 * i + 3]
        mask = np.isclose(window, window.max())
        dx[2 * i : 2 * i + 3] += g * mask / mask.sum()
    return dx


def largest_of_all(G: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    for i, g in enumerate(G):
        dx[2 * i : 2 * i + 3][x[2 * i : 2 * i + 3] == x.max()] += g
    return dx


def one_entry_off_by_a_hair(G: Any, x: Any) -> Any:
    dx = first_maximum(G, x)
    dx[1] *= 1 + 1e-9
    return dx


WRONG = {
    "the whole to every tie": whole_to_every_tie,
    "assigned, not added": overwritten,
    "repeated places buffered": buffered,
    "windows copied over each other": windows_copied,
    "windows of two": pairs,
    "average pooling": average,
    "places without the window's offset": places_without_offset,
    "padded with zeros": padded_with_zeros,
    "the largest by absolute value": largest_by_absolute_value,
    "nothing at ties": nothing_at_ties,
    "shared among nearly equal inputs": nearly_equal_shared,
    "only the largest of all": largest_of_all,
    "one entry off by 1e-9": one_entry_off_by_a_hair,
}
