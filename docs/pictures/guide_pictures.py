"""The pictures of the guide: of the slides' own logits, and of what the built-in model expects after a prompt.

Run as ``python docs/pictures/guide_pictures.py``, two minutes; with names of pictures, such as ``adaptive``, it makes these alone.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from thermonucleus import cli
from thermonucleus.plots import plot_adaptive, plot_comparison, plot_heatmap, plot_temperature, plot_tokens
from thermonucleus.plots.axes import new_figure
from thermonucleus.text import AdaptiveSampler, TextModel, builtin_model

__all__ = ["FIGURES", "FOLDER", "TUNING", "save"]

FOLDER = Path(__file__).parent
DOTS_AN_INCH = 100

RISING = [1, 2, 3, 4, 5]
PEAK, LETTERS = [1, 2, 3, 4, 5, 4, 3, 2, 1], "abcdefghi"
PROMPT = "The future of artificial intelligence is"
TOP_P = 0.4
"""Of the prompt's pictures. Chosen: its nucleus ends among the tokens that are shown."""
SETTINGS: Mapping[str, Mapping[str, float]] = {
    "original": {},
    "temperature 0.5": {"temperature": 0.5},
    f"top-p {TOP_P}": {"top_p": TOP_P},
}

TUNING = "tuning"
"""The picture that a command of the guide makes."""


def of_slide(draw: Callable[..., Axes], logits: Sequence[int], **arguments: Any) -> Callable[[TextModel], Figure]:
    """Return a function that draws logits of the slides, whatever the model."""
    title = f"Logits {', '.join(map(str, logits))}"
    return lambda _: drawn(lambda ax: draw(logits, **arguments, ax=ax), title)


def of_prompt(draw: Callable[..., Axes], *, named: bool = True, **arguments: Any) -> Callable[[TextModel], Figure]:
    """Return a function that draws the logits of the token after the prompt, which have their names where there is room."""

    def figure(model: TextModel) -> Figure:
        names = {"tokens": model.names} if named else {}
        return drawn(lambda ax: draw(model.next_logits(PROMPT), **arguments, **names, ax=ax), f"Next token after “{PROMPT}”")

    return figure


def drawn(draw: Callable[[Axes], Axes], title: str) -> Figure:
    """Return a figure of one picture."""
    figure = new_figure()
    draw(figure.add_subplot()).set_title(title)
    return figure


def adaptive(model: TextModel) -> Figure:
    """Draw the settings of a text of 25 tokens."""
    sampler = AdaptiveSampler(0.6, 0.9, context=model.encode(PROMPT), rng=1)
    for _ in model.stream(PROMPT, sampler=sampler, max_tokens=25):
        pass
    figure = new_figure()
    plot_adaptive(sampler.steps, tokens=[model.names[step.token] for step in sampler.steps], ax=figure.add_subplot())
    return figure


FIGURES: Mapping[str, Callable[[TextModel], Figure]] = {
    "slide-02-temperature": of_slide(plot_temperature, RISING),
    "slide-05-comparison": of_slide(plot_comparison, RISING),
    "slide-07-tokens": of_slide(plot_tokens, PEAK, tokens=LETTERS),
    "slide-14-heatmap": of_slide(plot_heatmap, RISING),
    "prompt-temperature": of_prompt(plot_temperature),
    "prompt-comparison": of_prompt(plot_comparison, top_p=TOP_P),
    "prompt-tokens": of_prompt(plot_tokens, settings=SETTINGS),
    "prompt-heatmap": of_prompt(plot_heatmap, named=False),
    "prompt-kept": of_prompt(plot_heatmap, named=False, of="kept"),
    "adaptive": adaptive,
}
"""For each file the function that draws it, given the built-in model."""


def save(name: str, model: TextModel, folder: Path = FOLDER) -> None:
    """Write one of the figures, in 256 colours: the eye sees no difference, and the file is half as large."""
    drawing = BytesIO()
    FIGURES[name](model).savefig(drawing, format="png", dpi=DOTS_AN_INCH)
    Image.open(drawing).convert("RGB").quantize(256).save(folder / f"{name}.png", optimize=True)


def main(names: Sequence[str]) -> None:
    """Write the pictures of these names; all where there are none."""
    for name in names or [*FIGURES, TUNING]:
        if name == TUNING:
            cli.main(["tune", "--temperature", "0.6", "--top-p", "0.7", "--out", str(FOLDER / "tuning.png")])
        elif name in FIGURES:
            save(name, builtin_model())
        else:
            raise SystemExit(f"NAME must be one of {', '.join([*FIGURES, TUNING])}, got {name!r}")


if __name__ == "__main__":
    main(sys.argv[1:])
