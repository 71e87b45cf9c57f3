"""What the ear's suites share: a station on the broker that a test is parametrised with."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from harness.ears import Part, Station, TryOut, stations_on
from harness.servers import mosquitto


@pytest.fixture
def station(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Station]:
    """A broker of this test's own, so that it can be killed."""
    client, kind = cast(Part, request.param)
    if kind == "mosquitto":
        with mosquitto(tmp_path) as server:
            yield from stations_on(server, client)
    else:
        broker = TryOut()
        broker.start()
        try:
            yield from stations_on(broker, client)
        finally:
            broker.stop()
