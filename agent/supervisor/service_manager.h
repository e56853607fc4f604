#pragma once
/*
 * What systemd is told (sd_notify(3)): that we are ready, at work, at what, how long a step may
 * take, that we are alive. Without NOTIFY_SOCKET nothing is done, and a message that cannot be
 * delivered is lost: nothing depends on it here. A status is cut at its first line break, so that
 * a token's name says nothing else.
 */
#include <stdint.h>

#define SERVICE_STATUS_SIZE 700

/* Within `seconds` there will be another message, or we have ended. */
void service_manager_extend(const char *status, int64_t seconds);
/* After a start and after a reload. */
void service_manager_ready(const char *status);
void service_manager_status(const char *status);
/* Until the next service_manager_ready (Type=notify-reload). */
void service_manager_reloading(void);
void service_manager_stopping(const char *status);

/* Milliseconds after which service_manager_alive is to be called again, half of what the watchdog
   allows; -1: no watchdog looks at this process (WATCHDOG_USEC, WATCHDOG_PID). */
int service_manager_watchdog(void);
/* Feeds the watchdog, if there is one. Whoever waits calls it. */
void service_manager_alive(void);
