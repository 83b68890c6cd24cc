#!/usr/bin/env bash
# The main job, timed: environment, download, pipeline. Ends with farandole's own exit code.
set -euo pipefail
cd "$(dirname "$0")/.."

now() { date +%s; }

begin=$(now)
bash tools/environment.sh
built=$(now)
.venv/bin/python operator/examples/fetch.py stamps --into .farandole/samples
fetched=$(now)
code=0
.venv/bin/farandole run operator/examples/01-smallest.yaml || code=$?
ended=$(now)

printf '\nenvironment %d s, download %d s, pipeline %d s\n' $((built - begin)) $((fetched - built)) $((ended - fetched))
exit "$code"
