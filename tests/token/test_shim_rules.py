"""Each action of a rule, at the call that the rule names and at no other."""
import signal
import time

import pytest

LOGIN = 'session().login(pin)\n'
LOGIN_REFUSALS = '''
s = session()
answer([refusal(s.login, pin), refusal(s.login, pin), refusal(s.login, pin)])
'''


def functions(shim):
    return [call.function for call in shim.calls()]


def test_without_rules_the_token_behaves_as_it_is_and_each_call_is_one_line(program, shim, token):
    assert program.run(LOGIN) == (0, '')
    logins = shim.calls('C_Login')
    assert [login.result for login in logins] == ['0x0']
    assert logins[0].pid > 0 and logins[0].milliseconds > 0
    assert functions(shim)[:2] == ['C_GetFunctionList', 'C_Initialize']
    assert token.pin not in (shim.directory / 'calls.log').read_text()


@pytest.mark.parametrize('nth, refused', [('2', [False, True, False]), ('*', [True, True, True]),
                                          ('2+', [False, True, True])])
def test_a_rule_strikes_the_calls_that_it_names(program, shim, nth, refused):
    shim.plan(f'C_Login {nth} fail CKR_DEVICE_ERROR')
    answers = program.ask(LOGIN_REFUSALS)
    assert [answer == 'CKR_DEVICE_ERROR' for answer in answers] == refused
    assert [call.result == '0x30' for call in shim.calls('C_Login')] == refused


def test_fail_does_not_make_the_call_and_fail_after_does(program, shim, token):
    shim.plan('C_GenerateKeyPair 1 fail 0x30', 'C_GenerateKeyPair 2 fail-after CKR_DEVICE_ERROR')
    generate = 's = session(); s.login(pin); answer(refusal(generate, s))'
    assert program.ask(generate) == 'CKR_DEVICE_ERROR'
    assert token.objects() == []
    assert program.ask(generate) == 'CKR_DEVICE_ERROR'
    assert len(token.private_keys()) == 1


def test_delay_makes_the_call_later(program, shim):
    shim.plan('C_Login 1 delay 300')
    assert program.ask(LOGIN_REFUSALS)[0] == 'CKR_OK'
    assert shim.calls('C_Login')[0].milliseconds >= 300


def test_hang_never_returns(program, shim):
    shim.plan('C_Login 1 hang')
    process = program.start(LOGIN)
    deadline = time.monotonic() + 20
    while not shim.calls('C_Login') and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    assert process.poll() is None
    assert [call.result for call in shim.calls('C_Login')] == ['hang']
    process.kill()
    process.communicate()


@pytest.mark.parametrize('action, ending', [('kill', signal.SIGKILL), ('abort', signal.SIGABRT),
                                            ('segfault', signal.SIGSEGV)])
def test_the_program_dies_before_the_call(program, shim, token, action, ending):
    shim.plan(f'C_GenerateKeyPair 1 {action}')
    status, _ = program.run('s = session(); s.login(pin); generate(s)')
    assert status == -ending
    assert shim.calls()[-1].function == 'C_GenerateKeyPair'
    assert shim.calls()[-1].result == action
    assert token.objects() == []


def test_kill_after_dies_when_the_call_is_done(program, shim, token):
    shim.plan('C_GenerateKeyPair 1 kill-after')
    status, _ = program.run('s = session(); s.login(pin); generate(s)')
    assert status == -signal.SIGKILL
    assert shim.calls()[-1].result == '0x0'
    assert len(token.objects()) == 2


def test_any_function_can_be_the_nth_call(program, shim):
    assert program.run(LOGIN)[0] == 0
    faultless = functions(shim)
    for nth in (1, 4, len(faultless)):
        shim.forget()
        shim.plan(f'* {nth} kill')
        assert program.run(LOGIN)[0] == -signal.SIGKILL
        assert functions(shim) == faultless[:nth]


def test_signatures_are_counted_whichever_call_gives_them(program, shim):
    shim.plan('signature 2 fail CKR_DEVICE_ERROR')
    answers = program.ask('''
s = session()
s.login(pin)
_, key = generate(s)
def sign(in_parts=False):
    mechanism = Mechanism(CKM_SHA256_RSA_PKCS)
    assert s.lib.C_SignInit(s.session, mechanism.to_native(), key) == CKR_OK
    data, signature = ckbytelist(b'data'), ckbytelist([0] * 128)
    if not in_parts:
        return CKR[s.lib.C_Sign(s.session, data, signature)]
    assert s.lib.C_SignUpdate(s.session, data) == CKR_OK
    return CKR[s.lib.C_SignFinal(s.session, signature)]
answer([sign(), sign(in_parts=True)])
''')
    assert answers == ['CKR_OK', 'CKR_DEVICE_ERROR']


def test_with_a_counter_file_processes_count_together_and_without_each_its_own(program, shim):
    shim.plan('C_Login 2 fail CKR_DEVICE_ERROR')
    once = 'answer(refusal(session().login, pin))'
    assert program.ask(once) == 'CKR_OK'
    assert program.ask(once) == 'CKR_DEVICE_ERROR'
    assert program.ask(once) == 'CKR_OK'

    alone = {name: value for name, value in shim.environment().items()
             if name != 'TOKEN_SHIM_COUNTER'}
    shim.forget()
    for _ in range(2):
        program.run('session().login(pin)', alone)
    assert [call.result for call in shim.calls('C_Login')] == ['0x0', '0x0']


def test_rules_add_up_in_their_order(program, shim):
    shim.plan('C_Login * delay 150', 'C_Login 1 fail CKR_PIN_LOCKED')
    assert program.ask(LOGIN_REFUSALS)[0] == 'CKR_PIN_LOCKED'
    assert shim.calls('C_Login')[0].milliseconds >= 150


def test_the_plan_can_lie_beside_the_shim_when_the_environment_is_clean(program, shim, tmp_path):
    copy = tmp_path / 'copy.so'
    copy.write_bytes(open(shim.module, 'rb').read())
    log = tmp_path / 'other.log'
    (tmp_path / 'copy.so.plan').write_text(
        f'# a comment\n\nmodule {shim.real_module}\nlog {log}\ncounter {tmp_path}/n\n'
        'C_Login 1 fail CKR_PIN_LOCKED\n')
    shim.module = str(copy)
    status, errors = program.run(LOGIN, shim.token.environment())
    assert status == 1 and 'CKR_PIN_LOCKED' in errors
    assert 'C_Login 0xa4 ' in log.read_text()


@pytest.mark.parametrize('line', [
    'C_Nonsense 1 kill', 'C_Login 0 kill', 'C_Login x kill', 'C_Login 1', 'C_Login 1 explode',
    'C_Login 1 fail', 'C_Login 1 fail CKR_NONSENSE', 'C_Login 1 kill now', 'C_Login 1 delay soon',
    'flags', 'flags LOCKED', 'flags +NONSENSE', 'mechanism CKM_RSA_PKCS', 'keysize CKM_RSA_PKCS 1',
    'token-info colour blue', 'token-info label', 'no-token please', 'token-count 3', 'capacity',
    'count-wrong-logins 0', 'pin-pad', 'duplicate-slot 2', 'bad-signature 0',
    'usage-false', 'usage-false CKR_NONSENSE', 'always-authenticate 1', 'modulus-hidden 1',
    'no-public-keys 1'])
def test_a_mistake_in_the_plan_stops_the_program_and_names_its_line(program, shim, line):
    shim.plan('# the first line is fine', line)
    status, errors = program.run(LOGIN)
    assert status == -signal.SIGABRT
    assert 'plan:2: not a rule and not a face' in errors
