"""What tests need to know of PNG and PDF: sizes, colours, words. Standard library, and poppler's pdftotext where it is installed."""
import os
import pathlib
import shutil
import struct
import subprocess
import zlib

from harness import check


def chromium():
    """The browser that the server would find, or None."""
    usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome-stable", "/usr/bin/google-chrome", "/usr/local/bin/chromium"]
    return next((path for path in [os.environ.get("AYBIZA_CHROMIUM", ""), *usual] if path and os.access(path, os.X_OK)), None)


def png(data, rows=300):
    """Width, height, and how many colours its first rows have."""
    check(data[:8] == b"\x89PNG\r\n\x1a\n", f"not a PNG: {data[:40]}")
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    check(depth == 8 and kind in (2, 6), f"a PNG of depth {depth}, colour type {kind}")
    channels, at, packed = (3 if kind == 2 else 4), 8, b""
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        if name == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += 12 + length
    raw, stride, colours = zlib.decompress(packed), width * channels, set()
    check(len(raw) == height * (stride + 1), f"{len(raw)} bytes are no {width} x {height}")
    above = bytearray(stride)
    for row in range(min(rows, height)):
        line = bytearray(raw[row * (stride + 1) + 1:(row + 1) * (stride + 1)])
        unfilter(raw[row * (stride + 1)], line, above, channels)
        colours.update(bytes(line[i:i + 3]) for i in range(0, stride, channels))
        above = line
    return width, height, len(colours)


def unfilter(kind, line, above, step):
    """PNG 9.2: each byte is told as the difference from a guess of its neighbours."""
    for i, value in enumerate(line) if kind else ():
        left, up, corner = (line[i - step] if i >= step else 0), above[i], (above[i - step] if i >= step else 0)
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        else:
            a, b, c = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
            guess = left if a <= b and a <= c else up if b <= c else corner
        line[i] = (value + guess) & 255


def pdf_text(data):
    """Its words, as one line; None without pdftotext."""
    check(data[:5] == b"%PDF-", f"not a PDF: {data[:40]}")
    if not shutil.which("pdftotext"):
        return None
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def left_behind():
    """What browsers of ours have left in the temporary directory."""
    import tempfile
    return sorted(str(path) for path in pathlib.Path(tempfile.gettempdir()).glob("aybiza-picture-*"))
