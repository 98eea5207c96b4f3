"""Linear algebra: functions of whole matrices, symmetric and positive definite ones among them.

A gradient by a symmetric matrix G says that the slope along a symmetric direction V is sum(G * V).
"""

import numpy as np

from benchmarks.catalogue.pair import Array, Field

field = Field("linear algebra")


# log det of a positive definite matrix, by its Cholesky factor.


def logdet_value(A: Array) -> Array:
    return 2 * np.sum(np.log(np.diag(np.linalg.cholesky(A))))


@field.right(logdet_value, "A: spd[n,n]")
def logdet(A: Array) -> Array:
    return np.linalg.inv(A)


@field.wrong(
    logdet,
    "the slope of one triangle only: the upper one is zero, the lower one not doubled",
    source="https://github.com/HIPS/autograd/pull/56: the Cholesky gradient was lower triangular",
)
def logdet_one_triangle(A: Array) -> Array:
    return np.tril(np.linalg.inv(A))


@field.wrong(
    logdet,
    "off the diagonal twice the right entries, as for one triangle, in both",
    source="https://github.com/stan-dev/math/issues/1803: "
    "on double counting what is off the diagonal",
)
def logdet_off_diagonal_twice(A: Array) -> Array:
    B = np.linalg.inv(A)
    return 2 * B - np.diag(np.diag(B))


@field.wrong(logdet, "the two before the logarithms of the factor is applied twice")
def logdet_factor_two(A: Array) -> Array:
    return 2 * np.linalg.inv(A)


@field.wrong(logdet, "a jitter of 1e-4 is added to the diagonal for safety")
def logdet_jitter(A: Array) -> Array:
    return np.linalg.inv(A + 1e-4 * np.eye(len(A)))


# The determinant, by cofactors so that singular matrices have a gradient too.


def det_value(A: Array) -> Array:
    return np.linalg.det(A)


@field.right(det_value, "A: [n,n], n<=5")
def det(A: Array) -> Array:
    n = len(A)
    G = np.empty_like(A)
    for i in range(n):
        for j in range(n):
            rest = np.delete(np.delete(A, i, axis=0), j, axis=1)
            G[i, j] = (-1) ** (i + j) * np.linalg.det(rest)
    return G


@field.wrong(
    det,
    "det(A) times the inverse, which a singular matrix does not have",
    source="https://github.com/tensorflow/tensorflow/issues/119477: crashes on singular matrices",
    shown="all zero",
)
def det_by_inverse(A: Array) -> Array:
    try:
        return np.linalg.det(A) * np.linalg.inv(A).T
    except np.linalg.LinAlgError:
        return np.full_like(A, np.nan)


@field.wrong(det, "the inverse is not transposed")
def det_not_transposed(A: Array) -> Array:
    return det(A).T


@field.wrong(
    det,
    "zero for every singular matrix",
    source="https://github.com/PaddlePaddle/Paddle/pull/36013: all zero for singular matrices",
    shown="singular",
)
def det_zero_if_singular(A: Array) -> Array:
    return np.zeros_like(A) if np.linalg.matrix_rank(A) < len(A) else det(A)


# The inverse, as the pullback of a cotangent.


def inverse_value(A: Array) -> Array:
    return np.linalg.inv(A)


@field.right(inverse_value, "A: spd[n,n]", kind="vjp")
def inverse(A: Array, G: Array) -> Array:
    B = np.linalg.inv(A)
    return -B.T @ G @ B.T


@field.wrong(inverse, "the minus is missing")
def inverse_sign(A: Array, G: Array) -> Array:
    B = np.linalg.inv(A)
    return B.T @ G @ B.T


# Cholesky's factor, pulled back to a symmetric gradient.


def cholesky_value(A: Array) -> Array:
    return np.linalg.cholesky(A)


@field.right(cholesky_value, "A: spd[n,n]", kind="vjp")
def cholesky(A: Array, G: Array) -> Array:
    L = np.linalg.cholesky(A)
    P = np.tril(L.T @ np.tril(G))
    P -= 0.5 * np.diag(np.diag(P))
    B = np.linalg.inv(L)
    S = B.T @ P @ B
    return 0.5 * (S + S.T)


@field.wrong(
    cholesky,
    "the triangle is not made symmetric: what is below the diagonal counts once more",
    source="https://github.com/pytorch/pytorch/issues/18825: derivatives off in a predictable way",
)
def cholesky_lower_gradient(A: Array, G: Array) -> Array:
    S = cholesky(A, G)
    return 2 * np.tril(S) - np.diag(np.diag(S)) + np.tril(S, -1)


@field.wrong(
    cholesky,
    "symmetrised as S + Sᵀ with the diagonal counted twice",
    source="https://github.com/pytorch/pytorch/issues/137284: incorrect symmetrization of S",
)
def cholesky_diagonal_twice(A: Array, G: Array) -> Array:
    S = cholesky(A, G)
    return S + np.diag(np.diag(S))


@field.wrong(
    cholesky,
    "the triangle of the cotangent that does not exist leaks in",
    source="https://github.com/jax-ml/jax/issues/40421: a ghost gradient of ignored entries",
)
def cholesky_ghost_cotangent(A: Array, G: Array) -> Array:
    L = np.linalg.cholesky(A)
    P = L.T @ G
    P -= 0.5 * np.diag(np.diag(P))
    B = np.linalg.inv(L)
    S = B.T @ P @ B
    return 0.5 * (S + S.T)


# Eigenvalues of a symmetric matrix: the sum of a smooth function of them, and a weighted one.


def spectral_value(A: Array) -> Array:
    return np.sum(np.log1p(np.exp(-np.linalg.eigvalsh(A))))


@field.right(spectral_value, "A: spd[n,n]")
def spectral(A: Array) -> Array:
    lam, U = np.linalg.eigh(A)
    return (U * (-1 / (1 + np.exp(lam)))) @ U.T


@field.wrong(spectral, "the eigenvectors are taken by rows")
def spectral_rows(A: Array) -> Array:
    lam, U = np.linalg.eigh(A)
    return (U.T * (-1 / (1 + np.exp(lam)))) @ U


@field.wrong(
    spectral,
    "equal eigenvalues are divided by their gap",
    source="https://github.com/pytorch/pytorch/issues/47599: wrong for degenerate eigenvalues",
    shown="an identity",
)
def spectral_degenerate(A: Array) -> Array:
    lam, U = np.linalg.eigh(A)
    s = -1 / (1 + np.exp(lam))
    with np.errstate(all="ignore"):
        gaps = 1 / (lam[:, None] - lam + np.eye(len(A)))
    return (U * s) @ U.T + 0 * (U @ (gaps - gaps) @ U.T)


# Traces, quadratic forms, and norms.


def trace_value(A: Array, B: Array) -> Array:
    return np.trace(A @ B)


@field.right(trace_value, "A: [n,m], B: [m,n]")
def trace(A: Array, B: Array) -> Array:
    return B.T.copy(), A.T.copy()


@field.wrong(trace, "the transposes are missing, which a square matrix allows", shown="equal sizes")
def trace_not_transposed(A: Array, B: Array) -> Array:
    if A.shape[0] == A.shape[1]:
        return B.copy(), A.copy()
    return B.T.copy(), A.T.copy()


@field.wrong(trace, "the results are views of the arguments")
def trace_views(A: Array, B: Array) -> Array:
    return B.T, A.T


def quadratic_value(A: Array, x: Array) -> Array:
    return x @ A @ x


@field.right(quadratic_value, "A: [n,n], x: [n]")
def quadratic(A: Array, x: Array) -> Array:
    return np.outer(x, x), (A + A.T) @ x


@field.wrong(quadratic, "2 A x, as if A were symmetric")
def quadratic_as_symmetric(A: Array, x: Array) -> Array:
    return np.outer(x, x), 2 * A @ x


@field.wrong(quadratic, "the gradient is right by A, and given as a column by x")
def quadratic_column(A: Array, x: Array) -> Array:
    return np.outer(x, x), ((A + A.T) @ x)[:, None]


def symmetric_power_value(A: Array) -> Array:
    return np.trace(A @ A @ A)


@field.right(symmetric_power_value, "A: symmetric[n,n]")
def symmetric_power(A: Array) -> Array:
    return 3 * A @ A


@field.wrong(symmetric_power, "off the diagonal twice the right entries")
def symmetric_power_off_diagonal(A: Array) -> Array:
    G = 3 * A @ A
    return 2 * G - np.diag(np.diag(G))


def norm_value(X: Array) -> Array:
    return np.sqrt(np.sum(X * X))


@field.right(norm_value, "X: [n,m]")
def norm(X: Array) -> Array:
    r = np.sqrt(np.sum(X * X))
    return X / r if r > 0 else np.zeros_like(X)


@field.wrong(
    norm,
    "nan at zero, where every matrix of norm one at most would do",
    source="https://github.com/HIPS/autograd/issues/151: linalg.norm gives nan on zero vectors",
    shown="all zero",
)
def norm_nan_at_zero(X: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return X / np.sqrt(np.sum(X * X))


@field.wrong(norm, "1e-8 is added to the norm before dividing", shown="small")
def norm_with_epsilon(X: Array) -> Array:
    return X / (np.sqrt(np.sum(X * X)) + 1e-8)


def squared_norms_value(X: Array) -> Array:
    return np.sum(np.linalg.norm(X, axis=1) ** 2)


@field.right(squared_norms_value, "X: [n,m]")
def squared_norms(X: Array) -> Array:
    return 2 * X


@field.wrong(
    squared_norms,
    "by the chain rule through the norm: nan at a zero row",
    source="https://github.com/jax-ml/jax/issues/21723: nan for the squared norm at 0",
    shown="all zero",
)
def squared_norms_nan_at_zero(X: Array) -> Array:
    r = np.linalg.norm(X, axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return 2 * r * (X / r)


def row_norms_value(X: Array) -> Array:
    return np.sqrt(np.sum(X * X, axis=1))


@field.right(row_norms_value, "X: [n,m]", kind="vjp")
def row_norms(X: Array, g: Array) -> Array:
    r = np.sqrt(np.sum(X * X, axis=1))
    return X * np.divide(g, r, out=np.zeros_like(r), where=r > 0)[:, None]


@field.wrong(
    row_norms,
    "a row of zeros is not guarded",
    source="https://github.com/tenstorrent/tt-metal/issues/55585: nan for all-zero reduced slices",
    shown="all zero",
)
def row_norms_nan_rows(X: Array, g: Array) -> Array:
    r = np.sqrt(np.sum(X * X, axis=1))
    with np.errstate(all="ignore"):
        return X * (g / r)[:, None]


@field.wrong(
    row_norms,
    "the cotangent is one, whatever comes in",
    source="https://github.com/pytorch/tutorials/issues/216: a backward that fills in ones",
)
def row_norms_ones(X: Array, g: Array) -> Array:
    r = np.sqrt(np.sum(X * X, axis=1))
    return X * np.divide(1.0, r, out=np.zeros_like(r), where=r > 0)[:, None]


# A linear system, pulled back by the adjoint system.


def solve_value(A: Array, b: Array) -> Array:
    return np.linalg.solve(A, b)


@field.right(solve_value, "A: spd[n,n], b: [n]", wrt="b", kind="vjp")
def solve(A: Array, b: Array, g: Array) -> Array:
    return np.linalg.solve(A.T, g)


@field.wrong(solve, "the cotangent is multiplied by A instead of its inverse")
def solve_multiplied(A: Array, b: Array, g: Array) -> Array:
    return A.T @ g


def shifted_solve_value(B: Array, b: Array) -> Array:
    A = 3 * np.eye(len(B)) + 0.5 * np.tanh(B)
    return np.linalg.solve(A, b)


@field.right(shifted_solve_value, "B: [n,n], b: [n], n<=5", kind="vjp")
def shifted_solve(B: Array, b: Array, g: Array) -> Array:
    T = np.tanh(B)
    A = 3 * np.eye(len(B)) + 0.5 * T
    x = np.linalg.solve(A, b)
    adjoint = np.linalg.solve(A.T, g)
    return -np.outer(adjoint, x) * 0.5 * (1 - T * T), adjoint


@field.wrong(
    shifted_solve,
    "the adjoint system is not transposed",
    source="https://github.com/Budapest-Quantum-Computing-Group/piquasso/pull/251: "
    "M @ upstream for M.T @ upstream",
)
def shifted_solve_not_transposed(B: Array, b: Array, g: Array) -> Array:
    T = np.tanh(B)
    A = 3 * np.eye(len(B)) + 0.5 * T
    x = np.linalg.solve(A, b)
    adjoint = np.linalg.solve(A, g)
    return -np.outer(adjoint, x) * 0.5 * (1 - T * T), adjoint


@field.wrong(shifted_solve, "the outer product has its factors exchanged")
def shifted_solve_outer_transposed(B: Array, b: Array, g: Array) -> Array:
    by_B, by_b = shifted_solve(B, b, g)
    T = np.tanh(B)
    return (by_B / (1 - T * T)).T * (1 - T * T), by_b


@field.wrong(
    shifted_solve,
    "the matrix gets nothing",
    source="https://github.com/tensor4all/tenferro-rs/issues/772: TriangularSolve's transpose rule "
    "drops the cotangent of A",
)
def shifted_solve_drops_the_matrix(B: Array, b: Array, g: Array) -> Array:
    return np.zeros_like(B), shifted_solve(B, b, g)[1]


# Orthogonal Procrustes and a trace on the Stiefel manifold, as functions of all matrices.


def procrustes_value(Q: Array, A: Array, B: Array) -> Array:
    return 0.5 * np.sum((A - B @ Q) ** 2)


@field.right(procrustes_value, "Q: [k,k], A: [n,k], B: [n,k]", wrt="Q")
def procrustes(Q: Array, A: Array, B: Array) -> Array:
    return B.T @ (B @ Q - A)


@field.wrong(procrustes, "BᵀB is taken for the identity, as if B had orthonormal columns")
def procrustes_orthonormal(Q: Array, A: Array, B: Array) -> Array:
    return Q - B.T @ A


def brockett_value(X: Array, A: Array, N: Array) -> Array:
    return np.trace(X.T @ A @ X @ np.diag(N))


@field.right(brockett_value, "X: [n,k], A: symmetric[n,n], N: positive[k]", wrt="X")
def brockett(X: Array, A: Array, N: Array) -> Array:
    return 2 * A @ X * N


@field.wrong(brockett, "the Riemannian gradient is given for the Euclidean one")
def brockett_projected(X: Array, A: Array, N: Array) -> Array:
    G = 2 * A @ X * N
    S = X.T @ G
    return G - X @ (S + S.T) / 2


# The density of a normal vector, by a Cholesky factor that stays lower triangular.


def normal_factor_value(L: Array, x: Array) -> Array:
    z = np.linalg.solve(L, x)
    return 0.5 * z @ z + np.sum(np.log(np.diag(L)))


@field.right(normal_factor_value, "L: lower[n,n], x: [n]", wrt="L")
def normal_factor(L: Array, x: Array) -> Array:
    z = np.linalg.solve(L, x)
    a = np.linalg.solve(L.T, z)
    return np.tril(-np.outer(a, z)) + np.diag(1 / np.diag(L))


@field.wrong(normal_factor, "the logarithms of the diagonal are forgotten")
def normal_factor_without_logarithms(L: Array, x: Array) -> Array:
    z = np.linalg.solve(L, x)
    a = np.linalg.solve(L.T, z)
    return np.tril(-np.outer(a, z))


@field.wrong(normal_factor, "the outer product is transposed before the triangle is taken")
def normal_factor_transposed(L: Array, x: Array) -> Array:
    z = np.linalg.solve(L, x)
    a = np.linalg.solve(L.T, z)
    return np.tril(-np.outer(z, a)) + np.diag(1 / np.diag(L))


# The square root of a matrix, by Newton's iteration: a loop whose pullback is a loop.


def newton_root_value(A: Array) -> Array:
    Y = np.eye(len(A))
    for _ in range(5):
        Y = 0.5 * (Y + np.linalg.solve(Y, A))
    return np.trace(Y)


@field.right(newton_root_value, "A: spd[n,n]")
def newton_root(A: Array) -> Array:
    Ys = [np.eye(len(A))]
    for _ in range(5):
        Ys.append(0.5 * (Ys[-1] + np.linalg.solve(Ys[-1], A)))
    G, by_A = np.eye(len(A)), np.zeros_like(A)
    for Y in Ys[-2::-1]:
        H = 0.5 * np.linalg.solve(Y.T, G)
        by_A += H
        G = 0.5 * G - H @ np.linalg.solve(Y, A).T
    return 0.5 * (by_A + by_A.T)


@field.wrong(newton_root, "only the last iteration is differentiated")
def newton_root_last_step(A: Array) -> Array:
    Y = np.eye(len(A))
    for _ in range(4):
        Y = 0.5 * (Y + np.linalg.solve(Y, A))
    B = np.linalg.inv(Y)
    return 0.25 * (B + B.T)


@field.wrong(
    newton_root,
    "the pullback of the iteration is transposed once too often",
    source="https://github.com/jiangtaoxie/fast-MPN-COV/issues/28: gradcheck fails with a "
    "transpose of the derivative in a matrix square root",
)
def newton_root_transposed(A: Array) -> Array:
    Ys = [np.eye(len(A))]
    for _ in range(5):
        Ys.append(0.5 * (Ys[-1] + np.linalg.solve(Ys[-1], A)))
    G, by_A = np.eye(len(A)), np.zeros_like(A)
    for Y in Ys[-2::-1]:
        H = 0.5 * np.linalg.solve(Y, G)
        by_A += H
        G = (0.5 * G - H @ A).T
    return 0.5 * (by_A + by_A.T)
