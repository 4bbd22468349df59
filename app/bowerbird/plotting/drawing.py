"""SVG plots for a report, in a common style and with text as text.

Colours are the tokens of the light theme. Each is written as ``var(--token, #colour)``, so that a page can redefine the
tokens, as the report does for dark screens; a plot alone has the light colours.
"""

import re
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from bowerbird.base.paths import resources_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_PX: Final = 360
"""Width of every plot: it fits a narrow screen, and two fit side by side on a wide one."""

TEXT_PX: Final = 11.0
SMALL_PX: Final = 9.0
_CHARACTER: Final = 0.6
"""Largest width of a character over its height, since the font is unknown."""

_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_FONT: Final = "font-family: system-ui, sans-serif"
_OWN_FONT: Final = re.compile(r"\bfont:[^;]*?(\d+(?:\.\d+)?)px[^;]*(?:;|$)|\bfont-family:[^;]*(?:;|$)")
_BREAKS: Final = re.compile("[ \\t\\n\\v\\f\\r\\x85\u2028\u2029]+")
_UNDRAWABLE: Final = re.compile("[^\\x20-\\x7e\\xa0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_LIGHT_ENOUGH: Final = 0.45


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot of a report.

    Attributes
    ----------
    name : str
        Letters and hyphens; the prefix of all ids in the plot, so that a page can have several.
    title : str
    caption : str
        How to read the plot.
    svg : str
        An ``svg`` element with title and description.
    """

    name: str
    title: str
    caption: str
    svg: str


@lru_cache(maxsize=1)
def tokens() -> Mapping[str, Mapping[str, str]]:
    """Return the colours of both themes by name."""
    with (resources_path() / "styles" / "tokens.toml").open("rb") as file:
        return tomllib.load(file)


def colour(token: str) -> str:
    """Return a colour of the light theme."""
    return tokens()["light"][token]


@contextmanager
def plain_style() -> Iterator[None]:
    """Draw in the style of the report, whatever the user's matplotlib settings."""
    from matplotlib import style  # noqa: PLC0415 - takes a second to load

    style_sheet = {
        "svg.fonttype": "none",
        "svg.hashsalt": "bowerbird",
        "text.parse_math": False,  # an alias may contain dollar signs
        "font.size": TEXT_PX,
        "text.color": colour("text"),
        "axes.edgecolor": colour("line"),
        "axes.facecolor": "none",
        "axes.linewidth": 1.0,
        "axes.spines.left": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.color": colour("line"),
        "grid.linewidth": 1.0,
        "xtick.color": colour("line"),
        "xtick.labelcolor": colour("muted"),
        "xtick.labelsize": TEXT_PX,
        "xtick.major.size": 0.0,
        "xtick.major.pad": 6.0,
    }
    with warnings.catch_warnings(), style.context(["default", style_sheet]):
        # The text is drawn in the font of the browser.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support .* natively")
        yield


def new_figure(height_px: float) -> "Figure":
    """Return an empty figure; a point is a pixel."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    return Figure(figsize=(WIDTH_PX / 72.0, height_px / 72.0), dpi=72.0, facecolor="none")


def panel(figure: "Figure", *, left: float, top: float, width: float, height: float) -> "Axes":
    """Return axes at a position in pixels from the upper left."""
    whole_px = figure.get_size_inches()[1] * 72.0
    return figure.add_axes((left / WIDTH_PX, 1.0 - (top + height) / whole_px, width / WIDTH_PX, height / whole_px))


def blank_panel(figure: "Figure", *, left: float, top: float, width: float, height: float) -> "Axes":
    """Return axes without ticks whose units are pixels, y downwards."""
    axes = panel(figure, left=left, top=top, width=width, height=height)
    axes.set_axis_off()
    axes.set_xlim(0.0, width)
    axes.set_ylim(height, 0.0)
    return axes


def rows_panel(figure: "Figure", *, top: float, n_rows: int, pitch: float, inset: float = 6.0) -> "Axes":
    """Return axes over the whole width, with a unit of y per row from the top, and grid lines at the x ticks."""
    axes = panel(figure, left=inset, top=top, width=WIDTH_PX - 2.0 * inset, height=n_rows * pitch)
    axes.set_ylim(n_rows - 0.5, -0.5)
    axes.set_yticks([])
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    return axes


def write(axes: "Axes", x: float, y: float, text: str, **style: Any) -> None:
    """Write a line of text, by default in the muted colour."""
    axes.text(x, y, drawable(text), **{"va": "center", "fontsize": TEXT_PX, "color": colour("muted"), **style})


def drawable(text: str) -> str:
    """Return the text as a line without characters that XML does not allow."""
    return _UNDRAWABLE.sub("\ufffd", _BREAKS.sub(" ", text))


def text_width(text: str, size_px: float = TEXT_PX) -> float:
    """Return the largest width of a text in pixels."""
    return _CHARACTER * size_px * len(text)


def elided(text: str, room_px: float, size_px: float = TEXT_PX) -> str:
    """Return a text that fits, elided in the middle if necessary."""
    n = max(3, int(room_px / (_CHARACTER * size_px)))
    if len(text) <= n:
        return text
    return f"{text[: n // 2]}…{text[len(text) - (n - n // 2 - 1) :]}"


def ramp(share: float) -> str:
    """Return the colour of a share on a perceptual ramp."""
    from matplotlib import colormaps, colors  # noqa: PLC0415

    return colors.to_hex(colormaps["viridis"](min(1.0, max(0.0, share))))


def ink_on(background: str) -> str:
    """Return black or white, whichever has more contrast; neither is a token, since the background is not."""
    red, green, blue = (int(background[index : index + 2], 16) / 255.0 for index in (1, 3, 5))
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > _LIGHT_ENOUGH else "#fefefe"


def finished(figure: "Figure", *, name: str, title: str, description: str) -> str:
    """Return a figure as an ``svg`` element for a page.

    Parameters
    ----------
    figure : Figure
    name : str
        Prefix of all ids.
    title, description : str
        For screen readers.
    """
    file = BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    root = ET.fromstring(file.getvalue())  # noqa: S314 - written a line above
    _strip(root)
    for element in root.iter():
        _adapt(element, name)
    height_px = float(root.attrib["viewBox"].split()[3])
    root.attrib |= {"width": f"{WIDTH_PX}", "height": f"{height_px:g}", "role": "group"}
    root.attrib["aria-labelledby"] = f"{name}-title {name}-desc"
    root.attrib["style"] = f"stroke-linejoin: round; stroke-linecap: butt; {_FONT}"
    for index, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(f"{{{_SVG}}}{tag}", {"id": f"{name}-{tag}"})
        element.text = drawable(text)
        root.insert(index, element)
    return ET.tostring(root, encoding="unicode")


def _strip(root: ET.Element) -> None:
    """Remove metadata, and the style that would affect the whole page."""
    for parent in list(root.iter()):
        for child in list(parent):
            is_style = child.tag == f"{{{_SVG}}}defs" and any(element.tag == f"{{{_SVG}}}style" for element in child)
            if is_style or child.tag == f"{{{_SVG}}}metadata":
                parent.remove(child)


def _adapt(element: ET.Element, name: str) -> None:
    """Prefix ids, replace colours by tokens, and use the font of the page."""
    for key, value in list(element.attrib.items()):
        if key == "id":
            element.attrib[key] = f"{name}-{value}"
        elif value.startswith("#") and key.endswith("href"):
            element.attrib[key] = f"#{name}-{value[1:]}"
        else:
            element.attrib[key] = value.replace("url(#", f"url(#{name}-")
    if "style" in element.attrib:
        style = _OWN_FONT.sub(lambda found: f"font-size: {found[1]}px;" if found[1] else "", element.attrib["style"])
        for token, code in tokens()["light"].items():
            style = style.replace(code, f"var(--{token}, {code})")
        element.attrib["style"] = style.strip()
