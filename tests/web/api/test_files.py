"""Files of tasks through the API."""

import pytest

from tests.api_client import Program
from tests.files import picture
from tests.world.pages import Club


@pytest.fixture
def task(tim: Program) -> str:
    made = tim.opens(tasks=[{"title": "One"}])
    return f"/sessions/{made['id']}/tasks/{made['task']['id']}"


def uploads(club: Club, program: Program, task: str, content: bytes, name: str = "a.txt") -> str:
    """Uploads a file as the answers say, and returns its address."""
    begun = program.post(f"{task}/files", {"name": name, "size": len(content)}).get_json()
    sent = club.app.test_client(use_cookies=False).put(begun["url"], data=content, headers=begun["headers"])
    assert sent.status_code == 204
    done = program.post(f"{task}/files/{begun['id']}/finish")
    assert done.status_code == 200, done.get_data(as_text=True)
    return f"{task.partition('/tasks')[0]}/files/{begun['id']}"


def names(program: Program, task: str) -> list[str]:
    return [each["name"] for each in program.get(f"{task}/files").get_json()["items"]]


def test_a_file_is_uploaded_and_read(club: Club, tim: Program, task: str) -> None:
    file = uploads(club, tim, task, picture(), "shop.png")
    known = tim.get(file).get_json()
    assert (known["name"], known["kind"], known["width"]) == ("shop.png", "image/png", 640)
    read = tim.get(f"{file}/content")
    assert (read.mimetype, read.get_data()) == ("image/png", picture())


def test_it_is_described_moved_removed_and_restored(club: Club, tim: Program, task: str) -> None:
    file = uploads(club, tim, task, b"hello")
    uploads(club, tim, task, b"there", "b.txt")
    assert tim.put(file, {"caption": "Greeting"}).get_json()["caption"] == "Greeting"
    assert [each["name"] for each in tim.put(f"{file}/position", {"to": 1}).get_json()["items"]] == ["b.txt", "a.txt"]
    assert tim.delete(file).status_code == 204
    assert (names(tim, task), tim.get(file).status_code) == (["b.txt"], 404)
    assert tim.post(f"{file}/restore").get_json()["caption"] == "Greeting"
    assert names(tim, task) == ["b.txt", "a.txt"]


def test_what_is_refused(tim: Program, mallory: Program, task: str) -> None:
    assert tim.post(f"{task}/files", {"name": "a.txt", "size": 0}).get_json()["errors"][0]["pointer"] == "#/size"
    begun = tim.post(f"{task}/files", {"name": "a.txt", "size": 5}).get_json()
    assert tim.post(f"{task}/files/{begun['id']}/finish").status_code == 409
    mallory.post(f"{task.partition('/tasks')[0]}/members")
    assert mallory.post(f"{task}/files", {"name": "a.txt", "size": 5}).status_code == 403
