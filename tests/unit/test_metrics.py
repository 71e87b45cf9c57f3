"""The figures: each documented, shown by the process that counts it, merged without lying."""

import os
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from shouwang import metrics

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"


@pytest.mark.parametrize("of", [metrics.INTAKE, metrics.SERVER, metrics.EVERY])
def test_every_figure_is_documented_as_the_code_explains_it(of: str) -> None:
    assert metrics.table(of) in DOCS.read_text(encoding="utf-8")


def test_the_figures_to_watch_exist() -> None:
    _, watch = DOCS.read_text(encoding="utf-8").split("## What to watch")
    named = {word.strip("`(") for word in watch.replace("{", " ").replace("[", " ").split() if "shouwang_" in word}
    assert len(named) >= 8
    assert {name.removeprefix("increase(").rstrip("`") for name in named} <= set(metrics.MEANINGS)


def test_each_process_shows_its_own_figures_and_hides_the_idle_ones_of_the_other() -> None:
    assert b"shouwang_broker_connected{" in metrics.snapshot("intake")
    assert b"shouwang_broker_connected{" not in metrics.snapshot("server")
    assert b"shouwang_store_up{" in metrics.snapshot("server")
    assert b"shouwang_store_up{" not in metrics.snapshot("intake")
    both = metrics.snapshot("all")
    assert b"shouwang_broker_connected{" in both and b"shouwang_store_up{" in both


def test_the_server_shows_what_intake_left_beside_its_own_and_each_sample_names_its_process(tmp_path: Path) -> None:
    metrics.ARRIVALS.labels("test-family").inc(3)
    metrics.leave_snapshot("intake", tmp_path)
    shown = samples(metrics.render("server", tmp_path))
    assert shown["shouwang_arrivals_total", ("family", "test-family"), ("process", "intake")] == 3
    assert ("process_cpu_seconds_total", ("process", "intake")) in shown
    assert ("process_cpu_seconds_total", ("process", "server")) in shown
    assert 0 <= shown["shouwang_snapshot_age_seconds", ("process", "intake")] < 5


def test_text_of_a_process_that_stopped_writing_is_left_out_and_its_age_shown(tmp_path: Path) -> None:
    metrics.leave_snapshot("intake", tmp_path)
    long_ago = time.time() - metrics.STALE_SECONDS - 1
    os.utime(tmp_path / "intake.prom", (long_ago, long_ago))
    shown = samples(metrics.render("server", tmp_path))
    assert shown["shouwang_snapshot_age_seconds", ("process", "intake")] > metrics.STALE_SECONDS
    assert not [key for key in shown if key[0] == "shouwang_broker_connected"]


def test_a_process_never_shows_the_text_of_its_own_former_life(tmp_path: Path) -> None:
    metrics.leave_snapshot("server", tmp_path)
    assert metrics.render("server", tmp_path).count(b"\nshouwang_store_up{") == 1


def test_families_of_several_texts_stand_once_each_with_all_their_samples() -> None:
    left = b'# HELP a_total x\n# TYPE a_total counter\na_total{p="1"} 1.0\n# HELP b y\n# TYPE b gauge\nb{p="1"} 2.0\n'
    right = b'# HELP b y\n# TYPE b gauge\nb{p="2"} 3.0\n# HELP c z\n# TYPE c gauge\n'
    assert metrics.merge([left, right]) == (
        b'# HELP a_total x\n# TYPE a_total counter\na_total{p="1"} 1.0\n'
        b'# HELP b y\n# TYPE b gauge\nb{p="1"} 2.0\nb{p="2"} 3.0\n'
    )


def test_leaving_figures_replaces_them_whole_and_leaves_nothing_beside(tmp_path: Path) -> None:
    metrics.leave_snapshot("intake", tmp_path)
    metrics.leave_snapshot("intake", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["intake.prom"]


def samples(text: bytes) -> dict[tuple[object, ...], float]:
    """By (name, *sorted labels)."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }
