"""A model of transformers as a text model: what its network computes, with what it keeps of the last texts and without."""

import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thermonucleus as tn

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: E402

from thermonucleus.text import generate_text, load_model  # noqa: E402
from thermonucleus.text.hugging_face import HuggingFaceModel  # noqa: E402

EOS = 1
PROMPT = "a bad cab"
TEMPLATE = (
    "{% for message in messages %}{{ message['role'][0] + message['content'] }}{% endfor %}{{ 'a' if add_generation_prompt }}"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("models") / "tiny"
    signs = ["<pad>", "<eos>", "<unk>", "Ġ", *string.ascii_letters, *".,;!"]
    tokens = Tokenizer(models.BPE({sign: i for i, sign in enumerate(signs)}, [], unk_token="<unk>"))
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokens, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>", clean_up_tokenization_spaces=False
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(place)
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        n_layer=2, n_embd=16, n_head=2, n_positions=64, initializer_range=0.4, vocab_size=64, bos_token_id=EOS, eos_token_id=EOS
    )
    transformers.GPT2LMHeadModel(config).save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def model(folder: Path) -> HuggingFaceModel:
    loaded = load_model(folder)
    assert isinstance(loaded, HuggingFaceModel)
    return loaded


@pytest.fixture(scope="module")
def network(folder: Path) -> Any:
    return transformers.AutoModelForCausalLM.from_pretrained(folder).eval()


def plain_row(network: Any, tokens: list[int]) -> Any:
    with torch.inference_mode():
        return network(torch.tensor([tokens])).logits[0, -1].numpy()


def test_rows_are_those_of_the_network_whatever_came_before(model: HuggingFaceModel, network: Any) -> None:
    rng = np.random.default_rng(0)
    texts = [rng.integers(4, 60, 5).tolist() for _ in range(3)]
    for step in range(12):
        np.testing.assert_allclose(model.rows(texts), [plain_row(network, text) for text in texts], atol=1e-4)
        if step == 6:
            texts[1] = texts[1][:-3]  # another length, and not all go on
        for text in texts:
            text.append(int(rng.integers(4, 60)))
    np.testing.assert_allclose(model(texts[0]), plain_row(network, texts[0]), atol=1e-4)
    np.testing.assert_allclose(model(texts[0][:4]), plain_row(network, texts[0][:4]), atol=1e-4)


def test_logprobs_are_those_of_the_rows(model: HuggingFaceModel) -> None:
    tokens = [5, 9, 30, 22, 7, 8]
    for start in (1, 3, 5):
        np.testing.assert_allclose(model.logprobs(tokens, start), super(HuggingFaceModel, model).logprobs(tokens, start), atol=1e-4)


def test_a_text_is_what_the_sampler_draws_from_the_rows(model: HuggingFaceModel) -> None:
    tokens, sampler = model.encode(PROMPT), tn.Sampler(temperature=0.8, top_p=0.95, rng=3)
    known = len(tokens)
    while len(tokens) < 20 and tokens[-1] not in model.ends:
        tokens.append(sampler(model(tokens)))
    drawn = "".join(model.names[token] for token in tokens[known:] if token not in model.ends)
    text = generate_text(PROMPT, 20, 0.8, 0.95, model=model, rng=3)
    assert text == PROMPT + drawn
    assert len(text) > len(PROMPT)


def test_a_name_is_loaded_on_the_spot(folder: Path, model: HuggingFaceModel) -> None:
    want = generate_text(PROMPT, 15, 0.8, 0.95, model=model, rng=3)
    assert generate_text(PROMPT, 15, 0.8, 0.95, model=str(folder), rng=3) == want


def test_names_ends_and_the_empty_text(model: HuggingFaceModel) -> None:
    assert model.size == len(model.names) == 64
    assert model.names[3:6] == (" ", "a", "b")
    assert model.names[63] == "<63>"  # the network has more rows than the tokenizer has tokens
    assert model.ends == {EOS}
    assert model.encode("") == [EOS]


def test_a_talk_goes_by_the_template(model: HuggingFaceModel) -> None:
    tokens = model.encode_chat([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}])
    assert "".join(model.names[token] for token in tokens) == "uhiahoa"


def test_a_model_without_a_template_says_that_it_cannot_talk(folder: Path) -> None:
    model = HuggingFaceModel(folder, name="tiny")
    model._tokenizer.chat_template = None
    with pytest.raises(ValueError, match=r"^model must have a chat template, and tiny has none: it continues texts$"):
        model.encode_chat([{"role": "user", "content": "hi"}])


def test_texts_of_no_tokens_are_refused(model: HuggingFaceModel) -> None:
    for texts in ([], [[4], []]):
        with pytest.raises(ValueError, match=r"^texts must be at least one, each of at least one token, got lengths "):
            model.rows(texts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ([4, 64], r"^tokens\[1\] must be a token id from 0 to 63, got 64$"),
        ([4] * 65, r"^a text must be of at most 64 tokens for .*, got 65$"),
    ],
)
def test_texts_that_cannot_be_computed_are_refused_and_nothing_is_lost(
    model: HuggingFaceModel, network: Any, text: list[int], message: str
) -> None:
    model([4, 5])
    for call in (model, model.logprobs):
        with pytest.raises(ValueError, match=message):
            call(text)
    np.testing.assert_allclose(model([4, 5, 6]), plain_row(network, [4, 5, 6]), atol=1e-4)


def test_a_call_that_is_interrupted_leaves_no_wrong_rows_behind(
    model: HuggingFaceModel, network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model([4, 5])
    forward = model._forward

    def interrupted(*arguments: Any) -> Any:
        forward(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(model, "_forward", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model([4, 5, 6])
    np.testing.assert_allclose(model([4, 5, 7]), plain_row(network, [4, 5, 7]), atol=1e-4)


def test_a_folder_without_a_model_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="empty"):
        load_model(tmp_path / "empty")
