"""Designs: what is written is read back, and every fault is said with its place and a remedy."""

from dataclasses import replace

import pytest

from bowerbird.base.errors import StudyError
from bowerbird.listening.design import (
    check_design,
    design_faults,
    design_yaml,
    parse_design,
    parse_system,
    read_design,
)
from bowerbird.listening.study import Comparison, Controls, QueryChoice, Scale, StudyDesign, System

PLAIN = """
name: rain
title: Rain
systems:
- {name: ear, encoder: ear}
- {name: chance, kind: random}
"""


def test_a_design_is_read_back_as_it_was_written():
    design = StudyDesign(
        "graeser",
        "Gräser: which is closer?",
        (System("ear", encoder="ear", n_components=50, aspects={"timbre": 2.0}), System("chance", kind="random")),
        scale=Scale(("no", "yes"), has_slider=True),
        choice=QueryChoice("random", 7),
        planned=(Comparison("ear", "chance"),),
        is_pilot=True,
    )
    assert parse_design(design_yaml(design)) == design


def test_what_is_not_said_is_as_usual_and_grades_follow_the_construct():
    design = parse_design(PLAIN + "construct: same_kind\n")
    assert design.depth == 5
    assert design.scale.grades[-1] == "The same kind"
    assert parse_design(PLAIN + "scale: {has_slider: true}\n").scale == Scale(Scale().grades, has_slider=True)
    assert design.asked == "Is each the same kind of thing as the first?"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [", r"line \d+ is no YAML"),
        ("- a\n- b", "holds no design"),
        ("title: Rain", "lacks `name`"),
        (PLAIN + "dept: 3", "Did you mean `depth`"),
        (PLAIN + "depth: many", "`x.yaml: depth` is `many`. It must be a whole number"),
        (PLAIN + "depth: 2.5", "must be a whole number"),
        (PLAIN + "depth: true", "must be a whole number"),
        (PLAIN + "seed: -1", "seed is -1"),
        (PLAIN + "depth: 0", "depth is 0; it may be 1 to 50"),
        (PLAIN + "excerpt_s: .nan", "excerpt_s"),
        (PLAIN + "kind: abc", "It may be `grade`, `preference`, `abx`"),
        (PLAIN + "construct: matches_words", "needs queries of words"),
        (PLAIN + "choice: {how: words}", "choice.words is empty"),
        (PLAIN + "choice: {how: sounds}", "choice.sounds is empty"),
        (PLAIN + "controls: {far_share: 2}", "it is a share, from 0 to 1"),
        (PLAIN + "controls: 3", "is no table"),
        (PLAIN + "planned: [{first: ear, second: nobody}]", "`nobody`, which is no system"),
        (PLAIN + "planned: [{first: ear, second: ear}]", "with itself"),
        (PLAIN + "scale: {grades: [one]}", "at least two"),
        (PLAIN + "scale: {grades: []}", "neither grades nor a slider"),
        (PLAIN.replace("chance, kind", "ear, kind"), "same name"),
        (PLAIN.replace(", encoder: ear", ""), "has no encoder"),
        (PLAIN.replace("kind: random", "kind: ranking"), "has no ranking"),
        (PLAIN.replace("name: rain", "name: Rain fall"), "small letters"),
        (
            PLAIN.replace("systems:\n- {name: ear, encoder: ear}\n- {name: chance, kind: random}", "systems: []"),
            "empty",
        ),
        (PLAIN.replace("- {name: chance, kind: random}\n", "kind: abx\n"), "compares two systems"),
        (PLAIN + "kind: preference\ndepth: 12", "too long a list"),
    ],
)
def test_a_fault_is_a_sentence_with_its_place(text, said):
    with pytest.raises(StudyError, match=said):
        parse_design(text, where="x.yaml")


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path):
    with pytest.raises(StudyError, match="cannot be read"):
        read_design(tmp_path / "absent.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="no UTF-8"):
        read_design(tmp_path / "bytes.yaml")


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("ear", System("ear", encoder="ear")),
        ("random", System("random", kind="random")),
        ("a/b.trec", System("b", kind="ranking", ranking="a/b.trec")),
        ("theirs=x.jsonl", System("theirs", kind="ranking", ranking="x.jsonl")),
        (
            "small=ear,pca=100,search=nearest,timbre=2",
            System("small", encoder="ear", n_components=100, search="nearest", aspects={"timbre": 2.0}),
        ),
    ],
)
def test_systems_as_written_on_the_command_line(text, system):
    assert parse_system(text) == system


@pytest.mark.parametrize("text", ["ear,pca=many", "ear,search=best", "ear,timbre", "ear,=3x"])
def test_a_variant_that_cannot_be_is_told(text):
    with pytest.raises(StudyError):
        parse_system(text)


def test_the_shipped_defaults_are_a_design_that_can_be():
    check_design(StudyDesign("x", "X", (System("ear", encoder="ear"),)))


def test_every_fault_has_the_place_that_it_stands_beside():
    broken = replace(
        StudyDesign("Not a Name", " ", (System("ear", encoder="ear"), System("ear", encoder="ear"))),
        depth=0,
        controls=Controls(far_share=2.0),
        planned=(Comparison("ear", "gone"),),
    )
    places = [fault.field for fault in design_faults(broken)]
    assert places == ["name", "title", "systems", "depth", "controls.far_share", "planned"]
    assert design_faults(StudyDesign("fine", "Fine", (System("ear", encoder="ear"),))) == ()
