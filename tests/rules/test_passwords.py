"""Passwords: what is guessed first will not do, whatever it is dressed up as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app.rules.common_words import COMMON_WORDS
from poker_app.rules.passwords import SENTENCES, whats_wrong

ABOUT = ("Ada Lovelace", "ada.king@analytical.example")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "correcthorsebatterystaple",
        "kx7#mQ2!vb",
        "grüne Wolken über Ulm",
        "vier kleine Igel",
        "ведро синих гвоздей",
        "青い猫は毎朝十時に歩く",
        "T0-the-lighthouse",
        "my hovercraft is full of eels",
        "Ada writes notes on engines",
        "73920185640271938465",
        "🂡🂢🂣🂤🂥🂦🂧🂨🂩🂪",
    ],
)
def test_strong_ones(password: str) -> None:
    assert whats_wrong(password, ABOUT) is None


def test_too_short_and_too_long() -> None:
    assert whats_wrong("kx7#mQ2!v") == (
        "A password has at least 10 characters; a few words in a row are easy to remember."
    )
    assert whats_wrong("") == whats_wrong("x")
    assert whats_wrong("kx7#mQ2!vb" + "z9" * 96) == "A password has at most 200 characters; this one has 202."
    assert whats_wrong("vier kleine Igel " * 9 + "und ein Hase, der gern schwimmt und tanzt.".ljust(47)) is None


@pytest.mark.parametrize(
    ("kind", "password"),
    [
        ("common", "password12"),
        ("common", "Password123!"),
        ("common", "P@ssw0rd2026"),
        ("common", "passwordpass"),
        ("common", "Welcome2024!"),
        ("common", "letmein2023!"),
        ("common", "iloveyou1234"),
        ("common", "Summer2025!!"),
        ("common", "monkeydragon1"),
        ("common", "superman123"),
        ("common", "trustno1!!"),
        ("common", "fussball2006"),
        ("common", "m1cha3l1990"),
        ("pattern", "qwertyuiop"),
        ("pattern", "qwertzuiop12"),
        ("pattern", "1q2w3e4r5t"),
        ("pattern", "1qaz2wsx3edc"),
        ("pattern", "zxcvbnm,./"),
        ("pattern", "abcdefghijkl"),
        ("pattern", "zyxwvutsrq"),
        ("pattern", "aaaaaaaaaa"),
        ("pattern", "abcabcabcabc"),
        ("pattern", "aaaabbbbcccc"),
        ("pattern", "!@#$%^&*()"),
        ("pattern", "kq7kq7kq7kq7"),
        ("pattern", "20252026abc"),
        ("yours", "AdaLovelace1"),
        ("yours", "lovelace1815"),
        ("yours", "Analytical.Ada"),
        ("yours", "4d4L0v3l4c3!"),
        ("yours", "ada.king@analytical.example"),
        ("product", "Faceup2026!"),
        ("product", "planningpoker"),
        ("product", "f4ceup-f4ceup"),
    ],
)
def test_weak_ones_and_why(kind: str, password: str) -> None:
    assert whats_wrong(password, ABOUT) == SENTENCES[kind]


@pytest.mark.parametrize("password", ["1234567890", "9876543210123", "0711123456", "19851123198511"])
def test_digits_alone(password: str) -> None:
    assert whats_wrong(password) == "Digits alone are guessed quickly. Add some words."


def test_a_name_counts_only_for_its_owner() -> None:
    assert whats_wrong("zebulonia-kx7", ("Zebulonia Kx", "")) == SENTENCES["yours"]
    assert whats_wrong("zebulonia-kx7", ABOUT) is None


@given(st.sampled_from(sorted(COMMON_WORDS)), st.integers(0, 9999), st.sampled_from(["", "!", "?!", "."]))
def test_a_common_word_with_a_tail_never_passes(word: str, number: int, end: str) -> None:
    tail = str(number)[:3]
    for spelled in (word, word.title(), word.upper()):
        assert whats_wrong(f"{spelled}{tail}{end}")


@given(st.text(max_size=220), st.lists(st.text(max_size=30), max_size=3))
def test_any_text_gets_an_answer(password: str, about: list[str]) -> None:
    wrong = whats_wrong(password, about)
    assert wrong is None or wrong.endswith(".")
