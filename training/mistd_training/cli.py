"""`mistd-train`: train, export and evaluate models."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from dataclasses import fields, replace
from pathlib import Path

import torch


def main() -> None:
    parser = argparse.ArgumentParser(prog="mistd-train", description=__doc__)
    commands = parser.add_subparsers(required=True)

    train = commands.add_parser("train", help="train a model, or go on with the run in --run")
    train.add_argument("--preset", default="paper", help="paper (the default), paper-large, wide, wide-large or smoke")
    train.add_argument("--run", type=Path, default=None, help="folder of the run (default runs/<preset>)")
    train.add_argument("--steps", type=int, default=None, help="optimizer steps, instead of the preset's")
    train.add_argument("--seed", type=int, default=None)
    train.add_argument("--learning-rate", type=float, default=None, help="its peak, instead of the preset's")
    train.add_argument("--start", type=Path, default=None, help="checkpoint whose weights a new run begins with")
    train.add_argument("--device", default="auto", help="auto, cpu or cuda")
    train.add_argument("--workers", type=int, default=None, help="processes (default: one a core; 1 on CUDA)")
    train.add_argument("--drawers", type=int, default=0, help="processes of a worker that draw ahead (0: none)")
    train.add_argument("--only", default=None, help="train the weights whose names begin so, as network.head")
    train.add_argument("--save-every", type=float, default=300, help="seconds between checkpoints")
    train.add_argument("--no-compile", action="store_true", help="skip torch.compile")
    train.set_defaults(call=_train)

    calibrate = commands.add_parser("calibrate", help="stretch the intervals of a run's checkpoint until they cover")
    calibrate.add_argument("--run", type=Path, default=Path("runs/wide"), help="folder of the run")
    calibrate.set_defaults(call=_calibrate)

    ablate = commands.add_parser("ablate", help="what each input is worth to a run's model, for its card")
    ablate.add_argument("--run", type=Path, default=Path("runs/wide"), help="folder of the run")
    ablate.add_argument("--model", type=Path, default=Path("../models/mist"), help="model folder to write into")
    ablate.set_defaults(call=_ablate)

    export = commands.add_parser("export", help="checkpoint → model folder: model.onnx, manifest.json, parity proof")
    export.add_argument("--run", type=Path, default=Path("runs/paper"), help="folder of the run")
    export.add_argument("--model", type=Path, default=Path("../models/mist-paper"), help="model folder to write")
    export.add_argument("--version", default="1.0.0")
    export.add_argument("--hardware", default="this machine", help="what it was trained on, for the card")
    export.add_argument("--command", default="mistd-train train --preset paper", help="how to train it, for the card")
    export.add_argument("--notes", default="", help="what the command alone does not say of the run, for the card")
    export.add_argument("--no-gradient", action="store_true", help="leave out gradient.onnx, which takes minutes")
    export.set_defaults(call=_export)

    evaluate = commands.add_parser("evaluate", help="the reference's test sets → evaluation.json, card.md and plots")
    evaluate.add_argument("--model", type=Path, default=Path("../models/mist-paper"))
    evaluate.add_argument("--seeds", type=int, nargs="+", default=list(range(501, 507)))
    evaluate.add_argument("--baseline-seeds", type=int, default=1, help="of these, how many KSG and CCA see too")
    evaluate.add_argument("--bmi-seeds", type=int, nargs="+", default=[601, 602, 603], help="of the BMI tasks")
    evaluate.add_argument("--parts", nargs="+", default=None, help="measure these anew, keep the others")
    evaluate.add_argument("--cache", type=Path, default=Path("runs/reference-sets"), help="where the sets are kept")
    evaluate.set_defaults(call=_evaluate)

    card = commands.add_parser("card", help="evaluation.json and manifest.json → card.md and plots, without measuring")
    card.add_argument("--model", type=Path, default=Path("../models/mist-paper"))
    card.set_defaults(call=_card)

    reference = commands.add_parser("import-reference", help="checkpoint of PyPI's mist-statinf → model folder")
    reference.add_argument("checkpoint", type=Path)
    reference.add_argument("--model", type=Path, default=Path("../models/mist-reference"), help="folder to write")
    reference.add_argument("--version", default="1.0.0")
    reference.add_argument("--architecture", type=Path, default=None, help="YAML, for a file of weights alone")
    reference.set_defaults(call=_import_reference)

    adapt = commands.add_parser("adapt", help="fine-tune a model on data that look like your samples → model folder")
    adapt.add_argument("--samples", type=Path, required=True, help="CSV file with a header")
    adapt.add_argument("--x", required=True, help="its columns of x, separated by commas")
    adapt.add_argument("--y", required=True, help="its columns of y")
    adapt.add_argument("--id", required=True, help="of the new model, which is its folder's name")
    adapt.add_argument("--models", type=Path, default=Path("../models"), help="where to write that folder")
    adapt.add_argument("--base", type=Path, default=Path("checkpoints/mist.pt"), help="checkpoint to start from")
    adapt.add_argument("--runs", type=Path, default=Path("runs"), help="where runs are kept, to be resumed")
    adapt.add_argument("--rows", type=int, nargs=2, default=None, metavar=("LOW", "HIGH"),
                       help="sizes to adapt to (default 30 to 1000, or to as many as the samples have)")  # fmt: skip
    adapt.add_argument("--steps", type=int, default=1_000, help="optimizer steps")
    adapt.add_argument("--learning-rate", type=float, default=1e-3, help="its peak")
    adapt.add_argument("--seed", type=int, default=1)
    adapt.add_argument("--version", default="1.0.0")
    adapt.add_argument("--hardware", default="this machine", help="what it was trained on, for the card")
    adapt.add_argument("--device", default="auto", help="auto, cpu or cuda")
    adapt.add_argument("--workers", type=int, default=None, help="processes (default: one a core; 1 on CUDA)")
    adapt.add_argument("--compile", action="store_true", help="torch.compile, which pays off in long runs")
    adapt.add_argument("--no-gradient", action="store_true", help="leave out gradient.onnx, which takes minutes")
    adapt.set_defaults(call=_adapt)

    arguments = parser.parse_args()
    arguments.call(arguments)


def _train(arguments: argparse.Namespace) -> None:
    from .train import train as run
    from .train_config import PRESETS

    config = PRESETS[arguments.preset]
    given = {key: getattr(arguments, key) for key in ("steps", "seed", "learning_rate", "only")}
    changes = {key: value for key, value in given.items() if value is not None}
    if arguments.no_compile:
        changes["compile"] = False
    device = _device(arguments.device)
    workers = _workers(arguments.workers, device)
    folder = arguments.run or Path("runs") / arguments.preset
    config = replace(config, **changes)
    run(config, folder, device, workers, arguments.save_every, arguments.start, drawers=arguments.drawers)


def _calibrate(arguments: argparse.Namespace) -> None:
    from .calibrate import calibrate
    from .model import STRETCH_PARTS

    result = calibrate(arguments.run / "checkpoint.pt")
    for part, factors, before, after in zip(
        STRETCH_PARTS, result["stretch"], result["off_before"], result["off_after"]
    ):
        print(f"{part}: " + "  ".join(f"{factor:.3f}" for factor in factors) + f"; off by {before:.3f} → {after:.3f}")


def _ablate(arguments: argparse.Namespace) -> None:
    from .ablation import ablate

    print(f"{'':40s}  pinball      MAE  MAE, joint structures")
    ablate(arguments.run / "checkpoint.pt", arguments.model)
    _card(arguments)


def _export(arguments: argparse.Namespace) -> None:
    from .export import export_model

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
    from .evaluate import evaluate_model

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
    from .benchmarks_card import benchmark_tables
    from .card import summary_table, write_card

    _refuse_adapted(arguments.model)
    write_card(arguments.model)
    evaluation = json.loads((arguments.model / "evaluation.json").read_text())
    print(summary_table(evaluation["reference"]), benchmark_tables(evaluation), sep="\n")
    print(f"wrote card.md and plots to {arguments.model}")


def _import_reference(arguments: argparse.Namespace) -> None:
    from .reference_import import import_reference

    manifest = import_reference(arguments.checkpoint, arguments.model, arguments.version, arguments.architecture)
    parity = manifest["training"]["parity"]
    print(f"mist-statinf and ONNX Runtime agree to {parity['worst']:.1e} over {parity['shapes']} shapes")
    print(f"wrote {arguments.model}")


def _adapt(arguments: argparse.Namespace) -> None:
    from .adapt import Adaptation, adapt
    from .adapt_card import held_out_table
    from .own_samples import InputError

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
        print(f"your samples, {name}: {own['estimate']:.3f} nats, 90 % interval {low:.3f} to {high:.3f}")
    print(f"wrote {arguments.models / arguments.id}")


def _refuse_adapted(folder: Path) -> None:
    if json.loads((folder / "manifest.json").read_text())["meta_distribution"].get("name") == "adapted":
        sys.exit(f"{folder} was adapted to samples: mistd-train adapt evaluates it and writes its card")


def _workers(wanted: int | None, device: torch.device) -> int:
    return wanted or (1 if device.type == "cuda" else torch.get_num_threads())


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


if __name__ == "__main__":
    main()
