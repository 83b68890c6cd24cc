"""What surrounds every step: its start and end, its claim, and its error in the person's words."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from farandole.api.errors import ExitCode, FarandoleError
from farandole.api.progress import Progress
from farandole.data.store import open_store
from farandole.steps.claim import Owner
from farandole.steps.following import follow, kept
from farandole.steps.handing import fetch, hand_over, taken
from farandole.steps.outcome import outcome_of
from farandole.steps.place import Place

__all__ = [
    "execute",
    "execute_claimed",
    "fetch",
    "guarded",
    "hand_over",
    "main",
    "reported",
    "seconds",
    "settle",
    "taken",
]

UNEXPECTED = 1
"""Exit code of a defect of ours: its traceback is in the log, not on the person's screen."""

Outputs = TypeVar("Outputs")


def main(step: ModuleType) -> NoReturn:
    """Run a step as a program: `python -m farandole.steps.<name> parameters.json outputs.json`."""
    name = _name(step)
    if len(sys.argv) != 3:
        sys.exit(f"usage: python -m farandole.steps.{name} parameters.json outputs.json")
    try:
        parameters = step.Parameters.model_validate_json(Path(sys.argv[1]).read_bytes())
    except (OSError, ValidationError) as error:
        print(f"{sys.argv[1]}: {error}", file=sys.stderr)
        sys.exit(ExitCode.DOCUMENT)
    outputs = guarded(name, parameters.place, lambda progress: step.run(parameters, progress))
    Path(sys.argv[2]).write_text(outputs.model_dump_json(), encoding="utf-8")
    sys.exit(ExitCode.OK)


def execute(step: ModuleType, place: str, document: str, **earlier: str) -> str:
    """Run a step on JSON texts and return its outputs as JSON; `earlier` are outputs by name."""
    parameters = _parameters(step, place, document, earlier)
    outputs = guarded(
        _name(step), parameters.place, lambda progress: step.run(parameters, progress)
    )
    return hand_over(place, outputs.model_dump_json())


def execute_claimed(step: ModuleType, run: str, place: str, document: str, **earlier: str) -> str:
    """Do as `execute` while keeping the claim of `run` on the identity that prepare has named."""
    parameters = _parameters(step, place, document, earlier)
    store, lost = open_store(parameters.place.store), list[FarandoleError]()

    def work(progress: Progress) -> Any:
        with kept(store, parameters.prepared.identity, Owner.here(run), ending(lost)):
            return step.run(parameters, progress)

    outputs = guarded(_name(step), parameters.place, work, lost)
    return hand_over(place, outputs.model_dump_json())


def settle(run: str, place: str, prepared: str) -> str:
    """Return "train" once `run` has the identity, "trained" when it or another run trained it."""
    where, identity = (
        Place.model_validate_json(place),
        json.loads(taken(place, prepared))["identity"],
    )
    store = open_store(where.store)

    def trained() -> bool:
        return outcome_of(store, identity) is not None

    mine = reported(
        "claim", where, lambda progress: follow(store, identity, Owner.here(run), trained, progress)
    )
    return "train" if mine else "trained"


def guarded(
    step: str,
    place: Place,
    work: Callable[[Progress], Outputs],
    lost: list[FarandoleError] | None = None,
) -> Outputs:
    """Do a step's work as `reported` does, and say when it starts and how long it took."""
    started = time.monotonic()
    write(place, step=step, state="started")
    outputs = reported(step, place, work, lost)
    write(place, step=step, state="finished", seconds=round(time.monotonic() - started, 3))
    return outputs


def reported(
    step: str,
    place: Place,
    work: Callable[[Progress], Outputs],
    lost: list[FarandoleError] | None = None,
) -> Outputs:
    """Do some work of a step; an error becomes one line of the progress file and an exit code.

    Raises SystemExit with the error's code, 130 after SIGTERM or Ctrl-C, 1 for a defect of ours.
    An error that another thread put into `lost` before it ended this process goes before all.
    """
    try:
        with _termination_unwinds():
            return work(_progress(step, place))
    except BaseException as error:
        _end(step, place, lost[0] if lost else error)


def ending(lost: list[FarandoleError]) -> Callable[[FarandoleError], None]:
    """Return what ends this process by SIGTERM, having put down why."""

    def end(error: FarandoleError) -> None:
        lost.append(error)
        os.kill(os.getpid(), signal.SIGTERM)

    return end


def write(place: Place, **line: Any) -> None:
    """Append one line to the progress file of a run."""
    if place.progress is not None:
        with Path(place.progress).open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")


def seconds(place: Place) -> dict[str, float]:
    """Return how long each finished step of this run took, in their order."""
    if place.progress is None or not Path(place.progress).exists():
        return {}
    lines = map(json.loads, Path(place.progress).read_text(encoding="utf-8").splitlines())
    return {line["step"]: line["seconds"] for line in lines if line.get("state") == "finished"}


def _parameters(step: ModuleType, place: str, document: str, earlier: dict[str, str]) -> Any:
    outputs = {name: json.loads(taken(place, text)) for name, text in earlier.items()}
    given = {"place": json.loads(place), "document": document, **outputs}
    return step.Parameters.model_validate_json(json.dumps(given))


def _progress(step: str, place: Place) -> Progress:
    return Progress(Path(place.progress) if place.progress else None, step)


def _name(step: ModuleType) -> str:
    """Return a step's name, also when it is the program itself (`__main__`)."""
    spec = step.__spec__
    return (spec.name if spec else step.__name__).rpartition(".")[2]


def _end(step: str, place: Place, error: BaseException) -> NoReturn:
    code, message = _verdict(error)
    if code == ExitCode.INTERRUPTED:
        write(place, step=step, state="interrupted")
    else:
        kind = type(error).__name__
        write(place, step=step, state="failed", kind=kind, error=message, exit_code=code)
        print(f"{step}: {message}", file=sys.stderr, flush=True)
    if code == UNEXPECTED:
        traceback.print_exception(error)
    raise SystemExit(code) from error


def _verdict(error: BaseException) -> tuple[int, str]:
    """Return the exit code of an error and what to tell the person."""
    if isinstance(error, FarandoleError):
        return int(error.exit_code), str(error)
    if isinstance(error, KeyboardInterrupt):
        return int(ExitCode.INTERRUPTED), "interrupted"
    if isinstance(error, OSError):
        return int(ExitCode.DATA), str(error)
    return UNEXPECTED, f"{type(error).__name__}: {error}"


@contextmanager
def _termination_unwinds() -> Iterator[None]:
    """Let SIGTERM unwind like Ctrl-C does, so that what a step has started is ended too."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
