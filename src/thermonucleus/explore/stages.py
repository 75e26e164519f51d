"""Which stages settings turn on, and the settings up to each of them."""

from typing import Any, NamedTuple

from thermonucleus.explore.questions import QuestionError
from thermonucleus.settings import SETTINGS, Settings, steps_of
from thermonucleus.settings.chain import STATEFUL
from thermonucleus.settings.orders import NUMBER, TEMPERATURE_LAST, places_in

__all__ = ["StageOn", "changed", "refuse_stateful", "stages_on", "stateful_setting"]


class StageOn(NamedTuple):
    """A stage that is on."""

    name: str
    settings: dict[str, Any]
    """Those of its own that are not at their default."""
    so_far: Settings
    """These and those of all stages before it, in the order that was given."""


def changed(settings: Settings) -> dict[str, Any]:
    """Return the settings that are not at their default, by name."""
    values = {name: getattr(settings, name) for name in SETTINGS}
    return {name: value for name, value in values.items() if value != SETTINGS[name].default}


def stages_on(settings: Settings) -> list[StageOn]:
    """Return the stages that settings turn on, in their order."""
    given = changed(settings)
    so_far = Settings(order=settings.order, temperature_last=settings.temperature_last)
    found = []
    for stage in places_in(TEMPERATURE_LAST if settings.temperature_last else settings.order).stages:
        own = {name: given[name] for name in stage.settings if name in given}
        following = so_far.replace(**own)
        if len(steps_of(following)) > len(steps_of(so_far)):
            found.append(StageOn(stage.name, own, following))
            so_far = following
    return found


def stateful_setting(settings: Settings) -> str | None:
    """Return the setting under which the next token depends on the tokens drawn before, None if none is on."""
    on = (STATEFUL.get(NUMBER[name]) for name, *_ in steps_of(settings))
    return next(filter(None, on), None)


def refuse_stateful(settings: Settings) -> None:
    """Refuse settings under which the next token depends on the tokens drawn before."""
    setting = stateful_setting(settings)
    if setting is not None:
        raise QuestionError(
            f"{setting} must be off here, as it depends on the tokens drawn before: the continuations show what it does",
            setting=setting,
        )
