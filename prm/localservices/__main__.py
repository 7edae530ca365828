"""`python -m prm.localservices demo|manage|keep …`: what the scripts in bin/ call once Python is there."""

from __future__ import annotations

import sys

from prm.localservices.errors import Failure, Stopped, sentence_for


def main() -> int:
    """Run one of the commands; whatever stops it becomes one line and an exit status."""
    command, arguments = sys.argv[1], sys.argv[2:]
    try:
        if command == "demo":
            from prm.localservices import demo

            return demo.main(arguments)
        if command == "manage":
            from prm.localservices import manage

            manage.main(arguments)
        if command == "messages":
            from prm.localservices import messages

            messages.compile_all()
            return 0
        from prm.localservices import keep

        return keep.main(arguments)
    except Failure as failure:
        print(f"qudao: {failure}", file=sys.stderr)
        return failure.status
    except OSError as error:
        print(f"qudao: {sentence_for(error)}", file=sys.stderr)
        return 1
    except (Stopped, KeyboardInterrupt):
        return 0 if command == "demo" else 130


if __name__ == "__main__":
    sys.exit(main())
