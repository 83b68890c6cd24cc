"""Write the pipeline as Kubeflow reads it; needs neither TensorFlow nor MLflow."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from kfp.compiler import Compiler
from kfp.compiler.compiler_utils import KubernetesManifestOptions

from farandole.flows.components import IMAGE
from farandole.flows.pipeline import pipeline


def compile_pipeline(
    name: str, target: Path, arguments: Mapping[str, str], image: str = IMAGE
) -> None:
    """Write the intermediate representation, with `arguments` as the parameters' defaults."""
    Compiler().compile(pipeline(name, image), str(target), pipeline_parameters=dict(arguments))


def compile_manifests(
    name: str, target: Path, arguments: Mapping[str, str], namespace: str, image: str = IMAGE
) -> None:
    """Write the Kubernetes-native manifests: a Pipeline and a PipelineVersion.

    A PipelineVersion never changes, so that its name carries the digest of what it holds.
    """
    compile_pipeline(name, target, arguments, image)
    version = f"{name}-{hashlib.sha256(target.read_bytes()).hexdigest()[:10]}"
    Compiler().compile(
        pipeline(name, image),
        str(target),
        pipeline_parameters=dict(arguments),
        kubernetes_manifest_format=True,
        kubernetes_manifest_options=KubernetesManifestOptions(
            pipeline_name=name,
            pipeline_version_name=version,
            namespace=namespace,
            include_pipeline_manifest=True,
        ),
    )
