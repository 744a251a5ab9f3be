"""Evaluation of a served model: test sets, benchmarks, rival estimators, ablation, and the card."""
