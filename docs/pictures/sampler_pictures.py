"""The pictures of docs/samplers.md: what each setting does to one and the same row of tokens, by the reference.

Run as ``python docs/pictures/sampler_pictures.py``. The files are text with few digits, the same on every machine.
"""

from collections.abc import Iterable
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thermonucleus.reference import Row, Step, apply_steps, softmax

__all__ = ["FOLDER", "PICTURES", "ROW", "kept", "picture"]

FOLDER = Path(__file__).parent / "samplers"

ROW: Row = np.log(
    [
        *(0.17, 0.155, 0.14, 0.13, 0.06, 0.052, 0.045, 0.039, 0.034, 0.03),
        *(0.026, 0.023, 0.02, 0.018, 0.015, 0.013, 0.011, 0.009, 0.006, 0.004),
    ]
)
"""The most probable tokens first, with a step down after the fourth."""

PICTURES: dict[str, tuple[str, Step]] = {
    "temperature-low": ("temperature=0.5", ("temperature", 0.5)),
    "temperature-high": ("temperature=2", ("temperature", 2.0)),
    "dynamic-temperature": ("dynatemp_range=0.8", ("dynamic_temperature", 0.2, 1.8)),
    "smoothing": ("smoothing_factor=0.5", ("smoothing", 0.5)),
    "top_k": ("top_k=6", ("top_k", 6)),
    "top_p": ("top_p=0.8", ("top_p", 0.8)),
    "min_p": ("min_p=0.15", ("min_p", 0.15)),
    "typical_p": ("typical_p=0.5", ("typical_p", 0.5)),
    "epsilon_cutoff": ("epsilon_cutoff=0.01", ("epsilon_cutoff", 0.01)),
    "eta_cutoff": ("eta_cutoff=0.05", ("eta_cutoff", 0.05)),
    "tfs": ("tfs=0.9", ("tfs", 0.9)),
    "top_a": ("top_a=0.5", ("top_a", 0.5)),
    "top_n_sigma": ("top_n_sigma=1", ("top_n_sigma", 1.0)),
    "top_h": ("top_h=0.4", ("top_h", 0.4)),
    "p_less": ("p_less=True", ("p_less",)),
    "p_less_norm": ('p_less="norm"', ("p_less_norm",)),
    "min_k": ("min_k=3", ("min_k", 3.0)),
    "xtc": ("xtc_threshold=0.1, applied", ("xtc", 1, 0.1)),
    "mirostat_1": ("mirostat=1, mu=4 bits", ("mirostat_1", 4.0)),
    "mirostat_2": ("mirostat=2, mu=4 bits", ("mirostat_2", 4.0)),
    "adaptive_p": ("adaptive_target=0.1", ("adaptive_p", 0.1)),
}
"""For each file its caption and the stage that it is about."""

MOVES = {"temperature", "dynamic_temperature", "smoothing", "adaptive_p"}
"""The stages that keep all tokens, and make others of them the more probable."""

KEPT, GREY = "#0072B2", "#c4c4c4"
WIDTH, HEIGHT, TOP, BASE = 300, 120, 26, 112
PITCH = 14


def kept(step: Step) -> NDArray[np.bool_]:
    """Say of each token of the row whether it is kept."""
    return apply_steps(ROW, [step]) > -np.inf


def picture(caption: str, step: Step) -> str:
    """Draw what a stage does to the row, as SVG.

    Parameters
    ----------
    caption : str
        The setting.
    step : tuple
        The stage and its numbers, as `thermonucleus.reference.apply_steps` takes them.

    Returns
    -------
    str
        A bar for each token, as high as it is probable: of what is kept in colour, of what is cut in grey. For a stage that keeps
        all, two bars a token: before it in grey, and after it in colour.
    """
    before = softmax(ROW)
    if step[0] in MOVES:
        after = softmax(apply_steps(ROW, [step]))
        highest = max(before.max(), after.max())
        bars = [*drawn(before / highest, [GREY] * len(ROW), 0, 6), *drawn(after / highest, [KEPT] * len(ROW), 6, 6)]
        note = "before, after"
    else:
        stay = kept(step)
        bars = drawn(before / before.max(), [KEPT if one else GREY for one in stay], 0, 12)
        note = f"{np.count_nonzero(stay)} of {len(ROW)} kept"
    return "\n".join([*frame(caption, note), *bars, "</svg>", ""])


def frame(caption: str, note: str) -> list[str]:
    """Begin a picture: its size, its ground, what stands above the bars and the line below them."""
    text = 'y="16" font-family="sans-serif" font-size="13" fill="#222222"'
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f"<title>{escape(caption)}: {note}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="10" {text}>{escape(caption)}</text>',
        f'<text x="{WIDTH - 10}" text-anchor="end" {text}>{note}</text>',
        f'<path d="M8 {BASE + 0.5}H{WIDTH - 8}" stroke="#222222"/>',
    ]


def drawn(heights: Row, colours: Iterable[str], left: int, width: int) -> list[str]:
    """Draw a bar a token; a height of 1 reaches the top."""
    lines = []
    for i, (height, colour) in enumerate(zip(heights.tolist(), colours, strict=True)):
        size = height * (BASE - TOP)
        x = 10 + i * PITCH + left
        lines.append(f'<rect x="{x}" y="{BASE - size:.1f}" width="{width}" height="{size:.1f}" fill="{colour}"/>')
    return lines


def main() -> None:
    """Write all pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, (caption, step) in PICTURES.items():
        (FOLDER / f"{name}.svg").write_text(picture(caption, step), encoding="utf-8")


if __name__ == "__main__":
    main()
