"""A GGUF file as a text model: what llama.cpp computes, whatever it has kept of earlier texts."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thermonucleus as tn

llama_cpp = pytest.importorskip("llama_cpp")
pytest.importorskip("gguf")

import tiny_gguf  # noqa: E402

from thermonucleus.text import generate_text, load_model  # noqa: E402
from thermonucleus.text.gguf import SLOTS, GgufModel  # noqa: E402

VOCABULARY = 500
PROMPT = "ba do ki"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gguf.write(tmp_path_factory.mktemp("models") / "model.gguf", vocab_size=VOCABULARY)


@pytest.fixture(scope="module")
def model(path: Path) -> GgufModel:
    return GgufModel(path, context=1024)


@pytest.fixture(scope="module")
def plain(path: Path) -> Any:
    """The same file as llama-cpp-python has it, which computes one text at a time."""
    return llama_cpp.Llama(str(path), n_ctx=256, logits_all=True, verbose=False)


def plain_rows(plain: Any, tokens: list[int]) -> Any:
    plain.reset()
    plain.eval(tokens)
    return np.array(plain.scores[: len(tokens)], np.float32)


def test_a_row_is_the_one_that_llama_cpp_computes(model: GgufModel, plain: Any) -> None:
    tokens = model.encode(PROMPT)
    assert tokens == plain.tokenize(PROMPT.encode())
    row = model(tokens)
    assert row.dtype == np.float32
    assert row.shape == (VOCABULARY,) == (model.size,)
    np.testing.assert_allclose(row, plain_rows(plain, tokens)[-1], rtol=1e-4, atol=1e-4)


def test_what_is_kept_of_earlier_texts_changes_no_row(model: GgufModel, path: Path) -> None:
    rng = np.random.default_rng(0)
    trunk = rng.integers(300, VOCABULARY, 30).tolist()
    fresh = GgufModel(path, context=1024)
    for _ in range(40):
        texts = [[1, *trunk[: rng.integers(1, 30)], *rng.integers(300, VOCABULARY, rng.integers(0, 4)).tolist()] for _ in range(3)]
        fresh.forget()
        np.testing.assert_allclose(model.rows(texts), np.stack([fresh(text) for text in texts]), atol=1e-4)


def test_more_texts_than_it_keeps_are_computed_all_the_same(model: GgufModel) -> None:
    texts = [[1, 300 + i, 301 + i] for i in range(SLOTS + 5)]
    rows = model.rows(texts)
    for i in (0, SLOTS - 1, SLOTS, SLOTS + 4):
        np.testing.assert_allclose(rows[i], model(texts[i]), atol=1e-4)


def test_texts_of_earlier_calls_make_room_for_longer_ones(path: Path) -> None:
    model = GgufModel(path, context=1024)
    model.rows([[1, *[300 + i] * 49] for i in range(20)])
    texts = [[1, *[400 + i] * 199] for i in range(5)]
    rows = model.rows(texts)
    np.testing.assert_allclose(rows[3], GgufModel(path, context=256)(texts[3]), atol=1e-4)


def test_a_row_is_the_callers_own(model: GgufModel) -> None:
    row = model([1, 300])
    before = row.copy()
    model([1, 301])
    np.testing.assert_array_equal(row, before)


def test_logprobs_are_those_of_the_rows(model: GgufModel) -> None:
    tokens = [1, 310, 320, 330, 340, 350]
    for start in (1, 3, 5):
        np.testing.assert_allclose(model.logprobs(tokens, start), super(GgufModel, model).logprobs(tokens, start), atol=1e-4)


def test_names_are_pieces_of_text_and_bytes_are_bytes(model: GgufModel) -> None:
    assert len(model.names) == VOCABULARY
    assert model.names[2] == "</s>"
    assert model.names[300].startswith(" ")
    assert model.names[3 + 0xE2] == "\\xe2"


def test_characters_of_several_bytes_come_whole(model: GgufModel) -> None:
    tokens = model.encode("é€")
    piece_of = model.pieces(model.begin)
    pieces = [piece_of(token) for token in tokens[len(model.begin) :]]
    assert "".join(pieces).strip() == "é€"
    assert "\ufffd" not in "".join(pieces)


def test_a_text_is_what_the_sampler_draws_from_the_rows(model: GgufModel) -> None:
    text = generate_text(PROMPT, 20, 0.8, 0.95, model=model, rng=3)
    tokens, sampler, want = model.encode(PROMPT), tn.Sampler(temperature=0.8, top_p=0.95, rng=3), PROMPT
    piece_of = model.pieces(tokens)
    while len(tokens) < 20 and tokens[-1] not in model.ends:
        tokens.append(sampler(model(tokens)))
        want += "" if tokens[-1] in model.ends else piece_of(tokens[-1])
    assert text == want
    assert len(text) > len(PROMPT)


def test_an_empty_text_has_a_token_to_go_on_from(model: GgufModel) -> None:
    assert model.encode("") == list(model.begin) == [1]
    assert model.next_logits("").shape == (VOCABULARY,)


def test_copies_compute_the_same(model: GgufModel) -> None:
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin.name == model.name
        np.testing.assert_allclose(twin.next_logits(PROMPT), model.next_logits(PROMPT), atol=1e-4)


def test_a_file_is_loaded_by_its_name(path: Path, model: GgufModel) -> None:
    loaded = load_model(path)
    assert isinstance(loaded, GgufModel)
    assert loaded.name == str(path)
    np.testing.assert_allclose(loaded.next_logits(PROMPT), model.next_logits(PROMPT), atol=1e-4)


def test_a_model_without_a_template_says_that_it_cannot_talk(model: GgufModel) -> None:
    with pytest.raises(ValueError, match=r"^model must have a chat template, and .*model\.gguf has none: it continues texts$"):
        model.encode_chat([{"role": "user", "content": "ba"}])


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"^model must be a GGUF file, and there is none at '.*none\.gguf'$"):
        load_model(tmp_path / "none.gguf")
    broken = tmp_path / "broken.gguf"
    broken.write_text("no model")
    with pytest.raises(ValueError, match=r"^model must be a GGUF file that llama.cpp can read, got '.*broken\.gguf'"):
        load_model(broken)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], r"^texts must be at least one, each of at least one token, got lengths \[\]$"),
        ([[1], []], r"got lengths \[1, 0\]$"),
        ([[1, VOCABULARY]], rf"^tokens\[1\] must be a token id from 0 to {VOCABULARY - 1}, got {VOCABULARY}$"),
        ([[-1]], rf"^tokens\[0\] must be a token id from 0 to {VOCABULARY - 1}, got -1$"),
        ([[1] * 513], r"^a text must be of at most 512 tokens for .*, got 513$"),
        (
            [[1, *range(300, 300 + i, 1), *[400] * 100] for i in range(11)],
            r"^texts must have at most 1,024 tokens together, got 1,166",
        ),
    ],
)
def test_texts_that_cannot_be_computed_are_refused_and_nothing_is_lost(model: GgufModel, texts: Any, message: str) -> None:
    before = model([1, 300, 301])
    with pytest.raises(ValueError, match=message):
        model.rows(texts)
    np.testing.assert_allclose(model([1, 300, 301]), before, atol=1e-4)
