"""An answer key as Moodle XML: an essay question each, the reference and the rubric as the grader's information.

Moodle knows a question by its `idnumber`, which stays the same in later keys; topics are its categories.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from xml.etree import ElementTree

from dlgrade.export.key import Entry, Key
from dlgrade.export.mathjax import html, html_line
from dlgrade.models import Rubric

_NAME = 120  # letters of a question's name; Moodle keeps 255
_OPTIONS = {
    "responseformat": "editor",
    "responserequired": "1",
    "responsefieldlines": "15",
    "attachments": "0",
    "attachmentsrequired": "0",
}


def write(key: Key) -> bytes:
    """The key as Moodle XML in UTF-8."""
    quiz = ElementTree.Element("quiz")
    names = key.lasting_names()
    topic: str | None = ""
    kept = [entry for entry in key.entries if key.student or entry.reference is not None]
    for entry in sorted(kept, key=lambda entry: entry.topic or ""):
        if entry.topic != topic:
            topic = entry.topic
            _category(quiz, topic or "other")
        _question(quiz, entry, names[entry.question.id])
    ElementTree.indent(quiz)
    return bytes(ElementTree.tostring(quiz, encoding="utf-8", xml_declaration=True))


def _category(quiz: ElementTree.Element, topic: str) -> None:
    question = ElementTree.SubElement(quiz, "question", type="category")
    _text(ElementTree.SubElement(question, "category"), f"$course$/top/dlgrade/{topic}")


def _question(quiz: ElementTree.Element, entry: Entry, name: str) -> None:
    asked = entry.question
    question = ElementTree.SubElement(quiz, "question", type="essay")
    _text(ElementTree.SubElement(question, "name"), asked.wording[:_NAME])
    wording = f"<p>{html_line(asked.wording)}</p>" + (html(asked.material) if asked.material else "")
    _text(ElementTree.SubElement(question, "questiontext", format="html"), wording)
    ElementTree.SubElement(question, "defaultgrade").text = f"{entry.scheme.max_score if entry.scheme else 1:g}"
    ElementTree.SubElement(question, "idnumber").text = hashlib.sha256(name.encode()).hexdigest()[:16]
    for option, value in _OPTIONS.items():
        ElementTree.SubElement(question, option).text = value
    grader = "".join(_information(entry))
    _text(ElementTree.SubElement(question, "graderinfo", format="html"), grader)
    _text(ElementTree.SubElement(question, "responsetemplate", format="html"), "")
    tags = ElementTree.SubElement(question, "tags")
    for tag in filter(None, (entry.topic, entry.difficulty, asked.category)):
        _text(ElementTree.SubElement(tags, "tag"), tag)


def _information(entry: Entry) -> Iterator[str]:
    """What a person who grades sees: the reference, and the rubric where it was asked for."""
    if entry.reference is not None:
        yield html(entry.reference)
    if entry.scheme:
        yield from _rubric(entry.scheme)


def _rubric(rubric: Rubric) -> Iterator[str]:
    yield f"<p><strong>Rubric ({rubric.max_score:g} points)</strong></p><ul>"
    for criterion in rubric.criteria:
        half = f" Half: {html_line(criterion.partial)}" if criterion.partial else ""
        yield f"<li><strong>{criterion.points:g}</strong> {html_line(criterion.expects)}{half}</li>"
    for misconception in rubric.misconceptions:
        yield f"<li><strong>−{misconception.costs:g}</strong> Claims that: {html_line(misconception.claims)}</li>"
    yield "</ul>"


def _text(parent: ElementTree.Element, text: str) -> None:
    ElementTree.SubElement(parent, "text").text = "".join(sign for sign in text if _is_xml(sign))


def _is_xml(sign: str) -> bool:
    """Whether XML can hold a character at all; most controls it cannot."""
    return sign in "\t\n\r" or (sign >= " " and not "\ud800" <= sign <= "\udfff" and sign not in "\ufffe\uffff")
