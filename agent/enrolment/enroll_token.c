#include "agent/enrolment/enroll_token.h"

#include "agent/config/url_check.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* A decoded text, wiped when it goes. */
struct plain {
	char bytes[SECRET_SIZE_MAX + 4];
	size_t length;
};

__attribute__((unused)) static inline void scoped_destroy_plain(struct plain *plain)
{
	explicit_bzero(plain, sizeof(*plain));
}

/* cJSON frees its copies as they are. */
static void discard_json(cJSON *value)
{
	cJSON *member;

	cJSON_ArrayForEach (member, value) {
		if (cJSON_IsString(member))
			explicit_bzero(member->valuestring, strlen(member->valuestring));
	}
	cJSON_Delete(value);
}

DEFINE_SCOPED(secret_json, cJSON *, discard_json)

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

/* It becomes the value of an HTTP header: visible ASCII only. */
static bool set_token(
    struct enroll_token *token, const char *bytes, size_t length, struct error *error)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] <= ' ' || bytes[i] > '~')
			return error_set(error, ERROR_USAGE,
			    "the one-time token holds a blank, or what no token holds");
	if (length == 0)
		return error_set(error, ERROR_USAGE, "the one-time token is empty");
	return secret_new(&token->secret, error) && secret_set(token->secret, bytes, length, error);
}

static bool take_json(const cJSON *object, struct enroll_token *token, struct error *error)
{
	const char *value = json_string(object, "token");
	const char *url = json_string(object, "connectorURL");

	if (!value)
		return error_set(error, ERROR_USAGE, "the one-time token's JSON has no \"token\"");
	if (url && url[0]) {
		if (!url_check(url, error)) {
			error->kind = ERROR_USAGE;
			return error_prefix(error, "the one-time token's connectorURL");
		}
		token->url = text_duplicate(url);
	}
	return set_token(token, value, strlen(value), error);
}

/* NULL when it is not the base64 of JSON: a plain token may be base64 of anything. Owned. */
static cJSON *decode_json(const char *text, size_t length)
{
	scoped(plain) struct plain plain = { .length = 0 };
	struct error ignored = ERROR_INIT;
	cJSON *object = NULL;
	int decoded;

	if (length % 4 != 0 || length == 0)
		return NULL;
	decoded =
	    EVP_DecodeBlock((unsigned char *)plain.bytes, (const unsigned char *)text, (int)length);
	/* What the padding stands for is counted too. */
	while (decoded > 0 && text[length - 1] == '=') {
		decoded--;
		length--;
	}
	if (decoded <= 0 || plain.bytes[0] != '{'
	    || !json_parse(
		plain.bytes, (size_t)decoded, "the one-time token", ERROR_USAGE, &object, &ignored))
		return NULL;
	return object;
}

static bool unescape(const char *text, size_t length, struct plain *plain)
{
	for (size_t i = 0; i < length; i++) {
		char digits[3] = { 0 };

		if (text[i] != '%') {
			plain->bytes[plain->length++] = text[i];
			continue;
		}
		if (length - i < 3)
			return false;
		memcpy(digits, text + i + 1, 2);
		if (!text_from_hex(digits, (unsigned char *)plain->bytes + plain->length++, 1))
			return false;
		i += 2;
	}
	return true;
}

/* https://.../applications/signingRequests/info?token=...: the URL is that of another protocol. */
static bool parse_url(
    const char *text, size_t length, struct enroll_token *token, struct error *error)
{
	static const char name[] = "token=";
	scoped(plain) struct plain plain = { .length = 0 };
	const char *query = memchr(text, '?', length);
	const char *end = text + length;

	while (query && query < end) {
		const char *next = memchr(query + 1, '&', (size_t)(end - query - 1));
		const char *value = query + 1 + strlen(name);
		const char *value_end = next ? next : end;

		if (value <= value_end && strncmp(query + 1, name, strlen(name)) == 0) {
			if (!unescape(value, (size_t)(value_end - value), &plain))
				break;
			return set_token(token, plain.bytes, plain.length, error);
		}
		query = next;
	}
	return error_set(
	    error, ERROR_USAGE, "the URL given as one-time token has no ?token= in it");
}

static bool parse(const char *text, size_t length, struct enroll_token *token, struct error *error)
{
	scoped(secret_json) cJSON *object = NULL;

	while (length > 0 && is_blank(text[length - 1]))
		length--;
	while (length > 0 && is_blank(*text)) {
		text++;
		length--;
	}
	if (length > SECRET_SIZE_MAX)
		return error_set(error, ERROR_USAGE, "the one-time token is longer than %d bytes",
		    SECRET_SIZE_MAX);
	if (length >= 8 && strncmp(text, "https://", 8) == 0)
		return parse_url(text, length, token, error);
	if (length > 0 && text[0] == '{') {
		if (!json_parse(text, length, "the one-time token", ERROR_USAGE, &object, error))
			return false;
	} else {
		object = decode_json(text, length);
	}
	return object ? take_json(object, token, error) : set_token(token, text, length, error);
}

bool enroll_token_parse(
    const char *text, size_t length, struct enroll_token *ret_token, struct error *error)
{
	scoped(enroll_token) struct enroll_token token = { .secret = NULL };

	if (!parse(text, length, &token, error))
		return false;
	*ret_token = token;
	token = (struct enroll_token){ .secret = NULL };
	return true;
}

bool enroll_token_read(const char *path, struct enroll_token *ret_token, struct error *error)
{
	const bool is_stdin = text_equal(path, "-");
	scoped(fd) int file = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	scoped(secret) struct secret *text = NULL;
	struct stat status;

	if (file < 0 || fstat(file, &status) != 0)
		return error_set(
		    error, ERROR_USAGE, "cannot open the token file %s: %s", path, strerror(errno));
	if (!secret_new(&text, error))
		return false;
	if (!secret_read(text, file, is_stdin ? "standard input" : path, error)) {
		/* Too long, or a folder: what was given is no token. */
		error->kind = ERROR_USAGE;
		return false;
	}
	if (!enroll_token_parse(secret_bytes(text), secret_length(text), ret_token, error))
		return false;
	ret_token->exposed =
	    !is_stdin && S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
	return true;
}

void enroll_token_clear(struct enroll_token *token)
{
	secret_discard(token->secret);
	free(token->url);
	*token = (struct enroll_token){ .secret = NULL };
}
