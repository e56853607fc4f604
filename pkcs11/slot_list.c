#include "pkcs11/slot_list.h"

#include "base/scoped.h"
#include "base/text.h"
#include "pkcs11/field.h"
#include "pkcs11/module.h"
#include "pkcs11/token.h"
#include "pkcs11/token_uri.h"

#include <string.h>

#define SLOT_COUNT_MAX 4096
#define LISTING_LENGTH_MAX 600 /* of a message of 1023 bytes */

struct slot_list {
	CK_SLOT_ID *ids;
	CK_ULONG count;
};

static void scoped_destroy_slot_list(struct slot_list *list)
{
	free(list->ids);
}

struct listing {
	size_t count;
	struct text_buffer texts;
	struct text_buffer uris; /* a ", " after each: an URI has no blank in it */
	bool alike;
};

/* What a look at every slot finds. */
struct census {
	struct listing present, matching;
	size_t unreadable;
	CK_RV unreadable_result;
	struct token_info match; /* the last one */
};

#define LISTING_INIT                                                                               \
	{                                                                                          \
		.texts = TEXT_BUFFER_INIT(LISTING_LENGTH_MAX),                                     \
		.uris = TEXT_BUFFER_INIT(LISTING_LENGTH_MAX),                                      \
	}
#define CENSUS_INIT                                                                                \
	{                                                                                          \
		.present = LISTING_INIT, .matching = LISTING_INIT                                  \
	}

static void scoped_destroy_census(struct census *census)
{
	text_discard(&census->present.texts);
	text_discard(&census->present.uris);
	text_discard(&census->matching.texts);
	text_discard(&census->matching.uris);
}

static bool list_slots(struct module *module, struct slot_list *list, struct error *error)
{
	CK_FUNCTION_LIST *functions = module_functions(module);
	CK_RV result = CKR_BUFFER_TOO_SMALL;

	/* A token may be plugged in between the two calls. */
	for (int i = 0; i < 3 && result == CKR_BUFFER_TOO_SMALL; i++) {
		free(take(list->ids));
		result = functions->C_GetSlotList(CK_TRUE, NULL, &list->count);
		if (result != CKR_OK)
			break;
		if (list->count > SLOT_COUNT_MAX)
			return error_set(error, ERROR_TOKEN, "the module %s has %lu tokens",
			    module_path(module), list->count);
		if (list->count == 0)
			return true;
		list->ids = calloc(list->count, sizeof(*list->ids));
		if (!list->ids)
			return error_set(error, ERROR_INTERNAL, "no memory for a list of slots");
		result = functions->C_GetSlotList(CK_TRUE, list->ids, &list->count);
	}
	if (result != CKR_OK)
		return module_error(
		    error, result, "cannot list the tokens of %s", module_path(module));
	return true;
}

/* Some tokens pad with NULs; URIs are matched against fields padded with blanks. */
static void pad_with_blanks(unsigned char *field, size_t length)
{
	size_t end = strnlen((const char *)field, length);

	memset(field + end, ' ', length - end);
}

static void fill_info(struct token_info *info, CK_SLOT_ID slot, const CK_TOKEN_INFO *raw)
{
	*info = (struct token_info){ .slot = slot, .raw = *raw };
	pad_with_blanks(info->raw.label, sizeof(info->raw.label));
	pad_with_blanks(info->raw.manufacturerID, sizeof(info->raw.manufacturerID));
	pad_with_blanks(info->raw.model, sizeof(info->raw.model));
	pad_with_blanks(info->raw.serialNumber, sizeof(info->raw.serialNumber));
	field_text(info->raw.label, sizeof(info->raw.label), info->label, sizeof(info->label));
	field_text(info->raw.manufacturerID, sizeof(info->raw.manufacturerID), info->manufacturer,
	    sizeof(info->manufacturer));
	field_text(info->raw.model, sizeof(info->raw.model), info->model, sizeof(info->model));
	field_text(info->raw.serialNumber, sizeof(info->raw.serialNumber), info->serial,
	    sizeof(info->serial));
	info->login_required = raw->flags & CKF_LOGIN_REQUIRED;
	info->pin_pad = raw->flags & CKF_PROTECTED_AUTHENTICATION_PATH;
	info->pin_initialized = raw->flags & CKF_USER_PIN_INITIALIZED;
	info->pin_count_low = raw->flags & CKF_USER_PIN_COUNT_LOW;
	info->pin_final_try = raw->flags & CKF_USER_PIN_FINAL_TRY;
	info->pin_locked = raw->flags & CKF_USER_PIN_LOCKED;
	info->write_protected = raw->flags & CKF_WRITE_PROTECTED;
}

/* SoftHSM always shows one more slot, whose token waits to be initialized. */
static bool is_uninitialized(const struct token_info *info)
{
	return !(info->raw.flags & CKF_TOKEN_INITIALIZED) && info->label[0] == '\0';
}

static void list_uri(struct listing *listing, const struct token_info *info)
{
	scoped(char) char *uri = NULL;
	scoped(text) struct text_buffer item = TEXT_BUFFER_INIT(LISTING_LENGTH_MAX);
	struct error ignored = ERROR_INIT;

	if (!token_uri_name(info, &uri, &ignored) || !text_printf(&item, "%s, ", uri))
		return;
	if (listing->uris.length > 0 && strstr(listing->uris.data, item.data))
		listing->alike = true;
	else
		text_add_string(&listing->uris, item.data);
}

static void enlist(struct listing *listing, const struct token_info *info)
{
	listing->count++;
	text_printf(&listing->texts, "%s\"%s\" (serial %s, model %s, slot 0x%lx)",
	    listing->texts.length > 0 ? ", " : "", info->label, info->serial, info->model,
	    info->slot);
	list_uri(listing, info);
}

static void look(
    struct module *module, const struct token_uri *uri, CK_SLOT_ID slot, struct census *census)
{
	CK_TOKEN_INFO raw = { .flags = 0 };
	struct token_info info;
	CK_RV result = module_functions(module)->C_GetTokenInfo(slot, &raw);

	/* Pulled out since the slots were listed. */
	if (result == CKR_TOKEN_NOT_PRESENT)
		return;
	if (result != CKR_OK) {
		census->unreadable++;
		census->unreadable_result = result;
		return;
	}
	fill_info(&info, slot, &raw);
	if (is_uninitialized(&info))
		return;
	enlist(&census->present, &info);
	if (!token_uri_matches(uri, &info))
		return;
	census->match = info;
	enlist(&census->matching, &info);
}

static bool take_census(
    struct module *module, const struct token_uri *uri, struct census *census, struct error *error)
{
	scoped(slot_list) struct slot_list slots = { NULL, 0 };

	if (!list_slots(module, &slots, error))
		return false;
	for (CK_ULONG i = 0; i < slots.count; i++)
		look(module, uri, slots.ids[i], census);
	return true;
}

static const char *text_of(const struct listing *listing)
{
	return listing->texts.length > 0 ? listing->texts.data : "none";
}

static const char *more_of(const struct listing *listing)
{
	return listing->texts.failed ? ", ..." : "";
}

static bool judge(const struct census *census, const struct module *module,
    const struct token_uri *uri, struct error *error)
{
	char buffer[MODULE_RESULT_NAME_SIZE];

	if (census->matching.count == 1)
		return true;
	if (census->matching.count > 1)
		return error_set(error, ERROR_TOKEN, "%zu tokens match %s, %s: %s%s",
		    census->matching.count, token_uri_text(uri),
		    census->matching.alike ? "and no serial= tells them apart" : "add serial=",
		    text_of(&census->matching), more_of(&census->matching));
	if (census->unreadable > 0)
		return error_set(error, ERROR_TOKEN,
		    "no token of %s matches %s, and %zu could not be read (%s); those there: %s%s",
		    module_path(module), token_uri_text(uri), census->unreadable,
		    module_result_name(census->unreadable_result, buffer),
		    text_of(&census->present), more_of(&census->present));
	return error_set(error, ERROR_TOKEN, "no token of %s matches %s; those there: %s%s",
	    module_path(module), token_uri_text(uri), text_of(&census->present),
	    more_of(&census->present));
}

bool slot_list_find(struct module *module, const struct token_uri *uri, struct token_info *ret_info,
    struct error *error)
{
	scoped(census) struct census census = CENSUS_INIT;

	if (!take_census(module, uri, &census, error) || !judge(&census, module, uri, error))
		return false;

	*ret_info = census.match;
	return true;
}

/* Without the last ", "; as many as there is room for. */
static void copy_uris(struct text_buffer *uris, char target[SLOT_SURVEY_URIS_SIZE])
{
	size_t length = uris->length;

	while (length >= SLOT_SURVEY_URIS_SIZE) {
		do
			length--;
		while (length > 0 && uris->data[length - 1] != ' ');
	}
	if (length > 0)
		(void)text_format(target, SLOT_SURVEY_URIS_SIZE, "%.*s",
		    (int)(length - strlen(", ")), uris->data);
}

bool slot_list_survey(struct module *module, const struct token_uri *uri,
    struct slot_survey *ret_survey, struct error *error)
{
	scoped(census) struct census census = CENSUS_INIT;
	struct listing *shown = &census.present;

	if (!take_census(module, uri, &census, error))
		return false;
	if (census.matching.count > 0)
		shown = &census.matching;

	*ret_survey = (struct slot_survey){
		.present = census.present.count,
		.matching = census.matching.count,
		.unreadable = census.unreadable,
		.alike = census.matching.alike,
	};
	copy_uris(&shown->uris, ret_survey->uris);
	return true;
}
