"""`python -m tests.bench [PART ...]`: run the parts named, or all. It tells and does not judge: it exits with 0."""

import importlib
import os
import sys
import time

from tests.bench import measure

# To add a part, add its file to this folder, with a `rows()` and a docstring, and its name here.
PARTS = ("ingest", "pipeline", "gallery", "conversation", "live", "media", "finding", "counting", "wall", "parcel")


def main(wanted: list[str]) -> None:
    """Run the parts and print their rows as they come, then which targets were missed."""
    unknown = set(wanted) - set(PARTS)
    if unknown:
        sys.exit(f"There is no part {', '.join(sorted(unknown))}. Parts: {', '.join(PARTS)}.")
    began, rows = time.monotonic(), []
    for name in wanted or PARTS:
        part = importlib.import_module(f"tests.bench.{name}")
        print(f"\n{part.__doc__.strip()}\n")
        print(f"Load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n")
        measure.show_head()
        for row in part.rows():
            measure.show(row)
            rows.append(row)
    missed = [row.name for row in rows if row.verdict == "missed"]
    print(f"\n{len(rows)} figures in {time.monotonic() - began:.0f} s; missed: {'; '.join(missed) or 'none'}.")


if __name__ == "__main__":
    main(sys.argv[1:])
