"""What a request does, told from anywhere inside it: who asks, what it is done to, which model version answered."""

from contextvars import ContextVar
from dataclasses import dataclass

from radloop.store.tokens import ROLES, Role, Token
from radloop.workers import Job

HERE = "this-machine"
"""Who asks where nobody is asked for a token."""


@dataclass(frozen=True)
class Person:
    """Whoever asks: a person or a program with a token, or anybody on this machine."""

    name: str
    role: Role
    token: Token | None = None

    def may(self, role: Role) -> bool:
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass
class Deed:
    """Filled in as the request goes on. ``id`` goes before what the request itself names; "": it is about no id.

    ``job`` is what a worker does for it, ``left`` whether its client has gone meanwhile.
    """

    who: str = ""
    known: bool = False
    id: str | None = None
    model_version: str = ""
    job: Job | None = None
    left: bool = False


_current: ContextVar[Deed] = ContextVar("deed")


def begin() -> Deed:
    deed = Deed()
    _current.set(deed)
    return deed


def current() -> Deed:
    """The deed of the request that is being answered, also in the thread that answers it; else one that nobody sees."""
    return _current.get(Deed())


def author() -> str | None:
    """The name under which a label is kept; None where the server knows nobody."""
    deed = current()
    return deed.who if deed.known else None
