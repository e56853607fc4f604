"""Programs whose clock is another: what goes before their command."""
import math
from datetime import datetime, timezone
from pathlib import Path

# Not by the program faketime: it would stand between the signals and the agent, and it refuses to
# start when one that was killed has left a semaphore under the number of its process.
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


def clock_environment(offset):
    """The offset as libfaketime has it: "+2h", "-1d", "+12s"."""
    return {"LD_PRELOAD": str(FAKETIME), "FAKETIME": offset}


def later(offset):
    """Sooner, if the offset begins with "-". Another library that is to be loaded stays."""
    script = f'LD_PRELOAD="{FAKETIME}${{LD_PRELOAD:+:$LD_PRELOAD}}" FAKETIME="{offset}" exec "$@"'
    return "sh", "-c", script, "sh"


def offset_to(moment):
    """Whole seconds, and never too few: at a moment it has come."""
    return f"{math.ceil((moment - datetime.now(timezone.utc)).total_seconds()):+d}s"


def at(moment):
    return later(offset_to(moment))
