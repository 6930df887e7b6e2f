"""``python -m radloop`` is the command ``radloop``."""

from radloop.cli import main

main()
