#pragma once
/*
 * Text as tokens give it: not terminated, padded with blanks or NULs, meant to be UTF-8.
 */
#include <stddef.h>

/* Without the padding; control characters and what is not UTF-8 become '?'. What does not fit is
   cut between two characters. */
void field_text(const unsigned char *bytes, size_t length, char *target, size_t size);
