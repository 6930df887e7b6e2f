"""Progress of long work on standard error: a bar on a terminal, a line now and then otherwise."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click


class Tick(Protocol):
    def __call__(self, done: float, what: str = "") -> None: ...


@contextmanager
def progress(title: str, quiet: bool = False) -> Iterator[Tick]:
    """Yields ``tick(share, what)`` with share 0..1."""
    if quiet:
        yield lambda done, what="": None
    elif sys.stderr.isatty():
        with click.progressbar(length=1000, label=title, file=sys.stderr, item_show_func=lambda what: what) as bar:
            yield lambda done, what="": bar.update(round(1000 * done) - bar.pos, what)
    else:
        said = -1

        def say(done: float, what: str = "") -> None:
            nonlocal said
            if int(done * 10) > said:
                said = int(done * 10)
                click.echo(f"{title} {what} {100 * done:.0f} %".replace("  ", " "), err=True)

        yield say
