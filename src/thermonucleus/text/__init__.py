"""A language model that needs no download, and the loop that draws text from it."""

from thermonucleus.text.corpus import builtin_corpus, read_corpus
from thermonucleus.text.generation import generate
from thermonucleus.text.language_model import LanguageModel
from thermonucleus.text.ngram import NgramModel
from thermonucleus.text.tokenizer import BOS, EOS, UNK, Detokenizer, Tokenizer

__all__ = [
    "BOS",
    "EOS",
    "UNK",
    "Detokenizer",
    "LanguageModel",
    "NgramModel",
    "Tokenizer",
    "builtin_corpus",
    "generate",
    "read_corpus",
]
