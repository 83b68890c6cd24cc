"""Learning curves and tuning trials: figures over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from farandole.report.charts.plot import Dot, Frame, Line, Plot, path
from farandole.report.charts.scale import Scale, Tick, scale_of
from farandole.report.sections import Learning, Trial, Tuning
from farandole.report.wording import figure, words

_FRAME = Frame(width=414, height=270)
_WIDE = Frame(width=860, height=250)
_POINTS = 300

Series = dict[str, list[tuple[float, float]]]
Each = TypeVar("Each")


def learning_plots(learning: Learning) -> tuple[Plot, ...]:
    """A plot for the loss, then one for each other figure of train, validation or checkpoints."""
    seen = {name for epoch in learning.history for name in epoch.train | epoch.validation}
    names = sorted(seen.union(*(each.figures for each in learning.observed)))
    names.sort(key=lambda name: name != "loss")
    frame = _FRAME if len(names) > 1 else _WIDE
    return tuple(_learning_plot(name, learning, frame) for name in names)


def _learning_plot(name: str, learning: Learning, frame: Frame) -> Plot:
    history = _thinned(learning.history)
    series: Series = {
        "train": [(each.epoch, each.train[name]) for each in history if name in each.train],
        "validation": [
            (each.epoch, each.validation[name]) for each in history if name in each.validation
        ],
        "observed": [
            (each.epoch, each.figures[name])
            for each in _thinned(learning.observed)
            if name in each.figures
        ],
    }
    points = [point for line in series.values() for point in line]
    x = _epochs([epoch for epoch, _ in points], frame)
    y = scale_of([value for _, value in points], frame.y_end, frame.top)
    lines = tuple(Line(kind, kind, path(line, x, y)) for kind, line in series.items() if line)
    best = learning.best_epoch
    shown = best is not None and x.low <= best <= x.high
    return Plot(
        frame=frame,
        title=words(name).capitalize(),
        says=f"{words(name)} by epoch: {_ends(series)}",
        x_title="epoch",
        y_title=words(name),
        x_ticks=_whole(x),
        y_ticks=y.ticks(),
        lines=lines,
        dots=_lone_dots(series, x, y),
        rule=Tick(x(best), f"best: {best}") if best is not None and shown else None,
    )


def tuning_plot(tuning: Tuning) -> Plot | None:
    """Every trial's value in order; the document's own and the chosen one stand out."""
    done = [(trial, trial.value) for trial in tuning.trials if trial.value is not None]
    if not done:
        return None
    x = _epochs([trial.number for trial, _ in done], _WIDE)
    y = scale_of([value for _, value in done], _WIDE.y_end, _WIDE.top, margin=0.1)
    dots = [
        Dot(_kind(trial, tuning), x(trial.number), y(value), 5, f"trial {trial.number}: {value:g}")
        for trial, value in done
    ]
    return Plot(
        frame=_WIDE,
        title="Trials",
        says=f"{words(tuning.metric)} on validation rows of {len(done)} trials",
        x_title="trial",
        y_title=words(tuning.metric),
        x_ticks=_whole(x),
        y_ticks=y.ticks(4),
        dots=tuple(sorted(dots, key=lambda dot: dot.kind == "chosen")),
    )


def _kind(trial: Trial, tuning: Tuning) -> str:
    if trial.number == tuning.chosen:
        return "chosen"
    return "default" if trial.number == 0 else "trial"


def _thinned(history: Sequence[Each]) -> Sequence[Each]:
    """At most so many points as the plot has room for, the last one among them."""
    every = max(1, len(history) // _POINTS)
    return [*history[: -1 or None : every], *history[-1:]]


def _epochs(numbers: Sequence[float], frame: Frame) -> Scale:
    low, high = min(numbers, default=0), max(numbers, default=1)
    room = 0.5 if low == high else 0.02 * (high - low)
    return Scale(low - room, high + room, frame.left, frame.x_end)


def _whole(x: Scale) -> tuple[Tick, ...]:
    return tuple(tick for tick in x.ticks(8) if "." not in tick.label)


def _lone_dots(series: Series, x: Scale, y: Scale) -> tuple[Dot, ...]:
    """A line of one point is not seen: it is drawn as a dot."""
    lone = [(kind, line[0]) for kind, line in series.items() if len(line) == 1]
    return tuple(Dot(kind, x(at), y(value), 4) for kind, (at, value) in lone)


def _ends(series: Series) -> str:
    return "; ".join(
        f"{kind} from {figure(line[0][1])} to {figure(line[-1][1])}"
        for kind, line in series.items()
        if line
    )
