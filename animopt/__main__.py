"""`python -m animopt`, which is what `animopt` runs."""

import sys

# Python looks for modules first where it was started, and would take a random.py or a numpy.py that lies there for its
# own; a scene's modules are found from where the scene lies.
if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]

from animopt.cli import main

if __name__ == "__main__":
    main()
