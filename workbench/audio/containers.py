"""Is a container all there? What RIFF, RF64, AIFF, MP3 and OGG say of their length or their end.

libsndfile silently shortens a file that ends before the length in its header.
"""

import os
import struct
from typing import BinaryIO

_UNFILLED_SIZES = {0x7FFFF000, 0xFFFFFFFF}  # left in the header by writers into a pipe


def incomplete(stream: BinaryIO) -> str | None:
    """Say what a shortened file lacks, as the rest of a sentence about it; None: nothing is known.

    Of WAV, RF64, AIFF and MP3, what the header promises is compared with what is there; of OGG,
    the last page is looked for. The place in the stream is lost.

    >>> import io
    >>> incomplete(io.BytesIO(b"RIFF....WAVEdata" + bytes([9, 0, 0, 0]) + b"three"))
    'is truncated: its header promises 9 bytes, the file holds 5'
    """
    stream.seek(0)
    magic = stream.read(12)[:4]
    if magic == b"OggS" and not _ogg_ends(stream):
        return "is truncated: the last page of its OGG stream is missing"
    order = {b"RIFF": "<", b"RF64": "<", b"FORM": ">"}.get(magic)
    promised, held, frame = _data_chunk(stream, order) if order else _mp3_bytes(stream)
    if promised // frame <= held // frame or promised in _UNFILLED_SIZES:
        return None
    unit = "samples" if frame > 1 else "bytes"
    return (
        f"is truncated: its header promises {promised // frame} {unit}, "
        f"the file holds {held // frame}"
    )


def _data_chunk(stream: BinaryIO, order: str) -> tuple[int, int, int]:
    """Return bytes promised, bytes held, and bytes per frame (1: unknown) of RIFF, RF64 or AIFF."""
    end = stream.seek(0, os.SEEK_END)
    position, long_size, frame = 12, None, 1
    while position + 8 <= end:
        stream.seek(position)
        name, size = struct.unpack(order + "4sI", stream.read(8))
        held = end - position - 8
        if name in (b"data", b"SSND"):
            promised = long_size if size == 0xFFFFFFFF and long_size is not None else size
            return promised, held, frame
        body = stream.read(min(size, 24))
        if name == b"ds64" and len(body) >= 16:
            (long_size,) = struct.unpack("<Q", body[8:16])
        if name == b"fmt " and len(body) >= 16:
            tag, block = struct.unpack("<H10xH", body[:14])
            frame = max(1, block) if tag in (1, 3, 0xFFFE) else 1  # PCM, float, extensible
        position += 8 + size + size % 2
    return 0, 0, 1


def _mp3_bytes(stream: BinaryIO) -> tuple[int, int, int]:
    """Return bytes promised by a Xing or LAME header behind an ID3 tag, bytes held, and 1."""
    end = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    tag = stream.read(10)
    start = 0
    if tag[:3] == b"ID3" and len(tag) == 10:  # its size has 7 bits in each byte
        start = 10 + sum(byte << shift for byte, shift in zip(tag[6:], (21, 14, 7, 0), strict=True))
    stream.seek(start)
    frame = stream.read(64)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    is_mp3 = frame[:1] == b"\xff" and 0 < at < len(frame) - 16
    if not is_mp3 or not frame[at + 7] & 2:  # bit 1: it says how many bytes; bit 0: frames, before
        return 0, 0, 1
    (promised,) = struct.unpack_from(">I", frame, at + 8 + 4 * (frame[at + 7] & 1))
    return promised, end - start, 1


def _ogg_ends(stream: BinaryIO) -> bool:
    """Whether the last page is whole and marked as the last (RFC 3533, section 6)."""
    end = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, end - 2 * 65307))  # a page has at most 65307 bytes
    tail = stream.read()
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < 27 or len(page) < 27 + page[26]:
        return False
    length = 27 + page[26] + sum(page[27 : 27 + page[26]])
    return bool(page[5] & 4) and len(page) >= length
