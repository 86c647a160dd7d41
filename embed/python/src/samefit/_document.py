"""Statistics and models: immutable JSON texts, which the core module reads once in each thread that uses them."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import threading
from typing import Any, ClassVar, TypeVar

from ._abi import Handle
from ._engine import current

Self = TypeVar("Self", bound="Document")


class Document:
    """A JSON text with the core module's reading of it.

    Equal documents have equal text. They can be copied, pickled and sent to other processes and threads: what is sent is the text.
    """

    #: The function of the contract that reads the text.
    _parse: ClassVar[str]
    _text: str
    _local: threading.local

    def __init__(self, text: str | bytes) -> None:
        self._text = text.decode() if isinstance(text, bytes) else text
        self._local = threading.local()
        self._handle()

    @classmethod
    def _of(cls: type[Self], text: str, handle: Handle | None = None) -> Self:
        """Returns the document of a text that the core module wrote."""
        document = cls.__new__(cls)
        document._text, document._local = text, threading.local()
        document._local.handle = handle
        return document

    def _handle(self) -> Handle:
        core = current()
        known: Handle | None = getattr(self._local, "handle", None)
        if known is not None and known.core is core and known.pointer:
            return known
        handle: Handle = core[self._parse](self._text)
        self._local.handle = handle
        return handle

    def close(self) -> None:
        """Frees what this thread holds of it in the core module's memory, which also happens when the object is no longer used.

        A closed object can be used: its text is then read again.
        """
        handle: Handle | None = getattr(self._local, "handle", None)
        self._local.handle = None
        if handle is not None and handle.core is current():
            handle.close()

    def to_json(self) -> str:
        """Returns the text, which is canonical: equal documents are equal bytes."""
        return self._text

    @classmethod
    def from_json(cls: type[Self], text: str | bytes) -> Self:
        """Reads a text. Refuses what is no such document."""
        return cls(text)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the text to a file, whole or not at all."""
        import tempfile

        path = os.fspath(path)
        file, temporary = tempfile.mkstemp(dir=os.path.dirname(path) or ".", prefix=".samefit-")
        try:
            with open(file, "w", encoding="utf-8", newline="") as opened:
                opened.write(self._text)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    @classmethod
    def load(cls: type[Self], path: str | os.PathLike[str]) -> Self:
        """Reads a file."""
        with open(path, "rb") as file:
            return cls(file.read())

    @functools.cached_property
    def document(self) -> dict[str, Any]:
        """The content of the text, as ``docs/formats.md`` describes it."""
        found: dict[str, Any] = json.loads(self._text)
        return found

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, type(self)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._text,)

    def __copy__(self: Self) -> Self:
        return self

    def __deepcopy__(self: Self, memo: Any) -> Self:
        return self


def _umask() -> int:
    """Returns the mask of permissions of new files, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
