"""Optimizers of a document in Keras."""

from __future__ import annotations

import keras

from farandole.api.optimizers import Adam, Adamw, Optimizer, Rmsprop, Sgd


def optimizer(declared: Optimizer) -> keras.optimizers.Optimizer:
    """Make the Keras optimizer; its learning rate is a variable, and it clips nothing itself."""
    match declared.chosen()[1]:
        case Sgd() as sgd:
            return keras.optimizers.SGD(
                sgd.learning_rate, momentum=sgd.momentum, nesterov=sgd.nesterov
            )
        case Rmsprop() as rmsprop:
            return keras.optimizers.RMSprop(
                rmsprop.learning_rate,
                rho=rmsprop.rho,
                momentum=rmsprop.momentum,
                epsilon=rmsprop.epsilon,
            )
        case Adam() as adam:
            return keras.optimizers.Adam(**_moments(adam))
        case Adamw() as adamw:
            return keras.optimizers.AdamW(**_moments(adamw), weight_decay=adamw.weight_decay)
    raise AssertionError(declared)


def _moments(adam: Adam | Adamw) -> dict[str, float]:
    return {
        "learning_rate": adam.learning_rate,
        "beta_1": adam.beta1,
        "beta_2": adam.beta2,
        "epsilon": adam.epsilon,
    }
