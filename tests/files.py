"""Files to be added to tasks: the smallest of each kind."""

import zipfile
from io import BytesIO
from typing import Any

from PIL import Image

from tests.cast import FROM_OUR_PAGE, Person, Table

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def picture(form: str = "PNG", size: tuple[int, int] = (640, 480), **more: Any) -> bytes:
    """A picture with a dark half."""
    made = Image.new("RGB", size, "white")
    made.paste("navy", (0, 0, size[0] // 2, size[1]))
    stream = BytesIO()
    made.save(stream, form, **more)
    return stream.getvalue()


def archive(*names: str) -> bytes:
    """A zip archive with empty files of these names."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name in names:
            made.writestr(name, b"")
    return stream.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")


def add_file(person: Person, table: Table, task: str, content: bytes, name: str = "notes.txt") -> str:
    """Add a file as the page does, in three requests. Answers with its id."""
    begun = person.post(f"{table.path}/tasks/{task}/files", {"name": name, "size": str(len(content))})
    assert begun.status_code == 201, begun.text
    sent = person.browser.put(begun.json["to"], data=content, headers=FROM_OUR_PAGE)
    assert sent.status_code == 204, sent.text
    arrived = person.post(begun.json["arrived"])
    assert arrived.status_code == 204, arrived.text
    return str(begun.json["arrived"].split("/")[-2])
