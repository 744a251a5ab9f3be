import sys

import pytest
import torch

from mistd_training import cli
from mistd_training.training import train


@pytest.fixture
def trained(monkeypatch):
    """Runs `mistd-train train` with options and returns the arguments of the training that would start."""

    def run(*options: str) -> dict:
        calls = []
        monkeypatch.setattr(train, "train", lambda *values, **named: calls.append((values, named)))
        monkeypatch.setattr(sys, "argv", ["mistd-train", "train", "--device", "cpu", *options])
        cli.main()
        ((config, folder, device, workers, *_), named) = calls[0]
        return {"config": config, "folder": folder, "device": device, "workers": workers, **named}

    return run


def test_prefetch_workers_have_a_deprecated_name_that_gives_a_notice(trained, capsys):
    assert trained()["prefetch_workers"] == 0
    assert trained("--prefetch-workers", "3")["prefetch_workers"] == 3
    assert capsys.readouterr().err == ""
    assert trained("--drawers", "2")["prefetch_workers"] == 2
    assert capsys.readouterr().err == "mistd-train train: --drawers is deprecated, use --prefetch-workers\n"


def test_options_replace_the_settings_of_the_preset(trained):
    given = trained("--preset", "smoke", "--steps", "7", "--seed", "5", "--no-compile", "--workers", "2")
    assert (given["config"].steps, given["config"].seed, given["config"].compile) == (7, 5, False)
    assert str(given["folder"]) == "runs/smoke" and given["device"] == torch.device("cpu") and given["workers"] == 2


def test_an_unknown_preset_is_refused_with_the_names_that_exist(trained, capsys):
    with pytest.raises(SystemExit) as ended:
        trained("--preset", "huge")
    assert ended.value.code == 2
    assert "paper-large" in capsys.readouterr().err
