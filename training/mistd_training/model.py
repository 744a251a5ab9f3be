"""The MIST model: normal scores of X and Y → quantiles of their mutual information.

Two streams, after MIST's two-dimensional attention (arXiv 2511.18945) and the pair representation of AlphaFold 2
(Jumper et al. 2021):

- entries [batch, rows, columns, entry_width]: attention over rows within a column (through induced points, so cost is
  linear in rows) and over columns within a row;
- pairs [batch, columns, columns, pair_width]: starts from pairwise statistics, takes outer products of the entries
  averaged over rows, and is refined by triangular updates.

A head pools the pairs into quantiles. Exact invariances, by construction: row order, column order within a side, the
swap of X and Y (a column only knows which others are on its own side), strictly monotone maps of any column
(increasing: the scores; decreasing: `canonical_signs`). Quantiles never cross and are never negative.

Letters in shape comments: B batch, N rows, D = dim_x + dim_y columns, P pair_width, E entry_width, T knots.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .quantiles import MEDIAN, TAUS

SHRINKAGES = (0.005, 0.02, 0.1, 0.3, 0.6)
FREQUENCIES = (1, 2, 3, 4, 6, 8)
ROWS_OF_AN_ANCHOR = 5
STRETCH_ROWS = (5.0, 15.0, 50.0, 150.0, 500.0, 1_500.0, 5_000.0)
STRETCH_PARTS = ("below the lower quartile", "up to the median", "up to the upper quartile", "above it")


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the network.

    pair_width: channels of a pair; pair_layers: triangular updates; triangle_width: channels of one triangular product;
    entry_width, entry_layers, entry_heads, inducing_points: the entries stream (its layers come before the first
    `entry_layers` triangular updates); outer_width: channels of an entry in the outer product; head_width: the head.
    entries: entries of a data set that the entries stream reads at most, those of the first rows; neighbors, anchors:
    the k of the nearest-neighbor estimates (none by default) and how many of the first rows they look around, or one
    in `ROWS_OF_AN_ANCHOR` where that is more; triples: rows × columns² that the correlations of three columns read at
    most, those of the first rows (0 leaves them out). All else reads every row. unbiased: whether Gaussian plug-ins
    without the bias of few rows are among the inputs. overhang: how far below 0 the network may put a lower knot, as a
    share of the median; what is below 0 is served as 0, so that an interval can begin there. stretch: `calibrate`'s
    factors for the steps between knots, those of each of `STRETCH_PARTS` at each of `STRETCH_ROWS`; empty for none.
    """

    pair_width: int = 32
    pair_layers: int = 4
    triangle_width: int = 16
    entry_width: int = 16
    entry_layers: int = 2
    entry_heads: int = 2
    inducing_points: int = 8
    outer_width: int = 8
    head_width: int = 192
    entries: int = 32_768
    neighbors: tuple[int, ...] = ()
    anchors: int = 256
    triples: int = 0
    unbiased: bool = False
    overhang: float = 0.0
    stretch: tuple[tuple[float, ...], ...] = ()

    def anchors_of(self, rows: int) -> int:
        return torch.sym_max(self.anchors, rows // ROWS_OF_AN_ANCHOR)

    @property
    def gaussian_count(self) -> int:
        return 2 * (len(SHRINKAGES) + self.unbiased)


class Mist(nn.Module):
    """Scores in, quantiles at `TAUS` out.

    scores_x: [B, N, dim_x] and scores_y: [B, N, dim_y], normal scores (`encoding.normal_scores`), float32.
    Returns [B, T] nats, non-decreasing along T, ≥ 0.
    """

    def __init__(self, config: ModelConfig = ModelConfig()):
        super().__init__()
        self.config = config
        self.neighbors = NeighborEstimates(config)
        self.network = Network(config)

    def forward(self, scores_x: Tensor, scores_y: Tensor) -> Tensor:
        read = self.read(scores_x, scores_y, self.config.entries)
        return self.finish(self.network(*read, scores_x.shape[2]), scores_x.shape[1])

    def finish(self, knots: Tensor, rows: int) -> Tensor:
        """The network's knots as they are served: stretched, and cut at 0."""
        if self.config.stretch:
            log_rows = _float(rows, knots.device).log()
            knots = stretched(knots, log_rows, torch.tensor(self.config.stretch, device=knots.device))
        return knots.clamp_min(0)

    def reads_first(self, columns: int) -> int:
        """Up to how many rows the order of rows does not matter, for at most this many columns. With more, some
        statistics start from the first rows alone: the caller has to put the rows in an order of no meaning."""
        anchors = [self.config.anchors] if self.config.neighbors else []
        triples = [max(self.config.triples // columns**2, LEAST_TRIPLE_ROWS)] if self.config.triples else []
        return min([self.config.entries // columns, *anchors, *triples])

    def read(self, scores_x: Tensor, scores_y: Tensor, most_entries: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What the network reads: `statistics`, correlations of three columns, nearest-neighbor estimates with the
        columns as they are and scaled by their relevance; the entries of as many of the first rows as make
        `most_entries`."""
        entries, pairs, plug_ins, whole = statistics(scores_x, scores_y, self.config.unbiased)
        moments = pairs[..., :MOMENTS]
        significances = []
        if self.config.triples:
            sizes, root = triple_correlations(scores_x, scores_y, self.config.triples)
            significances = [sizes * root]
            pairs = torch.cat([pairs, sizes, torch.log1p(significances[0]) / 2], 3)
        if self.config.neighbors:
            anchors = self.config.anchors_of(scores_x.shape[1])
            plain = self.neighbors(scores_x, scores_y, anchors)
            # Of two columns the nearest are the same at any scale: they are not looked for again.
            more = scores_x.shape[2] + scores_y.shape[2] - 2
            x, y = _by_relevance(scores_x, scores_y, moments, significances)
            scaled = self.neighbors(x, y, _size_apart(torch.sym_min(anchors, 1 + more * anchors)))
            scaled = [torch.where(_float(more, s.device) > 0, s, p) for s, p in zip(scaled, plain)]
            for estimates, spreads in (plain, scaled):
                plug_ins = torch.cat([plug_ins, estimates.clamp_min(0)], 1)
                whole = torch.cat([whole, estimates, spreads], 1)
        return entries[:, : most_entries // entries.shape[2]], pairs, plug_ins, whole


def stretched(knots: Tensor, log_rows: Tensor, stretch: Tensor) -> Tensor:
    """The median as it is, and the steps from knot to knot away from it times the factors of their part: so knots never
    cross.

    knots: [B, T], log_rows: scalar, or [B, 1]; stretch: [len(STRETCH_PARTS), len(STRETCH_ROWS)].
    """
    steps = knots.diff(dim=1) * at_rows(stretch, log_rows)[..., _PART_OF_STEP]
    median = knots[:, MEDIAN : MEDIAN + 1]
    below = median - steps[:, :MEDIAN].flip(1).cumsum(1).flip(1)
    return torch.cat([below, median, median + steps[:, MEDIAN:].cumsum(1)], 1)


def at_rows(factors: Tensor, log_rows: Tensor) -> Tensor:
    """Factors [F, len(STRETCH_ROWS)] → [..., F]: linear in log rows between `STRETCH_ROWS` and constant beyond."""
    at = torch.tensor(STRETCH_ROWS, device=factors.device).log()
    inside = torch.minimum(torch.maximum(log_rows, at[0]), at[-1])
    passed = ((inside - at[:-1]) / at.diff()).clamp(0, 1)  # share of each stretch between two of them
    return factors[:, 0] + (passed[..., None, :] * factors.diff(dim=1)).sum(-1)


_PARTS_END = (TAUS.index(0.25), MEDIAN, TAUS.index(0.75), len(TAUS) - 1)
_PART_OF_STEP = [sum(step >= end for end in _PARTS_END) for step in range(len(TAUS) - 1)]


def _size_apart(size: int) -> int:
    """A size that the exporter takes for one of its own: it reasons about sizes as if none were 1."""
    if not torch.compiler.is_exporting():
        return size
    return torch.tensor(size).item()


def _by_relevance(
    scores_x: Tensor, scores_y: Tensor, moments: Tensor, significances: list[Tensor]
) -> tuple[Tensor, Tensor]:
    """Columns of little relevance shrunk, so that neighbors are near in those that matter; MI is the same.

    A column is as relevant as the most significant correlation that it has a part in: of `moments` across the sides,
    and of those of three columns. moments: [B, D, D, MOMENTS]; significances: none or [B, D, D, TRIPLES].
    """
    dim_x = scores_x.shape[2]
    across = 1 - _own_side(dim_x, scores_y.shape[2], moments.device)
    strongest = moments.abs().amax(3) * _float(scores_x.shape[1], moments.device).sqrt() * across
    for significance in significances:
        strongest = torch.maximum(strongest, significance.amax(3))
    relevance = strongest.amax(2)[:, None].split([dim_x, scores_y.shape[2]], 2)
    x, y = (
        scores * (own / own.amax(2, keepdim=True).clamp_min(1e-6)).square()
        for scores, own in zip((scores_x, scores_y), relevance)
    )
    return x, y


# --- Statistics: fixed functions of the scores, always in float32 -----------------------------------------------------


def statistics(scores_x: Tensor, scores_y: Tensor, unbiased: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What the network reads of the scores, but for the neighbor estimates.

    Returns entry features [B, N, D, ENTRY_FEATURES], pair features [B, D, D, PAIR_FEATURES], plug-in estimates [B,
    gaussian_count] in nats (`gaussian_plug_ins` of the scores and of the radial ones), and features of the whole data
    set [B, SET_FEATURES].
    """
    dim_x, dim_y = scores_x.shape[2], scores_y.shape[2]
    scores = torch.cat([scores_x, scores_y], 2)
    rows, columns = scores.shape[1], scores.shape[2]
    scores = scores * canonical_signs(scores)[:, None]

    # A row's radius is what a heavy-tailed (elliptical) vector shares over its columns; dividing by it makes Student
    # rows look Gaussian.
    radius = scores.square().mean(2, keepdim=True).clamp_min(1e-6).sqrt()  # [B, N, 1]
    radial = scores / radius

    low_order = torch.stack([scores, (scores**2 - 1) / math.sqrt(2), (scores**3 - 3 * scores) / math.sqrt(6)], -1)
    waves = _waves(scores, FREQUENCIES)
    of_radial = torch.stack([radial, radial**2], -1)
    functions = standardized(torch.cat([low_order, of_radial, waves], -1)).split([3, 2, len(FREQUENCIES)], 3)
    moments = cross_moments(functions[0])  # [B, D, D, 3, 3]
    radial_moments = cross_moments(functions[1])  # [B, D, D, 2, 2]
    of_waves = functions[2].permute(0, 3, 2, 1)  # [B, K, D, N]
    wave_moments = (of_waves @ of_waves.transpose(2, 3) / rows).permute(0, 2, 3, 1)  # each with itself: [B, D, D, K]
    correlation, radial_correlation = moments[..., 0, 0], radial_moments[..., 0, 0]

    device = scores.device
    own_side = _own_side(dim_x, dim_y, device)
    diagonal = torch.eye(columns, device=device)
    log_rows = _float(rows, device).log()
    log_sizes = torch.cat([_float(dim, device).log().expand(dim) for dim in (dim_x, dim_y)]) / 2
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


MOMENTS = 9 + 4 + 6  # the first pair features: correlations
PAIR_FEATURES = MOMENTS + 2 + 6 + 6 + 5
ENTRY_FEATURES = 3 + 4 + 2
SET_FEATURES = 4 + 4 + 7 + 5
TRIPLES = 2 * 6
LEAST_TRIPLE_ROWS = 8  # for more columns than any model is trained on


def canonical_signs(scores: Tensor) -> Tensor:
    """A sign for each column that flips with the column, so that scores × signs do not change. Returns [B, D].

    Relative signs come from the leading eigenvector of the correlation matrix (power iteration by squaring), the sign
    of the whole from the third moment of the scores' projection on it.
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

    functions: [B, N, D, K], `standardized`. Returns [B, D, D, K, K]; one that is constant over rows has correlation 0.
    """
    batch, rows, columns, count = functions.shape
    flat = functions.permute(0, 2, 3, 1).reshape(batch, columns * count, rows)
    moments = flat @ flat.transpose(1, 2) / rows
    return moments.view(batch, columns, count, columns, count).permute(0, 1, 3, 2, 4)


def standardized(functions: Tensor) -> Tensor:
    """Mean 0 and variance 1 over rows (axis 1); a constant becomes 0."""
    centered = functions - functions.mean(1, keepdim=True)
    # The floor keeps the derivative of a constant finite.
    return centered / (centered.square().mean(1, keepdim=True).clamp_min(1e-12).sqrt() + 1e-4)


def _waves(scores: Tensor, frequencies: tuple[int, ...]) -> Tensor:
    """cos(kπu) of the ranks u in (0, 1). Returns [..., len(frequencies)]."""
    angle = math.pi * torch.special.ndtr(scores)
    return torch.cos(angle[..., None] * torch.tensor(frequencies, device=angle.device))


def triple_correlations(scores_x: Tensor, scores_y: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """How far the product of two columns of a side goes with a column of the other: dependence that no pair shows.

    |correlation| of φ_a(i) φ_b(k) with φ_c(j), where φ_1 = cos πu and φ_2 = cos 2πu of a column's ranks u in (0, 1), i
    and k are on one side and j on the other, over as many of the first rows as make rows × columns² = `most`. A pair of
    one side has the largest over j; a cross pair the largest over k on the first's side, and on the second's. They do
    not change with a column's sign. Returns [B, D, D, TRIPLES] and √rows.
    """
    rows = torch.sym_max(most // (scores_x.shape[2] + scores_y.shape[2]) ** 2, LEAST_TRIPLE_ROWS)
    x, y = (standardized(_waves(scores[:, :rows], (1, 2))) for scores in (scores_x, scores_y))
    pairs_x, cross_x = _largest_triples(x, y)
    pairs_y, cross_y = _largest_triples(y, x)
    sizes = torch.cat([torch.cat([pairs_x, cross_x], 2), torch.cat([cross_y, pairs_y], 2)], 1)
    return torch.cat([sizes, sizes.transpose(1, 2)], 3), _float(x.shape[1], x.device).sqrt()


def _largest_triples(own: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Over j and over k. own: [B, N, d, 2], other: [B, N, e, 2]. Returns [B, d, d, 6] and [B, d, e, 6]."""
    batch, rows, columns, _ = own.shape
    first, second = own.unbind(3)
    off_diagonal = (1 - torch.eye(columns, device=own.device))[:, :, None, None]
    over_other, over_own = [], []
    for a, b in ((first, first), (first, second), (second, second)):  # one at a time: there are d² e products
        left = standardized(a[..., None] * b[:, :, None]).flatten(2)  # [B, N, d²]
        sizes = (left.transpose(1, 2) @ other.flatten(2) / rows).abs().view(batch, columns, columns, -1, 2)
        sizes = torch.maximum(sizes, sizes.transpose(1, 2)) * off_diagonal
        over_other.append(sizes.amax(3))
        over_own.append(sizes.amax(2))
    return torch.cat(over_other, 3), torch.cat(over_own, 3)


def gaussian_plug_ins(correlation: Tensor, dim_x: int, rows: int, unbiased: bool) -> Tensor:
    """MI of a Gaussian with this correlation matrix shrunk towards the identity; `unbiased` appends that at
    `_least_shrinkage` less the bias that finite rows bring. Returns [B, len(SHRINKAGES) + unbiased] nats."""
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
        freedom = (_float(rows, device) - order - 1).clamp_min(1)
        sides = (order <= dim_x).float() + (order <= columns - dim_x).float() - 1
        bias = 0.5 * (sides * freedom.log()).sum() * (1 - least).square()
        mi = torch.cat([mi[:, :-1], mi[:, -1:] - bias], 1)
    return mi.clamp_min(0)


def _least_shrinkage(rows: int, columns: int, device: torch.device) -> Tensor:
    """As good as none from three rows a column up, all of it where there are hardly rows: a scalar."""
    return (1 - _float(rows, device) / (3 * _float(columns, device))).clamp_min(2e-4)


class NeighborEstimates(nn.Module):
    """Nearest-neighbor estimates of MI (Kraskov et al. 2004; for ties Gao et al. 2017) at several k, and the spread
    over rows of the terms that each averages. Both [B, len(neighbors)], nats.

    Distances are Euclidean within a side, per √columns; neighbors of the first `anchors` rows among all rows. It has
    nothing to learn; `of_distances` is apart so that it compiles for any number of columns.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.neighbors = config.neighbors

    def forward(self, scores_x: Tensor, scores_y: Tensor, anchors: int) -> tuple[Tensor, Tensor]:
        most = max(self.neighbors)
        apart = [_square_distances(scores[:, :anchors], scores, most) for scores in (scores_x, scores_y)]
        return self.of_distances(*apart, _float(scores_x.shape[1], scores_x.device))

    def of_distances(self, apart_x: Tensor, apart_y: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Both [B, anchors, rows + max(neighbors)], the last ones far away: with fewer rows than neighbors the farthest
        is one of them, and all rows count."""
        apart = torch.maximum(apart_x, apart_y)
        nearest = apart.topk(max(self.neighbors) + 1, largest=False).values
        reaches = nearest.clamp_min(1e-10) * (1 + 1e-5)  # ties are in, whatever the rounding
        near = [d <= reaches[:, :, k : k + 1] for d in (apart, apart_x, apart_y) for k in self.neighbors]
        counts = torch.stack([rows_near.sum(2, dtype=torch.float32) for rows_near in near], 2).minimum(rows) - 0.5
        joint, only_x, only_y = counts.chunk(3, 2)  # each [B, anchors, neighbors]
        terms = ((joint - 1) * rows / (only_x * only_y)).log()  # ψ(n) ≈ log(n − ½)
        mean = terms.mean(1, keepdim=True)
        return mean[:, 0], (terms - mean).square().mean(1).sqrt()


def _square_distances(queries: Tensor, points: Tensor, far: int) -> Tensor:
    """Mean square difference over columns, and `far` more that are far away. [B, M, D], [B, N, D] → [B, M, N + far]."""
    queries, points = queries.double(), points.double()  # a small difference of large squares
    squares = [side.square().sum(2, keepdim=True) for side in (queries, points)]
    # One product gives |q|² − 2 q·p + |p|².
    left = torch.cat([-2 * queries, squares[0], torch.ones_like(squares[0])], 2) / queries.shape[2]
    right = torch.cat([points, torch.ones_like(squares[1]), squares[1]], 2)
    away = F.pad(torch.full_like(right[:, :1, :1], FAR).expand(-1, far, -1), (right.shape[2] - 1, 0))
    return (left @ torch.cat([right, away], 1).transpose(1, 2)).float()


FAR = 1e30


def log_det(matrix: Tensor) -> Tensor:
    """log |A| of positive definite matrices [M, D, D]. Returns [M]."""
    if torch.compiler.is_exporting():
        return _log_det_by_elimination(matrix)  # ONNX has no Cholesky, and its Det underflows
    # Where rounding leaves a matrix short of positive definite: NaN, and the training step is passed over.
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


def _own_side(dim_x: int, dim_y: int, device: torch.device) -> Tensor:
    """1 where two columns are on the same side, [D, D]."""
    side = torch.cat([torch.ones(dim_x, device=device), torch.zeros(dim_y, device=device)])
    return (side[:, None] == side[None]).float()


def _pooled_correlations(correlation: Tensor, own_side: Tensor, off_diagonal: Tensor, log_rows: Tensor) -> Tensor:
    """Mean and mean square (less its expectation under independence) over cross pairs and same-side pairs. [B, 4]"""
    pooled = []
    for mask in (1 - own_side, own_side * off_diagonal):
        count = mask.sum().clamp_min(1)
        pooled += [(correlation * mask).sum((1, 2)) / count]
        pooled += [(correlation.square() * mask).sum((1, 2)) / count - (-log_rows).exp() * mask.sum().clamp_max(1)]
    return 3 * torch.stack(pooled, 1)


def _radius_features(scores_x: Tensor, scores_y: Tensor, radius: Tensor) -> Tensor:
    """How much the size of a row varies, and how far its X part and Y part vary together: heavy tails. [B, 7]"""
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
    """[1, 5]"""
    sizes = torch.stack([_float(dim_x, log_rows.device), _float(dim_y, log_rows.device)]).log()
    log_size, imbalance = sizes.mean(), (sizes[0] - sizes[1]).abs()
    ratio = log_rows - log_size
    return torch.stack([log_rows / 3, log_size / 2, imbalance / 2, ratio / 3, torch.sigmoid(ratio)])[None]


def _float(size: int, device: torch.device) -> Tensor:
    """A size as a float32 scalar, kept dynamic by the exporter."""
    return torch.full((), size, dtype=torch.float32, device=device)


# --- Network ----------------------------------------------------------------------------------------------------------


class Network(nn.Module):
    """Statistics → quantiles, the lower ones below 0 where the model is sure that MI could be 0."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        pair_features = PAIR_FEATURES + (2 * TRIPLES if config.triples else 0)
        self.embed_pairs = nn.Linear(pair_features, config.pair_width)
        self.embed_entries = nn.Linear(ENTRY_FEATURES, config.entry_width)
        self.entry_layers = nn.ModuleList([EntryLayer(config) for _ in range(config.entry_layers)])
        self.pair_layers = nn.ModuleList([PairLayer(config) for _ in range(config.pair_layers)])
        self.head = Head(config)

    def forward(self, entries: Tensor, pairs: Tensor, plug_ins: Tensor, whole: Tensor, dim_x: int) -> Tensor:
        own_side = _own_side(dim_x, pairs.shape[1] - dim_x, pairs.device)
        h = self.embed_pairs(pairs)
        m = self.embed_entries(entries)
        for layer, pair_layer in enumerate(self.pair_layers):
            if layer < len(self.entry_layers):
                m, update = self.entry_layers[layer](m, h)
                h = h + update
            h = pair_layer(h, own_side)
        return self.head(h.float(), plug_ins, whole, dim_x)


class EntryLayer(nn.Module):
    """Attention over the rows of a column, then over the columns of a row; outer products over rows feed the pairs."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        width, self.heads = config.entry_width, config.entry_heads
        self.inducing = nn.Parameter(0.5 * torch.randn(config.inducing_points, width))
        self.norm_rows = nn.LayerNorm(width)
        self.row_keys_values = nn.Linear(width, 2 * width)
        self.row_queries = nn.Linear(width, width)
        self.induced_keys_values = nn.Linear(width, 2 * width)
        self.row_out = nn.Linear(width, width)
        self.norm_columns = nn.LayerNorm(width)
        self.column_qkv = nn.Linear(width, 3 * width)
        self.pair_bias = nn.Linear(config.pair_width, self.heads)
        self.column_out = nn.Linear(width, width)
        self.mlp = _mlp(width)
        self.norm_outer = nn.LayerNorm(width)
        self.outer_in = nn.Linear(width, config.outer_width)
        self.outer_out = _zeroed(nn.Linear(config.outer_width**2, config.pair_width))

    def forward(self, m: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        batch, rows, columns, width = m.shape
        x = self.norm_rows(m).transpose(1, 2)  # [B, D, N, E]
        keys, values = self.row_keys_values(x).chunk(2, -1)
        inducing = self.inducing.to(x.dtype).expand(batch, columns, -1, -1)
        induced = _attention(inducing, keys, values)  # [B, D, I, E]
        keys, values = self.induced_keys_values(induced).chunk(2, -1)
        m = m + self.row_out(_attention(self.row_queries(x), keys, values)).transpose(1, 2)

        qkv = self.column_qkv(self.norm_columns(m)).view(batch, rows, columns, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(3, 0, 1, 4, 2, 5).unbind(0)  # each [B, N, heads, D, E / heads]
        bias = self.pair_bias(h).permute(0, 3, 1, 2)[:, None]  # [B, 1, heads, D, D]
        mixed = _attention(q, k, v, bias).transpose(2, 3).reshape(batch, rows, columns, width)
        m = m + self.column_out(mixed)
        m = m + self.mlp(m)

        outer = self.outer_in(self.norm_outer(m))  # [B, N, D, O]
        flat = outer.permute(0, 2, 3, 1).reshape(batch, columns * outer.shape[3], rows)
        product = (flat @ flat.transpose(1, 2) / rows).view(batch, columns, outer.shape[3], columns, outer.shape[3])
        return m, self.outer_out(product.permute(0, 1, 3, 2, 4).flatten(-2))


def _attention(queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor | float = 0.0) -> Tensor:
    logits = queries @ keys.transpose(-1, -2) / math.sqrt(queries.shape[-1])
    return torch.softmax(logits + bias, -1).to(values.dtype) @ values


class PairLayer(nn.Module):
    """Triangular multiplication (what i shares with k and k with j says something of i and j), then competition: how
    far a pair stands out among the pairs of either column, within its own side and across."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        width, triangle = config.pair_width, config.triangle_width
        self.norm = nn.LayerNorm(width)
        self.left = nn.Linear(width, 2 * triangle)
        self.right = nn.Linear(width, 2 * triangle)
        self.gate = nn.Linear(width, width)
        self.norm_product = nn.LayerNorm(triangle)
        self.out = _zeroed(nn.Linear(triangle, width))
        self.logits = nn.Linear(width, 4)
        self.compete = _zeroed(nn.Linear(8, width))
        self.mlp = _mlp(width)

    def forward(self, h: Tensor, own_side: Tensor) -> Tensor:
        x = self.norm(h)
        left, left_gate = self.left(x).chunk(2, -1)
        right, right_gate = self.right(x).chunk(2, -1)
        left = (left * left_gate.sigmoid()).permute(0, 3, 1, 2)
        right = (right * right_gate.sigmoid()).permute(0, 3, 1, 2)
        product = (left @ right).permute(0, 2, 3, 1) / _float(h.shape[1], h.device).sqrt()  # [B, D, D, triangle]
        h = h + self.gate(x).sigmoid() * self.out(self.norm_product(product))
        h = h + self.compete(_log_shares(self.logits(x), own_side))
        return h + self.mlp(h)


def _log_shares(logits: Tensor, own_side: Tensor) -> Tensor:
    """Log-softmax of [B, D, D, C] along either axis among the columns of one side: a pair's share of its own side's, or
    of the other side's, exponentiated logits. Returns [B, D, D, 2 C]."""
    both = torch.cat([logits, logits.transpose(1, 2)], 3).float()
    exponentials = (both - both.amax(2, keepdim=True).detach()).clamp_min(-30).exp()
    with torch.autocast(both.device.type, enabled=False):
        shares = (exponentials / (own_side @ exponentials)).log() / 3  # of pair (i, j): of all (i, k), k on j's side
    along, against = shares.chunk(2, 3)
    return torch.cat([along, against.transpose(1, 2)], 3)


class Head(nn.Module):
    """Pairs, plug-ins and data-set features → quantiles.

    The median is a gated sum of the Gaussian plug-ins and of a learned sum over the cross pairs, so that large MI is
    within reach; knots above it add positive steps, knots below it multiply by factors from 1 down to −`overhang`.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        width, hidden = config.pair_width, config.head_width
        self.overhang = config.overhang
        self.norm = nn.LayerNorm(width)
        self.pair_sums = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 3))
        estimates = 2 * len(config.neighbors)
        plug_ins = config.gaussian_count + estimates
        features = 5 * width + 2 * plug_ins + SET_FEATURES + 2 * estimates + 6
        self.outputs = (plug_ins, 3, 1, MEDIAN, len(TAUS) - 1 - MEDIAN)
        self.mlp = nn.Sequential(
            nn.LayerNorm(features),
            nn.Linear(features, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, sum(self.outputs)),
        )

    def forward(self, h: Tensor, plug_ins: Tensor, whole: Tensor, dim_x: int) -> Tensor:
        h = self.norm(h)
        one_way, other_way = h[:, :dim_x, dim_x:], h[:, dim_x:, :dim_x].transpose(1, 2)
        dim_y = h.shape[1] - dim_x
        diagonal = h.diagonal(dim1=1, dim2=2)  # [B, P, D]
        pooled = torch.cat(
            [
                (one_way + other_way).mean((1, 2)) / 2,
                (
                    one_way.amax(2).mean(1)
                    + one_way.amax(1).mean(1)
                    + other_way.amax(2).mean(1)
                    + other_way.amax(1).mean(1)
                )
                / 4,
                (one_way.amax((1, 2)) + other_way.amax((1, 2))) / 2,
                (h[:, :dim_x, :dim_x].mean((1, 2)) + h[:, dim_x:, dim_x:].mean((1, 2))) / 2,
                (diagonal[:, :, :dim_x].mean(2) + diagonal[:, :, dim_x:].mean(2)) / 2,
            ],
            1,
        )
        per_pair = (self.pair_sums(one_way) + self.pair_sums(other_way)) / 2  # [B, dim_x, dim_y, 3]
        # One sum of signed parts, one of parts that are each ≥ 0, and the first per √(dim_x · dim_y).
        signed = F.softplus(per_pair[..., 0].sum((1, 2)))
        positive = F.softplus(per_pair[..., 1] - 4).sum((1, 2))
        root = torch.sqrt(_float(dim_x, h.device) * _float(dim_y, h.device))
        scaled = F.softplus(per_pair[..., 2].sum((1, 2)) / root) * root * 0.2
        sums = torch.stack([signed, positive, scaled], 1)
        features = torch.cat(
            [pooled, torch.log1p(plug_ins), plug_ins / (1 + plug_ins), whole, torch.log1p(sums), (sums + 1e-3).log()], 1
        )
        gates, sum_gates, extra, lower, upper = self.mlp(features).split(self.outputs, 1)

        median = (
            (plug_ins * torch.sigmoid(gates - 2)).sum(1, keepdim=True)
            + (sums * torch.sigmoid(sum_gates - 1)).sum(1, keepdim=True)
            + F.softplus(extra - 2)
        )
        # In training, how far knots lie apart does not move the median: those that belong below 0 would hold it up.
        size = median.detach() if self.training else median
        above = median + torch.cumsum(F.softplus(upper - 1) * (0.02 + 0.1 * size), 1)
        factors = torch.exp(-torch.cumsum(0.2 * F.softplus(lower - 1), 1))
        below = median * factors - self.overhang * size * (1 - factors)
        return torch.cat([below.flip(1), median, above], 1)


def _mlp(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), _zeroed(nn.Linear(2 * width, width))
    )


def _zeroed(linear: nn.Linear) -> nn.Linear:
    """A residual branch starts by adding nothing."""
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear
