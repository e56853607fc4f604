#include "agent/state/latch_memory.h"

#include "agent/state/latch.h"
#include "base/record.h"
#include "base/text.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

/* What OWASP asks for with PBKDF2-HMAC-SHA-512; about a tenth of a second. */
#define ITERATIONS 210000

static void add_hex(cJSON *object, const char *name, const unsigned char *bytes, size_t length)
{
	char text[2 * LATCH_HASH_SIZE + 1];

	text_to_hex(bytes, length, text);
	json_add_string(object, name, text);
}

static cJSON *format_refusal(const struct latch_refusal *refusal)
{
	cJSON *object = json_new_object();

	add_hex(object, "salt", refusal->salt, sizeof(refusal->salt));
	json_add_integer(object, "iterations", refusal->iterations);
	add_hex(object, "hash", refusal->hash, sizeof(refusal->hash));
	record_add_time(object, "at", refusal->at);
	return object;
}

static void format_trying(cJSON *object, const struct latch_memory *memory)
{
	cJSON *trying;

	if (memory->trying == 0)
		return;
	trying = json_add_object(object, "trying");
	record_add_time(trying, "since", memory->trying);
	json_add_integer(trying, "pid", memory->pid);
}

cJSON *latch_memory_format(const struct latch_memory *memory, const struct latch_token *token)
{
	cJSON *object = record_new();
	cJSON *refused;

	record_add_text(object, "manufacturer", token->manufacturer);
	record_add_text(object, "model", token->model);
	record_add_text(object, "serial", token->serial);
	record_add_text(object, "label", token->label);
	format_trying(object, memory);
	record_add_time(object, "unknown_refused", memory->unknown);
	refused = json_add_array(object, "refused");
	for (size_t i = 0; i < memory->count; i++)
		cJSON_AddItemToArray(refused, format_refusal(&memory->refused[i]));
	return object;
}

static void parse_bytes(
    struct record *record, const char *name, unsigned char *ret_bytes, size_t length)
{
	const char *text = json_string(record->object, name);

	if (!text || !text_from_hex(text, ret_bytes, length))
		record->good = false;
}

static bool parse_refusal(const cJSON *object, struct latch_refusal *ret_refusal)
{
	struct record record = { object, cJSON_IsObject(object) };

	parse_bytes(&record, "salt", ret_refusal->salt, sizeof(ret_refusal->salt));
	parse_bytes(&record, "hash", ret_refusal->hash, sizeof(ret_refusal->hash));
	ret_refusal->iterations =
	    (uint32_t)record_number(&record, "iterations", 1, LATCH_ITERATIONS_MAX);
	ret_refusal->at = record_time(&record, "at");
	return record.good;
}

static bool parse_trying(const cJSON *object, struct latch_memory *memory)
{
	struct record record = { object, cJSON_IsObject(object) };

	memory->trying = record_time(&record, "since");
	memory->pid = record_number(&record, "pid", 1, INT32_MAX);
	return record.good && memory->trying != 0;
}

bool latch_memory_parse(const cJSON *object, struct latch_memory *ret_memory)
{
	struct record record = record_begin(object);
	const cJSON *trying = json_member(object, "trying");
	const cJSON *refused = json_member(object, "refused");
	const cJSON *item;

	memset(ret_memory, 0, sizeof(*ret_memory));
	ret_memory->unknown = record_time(&record, "unknown_refused");
	if (!record.good || (trying && !parse_trying(trying, ret_memory)))
		return false;
	if (!cJSON_IsArray(refused) || cJSON_GetArraySize(refused) > LATCH_REFUSED_MAX)
		return false;
	cJSON_ArrayForEach (item, refused)
		if (!parse_refusal(item, &ret_memory->refused[ret_memory->count++]))
			return false;
	return true;
}

static bool hash_pin(const void *pin, size_t length, const struct latch_refusal *refusal,
    unsigned char ret_hash[LATCH_HASH_SIZE])
{
	return length <= INT_MAX
	       && PKCS5_PBKDF2_HMAC(pin, (int)length, refusal->salt, sizeof(refusal->salt),
		      (int)refusal->iterations, EVP_sha512(), LATCH_HASH_SIZE, ret_hash)
		      == 1;
}

const struct latch_refusal *latch_memory_find(
    const struct latch_memory *memory, const void *pin, size_t length)
{
	unsigned char hash[LATCH_HASH_SIZE];

	for (size_t i = 0; i < memory->count; i++) {
		const struct latch_refusal *refusal = &memory->refused[i];

		if (!hash_pin(pin, length, refusal, hash)
		    || CRYPTO_memcmp(hash, refusal->hash, sizeof(hash)) == 0)
			return refusal;
	}
	return NULL;
}

bool latch_memory_add(struct latch_memory *memory, const void *pin, size_t length, int64_t now)
{
	struct latch_refusal refusal = { .iterations = ITERATIONS, .at = now };

	if (!pin || memory->count == LATCH_REFUSED_MAX
	    || RAND_bytes(refusal.salt, sizeof(refusal.salt)) != 1
	    || !hash_pin(pin, length, &refusal, refusal.hash))
		return false;
	memory->refused[memory->count++] = refusal;
	return true;
}
