"""PostgreSQL stopped under load: how long answers and pages take, what waits, and how fast it goes into the store afterwards.

  AYBIZA_BINARY=build/release/aybiza python3 bench/outage_timeline.py [--seconds 300] [--rate 20000] [--memory 2GiB] [--kind stopped|hung]
"""
import argparse
import os
import pathlib
import platform
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "system"))
from postgres_server import binaries  # noqa: E402
from timeline import outage  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--memory", default="2GiB")
    parser.add_argument("--kind", choices=("stopped", "hung"), default="stopped")
    options = parser.parse_args()
    folder = binaries()
    if not folder:
        print("skipped: no PostgreSQL server is installed here")
        return 77
    print(f"{os.cpu_count()} x {platform.machine()}, {folder}; {' '.join(sys.argv)}")
    outage(folder, options.seconds, options.rate, options.memory, options.kind)
    return 0


if __name__ == "__main__":
    sys.exit(main())
