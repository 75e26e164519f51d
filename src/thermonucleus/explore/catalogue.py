"""What the page is built from: the table of settings, the orders of the stages, presets and models."""

import sys
from typing import Any

import thermonucleus
from thermonucleus.explore.models import Models
from thermonucleus.explore.stages import changed
from thermonucleus.settings import ORDERS, PRESETS, SETTINGS, STAGES, Setting, Settings
from thermonucleus.settings.checks import LARGEST_COUNT, Range, Switch
from thermonucleus.settings.orders import TEMPERATURE_LAST, places_in
from thermonucleus.text.chatbot import PERSONALITIES

__all__ = ["answer_about"]

SLIDERS: dict[str, dict[str, Any]] = {
    "temperature": {"low": 0, "high": 3, "step": 0.01, "scale": "linear"},
    "top_k": {"low": 0, "high": None, "step": 1, "scale": "log"},
    "top_p": {"low": 0, "high": 1, "step": 0.001, "scale": "linear"},
    "min_p": {"low": 0, "high": 1, "step": 0.001, "scale": "linear"},
}
"""What a slider spans. Chosen: beyond a temperature of 3 all tokens are alike. Where there is no high, it is V, a model's own."""

NO_END = {sys.float_info.max, -sys.float_info.max, float(LARGEST_COUNT)}
"""Ends of a range that stand for there being none."""

DECK: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("slide 5, temperature", "A low temperature alone, as on slide 5 of the deck.", {"temperature": 0.5}),
    ("slide 5, top-p", "Top-p alone, as on slide 5 of the deck.", {"top_p": 0.9}),
    ("slide 10", "Temperature and top-p together, as on slide 10 of the deck.", {"temperature": 0.8, "top_p": 0.9}),
    *((f"slide 11, {name}", f"The {name} chatbot of slide 11 of the deck.", dict(voice)) for name, voice in PERSONALITIES.items()),
)
"""Exact: the names, meanings and settings of the deck's slides."""


def answer_about(models: Models) -> dict[str, Any]:
    """Answer what there is to choose from."""
    return {
        "version": thermonucleus.__version__,
        "models": [{"name": model.name, "loaded": model.loaded} for model in models.offered],
        "settings": [_setting(setting) for setting in SETTINGS.values()],
        "stages": [
            {"name": stage.name, "label": label(stage.name), "settings": stage.settings}
            for stage in {stage.name: stage for order in ORDERS for stage in places_in(order).stages}.values()
        ],
        "sliders": SLIDERS,
        "orders": ORDERS,
        "temperature_last": TEMPERATURE_LAST,
        "presets": _presets(),
    }


def label(name: str) -> str:
    """Return the name of a setting or a stage as it is written in prose.

    Examples
    --------
    >>> [label(name) for name in ("temperature", "top_n_sigma", "xtc_threshold", "mirostat_tau", "p_less")]
    ['Temperature', 'Top-n-sigma', 'XTC threshold', 'Mirostat tau', 'P-less']
    """
    first, *others = name.split("_")
    # What has no vowel is an abbreviation, unless it is a letter.
    text = first.upper() if len(first) > 1 and not set("aeiouy") & set(first) else first.capitalize()
    for before, word in zip([first, *others], others, strict=False):
        of_a_letter = len(word) == 1 or (len(before) == 1 and word != "of")
        text += ("-" if of_a_letter else " ") + word
    return text


def _setting(setting: Setting) -> dict[str, Any]:
    kind = setting.kind
    words = kind.words if isinstance(kind, Switch) else ()
    stages = (stage.name for stage in STAGES.values() if setting.name in stage.settings)
    return {
        "name": setting.name,
        "label": label(setting.name),
        "says": setting.says,
        "more": setting.more,
        "expected": kind.expected,
        "kind": "order" if setting.name == "order" else "choice" if words else kind.form,
        "choices": [False, True, *words] if words else None,
        "default": setting.default,
        "low": _end(kind.low) if isinstance(kind, Range) else None,
        "high": _end(kind.high) if isinstance(kind, Range) else None,
        "common": setting.common,
        "stage": next(stages, None),
    }


def _end(number: float) -> float | None:
    return None if number in NO_END else number


def _presets() -> list[dict[str, Any]]:
    systems = {name: Settings.preset(name) for name in PRESETS if name != "default"}
    return [
        {"name": "default", "says": "The model's own probabilities: nothing is cut.", "settings": {}},
        {"name": "greedy", "says": "Always the most probable token.", "settings": {"temperature": 0}},
        *({"name": name, "says": says, "settings": settings} for name, says, settings in DECK),
        *(
            {"name": name, "says": f"What {name} has by default, in its order.", "settings": changed(settings)}
            for name, settings in systems.items()
        ),
    ]
