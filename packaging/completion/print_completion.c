/* The bash completion, from the tables of commands and options; run by the build. */
#include "agent/commands/commands.h"
#include "agent/options.h"

#include <stdio.h>
#include <string.h>

/* Options whose arguments are of this kind, as a pattern of bash's case; "@" when there are none. */
static void print_options_with(const char *argument)
{
	struct option_row row;
	const char *before = "";

	for (size_t i = 0; options_row(i, &row); i++) {
		if (!row.argument || strcmp(row.argument, argument) != 0)
			continue;
		(void)printf("%s--%s", before, row.name);
		before = " | ";
	}
	if (before[0] == '\0')
		(void)printf("@");
}

static void print_commands(const char *between)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		(void)printf("%s%s", i == 0 ? "" : between, command_table[i].name);
}

/* Of a command; 0: those that every command has. */
static void print_options_of(unsigned command)
{
	struct option_row row;
	const char *before = "";

	for (size_t i = 0; options_row(i, &row); i++) {
		if (command ? !(row.commands & command) : row.commands != COMMAND_EVERY)
			continue;
		(void)printf("%s--%s", before, row.name);
		before = " ";
	}
}

static void print_arguments(void)
{
	struct option_row row;

	(void)printf("\tcase $previous in\n\t");
	print_options_with("FILE");
	(void)printf(")\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n\t\treturn\n"
		     "\t\t;;\n\t");
	print_options_with("NAME");
	(void)printf(")\n\t\tmapfile -t COMPREPLY < <(compgen -W \"$(_renewal_agent_identities)\" "
		     "-- \"$current\")\n\t\treturn\n\t\t;;\n");
	for (size_t i = 0; options_row(i, &row); i++)
		if (row.argument && strcmp(row.argument, "FILE") != 0
		    && strcmp(row.argument, "NAME") != 0)
			(void)printf("\t--%s) return ;;\n", row.name);
	(void)printf("\tesac\n");
}

static void print_words(void)
{
	(void)printf("\tcase $command in\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		(void)printf("\t%s) words='", command_table[i].name);
		print_options_of(command_table[i].bit);
		(void)printf("'%s ;;\n", command_table[i].operands ? " operands=yes" : "");
	}
	(void)printf("\t*) words='");
	print_commands(" ");
	(void)printf(" ");
	print_options_of(0);
	(void)printf("' ;;\n\tesac\n");
}

int main(void)
{
	(void)printf("# bash completion for renewal-agent, generated from its tables\n"
		     "# shellcheck shell=bash\n\n"
		     "_renewal_agent_identities()\n{\n"
		     "\tsed -n 's/^ *\\[ *identity  *\\([A-Za-z0-9._-]*\\) *\\].*/\\1/p' \\\n"
		     "\t\t/etc/renewal-agent/renewal-agent.conf "
		     "/etc/renewal-agent/conf.d/*.conf 2>/dev/null\n}\n\n"
		     "_renewal_agent()\n{\n"
		     "\tlocal current=${COMP_WORDS[COMP_CWORD]} "
		     "previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
		     "\tlocal word words command='' operands=no\n\n"
		     "\tCOMPREPLY=()\n");
	print_arguments();
	(void)printf(
	    "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\tcase $word in\n\t\t");
	print_commands(" | ");
	(void)printf(")\n\t\t\tcommand=$word\n\t\t\tbreak\n\t\t\t;;\n\t\tesac\n\tdone\n");
	print_words();
	(void)printf("\tif [[ $operands = yes && $current != -* ]]; then\n"
		     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n\t\treturn\n\tfi\n"
		     "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\n\n"
		     "complete -o filenames -F _renewal_agent renewal-agent\n");
	return 0;
}
