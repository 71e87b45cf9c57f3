"""The command line: one module a verb, loaded when it is called, so that ``decode`` starts without a database."""

import sys
from importlib import import_module

import click

from shouwang.domain.errors import ConfigError, ShouwangError

VERBS = {
    "run": "Run the service (intake and server) on this machine.",
    "decode": "Read messages as intake would, and print their readings.",
    "profile": "Draft a profile of a device model from captured messages.",
    "check": "Check profiles, rules, policies and community files.",
    "community": "Apply or export a whole compound as one file.",
    "token": "Make tokens for people and machines.",
    "user": "Add people who sign in with a password.",
    "rules": "Try rules on recorded readings.",
    "drill": "Run a drill over real people and channels, marked as one.",
    "simulate": "Publish messages of simulated devices.",
    "doctor": "Look for what would lose or delay an alarm here.",
    "bench": "Measure this machine: intake, latency.",
}


class Verbs(click.Group):
    """Finds ``shouwang.cli.VERB`` only when the verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = getattr(import_module(f"shouwang.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shouwang")
def shouwang() -> None:
    """Shouwang (守望): readings in over MQTT, alarms out to people, a closed case at the end."""


def main() -> None:
    """Exit 0 ok, 1 failed, 2 usage, 3 input unreadable."""
    try:
        shouwang(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except ConfigError as error:
        click.echo(f"shouwang: {error}", err=True)
        sys.exit(2)
    except ShouwangError as error:
        click.echo(f"shouwang: {error}", err=True)
        sys.exit(1)
