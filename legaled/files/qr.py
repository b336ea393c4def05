"""QR codes as drawings that a page can hold: no style, no script, readable from afar."""

import segno


def qr_svg(text: str) -> str:
    """An `<svg>` that takes the size of its place, black on nothing, with its quiet zone."""
    made = segno.make(text, error="m", micro=False)
    drawing: str = made.svg_inline(
        border=4, omitsize=True, svgclass="qr", lineclass=None)
    return drawing
