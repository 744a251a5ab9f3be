"""Normalizing flows of one side."""

import numpy as np
import torch
from estimators import seeded
from scipy import stats
from user_samples import bent

from mistd_training.adapt.flows import Side, SideFlow, fit_side, untied_scores


def test_a_flow_learns_a_bent_side_that_a_gaussian_copula_cannot():
    side, unseen = fit_side(bent(400, 1), 3), untied_scores(bent(300, 2), np.random.default_rng(0))
    gaussian = SideFlow(torch.linalg.cholesky(torch.corrcoef(untied_scores(bent(400, 1), np.random.default_rng(0)).T)))
    assert side.log_prob(unseen) > float(gaussian.log_prob(unseen).mean()) + 0.5

    latents = torch.randn(4, 500, 2, generator=seeded(1))
    rows = side(latents, seeded(2))
    assert stats.spearmanr(rows[..., 0].abs().flatten(), rows[..., 1].flatten()).statistic > 0.6
    assert torch.allclose(side.flows[0].latents(side.flows[0](latents)), latents, atol=1e-3)


def test_twenty_rows_give_a_flow_about_as_good_as_none_or_better():
    side = fit_side(np.random.default_rng(1).standard_normal((20, 6)), 3)
    unseen = untied_scores(np.random.default_rng(2).standard_normal((500, 6)), np.random.default_rng(0))
    assert side.log_prob(unseen) > Side(6, []).log_prob(unseen) - 2


def test_a_side_of_one_column_needs_no_flow():
    latents = torch.randn(2, 10, 1)
    assert torch.equal(fit_side(np.arange(30.0)[:, None], 1)(latents, seeded()), latents)


def test_ties_are_broken_at_random_and_order_is_kept():
    values = np.array([[3.0], [1.0], [1.0], [2.0], [1.0]])
    drawn = {tuple(untied_scores(values, np.random.default_rng(k))[:, 0].argsort().tolist()) for k in range(40)}
    assert len(drawn) == 6 and all(order[3:] == (3, 0) and set(order[:3]) == {1, 2, 4} for order in drawn)
