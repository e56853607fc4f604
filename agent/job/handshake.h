#pragma once
/*
 * What the Connector's gateway showed in the last handshake of a run that was made with an identity
 * of ours: what a worker tells of it in its outcome.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* So many names of acceptable CAs are told, of so many bytes each. */
#define HANDSHAKE_NAMES_MAX 48
#define HANDSHAKE_NAME_MOST 511

struct record;

struct handshake {
	uint32_t generation; /* that it was made as; 0: there was none, and nothing below is set */
	bool same_issuer;  /* of that generation: the renewal before it brought the same CA again */
	bool issuer_named; /* an issuer of ours is among the names */
	uint32_t name_count; /* that the server sent; 0: none, and it says nothing */
	cJSON *names;        /* the first of them, as texts; NULL without. Owned */
	int64_t
	    server_end; /* of the first of its certificate and its CAs; 0: it was not verified */
	bool has_date;  /* an answer had one, and... */
	int64_t clock_ahead; /* ...so many seconds our clock was before it; negative: behind */
};

void handshake_clear(struct handshake *handshake);

/* The object of an outcome; NULL for none. Owned. */
cJSON *handshake_to_json(const struct handshake *handshake);
/* Absent: none. What is malformed spoils the record, and is none. The caller clears it. */
struct handshake handshake_from_json(struct record *record, const char *name);
