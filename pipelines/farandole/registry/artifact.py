"""The registered artifact: one MLflow model folder that holds all that a prediction needs."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from farandole.registry import lineage as lineages
from farandole.registry.bundle import Bundle, ImageSize
from farandole.registry.client import load_mlflow
from farandole.registry.signature import example, signature

__all__ = ["BUNDLE", "STATISTICS", "Bundle", "ImageSize", "requirements", "write"]

BUNDLE = "artifacts/bundle.json"
STATISTICS = "artifacts/statistics.json"
PREDICTOR = Path(__file__).with_name("predictor.py")


def write(folder: Path, bundle: Bundle) -> Path:
    """Write an artifact to `folder`, complete or not at all, replacing what is there."""
    mlflow = load_mlflow()
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    with TemporaryDirectory(prefix="farandole-artifact-") as place:
        mlflow.pyfunc.save_model(
            path=str(partial),
            python_model=str(PREDICTOR),
            artifacts={name: str(path) for name, path in _files(bundle, Path(place)).items()},
            pip_requirements=requirements(bundle.kind),
            signature=signature(bundle),
            input_example=example(bundle),
            metadata={"farandole.identity": bundle.lineage.identity, "farandole.task": bundle.task},
        )
    shutil.rmtree(folder, ignore_errors=True)
    return partial.rename(folder)


def requirements(kind: str) -> list[str]:
    """Pin what the predictor imports to the versions in use here."""
    names = ["mlflow", "numpy", "pandas", *(["pillow"] if kind == "images" else [])]
    return [*(f"{name}=={version(name)}" for name in names), *_tensorflow()]


def _tensorflow() -> list[str]:
    """Pin TensorFlow; where its small CPU build is used here, other platforms get the usual."""
    small = "sys_platform == 'linux' and platform_machine == 'x86_64'"
    others = "sys_platform != 'linux' or platform_machine != 'x86_64'"
    try:
        number = version("tensorflow-cpu")
    except PackageNotFoundError:
        return [f"tensorflow=={version('tensorflow')}"]
    return [f"tensorflow-cpu=={number}; {small}", f"tensorflow=={number}; {others}"]


def _files(bundle: Bundle, place: Path) -> dict[str, Path]:
    about, rows = lineages.write(bundle.lineage, place)
    settings = bundle.model_dump(
        include={"kind", "task", "metric", "classes", "threshold", "image", "columns", "encoder"}
        | {"target"}
    )
    files = {
        "network": bundle.network,
        "bundle": _json(place / "bundle.json", settings | {"identity": bundle.lineage.identity}),
        "statistics": _json(place / "statistics.json", bundle.statistics),
        "lineage": about,
        "rows": rows,
    }
    code = {"decode": bundle.decode, "encoder": bundle.encoding}
    return files | {
        name: Path(shutil.copy(source, place / f"{name}.py"))
        for name, source in code.items()
        if source is not None
    }


def _json(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value, sort_keys=True, ensure_ascii=False), encoding="utf-8")
    return path
