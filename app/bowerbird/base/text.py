"""Quantities as text, for the window and the command line."""


def duration_text(seconds: float | None) -> str:
    """Format a duration: "0.35 s", "12.4 s", "2:09", "1:02:11"; empty if unknown."""
    if seconds is None:
        return ""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else f"{seconds * 1000:.2f} ms"
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return clock_text(seconds)


def clock_text(seconds: float) -> str:
    """Format a position in a long sound: "7:10", "1:02:10"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def position_text(seconds: float, *, n_decimals: int = 2) -> str:
    """Format a position in a sound: "0:07.42"."""
    minutes, rest = divmod(max(0.0, seconds), 60)
    return f"{int(minutes)}:{rest:0{3 + n_decimals}.{n_decimals}f}"


def channels_text(n_channels: int | None) -> str:
    """Format a number of channels: "mono", "stereo", "6 ch"."""
    if n_channels is None:
        return ""
    return {1: "mono", 2: "stereo"}.get(n_channels, f"{n_channels} ch")


def rate_text(rate_hz: int | None) -> str:
    """Format a sampling rate: "44.1 kHz"."""
    return "" if rate_hz is None else f"{rate_hz / 1000:g} kHz"


def count_text(n: int, singular: str = "sound", plural: str = "sounds") -> str:
    """Format a count: "1 sound", "18,300 sounds"."""
    return f"{n:,} {singular if n == 1 else plural}"


def time_left_text(seconds: float) -> str:
    """Format the time left: "40 s", "2 min", "3.5 h"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def time_taken_text(seconds: float) -> str:
    """Format the time taken: "0.4 s", "31 s", "2 min"."""
    return f"{seconds:.1f} s" if seconds < 10 else time_left_text(seconds)


def progress_text(n_done: int, n_total: int, per_second: float, left_s: float | None) -> str:
    """Format the progress of analysis: "2,140 of 18,300 · 96 a second · 2 min left"."""
    parts = [f"{n_done:,} of {n_total:,}"]
    if per_second > 0:
        parts.append(f"{per_second:,.0f} a second" if per_second >= 10 else f"{per_second:.1f} a second")
    if left_s is not None and n_done < n_total:
        parts.append(f"{time_left_text(left_s)} left")
    return " · ".join(parts)


def bytes_text(n_bytes: int) -> str:
    """Format a size: "9.6 kB", "2.1 MB", "622 MB", "1.2 GB"; empty if unknown."""
    if n_bytes <= 0:
        return ""
    if n_bytes >= 1e9:
        return f"{n_bytes / 1e9:.1f} GB"
    if n_bytes < 1e5:
        return f"{n_bytes / 1e3:.1f} kB"
    return f"{n_bytes / 1e6:,.0f} MB" if n_bytes >= 1e7 else f"{n_bytes / 1e6:.1f} MB"


def percent_text(share: float) -> str:
    """Format a share: "70 %"."""
    return f"{100 * share:.0f} %"


def printable(name: str) -> str:
    """Return a file name that can be shown: bytes that are not valid text become question marks."""
    return name.encode("utf-8", "replace").decode("utf-8")
