from hypothesis import given
from hypothesis import strategies as st

from farandole.ring.learner import Epoch
from farandole.ring.standing import Standing, after_epoch


def run(
    losses: list[float | None], patience: int | None, gain: float = 0.0, epochs: int = 99
) -> Standing:
    standing = Standing()
    for number, loss in enumerate(losses):
        standing = after_epoch(standing, epoch(number, loss), epochs, patience, gain)
        if standing.finished:
            break
    return standing


def epoch(number: int, loss: float | None) -> Epoch:
    validation = {} if loss is None else {"loss": loss}
    return Epoch(
        epoch=number, steps=10 * (number + 1), learning_rate=0.1, train={}, validation=validation
    )


def test_training_stops_once_no_epoch_of_the_patience_was_better() -> None:
    standing = run([3.0, 2.0, 2.5, 2.0, 1.0], patience=2)
    assert (standing.finished, standing.stopped_early) == (True, True)
    assert (standing.epochs, standing.best_epoch, standing.best_step) == (4, 1, 20)


def test_a_better_epoch_starts_the_patience_anew() -> None:
    assert run([3.0, 3.1, 2.9, 3.0, 2.8], patience=2).finished is False


def test_a_gain_below_the_least_is_no_gain() -> None:
    standing = run([3.0, 2.95, 2.92], patience=2, gain=0.1)
    assert standing.stopped_early
    assert standing.best_epoch == 0


def test_without_patience_training_goes_to_the_last_epoch_and_keeps_the_best() -> None:
    standing = run([1.0, 2.0, 3.0], patience=None, epochs=3)
    assert (standing.finished, standing.stopped_early, standing.best_epoch) == (True, False, 0)


def test_patience_that_ends_with_the_last_epoch_stopped_nothing_early() -> None:
    assert run([1.0, 2.0], patience=1, epochs=2).stopped_early is False


def test_without_validation_rows_the_last_epoch_is_the_best() -> None:
    assert run([None, None, None], patience=1, epochs=3).best_epoch == 2


@given(st.lists(st.floats(0, 10), min_size=1, max_size=30), st.integers(1, 5), st.integers(0, 29))
def test_a_standing_that_went_through_a_checkpoint_decides_the_same(
    losses: list[float], patience: int, cut: int
) -> None:
    standing = Standing()
    for number, loss in enumerate(losses):
        if number == cut:
            standing = Standing.model_validate_json(standing.model_dump_json())
        standing = after_epoch(standing, epoch(number, loss), 30, patience, 0.0)
        if standing.finished:
            break
    assert standing == run(list(losses), patience, epochs=30)
