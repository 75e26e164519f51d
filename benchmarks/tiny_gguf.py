"""A llama of one layer with random weights and a made-up vocabulary, as a GGUF file."""

from itertools import count, product
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

SPECIAL = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
LETTERS = ["▁", *"abcdefghijklmnopqrstuvwxyz.,"]
FIRST_WORD = len(SPECIAL) + len(BYTES)


def write(path: Path, *, vocab_size: int = 500, width: int = 32, poisoned: int | None = None, seed: int = 0) -> Path:
    """Write the model; the logit of the token `poisoned` is NaN, always."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(2 * width)
    writer.add_head_count(4)
    writer.add_head_count_kv(4)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(vocab_size)
    add_tokenizer(writer, vocab_size)
    for name, tensor in weights(np.random.default_rng(seed), vocab_size, width, poisoned).items():
        writer.add_tensor(f"{name}.weight", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def add_tokenizer(writer: gguf.GGUFWriter, vocab_size: int) -> None:
    """Add a vocabulary in the manner of SentencePiece: letters, and words of more and more syllables."""
    syllables = ["".join(pair) for pair in product("bdfgklmnprst", "aeiou")]
    words = ("▁" + "".join(parts) for length in count(1) for parts in product(syllables, repeat=length))
    pieces = [*SPECIAL, *BYTES, *LETTERS]
    pieces += [next(words) for _ in range(vocab_size - len(pieces))]
    kinds = [gguf.TokenType.NORMAL] * vocab_size
    kinds[:3] = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    kinds[3:FIRST_WORD] = [gguf.TokenType.BYTE] * len(BYTES)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces)
    writer.add_token_scores([float(len(piece)) for piece in pieces])
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def weights(rng: np.random.Generator, vocab_size: int, width: int, poisoned: int | None) -> dict[str, NDArray[np.float32]]:
    """Make weights whose logits fall with the rank of a token, as a trained model's do, and hardly ever end the text.

    Of a large vocabulary, the 0.95 nucleus holds some 10 to 20 tokens at temperature 0.8, and 200 at temperature 1.
    """

    def random(*shape: int, scale: float = 1.0) -> NDArray[np.float32]:
        return rng.normal(0, scale * shape[-1] ** -0.5, shape).astype(np.float32)

    square, ones = (width, width), np.ones(width, np.float32)
    embedding, head = random(vocab_size, width), random(vocab_size, width, scale=1.5)
    attention, forward = random(*square, scale=width**-0.5), random(width, 2 * width, scale=width**-0.5)
    # The first component is the same for every token and stays so: it makes a bias of that of the head's rows.
    embedding[:, 0] = 2.0
    attention[0] = forward[0] = 0.0
    ranks = rng.permutation(np.arange(1, vocab_size + 1))
    head[:, 0] = -1.8 * np.log(ranks) * width**-0.5
    head[:FIRST_WORD, 0] = -20 * width**-0.5
    if poisoned is not None:
        head[poisoned] = np.nan
    return {
        "token_embd": embedding,
        "output_norm": ones,
        "output": head,
        "blk.0.attn_norm": ones,
        "blk.0.attn_q": random(*square),
        "blk.0.attn_k": random(*square),
        "blk.0.attn_v": random(*square),
        "blk.0.attn_output": attention,
        "blk.0.ffn_norm": ones,
        "blk.0.ffn_gate": random(2 * width, width),
        "blk.0.ffn_up": random(2 * width, width),
        "blk.0.ffn_down": forward,
    }
