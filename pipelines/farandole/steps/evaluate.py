"""evaluate: judge the model and its baselines on rows that none of them has seen, and decide."""

from __future__ import annotations

import sys

from farandole.api.progress import Progress
from farandole.data.store import Store, open_store
from farandole.evaluation.decision import Decision
from farandole.steps import program, train
from farandole.steps.cache import cached, step_key
from farandole.steps.place import StepOutputs


class Parameters(train.Parameters):
    """Everything that the steps before have left; the test rows are opened here, once."""

    trained: train.Outputs


class Outputs(StepOutputs):
    """The decision, the metrics, what the Kubeflow UI draws, and where the evidence lies."""

    decision: Decision
    metrics: dict[str, float]
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    roc: tuple[tuple[float, float, float], ...]
    evidence: str


def run(parameters: Parameters, progress: Progress) -> Outputs:
    """Decide; the same model on the same rows against the same champion is not judged twice."""
    from farandole.steps.registering.incumbent import open_champion

    store, model = open_store(parameters.place.store), parameters.model()
    champion = open_champion(parameters.place, model)
    own = f"runs/{parameters.prepared.identity}/evaluation.json"
    if champion and champion.identity == parameters.prepared.identity and store.exists(own):
        # Promoted, and killed before its outcome was written: it is not judged against itself.
        return Outputs.model_validate_json(store.get(own))
    key = step_key(
        "evaluate",
        arrays=parameters.featurized.arrays,
        model=parameters.trained.model,
        identity=parameters.prepared.identity,
        champion=[champion.version.uri, champion.identity] if champion else None,
        gate=model.spec.promotion.model_dump(mode="json"),
    )

    def compute() -> Outputs:
        from farandole.steps.judging.verdict import evaluate

        return evaluate(parameters, store, champion, progress)

    count_decision(store, parameters)
    outputs = cached(store, key, Outputs, compute)
    store.put(own, outputs.model_dump_json().encode())
    return outputs


def count_decision(store: Store, parameters: Parameters) -> int:
    """Note that this identity was decided on its test split; return how many others were."""
    prefix = f"decisions/{parameters.prepared.prefix.replace('/', '-')}"
    before = [
        stat for stat in store.list(prefix) if not stat.key.endswith(parameters.prepared.identity)
    ]
    store.put_if_absent(f"{prefix}/{parameters.prepared.identity}", b"decided")
    return len(before)


if __name__ == "__main__":
    program.main(sys.modules[__name__])
