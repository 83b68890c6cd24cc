"""A training of a small table on two ranks with the evaluator beside it, as train starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from farandole.api import Model
from farandole.api.progress import SILENT
from farandole.data.store import Store, open_store
from farandole.steps import featurize, prepare, train, tune
from farandole.steps.observing.findings import Finding, findings_of
from farandole.steps.place import Place
from tests.support.ring_programs import alive

BUILDER = """
import os
from pathlib import Path
import keras

def build(input_shape, outputs):
    here = Path(__file__).parent
    for path in (here / "closed.txt").read_text().splitlines():
        try:
            said = bool(Path(path).read_bytes()) and "OPENED"
        except Exception as error:
            said = type(error).__name__
        with (here / f"opened-{os.getpid()}").open("a") as out:
            out.write(said + "\\n")
    return keras.Sequential([keras.Input(input_shape), keras.layers.Dense(outputs)])
"""


@dataclass(frozen=True)
class Training:
    """One training to come, of rows that lie in `folder`; its network is BUILDER's.

    The learning rate is so low that each epoch is better than the one before, and is kept.
    """

    folder: Path
    epochs: int
    observe: bool = True
    reproducible: bool = False

    @property
    def store(self) -> Store:
        return open_store(str(self.folder / "store"))

    @property
    def parameters(self) -> train.Parameters:
        given: dict[str, Any] = {"place": self._place(), "document": self._document()}
        given["prepared"] = prepare.run(prepare.Parameters(**given), SILENT)
        given["featurized"] = featurize.run(featurize.Parameters(**given), SILENT)
        given["tuned"] = tune.run(tune.Parameters(**given), SILENT)
        return train.Parameters(**given)

    @property
    def home(self) -> Path | None:
        """Where the evaluator's files lie, once it was started."""
        return next(iter((self.folder / "work").glob("train-*/observe")), None)

    @property
    def evaluator(self) -> list[int]:
        """The process ids of the evaluator's supervisor and program; empty before the start."""
        path = self.home / "0.json" if self.home else None
        read = json.loads(path.read_bytes()) if path and path.exists() else {}
        return [read[kind] for kind in ("supervisor", "program") if kind in read]

    def begins(self) -> bool:
        return self.home is not None and (self.home / "begun").exists()

    def follows(self) -> bool:
        return self.home is not None and (self.home / "following").exists()

    def findings(self) -> tuple[Finding, ...]:
        (model,) = {f"models/{path.name}" for path in (self.folder / "store/checkpoints").iterdir()}
        return findings_of(self.store, model)

    def start(self) -> subprocess.Popen[str]:
        """Start train as a program of its own."""
        path = self.folder / "parameters.json"
        path.write_text(self.parameters.model_dump_json(), encoding="utf-8")
        closed = [*self.folder.glob("store/*/*/test/*"), self.folder / "rows.csv"]
        (self.folder / "closed.txt").write_text("\n".join(map(str, closed)), encoding="utf-8")
        command = [sys.executable, "-m", "farandole.steps.train", str(path), str(self._outputs)]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def outputs(self) -> train.Outputs:
        return train.Outputs.model_validate_json(self._outputs.read_bytes())

    def weights(self) -> bytes:
        return self.store.get(f"{self.outputs().model}/weights.npz")

    @property
    def _outputs(self) -> Path:
        return self.folder / "outputs.json"

    def _place(self) -> Place:
        return Place(
            store=str(self.folder / "store"),
            work=str(self.folder / "work"),
            tracking=str(self.folder / "mlflow"),
            folder=str(self.folder),
            progress=str(self.folder / "progress.jsonl"),
            ranks=2,
            observe_after=0.0,
        )

    def _document(self) -> str:
        recipe = {
            "task": {"kind": "TabularClassification"},
            "data": {"table": "rows.csv", "target": {"column": "kind"}},
            "network": {"builder": "nets:build"},
            "training": {
                "globalBatch": 64,
                "epochs": self.epochs,
                "reproducible": self.reproducible,
                "optimizer": {"sgd": {"learningRate": 0.0001}},
                "earlyStopping": {"patience": self.epochs},
            },
        }
        spec = {
            "recipe": recipe,
            "placement": {"checkpoint": {"everySeconds": 1, "observe": self.observe}},
        }
        whole = {
            "apiVersion": "farandole.dev/v1alpha1",
            "kind": "Model",
            "metadata": {"name": "observed"},
            "spec": spec,
        }
        return Model.model_validate_json(json.dumps(whole)).model_dump_json(by_alias=True)


def rows_in(folder: Path) -> Path:
    """Write rows of three kinds, of unequal number, and the network that is learnt on them."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(0)
    x = chance.normal(size=(8000, 4)).round(4)
    frame = pd.DataFrame(x, columns=["a", "b", "c", "d"])
    frame["kind"] = np.array(["u", "v", "w"])[(x[:, 0] > 0).astype(int) + (x[:, 1] > 0.8)]
    frame.to_csv(folder / "rows.csv", index=False)
    (folder / "nets.py").write_text(BUILDER, encoding="utf-8")
    return folder


def end(process: subprocess.Popen[str]) -> None:
    """Let no test leave a training behind."""
    if process.poll() is None:
        process.kill()
    process.communicate()


def going_on(process: subprocess.Popen[str], condition: Callable[[], Any]) -> Callable[[], Any]:
    """Return the condition, which fails at once where the training has ended."""

    def met() -> Any:
        found = condition()
        assert found or process.poll() is None, process.communicate()[1]
        return found

    return met


def left(pids: list[int]) -> list[int]:
    return [pid for pid in alive(pids) if pid != os.getpid()]
