"""What the token shows when a face is put on it."""
import pytest

INFO = 'answer(library.getTokenInfo(slots()[0]).flags2text())'


def test_flags_are_added_and_taken_away(program, shim):
    before = program.ask(INFO)
    shim.plan('flags +FINAL_TRY -LOGIN_REQUIRED', 'flags +CKF_WRITE_PROTECTED')
    after = program.ask(INFO)
    assert set(after) - set(before) == {'CKF_USER_PIN_FINAL_TRY', 'CKF_WRITE_PROTECTED'}
    assert set(before) - set(after) == {'CKF_LOGIN_REQUIRED'}


@pytest.mark.parametrize('short, flag', [
    ('COUNT_LOW', 'CKF_USER_PIN_COUNT_LOW'), ('LOCKED', 'CKF_USER_PIN_LOCKED'),
    ('TO_BE_CHANGED', 'CKF_USER_PIN_TO_BE_CHANGED'),
    ('PROTECTED_AUTHENTICATION_PATH', 'CKF_PROTECTED_AUTHENTICATION_PATH')])
def test_flags_have_short_names(program, shim, short, flag):
    assert flag not in program.ask(INFO)
    shim.plan(f'flags +{short}')
    assert flag in program.ask(INFO)


def test_a_mechanism_is_absent_from_the_list_and_refused_in_use(program, shim):
    body = '''
slot = slots()[0]
s = session()
s.login(pin)
public, private = generate(s)
answer(['CKM_RSA_PKCS_PSS' in library.getMechanismList(slot),
        'CKM_RSA_PKCS' in library.getMechanismList(slot),
        refusal(library.getMechanismInfo, slot, 'CKM_RSA_PKCS_PSS'),
        refusal(s.sign, private, b'x' * 20, RSA_PSS_Mechanism(CKM_RSA_PKCS_PSS, CKM_SHA_1,
                                                              CKG_MGF1_SHA1, 20))])
'''
    assert program.ask(body) == [True, True, 'CKR_OK', 'CKR_OK']
    shim.plan('mechanism CKM_RSA_PKCS_PSS absent')
    assert program.ask(body) == [False, True, 'CKR_MECHANISM_INVALID', 'CKR_MECHANISM_INVALID']


def test_a_key_size_has_limits(program, shim):
    shim.plan('keysize CKM_RSA_PKCS_KEY_PAIR_GEN 1024 2048')
    assert program.ask('''
info = library.getMechanismInfo(slots()[0], 'CKM_RSA_PKCS_KEY_PAIR_GEN')
s = session()
s.login(pin)
answer([info.ulMinKeySize, info.ulMaxKeySize, refusal(generate, s, 4096),
        refusal(generate, s, 1024)])
''') == [1024, 2048, 'CKR_KEY_SIZE_RANGE', 'CKR_OK']


def test_token_info_shows_other_words(program, shim):
    shim.plan('token-info label a label with blanks', 'token-info serial 00ff',
              'token-info model M1', 'token-info manufacturer Nobody Ltd')
    assert program.ask('''
info = library.getTokenInfo(slots()[0])
answer([info.label.strip(), info.serialNumber.strip(), info.model.strip(),
        info.manufacturerID.strip()])
''') == ['a label with blanks', '00ff', 'M1', 'Nobody Ltd']


def test_a_duplicate_slot_shows_the_token_twice_and_both_can_be_used(program, shim):
    body = '''
def use(slot):
    s = library.openSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)
    outcome = refusal(s.login, pin)
    library.closeAllSessions(slot)
    return outcome
answer([[library.getTokenInfo(slot).serialNumber for slot in slots()],
        [use(slot) for slot in slots()]])
'''
    serials, _ = program.ask(body)
    shim.plan('duplicate-slot')
    assert program.ask(body) == [serials * 2, ['CKR_OK', 'CKR_OK']]


def test_no_token_shows_empty_slots(program, shim):
    body = '''
every = library.getSlotList(tokenPresent=False)
empty = [slot for slot in every if not library.getSlotInfo(slot).flags & CKF_TOKEN_PRESENT]
answer([len(slots()), len(empty), [refusal(library.openSession, slot) for slot in empty]])
'''
    assert program.ask(body) == [1, 0, []]
    shim.plan('no-token')
    assert program.ask(body) == [0, 1, ['CKR_TOKEN_NOT_PRESENT']]


def test_counts_can_be_unknown(program, shim):
    body = '''
info = library.getTokenInfo(slots()[0])
unknown = 2**64 - 1
answer([value % 2**64 == unknown for value in (
    info.ulMaxSessionCount, info.ulSessionCount, info.ulMaxRwSessionCount, info.ulRwSessionCount)])
'''
    assert program.ask(body) != [True] * 4
    shim.plan('token-count UNKNOWN')
    assert program.ask(body) == [True] * 4


def test_a_token_without_login_shows_its_private_keys(program, shim, token):
    token.make_key_pair('key', b'\x01')
    body = '''
answer([library.getTokenInfo(slots()[0]).flags & CKF_LOGIN_REQUIRED != 0,
        len(session().findObjects([(CKA_CLASS, CKO_PRIVATE_KEY)]))])
'''
    assert program.ask(body) == [True, 0]
    shim.plan('unlogin-required')
    assert program.ask(body) == [False, 0]
    shim.plan(f'unlogin-required {token.pin_file}')
    assert program.ask(body) == [False, 1]


def test_a_pin_pad_supplies_the_pin(program, shim, token):
    body = '''
info = library.getTokenInfo(slots()[0])
answer([info.flags & CKF_PROTECTED_AUTHENTICATION_PATH != 0, refusal(session().login, None)])
'''
    assert program.ask(body) == [False, 'CKR_ARGUMENTS_BAD']
    shim.plan(f'pin-pad {token.pin_file}')
    assert program.ask(body) == [True, 'CKR_OK']


def test_wrong_logins_lock_the_token_over_processes(program, shim):
    shim.plan('count-wrong-logins 3')
    wrong = '''
answer([refusal(session().login, '0000'),
        [flag for flag in library.getTokenInfo(slots()[0]).flags2text() if '_USER_PIN_' in flag
         and 'INITIALIZED' not in flag]])
'''
    assert program.ask(wrong) == ['CKR_PIN_INCORRECT', ['CKF_USER_PIN_COUNT_LOW']]
    assert program.ask(wrong) == ['CKR_PIN_INCORRECT', ['CKF_USER_PIN_FINAL_TRY']]
    assert program.ask(wrong) == ['CKR_PIN_INCORRECT', ['CKF_USER_PIN_LOCKED']]
    assert program.ask('answer(refusal(session().login, pin))') == 'CKR_PIN_LOCKED'


def test_a_right_login_forgives_the_wrong_ones(program, shim):
    shim.plan('count-wrong-logins 2')
    assert program.ask('''
s = session()
answer([refusal(s.login, each) for each in ('0000', pin)] + [refusal(s.logout)]
       + [refusal(s.login, each) for each in ('0000', pin)])
''') == ['CKR_PIN_INCORRECT', 'CKR_OK', 'CKR_OK', 'CKR_PIN_INCORRECT', 'CKR_OK']


def test_a_full_token_takes_no_key_and_no_object_until_a_key_is_destroyed(program, shim, token):
    token.make_key_pair('key', b'\x01')
    shim.plan('capacity 2')
    body = '''
s = session()
s.login(pin)
answer([refusal(generate, s), refusal(s.createObject, [
    (CKA_CLASS, CKO_DATA), (CKA_TOKEN, True), (CKA_VALUE, (1,))])])
'''
    assert program.ask(body) == ['CKR_OK', 'CKR_DEVICE_MEMORY']
    assert program.ask(body) == ['CKR_DEVICE_MEMORY', 'CKR_DEVICE_MEMORY']
    assert len(token.private_keys()) == 2
    token.destroy(id=b'\x01')
    assert program.ask(body)[0] == 'CKR_OK'


def test_a_bad_signature_does_not_verify(program, shim):
    shim.plan('bad-signature 2')
    assert program.ask('''
s = session()
s.login(pin)
public, private = generate(s)
answer([s.verify(public, b'text', s.sign(private, b'text')) for _ in range(3)])
''') == [True, False, True]
