"""Build sprite.svg from icons.txt: `python sprite.py FOLDER`, the unpacked @tabler/icons package."""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent


def symbol(name: str, svg: str) -> str:
    paths = re.findall(r'<path d="[^"]+" ?/>', svg)
    return f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(paths)}</symbol>'


def main(package: Path) -> None:
    names = (HERE / "icons.txt").read_text().split()
    drawings = ((n, (package / "icons/outline" / f"{n}.svg").read_text()) for n in names)
    symbols = "\n".join(symbol(name, svg) for name, svg in drawings)
    (HERE / "sprite.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
