"""Progress as bars, on a terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from farandole.cli.figures import duration, pace
from farandole.flows.events import Advanced, Event, Failed, Finished, Said, Started

STEP_WIDTH = 10
BAR_WIDTH = 14
_PHASE = Column(ratio=1, no_wrap=True, overflow="ellipsis")


class _Rate(ProgressColumn):
    """How many units a second, or a minute when they are slow."""

    def render(self, task: Task) -> Text:
        """Draw the column."""
        speed = task.finished_speed or task.speed
        return Text(pace(speed) if speed else "", style="dim")


class _Count(ProgressColumn):
    """How many of how many units."""

    def render(self, task: Task) -> Text:
        """Draw the column."""
        if "unit" not in task.fields:
            return Text("")
        of = "" if task.total is None else f"/{task.total:,.0f}"
        return Text(f"{task.completed:,.0f}{of} {task.fields['unit']}")


class Bars:
    """Shows a bar for each phase of the step that works, and one line for each that is done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("[bold]{task.fields[step]}", table_column=Column(width=STEP_WIDTH)),
            TextColumn("{task.description}", table_column=_PHASE),
            BarColumn(bar_width=BAR_WIDTH),
            _Count(table_column=Column(no_wrap=True, justify="right")),
            _Rate(table_column=Column(width=8, no_wrap=True, justify="right")),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            expand=True,
        )
        self._shown: dict[str, dict[str, TaskID]] = {}

    def __enter__(self) -> Bars:
        """Begin to draw."""
        self._bars.start()
        self._begin("pipeline")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear what is drawn; the lines above it stay."""
        self._bars.stop()

    def __call__(self, event: Event) -> None:
        """Take in the next event."""
        match event:
            case Started(step):
                self._clear("pipeline")
                self._begin(step)
            case Finished(step, seconds):
                self._clear(step)
                line = f"[green]✓[/] [bold]{step:<{STEP_WIDTH}}[/] [dim]{duration(seconds)}[/]"
                self._console.print(line)
            case Said(step, message):
                self._console.print(f"  [dim]{step:<{STEP_WIDTH}}[/] {escape(message)}")
            case Advanced():
                self._advance(event)
            case Failed(step):
                self._clear(step)
                self._console.print(f"[red]✗[/] [bold]{step}[/]")

    def _begin(self, step: str) -> None:
        self._shown[step] = {"": self._bars.add_task("starting", total=None, step=step)}

    def _advance(self, event: Advanced) -> None:
        shown = self._shown.setdefault(event.step, {})
        if event.phase not in shown:
            self._remove_finished(shown)
            shown[event.phase] = self._bars.add_task(
                escape(event.phase), total=event.total, step=event.step, unit=event.unit
            )
        self._bars.update(shown[event.phase], completed=event.done, total=event.total)

    def _remove_finished(self, shown: dict[str, TaskID]) -> None:
        finished = {task.id for task in self._bars.tasks if task.finished}
        for phase, bar in list(shown.items()):
            if not phase or bar in finished:
                self._remove(shown, phase)

    def _clear(self, step: str) -> None:
        shown = self._shown.pop(step, {})
        for phase in list(shown):
            self._remove(shown, phase)

    def _remove(self, shown: dict[str, TaskID], phase: str) -> None:
        self._bars.remove_task(shown.pop(phase))
