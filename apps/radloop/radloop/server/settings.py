"""What can be set about the server: options, or ``RADLOOP_…`` environment variables."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from radloop import places
from radloop.refusal import Refusal


class Settings(BaseSettings):
    """Every field is an environment variable with ``RADLOOP_`` before its name.

    The option ``--data`` is ``home`` here: ``RADLOOP_DATA`` names the labelled data that models are judged on.
    """

    model_config = SettingsConfigDict(env_prefix="RADLOOP_", extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535, description="0: any free one")
    studies: str | None = Field(
        None, description="folder of images, or http(s) address of a DICOMweb server; without it the sample data"
    )
    home: Path | None = Field(None, description="where labels and everything else that is written goes")
    workers: int = Field(1, ge=1, le=64, description="processes that hold the models")
    niceness: int = Field(5, ge=0, le=19, description="how far the workers stand back behind the server")
    queue: int = Field(16, ge=1, le=10_000, description="requests that may wait; more are answered 429")
    time_limit_s: float = Field(600, gt=0, description="of one inference")
    upload_limit_mb: int = Field(2048, ge=1, description="of one request; larger ones are answered 413")
    session_expiry_s: int = Field(3600, ge=1, description="longest time that a session lives unused")

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
        parts = urlsplit(self._address)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @property
    def _address(self) -> str | None:
        return self.studies if self.studies and self.studies.startswith(("http://", "https://")) else None

    @classmethod
    def given(cls, **options: object) -> "Settings":
        """From options (None: not given) before the environment. Raises ``Refusal`` naming the one that is wrong."""
        try:
            return cls(**{name: value for name, value in options.items() if value is not None})  # type: ignore[arg-type]
        except ValidationError as wrong:
            first = wrong.errors()[0]
            raise Refusal("BAD_SETTING", f"Setting {first['loc'][0]}: {first['msg']}") from None
