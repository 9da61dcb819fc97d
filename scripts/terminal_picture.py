#!/usr/bin/env python3
"""terminal_picture.py PROGRAM OUT.svg: a picture of the terminal chat, drawn from what the real
program shows in a tmux window while it answers two questions with the starter model."""

import html
import re
import subprocess
import sys
import time

COLUMNS, ROWS = 84, 20
QUESTIONS = ["What is the chemical symbol for water?", "/stats"]
COLOURS = {"1": "font-weight:bold", "2": "opacity:.6", "3": "font-style:italic",
           "31": "fill:#e06c75", "32": "fill:#98c379", "33": "fill:#e5c07b", "34": "fill:#61afef",
           "35": "fill:#c678dd", "36": "fill:#56b6c2", "90": "fill:#7f848e"}


def tmux(*arguments):
    done = subprocess.run(["tmux", "-L", "bise-picture", *arguments], check=True,
                          capture_output=True, text=True)
    return done.stdout


def capture(program):
    tmux("new-session", "-d", "-s", "chat", "-x", str(COLUMNS), "-y", str(ROWS),
         f"{program} run starter")
    try:
        time.sleep(2)
        for question in QUESTIONS:
            tmux("send-keys", "-t", "chat", "-l", question)
            tmux("send-keys", "-t", "chat", "Enter")
            time.sleep(6)
        return tmux("capture-pane", "-p", "-e", "-t", "chat").rstrip("\n").split("\n")
    finally:
        tmux("kill-server")


def spans(line):
    """The line as <tspan>s, one for each run of the same look."""
    style, out = [], []
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            for code in part[2:-1].split(";"):
                style = [] if code in ("", "0", "39", "22") else style + [COLOURS.get(code, "")]
        elif part:
            look = ";".join(s for s in style if s)
            out.append(f'<tspan style="{look}">{html.escape(part)}</tspan>')
    return "".join(out)


def picture(lines):
    width, height = COLUMNS * 8.4 + 32, len(lines) * 19 + 32
    rows = "".join(f'<text x="16" y="{29 + 19 * i}" xml:space="preserve">{spans(line)}</text>\n'
                   for i, line in enumerate(lines))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" '
            'fill="#dcdfe4">\n<rect width="100%" height="100%" rx="8" fill="#1d2026"/>\n'
            f'{rows}</svg>\n')


def main():
    lines = capture(sys.argv[1])
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(picture(lines))


if __name__ == "__main__":
    main()
