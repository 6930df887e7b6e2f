"""The tables: images, their labels and every event that made them what they are; jobs; versions of models."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, MetaData, String, Table, Text

metadata = MetaData()

images = Table(
    "images",
    metadata,
    Column("id", String(128), primary_key=True),
    # "studies" (the watched folder), "uploads" (below the data folder), "archive" (DICOM objects, whose file is made
    # below the data folder when it is wanted) or "elsewhere" (a path that was handed in)
    Column("source", String(16), nullable=False),
    Column("root", Text, nullable=False),  # the folder that name is relative to; "" is the data folder
    Column("name", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("sha256", String(64)),  # of the file as it had these bytes and mtime_ns; null until asked for
    Column("info", JSON, nullable=False),
    Column("added", String(32), nullable=False),
    Column("present", Boolean, nullable=False),  # false while the file cannot be found
    Column("removed", String(32)),
    Index("images_by_file", "root", "name"),
)

labels = Table(
    "labels",
    metadata,
    Column("id", String(32), primary_key=True),  # sorts by time
    Column("image", String(128), ForeignKey("images.id"), nullable=False),
    Column("tag", String(64), nullable=False),
    Column("name", Text, nullable=False),  # below the data folder
    Column("author", Text),
    Column("created", String(32), nullable=False),
    Column("info", JSON, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("image_sha256", String(64)),  # of the image when the label was submitted
    Column("supersedes", String(32)),
    Column("deleted", String(32)),
    Index("labels_by_image", "image", "tag", "id"),
)

events = Table(
    "events",
    metadata,
    Column("id", String(32), primary_key=True),  # sorts by time
    Column("kind", String(32), nullable=False),
    Column("image", String(128), nullable=False),
    Column("label", String(32)),
    Column("file", JSON, nullable=False),
    Column("body", JSON, nullable=False),
    Index("events_by_image", "image", "label", "kind", "id"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),  # sorts by time
    Column("kind", String(32), nullable=False),
    Column("model", String(128)),
    Column("state", String(16), nullable=False),
    Column("progress", Float, nullable=False),  # 0 to 1
    Column("message", Text, nullable=False),
    Column("request", JSON, nullable=False),
    Column("result", JSON),
    Column("author", Text),
    Column("created", String(32), nullable=False),
    Column("queued", String(32), nullable=False),  # a stamp: when it was last put into the queue
    Column("started", String(32)),
    Column("ended", String(32)),
    Index("jobs_by_state", "kind", "state", "queued"),
)

# Rows are added and never changed: which version is served follows from the publications.
versions = Table(
    "versions",
    metadata,
    Column("model", String(128), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("origin", String(16), nullable=False),  # "shipped" or "trained"
    Column("parent", String(64)),
    Column("created", String(32), nullable=False),
    Column("file", Text, nullable=False),  # the weights, below the data folder
    Column("sha256", String(64), nullable=False),  # of that file
    Column("data", JSON, nullable=False),
    Column("metrics", JSON, nullable=False),
    Column("configuration", JSON, nullable=False),
)

publications = Table(
    "publications",
    metadata,
    Column("id", String(32), primary_key=True),  # sorts by time
    Column("model", String(128), nullable=False),
    Column("version", String(64), nullable=False),
    Column("kind", String(16), nullable=False),  # "shipped", "published" or "rolled_back"
    Column("author", Text),
    Index("publications_by_model", "model", "id"),
)
