"""What a training run is: its sizes, its shapes and its optimizer; and the runs that have a name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .model import ModelConfig


@dataclass(frozen=True)
class TrainConfig:
    """A run, saved in its checkpoints.

    steps: optimizer steps; each worker adds one batch of one shape to every step.
    rows, dims: inclusive ranges of the shapes; paper_share: share of batches of MIST's families with dim_x = dim_y
    drawn evenly from `paper_dims` and rows from `paper_rows`, the reference's; the others are of the meta-distribution
    `others` ("wide" or "paper"), both sizes from `dims`, a third of the shapes with both equal; dims_power: 1 draws
    them log-uniformly, more favors small ones.
    even_rows: share of shapes with rows drawn evenly, the others log-uniformly (small samples are where the error is);
    usual_rows, usual_share: the share of these others that is log-uniform in a range of its own.
    entry_rows: rows that the entries stream sees in most steps, or more if they are less than `entries` entries
    (outer products average over rows, so a part estimates the whole); every `all_rows_every`-th step it sees all.
    batch_cost, batch: data sets a batch ≈ batch_cost / cost of one (`_cost`), within the range `batch`.
    rows_weight: the loss of a batch is multiplied by (rows / 100)^rows_weight, so that large samples, where losses are
    small, still count; median_weight: that of a data set is divided by 1 + median_weight × its estimated median, so
    that large MI does not drown small. bf16: autocast to it where the hardware computes in it. only: train the
    parameters whose names begin with it, as "network.head", and leave the others as they are.
    """

    steps: int = 8_500
    rows: tuple[int, int] = (10, 500)
    dims: tuple[int, int] = (1, 32)
    dims_power: float = 1.0
    paper_dims: tuple[int, int] = (2, 32)
    paper_rows: tuple[int, int] = (10, 500)
    paper_share: float = 0.8
    others: str = "wide"
    even_rows: float = 0.25
    usual_rows: tuple[int, int] = (10, 500)
    usual_share: float = 0.0
    entry_rows: int = 48
    entries: int = 0
    all_rows_every: int = 40
    batch_cost: float = 40_000
    batch: tuple[int, int] = (8, 96)
    rows_weight: float = 0.4
    median_weight: float = 0.0
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.98)
    warmup: int = 300
    clip: float = 1.0
    ema: float = 0.999
    seed: int = 20261
    compile: bool = True
    bf16: bool = True
    only: str = ""
    model: ModelConfig = field(default_factory=ModelConfig)

    @property
    def mostly_paper(self) -> bool:
        """Whether a model is for the paper's families, and judged on them alone."""
        return self.paper_share >= 0.5


def config_from_dict(values: dict) -> TrainConfig:
    """Inverse of `asdict`."""
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return TrainConfig(**{**values, "model": ModelConfig(**values["model"])})


_MODEL = ModelConfig(
    entry_width=24,
    entry_layers=2,
    entry_heads=3,
    entries=16_384,
    neighbors=(1, 3, 10),
    anchors=512,
    triples=2**18,
    unbiased=True,
    overhang=0.3,
)
_WIDE = TrainConfig(
    steps=6_500, rows=(5, 10_000), dims=(1, 64), dims_power=1.5, paper_share=0.22, even_rows=0.0,
    usual_rows=(100, 2_000), usual_share=0.5,
    entries=1_024, all_rows_every=20, batch=(4, 96), median_weight=1.0, ema=0.997, seed=20264, model=_MODEL,
)  # fmt: skip
_PAPER = TrainConfig(others="paper", even_rows=0.3, rows_weight=0.2, seed=20266, model=_MODEL)
PRESETS = {
    "paper": _PAPER,
    "wide": _WIDE,
    # For a GPU, with drawers: larger batches, and fewer of them. They begin with the weights of another run.
    "paper-large": replace(
        _PAPER, steps=5_800, batch_cost=900_000, batch=(8, 1_536), even_rows=0.5, rows_weight=0.6, warmup=100,
        ema=0.997,
    ),
    "wide-large": replace(
        _WIDE, steps=5_800, entries=4_096, batch_cost=900_000, batch=(8, 1_536), warmup=100,
    ),
    "smoke": TrainConfig(
        steps=30, rows=(10, 40), dims=(1, 3), paper_dims=(2, 3), batch=(8, 8), warmup=5, compile=False, bf16=False,
        model=ModelConfig(
            pair_width=8, pair_layers=1, triangle_width=4, entry_width=8, entry_layers=1, outer_width=2, head_width=16,
            neighbors=(1, 3), triples=2**12, unbiased=True, overhang=0.3,
        ),
    ),
}  # fmt: skip
