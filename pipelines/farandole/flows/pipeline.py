"""The one pipeline: what Kubeflow runs on a cluster and `farandole run` runs here.

Kubeflow reads the annotations as objects, so that they cannot be postponed here.
"""

from collections.abc import Callable
from typing import Any

from kfp import dsl

from farandole.flows import components


def pipeline(name: str, image: str = components.IMAGE) -> Any:
    """Return the pipeline under the name of a model; its parameters are JSON texts.

    document: the Model document. place: where steps read and write. An identity that was trained
    before skips everything after its claim.
    """
    named: Callable[[Callable[..., None]], Any] = dsl.pipeline(
        name=name, description="Declare a model; Farandole keeps it trained."
    )

    @named
    def farandole(document: str, place: str) -> None:
        run = dsl.PIPELINE_JOB_ID_PLACEHOLDER
        given: dict[str, Any] = {"run": run, "place": place, "document": document}

        def task(component: Any, **inputs: Any) -> Any:
            made = component(**inputs)
            made.set_caching_options(False)  # one cache, ours: Kubeflow's key knows no digests
            made.set_container_image(image)
            return made

        prepared = task(components.prepare, place=place, document=document).output
        # kfp.local resolves a condition only on a task's single, unnamed output; on a named one
        # it warns and skips the branch (2.17).
        claimed = task(components.claim, run=run, place=place, prepared=prepared).output
        with dsl.If(claimed == "train", name="not-trained-before"):
            given["prepared"] = prepared
            given["featurized"] = task(components.featurize, **given).output
            given["tuned"] = task(components.tune, **given).output
            given["trained"] = task(components.train, **given).output
            given["evaluated"] = task(components.evaluate, **given).outputs["Output"]
            registered = task(components.register, **given).outputs["Output"]
            task(components.gate, place=place, registered=registered)

    return farandole
