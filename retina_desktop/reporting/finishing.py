"""From ReportLab's pages to the file: fonts, pictures, tags, metadata, colour profile."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from xml.sax.saxutils import escape

from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Page, Pdf, Stream, String
from PIL import Image

from retina_desktop.reporting.colour_profile import srgb_profile
from retina_desktop.reporting.press import Press, TaggedPart

_PRODUCER = "Retina Desktop"


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What the file says of itself."""

    title: str
    author: str
    language: str
    created_at: datetime  # aware
    archival: bool  # nothing on its pages is transparent, so that it can be PDF/A-1b


def finish(pages: bytes, press: Press, facts: DocumentFacts) -> bytes:
    """Return the finished PDF; the same arguments give the same bytes.

    All of them follow the rules of PDF/A-1b (ISO 19005-1) but for what a draft's watermark
    needs, and the archival ones say so.

    Parameters
    ----------
    pages : bytes
        ReportLab's file; its pages name fonts and pictures that only `press` holds.
    press : Press
        After all pages were drawn.
    facts : DocumentFacts
        For the metadata.
    """
    with Pdf.open(io.BytesIO(pages)) as pdf:
        _add_resources(pdf, press)
        _add_tags(pdf, press.parts)
        _add_metadata(pdf, facts)
        _add_colour_profile(pdf)
        finished = io.BytesIO()
        pdf.save(
            finished,
            deterministic_id=True,
            compress_streams=True,
            object_stream_mode=ObjectStreamMode.disable,
            force_version="1.4",
        )
    return finished.getvalue()


def _add_resources(pdf: Pdf, press: Press) -> None:
    fonts = {f"/{font.resource}": font.added_to(pdf) for font in press.fonts.values()}
    pictures = {f"/{name}": _picture(pdf, jpeg) for name, jpeg in press.pictures.items()}
    shared_fonts = pdf.make_indirect(Dictionary(fonts))
    shared_pictures = pdf.make_indirect(Dictionary(pictures))
    for page in pdf.pages:
        page.resources["/Font"] = shared_fonts
        page.resources["/XObject"] = shared_pictures


def _picture(pdf: Pdf, jpeg: bytes) -> Stream:
    with Image.open(io.BytesIO(jpeg)) as header:
        width, height = header.size
    return Stream(
        pdf,
        jpeg,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=width,
        Height=height,
        ColorSpace=Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=Name.DCTDecode,
    )


def _add_tags(pdf: Pdf, parts: list[TaggedPart]) -> None:
    """Build the structure tree that screen readers follow (ISO 32000-1, 14.7)."""
    tree = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    whole = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document, P=tree))
    children, numbered = Array(), Array()
    in_order = sorted(parts, key=lambda part: part.page)
    for page_index, of_page in groupby(in_order, key=lambda part: part.page):
        page = pdf.pages[page_index]
        page.obj["/StructParents"] = page_index
        page.obj["/Tabs"] = Name.S
        elements = Array()
        for part in of_page:
            element = pdf.make_indirect(_element(part, page, whole))
            elements.append(element)
            children.append(element)
        numbered.append(page_index)
        numbered.append(pdf.make_indirect(elements))
    whole["/K"] = children
    tree["/K"] = whole
    tree["/ParentTree"] = pdf.make_indirect(Dictionary(Nums=numbered))
    tree["/ParentTreeNextKey"] = len(pdf.pages)
    pdf.Root["/StructTreeRoot"] = tree
    pdf.Root["/MarkInfo"] = Dictionary(Marked=True)


def _element(part: TaggedPart, page: Page, parent: Dictionary) -> Dictionary:
    element = Dictionary(
        Type=Name.StructElem, S=Name(f"/{part.role}"), P=parent, Pg=page.obj, K=part.number
    )
    if part.alternative:
        element["/Alt"] = String(part.alternative)
    return element


def _add_metadata(pdf: Pdf, facts: DocumentFacts) -> None:
    moment = facts.created_at.astimezone(UTC)
    stamp = String(moment.strftime("D:%Y%m%d%H%M%S+00'00'"))
    info = Dictionary(
        Title=String(facts.title),
        Author=String(facts.author),
        Creator=String(_PRODUCER),
        Producer=String(_PRODUCER),
        CreationDate=stamp,
        ModDate=stamp,
    )
    pdf.trailer["/Info"] = pdf.make_indirect(info)
    xmp = _XMP.format(
        title=escape(_without_controls(facts.title)),
        author=escape(_without_controls(facts.author)),
        producer=_PRODUCER,
        moment=moment.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        archival=_ARCHIVAL if facts.archival else "",
    )
    # Metadata stays uncompressed, for programs that look for it without reading PDF.
    pdf.Root["/Metadata"] = Stream(
        pdf, xmp.encode("utf-8"), Type=Name.Metadata, Subtype=Name.XML
    )
    pdf.Root["/Lang"] = String(facts.language)
    pdf.Root["/ViewerPreferences"] = Dictionary(DisplayDocTitle=True)


def _without_controls(text: str) -> str:
    return "".join(character for character in text if character >= " ")


def _add_colour_profile(pdf: Pdf) -> None:
    """Say that device colours are sRGB (ISO 19005-1, 6.2.2)."""
    intent = Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFA1,
        OutputConditionIdentifier=String("sRGB"),
        Info=String("sRGB IEC61966-2.1"),
        DestOutputProfile=Stream(pdf, srgb_profile(), N=3),
    )
    pdf.Root["/OutputIntents"] = Array([pdf.make_indirect(intent)])


_ARCHIVAL = """<pdfaid:part>1</pdfaid:part>
<pdfaid:conformance>B</pdfaid:conformance>
"""

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/">
{archival}<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<pdf:Producer>{producer}</pdf:Producer>
<xmp:CreatorTool>{producer}</xmp:CreatorTool>
<xmp:CreateDate>{moment}</xmp:CreateDate>
<xmp:ModifyDate>{moment}</xmp:ModifyDate>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
