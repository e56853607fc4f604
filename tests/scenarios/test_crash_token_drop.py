"""kill -9 in a run that enrolls with a token that was left: it is never sent twice, nor left over."""
import pytest
from crash_sweep import SHARES, Sweep
from token_drop import Drop


class DropSweep(Sweep):
    def __init__(self, drop):
        self.drop = drop
        super().__init__(drop.world, self.leave_token)

    def leave_token(self):
        self.drop.take_away()
        self.drop.put()
        self.drop.world.connector.forget()
        return ("renew",)

    def heal(self, turn):
        """The next run goes on: with the certificate that has come, or with the token if that was
        not sent; else it says that another one is needed, and the next one brings the host to
        rest."""
        world = self.world
        self.phases.add(world.journal()["phase"])
        world.assert_key_fits()
        was_left = self.drop.file.exists()
        result = world.run("renew")
        assert result.status in (0, 20), f"after the kill: {result}"
        assert not self.drop.file.exists()
        if result.status == 20:
            assert ("has been sent before and is used up, the file is removed" in result["msg"]) \
                == was_left, result
            assert world.active() == 1
            self.drop.put()
            assert world.run("renew").status == 0
            assert not self.drop.file.exists()
        shown = [call["token_sha256"] for call in world.connector.calls() if call["token_sha256"]]
        assert len(shown) == len(set(shown))
        self.assert_at_rest()
        if turn % 5 == 0:
            world.assert_identity_works()


@pytest.fixture
def sweep(new_world):
    """The points of the folder of the file and of the state, whose name is the beginning of it."""
    folder = new_world.directory / "state-drop"
    folder.mkdir()
    drop = Drop(new_world)
    drop.file = folder / "orders.token"
    new_world.configure(enrollment_token_file=drop.file)
    drop.lock_out()
    return DropSweep(drop)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_kill_at_any_file_neither_loses_the_old_identity_nor_sends_twice(
        sweep, whole_group, share):
    strikes = sweep.at_points(match=str(sweep.world.state), whole_group=whole_group)
    names = [strike.name for strike in strikes]
    assert any("orders.token" in name for name in names), "the end of the file is a point, too"
    sweep.run(strikes, share, every=53)


def test_a_kill_between_the_note_and_the_request_and_around_the_end_of_the_file(sweep):
    """These points, every day."""
    strikes = sweep.at_points(match=str(sweep.world.state))
    end = next(i for i, strike in enumerate(strikes) if "orders.token" in strike.name)
    journals = [i for i, strike in enumerate(strikes) if strike.name.endswith("journal.json.tmp")
                and "rename" in strike.name]
    chosen = sorted({*journals, *(each + 1 for each in journals), end, end + 1})
    sweep.run([strikes[i] for i in chosen if i < len(strikes)])
