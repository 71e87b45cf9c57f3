"""What the ear's suites share: a station on the broker that a test is parametrised with."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from harness.ears import Part, Station, station_on, try_out
from harness.servers import mosquitto


@pytest.fixture
def station(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Station]:
    """On a broker of this test's own, so that it can be killed."""
    client, kind = cast(Part, request.param)
    with mosquitto(tmp_path) if kind == "mosquitto" else try_out() as broker, station_on(broker, client) as station:
        yield station
