"""The folder that an import reads, and nothing outside it.

In: a folder and paths from data. Out: files below the folder; a path that leaves it is refused.
"""

from pathlib import Path

from actors.images import safe_relative
from conf.errors import BadInput
from pipeline.dataset.importers.values import RowFault

MAX_FILE = 2 * 2**30  # bytes of one image file; larger ones are refused unread


class Source:
    """A local folder of other people's files."""

    def __init__(self, folder: str) -> None:
        self._root = Path(folder).resolve()
        if not self._root.is_dir():
            raise BadInput(f"--source {folder} is not a folder")

    def matches(self, pattern: str) -> list[Path]:
        """Return the files that match a pattern, sorted.

        Raises:
            BadInput: the pattern leaves the folder, or matches nothing.
        """
        if not safe_relative(pattern):
            raise BadInput(f"the path {pattern!r} leaves the source folder")
        found = sorted(p for p in self._root.glob(pattern) if p.is_file() and self._holds(p))
        if not found:
            raise BadInput(f"{self._root} holds no file that matches {pattern!r}")
        return found

    def file(self, path: str) -> Path:
        """Return one file named by data.

        Raises:
            RowFault: the path leaves the folder, or there is no such file.
        """
        relative = path.replace("\\", "/")
        if not safe_relative(relative):
            raise RowFault("an image path leaves the source folder", f"{path!r} leaves it")
        file = self._root / relative
        if not self._holds(file):
            raise RowFault("an image path leaves the source folder", f"{path!r} links out of it")
        try:
            if not file.is_file():
                raise RowFault("an image is missing", f"{path} is missing")
        except OSError as error:
            raise RowFault("an image is missing", f"{path[:60]}: {error.strerror}") from None
        if file.stat().st_size > MAX_FILE:
            raise RowFault("an image file is too large", f"{path} is over {MAX_FILE} bytes")
        return file

    def name(self, file: Path) -> str:
        """Return a file's path below the folder."""
        return file.relative_to(self._root).as_posix()

    def _holds(self, file: Path) -> bool:
        return file.resolve().is_relative_to(self._root)
