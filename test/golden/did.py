"""Writes did.json: NumPy's, SciPy's and PyTorch's answers for the figures of src/preference.

python test/golden/did.py > test/golden/did.json
"""

import json

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import brentq, minimize
from scipy.special import expit, logsumexp
from scipy.stats import chi2, norm

rng = np.random.default_rng(3)


def pairs_case(n, prompts, scale, beta):
    """Pairs whose log-probs are about −scale, some prompts with several pairs, chosen by σ(β δ + a little more)."""
    prompt = rng.integers(prompts, size=n)
    tokens = rng.integers(5, 60, size=(2, n))
    reference = -scale * rng.uniform(0.5, 1.5, size=(2, n))
    ratio = rng.normal(-0.5, 3, size=(2, n)) + rng.normal(0, 1, size=prompts)[prompt]
    policy = np.minimum(reference + ratio, -0.01)
    ratio = policy - reference
    margin = ratio[0] - ratio[1]
    swap = rng.uniform(size=n) > expit(beta * margin + 0.002 * margin**3 + 0.01 * (tokens[0] - tokens[1]))
    for side in (reference, policy, tokens):
        side[:, swap] = side[::-1, swap]
    return prompt, tokens, policy, reference


def mean_clustered(values, prompt):
    """A mean and its cluster-robust standard error."""
    groups = np.unique(prompt)
    sums = np.array([(values[prompt == g] - values.mean()).sum() for g in groups])
    return [values.mean(), np.sqrt(len(groups) / (len(groups) - 1) * (sums**2).sum()) / len(values)]


def losses(policy, reference, tokens, beta, smoothing):
    """As TRL's DPOTrainer computes them, in PyTorch."""
    pi, ref, length = (torch.tensor(a, dtype=torch.float64) for a in (policy, reference, tokens))
    logits = (pi[0] - pi[1]) - (ref[0] - ref[1])
    a_token = (pi[0] / length[0] - pi[1] / length[1]) - (ref[0] / length[0] - ref[1] / length[1])
    robust = -F.logsigmoid(beta * logits) * (1 - smoothing) + F.logsigmoid(-beta * logits) * smoothing
    return {
        "sigmoid": -F.logsigmoid(beta * logits),
        "robust": robust / (1 - 2 * smoothing),
        "ipo": (a_token - 1 / (2 * beta)) ** 2,
        "hinge": torch.relu(1 - beta * logits),
    }


def fit_beta(margin, prompt):
    """The root of the autograd derivative, and standard errors from the second and the per-pair ones."""
    delta = torch.tensor(margin)

    def slope(beta):
        b = torch.tensor(beta, dtype=torch.float64, requires_grad=True)
        return torch.autograd.grad(F.logsigmoid(b * delta).sum(), b)[0].item()

    beta = brentq(slope, -10, 10, xtol=1e-15)
    information = -torch.autograd.functional.hessian(
        lambda b: F.logsigmoid(b * delta).sum(), torch.tensor(beta, dtype=torch.float64)
    ).item()
    score = margin * expit(-beta * margin)
    groups = np.unique(prompt)
    sums = np.array([score[prompt == g].sum() for g in groups])
    clustered = np.sqrt(len(groups) / (len(groups) - 1) * (sums**2).sum()) / information
    return beta, 1 / np.sqrt(information), clustered


def likelihood_ratio(columns):
    """2 (log L of all columns − log L of the first), and its χ² p-value; BFGS, then Newton by autograd."""
    x = np.stack([c / np.sqrt((c**2).mean()) for c in columns], axis=1)

    def best(x):
        t = torch.tensor(x)
        loss = lambda w: -F.logsigmoid(t @ w).sum()
        start = minimize(lambda w: -np.log(expit(x @ w)).sum(), np.zeros(x.shape[1])).x
        w = torch.tensor(start)
        for _ in range(5):
            gradient = torch.autograd.functional.jacobian(loss, w)
            w = w - torch.linalg.solve(torch.autograd.functional.hessian(loss, w), gradient)
        return -loss(w).item()

    ratio = 2 * (best(x) - best(x[:, :1]))
    return [ratio, chi2.sf(ratio, len(columns) - 1)]


def pairs_golden(n, prompts, scale, beta):
    prompt, tokens, policy, reference = pairs_case(n, prompts, scale, beta)
    ratio = policy - reference
    margin = ratio[0] - ratio[1]
    fitted, error, clustered = fit_beta(margin, prompt)
    by_loss = losses(policy, reference, tokens, beta, 0.1)
    mean = lambda values: mean_clustered(values, prompt)
    return {
        "beta": beta,
        "pairs": {
            "prompt_id": [f"prompt {p}" for p in prompt],
            "chosen_logps": policy[0].tolist(),
            "rejected_logps": policy[1].tolist(),
            "ref_chosen_logps": reference[0].tolist(),
            "ref_rejected_logps": reference[1].tolist(),
            "chosen_tokens": tokens[0].tolist(),
            "rejected_tokens": tokens[1].tolist(),
        },
        "losses": {name: mean(value.numpy()) for name, value in by_loss.items()},
        "metrics": {
            "rewards/chosen": mean(beta * ratio[0]),
            "rewards/rejected": mean(beta * ratio[1]),
            "rewards/accuracies": mean((margin > 0).astype(float)),
            "rewards/margins": mean(beta * margin),
            "logps/chosen": mean(policy[0]),
            "logps/rejected": mean(policy[1]),
            "logps/ref_chosen": mean(reference[0]),
            "logps/ref_rejected": mean(reference[1]),
        },
        "displacement": {
            "chosen_log_ratio": mean(ratio[0]),
            "rejected_log_ratio": mean(ratio[1]),
            "chosen_fell": mean((ratio[0] < 0).astype(float)),
            "rejected_fell": mean((ratio[1] < 0).astype(float)),
            "both_fell": mean((ratio < 0).all(axis=0).astype(float)),
        },
        "preference_probability": mean(expit(beta * margin)),
        "information": mean(np.log(2) - np.logaddexp(0, -beta * margin)),
        "beta_fit": [fitted, error, clustered],
        "cubed_margin": likelihood_ratio([margin, margin**3]),
        "length_difference": likelihood_ratio([margin, (tokens[0] - tokens[1]).astype(float)]),
        "z": norm.ppf(0.95),
    }


def entropy_golden(draws, scale):
    """Self-normalized importance sampling with a jackknife that estimates anew without each draw."""
    reference = -scale * rng.uniform(0.8, 1.2, size=draws)
    policy = np.minimum(reference + rng.normal(0, 2, size=draws), -0.01)
    ratio = policy - reference
    case = {"policy": policy.tolist(), "reference": reference.tolist()}
    for name, log_w in (("proposal_policy", -reference), ("proposal_reference", policy - 2 * reference)):

        def estimate(keep, log_w=log_w):
            w, r = log_w[keep], ratio[keep]
            return logsumexp(w) - np.log(len(w)) - (np.exp(w - logsumexp(w)) * r).sum()

        left_out = np.array([estimate(np.arange(draws) != k) for k in range(draws)])
        error = np.sqrt((draws - 1) / draws * ((left_out - left_out.mean()) ** 2).sum())
        weights = np.exp(log_w - logsumexp(log_w))
        case[name] = [estimate(np.arange(draws) >= 0), error, 1 / (weights**2).sum(), weights.max()]
    return case


def regression_golden(prompts, candidates):
    """log(π_ref/π_l) on log(π/π_ref) with a dummy a prompt, by least squares."""
    reference = -rng.uniform(20, 60, size=(prompts, candidates))
    ratio = rng.normal(0, 2, size=(prompts, candidates))
    rejected = reference - 0.3 * ratio + rng.normal(0, 0.4, size=ratio.shape)
    dummies = np.kron(np.eye(prompts), np.ones((candidates, 1)))
    x = np.hstack([ratio.reshape(-1, 1), dummies])
    y = (reference - rejected).ravel()
    slope = np.linalg.lstsq(x, y, rcond=None)[0]
    residual = (y - x @ slope).reshape(prompts, candidates)
    within = (reference - rejected) - (reference - rejected).mean(axis=1, keepdims=True)
    centered = ratio - ratio.mean(axis=1, keepdims=True)
    score = (centered * residual).sum(axis=1)
    return {
        "policy": (reference + ratio).tolist(),
        "reference": reference.tolist(),
        "rejected": rejected.tolist(),
        "beta": slope[0],
        "standard_error": np.sqrt(prompts / (prompts - 1) * (score**2).sum()) / (centered**2).sum(),
        "r_squared": 1 - (residual**2).sum() / (within**2).sum(),
        "largest_residual": np.abs(residual).max(),
    }


print(
    json.dumps(
        {
            "pairs": [pairs_golden(300, 60, 40, 0.1), pairs_golden(200, 150, 12_000, 0.3)],
            "entropy": [entropy_golden(32, 3), entropy_golden(32, 900), entropy_golden(5, 12_000)],
            "regression": regression_golden(12, 5),
        }
    )
)
