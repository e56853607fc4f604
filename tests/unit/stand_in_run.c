#include "tests/unit/stand_in_run.h"

#include <signal.h>
#include <string.h>

struct stand_in stand_in;

int stand_in_run_start(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	stand_in_start(&stand_in);
	return 0;
}

int stand_in_run_stop(void **state)
{
	(void)state;
	stand_in_stop(&stand_in);
	return 0;
}

int stand_in_run_begin(void **state)
{
	stand_in_reset(&stand_in);
	error_clear(*state);
	return 0;
}

struct https *stand_in_run_open(const struct https_identity *as)
{
	struct error error = ERROR_INIT;
	struct https *https = NULL;

	assert_ok(https_open(&stand_in.settings, as, &https, &error), &error);
	return https;
}

bool stand_in_run_post(struct https *https, struct https_answer *ret_answer, struct error *error)
{
	return https_post(https, stand_in_text(&stand_in, "mtls_url"), NULL, PROBE, strlen(PROBE),
	    ret_answer, error);
}
