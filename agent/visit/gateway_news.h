#pragma once
/*
 * What a run has found out about the Connector's gateway, told once: our issuer is no longer, or
 * again, among the CAs that it accepts; a CA is new there; its certificate ends soon; the clocks are
 * apart.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>

struct call;
struct identity;

/* As it was before the run. */
struct gateway_news {
	cJSON *names; /* NULL: none. Owned */
	bool all;     /* they are all that there were */
	bool missing;
};

struct gateway_news gateway_news_begin(const struct identity *identity);
/* Tells, and frees what was kept. */
void gateway_news_tell(
    struct gateway_news *before, const struct call *call, const struct identity *identity);
