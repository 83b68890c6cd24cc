"""Training: the same rows in the same steps on any number of ranks, resumable at every step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic

import numpy as np
import tensorflow as tf

from farandole.api.errors import RingError
from farandole.api.progress import SILENT, Progress
from farandole.ring.checkpoints import Checkpoints
from farandole.ring.collective import Collective
from farandole.ring.determinism import make_ops_deterministic
from farandole.ring.feed import Feed, Share
from farandole.ring.guards import look, not_finite
from farandole.ring.keeping import Keeper
from farandole.ring.lanes import MISSING, Lanes, check_ranks, lanes_of
from farandole.ring.learner import Epoch, Fitted, Learner, Rows, Settings
from farandole.ring.loss_scale import initial_scale, overflow_notices
from farandole.ring.running import running_from
from farandole.ring.standing import Standing, after_epoch
from farandole.ring.step import Control, Outcome, Step
from farandole.ring.stores import MemoryStore, Store
from farandole.ring.timing import Stopwatch
from farandole.ring.validation import Validation, means
from farandole.ring.writer import Writer


def fit(
    learner: Learner,
    train: Rows,
    validation: Rows | None,
    settings: Settings,
    collective: Collective,
    store: Store | None = None,
    prefix: str = "checkpoints/job",
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    progress: Progress = SILENT,
    stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = monotonic,
) -> Fitted:
    """Train `learner` from its newest checkpoint under `prefix`, if any, to its best weights.

    All ranks call it with the same rows and settings. `on_epoch` is called on rank 0. When `stop`
    is true on any rank, all stop after the same step, with a checkpoint. Raises `RingError` where
    a number is not finite, ranks differ, another rank is lost, or a newer writer has taken over.
    """
    if settings.reproducible:
        make_ops_deterministic()
    kept = MemoryStore() if store is None else store
    training = _Training(learner, train, validation, settings, collective, kept, prefix, clock)
    return training.run(on_epoch, progress, stop)


class _Training:
    def __init__(
        self,
        learner: Learner,
        train: Rows,
        validation: Rows | None,
        settings: Settings,
        collective: Collective,
        store: Store,
        prefix: str,
        clock: Callable[[], float],
    ) -> None:
        self._learner = learner
        self._settings = settings
        self._collective = collective
        self._rows = train
        self._lanes = Lanes(len(train), settings.global_batch, settings.lanes)
        uneven = check_ranks(collective.size, settings.lanes)
        self._notices: tuple[str, ...] = (uneven,) if uneven else ()
        mine = lanes_of(collective.rank, collective.size, settings.lanes)
        self._feed = Feed(train, self._lanes, mine, settings.seed)
        learner.optimizer.build(learner.model.trainable_variables)
        self._step = Step(learner, collective, settings)
        self._validation = validation and Validation(
            learner, validation, collective, len(mine) * self._lanes.width
        )
        checkpoints = _checkpoints(settings, collective, store, prefix)
        self._writer = Writer(checkpoints.write, clock)
        self._keeper = Keeper(learner, collective, checkpoints, self._writer)
        self._running = running_from(Standing())
        self._watch = Stopwatch(clock)
        self._saved = clock()
        self._agreed = self._resumed = 0

    def run(
        self,
        on_epoch: Callable[[Epoch], None],
        progress: Progress,
        stop: Callable[[], bool],
    ) -> Fitted:
        with self._watch.on("total"), self._writer:
            self._resume()
            if not self._standing.finished:
                self._train(on_epoch, progress, stop)
            self._end()
        return self._fitted()

    @property
    def _standing(self) -> Standing:
        """How training stood when its last epoch closed."""
        return self._running.standing

    def _resume(self) -> None:
        with self._watch.on("resume"):
            standing, torn = self._keeper.resume()
        scale = initial_scale(self._settings.precision)
        self._running = running_from(standing or Standing(loss_scale=scale.value))
        self._resumed = self._agreed = self._running.steps
        self._notices += torn

    def _train(
        self,
        on_epoch: Callable[[Epoch], None],
        progress: Progress,
        stop: Callable[[], bool],
    ) -> None:
        end = self._settings.epochs * self._lanes.steps
        with self._feed.shares(self._running.steps, end, _on_device) as shares:
            stopped = False
            while not (self._standing.finished or stopped):
                stopped = self._advance(shares, stop(), on_epoch)
                self._say(progress)

    def _advance(
        self, shares: Iterator[Share], stop: bool, on_epoch: Callable[[Epoch], None]
    ) -> bool:
        """Take one step and all that falls due after it; return whether all ranks are to stop."""
        outcome = self._take(shares, stop)
        best = self._standing.best_step
        if self._running.steps % self._lanes.steps == 0:
            self._close_epoch(on_epoch)
        self._compare()
        found = self._standing.best_step != best
        if outcome.save or outcome.stop or found or self._standing.finished:
            self._save()
        return outcome.stop

    def _take(self, shares: Iterator[Share], stop: bool) -> Outcome:
        running, watch = self._running, self._watch
        self._writer.check()
        self._collective.beat(running.steps)
        began = watch.clock()
        share = next(shares)
        began = watch.since(began, "input")
        control = Control(
            step=running.steps,
            learning_rate=self._learner.schedule(running.steps),
            loss_scale=running.scale.value,
            save=self._is_due(began),
            stop=stop,
        )
        outcome = self._together(share, control)
        self._count(began, outcome)
        self._account(share, outcome)
        return outcome

    def _count(self, began: float, outcome: Outcome) -> None:
        """Count a step's time; the first one of a life is compiled in it, and counts as that."""
        if "tracing" not in self._watch.seconds:
            self._watch.since(began, "tracing")
            return
        self._watch.since(began, "compute")
        self._watch.move(outcome.reduction_seconds, "compute", "reduction")

    def _is_due(self, now: float) -> bool:
        """Whether rank 0 wishes for a checkpoint: never while one is under way, but then at once.

        It falls due so early that it is complete when the interval ends: that is what a kill may
        cost. The others know nothing of the writer, so that it is not for them to wish.
        """
        interval = self._settings.checkpoint_seconds
        ahead = min(self._writer.longest, interval / 2)
        late = now - self._saved >= interval - ahead
        return late and self._collective.rank == 0 and self._writer.idle

    def _together(self, share: Share, control: Control) -> Outcome:
        try:
            return self._step(share, control)
        except (tf.errors.UnknownError, tf.errors.AbortedError) as error:
            raise RingError(
                f"rank {self._collective.rank}, step {control.step}: the ring broke, because "
                f"another rank stopped or hung ({str(error).strip().splitlines()[0][:300]})"
            ) from error

    def _account(self, share: Share, outcome: Outcome) -> None:
        scale = self._running.scale
        half = self._settings.precision == "mixedFloat16"
        if not outcome.finite:
            self._refuse_unless_overflow(share, outcome, half and not scale.after(False).exhausted)
        if half:
            self._running.scale = scale.after(outcome.finite)
        self._running.count(outcome)

    def _refuse_unless_overflow(self, share: Share, outcome: Outcome, scalable: bool) -> None:
        """Go on where only scaled half-precision gradients overflowed: a lower scale cures that."""
        if scalable and np.isfinite(outcome.sums).all():
            return
        losses, gradients = self._step.local(share)
        names = [variable.path for variable in self._learner.model.trainable_variables]
        ids = ["" if p == MISSING else self._rows.ids[p] for p in share.positions]
        inputs = tuple(np.asarray(values) for values in (share.x, share.y, share.weight))
        named = dict(zip(names, gradients, strict=True))
        seen = look(self._collective.rank, ids, inputs, losses, named)
        raise not_finite(self._running.steps, self._collective.gather(seen))

    def _close_epoch(self, on_epoch: Callable[[Epoch], None]) -> None:
        standing, settings = self._running.stand(), self._settings
        with self._watch.on("validation"):
            validated = self._validation.means(standing.steps) if self._validation else {}
        epoch = Epoch(
            epoch=standing.epochs,
            steps=standing.steps,
            learning_rate=self._learner.schedule(standing.steps - 1),
            train=means(np.asarray(standing.sums), ("loss", *self._learner.metrics)),
            validation=validated,
        )
        self._running = running_from(
            after_epoch(standing, epoch, settings.epochs, settings.patience, settings.minimum_gain)
        )
        if self._collective.rank == 0:
            on_epoch(epoch)

    def _compare(self) -> None:
        every, steps = self._settings.digest_every, self._running.steps
        if every and steps % every == 0:
            with self._watch.on("digest"):
                self._keeper.compare(steps, self._agreed)
            self._agreed = steps

    def _save(self) -> None:
        with self._watch.on("checkpoint"):
            self._keeper.save(self._running.stand(), self._agreed)
        self._agreed = self._running.steps
        self._saved = self._watch.clock()

    def _end(self) -> None:
        """Wait until all is written, and take the best weights once training has finished."""
        with self._watch.on("checkpoint"):
            self._writer.drain()
            if self._standing.finished and self._standing.best_step != self._running.steps:
                self._keeper.restore(self._standing.best_step)

    def _say(self, progress: Progress) -> None:
        if self._collective.rank == 0:
            total = self._settings.epochs * self._lanes.steps
            done = total if self._standing.finished else self._running.steps
            progress.update("train", done, total, "steps", epoch=self._standing.epochs)

    def _fitted(self) -> Fitted:
        standing = self._running.stand()
        return Fitted(
            best_step=standing.best_step,
            best_epoch=standing.best_epoch,
            steps=standing.steps,
            resumed=self._resumed,
            history=standing.history,
            seconds=dict(self._watch.seconds),
            stopped_early=standing.stopped_early,
            interrupted=not standing.finished,
            skipped=standing.skipped,
            notices=self._notices + overflow_notices(standing.skipped),
        )


def _on_device(share: Share) -> Share:
    """Make tensors of a share's rows, in the thread that gathered them."""
    x, y, weight = (tf.constant(values) for values in (share.x, share.y, share.weight))
    return Share(x, y, weight, share.positions)


def _checkpoints(
    settings: Settings, collective: Collective, store: Store, prefix: str
) -> Checkpoints:
    return Checkpoints(
        store=store,
        prefix=prefix,
        identity=settings.identity,
        fence=settings.fence,
        keep=settings.keep,
        lanes=settings.lanes,
        global_batch=settings.global_batch,
        world_size=collective.size,
    )
