/* The table of settings, one line each: name, default, sentence, separated by tabs. */
#include "agent/config/setting_table.h"

#include <stdio.h>

static const char *default_of(const struct setting *setting)
{
	if (setting->required)
		return "required";
	return setting->standard ? setting->standard : "none";
}

int main(void)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		(void)printf("%s\t%s\t%s\n", setting_table[i].name, default_of(&setting_table[i]),
		    setting_table[i].sentence);
	return 0;
}
