/* SPDX-License-Identifier: BSD-3-Clause */
/* docview.h - cabs and recipes as `spoor doc` shows them (spec stimela2.md 6.5). */
#pragma once

#include "engine/session.h"
#include "recipe/describe.h"

/* A page about one of them, up to that category of parameters. */
void sp_doc_cab(const struct sp_session *session,
                const struct sp_cab *cab,
                enum sp_category detail,
                const struct sp_page *page);
void sp_doc_recipe(struct sp_session *session,
                   struct sp_recipe *recipe,
                   enum sp_category detail,
                   const struct sp_page *page);

/* Everything about one of them: a mapping. */
struct sp_value sp_doc_cab_value(const struct sp_session *session, const struct sp_cab *cab);
struct sp_value sp_doc_recipe_value(struct sp_session *session, struct sp_recipe *recipe);

/* Steps of a recipe and of the recipes in it, by the names that options like --step take. */
void sp_doc_steps(const struct sp_recipe *recipe, const struct sp_page *page);

/* The same names, each with `prefix` in front, and the tags of the steps as --tags takes them; one
 * a line. */
void sp_doc_step_names(const struct sp_recipe *recipe, struct sp_str prefix, struct sp_buf *out);
void sp_doc_tags(const struct sp_recipe *recipe, struct sp_buf *out);
