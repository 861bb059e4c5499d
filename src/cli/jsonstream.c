/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/jsonstream.h"

#include "value/json.h"

#include <stdio.h>

/* Line ends within texts are escaped, so that all that there are come from the layout. */
static void print_value(struct sp_value value, int indent)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    bool first = true;

    sp_json_encode(value, SP_JSON_PRETTY, &text);
    for (struct sp_str rest = sp_buf_str(&text); rest.ptr; first = false) {
        struct sp_str line = sp_str_cut(&rest, '\n');
        (void)printf("%s%*s" SP_STR_FMT, first ? "" : "\n", first ? 0 : indent, "",
                     SP_STR_ARG(line));
    }
}

static bool print_items(const struct sp_json_stream *stream)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    bool whole = true;
    size_t i;

    (void)printf("[");
    for (i = 0; i < stream->count; i++) {
        struct sp_value item;
        sp_arena_reset(arena);
        whole = stream->item(stream->arg, i, arena, &item);
        if (!whole)
            break;
        (void)printf("%s\n    ", i ? "," : "");
        print_value(item, 4);
    }
    (void)printf("%s]", i ? "\n  " : "");
    return whole;
}

bool sp_json_stream(const struct sp_dict *dict, const struct sp_json_stream *stream)
{
    const char *before = "{";
    bool whole = true;

    SP_DICT_EACH(entry, dict)
    {
        sp_auto_buf struct sp_buf key = SP_BUF(SP_BUF_LARGE);
        sp_json_quote(entry->key, &key);
        (void)printf("%s\n  %s: ", before, key.ptr);
        if (sp_str_is(entry->key, stream->key))
            whole = print_items(stream);
        else
            print_value(entry->value, 2);
        before = ",";
    }
    (void)printf("\n}\n");
    return whole;
}
