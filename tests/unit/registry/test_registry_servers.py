"""The command lines that a person gets to look at what was written and to serve it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from farandole.registry.servers import serve_command, ui_command
from farandole.registry.surroundings import git_commit, library_versions


def test_the_ui_is_bound_to_this_machine_and_shows_the_local_folder(tmp_path: Path) -> None:
    command = ui_command(tmp_path / "with space", port=5005)
    assert "--host 127.0.0.1 --port 5005" in str(command)
    assert f"'sqlite:///{tmp_path}/with space/mlflow.db'" in str(command)
    assert command.environment["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_a_model_is_served_in_this_environment(tmp_path: Path) -> None:
    command = str(serve_command(tmp_path, port=5006))
    assert f"--model-uri {tmp_path} --host 127.0.0.1 --port 5006" in command
    assert command.endswith("--env-manager local")


def test_the_commit_of_a_checkout_is_known_and_says_when_files_changed(tmp_path: Path) -> None:
    assert git_commit(tmp_path) is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    commit = git_commit(tmp_path)
    assert commit is not None
    assert len(commit) == 40
    (tmp_path / "model.yaml").touch()
    assert git_commit(tmp_path) == f"{commit}-dirty"


def test_versions_of_what_computes_are_known() -> None:
    assert {"python", "numpy"} <= set(library_versions())
