"""How every command ends when something is wrong: one message, one exit code, no traceback."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from types import FrameType
from typing import Any, NoReturn

import typer

from farandole.api import DocumentError, ExitCode, FarandoleError
from farandole.cli.consoles import err


@contextmanager
def ending(as_json: bool) -> Iterator[None]:
    """Turn an error into its message and exit code, and Ctrl-C into the way to go on."""
    try:
        with _hung_up_is_interrupted():
            yield
    except KeyboardInterrupt:
        _interrupted(as_json)
    except FarandoleError as error:
        _failed(error, as_json)
    except OSError as error:
        message = _refused(error)
        _end(ExitCode.DATA, {"error": message, "kind": "OSError"}, message, as_json)


def resume_command() -> str:
    """Return the command that was typed: typing it again goes on."""
    return shlex.join(["farandole", *sys.argv[1:]])


def _failed(error: FarandoleError, as_json: bool) -> NoReturn:
    code = int(getattr(error, "code", error.exit_code))
    told: dict[str, Any] = {"error": str(error), "kind": getattr(error, "kind", _kind(error))}
    if isinstance(error, DocumentError):
        told["problems"] = [asdict(problem) for problem in error.problems]
    step = getattr(error, "step", "")
    if step:
        told["step"] = step
    _end(code, told, f"{step}: {error}" if step else str(error), as_json)


def _refused(error: OSError) -> str:
    if error.filename is None:
        return str(error)
    reason = error.strerror or str(error)
    return (
        f"{error.filename}: expected to read or write it, received {reason}; mend that, run again"
    )


def _interrupted(as_json: bool) -> NoReturn:
    resume = resume_command()
    message = f"Interrupted; everything it started has ended. To go on from here:\n\n  {resume}\n"
    told = {"error": "interrupted", "kind": "Interrupted", "resume": resume}
    _end(ExitCode.INTERRUPTED, told, message, as_json)


def _end(code: int, told: dict[str, Any], message: str, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(json.dumps({**told, "exit_code": int(code)}))
    else:
        err().print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(int(code))


def _kind(error: FarandoleError) -> str:
    return type(error).__name__


@contextmanager
def _hung_up_is_interrupted() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end a command as Ctrl-C does."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {sent: signal.signal(sent, interrupt) for sent in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for sent, handler in before.items():
            signal.signal(sent, handler)
