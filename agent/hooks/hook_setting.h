#pragma once
/*
 * Which setting says what is run for an event.
 */
#include "agent/state/debts.h"

struct identity_settings;

const char *hook_setting_name(enum hook_event event); /* "hook_renewed" */
/* The program and its arguments, as they are written; NULL: nothing is run. Borrowed. */
const char *hook_setting_command(const struct identity_settings *settings, enum hook_event event);
