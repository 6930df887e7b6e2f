"""What can go wrong on the way to a server and back, each as one sentence for the person at the screen."""


class Fault(Exception):
    """Something failed, in one sentence."""


class NotReached(Fault):
    """No server there, or it went away in the middle."""


class Refused(Fault):
    """The server understood and said no; its own sentence. ``status`` is HTTP's."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class Strange(Fault):
    """An answer came that no MONAI Label server with a heart model gives."""


class Cancelled(Fault):
    """The person changed their mind."""
