"""An answer key as a Word document: headings, links to every question, formulas as Word's own equations.

Needs `dlgrade[docx]`: pandoc writes the document, and python-docx gives it its look and the numbers of its pages.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from dlgrade.export.key import Key
from dlgrade.export.pandoc import ROOM, converted

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

_BORDER = 'w:val="single" w:sz="4" w:space="1" w:color="A0A6AE"'
_LINE = (
    f"<w:p><w:pPr><w:pBdr><w:bottom {_BORDER}/><w:between {_BORDER}/></w:pBdr>"
    '<w:spacing w:before="240" w:after="0"/></w:pPr></w:p>'
)
_ABOVE = {"Heading 1": 30, "Heading 2": 20, "Heading 3": 12}
"""Points above a heading."""


def write(key: Key) -> bytes:
    """The key as a Word document.

    Raises:
        OutputError: pandoc cannot write it.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "key.docx"
        converted(key, "docx", room=_LINE * ROOM, contents=True, file=file)
        document = docx.Document(str(file))
    _dress(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _dress(document: Document) -> None:
    """Give it A4 pages, numbers on them, air above its headings and lines in its tables."""
    for section in document.sections:
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.5)
        section.top_margin = section.bottom_margin = Cm(2.3)
        paragraph = section.footer.paragraphs[0]
        paragraph.alignment = 1
        _field(paragraph, "PAGE")
    for name, points in _ABOVE.items():
        document.styles[name].paragraph_format.space_before = Pt(points)
    for table in document.tables:
        _ruled(table._tbl.tblPr)


def _field(paragraph: Paragraph, name: str) -> None:
    """A value that the program which shows the document fills in."""
    for kind, text in (("begin", None), (None, name), ("end", None)):
        run = paragraph.add_run()._r
        part = OxmlElement("w:instrText" if text else "w:fldChar")
        if text:
            part.text = text
        else:
            part.set(qn("w:fldCharType"), str(kind))
        run.append(part)


def _ruled(properties: object) -> None:
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", "C9CED6")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    properties.append(borders)  # type: ignore[attr-defined]
