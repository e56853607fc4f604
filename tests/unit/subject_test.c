#include "agent/x509/subject.h"

#include "base/compiler.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/fakes/authority.h"
#include "tests/unit/test.h"

#include <string.h>

/*
 * Names shown, compared and looked into. How they are read is in subject_parse_test.c.
 */
static void a_name_is_shown_with_the_common_name_first(void **state)
{
	scoped(X509_NAME) X509_NAME *name = authority_name("C=DE,O=Org,OU=a+OU=b,CN=n");
	scoped(char) char *text = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(subject_format(name, &text, &error), &error);
	assert_string_equal(text, "CN=n, OU=b + OU=a, O=Org, C=DE");
}

static void unusual_characters_are_shown_escaped_and_read_back(void **state)
{
	const char *subject = "CN=n,O=A\\, \\\"Inc\\\" \\\\ \\C5\\BD\\ ,OU=\\#b\\<";
	scoped(X509_NAME) X509_NAME *name = NULL;
	scoped(X509_NAME) X509_NAME *again = NULL;
	scoped(char) char *text = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(subject_parse(subject, &name, &error), &error);
	assert_ok(subject_format(name, &text, &error), &error);
	assert_string_equal(text, "OU=\\#b\\<, O=A\\, \\\"Inc\\\" \\\\ \\C5\\BD\\ , CN=n");
	assert_ok(subject_parse(text, &again, &error), &error);
	assert_ok(subject_check_equal(name, again, &error), &error);
}

/* A name with this value in it, as bytes of this type. */
static X509_NAME *name_of_type(int type, const char *bytes, int length)
{
	X509_NAME *name = X509_NAME_new();

	assert_non_null(name);
	assert_true(X509_NAME_add_entry_by_NID(
	    name, NID_commonName, type, (const unsigned char *)bytes, length, -1, 0));
	return name;
}

static void a_name_that_cannot_be_read_is_not_shown(void **state)
{
	scoped(X509_NAME) X509_NAME *name = name_of_type(V_ASN1_BMPSTRING, "\xd8\0", 2);
	char *text = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_refused(subject_format(name, &text, &error), &error, ERROR_VERIFICATION);
	assert_null(text);
}

static void order_string_types_and_grouping_do_not_matter(void **state)
{
	scoped(X509_NAME) X509_NAME *requested = NULL;
	scoped(X509_NAME) X509_NAME *issued =
	    authority_name("C=DE,ST=s,L=l,O=Org,OU=b+OU=\xc5\xbd,CN=n");
	scoped(X509_NAME) X509_NAME *wide = name_of_type(V_ASN1_BMPSTRING, "\x01\x7d", 2);
	scoped(X509_NAME) X509_NAME *narrow = name_of_type(V_ASN1_UTF8STRING, "\xc5\xbd", 2);
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(
	    subject_parse("CN=n,OU=\xc5\xbd,O=Org,OU=b,L=l,ST=s,C=DE", &requested, &error), &error);
	assert_ok(subject_check_equal(requested, issued, &error), &error);
	assert_ok(subject_check_equal(narrow, wide, &error), &error);
}

static void assert_different(const char *requested, const char *issued, const char *reason)
{
	scoped(X509_NAME) X509_NAME *asked = authority_name(requested);
	scoped(X509_NAME) X509_NAME *came = authority_name(issued);
	struct error error = ERROR_INIT;

	assert_refused(subject_check_equal(asked, came, &error), &error, ERROR_VERIFICATION);
	assert_string_equal(error.message, reason);
}

static void every_difference_is_named(void **state)
{
	(void)state;
	assert_different("O=Org,CN=a", "O=Org,CN=b", "CN \"a\" was asked for, \"b\" was issued");
	assert_different("O=Org,CN=a", "O=org,CN=a", "O \"Org\" was asked for, \"org\" was issued");
	assert_different(
	    "O=Org,CN=a", "O=Org ,CN=a", "O \"Org\" was asked for, \"Org\\ \" was issued");
	assert_different(
	    "O=Org,CN=a", "CN=a", "O \"Org\" was asked for and is not in the issued name");
	assert_different("CN=a", "CN=a,emailAddress=a@b",
	    "emailAddress \"a@b\" is in the issued name and was not asked for");
	assert_different(
	    "CN=a", "CN=a,1.2.3.4=z", "1.2.3.4 \"z\" is in the issued name and was not asked for");
	assert_different(
	    "CN=a", "CN=a,CN=b", "CN \"b\" is in the issued name and was not asked for");
	assert_different("CN=a", "O=a", "CN \"a\" was asked for and is not in the issued name");
}

static void values_that_come_more_than_once_are_counted(void **state)
{
	scoped(X509_NAME) X509_NAME *twice = authority_name("OU=a,OU=a,OU=b,CN=n");
	scoped(X509_NAME) X509_NAME *grouped = authority_name("OU=b+OU=a,CN=n,OU=a");
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(subject_check_equal(twice, grouped, &error), &error);
	assert_different("OU=a,OU=a,OU=b,CN=n", "OU=a,OU=b,OU=b,CN=n",
	    "OU \"a\" was asked for, \"b\" was issued");
	assert_different(
	    "OU=a,OU=a,CN=n", "OU=a,CN=n", "OU \"a\" was asked for and is not in the issued name");
	assert_different(
	    "OU=a,CN=n", "OU=a+OU=a,CN=n", "OU \"a\" is in the issued name and was not asked for");
}

static void a_value_cut_by_a_nul_is_another_value(void **state)
{
	scoped(X509_NAME) X509_NAME *asked = authority_name("CN=a");
	scoped(X509_NAME) X509_NAME *came = name_of_type(V_ASN1_UTF8STRING, "a\0b", 3);
	struct error error = ERROR_INIT;

	(void)state;
	assert_refused(subject_check_equal(asked, came, &error), &error, ERROR_VERIFICATION);
	assert_string_equal(error.message, "CN \"a\" was asked for, \"a\\00b\" was issued");
}

static void a_value_that_cannot_be_read_equals_nothing(void **state)
{
	scoped(X509_NAME) X509_NAME *asked = authority_name("CN=a");
	scoped(X509_NAME) X509_NAME *came = name_of_type(V_ASN1_BMPSTRING, "\xd8\0", 2);
	scoped(X509_NAME) X509_NAME *besides = name_of_type(V_ASN1_UTF8STRING, "\xff", 1);
	struct error error = ERROR_INIT;

	(void)state;
	assert_refused(subject_check_equal(asked, came, &error), &error, ERROR_VERIFICATION);
	assert_non_null(strstr(error.message, "CN of the issued name"));
	assert_refused(subject_check_equal(came, came, &error), &error, ERROR_VERIFICATION);

	assert_true(X509_NAME_add_entry(besides, X509_NAME_get_entry(asked, 0), -1, 0));
	assert_refused(subject_check_equal(asked, besides, &error), &error, ERROR_VERIFICATION);
	assert_string_equal(
	    error.message, "CN \"\\FF\" is in the issued name and was not asked for");
}

static void an_issued_name_without_end_is_refused(void **state)
{
	scoped(X509_NAME) X509_NAME *name = authority_name("CN=a");
	struct error error = ERROR_INIT;

	(void)state;
	for (int i = 0; i < 63; i++)
		assert_true(X509_NAME_add_entry_by_txt(
		    name, "OU", MBSTRING_UTF8, (const unsigned char *)"b", 1, -1, 0));
	assert_ok(subject_check_equal(name, name, &error), &error);
	assert_true(X509_NAME_add_entry_by_txt(
	    name, "OU", MBSTRING_UTF8, (const unsigned char *)"b", 1, -1, 0));
	assert_refused(subject_check_equal(name, name, &error), &error, ERROR_VERIFICATION);
	assert_string_equal(error.message, "the issued name has 65 attributes");
}

static void the_last_common_name_counts(void **state)
{
	scoped(X509_NAME) X509_NAME *name = authority_name("CN=a,O=Org,CN=b");
	scoped(X509_NAME) X509_NAME *wide = name_of_type(V_ASN1_BMPSTRING, "\x01\x7d", 2);
	scoped(char) char *text = NULL;
	scoped(char) char *narrow = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(subject_common_name(name, &text, &error), &error);
	assert_string_equal(text, "b");
	assert_ok(subject_common_name(wide, &narrow, &error), &error);
	assert_string_equal(narrow, "\xc5\xbd");
}

static void a_common_name_that_is_no_text_is_refused(void **state)
{
	scoped(X509_NAME) X509_NAME *none = authority_name("O=Org");
	scoped(X509_NAME) X509_NAME *cut = name_of_type(V_ASN1_UTF8STRING, "a\0b", 3);
	scoped(X509_NAME) X509_NAME *blank = name_of_type(V_ASN1_UTF8STRING, "", 0);
	scoped(X509_NAME) X509_NAME *odd = name_of_type(V_ASN1_BMPSTRING, "\xd8\0", 2);
	const X509_NAME *names[] = { none, cut, blank, odd };
	const char *reasons[] = { "the name has no CN", "the CN is empty or holds a NUL",
		"the CN is empty or holds a NUL", "the CN cannot be read" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct error error = ERROR_INIT;
		char *text = NULL;

		assert_refused(
		    subject_common_name(names[i], &text, &error), &error, ERROR_VERIFICATION);
		assert_null(text);
		assert_true(text_starts_with(error.message, reasons[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_shown_with_the_common_name_first),
		cmocka_unit_test(unusual_characters_are_shown_escaped_and_read_back),
		cmocka_unit_test(a_name_that_cannot_be_read_is_not_shown),
		cmocka_unit_test(order_string_types_and_grouping_do_not_matter),
		cmocka_unit_test(every_difference_is_named),
		cmocka_unit_test(values_that_come_more_than_once_are_counted),
		cmocka_unit_test(a_value_cut_by_a_nul_is_another_value),
		cmocka_unit_test(a_value_that_cannot_be_read_equals_nothing),
		cmocka_unit_test(an_issued_name_without_end_is_refused),
		cmocka_unit_test(the_last_common_name_counts),
		cmocka_unit_test(a_common_name_that_is_no_text_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
