from __future__ import annotations

import os

import pytest

from farandole.api import DataError
from farandole.cli.chatter import Shown, without_chatter
from farandole.flows.events import Advanced, Event, Said


def test_what_a_library_prints_is_kept_back_and_what_matters_is_shown(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with without_chatter() as real:
        os.write(2, b"a greeting of C++\n")
        real.write("what matters\n")
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "what matters\nlater\n"


@pytest.mark.parametrize("error, shown", [(DataError("cat.jpg"), False), (KeyError("a"), True)])
def test_only_an_error_that_says_nothing_to_a_person_shows_what_was_kept_back(
    error: Exception, shown: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        with without_chatter():
            os.write(2, b"a hint\n")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert ("a hint" in capfd.readouterr().err) is shown


def test_progress_of_this_process_is_shown_as_that_of_a_step_is() -> None:
    events: list[Event] = []
    progress = Shown("predict", events.append)
    progress.update("pictures", 3, 10, "images", share=0.3)
    progress.say("one sentence")
    assert events == [
        Advanced("predict", "pictures", 3, 10, "images"),
        Said("predict", "one sentence"),
    ]
