#include "tests/fakes/full_journal.h"

#include "tests/fakes/authority.h"

#include <string.h>

struct journal full_journal(void)
{
	struct journal journal;

	journal_clear(&journal);

	journal.phase = PHASE_KEYED;
	journal.entered = AUTHORITY_NOW;
	journal.enrolment = true;
	journal.spare = true;
	journal.revoke_old = true;
	journal.destroy_old = true;
	journal.generation = UINT32_MAX - 1;
	memset(journal.key_id, 'a', sizeof(journal.key_id) - 1);
	memset(journal.key_label, 'l', sizeof(journal.key_label) - 1);
	memset(journal.key_token, 't', sizeof(journal.key_token) - 1);
	journal.key_bits = 4096;
	journal.generating = true;
	journal.nameless_before = INT32_MAX;
	journal.keyed = AUTHORITY_NOW + 1;
	journal.probe_refused = AUTHORITY_NOW + 2;
	memset(journal.director_url, 'd', sizeof(journal.director_url) - 1);
	memset(journal.connector_url, '\n', sizeof(journal.connector_url) - 1);
	memset(journal.request_id, '"', sizeof(journal.request_id) - 1);
	journal.last_generation = UINT32_MAX;
	journal.failures = UINT32_MAX;
	journal.next_attempt = AUTHORITY_NOW + 3;
	journal.rejections = 2;
	journal.rejected_since = AUTHORITY_NOW + 4;
	journal.reenroll = true;
	journal.spare_failures = UINT32_MAX;
	journal.spare_next_attempt = AUTHORITY_NOW + 8;
	memset(journal.spare_message, 's', sizeof(journal.spare_message) - 1);
	journal.certificates = UINT32_MAX;
	journal.certificates_since = AUTHORITY_NOW + 9;
	journal.last_run = AUTHORITY_NOW + 5;
	journal.last_success = AUTHORITY_NOW + 6;
	memset(journal.last_signer, 's', sizeof(journal.last_signer) - 1);
	journal.last_error_at = AUTHORITY_NOW + 7;
	journal.last_error = ERROR_KIND_COUNT - 1;
	memset(journal.last_message, 'm', sizeof(journal.last_message) - 1);
	for (int i = 0; i < ERROR_KIND_COUNT; i++)
		journal.renewals[i] = UINT32_MAX - (uint32_t)i;
	journal.key_generation_milliseconds = INT64_C(1000000000000);
	for (unsigned i = 0; i < JOURNAL_SPENT_TOKENS; i++)
		journal_note_spent_token(&journal, &i, sizeof(i));
	return journal;
}
