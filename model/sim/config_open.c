/*
 * Groups of keys that get their names from the user: "group.web.limit". A section whose prefix ends in a star
 * and a number, "group.*1", waits for one; the first key of an unknown name below "group" gives it, and its
 * option "name" tells it.
 */
#include "model/sim/config_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

bool config_is_vacant(const struct config_key *k)
{
	return strchr(k->name, '*');
}

/* The name's length if `name` begins as the vacant key does and goes on with a name; 0: it does not. */
static size_t name_length(const struct config_key *k, const char *name)
{
	size_t head = (size_t)(strchr(k->name, '*') - k->name), n = 0;

	if (strncmp(k->name, name, head) != 0)
		return 0;
	while (isalnum((u8)name[head + n]) || name[head + n] == '_' || name[head + n] == '-')
		n++;
	return isalpha((u8)name[head]) ? n : 0;
}

bool config_could_be_group(const struct config *c, const char *name)
{
	u32 i;

	for (i = 0; i < c->n; i++) {
		const struct config_key *k = &c->key[i];
		size_t n = config_is_vacant(k) ? name_length(k, name) : 0;

		if (n && !name[strchr(k->name, '*') - k->name + n])
			return true;
	}
	return false;
}

static void rename_keys(struct config *c, const char *vacant, size_t len, const char *name, size_t name_len)
{
	u32 i;

	for (i = 0; i < c->n; i++) {
		struct config_key *k = &c->key[i];
		char *renamed;

		if (strncmp(k->name, vacant, len) != 0 || k->name[len] != '.')
			continue;
		renamed = xasprintf("%.*s%s", (int)name_len, name, k->name + len);
		free(k->name);
		k->name = renamed;
	}
}

bool config_adopt(struct config *c, const char *name)
{
	const char *option = strrchr(name, '.');
	u32 i;

	for (i = 0; option && i < c->n; i++) {
		const struct config_key *k = &c->key[i];
		size_t n = config_is_vacant(k) ? name_length(k, name) : 0;
		size_t head = n ? (size_t)(strchr(k->name, '*') - k->name) : 0;
		char *vacant, *key, *text;
		bool good;

		if (!n || name + head + n != option || strcmp(strrchr(k->name, '.'), option) != 0)
			continue;
		vacant = xasprintf("%.*s", (int)(strrchr(k->name, '.') - k->name), k->name);
		rename_keys(c, vacant, strlen(vacant), name, head + n);
		key = xasprintf("%.*s.name", (int)(head + n), name);
		text = xasprintf("%.*s", (int)n, name + head);
		good = config_assign(c, key, text, NULL);
		free(vacant);
		free(key);
		free(text);
		return good;
	}
	return false;
}

char *config_shown_name(const char *name)
{
	const char *star = strchr(name, '*');

	if (!star)
		return xstrdup(name);
	return xasprintf("%.*sNAME%s", (int)(star - name), name, star + 1 + strspn(star + 1, "0123456789"));
}
