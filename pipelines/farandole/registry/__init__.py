"""The registry: MLflow tracking, registration, aliases, lineage, and the registered artifact.

Importing it imports neither MLflow nor TensorFlow; what needs them loads them when it is used.
"""

from farandole.registry.artifact import write
from farandole.registry.bundle import Bundle, ImageSize
from farandole.registry.champion import Champion, champion
from farandole.registry.lineage import Lineage, Sighting, SplitRows, sightings
from farandole.registry.memory import InMemoryTracker
from farandole.registry.predict import ClassProbability, Prediction, predict
from farandole.registry.servers import Command, serve_command, ui_command
from farandole.registry.surroundings import git_commit, library_versions
from farandole.registry.tracking import Point, Run, Tracker, Version, open_tracker
from farandole.registry.verify import RegistrationError, check

__all__ = [
    "Bundle",
    "Champion",
    "ClassProbability",
    "Command",
    "ImageSize",
    "InMemoryTracker",
    "Lineage",
    "Point",
    "Prediction",
    "RegistrationError",
    "Run",
    "Sighting",
    "SplitRows",
    "Tracker",
    "Version",
    "champion",
    "check",
    "git_commit",
    "library_versions",
    "open_tracker",
    "predict",
    "serve_command",
    "sightings",
    "ui_command",
    "write",
]
