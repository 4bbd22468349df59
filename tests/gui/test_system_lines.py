"""The systems to compare: ticked, varied, named after what they are. No Qt."""

from dataclasses import replace
from pathlib import Path

import pytest

from bowerbird.gui.listening.system_rows import SystemList, SystemRow, about, aspects_text, name_of, parse_aspects
from bowerbird.listening.study import System
from bowerbird.listening.systems.choices import EncoderChoice, SystemChoices

EAR = EncoderChoice("ear", 256, ("meaning", "timbre"), has_text=True)
ACOUSTIC = EncoderChoice("acoustic", 128, ("timbre",), has_text=False)
CHOICES = SystemChoices((EAR, ACOUSTIC), 300, (1.0,) * 300)


def line(lines: SystemList, name: str) -> SystemRow:
    return next(line for line in lines.lines if line.system.name == name)


def names(lines: SystemList) -> list[str]:
    return [system.name for system in lines.asked]


def test_the_usual_ones_are_ticked():
    assert names(SystemList(CHOICES)) == ["ear", "acoustic", "random"]
    assert names(SystemList(CHOICES, has_random=False)) == ["ear", "acoustic"]


def test_a_variant_stands_below_its_encoder_and_is_named_after_what_it_is():
    lines = SystemList(CHOICES)
    lines.add_variant(line(lines, "ear").key)
    assert names(lines) == ["ear", "ear-pca100", "acoustic", "random"]
    variant = line(lines, "ear-pca100")
    lines.change(variant.key, replace(variant.system, n_components=50, search="nearest"))
    assert "ear-pca50-nearest" in names(lines)
    lines.change(variant.key, replace(line(lines, "ear-pca50-nearest").system, name="mine"))
    lines.change(variant.key, replace(line(lines, "mine").system, n_components=20))
    assert "mine" in names(lines), "a name that somebody chose stays"


def test_two_variants_alike_have_names_apart():
    lines = SystemList(CHOICES)
    for _ in range(2):
        lines.add_variant(line(lines, "ear").key)
    assert names(lines)[:3] == ["ear", "ear-pca100", "ear-pca100-2"]
    assert not lines.has_fault


def test_an_encoder_itself_is_not_taken_away():
    lines = SystemList(CHOICES)
    lines.remove(line(lines, "ear").key)
    lines.add_variant(line(lines, "ear").key)
    lines.remove(line(lines, "ear-pca100").key)
    assert names(lines) == ["ear", "acoustic", "random"]


def test_what_knows_no_words_is_left_out_while_words_are_asked():
    lines = SystemList(CHOICES)
    lines.ask_words(is_words=True)
    assert names(lines) == ["ear", "random"]
    assert line(lines, "acoustic").remark == "It knows no words."
    lines.ask_words(is_words=False)
    assert names(lines) == ["ear", "acoustic", "random"]


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"n_components": 257}, "256 components are the most"),
        ({"aspects": {"pitch": 2.0}}, "no aspect “pitch”. It has: meaning, timbre."),
        ({"name": "ear"}, "Another system has this name"),
    ],
    ids=["components", "aspect", "name"],
)
def test_what_cannot_be_is_said_on_its_line(changes, remark):
    lines = SystemList(CHOICES)
    lines.add_variant(line(lines, "ear").key)
    variant = line(lines, "ear-pca100")
    lines.change(variant.key, replace(variant.system, **changes))
    judged = next(line for line in lines.lines if line.key == variant.key)
    assert remark in judged.remark
    assert lines.has_fault
    lines.tick(variant.key, is_ticked=False)
    assert not any(line.is_ticked and line.key == variant.key for line in lines.lines)


def test_a_ranking_is_named_after_its_file():
    lines = SystemList(CHOICES)
    lines.add_ranking(Path("/theirs/runs of clap.trec"))
    assert names(lines)[-1] == "runs-of-clap"
    assert line(lines, "runs-of-clap").about == "Rankings in runs of clap.trec"


def test_a_design_s_systems_are_ticked_and_the_others_not():
    variant = System("small", encoder="ear", n_components=10)
    lines = SystemList(CHOICES, (System("acoustic", encoder="acoustic"), variant, System("far", encoder="clap")))
    assert names(lines) == ["small", "acoustic"], "a variant stands with its encoder"
    assert line(lines, "far").remark == "The library has no vectors of it."
    assert not lines.has_fault


def test_a_system_says_what_it_is():
    system = System("x", encoder="ear", n_components=50, search="nearest", aspects={"timbre": 2.0})
    assert about(system) == "50 components, nearest neighbour, timbre × 2"
    assert name_of(system) == "ear-pca50-nearest-timbre2"


@pytest.mark.parametrize("text", ["", "timbre=2", "timbre=0.5, meaning=0"])
def test_weights_are_read_back_as_they_are_written(text):
    assert aspects_text(parse_aspects(text)) == text


@pytest.mark.parametrize("text", ["timbre", "timbre=x", "timbre=-1", "timbre=nan"])
def test_weights_that_are_none_are_refused(text):
    assert parse_aspects(text) is None
