import struct
from pathlib import Path

from farandole.launch.silence import Silence


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def beat(folder: Path, rank: int, step: int, beats: int = 1) -> None:
    (folder / f"{rank}.step").write_bytes(struct.pack("<qq", step, beats))


def watch(folder: Path, clock: Clock, progress: Path | None = None) -> Silence:
    return Silence(folder, ranks=2, progress=progress, seconds=10.0, clock=clock)


def test_silence_counts_from_the_first_look_and_ends_with_any_ranks_step(tmp_path: Path) -> None:
    clock = Clock()
    silence = watch(tmp_path, clock)
    assert not silence.too_long
    clock.now += 9
    beat(tmp_path, 1, 0)
    assert not silence.too_long
    clock.now += 10
    assert not silence.too_long
    clock.now += 1
    assert silence.too_long


def test_a_rank_that_validates_within_one_step_is_not_silent(tmp_path: Path) -> None:
    clock = Clock()
    silence = watch(tmp_path, clock)
    beat(tmp_path, 0, step=7, beats=1)
    assert not silence.too_long
    clock.now += 11
    beat(tmp_path, 0, step=7, beats=2)
    assert not silence.too_long


def test_a_line_of_progress_breaks_the_silence(tmp_path: Path) -> None:
    clock, progress = Clock(), tmp_path / "progress.jsonl"
    silence = watch(tmp_path, clock, progress)
    assert not silence.too_long
    clock.now += 11
    progress.write_text("{}\n")
    assert not silence.too_long


def test_the_rank_that_is_behind_is_named(tmp_path: Path) -> None:
    beat(tmp_path, 0, 118)
    beat(tmp_path, 1, 117)
    told = watch(tmp_path, Clock()).describe()
    assert "no rank made progress for 10 s" in told
    assert "rank 0 is in step 118, rank 1 is in step 117; rank 1 is behind" in told


def test_a_rank_that_never_began_is_named(tmp_path: Path) -> None:
    beat(tmp_path, 0, 0)
    beat(tmp_path, 1, -1)
    assert "rank 1 has not begun; rank 1 is behind" in watch(tmp_path, Clock()).describe()


def test_ranks_that_stand_in_the_same_step_are_not_blamed(tmp_path: Path) -> None:
    beat(tmp_path, 0, 5)
    beat(tmp_path, 1, 5)
    assert "behind" not in watch(tmp_path, Clock()).describe()
    assert "behind" not in watch(tmp_path / "empty", Clock()).describe()
