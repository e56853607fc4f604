/*
 * Faces: what the token shows of itself, changed by the plan.
 *
 * They touch initialised tokens only; SoftHSM's slot for the next new token
 * stays as it is, else every token would be there twice.
 */
#include <string.h>

#include "tests/token/shim.h"

/* Set besides in the number of a slot's twin; SoftHSM, whose numbers are random, has it clear. */
static const CK_SLOT_ID twin_bit = 1UL << 31;

enum { MAX_SLOTS = 32, MAX_LISTED_MECHANISMS = 256 };

static CK_SLOT_ID real_slot(CK_SLOT_ID slot)
{
	return shim_get()->plan.duplicate_slot ? slot & ~twin_bit : slot;
}

static bool slot_has_token(CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;

	return shim_get()->real->C_GetTokenInfo(slot, &info) == CKR_OK
	       && (info.flags & CKF_TOKEN_INITIALIZED) != 0;
}

static bool is_taken_away(CK_SLOT_ID slot)
{
	return shim_get()->plan.no_token && slot_has_token(real_slot(slot));
}

/* The convention of the standard for lists: ask for the size, then for the list. */
static CK_RV give_list(const CK_ULONG *items, CK_ULONG item_count, CK_ULONG *list, CK_ULONG *count)
{
	CK_ULONG room = *count;

	*count = item_count;
	if (!list)
		return CKR_OK;
	if (room < item_count)
		return CKR_BUFFER_TOO_SMALL;
	memcpy(list, items, item_count * sizeof(*items));
	return CKR_OK;
}

static CK_RV get_slot_list(CK_BBOOL token_present, CK_SLOT_ID *list, CK_ULONG *count)
{
	const struct shim *shim = shim_get();
	CK_SLOT_ID slots[MAX_SLOTS * 2];
	CK_SLOT_ID shown[MAX_SLOTS * 2];
	CK_ULONG shown_count = 0;
	CK_ULONG real_count = MAX_SLOTS;
	CK_RV result;

	if (!count)
		return CKR_ARGUMENTS_BAD;
	/* SoftHSM looks for new tokens only when it is asked for the size. */
	result = shim->real->C_GetSlotList(token_present, NULL, &real_count);
	real_count = MAX_SLOTS;
	if (result == CKR_OK)
		result = shim->real->C_GetSlotList(token_present, slots, &real_count);
	if (result != CKR_OK)
		return result;
	for (CK_ULONG i = 0; i < real_count; i++) {
		if (token_present && is_taken_away(slots[i]))
			continue;
		shown[shown_count++] = slots[i];
		if (shim->plan.duplicate_slot && slot_has_token(slots[i]))
			shown[shown_count++] = slots[i] | twin_bit;
	}
	return give_list(shown, shown_count, list, count);
}

static CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
	CK_RV result = shim_get()->real->C_GetSlotInfo(real_slot(slot), info);

	if (result == CKR_OK && is_taken_away(slot))
		info->flags &= ~CKF_TOKEN_PRESENT;
	return result;
}

/* Padded with blanks, not terminated. */
static void set_field(unsigned char *field, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length == 0)
		return;
	memset(field, ' ', size);
	memcpy(field, text, length < size ? length : size);
}

/* openCryptoki shows one of the three at a time; SoftHSM itself sets COUNT_LOW for ever. */
static CK_FLAGS wrong_login_flags(CK_FLAGS flags, uint64_t wrong, uint64_t allowed)
{
	flags &= ~(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED);
	if (wrong >= allowed)
		return flags | CKF_USER_PIN_LOCKED;
	if (wrong == allowed - 1)
		return flags | CKF_USER_PIN_FINAL_TRY;
	return wrong > 0 ? flags | CKF_USER_PIN_COUNT_LOW : flags;
}

static CK_FLAGS changed_flags(CK_FLAGS flags)
{
	const struct shim *shim = shim_get();
	const struct plan *plan = &shim->plan;

	if (plan->wrong_logins > 0)
		flags = wrong_login_flags(flags, shim->counters->wrong_logins, plan->wrong_logins);
	if (plan->no_login_needed)
		flags &= ~CKF_LOGIN_REQUIRED;
	if (*plan->pin_pad_file)
		flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
	return (flags | plan->flags_set) & ~plan->flags_cleared;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	const struct shim *shim = shim_get();
	const struct plan *plan = &shim->plan;
	CK_RV result = shim->real->C_GetTokenInfo(real_slot(slot), info);

	if (result != CKR_OK || (info->flags & CKF_TOKEN_INITIALIZED) == 0)
		return result;
	if (plan->no_token)
		return CKR_TOKEN_NOT_PRESENT;
	set_field(info->label, sizeof(info->label), plan->label);
	set_field(info->manufacturerID, sizeof(info->manufacturerID), plan->manufacturer);
	set_field(info->model, sizeof(info->model), plan->model);
	set_field(info->serialNumber, sizeof(info->serialNumber), plan->serial);
	info->flags = changed_flags(info->flags);
	if (plan->counts_unknown) {
		info->ulMaxSessionCount = info->ulSessionCount = CK_UNAVAILABLE_INFORMATION;
		info->ulMaxRwSessionCount = info->ulRwSessionCount = CK_UNAVAILABLE_INFORMATION;
		info->ulTotalPublicMemory = info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
		info->ulTotalPrivateMemory = info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
	}
	return CKR_OK;
}

const struct mechanism_face *mechanism_face_find(CK_MECHANISM_TYPE type, bool absent)
{
	const struct plan *plan = &shim_get()->plan;

	for (size_t i = 0; i < plan->mechanism_count; i++) {
		if (plan->mechanisms[i].type == type && plan->mechanisms[i].absent == absent)
			return &plan->mechanisms[i];
	}
	return NULL;
}

static CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	CK_MECHANISM_TYPE all[MAX_LISTED_MECHANISMS];
	CK_ULONG all_count = MAX_LISTED_MECHANISMS;
	CK_ULONG shown_count = 0;
	CK_RV result;

	if (!count)
		return CKR_ARGUMENTS_BAD;
	result = shim_get()->real->C_GetMechanismList(real_slot(slot), all, &all_count);
	if (result != CKR_OK)
		return result;
	for (CK_ULONG i = 0; i < all_count; i++) {
		if (!mechanism_face_find(all[i], true))
			all[shown_count++] = all[i];
	}
	return give_list(all, shown_count, list, count);
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	const struct mechanism_face *face = mechanism_face_find(type, false);
	CK_RV result;

	if (mechanism_face_find(type, true))
		return CKR_MECHANISM_INVALID;
	result = shim_get()->real->C_GetMechanismInfo(real_slot(slot), type, info);
	if (result == CKR_OK && face) {
		info->ulMinKeySize = face->min_bits;
		info->ulMaxKeySize = face->max_bits;
	}
	return result;
}

static CK_RV init_token(CK_SLOT_ID slot, CK_UTF8CHAR *pin, CK_ULONG pin_len, CK_UTF8CHAR *label)
{
	if (is_taken_away(slot))
		return CKR_TOKEN_NOT_PRESENT;
	return shim_get()->real->C_InitToken(real_slot(slot), pin, pin_len, label);
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
    CK_SESSION_HANDLE *session)
{
	const struct shim *shim = shim_get();
	CK_RV result;

	if (is_taken_away(slot))
		return CKR_TOKEN_NOT_PRESENT;
	result = shim->real->C_OpenSession(real_slot(slot), flags, application, notify, session);
	if (result == CKR_OK)
		call_note_session(*session);
	if (result == CKR_OK && *shim->plan.login_pin_file)
		login_from_file(*session, CKU_USER, shim->plan.login_pin_file);
	return result;
}

static CK_RV close_all_sessions(CK_SLOT_ID slot)
{
	return shim_get()->real->C_CloseAllSessions(real_slot(slot));
}

void token_faces_put_on(CK_FUNCTION_LIST *list)
{
	list->C_GetSlotList = get_slot_list;
	list->C_GetSlotInfo = get_slot_info;
	list->C_GetTokenInfo = get_token_info;
	list->C_GetMechanismList = get_mechanism_list;
	list->C_GetMechanismInfo = get_mechanism_info;
	list->C_InitToken = init_token;
	list->C_OpenSession = open_session;
	list->C_CloseAllSessions = close_all_sessions;
}
