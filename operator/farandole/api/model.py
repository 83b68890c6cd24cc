"""The Model document: the desired state of one model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from farandole.api.errors import Problem
from farandole.api.part import Part
from farandole.api.placement import Placement
from farandole.api.promotion import Promotion, Report, Retrain
from farandole.api.recipe import Recipe

API_VERSION = "farandole.dev/v1alpha1"
DnsLabel = Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
Text = Annotated[str, Field(max_length=262_144)]
LabelKey = Annotated[str, Field(min_length=1, max_length=317)]
LabelValue = Annotated[str, Field(max_length=63, pattern=r"^([A-Za-z0-9]([\w.-]*[A-Za-z0-9])?)?$")]


class Metadata(Part):
    """The document's name, and marks that Farandole leaves alone."""

    name: DnsLabel = Field(description="Name of the model: small letters, digits and '-'.")
    namespace: DnsLabel | None = Field(None, description="Namespace on a cluster.")
    labels: dict[LabelKey, LabelValue] = Field({}, max_length=64, description="Marks to select by.")
    annotations: dict[LabelKey, Text] = Field({}, max_length=64, description="Notes.")


class ModelSpec(Part):
    """The desired state: what is trained, where, what becomes of it, and when again."""

    recipe: Recipe = Field(description="Everything that determines the result; hashed.")
    placement: Placement = Field(Placement(), description="Where and how fast; never hashed.")
    promotion: Promotion = Field(Promotion(), description="What becomes of a trained model.")
    retrain: Retrain = Field(Retrain(), description="When the model is trained again.")
    report: Report = Field(Report(), description="What the report of a run holds.")
    runner: Literal["KubeflowPipelines", "Job"] = Field(
        "KubeflowPipelines", description="What runs the pipeline on a cluster."
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse more workers than lanes."""
        lanes = self.recipe.training.lane_count()
        elastic = self.placement.elastic
        if self.placement.workers > lanes:
            advice = f"at most {lanes} workers, or more lanes in recipe.training.lanes"
            received = str(self.placement.workers)
            yield Problem("placement.workers", received, f"workers <= {lanes} lanes", advice)
        if elastic is not None and elastic.max > lanes:
            yield Problem("placement.elastic.max", str(elastic.max), f"at most {lanes} lanes")


class Model(Part):
    """One model that Farandole keeps trained."""

    api_version: Literal["farandole.dev/v1alpha1"] = Field(description="Version of this schema.")
    kind: Literal["Model"] = Field(description="Kind of the document.")
    metadata: Metadata = Field(description="The document's name.")
    spec: ModelSpec = Field(description="The desired state.")

    @property
    def registered_model(self) -> str:
        """Name in the registry: the declared one, or the document's."""
        return self.spec.promotion.registered_model or self.metadata.name
