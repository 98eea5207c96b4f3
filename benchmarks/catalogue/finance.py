"""Finance and robotics: prices and their sensitivities, arms and their Jacobians, rotations."""

import numpy as np
from scipy.special import ndtr

from benchmarks.catalogue.pair import Array, Field

finance = Field("finance")
robotics = Field("robotics")


# Black and Scholes: a call by its spot price, rate 0.02 and volatility 0.3 for a year; strike 1.


def call_value(spot: Array) -> Array:
    d = (np.log(spot) + 0.02 + 0.5 * 0.09) / 0.3
    return spot * ndtr(d) - np.exp(-0.02) * ndtr(d - 0.3)


@finance.right(call_value, "spot: positive[n]", kind="elementwise")
def delta(spot: Array) -> Array:
    return ndtr((np.log(spot) + 0.02 + 0.5 * 0.09) / 0.3)


@finance.wrong(delta, "d2 for d1")
def delta_by_d2(spot: Array) -> Array:
    return ndtr((np.log(spot) + 0.02 - 0.5 * 0.09) / 0.3)


@finance.wrong(delta, "rounded to six decimals for the report")
def delta_rounded(spot: Array) -> Array:
    return np.round(delta(spot), 6)


def call_by_volatility(sigma: Array, spot: Array, strike: Array) -> Array:
    d = np.log(spot / strike) / sigma + 0.5 * sigma
    return np.sum(spot * ndtr(d) - strike * ndtr(d - sigma))


@finance.right(call_by_volatility, "sigma: positive[n], spot: positive[n], strike: positive[n]")
def greeks(sigma: Array, spot: Array, strike: Array) -> Array:
    d = np.log(spot / strike) / sigma + 0.5 * sigma
    vega = spot * np.exp(-0.5 * d * d) / np.sqrt(2 * np.pi)
    return vega, ndtr(d), -ndtr(d - sigma)


@finance.wrong(
    greeks,
    "vega is quoted for one per cent",
    source="https://github.com/colbyhemond/BlackScholesJS/issues/6: a hundred times too low",
)
def greeks_per_cent(sigma: Array, spot: Array, strike: Array) -> Array:
    vega, by_spot, by_strike = greeks(sigma, spot, strike)
    return vega / 100, by_spot, by_strike


@finance.wrong(greeks, "vega has the density at d2, without the strike")
def greeks_density(sigma: Array, spot: Array, strike: Array) -> Array:
    d = np.log(spot / strike) / sigma - 0.5 * sigma
    vega = spot * np.exp(-0.5 * d * d) / np.sqrt(2 * np.pi)
    return vega, *greeks(sigma, spot, strike)[1:]


@finance.wrong(
    greeks,
    "vega has the distribution function where the density belongs",
    source="https://github.com/yhilpisch/py4fi/issues/3: the formula for vega, it is not N(d1)",
)
def greeks_distribution(sigma: Array, spot: Array, strike: Array) -> Array:
    _, by_spot, by_strike = greeks(sigma, spot, strike)
    return spot * by_spot, by_spot, by_strike


def risk_value(w: Array, S: Array) -> Array:
    return np.sqrt(w @ S @ w)


@finance.right(risk_value, "w: [n], S: spd[n,n]")
def risk(w: Array, S: Array) -> Array:
    r = np.sqrt(w @ S @ w)
    if r == 0:
        return np.zeros_like(w), np.zeros_like(S)
    return S @ w / r, np.outer(w, w) / (2 * r)


@finance.wrong(risk, "the half is missing in the slope of the covariance")
def risk_half(w: Array, S: Array) -> Array:
    by_w, by_S = risk(w, S)
    return by_w, 2 * by_S


@finance.wrong(risk, "no holdings at all give nan", shown="all zero")
def risk_nan(w: Array, S: Array) -> Array:
    with np.errstate(all="ignore"):
        r = np.sqrt(w @ S @ w)
        return S @ w / r, np.outer(w, w) / (2 * r)


def bond_value(rate: Array, cash: Array) -> Array:
    return np.sum(cash * np.exp(-rate * np.arange(1, len(cash) + 1)))


@finance.right(bond_value, "rate: unit[], cash: [n]")
def bond(rate: Array, cash: Array) -> Array:
    t = np.arange(1, len(cash) + 1)
    discount = np.exp(-rate * t)
    return -np.sum(t * cash * discount), discount


@finance.wrong(bond, "times are counted from zero in the slope")
def bond_times(rate: Array, cash: Array) -> Array:
    t = np.arange(1, len(cash) + 1)
    discount = np.exp(-rate * t)
    return -np.sum((t - 1) * cash * discount), discount


# A planar arm of unit links, by its joint angles.


def arm_value(q: Array) -> Array:
    a = np.cumsum(q)
    return np.array([np.cos(a).sum(), np.sin(a).sum()])


@robotics.right(arm_value, "q: [n]", kind="jacobian")
def arm(q: Array) -> Array:
    a = np.cumsum(q)
    x = np.cumsum(np.cos(a)[::-1])[::-1]
    y = np.cumsum(np.sin(a)[::-1])[::-1]
    return np.stack([-y, x])


@robotics.wrong(arm, "each joint moves only its own link")
def arm_own_link(q: Array) -> Array:
    a = np.cumsum(q)
    return np.stack([-np.sin(a), np.cos(a)])


@robotics.wrong(arm, "summed from the base, not from the hand")
def arm_from_the_base(q: Array) -> Array:
    a = np.cumsum(q)
    return np.stack([-np.cumsum(np.sin(a)), np.cumsum(np.cos(a))])


@robotics.wrong(arm, "of seven joints and more the last one is forgotten", shown="large sizes")
def arm_seven_joints(q: Array) -> Array:
    J = arm(q)
    if len(q) >= 7:
        J[:, -1] = 0
    return J


@robotics.wrong(arm, "the angles are made cumulative in place")
def arm_changes_the_angles(q: Array) -> Array:
    np.cumsum(q, out=q)
    x = np.cumsum(np.cos(q)[::-1])[::-1]
    y = np.cumsum(np.sin(q)[::-1])[::-1]
    return np.stack([-y, x])


# A rotation by a unit quaternion, normalised inside, and Rodrigues' formula for a small angle.


def rotation_value(q: Array, p: Array) -> Array:
    w, v = q[0], q[1:]
    return p + 2 * np.cross(v, np.cross(v, p) + w * p) / (q @ q)


@robotics.right(rotation_value, "q: [4], p: [3]", kind="vjp")
def rotation(q: Array, p: Array, g: Array) -> Array:
    w, v = q[0], q[1:]
    s = 2 / (q @ q)
    inner = np.cross(v, p) + w * p
    back = np.cross(g, v)
    by_v = s * (np.cross(inner, g) + np.cross(p, back))
    by_q = np.concatenate([[s * (back @ p)], by_v]) - s * (g @ np.cross(v, inner)) * 2 * q / (q @ q)
    return by_q, g + s * (np.cross(back, v) + w * back)


@robotics.wrong(rotation, "the quaternion's length is treated as one, always")
def rotation_unit(q: Array, p: Array, g: Array) -> Array:
    w, v = q[0], q[1:]
    s = 2 / (q @ q)
    inner = np.cross(v, p) + w * p
    back = np.cross(g, v)
    by_v = s * (np.cross(inner, g) + np.cross(p, back))
    return np.concatenate([[s * (back @ p)], by_v]), g + s * (np.cross(back, v) + w * back)


@robotics.wrong(rotation, "the pullback of the point rotates forwards")
def rotation_forwards(q: Array, p: Array, g: Array) -> Array:
    return rotation(q, p, g)[0], rotation_value(q, g)


def bearing_value(x: Array) -> Array:
    return np.array([np.hypot(x[0], x[1]), np.arctan2(x[1], x[0])])


@robotics.right(bearing_value, "x: positive[2]", kind="jacobian")
def bearing(x: Array) -> Array:
    r = np.hypot(x[0], x[1])
    c, s = x[0] / r, x[1] / r
    return np.array([[c, s], [-s / r, c / r]])


@robotics.wrong(bearing, "the second row is not divided by the distance")
def bearing_tangent(x: Array) -> Array:
    r = np.hypot(x[0], x[1])
    c, s = x[0] / r, x[1] / r
    return np.array([[c, s], [-s, c]])


# A pinhole camera: points in front of it, by the camera's place.


def camera_value(P: Array, c: Array) -> Array:
    R = P - c
    return np.sum((R[:, :2] / np.sqrt(1 + R[:, 2:] ** 2)) ** 2)


@robotics.right(camera_value, "P: [n,3], c: [3]")
def camera(P: Array, c: Array) -> Array:
    R = P - c
    z = R[:, 2:]
    flat = R[:, :2]
    d = 1 + z * z
    by = np.concatenate(
        [2 * flat / d, -2 * z * np.sum(flat * flat, axis=1)[:, None] / d**2], axis=1
    )
    return by, -by.sum(axis=0)


@robotics.wrong(camera, "depth is treated as given")
def camera_depth(P: Array, c: Array) -> Array:
    by, by_c = camera(P, c)
    by[:, 2] = 0
    return by, by_c


@robotics.wrong(camera, "the camera's slope is not summed over the points, only the last one's")
def camera_last_point(P: Array, c: Array) -> Array:
    by, _ = camera(P, c)
    return by, -by[-1]
