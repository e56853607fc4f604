/*
 * agent/x509/subject: a name that was read is shown as a text that reads as the same name.
 */
#include "agent/x509/subject.h"

#include "base/scoped.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_shown(const X509_NAME *name)
{
	scoped(char) char *text = NULL;
	scoped(X509_NAME) X509_NAME *again = NULL;
	struct error error = ERROR_INIT;

	must(subject_format(name, &text, &error));
	if (strlen(text) > SUBJECT_TEXT_MAX) /* escapes make it longer */
		return;
	must(subject_parse(text, &again, &error));
	must(subject_check_equal(name, again, &error));
	must(subject_check_equal(again, name, &error));
}

/* What goes into the request comes out of it. */
static void check_encoded(X509_NAME *name)
{
	scoped(openssl_bytes) unsigned char *der = NULL;
	int length = i2d_X509_NAME(name, &der);
	const unsigned char *at = der;
	scoped(X509_NAME) X509_NAME *again = d2i_X509_NAME(NULL, &at, length);
	struct error error = ERROR_INIT;

	must(again && subject_check_equal(name, again, &error));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(char) char *text = strndup((const char *)data, size);
	scoped(char) char *common_name = NULL;
	scoped(X509_NAME) X509_NAME *name = NULL;
	struct error error = ERROR_INIT;

	must(text);
	if (!subject_parse(text, &name, &error)) {
		must(error.kind == ERROR_VERIFICATION && !name);
		return 0;
	}
	must(subject_common_name(name, &common_name, &error));
	must(strstr(text, common_name) || strpbrk(text, "\\\""));
	check_shown(name);
	check_encoded(name);
	return 0;
}
