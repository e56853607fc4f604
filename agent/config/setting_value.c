#include "agent/config/setting_value.h"

#include "agent/config/setting_choice.h"
#include "agent/config/setting_list.h"
#include "agent/config/url_check.h"
#include "base/command_line.h"
#include "base/duration.h"
#include "base/scoped.h"
#include "base/text.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#define PIN_DESCRIPTOR_LEAST 5 /* below are stderr and what the worker has of its own */

/* One kind of value: `at` is its place in the settings. */
struct kind {
	bool (*parse)(
	    const struct setting *setting, const char *text, void *at, struct error *error);
	char *(*format)(const void *at); /* owned; NULL: no value */
	void (*clear)(void *at);         /* NULL: nothing is owned */
};

static bool refuse(struct error *error, const char *expected)
{
	return error_set(error, ERROR_CONFIG, "must be %s", expected);
}

static char *format(const char *pattern, ...) PRINTF_LIKE(1, 2);
static char *format(const char *pattern, ...)
{
	scoped(text) struct text_buffer buffer = TEXT_BUFFER_INIT(64 * 1024);
	struct error error = ERROR_INIT;
	char *text = NULL;
	va_list values;

	va_start(values, pattern);
	(void)text_vprintf(&buffer, pattern, values);
	va_end(values);
	if (!text_take(&buffer, &text, &error))
		abort();
	return text;
}

static bool parse_text(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	char **target = at;

	(void)setting;
	(void)error;
	free(*target);
	*target = text_duplicate(text);
	return true;
}

static char *format_text(const void *at)
{
	const char *text = *(char *const *)at;

	return text ? text_duplicate(text) : NULL;
}

static void clear_text(void *at)
{
	char **target = at;

	free(*target);
	*target = NULL;
}

static bool parse_path(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	if (text[0] != '/' || strlen(text) >= PATH_MAX)
		return refuse(error, "an absolute path");
	return parse_text(setting, text, at, error);
}

static bool parse_url(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	return url_check(text, error) && parse_text(setting, text, at, error);
}

/* What it names is the token's business; that it holds no PIN has to be seen before anything
   shows the URI. */
static bool parse_token(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	if (strcasestr(text, "pin-value") || strcasestr(text, "pin-source"))
		return error_set(error, ERROR_CONFIG,
		    "must not hold a PIN (pin-value, pin-source): use pin_file, pin_credential, "
		    "pin_fd, pin_command or pin_pad");
	if (strcasestr(text, "module-path") || strcasestr(text, "module-name"))
		return error_set(error, ERROR_CONFIG,
		    "must not name a module (module-path, module-name): use module");
	if (!text_starts_with(text, "pkcs11:") || text_equal(text, "pkcs11:"))
		return refuse(error, "a PKCS#11 URI such as pkcs11:token=fleet");
	return parse_text(setting, text, at, error);
}

static bool parse_credential(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	if (strchr(text, '/') || text_equal(text, ".") || text_equal(text, ".."))
		return refuse(error, "the name of a credential, without '/'");
	return parse_text(setting, text, at, error);
}

static bool parse_command(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	scoped(command_line) struct command_line command = { .count = 0 };

	return command_line_parse(text, &command, error) && parse_text(setting, text, at, error);
}

static bool parse_list(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	(void)setting;
	return setting_list_parse(text, at, error);
}

static bool parse_fingerprints(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	(void)setting;
	return setting_list_parse_fingerprints(text, at, error);
}

static char *format_list(const void *at)
{
	return setting_list_format(at);
}

static void clear_list(void *at)
{
	setting_list_clear(at);
}

static bool parse_seconds(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	char least[32];
	char most[32];
	int64_t seconds;

	duration_format((int64_t)setting->least, least, sizeof(least));
	duration_format((int64_t)setting->most, most, sizeof(most));
	if (!duration_parse(text, &seconds) || (double)seconds < setting->least
	    || (double)seconds > setting->most)
		return error_set(error, ERROR_CONFIG,
		    "must be a length of time (30s, 5min, 1h, 2d) from %s to %s", least, most);
	*(int64_t *)at = seconds;
	return true;
}

static char *format_seconds(const void *at)
{
	return format("%" PRId64 "s", *(const int64_t *)at);
}

static bool parse_number(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	uint64_t number;

	if (!text_parse_number(text, (uint64_t)setting->least, (uint64_t)setting->most, &number))
		return error_set(error, ERROR_CONFIG, "must be a number from %.0f to %.0f",
		    setting->least, setting->most);
	*(uint32_t *)at = (uint32_t)number;
	return true;
}

static bool parse_key_bits(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	uint64_t bits;

	(void)setting;
	if (!text_parse_number(text, 2048, 4096, &bits)
	    || (bits != 2048 && bits != 3072 && bits != 4096))
		return refuse(error, "2048, 3072 or 4096");
	*(uint32_t *)at = (uint32_t)bits;
	return true;
}

static char *format_number(const void *at)
{
	return format("%" PRIu32, *(const uint32_t *)at);
}

/* Digits with at most one point between them; strtod would take more. No locale is ever set. */
static bool parse_decimal(const char *text, const char **ret_end, double *ret_number)
{
	static const char digits[] = "0123456789";
	size_t length = strspn(text, digits);
	size_t decimals = 0;

	if (length == 0)
		return false;
	if (text[length] == '.') {
		decimals = strspn(text + length + 1, digits);
		length += 1 + decimals;
	}
	if (length > 20 || text[length - 1] == '.')
		return false;
	*ret_number = strtod(text, NULL);
	*ret_end = text + length;
	return true;
}

static bool parse_fraction(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	const char *end;
	double number;
	double divisor = 1;

	if (!parse_decimal(text, &end, &number)
	    || (*end == '/' && (!parse_decimal(end + 1, &end, &divisor) || divisor <= 0))
	    || *end != '\0' || number / divisor < setting->least
	    || number / divisor > setting->most)
		return error_set(error, ERROR_CONFIG,
		    "must be a fraction (0.5 or 1/2) from %g to %g", setting->least, setting->most);
	*(double *)at = number / divisor;
	return true;
}

static char *format_fraction(const void *at)
{
	return format("%.15f", *(const double *)at);
}

static bool parse_windows(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	(void)setting;
	return windows_parse(text, at, error);
}

static char *format_windows(const void *at)
{
	const struct windows *windows = at;

	return windows->count > 0 ? windows_format(windows) : NULL;
}

static void clear_windows(void *at)
{
	((struct windows *)at)->count = 0;
}

static bool parse_yes_no(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	(void)setting;
	if (!text_equal(text, "yes") && !text_equal(text, "no"))
		return refuse(error, "yes or no");
	*(bool *)at = text_equal(text, "yes");
	return true;
}

static char *format_yes_no(const void *at)
{
	return text_duplicate(*(const bool *)at ? "yes" : "no");
}

static bool parse_descriptor(
    const struct setting *setting, const char *text, void *at, struct error *error)
{
	uint64_t number;

	if (!text_parse_number(text, 0, (uint64_t)setting->most, &number)
	    || (number != 0 && number < PIN_DESCRIPTOR_LEAST))
		return error_set(error, ERROR_CONFIG, "must be 0 or a number from %d to %.0f",
		    PIN_DESCRIPTOR_LEAST, setting->most);
	*(int *)at = (int)number;
	return true;
}

static char *format_descriptor(const void *at)
{
	return *(const int *)at < 0 ? NULL : format("%d", *(const int *)at);
}

static const struct kind kinds[] = {
	[SETTING_TEXT] = { parse_text, format_text, clear_text },
	[SETTING_PATH] = { parse_path, format_text, clear_text },
	[SETTING_URL] = { parse_url, format_text, clear_text },
	[SETTING_TOKEN] = { parse_token, format_text, clear_text },
	[SETTING_CREDENTIAL] = { parse_credential, format_text, clear_text },
	[SETTING_COMMAND] = { parse_command, format_text, clear_text },
	[SETTING_LIST] = { parse_list, format_list, clear_list },
	[SETTING_FINGERPRINTS] = { parse_fingerprints, format_list, clear_list },
	[SETTING_SECONDS] = { parse_seconds, format_seconds, NULL },
	[SETTING_NUMBER] = { parse_number, format_number, NULL },
	[SETTING_KEY_BITS] = { parse_key_bits, format_number, NULL },
	[SETTING_FRACTION] = { parse_fraction, format_fraction, NULL },
	[SETTING_WINDOWS] = { parse_windows, format_windows, clear_windows },
	[SETTING_YES_NO] = { parse_yes_no, format_yes_no, NULL },
	[SETTING_DESCRIPTOR] = { parse_descriptor, format_descriptor, NULL },
	[SETTING_SIGNER] = { setting_choice_parse_signer, setting_choice_format_signer, NULL },
	[SETTING_LOG_FORMAT] = { setting_choice_parse_log, setting_choice_format_log, NULL },
	[SETTING_PROBE] = { setting_choice_parse_probe, setting_choice_format_probe, NULL },
};

bool setting_parse(const struct setting *setting, const char *text,
    struct identity_settings *settings, struct error *error)
{
	void *at = (char *)settings + setting->offset;

	if (text[0] == '\0')
		return error_set(error, ERROR_CONFIG, "%s: has no value", setting->name);
	return kinds[setting->kind].parse(setting, text, at, error)
	       || error_prefix(error, "%s", setting->name);
}

char *setting_format(const struct setting *setting, const struct identity_settings *settings)
{
	return kinds[setting->kind].format((const char *)settings + setting->offset);
}

void setting_clear(const struct setting *setting, struct identity_settings *settings)
{
	if (kinds[setting->kind].clear)
		kinds[setting->kind].clear((char *)settings + setting->offset);
}
