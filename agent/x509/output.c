#include "agent/x509/output.h"

#include <string.h>

bool output_copy(BIO *output, char **ret_text, struct error *error)
{
	char *bytes = NULL;
	long length = BIO_get_mem_data(output, &bytes);
	char *text = strndup(length > 0 ? bytes : "", (size_t)length);

	if (!text)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	*ret_text = text;
	return true;
}
