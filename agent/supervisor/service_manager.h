#pragma once
/*
 * What systemd is told while a step takes long: that we are at work, at what, and how long it may
 * take (sd_notify(3): STATUS, EXTEND_TIMEOUT_USEC). Without NOTIFY_SOCKET nothing is done, and a
 * message that cannot be delivered is lost: nothing depends on it here.
 */
#include <stdint.h>

#define SERVICE_STATUS_SIZE 700

/* Within `seconds` there will be another message, or we have ended. */
void service_manager_extend(const char *status, int64_t seconds);
