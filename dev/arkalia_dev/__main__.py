"""Start here: `python3 -m arkalia_dev <verb>`, or the targets of the Makefile that call it."""

import sys

from arkalia_dev.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
