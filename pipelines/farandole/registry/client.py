"""The one door to MLflow: imported when used, without telemetry, quiet, its failures made plain."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from farandole.registry.tracking import TrackingError

# What MLflow reads from the environment. Job execution is for its agents and costs a server 0.5 to
# 1.9 GB of memory. Its own 7 retries say nothing for 247 s where no server is; 4 take 30 s.
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "4",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "GIT_PYTHON_REFRESH": "quiet",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}

EXISTS = "RESOURCE_ALREADY_EXISTS"
MISSING = "RESOURCE_DOES_NOT_EXIST"


def load_mlflow() -> Any:
    """Import MLflow as Farandole wants it; a person's own settings win."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    import mlflow
    import mlflow.pyfunc

    return mlflow


def connect(uri: str) -> Any:
    """Open MLflow's client; tracking and registry are one server.

    Raises TrackingError where a local database cannot be made or read: MLflow lets its own
    errors of this moment through as they are.
    """
    client = load_mlflow().MlflowClient
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return client(tracking_uri=uri, registry_uri=uri)
    except (SQLAlchemyError, OSError) as error:
        reason = getattr(error, "orig", None) or error
        raise TrackingError(
            f"MLflow at {uri}: expected a database that can be opened and written, received: "
            f"{reason}; free space or rights, then run again: nothing is registered twice"
        ) from error


def make_database(path: Path) -> None:
    """Make MLflow's tables in a SQLite file that appears complete or not at all.

    MLflow makes some fifty tables in as many transactions; one that is killed half-way leaves a
    file that no later MLflow can open.
    """
    if path.exists():
        return
    partial = path.with_name(f".{path.name}-{os.getpid()}")
    partial.unlink(missing_ok=True)
    try:
        connect(f"sqlite:///{partial}")
        with suppress(FileExistsError):  # another process was first
            os.link(partial, path)
    finally:
        partial.unlink(missing_ok=True)


class Calls:
    """MLflow's client, each of whose failures names the server and the call."""

    def __init__(self, client: Any, uri: str) -> None:
        self._client = client
        self._uri = uri

    def unless(self, code: str, call: str, *arguments: Any, **named: Any) -> None:
        """Make a call whose failure with `code` means that it is already done."""
        try:
            getattr(self, call)(*arguments, **named)
        except TrackingError as error:
            if error.code != code:
                raise

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the client's method, wrapped."""
        method = getattr(self._client, name)

        def call(*arguments: Any, **named: Any) -> Any:
            from mlflow.exceptions import MlflowException

            try:
                return method(*arguments, **named)
            except MlflowException as error:
                raise TrackingError(
                    f"MLflow at {self._uri}: {name} failed: {error.message}", error.error_code
                ) from error
            except OSError as error:
                raise TrackingError(
                    f"MLflow at {self._uri}: {name} could not read or write its files: {error}; "
                    "free space or rights, then run again: nothing is registered twice"
                ) from error

        return call
