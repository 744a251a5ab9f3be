"""Configuration of a training run, and the presets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..model.mist import ModelConfig


@dataclass(frozen=True)
class TrainConfig:
    """Configuration of a run. Its checkpoints store it.

    - steps: optimizer steps. In every step, each worker draws one batch of data sets of one shape.
    - rows, dims: inclusive ranges of the shapes.
    - paper_share: share of batches from MIST's families with the reference's shapes: dim_x = dim_y uniform in
      `paper_dims`, rows in `paper_rows`. The other batches come from the meta-distribution `others` ("wide" or
      "paper"); a third of them have dim_x = dim_y.
    - dims_power: 1 draws dim_x and dim_y log-uniformly from `dims`; larger powers favor small sizes.
    - even_rows: share of shapes with uniform rows. The others have log-uniform rows, because the error is largest for
      small samples. usual_share: the share of these others that is log-uniform in `usual_rows`.
    - entry_rows: rows that the entries stream reads in most steps; more if they have fewer than `entries` entries
      (rows × columns). Outer products average over rows, so a part estimates the whole. Every `all_rows_every`-th step
      reads all rows.
    - batch_cost, batch: a batch has about batch_cost / `_cost` data sets, within the range `batch`.
    - rows_weight: the loss of a batch is multiplied by (rows / 100)^rows_weight, because losses are small for large
      samples. median_weight: the loss of a data set is divided by 1 + median_weight × its estimated median, so that
      large MI does not dominate.
    - learning_rate: peak of the cosine schedule, reached after `warmup` steps; clip: largest gradient norm; ema: decay
      of the averaged weights.
    - bf16: autocast to bfloat16 on hardware that supports it; compile: use torch.compile.
    - only: train only the parameters whose names begin with this prefix, for example "network.head".
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
        """Whether the run trains mainly on the paper's families; the model is then calibrated on them alone."""
        return self.paper_share >= 0.5


def config_from_dict(values: dict) -> TrainConfig:
    """The configuration of a checkpoint: inverse of `dataclasses.asdict`."""
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
    # For a GPU with prefetch workers: fewer and larger batches. These runs start from the weights of another run.
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
