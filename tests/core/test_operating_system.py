"""Which code depends on the operating system."""

from pathlib import Path

from animopt.core import operating_system

FILES = ("operating_system.py", "signals.py", "processes.py")
WORDS = ("sys.platform", "os.name ", "platform.system", "signal.SIG", "start_new_session", "creationflags")


def test_only_three_modules_depend_on_the_operating_system():
    package = Path(operating_system.__file__).parents[1]
    found = {
        (path.name, word)
        for path in package.rglob("*.py")
        for word in WORDS
        if word in path.read_text("utf-8") and path.name not in FILES
    }
    # SIGINT has the same meaning everywhere, and doctor only reports the system.
    assert found <= {("worker_pool.py", "signal.SIG"), ("doctor.py", "platform.system")}
