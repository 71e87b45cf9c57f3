"""The composition root: builds the doors from settings, wires the flows, supervises, stops in reverse order."""

from shouwang.settings import Role, Settings


def run_role(settings: Settings) -> int:
    """Runs what the settings name, until SIGTERM; the exit code. Raises ConfigError before anything is started."""
    from shouwang.app.clock import NoPoints
    from shouwang.app.logs import write_logs
    from shouwang.app.pace import load
    from shouwang.app.supervisor import is_child

    write_logs(settings.log_level)
    if settings.role is not None and not is_child():
        from shouwang.app.preparation import prepare

        prepare(settings)
    if settings.role is not None:
        load()
    match settings.role:
        case Role.INTAKE:
            from shouwang.app.intake import run_intake

            return run_intake(settings, NoPoints())
        case Role.SERVER:
            from shouwang.app.server import run_server

            return run_server(settings, NoPoints())
        case None:
            from shouwang.app.service import run_service

            return run_service(settings)
