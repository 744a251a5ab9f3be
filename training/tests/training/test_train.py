from dataclasses import replace

import pytest
import torch
from small_models import TINY_RUN

from mistd_training.families.batch import Batch
from mistd_training.model.quantiles import TAUS
from mistd_training.training.config import PRESETS
from mistd_training.training.draws import Draws
from mistd_training.training.train import Trainer, load_checkpoint, pinball, train

SMOKE = replace(PRESETS["smoke"], steps=12)
CPU = torch.device("cpu")


def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(tmp_path):
    train(SMOKE, tmp_path / "unbroken", CPU)

    broken = Trainer(SMOKE, CPU)
    for _ in range(5):
        broken.train_step()
    (tmp_path / "broken").mkdir()
    torch.save(broken.state(), tmp_path / "broken" / "checkpoint.pt")
    train(SMOKE, tmp_path / "broken", CPU)

    unbroken_state = load_checkpoint(tmp_path / "unbroken" / "checkpoint.pt")[2]
    resumed_state = load_checkpoint(tmp_path / "broken" / "checkpoint.pt")[2]
    assert resumed_state["step"] == 12 and resumed_state["distributions"] == unbroken_state["distributions"]
    for part in ("model", "average"):
        for name, value in unbroken_state[part].items():
            assert torch.equal(value, resumed_state[part][name]), name


def test_a_checkpoint_keeps_its_configuration(tmp_path):
    train(replace(SMOKE, steps=2), tmp_path, CPU)
    _, config, state = load_checkpoint(tmp_path / "checkpoint.pt")
    assert config == replace(SMOKE, steps=2)
    assert state["distributions"] == 16


def test_two_workers_share_the_gradient_and_draw_different_distributions(tmp_path):
    train(replace(SMOKE, steps=3), tmp_path, CPU, workers=2)
    _, _, state = load_checkpoint(tmp_path / "checkpoint.pt")
    assert state["step"] == 3 and state["distributions"] == 3 * 2 * 8
    first, second = (Draws(SMOKE, CPU, rank)[0] for rank in (0, 1))
    assert first.x.shape != second.x.shape or not torch.equal(first.x, second.x)


@pytest.fixture
def _no_fork():
    """Start processes without fork: other tests may have started threads, such as JAX's, that a fork cannot copy."""
    method = torch.multiprocessing.get_start_method()
    torch.multiprocessing.set_start_method("forkserver", force=True)
    yield
    torch.multiprocessing.set_start_method(method, force=True)


@pytest.mark.usefixtures("_no_fork")
def test_prefetched_batches_are_the_same(tmp_path):
    for count in (0, 2):
        train(replace(SMOKE, steps=6), tmp_path / str(count), CPU, prefetch_workers=count)
    one, other = (load_checkpoint(tmp_path / str(count) / "checkpoint.pt")[2] for count in (0, 2))
    for name, value in one["model"].items():
        assert torch.equal(value, other["model"][name]), name


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    losses = [[trainer.train_step() for _ in range(4)] for trainer in (Trainer(SMOKE, CPU), Trainer(SMOKE, CPU))]
    assert losses[0] == losses[1]
    assert Trainer(replace(SMOKE, seed=1), CPU).train_step() != losses[0][0]


def test_training_lowers_the_loss():
    trainer = Trainer(replace(TINY_RUN, steps=300), CPU)
    unseen = Draws(replace(TINY_RUN, seed=100), CPU)
    batches = [unseen[step] for step in range(40)]

    @torch.no_grad()
    def loss():
        return sum(pinball(trainer._predict(batch), batch.mi).mean().item() for batch in batches)

    before = loss()
    for _ in range(300):
        trainer.train_step()
    assert loss() < 0.7 * before


def test_shapes_stay_inside_the_configured_ranges():
    draws = Draws(replace(PRESETS["paper"], batch_cost=1, batch=(1, 1)), CPU)
    shapes = [(b.x.shape[1], b.x.shape[2], b.y.shape[2]) for b in (draws[step] for step in range(400))]
    assert min(s[0] for s in shapes) >= 10 and max(s[0] for s in shapes) <= 500
    assert {min(s[1:]) for s in shapes} >= {1, 2} and max(max(s[1:]) for s in shapes) == 32
    assert 0.7 < sum(s[1] == s[2] for s in shapes) / 400 < 0.95


def test_a_run_can_start_from_the_weights_of_another(tmp_path):
    train(replace(SMOKE, steps=2), tmp_path / "first", CPU)
    first = load_checkpoint(tmp_path / "first" / "checkpoint.pt")[2]
    rest = replace(SMOKE, steps=1, learning_rate=0.0)
    train(rest, tmp_path / "second", CPU, start=tmp_path / "first" / "checkpoint.pt")
    second = load_checkpoint(tmp_path / "second" / "checkpoint.pt")[2]
    assert second["step"] == 1 and second["distributions"] == first["distributions"] + 8
    for name, value in first["average"].items():
        assert torch.allclose(value, second["average"][name], atol=1e-6), name


def test_a_model_of_other_sizes_starts_with_the_weights_that_fit():
    first = Trainer(SMOKE, CPU).state()
    wider = Trainer(replace(SMOKE, seed=9, model=replace(SMOKE.model, entry_width=12)), CPU)
    own = {name: value.clone() for name, value in wider.model.state_dict().items()}
    wider.begin_with(first)
    for name, value in wider.model.state_dict().items():
        fits = own[name].shape == first["average"][name].shape
        assert torch.equal(value, first["average"][name] if fits else own[name]), name


def test_independent_data_pull_lower_knots_below_0_and_the_median_to_it():
    steps = 150
    config = replace(SMOKE, steps=steps, learning_rate=1e-2)

    class Independent(Draws):
        def __getitem__(self, step):
            batch = super().__getitem__(step)
            return Batch(batch.x, torch.randn_like(batch.y), torch.zeros_like(batch.mi))

    draws = Independent(config, CPU)
    trainer = Trainer(config, CPU, draws=draws)
    for _ in range(steps):
        trainer.train_step()
    with torch.no_grad():
        knots = trainer._predict(draws[steps])
    median = knots[:, TAUS.index(0.5)]
    assert (knots[:, 0] < 0).all() and (median > 0).all() and (median < 0.005).all()


def test_a_part_can_be_trained_alone():
    trainer = Trainer(replace(SMOKE, only="network.head"), CPU)
    before = {name: p.clone() for name, p in trainer.model.named_parameters()}
    trainer.train_step()
    for name, p in trainer.model.named_parameters():
        assert name.startswith("network.head") or torch.equal(p, before[name]), name
    assert not torch.equal(trainer.model.network.head.mlp[-1].bias, before["network.head.mlp.5.bias"])


def test_a_step_without_a_finite_gradient_changes_no_weight():
    trainer = Trainer(SMOKE, CPU)
    predict = trainer._predict
    trainer._predict = lambda batch: predict(batch) * torch.nan
    before = [p.clone() for p in trainer.model.parameters()]
    trainer.train_step()
    assert all(torch.equal(p, b) for p, b in zip(trainer.model.parameters(), before))


def test_pinball_is_the_quantile_loss():
    quantiles, mi = torch.zeros(1, 21), torch.tensor([2.0])
    assert torch.allclose(pinball(quantiles, mi)[0, [0, 10, 20]], torch.tensor([0.01, 1.0, 1.99]))
    assert torch.allclose(pinball(quantiles, -mi)[0, [0, 10, 20]], torch.tensor([1.99, 1.0, 0.01]))
