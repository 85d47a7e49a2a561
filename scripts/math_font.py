"""Make the math font of the pages: the glyphs that formulas of this package use, from STIX Math (SIL Open Font License).

Needs fonttools and brotli, and the font's file (Debian: fonts-stix).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font

SOURCE = Path("/usr/share/fonts/opentype/stix-word/STIXMath-Regular.otf")
TARGET = Path(__file__).resolve().parent.parent / "convergence/pages/templates/math.woff2"
NAME = "ConvergenceMath"
ITALIC = [*range(0x1D434, 0x1D468), *range(0x1D6FC, 0x1D71C), 0x210E]
"""Italic letters: what a browser makes of a single letter."""

CHARACTERS = {
    *range(0x20, 0x7F), *range(0x3B1, 0x3CA), *map(ord, "ΓΔΘΛΞΠΣΦΨΩ"), *ITALIC, 0xA0, 0x202F,
    *map(ord, "−±×·∓∘∗∞√∑∏∫∂∇‖|⟨⟩⌈⌉⌊⌋∅∈∪∩≤≥≠≈≡≪≫∝∧∨→←⇒⇔…⋯½′⊤⋆ℓ"),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", type=Path, default=SOURCE)
    options = Options(flavor="woff2", layout_features=["ssty", "dtls"], name_IDs=[0, 1, 2, 4, 6, 13, 14], hinting=False)
    options.recalc_timestamp = False
    font = load_font(parser.parse_args().source, options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=sorted(CHARACTERS))
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 4, 6):  # the licence reserves the name for the original
            record.string = NAME
    save_font(font, TARGET, options)
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
