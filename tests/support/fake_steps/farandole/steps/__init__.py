# mypy: ignore-errors
# mypy takes the real steps for these, whose names they bear.
"""Small steps that compute nothing, put before the real ones by PYTHONPATH; all else is real.

Each does what `behaviour.json` in the document's folder says under its name, and notes its turn
in `turns.txt` there.
"""

from __future__ import annotations

from pathlib import Path

import farandole

__path__ += [
    str(Path(root) / "steps")
    for root in farandole.__path__
    if (Path(root) / "steps" / "program.py").exists()
]
