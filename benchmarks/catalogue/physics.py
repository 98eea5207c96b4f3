"""Physics and chemistry: energies and their forces, and steps of a simulation pulled back."""

import numpy as np

from benchmarks.catalogue.pair import Array, Field

field = Field("physics and chemistry")


# Lennard-Jones: a cluster of atoms, each pair counted once.


def lennard_jones_energy(R: Array, eps: Array, sigma: Array) -> Array:
    total = 0.0
    for i in range(len(R)):
        for j in range(i):
            d = R[i] - R[j]
            s = sigma**2 / (d @ d)
            total += 4 * eps * (s**6 - s**3)
    return total


@field.right(
    lennard_jones_energy, "R: [n,3], eps: positive[], sigma: positive[]", wrt="R eps sigma"
)
def lennard_jones(R: Array, eps: Array, sigma: Array) -> Array:
    G = np.zeros_like(R)
    by_eps = by_sigma = 0.0
    for i in range(len(R)):
        for j in range(i):
            d = R[i] - R[j]
            r2 = d @ d
            s = sigma**2 / r2
            pull = -24 * eps * (2 * s**6 - s**3) / r2 * d
            G[i] += pull
            G[j] -= pull
            by_eps += 4 * (s**6 - s**3)
            by_sigma += 24 * eps * (2 * s**6 - s**3) / sigma
    return G, by_eps, by_sigma


@field.wrong(
    lennard_jones,
    "the forces, which are minus the gradient",
    source="https://github.com/openforcefield/descent/pull/70: the gradient where forces belong",
)
def lennard_jones_forces(R: Array, eps: Array, sigma: Array) -> Array:
    G, by_eps, by_sigma = lennard_jones(R, eps, sigma)
    return -G, by_eps, by_sigma


@field.wrong(
    lennard_jones,
    "the derivative by the distance is not divided by the distance",
    source="https://github.com/mrsonandrade/pyswarming/issues/10: about a missing 1/r in the force",
)
def lennard_jones_without_one_over_r(R: Array, eps: Array, sigma: Array) -> Array:
    G = np.zeros_like(R)
    for i in range(len(R)):
        for j in range(i):
            d = R[i] - R[j]
            s = sigma**2 / (d @ d)
            pull = -24 * eps * (2 * s**6 - s**3) * d / np.sqrt(d @ d)
            G[i] += pull
            G[j] -= pull
    return G, *lennard_jones(R, eps, sigma)[1:]


@field.wrong(lennard_jones, "every pair is counted twice")
def lennard_jones_pairs_twice(R: Array, eps: Array, sigma: Array) -> Array:
    G, by_eps, by_sigma = lennard_jones(R, eps, sigma)
    return 2 * G, by_eps, by_sigma


@field.wrong(lennard_jones, "pairs farther apart than three sigma are skipped", shown="tens")
def lennard_jones_cutoff(R: Array, eps: Array, sigma: Array) -> Array:
    G = np.zeros_like(R)
    for i in range(len(R)):
        for j in range(i):
            d = R[i] - R[j]
            s = sigma**2 / (d @ d)
            if s > 1 / 9:
                pull = -24 * eps * (2 * s**6 - s**3) / (d @ d) * d
                G[i] += pull
                G[j] -= pull
    return G, *lennard_jones(R, eps, sigma)[1:]


# A network of springs with a length at rest; a spring may join a point with itself.


def spring_energy(R: Array, a: Array, b: Array, k: Array, rest: Array) -> Array:
    d = R[a] - R[b]
    r = np.sqrt(np.sum(d * d, axis=1))
    return 0.5 * np.sum(k * (r - rest) ** 2)


SPRINGS = "R: [n,3], a: int[m] < n, b: int[m] < n, k: positive[m], rest: nonnegative[m]"


@field.right(spring_energy, SPRINGS, wrt="R rest")
def springs(R: Array, a: Array, b: Array, k: Array, rest: Array) -> Array:
    d = R[a] - R[b]
    r = np.sqrt(np.sum(d * d, axis=1))
    pull = k * (r - rest)
    unit = np.divide(d, r[:, None], out=np.zeros_like(d), where=r[:, None] > 0)
    G = np.zeros_like(R)
    np.add.at(G, a, pull[:, None] * unit)
    np.add.at(G, b, -pull[:, None] * unit)
    return G, -pull


@field.wrong(
    springs,
    "of the springs at one point only the last one pulls",
    source="https://github.com/numpy/numpy/issues/16790: += on a list of indices adds once",
    shown="repeated indices",
)
def springs_repeated(R: Array, a: Array, b: Array, k: Array, rest: Array) -> Array:
    d = R[a] - R[b]
    r = np.sqrt(np.sum(d * d, axis=1))
    pull = k * (r - rest)
    unit = np.divide(d, r[:, None], out=np.zeros_like(d), where=r[:, None] > 0)
    G = np.zeros_like(R)
    G[a] += pull[:, None] * unit
    G[b] -= pull[:, None] * unit
    return G, -pull


@field.wrong(springs, "a spring of length zero gives nan", shown="repeated indices")
def springs_nan(R: Array, a: Array, b: Array, k: Array, rest: Array) -> Array:
    d = R[a] - R[b]
    r = np.sqrt(np.sum(d * d, axis=1))
    pull = k * (r - rest)
    G = np.zeros_like(R)
    with np.errstate(all="ignore"):
        np.add.at(G, a, (pull / r)[:, None] * d)
        np.add.at(G, b, (-pull / r)[:, None] * d)
    return G, -pull


@field.wrong(springs, "the length at rest is forgotten in the pull")
def springs_without_rest(R: Array, a: Array, b: Array, k: Array, rest: Array) -> Array:
    d = R[a] - R[b]
    G = np.zeros_like(R)
    np.add.at(G, a, k[:, None] * d)
    np.add.at(G, b, -k[:, None] * d)
    return G, springs(R, a, b, k, rest)[1]


# The angle between two bonds, with a harmonic energy in its cosine.


def bend_energy(p: Array, q: Array, c0: Array) -> Array:
    c = p @ q / np.sqrt((p @ p) * (q @ q))
    return 0.5 * (c - c0) ** 2


@field.right(bend_energy, "p: [3], q: [3], c0: []", wrt="p q")
def bend(p: Array, q: Array, c0: Array) -> Array:
    a, b = np.sqrt(p @ p), np.sqrt(q @ q)
    u, v = p / a, q / b
    c = u @ v
    return (c - c0) * (v - c * u) / a, (c - c0) * (u - c * v) / b


@field.wrong(
    bend,
    "the part along the bond is not taken out",
    source="https://github.com/Chelsea486MHz/SENPAI/issues/7: force of the bond angle is faulty",
)
def bend_not_projected(p: Array, q: Array, c0: Array) -> Array:
    a, b = np.sqrt(p @ p), np.sqrt(q @ q)
    c = p @ q / (a * b)
    return (c - c0) * q / (a * b), (c - c0) * p / (a * b)


@field.wrong(bend, "the middle atom's pull is given for the outer atom")
def bend_middle_atom(p: Array, q: Array, c0: Array) -> Array:
    by_p, by_q = bend(p, q, c0)
    return -(by_p + by_q), by_q


# Electrostatics with softening, and a Morse bond.


def charges_energy(R: Array, q: Array) -> Array:
    total = 0.0
    for i in range(len(R)):
        for j in range(i):
            total += q[i] * q[j] / np.sqrt(np.sum((R[i] - R[j]) ** 2) + 0.01)
    return total


@field.right(charges_energy, "R: [n,3], q: [n]")
def charges(R: Array, q: Array) -> Array:
    d = R[:, None] - R[None]
    inv = 1 / np.sqrt(np.sum(d * d, axis=2) + 0.01)
    np.fill_diagonal(inv, 0.0)
    return -np.einsum("i,j,ij,ijk->ik", q, q, inv**3, d), inv @ q


@field.wrong(charges, "the power of the distance is two, not three")
def charges_power(R: Array, q: Array) -> Array:
    d = R[:, None] - R[None]
    inv = 1 / np.sqrt(np.sum(d * d, axis=2) + 0.01)
    np.fill_diagonal(inv, 0.0)
    return -np.einsum("i,j,ij,ijk->ik", q, q, inv**2, d), inv @ q


def morse_energy(r: Array, depth: Array, width: Array) -> Array:
    return np.sum(depth * np.expm1(-width * (r - 1)) ** 2)


@field.right(morse_energy, "r: positive[n], depth: positive[], width: positive[]")
def morse(r: Array, depth: Array, width: Array) -> Array:
    m = np.expm1(-width * (r - 1))
    e = m + 1
    return (
        -2 * depth * width * m * e,
        np.sum(m * m),
        np.sum(-2 * depth * m * e * (r - 1)),
    )


@field.wrong(morse, "the slope by the width has r where r - 1 belongs")
def morse_width(r: Array, depth: Array, width: Array) -> Array:
    m = np.expm1(-width * (r - 1))
    by_r, by_depth, _ = morse(r, depth, width)
    return by_r, by_depth, np.sum(-2 * depth * m * (m + 1) * r)


# One step of a pendulum, by the midpoint rule and by Runge and Kutta's, pulled back.


def pendulum(y: Array, g: Array) -> Array:
    return np.array([y[1], -g * np.sin(y[0])])


def pendulum_pullback(y: Array, g: Array, v: Array) -> Array:
    by_y = np.array([-g * np.cos(y[0]) * v[1], v[0]])
    return by_y, -np.sin(y[0]) * v[1]


def midpoint_value(y: Array, g: Array) -> Array:
    return y + 0.1 * pendulum(y + 0.05 * pendulum(y, g), g)


@field.right(midpoint_value, "y: [2], g: positive[]", kind="vjp")
def midpoint(y: Array, g: Array, v: Array) -> Array:
    middle = y + 0.05 * pendulum(y, g)
    m, by_g = pendulum_pullback(middle, g, 0.1 * v)
    first, more = pendulum_pullback(y, g, 0.05 * m)
    return v + m + first, by_g + more


@field.wrong(midpoint, "the adjoint of Euler's step")
def midpoint_as_euler(y: Array, g: Array, v: Array) -> Array:
    first, by_g = pendulum_pullback(y, g, 0.1 * v)
    return v + first, by_g


@field.wrong(midpoint, "the first stage's way through g is dropped")
def midpoint_one_stage(y: Array, g: Array, v: Array) -> Array:
    middle = y + 0.05 * pendulum(y, g)
    m, by_g = pendulum_pullback(middle, g, 0.1 * v)
    return v + m + pendulum_pullback(y, g, 0.05 * m)[0], by_g


def runge_kutta_value(y: Array, g: Array) -> Array:
    h = 0.25
    a = pendulum(y, g)
    b = pendulum(y + 0.5 * h * a, g)
    c = pendulum(y + 0.5 * h * b, g)
    d = pendulum(y + h * c, g)
    return y + h / 6 * (a + 2 * b + 2 * c + d)


@field.right(runge_kutta_value, "y: [2], g: positive[]", wrt="y", kind="vjp")
def runge_kutta(y: Array, g: Array, v: Array) -> Array:
    h = 0.25
    a = pendulum(y, g)
    b = pendulum(y + 0.5 * h * a, g)
    c = pendulum(y + 0.5 * h * b, g)
    by_d = pendulum_pullback(y + h * c, g, h / 6 * v)[0]
    by_c = pendulum_pullback(y + 0.5 * h * b, g, h / 3 * v + h * by_d)[0]
    by_b = pendulum_pullback(y + 0.5 * h * a, g, h / 3 * v + 0.5 * h * by_c)[0]
    by_a = pendulum_pullback(y, g, h / 6 * v + 0.5 * h * by_b)[0]
    return v + by_a + by_b + by_c + by_d


@field.wrong(
    runge_kutta, "the adjoint equation is stepped with the same rule, which is not the adjoint"
)
def runge_kutta_continuous(y: Array, g: Array, v: Array) -> Array:
    h = 0.25

    def slope(w: Array) -> Array:
        return pendulum_pullback(y, g, w)[0]

    a = slope(v)
    b = slope(v + 0.5 * h * a)
    c = slope(v + 0.5 * h * b)
    return v + h / 6 * (a + 2 * b + 2 * c + slope(v + h * c))


# An implicit step of a heat equation with a conductivity that varies.


def heat_matrix(k: Array, n: Array) -> Array:
    A = np.eye(n)
    for i in range(n - 1):
        A[i, i] += k[i]
        A[i + 1, i + 1] += k[i]
        A[i, i + 1] -= k[i]
        A[i + 1, i] -= k[i]
    return A


def heat_value(u: Array, k: Array) -> Array:
    return np.linalg.solve(heat_matrix(k, len(u)), u)


@field.right(heat_value, "u: [n], k: positive[m], n = m + 1", kind="vjp")
def heat(u: Array, k: Array, g: Array) -> Array:
    A = heat_matrix(k, len(u))
    a = np.linalg.solve(A, g)
    return a, -np.diff(a) * np.diff(np.linalg.solve(A, u))


@field.wrong(heat, "an explicit step's adjoint")
def heat_explicit(u: Array, k: Array, g: Array) -> Array:
    A = heat_matrix(k, len(u))
    return 2 * g - A @ g, -np.diff(g) * np.diff(u)


@field.wrong(
    heat,
    "the slope of the conductivity has the wrong sign",
    source="https://github.com/SciML/SciMLBook/issues/24: a minus sign forgotten in an adjoint",
)
def heat_sign(u: Array, k: Array, g: Array) -> Array:
    by_u, by_k = heat(u, k, g)
    return by_u, -by_k
