"""What the token makes of keys when a face is put on it."""
import pytest

GENERATE_WITHOUT_DECRYPT = '''
s = session()
s.login(pin)
answer(refusal(s.generateKeyPair,
    [(CKA_TOKEN, True), (CKA_MODULUS_BITS, 1024), (CKA_PUBLIC_EXPONENT, (1, 0, 1))],
    [(CKA_TOKEN, True), (CKA_PRIVATE, True), (CKA_SIGN, True), (CKA_DECRYPT, False)]))
'''
GENERATE = '''
s = session()
s.login(pin)
public, private = generate(s)
'''


def test_usages_that_are_false_are_refused(program, shim):
    assert program.ask(GENERATE_WITHOUT_DECRYPT) == 'CKR_OK'
    shim.plan('usage-false CKR_GENERAL_ERROR')
    assert program.ask(GENERATE_WITHOUT_DECRYPT) == 'CKR_GENERAL_ERROR'
    assert program.ask('s = session(); s.login(pin); answer(refusal(generate, s))') == 'CKR_OK'


def test_keys_want_the_pin_for_each_signature(program, shim):
    body = GENERATE + '''
answer([refusal(s.sign, private, b'text'),
        s.getAttributeValue(private, [CKA_ALWAYS_AUTHENTICATE])])
'''
    assert program.ask(body) == ['CKR_OK', [False]]
    shim.plan('always-authenticate')
    assert program.ask(body) == ['CKR_USER_NOT_LOGGED_IN', [True]]


def test_a_private_key_does_not_tell_its_modulus_but_a_public_one_does(program, shim):
    body = GENERATE + '''
answer([len(s.getAttributeValue(key, [CKA_MODULUS])[0] or ()) for key in (public, private)])
'''
    assert program.ask(body) == [128, 128]
    shim.plan('modulus-hidden')
    assert program.ask(body) == [128, 0]


def test_no_public_key_is_kept(program, shim, token):
    shim.plan('no-public-keys')
    program.ask(GENERATE + 'answer(0)')
    assert [each.kind for each in token.objects()] == ['private']


@pytest.mark.parametrize('action, refusals', [
    ('lose-sessions', ['CKR_SESSION_HANDLE_INVALID', 'CKR_SESSION_HANDLE_INVALID', 'CKR_OK']),
    ('lose-sessions-after', ['CKR_OK', 'CKR_SESSION_HANDLE_INVALID', 'CKR_OK'])])
def test_sessions_end_and_new_ones_begin_without_a_login(program, shim, action, refusals):
    shim.plan(f'C_Login 1 {action}')
    assert program.ask('''
s = session()
answer([refusal(s.login, pin), refusal(s.findObjects), refusal(session().login, pin)])
''') == refusals


def test_the_first_session_and_its_login_outlive_the_later_ones(program, shim):
    shim.plan('C_FindObjectsInit 1 lose-later-sessions-after')
    assert program.ask('''
first, second = session(), session()
first.login(pin)
answer([refusal(first.findObjects), refusal(second.findObjects),
        refusal(session().login, pin)])
''') == ['CKR_OK', 'CKR_SESSION_HANDLE_INVALID', 'CKR_USER_ALREADY_LOGGED_IN']


@pytest.mark.parametrize('action, objects', [('kill-group', 0), ('kill-group-after', 2)])
def test_the_whole_process_group_dies(program, shim, token, action, objects):
    shim.plan(f'C_GenerateKeyPair 1 {action}')
    status, _ = program.run('''
import sys
os.setpgid(0, 0)
child = os.fork()
if child == 0:
    os.execvp('sleep', ['sleep', '1000'])
open(os.environ['TOKEN_SHIM_LOG'] + '.child', 'w').write(str(child))
''' + GENERATE)
    assert status == -9
    assert len(token.objects()) == objects
    child = (shim.directory / 'calls.log.child').read_text()
    assert not alive(child)


def alive(pid):
    try:
        with open(f'/proc/{pid}/stat') as stat:
            return stat.read().rsplit(')', 1)[1].split()[0] not in 'ZX'
    except (FileNotFoundError, ProcessLookupError):
        return False
