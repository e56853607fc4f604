#include "agent/state/store_memory.h"

#include "base/text.h"

#include <stdlib.h>

static char *copy_text(const char *text)
{
	return text ? text_duplicate(text) : NULL;
}

/* The certificates are shared: nobody changes one. False when there is no memory. */
static bool copy(const struct generation *from, struct generation *ret_copy)
{
	scoped(generation) struct generation copy = *from;

	copy.chain = X509_chain_up_ref(from->chain);
	X509_up_ref(copy.certificate);
	copy.key_uri = copy_text(from->key_uri);
	copy.key_id = copy_text(from->key_id);
	copy.key_label = copy_text(from->key_label);
	copy.director_url = copy_text(from->director_url);
	copy.connector_url = copy_text(from->connector_url);
	if (!copy.chain)
		return false;
	*ret_copy = copy;
	copy = (struct generation){ 0 };
	return true;
}

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

	return found && copy(found, ret_generation);
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
	if (copy(generation, &grown[memory->count]))
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
