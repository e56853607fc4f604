"""Where the programs under test live: on this host, or in a chroot of another system that
tests/compat has made and whose folder of the tests has the same path inside and outside."""
import os
from pathlib import Path

SYSTEM = Path(os.environ.get('RENEWAL_AGENT_SYSTEM', '/'))
CHROOT = () if SYSTEM == Path('/') else ('/usr/sbin/chroot', str(SYSTEM))


def inside(*command, **variables):
    """The command there, with these variables in its environment; whatever else is started on the
    way there does not see them (LD_PRELOAD names a library of that system)."""
    given = [f'{name}={value}' for name, value in variables.items()]
    return [*CHROOT, *(['/usr/bin/env', *given] if given else []), *map(str, command)]


def has_program(name):
    return any((SYSTEM / folder / name).exists()
               for folder in ('usr/bin', 'usr/sbin', 'usr/local/bin'))
