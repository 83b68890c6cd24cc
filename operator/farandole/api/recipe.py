"""Everything that determines the result: the recipe is hashed, and nothing else is."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from farandole.api.data import Data
from farandole.api.evaluation import Evaluation, Metric
from farandole.api.features import Features
from farandole.api.network import Network
from farandole.api.optimizers import CrossEntropy, Loss, MeanSquaredError
from farandole.api.part import Part
from farandole.api.training import Training
from farandole.api.tuning import Tuning

TaskKind: TypeAlias = Literal["ImageClassification", "TabularClassification", "TabularRegression"]


class Task(Part):
    """What the model is for."""

    kind: TaskKind = Field(description="What is predicted from what; RatingPrediction is reserved.")

    @property
    def is_classification(self) -> bool:
        """Whether classes are predicted, not values."""
        return self.kind.endswith("Classification")

    @field_validator("kind", mode="before")
    @classmethod
    def _is_served(cls, kind: object) -> object:
        if kind == "RatingPrediction":
            instead = "ImageClassification, TabularClassification or TabularRegression"
            raise PydanticCustomError("not_yet", "{instead}", {"instead": instead})
        return kind


class Recipe(Part):
    """Everything that determines the result."""

    task: Task = Field(description="What the model is for.")
    data: Data = Field(description="The rows, and how they are split.")
    features: Features = Field(Features(), description="How rows become numbers.")
    network: Network = Field(
        Network(), description="The network that is trained; left out: one linear layer."
    )
    training: Training = Field(Training(), description="How the network is trained.")
    tuning: Tuning | None = Field(
        None, description="A search for better parameters; left out: no search."
    )
    evaluation: Evaluation = Field(Evaluation(), description="How the model is judged.")

    @property
    def metric(self) -> Metric:
        """The metric that decides: the declared one, or the task's."""
        return self.evaluation.metric or default_metric(self.task)

    @property
    def loss(self) -> Loss:
        """The loss that training makes small: the declared one, or the task's."""
        return self.training.loss or default_loss(self.task)


def default_metric(task: Task) -> Metric:
    """Give the metric that decides where a document names none."""
    return "balancedAccuracy" if task.is_classification else "rmse"


def default_loss(task: Task) -> Loss:
    """Give the loss where a document names none."""
    if task.is_classification:
        return Loss(cross_entropy=CrossEntropy())
    return Loss(mean_squared_error=MeanSquaredError())
