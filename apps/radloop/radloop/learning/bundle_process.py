"""A bundle's training in a process of its own, which ends when the process that asked for it does.

``python -m radloop.learning.bundle_process FILE...``: as ``python -m monai.bundle run`` with these configuration
files, the later laid over the earlier. Its standard input is a pipe that is never written to.
"""

import os
import sys
import threading

from radloop.models.light_monai import import_light


def main(files: list[str]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import_light()
    from monai.bundle.scripts import run

    run(config_file=files)


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # returns once the other end is closed, however that came about
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
