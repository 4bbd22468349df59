"""The list of systems to choose from, with variants. No Qt."""

from dataclasses import replace
from pathlib import Path

import pytest

from bowerbird.gui.listening.system_rows import (
    SystemList,
    SystemRow,
    aspects_text,
    description_of,
    name_of,
    parse_aspects,
)
from bowerbird.listening.study import System
from bowerbird.listening.systems.choices import EncoderChoice, SystemChoices

EAR = EncoderChoice("ear", 256, ("meaning", "timbre"), has_text=True)
ACOUSTIC = EncoderChoice("acoustic", 128, ("timbre",), has_text=False)
CHOICES = SystemChoices((EAR, ACOUSTIC), 300, (1.0,) * 300)


def row(systems: SystemList, name: str) -> SystemRow:
    return next(row for row in systems.rows if row.system.name == name)


def names(systems: SystemList) -> list[str]:
    return [system.name for system in systems.selected]


def test_default_systems_are_selected():
    assert names(SystemList(CHOICES)) == ["ear", "acoustic", "random"]
    assert names(SystemList(CHOICES, has_random=False)) == ["ear", "acoustic"]


def test_a_variant_is_below_its_encoder_and_has_a_descriptive_name():
    systems = SystemList(CHOICES)
    systems.add_variant(row(systems, "ear").key)
    assert names(systems) == ["ear", "ear-pca100", "acoustic", "random"]
    variant = row(systems, "ear-pca100")
    systems.change(variant.key, replace(variant.system, n_components=50, search="nearest"))
    assert "ear-pca50-nearest" in names(systems)
    systems.change(variant.key, replace(row(systems, "ear-pca50-nearest").system, name="mine"))
    systems.change(variant.key, replace(row(systems, "mine").system, n_components=20))
    assert "mine" in names(systems), "an edited name stays"


def test_equal_variants_have_different_names():
    systems = SystemList(CHOICES)
    for _ in range(2):
        systems.add_variant(row(systems, "ear").key)
    assert names(systems)[:3] == ["ear", "ear-pca100", "ear-pca100-2"]
    assert not systems.has_problem


def test_an_encoder_cannot_be_removed():
    systems = SystemList(CHOICES)
    systems.remove(row(systems, "ear").key)
    systems.add_variant(row(systems, "ear").key)
    systems.remove(row(systems, "ear-pca100").key)
    assert names(systems) == ["ear", "acoustic", "random"]


def test_encoders_without_text_are_left_out_for_queries_in_words():
    systems = SystemList(CHOICES)
    systems.set_query_kind(has_words=True)
    assert names(systems) == ["ear", "random"]
    assert row(systems, "acoustic").problem == "Cannot search by words."
    systems.set_query_kind(has_words=False)
    assert names(systems) == ["ear", "acoustic", "random"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"n_components": 257}, "At most 256 components are possible"),
        ({"aspects": {"pitch": 2.0}}, "“pitch” is not an aspect of this encoder. Its aspects: meaning, timbre."),
        ({"name": "ear"}, "Another system has this name"),
    ],
    ids=["components", "aspect", "name"],
)
def test_a_problem_is_shown_in_its_row(changes, problem):
    systems = SystemList(CHOICES)
    systems.add_variant(row(systems, "ear").key)
    variant = row(systems, "ear-pca100")
    systems.change(variant.key, replace(variant.system, **changes))
    assert problem in next(row.problem for row in systems.rows if row.key == variant.key)
    assert systems.has_problem
    systems.check(variant.key, is_checked=False)
    assert not any(row.is_checked and row.key == variant.key for row in systems.rows)


def test_a_ranking_is_named_after_its_file():
    systems = SystemList(CHOICES)
    systems.add_ranking(Path("/theirs/runs of clap.trec"))
    assert names(systems)[-1] == "runs-of-clap"
    assert row(systems, "runs-of-clap").description == "Rankings in runs of clap.trec"


def test_the_systems_of_a_design_are_selected():
    variant = System("small", encoder="ear", n_components=10)
    systems = SystemList(CHOICES, (System("acoustic", encoder="acoustic"), variant, System("far", encoder="clap")))
    assert names(systems) == ["small", "acoustic"], "a variant is below its encoder"
    assert row(systems, "far").problem == "The library has no embeddings of this encoder."
    assert not systems.has_problem


def test_a_system_has_a_description():
    system = System("x", encoder="ear", n_components=50, search="nearest", aspects={"timbre": 2.0})
    assert description_of(system) == "50 components, nearest neighbour, timbre × 2"
    assert name_of(system) == "ear-pca50-nearest-timbre2"


@pytest.mark.parametrize("text", ["", "timbre=2", "timbre=0.5, meaning=0"])
def test_weights_are_read_back(text):
    assert aspects_text(parse_aspects(text)) == text


@pytest.mark.parametrize("text", ["timbre", "timbre=x", "timbre=-1", "timbre=nan"])
def test_invalid_weights_are_refused(text):
    assert parse_aspects(text) is None
