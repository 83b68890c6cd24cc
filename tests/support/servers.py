"""Real servers for the tests: built once from pinned Go modules, kept in a cache of the user.

`python -m tests.support.servers minio` builds the S3 server that the contract of the S3 store runs
against (some 400 CPU seconds, once) and says where it lies.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic, sleep
from typing import TextIO
from urllib.error import URLError
from urllib.request import urlopen

import pytest

MODULES = Path(__file__).parents[1] / "servers"
CACHE = Path("~/.cache/farandole/servers").expanduser()
MAIN_PACKAGE = {"minio": "github.com/minio/minio"}
READY_SECONDS = 60
SAY_SECONDS = 10


def minio_binary() -> Path | str:
    """Return the built MinIO server, or the reason why there is none."""
    binary = _binary("minio")
    if binary.exists():
        return binary
    if shutil.which("go") is None:
        return "no Go compiler here to build the MinIO server, and none was built before"
    return "the MinIO server is not built yet: run `make servers` (some 400 CPU seconds, once)"


def required_minio() -> Path:
    """Return the MinIO server, else skip the test, or fail it where FARANDOLE_REQUIRE has go."""
    found = minio_binary()
    if isinstance(found, Path):
        return found
    if must_have("go"):
        pytest.fail(found)
    pytest.skip(found)


def must_have(tool: str) -> bool:
    """Say whether FARANDOLE_REQUIRE forbids to go on without the tool."""
    return tool in os.environ.get("FARANDOLE_REQUIRE", "").split(",")


@contextmanager
def minio_server(folder: Path, user: str, password: str) -> Iterator[str]:
    """Run a MinIO server over `folder` and give its host:port."""
    address = f"127.0.0.1:{free_port()}"
    environment = {
        "MINIO_ROOT_USER": user,
        "MINIO_ROOT_PASSWORD": password,
        "MINIO_UPDATE": "off",
        "MINIO_BROWSER": "off",
    }
    command = [str(required_minio()), "server", "--quiet", "--address", address, str(folder)]
    # "live" answers too early: a request sent between it and "cluster" hangs for 60 s (measured).
    with server(command, environment, f"http://{address}/minio/health/cluster"):
        yield address


@contextmanager
def server(command: list[str], environment: Mapping[str, str], ready: str) -> Iterator[None]:
    """Run a program until the block ends, which begins when the address `ready` answers."""
    environment = {**os.environ, **environment}
    with (
        TemporaryFile("w+") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            _wait(process, log, ready)
            yield
        finally:
            process.terminate()


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def build(name: str) -> Path:
    """Build the server unless it is in the cache; two builds at once take turns."""
    binary = _binary(name)
    binary.parent.mkdir(parents=True, exist_ok=True)
    with (binary.parent / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not binary.exists():
            _compile(name, binary)
    return binary


def build_name(name: str) -> str:
    """Name the build of a server by its pins."""
    module = MODULES / name
    pins = (module / "go.mod").read_bytes() + (module / "go.sum").read_bytes()
    return f"{name}-{hashlib.sha256(pins).hexdigest()[:16]}"


def _binary(name: str) -> Path:
    return CACHE / build_name(name)


def _compile(name: str, binary: Path) -> None:
    partial = binary.with_suffix(".partial")
    package = MAIN_PACKAGE[name]
    command = ["go", "build", "-v", "-trimpath", "-ldflags", "-s -w", "-o", str(partial), package]
    total = _count_packages(name, package)
    for done in _spaced(enumerate(_lines(command, MODULES / name), start=1)):
        print(f"building {name}: {done} of {total} packages", flush=True)
    partial.rename(binary)


def _spaced(counted: Iterator[tuple[int, str]]) -> Iterator[int]:
    """Pass on one count in SAY_SECONDS: enough to see that a long build goes on."""
    said = monotonic()
    for count, _ in counted:
        if monotonic() - said >= SAY_SECONDS:
            said = monotonic()
            yield count


def _count_packages(name: str, package: str) -> int:
    """Count what is to be compiled; the modules are downloaded for that."""
    print(f"fetching the modules of {name}", flush=True)
    return len(list(_lines(["go", "list", "-deps", package], MODULES / name)))


def _lines(command: list[str], folder: Path) -> Iterator[str]:
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        said = []
        for line in process.stdout or ():
            said.append(line)
            yield line
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{''.join(said[-20:])}")


def _wait(process: subprocess.Popen[bytes], log: TextIO, ready: str) -> None:
    deadline = monotonic() + READY_SECONDS
    while not _answers(ready):
        if process.poll() is not None:
            log.seek(0)
            raise RuntimeError(f"a server ended with {process.returncode}: {log.read()}")
        if monotonic() > deadline:
            raise TimeoutError(f"{ready} did not answer within {READY_SECONDS} s")
        sleep(0.05)


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=1) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def main(arguments: list[str]) -> int:
    """Build the named servers; without Go, say so, and fail only where Go must be there."""
    for name in arguments or sorted(MAIN_PACKAGE):
        if not _binary(name).exists() and shutil.which("go") is None:
            print(f"{name}: no Go compiler here, so the tests against the real server are skipped")
            return int(must_have("go"))
        print(f"{name}: {build(name)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
