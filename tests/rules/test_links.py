import pytest

from poker_app.rules.links import MAX_TYPED, path_in, plain_code, tidied

SESSION = "k7qm3fdw9rtz5bnh"


@pytest.mark.parametrize("typed", ["k7qmfd", "K7Q-MFD", " k7q mfd. ", "Ｋ７Ｑ－ＭＦＤ", "ｋ７ｑｍｆｄ"])
def test_a_code_is_read_however_it_is_typed(typed):
    assert plain_code(typed) == "K7QMFD"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        *((f"/sessions/{SESSION}{added}", f"/sessions/{SESSION}") for added in (".", ")", ">", "/", ").", "”,", "…")),
        (f"/Sessions/{SESSION.upper()}", f"/sessions/{SESSION}"),
        ("/SERIES/ABC/", "/series/abc"),
        ("/j/K7QMFD.", "/j/K7QMFD"),
        ("/J/k7qmfd", "/j/k7qmfd"),
        ("/sign-in/link/0AF3.", "/sign-in/link/0af3"),
        ("/invitations/0af3>", "/invitations/0af3"),
    ],
)
def test_a_link_is_tidied(path, meant):
    assert tidied(path) == meant
    assert tidied(meant) == meant


@pytest.mark.parametrize("path", ["/", "", "//evil.example/x.", "/static/css/base.css", "/accounts/x.", "/nothing."])
def test_other_addresses_stay_as_they_are(path):
    assert tidied(path) == path


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        (f"https://faceup.example/sessions/{SESSION}", f"/sessions/{SESSION}"),
        (f" <https://faceup.example/sessions/{SESSION.upper()}>. ", f"/sessions/{SESSION}"),
        (f"faceup.example/sessions/{SESSION}/join?was=x", f"/sessions/{SESSION}/join"),
        ("http://10.0.0.1:8000/j/K7Q-MFD", "/j/K7Q-MFD"),
        ("https://evil.example//elsewhere.example/sessions/x", None),
        ("https://evil.example/accounts/x", None),
        ("https://[::1/sessions/x", None),
        ("https://faceup.example/j/", None),
        ("K7Q-MFD", None),
        ("k7q/mfd", None),
        ("", None),
        ("x" * MAX_TYPED * 2, None),
    ],
)
def test_a_whole_link_is_found_in_the_field_for_codes(typed, path):
    assert path_in(typed) == path
