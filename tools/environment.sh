#!/usr/bin/env bash
# Brings up .venv from uv.lock: checks what must be there, installs uv into .uv, builds Horovod once.
# Says all that is missing at once; without a C++ compiler or where Horovod cannot be built, goes on with one process.
set -euo pipefail
cd "$(dirname "$0")/.."

uv_version=0.13.9
stamp=.venv/.farandole-lock
missing=()

find_python() {
  for candidate in python3.11 python3.12 python3; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys, venv; raise SystemExit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
}

python=$(find_python)
[ -n "$python" ] || missing+=("Python 3.11 or 3.12 with its venv module")
command -v c++ >/dev/null 2>&1 || command -v g++ >/dev/null 2>&1 || missing+=("a C++ compiler (g++ or clang++), which builds Horovod")
command -v make >/dev/null 2>&1 || missing+=("make, which builds Horovod")
if [ ${#missing[@]} -gt 0 ]; then
  printf 'missing: %s\n' "${missing[@]}" >&2
  exit 1
fi

wanted="$(cat uv.lock pyproject.toml | cksum) $python"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
  exit 0
fi

started=$(date +%s)
if [ ! -x .uv/bin/uv ] || [ "$(.uv/bin/uv --version | cut -d' ' -f2)" != "$uv_version" ]; then
  echo "environment: installing uv $uv_version into .uv"
  "$python" -m venv .uv
  .uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version"
fi

# Seven headers that TensorFlow's wheel no longer ships whole: tools/horovod/README.md.
export CXXFLAGS="-I$PWD/tools/horovod/include"
# A path inside CXXFLAGS is no part of uv's cache key, so a second clone finds the wheel that the first one built.
extras=(--extra operator --extra pipelines --extra cpu)

watch() { # say every 20 s that a silent build is still going on
  while sleep 20; do echo "environment: still at it after $(($(date +%s) - started)) s (the first build of Horovod takes 3 to 6 minutes)"; done
}
sync() {
  .uv/bin/uv sync --frozen --python "$python" --no-progress "$@"
}

echo "environment: installing from uv.lock into .venv"
watch &
watcher=$!
trap 'kill "$watcher" 2>/dev/null || true' EXIT
if sync "${extras[@]}" --extra ring >.environment.log 2>&1; then
  echo "environment: ready, with Horovod, in $(($(date +%s) - started)) s"
elif sync "${extras[@]}" >>.environment.log 2>&1; then
  echo "environment: Horovod could not be built (.environment.log says why); one process will train" >&2
  echo "environment: ready, without Horovod, in $(($(date +%s) - started)) s"
else
  tail -n 30 .environment.log >&2
  echo "environment: uv sync failed; the whole log is .environment.log" >&2
  exit 1
fi
printf '%s\n' "$wanted" >"$stamp"
