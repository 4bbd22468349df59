"""Designs: YAML is read back as it was written, and every problem is a sentence that names its field."""

from dataclasses import replace

import pytest

from bowerbird.base.errors import StudyError
from bowerbird.listening.design import (
    check_design,
    design_problems,
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


def test_missing_entries_have_defaults_and_grades_follow_the_construct():
    design = parse_design(PLAIN + "construct: same_kind\n")
    assert design.depth == 5
    assert design.scale.grades[-1] == "Same kind"
    assert parse_design(PLAIN + "scale: {has_slider: true}\n").scale == Scale(Scale().grades, has_slider=True)
    assert design.shown_question == "Is each sound the same kind of sound as the reference?"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name: [", r"line \d+ is not valid YAML"),
        ("- a\n- b", "contains no design"),
        ("title: Rain", "has no name"),
        (PLAIN + "dept: 3", "Did you mean “depth”"),
        (PLAIN + "depth: many", "x.yaml: depth is “many”. It must be a whole number"),
        (PLAIN + "depth: 2.5", "must be a whole number"),
        (PLAIN + "depth: true", "must be a whole number"),
        (PLAIN + "seed: -1", "seed is -1"),
        (PLAIN + "depth: 0", "depth is 0; use 1 to 50"),
        (PLAIN + "excerpt_s: .nan", "excerpt_s"),
        (PLAIN + "kind: abc", "Use one of grade, preference, abx"),
        (PLAIN + "construct: matches_words", "needs queries in words"),
        (PLAIN + "choice: {how: words}", "choice.words is empty"),
        (PLAIN + "choice: {how: sounds}", "choice.sounds is empty"),
        (PLAIN + "controls: {far_share: 2}", "use a share from 0 to 1"),
        (PLAIN + "controls: 3", "is not a table"),
        (PLAIN + "planned: [{first: ear, second: nobody}]", "“nobody”, which is not a system"),
        (PLAIN + "planned: [{first: ear, second: ear}]", "with itself"),
        (PLAIN + "scale: {grades: [one]}", "at least two"),
        (PLAIN + "scale: {grades: []}", "neither grades nor a slider"),
        (PLAIN.replace("chance, kind", "ear, kind"), "same name"),
        (PLAIN.replace(", encoder: ear", ""), "has no encoder"),
        (PLAIN.replace("kind: random", "kind: ranking"), "has no ranking"),
        (PLAIN.replace("name: rain", "name: Rain fall"), "lowercase letters"),
        (
            PLAIN.replace("systems:\n- {name: ear, encoder: ear}\n- {name: chance, kind: random}", "systems: []"),
            "empty",
        ),
        (PLAIN.replace("- {name: chance, kind: random}\n", "kind: abx\n"), "compares two systems"),
        (PLAIN + "kind: preference\ndepth: 12", "use at most 9 for preference"),
    ],
)
def test_a_problem_is_a_sentence_that_names_its_field(text, sentence):
    with pytest.raises(StudyError, match=sentence):
        parse_design(text, where="x.yaml")


def test_a_missing_file_or_one_that_is_not_text_is_refused(tmp_path):
    with pytest.raises(StudyError, match="Cannot read"):
        read_design(tmp_path / "absent.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="not UTF-8"):
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
def test_an_invalid_variant_is_refused(text):
    with pytest.raises(StudyError):
        parse_system(text)


def test_the_defaults_are_a_valid_design():
    check_design(StudyDesign("x", "X", (System("ear", encoder="ear"),)))


def test_every_problem_has_the_path_of_its_field():
    broken = replace(
        StudyDesign("Not a Name", " ", (System("ear", encoder="ear"), System("ear", encoder="ear"))),
        depth=0,
        controls=Controls(far_share=2.0),
        planned=(Comparison("ear", "gone"),),
    )
    fields = [problem.field for problem in design_problems(broken)]
    assert fields == ["name", "title", "systems", "depth", "controls.far_share", "planned"]
    assert design_problems(StudyDesign("fine", "Fine", (System("ear", encoder="ear"),))) == ()
