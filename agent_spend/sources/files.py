"""Files that people and other systems leave for us: found by path or `file://` URI, and read whole."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from agent_spend.errors import FeedError, State
from agent_spend.sources.answers import Answer


@dataclass(frozen=True)
class SourceFile:
    """One file as received. ``name`` is what messages call it: the path, or the path below the folder asked for."""

    name: str
    path: Path
    content: bytes

    def as_answer(self) -> Answer:
        """The content for the raw archive, in the shape of an HTTP answer."""
        return Answer(self.path.as_uri(), 200, {}, self.content)


def local_path(setting: str, uri: str) -> Path:
    """The absolute path behind a plain path or a ``file://`` URI.

    Raises:
        FeedError: ``file_not_found`` for any other scheme, naming the setting.
    """
    if "://" not in uri:
        return Path(uri).expanduser().absolute()
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise FeedError("file_not_found", f"{setting}: {uri!r} is not supported; give a path or file:///absolute/path")
    return Path(unquote(parts.path))


def read_file(setting: str, uri: str) -> SourceFile:
    """The one file that ``setting`` names.

    Raises:
        FeedError: ``file_not_found`` or ``file_unreadable`` (state ``forbidden``), naming the setting and the path.
    """
    path = local_path(setting, uri)
    if path.is_dir():
        raise FeedError("file_not_found", f"{setting}: {path} is a folder; name the file itself")
    return _read(setting, path, str(path))


def read_folder(setting: str, uri: str, suffix: str) -> list[SourceFile]:
    """The file that ``setting`` names, or every ``suffix`` file below the folder it names, in order of path.

    Hidden files and the lock files of office programs are left out. The list is empty when the folder holds none.

    Raises:
        FeedError: as :func:`read_file`.
    """
    path = local_path(setting, uri)
    if not path.is_dir():
        return [_read(setting, path, str(path))]
    found = (
        file
        for file in path.rglob("*")
        if file.suffix.lower() == suffix and file.is_file()
        and not any(part.startswith((".", "~$")) for part in file.relative_to(path).parts)
    )
    return [_read(setting, file, str(file.relative_to(path))) for file in sorted(found)]


def _read(setting: str, path: Path, name: str) -> SourceFile:
    try:
        return SourceFile(name, path, path.read_bytes())
    except FileNotFoundError:
        raise FeedError("file_not_found", f"{setting}: there is no file or folder {path}") from None
    except PermissionError:
        message = f"{setting}: {path} may not be read; grant this process read access"
        raise FeedError("file_unreadable", message, State.FORBIDDEN) from None
    except OSError as error:
        raise FeedError("file_unreadable", f"{setting}: {path} cannot be read ({error.strerror})") from None
