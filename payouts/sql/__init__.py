"""SQL that keeps bank accounts and batches as they were decided."""

from pathlib import Path

FOLDER = Path(__file__).parent


def read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
