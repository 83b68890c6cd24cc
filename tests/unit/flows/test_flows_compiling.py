from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.flow_fakes import DOCUMENT

SCRIPT = """
import json, sys
from typer.testing import CliRunner
from farandole.cli.app import app
for arguments in json.loads(sys.argv[1]):
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded & {"tensorflow", "keras", "mlflow", "horovod", "pandas"}))
"""


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document and what compiling it wrote, in a process of its own: kfp takes a second."""
    folder = tmp_path_factory.mktemp("compiled")
    (folder / "stamps.yaml").write_text(DOCUMENT)
    document = str(folder / "stamps.yaml")
    commands = [
        ["compile", document],
        ["compile", document, "-o", str(folder / "again.yaml"), "--image", "mine/python:1"],
        ["compile", document, "-o", str(folder / "native.yaml"), "--kubernetes"],
        ["compile", document, "-o", str(folder / "native2.yaml"), "--kubernetes"],
    ]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(commands)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder / "heavy").write_text(done.stdout.splitlines()[-1])
    return folder


def read(path: Path) -> list[Any]:
    return list(YAML(typ="safe").load_all(path))


def tasks(pipeline: Any) -> Iterator[tuple[str, Any]]:
    yield from pipeline["root"]["dag"]["tasks"].items()
    for component in pipeline["components"].values():
        yield from component.get("dag", {}).get("tasks", {}).items()


def test_compiling_loads_no_tensorflow_and_no_mlflow(folder: Path) -> None:
    assert (folder / "heavy").read_text() == "[]"


def test_the_pipeline_bears_the_models_name_and_carries_its_document(folder: Path) -> None:
    (pipeline,) = read(folder / "stamps.pipeline.yaml")
    assert pipeline["pipelineInfo"]["name"] == "stamps"
    inputs = pipeline["root"]["inputDefinitions"]["parameters"]
    document = json.loads(inputs["document"]["defaultValue"])
    assert document["spec"]["recipe"]["features"] == {"network": "EfficientNetLite0"}
    assert set(inputs) == {"document", "place"}


def test_every_step_is_a_task_and_none_uses_kubeflows_cache(folder: Path) -> None:
    (pipeline,) = read(folder / "stamps.pipeline.yaml")
    found = dict(tasks(pipeline))
    steps = "prepare claim featurize tune train evaluate register gate"
    assert set(steps.split()) < set(found)
    for name in steps.split():
        assert found[name]["cachingOptions"] == {}, name  # enableCache left out: false


def test_what_was_trained_before_skips_all_that_follows(folder: Path) -> None:
    (pipeline,) = read(folder / "stamps.pipeline.yaml")
    branch = pipeline["root"]["dag"]["tasks"]
    assert set(branch) == {"prepare", "claim", "condition-1"}
    condition = branch["condition-1"]["triggerPolicy"]["condition"]
    assert condition == "inputs.parameter_values['pipelinechannel--claim-Output'] == 'train'"


def test_the_images_of_the_steps_can_be_named(folder: Path) -> None:
    (pipeline,) = read(folder / "again.yaml")
    executors = pipeline["deploymentSpec"]["executors"].values()
    assert {executor["container"]["image"] for executor in executors} == {"mine/python:1"}


def test_the_user_interface_gets_metrics_curves_and_the_report(folder: Path) -> None:
    (pipeline,) = read(folder / "stamps.pipeline.yaml")
    kinds = {
        (component, artifact["artifactType"]["schemaTitle"])
        for component, spec in pipeline["components"].items()
        for artifact in spec.get("outputDefinitions", {}).get("artifacts", {}).values()
    }
    assert kinds == {
        ("comp-evaluate", "system.Metrics"),
        ("comp-evaluate", "system.ClassificationMetrics"),
        ("comp-register", "system.HTML"),
    }


def test_native_manifests_are_a_pipeline_and_a_version_named_by_its_content(folder: Path) -> None:
    pipeline, version = read(folder / "native.yaml")
    assert (pipeline["kind"], pipeline["metadata"]["name"]) == ("Pipeline", "stamps")
    assert version["kind"] == "PipelineVersion"
    assert version["metadata"]["name"].startswith("stamps-")
    assert version["metadata"]["namespace"] == "kubeflow"
    assert (folder / "native.yaml").read_bytes() == (folder / "native2.yaml").read_bytes()
