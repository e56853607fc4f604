#include "agent/state/journal.h"

#include "agent/state/journal_json.h"
#include "agent/state/schedule.h"
#include "agent/state/state_file.h"
#include "agent/state/store.h"
#include "base/record.h"
#include "base/scoped.h"
#include "base/text.h"

#include <openssl/sha.h>
#include <string.h>

#define JOURNAL_NAME "journal.json"
#define DAY 86400

/* The content is fsynced before every rename, because on some file systems a power cut leaves an
   empty file otherwise, and with it the id of the key in the making would be lost. The rename is
   fsynced where the phase announces a deed that the phase before it would not look for. */
static const struct {
	const char *name;
	enum state_file_safety safety;
} phases[] = {
	/* What is remembered between runs is complete. */
	[PHASE_IDLE] = { "IDLE", STATE_FILE_ON_DISK },
	/* A key comes to be in the token; only this tells that it is ours. */
	[PHASE_PLANNED] = { "PLANNED", STATE_FILE_ON_DISK },
	/* PLANNED finds the pair that is there. */
	[PHASE_KEYED] = { "KEYED", STATE_FILE_MAY_BE_OLD },
	/* KEYED asks again: signing leaves nothing behind at the Connector. */
	[PHASE_ISSUED] = { "ISSUED", STATE_FILE_MAY_BE_OLD },
	/* ISSUED writes the generation again, which nothing points to. */
	[PHASE_VERIFIED] = { "VERIFIED", STATE_FILE_MAY_BE_OLD },
	/* `current` moves: none of the above may be what is left, they would write into or
	   discard the generation that is active by then. One folder fsync settles them all. */
	[PHASE_PROVEN] = { "PROVEN", STATE_FILE_ON_DISK },
	/* PROVEN activates what is active already. */
	[PHASE_ACTIVE] = { "ACTIVE", STATE_FILE_MAY_BE_OLD },
	/* The key is destroyed: PLANNED would take that for one still to be made. */
	[PHASE_REJECTED] = { "REJECTED", STATE_FILE_ON_DISK },
};

_Static_assert(ARRAY_LENGTH(phases) == PHASE_COUNT, "every phase has its row");

const char *journal_phase_name(enum phase phase)
{
	return phases[phase].name;
}

static void clear_renewal(struct journal *journal)
{
	journal->enrolment = false;
	journal->spare = false;
	journal->existing = false;
	journal->revoke_old = false;
	journal->destroy_old = false;
	journal->generation = 0;
	memset(journal->key_id, 0, sizeof(journal->key_id));
	memset(journal->key_label, 0, sizeof(journal->key_label));
	memset(journal->key_token, 0, sizeof(journal->key_token));
	journal->key_bits = 0;
	journal->generating = false;
	journal->nameless_before = -1;
	journal->keyed = 0;
	journal->probe_refused = 0;
	memset(journal->director_url, 0, sizeof(journal->director_url));
	memset(journal->connector_url, 0, sizeof(journal->connector_url));
	memset(journal->request_id, 0, sizeof(journal->request_id));
}

void journal_clear(struct journal *journal)
{
	memset(journal, 0, sizeof(*journal));
	clear_renewal(journal);
}

static struct state_folder folder_of(const struct store *store)
{
	return (struct state_folder){ store_folder(store), store_path(store) };
}

/* Numbers are never used again, whatever became of the journal that gave them. And a journal that
   is older than the store, out of a backup, must not take the key that is active for one in the
   making, which it may destroy, nor one that has been used for a spare. */
static bool compare_with_store(
    const struct store *store, struct journal *journal, struct error *error)
{
	uint32_t highest;
	uint32_t current;

	if (!store_highest(store, &highest, error) || !store_current(store, &current, error))
		return false;
	if (journal->last_generation < highest)
		journal->last_generation = highest;
	if (journal->last_generation < journal->generation)
		journal->last_generation = journal->generation;
	if (journal->generation != 0 && journal->generation == current
	    && journal->phase != PHASE_ACTIVE) {
		journal->phase = PHASE_PROVEN;
		journal->spare = false;
	}
	/* Also of one that was gone back from. */
	if (journal->spare && journal->generation != current && journal->generation <= highest) {
		journal->phase = PHASE_IDLE;
		clear_renewal(journal);
	}
	return true;
}

bool journal_read(
    const struct store *store, struct journal *ret_journal, bool *ret_damaged, struct error *error)
{
	struct state_folder folder = folder_of(store);
	scoped(cJSON) cJSON *object = NULL;

	if (!state_file_read(&folder, JOURNAL_NAME, &object, ret_damaged, error))
		return false;
	if (object && !journal_json_parse(object, ret_journal))
		*ret_damaged = true;
	if (!object || *ret_damaged)
		journal_clear(ret_journal);
	return compare_with_store(store, ret_journal, error);
}

bool journal_load(
    const struct store *store, struct journal *ret_journal, bool *ret_damaged, struct error *error)
{
	struct state_folder folder = folder_of(store);

	if (!journal_read(store, ret_journal, ret_damaged, error))
		return false;
	return !*ret_damaged || state_file_set_aside(&folder, JOURNAL_NAME, error);
}

static bool write_journal(const struct store *store, struct journal *journal, int64_t now,
    enum state_file_safety safety, struct error *error)
{
	struct state_folder folder = folder_of(store);
	int64_t saved_before = journal->saved;
	scoped(cJSON) cJSON *object = NULL;

	journal->saved = now;
	object = journal_json_format(journal);
	if (state_file_write(&folder, JOURNAL_NAME, object, safety, error))
		return true;
	journal->saved = saved_before;
	return false;
}

bool journal_save(
    const struct store *store, struct journal *journal, int64_t now, struct error *error)
{
	return write_journal(store, journal, now, STATE_FILE_ON_DISK, error);
}

bool journal_advance(const struct store *store, struct journal *journal, enum phase next,
    int64_t now, struct error *error)
{
	struct journal advanced = *journal;

	advanced.phase = next;
	advanced.entered = now;
	if (advanced.last_generation < advanced.generation)
		advanced.last_generation = advanced.generation;
	if (next == PHASE_IDLE)
		clear_renewal(&advanced);
	if (!write_journal(store, &advanced, now, phases[next].safety, error))
		return error_prefix(error, "enter %s", phases[next].name);
	*journal = advanced;
	return true;
}

bool journal_is_renewing(const struct journal *journal)
{
	return journal->phase != PHASE_IDLE && !journal->spare;
}

uint32_t journal_candidate(const struct journal *journal)
{
	return journal->phase == PHASE_IDLE || journal->existing ? 0 : journal->generation;
}

bool journal_has_spare(const struct journal *journal)
{
	return journal->phase == PHASE_KEYED && journal->spare;
}

bool journal_lacks_spare(const struct journal *journal, int64_t now)
{
	int64_t next = journal->spare_next_attempt;

	return !journal_is_renewing(journal) && !journal_has_spare(journal)
	       && (next <= now || next - now > SCHEDULE_BACKOFF_MAX);
}

static bool day_is_over(const struct journal *journal, int64_t now)
{
	return journal->certificates_since == 0 || journal->certificates_since > now
	       || now - journal->certificates_since >= DAY;
}

void journal_count_certificate(struct journal *journal, int64_t now)
{
	if (day_is_over(journal, now)) {
		journal->certificates = 0;
		journal->certificates_since = now;
	}
	if (journal->certificates < UINT32_MAX)
		journal->certificates++;
}

int64_t journal_next_certificate(const struct journal *journal, uint32_t most, int64_t now)
{
	return day_is_over(journal, now) || journal->certificates < most
		   ? 0
		   : journal->certificates_since + DAY;
}

static void digest_token(const void *token, size_t length, char text[JOURNAL_KEY_ID_SIZE])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256(token, length, digest);
	text_to_hex(digest, sizeof(digest), text);
}

bool journal_token_is_spent(const struct journal *journal, const void *token, size_t length)
{
	char digest[JOURNAL_KEY_ID_SIZE];

	digest_token(token, length, digest);
	for (size_t i = 0; i < JOURNAL_SPENT_TOKENS; i++)
		if (text_equal(journal->spent_tokens[i], digest))
			return true;
	return false;
}

void journal_note_spent_token(struct journal *journal, const void *token, size_t length)
{
	const size_t last = JOURNAL_SPENT_TOKENS - 1;
	size_t count = 0;

	if (journal_token_is_spent(journal, token, length))
		return;
	while (count < JOURNAL_SPENT_TOKENS && journal->spent_tokens[count][0])
		count++;
	if (count == JOURNAL_SPENT_TOKENS) {
		memmove(journal->spent_tokens[0], journal->spent_tokens[1],
		    last * sizeof(journal->spent_tokens[0]));
		count = last;
	}
	digest_token(token, length, journal->spent_tokens[count]);
}

void journal_forget_spent_token(struct journal *journal, const void *token, size_t length)
{
	const size_t last = JOURNAL_SPENT_TOKENS - 1;
	char digest[JOURNAL_KEY_ID_SIZE];

	digest_token(token, length, digest);
	for (size_t i = 0; i < JOURNAL_SPENT_TOKENS; i++) {
		if (!text_equal(journal->spent_tokens[i], digest))
			continue;
		memmove(&journal->spent_tokens[i], &journal->spent_tokens[i + 1],
		    (last - i) * sizeof(journal->spent_tokens[0]));
		memset(journal->spent_tokens[last], 0, sizeof(journal->spent_tokens[last]));
		return;
	}
}
