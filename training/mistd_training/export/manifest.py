"""Entries of a model folder's `manifest.json` that several commands write."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path


def sha256(path: Path) -> str:
    """Checksum of a file, as the manifest states it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def file_entry(path: Path) -> dict:
    """Entry of a file under "files" in the manifest."""
    return {"sha256": sha256(path), "bytes": path.stat().st_size}


def read_manifest(folder: Path) -> dict:
    """Content of a model folder's `manifest.json`."""
    return json.loads((folder / "manifest.json").read_text())


def write_manifest(folder: Path, manifest: dict) -> None:
    """Write a model folder's `manifest.json`."""
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
