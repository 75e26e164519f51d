"""transformers: tiny models made on the spot, whose `generate` goes on as before, but for the draws."""

import copy
import gc
import logging
import pickle
import string
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import Failing
from scipy import stats

import thermonucleus
from thermonucleus import reference
from thermonucleus.kernel import dispatch
from thermonucleus.randomness import as_generators

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: E402

from thermonucleus.backends.transformers import Attachment, attach, generate_text  # noqa: E402
from thermonucleus.backends.transformers.draw import WARPERS, Draw, as_array, split  # noqa: E402

VOCABULARY = 60
PAD, EOS = 0, 1
ENDS = [EOS, *range(20, 30)]
"""Tokens to end at where some sequences are to end before others."""
SETTINGS: dict[str, Any] = {"temperature": 0.9, "top_k": 30, "top_p": 0.95, "min_p": 0.01}
PROMPT = [[5, 6, 7]]
PROMPTS = [[3], [11, 4, 21, 5], [9, 12, 6], [5, 3], [5, 8, 9, 7, 9, 33], [22], [3, 8, 4], [6, 52, 6, 4]]


def make(kind: str) -> Any:
    """A small model with logits that are neither flat nor peaked, in float64, so that a batch computes what one sequence does."""
    torch.manual_seed(0)
    tokens = {"vocab_size": VOCABULARY, "bos_token_id": EOS, "eos_token_id": EOS}
    if kind == "gpt2":
        config = transformers.GPT2Config(n_layer=1, n_embd=16, n_head=2, n_positions=64, initializer_range=0.4, **tokens)
        model = transformers.GPT2LMHeadModel(config)
    elif kind == "llama":
        sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(initializer_range=0.4, **sizes, **tokens))
    else:
        sizes = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2, "decoder_start_token_id": PAD}
        model = transformers.T5ForConditionalGeneration(transformers.T5Config(pad_token_id=PAD, **sizes, **tokens))
    model.generation_config.pad_token_id = PAD
    return model.double().eval()


@pytest.fixture
def model() -> Any:
    return make("gpt2")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    signs = ["<pad>", "<eos>", "<unk>", "Ġ", *string.ascii_letters, *".,;!"]  # Ġ is how byte-level tokenizers write a space
    tokens = Tokenizer(models.BPE({sign: i for i, sign in enumerate(signs)}, [], unk_token="<unk>"))
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokens, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>", clean_up_tokenization_spaces=False
    )


@pytest.fixture(autouse=True)
def said() -> Iterator[list[str]]:
    """No test may make transformers warn, by its logger; Python's warnings are errors anyway."""
    messages: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("transformers")
    logger.addHandler(handler)
    yield messages
    logger.removeHandler(handler)
    assert messages == []


def padded(prompts: list[list[int]]) -> dict[str, Any]:
    """A batch of prompts, padded on the left."""
    longest = max(map(len, prompts))
    ids = [[PAD] * (longest - len(prompt)) + prompt for prompt in prompts]
    return {"input_ids": torch.tensor(ids), "attention_mask": (torch.tensor(ids) != PAD).long()}


def generated(model: Any, prompts: list[list[int]] = PROMPT, **options: Any) -> list[list[int]]:
    """Sample 12 tokens at most for each prompt, and return those that were drawn, up to the end of the sequence."""
    batch = padded(prompts)
    options = {"do_sample": True, "max_new_tokens": 12, "eos_token_id": EOS, **options}
    rows = model.generate(**batch, **options)[:, batch["input_ids"].shape[1] :].tolist()
    ends = np.atleast_1d(options["eos_token_id"])
    return [row[: next((i for i, token in enumerate(row, 1) if token in ends), len(row))] for row in rows]


def from_seed(model: Any, seed: Any, prompts: list[list[int]] = PROMPT, *, workers: int = 1, **options: Any) -> list[list[int]]:
    """The same from a generator that starts anew."""
    with attach(model, rng=seed, workers=workers):
        return generated(model, prompts, **options)


# ---- what is drawn


@pytest.mark.parametrize("kind", ["gpt2", "llama", "t5"])
def test_tokens_are_those_of_the_reference_for_the_same_uniform_numbers(kind: str, level: str) -> None:
    model = make(kind)
    attach(model, rng=7)
    drawn = model.generate(
        **padded(PROMPT), do_sample=True, min_new_tokens=12, max_new_tokens=12, output_logits=True,
        return_dict_in_generate=True, **SETTINGS,
    )  # fmt: skip
    u = np.random.default_rng(7).random(12)
    logits = torch.cat(drawn.logits).numpy()
    logits[:, EOS] = -np.inf
    assert drawn.sequences[0, -12:].tolist() == [reference.sample(row, u=at, **SETTINGS) for row, at in zip(logits, u, strict=True)]


def test_frequencies_are_those_of_transformers_and_of_the_probabilities(model: Any) -> None:
    count = 20_000
    options = {"do_sample": True, "max_new_tokens": 1, "num_return_sequences": count, **SETTINGS}
    torch.manual_seed(1)
    theirs = model.generate(**padded(PROMPT), **options)[:, -1]
    attach(model, rng=2)
    result = model.generate(**padded(PROMPT), output_logits=True, return_dict_in_generate=True, **options)
    counts = np.stack([np.bincount(tokens, minlength=VOCABULARY) for tokens in (theirs, result.sequences[:, -1])])
    p = reference.probabilities(result.logits[0][0].numpy(), **SETTINGS)
    assert (counts[:, p == 0] == 0).all()
    assert 10 < np.count_nonzero(p) <= 30
    assert stats.chi2_contingency(counts[:, p > 0]).pvalue > 0.01
    assert stats.chisquare(counts[1, p > 0], count * p[p > 0] / p.sum()).pvalue > 0.01


OTHERS: list[dict[str, Any]] = [
    {},
    {"top_k": 0},
    SETTINGS,
    {"temperature": 0.7, "typical_p": 0.8},
    {"temperature": 1.5, "top_p": 0.9, "eta_cutoff": 0.02, "epsilon_cutoff": 0.01},
    {"top_h": 0.5, "top_p": 0.9, "temperature": 0.8},
    {"repetition_penalty": 5.0, "top_p": 0.8},
    {"bad_words_ids": [[i] for i in range(20, 50)], "top_k": 5},
    {"suppress_tokens": list(range(30)), "min_p": 0.1},
    {"renormalize_logits": True, "top_p": 0.9},
    {"min_new_tokens": 1, "sequence_bias": {(9,): 4.0}, "temperature": 0.8},
    {"watermarking_config": transformers.WatermarkingConfig(bias=2.0, seeding_scheme="lefthash"), "top_p": 0.9},
    {"logits_processor": [lambda ids, scores: scores.masked_fill(torch.arange(VOCABULARY) % 2 == 0, -torch.inf)], "top_k": 8},
]


@pytest.mark.parametrize("options", OTHERS, ids=lambda options: ", ".join(options) or "nothing")
def test_what_is_drawn_from_is_what_transformers_draws_from(model: Any, options: dict[str, Any]) -> None:
    asked = {**options, "do_sample": True, "max_new_tokens": 1, "return_dict_in_generate": True, "output_scores": True}
    prompts = torch.tensor(PROMPT * 200)
    theirs = model.generate(prompts, attention_mask=torch.ones_like(prompts), **asked).scores[0].numpy()
    attach(model, rng=3)
    ours = model.generate(prompts, attention_mask=torch.ones_like(prompts), **asked)
    np.testing.assert_array_equal(ours.scores[0].numpy(), theirs)
    u = [generator.random() for generator in as_generators(3, 200)]
    np.testing.assert_array_equal(ours.sequences[:, -1], reference.sample(theirs, u=u))


def test_warpers_at_the_end_are_the_kernels_and_all_others_transformers() -> None:
    heat, most, nucleus, least = (
        transformers.TemperatureLogitsWarper(0.5),
        transformers.TopKLogitsWarper(5),
        transformers.TopPLogitsWarper(0.9),
        transformers.MinPLogitsWarper(0.1),
    )
    typical, entropic = transformers.TypicalLogitsWarper(0.9), transformers.TopHLogitsWarper(0.5)
    epsilon, eta = transformers.EpsilonLogitsWarper(0.01), transformers.EtaLogitsWarper(0.01)
    of_ten = transformers.TopHLogitsWarper(0.5)
    of_ten.top_n = 10
    at_least_two = transformers.TopPLogitsWarper(0.9, min_tokens_to_keep=2)
    for processors, count in [
        ([], 0),
        ([heat, most, nucleus, least], 4),
        ([typical, heat, least], 2),
        ([heat, most, nucleus, least, typical], 5),
        ([heat, entropic, most, nucleus, least, typical, epsilon, eta], 8),
        ([heat, most, entropic], 1),
        ([heat, eta, epsilon], 1),
        ([heat, typical, transformers.LogitNormalization()], 0),
        ([heat, of_ten], 0),
        ([heat, transformers.TypicalLogitsWarper(0.9, min_tokens_to_keep=2), eta], 1),
        ([heat, transformers.EpsilonLogitsWarper(0.01, filter_value=-9.0)], 0),
        ([heat, typical, nucleus], 1),
        ([nucleus, heat], 1),
        ([nucleus, heat, most, nucleus], 3),
        ([heat, heat, nucleus, nucleus], 1),
        ([heat, at_least_two], 0),
        ([transformers.TopKLogitsWarper(5, filter_value=-9.0)], 0),
    ]:
        for_transformers, for_the_kernel = split(processors)
        assert [*for_transformers, *for_the_kernel] == processors
        assert len(for_the_kernel) == count


ALL: dict[str, Any] = {
    "temperature": 1.6, "top_h": 0.87, "top_k": 37, "top_p": 0.82, "min_p": 0.18, "typical_p": 0.62, "epsilon_cutoff": 0.16,
    "eta_cutoff": 0.53,
}  # fmt: skip
"""Each of them cuts something that the others leave."""


@pytest.mark.parametrize(
    "settings",
    [
        {"typical_p": 0.6},
        {"epsilon_cutoff": 0.02},
        {"eta_cutoff": 0.1},
        {"top_h": 0.5},
        {"typical_p": 0.5, "temperature": 2.0},
        ALL,
    ],
    ids=lambda settings: "all" if settings is ALL else ", ".join(settings),
)
def test_what_cuts_in_transformers_is_the_kernels_in_its_order(
    model: Any, settings: dict[str, Any], level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"top_k": 0, **settings, "do_sample": True, "return_dict_in_generate": True, "min_new_tokens": 6, "max_new_tokens": 6}
    theirs = model.generate(**padded(PROMPTS), output_scores=True, **asked).scores[0].numpy() > -np.inf
    for warper in WARPERS:  # none of which is called
        monkeypatch.setattr(warper, "__call__", None)
    attach(model, rng=3)
    result = model.generate(**padded(PROMPTS), output_logits=True, **asked)
    rows = np.stack([logits.numpy() for logits in result.logits], axis=1)
    rows[:, :, EOS] = -np.inf
    for generator, row, tokens in zip(as_generators(3, len(PROMPTS)), rows, result.sequences[:, -6:].tolist(), strict=True):
        want = [thermonucleus.sample(logits, **settings, order="transformers", u=generator.random()) for logits in row]
        assert tokens == want
    ours = thermonucleus.probabilities(rows[:, 0], **settings, order="transformers") > 0
    np.testing.assert_array_equal(ours, theirs)
    # None of them is there for nothing.
    for name in settings.keys() - {"temperature"}:
        others = thermonucleus.probabilities(rows[:, 0], **{**settings, name: None}, order="transformers") > 0
        assert (others & ~ours).any(), name


def test_settings_come_from_the_call_or_a_configuration_or_the_model(model: Any) -> None:
    want = from_seed(model, 1, **SETTINGS)
    assert want != from_seed(model, 1)
    limits = {"do_sample": True, "max_new_tokens": 12}
    config = transformers.GenerationConfig(**SETTINGS, **limits)
    batch = padded(PROMPT)
    attach(model, rng=1)
    assert model.generate(batch["input_ids"], config)[0, 3:].tolist() == want[0]
    attach(model, rng=1)
    assert model.generate(**batch, generation_config=config)[0, 3:].tolist() == want[0]
    model.generation_config.update(**SETTINGS, **limits)
    attach(model, rng=1)
    assert model.generate(**batch)[0, 3:].tolist() == want[0]


# ---- one seed a sequence


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_sequence_draws_in_a_padded_batch_what_it_draws_alone(kind: str, workers: int) -> None:
    model = make(kind)
    seeds = list(range(len(PROMPTS)))
    options = {**SETTINGS, "eos_token_id": ENDS}
    alone = [from_seed(model, seed, [prompt], **options)[0] for seed, prompt in zip(seeds, PROMPTS, strict=True)]
    assert len({len(tokens) for tokens in alone}) > 3
    assert from_seed(model, seeds, PROMPTS, workers=workers, **options) == alone


def test_the_text_is_the_same_at_every_instruction_level(model: Any) -> None:
    texts = []
    for target in dispatch.targets():
        with dispatch.using(target):
            texts.append(from_seed(model, 5, PROMPTS, workers=2, **SETTINGS))
    assert texts == [texts[0]] * len(texts)


def test_sequences_of_one_prompt_have_a_seed_each(model: Any) -> None:
    alone = [from_seed(model, seed)[0] for seed in (4, 5, 6, 7)]
    assert from_seed(model, [4, 5, 6, 7], PROMPT, num_return_sequences=4) == alone
    assert from_seed(model, [4, 5, 6, 7], PROMPT * 2, num_return_sequences=2) == alone
    spawned = [from_seed(model, generator)[0] for generator in as_generators(9, 4)]
    assert from_seed(model, 9, num_return_sequences=4) == spawned


def test_a_sequence_that_has_ended_draws_no_more(model: Any) -> None:
    together, alone = ([np.random.default_rng(seed) for seed in range(8)] for _ in range(2))
    lengths = [len(tokens) for tokens in from_seed(model, together, PROMPTS, eos_token_id=ENDS)]
    assert len(set(lengths)) > 3
    for generator, length in zip(alone, lengths, strict=True):
        generator.random(length)
    assert [generator.random() for generator in together] == [generator.random() for generator in alone]


def test_a_seed_gives_one_stream_from_call_to_call(model: Any) -> None:
    generator = np.random.default_rng(6)
    want = [from_seed(model, generator) for _ in range(2)]
    attach(model, rng=6)
    assert [generated(model) for _ in range(2)] == want
    assert want[0] != want[1]


def test_without_a_seed_it_is_that_of_pytorch_which_counts(model: Any) -> None:
    attach(model)
    texts = []
    for _ in range(2):
        torch.manual_seed(8)
        texts += [generated(model, PROMPTS) for _ in range(2)]
    assert texts[:2] == texts[2:]
    assert texts[0] != texts[1]


# ---- where it ends, and what else transformers does


def test_any_of_several_eos_tokens_ends_a_sequence(model: Any) -> None:
    want = from_seed(model, 1, max_new_tokens=12, min_new_tokens=12)[0]
    ends = [want[4], want[7]]
    assert from_seed(model, 1, eos_token_id=ends) == [want[: min(map(want.index, ends)) + 1]]


def test_lengths_are_limited_as_by_transformers(model: Any) -> None:
    assert len(from_seed(model, 1, max_new_tokens=4, min_new_tokens=4)[0]) == 4
    assert len(from_seed(model, 1, max_new_tokens=None, max_length=7, min_length=7)[0]) == 4


@pytest.mark.parametrize("where", ["call", "configuration", "model", "model, beside a configuration"])
def test_stop_strings_end_a_text(model: Any, tokenizer: Any, where: str, said: list[str]) -> None:
    rest: dict[str, Any] = {"do_sample": True, "eos_token_id": None, "max_new_tokens": 12}
    want = from_seed(model, 1, **rest)[0]
    stop = {"stop_strings": [tokenizer.decode(want[4:6])]}
    if where.startswith("model"):
        model.generation_config.update(**stop)
    asked = {**rest, **stop} if where in ("call", "configuration") else rest
    if where.endswith("configuration"):
        asked = {"generation_config": transformers.GenerationConfig(pad_token_id=PAD, **asked)}
    attach(model, rng=1)
    found = model.generate(**padded(PROMPT), tokenizer=tokenizer, **asked)[0, 3:].tolist()
    assert found == want[:6]
    if where == "model, beside a configuration":
        said.clear()  # that the two were given together: what overrules the model's stop strings is an argument


def test_stop_strings_without_a_tokenizer_are_refused_by_transformers(model: Any) -> None:
    attach(model)
    with pytest.raises(ValueError, match="tokenizer"):
        generated(model, stop_strings=["AB"])


def test_criteria_of_the_user_see_the_tokens_and_the_scores_that_were_drawn_from(model: Any) -> None:
    seen: list[int] = []

    def third(input_ids: Any, scores: Any) -> Any:
        seen.append(len(scores))
        assert torch.isfinite(scores[-1][0, input_ids[0, -1]])
        assert torch.isinf(scores[-1]).sum() == VOCABULARY - 5
        return torch.full((len(input_ids),), len(scores) == 3)

    attach(model, rng=1)
    asked = {"output_scores": True, "return_dict_in_generate": True, "top_k": 5, "eos_token_id": None, "pad_token_id": PAD}
    result = model.generate(**padded(PROMPT), do_sample=True, max_new_tokens=12, stopping_criteria=[third], **asked)
    assert seen == [1, 2, 3]
    assert len(result.scores) == 3


def test_a_streamer_gets_the_prompt_and_each_token_and_the_end(model: Any) -> None:
    class Recorder:
        def __init__(self) -> None:
            self.got: list[Any] = []

        def put(self, value: Any) -> None:
            self.got.append(value.tolist())

        def end(self) -> None:
            self.got.append("end")

    recorder = Recorder()
    tokens = from_seed(model, 1, streamer=recorder)[0]
    assert recorder.got == [PROMPT, *([token] for token in tokens), "end"]


def test_what_is_returned_has_the_fields_and_shapes_of_transformers(model: Any) -> None:
    asked = {"output_scores": True, "output_logits": True, "output_hidden_states": True, "return_dict_in_generate": True}
    options = {"do_sample": True, "max_new_tokens": 3, "min_new_tokens": 3, "num_return_sequences": 2, **asked, **SETTINGS}
    theirs = model.generate(**padded(PROMPT), **options)
    with attach(model, rng=1):
        ours = model.generate(**padded(PROMPT), **options)
    assert type(ours) is type(theirs)
    assert ours.keys() == theirs.keys()
    assert [len(ours[name]) for name in ours if name != "cache"] == [len(theirs[name]) for name in theirs if name != "cache"]
    for name in ("scores", "logits"):
        assert [(x.shape, x.dtype) for x in ours[name]] == [(x.shape, x.dtype) for x in theirs[name]]
        np.testing.assert_array_equal(ours[name][0], theirs[name][0])
    # What it says of the last step is what transformers says of it after the same tokens.
    again = model.generate(ours.sequences[:1, :-1], **{**options, "max_new_tokens": 1, "min_new_tokens": 1})
    np.testing.assert_allclose(ours.scores[-1][0], again.scores[0][0], rtol=1e-5)


def test_a_cache_changes_nothing_but_the_time(model: Any) -> None:
    assert from_seed(model, 1, PROMPTS, use_cache=False) == from_seed(model, 1, PROMPTS, use_cache=True)
    assert from_seed(model, 1, PROMPTS, cache_implementation="static") == from_seed(model, 1, PROMPTS)


def test_greedy_decoding_and_beam_search_stay_as_they_were(model: Any) -> None:
    ways: list[dict[str, Any]] = [
        {"do_sample": False},
        {"do_sample": False, "num_beams": 3},
        {"custom_generate": lambda model, input_ids, **rest: torch.cat([input_ids, input_ids], dim=1)},
        {"prompt_lookup_num_tokens": 2, "do_sample": False},
    ]
    for way in ways:
        want = generated(model, **way)
        with attach(model, rng=1):
            assert generated(model, **way) == want


def test_logits_that_are_nan_are_named_by_step_row_and_index(model: Any) -> None:
    calls = 0

    def break_it(module: Any, arguments: Any, result: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            result.logits[1:, -1, 5:7] = torch.nan

    model.register_forward_hook(break_it)
    for workers in (1, 2):
        calls = 0
        with pytest.raises(ValueError, match=r"^at step 2 logits must be finite or -inf, got nan at row 1, index 5 \(and 1 more"):
            from_seed(model, 1, PROMPTS, workers=workers, min_new_tokens=5)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_generator_raises_comes_through_as_it_is(model: Any, workers: int) -> None:
    generators = [np.random.default_rng(0), np.random.default_rng(1), Failing(), np.random.default_rng(3)]
    with pytest.raises(ValueError, match=r"^out of numbers$"):
        from_seed(model, generators, PROMPTS[:4], workers=workers)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("failing", range(4))
def test_a_bad_row_is_named_whatever_else_fails(failing: int, workers: int) -> None:
    scores = torch.zeros(4, 9)
    scores[1:3] = -torch.inf
    scores[3, 5] = torch.nan
    generators = [Failing() if i == failing else np.random.default_rng(i) for i in range(4)]
    draw = Draw(transformers.LogitsProcessorList(), generators, workers=workers, keep_scores=False)
    with pytest.raises(ValueError, match=r"^at step 0 logits must leave a token to draw, got -inf at every index of row 1$"):
        draw(None, scores)
    draw.over[1:3] = True
    with pytest.raises(ValueError, match=r"^at step 0 logits must be finite or -inf, got nan at row 3, index 5$"):
        draw(None, scores)


# ---- tensors


def test_float32_on_the_cpu_is_not_copied() -> None:
    logits = torch.randn(3, 4, 50)
    last = logits[:, -1, :]
    assert not last.is_contiguous()
    array = as_array(last)
    assert array.ctypes.data == last.data_ptr()
    assert np.shares_memory(array, logits.numpy())
    assert all(row.flags.c_contiguous for row in array)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_other_types_are_converted(dtype: str) -> None:
    logits = torch.randn(3, 50).to(getattr(torch, dtype)).requires_grad_()
    array = as_array(logits)
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, logits.detach().float().numpy())


@pytest.mark.parametrize("name", ["temperature", "top_p", "min_p", "u"])
def test_settings_and_uniforms_that_numpy_cannot_read_are_refused_by_name(name: str) -> None:
    logits = np.zeros(9, np.float32)
    for value, message in (
        (torch.tensor(0.5, requires_grad=True), "requires grad.*detach"),
        (torch.tensor(0.5).bfloat16(), r"BFloat16 \(NumPy has no such type: convert to float32 first\)$"),
    ):
        with pytest.raises(TypeError, match=rf"^{name} cannot be read as .*: .*{message}"):
            thermonucleus.sample(logits, **{name: value})
    assert thermonucleus.sample(logits, **{name: torch.tensor(0.5)}) in range(9)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_models_of_any_type_draw_what_the_reference_does(model: Any, dtype: str) -> None:
    model.to(getattr(torch, dtype))
    attach(model, rng=1)
    result = model.generate(
        **padded(PROMPT), do_sample=True, max_new_tokens=5, output_logits=True, return_dict_in_generate=True, top_k=0, top_p=0.9
    )
    u = np.random.default_rng(1).random(5)
    rows = torch.cat(result.logits).numpy()
    want = [reference.sample(row, u=at, top_p=0.9) for row, at in zip(rows, u, strict=False)]
    assert result.sequences[0, 3:].tolist() == want


# ---- the attachment


def test_a_model_that_is_detached_draws_as_before(model: Any) -> None:
    torch.manual_seed(3)
    want = generated(model)
    attachment = attach(model, rng=1)
    assert isinstance(attachment, Attachment)
    assert repr(attachment) == "<Attachment of GPT2LMHeadModel>"
    assert generated(model) != want
    for _ in range(2):
        attachment.detach()
        torch.manual_seed(3)
        assert generated(model) == want
    assert "generate" not in vars(model)


def test_another_attachment_takes_the_place_of_the_first(model: Any) -> None:
    want = from_seed(model, 2)
    first = attach(model, rng=1)
    attach(model, rng=2)
    first.detach()
    assert generated(model) == want


def test_a_copy_of_a_model_is_attached_on_its_own(model: Any) -> None:
    want = from_seed(model, 2)
    attach(model, rng=2)
    copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    model.lm_head.weight.data.zero_()
    for twin in copies:
        assert twin.generate.__self__ is not model.generate.__self__
        assert generated(twin) == want


def test_a_model_is_freed_when_its_user_lets_go_of_it(model: Any) -> None:
    own = copy.deepcopy(model)
    attachment = attach(own)
    generated(own)
    watch, generate = weakref.ref(own), own.generate
    gc.collect()
    gc.disable()
    try:
        del own
        assert watch() is None
    finally:
        gc.enable()
    attachment.detach()
    assert repr(attachment) == "<Attachment of nothing>"
    with pytest.raises(ReferenceError, match="freed"):
        generate(torch.tensor(PROMPT))


def test_a_pipeline_draws_through_the_attachment(model: Any, tokenizer: Any) -> None:
    want = tokenizer.decode(from_seed(model, 1, **SETTINGS)[0], skip_special_tokens=True)
    attach(model, rng=1)
    config = transformers.GenerationConfig(do_sample=True, max_new_tokens=12, pad_token_id=PAD, eos_token_id=EOS, **SETTINGS)
    run = transformers.pipeline("text-generation", model=model, tokenizer=tokenizer)
    found = run(tokenizer.decode(PROMPT[0]), generation_config=config, return_full_text=False, clean_up_tokenization_spaces=False)
    assert found[0]["generated_text"].strip() == want


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": "gpt2"}, TypeError, "model must be a model of transformers that generates, got str"),
        ({"rng": -1}, ValueError, "rng must be 0 or more"),
        ({"rng": [1, "2"]}, TypeError, "rng must be None, an integer, .* got '2'"),
        ({"workers": 0}, ValueError, "workers must be 1 or more"),
    ],
    ids=str,
)
def test_arguments_are_checked_when_a_model_is_attached(
    model: Any, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=rf"^{message}"):
        attach(**{"model": model, **arguments})
    assert "generate" not in vars(model)


def test_a_generate_that_is_not_the_models_class_s_is_left_alone(model: Any) -> None:
    model.generate = print
    with pytest.raises(ValueError, match=r"^model must generate as its class does"):
        attach(model)
    assert model.generate is print


def test_there_must_be_as_many_seeds_as_sequences(model: Any) -> None:
    attach(model, rng=[1, 2])
    with pytest.raises(ValueError, match=r"^rng must be a single seed or one for each of the 3 sequences, got 2 of them"):
        generated(model, num_return_sequences=3)


# ---- text from a model's name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tokenizer: Any) -> Path:
    path = tmp_path_factory.mktemp("model")
    make("gpt2").save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def test_a_text_begins_with_its_prompt_and_follows_the_seed(folder: Path) -> None:
    prompt = "A ?? b"  # of which the tokenizer does not know all
    text = generate_text(prompt, 20, 0.9, 0.95, model=folder, rng=1)
    assert text.startswith(prompt)
    assert text == generate_text(prompt, 20, temperature=0.9, top_p=0.95, model=str(folder), rng=1)
    assert text != generate_text(prompt, 20, 0.9, 0.95, model=folder, rng=2)
    assert max(len(generate_text(prompt, 9, model=folder, rng=seed)) for seed in range(6)) == 9


def test_a_text_is_drawn_from_all_that_the_nucleus_holds(folder: Path, tokenizer: Any) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    tokens = from_seed(model, 1, temperature=1.5, top_k=0, top_p=0.99, max_new_tokens=20)[0]
    prompt = tokenizer.decode(PROMPT[0])
    want = prompt + tokenizer.decode(tokens, skip_special_tokens=True)
    assert generate_text(prompt, 23, 1.5, 0.99, model=folder, rng=1) == want


def test_a_text_at_temperature_0_is_the_most_probable_at_each_step(folder: Path, tokenizer: Any) -> None:
    prompt = tokenizer.decode(PROMPT[0])
    texts = {generate_text(prompt, 12, temperature=0, model=folder, rng=seed) for seed in range(3)}
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    tokens = generated(model, do_sample=False, max_new_tokens=9)[0]
    assert texts == {prompt + tokenizer.decode(tokens, skip_special_tokens=True)}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"prompt": 5}, TypeError, "prompt must be a str, got 5"),
        ({"max_length": 5.0}, TypeError, r"max_length must be an integer, got 5\.0"),
        ({"max_length": 2}, ValueError, "max_length must be more than the number of tokens of the prompt, 2, got 2"),
        ({"prompt": ""}, ValueError, "prompt must hold a token at least, got ''"),
        ({"temperature": -1}, ValueError, "temperature must be .*, got -1"),
        ({"top_p": 1.5}, ValueError, r"top_p must be .*, got 1\.5"),
        ({"rng": "1"}, TypeError, "rng must be .*, got '1'"),
        ({"model": None}, TypeError, "model must be the name of a model or a folder, got NoneType"),
    ],
    ids=str,
)
def test_arguments_of_a_text_are_checked(folder: Path, arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=rf"^{message}"):
        generate_text(**{"prompt": "AB", "max_length": 9, "model": folder, **arguments})


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        generate_text("AB", 9, model=tmp_path / "nowhere")


# ---- the benchmark, and without transformers


def test_the_benchmark_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    import backends_transformers

    backends_transformers.main(["--sizes", "300", "--sequences", "1", "2", "--tokens", "2", "--budget", "0.01"])
    printed = capsys.readouterr().out
    rows = [line.split("|") for line in printed.splitlines() if line.startswith("| 300")]
    assert f"{thermonucleus.target}, 1 worker" in printed
    assert len(rows) == 4
    assert all(float(row[6]) > 0 for row in rows)


@pytest.mark.parametrize("missing", ["transformers", "torch"])
def test_what_is_missing_is_named_with_the_extra(missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; import thermonucleus.backends.transformers"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'ImportError: transformers and torch are needed here: pip install "thermonucleus[transformers]"' in done.stderr
