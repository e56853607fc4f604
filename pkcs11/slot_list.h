#pragma once
/*
 * The slots of a module that hold a token, and the one token that a URI means.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define SLOT_SURVEY_URIS_SIZE 256

struct module;
struct token_info;
struct token_uri;

/* Exactly one token matches; else ERROR_TOKEN lists those that do, or all that are there. A slot
   that cannot be read hides no other: the message counts it when nothing matches. */
MUST_CHECK bool slot_list_find(struct module *module, const struct token_uri *uri,
    struct token_info *ret_info, struct error *error);

struct slot_survey {
	size_t present, matching; /* tokens that are initialized, and those of them that match */
	size_t unreadable;
	bool alike; /* two that match have the same label and serial: no URI tells them apart */
	/* One URI for each that matches, or, when none does, for each that is present. */
	char uris[SLOT_SURVEY_URIS_SIZE];
};

/* What there is to choose from, for who has to. */
MUST_CHECK bool slot_list_survey(struct module *module, const struct token_uri *uri,
    struct slot_survey *ret_survey, struct error *error);
