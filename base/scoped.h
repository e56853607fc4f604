#pragma once
/*
 * Cleanup at the end of scope.
 *
 *	scoped(X509_REQ) X509_REQ *request = X509_REQ_new();
 *	...
 *	*ret_request = take(request);
 *
 * DEFINE_SCOPED makes a type known to scoped(); its destructor gets no NULL. A module declares
 * its own types in its header.
 */
#include "base/compiler.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFINE_SCOPED(name, type, destroy)                                                         \
	__attribute__((unused)) static inline void scoped_destroy_##name(type *value)              \
	{                                                                                          \
		if (*value)                                                                        \
			destroy(*value);                                                           \
	}

#define scoped(name) __attribute__((cleanup(scoped_destroy_##name)))

/* The value, and NULL left in its place. */
#define take(pointer)                                                                              \
	__extension__({                                                                            \
		__typeof__(pointer) take_value = (pointer);                                        \
		(pointer) = NULL;                                                                  \
		take_value;                                                                        \
	})

static inline void scoped_free_stack(STACK_OF(X509) *stack)
{
	sk_X509_pop_free(stack, X509_free);
}

DEFINE_SCOPED(char, char *, free)
DEFINE_SCOPED(bytes, unsigned char *, free)
DEFINE_SCOPED(openssl_bytes, unsigned char *, OPENSSL_free)
DEFINE_SCOPED(FILE, FILE *, fclose)
DEFINE_SCOPED(DIR, DIR *, closedir)
DEFINE_SCOPED(cJSON, cJSON *, cJSON_Delete)
DEFINE_SCOPED(BIO, BIO *, BIO_free_all)
DEFINE_SCOPED(EVP_PKEY, EVP_PKEY *, EVP_PKEY_free)
DEFINE_SCOPED(EVP_MD_CTX, EVP_MD_CTX *, EVP_MD_CTX_free)
DEFINE_SCOPED(X509, X509 *, X509_free)
DEFINE_SCOPED(X509_NAME, X509_NAME *, X509_NAME_free)
DEFINE_SCOPED(X509_REQ, X509_REQ *, X509_REQ_free)
DEFINE_SCOPED(X509_STACK, STACK_OF(X509) *, scoped_free_stack)

/* A file descriptor; -1 is none. scoped(fd) int file = open(...); */
__attribute__((unused)) static inline void scoped_destroy_fd(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
}

/* The descriptor, and -1 left in its place. */
static inline int take_fd(int *descriptor)
{
	int value = *descriptor;

	*descriptor = -1;
	return value;
}
