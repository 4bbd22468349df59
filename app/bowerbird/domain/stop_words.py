"""Words that describe no sound, English and German."""

from typing import Final

_ENGLISH: Final = """
a an the of with and or in on at for to from by into onto some very quite rather being is are it its that this my
sound sounds like
"""
_GERMAN: Final = """
der das ein eine einen einem einer des dem den mit und oder von vom im ins auf aus bei fur sehr
klang klange gerausch gerausche
"""
STOP_WORDS: Final = frozenset((_ENGLISH + _GERMAN).split())
"""In lower case, without accents."""
