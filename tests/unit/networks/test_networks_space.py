from __future__ import annotations

import optuna

from farandole.api import Choice, Integer, LogUniform, Parameter, Uniform
from farandole.networks.space import suggest

SPACE = (
    Parameter(parameter="a", uniform=Uniform(low=0.0, high=1.0)),
    Parameter(parameter="b", log_uniform=LogUniform(low=1e-4, high=1e-1)),
    Parameter(parameter="c", integer=Integer(low=8, high=64, step=8)),
    Parameter(parameter="d", choice=Choice(names=("relu", "tanh"))),
    Parameter(parameter="e", choice=Choice(numbers=(1.0, 2.5))),
)


def test_an_optuna_trial_proposes_one_value_for_every_parameter() -> None:
    values = {"a": 0.5, "b": 0.01, "c": 16, "d": "tanh", "e": 2.5}
    assert suggest(optuna.trial.FixedTrial(values), SPACE) == values


def test_proposals_keep_to_the_declared_values() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    proposals = [suggest(study.ask(), SPACE) for _ in range(50)]
    assert {proposal["c"] for proposal in proposals} <= set(range(8, 65, 8))
    assert {proposal["d"] for proposal in proposals} == {"relu", "tanh"}
    small = [proposal for proposal in proposals if float(proposal["b"]) < 1e-2]
    assert 20 < len(small) < 45  # two of the three orders of magnitude


def test_a_trial_knows_its_parameters_by_their_paths_in_the_recipe() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    trial = study.ask()
    suggest(trial, SPACE)
    assert list(trial.params) == ["a", "b", "c", "d", "e"]
