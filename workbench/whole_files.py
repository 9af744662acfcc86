"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str], *, beginning: Path | None = None) -> Iterator[Path]:
    """A path to write to, which becomes `path` once nothing went wrong.

    What was there before stays until then. A link stays a link, and the file that it leads to is
    replaced. A process that is killed leaves the other file, which is hidden, beside it; or where
    its name is to begin as `beginning`, on the same disk.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with whole_file(path) as other:
    ...     _ = other.write_text("all of it")
    >>> path.read_text(), len(os.listdir(path.parent))
    ('all of it', 1)
    """
    target = Path(os.path.realpath(path))
    start = f"{beginning}." if beginning else f"{target.parent}/."
    temporary = Path(f"{start}{secrets.token_hex(8)}{target.suffix}")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
