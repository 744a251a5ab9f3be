"""Quantile regression of MI on fresh synthetic distributions: no stored data set, no epoch, every step new draws."""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from .encoding import normal_scores
from .families.batch import Batch
from .families.paper import sample_paper
from .families.wide import sample_wide
from .model import Mist, ModelConfig
from .quantiles import MEDIAN, TAUS


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
        _PAPER, steps=1_500, batch_cost=200_000, batch=(8, 480), even_rows=0.5, rows_weight=0.6, warmup=50, ema=0.99,
    ),
    "wide-large": replace(
        _WIDE, steps=6_500, entries=4_096, batch_cost=900_000, batch=(8, 1_536), warmup=100,
    ),
    "smoke": TrainConfig(
        steps=30, rows=(10, 40), dims=(1, 3), paper_dims=(2, 3), batch=(8, 8), warmup=5, compile=False, bf16=False,
        model=ModelConfig(
            pair_width=8, pair_layers=1, triangle_width=4, entry_width=8, entry_layers=1, outer_width=2, head_width=16,
            neighbors=(1, 3), triples=2**12, unbiased=True, overhang=0.3,
        ),
    ),
}  # fmt: skip


def pinball(quantiles: Tensor, mi: Tensor) -> Tensor:
    """Pinball (quantile) loss at each knot (Koenker and Bassett 1978). [B, T], [B] → [B, T] nats."""
    taus = torch.tensor(TAUS, device=quantiles.device)
    error = mi[:, None] - quantiles
    return torch.maximum(taus * error, (taus - 1) * error)


class Draws(Dataset):
    """What a worker trains on: fresh data sets of one random shape for every step. A step's are the same whatever was
    drawn before, so that a resumed run is the same run and several processes may draw ahead."""

    def __init__(self, config: TrainConfig, device: torch.device, rank: int = 0):
        self.config, self.device, self.rank = config, device, rank

    def __getitem__(self, step: int) -> Batch:
        words = np.random.SeedSequence((self.config.seed, self.rank, step)).generate_state(2).tolist()
        shapes = torch.Generator().manual_seed(words[0])
        return self.draw(shapes, torch.Generator(self.device).manual_seed(words[1]))

    def draw(self, shapes: torch.Generator, values: torch.Generator) -> Batch:
        """One batch; shapes: generator of its shape, on the CPU; values: of its data sets, on the device."""
        config = self.config
        coin = torch.rand(7, generator=shapes).tolist()
        paper = coin[3] < config.paper_share
        rows_range = config.paper_rows if paper else config.rows
        if coin[0] < config.even_rows:
            rows = _between(rows_range, coin[1], even=True)
        else:
            usual = not paper and coin[2] < config.usual_share
            rows = _between(config.usual_rows if usual else rows_range, coin[1], even=False)
        if paper:
            sample = sample_paper
            dim_x = dim_y = _between(config.paper_dims, coin[5], even=True)
        else:
            sample = {"wide": sample_wide, "paper": sample_paper}[config.others]
            dim_x, dim_y = (_between(config.dims, c**config.dims_power, even=False) for c in coin[5:])
            dim_y = dim_x if coin[4] < 1 / 3 else dim_y
        return sample(self.batch_size(rows, dim_x + dim_y), rows, dim_x, dim_y, values)

    def batch_size(self, rows: int, columns: int) -> int:
        least, most = self.config.batch
        return int(min(most, max(least, self.config.batch_cost / self._cost(rows, columns))))

    def _cost(self, rows: int, columns: int) -> float:
        """Of one data set; a unit is what the pair stream takes for a pair of columns."""
        model = self.config.model
        around = 1.6 * rows * model.anchors_of(rows) / model.anchors if model.neighbors else 0.0
        return columns**2 + 100 + rows * columns / 32 + around + self.entries(rows, columns) / 4

    def entries(self, rows: int, columns: int) -> int:
        """Entries that the entries stream sees of a data set in most steps."""
        return columns * min(rows, max(self.config.entry_rows, self.config.entries // columns))


class Trainer:
    """One worker of a run. Everything that decides the next step is in `state()`, so that a resumed run is the same
    run.

    draws: what it trains on, `Draws` by default; drawers: processes that draw it ahead, or 0 to draw in this one.
    """

    def __init__(
        self,
        config: TrainConfig,
        device: torch.device,
        rank: int = 0,
        workers: int = 1,
        draws: Draws | None = None,
        drawers: int = 0,
    ):
        self.config, self.device, self.rank, self.workers = config, device, rank, workers
        self.draws, self.drawers = draws or Draws(config, device, rank), drawers
        torch.manual_seed(config.seed)
        self.model = Mist(config.model).to(device)
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(name.startswith(config.only))
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            betas=config.betas,
            fused=True,
        )
        self.batches: Iterator[Batch] | None = None
        self.bf16 = config.bf16 and (device.type == "cuda" or torch.cpu.get_capabilities().get("avx512_bf16", False))
        self.step = 0
        self.distributions = 0
        self.seconds = 0.0
        if config.compile:
            torch._dynamo.config.recompile_limit = 24  # sides of one column, few rows and so on have code of their own
            neighbors = self.model.neighbors
            neighbors.of_distances = torch.compile(neighbors.of_distances, dynamic=True)
            for layer in [*self.model.network.pair_layers, *self.model.network.entry_layers]:
                layer.compile(dynamic=True)

    def train_step(self) -> float:
        """One optimizer step. Returns this worker's unweighted loss, nats."""
        config = self.config
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate * self._schedule()
        batch = self._next_batch()
        quantiles = self._predict(batch)
        # Where MI is exactly 0 the target is a little below, so that every knot up to P(MI = 0 | data) can reach 0.
        target = torch.where(batch.mi < 1e-4, -config.model.overhang / 10, batch.mi)
        losses = pinball(quantiles, target).mean(1)
        weights = (batch.x.shape[1] / 100) ** config.rows_weight
        weights = weights / (1 + config.median_weight * quantiles[:, MEDIAN].detach())
        (losses * weights).mean().backward()
        self._average_gradients()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), config.clip)
        if norm.isfinite():
            self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        self.distributions += batch.mi.shape[0] * self.workers
        decay = min(config.ema, self.step / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_([*self.average.parameters()], [*self.model.parameters()], 1 - decay)
        return losses.mean().item()

    def _next_batch(self) -> Batch:
        if self.batches is None:
            steps = range(self.step, self.config.steps)
            ahead = {"num_workers": self.drawers, "prefetch_factor": 4} if self.drawers else {}
            self.batches = iter(DataLoader(self.draws, batch_size=None, sampler=steps, collate_fn=_as_drawn, **ahead))
        return next(self.batches).to(self.device)

    def _predict(self, batch: Batch) -> Tensor:
        rows, dim_x = batch.x.shape[1:]
        columns = dim_x + batch.y.shape[2]
        all_rows = self.step % self.config.all_rows_every == 0
        entries = self.config.model.entries if all_rows else self.draws.entries(rows, columns)
        read = self.model.read(normal_scores(batch.x), normal_scores(batch.y), entries)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            return self.model.network(*read, dim_x).float()

    def _schedule(self) -> float:
        warm = min(1.0, (self.step + 1) / self.config.warmup)
        return warm * 0.5 * (1 + math.cos(math.pi * self.step / self.config.steps))

    def _average_gradients(self) -> None:
        if self.workers == 1:
            return
        parameters = [p for p in self.model.parameters() if p.grad is not None]
        flat = torch.cat([p.grad.flatten() for p in parameters]).cpu()  # of Gloo, which knows no GPU
        dist.all_reduce(flat)
        for p, grad in zip(parameters, flat.div_(self.workers).split([p.numel() for p in parameters])):
            p.grad.copy_(grad.view_as(p))

    def state(self) -> dict:
        """All that a checkpoint holds."""
        return {
            "config": asdict(self.config),
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "distributions": self.distributions,
            "seconds": self.seconds,
        }

    def load(self, state: dict) -> None:
        """Continue from a checkpoint."""
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.distributions, self.seconds = state["step"], state["distributions"], state["seconds"]
        self.batches = None

    def begin_with(self, state: dict) -> None:
        """Start a schedule of its own from the averaged weights of another run, whose work it counts as its own. Of a
        model of other sizes it takes the weights that fit."""
        own = self.model.state_dict()
        fitting = {name: value for name, value in state["average"].items() if value.shape == own[name].shape}
        if not fitting:
            raise ValueError("no weight of the starting checkpoint fits this model")
        self.model.load_state_dict(own | fitting)
        self.average.load_state_dict(own | fitting)
        self.distributions, self.seconds = state["distributions"], state["seconds"]


def train(
    config: TrainConfig,
    folder: Path,
    device: torch.device,
    workers: int = 1,
    save_every: float = 300,
    start: Path | None = None,
    draws: Callable[[TrainConfig, torch.device, int], Draws] = Draws,
    drawers: int = 0,
) -> None:
    """Train to `config.steps`, resuming from `folder/checkpoint.pt` when it is there.

    workers: processes that share each step's gradient, one thread each; save_every: seconds; start: the checkpoint
    whose averaged weights a new run begins with; draws: what a worker trains on (config, device, rank); drawers:
    processes of each worker that draw ahead on the CPU, for a GPU that would else wait (0: a worker draws on the
    device).
    """
    folder.mkdir(parents=True, exist_ok=True)
    if workers == 1:
        _run_worker(0, 1, config, folder, device, save_every, start, draws, drawers)
        return
    # glibc gives freed tensors back to the kernel and faults them in again: half the time of a step.
    os.environ.setdefault("GLIBC_TUNABLES", ":".join(f"glibc.malloc.{t}" for t in _MALLOC))
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", str(29500 + os.getpid() % 1000))
    arguments = (workers, config, folder, device, save_every, start, draws, drawers)
    torch.multiprocessing.spawn(_run_worker, arguments, nprocs=workers)


_MALLOC = ("mmap_threshold=33554432", "trim_threshold=4294967296", "top_pad=268435456", "hugetlb=1")


def load_checkpoint(path: Path) -> tuple[Mist, TrainConfig, dict]:
    """The averaged model of a checkpoint, in eval mode on the CPU, with its config and the raw state."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    config = config_from_dict(state["config"])
    model = Mist(config.model)
    model.load_state_dict(state["average"])
    return model.eval(), config, state


def config_from_dict(values: dict) -> TrainConfig:
    """Inverse of `asdict`."""
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return TrainConfig(**{**values, "model": ModelConfig(**values["model"])})


def _run_worker(
    rank: int,
    workers: int,
    config: TrainConfig,
    folder: Path,
    device: torch.device,
    save_every: float,
    start: Path | None,
    draws: Callable[[TrainConfig, torch.device, int], Draws],
    drawers: int,
) -> None:
    if workers > 1:
        torch.set_num_threads(1)
        dist.init_process_group("gloo", rank=rank, world_size=workers)
    source = draws(config, torch.device("cpu") if drawers else device, rank)
    trainer = Trainer(config, device, rank, workers, source, drawers)
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        trainer.load(torch.load(checkpoint, map_location="cpu", weights_only=True))
    elif start:
        trainer.begin_with(torch.load(start, map_location="cpu", weights_only=True))
    if rank == 0:
        print(f"parameters {sum(p.numel() for p in trainer.model.parameters())}  {config}", flush=True)
    _loop(trainer, checkpoint, save_every)
    if workers > 1:
        dist.destroy_process_group()


def _loop(trainer: Trainer, checkpoint: Path, save_every: float) -> None:
    first, began, saved, before = trainer.step, time.time(), time.time(), trainer.seconds
    smooth = None
    while trainer.step < trainer.config.steps:
        loss = trainer.train_step()
        if math.isfinite(loss):
            smooth = loss if smooth is None else 0.99 * smooth + 0.01 * loss
        trainer.seconds = before + time.time() - began
        done = trainer.step == trainer.config.steps
        if trainer.rank == 0 and (trainer.step % 100 == 0 or done):
            rate = (trainer.step - first) / (time.time() - began)
            left = (trainer.config.steps - trainer.step) / rate / 60
            progress = f"step {trainer.step}/{trainer.config.steps}  loss {smooth:.4f}"
            speed = f"{trainer.distributions:,} distributions  {rate:.1f} steps/s  {left:.0f} min left"
            print(f"{progress}  {speed}", flush=True)
        if trainer.rank == 0 and (done or time.time() - saved > save_every):
            saved = time.time()
            partial = checkpoint.with_suffix(".partial")
            torch.save(trainer.state(), partial)
            partial.replace(checkpoint)


def _as_drawn(batch: Batch) -> Batch:
    return batch


def _between(bounds: tuple[int, int], coin: float, even: bool) -> int:
    """The integer of [low, high] that a uniform coin picks, evenly or log-uniformly."""
    low, high = bounds
    if even:
        return min(high, low + int(coin * (high - low + 1)))
    return min(high, int(math.exp(math.log(low) + coin * (math.log(high + 1) - math.log(low)))))
