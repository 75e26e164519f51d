"""The Python program that does what the page does."""

from thermonucleus.explore.stages import changed
from thermonucleus.settings import Settings

__all__ = ["TOKENS", "program"]

TOKENS = 25
"""Of a continuation, unless the page asks for others. Chosen: a line or two of text."""


def program(model: str, prompt: str, settings: Settings, seed: int) -> str:
    """Return a program that prints a prompt and its first continuation under settings.

    A model that rounds otherwise beside other texts, as llama.cpp does, may have it go another way than on the page.
    """
    arguments = [f"{name}={value!r}" for name, value in changed(settings).items()]
    return f"""\
import thermonucleus as tn
from thermonucleus.text import load_model

model = load_model({model!r})
sampler = tn.Sampler({", ".join([*arguments, f"rng=[{seed}, 0]"])})
prompt = {prompt!r}
print(prompt + "".join(model.stream(prompt, sampler=sampler, max_tokens={TOKENS})))
"""
