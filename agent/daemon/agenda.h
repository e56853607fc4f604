#pragma once
/*
 * What the daemon has before it: when it may begin with each identity, and until when it may sleep.
 * Pure: both clocks are given, the wall's in seconds and one that never jumps in milliseconds.
 *
 * A moment of the wall clock says when an identity asks for a worker; a rest, by the other clock,
 * keeps a moment that stays in the past from being tried over and over.
 */
#include "agent/identity/moment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct identity_settings;

struct appointment {
	const struct identity_settings *settings; /* borrowed */
	struct moment moment;                     /* of the last look */
	bool watched;       /* what other programs do to it is noticed at once */
	bool tried;         /* since the last look */
	unsigned fruitless; /* tries in a row that did not move the moment into the future */
	int64_t rest;       /* milliseconds; not tried before */
	int64_t token_left; /* when the one-time token came that the last look has found; 0: none */
	int64_t busy;       /* the same as `rest`, while another run has it; 0: none has */
};

struct agenda {
	struct appointment *list; /* owned by the caller */
	size_t count;
	int64_t catch_up; /* what is long overdue is not begun before this moment */
};

/* What a look has found. After a try that was of no use the rest grows, from a minute to an hour. */
void appointment_note(
    struct appointment *appointment, struct moment moment, int64_t now, int64_t milliseconds);
void appointment_tried(struct appointment *appointment, int64_t milliseconds);
/* Whether somebody else is at work on it, as a look has found. */
void appointment_note_busy(struct appointment *appointment, bool busy, int64_t milliseconds);
/* As if it had never been tried: somebody says that things are different now. */
void appointment_forget(struct appointment *appointment);

/* Whether the wall clock has gone on by itself, for longer than a moment may be overdue, while it went
   on by `wall` seconds and the steady one by `milliseconds`. */
bool agenda_was_away(int64_t wall, int64_t milliseconds);
/* Hosts that were off together do not all begin at once: each waits for its share of two minutes,
   which follows from `tag`, 8 hexadecimal digits. */
int64_t agenda_catch_up(const char *tag, int64_t now);
/* When this one may be begun, at least `now`; INT64_MAX: not by itself. */
int64_t agenda_start(const struct agenda *agenda, const struct appointment *appointment,
    int64_t now, int64_t milliseconds);
/* The one that comes first; NULL when none comes by itself. Borrowed. */
const struct appointment *agenda_first(
    const struct agenda *agenda, int64_t now, int64_t milliseconds);
/* Until when to sleep: everything is looked at once a day at least, and every hour what is not
   watched. */
int64_t agenda_wake(const struct agenda *agenda, int64_t now, int64_t milliseconds);
