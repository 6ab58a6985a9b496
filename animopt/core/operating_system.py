"""Which operating system this process runs on."""

import sys

WINDOWS = sys.platform == "win32"


MAC = sys.platform == "darwin"
