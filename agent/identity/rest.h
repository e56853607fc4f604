#pragma once
/*
 * That nothing is to be done, remembered: `<identity>/rest`, a cache.
 *
 * A timer asks about hundreds of identities of which none is due. The run that found that out writes
 * down until when it stays so, and a seal over everything that it follows from: the settings, and
 * which files it read, as stat(2) tells them apart. As long as the seal is whole the next run reads
 * one file instead of six. Anything else, a torn line too, means that the identity is looked at.
 */
#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

struct identity;
struct identity_settings;

#define REST_MESSAGE_SIZE 160

/* What rest_note was told, as long as it holds. */
MUST_CHECK bool rest_find(
    const struct identity_settings *settings, int64_t now, char ret_message[REST_MESSAGE_SIZE]);
/* Under the lock, when decide_renew has found nothing to do and nothing was done. For a day at most;
   not for an identity with windows, whose moments follow from the host's time zone too. What cannot
   be written only costs time. */
void rest_note(const struct identity *identity, int64_t now, const char *message);
