"""The PKCS#11 shim around a token: its plan, and the calls that went through it."""
import os
from dataclasses import dataclass
from pathlib import Path

from soft_token import MODULE

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = os.environ.get('TOKEN_SHIM_LIBRARY', ROOT / 'build' / 'tests' / 'token'
                         / 'libtoken-shim.so')


@dataclass
class Call:
    function: str
    result: str          # a CKR number as in 0xa0; or kill, hang, segfault, abort
    pid: int
    milliseconds: float


class TokenShim:
    """`module` is the path for the program under test, `environment()` what it must inherit.

    Calls are counted over all processes until forget(): a rule for the 17th call strikes once,
    also when the program is started again.
    """

    def __init__(self, directory, token, library=LIBRARY, module=MODULE):
        if not Path(library).exists():
            raise FileNotFoundError(f'no {library}: build it, or name it in TOKEN_SHIM_LIBRARY')
        self.directory = Path(directory)
        self.token = token
        self.module = str(library)
        self.real_module = str(module)
        self._plan = self.directory / 'plan'
        self._log = self.directory / 'calls.log'
        self._counter = self.directory / 'calls.counter'
        self.plan()

    def plan(self, *lines):
        """Replaces the plan, for processes started from now on; plan() is a faultless token."""
        unfinished = self._plan.with_suffix('.new')
        unfinished.write_text(''.join(f'{line}\n' for line in lines))
        unfinished.rename(self._plan)

    def environment(self):
        return {**self.token.environment(),
                'TOKEN_SHIM_MODULE': self.real_module,
                'TOKEN_SHIM_PLAN': str(self._plan),
                'TOKEN_SHIM_LOG': str(self._log),
                'TOKEN_SHIM_COUNTER': str(self._counter)}

    def calls(self, function=None):
        """The calls since forget(), in the order in which they ended."""
        if not self._log.exists():
            return []
        fields = [line.split() for line in self._log.read_text().splitlines()]
        calls = [Call(name, result, int(pid), float(milliseconds))
                 for name, result, pid, milliseconds in fields]
        return [call for call in calls if function in (None, call.function)]

    def forget(self):
        """Starts counting anew; a process that runs on keeps counting in the old file."""
        self._log.unlink(missing_ok=True)
        self._counter.unlink(missing_ok=True)
