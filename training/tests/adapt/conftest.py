import pytest

from mistd_training.adapt import flows


@pytest.fixture(autouse=True)
def _one_flow_per_side(monkeypatch):
    """Fit one flow per side: the others behave the same, and fitting takes time."""
    monkeypatch.setattr(flows, "MEMBERS", 1)
