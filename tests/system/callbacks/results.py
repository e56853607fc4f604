"""Writes what each task returned into $FLEET_RESULTS, one JSON line a host, for the tests."""
import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: aggregate
short_description: Results as JSON lines
description: For the tests.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "results"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, result, failed):
        with open(os.environ["FLEET_RESULTS"], "a", encoding="utf-8") as lines:
            lines.write(json.dumps({"host": result._host.get_name(), "task": result.task_name,
                                    "result": {**result._result, "failed": failed}}) + "\n")

    def v2_runner_on_ok(self, result):
        self._write(result, False)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write(result, True)

    def v2_runner_on_unreachable(self, result):
        self._write(result, True)
