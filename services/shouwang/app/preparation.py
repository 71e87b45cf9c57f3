"""What must be right before anything runs: files checked, the state database up to date, the demo laid out."""

from shouwang.app.clock import SystemClock
from shouwang.app.equipment import load_equipment
from shouwang.mqtt.address import parse_address
from shouwang.settings import Settings
from shouwang.store.database import Database
from shouwang.timeseries.open import open_readings


def prepare(settings: Settings) -> None:
    """Raises ConfigError for a file or an address that is wrong, StoreUnavailable where the state database does not
    answer."""
    load_equipment(settings)
    # Said here once and for all: a process that found it out would be started again and again.
    parse_address(settings.broker_url)
    open_readings(settings.readings_url)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.state_url)
    try:
        database.create()
        if settings.demo:
            from shouwang.app.demo import lay_out_demo

            lay_out_demo(database, SystemClock())
    finally:
        database.close()
