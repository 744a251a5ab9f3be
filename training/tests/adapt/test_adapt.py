import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.feature_selection import mutual_info_regression

from mistd_training import cli
from mistd_training.adapt import flows
from mistd_training.adapt.adapt import AdaptDraws, Look
from mistd_training.adapt.flows import Side, SideFlow, fit_side, untied_scores
from mistd_training.adapt.own_samples import InputError, read_samples
from mistd_training.export.manifest import sha256
from mistd_training.families.atoms import draw_atoms, even_margins, sample_atoms
from mistd_training.families.batch import normal
from mistd_training.families.coupled import SHARES, _lift, sample_coupled, sample_coupling
from mistd_training.training.config import PRESETS
from mistd_training.training.train import Trainer, load_checkpoint

ROOT = Path(__file__).parents[3]
SMOKE = replace(PRESETS["smoke"], steps=4)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(autouse=True)
def _one_flow_a_side(monkeypatch):
    """One of a side's flows behaves as the others, and fitting takes time."""
    monkeypatch.setattr(flows, "MEMBERS", 1)


def bent(rows, seed):
    """A side far from normal: the second column is a parabola of the first."""
    first, second = np.random.default_rng(seed).standard_normal((2, rows))
    return np.stack([first, first**2 + 0.2 * second], 1)


# --- Couplings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("dims", [(1, 1), (4, 1), (2, 3)])
def test_both_sides_of_a_coupling_are_standard_normal(name, dims):
    batch = sample_coupling(name, 200, 60, *dims, seeded(1))
    assert batch.x.shape == (200, 60, dims[0]) and batch.y.shape == (200, 60, dims[1])
    assert (batch.mi >= 0).all() and (batch.mi == 0).all() == (name == "independent")
    for side in (batch.x, batch.y):
        rows = side.reshape(-1, side.shape[2]).double().numpy()
        directions = np.random.default_rng(2).standard_normal((3, rows.shape[1]))
        for direction in directions / np.linalg.norm(directions, axis=1, keepdims=True):
            assert stats.kstest(rows @ direction, "norm").statistic < 0.018
        assert stats.kstest((rows**2).sum(1), "chi2", (rows.shape[1],)).statistic < 0.018


def test_canonical_correlations_have_the_mi_of_their_covariance():
    batch = sample_coupling("canonical", 6, 40_000, 3, 2, seeded(3))
    for x, y, mi in zip(batch.x, batch.y, batch.mi):
        correlation = torch.corrcoef(torch.cat([x, y], 1).double().T)
        determinants = [correlation[part, part].det().log() for part in (slice(0, 3), slice(3, 5), slice(0, 5))]
        assert float((determinants[0] + determinants[1] - determinants[2]) / 2) == pytest.approx(float(mi), abs=0.03)


def test_atoms_keep_their_mi_when_their_margins_are_made_even():
    atoms = draw_atoms(12, seeded(4))
    even = even_margins(atoms)
    x, y = sample_atoms(even, 4_000, seeded(5))
    for a, b, mi in zip(x, y, even.mi):
        assert stats.kstest(a, "uniform").statistic < 0.035 and stats.kstest(b, "uniform").statistic < 0.035
        estimate = mutual_info_regression(normal(a)[:, None].numpy(), normal(b).numpy(), random_state=0)[0]
        assert estimate == pytest.approx(float(mi), abs=0.15 + 0.1 * float(mi))


def test_a_lift_tells_what_it_hides():
    s = torch.rand(3, 200, generator=seeded(6))
    generator, seen = seeded(7), set()
    for _ in range(40):
        side = _lift(s, 3, generator)
        cdf = torch.special.ndtr(side)
        free = [cdf[:, :, 0], *([cdf[:, :, 1]] if side.shape[2] == 3 else [])]
        angle = torch.atan2(side[:, :, 1], side[:, :, 0]) / (2 * torch.pi)
        found = {
            "length": 1 - (-side.square().sum(2) / 2).exp(),
            "angle": angle.remainder(1),
            "signs": torch.special.ndtr(side[:, :, -1] * side[:, :, :-1].sign().prod(2)),
        }
        kinds = [kind for kind, value in found.items() if torch.allclose(value, s, atol=2e-4)]
        # A modular sum has drawn factors ±1, ±2 of its free columns, each data set its own.
        factors = torch.cartesian_prod(*[torch.tensor([-2.0, -1.0, 1.0, 2.0])] * len(free)).view(-1, len(free))
        sums = [(cdf[:, :, -1] + sum(f * u for f, u in zip(row, free))).remainder(1) for row in factors]
        apart = torch.stack([((total - s + 0.5).remainder(1) - 0.5).abs().amax(1) for total in sums])
        seen.add(kinds[0] if kinds else "modular")
        assert kinds or (apart.amin(0) < 2e-4).all()
    assert seen == {"length", "angle", "signs", "modular"}


def test_a_batch_mixes_kinds_and_the_same_seed_draws_the_same():
    first, again = (sample_coupled(48, 20, 3, 2, seeded(8)) for _ in range(2))
    assert torch.equal(first.x, again.x) and torch.equal(first.mi, again.mi)
    assert first.mi.shape == (48,) and first.mi.unique().numel() > 20


# --- Flows ------------------------------------------------------------------------------------------------------------


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


# --- Samples ----------------------------------------------------------------------------------------------------------


def write_csv(path, rows=60, seed=0, **columns):
    """a, b: a bent side; c: noise; with the columns given."""
    side = bent(rows, seed)
    noise = np.random.default_rng(seed + 1).standard_normal(rows)
    table = {"a": side[:, 0], "b": side[:, 1], "c": side[:, 0] + noise, **columns}
    lines = [",".join(f'"{name}"' if "," in name else name for name in table)]
    lines += [",".join(str(value) for value in row) for row in zip(*table.values())]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_columns_are_read_by_name_and_rows_with_a_missing_value_are_left_out(tmp_path):
    ties = np.arange(62) // 4
    path = write_csv(tmp_path / "own.csv", 62, **{"d, e": ["NA", "", *ties[2:]]})
    samples = read_samples(path, "b,a", '"d, e"')
    assert samples.names_x == ["b", "a"] and samples.names_y == ["d, e"]
    assert samples.x.shape == (60, 2) and samples.y.shape == (60, 1) and samples.dropped == 2
    np.testing.assert_allclose(samples.x, bent(62, 0)[2:, ::-1])
    assert samples.tied == {"b": 0, "a": 0, "d, e": 1}


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        ("a,z", "b", "no column 'z'; it has a, b, c"),
        ("a,b", "b", "'b' is on both sides"),
        ("a,a", "b", "names a column twice"),
        ("", "b", "--x ''"),
        ("a,", "b", "name columns"),
        ("a", "constant", "'constant' is constant"),
        ("a", "label", "'label' is discrete: 3 different values"),
        ("a", "censored", "'censored' is discrete"),
        ("a", "text", "line 2, column 'text': 'red' is not a finite number"),
        ("a", "infinite", "'inf' is not a finite number"),
        ("a,exp_a", "b", "'a' and 'exp_a' order the rows alike"),
        ("a", "gaps", "has 30 complete rows (30 more have a missing value)"),
    ],
)
def test_columns_that_cannot_be_used_are_named_with_the_reason(tmp_path, x, y, says):
    values = np.arange(60.0)
    path = write_csv(
        tmp_path / "own.csv", constant=0 * values, label=values % 3, censored=np.maximum(values, 30),
        text=["red"] * 60, infinite=["inf"] * 60, exp_a=np.exp(bent(60, 0)[:, 0]),
        gaps=["" if value % 2 else value for value in values],
    )  # fmt: skip
    with pytest.raises(InputError) as error:
        read_samples(path, x, y)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no header at all"),
        (b"a,b\n1,2\n1\n", "line 3: 1 cells, but the header names 2 columns"),
        (b"a,a,b\n1,2,3\n", "several columns called 'a'"),
        (b"a,b\n\xff,1\n", "not a CSV file in UTF-8"),
        (b"a,b\n1,2\n", "has 1 complete rows"),
    ],
)
def test_files_that_cannot_be_used_are_refused_with_the_reason(tmp_path, content, says):
    (tmp_path / "own.csv").write_bytes(content)
    with pytest.raises(InputError) as error:
        read_samples(tmp_path / "own.csv", "a", "b")
    assert says in str(error.value)


# --- The command ------------------------------------------------------------------------------------------------------


def run_command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["mistd-train", "adapt", *map(str, arguments)])
    cli.main()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"--samples": "missing.csv"}, "cannot read missing.csv"),
        ({"--id": "My Model"}, "--id 'My Model'"),
        ({"--id": "smoke"}, "not made by adapting"),
        ({"--base": "missing.pt"}, "no checkpoint missing.pt"),
        ({"--base": "own.csv"}, "not a checkpoint of mistd-train"),
        ({"--rows": "5000 20000"}, "trained on 10 to 40 rows"),
        ({"--x": "a,b,d,e"}, "--x names 4 columns; the base model was trained on 3"),
        ({"--steps": "0"}, "--steps 0"),
    ],
)
def test_wrong_input_ends_with_exit_code_2_and_the_reason(tmp_path, monkeypatch, capsys, exported, change, says):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(9)
    write_csv(Path("own.csv"), d=rng.standard_normal(60), e=rng.standard_normal(60))
    given = {
        "--samples": "own.csv", "--x": "a,b", "--y": "c", "--id": "mine",
        "--base": exported[0] / "run" / "checkpoint.pt", "--models": exported[0], **change,
    }  # fmt: skip
    rows = given.pop("--rows", "").split()
    with pytest.raises(SystemExit) as ended:
        run_command(
            monkeypatch, *[part for pair in given.items() for part in pair], *(["--rows", *rows] if rows else [])
        )
    assert ended.value.code == 2
    assert says in capsys.readouterr().err
    assert not (exported[0] / "mine").exists()


@pytest.fixture(scope="module")
def adapted(exported, tmp_path_factory):
    """A folder of models with one adapted in a few steps, and what the command printed."""
    folder = tmp_path_factory.mktemp("adapt")
    samples = write_csv(folder / "own.csv", 70)
    command = [
        "--samples", samples, "--x", "a,b", "--y", "c", "--id", "my-model", "--models", folder / "models",
        "--runs", folder / "runs", "--base", exported[0] / "run" / "checkpoint.pt", "--steps", "4", "--workers", "1",
        "--no-gradient", "--device", "cpu",
    ]  # fmt: skip
    code = "import sys; sys.argv[0] = 'mistd-train'; from mistd_training.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, "adapt", *map(str, command)],
        check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    return folder, done.stdout


def test_the_command_writes_a_model_folder_with_both_models_figures(adapted):
    folder, printed = adapted
    model = folder / "models" / "my-model"
    assert {file.name for file in model.iterdir()} == {"model.onnx", "manifest.json", "card.md", "evaluation.json"}
    evaluation = json.loads((model / "evaluation.json").read_text())
    assert evaluation["samples"]["x"] == ["a", "b"] and evaluation["samples"]["rows"] == 70
    (size,) = evaluation["held_out"]["rows"]
    for name, mae in ((name, evaluation["held_out"]["rows"][size][name]["mae"]) for name in ("base", "adapted")):
        assert f"{mae:.3f}" in printed and f"{mae:.3f}" in (model / "card.md").read_text(), name
    assert evaluation["held_out"]["rows"][size]["base"] != evaluation["held_out"]["rows"][size]["adapted"]
    (checkpoint,) = folder.glob("runs/my-model-*/checkpoint.pt")
    assert load_checkpoint(checkpoint)[2]["step"] == 4


def test_the_manifest_is_what_the_services_loader_needs(adapted):
    manifest = json.loads((adapted[0] / "models" / "my-model" / "manifest.json").read_text())
    default = json.loads((ROOT / "models" / "mist" / "manifest.json").read_text())
    assert set(manifest) == set(default)
    for key in ("kind", "encoding", "inputs", "output", "taus"):
        assert manifest[key] == default[key], key
    assert manifest["id"] == "my-model" and manifest["meta_distribution"]["name"] == "adapted"
    assert manifest["trained"] == {"rows": [30, 40], "dim_x": [1, 2], "dim_y": [1, 2]}
    assert manifest["blocks"]["rows"] == 40 and 0 <= manifest["blocks"]["spread_exponent"] <= 0.5
    for name, file in manifest["files"].items():
        path = adapted[0] / "models" / "my-model" / name
        assert file == {"sha256": sha256(path), "bytes": path.stat().st_size}


def test_the_service_loads_it_beside_the_others(adapted):
    registry, node = ROOT / "dist" / "inference" / "registry.js", shutil.which("node")
    if not registry.exists() or not node:
        pytest.skip("the service is not built: npm run build")
    shutil.copytree(ROOT / "models" / "mist", adapted[0] / "models" / "mist", dirs_exist_ok=True)
    script = f"""
      const {{ loadModels }} = await import({json.dumps(registry.as_uri())});
      const {{ models, failures }} = await loadModels(process.argv[1]);
      console.log(JSON.stringify({{ ids: models.map((m) => m.manifest.id), failures }}));
    """
    done = subprocess.run(
        [node, "--input-type=module", "-e", script, str(adapted[0] / "models")],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == {"ids": ["mist", "my-model"], "failures": []}


def test_other_commands_leave_an_adapted_model_alone(adapted, monkeypatch):
    model = adapted[0] / "models" / "my-model"
    for command in ("evaluate", "card"):
        monkeypatch.setattr(sys, "argv", ["mistd-train", command, "--model", str(model)])
        with pytest.raises(SystemExit, match="was adapted to samples"):
            cli.main()


def test_a_run_draws_mostly_from_the_look_and_replays_the_rest():
    look = Look(fit_side(bent(60, 1), 1), Side(1, []))
    draws = AdaptDraws(SMOKE, torch.device("cpu"), 0, look, (15, 25))
    shapes = [(batch.x.shape[1:], batch.y.shape[2]) for batch in (draws[step] for step in range(80))]
    own = [rows for (rows, dim_x), dim_y in shapes if (dim_x, dim_y) == (2, 1) and 15 <= rows <= 25]
    assert 55 <= len(own) <= 76 and min(own) < 18 and max(own) > 22
    trainer = Trainer(SMOKE, torch.device("cpu"), draws=draws)
    assert np.isfinite([trainer.train_step() for _ in range(3)]).all()
