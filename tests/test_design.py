"""Imports run one way: the order on docs/design.md is the code's."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest
from conftest import ROOT

from dlgrade import models

PACKAGE = ROOT / "dlgrade"

ORDER = [
    *("errors", "record", "rubric_models", "grade_models", "models", "settings", "library", "database"),
    *("numbered", "spool", "shelf"),
    *("banks.paged", "banks.patterns", "banks.wording", "banks.asking", "banks.labels", "banks.marks"),
    *("banks.spelling.lexicon", "banks.spelling.parting", "banks.spelling.repair"),
    *("banks.block", "banks.items", "banks.stretches", "banks.grids", "banks.blocks", "banks.entries"),
    *("banks.pieces", "banks.options", "banks.body", "banks.listed", "banks.same"),
    *("banks.plaintext.pages", "banks.plaintext.openings", "banks.plaintext.passages", "banks.plaintext.running"),
    *("banks.plaintext.heads", "banks.plaintext.keys", "banks.plaintext.cards"),
    *("banks.outline", "banks.fitting", "banks.orgtext", "banks.layout"),
    *("banks.data.names", "banks.data.nodes", "banks.data.quiz", "banks.data.records", "banks.data.trees"),
    *("banks.data.rows", "banks.data.cells"),
    *("banks.forms.sections", "banks.forms.headings", "banks.forms.lists", "banks.forms.tables"),
    *("banks.forms.bolds", "banks.forms.details", "banks.forms.plain", "banks.forms.org"),
    *("banks.forms.json_trees", "banks.forms.yaml_trees", "banks.forms.delimited", "banks.forms.notebooks"),
    *("banks.forms", "banks.choosing", "banks.legend", "banks.reading"),
    *(
        "banks.chosen",
        "banks.placing",
        "banks.proving",
        "banks.filling",
        "banks.mending",
        "banks.gathering",
        "banks.locking",
        "banks.written",
        "banks.ledger",
    ),
    *("banks.outputs", "banks.checking"),
    *("rubrics", "rubric_yaml", "plain", "sandbox", "prompts", "pages", "lookup"),
    *(
        "llm.schema",
        "llm.request",
        "llm.secrets",
        "llm.compare",
        "llm.trouble",
        "llm.signs",
        "llm.waits",
        "llm.complaints",
    ),
    *("llm.wire", "llm.streams"),
    *(
        "llm.prices",
        "llm.bill",
        "llm.spend",
        "llm.estimate",
        "llm.dialect",
        "llm.tries",
        "llm.pace",
        "llm.outage",
        "llm.transport",
        "llm.client",
    ),
    *("llm.checks", "llm.diagnosis"),
    *(
        "llm.rows",
        "llm.database",
        "llm.pruning",
        "llm.store",
        "llm.upkeep",
        "llm.reservations",
        "llm.cache",
        "llm.counted",
        "llm.once",
    ),
    *("llm.tape", "llm.replay", "llm.batch", "llm.batch_files", "llm.batch_calls", "llm.batch_results"),
    *("answering", "refreshing", "saving", "reviewing", "provenance"),
    *("grading.steering.phrases", "grading.steering.orders", "grading.steering.statements", "grading.steering.tongues"),
    *("grading.steering.disguises", "grading.steering.markup", "grading.steering.wholes", "grading.steering.talk"),
    "grading.steering.finding",
    *("grading.words", "grading.cues", "grading.evidence", "grading.derivation", "grading.score"),
    *("grading.agreement", "grading.measures"),
    *("grading.order", "grading.denials", "grading.guards", "grading.likeness", "grading.bearing", "grading.dealing"),
    "grading.reference",
    *("grading.closeness", "grading.asides", "grading.offline", "grading.checking"),
    *("grading.rows", "grading.claims", "grading.matching", "grading.gradebook", "grading.leniency"),
    *("grading.stored", "grading.labels", "grading.rescoring"),
    *("grading.shapes", "grading.replies", "grading.examples", "grading.asking", "grading.polling", "grading.rounds"),
    *("grading.corrected", "grading.settling", "grading.doubting", "grading.judge", "grading.whole"),
    *("grading.items", "grading.alike", "grading.highlights"),
    *("runs", "references", "drafts", "drafting", "classes", "calibrating", "regrading", "reporting", "batching"),
    *("practice.records", "practice.memory", "practice.tables", "practice.history", "practice.exchange"),
    *("practice.deck", "practice.choice", "practice.hints", "practice.feedback", "practice.drafts"),
    *("practice.session", "practice.phrases", "practice.progress"),
    *("pages.progress", "pages.report", "pages.calibration"),
    *("export.key", "export.prose", "export.pandoc", "export.pdf_key", "export.docx_key"),
    *("export.formulas", "export.markup", "export.hypertext", "export.html_key"),
    *("export.mathjax", "export.anki_key", "export.moodle_key"),
    *("export.json_key", "export.json_lines_key", "export.csv_key", "export.markdown_key", "export"),
    "api",
    *("serving.guard", "serving.forms", "serving.desk", "serving.showing", "serving.app", "serving.listening"),
    *("cli.completing", "cli.show", "cli.options", "cli.spread", "cli.answers", "cli.keys", "cli.wiring"),
    *("cli.watching", "cli.corrections", "cli.comparing", "cli.dry_run"),
    *("cli.list", "cli.filled", "cli.fill", "cli.answer", "cli.grade_many", "cli.grade", "cli.calibrated"),
    *("cli.calibrate", "cli.regrade", "cli.grades_report", "cli.grades"),
    *("cli.export", "cli.review", "cli.check", "cli.rubric_draft", "cli.rubric"),
    *("cli.practice_show", "cli.plots", "cli.writing", "cli.sitting", "cli.practice", "cli.progress", "cli.serve"),
    *("cli.cache", "cli.batch_show", "cli.batch_submit", "cli.batch", "cli.doctor", "cli.app"),
    "__main__",
]


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
EMPTY = {name for name, tree in MODULES.items() if len(tree.body) == 1}
"""Rooms whose __init__ holds a docstring alone."""


def imported(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "dlgrade":
            inside = (node.module or "").partition(".")[2]
            for alias in node.names:
                whole = f"{inside}.{alias.name}".lstrip(".")
                found.add(whole if whole in MODULES else inside)
    return found - {""}


def test_every_module_has_its_place() -> None:
    assert sorted(set(MODULES) - EMPTY - {"__init__"}) == sorted(ORDER)


def test_no_module_imports_from_below_itself() -> None:
    place = {name: i for i, name in enumerate(ORDER)}
    wrong = [
        f"{name} imports {other}"
        for name in ORDER
        for other in imported(MODULES[name]) - EMPTY
        if place[other] >= place[name]
    ]
    assert wrong == []


def test_the_page_names_every_module() -> None:
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    rooms = page[page.index("## Rooms") : page.index("## Decisions")]
    words = set(re.findall(r"[a-z_]+", rooms))
    shown = {part for name in ORDER for part in name.split(".")[: 2 if ".forms." in name else 3]}
    commands = {
        "list",
        "fill",
        "review",
        "grade",
        "regrade",
        "grades",
        "calibrate",
        "export",
        "check",
        "rubric",
        "doctor",
        "progress",
        "serve",
    }
    helpers = {"show", "options", "answers"}
    formats = {name.partition(".")[2] for name in ORDER if name.endswith("_key")} | {"__main__"}
    assert sorted(shown - words - commands - helpers - formats) == []


def test_only_one_file_imports_the_sdk_and_the_retries() -> None:
    found = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and {(getattr(node, "module", None) or node.names[0].name).partition(".")[0]} & {"openai", "tenacity"}
    }
    assert found == {"llm.client"}


def test_the_records_that_are_loaded_later_are_those_that_types_are_checked_by() -> None:
    promised = {
        alias.name: node.module or ""
        for block in MODULES["models"].body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert promised == models._WHERE
    assert all(getattr(models, name) is getattr(import_module(where), name) for name, where in promised.items())
    with pytest.raises(AttributeError, match=r"module 'dlgrade\.models' has no attribute 'Rubrik'"):
        _ = models.Rubrik
