"""The command ``radloop`` and how it ends."""

import importlib
import logging
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from types import TracebackType

import click

from radloop import __version__
from radloop.refusal import Refusal

# Where each command lives; its module is imported only when it is called, or to show its line of help.
COMMANDS = {
    "prepare": "radloop.cli.prepare:prepare",
    "demo": "radloop.cli.demo:demo",
    "serve": "radloop.cli.serve:serve",
    "infer": "radloop.cli.infer:infer",
    "evaluate": "radloop.cli.evaluate:evaluate",
    "models": "radloop.cli.models:models",
    "train": "radloop.cli.train:train",
    "choose": "radloop.cli.train_films:choose",
    "doctor": "radloop.cli.doctor:doctor",
    "app": "radloop.cli.app:app",
    "dicom": "radloop.cli.dicom:dicom",
    "store": "radloop.cli.store:store",
    "token": "radloop.cli.token:token",
    "audit": "radloop.cli.audit:audit",
    "viewer": "radloop.cli.viewer:viewer",
    "samples": "radloop.cli.samples:samples",
    "fit-diagnosis": "radloop.cli.fit_diagnosis:fit_diagnosis",
    "recurrence": "radloop.cli.recurrence:recurrence",
}


class LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="radloop")
def radloop() -> None:
    """Analyse cine MR of the heart and chest X-rays, serve them to 3D Slicer and OHIF, learn from corrections.

    Research use only. Not a medical device.
    """


def main() -> None:
    sys.excepthook = _our_fault
    _quiet_libraries()
    try:
        code = radloop(standalone_mode=False)
    except Refusal as refusal:
        click.echo(refusal.sentence, err=True)
        sys.exit(2)
    except click.ClickException as usage:
        click.echo(f"{usage.format_message()} (see: radloop --help)", err=True)
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def _quiet_libraries() -> None:
    """Libraries warn about things a user can do nothing about; what matters comes as a Refusal."""
    logging.basicConfig(level=logging.ERROR)
    # It logs each decoder that fails on damaged pixels with a traceback, and then raises what becomes the Refusal.
    pydicom = logging.getLogger("pydicom")
    pydicom.propagate = False
    pydicom.addHandler(logging.NullHandler())
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _our_fault(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """A fault of ours: one line for the person, the rest in a file for whoever mends it."""
    log = Path(tempfile.mkdtemp(prefix="radloop-fault-")) / "details.txt"
    log.write_text("".join(traceback.format_exception(kind, fault, trace)))
    click.echo(
        f"radloop failed: {kind.__name__}: {str(fault).splitlines()[0] if str(fault) else ''}; details in {log}",
        err=True,
    )
