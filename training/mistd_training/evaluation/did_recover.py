"""Which preference objectives recover the target policy? An exact categorical experiment.

With chosen completions from π_ref and rejected ones from π_l ∝ π_ref (π_ref/π*)^β, DPO's optimum over all
distributions is π* itself (arXiv 2505.23761). Here there are a few hundred outcomes, the expectation over pairs is an
exact sum, and Newton's method finds the optimum. So differences between objectives are not due to chance.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import expit, log_softmax, rel_entr, softmax

Array = np.ndarray


@dataclass(frozen=True)
class Objective:
    """A loss of the reward difference r_w − r_l, where r = β (log π − anchor · log π_ref) and anchor is 0 or 1."""

    name: str
    # Value, first and second derivative for the reward differences of all pairs.
    loss: Callable[[Array], tuple[Array, Array, Array]]
    anchored: bool = True
    # log π_l up to a constant, given log π_ref, log π*/π_ref and β.
    rejected: Callable[[Array, Array, float], Array] = lambda log_ref, ratio, beta: log_ref - beta * ratio


def logistic(margin: float = 0.0) -> Callable[[Array], tuple[Array, Array, Array]]:
    """−log σ(d − margin)."""

    def loss(d: Array) -> tuple[Array, Array, Array]:
        miss = expit(margin - d)
        return np.logaddexp(0, margin - d), -miss, miss * (1 - miss)

    return loss


def squared(d: Array) -> tuple[Array, Array, Array]:
    """IPO's loss (δ − 1/2β)² with d = βδ, multiplied by β², which does not change the optimum: (d − ½)²."""
    return (d - 0.5) ** 2, 2 * (d - 0.5), np.full_like(d, 2.0)


OBJECTIVES = (
    Objective("DPO, optimal π_l", logistic()),
    Objective("SimPO-style (no reference, γ = 0.5)", logistic(0.5), anchored=False),
    Objective("DPO without reference", logistic(), anchored=False),
    Objective("IPO, optimal π_l", squared),
    Objective("DPO, π_l of 2β", logistic(), rejected=lambda log_ref, ratio, beta: log_ref - 2 * beta * ratio),
    Objective("DPO, π_l of β/2", logistic(), rejected=lambda log_ref, ratio, beta: log_ref - beta / 2 * ratio),
    Objective("DPO, uniform π_l", logistic(), rejected=lambda log_ref, ratio, beta: np.zeros_like(log_ref)),
    Objective("DPO, π_l = π_ref", logistic(), rejected=lambda log_ref, ratio, beta: log_ref),
)


def optimum(objective: Objective, log_ref: Array, log_target: Array, beta: float) -> tuple[Array, float]:
    """Log-probabilities (outcomes,) of the distribution that minimizes the expected loss, and this loss."""
    rejected = log_softmax(objective.rejected(log_ref, log_target - log_ref, beta))
    weight = np.exp(log_ref[:, None] + rejected[None, :])  # (chosen, rejected)
    anchor = log_ref if objective.anchored else np.zeros_like(log_ref)
    theta = log_ref.copy()

    def at(theta: Array) -> tuple[float, Array, Array]:
        reward = beta * (theta - anchor)
        value, slope, curve = objective.loss(reward[:, None] - reward[None, :])
        slope, curve = weight * slope, weight * curve
        gradient = beta * (slope.sum(1) - slope.sum(0))
        return (weight * value).sum(), gradient, beta**2 * (curve + curve.T)

    value, gradient, curvature = at(theta)
    for _ in range(100):
        # Only reward differences matter, so the Hessian is the Laplacian of a graph. Scaled to a unit diagonal and with
        # the free constant fixed, it is well conditioned even if some outcomes are rare.
        scale = 1 / np.sqrt(curvature.sum(1))
        laplacian = np.eye(len(theta)) - scale[:, None] * curvature * scale
        constant = 1 / scale / np.linalg.norm(1 / scale)
        step = scale * np.linalg.solve(laplacian + np.outer(constant, constant), scale * gradient)
        step *= min(1, 3 / np.abs(step).max())
        while (there := at(theta - step))[0] > value + 1e-15 and np.abs(step).max() > 1e-9:
            step /= 2
        theta = theta - step
        value, gradient, curvature = there
        if np.abs(step).max() < 1e-9:
            break
    return log_softmax(theta), value


def js(log_p: Array, log_q: Array) -> float:
    """Jensen–Shannon divergence in nats, from 0 to ln 2."""
    p, q = np.exp(log_p), np.exp(log_q)
    middle = (p + q) / 2
    return float(rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / 2


def problem(outcomes: int, seed: int) -> tuple[Array, Array]:
    """Random log π_ref and log π*, (outcomes,) each: softmaxes of normal logits, with π* a few nats from π_ref."""
    rng = np.random.default_rng(seed)
    log_ref = log_softmax(1.5 * rng.standard_normal(outcomes))
    return log_ref, log_softmax(log_ref + 1.5 * rng.standard_normal(outcomes))


def experiment(outcomes: int, beta: float, seeds: int) -> list[dict]:
    """One row per objective: JS divergences in nats from π* and from the DID, (seeds,) each."""
    rows = []
    for objective in OBJECTIVES:
        to_target, to_did = [], []
        for seed in range(seeds):
            log_ref, log_target = problem(outcomes, seed)
            learned, _ = optimum(objective, log_ref, log_target, beta)
            to_target.append(js(learned, log_target))
            to_did.append(js(learned, np.log(softmax(log_target - log_ref))))
        rows.append({"name": objective.name, "target": np.array(to_target), "did": np.array(to_did)})
    return rows


def table(rows: list[dict]) -> str:
    """Rows of `experiment` as Markdown: mean and range over the seeds."""
    cell = lambda v: f"{v.mean():.2g} ({v.min():.2g} to {v.max():.2g})" if v.max() > 1e-10 else "< 1e-10"
    lines = ["| objective | JS from π* | JS from the DID |", "|---|---|---|"]
    lines += [f"| {row['name']} | {cell(row['target'])} | {cell(row['did'])} |" for row in rows]
    return "\n".join(lines)


def plot(rows: list[dict], file: Path, outcomes: int, beta: float) -> None:
    """Plot the divergences of all objectives, and the policies that four of them learned."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (bars, scatter) = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    names = [row["name"] for row in rows]
    bars.barh(names, [max(row["target"].mean(), 1e-17) for row in rows], color=["C2"] + ["C3"] * (len(rows) - 1))
    bars.set(xscale="log", xlabel="Jensen–Shannon divergence from π* (nats)", title=f"{outcomes} outcomes, β = {beta}")
    bars.invert_yaxis()
    log_ref, log_target = problem(outcomes, 0)
    for objective, color in (
        (OBJECTIVES[1], "C1"),
        (OBJECTIVES[3], "C4"),
        (OBJECTIVES[6], "C3"),
        (OBJECTIVES[0], "C2"),
    ):
        learned, _ = optimum(objective, log_ref, log_target, beta)
        scatter.plot(log_target - log_ref, learned - log_ref, ".", ms=4, color=color, label=objective.name)
    scatter.axline((0, 0), slope=1, color="black", lw=0.5)
    scatter.set(xlabel="log π*/π_ref", ylabel="learned log π/π_ref", title="Each outcome of the first problem")
    scatter.legend(fontsize=8)
    figure.savefig(file, dpi=110)
    pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outcomes", type=int, default=300)
    parser.add_argument("--beta", type=float, default=0.5)
    parser.add_argument("--seeds", type=int, default=5, help="random problems")
    parser.add_argument("--plot", type=Path, default=None, help="PNG to write")
    arguments = parser.parse_args()
    rows = experiment(arguments.outcomes, arguments.beta, arguments.seeds)
    print(table(rows))
    if arguments.plot is not None:
        plot(rows, arguments.plot, arguments.outcomes, arguments.beta)
        print(f"\nwrote {arguments.plot}")


if __name__ == "__main__":
    main()
