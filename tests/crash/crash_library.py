"""The crash library for a program under test: what it must inherit, and what it did."""
import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = os.environ.get('CRASH_LIBRARY', ROOT / 'build' / 'tests' / 'crash' / 'libcrash.so')


@dataclass
class Point:
    number: int
    function: str
    pid: int
    path: str            # of two paths: the first
    other: str           # of two paths: the second


class CrashLibrary:
    def __init__(self, directory, library=LIBRARY):
        if not Path(library).exists():
            raise FileNotFoundError(f'no {library}: build it, or name it in CRASH_LIBRARY')
        self.library = str(library)
        self._log = Path(directory) / 'crash.log'
        self._counter = Path(directory) / 'crash.counter'

    def environment(self, at=None, error=None, only=(), match=None, whole_group=False):
        """`at` is 17 or '17+'; without it points are counted and nothing happens."""
        settings = {'LD_PRELOAD': self.library, 'CRASH_LOG': str(self._log),
                    'CRASH_COUNTER': str(self._counter), 'CRASH_ONLY': ','.join(only)}
        for name, value in (('CRASH_AT', at), ('CRASH_ERRNO', error), ('CRASH_MATCH', match)):
            if value is not None:
                settings[name] = str(value)
        if whole_group:
            settings['CRASH_WHOLE_GROUP'] = '1'
        return settings

    def points(self):
        """The points since forget(), in the order of their numbers."""
        if not self._log.exists():
            return []
        points = []
        for line in self._log.read_text().splitlines():
            number, function, pid, paths = line.split(' ', 3)
            path, _, other = paths.partition(' -> ')
            points.append(Point(int(number), function, int(pid), path, other or None))
        return sorted(points, key=lambda point: point.number)

    def forget(self):
        self._log.unlink(missing_ok=True)
        self._counter.unlink(missing_ok=True)
