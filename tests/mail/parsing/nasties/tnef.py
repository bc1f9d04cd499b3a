"""A winmail.dat as Outlook makes it."""

import struct


def _attribute(level: int, name: int, kind: int, value: bytes) -> bytes:
    head = struct.pack("<BII", level, kind << 16 | name, len(value))
    return head + value + struct.pack("<H", sum(value) & 0xFFFF)


def _property(kind: int, name: int, value: bytes) -> bytes:
    padded = value + b"\0" * (-len(value) % 4)
    return struct.pack("<HHII", kind, name, 1, len(value)) + padded


def winmail(text: bytes) -> bytes:
    """`text` in Windows-1252 and one file, report.pdf, its long name in Unicode."""
    names = [
        struct.pack("<HHI", 0x3, 0x3705, 1),
        # A property named by a string: it has to be skipped.
        struct.pack("<HH", 0x3, 0x8001)
        + b"\1" * 16
        + struct.pack("<II", 1, 4)
        + b"a\0b\0"
        + b"\2\0\0\0",
        _property(0x1F, 0x3707, "report.pdf\0".encode("utf-16-le")),
        _property(0x1E, 0x370E, b"application/pdf\0"),
    ]
    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + _attribute(1, 0x9007, 6, struct.pack("<II", 1252, 0))
        + _attribute(1, 0x800C, 2, text + b"\0")
        + _attribute(2, 0x9002, 6, b"\0" * 14)
        + _attribute(2, 0x8010, 1, b"REPORT~1.PDF\0")
        + _attribute(2, 0x800F, 6, b"%PDF")
        + _attribute(2, 0x9005, 6, struct.pack("<I", len(names)) + b"".join(names))
    )
