"""A set of files is written whole or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest

from convergence import writing
from convergence.errors import BadOutput
from convergence.writing import write_files

OLD = {"report.md": "old report", "figures/one.svg": "old figure"}
NEW = {"report.md": "new report\n", "figures/one.svg": b"\x00new", "figures/two.svg": "zwei ½", "data/x.json": "{}"}


def _contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()}


def _bytes(files):
    return {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}


def _fail_at(monkeypatch, owner, name, count, error):
    calls, real = [], getattr(owner, name)

    def failing(*arguments, **options):
        calls.append(arguments)
        if len(calls) == count:
            raise error
        return real(*arguments, **options)

    monkeypatch.setattr(owner, name, failing)


def test_files_are_what_was_given_and_nothing_else(tmp_path):
    folder = tmp_path / "deep" / "down"
    paths = write_files(folder, NEW)
    assert _contents(folder) == _bytes(NEW)
    assert list(paths) == [folder / name for name in NEW]
    assert sorted(p.name for p in folder.iterdir()) == ["data", "figures", "report.md"]


def test_old_files_are_replaced_and_others_left_alone(tmp_path):
    write_files(tmp_path, OLD | {"mine.txt": "kept"})
    write_files(tmp_path, NEW)
    assert _contents(tmp_path) == _bytes(NEW | {"mine.txt": "kept"})


def test_an_empty_set_makes_the_folder_only(tmp_path):
    assert write_files(tmp_path / "out", {}) == ()
    assert (tmp_path / "out").is_dir()


FULL, DENIED = OSError(errno.ENOSPC, "No space left on device"), PermissionError(errno.EACCES, "Permission denied")


@pytest.mark.parametrize(("error", "raised"), [(FULL, BadOutput), (DENIED, BadOutput), (KeyboardInterrupt(), None)])
@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize(("owner", "step"), [(os, "fsync"), (Path, "replace"), (writing, "_keep"), (writing, "_write")])
@pytest.mark.parametrize("before", [OLD, {}])
def test_a_failure_at_any_step_leaves_everything_as_it_was(
    before, owner, step, count, error, raised, tmp_path, monkeypatch
):
    folder = tmp_path / "out"
    if before:
        write_files(folder, before)
    with monkeypatch.context() as patched:
        _fail_at(patched, owner, step, count, error)
        with pytest.raises(raised or KeyboardInterrupt):
            write_files(folder, NEW)
    assert _contents(tmp_path) == {f"out/{name}": text for name, text in _bytes(before).items()}
    assert folder.exists() == bool(before)
    assert not list(tmp_path.rglob(".writing-*"))


def test_links_are_not_needed(tmp_path, monkeypatch):
    write_files(tmp_path, OLD)
    monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EPERM, "no links here")))
    _fail_at(monkeypatch, Path, "replace", 2, FULL)
    with pytest.raises(BadOutput, match="disk is full"):
        write_files(tmp_path, NEW)
    assert _contents(tmp_path) == _bytes(OLD)


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "taken").write_text("mine")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(BadOutput, match="a file stands where a folder is needed"):
            write_files(folder, NEW)
    with pytest.raises(BadOutput, match="a file stands"):
        write_files(tmp_path, {"taken/x": "", "other/y": ""})
    assert _contents(tmp_path) == {"taken": b"mine"}
    assert not (tmp_path / "other").exists()


def test_a_folder_in_the_way_is_refused_before_anything_moves(tmp_path):
    write_files(tmp_path, OLD | {"data/x.json/inner": ""})
    before = _contents(tmp_path)
    with pytest.raises(BadOutput, match="a folder stands where a file is to go"):
        write_files(tmp_path, NEW)
    assert _contents(tmp_path) == before


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "/x", "a/../../x"])
def test_no_file_leaves_the_folder(name, tmp_path):
    with pytest.raises(BadOutput, match="inside the output folder"):
        write_files(tmp_path / "out", {name: "x"})
    assert not (tmp_path / "out").exists()


def test_too_long_a_name_is_refused(tmp_path):
    with pytest.raises(BadOutput, match="too long"):
        write_files(tmp_path, {"x" * 300: ""})
    assert _contents(tmp_path) == {}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(BadOutput, match="permission denied"):
            write_files(tmp_path, NEW)
    finally:
        tmp_path.chmod(0o700)


@pytest.fixture(name="small_disk")
def _small_disk(tmp_path):
    mounted = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    try:
        subprocess.run(mounted, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to mount a small disk here")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_disk_that_is_really_full_keeps_the_old_files(small_disk):
    write_files(small_disk, OLD)
    with pytest.raises(BadOutput, match="the disk is full"):
        write_files(small_disk, {"report.md": "x" * 30_000, "figures/one.svg": "y" * 60_000})
    assert _contents(small_disk) == _bytes(OLD)
