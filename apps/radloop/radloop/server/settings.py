"""What can be set about the server: as an option, as a ``RADLOOP_…`` environment variable, or in a TOML file."""

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from radloop import places
from radloop.refusal import Refusal

Names = Annotated[tuple[str, ...], NoDecode]
"""In an environment variable, and in one option, between commas."""


class Settings(BaseSettings):
    """Options go before environment variables (``RADLOOP_`` and the name in capitals), these before the file.

    The option ``--data`` is ``home`` here: ``RADLOOP_DATA`` names the labelled data that models are judged on.
    """

    model_config = SettingsConfigDict(env_prefix="RADLOOP_", extra="forbid")

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0: any free one")
    studies: str | None = Field(
        None, description="folder of images, or http(s) address of a DICOMweb server; without it the sample data"
    )
    home: Path | None = Field(
        None, description="folder for labels and everything else that is written; without it the user's data folder"
    )

    access: bool = Field(False, description="ask for a token on loopback too; elsewhere one is always asked for")
    behind_proxy: bool = Field(False, description="a proxy in front of the server speaks TLS; asks for tokens")
    proxies: Names = Field(("127.0.0.1",), description="addresses of proxies whose X-Forwarded headers are believed")
    tls_cert: Path | None = Field(None, description="certificate with its chain, PEM")
    tls_key: Path | None = Field(None, description="the certificate's key, PEM")
    hosts: Names = Field((), description="names that clients call the server by, as in https://NAME/")
    origins: Names = Field((), description="origins of pages elsewhere that may use the server, as https://NAME")

    workers: int = Field(1, ge=1, le=64, description="processes that hold the models")
    niceness: int = Field(5, ge=0, le=19, description="how far the workers stand back behind the server")
    queue: int = Field(16, ge=1, le=10_000, description="requests that may wait; more are answered 429")
    time_limit_s: float = Field(600, gt=0, description="seconds that one inference may take")

    upload_limit_mb: int = Field(2048, ge=1, description="MB of one request; larger ones are answered 413")
    side_limit: int = Field(4096, ge=16, description="voxels along a side of an image")
    voxels_limit_m: int = Field(
        268, ge=1, description="million voxels of an image, and so what a packed file may unpack to; told by its header"
    )
    disk_reserve_mb: int = Field(
        256, ge=0, description="MB left free on the disk; with less, what would be written is answered 507"
    )
    session_expiry_s: int = Field(3600, ge=1, description="longest seconds that a session lives unused")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="info: one line a request, with route, status, name and id"
    )

    @field_validator("proxies", "hosts", "origins", mode="before")
    @classmethod
    def _between_commas(cls, value: object) -> object:
        return [one for part in value.split(",") if (one := part.strip())] if isinstance(value, str) else value

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            parts = urlsplit(one)
            if parts.scheme not in ("http", "https") or not parts.netloc or one != f"{parts.scheme}://{parts.netloc}":
                raise ValueError(f"{one!r} is no origin; it looks like https://viewer.example")
        return value

    @property
    def archive(self) -> str | Path:
        """Where DICOM objects are: the address of another server, or the studies folder."""
        return self._address or self.studies_folder or places.sample_data()

    @property
    def studies_folder(self) -> Path | None:
        """The folder that is watched for images; None where the studies are another server's."""
        if self._address:
            return None
        return Path(self.studies).expanduser() if self.studies else places.sample_data()

    @property
    def shown_studies(self) -> str:
        """For people: name and password in the address are left out."""
        if not self._address:
            return str(self.studies_folder)
        try:
            parts = urlsplit(self._address)
        except ValueError:  # not one that can be served from
            return self._address.rpartition("@")[2]
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @property
    def loopback(self) -> bool:
        """Whether only programs of this machine can reach the server's port."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def names(self) -> tuple[str, ...]:
        """What clients may call the server beside the names of loopback."""
        try:
            somewhere = not ipaddress.ip_address(self.host).is_unspecified
        except ValueError:
            somewhere = False
        return (self.host, *self.hosts) if somewhere else self.hosts

    @property
    def asks_for_tokens(self) -> bool:
        return self.access or self.behind_proxy or not self.loopback

    @property
    def speaks_tls(self) -> bool:
        return self.tls_cert is not None

    @property
    def _address(self) -> str | None:
        return self.studies if self.studies and self.studies.startswith(("http://", "https://")) else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @classmethod
    def given(cls, *, config: Path | None = None, **options: object) -> "Settings":
        """From options (None: not given), the environment, and the TOML file ``config`` or ``RADLOOP_CONFIG``.

        Raises ``Refusal`` naming the setting, or the file, that is wrong.
        """
        file = config or (Path(named) if (named := os.environ.get(CONFIG)) else None)
        kind = cls
        if file is not None:
            _check_toml(file)
            kind = type(cls.__name__, (cls,), {"model_config": SettingsConfigDict(toml_file=file)})
        try:
            return kind(**{name: value for name, value in options.items() if value is not None})  # type: ignore[arg-type]
        except ValidationError as wrong:
            first = wrong.errors()[0]
            sentence = "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"]
            raise Refusal("BAD_SETTING", f"Setting {first['loc'][0]}: {sentence}") from None


CONFIG = "RADLOOP_CONFIG"
"""The environment variable that names the TOML file."""


def _check_toml(file: Path) -> None:
    try:
        tomllib.loads(file.read_text())
    except OSError as fault:
        raise Refusal("NO_CONFIG", f"{file}: cannot be read ({fault.strerror}).") from None
    except ValueError as fault:
        raise Refusal("BAD_CONFIG", f"{file}: is not TOML: {fault}") from None


def table() -> str:
    """Every setting as a Markdown table, for ``docs/settings.md``."""
    lines = ["| option | environment | default | what |", "| --- | --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        shown = "" if field.default in (None, ()) else field.default
        if isinstance(shown, tuple):
            shown = ", ".join(shown)
        default = f"`{str(shown).lower() if isinstance(shown, bool) else shown}`" if shown != "" else ""
        lines.append(f"| `{option_of(name)}` | `RADLOOP_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def option_of(name: str) -> str:
    """How a setting is called on the command line."""
    return "--data" if name == "home" else "--" + name.replace("_", "-")
