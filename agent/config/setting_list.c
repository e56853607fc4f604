#include "agent/config/setting_list.h"

#include "base/scoped.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SHA256_SIZE 32
#define FINGERPRINT_LENGTH (2 * SHA256_SIZE)
#define LIST_TEXT_MAX (64 * 1024)

static const char separators[] = " \t,";

bool setting_list_parse(const char *text, struct setting_list *list, struct error *error)
{
	size_t before = list->count;

	for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
		size_t length = strcspn(text, separators);
		char *word;

		if (list->count == SETTINGS_LIST_MAX)
			return error_set(
			    error, ERROR_CONFIG, "has more than %d items", SETTINGS_LIST_MAX);
		word = strndup(text, length);
		if (!word)
			abort();
		list->items[list->count++] = word;
		text += length;
	}
	return list->count > before || error_set(error, ERROR_CONFIG, "must be one or more words");
}

/* In place: "AA:BB" becomes "aabb". */
static bool normalise(char *word)
{
	unsigned char bytes[SHA256_SIZE];
	const bool has_colons = strchr(word, ':') != NULL;
	size_t length = 0;

	for (size_t i = 0; word[i]; i++) {
		if (has_colons && i % 3 == 2) {
			if (word[i] != ':' || !word[i + 1])
				return false;
			continue;
		}
		word[length++] = (char)tolower((unsigned char)word[i]);
	}
	word[length] = '\0';
	return length == FINGERPRINT_LENGTH && text_from_hex(word, bytes, sizeof(bytes));
}

bool setting_list_parse_fingerprints(
    const char *text, struct setting_list *list, struct error *error)
{
	size_t before = list->count;

	if (!setting_list_parse(text, list, error))
		return false;
	for (size_t i = before; i < list->count; i++)
		if (!normalise(list->items[i]))
			return error_set(error, ERROR_CONFIG,
			    "must be the SHA-256 of a CA certificate or of its public key: %d "
			    "hexadecimal digits, with or without colons between the bytes",
			    FINGERPRINT_LENGTH);
	return true;
}

char *setting_list_format(const struct setting_list *list)
{
	scoped(text) struct text_buffer buffer = TEXT_BUFFER_INIT(LIST_TEXT_MAX);
	struct error error = ERROR_INIT;
	char *text = NULL;

	if (list->count == 0)
		return NULL;
	for (size_t i = 0; i < list->count; i++)
		(void)text_printf(&buffer, "%s%s", i > 0 ? " " : "", list->items[i]);
	if (!text_take(&buffer, &text, &error))
		abort();
	return text;
}

void setting_list_clear(struct setting_list *list)
{
	while (list->count > 0)
		free(list->items[--list->count]);
}
