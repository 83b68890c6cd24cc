from hypothesis import given
from hypothesis import strategies as st

from farandole.ring.loss_scale import (
    GROW_AFTER,
    INITIAL,
    LossScale,
    initial_scale,
    overflow_notices,
)


def test_only_half_precision_scales_its_loss() -> None:
    assert initial_scale("float32").value == 1.0
    assert initial_scale("mixedBfloat16").value == 1.0
    assert initial_scale("mixedFloat16").value == INITIAL


def test_an_overflow_halves_the_scale_and_a_long_quiet_time_doubles_it() -> None:
    scale = LossScale(8.0).after(finite=False)
    assert scale == LossScale(4.0, 0)
    for _ in range(GROW_AFTER):
        scale = scale.after(finite=True)
    assert scale == LossScale(8.0, 0)


@given(st.lists(st.booleans(), max_size=200))
def test_a_scale_is_always_a_power_of_two(steps: list[bool]) -> None:
    scale = LossScale(INITIAL)
    for finite in steps:
        scale = scale.after(finite)
    assert scale.value.hex().startswith("0x1.0000000000000p")


def test_a_scale_below_one_cannot_be_the_cure() -> None:
    assert not LossScale(1.0).exhausted
    assert LossScale(1.0).after(finite=False).exhausted


def test_steps_that_changed_nothing_are_told() -> None:
    assert overflow_notices(0) == ()
    assert "1 step changed no weight" in overflow_notices(1)[0]
    assert "12 steps changed no weight" in overflow_notices(12)[0]
