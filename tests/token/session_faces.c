/* Faces of a session: logins that are counted, room that runs out, wrong signatures. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/token/shim.h"

enum { MAX_PIN = 64 };

CK_RV login_from_file(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin_file)
{
	unsigned char pin[MAX_PIN];
	int fd = open(pin_file, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, pin, sizeof(pin));
	CK_RV result;

	if (fd >= 0)
		close(fd);
	if (length <= 0) {
		(void)fprintf(stderr, "token-shim: no PIN in %s\n", pin_file);
		return CKR_FUNCTION_CANCELED;
	}
	if (pin[length - 1] == '\n')
		length--;
	result = shim_get()->real->C_Login(session, user, pin, (CK_ULONG)length);
	explicit_bzero(pin, sizeof(pin));
	return result;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_len)
{
	const struct shim *shim = shim_get();
	const struct plan *plan = &shim->plan;
	bool counts = plan->wrong_logins > 0 && user == CKU_USER;
	CK_RV result;

	if (counts && shim->counters->wrong_logins >= plan->wrong_logins)
		return CKR_PIN_LOCKED;
	if (!pin && *plan->pin_pad_file)
		result = login_from_file(session, user, plan->pin_pad_file);
	else
		result = shim->real->C_Login(session, user, pin, pin_len);
	if (counts && result == CKR_OK)
		atomic_store(&shim->counters->wrong_logins, 0);
	if (counts && result == CKR_PIN_INCORRECT)
		atomic_fetch_add(&shim->counters->wrong_logins, 1);
	return result;
}

/* In a session of its own, because the caller's may be in the middle of a search. */
static CK_RV count_private_keys(CK_SESSION_HANDLE callers, CK_ULONG *ret_count)
{
	CK_FUNCTION_LIST *real = shim_get()->real;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE wanted[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
	};
	CK_OBJECT_HANDLE found[256];
	CK_SESSION_HANDLE session;
	CK_SESSION_INFO info;
	CK_RV result = real->C_GetSessionInfo(callers, &info);

	if (result == CKR_OK)
		result = real->C_OpenSession(info.slotID, CKF_SERIAL_SESSION, NULL, NULL, &session);
	if (result != CKR_OK)
		return result;
	result = real->C_FindObjectsInit(session, wanted, sizeof(wanted) / sizeof(wanted[0]));
	if (result == CKR_OK)
		result = real->C_FindObjects(
		    session, found, sizeof(found) / sizeof(found[0]), ret_count);
	real->C_CloseSession(session);
	return result;
}

static CK_RV check_room(CK_SESSION_HANDLE session)
{
	const struct plan *plan = &shim_get()->plan;
	CK_ULONG count = 0;
	CK_RV result;

	if (!plan->has_capacity)
		return CKR_OK;
	result = count_private_keys(session, &count);
	if (result == CKR_OK && count >= plan->capacity)
		return CKR_DEVICE_MEMORY;
	return result;
}

static CK_RV create_object(
    CK_SESSION_HANDLE session, CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *object)
{
	CK_RV result = check_room(session);

	if (result != CKR_OK)
		return result;
	return shim_get()->real->C_CreateObject(session, templ, count, object);
}

static CK_RV check_mechanism(const CK_MECHANISM *mechanism)
{
	return mechanism && mechanism_face_find(mechanism->mechanism, true) ? CKR_MECHANISM_INVALID
									    : CKR_OK;
}

static CK_RV check_key_size(
    const CK_MECHANISM *mechanism, const CK_ATTRIBUTE *templ, CK_ULONG count)
{
	const struct mechanism_face *face = mechanism_face_find(mechanism->mechanism, false);
	CK_ULONG bits;

	for (CK_ULONG i = 0; face && i < count; i++) {
		if (templ[i].type != CKA_MODULUS_BITS || templ[i].ulValueLen != sizeof(bits))
			continue;
		memcpy(&bits, templ[i].pValue, sizeof(bits));
		if ((face->min_bits != CK_UNAVAILABLE_INFORMATION && bits < face->min_bits)
		    || bits > face->max_bits)
			return CKR_KEY_SIZE_RANGE;
	}
	return CKR_OK;
}

static CK_RV generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
    CK_ATTRIBUTE *public_template, CK_ULONG public_count, CK_ATTRIBUTE *private_template,
    CK_ULONG private_count, CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	CK_RV result = mechanism ? check_mechanism(mechanism) : CKR_ARGUMENTS_BAD;

	if (result == CKR_OK)
		result = check_key_size(mechanism, public_template, public_count);
	if (result == CKR_OK)
		result = check_room(session);
	if (result != CKR_OK)
		return result;
	return shim_get()->real->C_GenerateKeyPair(session, mechanism, public_template,
	    public_count, private_template, private_count, public_key, private_key);
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	CK_RV result = check_mechanism(mechanism);

	return result == CKR_OK ? shim_get()->real->C_SignInit(session, mechanism, key) : result;
}

static CK_RV verify_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	CK_RV result = check_mechanism(mechanism);

	return result == CKR_OK ? shim_get()->real->C_VerifyInit(session, mechanism, key) : result;
}

static CK_RV encrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	CK_RV result = check_mechanism(mechanism);

	return result == CKR_OK ? shim_get()->real->C_EncryptInit(session, mechanism, key) : result;
}

static CK_RV decrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	CK_RV result = check_mechanism(mechanism);

	return result == CKR_OK ? shim_get()->real->C_DecryptInit(session, mechanism, key) : result;
}

/* Counts signatures and not calls: callers that ask for the size first call twice. */
static void spoil(CK_BYTE *signature, const CK_ULONG *length)
{
	struct shim *shim = shim_get();

	if (!signature || *length == 0)
		return;
	/* The last bit, so that an RSA signature stays below its modulus. */
	if (calls_include(
		&shim->plan.bad_signatures, atomic_fetch_add(&shim->counters->signatures, 1) + 1))
		signature[*length - 1] ^= 1;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
    CK_ULONG *signature_len)
{
	CK_RV result = shim_get()->real->C_Sign(session, data, data_len, signature, signature_len);

	if (result == CKR_OK)
		spoil(signature, signature_len);
	return result;
}

static CK_RV sign_final(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG *signature_len)
{
	CK_RV result = shim_get()->real->C_SignFinal(session, signature, signature_len);

	if (result == CKR_OK)
		spoil(signature, signature_len);
	return result;
}

void session_faces_put_on(CK_FUNCTION_LIST *list)
{
	list->C_Login = login;
	list->C_CreateObject = create_object;
	list->C_GenerateKeyPair = generate_key_pair;
	list->C_SignInit = sign_init;
	list->C_VerifyInit = verify_init;
	list->C_EncryptInit = encrypt_init;
	list->C_DecryptInit = decrypt_init;
	list->C_Sign = sign;
	list->C_SignFinal = sign_final;
}
