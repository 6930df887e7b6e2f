"""The terminal's door: commands, what they print, and what they exit with.

0 done; 1 our fault (one line, details in a log file); 2 bad input or usage; 130 interrupted.
"""

from radloop.cli.main import main

__all__ = ["main"]
