"""``shouwang profile``: a first draft of a device profile, from what the device was heard to say."""

from pathlib import Path

import click

UNREADABLE = 3


@click.group()
def profile() -> None:
    """Write profiles of device models."""


@profile.command()
@click.option(
    "--from-capture",
    "capture",
    required=True,
    type=click.Path(path_type=Path, allow_dash=True),
    help='Messages of one device, one {"topic","payload"} a line (as decode --jsonl takes them), or - for stdin.',
)
@click.option("--id", "id_", default="new-device", help="The profile's id, its file name: small letters, digits and -.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="A folder to write ID.yaml to.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
def new(capture: Path, id_: str, out: Path | None, force: bool) -> None:
    """Draft a profile from captured messages; to stdout, or into a folder with its codec beside it."""
    from shouwang.app.clock import SystemClock
    from shouwang.cli.decode import captured_messages
    from shouwang.codecs.javascript import JavaScriptCodecs
    from shouwang.domain.decode import Interpreter
    from shouwang.registry.profile_draft import draft_profile
    from shouwang.registry.profiles import load_profiles
    from shouwang.settings import shipped

    messages = [(one["topic"], one["payload"], one["family"]) for one in captured_messages(capture)]
    families, profiles = load_profiles([shipped("device_profiles")])
    with JavaScriptCodecs({id: one.codec for id, one in profiles.items() if one.codec}) as codecs:
        interpreter = Interpreter(families, profiles.values())
        draft = draft_profile(interpreter, messages, id_, codecs.run, SystemClock().now())
    if out is None:
        click.echo(draft.profile, nl=False)
        if draft.codec:
            click.echo(f"the device sends bytes: its codec {id_}.js is written with --out FOLDER", err=True)
        return
    out.mkdir(parents=True, exist_ok=True)
    for name, text in ((f"{id_}.yaml", draft.profile), (f"{id_}.js", draft.codec)):
        file = out / name
        if not text:
            continue
        if file.exists() and not force:
            raise click.ClickException(f"{file} is there already; --force writes over it")
        file.write_text(text, encoding="utf-8")
        click.echo(file)
