"""Words that find sounds, and sounds that find words, with an encoder whose space is known."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from bowerbird.base.errors import QueryError
from bowerbird.benchmark.cross_modal import (
    TextQuery,
    chance_precisions,
    read_text_queries,
    text_figures,
    unmatched_texts,
)
from bowerbird.benchmark.evaluation import Prepared
from bowerbird.benchmark.labels import LabelledSet, LabelledSound
from bowerbird.benchmark.retrieval import vector_scorer
from bowerbird.benchmark.systems import EncoderSystem, SystemSpec
from bowerbird.ranking.average_precision import average_precision

WORDS = {"dog bark": (1, 0, 0), "rain": (0, 1, 0), "wind": (0, 0, 1), "barking": (1, 0.1, 0)}


class Text:
    """Encodes the words above, and was trained on two of them."""

    def encode(self, texts):
        vectors = np.array([WORDS[text] for text in texts], np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def has_words(self, text):
        return text in WORDS

    def labels(self):
        return ("dog bark", "rain")


def prepared(vectors, labels, *, parts=(), n_components=0, text=None):
    """Systems named "x" of an encoder with text, and "silent" without."""
    table = np.asarray(vectors, np.float32)
    sounds = LabelledSet(tuple(LabelledSound(f"{i}", (label,), f"{i}") for i, label in enumerate(labels)))
    specs = (SystemSpec("x", "x", n_components=n_components), SystemSpec("silent", "silent"))
    own = np.concatenate([table[:, part] for part in parts], axis=1) if parts else table
    return Prepared(
        labelled=sounds,
        positions=np.arange(len(labels)),
        absent=(),
        specs=specs,
        vectors={"x": own, "silent": table},
        scorers=(vector_scorer(own), vector_scorer(table)),
        queries=np.ones(len(labels), np.bool_),
        encoders={
            "x": EncoderSystem(SimpleNamespace(name="x", text=text or Text()), parts),
            "silent": EncoderSystem(SimpleNamespace(name="silent", text=None)),
        },
        notes={},
    )


VECTORS = [(1, 0, 0), (0.9, 0.3, 0), (0, 1, 0), (1, 0.8, 0), (0.5, 0, 1)]
LABELS = ["Dog_bark", "Dog_bark", "rain", "rain", "wind"]


def test_both_directions_are_as_worked_out_by_hand():
    figures = {each.scope: each for each in text_figures(prepared(VECTORS, LABELS))}
    # dog bark: sounds 0, 1, 3, 4, 2. rain: 2, 3, 1. wind: 4.
    assert figures["all classes"].text_to_sound.value == pytest.approx(1.0)
    # The names of sound 3: dog bark, rain. Its class is second.
    assert figures["all classes"].sound_to_text.value == pytest.approx((1 + (1 + 1 / 2) / 2 + 1) / 3)
    assert (figures["all classes"].n_texts, figures["all classes"].n_sounds) == (3, 5)


def test_words_without_a_training_label_are_apart():
    figures = {each.scope: each for each in text_figures(prepared(VECTORS, LABELS))}
    assert set(figures) == {"all classes", "training labels", "no training label"}
    assert (figures["training labels"].n_texts, figures["no training label"].n_texts) == (2, 1)
    assert figures["training labels"].sound_to_text.value == pytest.approx((1 + (1 + 1 / 2) / 2) / 2)
    assert figures["no training label"].sound_to_text.value == pytest.approx(1.0)


def test_other_texts_are_scored_by_the_classes_they_ask_for(tmp_path):
    path = tmp_path / "queries.toml"
    path.write_text(
        '[[query]]\ntext = "barking"\nclasses = ["Dog_bark", "wind"]\n[[query]]\ntext = "no"\nclasses = ["sneeze"]\n'
    )
    queries = read_text_queries(path)
    figures = text_figures(prepared(VECTORS, LABELS), queries=queries)[-1]
    assert (figures.scope, figures.n_texts, figures.sound_to_text) == ("queries", 1, None)
    # barking: sounds 0, 1, 3, 4, 2; those of its classes are first, second and fourth.
    assert figures.text_to_sound.value == pytest.approx((1 + 1 + 3 / 4) / 3)


def test_texts_for_classes_that_do_not_occur_are_named_and_refused_if_there_are_no_others():
    queries = [TextQuery("barking", ("wind",)), TextQuery("no", ("sneeze",)), TextQuery("nor", ("cough",))]
    ready = prepared(VECTORS, LABELS)
    assert unmatched_texts(ready, queries) == ("no", "nor")
    with pytest.raises(QueryError, match="None of 2 texts asks for a class"):
        text_figures(ready, queries=queries[1:])


def test_parts_of_the_embedding_meet_the_same_parts_of_the_text():
    whole = text_figures(prepared(VECTORS, LABELS))[0].text_to_sound.value
    part = text_figures(prepared(VECTORS, LABELS, parts=(slice(1, 2),)))[0].text_to_sound.value
    assert part < whole


def test_systems_without_text_are_left_out_and_none_at_all_is_a_sentence():
    assert {each.system for each in text_figures(prepared(VECTORS, LABELS))} == {"x"}
    with pytest.raises(QueryError, match="None of the systems encodes text"):
        text_figures(prepared(VECTORS, LABELS, n_components=2))

    class Silent(Text):
        def encode(self, texts):
            return np.zeros((len(texts), 3), np.float32)

    with pytest.raises(QueryError, match="None of the systems encodes text"):
        text_figures(prepared(VECTORS, LABELS, text=Silent()))


@pytest.mark.parametrize(("n_relevant", "n_items"), [(1, 1), (1, 6), (2, 6), (5, 6), (6, 6)])
def test_chance_is_the_mean_over_all_rankings(n_relevant, n_items):
    rankings = [
        [item in chosen for item in range(n_items)] for chosen in itertools.combinations(range(n_items), n_relevant)
    ]
    expected = np.mean([average_precision(ranking) for ranking in rankings])
    assert chance_precisions(np.array([n_relevant]), n_items)[0] == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "query = 1", "[[query]]\ntext = 1\nclasses = []", "[[query]]\ntext = 'a'", "]"])
def test_a_wrong_file_of_texts_is_a_sentence(tmp_path, text):
    path = tmp_path / "queries.toml"
    path.write_text(text)
    with pytest.raises(QueryError, match=r"Write \[\[query\]\]"):
        read_text_queries(path)
    with pytest.raises(QueryError, match="cannot be read"):
        read_text_queries(tmp_path / "gone.toml")
