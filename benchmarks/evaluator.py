"""What the evaluator costs the training that it observes, where no core is free.

Run by `make bench ONLY=evaluator`. Two ranks train the CNN on all cores, as train starts them; the
evaluator beside them always has a newer checkpoint to score once it has rested. Windows of steps
are timed in turn with the evaluator running and with it stopped by SIGSTOP; the checkpoints are
written in both. Then the same with the nice value 19 of the process alone, without that of its
session: what a plain `nice` would cost.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from figures import Figure, interleaved, publish
from PIL import Image

from farandole.api import Model
from farandole.api.progress import SILENT
from farandole.data.store import open_store
from farandole.launch.beside import Ring
from farandole.steps import featurize, prepare, train, tune
from farandole.steps.observing.findings import Finding, findings_of
from farandole.steps.place import Place

PICTURES, CLASSES = 3000, 10
WINDOW = 3.0  # seconds, at least
SETTLING = 0.3
NETWORK = """
import keras

def build(input_shape, outputs):
    layers = keras.layers
    return keras.Sequential([
        keras.Input(input_shape), layers.Rescaling(1 / 255),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.Conv2D(32, 3, padding="same", activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(64, 3, padding="same", activation="relu"), layers.MaxPooling2D(),
        layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(outputs),
    ])
"""


class Observed:
    """A training with its evaluator, both running."""

    def __init__(self, folder: Path, home: Path, evaluator: psutil.Process) -> None:
        self.ring = Ring(home.parent, home)
        self.evaluator = evaluator
        self._folder = folder

    def findings(self) -> tuple[Finding, ...]:
        """Return what has been found."""
        (job,) = (self._folder / "store/checkpoints").iterdir()
        return findings_of(open_store(str(self._folder / "store")), f"models/{job.name}")

    def with_it(self) -> float:
        """Return the milliseconds of a step with the evaluator running."""
        self.evaluator.resume()
        return self._window()

    def without(self) -> float:
        """Return the milliseconds of a step with the evaluator stopped."""
        self.evaluator.suspend()
        return self._window()

    def _window(self) -> float:
        time.sleep(SETTLING)
        first, began = self._next()
        last, ended = first, began
        while ended - began < WINDOW:
            last, ended = self._next()
        return (ended - began) * 1000 / (last - first)

    def _next(self) -> tuple[int, float]:
        """Wait for the next step; returns it, and when it began."""
        step = self.ring.step
        while (now := self.ring.step) == step:
            time.sleep(0.001)
        return now or 0, time.perf_counter()


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--dry", action="store_true", help="print, and publish nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, started(Path(name)) as observed:
        lowest = measured(observed, options.pairs)
        found = observed.findings()
        session(observed.evaluator, "0")
        plain = measured(observed, max(3, options.pairs // 3))
    figures = [
        figure("a step beside the evaluator, all cores busy", *lowest, "<= 1.03"),
        figure("the same with the nice value 19 of the process alone", *plain, ""),
    ]
    remarks = [
        "A ratio is a step with the evaluator at work over a step without. While it was measured "
        f"the evaluator scored {len(found)} checkpoints of one a second, each on "
        f"{int(0.15 * PICTURES)} pictures, the median one in "
        f"{statistics.median(finding.seconds for finding in found):.1f} s, and passed over "
        f"{sum(finding.skipped for finding in found)}.",
        "",
    ]
    if options.dry:
        print("\n".join(f"{each.row()} {each.ratios}" for each in figures), *remarks, sep="\n")
    else:
        publish("evaluator", "What the evaluator costs", figures, remarks)


def measured(observed: Observed, pairs: int) -> tuple[list[float], list[float]]:
    """Time windows with and without the evaluator in turn."""
    return interleaved(observed.with_it, observed.without, pairs)


def figure(name: str, ours: list[float], peer: list[float], goal: str) -> Figure:
    """Return one line of the table."""
    return Figure(name, "ms a step", ours, peer, "evaluator stopped", goal, higher=False)


@contextmanager
def started(folder: Path) -> Iterator[Observed]:
    """Start a training, and have its evaluator loaded while the ranks are stopped."""
    path = folder / "parameters.json"
    path.write_text(parameters(folder).model_dump_json(), encoding="utf-8")
    program = [sys.executable, "-m", "farandole.steps.train", str(path), str(folder / "out.json")]
    training = subprocess.Popen(program)
    try:
        yield loaded(folder, training)
    finally:
        training.terminate()  # SIGINT is ignored by what a shell started in the background
        training.wait(60)


def loaded(folder: Path, training: subprocess.Popen[bytes]) -> Observed:
    """Wait until there is a checkpoint, then let the evaluator alone have the machine to load."""
    work = folder / "work"
    until(lambda: any(folder.glob("store/checkpoints/*/*/manifest.json")), training)
    home = next(work.glob("train-*/observe"))
    ranks = [json.loads(path.read_bytes())["program"] for path in home.parent.glob("ranks/*.json")]
    program = json.loads((home / "0.json").read_bytes())["program"]
    for rank in ranks:
        os.kill(rank, signal.SIGSTOP)
    try:
        until((home / "following").exists, training)
    finally:
        for rank in ranks:
            os.kill(rank, signal.SIGCONT)
    observed = Observed(folder, home, psutil.Process(program))
    until(lambda: len(observed.findings()) > 0, training)
    return observed


def until(condition: Callable[[], Any], training: subprocess.Popen[bytes]) -> None:
    """Wait for a condition, no longer than a minute or than the training lives."""
    deadline = time.monotonic() + 60
    while not condition():
        if training.poll() is not None or time.monotonic() > deadline:
            sys.exit("the training did not come as far as it is measured")
        time.sleep(0.05)


def session(process: psutil.Process, nice: str) -> None:
    """Set the nice value of a process's session, where Linux groups processes by session."""
    path = Path(f"/proc/{process.pid}/autogroup")
    if path.exists():
        path.write_text(nice, encoding="ascii")


def parameters(folder: Path) -> train.Parameters:
    """Make pictures of ten kinds, and take all steps before train."""
    draw = np.random.default_rng(5)
    for number in range(PICTURES):
        pixels = draw.integers(0, 256, (32, 32, 3), np.uint8)
        pixels[:, :, 0] = pixels[:, :, 0] // 4 + 19 * (number % CLASSES)
        path = folder / f"pictures/{number % CLASSES}/{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    (folder / "nets.py").write_text(NETWORK, encoding="utf-8")
    place = Place(
        store=str(folder / "store"),
        work=str(folder / "work"),
        tracking=str(folder / "mlflow"),
        folder=str(folder),
        ranks=2,
        observe_after=0.0,
    )
    given: dict[str, Any] = {"place": place, "document": document()}
    given["prepared"] = prepare.run(prepare.Parameters(**given), SILENT)
    given["featurized"] = featurize.run(featurize.Parameters(**given), SILENT)
    given["tuned"] = tune.run(tune.Parameters(**given), SILENT)
    return train.Parameters(**given)


def document() -> str:
    """Return the document: 64 rows a rank, a checkpoint a second, no end."""
    recipe = {
        "task": {"kind": "ImageClassification"},
        "data": {"images": "pictures"},
        "network": {
            "image": {"height": 32, "width": 32, "channels": 3},
            "builder": "nets:build",
        },
        "training": {
            "globalBatch": 128,
            "epochs": 10_000,
            "earlyStopping": {"patience": 10_000},
            "optimizer": {"sgd": {"learningRate": 0.001}},
        },
    }
    placement = {"checkpoint": {"everySeconds": 1}}
    spec = {"recipe": recipe, "placement": placement}
    whole = {
        "apiVersion": "farandole.dev/v1alpha1",
        "kind": "Model",
        "metadata": {"name": "observed"},
        "spec": spec,
    }
    return Model.model_validate_json(json.dumps(whole)).model_dump_json(by_alias=True)


if __name__ == "__main__":
    main()
