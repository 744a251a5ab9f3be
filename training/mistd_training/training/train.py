"""Training: quantile regression of MI on synthetic data. Every step draws new distributions; nothing is stored."""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor
from torch.utils.data import DataLoader

from ..families.batch import Batch
from ..model.encoding import normal_scores
from ..model.mist import Mist
from ..model.quantiles import MEDIAN, TAUS
from .config import TrainConfig, config_from_dict
from .draws import Draws


def pinball(quantiles: Tensor, mi: Tensor) -> Tensor:
    """Pinball (quantile) loss at each knot (Koenker and Bassett 1978).

    quantiles: [B, T]; mi: [B]. Returns [B, T] nats.
    """
    taus = torch.tensor(TAUS, device=quantiles.device)
    error = mi[:, None] - quantiles
    return torch.maximum(taus * error, (taus - 1) * error)


class Trainer:
    """One worker of a run. `state()` holds everything that the next step depends on, so that runs can be resumed.

    draws: training data; default: `Draws` of the configuration. prefetch_workers: processes that draw the next batches;
    0 draws in this process.
    """

    def __init__(
        self,
        config: TrainConfig,
        device: torch.device,
        rank: int = 0,
        workers: int = 1,
        draws: Draws | None = None,
        prefetch_workers: int = 0,
    ):
        self.config, self.device, self.rank, self.workers = config, device, rank, workers
        self.draws, self.prefetch_workers = draws or Draws(config, device, rank), prefetch_workers
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
            torch._dynamo.config.recompile_limit = 24  # variants for one column per side, few rows and so on
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
        # If MI is exactly 0, the target is slightly below 0, so that every knot up to P(MI = 0 | data) can reach 0.
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
            prefetch = {"num_workers": self.prefetch_workers, "prefetch_factor": 4} if self.prefetch_workers else {}
            loader = DataLoader(self.draws, batch_size=None, sampler=steps, collate_fn=_unchanged, **prefetch)
            self.batches = iter(loader)
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
        flat = torch.cat([p.grad.flatten() for p in parameters]).cpu()  # Gloo reduces on the CPU
        dist.all_reduce(flat)
        for p, grad in zip(parameters, flat.div_(self.workers).split([p.numel() for p in parameters])):
            p.grad.copy_(grad.view_as(p))

    def state(self) -> dict:
        """Content of a checkpoint."""
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
        """Start a new schedule from the averaged weights of another run's checkpoint.

        The counts of distributions and seconds include the other run's. If the models differ in size, the weights whose
        shapes fit are taken. Raises ValueError if none fits.
        """
        own = self.model.state_dict()
        fitting = {name: value for name, value in state["average"].items() if value.shape == own[name].shape}
        if not fitting:
            raise ValueError("no weight of the starting checkpoint has the shape of this model's weight")
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
    prefetch_workers: int = 0,
) -> None:
    """Train to `config.steps` and write `folder/checkpoint.pt`. Resumes from this file if it exists.

    workers: processes that share each step's gradient, with one thread each; save_every: seconds between checkpoints;
    start: checkpoint whose averaged weights a new run starts from; draws: makes a worker's training data from (config,
    device, rank); prefetch_workers: processes per worker that draw the next batches on the CPU, so that a GPU need not
    wait (0: a worker draws on the device).
    """
    folder.mkdir(parents=True, exist_ok=True)
    if workers == 1:
        _run_worker(0, 1, config, folder, device, save_every, start, draws, prefetch_workers)
        return
    # By default glibc returns freed tensors to the kernel; the page faults that follow take half the time of a step.
    os.environ.setdefault("GLIBC_TUNABLES", ":".join(f"glibc.malloc.{t}" for t in _MALLOC))
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", str(29500 + os.getpid() % 1000))
    arguments = (workers, config, folder, device, save_every, start, draws, prefetch_workers)
    torch.multiprocessing.spawn(_run_worker, arguments, nprocs=workers)


_MALLOC = ("mmap_threshold=33554432", "trim_threshold=4294967296", "top_pad=268435456", "hugetlb=1")


def load_checkpoint(path: Path) -> tuple[Mist, TrainConfig, dict]:
    """Load a checkpoint: the model with averaged weights (eval mode, CPU), its configuration and the raw state."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    config = config_from_dict(state["config"])
    model = Mist(config.model)
    model.load_state_dict(state["average"])
    return model.eval(), config, state


def _run_worker(
    rank: int,
    workers: int,
    config: TrainConfig,
    folder: Path,
    device: torch.device,
    save_every: float,
    start: Path | None,
    draws: Callable[[TrainConfig, torch.device, int], Draws],
    prefetch_workers: int,
) -> None:
    if workers > 1:
        torch.set_num_threads(1)
        dist.init_process_group("gloo", rank=rank, world_size=workers)
    data = draws(config, torch.device("cpu") if prefetch_workers else device, rank)
    trainer = Trainer(config, device, rank, workers, data, prefetch_workers)
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


def _unchanged(batch: Batch) -> Batch:
    return batch
