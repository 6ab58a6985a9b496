"""Korean particles, whose form depends on the last sound of the word before them."""

import re
from collections.abc import Mapping, Sequence

_PARTICLES = {
    "은(는)": ("은", "는"),
    "이(가)": ("이", "가"),
    "을(를)": ("을", "를"),
    "과(와)": ("과", "와"),
    "(으)로": ("으로", "로"),
}
"""The forms of each particle after a consonant and after a vowel."""

_PATTERN = re.compile(f"({'|'.join(map(re.escape, _PARTICLES))})")

_CLOSING = ")]}>\"'’”»… "
"""Characters that are not read aloud."""

_SYMBOL_SOUNDS = {
    "0": "ㅇ",
    "1": "ㄹ",
    "3": "ㅁ",
    "6": "ㄱ",
    "7": "ㄹ",
    "8": "ㄹ",
    "ε": "ㄴ",
    **dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹", "ㅂ"),
}
"""Last consonants of digits, of powers, which are read as 제곱, and of Greek letters. Other symbols end in a vowel."""

_LETTER_SOUNDS = {"L": "ㄹ", "M": "ㅁ", "N": "ㄴ", "R": "ㄹ"}
"""Last consonants of the names of Latin letters. The names of the others end in a vowel."""

_WORD_ENDINGS = {"l": "ㄹ", "le": "ㄹ", "m": "ㅁ", "n": "ㄴ", "ng": "ㅇ"}
"""Endings of Latin words that are written with a last consonant in Korean."""


def with_particles(message: str, values: Mapping[str, object]) -> str:
    """Return a message with values in place of the names in braces, and each particle in the form after its word.

    The message has both forms of a particle, as "은(는)". Latin words are read as they are usually written in Korean,
    and Latin words in capitals letter by letter. Values remain as they are.
    """
    text = ""
    for part in _PATTERN.split(message):
        text += _particle(part, text) if part in _PARTICLES else part.format(**values)
    return text


def _particle(both: str, before: str) -> str:
    """Return the form of a particle that follows a text."""
    sound = last_consonant(before)
    after_consonant, after_vowel = _PARTICLES[both]
    # 로 also follows ㄹ.
    return after_consonant if sound and not (sound == "ㄹ" and after_vowel == "로") else after_vowel


def joined(words: Sequence[str]) -> str:
    """Join words as in a spoken sentence, "가, 나와 다". Babel's Korean lists have a 및, as in official documents."""
    *others, last = words or [""]
    if not others:
        return last
    return with_particles("{others}과(와) {last}", {"others": ", ".join(others), "last": last})


def last_consonant(text: str) -> str:
    """Return the last consonant of a text as it is read aloud in Korean, or "" if it ends in a vowel.

    It is exact for ㄹ and for digits. Other consonants of Hangul are all returned as "ㄱ".
    """
    text = text.rstrip(_CLOSING)
    last = text[-1:]
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        return "ㄹ" if final == 8 else "ㄱ" if final else ""
    word = re.search(r"[A-Za-z]*$", text)
    assert word
    return _latin_consonant(word[0]) if word[0] else _SYMBOL_SOUNDS.get(last, "")


def _latin_consonant(word: str) -> str:
    if word[-1].isupper() or len(word) <= 2:
        return _LETTER_SOUNDS.get(word[-1].upper(), "")
    for ending, sound in _WORD_ENDINGS.items():
        if word.endswith(ending):
            return sound
    # A last e is silent, as in "line" and "time".
    if found := re.search(r"[aeiou]([mn])e$", word):
        return _WORD_ENDINGS[found[1]]
    # A last p, t, k, c or b after a short vowel is a last consonant, as in "step", which is 스텝.
    return "ㄱ" if re.search(r"(?:^|[^aeiou])[aeiou][bckpt]$", word) else ""
