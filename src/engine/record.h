/* SPDX-License-Identifier: BSD-3-Clause */
/* record.h - the events of a run as the journal keeps them (doc/design/journal.md). */
#pragma once

#include "engine/run.h"
#include "journal/journal.h"

/* Fields of one event of the journal; arena values. */
struct sp_dict *sp_record_run_start(struct sp_session *session,
                                    const struct sp_run_options *options,
                                    struct sp_str run_id,
                                    size_t total);
/* The fields that all events about a step have. */
struct sp_dict *sp_record_step(struct sp_arena *arena, const struct sp_position *position);

/* What the task runs in, if it is an image: the field `image`. */
void sp_record_image(struct sp_arena *arena,
                     struct sp_session *session,
                     const struct sp_task *task,
                     struct sp_dict *out);

struct sp_dict *sp_record_step_start(struct sp_arena *arena,
                                     const struct sp_action *action,
                                     struct sp_str output_file,
                                     struct sp_str log_file);
struct sp_dict *sp_record_step_handle(struct sp_arena *arena,
                                      const struct sp_action *action,
                                      const char *backend,
                                      const struct sp_handle *handle);
struct sp_dict *sp_record_step_end(struct sp_arena *arena,
                                   const struct sp_position *position,
                                   bool success,
                                   const char *why,
                                   int exit_status,
                                   const struct sp_usage_stats *usage);
/* A failed attempt; and that there will be another one after those. */
struct sp_dict *sp_record_attempt(struct sp_arena *arena,
                                  const char *why,
                                  enum sp_failure_class failure,
                                  const struct sp_usage_stats *usage);
struct sp_dict *sp_record_step_retry(struct sp_arena *arena,
                                     const struct sp_position *position,
                                     unsigned attempt,
                                     unsigned of,
                                     const struct sp_list *failed);

/* For step-end: what the failure is owed to, and attempts before the last; may be NULL. */
void sp_record_attempts(struct sp_arena *arena,
                        struct sp_dict *out,
                        enum sp_failure_class failure,
                        const struct sp_list *failed);

struct sp_dict *sp_record_step_refuse(struct sp_arena *arena,
                                      const struct sp_position *position,
                                      const char *why);
struct sp_dict *sp_record_step_skip(struct sp_arena *arena, const struct sp_action *action);
struct sp_dict *sp_record_outputs(struct sp_arena *arena,
                                  const struct sp_position *position,
                                  const struct sp_dict *outputs);
struct sp_dict *sp_record_run_end(struct sp_arena *arena,
                                  bool success,
                                  bool interrupted,
                                  const char *why,
                                  sp_nsec wall);
