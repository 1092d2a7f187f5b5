"""Texts that people give, in files or on standard input: in UTF-8, and of a length that can be meant."""

from __future__ import annotations

import os
import sys

from vrest.atomic import short
from vrest.errors import InputError

LONGEST = 2**28
"""Bytes: what is longer, such as /dev/zero, is not read to its end."""


def there(path: str | os.PathLike[str]) -> bool:
    """Whether something is there that can be read: a file, a pipe as in `<(...)`, but no folder.

    >>> there(os.devnull), there("/"), there("nowhere.csv")
    (True, False, False)
    """
    return os.path.exists(path) and not os.path.isdir(path)


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """What is in a file, or on standard input (`-`).

    Raises
    ------
    InputError
        `no_file`: there is none, or it cannot be read. `too_long`: it has more than `LONGEST` bytes.
    """
    try:
        if path == "-":
            buffer = getattr(sys.stdin, "buffer", None)
            found = buffer.read(LONGEST + 1) if buffer else sys.stdin.read(LONGEST + 1).encode()
        else:
            with open(path, "rb") as file:
                found = file.read(LONGEST + 1)
    except FileNotFoundError:
        raise InputError(f"There is no file '{short(path)}'.", code="no_file", hint="Check the path.") from None
    except (OSError, ValueError) as error:  # a name with a NUL in it
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{called(path)} cannot be read: {why}.", code="no_file", hint="Check the path.") from None
    if len(found) > LONGEST:
        told = f"{called(path)} has more than {LONGEST / 2**20:.0f} MiB, and is not read."
        raise InputError(told, code="too_long", hint="Check the file; divide a table that is longer.")
    return found


def decoded(raw: bytes, path: str | os.PathLike[str], code: str) -> str:
    """The text of a file that was read, in UTF-8, or in UTF-16 if it begins as that does.

    >>> decoded("Vm".encode("utf-16"), "a.csv", "bad_table"), decoded(b"Vm", "a.csv", "bad_table")
    ('Vm', 'Vm')
    >>> decoded(b"Vm\\n\\xff", "a.csv", "bad_table")
    Traceback (most recent call last):
    vrest.errors.InputError: 'a.csv' is not text in UTF-8: line 2 has the byte 0xff. Save it as text in UTF-8.
    """
    try:
        return raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        told = f"{called(path)} is not text in UTF-8: line {line} has the byte 0x{raw[error.start]:02x}."
        raise InputError(told, code=code, hint="Save it as text in UTF-8.") from None


def read_text(path: str | os.PathLike[str], code: str) -> str:
    """The text of a file, or of standard input (`-`); `code` is that of the error where it is none."""
    return decoded(read_bytes(path), path, code)


def called(path: str | os.PathLike[str]) -> str:
    """What a message calls it.

    >>> called("a.csv"), called("-")
    ("'a.csv'", 'Standard input')
    """
    return "Standard input" if path == "-" else f"'{short(path)}'"
