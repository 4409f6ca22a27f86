"""`python3 -m arkalia_release VERB`."""

import sys

from arkalia_release.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
