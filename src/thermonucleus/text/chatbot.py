"""A chatbot that picks one of a few replies, by temperature and top-p (slide 11)."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from thermonucleus.functional import combined_sampling, get_token_probs
from thermonucleus.randomness import Seed
from thermonucleus.text.checks import check_text
from thermonucleus.text.language_model import LanguageModel
from thermonucleus.text.loading import AnyModel, as_model
from thermonucleus.text.model import TextModel
from thermonucleus.text.tokenizer import EOS, Tokenizer

__all__ = ["PERSONALITIES", "REPLIES", "Choice", "Personality", "chatbot_choice", "chatbot_response"]


class Personality(TypedDict):
    """The settings of a chatbot, to be passed as ``**personality``."""

    temperature: float
    top_p: float


PERSONALITIES: Mapping[str, Personality] = {
    "conservative": {"temperature": 0.5, "top_p": 0.9},
    "creative": {"temperature": 1.5, "top_p": 0.7},
}
"""The slide's two. The creative one is the hotter, but has fewer replies to choose from than temperature 1.5 alone would leave."""

PHRASES: Mapping[str, tuple[str, ...]] = {
    "greeting": ("hello", "hi", "hey", "hiya", "greetings", "good morning", "good afternoon", "good evening"),
    "farewell": ("bye", "goodbye", "bye-bye", "good-bye", "farewell", "good night", "see you later", "see you soon"),
    "thanks": ("thanks", "thank you"),
    "wellbeing": ("how are you", "how are things", "how do you do", "how is it going", "how's it going"),
}
"""What makes a text one of a category. The first that fits is taken: the slide's two before others, in the slide's order."""

REPLIES: Mapping[str, tuple[str, ...]] = {
    "greeting": ("Hello!", "Hi there!", "Good day to you!", "Nice to meet you!", "Good to see you again!"),
    "farewell": ("Goodbye!", "Bye for now!", "See you later!", "Take care!", "Until we meet again!"),
    "thanks": ("You are welcome!", "My pleasure!", "Any time!", "Do not mention it!", "Glad to be of use!"),
    "wellbeing": ("Quite well, thank you.", "As well as can be.", "All systems are running.", "The same as always."),
    "unknown": (
        "It depends on the context.",
        "I do not know that yet.",
        "What do you mean by that?",
        "Tell me more about it.",
        "That is a good question.",
        "Let me think about that.",
    ),
}
"""The replies of each category."""

WORD = re.compile(r"\w+(?:['-]\w+)*")
CACHE = 0.1
"""The share of the words that were said in the distribution of the words of a reply."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A reply, and what it was chosen from.

    Attributes
    ----------
    category : str
        What was said: a key of `REPLIES`.
    candidates : tuple of str
        The replies that could be given.
    logits : tuple of float
        Their scores.
    probabilities : tuple of float
        The distribution of the draw, after temperature and top-p: 0 for what was cut.
    chosen : str
        The reply that was drawn.
    """

    category: str
    candidates: tuple[str, ...]
    logits: tuple[float, ...]
    probabilities: tuple[float, ...]
    chosen: str


def chatbot_response(input_text: str, temperature: float, top_p: float, *, model: AnyModel = None, rng: Seed = None) -> str:
    """Reply to a text under a temperature and top-p (slide 11).

    Parameters
    ----------
    input_text, temperature, top_p, model, rng
        As in `chatbot_choice`.

    Returns
    -------
    str
        One of `REPLIES`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from thermonucleus.text import PERSONALITIES, chatbot_response
    >>> from thermonucleus.text.chatbot import REPLIES
    >>> chatbot_response("Hello", temperature=0.5, top_p=0.9, rng=1) in REPLIES["greeting"]
    True
    >>> chatbot_response("This is it.", **PERSONALITIES["creative"], rng=1) in REPLIES["unknown"]
    True
    """
    return chatbot_choice(input_text, temperature, top_p, model=model, rng=rng).chosen


def chatbot_choice(input_text: str, temperature: float, top_p: float, *, model: AnyModel = None, rng: Seed = None) -> Choice:
    r"""Reply to a text under a temperature and top-p, and say what the reply was chosen from (slide 11).

    Parameters
    ----------
    input_text : str
        What was said. Whole words decide on its category, in any case: "hi!" is a greeting, "this" is not. As on the slide, a text
        that greets and takes leave is a greeting.
    temperature, top_p : float
        As in `thermonucleus.sample`. `PERSONALITIES` has the slide's two pairs.
    model : TextModel, str or path-like, optional
        What scores the replies, as in `generate_text`; the built-in model by default.
    rng : None, int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        As in `thermonucleus.sample`.

    Returns
    -------
    Choice
        The category, its replies, their logits and probabilities, and the one that was drawn.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    The slide draws its logits at random, so that no reply fits a text better than another, and finds "hi" in "this".
    Here the logit of a reply is its log-probability given the text, divided by its number of tokens, for else the shortest reply
    would nearly always win:

    .. math:: \frac{1}{n} \sum_{i=1}^{n} \ln\bigl( 0.9\, p(w_i \mid h_i) + 0.1\, c(w_i) / N \bigr)

    with :math:`p` the built-in model, or another of its kind, :math:`h_i` all before token :math:`w_i`, the text that was said
    included, and :math:`c(w) / N` the share of the word among the words that were said. The model looks back three tokens; this
    cache makes what takes up a word of the text more probable, however far back it stands. A model that reads all of a text needs
    no cache: its replies are scored by the mean of :math:`\ln p` alone, given the text as its chat template puts it, or as a line
    where it has none.

    References
    ----------
    R. Kuhn and R. De Mori (1990), "A cache-based natural language model for speech recognition", IEEE Transactions on Pattern
    Analysis and Machine Intelligence 12 (6): the cache.

    Examples
    --------
    >>> from thermonucleus.text import chatbot_choice
    >>> choice = chatbot_choice("Oh, hi!", temperature=0.5, top_p=0.5)
    >>> choice.category, choice.chosen
    ('greeting', 'Hi there!')
    >>> dict(zip(choice.candidates, choice.probabilities))["Hello!"]
    0.0
    """
    words = WORD.findall(
        check_text(input_text, name="input_text").casefold().replace("\u2019", "'")
    )  # a typographic apostrophe is one too
    category = _category(words)
    candidates = REPLIES[category]
    loaded = as_model(model)
    if isinstance(loaded, LanguageModel):
        logits = _scores_with_cache(loaded, input_text, words, candidates)
    else:
        logits = _scores(loaded, input_text, candidates)
    probabilities = get_token_probs(logits, temperature, top_p)
    chosen = candidates[int(combined_sampling(logits, temperature, top_p, rng=rng))]
    return Choice(category, candidates, tuple(logits), tuple(probabilities.tolist()), chosen)


def _category(words: Sequence[str]) -> str:
    said = f" {' '.join(words)} "
    return next((name for name, phrases in PHRASES.items() if any(f" {phrase} " in said for phrase in phrases)), "unknown")


def _scores(model: TextModel, input_text: str, replies: Sequence[str]) -> list[float]:
    try:
        said = model.encode_chat([{"role": "user", "content": input_text}])
    except ValueError:  # it has no template
        said = model.encode(f"{input_text}\n")
    scores = []
    for reply in replies:
        tokens = model.encode(reply)[len(model.begin) :]
        scores.append(float(model.logprobs(said + tokens, len(said)).mean()))
    return scores


def _scores_with_cache(model: LanguageModel, input_text: str, words: Sequence[str], replies: Sequence[str]) -> list[float]:
    said = model.tokenizer.encode(input_text)
    if said[-1] != EOS:
        said.append(EOS)  # a reply begins a sentence of its own
    heard = Counter(words)
    scores = []
    for reply in replies:
        _, *tokens = model.tokenizer.encode(reply)
        given = [model.ngrams.probabilities(said + tokens[:i])[token] for i, token in enumerate(tokens)]
        cached = [heard[word] / max(len(words), 1) for word in _spelt(reply)]
        scores.append(float(np.log((1 - CACHE) * np.array(given) + CACHE * np.array(cached)).mean()))
    return scores


def _spelt(reply: str) -> list[str]:
    """Return the tokens of a reply in small letters, also those that a model does not know."""
    own = Tokenizer.from_corpus([reply])
    return [own.vocabulary[token].casefold() for token in own.encode(reply)[1:]]
