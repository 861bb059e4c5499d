/* SPDX-License-Identifier: BSD-3-Clause */
/* border.hh - where casacore begins and its exceptions end. */
#pragma once

#include <exception>
#include <new>

extern "C" {
#include "msio/msio.h"
}

namespace msio
{

/* Thrown to leave casacore with an error of ours, which is in the caller's `err` already. */
struct failure {
    enum sp_rc code;
};

/* Once before any other call into casacore: quiet, and at home. */
void prepare();

/* Fill `err` from what casacore says, and pick a code for it. */
enum sp_rc translate(const char *what, struct sp_err *err);

/* Run `body`, which may throw; "doing: cause" goes into `err`. */
template <class Body> enum sp_rc guarded(struct sp_err *err, Body body)
{
    try {
        prepare();
        body();
        return SP_OK;
    } catch (const failure &known) {
        return known.code;
    } catch (const std::bad_alloc &) {
        return sp_fail(err, SP_LIMIT, "out of memory");
    } catch (const std::exception &error) {
        return translate(error.what(), err);
    } catch (...) {
        return sp_fail(err, SP_IO, "casacore failed without saying why");
    }
}

/* Turn the failure of one of our own functions into an exception. */
inline void need(enum sp_rc code)
{
    if (code)
        throw failure{ code };
}

/* Fail now when the disk of directory `dir` is as good as full: casacore writes the small files of
 * a table in destructors, where the same failure ends the program. */
void need_room(const char *dir, struct sp_err *err);

} /* namespace msio */
