"""An office for what is told, on both databases."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from harness.office import Office
from harness.phones import Exchange, exchange


@pytest.fixture
def phones() -> Iterator[Exchange]:
    with exchange() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A state database's URL."""
    return (
        f"sqlite:///{tmp_path}/state.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )


@pytest.fixture
async def office(state: str, phones: Exchange) -> AsyncIterator[Office]:
    made = Office(state, phones)
    yield made
    await made.webhook.close()
    made.database.close()
