"""What must be right before anything runs: files checked, the state database up to date, the demo laid out."""

from shouwang.app.clock import SystemClock
from shouwang.app.equipment import load_equipment
from shouwang.settings import Settings
from shouwang.store.database import Database


def prepare(settings: Settings) -> None:
    """Raises ConfigError for a file that is wrong, StoreUnavailable where the state database does not answer."""
    load_equipment(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.state_url)
    try:
        database.create()
        if settings.demo:
            from shouwang.app.demo import lay_out_demo

            lay_out_demo(database, SystemClock())
    finally:
        database.close()
