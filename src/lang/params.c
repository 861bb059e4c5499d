/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/params.h"

#include "lang/lookup.h"

/* One call of sp_eval_params. */
struct sp_eval_set {
    struct sp_str space;            /* name of the namespace the parameters belong to */
    struct sp_dict *params;         /* results go here ... */
    struct sp_dict *namespace;      /* ... and here, unless it is the same */
    const struct sp_dict *defaults; /* may be NULL */
    struct sp_dict *states;         /* name -> enum sp_param_state */
};

static bool is_lone_field(struct sp_str text)
{
    return text.len > 2 && text.ptr[0] == '{' && sp_str_find(text, '}') == text.len - 1;
}

/* A formula that yields its own text would yield it for ever. */
static struct sp_value check_self(struct sp_eval *eval,
                                  struct sp_value raw,
                                  struct sp_value result,
                                  struct sp_str name)
{
    bool rule = raw.kind == SP_TEXT && (sp_str_starts(raw.text, "=") || is_lone_field(raw.text)) &&
                !sp_str_starts(raw.text, "==");

    if (!rule || result.kind != SP_TEXT || !sp_str_eq(raw.text, result.text))
        return result;
    return sp_at(sp_eval_error(eval, "'" SP_STR_FMT "': self-referencing formula or substitution",
                               SP_STR_ARG(name)),
                 raw.origin);
}

static struct sp_value evaluate(struct sp_eval *eval, struct sp_value raw, struct sp_str name)
{
    return sp_eval_settle(eval, check_self(eval, raw, sp_eval_whole(eval, raw, name), name));
}

static void store(struct sp_eval *eval, struct sp_str key, struct sp_value value)
{
    struct sp_eval_set *set = eval->set;

    sp_dict_set(eval->arena, set->params, key, value);
    if (set->namespace && set->namespace != set->params)
        sp_dict_set(eval->arena, set->namespace, key, value);
}

static void drop(struct sp_eval *eval, struct sp_str key)
{
    struct sp_eval_set *set = eval->set;

    (void)sp_dict_remove(eval->arena, set->params, key);
    if (set->namespace && set->namespace != set->params)
        (void)sp_dict_remove(eval->arena, set->namespace, key);
}

/* Evaluate one member and note the result. */
static void run_param(struct sp_eval *eval, struct sp_str key, struct sp_value *state)
{
    struct sp_eval_set *set = eval->set;
    struct sp_value *entry = sp_dict_find(set->params, key);
    const struct sp_value *fallback = set->defaults ? sp_dict_find(set->defaults, key) : NULL;

    state->integer = SP_PARAM_DONE;
    if (!entry || (!sp_is_value(*entry) && entry->kind != SP_UNSET))
        return; /* gone, or failed in an earlier evaluation */
    state->integer = SP_PARAM_RUNNING;
    struct sp_value raw = *entry;
    struct sp_str name = sp_arena_join(eval->arena, set->space, ".", key);
    struct sp_value result = evaluate(eval, raw, name);
    if (result.kind == SP_UNSET && fallback && !sp_value_eq(*fallback, raw)) {
        raw = *fallback;
        store(eval, key, raw);
        result = evaluate(eval, raw, name);
    }
    if (result.kind == SP_UNSET)
        drop(eval, key);
    else
        store(eval, key, result);
    state->integer = SP_PARAM_DONE;
}

enum sp_param_state sp_params_demand(struct sp_eval *eval,
                                     const struct sp_dict *dict,
                                     struct sp_str key)
{
    struct sp_eval_set *set = eval->set;

    if (!set || (dict != set->params && dict != set->namespace))
        return SP_PARAM_NONE;
    struct sp_value *state = sp_dict_find(set->states, key);
    if (!state)
        return SP_PARAM_NONE;
    if (state->integer == SP_PARAM_PENDING) {
        /* Whoever asks may be inside NOSUBST(); this is a value of its own. */
        bool raw = eval->raw;
        eval->raw = false;
        run_param(eval, key, state);
        eval->raw = raw;
    }
    return (enum sp_param_state)state->integer;
}

void sp_eval_params_of(struct sp_eval *eval,
                       const char *space,
                       struct sp_dict *params,
                       const struct sp_dict *defaults)
{
    struct sp_namespace *namespace =
        eval->scope ? sp_scope_find(eval->scope, sp_str_of(space)) : NULL;
    struct sp_eval_set set = {
        .space = sp_str_of(space),
        .params = params,
        .namespace = namespace ? namespace->dict : NULL,
        .defaults = defaults,
        .states = sp_dict_new(eval->arena).dict,
    };
    struct sp_eval_set *outer = eval->set;

    SP_DICT_EACH(entry, params)
    sp_dict_set(eval->arena, set.states, entry->key, sp_int(SP_PARAM_PENDING));
    eval->set = &set;
    /* The states keep their places while parameters come and go. */
    SP_DICT_EACH(entry, set.states)
    {
        if (!eval->frame) {
            eval->steps = 0;
            eval->final = false;
        }
        (void)sp_params_demand(eval, params, entry->key);
    }
    eval->set = outer;
}

void sp_eval_params(struct sp_eval *eval, struct sp_dict *params, const struct sp_dict *defaults)
{
    sp_eval_params_of(eval, "current", params, defaults);
}
