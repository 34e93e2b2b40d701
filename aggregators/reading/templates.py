"""Which fields a template must and may name. Knows no template."""

from __future__ import annotations

from string import Formatter


def require_fields(name: str, template: str, *, needed: set[str], allowed: set[str]) -> None:
    """Check a template's fields.

    Args:
        name: of the template, for the message.
        template: a format string.
        needed: fields that it must name.
        allowed: further fields that it may name.

    Raises:
        ValueError: a field is missing, unknown, or has a format specification or a conversion.
    """
    parsed = list(Formatter().parse(template))
    found = {field for _, field, _, _ in parsed if field is not None}
    if not needed <= found <= needed | allowed or any(
        spec or conversion for _, _, spec, conversion in parsed
    ):
        raise ValueError(
            f"{name} must contain {_braced(needed)} and may contain {_braced(allowed)}, without format "
            f"specifications; got {template!r}. Write {{{{ and }}}} for plain braces."
        )


def _braced(fields: set[str]) -> str:
    return ", ".join(f"{{{field}}}" for field in sorted(fields))
