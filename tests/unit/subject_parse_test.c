#include "agent/x509/subject.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/test.h"

#include <openssl/objects.h>
#include <string.h>

/*
 * Subjects read from text. Shown and compared they are in subject_test.c.
 */

/* 32 and 64 characters */
#define X32 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X64 X32 X32

/* "O=Org|OU=OrgUnit|...", the bytes as they are. */
static char *list_values(const X509_NAME *name)
{
	struct text_buffer list = TEXT_BUFFER_INIT(4096);
	struct error error = ERROR_INIT;
	char *text = NULL;

	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);

		text_printf(&list, "%s%s=", i == 0 ? "" : "|",
		    OBJ_nid2sn(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))));
		text_add(&list, (const char *)ASN1_STRING_get0_data(value),
		    (size_t)ASN1_STRING_length(value));
	}
	assert_ok(text_take(&list, &text, &error), &error);
	return text;
}

static void assert_parsed(const char *text, const char *expected)
{
	scoped(X509_NAME) X509_NAME *name = NULL;
	scoped(char) char *values = NULL;
	struct error error = ERROR_INIT;

	assert_ok(subject_parse(text, &name, &error), &error);
	values = list_values(name);
	assert_string_equal(values, expected);
}

static void assert_not_parsed(const char *text, const char *reason)
{
	X509_NAME *name = NULL;
	struct error error = ERROR_INIT;

	assert_refused(subject_parse(text, &name, &error), &error, ERROR_VERIFICATION);
	assert_null(name);
	if (!strstr(error.message, reason))
		fail_msg("\"%s\" does not say \"%s\"", error.message, reason);
}

static void the_connectors_text_gives_its_six_values(void **state)
{
	(void)state;
	assert_parsed("O=Org,OU=OrgUnit,L=locality,ST=province,C=DE,CN=4f1c-cn",
	    "O=Org|OU=OrgUnit|L=locality|ST=province|C=DE|CN=4f1c-cn");
}

static void values_may_hold_commas_and_equals_signs(void **state)
{
	(void)state;
	assert_parsed("O=A, Inc (x),OU=a=b+c,L=x,y,ST=s,,C=DE,CN=a,b=c",
	    "O=A, Inc (x)|OU=a=b+c|L=x,y|ST=s,|C=DE|CN=a,b=c");
}

static void values_keep_their_blanks_and_other_attributes_names(void **state)
{
	(void)state;
	assert_parsed("O= Org ,OU=x, L=y,L=l, UID=1,ST= ,C=DE,CN=c ",
	    "O= Org |OU=x, L=y|L=l, UID=1|ST= |C=DE|CN=c ");
}

static void a_separator_that_occurs_twice_is_decided_by_the_rule(void **state)
{
	(void)state;
	assert_parsed("O=a,OU=b,OU=c,L=l,ST=s,C=DE,CN=n", "O=a|OU=b,OU=c|L=l|ST=s|C=DE|CN=n");
	assert_parsed("O=a,L=b,OU=c,L=l,L=m,ST=s,C=DE,CN=n", "O=a,L=b|OU=c|L=l,L=m|ST=s|C=DE|CN=n");
	assert_parsed(
	    "O=a,OU=b,L=l,ST=s,CN=x,C=y,C=DE,CN=n", "O=a|OU=b|L=l|ST=s,CN=x,C=y|C=DE|CN=n");
	assert_not_parsed("O=a,OU=b,L=l,ST=s,C=DE,CN=x,CN=n", "C has 7 characters");
}

static void any_other_order_is_read_too(void **state)
{
	(void)state;
	assert_parsed("C=DE,O=A, Inc,OU=b,L=l,ST=s,CN=n", "C=DE|O=A, Inc|OU=b|L=l|ST=s|CN=n");
	assert_parsed("CN=n,OU=a,OU=b,O=o", "CN=n|OU=a|OU=b|O=o");
	assert_parsed("O=a,L=l,ST=s,C=DE,CN=n", "O=a|L=l|ST=s|C=DE|CN=n");
	assert_parsed("O=a,OU=b,C=DE,L=l,ST=s,CN=n", "O=a|OU=b|C=DE|L=l|ST=s|CN=n");
	assert_parsed("CN=n", "CN=n");
}

static void blanks_may_follow_the_commas(void **state)
{
	(void)state;
	assert_parsed("O=Org, OU=b,  L=l, ST=s, C=DE, CN=n", "O=Org|OU=b|L=l|ST=s|C=DE|CN=n");
	assert_parsed(" C=DE, CN=n", "C=DE|CN=n");
}

static void escapes_are_understood_when_they_are_used_throughout(void **state)
{
	(void)state;
	assert_parsed("O=A\\, Inc,OU=a\\+b,L=\\C5\\BDilina,ST=s\\\\t,C=DE,CN=n",
	    "O=A, Inc|OU=a+b|L=\xc5\xbdilina|ST=s\\t|C=DE|CN=n");
	assert_parsed("CN=n, O=\"A, \\\"Inc\\\";\" , OU= a=b\\ ", "CN=n|O=A, \"Inc\";|OU=a=b ");
	assert_parsed("CN=n,O=a\\,CN=b ", "CN=n|O=a,CN=b");
	assert_parsed("CN=#,O=a\\,b", "CN=#|O=a,b");
}

static void a_backslash_that_escapes_nothing_is_a_backslash(void **state)
{
	(void)state;
	assert_parsed("O=DOM\\user,OU=b,L=l,ST=s,C=DE,CN=n",
	    "O=DOM\\user|OU=b|L=l|ST=s|C=DE|CN=n"); /* no escape */
	assert_parsed("O=A\\, Inc,OU=a+b,L=l,ST=s,C=DE,CN=n",
	    "O=A\\, Inc|OU=a+b|L=l|ST=s|C=DE|CN=n"); /* the plus sign is not escaped */
	assert_parsed("O=say \"so\",OU=b,L=l,ST=s,C=DE,CN=n",
	    "O=say \"so\"|OU=b|L=l|ST=s|C=DE|CN=n");     /* nor are the quotation marks */
	assert_parsed("O=\\C5,CN=n", "O=\\C5|CN=n");     /* no UTF-8 */
	assert_parsed("O=\"a,CN=n", "O=\"a|CN=n");       /* has no end */
	assert_parsed("O=\"a\"b,CN=n", "O=\"a\"b|CN=n"); /* goes on after the end */
	assert_parsed("CN=n,O=a\\", "CN=n|O=a\\");
	assert_parsed("CN=n,O=a\\b", "CN=n|O=a\\b");
	assert_parsed("CN=n,O=#04\\20", "CN=n|O=#04\\20"); /* a BER value */
}

static void the_string_type_is_printable_where_the_characters_allow(void **state)
{
	scoped(X509_NAME) X509_NAME *name = NULL;
	struct error error = ERROR_INIT;
	int expected[] = { V_ASN1_PRINTABLESTRING, V_ASN1_UTF8STRING, V_ASN1_UTF8STRING };

	(void)state;
	assert_ok(subject_parse("CN=a-b,O=a_b,OU=\xc5\xbd", &name, &error), &error);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    ASN1_STRING_type(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i))),
		    expected[i]);
}

static void a_text_that_is_no_subject_is_refused(void **state)
{
	(void)state;
	assert_not_parsed("", "not made of");
	assert_not_parsed("4f1c-cn", "not made of");
	assert_not_parsed("/O=Org/CN=n", "not made of");
	assert_not_parsed("emailAddress=a@b,CN=n", "emailAddress=a@b");
	assert_not_parsed("cn=n", "not made of");
	assert_not_parsed("UID=a\\,b,CN=n", "not made of");
	assert_not_parsed("Y=Org,OU=b,L=l,ST=s,C=DE,CN=n", "not made of");
	assert_not_parsed("O=a,OU=b", "no CN");
	assert_not_parsed("CN=a,O=b,O=c", "2 O instead of one");
	assert_not_parsed("CN=a,CN=b", "2 CN instead of one");
	assert_not_parsed("CN=a,OU=,O=b", "OU is empty");
	assert_not_parsed("O=,OU=b,L=l,ST=s,C=DE,CN=n", "O is empty");
	assert_not_parsed("O=a,OU=b,L=l,ST=s,C=DE,CN=", "CN is empty");
	assert_not_parsed("CN=a,O=\"\"", "O is empty");
	assert_not_parsed("CN=a,O=\xff", "O is not UTF-8");
	assert_not_parsed("CN=a,O=b\nc", "O holds the control character 0x0a");
	assert_not_parsed("CN=a,O=b\x7f", "O holds the control character 0x7f");
	assert_not_parsed("CN=a\\00b", "CN holds the control character 0x00");
	assert_not_parsed("CN=a,O=\xc2\x85", "O holds the control character 0x85");
	assert_parsed("CN=a,O=\xc2\xa0", "CN=a|O=\xc2\xa0"); /* a blank, not a control */
}

static void values_have_the_upper_bounds_of_x520(void **state)
{
	(void)state;
	assert_parsed("O=" X64 ",OU=" X64 ",L=" X64 X64 ",ST=" X64 X64 ",C=DE,CN=" X64,
	    "O=" X64 "|OU=" X64 "|L=" X64 X64 "|ST=" X64 X64 "|C=DE|CN=" X64);
	assert_parsed("CN=a,C=\xc5\xbd\xc5\xbd", "CN=a|C=\xc5\xbd\xc5\xbd");
	assert_not_parsed("CN=a,O=" X64 "x", "O has 65 characters, at most 64 are allowed");
	assert_not_parsed("CN=a,OU=" X64 "x", "OU has 65 characters");
	assert_not_parsed("CN=a,L=" X64 X64 "x", "L has 129 characters");
	assert_not_parsed("CN=a,ST=" X64 X64 "x", "ST has 129 characters");
	assert_not_parsed("CN=a,C=DEU", "C has 3 characters");
	assert_not_parsed("CN=" X64 "x", "CN has 65 characters");
}

/* "CN=a,OU=b,OU=b,..." with that many attributes */
static void make_long(char *text, size_t size, size_t attributes)
{
	size_t length = 4;

	assert_true(text_format(text, size, "CN=a"));
	for (size_t i = 1; i < attributes; i++, length += 5)
		assert_true(text_format(text + length, size - length, ",OU=b"));
}

static void a_text_with_too_much_in_it_is_refused(void **state)
{
	scoped(X509_NAME) X509_NAME *name = NULL;
	struct error error = ERROR_INIT;
	char text[2 * SUBJECT_TEXT_MAX];

	(void)state;
	make_long(text, sizeof(text), 16);
	assert_ok(subject_parse(text, &name, &error), &error);
	assert_int_equal(X509_NAME_entry_count(name), 16);
	make_long(text, sizeof(text), 17);
	assert_not_parsed(text, "at most 16 of them");
	make_long(text, sizeof(text), 500);
	assert_not_parsed(text, "it has 2499 bytes, at most 2048 are allowed");
	text[2049] = '\0';
	assert_not_parsed(text, "it has 2049 bytes");
	text[2048] = '\0';
	assert_not_parsed(text, "at most 16 of them");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_connectors_text_gives_its_six_values),
		cmocka_unit_test(values_may_hold_commas_and_equals_signs),
		cmocka_unit_test(values_keep_their_blanks_and_other_attributes_names),
		cmocka_unit_test(a_separator_that_occurs_twice_is_decided_by_the_rule),
		cmocka_unit_test(any_other_order_is_read_too),
		cmocka_unit_test(blanks_may_follow_the_commas),
		cmocka_unit_test(escapes_are_understood_when_they_are_used_throughout),
		cmocka_unit_test(a_backslash_that_escapes_nothing_is_a_backslash),
		cmocka_unit_test(the_string_type_is_printable_where_the_characters_allow),
		cmocka_unit_test(a_text_that_is_no_subject_is_refused),
		cmocka_unit_test(values_have_the_upper_bounds_of_x520),
		cmocka_unit_test(a_text_with_too_much_in_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
