"""Tables of words and numbers, as text for a terminal and as pages for a browser.

A page needs nothing from outside: no script, no font, no network.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}"
    "nav a{margin-right:1.2rem}section{margin-top:2.5rem}"
    ".wide{overflow-x:auto;margin-bottom:2rem}table{border-collapse:collapse}"
    "th,td{padding:.25rem .7rem;text-align:right;vertical-align:top}"
    "th,td{border-bottom:1px solid #ccc}"
    "th{vertical-align:bottom}td{white-space:nowrap}"
    "th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:#fff}"
    "small,.note{color:#555}tbody tr:hover td{background:#f3f6fa}"
    "img{max-width:100%}@media print{section{break-inside:avoid-page}}"
)


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; every row has as many cells as the header.

    A cell's second line is what stands behind its first, an interval or counts; `note` says
    how the table is read.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: its heading, and HTML beneath it."""

    title: str
    body: str

    @property
    def anchor(self) -> str:
        """The part's name in an address."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def as_text(tables: Sequence[Table]) -> str:
    """Return the tables as aligned columns for a terminal."""
    return "\n\n".join("\n".join(_lines(table)) for table in tables) + "\n"


def as_html(tables: Sequence[Table], *, title: str) -> str:
    """Return the tables as one page."""
    return _page(title, "\n".join(html_table(table, level=2) for table in tables))


def html_page(sections: Sequence[Section], *, title: str, style: str = "") -> str:
    """Return the parts as one page with links to each; `style` adds to what pages share."""
    links = "".join(f'<a href="#{s.anchor}">{escape(s.title)}</a>' for s in sections)
    body = "\n".join(html_section(section) for section in sections)
    return _page(title, f"<nav>{links}</nav>\n{body}", style)


def html_section(section: Section) -> str:
    """Return one part of a page."""
    heading = f"<h2>{escape(section.title)}</h2>"
    return f'<section id="{section.anchor}">{heading}\n{section.body}\n</section>'


def html_table(table: Table, *, level: int = 3) -> str:
    """Return a table under its title, a heading of this `level`."""
    head = "".join(f"<th>{escape(word)}</th>" for word in table.header)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>"
        for row in table.rows
    )
    note = f'\n<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<h{level}>{escape(table.title)}</h{level}>{note}\n<div class="wide"><table>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>"
    )


def _page(title: str, body: str, style: str = "") -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}{style}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )


def _cell(words: str) -> str:
    first, _, behind = words.partition("\n")
    return escape(first) + (f"<br><small>{escape(behind)}</small>" if behind else "")


def _lines(table: Table) -> Iterator[str]:
    cells = [[cell.replace("\n", " ") for cell in row] for row in (table.header, *table.rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.header))]
    yield table.title
    for row in cells:
        first, *others = (
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join((first, *others)).rstrip()
    if table.note:
        yield table.note
