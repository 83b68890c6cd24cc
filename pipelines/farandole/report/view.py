"""How the report reads what was found: it takes what it shows, and nothing else."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """A frozen part of the report.

    `View.model_validate(found)` reads an object that has these fields and more (a decision, a
    confusion matrix), or its JSON: what the report does not show is left behind.
    """

    model_config = ConfigDict(
        frozen=True, extra="ignore", from_attributes=True, allow_inf_nan=False
    )
