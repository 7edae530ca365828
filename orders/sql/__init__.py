"""SQL that copies credits of agents from their lines, and keeps them sound."""

from pathlib import Path

FOLDER = Path(__file__).parent


def read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
