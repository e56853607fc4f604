#pragma once
/*
 * A journal in KEYED with a value in every member, the longest or largest where there is a limit.
 */
#include "agent/state/journal.h"

struct journal full_journal(void);
