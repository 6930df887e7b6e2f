"""Who may use the server: tokens with a role, an end, and nothing kept of them that would open a door."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast, get_args

from sqlalchemy import Column, String, Table, select

from radloop.refusal import Refusal
from radloop.store.database import Database
from radloop.store.tables import metadata

Role = Literal["reader", "annotator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may."""

NAME = r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}"

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(64), nullable=False),  # of the person or program; the author of the labels it submits
    Column("role", String(16), nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("created", String(32), nullable=False),
    Column("expires", String(32), nullable=False),
    Column("revoked", String(32)),
)


@dataclass(frozen=True)
class Token:
    """What is known of a token; the token itself is shown once, when it is made. Times are UTC, ISO 8601."""

    id: str
    name: str
    role: Role
    created: str
    expires: str
    revoked: str | None

    @property
    def usable(self) -> bool:
        return self.revoked is None and _now() < self.expires

    def may(self, role: Role) -> bool:
        return ROLES.index(self.role) >= ROLES.index(role)


class Tokens:
    """The tokens of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, role: Role, *, days: float) -> tuple[Token, str]:
        """Make a token and return it with its secret, which cannot be had a second time."""
        if re.fullmatch(NAME, name) is None:
            raise Refusal(
                "BAD_NAME",
                f"{name[:80]!r} is no name for a token: up to 64 letters, digits and . _ @ - are.",
                http_status=400,
            )
        if role not in ROLES:
            raise Refusal("BAD_ROLE", f"{role!r} is no role; there are: {', '.join(ROLES)}.", http_status=400)
        if not 0 < days <= 3660:
            raise Refusal("BAD_EXPIRY", "A token lives for more than 0 and at most 3660 days.", http_status=400)
        secret = f"radloop_{secrets.token_urlsafe(32)}"
        row = {
            "id": secrets.token_hex(4),
            "name": name,
            "role": role,
            "sha256": _digest(secret),
            "created": _now(),
            "expires": _now(timedelta(days=days)),
        }
        with self._database.writing() as connection:
            connection.execute(tokens.insert().values(row))
        return Token(**{k: v for k, v in row.items() if k != "sha256"}, revoked=None), secret  # type: ignore[arg-type]

    def of(self, secret: str) -> Token | None:
        """Whose token this is; None where it is nobody's, has expired or was revoked."""
        with self._database.reading() as connection:
            row = connection.execute(select(tokens).where(tokens.c.sha256 == _digest(secret))).mappings().first()
        token = _token(row) if row else None
        return token if token and token.usable else None

    def all(self) -> list[Token]:
        """Every token ever made, oldest first."""
        with self._database.reading() as connection:
            return [_token(row) for row in connection.execute(select(tokens).order_by(tokens.c.created)).mappings()]

    def revoke(self, which: str) -> list[Token]:
        """End the token of this id, or all of this name, for good. Raises ``Refusal`` where none is left to end."""
        mine = (tokens.c.id == which) | (tokens.c.name == which)
        with self._database.writing() as connection:
            rows = connection.execute(select(tokens).where(mine, tokens.c.revoked.is_(None))).mappings().all()
            connection.execute(tokens.update().where(mine, tokens.c.revoked.is_(None)).values(revoked=_now()))
        if not rows:
            raise Refusal(
                "NO_SUCH_TOKEN", f"There is no token {which[:80]!r} that is not revoked yet.", http_status=404
            )
        return [_token(row) for row in rows]


def _digest(secret: str) -> str:
    # 256 random bits cannot be guessed from their digest, however fast it is; passwords would need a slow one.
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: Any) -> Token:
    return Token(row["id"], row["name"], cast(Role, row["role"]), row["created"], row["expires"], row["revoked"])


def _now(later: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) + later).isoformat(timespec="milliseconds")
