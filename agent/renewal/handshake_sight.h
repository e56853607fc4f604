#pragma once
/*
 * What is seen in a handshake that was made with an identity of ours, for the outcome.
 */
#include <stdint.h>

struct generation;
struct handshake;
struct https_facts;

/* In the place of what an earlier handshake of the run showed; nothing, unless the server came to ask
   for our certificate. A date is taken to be of `now`. */
void handshake_sight_take(const struct https_facts *facts, const struct generation *generation,
    int64_t now, struct handshake *handshake);
