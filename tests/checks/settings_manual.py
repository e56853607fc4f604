#!/usr/bin/python3
"""docs/configuration.md and the man page say of every setting what the table of settings says.

settings_manual.py PROGRAM [--write]    PROGRAM prints the table; --write puts it into the manuals
"""
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
GUIDE = TOP / "docs" / "configuration.md"
MANUAL = TOP / "docs" / "man" / "renewal-agent.conf.5"


def table(program):
    output = subprocess.run([program], check=True, text=True, capture_output=True).stdout
    return [line.split("\t") for line in output.splitlines()]


def for_guide(settings):
    rows = [f"| `{name}` | {standard if standard in ('required', 'none') else f'`{standard}`'} "
            f"| {sentence} |" for name, standard, sentence in settings]
    return "| setting | default | |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n"


def for_manual(settings):
    def item(name, standard, sentence):
        after = {"required": "Required.", "none": ""}.get(standard, f"Default: {standard}.")
        return f".It Cm {name}\n{sentence}\n" + (f"{after}\n" if after else "")
    return "".join(item(*setting) for setting in settings)


def replaced(text, begin, end, new):
    """`text` with what stands between the two marks replaced."""
    pattern = re.compile(f"({re.escape(begin)}\n).*?({re.escape(end)})", re.S)
    assert len(pattern.findall(text)) == 1, f"the marks {begin} {end} are missing"
    return pattern.sub(lambda match: match[1] + new + match[2], text)


def main():
    settings = table(sys.argv[1])
    wanted = {
        GUIDE: replaced(GUIDE.read_text(), "<!-- settings -->", "<!-- end of settings -->",
                        for_guide(settings)),
        MANUAL: replaced(MANUAL.read_text(), '.\\" settings', '.\\" end of settings',
                         for_manual(settings)),
    }
    if "--write" in sys.argv:
        for path, text in wanted.items():
            path.write_text(text)
        return 0
    wrong = [str(path.relative_to(TOP)) for path, text in wanted.items()
             if path.read_text() != text]
    print("\n".join(f"{path} does not say what the table of settings says" for path in wrong)
          or f"{len(settings)} settings are in both manuals")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
