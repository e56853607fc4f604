#include "agent/state/store_memory.h"

#include <stdlib.h>

static struct generation *find(const struct store_memory *memory, uint32_t number)
{
	for (size_t i = 0; i < memory->count; i++)
		if (memory->generations[i].number == number)
			return &memory->generations[i];
	return NULL;
}

bool store_memory_find(
    const struct store_memory *memory, uint32_t number, struct generation *ret_generation)
{
	const struct generation *found = find(memory, number);

	return found && generation_copy(found, ret_generation);
}

void store_memory_add(struct store_memory *memory, const struct generation *generation)
{
	struct generation *grown;

	if (!memory->used || find(memory, generation->number))
		return;
	grown = reallocarray(memory->generations, memory->count + 1, sizeof(*grown));
	if (!grown)
		return;
	memory->generations = grown;
	if (generation_copy(generation, &grown[memory->count]))
		memory->count++;
}

void store_memory_drop(struct store_memory *memory, uint32_t number)
{
	struct generation *found = find(memory, number);

	if (!found)
		return;
	generation_clear(found);
	*found = memory->generations[--memory->count];
}

void store_memory_clear(struct store_memory *memory)
{
	for (size_t i = 0; i < memory->count; i++)
		generation_clear(&memory->generations[i]);
	free(memory->generations);
	*memory = (struct store_memory){ 0 };
}
