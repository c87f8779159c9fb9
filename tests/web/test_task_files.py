"""Files beside tasks: adding them in three requests, what is changed about them, who gets them, and what is refused."""

import errno
import re
import shutil
from contextlib import ExitStack
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import IO

import pytest
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from poker_app import files, jobs
from poker_app.billing import entitlements
from poker_app.db import session
from poker_app.files import kinds, pictures, storage
from poker_app.poker.models import TaskFile
from poker_app.poker.round import task_files
from poker_app.rules.plans import FREE, GUEST, Plan, Standing
from poker_app.rules.session.files import FULL, MAX_FILES
from poker_app.settings import Settings
from tests.cast import FROM_OUR_PAGE, HTMX, Clock, Person
from tests.files import DOCX, PDF, SVG, add_file, archive, picture
from tests.web.route_checks import ENDED, Litany, Route, says
from tests.world.pages import Scene

EVERYTHING = frozenset({"vote-table", "task", "backlog", "actions"})
PLAIN = {**FROM_OUR_PAGE, **HTMX, "Accept": "text/plain"}


def has_files(scene: Scene) -> None:
    scene.ids["file"], scene.ids["other"] = (add_file(scene.ada, scene.table, scene.task, b"hello") for _ in range(2))


def has_removed_one(scene: Scene) -> None:
    has_files(scene)
    scene.ada.post(scene.table.path + scene.fill("/files/{file}/removal"))


def ends(scene: Scene) -> None:
    scene.ada.ends(scene.table)


def removes(scene: Scene) -> None:
    scene.ada.post(scene.table.path + scene.fill("/files/{file}/removal"))


REMOVED = (removes, "That file was removed. Undo that first.")


def may_not(what: str) -> tuple[str, str]:
    return "ben", f"Only a facilitator may {what}."


class TestFiles(Litany):
    routes = {
        "describe": Route(
            "files/{file}",
            {"caption": "The dialog", "alt": "A dialog with two fields"},
            before=has_files,
            regions=EVERYTHING | {"notice"},
            role=may_not("describe files"),
            moments=((ends, ENDED), REMOVED),
            wrong=(
                ({"caption": "x" * 201}, "The caption has at most 200 characters; this one has 201."),
                ({"alt": "x" * 501}, "The text alternative has at most 500 characters; this one has 501."),
            ),
        ),
        "move": Route(
            "files/{file}/position",
            {"to": "1"},
            before=has_files,
            regions=EVERYTHING,
            role=may_not("reorder files"),
            moments=((ends, ENDED), REMOVED),
            wrong=tuple(({"to": to}, "A place among the files is a whole number.") for to in ("", "x", "9" * 5000)),
        ),
        "remove": Route(
            "files/{file}/removal", before=has_files, regions=EVERYTHING | {"notice"}, role=may_not("remove files")
        ),
        "restore": Route(
            "files/{file}/restoration",
            before=has_removed_one,
            regions=EVERYTHING | {"notice"},
            role=may_not("restore files"),
        ),
    }


def begins(person: Person, scene: Scene, name: str, size: object) -> TestResponse:
    address = f"{scene.table.path}/tasks/{scene.task}/files"
    return person.browser.post(address, data={"name": name, "size": str(size)}, headers=PLAIN)


def refused_on_arrival(scene: Scene, content: bytes) -> TestResponse:
    """The answer to the third request; the first two are taken."""
    begun = begins(scene.ada, scene, "thing", len(content))
    assert scene.ada.browser.put(begun.json["to"], data=content, headers=PLAIN).status_code == 204
    return scene.ada.browser.post(begun.json["arrived"], headers=PLAIN)


def shown(person: Person, scene: Scene) -> list[str]:
    """The files in the task's sheet, in order."""
    page = person.get(f"{scene.table.path}/tasks/{scene.task}/files", headers=HTMX).text
    return re.findall(r'<li class="file" id="file-(\w+)"', page)


@pytest.fixture(autouse=True)
def empty_store(settings: Settings) -> None:
    """Other tests store files in the same folder."""
    shutil.rmtree(settings.files_folder, ignore_errors=True)


def lies_in_the_store(scene: Scene) -> set[str]:
    folder = Path(scene.ada._app.config["SETTINGS"].files_folder)
    return {path.name for path in folder.rglob("*") if path.is_file()}


# --- adding


def test_a_picture_is_beside_the_task_for_everybody(scene: Scene) -> None:
    file = add_file(scene.ada, scene.table, scene.task, picture(size=(640, 480)), "Refund dialog.png")
    task = scene.ben.get(f"{scene.table.path}/task", headers=HTMX).text
    assert f'src="{scene.table.path}/files/{file}/thumbnail"' in task
    assert re.search(r'width="640"\s+height="480"', task), "nothing jumps when it has loaded"
    assert 'alt="Refund dialog.png"' in task
    assert shown(scene.cleo, scene) == [file]
    assert f"/files/{file}/thumbnail" in scene.cleo.get(f"{scene.table.path}/report").text

    whole = scene.ben.get(f"{scene.table.path}/files/{file}")
    assert Image.open(BytesIO(whole.data)).size == (640, 480)
    assert (whole.mimetype, "attachment" in whole.headers.get("Content-Disposition", "")) == ("image/png", False)
    small = scene.ben.get(f"{scene.table.path}/files/{file}/thumbnail")
    assert Image.open(BytesIO(small.data)).size == (320, 240)
    for answer in (whole, small):
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, max-age=3600"
    assert lies_in_the_store(scene) == {file, f"{file}-small"}


@pytest.mark.parametrize(
    ("content", "name", "kind", "saved_as"),
    [
        (PDF, "spec.pdf", kinds.PDF, "spec.pdf"),
        (DOCX, "spec.docx", kinds.OFFICE["word/document.xml"], "spec.docx"),
        ("Größe ☕\n".encode(), "notes.md", "text/plain", "notes.md.txt"),
        (PDF, "C:\\secret\\page.html", kinds.PDF, "page.html.pdf"),
    ],
)
def test_what_is_no_picture_is_saved_under_the_ending_of_what_it_is(
    scene: Scene, content: bytes, name: str, kind: str, saved_as: str
) -> None:
    file = add_file(scene.ada, scene.table, scene.task, content, name)
    answer = scene.ben.get(f"{scene.table.path}/files/{file}")
    assert (answer.data, answer.mimetype) == (content, kind)
    assert answer.headers["Content-Disposition"] == f"attachment; filename={saved_as}"
    assert scene.ben.get(f"{scene.table.path}/files/{file}/thumbnail").status_code == 404


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_keeps_nothing_beside_its_pixels(scene: Scene, form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "Made by Mallory"
    exif.get_ifd(0x8825)[1] = "N"
    content = picture(form, (640, 480), exif=exif)
    assert b"Mallory" in content
    file = add_file(scene.ada, scene.table, scene.task, content, "photo")
    kept = scene.ben.get(f"{scene.table.path}/files/{file}").data
    made = Image.open(BytesIO(kept))
    assert (b"Mallory" in kept, dict(made.getexif()), made.format) == (False, {}, form)
    assert made.size == (480, 640), "turned upright"


def test_a_large_picture_is_made_smaller(scene: Scene) -> None:
    file = add_file(scene.ada, scene.table, scene.task, picture("JPEG", (6_000, 3_000)))
    kept = scene.ben.get(f"{scene.table.path}/files/{file}").data
    assert Image.open(BytesIO(kept)).size == (2_560, 1_280)


def test_a_moving_picture_moves_on(scene: Scene) -> None:
    frames = [Image.new("RGB", (40, 30), color) for color in ("red", "green", "blue")]
    stream = BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:], duration=80)
    file = add_file(scene.ada, scene.table, scene.task, stream.getvalue())
    assert Image.open(BytesIO(scene.ben.get(f"{scene.table.path}/files/{file}").data)).n_frames == 3  # type: ignore[attr-defined]


# --- what is refused


@pytest.mark.parametrize(
    "content",
    [
        SVG,
        b"\xef\xbb\xbf  <!DOCTYPE html><p>",
        b"#!/bin/sh\nrm -rf /",
        b"MZ\x90\x00" + b"\0" * 100,
        archive("readme.txt"),
        archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        b"PK\x03\x04" + b"\xff" * 50,
        b"\x1f\x8b\x08\x00" + b"\0" * 20,
        b"nearly text\0",
        b"\xff\xfe broken UTF-8",
    ],
)
def test_what_is_of_no_kind_that_is_taken_is_refused_and_gone(scene: Scene, content: bytes) -> None:
    answer = refused_on_arrival(scene, content)
    assert (answer.status_code, answer.text) == (422, kinds.UNKNOWN)
    assert (shown(scene.ada, scene), lies_in_the_store(scene)) == ([], set())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (picture()[:200], pictures.BROKEN),
        (picture("JPEG")[:-500], pictures.BROKEN),
        (picture("PNG", (10_000, 4_100)), pictures.TOO_LARGE),
    ],
)
def test_a_picture_that_cannot_be_made_anew_is_refused_and_gone(scene: Scene, content: bytes, sentence: str) -> None:
    answer = refused_on_arrival(scene, content)
    assert (answer.status_code, answer.text) == (422, sentence)
    assert lies_in_the_store(scene) == set()


@pytest.mark.parametrize(
    ("size", "status", "sentence"),
    [
        (0, 422, "“a.txt” is empty."),
        (-1, 422, "“a.txt” is empty."),
        ("x", 422, "The size of a file is a number of bytes."),
        ("9" * 5_000, 422, "The size of a file is a number of bytes."),
        (10**15, 422, "A file has at most 25 MB; this one has 1000000000 MB."),
    ],
)
def test_a_size_that_is_none_is_refused(scene: Scene, size: object, status: int, sentence: str) -> None:
    answer = begins(scene.ada, scene, "a.txt", size)
    assert (answer.status_code, answer.text) == (status, sentence)


def test_another_length_than_was_promised_is_refused(scene: Scene) -> None:
    begun = begins(scene.ada, scene, "a.txt", 100).json
    shorter = scene.ada.browser.put(begun["to"], data=b"x" * 99, headers=PLAIN)
    assert shorter.status_code == 422
    longer = scene.ada.browser.put(begun["to"], data=b"x" * 101, headers=PLAIN)
    assert longer.status_code == 413
    nothing = scene.ada.browser.post(begun["arrived"], headers=PLAIN)
    assert (nothing.status_code, nothing.text) == (409, "The file did not arrive whole. Please add it again.")
    # and once more, whole
    assert scene.ada.browser.put(begun["to"], data=b"x" * 100, headers=PLAIN).status_code == 204
    assert scene.ada.browser.post(begun["arrived"], headers=PLAIN).status_code == 204
    again = scene.ada.browser.post(begun["arrived"], headers=PLAIN)
    assert (again.status_code, len(shown(scene.ben, scene))) == (204, 1), "announced twice, it is there once"


def test_a_token_that_was_made_up_takes_nothing(scene: Scene) -> None:
    token = begins(scene.ada, scene, "a.txt", 5).json["to"].rpartition("/")[2]
    for wrong in (token[:-1], token.replace("-5.", "-9."), "x", "a-5"):
        assert scene.ada.browser.put(f"/uploads/{wrong}", data=b"hello", headers=PLAIN).status_code == 404


def test_a_token_takes_nothing_that_would_be_left_behind(scene: Scene) -> None:
    refused = begins(scene.ada, scene, "a.svg", len(SVG)).json
    scene.ada.browser.put(refused["to"], data=SVG, headers=PLAIN)
    scene.ada.browser.post(refused["arrived"], headers=PLAIN)
    stored = begins(scene.ada, scene, "a.txt", 5).json
    scene.ada.browser.put(stored["to"], data=b"hello", headers=PLAIN)
    scene.ada.browser.post(stored["arrived"], headers=PLAIN)
    before = lies_in_the_store(scene)
    for begun, content in ((refused, SVG), (stored, b"hello")):
        assert scene.ada.browser.put(begun["to"], data=content, headers=PLAIN).status_code == 404
    assert lies_in_the_store(scene) == before


def test_what_is_shown_is_what_was_checked(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same upload is sent again, with something else, while the first is looked at."""
    begun = begins(scene.ada, scene, "spec.pdf", len(PDF)).json
    scene.ada.browser.put(begun["to"], data=PDF, headers=PLAIN)
    looks = kinds.kind_of

    def looks_slowly(content: IO[bytes]) -> str:
        kind = looks(content)
        assert scene.mallory.browser.put(begun["to"], data=SVG[: len(PDF)], headers=PLAIN).status_code == 204
        return kind

    monkeypatch.setattr(kinds, "kind_of", looks_slowly)
    scene.ada.post(begun["arrived"])
    (file,) = shown(scene.ben, scene)
    assert scene.ben.get(f"{scene.table.path}/files/{file}").data == PDF


def test_an_upload_for_one_task_arrives_at_no_other(scene: Scene) -> None:
    begun = begins(scene.ada, scene, "a.txt", 5).json
    scene.ada.browser.put(begun["to"], data=b"hello", headers=PLAIN)
    tasks = re.findall(r"/tasks/(\w+)", scene.ben.get(f"{scene.table.path}/tasks").text)
    other = next(each for each in tasks if each != scene.task)
    assert scene.ada.post(begun["arrived"].replace(scene.task, other)).status_code == 404
    elsewhere = scene.mallory.opens("Another")
    assert scene.mallory.post(begun["arrived"].replace(scene.table.id, elsewhere.id)).status_code == 404


def test_a_task_has_so_many_files_at_most(scene: Scene) -> None:
    for _ in range(MAX_FILES):
        add_file(scene.ada, scene.table, scene.task, b"hello")
    full = begins(scene.ada, scene, "one more", 5)
    assert (full.status_code, full.text) == (409, FULL)
    removed = shown(scene.ada, scene)[0]
    scene.ada.post(f"{scene.table.path}/files/{removed}/removal")
    add_file(scene.ada, scene.table, scene.task, b"hello")
    assert scene.ada.post(f"{scene.table.path}/files/{removed}/restoration").status_code == 409


def test_a_network_adds_so_many_files_in_a_while(scene: Scene, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_files, "ADDED", replace(task_files.ADDED, most=2))
    assert [begins(scene.ada, scene, "a.txt", 5).status_code for _ in range(3)] == [201, 201, 429]
    clock.forward(minutes=10)
    assert begins(scene.ada, scene, "a.txt", 5).status_code == 201


def test_only_a_facilitator_adds(scene: Scene) -> None:
    for person, status in ((scene.ben, 403), (scene.cleo, 403), (scene.mallory, 404)):
        assert begins(person, scene, "a.txt", 5).status_code == status
    scene.ada.ends(scene.table)
    assert begins(scene.ada, scene, "a.txt", 5).status_code == 409


def test_the_session_s_options_let_others_add(scene: Scene) -> None:
    scene.ada.post(f"{scene.table.path}/options", {"name": "Sprint", "anyone_adds_files": "1"})
    file = add_file(scene.ben, scene.table, scene.task, b"hello")
    assert shown(scene.cleo, scene) == [file]
    sheet = scene.ben.get(f"{scene.table.path}/tasks/{scene.task}", headers=HTMX).text
    assert ("data-adds-files" in sheet, "Describe" in sheet) == (True, False)
    assert scene.ben.post(f"{scene.table.path}/files/{file}/removal").status_code == 403
    assert begins(scene.mallory, scene, "a.txt", 5).status_code == 404


def test_a_form_is_no_longer_for_all_that(scene: Scene) -> None:
    """What may be long is an upload that was allowed, and nothing else."""
    path = f"{scene.table.path}/tasks/{scene.task}/files"
    assert scene.ada.browser.post(path, data={"name": "x" * 70_000}, headers=PLAIN).status_code == 413


def test_a_store_that_fails_says_so_and_the_table_goes_on(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = begins(scene.ada, scene, "a.txt", 5).json

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.store(), "write", full)
        answer = scene.ada.browser.put(begun["to"], data=b"hello", headers=PLAIN)
        assert (answer.status_code, answer.text) == (
            503,
            "The file could not be stored just now; everything else goes on. Please try again in a few minutes.",
        )
        assert scene.ben.votes(scene.table, "5").status_code == 200
    assert scene.ada.browser.put(begun["to"], data=b"hello", headers=PLAIN).status_code == 204
    assert scene.ada.browser.post(begun["arrived"], headers=PLAIN).status_code == 204


def test_a_store_that_fails_to_delete_what_was_taken_in_is_asked_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have deleted it, and only its answer be lost: then there is nothing to look at any more."""
    begun = begins(scene.ada, scene, "a.txt", 5).json
    scene.ada.browser.put(begun["to"], data=b"hello", headers=PLAIN)
    delete = files.store().delete

    def deletes_and_fails(key: str) -> None:
        delete(key)
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(files.store(), "delete", deletes_and_fails)
        assert scene.ada.browser.post(begun["arrived"], headers=PLAIN).status_code == 503
        assert shown(scene.ben, scene) == []
    assert scene.ada.browser.post(begun["arrived"], headers=PLAIN).status_code == 204
    (file,) = shown(scene.ben, scene)
    assert scene.ben.get(f"{scene.table.path}/files/{file}").data == b"hello"


# --- what becomes of them


def test_order_description_removal_and_undo(scene: Scene) -> None:
    one, two, three = (add_file(scene.ada, scene.table, scene.task, picture(), f"{n}.png") for n in range(3))
    scene.ada.post(f"{scene.table.path}/files/{three}/position", {"to": "0"})
    assert shown(scene.ben, scene) == [three, one, two]
    removed = scene.ada.post(f"{scene.table.path}/files/{one}/removal")
    assert says(removed, "File removed.")
    assert shown(scene.ben, scene) == [three, two]
    assert scene.ben.get(f"{scene.table.path}/files/{one}").status_code == 404
    scene.ada.post(re.search(r'action="([^"]*restoration)"', removed.text)[1])  # type: ignore[index]
    assert shown(scene.ben, scene) == [three, one, two]
    scene.ada.post(f"{scene.table.path}/files/{one}", {"caption": "The dialog", "alt": "Two fields"})
    task = scene.ben.get(f"{scene.table.path}/task", headers=HTMX).text
    assert ('alt="Two fields"' in task, 'data-caption="The dialog"' in task) == (True, True)


def test_a_removed_member_loses_them_at_once(scene: Scene) -> None:
    file = add_file(scene.ada, scene.table, scene.task, picture())
    path = f"{scene.table.path}/files/{file}"
    assert scene.ben.get(path).status_code == 200
    assert scene.mallory.get(path).status_code == 404
    scene.ada.post(f"{scene.table.path}/members/{scene.ids['ben']}/removal")
    assert (scene.ben.get(path).status_code, scene.ben.get(f"{path}/thumbnail").status_code) == (404, 404)


def test_what_is_removed_or_never_arrived_is_deleted_by_the_job(scene: Scene, clock: Clock) -> None:
    gone, kept = (add_file(scene.ada, scene.table, scene.task, picture()) for _ in range(2))
    begun = begins(scene.ada, scene, "a.txt", 5).json
    scene.ada.browser.put(begun["to"], data=b"hello", headers=PLAIN)
    scene.ada.post(f"{scene.table.path}/files/{gone}/removal")
    with scene.ada._app.app_context():
        assert jobs.purge()["files"] == 0, "an undo may still want them"
    clock.forward(days=1, minutes=1)
    with scene.ada._app.app_context():
        assert task_files.left_over() == 1
        assert jobs.purge()["files"] == 2
        assert session.scalars(select(TaskFile.id)).all() == [kept]
    assert lies_in_the_store(scene) == {kept, f"{kept}-small"}
    assert shown(scene.ben, scene) == [kept]
    assert scene.ada.post(f"{scene.table.path}/files/{gone}/restoration").status_code == 404


def test_files_go_with_their_session_and_are_tried_again_until_they_are_gone(
    scene: Scene, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_file(scene.ada, scene.table, scene.task, picture())
    scene.ada.ends(scene.table)
    clock.forward(days=4_000)

    def unreachable(_key: str) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with scene.ada._app.app_context():
        with monkeypatch.context() as patch:
            patch.setattr(files.store(), "delete", unreachable)
            done = jobs.purge()
            assert (done["sessions"], done["files"], task_files.left_over()) == (1, 0, 1)
        assert (jobs.purge()["files"], task_files.left_over()) == (1, 0)
    assert lies_in_the_store(scene) == set()


def test_a_process_checks_a_few_files_at_a_time(scene: Scene) -> None:
    """Others keep what arrived, and are announced again."""
    begun = begins(scene.ada, scene, "spec.txt", 5)
    assert scene.ada.browser.put(begun.json["to"], data=b"hello", headers=PLAIN).status_code == 204
    with ExitStack() as places:
        for _ in range(storage.MAX_AT_ONCE):
            places.enter_context(storage._place())
        refused = scene.ada.browser.post(begun.json["arrived"], headers=PLAIN)
        assert (refused.status_code, says(refused, "Several files are being checked just now.")) == (503, True)
    assert scene.ada.browser.post(begun.json["arrived"], headers=PLAIN).status_code == 204
    assert len(shown(scene.ben, scene)) == 1


def test_where_no_folder_lasts_there_are_no_files(scene: Scene) -> None:
    settings = scene.ada._app.config["SETTINGS"]
    functions = {"vercel": True, "database_url": "postgresql://x/y", "realtime": "none"}
    try:
        files.configure(settings.model_copy(update=functions))
        assert begins(scene.ada, scene, "a.txt", 5).status_code == 404
        sheet = scene.ada.get(f"{scene.table.path}/tasks/{scene.task}", headers=HTMX).text
        assert "data-adds-files" not in sheet
    finally:
        files.configure(settings)


# --- plans


def test_an_account_has_room_for_what_its_plan_says(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def has(plan: Plan) -> None:
        monkeypatch.setattr(entitlements, "standing_of", lambda account_id: Standing(plan))

    has(replace(FREE, file_megabytes=1, storage_megabytes=1))
    assert begins(scene.ada, scene, "a.txt", 1_000_001).text == "A file has at most 1 MB; this one has 2 MB."
    assert begins(scene.ada, scene, "a.txt", 600_000).status_code == 201
    over = begins(scene.ada, scene, "a.txt", 600_000)
    assert (over.status_code, over.text) == (
        402,
        "The files of this account take 0.6 of 1 MB, so this one does not fit. Remove some.",
    )
    has(GUEST)
    assert begins(scene.ada, scene, "a.txt", 5).status_code == 402


def test_what_is_removed_takes_no_room(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    file = add_file(scene.ada, scene.table, scene.task, b"x" * 600_000)
    plan = replace(FREE, file_megabytes=1, storage_megabytes=1)
    monkeypatch.setattr(entitlements, "standing_of", lambda account_id: Standing(plan))
    assert begins(scene.ada, scene, "a.txt", 600_000).status_code == 402
    scene.ada.post(f"{scene.table.path}/files/{file}/removal")
    assert begins(scene.ada, scene, "a.txt", 600_000).status_code == 201
