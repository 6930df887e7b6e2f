"""``radloop serve``: the server."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

FILE = click.Path(path_type=Path)


class SettingsCommand(click.Command):
    """A command with an option for every setting, made when they are wanted: the help on all commands needs none."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        from radloop.server.settings import Settings

        options = [_option(name, field) for name, field in Settings.model_fields.items()]
        config = click.Option(["--config"], type=FILE, help="TOML file with settings (or RADLOOP_CONFIG).")
        return [config, *options, *super().get_params(ctx)]


def _option(name: str, field: "FieldInfo") -> click.Option:
    from radloop.server.settings import option_of

    told: dict[str, Any] = {"help": f"{field.description}."}
    if field.annotation is bool:
        told["is_flag"] = True
        told["default"] = None
    elif field.default not in (None, ()):
        shown = ", ".join(field.default) if isinstance(field.default, tuple) else field.default
        told["help"] = f"{field.description} ({shown})."
    return click.Option([option_of(name), name], metavar=None if field.annotation is bool else _kind(name), **told)


def _kind(name: str) -> str:
    kinds = {"studies": "FOLDER|URL", "home": "DIR", "host": "ADDRESS", "log_level": "LEVEL"}
    kinds |= dict.fromkeys(("tls_cert", "tls_key"), "FILE") | dict.fromkeys(("proxies", "hosts", "origins"), "A,B…")
    return kinds.get(name, "N")


@click.command(cls=SettingsCommand)
def serve(config: Path | None, **options: object) -> None:
    """Serve images and models to 3D Slicer, OHIF and MONAI Label's clients.

    Each option can be set as RADLOOP_STUDIES, RADLOOP_HOST and so on as well (--data as RADLOOP_HOME), or by that
    name in a TOML file (host = "0.0.0.0"). Options go before the environment, the environment before the file.
    """
    from radloop import places
    from radloop.cli.prepare import STUDY_UID, sample_studies
    from radloop.server import Settings, run
    from radloop.server.viewer_install import prepared

    settings = Settings.given(config=config, **options)
    home = places.data(settings.home)
    page = "/ohif/"
    samples = sample_studies(home)
    if settings.studies is None and samples.is_dir():
        settings = settings.model_copy(update={"studies": str(samples)})
        page += f"radloop?StudyInstanceUIDs={(samples / STUDY_UID).read_text().strip()}"
    if prepared(home) and settings.port and settings.loopback:
        scheme = "https" if settings.speaks_tls else "http"
        click.echo(f"OHIF: {scheme}://{settings.host}:{settings.port}{page}")
    run(settings)
