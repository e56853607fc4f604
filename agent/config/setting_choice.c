#include "agent/config/setting_choice.h"

#include "agent/config/settings.h"
#include "base/text.h"

static const char *const signers[] = {
	[SIGNER_CHOICE_AUTO] = "auto",
	[SIGNER_CHOICE_PROVIDER] = "provider",
	[SIGNER_CHOICE_ENGINE] = "engine",
	[SIGNER_CHOICE_PKCS11PROV] = "pkcs11prov",
};

static const char *const log_formats[] = {
	[LOG_FORMAT_TEXT] = "text",
	[LOG_FORMAT_JSON] = "json",
	[LOG_FORMAT_JOURNAL] = "journal",
};

static const char *const probes[] = {
	[PROBE_NONE] = "none",
	[PROBE_DAILY] = "daily",
};

/* The number of a word among `count`; `expected` names them all. */
static bool find(const char *text, const char *const *words, size_t count, const char *expected,
    unsigned *ret_number, struct error *error)
{
	for (unsigned i = 0; i < count; i++) {
		if (!text_equal(text, words[i]))
			continue;
		*ret_number = i;
		return true;
	}
	return error_set(error, ERROR_CONFIG, "must be %s", expected);
}

bool setting_choice_parse_signer(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	unsigned number = 0;

	(void)setting;
	if (!find(text, signers, ARRAY_LENGTH(signers), "auto, provider, engine or pkcs11prov",
		&number, error))
		return false;
	*(enum signer_choice *)at = (enum signer_choice)number;
	return true;
}

char *setting_choice_format_signer(const void *at)
{
	return text_duplicate(signers[*(const enum signer_choice *)at]);
}

bool setting_choice_parse_log(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	unsigned number = 0;

	(void)setting;
	if (!find(text, log_formats, ARRAY_LENGTH(log_formats), "text, json or journal", &number,
		error))
		return false;
	*(enum log_format *)at = (enum log_format)number;
	return true;
}

char *setting_choice_format_log(const void *at)
{
	return text_duplicate(log_formats[*(const enum log_format *)at]);
}

bool setting_choice_parse_probe(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	unsigned number = 0;

	(void)setting;
	if (!find(text, probes, ARRAY_LENGTH(probes), "none or daily", &number, error))
		return false;
	*(enum probe_choice *)at = (enum probe_choice)number;
	return true;
}

char *setting_choice_format_probe(const void *at)
{
	return text_duplicate(probes[*(const enum probe_choice *)at]);
}
