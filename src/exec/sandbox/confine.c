/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/sandbox/confine.h"

#include "exec/sandbox/mounts.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- capabilities --------------------------------------------------------------------------- */

bool sp_confine_drop(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

    /* The bounding set first: it takes a capability. EINVAL: there is no such number. Without the
     * right to do so no_new_privs does as well. */
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
        if (prctl(PR_CAPBSET_DROP, cap) < 0)
            break;
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, none) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/* --- system calls --------------------------------------------------------------------------- */

#if defined __x86_64__
#    define MACHINE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#    define MACHINE AUDIT_ARCH_AARCH64
#endif

#define NEW_NAMESPACES                                                                         \
    (CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
     CLONE_NEWCGROUP | CLONE_NEWTIME)

/* No tool of a pipeline asks for these; all have had holes, or change the machine. */
static const int forbidden[] = {
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_setns,
    SYS_unshare,
    SYS_bpf,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_quotactl,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_userfaultfd,
    SYS_vhangup,
    SYS_io_uring_setup,
    SYS_open_by_handle_at,
    SYS_kexec_file_load,
};

/* The number of the call, the machine, the low half of an argument. */
#define LOAD(field)             BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_ARG(n)             LOAD(args[n])
#define JUMP_IF(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define ANSWER(what)            BPF_STMT(BPF_RET | BPF_K, (what))
#define REFUSE(number)          ANSWER(SECCOMP_RET_ERRNO | (number))

#define FILTER_MAX 128
#define X32        0x40000000 /* the same calls under other numbers; x86 only, elsewhere there is none */

#ifdef MACHINE
static size_t add(struct sock_filter *code, size_t len, struct sock_filter instruction)
{
    if (len < FILTER_MAX)
        code[len] = instruction;
    return len + 1;
}

static size_t add_all(struct sock_filter *code,
                      size_t len,
                      const struct sock_filter *instructions,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        len = add(code, len, instructions[i]);
    return len;
}

static size_t write_filter(struct sock_filter *code, bool inet)
{
    static const struct sock_filter head[] = {
        LOAD(arch),     JUMP_IF(MACHINE, 1, 0),
        REFUSE(ENOSYS), /* programs for another machine have other numbers */
        LOAD(nr),       BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1),
        REFUSE(ENOSYS),
    };
    static const struct sock_filter clones[] = {
        /* Its flags are behind a pointer; libc then takes clone. */
        JUMP_IF(SYS_clone3, 0, 1),
        REFUSE(ENOSYS),
        JUMP_IF(SYS_clone, 0, 3),
        LOAD_ARG(0),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 0, 5),
        REFUSE(EPERM),
        /* What is typed into a terminal comes from people. */
        JUMP_IF(SYS_ioctl, 0, 3),
        LOAD_ARG(1),
        JUMP_IF(0x5412 /* TIOCSTI */, 0, 1),
        REFUSE(EPERM),
    };
    static const struct sock_filter sockets[] = {
        LOAD(nr),
        JUMP_IF(SYS_socket, 0, 4),
        LOAD_ARG(0),
        JUMP_IF(AF_UNIX, 2, 0),
        JUMP_IF(AF_NETLINK, 1, 0),
        REFUSE(EACCES),
    };
    size_t len = add_all(code, 0, head, SP_COUNT(head));

    for (size_t i = 0; i < SP_COUNT(forbidden); i++) {
        len = add(code, len, (struct sock_filter)JUMP_IF((unsigned)forbidden[i], 0, 1));
        len = add(code, len, (struct sock_filter)REFUSE(EPERM));
    }
    len = add_all(code, len, clones, SP_COUNT(clones));
    if (!inet)
        len = add_all(code, len, sockets, SP_COUNT(sockets));
    return add(code, len, (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW));
}
#endif

const struct sock_fprog *sp_confine_make_filter(bool inet)
{
#ifdef MACHINE
    static struct sock_filter code[2][FILTER_MAX];
    static struct sock_fprog programs[2];
    struct sock_fprog *program = &programs[inet];

    if (!program->len) {
        program->len = (unsigned short)write_filter(code[inet], inet);
        program->filter = code[inet];
    }
    return program;
#else
    (void)inet;
    return NULL;
#endif
}

bool sp_confine_filter(const struct sock_fprog *filter)
{
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) == 0;
}

/* --- Landlock ------------------------------------------------------------------------------- */

/* Newer than the header of Debian 12. */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)

#define WRITES                                                                                     \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                               \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

int sp_confine_landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return version > 0 ? (int)version : 0;
}

static uint64_t rights_of(int version)
{
    return WRITES | (version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) |
           (version >= 3 ? ACCESS_TRUNCATE : 0);
}

/* What is not there needs no rule. */
static bool allow(int ruleset, const char *path, bool is_dir, uint64_t rights)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = rights };

    if (!is_dir)
        rule.allowed_access &= LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE;
    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return errno == ENOENT;
    bool passed =
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    (void)close(rule.parent_fd);
    return passed;
}

static bool allow_all(const struct sp_box_plan *plan, int ruleset, const char **where)
{
    uint64_t rights = rights_of(plan->landlock);

    if (!allow(ruleset, *where = "/dev", true, rights))
        return false;
    for (size_t i = 0; (plan->features & SP_BOX_NAMESPACES) && sp_mounts_private[i]; i++)
        if (!allow(ruleset, *where = sp_mounts_private[i], true, rights))
            return false;
    if (plan->tmp && !allow(ruleset, *where = plan->tmp, true, rights))
        return false;
    for (size_t i = 0; i < plan->dir_count; i++)
        if (!allow(ruleset, *where = plan->dirs[i].path, true, rights))
            return false;
    for (size_t i = 0; i < plan->bind_count; i++)
        if (plan->binds[i].writable &&
            !allow(ruleset, *where = plan->binds[i].path, plan->binds[i].is_dir, rights))
            return false;
    return true;
}

const char *sp_confine_landlock(const struct sp_box_plan *plan, const char **where)
{
    struct landlock_ruleset_attr attr = { .handled_access_fs = rights_of(plan->landlock) };
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);

    *where = NULL;
    if (ruleset < 0)
        return "make rules of Landlock";
    if (!allow_all(plan, ruleset, where))
        return "add to the rules of Landlock";
    *where = NULL;
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
        return "enforce the rules of Landlock";
    (void)close(ruleset);
    return NULL;
}
