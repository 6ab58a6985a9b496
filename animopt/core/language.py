"""The languages of the words that a viewer reads: message catalogs, lists, and the separators of numbers."""

from collections.abc import Mapping, Sequence
from functools import cache
from gettext import GNUTranslations, NullTranslations

from babel import Locale
from babel.core import get_global
from babel.lists import format_list

from animopt.core.contexts import gc_paused
from animopt.core.errors import PACKAGE, check_choice
from animopt.core.korean import joined, with_particles

ENGLISH = "en"
"""Language of the messages in the source."""

CATALOGS = PACKAGE / "locale"
"""Folder of the message catalogs: LANGUAGE/LC_MESSAGES/animopt.mo."""


def languages() -> tuple[str, ...]:
    """Return the codes of the available languages: English, and each language with a catalog."""
    return (ENGLISH, *sorted(path.parents[1].name for path in CATALOGS.glob("*/LC_MESSAGES/animopt.mo")))


def check_language(field: str, code: object) -> str:
    """Return the code of an available language."""
    return check_choice(field, code, languages())


@cache
@gc_paused()
def language(code: str) -> "Language":
    """Return a language. Raises UsageError if it has no catalog."""
    return Language(check_language("lang", code))


def translatable(message: str) -> str:
    """Return a message unchanged, and mark it for the catalogs."""
    return message


Text = str | Mapping[str, str]
"""A text, or a text for each language."""


def language_of(text: Text, code: str) -> str:
    """Return the language in which a text is shown: a given one, otherwise English, otherwise the first that it has.

    A single text counts as one in the given language.
    """
    if isinstance(text, str):
        return code
    return next((each for each in (code, ENGLISH, *text) if text.get(each)), code)


def localized(text: Text, code: str) -> str:
    """Return a text in a language, or in the one in which it is shown instead."""
    return text if isinstance(text, str) else text.get(language_of(text, code), "")


class Language:
    """The words, lists and numbers of one language.

    Attributes:
        code: Code of the language, as "ko".
        name: Name of the language in itself, as "한국어".
        english_name: Name of the language in English, as "Korean".
        iso_639_2: Code of the language with three letters, as "kor", which video files contain.
    """

    def __init__(self, code: str) -> None:
        locale = Locale.parse(code)
        self.code = code
        self.name = locale.get_display_name(code) or code
        self.english_name = locale.get_display_name(ENGLISH) or code
        long_codes = (alias for alias, other in get_global("language_aliases").items() if other == locale.language)
        self.iso_639_2 = next((each for each in long_codes if len(each) == 3), "und")
        # World English has no comma before the last "and".
        self._list_locale = "en_001" if code == ENGLISH else code
        symbols = locale.number_symbols[locale.default_numbering_system]
        self._separators = str.maketrans({".": symbols["decimal"], ",": symbols["group"], "-": "−"})
        self._catalog: NullTranslations = NullTranslations()
        if code != ENGLISH:
            with (CATALOGS / code / "LC_MESSAGES" / "animopt.mo").open("rb") as file:
                self._catalog = GNUTranslations(file)

    def gettext(self, message: str, /, **values: object) -> str:
        """Return a message with values in place of the names in braces. Whole numbers get the language's separators."""
        return self._filled(self._catalog.gettext(message), values)

    def ngettext(self, one: str, many: str, count: int, /, **values: object) -> str:
        """Return the message for a count, with the count in place of {count}, and other values."""
        return self._filled(self._catalog.ngettext(one, many, count), {"count": count, **values})

    def pgettext(self, context: str, message: str, /, **values: object) -> str:
        """Return a message whose translation depends on its context."""
        return self._filled(self._catalog.pgettext(context, message), values)

    def listed(self, words: Sequence[str]) -> str:
        """Join words as in a sentence: "a, b and c"."""
        if self.code == "ko":
            return joined(words)
        return format_list(list(words), locale=self._list_locale)

    def digits(self, number: str) -> str:
        """Return a number with the language's separators and a minus sign, from one as "-1,234.5"."""
        return number.translate(self._separators)

    def _filled(self, message: str, values: dict[str, object]) -> str:
        shown = {name: self.digits(f"{value:,}") if isinstance(value, int) else value for name, value in values.items()}
        # Without values, the message is a text of the user if it is not in the catalog.
        if not shown:
            return message
        return with_particles(message, shown) if self.code == "ko" else message.format(**shown)
