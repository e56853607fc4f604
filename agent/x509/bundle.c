#include "agent/x509/bundle.h"

#include "agent/x509/keyless.h"
#include "agent/x509/output.h"
#include "base/scoped.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

static const char begin_line[] = "-----BEGIN CERTIFICATE-----";
static const char end_line[] = "-----END CERTIFICATE-----";

struct reader {
	const char *at;
	const char *end;
	const char *what;
	enum error_kind kind;
	OSSL_LIB_CTX *context; /* NULL: the default one */
	int number;            /* of the block that is being read, counted from 1 */
};

static void skip_blank_lines(struct reader *reader)
{
	while (reader->at < reader->end && (*reader->at == '\n' || *reader->at == '\r'))
		reader->at++;
}

static bool is_of_body(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
	       || c == '+' || c == '/' || c == '=' || c == '\r' || c == '\n';
}

static void skip_body(struct reader *reader)
{
	while (reader->at < reader->end && is_of_body(*reader->at))
		reader->at++;
}

/* Passes over `line`, which must be a whole line. */
static bool skip_line(struct reader *reader, const char *line)
{
	size_t length = strlen(line);

	if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, line, length) != 0)
		return false;
	reader->at += length;
	return reader->at == reader->end || *reader->at == '\n' || *reader->at == '\r';
}

/* OpenSSL's own reader skips what it does not know: other text, other kinds of blocks, anything
   behind a '-'. So the block is measured first and handed over alone. */
static bool read_block(struct reader *reader, X509 **ret_certificate, struct error *error)
{
	scoped(openssl_bytes) unsigned char *der = NULL;
	scoped(X509) X509 *certificate = NULL;
	scoped(BIO) BIO *block = NULL;
	const char *start = reader->at;
	const unsigned char *rest;
	long length;

	if (!skip_line(reader, begin_line))
		return error_set(error, reader->kind,
		    "%s: \"%s\" was expected as line of its own, before certificate %d",
		    reader->what, begin_line, reader->number);
	skip_body(reader);
	if (!skip_line(reader, end_line))
		return error_set(error, reader->kind,
		    "%s: certificate %d is not base64 up to \"%s\"", reader->what, reader->number,
		    end_line);

	block = BIO_new_mem_buf(start, (int)(reader->at - start));
	if (!block || !PEM_bytes_read_bio(&der, &length, NULL, PEM_STRING_X509, block, NULL, NULL))
		return error_set_openssl(error, reader->kind, "%s: certificate %d is not PEM",
		    reader->what, reader->number);
	rest = der;
	certificate = X509_new_ex(reader->context, NULL);
	if (!certificate || !d2i_X509(&certificate, &rest, length))
		return error_set_openssl(error, reader->kind, "%s: certificate %d is not X.509",
		    reader->what, reader->number);
	if (rest != der + length)
		return error_set(error, reader->kind,
		    "%s: certificate %d is followed by %td bytes inside of its PEM block",
		    reader->what, reader->number, der + length - rest);

	*ret_certificate = take(certificate);
	return true;
}

static bool read_blocks(
    struct reader *reader, size_t most, STACK_OF(X509) **ret_certificates, struct error *error)
{
	const size_t length = (size_t)(reader->end - reader->at);
	scoped(X509_STACK) STACK_OF(X509) *certificates = sk_X509_new_null();

	if (!certificates)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	if (length > BUNDLE_SIZE_MAX)
		return error_set(error, reader->kind,
		    "%s: %zu bytes, more than the %d that are read", reader->what, length,
		    BUNDLE_SIZE_MAX);
	ERR_clear_error();
	skip_blank_lines(reader);
	while (reader->at < reader->end) {
		scoped(X509) X509 *certificate = NULL;

		reader->number++;
		if ((size_t)reader->number > most)
			return error_set(error, reader->kind, "%s: more than %zu certificate%s",
			    reader->what, most, most == 1 ? "" : "s");
		if (!read_block(reader, &certificate, error))
			return false;
		if (!sk_X509_push(certificates, certificate))
			return error_set(error, ERROR_INTERNAL, "out of memory");
		certificate = NULL; /* the stack's now */
		skip_blank_lines(reader);
	}
	if (reader->number == 0)
		return error_set(error, reader->kind, "%s: no certificate", reader->what);

	*ret_certificates = take(certificates);
	return true;
}

bool bundle_parse(const char *pem, size_t length, size_t most, const char *what,
    enum error_kind kind, STACK_OF(X509) **ret_certificates, struct error *error)
{
	struct reader reader = { pem, pem + length, what, kind, NULL, 0 };

	return read_blocks(&reader, most, ret_certificates, error);
}

/* What was skimmed last. */
static _Thread_local struct {
	char *pem; /* NULL: nothing yet */
	size_t length, most;
	STACK_OF(X509) *certificates;
} last;

static void keep(const char *pem, size_t length, size_t most, STACK_OF(X509) *const *certificates)
{
	char *copy = malloc(length + 1);
	STACK_OF(X509) *kept = copy ? X509_chain_up_ref(*certificates) : NULL;

	if (!kept) {
		free(copy);
		return;
	}
	memcpy(copy, pem, length);
	free(last.pem);
	sk_X509_pop_free(last.certificates, X509_free);
	last.pem = copy;
	last.length = length;
	last.most = most;
	last.certificates = kept;
}

bool bundle_skim(const char *pem, size_t length, size_t most, const char *what,
    enum error_kind kind, STACK_OF(X509) **ret_certificates, struct error *error)
{
	struct reader reader = { pem, pem + length, what, kind, keyless_context(), 0 };

	if (last.pem && length == last.length && most == last.most
	    && memcmp(pem, last.pem, length) == 0) {
		*ret_certificates = X509_chain_up_ref(last.certificates);
		return *ret_certificates || error_set(error, ERROR_INTERNAL, "out of memory");
	}
	if (!read_blocks(&reader, most, ret_certificates, error))
		return false;
	if (most > 1)
		keep(pem, length, most, ret_certificates);
	return true;
}

bool bundle_format(X509 *first, const STACK_OF(X509) *rest, char **ret_pem, struct error *error)
{
	scoped(BIO) BIO *output = BIO_new(BIO_s_mem());
	bool written = output && (!first || PEM_write_bio_X509(output, first));

	for (int i = 0; written && i < sk_X509_num(rest); i++)
		written = PEM_write_bio_X509(output, sk_X509_value(rest, i));
	if (!written)
		return error_set_openssl(error, ERROR_INTERNAL, "cannot write certificates as PEM");
	return output_copy(output, ret_pem, error);
}
