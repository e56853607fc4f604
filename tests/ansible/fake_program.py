#!/usr/bin/python3
"""A renewal-agent that answers each command as answers.json beside it says, and notes how it was
called."""
import json
import os
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
words = sys.argv[1:]
answers = json.loads((here / "answers.json").read_text())
command = next(word for word in words if word in answers)
with open(here / "calls.jsonl", "a") as calls:
    calls.write(json.dumps({"words": words, "command": command, "environment": dict(os.environ),
                            "given": "" if sys.stdin.isatty() else sys.stdin.read()}) + "\n")
answer = answers[command]
sys.stderr.write(answer["errors"])
sys.stdout.write(answer["output"])
sys.exit(answer["status"])
