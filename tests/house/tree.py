"""The files that the house laws speak about."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("prm", "partners", "dealreg", "orders", "rebates", "payouts", "claims")
NOT_OURS = {".venv", ".tools", ".data", ".git", "vendor", "node_modules"}


def files(*suffixes: str, under: tuple[str, ...] = (".",)) -> Iterator[Path]:
    for folder in under:
        for path in sorted((ROOT / folder).rglob("*")):
            if (
                path.suffix in suffixes
                and not NOT_OURS & set(path.relative_to(ROOT).parts)
                and path.is_file()
            ):
                yield path


def code() -> list[Path]:
    return list(files(".py", under=PACKAGES))


def templates() -> list[Path]:
    found = list(files(".html", under=("templates",)))
    return found + [path for path in files(".html", under=PACKAGES) if "templates" in path.parts]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
