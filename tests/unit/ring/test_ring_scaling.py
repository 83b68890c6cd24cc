import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farandole.ring.scaling import (
    Cluster,
    Form,
    Wire,
    Work,
    reduction_seconds,
    ring_seconds,
    strong,
    table,
    weak,
)

FAST = Wire(latency_seconds=5e-6, bytes_per_second=60e9)
SLOW = Wire(latency_seconds=20e-6, bytes_per_second=3.125e9)
CLUSTER = Cluster(4, FAST, SLOW)
VGG = Work(rows=64, compute_seconds=64 / 154, reduced_bytes=553.4e6)

wires = st.builds(
    Wire,
    latency_seconds=st.floats(0, 1e-2),
    bytes_per_second=st.floats(1e6, 1e12),
)
works = st.builds(
    Work,
    rows=st.integers(1, 512),
    compute_seconds=st.floats(1e-4, 10),
    reduced_bytes=st.floats(0, 1e10),
    overlap=st.floats(0, 1),
)
clusters = st.builds(Cluster, st.sampled_from([1, 2, 4, 8]), wires, wires)
filled = st.sampled_from([1, 2, 4, 8, 16, 64, 512])
forms = st.sampled_from(["ring", "hierarchical"])


@given(works, clusters, forms)
def test_one_gpu_sends_nothing_and_is_wholly_efficient(
    work: Work, cluster: Cluster, form: Form
) -> None:
    alone = weak(work, 1, cluster, form)
    assert (alone.reduction_seconds, alone.efficiency) == (0.0, 1.0)
    assert alone.step_seconds == work.compute_seconds


def test_the_limit_is_two_passes_of_the_ring() -> None:
    wire = Wire(latency_seconds=1e-3, bytes_per_second=1e9)
    assert ring_seconds(1e9, 2, wire) == pytest.approx(1.0 + 2e-3)
    assert ring_seconds(1e9, 4, wire) == pytest.approx(1.5 + 6e-3)
    assert ring_seconds(1e9, 1000, replace_latency(wire, 0)) == pytest.approx(2.0, rel=1e-2)


def replace_latency(wire: Wire, seconds: float) -> Wire:
    return wire.model_copy(update={"latency_seconds": seconds})


@given(works, filled, forms)
def test_an_endless_bandwidth_leaves_the_latency(work: Work, gpus: int, form: Form) -> None:
    wire = Wire(latency_seconds=1e-5, bytes_per_second=1e30)
    cluster = Cluster(1, wire, wire)
    assert reduction_seconds(work.reduced_bytes, gpus, cluster, form) == pytest.approx(
        2 * (gpus - 1) * 1e-5
    )


@given(works, clusters, forms)
def test_more_gpus_never_reduce_faster_and_never_work_slower_in_all(
    work: Work, cluster: Cluster, form: Form
) -> None:
    sizes = [n for n in (1, 2, 4, 8, 16, 64, 512) if n <= cluster.gpus_per_node or n % 8 == 0]
    seen = [weak(work, n, replace(cluster, between=slower(cluster)), form) for n in sizes]
    reductions = [each.reduction_seconds for each in seen]
    assert reductions == sorted(reductions)
    assert all(0 < each.efficiency <= 1 for each in seen)


def slower(cluster: Cluster) -> Wire:
    """No faster between nodes than inside: then a node more is never a short cut."""
    return Wire(
        latency_seconds=max(cluster.inside.latency_seconds, cluster.between.latency_seconds),
        bytes_per_second=min(cluster.inside.bytes_per_second, cluster.between.bytes_per_second),
    )


@given(works, clusters, filled)
def test_whatever_is_hidden_the_step_is_neither_shorter_than_its_parts_nor_longer_than_their_sum(
    work: Work, cluster: Cluster, gpus: int
) -> None:
    gpus = gpus if gpus % cluster.gpus_per_node == 0 else cluster.gpus_per_node
    seen = weak(work, gpus, cluster)
    most = work.compute_seconds + seen.reduction_seconds
    whole = weak(replace(work, overlap=1.0), gpus, cluster)
    assert max(work.compute_seconds, seen.exposed_seconds) <= seen.step_seconds <= most
    assert whole.step_seconds == pytest.approx(max(work.compute_seconds, seen.reduction_seconds))
    assert whole.step_seconds <= seen.step_seconds * (1 + 1e-12)


@pytest.mark.parametrize("gpus", [8, 64, 512])
def test_summing_inside_each_node_first_is_no_slower_where_latency_counts(gpus: int) -> None:
    small = 1e5
    assert reduction_seconds(small, gpus, CLUSTER, "hierarchical") < reduction_seconds(
        small, gpus, CLUSTER, "ring"
    )


def test_a_batch_that_is_shared_gains_less_and_less() -> None:
    seen = [strong(VGG, gpus, CLUSTER) for gpus in (1, 4, 16, 64, 512)]
    assert seen[0].efficiency == 1.0
    assert [each.efficiency for each in seen] == sorted((e.efficiency for e in seen), reverse=True)
    assert seen[-1].rows_per_second < 512 * seen[0].rows_per_second / 10


def test_compute_that_does_not_shrink_with_rows_bounds_the_gain() -> None:
    work = replace(VGG, reduced_bytes=0.0)
    bound = work.rows / (work.compute_seconds / 2)
    seen = strong(work, 512, CLUSTER, fixed_seconds=work.compute_seconds / 2)
    assert seen.rows_per_second < bound * 1.001


def test_gpus_that_do_not_fill_their_nodes_are_refused() -> None:
    with pytest.raises(ValueError, match="6 GPUs: expected a multiple of 4"):
        weak(VGG, 6, CLUSTER)


def test_a_cost_is_gpus_times_hours_times_price() -> None:
    each = weak(VGG, 1, CLUSTER)
    assert each.cost(rows=154 * 3600, price=2.5) == pytest.approx(2.5)


def test_the_table_has_a_line_a_size_and_a_cost_where_there_is_a_price() -> None:
    lines = table(VGG, CLUSTER, price=1.0).splitlines()
    assert [line.split()[0] for line in lines[1:]] == [str(2**power) for power in range(10)]
    assert "cost" in lines[0]
    assert "cost" not in table(VGG, CLUSTER)


def test_the_calculator_is_a_program_that_loads_no_tensorflow() -> None:
    asked = ["--compute-ms", "292", "--megabytes", "102.4", "--gpus-per-node", "8"]
    source = (
        "import sys, farandole.ring.scaling as s; s.main(); assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", source, *asked], capture_output=True, text=True, check=True
    )
    assert "512" in done.stdout.splitlines()[-1]
