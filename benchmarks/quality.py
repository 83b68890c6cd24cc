"""How good the examples are: pretrained against random features, over five seeds of the split.

`python benchmarks/quality.py` runs the first example's document with split seeds 0 to 4, with the
published weights and with fresh ones; a document whose network is a constant; and the house prices.
It prints a table and writes docs/benchmarks/quality.md and quality.json.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / ".farandole/samples"
DOCS = ROOT / "docs/benchmarks"
SEEDS = (0, 1, 2, 3, 4)

CONSTANT = """
import keras


def build(input_shape, outputs):
    inputs = keras.Input(input_shape)
    nothing = keras.layers.Rescaling(0.0)(inputs)
    return keras.Model(inputs, keras.layers.Dense(outputs)(nothing))
"""


@dataclass(frozen=True)
class Figure:
    """One run: what was asked, and how it ended."""

    name: str
    seed: int
    outcome: dict[str, Any]
    seconds: float

    def row(self) -> str:
        """One line of the Markdown table."""
        outcome = self.outcome
        gain = outcome["gains"].get("linear")
        interval = (
            f"{gain['difference']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]" if gain else ""
        )
        linear, dummy = (
            outcome["baselines"].get(name, float("nan")) for name in ("linear", "dummy")
        )
        return (
            f"| {self.name} | {self.seed} | {outcome['value']:.3f} | {linear:.3f} | {dummy:.3f} "
            f"| {interval} | {outcome['verdict']} | {self.seconds:.0f} |"
        )


def stamps(
    seed: int, weights: dict[str, Any], network: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the first example's document with a split seed and chosen weights."""
    recipe: dict[str, Any] = {
        "task": {"kind": "ImageClassification"},
        "data": {"images": str(SAMPLES / "stamps"), "split": {"seed": seed}},
        "features": {"network": "EfficientNetLite0", "weights": weights},
    }
    return model("stamps", recipe if network is None else {**recipe, **network})


def model(name: str, recipe: dict[str, Any]) -> dict[str, Any]:
    """Return a document of its own name: a shared one would have a champion to beat."""
    return {
        "apiVersion": "farandole.dev/v1alpha1",
        "kind": "Model",
        "metadata": {"name": name},
        "spec": {"recipe": recipe},
    }


def run(name: str, seed: int, document: dict[str, Any], state: Path) -> Figure:
    """Run a document as a person would, and read how it ended."""
    document["metadata"]["name"] = f"{name}-{seed}".replace(" ", "-")
    path = state / f"{document['metadata']['name']}.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
    command = [
        sys.executable,
        "-m",
        "farandole.cli",
        "run",
        str(path),
        "--state",
        str(state),
        "--json",
    ]
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        raise SystemExit(f"{name}, seed {seed}: exit code {done.returncode}\n{done.stderr}")
    figure = Figure(name, seed, json.loads(done.stdout), time.monotonic() - started)
    print(figure.row(), flush=True)
    return figure


def all_figures(state: Path) -> list[Figure]:
    """Run everything that is claimed."""
    figures = []
    for seed in SEEDS:
        figures.append(run("stamps pretrained", seed, stamps(seed, {"imagenet": {}}), state))
        figures.append(run("stamps random", seed, stamps(seed, {"random": {"seed": 7}}), state))
    (state / "still.py").write_text(CONSTANT, encoding="utf-8")
    constant = {"network": {"builder": "still:build"}}
    figures.append(run("stamps constant", 0, stamps(0, {"imagenet": {}}, constant), state))
    figures.append(run("house prices", 42, houses(), state))
    return figures


def houses() -> dict[str, Any]:
    """Return the third example's document, with its data at an absolute path."""
    from ruamel.yaml import YAML

    text = YAML(typ="safe").load((ROOT / "operator/examples/03-table-regression.yaml").read_text())
    text["spec"]["recipe"]["data"]["table"] = str(SAMPLES / "ames/ames.csv")
    found: dict[str, Any] = json.loads(json.dumps(text))
    return found


def markdown(figures: list[Figure]) -> str:
    """Return the page that docs include."""
    head = "| document | split seed | value | linear | dummy | over linear, 95 % | verdict | s |"
    lines = [
        head,
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(each.row() for each in figures),
    ]
    return "\n".join(
        ["# Quality of the examples", "", *summary(figures), "", *lines, "", machine(), ""]
    )


def summary(figures: list[Figure]) -> list[str]:
    """Say the claims with their numbers."""
    value = {(each.name, each.seed): each.outcome["value"] for each in figures}
    pretrained = [value["stamps pretrained", seed] for seed in SEEDS]
    gains = [value["stamps pretrained", seed] - value["stamps random", seed] for seed in SEEDS]
    return [
        "Stamps, balanced accuracy over split seeds 0 to 4: "
        f"{min(pretrained):.3f} to {max(pretrained):.3f}, "
        f"median {statistics.median(pretrained):.3f}; above the same pipeline with random "
        f"weights by {min(gains):.3f} to {max(gains):.3f}.",
    ]


def machine() -> str:
    """Say where the figures were measured."""
    cores = len(__import__("os").sched_getaffinity(0))
    return (
        f"Measured with Python {platform.python_version()} on {platform.machine()}, {cores} cores."
    )


def main() -> None:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory() as state:
        figures = all_figures(Path(state))
    DOCS.mkdir(parents=True, exist_ok=True)
    (DOCS / "quality.md").write_text(markdown(figures), encoding="utf-8")
    content = [{"name": each.name, "seed": each.seed, **each.outcome} for each in figures]
    (DOCS / "quality.json").write_text(
        json.dumps(content, indent=1, sort_keys=True), encoding="utf-8"
    )
    print("\n".join(summary(figures)))


if __name__ == "__main__":
    main()
