#include "agent/x509/subject.h"

#include "agent/x509/output.h"
#include "base/scoped.h"
#include "base/text.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

#define ATTRIBUTE_NAME_SIZE 80
#define ATTRIBUTES_MAX 64 /* of an issued name: comparing takes the square of it */

/* RFC 4514, everything outside of ASCII as hex: nothing in it can fool a terminal or a log. */
#define TEXT_FLAGS ASN1_STRFLGS_RFC2253

/* A value as UTF-8, whatever string type it has. */
struct value {
	unsigned char *bytes;
	size_t length;
};

static void scoped_destroy_value(struct value *value)
{
	OPENSSL_free(value->bytes);
}

static bool read_value(X509_NAME_ENTRY *entry, struct value *value)
{
	int length = ASN1_STRING_to_UTF8(&value->bytes, X509_NAME_ENTRY_get_data(entry));

	if (length < 0)
		return false;
	value->length = (size_t)length;
	return true;
}

static void format_attribute(X509_NAME_ENTRY *entry, char text[ATTRIBUTE_NAME_SIZE])
{
	ASN1_OBJECT *object = X509_NAME_ENTRY_get_object(entry);
	int nid = OBJ_obj2nid(object);

	if (nid == NID_undef)
		OBJ_obj2txt(text, ATTRIBUTE_NAME_SIZE, object, 1);
	else
		text_format(text, ATTRIBUTE_NAME_SIZE, "%s", OBJ_nid2sn(nid));
}

static bool is_same_attribute(X509_NAME_ENTRY *a, X509_NAME_ENTRY *b)
{
	return OBJ_cmp(X509_NAME_ENTRY_get_object(a), X509_NAME_ENTRY_get_object(b)) == 0;
}

/* What cannot be read equals nothing. */
static bool is_equal(X509_NAME_ENTRY *a, X509_NAME_ENTRY *b)
{
	scoped(value) struct value first = { NULL, 0 };
	scoped(value) struct value second = { NULL, 0 };

	return is_same_attribute(a, b) && read_value(a, &first) && read_value(b, &second)
	       && first.length == second.length
	       && memcmp(first.bytes, second.bytes, first.length) == 0;
}

static int count_equal(const X509_NAME *name, X509_NAME_ENTRY *entry)
{
	int count = 0;

	for (int i = 0; i < X509_NAME_entry_count(name); i++)
		if (is_equal(X509_NAME_get_entry(name, i), entry))
			count++;
	return count;
}

/* So what cannot be read is always too much. */
static bool is_surplus(const X509_NAME *name, const X509_NAME *other, X509_NAME_ENTRY *entry)
{
	return !is_equal(entry, entry) || count_equal(name, entry) > count_equal(other, entry);
}

/* An attribute that `name` has more often than `other`; one like `like` unless that is NULL. */
static X509_NAME_ENTRY *find_surplus(
    const X509_NAME *name, const X509_NAME *other, X509_NAME_ENTRY *like)
{
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);

		if ((!like || is_same_attribute(entry, like)) && is_surplus(name, other, entry))
			return entry;
	}
	return NULL;
}

static bool format_value(X509_NAME_ENTRY *entry, char **ret_text, struct error *error)
{
	scoped(BIO) BIO *output = BIO_new(BIO_s_mem());

	if (!output
	    || ASN1_STRING_print_ex(output, X509_NAME_ENTRY_get_data(entry), TEXT_FLAGS) < 0)
		return error_set_openssl(
		    error, ERROR_VERIFICATION, "a value in a name cannot be read");
	return output_copy(output, ret_text, error);
}

bool subject_format(const X509_NAME *name, char **ret_text, struct error *error)
{
	scoped(BIO) BIO *output = BIO_new(BIO_s_mem());
	unsigned long flags = TEXT_FLAGS | XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_DN_REV | XN_FLAG_FN_SN;

	ERR_clear_error();
	if (!output || X509_NAME_print_ex(output, name, 0, flags) < 0)
		return error_set_openssl(error, ERROR_VERIFICATION, "a name cannot be read");
	return output_copy(output, ret_text, error);
}

/* `asked` or `came` may be NULL. */
static bool report(X509_NAME_ENTRY *asked, X509_NAME_ENTRY *came, struct error *error)
{
	char attribute[ATTRIBUTE_NAME_SIZE];
	scoped(char) char *asked_value = NULL;
	scoped(char) char *came_value = NULL;

	format_attribute(asked ? asked : came, attribute);
	if ((asked && !format_value(asked, &asked_value, error))
	    || (came && !format_value(came, &came_value, error)))
		return error_prefix(error, "%s of the issued name", attribute);
	if (!came)
		return error_set(error, ERROR_VERIFICATION,
		    "%s \"%s\" was asked for and is not in the issued name", attribute,
		    asked_value);
	if (!asked)
		return error_set(error, ERROR_VERIFICATION,
		    "%s \"%s\" is in the issued name and was not asked for", attribute, came_value);
	return error_set(error, ERROR_VERIFICATION, "%s \"%s\" was asked for, \"%s\" was issued",
	    attribute, asked_value, came_value);
}

bool subject_check_equal(const X509_NAME *requested, const X509_NAME *issued, struct error *error)
{
	X509_NAME_ENTRY *asked;
	X509_NAME_ENTRY *came;

	ERR_clear_error();
	if (X509_NAME_entry_count(issued) > ATTRIBUTES_MAX)
		return error_set(error, ERROR_VERIFICATION, "the issued name has %d attributes",
		    X509_NAME_entry_count(issued));
	asked = find_surplus(requested, issued, NULL);
	came = find_surplus(issued, requested, asked);
	if (asked || came)
		return report(asked, came, error);
	return true;
}

bool subject_common_name(const X509_NAME *name, char **ret_text, struct error *error)
{
	scoped(value) struct value value = { NULL, 0 };
	int last = -1;
	int at;
	char *text;

	for (at = X509_NAME_get_index_by_NID(name, NID_commonName, -1); at >= 0;
	     at = X509_NAME_get_index_by_NID(name, NID_commonName, at))
		last = at;
	if (last < 0)
		return error_set(error, ERROR_VERIFICATION, "the name has no CN");
	ERR_clear_error();
	if (!read_value(X509_NAME_get_entry(name, last), &value))
		return error_set_openssl(error, ERROR_VERIFICATION, "the CN cannot be read");
	if (value.length == 0 || memchr(value.bytes, '\0', value.length))
		return error_set(error, ERROR_VERIFICATION, "the CN is empty or holds a NUL");
	text = strndup((const char *)value.bytes, value.length);
	if (!text)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	*ret_text = text;
	return true;
}
