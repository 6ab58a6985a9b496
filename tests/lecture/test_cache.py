import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from animopt.core.errors import Error
from animopt.lecture import cache as cache_module
from animopt.lecture.cache import Cache, clear, entries, user_folder

ROOT = bool(hasattr(os, "geteuid") and os.geteuid() == 0)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "kept"


class Maker:
    """Writes a content, and counts how often it is called."""

    def __init__(self, content=b"content"):
        self.content = content
        self.count = 0

    def __call__(self, path):
        self.count += 1
        path.write_bytes(self.content)


def use(folder, parts, content=b"content", **options):
    """Return the content of one file of a run of its own, and whether it was made."""
    maker = Maker(content)
    with Cache(folder, **options) as cache:
        return cache.file(parts, ".wav", maker).read_bytes(), maker.count


def test_file_is_made_once_in_this_run_and_the_next(folder):
    maker = Maker()
    with Cache(folder) as cache:
        path = cache.file(["voice", b"1"], ".wav", maker)
        assert path.suffix == ".wav"
        assert cache.file(("voice", b"1"), ".wav", maker) == path
    assert not path.exists()
    with Cache(folder) as cache:
        assert cache.file(["voice", b"1"], ".wav", maker).read_bytes() == b"content"
    assert maker.count == 1
    assert [each.parent for each in folder.iterdir()] == [folder]


def test_files_of_one_key_differ_in_their_suffix(folder):
    with Cache(folder) as cache:
        for suffix in (".wav", ".mp4", ""):
            assert cache.file(["a"], suffix, Maker(suffix.encode())).read_bytes() == suffix.encode()
    assert len(entries(folder)) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: b"",
        lambda content: content + b"\0",
        lambda content: content[:5] + bytes([content[5] ^ 1]) + content[6:],
    ],
    ids=["cut", "empty", "longer", "one bit"],
)
def test_damaged_file_is_made_again(folder, damage):
    use(folder, ["a"], b"whole content")
    (kept,) = folder.iterdir()
    kept.write_bytes(damage(b"whole content"))
    assert use(folder, ["a"], b"whole content") == (b"whole content", 1)
    assert use(folder, ["a"], b"whole content") == (b"whole content", 0)
    assert len(entries(folder)) == 1


def test_files_used_longest_ago_are_removed(folder):
    for number, name in enumerate("abcd"):
        use(folder, [name], b"x" * 100)
        newest = max(entries(folder), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (number, number))
    assert use(folder, ["a"])[1] == 0
    use(folder, ["e"], b"x" * 100, max_bytes=300)
    assert sum(status.st_size for status in entries(folder).values()) == 300
    assert [use(folder, [name], b"x" * 100)[1] for name in "aedbc"] == [0, 0, 0, 1, 1]


def test_files_of_this_run_are_kept_beyond_the_limit(folder):
    with Cache(folder, max_bytes=250) as cache:
        paths = [cache.file([name], ".wav", Maker(b"x" * 100)) for name in "abcd"]
        assert [path.read_bytes() for path in paths] == [b"x" * 100] * 4
    assert [use(folder, [name], max_bytes=250)[1] for name in "abcd"] == [0] * 4
    use(folder, ["e"], b"x" * 100, max_bytes=250)
    assert len(entries(folder)) == 2


def test_file_in_use_outlasts_its_removal_by_another_process(folder):
    with Cache(folder) as cache:
        path = cache.file(["a"], ".wav", Maker())
        assert len(clear(folder)) == 1
        use(folder, ["b"], b"x" * 100, max_bytes=1)
        assert path.read_bytes() == b"content"
        assert cache.file(["a"], ".wav", Maker(b"other")) == path


@pytest.mark.long
def test_two_processes_make_and_remove_the_same_files(folder):
    program = (
        "import sys, random\n"
        "from pathlib import Path\n"
        "from animopt.lecture.cache import Cache\n"
        "for run in range(15):\n"
        "    with Cache(Path(sys.argv[1]), max_bytes=150_000) as cache:\n"
        "        for name in random.sample(range(6), 3):\n"
        "            content = bytes([name]) * 50_000\n"
        "            path = cache.file([str(name)], '.bin', lambda path: path.write_bytes(content))\n"
        "            assert path.read_bytes() == content\n"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(folder)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    assert [process.communicate()[1] for process in processes] == [b"", b""]
    for path in entries(folder):
        content = path.read_bytes()
        assert content == content[:1] * 50_000
    assert set(folder.iterdir()) == set(entries(folder))


def test_failed_maker_leaves_nothing(folder):
    def fail(path):
        path.write_bytes(b"half")
        raise Error("the voice failed")

    with Cache(folder) as cache:
        with pytest.raises(Error, match="the voice failed"):
            cache.file(["a"], ".wav", fail)
        assert cache.file(["a"], ".wav", Maker()).read_bytes() == b"content"


def test_full_disk_is_one_line(folder):
    def fail(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Cache(folder) as cache, pytest.raises(Error, match=r"kept: cannot be written: No space left .*; free some"):
        cache.file(["a"], ".wav", fail)


def test_file_that_cannot_be_kept_is_used(folder, monkeypatch):
    def fail(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Cache(folder) as cache:
        monkeypatch.setattr(cache_module, "move", fail)
        with pytest.warns(UserWarning, match=r"No space left .*; nothing is kept for the next run$") as caught:
            paths = [cache.file([name], ".wav", Maker()) for name in "ab"]
        assert [path.read_bytes() for path in paths] == [b"content"] * 2
    assert len(caught) == 1
    assert not list(folder.iterdir())


def test_file_system_without_links_gets_copies(folder, monkeypatch):
    def fail(self, target):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", fail)
    assert use(folder, ["a"]) == (b"content", 1)
    assert use(folder, ["a"]) == (b"content", 0)


def refused(folder):
    """Return the warning of a run whose folder cannot be used, while the run works."""
    with pytest.warns(UserWarning, match="cache") as caught:
        assert use(folder, ["a"]) == (b"content", 1)
    (warning,) = caught
    return str(warning.message)


def test_file_in_place_of_the_folder_is_a_warning(folder):
    folder.write_bytes(b"mine")
    message = f"cache {folder}: is not a folder; move the file away; nothing is kept for the next run"
    assert refused(folder) == message
    assert refused(folder / "below").endswith("is not a folder; move the file away; nothing is kept for the next run")
    assert folder.read_bytes() == b"mine"


@pytest.mark.skipif(ROOT, reason="root may write everywhere")
def test_folder_that_cannot_be_written_to_is_a_warning(folder):
    folder.mkdir(0o500)
    assert "Permission denied; name a place that may be written to; nothing is kept" in refused(folder)


def test_cache_that_keeps_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(cache_module, "user_folder", lambda: pytest.fail("the user's folder was used"))
    assert use(None, ["a"], keep=False) == (b"content", 1)
    assert use(None, ["a"], keep=False) == (b"content", 1)


def test_folder_is_that_of_the_user_by_default(monkeypatch, folder):
    assert user_folder().parent == platformdirs.user_cache_path()
    monkeypatch.setattr(cache_module, "user_folder", lambda: folder)
    assert use(None, ["a"]) == (b"content", 1)
    assert len(entries(folder)) == 1


@pytest.fixture
def user(folder, monkeypatch):
    """A folder in place of the user's, with two kept files and one of another program."""
    monkeypatch.setattr(cache_module, "user_folder", lambda: folder)
    with Cache(folder) as cache:
        for name in "ab":
            cache.file([name], ".mp4", Maker(b"x" * 1500))
    (folder / "notes.txt").write_text("mine")
    return folder


def test_command_shows_the_folder(user, animopt_here):
    done = animopt_here("cache")
    assert (done.returncode, done.stderr) == (0, "")
    assert str(user) in done.stdout.replace("\n", "").replace(" ", "")
    assert "2 files, 3,000 bytes" in done.stdout
    assert "5,000,000,000 bytes" in done.stdout
    kept = {"files": 2, "bytes": 3000}
    report = {"folder": str(user), "kept": kept, "max_bytes": 5 * 10**9}
    assert json.loads(animopt_here("cache", "--json").stdout) == report
    assert len(entries(user)) == 2


def test_command_removes_only_kept_files(user, animopt_here):
    done = animopt_here("cache", "--clear", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["removed"], report["kept"]) == ({"files": 2, "bytes": 3000}, {"files": 0, "bytes": 0})
    assert [path.name for path in user.iterdir()] == ["notes.txt"]
    done = animopt_here("cache", "--clear", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_command_without_a_folder_shows_no_files(folder, monkeypatch, animopt_here):
    monkeypatch.setattr(cache_module, "user_folder", lambda: folder)
    assert "0 files, 0 bytes" in animopt_here("cache").stdout
    assert not folder.exists()
    folder.write_bytes(b"")
    done = animopt_here("cache")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"animopt: {folder}: Not a directory; move the file away\n"
