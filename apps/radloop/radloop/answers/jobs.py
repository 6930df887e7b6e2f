"""What the service says about jobs and versions of models, and what may be asked of a job.

``Task`` is MONAI Label's word for the state of a job, with the fields that its clients read.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from radloop.answers.review import Review


class _Words(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False, protected_namespaces=())


class _Asked(BaseModel):
    """Of what a client sends, the fields that it may set; clients send more to every model, which is passed over."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class TrainParams(_Asked):
    """The body of ``POST /train/{model}``."""

    max_epochs: int = Field(
        default=10, ge=1, le=1000, description="rounds of training; what was learned is kept after each"
    )
    steps_per_epoch: int = Field(default=20, ge=1, le=10_000)
    seconds: float | None = Field(default=None, gt=0, le=30 * 86400, description="stop training after so many seconds")
    seed: int = Field(default=0, ge=0, le=2**31)


class BatchParams(_Asked):
    """The body of ``POST /batch/infer/{model}``."""

    save_label: bool = Field(default=True, description="keep the labels; otherwise only the figures are answered")
    label_tag: str = Field(default="original", max_length=64, description="tag of the labels that are kept")
    max_batch_size: int = Field(default=0, ge=0, description="at most so many images; 0: all")


class ScoreParams(_Asked):
    """The body of ``POST /scoring/dice``: the tags of the labels that are compared."""

    y: str = Field(default="final", max_length=64)
    y_pred: str = Field(default="original", max_length=64)


class LabelledCase(_Words):
    """An image with its label, as a job is given it. Paths are for processes of this machine, never for clients.

    ``patient`` groups images of one person. ``said`` is what is known of the picture's grid better than its
    file tells. ``label_frame`` is the frame (from 1) that a label of one frame belongs to.
    """

    image: str
    patient: str
    file: str
    said: dict[str, Any] | None = None
    label: str
    label_file: str
    label_frame: int | None = None
    review: Review

    @classmethod
    def of(
        cls, image: str, patient: str, file: str, label: str, label_file: str, info: dict[str, Any], **also: Any
    ) -> "LabelledCase":
        """From what is known of a submitted label, its ``info``."""
        frame = info.get("frame")
        return cls(
            image=image,
            patient=patient,
            file=file,
            label=label,
            label_file=label_file,
            label_frame=frame if isinstance(frame, int) else None,
            review=review_in(info),
            **also,
        )


def review_in(info: dict[str, Any]) -> Review:
    """The fields of a review among everything that is known of a label."""
    return Review.model_validate({key: info[key] for key in Review.model_fields if key in info})


class Task(_Words):
    """A job as MONAI Label's clients know it, times as they write them; ``details`` are the last lines of its log."""

    id: str
    status: Literal["SUBMITTED", "RUNNING", "DONE", "ERROR", "STOPPED", "INTERRUPTED"]
    request: dict[str, Any]
    start_ts: str
    end_ts: str | None = None
    details: list[str] = []
    progress: float = Field(ge=0, le=1)
    result: dict[str, Any] | None = None


class JobView(_Words):
    """A job. Times are ISO 8601 in UTC."""

    id: str
    kind: Literal["train", "batch_infer", "scoring"]
    model: str | None = Field(description="the model, or the method of scoring")
    state: Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
    progress: float = Field(ge=0, le=1)
    message: str = Field(description="what it is doing, or why it ended as it did")
    request: dict[str, Any]
    result: dict[str, Any] | None
    author: str | None
    created: str
    started: str | None
    ended: str | None
    place: int | None = Field(description="jobs that come before it in the queue; null where it does not wait")
    expected_wait_s: float | None = Field(description="until it begins, from how long such jobs took; null: unknown")


class Jobs(_Words):
    jobs: list[JobView]


class VersionView(_Words):
    """A version of a model: immutable. ``state`` and ``serves`` follow from what was published."""

    model: str
    name: str
    origin: Literal["shipped", "trained"]
    state: Literal["unpublished", "published"]
    serves: bool
    parent: str | None
    created: str
    sha256: str
    data: dict[str, Any]
    metrics: dict[str, Any]
    configuration: dict[str, Any]


class PublicationView(_Words):
    at: str
    version: str
    kind: Literal["shipped", "published", "rolled_back"]
    author: str | None


class ModelVersions(_Words):
    """A model's versions, oldest first, and what was published when."""

    model: str
    serves: str | None
    versions: list[VersionView]
    publications: list[PublicationView]


class Versions(_Words):
    models: list[ModelVersions]


class WeightsInfo(_Words):
    """``/model/info/{model}``: the served weights, as MONAI Label's clients read it."""

    checksum: str = Field(description="SHA256:<hexadecimal digits>")
    modified_time: int
    train_stats: dict[str, Any]
    version: str
