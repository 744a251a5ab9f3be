"""Statistics that the network reads: fixed functions of the normal scores, always in float32.

They are the entry features, the correlations of functions of two columns and of three columns, Gaussian plug-in
estimates, nearest-neighbor estimates, and features of the whole data set. None of them has weights.

Letters in shape comments: B batch, N rows, D = dim_x + dim_y columns.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SHRINKAGES = (0.005, 0.02, 0.1, 0.3, 0.6)  # of the correlation matrices behind the Gaussian plug-ins
FREQUENCIES = (1, 2, 3, 4, 6, 8)  # k of cos(kπu)
FAR = 1e30  # squared distance of the rows that pad a search with fewer rows than neighbors
MOMENTS = 9 + 4 + 6  # the first pair features: correlations
PAIR_FEATURES = MOMENTS + 2 + 6 + 6 + 5
ENTRY_FEATURES = 3 + 4 + 2
SET_FEATURES = 4 + 4 + 7 + 5
TRIPLES = 2 * 6
LEAST_TRIPLE_ROWS = 8  # a lower bound, for more columns than any model is trained on


def statistics(scores_x: Tensor, scores_y: Tensor, unbiased: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """All statistics except the neighbor estimates and the correlations of three columns.

    scores_x: [B, N, dim_x]; scores_y: [B, N, dim_y]; unbiased: whether the plug-ins include the one without bias.
    Returns four tensors: entry features [B, N, D, ENTRY_FEATURES]; pair features [B, D, D, PAIR_FEATURES]; plug-in
    estimates [B, gaussian_count] in nats, `gaussian_plug_ins` of the scores and of the scores divided by the radius;
    and features of the data set [B, SET_FEATURES].
    """
    dim_x, dim_y = scores_x.shape[2], scores_y.shape[2]
    scores = torch.cat([scores_x, scores_y], 2)
    rows, columns = scores.shape[1], scores.shape[2]
    scores = scores * canonical_signs(scores)[:, None]

    # All columns of a heavy-tailed (elliptical) row share its radius. Dividing by the radius makes Student rows look
    # Gaussian.
    radius = scores.square().mean(2, keepdim=True).clamp_min(1e-6).sqrt()  # [B, N, 1]
    radial = scores / radius

    low_order = torch.stack([scores, (scores**2 - 1) / math.sqrt(2), (scores**3 - 3 * scores) / math.sqrt(6)], -1)
    waves = _waves(scores, FREQUENCIES)
    of_radial = torch.stack([radial, radial**2], -1)
    functions = standardized(torch.cat([low_order, of_radial, waves], -1)).split([3, 2, len(FREQUENCIES)], 3)
    moments = cross_moments(functions[0])  # [B, D, D, 3, 3]
    radial_moments = cross_moments(functions[1])  # [B, D, D, 2, 2]
    of_waves = functions[2].permute(0, 3, 2, 1)  # [B, K, D, N]
    wave_moments = (of_waves @ of_waves.transpose(2, 3) / rows).permute(0, 2, 3, 1)  # [B, D, D, K]
    correlation, radial_correlation = moments[..., 0, 0], radial_moments[..., 0, 0]

    device = scores.device
    own_side = same_side(dim_x, dim_y, device)
    diagonal = torch.eye(columns, device=device)
    log_rows = as_float(rows, device).log()
    log_sizes = torch.cat([as_float(dim, device).log().expand(dim) for dim in (dim_x, dim_y)]) / 2
    constant = torch.stack(
        [
            own_side,
            diagonal,
            (log_rows / 3).expand(columns, columns),
            log_sizes[:, None].expand(columns, columns),
            log_sizes[None].expand(columns, columns),
        ],
        -1,
    )
    off_diagonal = 1 - diagonal
    fisher = torch.atanh(
        (torch.stack([correlation, radial_correlation], -1) * off_diagonal[..., None]).clamp(-0.9995, 0.9995)
    )
    wave_fisher = torch.atanh((wave_moments * off_diagonal[..., None]).clamp(-0.9995, 0.9995))
    significance = (torch.cat([fisher, wave_fisher[..., :4]], -1) * (log_rows / 2).exp() / 5).clamp(-6, 6)
    pairs = torch.cat(
        [
            moments.flatten(-2),
            radial_moments.flatten(-2),
            wave_moments,
            fisher,
            wave_fisher,
            significance,
            constant.expand(scores.shape[0], -1, -1, -1),
        ],
        -1,
    )
    entries = torch.cat(
        [low_order, waves[..., :4], radial[..., None], radius[..., None].expand(-1, -1, columns, 1)], -1
    )
    both = gaussian_plug_ins(torch.cat([correlation, radial_correlation]), dim_x, rows, unbiased)
    plug_ins = both.view(2, scores.shape[0], -1).transpose(0, 1).flatten(1)
    whole = torch.cat(
        [
            _pooled_correlations(correlation, own_side, off_diagonal, log_rows),
            _pooled_correlations(radial_correlation, own_side, off_diagonal, log_rows),
            _radius_features(scores[..., :dim_x], scores[..., dim_x:], radius[..., 0]),
            _size_features(log_rows, dim_x, dim_y).expand(scores.shape[0], -1),
        ],
        1,
    )
    return entries, pairs, plug_ins, whole


def canonical_signs(scores: Tensor) -> Tensor:
    """A sign for each column that flips with the column, so that scores × signs stay the same. Returns [B, D].

    The leading eigenvector of the correlation matrix (power iteration by squaring) gives the relative signs. The third
    moment of the scores' projection on this vector gives the common sign.
    """
    power = scores.transpose(1, 2) @ scores / scores.shape[1]
    for _ in range(4):
        power = power @ power
        power = power / power.diagonal(dim1=1, dim2=2).mean(1).clamp_min(1e-20)[:, None, None]
    anchor = power.diagonal(dim1=1, dim2=2).argmax(1)
    leading = power.gather(1, anchor[:, None, None].expand(-1, 1, power.shape[2]))[:, 0]  # [B, D]
    projection = (scores @ leading[:, :, None])[..., 0]  # [B, N]
    turned = torch.where((projection**3).mean(1, keepdim=True) < 0, -leading, leading)
    return torch.where(turned < 0, -1.0, 1.0)


def cross_moments(functions: Tensor) -> Tensor:
    """Correlations over rows of every function of column i with every function of column j.

    functions: [B, N, D, K], `standardized`. Returns [B, D, D, K, K]. A function that is constant over rows has
    correlation 0.
    """
    batch, rows, columns, count = functions.shape
    flat = functions.permute(0, 2, 3, 1).reshape(batch, columns * count, rows)
    moments = flat @ flat.transpose(1, 2) / rows
    return moments.view(batch, columns, count, columns, count).permute(0, 1, 3, 2, 4)


def standardized(functions: Tensor) -> Tensor:
    """Functions scaled to mean 0 and variance 1 over rows (axis 1); a constant becomes 0."""
    centered = functions - functions.mean(1, keepdim=True)
    # The floor keeps the derivative of a constant finite.
    return centered / (centered.square().mean(1, keepdim=True).clamp_min(1e-12).sqrt() + 1e-4)


def _waves(scores: Tensor, frequencies: tuple[int, ...]) -> Tensor:
    """cos(kπu) of the ranks u in (0, 1). Returns [..., len(frequencies)]."""
    angle = math.pi * torch.special.ndtr(scores)
    return torch.cos(angle[..., None] * torch.tensor(frequencies, device=angle.device))


def triple_correlations(scores_x: Tensor, scores_y: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Correlations of the product of two columns of one side with a column of the other side.

    They show dependence that no pair of columns shows. Each is |correlation| of φ_a(i) φ_b(k) with φ_c(j), where
    φ_1 = cos πu and φ_2 = cos 2πu of a column's ranks u in (0, 1), columns i and k are on one side and j is on the
    other. A pair of one side keeps the largest value over j. A cross pair keeps the largest over k on the side of its
    first column, and the largest over k on the side of its second. The sign of a column does not change them.

    most: limit of rows × columns²; the first rows up to this limit are read. Returns [B, D, D, TRIPLES] and √rows of
    the rows read.
    """
    rows = torch.sym_max(most // (scores_x.shape[2] + scores_y.shape[2]) ** 2, LEAST_TRIPLE_ROWS)
    x, y = (standardized(_waves(scores[:, :rows], (1, 2))) for scores in (scores_x, scores_y))
    pairs_x, cross_x = _largest_triples(x, y)
    pairs_y, cross_y = _largest_triples(y, x)
    sizes = torch.cat([torch.cat([pairs_x, cross_x], 2), torch.cat([cross_y, pairs_y], 2)], 1)
    return torch.cat([sizes, sizes.transpose(1, 2)], 3), as_float(x.shape[1], x.device).sqrt()


def _largest_triples(own: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """The largest triple correlations over j and over k.

    own: [B, N, d, 2]; other: [B, N, e, 2]. Returns [B, d, d, 6] (over j) and [B, d, e, 6] (over k).
    """
    batch, rows, columns, _ = own.shape
    first, second = own.unbind(3)
    off_diagonal = (1 - torch.eye(columns, device=own.device))[:, :, None, None]
    over_other, over_own = [], []
    for a, b in ((first, first), (first, second), (second, second)):  # one at a time: d² e products are large
        left = standardized(a[..., None] * b[:, :, None]).flatten(2)  # [B, N, d²]
        sizes = (left.transpose(1, 2) @ other.flatten(2) / rows).abs().view(batch, columns, columns, -1, 2)
        sizes = torch.maximum(sizes, sizes.transpose(1, 2)) * off_diagonal
        over_other.append(sizes.amax(3))
        over_own.append(sizes.amax(2))
    return torch.cat(over_other, 3), torch.cat(over_own, 3)


def gaussian_plug_ins(correlation: Tensor, dim_x: int, rows: int, unbiased: bool) -> Tensor:
    """MI of a Gaussian with this correlation matrix, shrunk towards the identity by each of `SHRINKAGES`.

    correlation: [B, D, D]; unbiased: append the MI at `_least_shrinkage`, minus the bias of a finite number of rows.
    Returns [B, len(SHRINKAGES) + unbiased] nats, ≥ 0.
    """
    batch, columns, _ = correlation.shape
    device = correlation.device
    least = _least_shrinkage(rows, columns, device)[None]
    shrinkages = torch.cat([torch.tensor(SHRINKAGES, device=device)] + [least] * unbiased)
    eye = torch.eye(columns, device=device)
    shrunk = correlation[:, None] * (1 - eye) * (1 - shrinkages[:, None, None]) + eye
    shrunk = shrunk.reshape(-1, columns, columns)
    mi = 0.5 * (log_det(shrunk[:, :dim_x, :dim_x]) + log_det(shrunk[:, dim_x:, dim_x:]) - log_det(shrunk))
    mi = mi.view(batch, len(SHRINKAGES) + unbiased)
    if unbiased:
        # E log |S| of a Wishart matrix is a sum of digammas (Bishop 2006, eq. B.81); ψ(x) ≈ log(x − ½).
        order = torch.arange(1, columns + 1, device=device)
        freedom = (as_float(rows, device) - order - 1).clamp_min(1)
        sides = (order <= dim_x).float() + (order <= columns - dim_x).float() - 1
        bias = 0.5 * (sides * freedom.log()).sum() * (1 - least).square()
        mi = torch.cat([mi[:, :-1], mi[:, -1:] - bias], 1)
    return mi.clamp_min(0)


def _least_shrinkage(rows: int, columns: int, device: torch.device) -> Tensor:
    """The shrinkage of the unbiased plug-in: close to 0 from three rows per column on, close to 1 for very few rows.

    Returns a scalar.
    """
    return (1 - as_float(rows, device) / (3 * as_float(columns, device))).clamp_min(2e-4)


class NeighborEstimates(nn.Module):
    """Nearest-neighbor estimates of MI (Kraskov et al. 2004; for ties Gao et al. 2017) at several k.

    Distances are Euclidean within a side, divided by √columns. The module has no weights. `of_distances` is a method
    of its own so that it compiles once for any number of columns.
    """

    def __init__(self, neighbors: tuple[int, ...]):
        super().__init__()
        self.neighbors = neighbors

    def forward(self, scores_x: Tensor, scores_y: Tensor, anchors: int) -> tuple[Tensor, Tensor]:
        """Estimates, and the standard deviation over rows of the terms that each estimate averages.

        scores_x: [B, N, dim_x]; scores_y: [B, N, dim_y]; anchors: the first rows whose neighbors are searched among
        all rows. Returns two tensors [B, len(neighbors)], nats.
        """
        most = max(self.neighbors)
        apart = [_square_distances(scores[:, :anchors], scores, most) for scores in (scores_x, scores_y)]
        return self.of_distances(*apart, as_float(scores_x.shape[1], scores_x.device))

    def of_distances(self, apart_x: Tensor, apart_y: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The same from squared distances [B, anchors, rows + max(neighbors)], whose last columns are `FAR`.

        With fewer rows than neighbors, the farthest neighbor is one of these last columns, and all rows count.
        """
        apart = torch.maximum(apart_x, apart_y)
        nearest = apart.topk(max(self.neighbors) + 1, largest=False).values
        reaches = nearest.clamp_min(1e-10) * (1 + 1e-5)  # the margin counts ties despite rounding
        near = [d <= reaches[:, :, k : k + 1] for d in (apart, apart_x, apart_y) for k in self.neighbors]
        counts = torch.stack([rows_near.sum(2, dtype=torch.float32) for rows_near in near], 2).minimum(rows) - 0.5
        joint, only_x, only_y = counts.chunk(3, 2)  # each [B, anchors, neighbors]
        terms = ((joint - 1) * rows / (only_x * only_y)).log()  # ψ(n) ≈ log(n − ½)
        mean = terms.mean(1, keepdim=True)
        return mean[:, 0], (terms - mean).square().mean(1).sqrt()


def _square_distances(queries: Tensor, points: Tensor, far: int) -> Tensor:
    """Mean square difference over columns, followed by `far` columns of value `FAR`.

    queries: [B, M, D]; points: [B, N, D]. Returns [B, M, N + far].
    """
    queries, points = queries.double(), points.double()  # small differences of large squares
    squares = [side.square().sum(2, keepdim=True) for side in (queries, points)]
    # One product gives |q|² − 2 q·p + |p|².
    left = torch.cat([-2 * queries, squares[0], torch.ones_like(squares[0])], 2) / queries.shape[2]
    right = torch.cat([points, torch.ones_like(squares[1]), squares[1]], 2)
    away = F.pad(torch.full_like(right[:, :1, :1], FAR).expand(-1, far, -1), (right.shape[2] - 1, 0))
    return (left @ torch.cat([right, away], 1).transpose(1, 2)).float()


def log_det(matrix: Tensor) -> Tensor:
    """log |A| of positive definite matrices [M, D, D]. Returns [M]."""
    if torch.compiler.is_exporting():
        return _log_det_by_elimination(matrix)  # ONNX has no Cholesky, and its Det underflows
    # A matrix that rounding makes indefinite gives NaN, and training skips the step.
    factor, failed = torch.linalg.cholesky_ex(matrix)
    total = 2 * factor.diagonal(dim1=1, dim2=2).log().sum(1)
    return torch.where(failed > 0, torch.nan, total)


def _log_det_by_elimination(matrix: Tensor) -> Tensor:
    def more(step: Tensor, total: Tensor, rest: Tensor) -> Tensor:
        return step < rest.shape[1]

    def eliminate(step: Tensor, total: Tensor, rest: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        column = rest.index_select(2, step[None])  # [M, D, 1]
        pivot = column.index_select(1, step[None])  # [M, 1, 1]
        return step + 1, total + pivot[:, 0, 0].log(), rest - column / pivot * column.transpose(1, 2)

    start = (torch.zeros((), dtype=torch.int64), torch.zeros_like(matrix[:, 0, 0]), matrix.clone())
    return torch.while_loop(more, eliminate, start)[1]


def same_side(dim_x: int, dim_y: int, device: torch.device) -> Tensor:
    """1 where two columns are on the same side, else 0. Returns [D, D]."""
    side = torch.cat([torch.ones(dim_x, device=device), torch.zeros(dim_y, device=device)])
    return (side[:, None] == side[None]).float()


def _pooled_correlations(correlation: Tensor, own_side: Tensor, off_diagonal: Tensor, log_rows: Tensor) -> Tensor:
    """Mean and mean square of the cross pairs and of the same-side pairs. Returns [B, 4].

    The expectation under independence is subtracted from the mean squares.
    """
    pooled = []
    for mask in (1 - own_side, own_side * off_diagonal):
        count = mask.sum().clamp_min(1)
        pooled += [(correlation * mask).sum((1, 2)) / count]
        pooled += [(correlation.square() * mask).sum((1, 2)) / count - (-log_rows).exp() * mask.sum().clamp_max(1)]
    return 3 * torch.stack(pooled, 1)


def _radius_features(scores_x: Tensor, scores_y: Tensor, radius: Tensor) -> Tensor:
    """How much the size of a row varies, and how its X part and Y part vary together: signs of heavy tails. [B, 7]"""
    squares = [scores.square().mean(2) + 1e-4 for scores in (scores_x, scores_y)]
    logs = torch.stack([*squares, radius.square()], 2).log() / 2  # [B, N, 3]
    centered = logs - logs.mean(1, keepdim=True)
    products = torch.cat([centered.square(), centered[..., :1] * centered[..., 1:2], radius[..., None].pow(4)], 2)
    var_x, var_y, spread, covariance, fourth = products.mean(1).unbind(1)
    return torch.stack(
        [
            (spread + 1e-6).sqrt(),
            fourth - 1,
            covariance / (var_x * var_y + 1e-6).sqrt(),
            covariance,
            (var_x + 1e-6).sqrt() + (var_y + 1e-6).sqrt(),
            ((var_x + 1e-6).sqrt() - (var_y + 1e-6).sqrt()).abs(),
            logs[..., 2].amax(1) - logs[..., 2].amin(1),
        ],
        1,
    )


def _size_features(log_rows: Tensor, dim_x: int, dim_y: int) -> Tensor:
    """Features of the numbers of rows and columns. Returns [1, 5]."""
    sizes = torch.stack([as_float(dim_x, log_rows.device), as_float(dim_y, log_rows.device)]).log()
    log_size, imbalance = sizes.mean(), (sizes[0] - sizes[1]).abs()
    ratio = log_rows - log_size
    return torch.stack([log_rows / 3, log_size / 2, imbalance / 2, ratio / 3, torch.sigmoid(ratio)])[None]


def as_float(size: int, device: torch.device) -> Tensor:
    """A size as a float32 scalar, kept dynamic by the exporter."""
    return torch.full((), size, dtype=torch.float32, device=device)
