"""softhsm-conf/make-token, and what soft_token.py reads and makes in the token."""
import os
import stat
import subprocess
import threading
import time

import pytest
from soft_token import MAKE_TOKEN, SoftToken


def make_token(*arguments, check=True):
    return subprocess.run([MAKE_TOKEN, *arguments], capture_output=True, text=True, check=check)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_can_read_what_is_made_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        make_token(tmp_path / 'new')
    finally:
        os.umask(before)
    assert mode(tmp_path / 'new' / 'pin') == 0o600
    assert mode(tmp_path / 'new' / 'tokens') == 0o700
    pin = (tmp_path / 'new' / 'pin').read_text()
    assert len(pin) == 17 and pin[:16].isdigit() and pin[16] == '\n'


def test_each_token_has_a_pin_of_its_own(tmp_path):
    tokens = [SoftToken(tmp_path / name, fresh=True) for name in 'ab']
    assert tokens[0].pin != tokens[1].pin


def test_the_printed_line_can_be_evaluated(tmp_path):
    folder = tmp_path / "with blanks & 'quotes'"
    line = make_token(folder).stdout
    shown = subprocess.run(['bash', '-c', f'eval "$1"; printf %s "$SOFTHSM2_CONF"', '-', line],
                           capture_output=True, text=True).stdout
    assert shown == str(folder / 'softhsm2.conf')
    assert SoftToken(folder).objects() == []


def test_the_pin_is_in_no_command_line(tmp_path):
    """Looks at all command lines, over and over, while tokens are made."""
    seen = set()
    finished = threading.Event()

    def watch():
        while not finished.is_set():
            for pid in filter(str.isdigit, os.listdir('/proc')):
                try:
                    with open(f'/proc/{pid}/cmdline') as file:
                        seen.add(file.read())
                except OSError:
                    pass

    so_pin = tmp_path / 'so-pin'
    so_pin.write_text('8765432112345678\n')
    watcher = threading.Thread(target=watch)
    watcher.start()
    pins = []
    for number in range(5):
        make_token(tmp_path / str(number), '--so-pin-file', so_pin)
        pins.append((tmp_path / str(number) / 'pin').read_text().strip())
        time.sleep(0.01)
    finished.set()
    watcher.join()
    assert any('--init-pin' in line for line in seen), 'the watcher was too slow to see anything'
    assert not [line for line in seen for pin in (*pins, '8765432112345678') if pin in line]


def test_a_second_run_keeps_the_token_and_its_keys(tmp_path, token):
    token.make_key_pair('key', b'\x01', bits=1024)
    pin = token.pin
    again = SoftToken(token.directory)
    assert again.pin == pin
    assert len(again.private_keys()) == 1


def test_fresh_makes_another_token(token):
    token.make_key_pair('key', b'\x01', bits=1024)
    pin = token.pin
    again = SoftToken(token.directory, fresh=True)
    assert again.pin != pin
    assert again.objects() == []


def test_another_label_is_refused_for_a_token_that_is_there(token):
    refused = make_token(token.directory, '--label', 'other', check=False)
    assert refused.returncode == 1 and 'is not called other' in refused.stderr
    assert SoftToken(token.directory, label='other', fresh=True).objects() == []


def test_an_interrupted_run_is_made_good(token):
    """As after a kill: tokens/ is what appears last."""
    (token.directory / 'tokens').rename(token.directory / 'tokens.unfinished')
    (token.directory / 'pin').write_text('12')
    assert SoftToken(token.directory).objects() == []


def test_tokens_of_someone_else_are_left_alone(tmp_path):
    (tmp_path / 'tokens' / 'precious').mkdir(parents=True)
    refused = make_token(tmp_path, '--fresh', check=False)
    assert refused.returncode == 1 and 'was not made by make-token' in refused.stderr
    assert (tmp_path / 'tokens' / 'precious').exists()


def test_the_officers_pin_is_read_from_its_file(tmp_path):
    so_pin = tmp_path / 'so-pin'
    so_pin.write_text('8765432112345678\n')
    make_token(tmp_path / 'token', '--so-pin-file', so_pin)
    outcome = subprocess.run(
        ['pkcs11-tool', '--module', '/usr/lib/softhsm/libsofthsm2.so', '--token-label', 'fleet',
         '--login', '--login-type', 'so', '--so-pin', 'env:SO_PIN', '--session-rw',
         '--list-objects'],
        env={**os.environ, 'SOFTHSM2_CONF': str(tmp_path / 'token' / 'softhsm2.conf'),
             'SO_PIN': '8765432112345678'}, capture_output=True)
    assert outcome.returncode == 0


@pytest.mark.parametrize('arguments', [[], ['a', 'b'], ['--colour'], ['a', '--label'],
                                       ['a', '--label', ''], ['a', '--label', 'x' * 33],
                                       ['a#b'], ['a=b'], ['a', '--so-pin-file', '/no/such/file']])
def test_a_wrong_command_line_is_refused(tmp_path, arguments):
    refused = subprocess.run([MAKE_TOKEN, *arguments], cwd=tmp_path, capture_output=True)
    assert refused.returncode != 0 and refused.stderr
    assert not list(tmp_path.glob('*/tokens'))


def test_pairs_half_pairs_and_nameless_objects_can_be_made_and_destroyed(token):
    token.make_key_pair('pair', b'\x01', bits=1024)
    token.make_key_pair('pair', b'\x01', bits=1024)
    token.make_half_pair('half', b'\x02', 'public', bits=1024)
    token.make_half_pair('half', b'\x03', 'private', bits=1024)
    token.make_nameless_object('public')
    token.make_nameless_object('private')
    shown = sorted((each.kind, each.label, each.id, each.bits) for each in token.objects())
    assert shown == [('private', '', b'', 0), ('private', 'half', b'\x03', 1024),
                     ('private', 'pair', b'\x01', 1024), ('private', 'pair', b'\x01', 1024),
                     ('public', '', b'', 0), ('public', 'half', b'\x02', 1024),
                     ('public', 'pair', b'\x01', 1024), ('public', 'pair', b'\x01', 1024)]
    assert all(each.sensitive and not each.extractable
               for each in token.private_keys() if each.label)
    assert token.destroy(kind='private', id=b'\x01') == 2
    assert token.destroy(label='half') == 2
    assert token.destroy(id=b'') == 2
    assert [each.kind for each in token.objects()] == ['public', 'public']
