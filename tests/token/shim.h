#pragma once
/*
 * The shim's one state and the way of a call through it:
 *
 *   caller -> wrapper (counts, logs, follows the rules) -> faces -> real module
 *
 * The counters are the process's own, or shared by all processes that name the
 * same counter file. The log gets one line a call and never a PIN.
 */
#include <stdatomic.h>
#include <time.h>

#include "tests/token/plan.h"

struct counters {
	_Atomic uint64_t calls[FUNCTION_ANY + 1]; /* the last two count several functions */
	_Atomic uint64_t wrong_logins;
	_Atomic uint64_t signatures;
};

struct shim {
	struct plan plan;
	CK_FUNCTION_LIST *real;
	CK_FUNCTION_LIST faces; /* the real functions, some replaced by the faces' */
	CK_FUNCTION_LIST own;   /* what the caller gets */
	struct counters *counters;
};

/* Loads plan and module at the first use; aborts with a message if it cannot. */
struct shim *shim_get(void);

void token_faces_put_on(CK_FUNCTION_LIST *list);   /* slots, token and mechanisms */
void session_faces_put_on(CK_FUNCTION_LIST *list); /* login, objects and signatures */
void key_faces_put_on(CK_FUNCTION_LIST *list);     /* after those */

/* NULL when the plan says nothing of that mechanism. */
const struct mechanism_face *mechanism_face_find(CK_MECHANISM_TYPE type, bool absent);
CK_RV login_from_file(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin_file);

struct call {
	enum function function;
	uint64_t nth_of_function;
	uint64_t nth_of_signatures; /* 0: this is none */
	uint64_t nth_of_all;
	struct timespec start;
	CK_RV result; /* set when call_begin() returns false */
};

/* False: the call is answered already and must not be made. */
bool call_begin(struct call *call, enum function function);
/* What the caller is to be told. */
CK_RV call_end(struct call *call, CK_RV result);
/* One that was opened, for a rule that ends all but the first. */
void call_note_session(CK_SESSION_HANDLE session);
