"""A programme's text read for the person who wrote it: what is wrong is named by its line and place."""

from __future__ import annotations

from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from prm.configuration.errors import ConfigurationProblem
from prm.configuration.text import plain, refuse_tricks
from rebates.policy import PolicyProblem, Problem, ProgrammeText, read_document


def read_text(text: str) -> list[ProgrammeText]:
    """The programmes of a text. Raises PolicyProblem whose sentences name the line and the place."""
    try:
        refuse_tricks(text)
        return read_document(plain(text))
    except ConfigurationProblem as problem:
        raise PolicyProblem(problem.problems) from None
    except PolicyProblem as problem:
        lines = _Lines(text)
        said = [lines.said(one) for one in problem.found] or problem.problems
        raise PolicyProblem(said) from None
    except YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        words = _("The text is not YAML: line %(line)s.") % {"line": mark.line + 1 if mark else 1}
        raise PolicyProblem([words]) from None
    except (ArithmeticError, ValueError, RecursionError) as problem:
        raise PolicyProblem([_("This is no programme: %(problem)s") % {"problem": problem}]) from None


class _Lines:
    """Where the parts of a YAML text stand."""

    def __init__(self, text: str):
        self.root = YAML(typ="rt").load(text)

    def said(self, problem: Problem) -> str:
        line, place, words = self.of(problem.path), problem.place, problem.plain or problem.words
        return _("Line %(line)s, %(place)s: %(problem)s") % {"line": line, "place": place, "problem": words}

    def of(self, path: tuple[str | int, ...]) -> int:
        """The line of the part, or of the innermost part around it that is there."""
        now, line = self.root, 1
        for part in path:
            try:
                line = (now.lc.item(part) if isinstance(part, int) else now.lc.key(part))[0] + 1
                now = now[part]
            except (AttributeError, KeyError, IndexError, TypeError):
                break
        return line
