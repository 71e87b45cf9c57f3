"""A round that fails each second is said once a minute, and counted each time."""

import logging

import pytest

from shouwang import metrics
from shouwang.app import server


def test_one_failure_is_said_once_a_minute_and_another_at_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    monkeypatch.setattr(server, "_said", {})
    failures = metrics.ROUND_FAILURES.labels("checkpoint")
    before = failures._value.get()

    def fails(why: str) -> None:
        raise OSError(why)

    for why in ("disk is full", "disk is full", "disk is full", "locked"):
        server._round("checkpoint", lambda why=why: fails(why))  # type: ignore[misc]
    assert len(caplog.records) == 2
    assert failures._value.get() == before + 4

    monkeypatch.setattr(server, "SAID_EVERY", 0.0)
    server._round("checkpoint", lambda: fails("disk is full"))
    assert len(caplog.records) == 3
