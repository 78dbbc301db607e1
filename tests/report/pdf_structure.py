"""What PDF/A-3a and PDF/UA-1 ask of a file's structure, as far as it can be read without a validator."""

import io
import re
from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name


def problems(data: bytes) -> list[str]:
    """One sentence for each thing that is not as it should be."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        checks = (_metadata, _catalog, _output_intent, _attachments, _fonts, _pages, _links, _structure, _images)
        return [problem for check in checks for problem in check(pdf)]


def _metadata(pdf: pikepdf.Pdf) -> Iterator[str]:
    xmp = bytes(pdf.Root.Metadata.read_bytes()).decode()
    if xmp.count("<rdf:RDF") != 1:
        yield "not exactly one rdf:RDF"
    for wanted in (
        'pdfaid:part="3"',
        'pdfaid:conformance="A"',
        'pdfuaid:part="1"',
        "<dc:title>",
        "pdfuaid</pdfaSchema",
    ):
        if wanted not in xmp and wanted.replace("pdfaSchema", "pdfaSchema:prefix") not in xmp:
            yield f"metadata lacks {wanted}"
    if "/Encrypt" in pdf.trailer:
        yield "encrypted"
    if "/ID" not in pdf.trailer:
        yield "no file identifier"


def _catalog(pdf: pikepdf.Pdf) -> Iterator[str]:
    root = pdf.Root
    if str(root.get("/Lang", "")) != "en":
        yield "no language"
    if not (root.get("/MarkInfo") and root.MarkInfo.get("/Marked")):
        yield "not marked as tagged"
    if not (root.get("/ViewerPreferences") and root.ViewerPreferences.get("/DisplayDocTitle")):
        yield "viewers show the file name, not the title"
    if "/Outlines" not in root or int(root.Outlines.get("/Count", 0)) == 0:
        yield "no bookmarks"
    yield from (f"catalog has {key}" for key in ("/OpenAction", "/AA", "/AcroForm") if key in root)


def _output_intent(pdf: pikepdf.Pdf) -> Iterator[str]:
    intents = pdf.Root.get("/OutputIntents", Array())
    profiles = [intent.get("/DestOutputProfile") for intent in intents]
    if len(profiles) != 1 or profiles[0] is None or b"acsp" not in profiles[0].read_bytes()[:64]:
        yield "no output intent with an ICC profile"


def _attachments(pdf: pikepdf.Pdf) -> Iterator[str]:
    listed = list(pdf.Root.get("/AF", Array()))
    if len(listed) != len(pdf.attachments):
        yield "embedded files are not all associated"
    for spec in listed:
        if spec.get("/AFRelationship") != Name.Data:
            yield f"{spec.get('/UF')} has no relationship"
        stream = spec.EF.F
        if not stream.get("/Subtype") or "/ModDate" not in stream.get("/Params", Dictionary()):
            yield f"{spec.get('/UF')} has no type or no date"


def _fonts(pdf: pikepdf.Pdf) -> Iterator[str]:
    for font in (o for o in pdf.objects if isinstance(o, Dictionary) and o.get("/Type") == Name.Font):
        name = font.get("/BaseFont")
        if font.get("/Subtype") == Name.Type0 and "/ToUnicode" not in font:
            yield f"{name} has no ToUnicode"
        if font.get("/Subtype") == Name.Type3:
            yield "a Type 3 font: a bitmap glyph"
    for descriptor in (o for o in pdf.objects if isinstance(o, Dictionary) and o.get("/Type") == Name.FontDescriptor):
        if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.keys()):
            yield f"{descriptor.get('/FontName')} is not embedded"
        if "Serif" in str(descriptor.get("/FontName")):
            yield "a serif crept in: a margin box without a font of its own"


def _pages(pdf: pikepdf.Pdf) -> Iterator[str]:
    for number, page in enumerate(pdf.pages, 1):
        if page.get("/Tabs") != Name.S:
            yield f"page {number} has no tab order"
        if "/StructParents" not in page:
            yield f"page {number} is not in the structure"


def _links(pdf: pikepdf.Pdf) -> Iterator[str]:
    links = 0
    for page in pdf.pages:
        for note in page.get("/Annots", Array()):
            links += note.get("/Subtype") == Name.Link
            if "/Contents" not in note:
                yield "a link without a description"
            if "/URI" in note.get("/A", Dictionary()):
                yield f"a link out of the document: {note.A.URI}"
    if not links and len(pdf.pages) > 2:
        yield "no links"


def _structure(pdf: pikepdf.Pdf) -> Iterator[str]:
    last = 0
    for tag, element in _elements(pdf.Root.StructTreeRoot):
        if tag == "Figure" and not str(element.get("/Alt", "")):
            yield "a figure without alternative text"
        if re.fullmatch(r"H[1-6]", tag):
            level = int(tag[1])
            if level > last + 1:
                yield f"heading H{level} after H{last}"
            last = level
        if tag == "TR" and not {child for child, _ in _children(element)} <= {"TH", "TD", "NonStruct"}:
            yield "a table row with something other than cells"
    if last == 0:
        yield "no headings"


def _images(pdf: pikepdf.Pdf) -> Iterator[str]:
    for image in (o for o in pdf.objects if isinstance(o, pikepdf.Stream) and o.get("/Subtype") == Name.Image):
        if image.get("/Interpolate"):
            yield "an image that asks to be interpolated"


def _elements(node: pikepdf.Object) -> Iterator[tuple[str, pikepdf.Object]]:
    for tag, child in _children(node):
        yield tag, child
        yield from _elements(child)


def _children(node: pikepdf.Object) -> Iterator[tuple[str, pikepdf.Object]]:
    kids = node.get("/K", Array())
    for kid in kids if isinstance(kids, Array) else [kids]:
        if isinstance(kid, Dictionary) and "/S" in kid:
            yield str(kid.S)[1:], kid


def headings(data: bytes) -> list[str]:
    """The titles of the bookmarks, as an outline of the document."""
    with pikepdf.open(io.BytesIO(data)) as pdf, pdf.open_outline() as outline:
        return [item.title for item in outline.root]
