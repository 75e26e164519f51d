"""`generate_text` (slide 6): from the built-in model, and from one's own."""

from typing import Any

import pytest

import thermonucleus as tn
from thermonucleus.text import LanguageModel, builtin_model, generate_text

PROMPT = "The future of artificial intelligence"


def test_the_text_is_what_the_model_streams() -> None:
    model = builtin_model()
    known = len(model.tokenizer.encode(PROMPT))
    sampler: Any = tn.Sampler(temperature=0.7, top_p=0.9, rng=5)
    want = PROMPT + "".join(model.stream(PROMPT, sampler=sampler, max_tokens=30 - known))
    assert generate_text(PROMPT, 30, temperature=0.7, top_p=0.9, rng=5) == want
    assert generate_text(PROMPT, 30, 0.7, 0.9, model=model, rng=5) == want


def test_the_prompts_tokens_count() -> None:
    model = builtin_model()
    known = len(model.tokenizer.encode(PROMPT))
    assert known == 6  # the beginning of the text is one
    drawn = list(model.stream(PROMPT, sampler=lambda row: int(row.argmax()), max_tokens=1))
    assert generate_text(PROMPT, known + 1, temperature=0) == PROMPT + "".join(drawn)
    with pytest.raises(ValueError, match=r"^max_length must be more than the number of tokens of the prompt, 6, got 6$"):
        generate_text(PROMPT, known)


def test_a_model_of_ones_own_is_the_one_that_speaks() -> None:
    model = LanguageModel.train(["one two three four five six seven"])
    assert generate_text("one", 5, temperature=0, model=model) == "one two three four"


def test_the_built_in_model_is_trained_once() -> None:
    assert builtin_model() is builtin_model()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"prompt": 3}, TypeError, "^prompt must be a str, got 3$"),
        ({"max_length": 9.0}, TypeError, "^max_length must be an integer, got 9.0 of type float$"),
        ({"max_length": True}, TypeError, "^max_length must be an integer, got True of type bool$"),
        ({"temperature": -1}, ValueError, "^temperature must be .*, got -1$"),
        ({"top_p": 2}, ValueError, "^top_p must be .*, got 2$"),
        ({"model": 7}, TypeError, "^model must be the name of a model, a GGUF file or a folder, got 7$"),
        ({"rng": "seed"}, TypeError, "^rng must be"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        generate_text(**{"prompt": PROMPT, "max_length": 30, **changes})
