"""`python -m scripts.npm ARGUMENTS...`: npm, of the machine or of the wheel (see frontend.py)."""

import os
import sys

from scripts.frontend import environment, npm

if __name__ == "__main__":
    command = npm()
    os.execve(command[0], [*command, *sys.argv[1:]], environment(command))
