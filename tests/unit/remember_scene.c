#include "tests/unit/remember_scene.h"

#include "agent/identity/remember.h"

int remember_set_up(void **state)
{
	struct host *host = calloc(1, sizeof(*host));

	assert_non_null(host);
	host->settings =
	    (struct identity_settings){ .name = "orders", .rejected_after = 10 * MINUTE };
	host->identity = (struct identity){
		.settings = &host->settings,
		.lock = -1,
		.active = { .number = 3 },
		.not_after = NOW + 1000 * HOUR,
	};
	journal_clear(&host->identity.journal);
	*state = host;
	return 0;
}

int remember_tear_down(void **state)
{
	free(*state);
	return 0;
}

void end_renewal(struct host *host, enum error_kind kind, int64_t now)
{
	error_clear(&host->error);
	if (kind != ERROR_NONE)
		(void)error_set(&host->error, kind, "it said no");
	host->outcome.error = host->error;
	remember_renewal(&host->identity, &host->outcome, now, &host->reason, &host->error);
}
