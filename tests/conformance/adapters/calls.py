"""What the adapters in Python share: a call a line on stdin, an answer a line on stdout, until stdin ends. Knows no engine."""

import json
import sys


def play(answer):
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except Exception as error:
            said = {"failed": repr(error)}
        print(json.dumps(said), flush=True)
