#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/key_pair_read.h"
#include "pkcs11/module.h"
#include "pkcs11/object.h"
#include "pkcs11/token.h"

#include <string.h>

/* A private or public object with an id. */
struct entry {
	struct key_id id;
	bool private;
	CK_OBJECT_HANDLE object;
	char label[KEY_LABEL_SIZE];
};

struct entries {
	struct entry *at; /* owned */
	size_t count;
};

static void scoped_destroy_entries(struct entries *entries)
{
	free(entries->at);
}

/* Another program destroyed it since the search, or SoftHSM cannot make anything of it. */
static bool is_no_longer_a_key(CK_RV result)
{
	return result == CKR_OBJECT_HANDLE_INVALID || result == CKR_ATTRIBUTE_VALUE_INVALID;
}

/* *ret_has_id is false for an object without id, or with one that is too long to be ours. */
static CK_RV read_entry(
    const struct token *token, CK_OBJECT_HANDLE object, struct entry *entry, bool *ret_has_id)
{
	CK_RV result = object_read(
	    token, object, CKA_ID, entry->id.bytes, sizeof(entry->id.bytes), &entry->id.length);

	*ret_has_id = false;
	if (result == CKR_BUFFER_TOO_SMALL)
		return CKR_OK;
	if (result != CKR_OK || entry->id.length == OBJECT_UNKNOWN || entry->id.length == 0)
		return result;
	*ret_has_id = true;
	entry->object = object;
	return key_label_read(token, object, entry->label, sizeof(entry->label));
}

static CK_RV add_class(const struct token *token, CK_OBJECT_CLASS class, struct entries *entries)
{
	scoped(object_list) struct object_list objects = { NULL, 0 };
	CK_RV result = object_find_class(token, class, NULL, &objects);
	struct entry *grown;

	if (result != CKR_OK || objects.count == 0)
		return result;
	grown = reallocarray(entries->at, entries->count + objects.count, sizeof(*grown));
	if (!grown)
		return CKR_HOST_MEMORY;
	entries->at = grown;
	for (size_t i = 0; i < objects.count; i++) {
		struct entry *entry = &entries->at[entries->count];
		bool has_id;

		*entry = (struct entry){ .private = class == CKO_PRIVATE_KEY };
		result = read_entry(token, objects.handles[i], entry, &has_id);
		if (is_no_longer_a_key(result))
			continue;
		if (result != CKR_OK)
			return result;
		entries->count += has_id ? 1 : 0;
	}
	return CKR_OK;
}

/* By id, the private objects of an id first. */
static int compare_entries(const void *a, const void *b)
{
	const struct entry *left = a;
	const struct entry *right = b;
	size_t common = left->id.length < right->id.length ? left->id.length : right->id.length;
	int order = memcmp(left->id.bytes, right->id.bytes, common);

	if (order != 0)
		return order;
	if (left->id.length != right->id.length)
		return left->id.length < right->id.length ? -1 : 1;
	return (int)right->private - (int)left->private;
}

static int compare_labels(const void *a, const void *b)
{
	return strcmp(((const struct key_pair *)a)->label, ((const struct key_pair *)b)->label);
}

/* The entries of one id: they lie next to each other. */
struct group {
	const struct entry *first;
	size_t privates;
	size_t count;
};

static struct group group_at(const struct entries *entries, size_t start)
{
	struct group group = { &entries->at[start], 0, 0 };

	while (start + group.count < entries->count
	       && key_id_equal(&group.first->id, &group.first[group.count].id)) {
		group.privates += group.first[group.count].private ? 1 : 0;
		group.count++;
	}
	return group;
}

static bool has_label(const struct group *group, const char *prefix)
{
	for (size_t i = 0; i < group->count; i++)
		if (text_starts_with(group->first[i].label, prefix))
			return true;
	return false;
}

static CK_RV read_group(const struct token *token, const struct group *group, struct key_pair *pair)
{
	scoped(object_list) struct object_list handles = { NULL, 0 };
	struct object_list privates;
	struct object_list publics;

	handles.handles = calloc(group->count, sizeof(*handles.handles));
	if (!handles.handles)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < group->count; i++)
		handles.handles[i] = group->first[i].object;
	privates = (struct object_list){ handles.handles, group->privates };
	publics = (struct object_list){ handles.handles + group->privates,
		group->count - group->privates };
	pair->id = group->first->id;
	return key_pair_read(token, &privates, &publics, pair);
}

static bool list_error(struct error *error, CK_RV result, const struct token *token)
{
	return module_error(
	    error, result, "cannot list the keys of the token %s", token_name(token));
}

bool key_pair_list(const struct token *token, const char *label_prefix, struct key_pair **ret_pairs,
    size_t *ret_count, struct error *error)
{
	scoped(entries) struct entries entries = { NULL, 0 };
	scoped(key_pair_list) struct key_pair *pairs = NULL;
	struct group group;
	size_t count = 0;
	CK_RV result = add_class(token, CKO_PRIVATE_KEY, &entries);

	if (result == CKR_OK)
		result = add_class(token, CKO_PUBLIC_KEY, &entries);
	if (result != CKR_OK)
		return list_error(error, result, token);
	if (entries.count > 0)
		qsort(entries.at, entries.count, sizeof(*entries.at), compare_entries);
	/* One more, so that an empty list is no NULL. */
	pairs = calloc(entries.count + 1, sizeof(*pairs));
	if (!pairs)
		return list_error(error, CKR_HOST_MEMORY, token);
	for (size_t at = 0; at < entries.count; at += group.count) {
		group = group_at(&entries, at);
		if (!has_label(&group, label_prefix))
			continue;
		if (count == KEY_PAIR_LIST_MAX)
			return error_set(error, ERROR_TOKEN,
			    "the token %s has more than %d keys called %s...", token_name(token),
			    KEY_PAIR_LIST_MAX, label_prefix);
		result = read_group(token, &group, &pairs[count]);
		if (is_no_longer_a_key(result))
			continue;
		if (result != CKR_OK)
			return list_error(error, result, token);
		count++;
	}
	qsort(pairs, count, sizeof(*pairs), compare_labels);

	*ret_pairs = take(pairs);
	*ret_count = count;
	return true;
}

/* A token may not search by the attribute, and show every private key. */
static CK_RV read_wanting_pin(
    const struct token *token, CK_OBJECT_HANDLE object, struct key_pair *pair, bool *ret_wants)
{
	struct entry entry = { .private = true };
	CK_BBOOL wants = CK_FALSE;
	size_t length = 0;
	CK_RV result = read_entry(token, object, &entry, ret_wants);

	if (result != CKR_OK || !*ret_wants)
		return result;
	pair->id = entry.id;
	memcpy(pair->label, entry.label, sizeof(pair->label));
	result =
	    object_read(token, object, CKA_ALWAYS_AUTHENTICATE, &wants, sizeof(wants), &length);
	*ret_wants = result == CKR_OK && length == sizeof(wants) && wants;
	return result;
}

bool key_pair_list_wanting_pin(
    const struct token *token, struct key_pair **ret_pairs, size_t *ret_count, struct error *error)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE wanted[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_ALWAYS_AUTHENTICATE, &yes, sizeof(yes) },
	};
	scoped(object_list) struct object_list found = { NULL, 0 };
	scoped(key_pair_list) struct key_pair *pairs = NULL;
	size_t count = 0;
	CK_RV result = object_find(token, wanted, ARRAY_LENGTH(wanted), &found);

	/* A token that does not know the attribute has no key that is so. */
	if (result != CKR_OK && result != CKR_ATTRIBUTE_TYPE_INVALID)
		return list_error(error, result, token);
	pairs = calloc(found.count + 1, sizeof(*pairs));
	if (!pairs)
		return list_error(error, CKR_HOST_MEMORY, token);
	for (size_t i = 0; i < found.count; i++) {
		bool wants = false;

		result = read_wanting_pin(token, found.handles[i], &pairs[count], &wants);
		if (is_no_longer_a_key(result))
			continue;
		if (result != CKR_OK)
			return list_error(error, result, token);
		count += wants ? 1 : 0;
	}

	*ret_pairs = take(pairs);
	*ret_count = count;
	return true;
}
