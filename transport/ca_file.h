#pragma once
/*
 * The file of CA certificates that the server is verified against, looked at before libcurl is
 * asked, which would say only that something is wrong with it.
 */
#include "base/compiler.h"
#include "base/error.h"

/* A regular file with at least one PEM certificate; path NULL, the system's store, is fine.
   ERROR_CONFIG, or ERROR_PERMISSION for one that may not be read. */
MUST_CHECK bool ca_file_check(const char *path, struct error *error);
