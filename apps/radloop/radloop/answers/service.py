"""What the service says about itself, its models and its images: the words of MONAI Label's REST API.

Clients of MONAI Label read these fields by name, so none may be renamed; fields of our own stand beside them.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from radloop.answers.heart import Measurements

RESERVED_PARAMS = frozenset(
    {"image", "model", "label", "label_tag", "save_label", "session", "device", "logging", "description", "file"}
)
"""Keys of ``params`` that would stand for something else in the request: refused, never obeyed."""


class _Words(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False, protected_namespaces=())


def _absent_if_empty(value: object) -> object:
    return None if value == "" else value


class InferParams(_Words):
    """The ``params`` of ``POST /infer/{model}``; keys that clients send to every model are passed over."""

    model_config = ConfigDict(extra="ignore", strict=True)

    frame: int | None = Field(None, ge=1, le=100_000, description="answer with this frame only, from 1")
    result_extension: Annotated[Literal[".nii.gz", ".nii", ".nrrd"] | None, BeforeValidator(_absent_if_empty)] = Field(
        None, description="file format of the label; .nrrd without frame is the ED frame in 3D, as stock viewers need"
    )
    heat_map: bool = Field(False, description="of a classifier: answer with a map of what counted, not with zeros")
    client_id: str | None = Field(None, max_length=256)


class InferAnswer(Measurements):
    """The JSON part of ``/infer``: the measurements, and which label value is which structure."""

    label_names: dict[str, int]


class LabelDetail(_Words):
    """One structure of a label map: value, name, code in a coding scheme, and colour (red, green, blue; 0 to 255)."""

    value: int = Field(ge=1, le=255)
    name: str
    scheme: str
    code: str
    meaning: str
    colour: tuple[int, int, int]


class ModelInfo(_Words):
    """A model as ``/info/`` lists it; ``state`` is of the server that answers."""

    type: str
    labels: dict[str, int] = Field(description="structure to its value in a label map, or class to its number, from 0")
    dimension: int
    description: str
    config: dict[str, Any] = {}
    name: str
    version: str
    label_details: list[LabelDetail] = []
    state: Literal["loading", "ready", "failed"] = "loading"
    reason: str | None = Field(default=None, description="why the model cannot be used, or another version answers")

    @classmethod
    def from_metadata(cls, metadata: dict[str, Any]) -> "ModelInfo":
        """From the ``metadata.json`` of a bundle that labels voxels, or that classifies.

        Raises ``KeyError`` or ``ValidationError`` (a ``ValueError``) where it lacks what a client must know.
        """
        if "classification" in metadata:
            usual = list(metadata["classification"].values())[0]  # noqa: RUF015 - a bundle without any raises LookupError
            return cls(
                type="classification",
                labels=class_numbers(usual["classes"]),
                dimension=2,
                description=metadata["description"],
                name=metadata.get("name", ""),
                version=metadata["version"],
            )
        output = metadata["network_data_format"]["outputs"]["pred"]
        names = {str(name): int(value) for value, name in output["channel_def"].items() if int(value) > 0}
        return cls(
            type="segmentation",
            labels=names,
            dimension=4,
            description=metadata["description"],
            name=metadata.get("name", ""),
            version=metadata["version"],
            label_details=metadata.get("labels", []),
        )


def class_numbers(classes: list[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(classes)}


class StrategyInfo(_Words):
    description: str


class Method(_Words):
    """A trainer or a way of scoring; ``config`` is what can be set, with its usual values."""

    description: str
    config: dict[str, Any] = {}


class DatastoreSummary(_Words):
    """How many images there are, how many have a final label, and how many labels each tag has."""

    total: int
    completed: int
    label_tags: dict[str, int]


class Queue(_Words):
    """Requests that wait for a worker, requests that are being worked on, and workers that can take one."""

    waiting: int
    running: int
    workers_ready: int
    expected_wait_s: float = Field(description="until a request that comes now begins, at the present pace")


class Info(_Words):
    """The answer of ``/info/``."""

    name: str
    description: str
    version: str
    labels: list[str]
    models: dict[str, ModelInfo]
    trainers: dict[str, Method] = {}
    strategies: dict[str, StrategyInfo]
    scoring: dict[str, Method] = {}
    train_stats: dict[str, Any] = {}
    datastore: DatastoreSummary
    queue: Queue
    jobs: dict[str, int] = Field(description="jobs of each kind that wait or run")
    research_use_only: Literal[True] = True


class Problem(_Words):
    """Every answer that is not a result: one sentence."""

    detail: str


class AddedImage(_Words):
    image: str


class AddedLabel(_Words):
    image: str
    label: str


class SessionInfo(_Words):
    """A picture that a client left here for a while; times are seconds since 1970. Paths are never told."""

    name: str
    path: Literal[""] = ""
    image: str
    meta: dict[str, Any] = {}
    create_ts: int
    last_access_ts: int
    expiry: int


class NewSession(_Words):
    session_id: str
    session_info: SessionInfo


class AccessAsked(_Words):
    """Whether the server asks for tokens. ``client_id`` and ``realm`` are MONAI Label's; nothing stands behind them."""

    enabled: bool
    client_id: str = "radloop"
    realm: str = ""


class AccessToken(_Words):
    access_token: str
    token_type: Literal["bearer"] = "bearer"


class LoggedIn(_Words):
    """Whose a token is, what it may do, and until when (UTC, ISO 8601; null where nobody is asked for one)."""

    username: str
    email: None = None
    name: str
    roles: list[str]
    expires: str | None


class Health(_Words):
    status: Literal["ok", "loading", "failed"]
    reason: str | None = None
