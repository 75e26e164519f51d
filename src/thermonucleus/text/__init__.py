"""Language models, built in or real, the loop that draws text from them, and what the deck does with texts."""

from thermonucleus.text.adaptive import AdaptiveSampler, Step
from thermonucleus.text.chatbot import PERSONALITIES, Choice, chatbot_choice, chatbot_response
from thermonucleus.text.continuation import generate_text
from thermonucleus.text.corpus import builtin_corpus, paragraphs_of, read_corpus
from thermonucleus.text.generation import continue_together, generate
from thermonucleus.text.language_model import LanguageModel, builtin_model
from thermonucleus.text.letters import simple_text_generator, simple_text_generator_top_p
from thermonucleus.text.loading import load_model
from thermonucleus.text.metrics import distinct_n, perplexity, repetition_rate, self_bleu, text_quality_metric, zipf_coefficient
from thermonucleus.text.model import TextModel
from thermonucleus.text.ngram import NgramModel
from thermonucleus.text.split import Split, split_corpus
from thermonucleus.text.tokenizer import BOS, EOS, UNK, Detokenizer, Tokenizer
from thermonucleus.text.tuning import Trial, Tuning, judge, optimize_params, sweep

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
    "Split",
    "Step",
    "TextModel",
    "Tokenizer",
    "Trial",
    "Tuning",
    "builtin_corpus",
    "builtin_model",
    "chatbot_choice",
    "chatbot_response",
    "continue_together",
    "distinct_n",
    "generate",
    "generate_text",
    "judge",
    "load_model",
    "optimize_params",
    "paragraphs_of",
    "perplexity",
    "read_corpus",
    "repetition_rate",
    "self_bleu",
    "simple_text_generator",
    "simple_text_generator_top_p",
    "split_corpus",
    "sweep",
    "text_quality_metric",
    "zipf_coefficient",
]
