"""Images, labels and events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "images",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("root", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("info", sa.JSON, nullable=False),
        sa.Column("added", sa.String(32), nullable=False),
        sa.Column("present", sa.Boolean, nullable=False),
        sa.Column("removed", sa.String(32)),
    )
    op.create_index("images_by_file", "images", ["root", "name"])
    op.create_table(
        "labels",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("image", sa.String(128), sa.ForeignKey("images.id"), nullable=False),
        sa.Column("tag", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("author", sa.Text),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("info", sa.JSON, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("image_sha256", sa.String(64)),
        sa.Column("supersedes", sa.String(32)),
        sa.Column("deleted", sa.String(32)),
    )
    op.create_index("labels_by_image", "labels", ["image", "tag", "id"])
    op.create_table(
        "events",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("image", sa.String(128), nullable=False),
        sa.Column("label", sa.String(32)),
        sa.Column("file", sa.JSON, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
    )
    op.create_index("events_by_image", "events", ["image", "label", "kind", "id"])
