"""A language model that needs no download, the loop that draws text from it, and what the deck does with texts."""

from thermonucleus.text.adaptive import AdaptiveSampler, Step
from thermonucleus.text.chatbot import PERSONALITIES, Choice, chatbot_choice, chatbot_response
from thermonucleus.text.continuation import generate_text
from thermonucleus.text.corpus import builtin_corpus, read_corpus
from thermonucleus.text.generation import generate
from thermonucleus.text.language_model import LanguageModel, builtin_model
from thermonucleus.text.letters import simple_text_generator, simple_text_generator_top_p
from thermonucleus.text.metrics import distinct_n, perplexity, repetition_rate, self_bleu, text_quality_metric, zipf_coefficient
from thermonucleus.text.ngram import NgramModel
from thermonucleus.text.tokenizer import BOS, EOS, UNK, Detokenizer, Tokenizer

__all__ = [
    "BOS",
    "EOS",
    "PERSONALITIES",
    "UNK",
    "AdaptiveSampler",
    "Choice",
    "Detokenizer",
    "LanguageModel",
    "NgramModel",
    "Step",
    "Tokenizer",
    "builtin_corpus",
    "builtin_model",
    "chatbot_choice",
    "chatbot_response",
    "distinct_n",
    "generate",
    "generate_text",
    "perplexity",
    "read_corpus",
    "repetition_rate",
    "self_bleu",
    "simple_text_generator",
    "simple_text_generator_top_p",
    "text_quality_metric",
    "zipf_coefficient",
]
