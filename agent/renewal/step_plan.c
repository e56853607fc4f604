#include "agent/policy.h"
#include "agent/renewal/access.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/retention.h"
#include "agent/renewal/run.h"
#include "agent/renewal/steps.h"
#include "agent/renewal/wish.h"
#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/nameless.h"
#include "transport/ca_file.h"

#include <openssl/rand.h>

/* A fresh id for the new key; journal_advance writes it down before the token hears of it. */
bool step_plan(struct run *run, enum phase *ret_after, struct error *error)
{
	struct journal *journal = &run->journal;
	struct key_id id = { .length = POLICY_KEY_ID_SIZE };
	struct nameless nameless;
	char prefix[JOURNAL_LABEL_SIZE];

	(void)ret_after;
	/* Before a key is made that would wait for somebody to mend it. */
	if (!retention_mark_abandoned(run, error)
	    || !ca_file_check(run->settings->server_ca_file, error)
	    || !key_pair_check_bits(access_token(run), run->settings->key_bits, error)
	    || !nameless_find(access_token(run), &nameless, error)
	    || !generation_key_note_token(run, error))
		return false;
	if (RAND_bytes(id.bytes, (int)id.length) != 1)
		return error_set_openssl(error, ERROR_INTERNAL, "no random bytes for a key id");

	run_label_prefix(run, prefix);
	wish_note(run);
	/* Whatever was before: nobody has begun to make this key. */
	run->resumed = false;
	journal->enrolment = run->job->task == JOB_ENROLL;
	journal->generation = journal->last_generation + 1;
	journal->last_generation = journal->generation;
	journal->key_bits = run->settings->key_bits;
	journal->nameless_before = (int32_t)nameless.count;
	journal->generating = true;
	key_id_format(&id, journal->key_id);
	(void)text_format(
	    journal->key_label, sizeof(journal->key_label), "%s%u", prefix, journal->generation);
	return true;
}
