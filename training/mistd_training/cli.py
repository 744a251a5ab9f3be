"""`mistd-train`: train, calibrate, export, evaluate and adapt models."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from dataclasses import fields, replace
from pathlib import Path

import torch

from .export.manifest import read_manifest
from .training.config import PRESETS


def main() -> None:
    parser = argparse.ArgumentParser(prog="mistd-train", description=__doc__)
    commands = parser.add_subparsers(required=True)

    train = commands.add_parser("train", help="train a model, or resume the run in --run")
    train.add_argument("--preset", choices=list(PRESETS), default="paper", help="configuration (default: paper)")
    train.add_argument("--run", type=Path, default=None, help="folder of the run (default: runs/<preset>)")
    train.add_argument("--steps", type=int, default=None, help="optimizer steps (default: the preset's)")
    train.add_argument("--seed", type=int, default=None, help="random seed (default: the preset's)")
    train.add_argument("--learning-rate", type=float, default=None, help="peak learning rate (default: the preset's)")
    train.add_argument("--start", type=Path, default=None, help="checkpoint whose weights a new run starts from")
    train.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    train.add_argument("--workers", type=int, default=None, help="processes (default: one per core; 1 on CUDA)")
    train.add_argument("--prefetch-workers", type=int, default=0, metavar="N",
                       help="processes per worker that draw the next batches on the CPU (default: 0)")  # fmt: skip
    train.add_argument("--drawers", dest="prefetch_workers", type=int, default=argparse.SUPPRESS, action=_Renamed,
                       new_name="--prefetch-workers", help=argparse.SUPPRESS)  # fmt: skip
    train.add_argument("--only", default=None, help="train only weights with this prefix, for example network.head")
    train.add_argument("--save-every", type=float, default=300, help="seconds between checkpoints (default: 300)")
    train.add_argument("--no-compile", action="store_true", help="do not use torch.compile")
    train.set_defaults(call=_train)

    calibrate = commands.add_parser("calibrate", help="correct the width of a run's intervals on fresh data")
    calibrate.add_argument("--run", type=Path, default=Path("runs/wide"), help="folder of the run")
    calibrate.set_defaults(call=_calibrate)

    ablate = commands.add_parser("ablate", help="measure how much a run's model relies on each input")
    ablate.add_argument("--run", type=Path, default=Path("runs/wide"), help="folder of the run")
    ablate.add_argument("--model", type=Path, default=Path("../models/mist"), help="model folder to update")
    ablate.set_defaults(call=_ablate)

    export = commands.add_parser("export", help="checkpoint → model folder, checked against PyTorch")
    export.add_argument("--run", type=Path, default=Path("runs/paper"), help="folder of the run")
    export.add_argument("--model", type=Path, default=Path("../models/mist-paper"), help="model folder to write")
    export.add_argument("--version", default="1.0.0", help="version of the model (default: 1.0.0)")
    export.add_argument("--hardware", default="this machine", help="hardware of the training, for the card")
    export.add_argument("--command", default="mistd-train train --preset paper", help="training command, for the card")
    export.add_argument("--notes", default="", help="further facts about the training, for the card")
    export.add_argument("--no-gradient", action="store_true", help="do not write gradient.onnx, which takes minutes")
    export.set_defaults(call=_export)

    evaluate = commands.add_parser("evaluate", help="measure a model → evaluation.json, card.md and plots")
    evaluate.add_argument("--model", type=Path, default=Path("../models/mist-paper"), help="model folder")
    evaluate.add_argument("--seeds", type=int, nargs="+", default=list(range(501, 507)),
                          help="seeds of the reference's test sets (default: 501 to 506)")  # fmt: skip
    evaluate.add_argument("--baseline-seeds", type=int, default=1,
                          help="number of these seeds on which KSG and CCA run too (default: 1)")  # fmt: skip
    evaluate.add_argument("--bmi-seeds", type=int, nargs="+", default=[601, 602, 603],
                          help="seeds of the BMI tasks (default: 601 602 603)")  # fmt: skip
    evaluate.add_argument("--parts", nargs="+", default=None, help="parts to measure again (default: all)")
    evaluate.add_argument("--cache", type=Path, default=Path("runs/reference-sets"), help="folder of the test sets")
    evaluate.set_defaults(call=_evaluate)

    card = commands.add_parser("card", help="write card.md and plots again from evaluation.json and manifest.json")
    card.add_argument("--model", type=Path, default=Path("../models/mist-paper"), help="model folder")
    card.set_defaults(call=_card)

    reference = commands.add_parser("import-reference", help="checkpoint of PyPI's mist-statinf → model folder")
    reference.add_argument("checkpoint", type=Path, help="checkpoint file of mist-statinf")
    reference.add_argument("--model", type=Path, default=Path("../models/mist-reference"), help="model folder to write")
    reference.add_argument("--version", default="1.0.0", help="version of the model (default: 1.0.0)")
    reference.add_argument("--architecture", type=Path, default=None,
                           help="YAML file with the architecture, if the checkpoint holds only weights")  # fmt: skip
    reference.set_defaults(call=_import_reference)

    adapt = commands.add_parser("adapt", help="fine-tune a model for data that look like your samples → model folder")
    adapt.add_argument("--samples", type=Path, required=True, help="CSV file with a header")
    adapt.add_argument("--x", required=True, help="columns of x, separated by commas")
    adapt.add_argument("--y", required=True, help="columns of y, separated by commas")
    adapt.add_argument("--id", required=True, help="id of the new model and name of its folder")
    adapt.add_argument("--models", type=Path, default=Path("../models"), help="where to write this folder")
    adapt.add_argument("--base", type=Path, default=Path("checkpoints/mist.pt"), help="checkpoint to start from")
    adapt.add_argument("--runs", type=Path, default=Path("runs"), help="folder of training runs, which can be resumed")
    adapt.add_argument("--rows", type=int, nargs=2, default=None, metavar=("LOW", "HIGH"),
                       help="range of rows to adapt to (default: 30 to 1000, or to the samples' rows)")  # fmt: skip
    adapt.add_argument("--steps", type=int, default=1_000, help="optimizer steps (default: 1000)")
    adapt.add_argument("--learning-rate", type=float, default=1e-3, help="peak learning rate (default: 0.001)")
    adapt.add_argument("--seed", type=int, default=1, help="random seed (default: 1)")
    adapt.add_argument("--version", default="1.0.0", help="version of the model (default: 1.0.0)")
    adapt.add_argument("--hardware", default="this machine", help="hardware of the training, for the card")
    adapt.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    adapt.add_argument("--workers", type=int, default=None, help="processes (default: one per core; 1 on CUDA)")
    adapt.add_argument("--compile", action="store_true", help="use torch.compile, which pays off in long runs")
    adapt.add_argument("--no-gradient", action="store_true", help="do not write gradient.onnx, which takes minutes")
    adapt.set_defaults(call=_adapt)

    arguments = parser.parse_args()
    arguments.call(arguments)


class _Renamed(argparse.Action):
    """A deprecated option: sets the value of its new name and prints a notice."""

    def __init__(self, *args, new_name: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.new_name = new_name

    def __call__(self, parser, namespace, values, option_string=None):
        print(f"{parser.prog}: {option_string} is deprecated, use {self.new_name}", file=sys.stderr)
        setattr(namespace, self.dest, values)


def _train(arguments: argparse.Namespace) -> None:
    from .training.train import train as run

    config = PRESETS[arguments.preset]
    given = {key: getattr(arguments, key) for key in ("steps", "seed", "learning_rate", "only")}
    changes = {key: value for key, value in given.items() if value is not None}
    if arguments.no_compile:
        changes["compile"] = False
    device = _device(arguments.device)
    workers = _workers(arguments.workers, device)
    folder = arguments.run or Path("runs") / arguments.preset
    config = replace(config, **changes)
    prefetch_workers = arguments.prefetch_workers
    run(config, folder, device, workers, arguments.save_every, arguments.start, prefetch_workers=prefetch_workers)


def _calibrate(arguments: argparse.Namespace) -> None:
    from .model.stretch import STRETCH_PARTS
    from .training.calibrate import calibrate

    result = calibrate(arguments.run / "checkpoint.pt")
    for part, factors, before, after in zip(
        STRETCH_PARTS, result["stretch"], result["off_before"], result["off_after"]
    ):
        print(f"{part}: " + "  ".join(f"{factor:.3f}" for factor in factors) + f"; off by {before:.3f} → {after:.3f}")


def _ablate(arguments: argparse.Namespace) -> None:
    from .evaluation.ablation import ablate

    print(f"{'':40s}  pinball      MAE  MAE, joint structures")
    ablate(arguments.run / "checkpoint.pt", arguments.model)
    _card(arguments)


def _export(arguments: argparse.Namespace) -> None:
    from .export.model_folder import export_model

    manifest = export_model(
        arguments.run / "checkpoint.pt",
        arguments.model,
        version=arguments.version,
        command=arguments.command,
        hardware=arguments.hardware,
        notes=arguments.notes,
        gradient=not arguments.no_gradient,
    )
    parity, blocks = manifest["training"]["parity"], manifest["blocks"]
    print(f"PyTorch and ONNX Runtime agree to {parity['worst']:.1e} over {parity['shapes']} shapes")
    print(f"blocks of {blocks['rows']} rows: spread × K^−{blocks['spread_exponent']}, coverage {blocks['coverage_90']}")
    print(f"wrote {arguments.model}")


def _evaluate(arguments: argparse.Namespace) -> None:
    from .evaluation.evaluate import evaluate_model

    _refuse_adapted(arguments.model)
    evaluate_model(
        arguments.model,
        arguments.cache,
        arguments.seeds,
        arguments.baseline_seeds,
        arguments.bmi_seeds,
        arguments.parts,
    )
    _card(arguments)


def _card(arguments: argparse.Namespace) -> None:
    from .evaluation.benchmarks_card import benchmark_tables
    from .evaluation.card import summary_table, write_card

    _refuse_adapted(arguments.model)
    write_card(arguments.model)
    evaluation = json.loads((arguments.model / "evaluation.json").read_text())
    print(summary_table(evaluation["reference"]), benchmark_tables(evaluation), sep="\n")
    print(f"wrote card.md and plots to {arguments.model}")


def _import_reference(arguments: argparse.Namespace) -> None:
    from .export.reference_import import import_reference

    manifest = import_reference(arguments.checkpoint, arguments.model, arguments.version, arguments.architecture)
    parity = manifest["training"]["parity"]
    print(f"mist-statinf and ONNX Runtime agree to {parity['worst']:.1e} over {parity['shapes']} shapes")
    print(f"wrote {arguments.model}")


def _adapt(arguments: argparse.Namespace) -> None:
    from .adapt.adapt import Adaptation, adapt
    from .adapt.card import held_out_table
    from .adapt.own_samples import InputError

    given = {field.name: getattr(arguments, field.name) for field in fields(Adaptation)}
    given["rows"] = arguments.rows and tuple(arguments.rows)
    device = _device(arguments.device)
    command = shlex.join(["mistd-train", *sys.argv[1:]])
    try:
        evaluation = adapt(
            Adaptation(**given),
            arguments.version,
            command,
            arguments.hardware,
            device,
            _workers(arguments.workers, device),
            gradient=not arguments.no_gradient,
        )
    except InputError as error:
        print(f"mistd-train adapt: {error}", file=sys.stderr)
        sys.exit(2)
    print(held_out_table(evaluation))
    for name, own in evaluation["own"].items():
        low, high = own["interval_90"]
        print(f"your samples, {name} model: {own['estimate']:.3f} nats, 90 % interval {low:.3f} to {high:.3f}")
    print(f"wrote {arguments.models / arguments.id}")


def _refuse_adapted(folder: Path) -> None:
    if read_manifest(folder)["meta_distribution"].get("name") == "adapted":
        sys.exit(f"{folder} was adapted to samples: `mistd-train adapt` evaluates it and writes its card")


def _workers(wanted: int | None, device: torch.device) -> int:
    return wanted or (1 if device.type == "cuda" else torch.get_num_threads())


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


if __name__ == "__main__":
    main()
