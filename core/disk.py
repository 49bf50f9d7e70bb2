"""A store in a folder of this machine."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import files
from core.errors import NotFound
from core.files import Store, Stored, StoreDown


class DiskStore(Store):
    """A folder on this machine. Links in it are not followed, and whatever is no plain file is not there."""

    def __init__(self, root: Path, known: Path) -> None:
        self.root, self.known = root, known
        self.sync_failed = False
        self.synced: set[tuple[str, ...]] = set()
        root.mkdir(parents=True, exist_ok=True)
        with _disk():
            for folder in (root.parent, root.parent.parent):
                self._sync_path(folder)

    def put(self, key: str, data: bytes, mime: str | None = None) -> None:
        *folders, name = files.parts(key)
        with _disk():
            files.recognise(self)
            with self._folder(*folders, create=True) as folder:
                self._write(folder, name, data)

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        *folders, name = files.parts(key)
        with _disk(), _absent(), self._folder(*folders) as folder:
            return self._read(folder, name, start, length)

    def head(self, key: str) -> int | None:
        *folders, name = files.parts(key)
        with suppress(NotFound), _disk(), _absent(), self._folder(*folders) as folder:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            return status.st_size if stat.S_ISREG(status.st_mode) else None
        return None

    def delete(self, key: str) -> None:
        self._remove(*files.parts(key))

    def list(self, prefix: str = "") -> Iterator[Stored]:
        for key, status in self._walk(prefix):
            if files.is_key(key) and key.startswith(prefix):
                yield Stored(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

    def link(self, key: str, filename: str | None = None, *, seconds: int = 300) -> str | None:
        files.parts(key)
        return None

    def check(self) -> None:
        with _disk():
            files.recognise(self)
            with self._folder() as root:
                name = files.temporary()
                self._write(root, name, files.PROBE)
                files.compare(self._read(root, name))
                os.unlink(name, dir_fd=root)

    def sweep(self, older_than: datetime) -> int:
        moment = older_than.timestamp()
        found = [path.split("/") for path, status in self._walk() if status.st_mtime < moment]
        left = [path for path in found if files.TEMPORARY.fullmatch(path[-1])]
        for path in left:
            self._remove(*path)
        return len(left)

    def marker(self) -> bytes | None:
        with suppress(NotFound), _absent(), self._folder() as root:
            return self._read(root, files.MARKER)
        return None

    def make_marker(self, identity: bytes) -> None:
        with suppress(FileExistsError), self._folder() as root:
            self._write(root, files.MARKER, identity, os.link)

    @contextmanager
    def _folder(self, *names: str, create: bool = False) -> Iterator[int]:
        """The only door to the file system: a folder, opened step by step from the root without following a link."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        folder = os.open(self.root, flags)
        try:
            for depth, name in enumerate(names, 1):
                if create:
                    self._make(folder, names[:depth])
                below = os.open(name, flags | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = below
            yield folder
        finally:
            os.close(folder)

    def _make(self, parent: int, names: tuple[str, ...]) -> None:
        """A folder new to us is synced even when it is there: who made it may have died before it could."""
        if names not in self.synced:
            with suppress(FileExistsError):
                os.mkdir(names[-1], 0o750, dir_fd=parent)
            self._sync(parent)
            self.synced.add(names)

    def _write(self, folder: int, name: str, data: bytes, place: Any = os.rename) -> None:
        temporary = files.temporary()
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with open(os.open(temporary, flags, 0o640, dir_fd=folder), "wb") as file:
                file.write(data)
                file.flush()
                self._sync(file.fileno())
            place(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)
        self._sync(folder)

    def _sync_path(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._sync(descriptor)
        finally:
            os.close(descriptor)

    def _sync(self, descriptor: int) -> None:
        """After one failed fsync the system forgets what it could not write and the next one succeeds: trust none."""
        if self.sync_failed:
            raise StoreDown(
                "The disk failed while keeping a file, so nothing more is written. Look at it, then restart."
            )
        try:
            os.fsync(descriptor)
        except OSError:
            self.sync_failed = True
            raise

    def _read(self, folder: int, name: str, start: int = 0, length: int | None = None) -> bytes:
        # Not blocking: somebody's named pipe in our folder must not hold us for ever.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise FileNotFoundError(errno.ENOENT, "not a plain file")
            file.seek(start)
            return file.read(length)

    def _remove(self, *path: str) -> None:
        *folders, name = path
        with suppress(NotFound), _disk(), _absent(), self._folder(*folders) as folder:
            os.unlink(name, dir_fd=folder)

    def _walk(self, prefix: str = "", *folders: str) -> Iterator[tuple[str, os.stat_result]]:
        for name, status in self._entries(*folders):
            path = "/".join((*folders, name))
            if not (path.startswith(prefix) or prefix.startswith(path)):
                continue
            if stat.S_ISREG(status.st_mode):
                yield path, status
            elif stat.S_ISDIR(status.st_mode) and len(folders) < 2 and files.FOLDER.fullmatch(name):
                yield from self._walk(prefix, *folders, name)

    def _entries(self, *folders: str) -> Iterator[tuple[str, os.stat_result]]:
        found = {}
        with suppress(NotFound), _disk(), _absent(), self._folder(*folders) as folder:
            for name in os.listdir(folder):
                with suppress(FileNotFoundError):
                    found[name] = os.stat(name, dir_fd=folder, follow_symlinks=False)
        yield from sorted(found.items())


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreDown(
            f"The disk that keeps our files said: {error.strerror}. Nothing half-written was kept. "
            "Make room or mend the disk, then try again."
        ) from error


@contextmanager
def _absent() -> Iterator[None]:
    """A link in a key's way looks like nothing at all."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            raise
        raise NotFound("That file is not in the store.") from None
