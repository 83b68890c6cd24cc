"""The Model document: the desired state of one model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from farandole.api.forms import DnsLabel, LabelKey, LabelValue
from farandole.api.part import Part
from farandole.api.placement import Placement
from farandole.api.promotion import Promotion, Report, Retrain
from farandole.api.recipe import Recipe

API_VERSION = "farandole.dev/v1alpha1"
Text = Annotated[str, Field(max_length=262_144)]


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

    def only_on_a_cluster(self) -> tuple[str, ...]:
        """Name what is declared here that a run on one machine does not use, as paths in spec."""
        placement = {
            f"placement.{name}"
            for name in ("gpusPerWorker", "nodePool", "queue", "elastic")
            if name in self.placement.model_dump(by_alias=True, exclude_defaults=True)
        }
        retrain = {"retrain"} if self.retrain != Retrain() else set()
        return tuple(sorted(placement | retrain))


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
