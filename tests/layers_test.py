"""The folder graph is LAYERS, and LAYERS is the folder graph."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
allowed = {name.strip(): set(rest.split()) for name, rest in
           (line.split(":") for line in (root / "LAYERS").read_text().splitlines()
            if ":" in line and not line.startswith("#"))}
found = {folder.name for folder in (root / "src").iterdir() if folder.is_dir()}
if allowed.keys() != found:
    sys.exit(f"LAYERS and src/ differ: {sorted(allowed.keys() ^ found)}")

seen = set()
for name, below in allowed.items():  # written bottom first, so no line can close a cycle
    if not below <= seen:
        sys.exit(f"{name} names a folder that is not below it: {sorted(below - seen)}")
    seen.add(name)

for file in sorted((root / "src").rglob("*.[hc]*")):
    folder = file.relative_to(root / "src").parts[0]
    for other in re.findall(r'#include "(\w+)/', file.read_text()):
        if other != folder and other not in allowed[folder]:
            sys.exit(f"{file}: {folder}/ may not include {other}/")
print(f"{len(found)} folders, no include points up the ladder")

# One name, one type: two headers that define the same name in one namespace break the program silently, because the
# linker keeps one of their inline functions for both.
defined = {}
for file in sorted((root / "src").rglob("*.h")):
    text = file.read_text()
    for match in re.finditer(r"^(?:struct|class|enum class) (\w+)(?: final)?(?: : [^;{]*)? {", text, re.M):
        spaces = re.findall(r"^namespace ([\w:]*) ?{", text[:match.start()], re.M)
        closed = len(re.findall(r"^}  // namespace", text[:match.start()], re.M))
        name, space = match.group(1), "::".join(spaces[:len(spaces) - closed] if closed else spaces)
        other = defined.setdefault((space, name), file)
        if other != file:
            sys.exit(f"{name} is defined in {other} and in {file}")
