"""Writing a folder of files: all of them, or the folder stays as it was before.

Everything is written to a hidden folder beside the results first: that is where a disk runs full. Only then are the
files moved into place, each in one step, and put back if a move fails or is interrupted.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from convergence.errors import BadOutput

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space or name another folder",
    errno.EDQUOT: "the disk quota is used up; free some space or name another folder",
    errno.EACCES: "permission denied; name a folder that you may write to",
    errno.EPERM: "permission denied; name a folder that you may write to",
    errno.EROFS: "the file system is read-only; name another folder",
    errno.ENOTDIR: "a file stands where a folder is needed; move it or name another folder",
    errno.ENOENT: "no folder can be made there; name another folder",
    errno.EEXIST: "a file stands where a folder is needed; move it or name another folder",
    errno.EISDIR: "a folder stands where a file is to go; move it or name another folder",
    errno.ENAMETOOLONG: "the name is too long; name a shorter one",
}


def write_files(folder: str | Path, files: Mapping[str, str | bytes], obsolete: Iterable[str] = ()) -> tuple[Path, ...]:
    """Write files, all or none; returns their paths. A reader never sees half a file.

    Missing folders are made, existing files replaced, others left alone. If anything fails, an interrupt too, the old
    files stay or come back; only a killed process can leave some files new and some old, each of them whole.

    Parameters
    ----------
    folder
        Where to.
    files
        Name relative to ``folder`` -> content; text is written as UTF-8 with the line ends it has.
    obsolete
        Names of files that are removed.

    Raises
    ------
    BadOutput
        For a name that leaves the folder, and for a folder that cannot be written.
    """
    folder = Path(folder)
    names, gone = [_inside(name) for name in files], [_inside(name) for name in obsolete if name not in files]
    try:
        with _folders({folder / name for name in names}, folder), _staging(folder) as stage:
            for name, content in zip(names, files.values(), strict=True):
                _write(stage / "new" / name, content)
            _replace(names, gone, folder, stage)
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, f"{error.strerror or error}")
        raise BadOutput(f"{folder} must be a folder that can be written to: {reason}; nothing was changed") from error
    return tuple(folder / name for name in names)


def write_file(path: str | Path, content: str | bytes) -> Path:
    """Write one file, whole or not at all. Raises BadOutput where that is not possible."""
    path = Path(path)
    return write_files(path.parent, {path.name: content})[0]


def require_folder(path: str | Path) -> None:
    """BadOutput, before any work is done, for a folder that files could not be written to."""
    there = next(folder for folder in (Path(path), *Path(path).absolute().parents) if os.path.lexists(folder))
    if not there.is_dir():
        file = "is" if there == Path(path) else f"{there} is"
        raise BadOutput(f"{path} must be a folder to write to, and {file} a file; move it or name another folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise BadOutput(f"{path} must be a folder that can be written to: {_REASONS[errno.EACCES]}")


def require_file(path: str | Path) -> None:
    """BadOutput, before any work is done, for a file that could not be written."""
    if str(path).endswith(("/", os.sep)) or Path(path).is_dir():
        raise BadOutput(f"{path} must be a file to write, and is a folder; name a file in it")
    require_folder(Path(path).parent)


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts:
        raise BadOutput(f"a file's name must lie inside the output folder, got {name!r}; give a relative one")
    return path


@contextmanager
def _folders(targets: Iterable[Path], folder: Path) -> Iterator[None]:
    """The folders that the targets need, taken away again if they are not filled."""
    parents = {above for target in targets for above in target.parents} | {folder, *folder.parents}
    missing = sorted((path for path in parents if not path.exists()), key=lambda path: len(path.parts))
    try:
        for path in missing or [folder]:
            path.mkdir(exist_ok=True)
        yield
    except BaseException:
        for path in reversed(missing):
            with suppress(OSError):
                path.rmdir()
        raise


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A hidden folder in the same file system, so that moving a file out of it is one step."""
    with TemporaryDirectory(prefix=".writing-", dir=folder, ignore_cleanup_errors=True) as name:
        yield Path(name)


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())  # some file systems report a full disk only here


def _replace(names: Iterable[PurePosixPath], gone: Iterable[PurePosixPath], folder: Path, stage: Path) -> None:
    begun: list[PurePosixPath] = []
    try:
        for name in names:
            _keep(folder / name, stage / "old" / name)
            begun.append(name)
            (stage / "new" / name).replace(folder / name)
        for name in gone:
            _keep(folder / name, stage / "old" / name)
            begun.append(name)
            (folder / name).unlink(missing_ok=True)
    except BaseException:
        for name in begun:
            _restore(folder / name, stage / "old" / name)
        raise


def _keep(target: Path, backup: Path) -> None:
    """A second name for the old file; a copy where the file system knows no links."""
    if not os.path.lexists(target):
        return
    if target.is_dir() and not target.is_symlink():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    backup.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(target, backup, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(target, backup, follow_symlinks=False)


def _restore(target: Path, backup: Path) -> None:
    with suppress(OSError):
        if os.path.lexists(backup):
            backup.replace(target)
        else:
            target.unlink(missing_ok=True)
